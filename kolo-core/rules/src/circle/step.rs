//! Every step a circle can take, as a value: what a ledger's event, a scenario's line or a test says.

use super::{
    Circle, Joined, Motion, Payout, Readiness, Refusal, Repaid, Replaced, Rules, Sha256, Store,
    Swapped, Synced, Turn, VoteOutcome,
};
use super::{
    Contributed,
    sum::{NOTHING, PerSeat, set},
};
use crate::Amount;

/// A step. Members are seats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the methods of the same names say what the fields are")]
pub enum Step {
    /// [`Circle::join`].
    Join { turn: Option<Turn> },
    /// [`Circle::leave`].
    Leave { seat: u8 },
    /// [`Circle::start`].
    Start,
    /// [`Circle::cancel`].
    Cancel,
    /// [`Circle::commit`].
    Commit { seat: u8 },
    /// [`Circle::reveal`].
    Reveal { seat: u8 },
    /// [`Circle::proceed`].
    Proceed,
    /// [`Circle::draw`].
    Draw { seed: [u8; 32] },
    /// [`Circle::secure`].
    Secure { seat: u8, amount: Amount },
    /// [`Circle::contribute`].
    Contribute { seat: u8, round: u8, amount: Amount },
    /// [`Circle::payout`].
    Payout { round: u8 },
    /// [`Circle::push`].
    Push { seat: u8 },
    /// [`Circle::credit`].
    Credit { seat: u8, amount: Amount },
    /// [`Circle::repay`].
    Repay { seat: u8, amount: Amount },
    /// [`Circle::bid`].
    Bid { seat: u8, round: u8, amount: Amount },
    /// [`Circle::claim_insurance`].
    ClaimInsurance { seat: u8, round: u8, defaulter: u8, amount: Amount },
    /// [`Circle::swap`].
    Swap { a: u8, b: u8 },
    /// [`Circle::exit`].
    Exit { seat: u8 },
    /// [`Circle::propose`].
    Propose { seat: u8, motion: Motion, subject: u8 },
    /// [`Circle::vote`].
    Vote { seat: u8, proposal: u32, approve: bool },
    /// [`Circle::replace`].
    Replace { seat: u8 },
    /// [`Circle::complete_move`].
    CompleteMove { seat: u8 },
    /// [`Circle::object`].
    Object { seat: u8 },
    /// [`Circle::claim`].
    Claim { seat: u8 },
    /// [`Circle::sync`].
    Sync { balance: Amount },
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the types say what they are")]
#[allow(clippy::large_enum_variant, reason = "there is no allocator to box it with")]
pub enum Effect {
    Done,
    Joined(Joined),
    Ready(Readiness),
    Contributed(Contributed),
    PaidOut(Payout),
    /// What is to be delivered to whom, by seat.
    Delivered(PerSeat),
    Swapped(Swapped),
    Voted(VoteOutcome),
    Replaced(Replaced),
    Synced(Synced),
}

impl Circle {
    /// The circle after `step` at `now`, and what the step did; this one stays as it is.
    ///
    /// # Errors
    /// Those of the step.
    pub fn after(
        &self,
        rules: &Rules,
        step: &Step,
        sha256: Sha256<'_>,
        now: u64,
    ) -> Result<(Self, Effect), Refusal> {
        let mut next = self.clone();
        let effect = next.apply(rules, step, sha256, now)?;
        Ok((next, effect))
    }
}

impl<S: Store> Circle<S> {
    /// Takes `step` at `now`. When it is refused the circle may be half changed and must be dropped:
    /// [`Circle::after`] keeps the one before.
    ///
    /// # Errors
    /// Those of the step.
    pub fn apply(
        &mut self,
        rules: &Rules,
        step: &Step,
        sha256: Sha256<'_>,
        now: u64,
    ) -> Result<Effect, Refusal> {
        let done = |()| Effect::Done;
        match *step {
            Step::Join { turn } => self.join(rules, turn, now).map(Effect::Joined),
            Step::Leave { seat } => self.leave(rules, seat).map(done),
            Step::Start => self.start(rules, now).map(done),
            Step::Cancel => self.cancel().map(done),
            Step::Commit { seat } => self.commit(rules, seat, now).map(Effect::Ready),
            Step::Reveal { seat } => self.reveal(rules, seat, now).map(Effect::Ready),
            Step::Proceed => self.proceed(rules, now).map(Effect::Ready),
            Step::Draw { seed } => self.draw(rules, &seed, sha256, now).map(Effect::Ready),
            Step::Secure { seat, amount } => {
                self.secure(rules, seat, amount, now).map(Effect::Ready)
            }
            Step::Contribute { seat, round, amount } => {
                self.contribute(rules, seat, round, amount, now).map(Effect::Contributed)
            }
            Step::Payout { round } => self.payout(rules, round, now).map(Effect::PaidOut),
            Step::Push { seat } => self.push(seat).map(|credit| delivered(seat, credit)),
            Step::Credit { seat, amount } => self.credit(seat, amount).map(done),
            Step::Repay { seat, amount } => {
                let Repaid { to } = self.repay(rules, seat, amount)?;
                Ok(Effect::Delivered(to))
            }
            Step::Bid { seat, round, amount } => {
                self.bid(rules, seat, round, amount, now).map(done)
            }
            Step::ClaimInsurance { seat, round, defaulter, amount } => {
                self.claim_insurance(rules, seat, round, defaulter, amount, now).map(done)
            }
            Step::Swap { a, b } => self.swap(rules, a, b, now).map(Effect::Swapped),
            Step::Exit { seat } => self.exit(rules, seat, now).map(done),
            Step::Propose { seat, motion, subject } => {
                self.propose(rules, seat, motion, subject, now).map(Effect::Voted)
            }
            Step::Vote { seat, proposal, approve } => {
                self.vote(rules, seat, proposal, approve, now).map(Effect::Voted)
            }
            Step::Replace { seat } => self.replace(rules, seat, now).map(Effect::Replaced),
            Step::CompleteMove { seat } => self.complete_move(rules, seat, now).map(done),
            Step::Object { seat } => self.object(seat).map(done),
            Step::Claim { seat } => self.claim(seat).map(|claimed| delivered(seat, claimed)),
            Step::Sync { balance } => self.sync(balance).map(Effect::Synced),
        }
    }
}

fn delivered(seat: u8, amount: Amount) -> Effect {
    let mut to = NOTHING;
    set(&mut to, usize::from(seat), amount);
    Effect::Delivered(to)
}
