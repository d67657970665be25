//! While rounds are paid for: votes, leaving, bids, the insurance.
use kolo_rules::circle::{Marks, Motion, Step, VoteOutcome};
use kolo_rules::{Amount, Refusal};
use serde::{Deserialize, Serialize};

use super::service::{Circles, UnderWay};
use super::state::Circle;
use super::steps::sha256;
use crate::intent::state::{Claimed, Proposed, Want};
use crate::port::authorizer::{CommandName, CommandRequest};
use crate::port::chain::ChainAddress;
use crate::unit::Command;
use crate::view::ExpulsionView;
use crate::{CircleId, CommandContext, Error, MemberId, Timestamp};

/// What members are asked to decide, 51 % of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Question {
    /// To end the circle and settle.
    Dissolve,
    /// To expel a member.
    Expel {
        /// Whom.
        member: ChainAddress,
    },
    /// To let a newcomer buy a member's seat.
    Replace {
        /// Whose seat.
        leaver: ChainAddress,
        /// Who buys it.
        newcomer: ChainAddress,
    },
    /// To move a seat to another address of its member, whose key is lost.
    Move {
        /// Whose seat.
        from: ChainAddress,
        /// The new address.
        to: ChainAddress,
    },
}

impl Question {
    pub(crate) fn motion(&self) -> Motion {
        match self {
            Self::Dissolve => Motion::Dissolve,
            Self::Expel { .. } => Motion::Expel,
            Self::Replace { .. } => Motion::Replace,
            Self::Move { .. } => Motion::Move,
        }
    }

    pub(crate) fn subject(&self) -> Option<&ChainAddress> {
        match self {
            Self::Dissolve => None,
            Self::Expel { member: subject }
            | Self::Replace { leaver: subject, .. }
            | Self::Move { from: subject, .. } => Some(subject),
        }
    }

    pub(crate) fn newcomer(&self) -> Option<&ChainAddress> {
        match self {
            Self::Dissolve | Self::Expel { .. } => None,
            Self::Replace { newcomer, .. } | Self::Move { to: newcomer, .. } => Some(newcomer),
        }
    }
}

/// How a seat would come to somebody who is known by a phone number alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Handover {
    /// They buy it: [`Question::Replace`].
    Sale,
    /// It is theirs, on another phone: [`Question::Move`].
    Move,
}

