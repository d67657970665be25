//! Debts and their repayment; credits and their delivery.

use super::state::PerSeat;
use super::{Circle, MAX_MEMBERS, Phase, Refusal, Rules, Seat};
use crate::Amount;

/// Who gets what of a repayment (before dissolving: creditors oldest round first; after dissolving:
/// everybody's `claimable` grows and `to` stays empty).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repaid {
    /// By seat, in minor units; to be delivered, or else put back with [`Circle::credit`].
    pub to: [Amount; MAX_MEMBERS],
}

impl Circle {
    /// All the seat owes now.
    ///
    /// # Errors
    /// [`Refusal::NotMember`].
    pub fn debt(&self, seat: u8) -> Result<Amount, Refusal> {
        Ok(self.member(seat)?.debt)
    }

    /// What the seat owes the recipient of `round` now: the instalments missing when it was paid out,
    /// less repayments. Zero for rounds not paid out, and after dissolving.
    ///
    /// Repayments clear the oldest round first, so what is left of the debt is that of the newest
    /// rounds: that is how it is worked out, without a record per round.
    ///
    /// # Errors
    /// [`Refusal::NotMember`].
    pub fn owed(&self, rules: &Rules, seat: u8, round: u8) -> Result<Amount, Refusal> {
        let member = self.member(seat)?;
        let paid_out = 1..=self.rounds_paid;
        if self.phase == Phase::Dissolved || !paid_out.contains(&round) {
            return Ok(Amount::ZERO);
        }
        let mut newer = Amount::ZERO;
        for newer_round in round.saturating_add(1)..=self.rounds_paid {
            newer = newer.checked_add(default_in(rules, member, newer_round)?)?;
        }
        let left = member.debt.checked_sub(newer)?.max(Amount::ZERO);
        Ok(left.min(default_in(rules, member, round)?))
    }

    /// Repays at most the debt. While active or completed: to the recipients of the rounds it is owed
    /// for, oldest round first, in `Repaid::to`; counts as paid and received. After dissolving: to
    /// those whose net claim is not covered, pro rata, as `claimable`; what is more than all of them
    /// lack is shared like a reserve.
    ///
    /// # Errors
    /// [`Refusal::NotActive`] before the start, [`Refusal::NotMember`], [`Refusal::WrongAmount`]
    /// unless it is more than zero, [`Refusal::NoDebt`], [`Refusal::TooMuch`], [`Refusal::Overflow`].
    pub fn repay(&mut self, rules: &Rules, seat: u8, amount: Amount) -> Result<Repaid, Refusal> {
        let dissolved = match self.phase {
            Phase::Forming | Phase::Cancelled => return Err(Refusal::NotActive),
            Phase::Active | Phase::Completed => false,
            Phase::Dissolved => true,
        };
        let debt = self.member(seat)?.debt;
        if !amount.is_positive() {
            return Err(Refusal::WrongAmount);
        }
        if debt.is_zero() {
            return Err(Refusal::NoDebt);
        }
        let debt = debt.checked_sub(amount)?;
        if debt < Amount::ZERO {
            return Err(Refusal::TooMuch);
        }
        if dissolved {
            self.require_room(amount)?;
            self.cover_claims(amount)?;
            self.member_mut(seat)?.debt = debt;
            return Ok(Repaid { to: [Amount::ZERO; MAX_MEMBERS] });
        }
        let to = self.creditors(rules, seat, amount)?;
        let paid = self.member(seat)?.paid.checked_add(amount)?;
        for (member, part) in self.seats().iter().zip(to) {
            member.received.checked_add(part)?;
        }

        for (member, part) in self.seats_mut().iter_mut().zip(to) {
            member.received = member.received.checked_add(part)?;
        }
        let member = self.member_mut(seat)?;
        member.paid = paid;
        member.debt = debt;
        Ok(Repaid { to })
    }

    /// The payout just made (or a repayment's part) could not be delivered: it becomes the seat's
    /// credit. It was counted as received already.
    ///
    /// # Errors
    /// [`Refusal::NotActive`] before the start, [`Refusal::NotMember`], [`Refusal::WrongAmount`] when
    /// negative, [`Refusal::Overflow`].
    pub fn credit(&mut self, seat: u8, amount: Amount) -> Result<(), Refusal> {
        match self.phase {
            Phase::Forming | Phase::Cancelled => return Err(Refusal::NotActive),
            Phase::Active | Phase::Completed | Phase::Dissolved => {}
        }
        self.member(seat)?;
        if amount < Amount::ZERO {
            return Err(Refusal::WrongAmount);
        }
        self.require_room(amount)?;
        let member = self.member_mut(seat)?;
        member.credit = member.credit.checked_add(amount)?;
        Ok(())
    }

    /// Takes the seat's whole credit, to be delivered.
    ///
    /// # Errors
    /// [`Refusal::NotMember`], [`Refusal::NoCredit`].
    pub fn push(&mut self, seat: u8) -> Result<Amount, Refusal> {
        let member = self.member_mut(seat)?;
        if member.credit.is_zero() {
            return Err(Refusal::NoCredit);
        }
        Ok(core::mem::take(&mut member.credit))
    }

    /// Who gets what of a repayment of `amount`, oldest round first.
    fn creditors(&self, rules: &Rules, seat: u8, amount: Amount) -> Result<PerSeat, Refusal> {
        let member = self.member(seat)?;
        let mut defaulted = Amount::ZERO;
        for round in 1..=self.rounds_paid {
            defaulted = defaulted.checked_add(default_in(rules, member, round)?)?;
        }
        let mut cleared = defaulted.checked_sub(member.debt)?;
        let mut left = amount;
        let mut to = [Amount::ZERO; MAX_MEMBERS];
        for round in 1..=self.rounds_paid {
            let default = default_in(rules, member, round)?;
            let cleared_here = default.min(cleared);
            cleared = cleared.checked_sub(cleared_here)?;
            let part = default.checked_sub(cleared_here)?.min(left);
            if !part.is_positive() {
                continue;
            }
            let creditor = self.seat_of_turn(round).ok_or(Refusal::WrongRound)?;
            if let Some(to) = to.get_mut(usize::from(creditor)) {
                *to = to.checked_add(part)?;
            }
            left = left.checked_sub(part)?;
        }
        // More than all rounds' defaults: never with the rules the debts were made by.
        if left.is_zero() { Ok(to) } else { Err(Refusal::TooMuch) }
    }
}

/// What the seat failed to pay when `round` was paid out; nobody owes themselves.
fn default_in(rules: &Rules, seat: &Seat, round: u8) -> Result<Amount, Refusal> {
    if seat.turn == round { Ok(Amount::ZERO) } else { rules.cost(seat.missing_in(rules, round)) }
}
