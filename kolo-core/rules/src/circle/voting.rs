//! What members decide together: proposals and votes.

use super::{Circle, Marks, Refusal, Rules, Store};
use crate::vote;

/// What can be proposed. Of each kind at most one proposal is open at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Motion {
    /// To end the circle and settle.
    Dissolve = 0,
    /// To expel the member of a seat.
    Expel = 1,
    /// To let a newcomer buy a seat.
    Replace = 2,
    /// To move a seat to another address of its member, whose key is lost.
    Move = 3,
}

/// How many kinds of motions there are.
pub(super) const KINDS: usize = 4;

impl Motion {
    /// Every kind, by number.
    pub const ALL: [Self; KINDS] = [Self::Dissolve, Self::Expel, Self::Replace, Self::Move];
}

/// A proposal that is open, or passed and not carried out yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Counts up from 1 within the circle.
    pub id: u32,
    /// What is proposed.
    pub motion: Motion,
    /// The seat it is about; 0 for [`Motion::Dissolve`].
    pub subject: u8,
    /// Who may vote: bit i = seat i. The members when it was made, less those who left of their own.
    pub electorate: u64,
    /// Who is for it.
    pub yes: u64,
    /// Who is against it.
    pub no: u64,
    /// The last second in which a vote counts (Unix seconds).
    pub expires_at: u64,
    /// When it passed (Unix seconds); 0 while it is open. Carrying out what needs more signatures, or
    /// a delay, comes after.
    pub passed_at: u64,
}

impl Proposal {
    /// N, of which 51 % are needed.
    #[must_use]
    pub const fn electorate_size(&self) -> u32 {
        self.electorate.count_ones()
    }
}

/// How a vote stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VoteOutcome {
    /// Undecided.
    Open,
    /// Enough were for it. Dissolving and expelling are done with that; a replacement or a move can
    /// be carried out now.
    Passed,
    /// Approval has become impossible.
    Rejected,
}

impl<S: Store> Circle<S> {
    /// Opens a vote with the proposer's yes. A proposal of the same kind that has expired is replaced.
    /// `subject` is the seat it is about, and 0 for [`Motion::Dissolve`].
    ///
    /// # Errors
    /// [`Refusal::NotActive`], [`Refusal::NotMember`] of proposer or subject, [`Refusal::HasLeft`],
    /// [`Refusal::ProposalOpen`], [`Refusal::Overflow`].
    pub fn propose(
        &mut self,
        rules: &Rules,
        seat: u8,
        motion: Motion,
        subject: u8,
        now: u64,
    ) -> Result<VoteOutcome, Refusal> {
        self.require_full_member(seat)?;
        match motion {
            Motion::Dissolve => {}
            Motion::Expel => {
                self.require_full_member(subject)?;
            }
            Motion::Replace => {
                if self.member(subject)?.left_after != 0 {
                    return Err(Refusal::HasLeft);
                }
            }
            // Who left may still have to be paid back.
            Motion::Move => {
                self.member(subject)?;
            }
        }
        let before = self.open.get(motion as usize).copied().flatten();
        if before.is_some_and(|open| now <= open.last_second(rules)) {
            return Err(Refusal::ProposalOpen);
        }
        let id = self.proposals.checked_add(1).ok_or(Refusal::Overflow)?;
        let expires_at = now.checked_add(u64::from(rules.vote_period_s));
        let electorate = (0..self.len).filter(|i| self.rows.seat(*i).is_full_member()).map(bit);
        let proposal = Proposal {
            id,
            motion,
            subject: if motion == Motion::Dissolve { 0 } else { subject },
            electorate: electorate.fold(0, |all, bit| all | bit),
            yes: bit(seat),
            no: 0,
            expires_at: expires_at.ok_or(Refusal::Overflow)?,
            passed_at: 0,
        };
        self.proposals = id;
        self.decide(rules, proposal, now)
    }

