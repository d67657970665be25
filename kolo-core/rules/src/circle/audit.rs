//! What holds of every circle that steps lead to, as far as it can be told without its rules.

use super::{Circle, Debt, MAX_MEMBERS, Phase, Proposal, Refusal, Seat, Store};
use crate::Amount;

impl<S: Store> Circle<S> {
    /// Looks at everything: for bytes from elsewhere, and after every step of a test.
    ///
    /// # Errors
    /// [`Refusal::BadEncoding`].
    pub fn audit(&self) -> Result<(), Refusal> {
        let started = self.phase.has_started();
        let rounds_pass = match self.phase {
            Phase::Active | Phase::Dissolved => self.rounds_paid < self.len,
            Phase::Completed => self.rounds_paid == self.len,
            Phase::Forming | Phase::Cancelled => self.rounds_paid == 0 && self.started_at == 0,
            Phase::Committing | Phase::Revealing | Phase::Securing => self.rounds_paid == 0,
        };
        let totals = [self.reserve, self.fund, self.held_lost];
        let open = started && self.phase == Phase::Active;
        let sound = usize::from(self.len) <= MAX_MEMBERS
            && rounds_pass
            && (self.phase == Phase::Forming || self.phase == Phase::Cancelled || self.len >= 2)
            && totals.iter().all(|amount| *amount >= Amount::ZERO)
            && (open || self.bid.is_none() && self.open_proposals().next().is_none())
            && self.bid.is_none_or(|bid| bid.seat < self.len && bid.amount.is_positive())
            && self.open_proposals().all(|proposal| self.proposal_passes(proposal))
            && (started || self.debts == 0)
            && self.turns_pass()
            && (0..self.len).all(|index| self.seat_passes(&self.rows.seat(index)))
            && self.list_debts().all(|debt| self.debt_passes(&debt))
            && self.held().is_ok_and(|held| held >= Amount::ZERO)
            && self.liabilities().is_ok();
        if sound { Ok(()) } else { Err(Refusal::BadEncoding) }
    }

    /// Everybody has a turn of their own, and once the order is fixed they are 1..=n; while it is to be
    /// drawn nobody has one.
    fn turns_pass(&self) -> bool {
        let fixed = self.phase.has_started() || self.phase == Phase::Securing;
        let last = if fixed { usize::from(self.len) } else { MAX_MEMBERS };
        let mut taken = [false; MAX_MEMBERS];
        let mut drawn = 0;
        for index in 0..self.len {
            let turn = usize::from(self.rows.seat(index).turn);
            let Some(place) = turn.checked_sub(1) else {
                drawn += 1;
                continue;
            };
            match taken.get_mut(..last).and_then(|taken| taken.get_mut(place)) {
                Some(slot) if !*slot => *slot = true,
                _ => return false,
            }
        }
        drawn == 0 || !fixed && drawn == self.len
    }

    fn seat_passes(&self, seat: &Seat) -> bool {
        let started = self.phase.has_started();
        let over = self.phase.is_over();
        let moved = [seat.ahead, seat.paid, seat.received, seat.fees, seat.insured];
        let claims = [seat.claimable, seat.uncovered, seat.pooled];
        let none = |amounts: &[Amount]| amounts.iter().all(|amount| amount.is_zero());
        seat.amounts().iter().all(|amount| *amount >= Amount::ZERO)
            && (started || none(&moved) && seat.late == 0 && seat.left_after == 0)
            && (over && started || none(&claims))
            && seat.left_after <= self.len
            && seat.marks.are_known()
    }

    /// Nobody votes who may not, or both ways.
    fn proposal_passes(&self, proposal: &Proposal) -> bool {
        let Proposal { id, subject, electorate, yes, no, .. } = *proposal;
        let members = u64::MAX >> (64 - u32::from(self.len.max(1)));
        (1..=self.proposals).contains(&id)
            && subject < self.len
            && electorate & !members == 0
            && (yes | no) & !electorate == 0
            && yes & no == 0
    }

    fn debt_passes(&self, debt: &Debt) -> bool {
        debt.debtor < self.len
            && debt.first >= 1
            && debt.first <= debt.last
            && debt.last <= self.rounds_paid
            && debt.to_member >= Amount::ZERO
            && debt.to_fund >= Amount::ZERO
            && (debt.to_member.is_positive() || debt.to_fund.is_positive())
    }
}
