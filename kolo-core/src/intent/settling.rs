//! What becomes of what was stored: looked up, sent, bid higher, built anew.
use super::process::Next;
use super::state::{Intent, Progress, Want};
use super::table::{AfterLooking, AfterSending, Looked, after_looking, after_sending};
use crate::circle::state::Contract;
use crate::port::chain::{Fate, FeeCeiling, PreparedTx, Refused, SignedTx};
use crate::port::work::ClaimedWork;
use crate::port::{PortError, Retry};
use crate::record::Loaded;
use crate::unit::Command;
use crate::{Error, Kolo};

/// So many transactions of one intent may prove impossible before it is given up.
const MOST_REBUILDS: usize = 5;

impl Kolo {
    /// Persisted → its fate: looks first, then sends the same bytes.
    pub(super) async fn settle(
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
        let answer = chain.submit(tx).await;
        let action = after_sending(&answer);
        tracing::debug!(intent = %intent.state.id, tx = tx.hash, ?answer, ?action, "sent");
        match action {
            AfterSending::Bump => return self.bump_fee(intent, tx).await,
            AfterSending::ProveAbsence => {
                // It may be in a ledger all the same: only its max time decides.
                tracing::warn!(intent = %intent.state.id, tx = tx.hash, ?answer, "the network refuses");
            }
            AfterSending::SameBytesLater => {
                return Ok(
                    answer.map_or_else(|error| trouble(&intent.state, &error), |_| Next::Wait)
                );
            }
            AfterSending::Poll => {}
        }
        // An embedded network has closed its ledger by now: ask at once rather than a second later.
        let fate = match chain.look_up(tx).await {
            Ok(fate) => fate,
            Err(error) => return Ok(trouble(&intent.state, &error)),
        };
        if let Some(next) = self.by_fate(work, intent.clone(), tx, fate).await? {
            return Ok(next);
        }
        let in_vain = intent.state.bump_at.is_some_and(|at| at <= self.now());
        if action == AfterSending::Poll && in_vain {
            return self.bump_fee(intent, tx).await;
        }
        Ok(Next::Wait)
    }

    /// The same inner transaction for a higher fee. At the operator's ceiling it waits, and says so once.
    async fn bump_fee(&self, intent: Loaded<Intent>, tx: &SignedTx) -> Result<Next, Error> {
        match self.ports().chain.bump_again(tx) {
            Ok(bump) => {
                let bumped = Progress::Persisted(Box::new(self.bump(&bump).await?));
                self.persist(intent, bumped, None).await
            }
            Err(error) => {
                self.note_ceiling(&intent, &error).await?;
                Ok(trouble(&intent.state, &error))
            }
        }
    }

    /// Tells the host that the network wants more than its ceiling, once for an intent.
    pub(super) async fn note_ceiling(
        &self,
        intent: &Loaded<Intent>,
        error: &PortError,
    ) -> Result<(), Error> {
        let Some(ceiling) = error.cause::<FeeCeiling>() else {
            return Ok(());
        };
        let ctx = self.step_context(intent.state.id, "ceiling");
        let mut command = Command::begin(self, &ctx, "intent.ceiling", &intent.state.id).await?;
        if command.replay::<()>()?.is_some() {
            return Ok(());
        }
        tracing::warn!(intent = %intent.state.id, error = %ceiling, "waits for lower fees");
        let mut changes = command.changes();
        changes.event(&intent.id, "intent.fee_ceiling", ceiling)?;
        command.commit(changes, ()).await.map(drop)
    }

    /// Tells the host that nobody can tell what became of a transaction, once for each.
    async fn note_undecided(&self, intent: &Loaded<Intent>, tx: &SignedTx) -> Result<(), Error> {
        let hash = &tx.prepared.hash;
        let ctx = self.step_context(intent.state.id, &format!("undecided/{hash}"));
        let mut command = Command::begin(self, &ctx, "intent.undecided", hash).await?;
        if command.replay::<()>()?.is_some() {
            return Ok(());
        }
        tracing::error!(intent = %intent.state.id, tx = tx.hash, "the node's history does not reach back to it: ask one that does");
        let mut changes = command.changes();
        changes.event(&intent.id, "intent.undecided", hash)?;
        command.commit(changes, ()).await.map(drop)
    }

