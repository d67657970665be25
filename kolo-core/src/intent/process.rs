//! The worker's half of an intent: prepare, verify, sign, persist, submit, learn the fate.
use super::effect::Resolved;
use super::state::{Intent, IntentWork, Progress, Want};
use crate::port::chain::{
    Assembled, ChainEffect, Fate, FeeBump, PrepareError, PreparedTx, Refused, SignedTx, Submission,
};
use crate::port::vault::{Digest, PublicKey, Signature};
use crate::port::work::{ClaimedWork, Release};
use crate::port::{PortError, PortErrorKind, Retry};
use crate::record::{self, Loaded};
use crate::unit::Command;
use crate::{CommandContext, Error, IntentId, Kolo};

/// Looks without a wait between them.
const QUICK_LOOKS: u32 = 2;

/// First wait between later looks at a transaction's fate; doubles with the attempts.
const FIRST_WAIT_S: u64 = 1;
/// The longest wait: a ledger closes every five seconds on the public network.
const LONGEST_WAIT_S: u64 = 30;

/// So many transactions of one intent may prove impossible before it is given up.
const MOST_REBUILDS: usize = 5;

/// So often a keeper's call that is too early by the chain's clock keeps its lane (some seconds: the
/// clocks differ); then others go first and its timer tries again.
const ATTEMPTS_EARLY: u32 = 6;

/// So often what a port will never do is tried (a few minutes: the operator may be mending it).
const ATTEMPTS_UNSENT: u32 = 12;

/// The factory's error when the organiser has used this salt.
const GROUP_EXISTS: u32 = 20;

/// What a step leaves to do.
pub(super) enum Next {
    /// The work item is completed (by a commit).
    Done,
    /// Look again later.
    Wait,
    /// Take another step at once.
    Again,
}

impl Kolo {
    /// Works on one claimed intent until it is final or has to wait.
    pub(crate) async fn process_intent(&self, work: &ClaimedWork) -> Result<(), Error> {
        let IntentWork { intent: id } = record::decode(&work.payload, 1)?;
        // Bounded: every round either finishes, waits, or moves the intent forward.
        for _ in 0..8 {
            let Some(intent) = self.load::<Intent>(id).await? else {
                break;
            };
            if intent.state.is_final() {
                self.ports().queue.release(&work.lease, Release::Done).await?;
                return Ok(());
            }
            let next = match intent.state.progress.clone() {
                Progress::Persisted(tx) => self.settle(work, intent, &tx).await?,
                _ => self.launch(work, intent).await?,
            };
            match next {
                Next::Done => return Ok(()),
                Next::Again => {}
                Next::Wait => break,
            }
        }
        let retry = self.ports().clock.now().plus(wait_s(work.attempts));
        self.ports().queue.release(&work.lease, Release::RetryAt(retry)).await?;
        Ok(())
    }

    /// Queued → persisted: nothing is sent before its bytes are stored.
    async fn launch(&self, work: &ClaimedWork, intent: Loaded<Intent>) -> Result<Next, Error> {
        if intent.state.progress == Progress::Queued && !self.may_still(&intent.state).await? {
            return self.finish(work, intent, Progress::NotAllowed).await;
        }
        let effect = match self.resolve(&intent.state.want).await {
            Ok(Resolved::Effect(effect)) => effect,
            Ok(Resolved::NotYet) => return Ok(Next::Wait),
            Ok(Resolved::Done) => return self.finish(work, intent, Progress::AlreadyDone).await,
            Ok(Resolved::Never(why)) => return self.finish(work, intent, refused(why)).await,
            Err(Error::Port(error)) => return self.unsent(work, intent, error).await,
            Err(error @ Error::OtherCode) => {
                return self.finish(work, intent, refused(error.to_string())).await;
            }
            // All circles' payouts wait behind it; the vault is looked at again in any case.
            Err(error) if matches!(intent.state.want, Want::Sync { .. }) => {
                return self.finish(work, intent, refused(error.to_string())).await;
            }
            Err(error) => return Err(error),
        };
        if let Progress::Consenting(prepared) = &intent.state.progress {
            let prepared = prepared.clone();
            return self.have_consented(work, intent, &effect, &prepared).await;
        }
        match self.ports().chain.prepare(&effect).await {
            Ok(prepared) if !prepared.authorisations.is_empty() => {
                self.begin_consent(work, intent, &effect, prepared).await
            }
            Ok(prepared) => self.seal(work, intent, &effect, &prepared).await,
            Err(error) => self.unprepared(work, intent, error).await,
        }
    }

