//! The whole mutable state of a circle, and how to look at it.

use super::{MAX_MEMBERS, Refusal, Rules};
use crate::Amount;

/// Turn = position in the payout order, 1-based. 0 = not fixed yet.
pub type Turn = u8;

/// Where a circle is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// Members come and go.
    Forming = 0,
    /// The schedule runs: contributions and payouts.
    Active = 1,
    /// Every round was paid out. Debts can still be repaid, credits pushed.
    Completed = 2,
    /// Ended early by vote. Claims and repayments stay open.
    Dissolved = 3,
    /// Given up before the start.
    Cancelled = 4,
}

/// One member's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Position in the payout order, 1-based. Before the start it may still change: where the order is
    /// fixed, gaps are closed at the start.
    pub turn: Turn,
    /// Instalments paid per round (index = round − 1), 0..=m.
    pub instalments: [u8; MAX_MEMBERS],
    /// *Paid* of the rules: contributions and repayments, until the circle is dissolved; frozen then.
    pub paid: Amount,
    /// *Received* of the rules: payouts and repayments of others, delivered or credited, until the
    /// circle is dissolved; frozen then. A share of the reserve is neither paid nor received.
    pub received: Amount,
    /// Instalments not paid in time (strictly after deadline + grace, or never).
    pub late: u16,
    /// An undeliverable payout, or a share of the reserve, waiting to be pushed.
    pub credit: Amount,
    /// After dissolving: what may be claimed now.
    pub claimable: Amount,
    /// After dissolving: what is still missing of the net claim.
    pub uncovered: Amount,
    /// What is owed now: while rounds are paid out, for instalments missing in them; after dissolving,
    /// the negative net claim.
    pub debt: Amount,
    /// What a shortfall found by `sync` took from this member.
    pub lost: Amount,
}

impl Seat {
    pub(super) const EMPTY: Self = Self {
        turn: 0,
        instalments: [0; MAX_MEMBERS],
        paid: Amount::ZERO,
        received: Amount::ZERO,
        late: 0,
        credit: Amount::ZERO,
        claimable: Amount::ZERO,
        uncovered: Amount::ZERO,
        debt: Amount::ZERO,
        lost: Amount::ZERO,
    };

    /// Instalments paid for `round`; none for a round that does not exist.
    #[must_use]
    pub fn paid_in(&self, round: u8) -> u8 {
        index(round).and_then(|index| self.instalments.get(index)).copied().unwrap_or(0)
    }

    /// Instalments of `round` not paid.
    pub(super) fn missing_in(&self, rules: &Rules, round: u8) -> u8 {
        rules.instalments_per_round.saturating_sub(self.paid_in(round))
    }
}

/// An open vote to dissolve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Counts up from 1 within the circle.
    pub id: u32,
    /// N: the members when it was made.
    pub electorate: u8,
    /// Who is for it: bit i = seat i.
    pub yes: u64,
    /// Who is against it: bit i = seat i.
    pub no: u64,
    /// The last second in which a vote counts (Unix seconds).
    pub expires_at: u64,
}

/// The whole mutable state of a circle. Fixed size, `Clone` but deliberately not `Copy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circle {
    /// Where it is in its life.
    pub phase: Phase,
    /// When it became active (Unix seconds); 0 before.
    pub started_at: u64,
    /// Rounds paid out so far; the current round is this + 1.
    pub rounds_paid: u8,
    /// Surplus found by `sync`, split at the end.
    pub reserve: Amount,
    /// What the vault holds for each round not yet paid out (index = round − 1).
    pub held: [Amount; MAX_MEMBERS],
    /// The open vote, if there is one.
    pub proposal: Option<Proposal>,
    /// Proposals ever made.
    pub proposals: u32,
    pub(super) len: u8,
    pub(super) seats: [Seat; MAX_MEMBERS],
}

