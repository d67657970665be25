//! How an intent ends: refused, done by somebody else, given up; and all that follows from it in one commit.
use super::process::Next;
use super::settling::trouble;
use super::state::{Intent, Progress, Want};
use crate::port::chain::{FeeCeiling, Refused};
use crate::port::work::ClaimedWork;
use crate::port::{PortError, Retry};
use crate::record::Loaded;
use crate::unit::Command;
use crate::{Error, Kolo};

/// So often a keeper's call that is too early by the chain's clock keeps its lane (some seconds: the
/// clocks differ); then others go first and its timer tries again.
const ATTEMPTS_EARLY: u32 = 6;

/// So often what a port will never do is tried (a few minutes: the operator may be mending it).
const ATTEMPTS_UNSENT: u32 = 12;

/// The factory's error when the organiser has used this salt.
const GROUP_EXISTS: u32 = 20;

impl Kolo {
    /// A refusal is final for the intent. Of a keeper's call it may say that there is nothing left to
    /// do, or that it is early by the chain's clock; after any other its timer wants it anew.
    pub(super) async fn refuse(
        &self,
        work: &ClaimedWork,
        intent: Loaded<Intent>,
        refused: Refused,
    ) -> Result<Next, Error> {
        use kolo_rules::Refusal as R;
        let want = &intent.state.want;
        let keeper = want.of_keeper().is_some() && !matches!(want, Want::Upgrade(_));
        let creation = matches!(intent.state.want, Want::CreateCircle { .. });
        let unsent = intent.state.is_unsent();
        let end = match refused.contract_code.and_then(R::from_code) {
            Some(R::TooEarly | R::Incomplete)
                if keeper && unsent && work.attempts < ATTEMPTS_EARLY =>
            {
                return Ok(Next::Wait);
            }
            // Done by somebody else, or too late: there is nothing left to do.
            Some(
                R::RoundPaidOut
                | R::NoCredit
                | R::NothingToClaim
                | R::Finished
                | R::AlreadyDone
                | R::NotGettingReady
                | R::TimeOver
                | R::NoProposal,
            ) if keeper => Progress::AlreadyDone,
            // The salt is the circle's own: what is there is what was wanted.
            _ if creation && refused.contract_code == Some(GROUP_EXISTS) => Progress::AlreadyDone,
            _ => Progress::Refused(refused),
        };
        // What was sent is refused by a ledger alone: its sequence number is gone.
        let used = match &intent.state.progress {
            Progress::Persisted(tx) => Some(tx.prepared.sequence),
            _ => None,
        };
        self.finish_having_used(work, intent, end, used).await
    }

    /// Writes the end of an intent and all that follows from it, completing the work item.
    pub(super) async fn finish(
        &self,
        work: &ClaimedWork,
        intent: Loaded<Intent>,
        end: Progress,
    ) -> Result<Next, Error> {
        self.finish_having_used(work, intent, end, None).await
    }

    /// The same; `used`: the sequence number its transaction has taken.
    pub(super) async fn finish_having_used(
        &self,
        work: &ClaimedWork,
        mut intent: Loaded<Intent>,
        end: Progress,
        used: Option<i64>,
    ) -> Result<Next, Error> {
        let ctx = self.step_context(intent.state.id, "finish");
        let mut command = Command::begin(self, &ctx, "intent.finish", &intent.state.id)
            .await?
            .consuming(&work.lease);
        let channel = intent.state.channel;
        intent.state.progress = end;
        loop {
            let mut changes = command.changes();
            intent.state.channel = channel;
            self.give_channel_back(&mut changes, &mut intent.state, used).await?;
            changes.write(&intent)?;
            changes.event(&intent.id, "intent.finished", &intent.state.progress)?;
            self.follow_up(&mut changes, &intent.state).await?;
            if command.commit(changes, ()).await?.is_some() {
                return Ok(Next::Done);
            }
            let id = intent.state.id;
            let fresh: Loaded<Intent> = self.load(id).await?.ok_or(Error::Contention)?;
            intent.version = fresh.version;
        }
    }

    /// A port's failure before anything was sent: later. What will never work is given up after a
    /// while, so that its hold is given back and its account is free for what can be done. Rent keeps its
    /// account from payouts for no longer than that whatever the trouble is, and not at all where it is above
    /// the ceiling: what ends soon is looked at another day.
    pub(super) async fn unsent(
        &self,
        work: &ClaimedWork,
        intent: Loaded<Intent>,
        error: PortError,
    ) -> Result<Next, Error> {
        self.note_ceiling(&intent, &error).await?;
        let is_rent = matches!(intent.state.want, Want::Prolong { .. });
        let too_dear = is_rent && error.cause::<FeeCeiling>().is_some();
        let for_ever = is_rent || error.retry == Retry::Permanent;
        if too_dear || (for_ever && work.attempts >= ATTEMPTS_UNSENT) {
            let end = refused(error.to_string());
            return self.finish(work, intent, end).await;
        }
        Ok(trouble(&intent.state, &error))
    }
}

/// An end without the chain: it was never asked.
pub(super) fn refused(why: impl Into<String>) -> Progress {
    Progress::Refused(Refused { contract_code: None, reason: why.into() })
}