    /// What could not be prepared: refused for ever, there already, or later.
    pub(super) async fn unprepared(
        &self,
        work: &ClaimedWork,
        intent: Loaded<Intent>,
        error: PrepareError,
    ) -> Result<Next, Error> {
        match error {
            PrepareError::Refused(refused) => self.refuse(work, intent, refused).await,
            PrepareError::AlreadyDone => self.finish(work, intent, Progress::AlreadyDone).await,
            PrepareError::Port(error) => self.unsent(work, intent, error).await,
        }
    }

    /// Has it signed and stored.
    pub(super) async fn seal(
        &self,
        work: &ClaimedWork,
        intent: Loaded<Intent>,
        effect: &ChainEffect,
        prepared: &PreparedTx,
    ) -> Result<Next, Error> {
        match self.sign(&intent.state, effect, prepared).await {
            Ok(signed) => self.persist(intent, Progress::Persisted(Box::new(signed))).await,
            Err(Error::Port(error)) => self.unsent(work, intent, error).await,
            Err(error) => Err(error),
        }
    }

    /// The bytes are the effect's, or nothing is signed.
    pub(super) fn checked(
        &self,
        intent: &Intent,
        effect: &ChainEffect,
        prepared: &PreparedTx,
    ) -> Result<(), PortError> {
        self.ports().chain.verify(effect, prepared).map_err(|mismatch| {
            // Either a bug or somebody between us and the node.
            tracing::error!(intent = %intent.id, field = mismatch.field, "refused to sign");
            PortError::new(PortErrorKind::Denied, Retry::Permanent, mismatch.to_string())
        })
    }

    /// Checks the bytes against the effect, then has the vault sign them.
    async fn sign(
        &self,
        intent: &Intent,
        effect: &ChainEffect,
        prepared: &PreparedTx,
    ) -> Result<SignedTx, Error> {
        let chain = &self.ports().chain;
        self.checked(intent, effect, prepared)?;
        let mut signatures: Vec<(PublicKey, Signature)> = Vec::new();
        for key in &prepared.signers {
            signatures.push((*key, self.signature(key, &prepared.payload).await?));
        }
        match chain.assemble(prepared, &signatures)? {
            Assembled::Ready(tx) => Ok(tx),
            Assembled::NeedsFeeBump(bump) => self.bump(&bump).await,
        }
    }

    async fn bump(&self, bump: &FeeBump) -> Result<SignedTx, Error> {
        let signature = self.signature(&bump.signer, &bump.payload).await?;
        Ok(self.ports().chain.finish(bump, &signature)?)
    }

    pub(super) async fn signature(
        &self,
        key: &PublicKey,
        payload: &[u8],
    ) -> Result<Signature, PortError> {
        self.ports().vault.sign(self.tenant(), key, Digest::Sha256, payload).await
    }

    pub(super) async fn persist(
        &self,
        mut intent: Loaded<Intent>,
        progress: Progress,
    ) -> Result<Next, Error> {
        // The version makes the key: a new attempt (a bump, a rebuild) is a new fact.
        let ctx = self.step_context(intent.state.id, &format!("persist/{}", intent.version));
        let mut command = Command::begin(self, &ctx, "intent.persist", &progress).await?;
        let mut changes = command.changes();
        intent.state.progress = progress;
        changes.write(&intent)?;
        changes.forgettable();
        command.commit(changes, ()).await?;
        Ok(Next::Again)
    }