impl Circle {
    /// Forming and empty; the organiser, when a member, joins first like anybody else.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            phase: Phase::Forming,
            started_at: 0,
            rounds_paid: 0,
            reserve: Amount::ZERO,
            held: [Amount::ZERO; MAX_MEMBERS],
            proposal: None,
            proposals: 0,
            len: 0,
            seats: [Seat::EMPTY; MAX_MEMBERS],
        }
    }

    /// Members.
    #[must_use]
    pub const fn len(&self) -> u8 {
        self.len
    }

    /// Nobody here yet?
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The members' seats in order of joining.
    #[must_use]
    pub fn seats(&self) -> &[Seat] {
        self.seats.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// One member's seat.
    #[must_use]
    pub fn seat(&self, seat: u8) -> Option<&Seat> {
        self.seats().get(usize::from(seat))
    }

    /// The seat whose turn it is in `round`.
    #[must_use]
    pub fn seat_of_turn(&self, round: u8) -> Option<u8> {
        (0_u8..).zip(self.seats()).find(|(_, seat)| seat.turn == round).map(|(index, _)| index)
    }

    /// Deadline of instalment `number` (1-based over the whole cycle; round r ends at r·m), in Unix
    /// seconds. Number 0 is the start. `None` before the start, or when time ends before.
    #[must_use]
    pub fn deadline(&self, rules: &Rules, number: u32) -> Option<u64> {
        match self.phase {
            Phase::Forming | Phase::Cancelled => None,
            Phase::Active | Phase::Completed | Phase::Dissolved => {
                rules.interval.after(self.started_at, number, rules.utc_offset_s)
            }
        }
    }

    /// The payout date of `round`: the deadline of its last instalment. `None` for a round there is not.
    #[must_use]
    pub fn payout_date(&self, rules: &Rules, round: u8) -> Option<u64> {
        if round == 0 || round > self.len {
            return None;
        }
        self.deadline(rules, last_instalment(rules, round))
    }

    /// held + credits + reserve + claimable: what the vault must hold.
    ///
    /// # Errors
    /// [`Refusal::Overflow`] when the sum fits no [`Amount`].
    pub fn liabilities(&self) -> Result<Amount, Refusal> {
        let mut sum = self.held_in_all()?.checked_add(self.reserve)?;
        for seat in self.seats() {
            sum = sum.checked_add(seat.credit)?.checked_add(seat.claimable)?;
        }
        Ok(sum)
    }

    /// Whether the vault's liabilities can grow by `amount` and still be counted.
    pub(super) fn require_room(&self, amount: Amount) -> Result<(), Refusal> {
        self.liabilities()?.checked_add(amount)?;
        Ok(())
    }

    /// Completed, dissolved or cancelled, and nothing left to pay, claim, push or repay.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        let over = match self.phase {
            Phase::Forming | Phase::Active => false,
            Phase::Completed | Phase::Dissolved | Phase::Cancelled => true,
        };
        over && self
            .seats()
            .iter()
            .all(|seat| seat.credit.is_zero() && seat.claimable.is_zero() && seat.debt.is_zero())
    }

    pub(super) fn held_in(&self, round: u8) -> Amount {
        index(round).and_then(|index| self.held.get(index)).copied().unwrap_or_default()
    }

    pub(super) fn held_in_all(&self) -> Result<Amount, Refusal> {
        let mut sum = Amount::ZERO;
        for held in self.held.iter().take(usize::from(self.len)) {
            sum = sum.checked_add(*held)?;
        }
        Ok(sum)
    }

    pub(super) fn member(&self, seat: u8) -> Result<&Seat, Refusal> {
        self.seat(seat).ok_or(Refusal::NotMember)
    }

    pub(super) fn member_mut(&mut self, seat: u8) -> Result<&mut Seat, Refusal> {
        self.seats_mut().get_mut(usize::from(seat)).ok_or(Refusal::NotMember)
    }

    pub(super) fn seats_mut(&mut self) -> &mut [Seat] {
        self.seats.get_mut(..usize::from(self.len)).unwrap_or_default()
    }

    pub(super) fn require_active(&self) -> Result<(), Refusal> {
        if self.phase == Phase::Active { Ok(()) } else { Err(Refusal::NotActive) }
    }
}

impl Default for Circle {
    fn default() -> Self {
        Self::new()
    }
}

/// One amount for each seat.
pub(super) type PerSeat = [Amount; MAX_MEMBERS];

/// Where `round` is in arrays by round.
pub(super) fn index(round: u8) -> Option<usize> {
    usize::from(round).checked_sub(1)
}

/// The number, over the whole cycle, of the last instalment of `round`.
pub(super) fn last_instalment(rules: &Rules, round: u8) -> u32 {
    u32::from(round) * u32::from(rules.instalments_per_round)
}
