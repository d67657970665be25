//! What a member owes now, and paying exactly that.

use super::state::{index, last_instalment};
use super::{Circle, Refusal, Rules, Seat};
use crate::Amount;

/// What a member may pay now, and since when it is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The round to name in `contribute`: the earliest that is neither paid out nor fully paid by the
    /// member; the last one when there is none.
    pub round: u8,
    /// The exact amount to name, in minor units; zero when nothing can be paid now.
    pub amount: Amount,
    /// True when it is an advance payment (nothing is owed yet).
    pub advance: bool,
    /// Deadline of the earliest unpaid instalment in it (Unix seconds); the circle's last deadline when
    /// everything is paid.
    pub deadline: u64,
    /// The last second in which that is in time: deadline + grace.
    pub late_after: u64,
}

/// A contribution was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contributed {
    /// Instalments it covers.
    pub instalments: u8,
    /// Some of them came late.
    pub late: bool,
}

/// The next instalments of a seat: of one round, in a row.
struct Next {
    round: u8,
    /// Paid before in that round.
    paid: u8,
    /// How many can be paid now.
    payable: u8,
    advance: bool,
}

impl Circle {
    /// What `seat` may pay now: all that is open of the earliest round with something open, else (if
    /// the rules allow advance payment) the next instalment, else nothing. An instalment is open from
    /// the deadline of the one before, the first from the start.
    ///
    /// # Errors
    /// [`Refusal::NotActive`], [`Refusal::NotMember`], [`Refusal::Overflow`].
    pub fn due(&self, rules: &Rules, seat: u8, now: u64) -> Result<Due, Refusal> {
        self.require_active()?;
        let seat = self.member(seat)?;
        let next = self.next(rules, seat, now);
        let (round, number, amount, advance) = match next {
            Some(next) => {
                let number = last_instalment(rules, next.round - 1) + u32::from(next.paid) + 1;
                (next.round, number, rules.cost(next.payable)?, next.advance)
            }
            None => (self.len, last_instalment(rules, self.len), Amount::ZERO, false),
        };
        let deadline = self.deadline(rules, number).ok_or(Refusal::Overflow)?;
        let late_after = deadline.checked_add(u64::from(rules.grace_s)).ok_or(Refusal::Overflow)?;
        Ok(Due { round, amount, advance, deadline, late_after })
    }

    /// Exactly what [`Circle::due`] says for that round, or refused.
    ///
    /// # Errors
    /// [`Refusal::NotActive`], [`Refusal::NotMember`], [`Refusal::RoundPaidOut`] (repay instead),
    /// [`Refusal::NothingDue`] when that round is fully paid, [`Refusal::NotYetOpen`],
    /// [`Refusal::WrongRound`], [`Refusal::WrongAmount`], [`Refusal::Overflow`].
    pub fn contribute(
        &mut self,
        rules: &Rules,
        seat: u8,
        round: u8,
        amount: Amount,
        now: u64,
    ) -> Result<Contributed, Refusal> {
        self.require_active()?;
        let member = self.member(seat)?;
        let next = self.payable(rules, member, round, now)?;
        if amount != rules.cost(next.payable)? {
            return Err(Refusal::WrongAmount);
        }
        let before = last_instalment(rules, round - 1) + u32::from(next.paid);
        let late = self.late_instalments(rules, now).saturating_sub(before);
        let late = u8::try_from(late).unwrap_or(u8::MAX).min(next.payable);

        self.require_room(amount)?;
        let paid = member.paid.checked_add(amount)?;
        let held = self.held_in(round).checked_add(amount)?;
        let index = index(round).ok_or(Refusal::WrongRound)?;
        *self.held.get_mut(index).ok_or(Refusal::WrongRound)? = held;
        let member = self.member_mut(seat)?;
        *member.instalments.get_mut(index).ok_or(Refusal::WrongRound)? += next.payable;
        member.paid = paid;
        member.late = member.late.saturating_add(u16::from(late));
        Ok(Contributed { instalments: next.payable, late: late > 0 })
    }

    /// The instalments a contribution to `round` pays, or why it is refused.
    fn payable(&self, rules: &Rules, seat: &Seat, round: u8, now: u64) -> Result<Next, Refusal> {
        if round == 0 || round > self.len {
            return Err(Refusal::WrongRound);
        }
        if round <= self.rounds_paid {
            return Err(Refusal::RoundPaidOut);
        }
        if seat.missing_in(rules, round) == 0 {
            return Err(Refusal::NothingDue);
        }
        match self.next(rules, seat, now) {
            None => Err(Refusal::NothingDue),
            Some(next) if next.payable == 0 => Err(Refusal::NotYetOpen),
            Some(next) if next.round != round => Err(Refusal::WrongRound),
            Some(next) => Ok(next),
        }
    }

    /// The earliest round with something unpaid that can still be paid into. Since instalments open one
    /// after the other, whatever is open is open there first.
    fn next(&self, rules: &Rules, seat: &Seat, now: u64) -> Option<Next> {
        let mut rounds = self.rounds_paid.saturating_add(1)..=self.len;
        let round = rounds.find(|round| seat.missing_in(rules, *round) > 0)?;
        let paid = seat.paid_in(round);
        let open = self.open_instalments(rules, now);
        let open_here = open.saturating_sub(last_instalment(rules, round - 1));
        let open_here = u8::try_from(open_here).unwrap_or(u8::MAX).min(rules.instalments_per_round);
        let (payable, advance) = match open_here.saturating_sub(paid) {
            0 if rules.advance => (1, true),
            payable => (payable, false),
        };
        Some(Next { round, paid, payable, advance })
    }

    /// How many instalments have been opened, over the whole cycle (and beyond its end).
    fn open_instalments(&self, rules: &Rules, now: u64) -> u32 {
        rules.interval.elapsed(self.started_at, now, rules.utc_offset_s).saturating_add(1)
    }

    /// How many instalments would be late if paid at `now`: those whose deadline + grace is strictly
    /// earlier.
    pub(super) fn late_instalments(&self, rules: &Rules, now: u64) -> u32 {
        now.checked_sub(u64::from(rules.grace_s) + 1).map_or(0, |latest_deadline| {
            rules.interval.elapsed(self.started_at, latest_deadline, rules.utc_offset_s)
        })
    }
}
