//! Ending early: the net settlement, the claims.

use super::sharing::never_late;
use super::state::last_instalment;
use super::sum::{NOTHING, add, at, pro_rata, sub};
use super::{Circle, Phase, Refusal, Rules, Store};
use crate::Amount;

impl<S: Store> Circle<S> {
    /// Takes all that can be claimed now, to be delivered. After a repayment there may be more.
    ///
    /// # Errors
    /// [`Refusal::NotDissolved`] while the circle runs, [`Refusal::NotMember`],
    /// [`Refusal::NothingToClaim`].
    pub fn claim(&mut self, seat: u8) -> Result<Amount, Refusal> {
        if !matches!(self.phase, Phase::Dissolved | Phase::Completed) {
            return Err(Refusal::NotDissolved);
        }
        let mut member = self.member(seat)?;
        let claimed = core::mem::take(&mut member.claimable);
        if claimed.is_zero() {
            return Err(Refusal::NothingToClaim);
        }
        self.put(seat, &member);
        Ok(claimed)
    }

    /// Net settlement. Each deposit covers its owner's negative net claim first, the rest of it goes
    /// back as a credit. All that is held, the deposits used, the reserve and the insurance cover the
    /// positive net claims pro rata; what is over is shared like a reserve. Negative net claims replace
    /// all earlier debts. An instalment that is overdue now counts as late.
    pub(super) fn dissolve(&mut self, rules: &Rules, now: u64) -> Result<(), Refusal> {
        let mut value = self.held()?;
        add(&mut value, core::mem::take(&mut self.reserve))?;
        add(&mut value, core::mem::take(&mut self.fund))?;
        self.held_lost = Amount::ZERO;
        let late_by = self.late_by(rules, now).min(last_instalment(rules, self.len));
        let (mut claims, mut claimed) = (NOTHING, Amount::ZERO);
        for (index, claim) in (0..self.len).zip(&mut claims) {
            let mut seat = self.rows.seat(index);
            self.assess(rules, index, &mut seat, late_by)?;
            seat.ahead = Amount::ZERO;
            seat.insured = Amount::ZERO;
            seat.fees = Amount::ZERO;
            let deposit = core::mem::take(&mut seat.deposit);
            let net = seat.paid.checked_sub(seat.received)?;
            if net.is_positive() {
                *claim = net;
                add(&mut claimed, net)?;
                add(&mut seat.credit, deposit)?;
            } else {
                let mut debt = Amount::ZERO.checked_sub(net)?;
                let covered = debt.min(deposit);
                sub(&mut debt, covered)?;
                add(&mut seat.covered, covered)?;
                add(&mut seat.credit, deposit.checked_sub(covered)?)?;
                add(&mut value, covered)?;
                seat.pooled = debt;
            }
            self.put(index, &seat);
        }
        self.forget_debts();
        let covering = value.min(claimed);
        let covered = pro_rata(covering, &claims)?;
        let mut claimable = covered;
        self.share_equally(value.checked_sub(covering)?, never_late, &mut claimable)?;
        for index in 0..self.len {
            let place = usize::from(index);
            let mut seat = self.rows.seat(index);
            seat.claimable = at(&claimable, place);
            seat.uncovered = at(&claims, place).checked_sub(at(&covered, place))?;
            self.put(index, &seat);
        }
        self.bid = None;
        self.withdraw_all();
        self.phase = Phase::Dissolved;
        Ok(())
    }
}
