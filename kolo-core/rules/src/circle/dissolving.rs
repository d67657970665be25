//! Ending early: the vote, the net settlement, the claims.

use super::reserve::share_equally;
use super::state::{PerSeat, last_instalment};
use super::{Circle, MAX_MEMBERS, Phase, Proposal, Refusal, Rules};
use crate::split::{Share, split};
use crate::{Amount, vote};

/// How a vote stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VoteOutcome {
    /// Undecided.
    Open,
    /// Enough were for it: the circle is dissolved.
    Passed,
    /// Approval has become impossible.
    Rejected,
}

impl Circle {
    /// Opens the vote with the proposer's yes. A proposal that has expired is replaced.
    ///
    /// # Errors
    /// [`Refusal::NotActive`], [`Refusal::NotMember`], [`Refusal::ProposalOpen`],
    /// [`Refusal::Overflow`].
    pub fn propose_dissolve(
        &mut self,
        rules: &Rules,
        seat: u8,
        now: u64,
    ) -> Result<VoteOutcome, Refusal> {
        self.require_active()?;
        self.member(seat)?;
        if self.proposal.is_some_and(|open| now <= open.expires_at) {
            return Err(Refusal::ProposalOpen);
        }
        let id = self.proposals.checked_add(1).ok_or(Refusal::Overflow)?;
        let expires_at = now.checked_add(u64::from(rules.vote_period_s));
        let proposal = Proposal {
            id,
            electorate: self.len,
            yes: bit(seat),
            no: 0,
            expires_at: expires_at.ok_or(Refusal::Overflow)?,
        };
        let outcome = self.decide(rules, proposal, now)?;
        self.proposals = id;
        Ok(outcome)
    }

    /// A member's vote, which may be changed until it is decided. Passed → the circle is dissolved and
    /// net settlement computed, in the same step.
    ///
    /// # Errors
    /// [`Refusal::NotActive`], [`Refusal::NotMember`], [`Refusal::NoProposal`],
    /// [`Refusal::VoteClosed`] strictly after its expiry, [`Refusal::AlreadyVoted`] for the same vote
    /// again, [`Refusal::Overflow`].
    pub fn vote(
        &mut self,
        rules: &Rules,
        seat: u8,
        yes: bool,
        now: u64,
    ) -> Result<VoteOutcome, Refusal> {
        self.require_active()?;
        self.member(seat)?;
        let mut proposal = self.proposal.ok_or(Refusal::NoProposal)?;
        if now > proposal.expires_at {
            return Err(Refusal::VoteClosed);
        }
        let (same, other) = if yes {
            (&mut proposal.yes, &mut proposal.no)
        } else {
            (&mut proposal.no, &mut proposal.yes)
        };
        if *same & bit(seat) != 0 {
            return Err(Refusal::AlreadyVoted);
        }
        *same |= bit(seat);
        *other &= !bit(seat);
        self.decide(rules, proposal, now)
    }

    /// Takes all that can be claimed now, to be delivered. After a repayment there may be more.
    ///
    /// # Errors
    /// [`Refusal::NotDissolved`], [`Refusal::NotMember`], [`Refusal::NothingToClaim`].
    pub fn claim(&mut self, seat: u8) -> Result<Amount, Refusal> {
        if self.phase != Phase::Dissolved {
            return Err(Refusal::NotDissolved);
        }
        let member = self.member_mut(seat)?;
        if member.claimable.is_zero() {
            return Err(Refusal::NothingToClaim);
        }
        Ok(core::mem::take(&mut member.claimable))
    }

    /// A repayment after dissolving, shared among those whose net claim is not covered.
    pub(super) fn cover_claims(&mut self, amount: Amount) -> Result<(), Refusal> {
        let mut missing = Amount::ZERO;
        for seat in self.seats() {
            missing = missing.checked_add(seat.uncovered)?;
        }
        let mut uncovered = [Amount::ZERO; MAX_MEMBERS];
        for (uncovered, seat) in uncovered.iter_mut().zip(self.seats()) {
            *uncovered = seat.uncovered;
        }
        let covering = amount.min(missing);
        let covered = pro_rata(covering, &uncovered)?;
        let excess =
            share_equally(amount.checked_sub(covering)?, self.seats(), |seat| seat.late == 0)?;
        let mut claimable = [Amount::ZERO; MAX_MEMBERS];
        for (index, seat) in self.seats().iter().enumerate() {
            let part = at(&covered, index).checked_add(at(&excess, index))?;
            set(&mut claimable, index, seat.claimable.checked_add(part)?);
            set(&mut uncovered, index, seat.uncovered.checked_sub(at(&covered, index))?);
        }

        for (index, seat) in self.seats_mut().iter_mut().enumerate() {
            seat.claimable = at(&claimable, index);
            seat.uncovered = at(&uncovered, index);
        }
        Ok(())
    }

