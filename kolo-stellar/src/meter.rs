//! What became of everything that was asked of the chain, counted: error rates and settlement times.
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use kolo_core::port::chain::{
    Assembled, BalancesOnChain, ChainAddress, ChainClient, ChainCursor, ChainEffect, ChainEvents,
    CircleOnChain, Fate, FeeBump, LatestLedger, Mismatch, PrepareError, PreparedTx, SignedTx,
    Submission,
};
use kolo_core::port::vault::{PublicKey, Signature};
use kolo_core::port::{PortError, Retry};
use kolo_core::{Asset, Timestamp};
use kolo_rules::Amount;
use serde::Serialize;
use stellar_xdr::{
    HostFunction, Operation, OperationBody, ReadXdr, TransactionSignaturePayload,
    TransactionSignaturePayloadTaggedTransaction as Tagged,
};

use crate::rpc::XDR_LIMITS;

/// Settlements and ends remembered: the latest so many.
const REMEMBERED: usize = 1_000;

/// Counts since the program started. A transaction's end counts once, however often it is looked up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Questions and submissions that could fail.
    pub calls: u64,
    /// Of these, the node's trouble that will pass.
    pub temporary_errors: u64,
    /// Of these, trouble after which a look-up must tell what happened.
    pub unknown_errors: u64,
    /// Of these, what no repetition mends.
    pub permanent_errors: u64,
    /// Effects the chain would have refused, found out by simulation.
    pub refused_before_sending: u64,
    /// Times the bytes were not what was wanted, and nothing was signed.
    pub mismatches: u64,
    /// Submissions taken (the same bytes may be sent again).
    pub accepted: u64,
    /// Submissions that were not taken now: the node is full, or the fee too low.
    pub not_now: u64,
    /// Submissions refused.
    pub refused: u64,
    /// Transactions applied.
    pub confirmed: u64,
    /// Transactions in a ledger that failed.
    pub failed: u64,
    /// Of both, by what they did: a contract's function (`contribute`), or an operation (`Payment`).
    pub ends: BTreeMap<String, Ends>,
    /// Fees of both, stroops of XLM.
    pub fees: i64,
    /// How long it took from the first acceptance to the knowledge of being applied.
    pub settlement: Settlement,
}

/// How transactions of one kind ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ends {
    /// Applied.
    pub confirmed: u64,
    /// In a ledger, and failed there.
    pub failed: u64,
}

/// Times of the latest settlements, milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Settlement {
    /// How many the figures are of: at most the latest 1,000.
    pub count: usize,
    /// Half of them took no longer.
    pub p50_ms: u64,
    /// 99 of 100 took no longer.
    pub p99_ms: u64,
    /// The slowest.
    pub max_ms: u64,
}

impl Figures {
    /// Failed calls in 10,000.
    #[must_use]
    pub fn error_rate_bp(&self) -> u64 {
        let errors = self
            .temporary_errors
            .saturating_add(self.unknown_errors)
            .saturating_add(self.permanent_errors);
        errors.saturating_mul(10_000).checked_div(self.calls).unwrap_or(0)
    }
}

/// Keeps the counts; clones share them.
#[derive(Clone, Default)]
pub struct Meter(Arc<Mutex<Book>>);

#[derive(Default)]
struct Book {
    figures: Figures,
    /// When a transaction was accepted first, by the hash of the inner one.
    sent: HashMap<String, Instant>,
    /// In the order they were sent: the oldest makes room.
    order: VecDeque<String>,
    /// What has ended, and in which order.
    ended: HashSet<String>,
    ended_order: VecDeque<String>,
    settled: VecDeque<Duration>,
}

impl Meter {
    /// Nothing counted yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// `client`, counted.
    #[must_use]
    pub fn watch(&self, client: Arc<dyn ChainClient>) -> Metered {
        Metered { client, meter: self.clone() }
    }

    /// The counts now.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let book = self.book();
        Figures { settlement: settlement(&book.settled), ..book.figures.clone() }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answered<T>(&self, answer: &Result<T, PortError>) {
        self.book().answered(answer.as_ref().err());
    }
}