    /// Persisted → its fate: looks first, then sends the same bytes.
    async fn settle(
        &self,
        work: &ClaimedWork,
        intent: Loaded<Intent>,
        tx: &SignedTx,
    ) -> Result<Next, Error> {
        let chain = &self.ports().chain;
        let fate = match chain.look_up(tx).await {
            Ok(fate) => fate,
            Err(error) => return Ok(trouble(&intent.state, &error)),
        };
        if let Some(next) = self.by_fate(work, intent.clone(), tx, fate).await? {
            return Ok(next);
        }
        match chain.submit(tx).await {
            Ok(Submission::Accepted) => {}
            Ok(Submission::InsufficientFee) => match chain.bump_again(tx) {
                Ok(bump) => {
                    let bumped = self.bump(&bump).await?;
                    let bumped = Progress::Persisted(Box::new(bumped));
                    return self.persist(intent, bumped).await;
                }
                Err(error) => return Ok(trouble(&intent.state, &error)),
            },
            Ok(Submission::Refused(refused)) => {
                tracing::warn!(intent = %intent.state.id, tx = tx.hash, reason = refused.reason, code = refused.contract_code, "the network refuses");
                // It may be in a ledger all the same: only its max time decides.
            }
            Ok(other) => {
                tracing::debug!(intent = %intent.state.id, tx = tx.hash, ?other, "not taken now");
            }
            Err(error) => return Ok(trouble(&intent.state, &error)),
        }
        // An embedded network has closed its ledger by now: ask at once rather than a second later.
        match chain.look_up(tx).await {
            Ok(fate) => Ok(self.by_fate(work, intent, tx, fate).await?.unwrap_or(Next::Wait)),
            Err(error) => Ok(trouble(&intent.state, &error)),
        }
    }

    /// `None`: unknown as yet.
    async fn by_fate(
        &self,
        work: &ClaimedWork,
        mut intent: Loaded<Intent>,
        tx: &SignedTx,
        fate: Fate,
    ) -> Result<Option<Next>, Error> {
        match fate {
            Fate::Confirmed { fee, ledger, .. } => {
                intent.state.fees = intent.state.fees.saturating_add(fee);
                let done = Progress::Confirmed { tx: tx.hash.clone(), fee, ledger };
                self.finish(work, intent, done).await.map(Some)
            }
            Fate::Failed { refused, outdated: true, fee }
                if tx.prepared.authorisations.is_empty() =>
            {
                intent.state.fees = intent.state.fees.saturating_add(fee);
                tracing::info!(intent = %intent.state.id, tx = tx.hash, reason = refused.reason, "failed on the chain, built anew");
                self.rebuild(work, intent, &tx.prepared).await.map(Some)
            }
            Fate::Failed { refused, fee, .. } => {
                intent.state.fees = intent.state.fees.saturating_add(fee);
                tracing::warn!(intent = %intent.state.id, tx = tx.hash, reason = refused.reason, code = refused.contract_code, "failed on the chain");
                self.refuse(work, intent, refused).await.map(Some)
            }
            Fate::NotFound { latest_closed_at, latest_ledger, history_covers }
                if latest_closed_at > tx.prepared.max_time && history_covers =>
            {
                // A consent given apart could still be used: it must be over, too.
                if !self.are_over(&tx.prepared, latest_ledger).await? {
                    return Ok(None);
                }
                self.rebuild(work, intent, &tx.prepared).await.map(Some)
            }
            Fate::NotFound { latest_closed_at, history_covers, .. } => {
                if !history_covers && latest_closed_at > tx.prepared.max_time {
                    // Neither found nor provably absent: built anew it might be paid twice.
                    tracing::error!(intent = %intent.state.id, tx = tx.hash, "the node's history does not reach back to it: ask one that does");
                }
                Ok(None)
            }
        }
    }