    /// A member's vote on the open proposal `id`, which may be changed until it is decided. A no of the
    /// one whose seat is to be moved is their objection, also once it has passed.
    ///
    /// # Errors
    /// [`Refusal::NotActive`], [`Refusal::NotMember`], [`Refusal::NoProposal`] when none of this
    /// number is open, [`Refusal::VoteClosed`] strictly after its expiry and once it has passed,
    /// [`Refusal::NoVote`] for who joined later or left, [`Refusal::AlreadyVoted`] for the same vote
    /// again, [`Refusal::Overflow`].
    pub fn vote(
        &mut self,
        rules: &Rules,
        seat: u8,
        id: u32,
        yes: bool,
        now: u64,
    ) -> Result<VoteOutcome, Refusal> {
        self.require_active()?;
        let member = self.member(seat)?;
        let mut proposal =
            self.open_proposals().find(|open| open.id == id).copied().ok_or(Refusal::NoProposal)?;
        if proposal.motion == Motion::Move && proposal.subject == seat && !yes {
            // Whoever holds the key has not lost it.
            self.object(seat)?;
            return Ok(VoteOutcome::Rejected);
        }
        if now > proposal.expires_at || proposal.passed_at != 0 {
            return Err(Refusal::VoteClosed);
        }
        if proposal.electorate & bit(seat) == 0 || member.marks.has(Marks::EXPELLED) {
            return Err(Refusal::NoVote);
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

    /// The passed proposal of this kind about this seat.
    pub(super) fn passed(&self, motion: Motion, subject: u8) -> Result<Proposal, Refusal> {
        self.open_proposals()
            .find(|open| open.motion == motion && open.subject == subject && open.passed_at != 0)
            .copied()
            .ok_or(Refusal::NoProposal)
    }

    pub(super) fn withdraw(&mut self, motion: Motion) {
        self.set_proposal(motion, None);
    }

    pub(super) fn withdraw_all(&mut self) {
        self.open = [None; KINDS];
    }

    /// Who left of their own votes no more, and does not count: what is open may be decided by that.
    pub(super) fn void_votes(&mut self, rules: &Rules, seat: u8, now: u64) -> Result<(), Refusal> {
        self.decide_again(rules, bit(seat), now)
    }

    /// Looks again at what is open, of which these `gone` do not count any more.
    fn decide_again(&mut self, rules: &Rules, gone: u64, now: u64) -> Result<(), Refusal> {
        for motion in Motion::ALL {
            let Some(mut open) = self.open.get(motion as usize).copied().flatten() else {
                continue;
            };
            if open.passed_at != 0 || now > open.expires_at {
                continue;
            }
            for votes in [&mut open.electorate, &mut open.yes, &mut open.no] {
                *votes &= !gone;
            }
            self.decide(rules, open, now)?;
            if self.require_active().is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Records the votes, and does what they decide.
    fn decide(
        &mut self,
        rules: &Rules,
        mut proposal: Proposal,
        now: u64,
    ) -> Result<VoteOutcome, Refusal> {
        let Proposal { motion, subject, .. } = proposal;
        let electorate = proposal.electorate_size();
        if vote::passes(proposal.yes.count_ones(), electorate) {
            proposal.passed_at = now;
            self.set_proposal(motion, None);
            match motion {
                Motion::Dissolve => self.dissolve(rules, now)?,
                Motion::Expel => {
                    self.expel(rules, subject, now)?;
                    // Without their vote something else may have become impossible.
                    self.decide_again(rules, 0, now)?;
                }
                Motion::Replace | Motion::Move => self.set_proposal(motion, Some(proposal)),
            }
            return Ok(VoteOutcome::Passed);
        }
        let lost = proposal.electorate & !proposal.yes & (proposal.no | self.expelled());
        if vote::is_impossible(lost.count_ones(), electorate) {
            self.set_proposal(motion, None);
            return Ok(VoteOutcome::Rejected);
        }
        self.set_proposal(motion, Some(proposal));
        Ok(VoteOutcome::Open)
    }

    /// Who votes no more, but counts in what was proposed before.
    fn expelled(&self) -> u64 {
        let of = |index: &u8| self.rows.seat(*index).marks.has(Marks::EXPELLED);
        (0..self.len).filter(of).fold(0, |all, index| all | bit(index))
    }

    fn set_proposal(&mut self, motion: Motion, proposal: Option<Proposal>) {
        if let Some(slot) = self.open.get_mut(motion as usize) {
            *slot = proposal;
        }
    }
}

impl Proposal {
    /// The last second in which it is in the way of another of its kind: while votes count, and once
    /// passed, while it can be carried out ([`Motion::Move`]: after its delay, and as long again).
    pub(super) fn last_second(&self, rules: &Rules) -> u64 {
        match (self.passed_at, self.motion) {
            (0, _) => self.expires_at,
            (passed, Motion::Move) => passed.saturating_add(2 * u64::from(rules.move_delay_s())),
            (passed, _) => passed.saturating_add(u64::from(rules.vote_period_s)),
        }
    }
}

/// A seat's bit in the votes.
fn bit(seat: u8) -> u64 {
    1_u64.checked_shl(u32::from(seat)).unwrap_or(0)
}