fn settlement(settled: &VecDeque<Duration>) -> Settlement {
    let mut times: Vec<_> = settled.iter().copied().collect();
    times.sort_unstable();
    let at = |percent: usize| {
        let rank = times.len().saturating_mul(percent).div_ceil(100).saturating_sub(1);
        times.get(rank).map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
    };
    Settlement { count: times.len(), p50_ms: at(50), p99_ms: at(99), max_ms: at(100) }
}

impl Book {
    fn answered(&mut self, error: Option<&PortError>) {
        self.figures.calls += 1;
        match error.map(|error| error.retry) {
            None => {}
            Some(Retry::Temporary) => self.figures.temporary_errors += 1,
            Some(Retry::Permanent) => self.figures.permanent_errors += 1,
            Some(_) => self.figures.unknown_errors += 1,
        }
    }

    fn submitted(&mut self, tx: &SignedTx, submission: &Submission) {
        match submission {
            Submission::Accepted => {
                self.figures.accepted += 1;
                let hash = &tx.prepared.hash;
                if !self.sent.contains_key(hash) && !self.ended.contains(hash) {
                    self.sent.insert(hash.clone(), Instant::now());
                    self.order.push_back(hash.clone());
                }
                if self.order.len() > REMEMBERED
                    && let Some(oldest) = self.order.pop_front()
                {
                    self.sent.remove(&oldest);
                }
            }
            Submission::TryAgainLater | Submission::InsufficientFee => self.figures.not_now += 1,
            _ => self.figures.refused += 1,
        }
    }

    fn fate(&mut self, tx: &SignedTx, fate: &Fate) {
        let (applied, fee) = match fate {
            Fate::Confirmed { fee, .. } => (true, *fee),
            Fate::Failed { fee, .. } => (false, *fee),
            _ => return,
        };
        let hash = &tx.prepared.hash;
        if !self.ended.insert(hash.clone()) {
            return;
        }
        self.ended_order.push_back(hash.clone());
        if self.ended_order.len() > REMEMBERED
            && let Some(oldest) = self.ended_order.pop_front()
        {
            self.ended.remove(&oldest);
        }
        self.order.retain(|sent| sent != hash);
        self.figures.fees = self.figures.fees.saturating_add(fee);
        let ends = self.figures.ends.entry(deed(&tx.prepared)).or_default();
        match (applied, self.sent.remove(hash)) {
            (true, sent) => {
                self.figures.confirmed += 1;
                ends.confirmed += 1;
                self.settled.extend(sent.map(|sent| sent.elapsed()));
                if self.settled.len() > REMEMBERED {
                    self.settled.pop_front();
                }
            }
            (false, _) => {
                self.figures.failed += 1;
                ends.failed += 1;
            }
        }
    }
}

/// What a transaction does: the contract's function it calls, else its first operation that is more than a
/// sponsorship's beginning. Read from its bytes, so that one sent before a restart has its name, too.
fn deed(tx: &PreparedTx) -> String {
    let unread = || "unknown".to_owned();
    let Ok(payload) = TransactionSignaturePayload::from_xdr(&tx.payload, XDR_LIMITS) else {
        return unread();
    };
    let Tagged::Tx(decoded) = payload.tagged_transaction else { return unread() };
    let begins =
        |op: &&Operation| !matches!(op.body, OperationBody::BeginSponsoringFutureReserves(_));
    match decoded.operations.iter().find(begins).map(|op| &op.body) {
        Some(OperationBody::InvokeHostFunction(call)) => match &call.host_function {
            HostFunction::InvokeContract(call) => call.function_name.to_utf8_string_lossy(),
            other => other.name().to_owned(),
        },
        Some(body) => body.name().to_owned(),
        None => unread(),
    }
}

/// A chain client whose outcomes are counted by a [`Meter`].
pub struct Metered {
    client: Arc<dyn ChainClient>,
    meter: Meter,
}

impl Metered {
    fn prepared<T>(&self, answer: &Result<T, PrepareError>) {
        let mut book = self.meter.book();
        match answer {
            Err(PrepareError::Port(error)) => book.answered(Some(error)),
            Err(PrepareError::Refused(_)) => {
                book.answered(None);
                book.figures.refused_before_sending += 1;
            }
            Ok(_) | Err(_) => book.answered(None),
        }
    }
}

#[async_trait]
impl ChainClient for Metered {
    fn account_address(&self, key: &PublicKey) -> ChainAddress {
        self.client.account_address(key)
    }

