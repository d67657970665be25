//! What a member owes now, and paying exactly that.

use super::state::last_instalment;
use super::sum::{add, sub};
use super::{Circle, Premium, Refusal, Rules, Seat, Store};
use crate::Amount;

/// What a member may pay now, and since when it is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The round to name in `contribute`: the earliest that is neither paid out nor fully paid by the
    /// member; the last one when there is none.
    pub round: u8,
    /// The amount to name, in minor units, premium and fees included; zero when nothing can be paid
    /// now. Exactly this, unless the rules allow partial payments.
    pub amount: Amount,
    /// What of it are premiums for the insurance, in minor units.
    pub premium: Amount,
    /// What of it are fees for late instalments, in minor units.
    pub fees: Amount,
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
    /// What of it is for the round, in minor units.
    pub instalments: Amount,
    /// What of it is for the insurance, in minor units.
    pub premium: Amount,
    /// What of it are fees, in minor units.
    pub fees: Amount,
    /// Some of what it paid was late.
    pub late: bool,
}

/// The next that a seat can pay: for one round.
struct Next {
    round: u8,
    /// Paid for that round before.
    paid: Amount,
    /// What can be paid now.
    payable: Amount,
    premium: Amount,
    fees: Amount,
    advance: bool,
}

impl Next {
    fn amount(&self) -> Result<Amount, Refusal> {
        Ok(self.payable.checked_add(self.premium)?.checked_add(self.fees)?)
    }
}

impl<S: Store> Circle<S> {
    /// What `seat` may pay now: all that is open of the earliest round with something open, else (if
    /// the rules allow advance payment) the next instalment, else nothing; with it the premium and the
    /// fees. An instalment is open from the deadline of the one before, the first from the start.
    ///
    /// # Errors
    /// [`Refusal::NotActive`], [`Refusal::NotMember`], [`Refusal::Overflow`].
    pub fn due(&self, rules: &Rules, seat: u8, now: u64) -> Result<Due, Refusal> {
        self.require_active()?;
        let mut member = self.member(seat)?;
        self.assess(rules, seat, &mut member, self.late_by(rules, now))?;
        let next = self.next(rules, seat, &member, now)?;
        let all = last_instalment(rules, self.len);
        let number = match &next {
            // Where only fees are left this is one past the last.
            Some(next) => {
                let before = next.paid.minor_units() / rules.contribution.minor_units();
                let before = u32::try_from(before).map_err(|_| Refusal::Overflow)?;
                last_instalment(rules, next.round - 1) + before + 1
            }
            None => all,
        };
        let deadline = self.deadline(rules, number.min(all)).ok_or(Refusal::Overflow)?;
        let late_after = deadline.checked_add(u64::from(rules.grace_s)).ok_or(Refusal::Overflow)?;
        let (round, amount, premium, advance) = match &next {
            Some(next) => (next.round, next.amount()?, next.premium, next.advance),
            None => (self.len, Amount::ZERO, Amount::ZERO, false),
        };
        Ok(Due { round, amount, premium, fees: member.fees, advance, deadline, late_after })
    }

    /// Exactly what [`Circle::due`] says for that round, or refused; any part of it where the rules
    /// allow partial payments. It pays instalments first, then the premium, then fees.
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
        let mut member = self.member(seat)?;
        if round == 0 || round > self.len {
            return Err(Refusal::WrongRound);
        }
        if round <= self.rounds_paid {
            return Err(Refusal::RoundPaidOut);
        }
        self.assess(rules, seat, &mut member, self.late_by(rules, now))?;
        let next = self.next(rules, seat, &member, now)?.ok_or(Refusal::NothingDue)?;
        if next.round != round {
            let paid = next.round > round;
            return Err(if paid { Refusal::NothingDue } else { Refusal::WrongRound });
        }
        let due = next.amount()?;
        if due.is_zero() {
            return Err(Refusal::NotYetOpen);
        }
        let exact = amount == due || rules.partial && amount.is_positive() && amount < due;
        if !exact {
            return Err(Refusal::WrongAmount);
        }
        let instalments = amount.min(next.payable);
        let rest = amount.checked_sub(instalments)?;
        let premium = rest.min(next.premium);
        let fees = rest.checked_sub(premium)?;
        let late = self.pays_late(rules, &member, &next)?;

        add(&mut member.ahead, instalments)?;
        add(&mut member.paid, instalments)?;
        add(&mut member.premium, premium)?;
        sub(&mut member.fees, fees)?;
        self.put(seat, &member);
        add(&mut self.fund, premium)?;
        add(&mut self.reserve, fees)?;
        Ok(Contributed { instalments, premium, fees, late })
    }

    /// The earliest round with something unpaid. Since instalments open one after the other, whatever
    /// is open is open there first. Nothing when all is paid, fees too.
    fn next(
        &self,
        rules: &Rules,
        index: u8,
        seat: &Seat,
        now: u64,
    ) -> Result<Option<Next>, Refusal> {
        let mut ahead = seat.ahead;
        for round in self.current_round()..=self.len {
            let need = self.open_need(rules, self.plan(round)?, index, seat)?;
            if ahead >= need {
                sub(&mut ahead, need)?;
                continue;
            }
            let opened = self.opened(rules, now);
            let opened = opened.saturating_sub(last_instalment(rules, round - 1));
            let opened = opened.min(u32::from(rules.instalments_per_round));
            let target = need.min(rules.contribution.checked_mul(opened)?);
            let mut payable = target.max(ahead).checked_sub(ahead)?;
            let advance = payable.is_zero() && rules.advance;
            if advance {
                let begun = ahead.minor_units() % rules.contribution.minor_units();
                let next = rules.contribution.checked_sub(Amount::new(begun))?;
                payable = next.min(need.checked_sub(ahead)?);
            }
            let premium = self.premium_for(rules, payable)?;
            let fees = seat.fees;
            return Ok(Some(Next { round, paid: ahead, payable, premium, fees, advance }));
        }
        if seat.fees.is_zero() {
            return Ok(None);
        }
        let (round, paid, fees) = (self.len, rules.round_price()?, seat.fees);
        let (payable, premium) = (Amount::ZERO, Amount::ZERO);
        Ok(Some(Next { round, paid, payable, premium, fees, advance: false }))
    }

    /// One premium for every instalment begun in `payable`.
    fn premium_for(&self, rules: &Rules, payable: Amount) -> Result<Amount, Refusal> {
        let Premium::PerInstalment(premium) = rules.premium else {
            return Ok(Amount::ZERO);
        };
        if !self.premium_round || payable.is_zero() {
            return Ok(Amount::ZERO);
        }
        let begun = (payable.minor_units() - 1) / rules.contribution.minor_units() + 1;
        let begun = u32::try_from(begun).map_err(|_| Refusal::Overflow)?;
        Ok(premium.checked_mul(begun)?)
    }

    /// Whether what is paid next should have been paid before.
    fn pays_late(&self, rules: &Rules, seat: &Seat, next: &Next) -> Result<bool, Refusal> {
        let before = last_instalment(rules, next.round - 1);
        let over = u32::from(seat.assessed).saturating_sub(before);
        let over =
            rules.contribution.checked_mul(over.min(u32::from(rules.instalments_per_round)))?;
        Ok(next.payable.is_positive() && next.paid < over)
    }
}
