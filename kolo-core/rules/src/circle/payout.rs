//! Paying out the pot, and what happens when somebody has not paid.

use super::state::{PerSeat, index, last_instalment};
use super::{Circle, MAX_MEMBERS, Phase, Refusal, Rules, Seat, Shortfall};
use crate::Amount;

/// Whether the next payout can be made (PO-4): a pure function of rules, state and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PayoutStatus {
    /// Not active.
    None,
    /// Payable now.
    Ready {
        /// The round to pay out.
        round: u8,
        /// Who gets it.
        seat: u8,
        /// What they get, in minor units.
        amount: Amount,
        /// What that lacks to a full pot.
        short: Amount,
    },
    /// Complete, but its date has not come.
    NotBefore {
        /// The round to pay out.
        round: u8,
        /// Who will get it.
        seat: u8,
        /// Its date: the first second in which it can be paid out (Unix seconds).
        at: u64,
    },
    /// Somebody has not paid: at `at` the shortfall policy lets it go.
    Waiting {
        /// The round to pay out.
        round: u8,
        /// Who will get it.
        seat: u8,
        /// The instalments missing, in minor units.
        missing: Amount,
        /// The first second in which it can be paid out all the same (Unix seconds).
        at: u64,
    },
}

/// `seat` gets `amount` (may be zero); `completed` when it was the last round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payout {
    /// The round paid out.
    pub round: u8,
    /// Who gets it.
    pub seat: u8,
    /// What they get, in minor units; to be delivered, or else put back with [`Circle::credit`].
    pub amount: Amount,
    /// It was the last round: the circle is completed now.
    pub completed: bool,
}

impl Circle {
    /// Whether the next payout can be made at `now`, and if not, when.
    #[must_use]
    pub fn payout_status(&self, rules: &Rules, now: u64) -> PayoutStatus {
        self.require_active()
            .and_then(|()| self.next_payout(rules, now))
            .unwrap_or(PayoutStatus::None)
    }

    /// Pays what is held for `round` to the seat whose turn it is. What is missing becomes the debt of
    /// those who have not paid, except of the recipient; either way it counts as late. After the last
    /// round the circle is completed, and a reserve becomes credits: equal shares for the members never
    /// late, or for all if there are none.
    ///
    /// # Errors
    /// [`Refusal::NotActive`], [`Refusal::WrongRound`] unless it is the round after the last one paid
    /// out, [`Refusal::TooEarly`] before its date, [`Refusal::Incomplete`] while an instalment is
    /// missing and the shortfall policy wants to wait, [`Refusal::Overflow`].
    pub fn payout(&mut self, rules: &Rules, round: u8, now: u64) -> Result<Payout, Refusal> {
        self.require_active()?;
        let (seat, amount) = match self.next_payout(rules, now)? {
            PayoutStatus::Ready { round: ready, seat, amount, .. } if ready == round => {
                (seat, amount)
            }
            _ if round != self.rounds_paid.saturating_add(1) => return Err(Refusal::WrongRound),
            PayoutStatus::Waiting { .. } if self.payout_date(rules, round) <= Some(now) => {
                return Err(Refusal::Incomplete);
            }
            _ => return Err(Refusal::TooEarly),
        };
        let received = self.member(seat)?.received.checked_add(amount)?;
        let debts = self.debts_after(rules, round, seat)?;
        let completed = round == self.len;
        let credits = if completed {
            let punctual = |seat: &Seat| seat.late == 0 && seat.missing_in(rules, round) == 0;
            Some(self.credits_with(self.reserve, punctual)?)
        } else {
            None
        };

        for (member, debt) in self.seats_mut().iter_mut().zip(debts) {
            let missing = member.missing_in(rules, round);
            member.late = member.late.saturating_add(u16::from(missing));
            member.debt = debt;
        }
        self.member_mut(seat)?.received = received;
        if let Some(held) = index(round).and_then(|index| self.held.get_mut(index)) {
            *held = Amount::ZERO;
        }
        self.rounds_paid = round;
        if let Some(credits) = credits {
            self.set_credits(&credits);
            self.reserve = Amount::ZERO;
            self.phase = Phase::Completed;
            self.proposal = None;
        }
        Ok(Payout { round, seat, amount, completed })
    }

    /// [`Circle::payout_status`] of an active circle.
    fn next_payout(&self, rules: &Rules, now: u64) -> Result<PayoutStatus, Refusal> {
        let round = self.rounds_paid.saturating_add(1);
        let seat = self.seat_of_turn(round).ok_or(Refusal::WrongRound)?;
        let amount = self.held_in(round);
        let short = rules.pot(self.len)?.checked_sub(amount)?;
        let missing: u32 =
            self.seats().iter().map(|seat| u32::from(seat.missing_in(rules, round))).sum();
        let complete = missing == 0;
        let at = if complete {
            self.payout_date(rules, round)
        } else {
            self.released_after(rules, round).and_then(|after| after.checked_add(1))
        };
        let at = at.ok_or(Refusal::Overflow)?;
        Ok(if now >= at {
            PayoutStatus::Ready { round, seat, amount, short }
        } else if complete {
            PayoutStatus::NotBefore { round, seat, at }
        } else {
            let missing = rules.contribution.checked_mul(missing)?;
            PayoutStatus::Waiting { round, seat, missing, at }
        })
    }

    /// The last second in which an incomplete round still waits.
    fn released_after(&self, rules: &Rules, round: u8) -> Option<u64> {
        let last = last_instalment(rules, round);
        let deadline = match rules.shortfall {
            Shortfall::ShortPot => self.deadline(rules, last),
            Shortfall::Wait => self.deadline(rules, last + 1),
        };
        deadline?.checked_add(u64::from(rules.grace_s))
    }

    /// Everybody's debt once `round` is paid out to `recipient`.
    fn debts_after(&self, rules: &Rules, round: u8, recipient: u8) -> Result<PerSeat, Refusal> {
        let mut debts = [Amount::ZERO; MAX_MEMBERS];
        for ((number, seat), debt) in (0_u8..).zip(self.seats()).zip(&mut debts) {
            let missing = if number == recipient { 0 } else { seat.missing_in(rules, round) };
            *debt = seat.debt.checked_add(rules.cost(missing)?)?;
        }
        Ok(debts)
    }
}
