//! Things to do at a time: payouts on their dates, reminders, credits that could not be delivered.
use kolo_rules::circle::{PayoutStatus, Phase};
use kolo_rules::{Circle as Mirror, Rules};
use serde::{Deserialize, Serialize};

use crate::circle::state::{Circle, Contract};
use crate::intent::state::Want;
use crate::notice::ReminderStage;
use crate::port::chain::ChainAddress;
use crate::port::work::{ClaimedWork, Release};
use crate::record::{self, Loaded};
use crate::unit::{Changes, Command, queue};
use crate::{CircleId, CommandContext, Error, IntentId, Kolo, MemberId, OfferId, Timestamp};

/// Between attempts to deliver a credit, seconds.
pub(crate) const PUSH_EVERY_S: u64 = 86_400;

/// From a refused payout to the next attempt, seconds; doubles with every refusal.
const PAYOUT_AGAIN_S: u64 = 60;

/// So often it doubles (to some four hours).
const PAYOUT_DOUBLINGS: u32 = 8;

/// Payload of the timer queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Timer {
    /// Pay out the current round, or find out when that will be possible.
    Payout { circle: CircleId },
    /// Remind whoever has not paid this instalment.
    Reminder { circle: CircleId, instalment: u32, stage: ReminderStage },
    /// Try again to deliver a credit.
    Push { circle: CircleId, to: ChainAddress },
    /// Try again to deliver what is somebody's after dissolving.
    Claim { circle: CircleId, to: ChainAddress },
    /// Go on when the time of a step before the first round is over.
    Proceed { circle: CircleId },
    /// Reveal a member's secret for the draw.
    Reveal { circle: CircleId, member: MemberId },
    /// Move a seat to its member's new address, after the delay.
    CompleteMove { circle: CircleId, whose: ChainAddress },
    /// Look at a circle's vault, again and again.
    WatchVault { circle: CircleId },
    /// Look at it because something was moved, until it is right.
    LookAtVault { circle: CircleId },
    /// Prolong what this circle needs, or (`None`) what all circles share.
    Lifetime { circle: Option<CircleId> },
    /// End an offer nobody has answered.
    OfferEnd { offer: OfferId },
    /// Open the account of who had a seat moved to it, as soon as the day's cap has room.
    OpenAccount { member: MemberId },
}

impl Timer {
    const fn circle(&self) -> Option<CircleId> {
        match self {
            Self::Payout { circle }
            | Self::Reminder { circle, .. }
            | Self::Push { circle, .. }
            | Self::Claim { circle, .. }
            | Self::Proceed { circle }
            | Self::Reveal { circle, .. }
            | Self::CompleteMove { circle, .. }
            | Self::WatchVault { circle }
            | Self::LookAtVault { circle } => Some(*circle),
            Self::Lifetime { circle } => *circle,
            Self::OfferEnd { .. } | Self::OpenAccount { .. } => None,
        }
    }
}

impl Kolo {
    pub(crate) async fn process_timer(&self, work: &ClaimedWork) -> Result<(), Error> {
        let timer: Timer = record::decode(&work.payload, 1)?;
        if let Some(circle) = timer.circle()
            && self.circle(circle).await?.state.contract == Contract::Foreign
        {
            // Nothing is called there, and nobody reminded.
            return Ok(self.ports().queue.release(&work.lease, Release::Done).await?);
        }
        match timer {
            Timer::Payout { circle } => self.payout_timer(work, circle).await,
            Timer::Reminder { circle, instalment, stage } => {
                self.reminder_timer(work, circle, instalment, stage).await
            }
            Timer::Push { circle, to } => self.push_timer(work, circle, &to).await,
            Timer::Claim { circle, to } => self.claim_timer(work, circle, &to).await,
            Timer::Proceed { circle } => self.proceed_timer(work, circle).await,
            Timer::Reveal { circle, member } => self.reveal_timer(work, circle, member).await,
            Timer::CompleteMove { circle, whose } => self.move_timer(work, circle, &whose).await,
            Timer::WatchVault { circle } => self.vault_timer(work, circle, true).await,
            Timer::LookAtVault { circle } => self.vault_timer(work, circle, false).await,
            Timer::Lifetime { circle } => self.lifetime_timer(work, circle).await,
            Timer::OfferEnd { offer } => self.offer_timer(work, offer).await,
            Timer::OpenAccount { member } => self.account_timer(work, member).await,
        }
    }

    /// Due at the current round's payout date.
    pub(crate) fn schedule_payout(
        &self,
        changes: &mut Changes,
        circle: CircleId,
        mirror: &Mirror,
        rules: &Rules,
    ) -> Result<(), Error> {
        let round = mirror.rounds_paid.saturating_add(1);
        let Some(at) = mirror.payout_date(rules, round) else {
            return Ok(());
        };
        let id = format!("payout/{circle}/{round}");
        let due = Timestamp::from_unix(at);
        changes.enqueue(queue::TIMER, id, None, due, &Timer::Payout { circle })
    }