    /// Records the votes, and does what they decide.
    fn decide(
        &mut self,
        rules: &Rules,
        proposal: Proposal,
        now: u64,
    ) -> Result<VoteOutcome, Refusal> {
        let electorate = u32::from(proposal.electorate);
        if vote::passes(proposal.yes.count_ones(), electorate) {
            self.dissolve(rules, now)?;
            return Ok(VoteOutcome::Passed);
        }
        if vote::is_impossible(proposal.no.count_ones(), electorate) {
            self.proposal = None;
            return Ok(VoteOutcome::Rejected);
        }
        self.proposal = Some(proposal);
        Ok(VoteOutcome::Open)
    }

    /// Net settlement: what is held and the reserve cover the positive net claims pro rata; what is
    /// over is shared like a reserve; negative net claims replace all earlier debts. An instalment
    /// that is overdue now counts as late.
    fn dissolve(&mut self, rules: &Rules, now: u64) -> Result<(), Refusal> {
        let value = self.held_in_all()?.checked_add(self.reserve)?;
        let mut claims = [Amount::ZERO; MAX_MEMBERS];
        let mut debts = [Amount::ZERO; MAX_MEMBERS];
        let mut overdue = [0_u16; MAX_MEMBERS];
        let mut claimed = Amount::ZERO;
        for (index, seat) in self.seats().iter().enumerate() {
            let net = seat.paid.checked_sub(seat.received)?;
            if net.is_positive() {
                claimed = claimed.checked_add(net)?;
                set(&mut claims, index, net);
            } else {
                set(&mut debts, index, Amount::ZERO.checked_sub(net)?);
            }
            set(&mut overdue, index, self.overdue(rules, index, now));
        }
        let covering = value.min(claimed);
        let covered = pro_rata(covering, &claims)?;
        let mut late = overdue.iter();
        let excess = share_equally(value.checked_sub(covering)?, self.seats(), |seat| {
            late.next() == Some(&0) && seat.late == 0
        })?;
        let mut claimable = [Amount::ZERO; MAX_MEMBERS];
        for (index, claimable) in claimable.iter_mut().enumerate() {
            *claimable = at(&covered, index).checked_add(at(&excess, index))?;
            let uncovered = at(&claims, index).checked_sub(at(&covered, index))?;
            set(&mut claims, index, uncovered);
        }

        for (index, seat) in self.seats_mut().iter_mut().enumerate() {
            seat.claimable = at(&claimable, index);
            seat.uncovered = at(&claims, index);
            seat.debt = at(&debts, index);
            seat.late = seat.late.saturating_add(at(&overdue, index));
        }
        self.held = [Amount::ZERO; MAX_MEMBERS];
        self.reserve = Amount::ZERO;
        self.proposal = None;
        self.phase = Phase::Dissolved;
        Ok(())
    }

    /// Instalments of rounds not paid out that the seat at `index` should have paid by `now`.
    fn overdue(&self, rules: &Rules, index: usize, now: u64) -> u16 {
        let Some(seat) = self.seats().get(index) else {
            return 0;
        };
        let paid = seat.instalments.iter().skip(usize::from(self.rounds_paid));
        let paid: u32 = paid.map(|instalments| u32::from(*instalments)).sum();
        let due = self.late_instalments(rules, now).min(last_instalment(rules, self.len));
        let due = due.saturating_sub(last_instalment(rules, self.rounds_paid));
        u16::try_from(due.saturating_sub(paid)).unwrap_or(u16::MAX)
    }
}

/// A seat's bit in the votes.
fn bit(seat: u8) -> u64 {
    1_u64.checked_shl(u32::from(seat)).unwrap_or(0)
}

/// Splits `total` by `weights`, one per seat; ties go to the earlier seat.
fn pro_rata(total: Amount, weights: &PerSeat) -> Result<PerSeat, Refusal> {
    let mut shares = [Share::default(); MAX_MEMBERS];
    for ((order, share), weight) in (0..).zip(&mut shares).zip(weights) {
        let weight = u64::try_from(weight.minor_units()).map_err(|_| Refusal::Overflow)?;
        *share = Share { order, weight, amount: Amount::ZERO };
    }
    split(total, &mut shares)?;
    Ok(shares.map(|share| share.amount))
}

fn at<T: Copy + Default>(values: &[T], index: usize) -> T {
    values.get(index).copied().unwrap_or_default()
}

fn set<T>(values: &mut [T], index: usize, value: T) {
    if let Some(slot) = values.get_mut(index) {
        *slot = value;
    }
}
