//! The handle: a network that lives on a thread of its own.
//!
//! `soroban-env-host` counts references without atomics, so one thread owns everything and the
//! handles send it work.

use std::ops::RangeInclusive;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::channel::oneshot;
use sha2::{Digest, Sha256};
use stellar_xdr::{
    AccountId, Hash, LedgerHeaderHistoryEntry, LedgerKey, PublicKey, ScAddress,
    TransactionEnvelope, Uint256,
};

use crate::engine::Engine;
use crate::genesis::{PROTOCOL_VERSION, STANDALONE_PASSPHRASE};
use crate::model::{
    ClosedLedger, EventQuery, EventRecord, Found, LedgerInfo, SendFault, SendOutcome,
    SimulateOptions, Simulation, SnapshotId, TxRecord,
};
use crate::reply::Reply;
use crate::settings::{Limits, NetworkSettings};
use crate::store::{LedgerStore, MemoryStore, StoreError};

/// Gives the time in Unix seconds.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

type Job = Box<dyn FnOnce(&mut Engine) + Send>;

/// The contract host recurses deeply; unoptimised builds need the room.
const STACK_BYTES: usize = 32 * 1024 * 1024;

/// A running network. Clones are handles to the same one; it stops when the last is dropped.
#[derive(Clone)]
pub struct Localnet {
    shared: Arc<Shared>,
}

struct Shared {
    jobs: mpsc::Sender<Job>,
    passphrase: String,
    network_id: [u8; 32],
}

/// Seconds of the clock after which an instant network closes an empty ledger: the public network's
/// pace.
pub const PACE_S: u64 = 5;

/// When ledgers close.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Close {
    /// With every accepted transaction. Many ledgers can close within one second of the clock,
    /// so close times never run ahead of it: a ledger has the clock's time, or its
    /// predecessor's if that is later. (The real network asks for strictly greater ones.)
    /// When the clock has moved by [`PACE_S`] or more since the latest ledger, an empty one closes
    /// before anything is asked or sent: as on the real network, the latest ledger is never old.
    #[default]
    Instant,
    /// Every so often in real time, with or without transactions; close times are strictly
    /// increasing. One transaction per source account and ledger.
    Every(Duration),
}

/// Sets a network up; made by [`Localnet::builder`].
pub struct Builder {
    passphrase: String,
    clock: Clock,
    close: Close,
    store: Box<dyn LedgerStore>,
    settings: NetworkSettings,
}

/// The network did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store holds another network.
    #[error(
        "the store belongs to the network {found:?}, not {asked:?}; use its passphrase or \
         another folder"
    )]
    OtherNetwork {
        /// The passphrase in the store.
        found: String,
        /// The passphrase asked for.
        asked: String,
    },
    /// The limits or the stored state do not make a working network.
    #[error("the network's configuration cannot be used: {0}")]
    Configuration(String),
    /// No thread could be started.
    #[error("the network's thread could not be started: {0}; free memory or raise the limit")]
    Thread(#[source] std::io::Error),
}

/// The network did not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// It was stopped.
    #[error("the network has stopped; start it again on the same store to go on")]
    Stopped,
    /// The store failed; the ledger in question did not close and nothing of it is visible.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The request itself cannot be done.
    #[error("{0}")]
    Refused(String),
}

/// The secret key (ed25519 seed) of a network's root account: SHA-256 of the passphrase.
#[must_use]
pub fn root_secret(passphrase: &str) -> [u8; 32] {
    Sha256::digest(passphrase.as_bytes()).into()
}

impl Builder {
    /// The passphrase; it decides the network id and the root account.
    #[must_use]
    pub fn passphrase(mut self, passphrase: impl Into<String>) -> Self {
        self.passphrase = passphrase.into();
        self
    }

    /// Where time comes from, in Unix seconds. The system's clock if not called.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// When ledgers close.
    #[must_use]
    pub fn close(mut self, close: Close) -> Self {
        self.close = close;
        self
    }

    /// Where ledgers are kept. In memory if not called.
    #[must_use]
    pub fn store(mut self, store: Box<dyn LedgerStore>) -> Self {
        self.store = store;
        self
    }

    /// Limits, fees and times to live of contracts: [`NetworkSettings::mainnet`] if not called.
    /// Taken at genesis; a network that is already in the store keeps its own.
    #[must_use]
    pub fn settings(mut self, settings: NetworkSettings) -> Self {
        self.settings = settings;
        self
    }