    /// `None`: unknown as yet.
    async fn by_fate(
        &self,
        work: &ClaimedWork,
        mut intent: Loaded<Intent>,
        tx: &SignedTx,
        fate: Fate,
    ) -> Result<Option<Next>, Error> {
        let consents_are_over = match &fate {
            Fate::NotFound { latest_ledger, .. } => {
                self.are_over(&tx.prepared, *latest_ledger).await?
            }
            _ => true,
        };
        let once_by_itself = self.is_once(&intent.state.want).await?;
        let looked = Looked { consents_are_over, once_by_itself };
        match after_looking(&tx.prepared, fate, looked) {
            AfterLooking::Done { fee, ledger } => {
                intent.state.fees = intent.state.fees.saturating_add(fee);
                let done = Progress::Confirmed { tx: tx.hash.clone(), fee, ledger };
                let used = Some(tx.prepared.sequence);
                self.finish_having_used(work, intent, done, used).await.map(Some)
            }
            AfterLooking::BuildAnew { fee, used } => {
                intent.state.fees = intent.state.fees.saturating_add(fee);
                tracing::info!(intent = %intent.state.id, tx = tx.hash, fee, "built anew");
                self.rebuild(work, intent, &tx.prepared, used).await.map(Some)
            }
            AfterLooking::Refuse { refused, fee } => {
                intent.state.fees = intent.state.fees.saturating_add(fee);
                tracing::warn!(intent = %intent.state.id, tx = tx.hash, reason = refused.reason, code = refused.contract_code, "failed on the chain");
                self.refuse(work, intent, refused).await.map(Some)
            }
            AfterLooking::AskAnother => {
                if consents_are_over && self.is_overtaken(&intent.state.want, &tx.prepared).await? {
                    tracing::info!(intent = %intent.state.id, tx = tx.hash, "its circle's state tells what it did");
                    return self.finish(work, intent, Progress::Overtaken).await.map(Some);
                }
                // Neither found nor provably absent: built anew it might be paid twice.
                self.note_undecided(&intent, tx).await?;
                Ok(None)
            }
            AfterLooking::Unknown => Ok(None),
        }
    }

    /// Whether a second one does no harm. Of a circle's creation it is its factory that lets it happen once only:
    /// while the circle is awaited where another one would make it, nobody can say.
    async fn is_once(&self, want: &Want) -> Result<bool, Error> {
        let Want::CreateCircle { circle } = want else { return Ok(want.is_once_by_itself()) };
        let circle = self.circle(*circle).await?.state;
        Ok(circle.contract != Contract::Creating || self.made_at(&circle).await? == circle.address)
    }

    /// The transaction is provably impossible, or has failed for what it was built on: back to queued, a bounded
    /// number of times.
    pub(super) async fn rebuild(
        &self,
        work: &ClaimedWork,
        mut intent: Loaded<Intent>,
        tx: &PreparedTx,
        used: bool,
    ) -> Result<Next, Error> {
        if intent.state.expired.len() >= MOST_REBUILDS {
            let reason = "its transactions were never taken into a ledger, or came too late for what they were built on".to_owned();
            let refused = Refused { contract_code: None, reason };
            let used = used.then_some(tx.sequence);
            return self.finish_having_used(work, intent, Progress::Refused(refused), used).await;
        }
        let ctx = self.step_context(intent.state.id, &format!("expire/{}", intent.version));
        let mut command = Command::begin(self, &ctx, "intent.expire", &tx.hash).await?;
        let mut changes = command.changes();
        intent.state.expired.push(tx.hash.clone());
        intent.state.progress = Progress::Queued;
        let used = used.then_some(tx.sequence);
        self.give_channel_back(&mut changes, &mut intent.state, used).await?;
        changes.write(&intent)?;
        changes.event(&intent.id, "intent.expired", &tx.hash)?;
        command.commit(changes, ()).await?;
        Ok(Next::Again)
    }
}

/// A port's failure: later, unless it is for ever; then the operator must look, and nothing is lost.
pub(super) fn trouble(intent: &Intent, error: &PortError) -> Next {
    if error.retry == Retry::Permanent {
        tracing::error!(intent = %intent.id, %error, "the chain client cannot do this");
    } else {
        tracing::debug!(intent = %intent.id, %error, "the chain client will try again");
    }
    Next::Wait
}