    /// The transaction is provably impossible, or has failed for what it was built on: back to queued, a bounded
    /// number of times.
    pub(super) async fn rebuild(
        &self,
        work: &ClaimedWork,
        mut intent: Loaded<Intent>,
        tx: &PreparedTx,
    ) -> Result<Next, Error> {
        if intent.state.expired.len() >= MOST_REBUILDS {
            let reason = "its transactions were never taken into a ledger, or came too late for what they were built on".to_owned();
            let refused = Refused { contract_code: None, reason };
            return self.finish(work, intent, Progress::Refused(refused)).await;
        }
        let ctx = self.step_context(intent.state.id, &format!("expire/{}", intent.version));
        let mut command = Command::begin(self, &ctx, "intent.expire", &tx.hash).await?;
        let mut changes = command.changes();
        intent.state.expired.push(tx.hash.clone());
        intent.state.progress = Progress::Queued;
        changes.write(&intent)?;
        changes.event(&intent.id, "intent.expired", &tx.hash)?;
        command.commit(changes, ()).await?;
        Ok(Next::Again)
    }

    /// A refusal is final for the intent. Of a keeper's call it may say that there is nothing left to
    /// do, or that it is early by the chain's clock; after any other its timer wants it anew.
    async fn refuse(
        &self,
        work: &ClaimedWork,
        intent: Loaded<Intent>,
        refused: Refused,
    ) -> Result<Next, Error> {
        use kolo_rules::Refusal as R;
        let keeper = matches!(
            intent.state.want,
            Want::Payout { .. }
                | Want::Push { .. }
                | Want::Claim { .. }
                | Want::Reveal { .. }
                | Want::Proceed { .. }
                | Want::Sync { .. }
                | Want::CompleteMove { .. }
        );
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
        self.finish(work, intent, end).await
    }

    /// Writes the end of an intent and all that follows from it, completing the work item.
    async fn finish(
        &self,
        work: &ClaimedWork,
        mut intent: Loaded<Intent>,
        end: Progress,
    ) -> Result<Next, Error> {
        let ctx = self.step_context(intent.state.id, "finish");
        let mut command = Command::begin(self, &ctx, "intent.finish", &intent.state.id)
            .await?
            .consuming(&work.lease);
        intent.state.progress = end;
        loop {
            let mut changes = command.changes();
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
    /// while, so that its hold is given back and its account is free for what can be done.
    pub(super) async fn unsent(
        &self,
        work: &ClaimedWork,
        intent: Loaded<Intent>,
        error: PortError,
    ) -> Result<Next, Error> {
        if error.retry == Retry::Permanent && work.attempts >= ATTEMPTS_UNSENT {
            let end = refused(error.to_string());
            return self.finish(work, intent, end).await;
        }
        Ok(trouble(&intent.state, &error))
    }

    fn step_context(&self, intent: IntentId, step: &str) -> CommandContext {
        let mut ctx = CommandContext::of_system(format!("{intent}/{step}"));
        ctx.tenant = self.tenant().clone();
        ctx
    }
}

/// An end without the chain: it was never asked.
fn refused(why: impl Into<String>) -> Progress {
    Progress::Refused(Refused { contract_code: None, reason: why.into() })
}

/// At once for the first looks (what it waits for may be in the same batch of work), then doubling.
fn wait_s(attempts: u32) -> u64 {
    match attempts.checked_sub(QUICK_LOOKS) {
        None | Some(0) => 0,
        Some(later) => FIRST_WAIT_S.saturating_mul(1 << (later - 1).min(5)).min(LONGEST_WAIT_S),
    }
}

/// A port's failure: later, unless it is for ever; then the operator must look, and nothing is lost.
fn trouble(intent: &Intent, error: &PortError) -> Next {
    if error.retry == Retry::Permanent {
        tracing::error!(intent = %intent.id, %error, "the chain client cannot do this");
    } else {
        tracing::debug!(intent = %intent.id, %error, "the chain client will try again");
    }
    Next::Wait
}
