//! The worker's half of an intent, up to its signed bytes being stored: prepare, verify, sign, persist.
use super::channel::Chosen;
use super::effect::Resolved;
use super::ending::refused;
use super::rehouse::Housed;
use super::state::{Intent, IntentWork, Progress, Want};
use crate::port::chain::{Assembled, ChainEffect, FeeBump, PrepareError, PreparedTx, SignedTx};
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

/// Between looks for a channel when all are taken, seconds: less than a ledger.
pub(super) const CHANNEL_WAIT_S: u64 = 2;

/// A transaction the network has taken and not applied bids more after so long, seconds: four ledgers.
const SURGE_AFTER_S: u64 = 20;

/// What a step leaves to do.
pub(super) enum Next {
    /// The work item is completed (by a commit).
    Done,
    /// Look again later.
    Wait,
    /// All channels are taken: soon.
    NoChannel,
    /// Take another step at once.
    Again,
}

impl Kolo {
    /// Works on one claimed intent until it is final or has to wait.
    pub(crate) async fn process_intent(&self, work: &ClaimedWork) -> Result<(), Error> {
        let IntentWork { intent: id } = record::decode(&work.payload, 1)?;
        let (claimed, work) = (work, &self.desk().tried(work, id));
        let mut wait_s = wait_s(work.attempts);
        // Bounded: every round either finishes, waits, or moves the intent forward.
        for _ in 0..8 {
            let Some(intent) = self.load::<Intent>(id).await? else {
                break;
            };
            if intent.state.is_final() {
                self.ports().queue.release(&work.lease, Release::Done).await?;
                self.desk().over(id);
                return Ok(());
            }
            let next = match intent.state.progress.clone() {
                Progress::Persisted(tx) => Box::pin(self.settle(work, intent, &tx)).await?,
                _ => Box::pin(self.launch(work, intent)).await?,
            };
            match next {
                Next::Done => {
                    self.desk().over(id);
                    return Ok(());
                }
                Next::Again => {}
                Next::Wait => break,
                Next::NoChannel => {
                    self.desk().waited(claimed, id);
                    wait_s = CHANNEL_WAIT_S;
                    break;
                }
            }
        }
        let retry = self.ports().clock.now().plus(wait_s);
        self.ports().queue.release(&work.lease, Release::RetryAt(retry)).await?;
        Ok(())
    }

    /// Queued → persisted: nothing is sent before its bytes are stored.
    async fn launch(&self, work: &ClaimedWork, intent: Loaded<Intent>) -> Result<Next, Error> {
        if intent.state.progress == Progress::Queued && !self.may_still(&intent.state).await? {
            return self.finish(work, intent, Progress::NotAllowed).await;
        }
        match self.rehouse(&intent).await {
            Ok(Housed::There) => {}
            Ok(Housed::Anew) => return Ok(Next::Again),
            Ok(Housed::MadeBefore) => {
                return self.finish(work, intent, Progress::AlreadyDone).await;
            }
            Err(Error::Port(error)) => return self.unsent(work, intent, error).await,
            Err(error) => return Err(error),
        }
        if intent.state.want.of_keeper().is_none() {
            return self.prepare(work, intent, None).await;
        }
        match self.free_channel(intent.state.id).await? {
            Some(chosen) => self.prepare(work, intent, Some(chosen)).await,
            None => Ok(Next::NoChannel),
        }
    }

