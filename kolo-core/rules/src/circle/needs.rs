//! What each member must pay for each round, and what is late.

use super::state::last_instalment;
use super::sum::add;
use super::{Circle, Fee, Refusal, Rules, Seat, Store, rules::WHOLE_BP};
use crate::Amount;

/// Whose a round is, as far as it decides what the others pay for it.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    round: u8,
    /// The recipient when they have left: this round they are paid back.
    leaver: Option<u8>,
    /// The round after which they left.
    left_after: u8,
}

impl<S: Store> Circle<S> {
    /// What the seat must pay for `round` in all: c·m; nothing after it has left; and in the round of
    /// a member who has left, exactly what it had got from them.
    ///
    /// # Errors
    /// [`Refusal::NotMember`], [`Refusal::WrongRound`], [`Refusal::Overflow`].
    pub fn need(&self, rules: &Rules, seat: u8, round: u8) -> Result<Amount, Refusal> {
        let member = self.member(seat)?;
        self.need_of(rules, self.plan(round)?, seat, &member)
    }

    /// What the seat has paid for `round` so far, out of its wallet or its deposit: for a round paid
    /// out, all but what it still owes for it. (A recipient who did not pay for their own round counts
    /// as having paid: they would have paid themselves.)
    ///
    /// # Errors
    /// As [`Circle::need`].
    pub fn paid_for(&self, rules: &Rules, seat: u8, round: u8) -> Result<Amount, Refusal> {
        if round <= self.rounds_paid {
            let owed = self.debt_of_round(seat, round);
            let paid = self.need(rules, seat, round)?.checked_sub(owed.to_member)?;
            return Ok(paid.checked_sub(owed.to_fund)?);
        }
        let member = self.member(seat)?;
        let mut ahead = member.ahead;
        for before in self.current_round()..round {
            let need = self.open_need(rules, self.plan(before)?, seat, &member)?;
            ahead = ahead.checked_sub(ahead.min(need))?;
        }
        Ok(ahead.min(self.open_need(rules, self.plan(round)?, seat, &member)?))
    }

    /// What the vault holds for the current round: what its pot would be now, without deposits.
    ///
    /// # Errors
    /// [`Refusal::Overflow`].
    pub fn pot_now(&self, rules: &Rules) -> Result<Amount, Refusal> {
        let plan = self.plan(self.current_round())?;
        let mut pot = Amount::ZERO;
        for index in 0..self.len {
            let seat = self.rows.seat(index);
            add(&mut pot, seat.ahead.min(self.open_need(rules, plan, index, &seat)?))?;
            add(&mut pot, seat.insured)?;
        }
        Ok(pot)
    }

    pub(super) fn plan(&self, round: u8) -> Result<Plan, Refusal> {
        let recipient = self.seat_of_turn(round).ok_or(Refusal::WrongRound)?;
        Ok(self.plan_for(recipient, round))
    }

    pub(super) fn plan_for(&self, recipient: u8, round: u8) -> Plan {
        let left_after = self.rows.seat(recipient).left_after;
        let leaver = (left_after != 0 && left_after < round).then_some(recipient);
        Plan { round, leaver, left_after }
    }

    /// [`Circle::need`] of the seat at `index`.
    pub(super) fn need_of(
        &self,
        rules: &Rules,
        plan: Plan,
        index: u8,
        seat: &Seat,
    ) -> Result<Amount, Refusal> {
        let own_turn = seat.turn;
        match plan.leaver {
            None if seat.left_after != 0 && seat.left_after < plan.round => Ok(Amount::ZERO),
            None => rules.round_price(),
            // Pay-back: whom the leaver had paid, that is who was paid while they took part, and was
            // not paid back as a leaver themselves.
            Some(leaver) if leaver != index && own_turn <= plan.left_after => {
                if seat.left_after != 0 && seat.left_after < own_turn {
                    return Ok(Amount::ZERO);
                }
                let price = rules.round_price()?;
                let owed = self.debt_of_round(leaver, own_turn);
                Ok(if self.is_void(&owed) { price.checked_sub(owed.to_member)? } else { price })
            }
            Some(_) => Ok(Amount::ZERO),
        }
    }

    /// What of [`Circle::need`] the insurance has not put in already.
    pub(super) fn open_need(
        &self,
        rules: &Rules,
        plan: Plan,
        index: u8,
        seat: &Seat,
    ) -> Result<Amount, Refusal> {
        let need = self.need_of(rules, plan, index, seat)?;
        if plan.round == self.current_round() {
            return Ok(need.checked_sub(seat.insured)?);
        }
        Ok(need)
    }

