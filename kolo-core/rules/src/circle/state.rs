//! The whole mutable state of a circle, and how to look at it.

use super::seat::Place;
use super::sum::add;
use super::{Marks, Phase, Proposal, Refusal, Rows, Rules, Seat, Store, voting::KINDS};
use crate::Amount;

/// The standing bid of an auction: who takes how much for the current round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bid {
    /// Who bids.
    pub seat: u8,
    /// What they ask for the pot, in minor units.
    pub amount: Amount,
}

/// The whole mutable state of a circle: what concerns all of it here, seats and debts in `S`.
/// `Clone` but deliberately not `Copy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circle<S = Rows> {
    /// Where it is in its life.
    pub phase: Phase,
    /// When its phase of getting ready, or of being active, began (Unix seconds); 0 while forming.
    pub started_at: u64,
    /// Rounds paid out so far; the current round is this + 1.
    pub rounds_paid: u8,
    /// Late fees, forfeits and surplus found by `sync`; split at the end.
    pub reserve: Amount,
    /// The insurance fund.
    pub fund: Amount,
    /// Whether instalments of the current round carry a premium.
    pub premium_round: bool,
    /// What a shortfall found by `sync` took from the instalments the vault holds.
    pub held_lost: Amount,
    /// The standing bid for the current round.
    pub bid: Option<Bid>,
    /// Proposals ever made.
    pub proposals: u32,
    pub(super) open: [Option<Proposal>; KINDS],
    pub(super) len: u8,
    pub(super) debts: u16,
    pub(super) rows: S,
}

impl Circle {
    /// Forming and empty; the organiser, when a member, joins first like anybody else.
    #[must_use]
    pub fn new() -> Self {
        Self::with_rows(Rows::default())
    }

    /// The members' seats in order of joining.
    #[must_use]
    pub fn seats(&self) -> &[Seat] {
        self.rows.seats(self.len)
    }
}

impl<S> Circle<S> {
    /// Forming and empty, with its seats to be kept in `rows`.
    #[must_use]
    pub const fn with_rows(rows: S) -> Self {
        Self {
            phase: Phase::Forming,
            started_at: 0,
            rounds_paid: 0,
            reserve: Amount::ZERO,
            fund: Amount::ZERO,
            premium_round: false,
            held_lost: Amount::ZERO,
            bid: None,
            proposals: 0,
            open: [None; KINDS],
            len: 0,
            debts: 0,
            rows,
        }
    }

    /// Members, those who left after the start among them.
    #[must_use]
    pub const fn len(&self) -> u8 {
        self.len
    }

    /// Nobody here yet?
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The same with its rows elsewhere.
    pub(super) fn swap_rows<T>(self, rows: T) -> Circle<T> {
        let Self { phase, started_at, rounds_paid, reserve, fund, premium_round, .. } = self;
        let Self { held_lost, bid, proposals, open, len, debts, .. } = self;
        Circle {
            phase,
            started_at,
            rounds_paid,
            reserve,
            fund,
            premium_round,
            held_lost,
            bid,
            proposals,
            open,
            len,
            debts,
            rows,
        }
    }
}

impl<S: Store> Circle<S> {
    /// Where seats and debts are kept.
    pub const fn rows(&self) -> &S {
        &self.rows
    }

    /// One member's seat.
    #[must_use]
    pub fn seat(&self, seat: u8) -> Option<Seat> {
        (seat < self.len).then(|| self.rows.seat(seat))
    }

    /// The seat whose turn it is in `round`. In an auction, of a round not paid out: who has it if
    /// nobody bids and all go on paying.
    #[must_use]
    pub fn seat_of_turn(&self, round: u8) -> Option<u8> {
        (0..self.len).find(|index| self.rows.turn(*index) == round)
    }

    /// The round that is being paid for now; one more than there are when all are paid out.
    #[must_use]
    pub const fn current_round(&self) -> u8 {
        self.rounds_paid.saturating_add(1)
    }

    /// The open proposals, at most one of each kind.
    pub fn open_proposals(&self) -> impl Iterator<Item = &Proposal> {
        self.open.iter().flatten()
    }

    /// Deadline of instalment `number` (1-based over the whole cycle; round r ends at r·m), in Unix
    /// seconds. Number 0 is the start. `None` before the start, or when time ends before.
    #[must_use]
    pub fn deadline(&self, rules: &Rules, number: u32) -> Option<u64> {
        if !self.phase.has_started() {
            return None;
        }
        rules.interval.after(self.started_at, number, rules.utc_offset_s)
    }

    /// The payout date of `round`: the deadline of its last instalment. `None` for a round there is not.
    #[must_use]
    pub fn payout_date(&self, rules: &Rules, round: u8) -> Option<u64> {
        if round == 0 || round > self.len {
            return None;
        }
        self.deadline(rules, last_instalment(rules, round))
    }

    /// What the vault must hold: instalments, deposits, credits, claims, the fund and the reserve.
    ///
    /// # Errors
    /// [`Refusal::Overflow`] when the sum fits no [`Amount`].
    pub fn liabilities(&self) -> Result<Amount, Refusal> {
        let mut sum = self.held()?;
        add(&mut sum, self.reserve)?;
        add(&mut sum, self.fund)?;
        for place in [Place::CREDIT, Place::DEPOSIT, Place::CLAIMABLE] {
            add(&mut sum, self.rows.sum_of(self.len, place)?)?;
        }
        Ok(sum)
    }

    /// The instalments the vault holds for rounds not paid out.
    ///
    /// # Errors
    /// [`Refusal::Overflow`] when the sum fits no [`Amount`].
    pub fn held(&self) -> Result<Amount, Refusal> {
        let paid = self.rows.sum_of(self.len, Place::AHEAD)?;
        let insured = self.rows.sum_of(self.len, Place::INSURED)?;
        Ok(paid.checked_add(insured)?.checked_sub(self.held_lost)?)
    }

    /// Completed, dissolved or cancelled, nothing left to repay, and nothing in the vault.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.phase.is_over()
            && self.liabilities() == Ok(Amount::ZERO)
            && !(0..self.len).any(|index| self.has_debt(index))
    }

    pub(super) fn member(&self, seat: u8) -> Result<Seat, Refusal> {
        self.seat(seat).ok_or(Refusal::NotMember)
    }

    pub(super) fn put(&mut self, seat: u8, row: &Seat) {
        self.rows.put(seat, row);
    }

    pub(super) fn mark(&mut self, seat: u8, mark: Marks) {
        let mut row = self.rows.seat(seat);
        row.marks.set(mark);
        self.put(seat, &row);
    }

    pub(super) fn require(&self, phase: Phase, else_refuse: Refusal) -> Result<(), Refusal> {
        if self.phase == phase { Ok(()) } else { Err(else_refuse) }
    }

    pub(super) fn require_active(&self) -> Result<(), Refusal> {
        self.require(Phase::Active, Refusal::NotActive)
    }

    /// Active, and this is a member who has not left.
    pub(super) fn require_full_member(&self, seat: u8) -> Result<Seat, Refusal> {
        self.require_active()?;
        let member = self.member(seat)?;
        if member.is_full_member() { Ok(member) } else { Err(Refusal::HasLeft) }
    }
}

impl Default for Circle {
    fn default() -> Self {
        Self::new()
    }
}

/// The number, over the whole cycle, of the last instalment of `round`.
pub(super) fn last_instalment(rules: &Rules, round: u8) -> u32 {
    u32::from(round) * u32::from(rules.instalments_per_round)
}