    async fn prepare(
        &self,
        work: &ClaimedWork,
        intent: Loaded<Intent>,
        chosen: Option<Chosen>,
    ) -> Result<Next, Error> {
        let effect = match self.resolve(&intent.state.want).await {
            Ok(Resolved::Effect(effect)) => effect,
            Ok(Resolved::NotYet) => return Ok(Next::Wait),
            Ok(Resolved::Done) => return self.finish(work, intent, Progress::AlreadyDone).await,
            Ok(Resolved::Never(why)) => return self.finish(work, intent, refused(why)).await,
            Err(Error::Port(error)) => return self.unsent(work, intent, error).await,
            Err(error @ Error::OtherCode) => {
                return self.finish(work, intent, refused(error.to_string())).await;
            }
            // All circles' payouts wait behind it; the vault, or what ends soon, is looked at again in any case.
            Err(error) if matches!(intent.state.want, Want::Sync { .. } | Want::Prolong { .. }) => {
                return self.finish(work, intent, refused(error.to_string())).await;
            }
            Err(error) => return Err(error),
        };
        if let Progress::Consenting(prepared) = &intent.state.progress {
            let prepared = prepared.clone();
            return self.have_consented(work, intent, &effect, &prepared).await;
        }
        let effect = match &chosen {
            Some(chosen) => chosen.channel.state.send(effect),
            None => effect,
        };
        match (self.ports().chain.prepare(&effect).await, chosen) {
            (Ok(prepared), _) if !prepared.authorisations.is_empty() => {
                self.begin_consent(work, intent, &effect, prepared).await
            }
            // By another node it may be seen already.
            (Ok(prepared), Some(chosen)) if chosen.channel.state.is_ahead_of(&prepared) => {
                Ok(Next::Wait)
            }
            (Ok(prepared), chosen) => {
                self.seal(work, intent, &effect, &prepared, chosen.as_ref()).await
            }
            (Err(PrepareError::NoSource { as_of, .. }), Some(chosen)) if !chosen.is_keeper() => {
                if !chosen.channel.state.was_open_before(as_of) {
                    // That node may not have seen it opened yet.
                    return Ok(Next::Wait);
                }
                self.channel_is_missing(chosen).await?;
                Ok(Next::NoChannel)
            }
            (Err(error), _) => self.unprepared(work, intent, error).await,
        }
    }

    /// What could not be prepared: refused for ever, there already, or later.
    pub(super) async fn unprepared(
        &self,
        work: &ClaimedWork,
        intent: Loaded<Intent>,
        error: PrepareError,
    ) -> Result<Next, Error> {
        if self.is_behind_members(work, &intent.state.want, &error).await? {
            return Ok(Next::Wait);
        }
        match error {
            PrepareError::Refused(refused) => self.refuse(work, intent, refused).await,
            PrepareError::AlreadyDone => self.finish(work, intent, Progress::AlreadyDone).await,
            PrepareError::NoSource { ref account, as_of } => {
                self.account_is_gone(account, as_of).await?;
                self.finish(work, intent, refused(error.to_string())).await
            }
            PrepareError::Port(error) => self.unsent(work, intent, error).await,
        }
    }

    /// Has it signed and stored, and with that takes the channel it runs under.
    pub(super) async fn seal(
        &self,
        work: &ClaimedWork,
        intent: Loaded<Intent>,
        effect: &ChainEffect,
        prepared: &PreparedTx,
        chosen: Option<&Chosen>,
    ) -> Result<Next, Error> {
        match self.sign(&intent.state, effect, prepared).await {
            Ok(signed) => self.persist(intent, Progress::Persisted(Box::new(signed)), chosen).await,
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

    pub(super) async fn bump(&self, bump: &FeeBump) -> Result<SignedTx, Error> {
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
        chosen: Option<&Chosen>,
    ) -> Result<Next, Error> {
        // The version makes the key: a new attempt (a bump, a rebuild) is a new fact.
        let ctx = self.step_context(intent.state.id, &format!("persist/{}", intent.version));
        let mut command = Command::begin(self, &ctx, "intent.persist", &progress).await?;
        let mut changes = command.changes();
        intent.state.progress = progress;
        intent.state.bump_at = Some(changes.now().plus(SURGE_AFTER_S));
        if let Some(chosen) = chosen {
            Self::hold_channel(&mut changes, &mut intent.state, chosen)?;
        }
        changes.write(&intent)?;
        changes.forgettable();
        command.commit(changes, ()).await?;
        Ok(Next::Again)
    }

    pub(super) fn step_context(&self, intent: IntentId, step: &str) -> CommandContext {
        let mut ctx = CommandContext::of_system(format!("{intent}/{step}"));
        ctx.tenant = self.tenant().clone();
        ctx
    }
}

/// At once for the first looks (what it waits for may be in the same batch of work), then doubling.
fn wait_s(attempts: u32) -> u64 {
    match attempts.checked_sub(QUICK_LOOKS) {
        None | Some(0) => 0,
        Some(later) => FIRST_WAIT_S.saturating_mul(1 << (later - 1).min(5)).min(LONGEST_WAIT_S),
    }
}
