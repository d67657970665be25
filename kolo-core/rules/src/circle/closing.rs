//! The last round is paid out: what is still there goes to whom it belongs.

use super::sharing::{never_late, share_by};
use super::sum::{NOTHING, PerSeat, add, at, set, sub};
use super::{Circle, Debt, Phase, Refusal, Rules, Shortfall, Store};
use crate::Amount;

impl<S: Store> Circle<S> {
    /// Completed. In this order: losses are shared if that is the policy; what is left of each deposit,
    /// and what was paid ahead and not needed, clears its owner's debts and goes back; the reserve is
    /// split among members never late; the insurance by premiums paid. All as credits.
    pub(super) fn complete(&mut self, rules: &Rules) -> Result<(), Refusal> {
        let (mut parts, mut unused) = (NOTHING, NOTHING);
        for (index, unused) in (0..self.len).zip(&mut unused) {
            *unused = self.release_ahead(index)?;
        }
        if rules.shortfall == Shortfall::Share {
            self.share_losses(&mut parts)?;
        }
        for index in 0..self.len {
            let mut seat = self.rows.seat(index);
            let mut own = core::mem::take(&mut seat.deposit);
            self.put(index, &seat);
            add(&mut own, at(&unused, usize::from(index)))?;
            let left = self.clear_debts(index, own, &mut parts)?;
            let mut seat = self.rows.seat(index);
            let pooled = left.min(seat.pooled);
            sub(&mut seat.pooled, pooled)?;
            self.put(index, &seat);
            self.cover_claims(pooled)?;
            let back = left.checked_sub(pooled)?.checked_add(at(&parts, usize::from(index)))?;
            set(&mut parts, usize::from(index), back);
        }
        self.add_credits(&parts)?;
        self.share_common()?;
        self.bid = None;
        self.withdraw_all();
        self.phase = Phase::Completed;
        Ok(())
    }

    /// The reserve for those never late, the insurance by premiums paid: as credits.
    pub(super) fn share_common(&mut self) -> Result<(), Refusal> {
        let (reserve, fund) = (core::mem::take(&mut self.reserve), core::mem::take(&mut self.fund));
        let mut parts = NOTHING;
        self.share_equally(reserve, never_late, &mut parts)?;
        if fund.is_positive() {
            share_by(fund, &self.amounts_of(|seat| seat.premium), &mut parts)?;
        }
        self.add_credits(&parts)
    }

    /// Takes what the seat paid ahead and nobody needs any more: it was not paid for anything. Less its
    /// part of what a shortfall took from all instalments held.
    pub(super) fn release_ahead(&mut self, index: u8) -> Result<Amount, Refusal> {
        let mut seat = self.rows.seat(index);
        let unused = seat.ahead;
        if unused.is_zero() {
            return Ok(unused);
        }
        seat.ahead = Amount::ZERO;
        sub(&mut seat.paid, unused)?;
        self.put(index, &seat);
        let lost = self.take_held_lost(unused)?;
        Ok(unused.checked_sub(lost)?)
    }

    /// All who kept their promise bear the same part of what was lost by those who did not. Who has
    /// borne less pays the difference from the deposit, or owes it; who has borne more gets it. From
    /// here on the debts for rounds are owed to all of them, in proportion of what they miss.
    fn share_losses(&mut self, parts: &mut PerSeat) -> Result<(), Refusal> {
        let (mut borne, mut owed) = (NOTHING, NOTHING);
        for debt in (0..self.debts).map(|index| self.rows.debt(index)) {
            if self.is_void(&debt) {
                continue;
            }
            for round in debt.first..=debt.last {
                self.share_debt(round, debt.to_member, &mut borne)?;
                if let Some(slot) = owed.get_mut(usize::from(debt.debtor)) {
                    add(slot, debt.to_member)?;
                }
            }
        }
        let (mut loss, mut weights, mut anybody) = (Amount::ZERO, NOTHING, false);
        for index in 0..self.len {
            let place = usize::from(index);
            if at(&owed, place).is_zero() {
                add(&mut loss, at(&borne, place))?;
                // Who left has no part in it, but is not left alone with a loss either.
                if self.rows.seat(index).left_after == 0 {
                    set(&mut weights, place, Amount::new(1));
                    anybody = true;
                }
            }
        }
        let mut share = NOTHING;
        if anybody {
            share_by(loss, &weights, &mut share)?;
        }
        self.even_out(&borne, &owed, &share, parts)?;
        self.pool_round_debts(&owed)
    }

    fn even_out(
        &mut self,
        borne: &PerSeat,
        owed: &PerSeat,
        share: &PerSeat,
        parts: &mut PerSeat,
    ) -> Result<(), Refusal> {
        let (mut pool, mut excess) = (Amount::ZERO, NOTHING);
        for index in 0..self.len {
            let place = usize::from(index);
            let (borne, share) = (at(borne, place), at(share, place));
            let mut seat = self.rows.seat(index);
            if at(owed, place).is_positive() {
                // Who owes has no part in this, and stays owed what others did not pay them.
                add(&mut seat.uncovered, borne)?;
            } else if borne < share {
                let difference = share.checked_sub(borne)?;
                let paid = difference.min(seat.deposit);
                sub(&mut seat.deposit, paid)?;
                add(&mut seat.covered, paid)?;
                add(&mut seat.paid, paid)?;
                add(&mut pool, paid)?;
                add(&mut seat.pooled, difference.checked_sub(paid)?)?;
                add(&mut seat.uncovered, share)?;
            } else {
                set(&mut excess, place, borne.checked_sub(share)?);
                add(&mut seat.uncovered, borne)?;
            }
            self.put(index, &seat);
        }
        let mut paid_out = NOTHING;
        if pool.is_positive() {
            share_by(pool, &excess, &mut paid_out)?;
        }
        for (index, part) in (0..self.len).zip(paid_out) {
            let mut seat = self.rows.seat(index);
            sub(&mut seat.uncovered, part)?;
            add(&mut seat.received, part)?;
            self.put(index, &seat);
            if let Some(slot) = parts.get_mut(usize::from(index)) {
                add(slot, part)?;
            }
        }
        Ok(())
    }

    /// What was owed to single recipients is owed to all who miss something now.
    fn pool_round_debts(&mut self, owed: &[Amount]) -> Result<(), Refusal> {
        for index in 0..self.len {
            let mut seat = self.rows.seat(index);
            add(&mut seat.pooled, at(owed, usize::from(index)))?;
            self.put(index, &seat);
        }
        for index in 0..self.debts {
            let debt = self.rows.debt(index);
            if !self.is_void(&debt) {
                self.rows.put_debt(index, &Debt { to_member: Amount::ZERO, ..debt });
            }
        }
        self.drop_settled_debts();
        Ok(())
    }
}