    /// What a transaction may use, all other settings left as they are (a ledger has room for one
    /// such transaction at least). Taken at genesis, too.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.settings.limits = limits;
        self
    }

    /// Loads the store, or makes the genesis ledger, and starts the thread.
    ///
    /// # Errors
    /// [`StartError`] if the store cannot be read or holds another network.
    pub fn start(self) -> Result<Localnet, StartError> {
        let passphrase = self.passphrase.clone();
        let network_id = Sha256::digest(passphrase.as_bytes()).into();
        let (jobs, queue) = mpsc::channel::<Job>();
        let (ready, started) = oneshot::channel();
        thread::Builder::new()
            .name("kolo-localnet".into())
            .stack_size(STACK_BYTES)
            .spawn(move || run(self, &queue, ready))
            .map_err(StartError::Thread)?;
        match futures::executor::block_on(started) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(error),
            Err(_) => return Err(StartError::Configuration("the thread ended at once".into())),
        }
        Ok(Localnet { shared: Arc::new(Shared { jobs, passphrase, network_id }) })
    }
}

/// The owner thread: jobs as they come, and ledgers when their time is up.
fn run(
    builder: Builder,
    queue: &mpsc::Receiver<Job>,
    ready: oneshot::Sender<Result<(), StartError>>,
) {
    let close = builder.close;
    let Builder { passphrase, clock, store, settings, .. } = builder;
    let mut engine = match Engine::open(passphrase, clock, close, store, &settings.coherent()) {
        Ok(engine) => engine,
        Err(error) => {
            let _ = ready.send(Err(error));
            return;
        }
    };
    let _ = ready.send(Ok(()));
    let mut next_close = std::time::Instant::now();
    loop {
        if let Some(asked) = engine.stopped() {
            // The store has to be closed before whoever asked may open it again.
            drop(engine);
            let _ = asked.send(Ok(()));
            return;
        }
        let job = match close {
            Close::Instant => queue.recv().map_err(|_| mpsc::RecvTimeoutError::Disconnected),
            Close::Every(interval) => {
                let now = std::time::Instant::now();
                if now >= next_close {
                    next_close = now + interval;
                    if let Err(error) = engine.close_ledger() {
                        tracing::error!(%error, "a ledger could not be closed");
                    }
                }
                queue.recv_timeout(next_close.saturating_duration_since(now))
            }
        };
        match job {
            Ok(job) => {
                if close == Close::Instant
                    && let Err(error) = engine.keep_pace()
                {
                    tracing::error!(%error, "a ledger could not be closed");
                }
                job(&mut engine);
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => return,
        }
    }
}

impl Localnet {
    /// A network with the standalone passphrase, the system's clock, instant closing, mainnet's
    /// settings and a store in memory, unless the builder is told otherwise.
    #[must_use]
    pub fn builder() -> Builder {
        Builder {
            passphrase: STANDALONE_PASSPHRASE.into(),
            clock: Arc::new(|| {
                SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
            }),
            close: Close::default(),
            store: Box::new(MemoryStore::new()),
            settings: NetworkSettings::default(),
        }
    }

    /// The passphrase.
    #[must_use]
    pub fn passphrase(&self) -> &str {
        &self.shared.passphrase
    }

    /// SHA-256 of the passphrase; part of everything that is signed.
    #[must_use]
    pub fn network_id(&self) -> [u8; 32] {
        self.shared.network_id
    }

    /// The protocol version in force.
    #[must_use]
    pub fn protocol_version(&self) -> u32 {
        PROTOCOL_VERSION
    }

    /// The root account, which owns every coin at genesis. Its secret is [`root_secret`].
    #[must_use]
    pub fn root_account(&self) -> AccountId {
        let key = ed25519_dalek::SigningKey::from_bytes(&root_secret(self.passphrase()));
        AccountId(PublicKey::PublicKeyTypeEd25519(Uint256(key.verifying_key().to_bytes())))
    }

    /// Submits an envelope. In instant mode the ledger it is in has closed when the reply comes.
    pub fn send(&self, envelope: TransactionEnvelope) -> Reply<SendOutcome> {
        self.ask(move |engine| engine.submit(envelope))
    }

    /// Looks a transaction up by its hash (or the inner hash of a fee-bump).
    pub fn transaction(&self, hash: [u8; 32]) -> Reply<Option<TxRecord>> {
        self.ask(move |engine| Ok(engine.store().transaction(&Hash(hash))?))
    }

    /// Tries a Soroban transaction on the latest ledger without applying it. Signatures, fees
    /// and sequence numbers are not looked at.
    pub fn simulate(
        &self,
        envelope: TransactionEnvelope,
        options: SimulateOptions,
    ) -> Reply<Simulation> {
        self.ask(move |engine| Ok(engine.simulate(&envelope, options)))
    }

    /// The entries with these keys that exist, in the order asked, and the ledger they are of.
    /// For `LedgerKey::Ttl` a TTL entry is made up from the entry it belongs to.
    pub fn entries(&self, keys: Vec<LedgerKey>) -> Reply<(Vec<Found>, u32)> {
        self.ask(move |engine| Ok((engine.entries(&keys), engine.sequence())))
    }

    /// What belongs to an account (itself, its trustlines, its data) or to a contract (its instance
    /// and data), in key order, at most `limit`. Nothing belongs to other addresses.
    pub fn entries_of(&self, owner: ScAddress, limit: usize) -> Reply<Vec<Found>> {
        self.ask(move |engine| Ok(engine.entries_of(&owner, limit)))
    }

    /// The latest closed ledger.
    pub fn latest(&self) -> Reply<LedgerInfo> {
        self.ask(Engine::latest)
    }

    /// Headers in the range, ascending, at most `limit`. After a jump of
    /// [`advance_ledgers`](Self::advance_ledgers) the sequences passed over are missing.
    pub fn ledgers(
        &self,
        range: RangeInclusive<u32>,
        limit: usize,
    ) -> Reply<Vec<LedgerHeaderHistoryEntry>> {
        self.ask(move |engine| Ok(engine.store().ledgers(range, limit)?))
    }

    /// Transactions of the ledgers in the range in application order, after `(ledger, index)`
    /// if given, at most `limit`.
    pub fn transactions(
        &self,
        range: RangeInclusive<u32>,
        after: Option<(u32, u32)>,
        limit: usize,
    ) -> Reply<Vec<TxRecord>> {
        self.ask(move |engine| Ok(engine.store().transactions(range, after, limit)?))
    }

    /// Events in order.
    pub fn events(&self, query: EventQuery) -> Reply<Vec<EventRecord>> {
        self.ask(move |engine| Ok(engine.store().events(&query)?))
    }

    /// Closes a ledger now, with whatever is queued.
    pub fn close_ledger(&self) -> Reply<ClosedLedger> {
        self.ask(Engine::close_ledger)
    }

    /// Time warp: the next ledger's sequence is `count` (at least 1) higher than the latest, so
    /// that TTLs run out. The ledgers passed over never exist.
    pub fn advance_ledgers(&self, count: u32) -> Reply<ClosedLedger> {
        self.ask(move |engine| engine.advance_ledgers(count))
    }

    /// Time warp: the network's clock is `seconds` ahead of where it was from now on, and a ledger
    /// closes at that time. The lead is gone when the network starts anew; close times never go back.
    pub fn advance_time(&self, seconds: u64) -> Reply<ClosedLedger> {
        self.ask(move |engine| engine.advance_time(seconds))
    }

    /// Friendbot: creates the account with `balance` stroops from the root account, or pays them
    /// to it if it exists, by a signed transaction in a ledger of its own. Gives that
    /// transaction.
    pub fn fund(&self, account: AccountId, balance: i64) -> Reply<TxRecord> {
        self.ask(move |engine| engine.fund(&account, balance))
    }

    /// Notes the network as it is: entries, latest ledger, queue. Kept in memory as long as the
    /// network runs, however often it is gone back to.
    pub fn snapshot(&self) -> Reply<SnapshotId> {
        self.ask(|engine| Ok(engine.snapshot()))
    }

    /// Takes the network back to a snapshot, in the store too. Ledgers closed since then never
    /// happened: their sequences are given again, so whoever follows events has to begin anew.
    /// Snapshots taken since then are gone. The clock is the caller's and stays as it is. Gives
    /// the ledger that is the latest again.
    pub fn revert(&self, to: SnapshotId) -> Reply<LedgerInfo> {
        self.ask(move |engine| engine.revert(to))
    }

    /// Freezes keys (accounts, trustlines of holders, entries of contracts) as validators can
    /// (CAP-0077), in a ledger of its own: a transaction that would touch one is refused with
    /// `txFROZEN_KEY_ACCESSED`. (An issuer freezes a holder with `SetTrustLineFlags` instead.)
    pub fn freeze(&self, keys: Vec<LedgerKey>) -> Reply<ClosedLedger> {
        self.ask(move |engine| engine.set_frozen(&keys, true))
    }

    /// Undoes [`freeze`](Self::freeze) for these keys.
    pub fn thaw(&self, keys: Vec<LedgerKey>) -> Reply<ClosedLedger> {
        self.ask(move |engine| engine.set_frozen(&keys, false))
    }

    /// Lets something go wrong with the next envelope that is sent (not with friendbot's). Called
    /// again before that, it is about the one after.
    pub fn disturb_next_send(&self, fault: SendFault) -> Reply<()> {
        self.ask(move |engine| {
            engine.disturb(fault);
            Ok(())
        })
    }

    /// Stops the network. When the reply is there the store is closed and can be opened again.
    pub fn stop(&self) -> Reply<()> {
        let (answer, receiver) = oneshot::channel();
        let _ = self.shared.jobs.send(Box::new(move |engine| engine.stop(answer)));
        Reply::new(receiver)
    }

    fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Engine) -> Result<T, NetworkError> + Send + 'static,
    ) -> Reply<T> {
        let (answer, receiver) = oneshot::channel();
        // A stopped network drops the job and with it `answer`: the reply says so.
        let _ = self.shared.jobs.send(Box::new(move |engine| {
            let _ = answer.send(question(engine));
        }));
        Reply::new(receiver)
    }
}

impl std::fmt::Debug for Localnet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Localnet").field("passphrase", &self.passphrase()).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("passphrase", &self.passphrase)
            .field("close", &self.close)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