impl Circles {
    /// Opens a vote on a seat for whoever registered last with this phone number (E.164). Answers the same
    /// whether or not anybody did: who has no vote to show for it cannot tell that a stranger is here.
    ///
    /// # Errors
    /// As [`Circles::propose`], whoever has the number; the newcomer who sits here already is told only
    /// when somebody does.
    pub async fn propose_by_number(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        seat: &ChainAddress,
        handover: Handover,
        phone: &str,
    ) -> Result<(), Error> {
        let member = ctx.member()?;
        let request = CommandRequest::new(ctx, CommandName::Propose).about(circle);
        let args = (circle, seat, handover, phone);
        let mut command = Command::asked(&self.kolo, ctx, request, &args).await?;
        if command.replay::<()>()?.is_some() {
            return Ok(());
        }
        let motion = match handover {
            Handover::Sale => Motion::Replace,
            Handover::Move => Motion::Move,
        };
        loop {
            let found = self.kolo.circle(circle).await?.state;
            let subject = found.seat_of(seat).ok_or(Refusal::NotMember)?;
            let own = found.seat_of_member(member).ok_or(Error::NoSuchCircle)?;
            // Before anybody is looked for, so that a refusal says nothing of them.
            found.try_step(Step::Propose { seat: own, motion, subject }, self.kolo.now())?;
            let newcomer = self.kolo.members().by_phone(phone).await?;
            let mut changes = command.changes();
            match newcomer.map(|there| there.address) {
                Some(to) if found.seat_of(&to).is_some() => {
                    return Err(Error::Refused(Refusal::AlreadyMember));
                }
                Some(to) => {
                    let question = match handover {
                        Handover::Sale => Question::Replace { leaver: seat.clone(), newcomer: to },
                        Handover::Move => Question::Move { from: seat.clone(), to },
                    };
                    let want = Want::Propose(Proposed { circle, member, question });
                    changes.want("call", want, None)?;
                }
                None => changes.forgettable(),
            }
            if command.commit(changes, ()).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// Opens a vote, with the proposer's yes.
    ///
    /// # Errors
    /// [`Error::Refused`]: another vote of the kind is open, somebody has left, the newcomer sits here
    /// already.
    pub async fn propose(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        question: Question,
    ) -> Result<UnderWay, Error> {
        let member = ctx.member()?;
        let want = Want::Propose(Proposed { circle, member, question: question.clone() });
        self.step_by(ctx, CommandName::Propose, circle, want, |found, seat| {
            let subject = question.subject().map_or(Some(0), |subject| found.seat_of(subject));
            let subject = subject.ok_or(Refusal::NotMember)?;
            if question.newcomer().is_some_and(|newcomer| found.seat_of(newcomer).is_some()) {
                return Err(Refusal::AlreadyMember);
            }
            Ok(Step::Propose { seat, motion: question.motion(), subject })
        })
        .await
    }

    /// What expelling a member would mean: tried on a copy, as if everybody else agreed.
    ///
    /// # Errors
    /// [`Error::NoSuchCircle`] for who asks from outside; [`Error::Refused`] when it is not possible.
    pub async fn expulsion(
        &self,
        by: MemberId,
        circle: CircleId,
        whom: &ChainAddress,
    ) -> Result<ExpulsionView, Error> {
        let found = self.kolo.circle(circle).await?.state;
        let asking = found.seat_of_member(by).ok_or(Error::NoSuchCircle)?;
        let subject = found.seat_of(whom).ok_or(Refusal::NotMember)?;
        let (rules, now) = (found.rules()?, self.kolo.now().unix());
        let mirror = found.mirror()?;
        let mut trial = mirror.clone();
        trial.propose(&rules, asking, Motion::Expel, subject, now)?;
        let open = trial.open_proposals().find(|open| open.motion == Motion::Expel).copied();
        if let Some(open) = open {
            for seat in (0..trial.len()).filter(|seat| ![asking, subject].contains(seat)) {
                // Who may not vote does not; the rest of it is decided by then, or cannot be.
                match trial.vote(&rules, seat, open.id, true, now) {
                    Err(Refusal::NoVote) | Ok(VoteOutcome::Open) => {}
                    Ok(_) => break,
                    Err(refusal) => return Err(refusal.into()),
                }
            }
        }
        let (before, after) = (mirror.seat(subject), trial.seat(subject));
        let (Some(before), Some(after)) = (before, after) else {
            return Err(Error::NoSuchCircle);
        };
        if !after.marks.has(Marks::EXPELLED) {
            return Err(Refusal::TooFewMembers.into());
        }
        Ok(ExpulsionView {
            last_round: after.left_after,
            paid: before.paid,
            received: before.received,
            debt: mirror.debt(subject)?,
            deposit: before.deposit,
        })
    }

    /// Proposes to dissolve, with the proposer's yes.
    ///
    /// # Errors
    /// As [`Circles::propose`].
    pub async fn propose_dissolve(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
    ) -> Result<UnderWay, Error> {
        self.propose(ctx, circle, Question::Dissolve).await
    }

    /// Votes on the open proposal of that number.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub async fn vote(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        proposal: u32,
        approve: bool,
    ) -> Result<UnderWay, Error> {
        let member = ctx.member()?;
        let want = Want::Vote { circle, member, proposal, approve };
        self.step_by(ctx, CommandName::Vote, circle, want, |_, seat| {
            Ok(Step::Vote { seat, proposal, approve })
        })
        .await
    }

    /// Shows that one's key is not lost: one's seat is not moved.
    ///
    /// # Errors
    /// [`Error::Refused`] when no move of it is proposed.
    pub async fn object(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error> {
        let want = Want::Object { circle, member: ctx.member()? };
        self.step_by(ctx, CommandName::Object, circle, want, |_, seat| Ok(Step::Object { seat }))
            .await
    }

    /// Leaves after the current round: what was paid comes back on the date of one's turn.
    ///
    /// # Errors
    /// [`Error::Refused`] for who has had the pot or gets it now, and when fewer than two would stay.
    pub async fn exit(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error> {
        let want = Want::Exit { circle, member: ctx.member()? };
        self.step_by(ctx, CommandName::Exit, circle, want, |_, seat| Ok(Step::Exit { seat })).await
    }

    /// Asks for the pot of the current round for `amount`; what is over is everybody's.
    ///
    /// # Errors
    /// [`Error::Refused`]: no auction, another round, too high, too low, had it already, in arrears.
    pub async fn bid(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        round: u8,
        amount: Amount,
    ) -> Result<UnderWay, Error> {
        let member = ctx.member()?;
        let want = Want::Bid { circle, member, round, amount: amount.minor_units() };
        self.step_by(ctx, CommandName::Bid, circle, want, |_, seat| {
            Ok(Step::Bid { seat, round, amount })
        })
        .await
    }

    /// Has the insurance put `amount` into the current pot for a member who has not paid, once grace is
    /// over. (The payout does the same if nobody has.)
    ///
    /// # Errors
    /// [`Error::Refused`]: too early, done before, more than the loss or than there is.
    pub async fn claim_insurance(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        round: u8,
        defaulter: &ChainAddress,
        amount: Amount,
    ) -> Result<UnderWay, Error> {
        let member = ctx.member()?;
        let (defaulter, minor) = (defaulter.clone(), amount.minor_units());
        let claimed = Claimed { circle, member, round, defaulter, amount: minor };
        let whose = claimed.defaulter.clone();
        let want = Want::ClaimInsurance(claimed);
        self.step_by(ctx, CommandName::ClaimInsurance, circle, want, |found, seat| {
            let defaulter = found.seat_of(&whose).ok_or(Refusal::NotMember)?;
            Ok(Step::ClaimInsurance { seat, round, defaulter, amount })
        })
        .await
    }

    /// A member's call that is one step of the rules: tried on the mirror first.
    async fn step_by(
        &self,
        ctx: &CommandContext,
        name: CommandName,
        circle: CircleId,
        want: Want,
        step: impl Fn(&Circle, u8) -> Result<Step, Refusal> + Send + Sync,
    ) -> Result<UnderWay, Error> {
        let member = ctx.member()?;
        let now = self.kolo.now();
        self.simple(ctx, name, circle, want, |found| {
            let seat = found.seat_of_member(member).ok_or(Error::NoSuchCircle)?;
            found.try_step(step(found, seat)?, now)
        })
        .await
    }
}

impl Circle {
    /// Tries a step on a copy of the mirror.
    fn try_step(&self, step: Step, now: Timestamp) -> Result<(), Error> {
        self.require_live()?;
        self.mirror()?.apply(&self.rules()?, &step, &sha256, now.unix())?;
        Ok(())
    }
}
