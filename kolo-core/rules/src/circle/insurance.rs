//! The common fund that steps in for who does not pay.

use super::state::last_instalment;
use super::sum::{add, sub};
use super::{Circle, Refusal, Rules, Store};
use crate::Amount;

impl<S: Store> Circle<S> {
    /// A member has the insurance put `amount` into the pot of the current round for `defaulter`, once
    /// their grace is over. It becomes the defaulter's debt to the fund. (A payout does the same for
    /// all if nobody has.)
    ///
    /// # Errors
    /// [`Refusal::NotActive`], [`Refusal::NotMember`], [`Refusal::HasLeft`] of who asks,
    /// [`Refusal::WrongRound`] unless it is the current one, [`Refusal::TooEarly`] before grace is
    /// over, [`Refusal::AlreadyInsured`], [`Refusal::NoLoss`], [`Refusal::WrongAmount`] unless it is
    /// more than zero, [`Refusal::TooMuch`] above the loss, [`Refusal::FundShort`] above the fund.
    pub fn claim_insurance(
        &mut self,
        rules: &Rules,
        seat: u8,
        round: u8,
        defaulter: u8,
        amount: Amount,
        now: u64,
    ) -> Result<(), Refusal> {
        self.require_full_member(seat)?;
        let mut member = self.member(defaulter)?;
        if round != self.current_round() {
            return Err(Refusal::WrongRound);
        }
        let late_by = self.late_by(rules, now);
        if late_by < last_instalment(rules, round) {
            return Err(Refusal::TooEarly);
        }
        if !member.insured.is_zero() {
            return Err(Refusal::AlreadyInsured);
        }
        self.assess(rules, defaulter, &mut member, late_by)?;
        let recipient = self.recipient(rules, now)?;
        let need = self.open_need(rules, self.plan_for(recipient, round), defaulter, &member)?;
        let own = member.ahead.checked_add(member.deposit)?.min(need);
        let loss = need.checked_sub(own)?;
        if defaulter == recipient || loss.is_zero() {
            return Err(Refusal::NoLoss);
        }
        if !amount.is_positive() {
            return Err(Refusal::WrongAmount);
        }
        if amount > loss {
            return Err(Refusal::TooMuch);
        }
        if amount > self.fund {
            return Err(Refusal::FundShort);
        }
        add(&mut member.insured, amount)?;
        self.put(defaulter, &member);
        sub(&mut self.fund, amount)
    }

    /// What the insurance has put into the current round for the seat goes back to it.
    pub(super) fn release_insured(&mut self, index: u8) -> Result<(), Refusal> {
        let mut seat = self.rows.seat(index);
        let insured = core::mem::take(&mut seat.insured);
        if insured.is_zero() {
            return Ok(());
        }
        self.put(index, &seat);
        let lost = self.take_held_lost(insured)?;
        add(&mut self.fund, insured.checked_sub(lost)?)
    }
}