    /// How many instalments have been opened, over the whole cycle (and beyond its end): an instalment
    /// is open from the deadline of the one before, the first from the start.
    pub(super) fn opened(&self, rules: &Rules, now: u64) -> u32 {
        rules.interval.elapsed(self.started_at, now, rules.utc_offset_s).saturating_add(1)
    }

    /// How many instalments would be late if paid at `now`: those whose deadline + grace is strictly
    /// earlier.
    pub(super) fn late_by(&self, rules: &Rules, now: u64) -> u32 {
        now.checked_sub(u64::from(rules.grace_s) + 1).map_or(0, |latest_deadline| {
            rules.interval.elapsed(self.started_at, latest_deadline, rules.utc_offset_s)
        })
    }

    /// Looks at the seat's instalments whose time is over since it was last looked at, and marks what
    /// is unpaid of them: late, with one fee each. Every step that changes what is paid, or is to
    /// be paid, does this before, so that it makes no difference when it is done.
    pub(super) fn assess(
        &self,
        rules: &Rules,
        index: u8,
        seat: &mut Seat,
        late_by: u32,
    ) -> Result<(), Refusal> {
        let per_round = u32::from(rules.instalments_per_round);
        let over = late_by.min(last_instalment(rules, self.len));
        let from = u32::from(seat.assessed).max(last_instalment(rules, self.rounds_paid));
        if from >= over {
            return Ok(());
        }
        let mut ahead = seat.ahead;
        for round in self.current_round()..=self.len {
            let before = last_instalment(rules, round - 1);
            if before >= over {
                break;
            }
            let plan = self.plan(round)?;
            let need = self.open_need(rules, plan, index, seat)?;
            let paid = ahead.min(need);
            ahead = ahead.checked_sub(paid)?;
            for number in before.max(from)..over.min(before + per_round) {
                let unpaid = unpaid_of(rules, number - before, need, paid)?;
                if unpaid.is_positive() {
                    seat.late = seat.late.saturating_add(1);
                    add(&mut seat.fees, fee(rules.fee, unpaid)?)?;
                }
            }
        }
        seat.assessed = u16::try_from(over).unwrap_or(u16::MAX);
        Ok(())
    }

    /// [`Circle::assess`], and keeps it.
    pub(super) fn judge(&mut self, rules: &Rules, index: u8, now: u64) -> Result<(), Refusal> {
        let mut seat = self.member(index)?;
        self.assess(rules, index, &mut seat, self.late_by(rules, now))?;
        self.put(index, &seat);
        Ok(())
    }

    /// Whether an instalment whose time is over is unpaid.
    pub(super) fn is_overdue(
        &self,
        rules: &Rules,
        index: u8,
        seat: &Seat,
        now: u64,
    ) -> Result<bool, Refusal> {
        let late_by = self.late_by(rules, now);
        let mut ahead = seat.ahead;
        for round in self.current_round()..=self.len {
            let over = late_by.saturating_sub(last_instalment(rules, round - 1));
            if over == 0 {
                break;
            }
            let over = over.min(u32::from(rules.instalments_per_round));
            let need = self.open_need(rules, self.plan(round)?, index, seat)?;
            if ahead < need.min(rules.contribution.checked_mul(over)?) {
                return Ok(true);
            }
            ahead = ahead.checked_sub(ahead.min(need))?;
        }
        Ok(false)
    }
}

/// What is unpaid of a round's instalment `number` (from 0), of `need` for the round and `paid`: what
/// is paid fills the instalments one after the other.
fn unpaid_of(rules: &Rules, number: u32, need: Amount, paid: Amount) -> Result<Amount, Refusal> {
    let before = rules.contribution.checked_mul(number)?.min(need);
    let until = rules.contribution.checked_mul(number + 1)?.min(need);
    Ok(until.checked_sub(paid.max(before).min(until))?)
}

/// The fee on an instalment of which `unpaid` was not paid in time.
fn fee(fee: Fee, unpaid: Amount) -> Result<Amount, Refusal> {
    match fee {
        Fee::None => Ok(Amount::ZERO),
        Fee::Fixed(fee) => Ok(fee),
        Fee::BasisPoints(part) => part_of(unpaid, part),
    }
}

/// So many hundredths of a percent of `amount`, rounded down.
pub(super) fn part_of(amount: Amount, basis_points: u16) -> Result<Amount, Refusal> {
    let whole = i64::from(WHOLE_BP);
    let (parts, rest) = (amount.minor_units() / whole, amount.minor_units() % whole);
    let part = i64::from(basis_points);
    let of_parts = parts.checked_mul(part).ok_or(Refusal::Overflow)?;
    Ok(Amount::new(of_parts).checked_add(Amount::new(rest * part / whole))?)
}