    /// The keeper: PO-3. Restarted at any point it neither misses nor doubles a payout, since the
    /// intent's id is the circle and the round.
    async fn payout_timer(&self, work: &ClaimedWork, circle: CircleId) -> Result<(), Error> {
        let found = self.circle(circle).await?.state;
        let status = found.mirror()?.payout_status(&found.rules()?, self.now().unix());
        let round = match status {
            PayoutStatus::Ready { round, .. } => round,
            PayoutStatus::NotBefore { at, .. } | PayoutStatus::Waiting { at, .. } => {
                let retry = Timestamp::from_unix(at).max(self.now().plus(1));
                let release = Release::RetryAt(retry);
                return Ok(self.ports().queue.release(&work.lease, release).await?);
            }
            _ => {
                return Ok(self.ports().queue.release(&work.lease, Release::Done).await?);
            }
        };
        let ctx = self.timer_context(work);
        let mut command = Command::begin(self, &ctx, "timer.payout", &(circle, round))
            .await?
            .consuming(&work.lease);
        loop {
            let mut changes = command.changes();
            self.want_payout(&mut changes, circle, round).await?;
            if command.commit(changes, ()).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// After a refused payout: what was in the way may pass.
    pub(crate) fn schedule_payout_again(
        &self,
        changes: &mut Changes,
        circle: CircleId,
        round: u8,
        refused: IntentId,
    ) -> Result<(), Error> {
        let refusals = Self::refused_payouts(refused, circle, round);
        let wait = PAYOUT_AGAIN_S << refusals.saturating_sub(1).min(PAYOUT_DOUBLINGS);
        let due = changes.now().plus(wait);
        let id = format!("payout-again/{refused}");
        changes.enqueue(queue::TIMER, id, None, due, &Timer::Payout { circle })
    }

    pub(crate) fn schedule_push(
        &self,
        changes: &mut Changes,
        circle: CircleId,
        to: &ChainAddress,
        due: Timestamp,
    ) -> Result<(), Error> {
        let id = format!("push/{circle}/{to}/{}", due.unix());
        changes.enqueue(queue::TIMER, id, None, due, &Timer::Push { circle, to: to.clone() })
    }

    /// After a refused claim: the owner may be able to receive it another day.
    pub(crate) fn schedule_claim(
        &self,
        changes: &mut Changes,
        circle: CircleId,
        to: &ChainAddress,
    ) -> Result<(), Error> {
        let due = changes.now().plus(PUSH_EVERY_S);
        let id = format!("claim/{circle}/{to}/{}", due.unix());
        changes.enqueue(queue::TIMER, id, None, due, &Timer::Claim { circle, to: to.clone() })
    }

    async fn claim_timer(
        &self,
        work: &ClaimedWork,
        circle: CircleId,
        to: &ChainAddress,
    ) -> Result<(), Error> {
        let found: Loaded<Circle> = self.circle(circle).await?;
        let mirror = found.state.mirror()?;
        let seat = found.state.seat_of(to).and_then(|seat| mirror.seat(seat));
        let ctx = self.timer_context(work);
        let args = (circle, to);
        let mut command =
            Command::begin(self, &ctx, "timer.claim", &args).await?.consuming(&work.lease);
        loop {
            let mut changes = command.changes();
            if seat.is_some_and(|seat| seat.claimable.is_positive()) {
                changes.want("claim", Want::Claim { circle, to: to.clone() }, None)?;
            }
            if command.commit(changes, ()).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// Tries, and tries again a day later as long as there is a credit.
    async fn push_timer(
        &self,
        work: &ClaimedWork,
        circle: CircleId,
        to: &ChainAddress,
    ) -> Result<(), Error> {
        let found: Loaded<Circle> = self.circle(circle).await?;
        let mirror = found.state.mirror()?;
        let seat = found.state.seat_of(to).and_then(|seat| mirror.seat(seat));
        if !seat.is_some_and(|seat| seat.credit.is_positive()) {
            return Ok(self.ports().queue.release(&work.lease, Release::Done).await?);
        }
        let ctx = self.timer_context(work);
        let mut command =
            Command::begin(self, &ctx, "timer.push", &(circle, to)).await?.consuming(&work.lease);
        loop {
            let mut changes = command.changes();
            let now = changes.now();
            changes.want("push", Want::Push { circle, to: to.clone() }, None)?;
            self.schedule_push(&mut changes, circle, to, now.plus(PUSH_EVERY_S))?;
            if command.commit(changes, ()).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// Has an account opened that nobody's command asks for: what is its owner's is kept meanwhile.
    pub(crate) fn schedule_account(
        &self,
        changes: &mut Changes,
        member: MemberId,
    ) -> Result<(), Error> {
        let now = changes.now();
        let id = format!("account/{member}/{}", now.unix());
        changes.enqueue(queue::TIMER, id, None, now, &Timer::OpenAccount { member })
    }

    /// Within the day's cap like any other account; else another day.
    async fn account_timer(&self, work: &ClaimedWork, member: MemberId) -> Result<(), Error> {
        let ctx = self.timer_context(work);
        let mut command =
            Command::begin(self, &ctx, "timer.account", &member).await?.consuming(&work.lease);
        loop {
            let mut changes = command.changes();
            let mut member = self.member(member).await?;
            match self.have_account_opened(&mut changes, &mut member).await {
                Ok(()) => changes.write(&member)?,
                Err(Error::CapReached { again_at, .. }) => {
                    let release = Release::RetryAt(again_at);
                    return Ok(self.ports().queue.release(&work.lease, release).await?);
                }
                Err(error) => return Err(error),
            }
            if command.commit(changes, ()).await?.is_some() {
                return Ok(());
            }
        }
    }

    pub(crate) fn timer_context(&self, work: &ClaimedWork) -> CommandContext {
        let mut ctx = CommandContext::of_system(format!("timer/{}", work.lease.work.0));
        ctx.tenant = self.tenant().clone();
        ctx
    }
}

/// Whether reminders and payouts still make sense.
pub(super) fn is_active(mirror: &Mirror) -> bool {
    mirror.phase == Phase::Active
}