    fn assets(&self) -> Option<Vec<Asset>> {
        self.client.assets()
    }

    fn asset_contract(&self, asset: &Asset) -> Result<[u8; 32], PortError> {
        self.client.asset_contract(asset)
    }

    fn circle_address(
        &self,
        organiser: &ChainAddress,
        salt: &[u8; 32],
    ) -> Result<ChainAddress, PortError> {
        self.client.circle_address(organiser, salt)
    }

    fn invitation_message(
        &self,
        circle: &ChainAddress,
        joiner: &ChainAddress,
    ) -> Result<Vec<u8>, PortError> {
        self.client.invitation_message(circle, joiner)
    }

    fn knows_code(&self, wasm: &[u8; 32]) -> bool {
        self.client.knows_code(wasm)
    }

    fn message_payload(&self, message: &[u8]) -> Result<Vec<u8>, PortError> {
        self.client.message_payload(message)
    }

    async fn prepare(&self, effect: &ChainEffect) -> Result<PreparedTx, PrepareError> {
        let answer = self.client.prepare(effect).await;
        self.prepared(&answer);
        answer
    }

    fn verify(&self, effect: &ChainEffect, tx: &PreparedTx) -> Result<(), Mismatch> {
        let answer = self.client.verify(effect, tx);
        if answer.is_err() {
            self.meter.book().figures.mismatches += 1;
        }
        answer
    }

    async fn authorise(
        &self,
        effect: &ChainEffect,
        tx: &PreparedTx,
        signatures: &[(PublicKey, Signature)],
    ) -> Result<PreparedTx, PrepareError> {
        let answer = self.client.authorise(effect, tx, signatures).await;
        self.prepared(&answer);
        answer
    }

    fn assemble(
        &self,
        tx: &PreparedTx,
        signatures: &[(PublicKey, Signature)],
    ) -> Result<Assembled, PortError> {
        self.client.assemble(tx, signatures)
    }

    fn finish(&self, bump: &FeeBump, signature: &Signature) -> Result<SignedTx, PortError> {
        self.client.finish(bump, signature)
    }

    fn bump_again(&self, tx: &SignedTx) -> Result<FeeBump, PortError> {
        self.client.bump_again(tx)
    }

    async fn submit(&self, tx: &SignedTx) -> Result<Submission, PortError> {
        let answer = self.client.submit(tx).await;
        let mut book = self.meter.book();
        book.answered(answer.as_ref().err());
        if let Ok(submission) = &answer {
            book.submitted(tx, submission);
        }
        answer
    }

    async fn look_up(&self, tx: &SignedTx) -> Result<Fate, PortError> {
        let answer = self.client.look_up(tx).await;
        let mut book = self.meter.book();
        book.answered(answer.as_ref().err());
        if let Ok(fate) = &answer {
            book.fate(tx, fate);
        }
        answer
    }

    async fn events_after(
        &self,
        cursor: Option<&ChainCursor>,
        limit: usize,
    ) -> Result<ChainEvents, PortError> {
        let answer = self.client.events_after(cursor, limit).await;
        self.meter.answered(&answer);
        answer
    }

    async fn latest(&self) -> Result<LatestLedger, PortError> {
        let answer = self.client.latest().await;
        self.meter.answered(&answer);
        answer
    }

    async fn balance(&self, address: &ChainAddress, asset: &Asset) -> Result<Amount, PortError> {
        let answer = self.client.balance(address, asset).await;
        self.meter.answered(&answer);
        answer
    }

    async fn balances(
        &self,
        addresses: &[ChainAddress],
        asset: &Asset,
    ) -> Result<BalancesOnChain, PortError> {
        let answer = self.client.balances(addresses, asset).await;
        self.meter.answered(&answer);
        answer
    }

    async fn lifetime(
        &self,
        circle: Option<&ChainAddress>,
        asset: &Asset,
    ) -> Result<Option<Timestamp>, PortError> {
        let answer = self.client.lifetime(circle, asset).await;
        self.meter.answered(&answer);
        answer
    }

    async fn circle(
        &self,
        circle: &ChainAddress,
        asset: &Asset,
    ) -> Result<Option<CircleOnChain>, PortError> {
        let answer = self.client.circle(circle, asset).await;
        self.meter.answered(&answer);
        answer
    }
}
