//! What the network says about itself: ledgers, transactions, events, simulations.

use std::sync::Arc;

use stellar_xdr::{
    ContractEvent, DiagnosticEvent, Hash, LedgerEntry, LedgerEntryChanges,
    LedgerHeaderHistoryEntry, LedgerKey, ScVal, SorobanAuthorizationEntry, SorobanTransactionData,
    TransactionEnvelope, TransactionMeta, TransactionResult, TransactionResultResult,
};

/// A ledger entry as it is kept, with the TTL that on the network is an entry beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// The entry.
    pub entry: LedgerEntry,
    /// The last ledger in which the entry lives; `None` for entries without a TTL.
    pub live_until: Option<u32>,
}

/// One entry found by its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The key that was asked for.
    pub key: LedgerKey,
    /// The entry and its TTL. An archived persistent entry is still found, with a TTL that has
    /// passed.
    pub entry: StoredEntry,
}

/// An entry as a ledger leaves it; `None`: removed.
pub type EntryChange = (LedgerKey, Option<Arc<StoredEntry>>);

/// Everything one ledger close changed. A store keeps it whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedLedger {
    /// The header and its hash.
    pub header: LedgerHeaderHistoryEntry,
    /// The transactions in the order they were applied.
    pub transactions: Vec<Arc<TxRecord>>,
    /// The final value of each changed entry, each key once, in key order.
    pub changes: Vec<EntryChange>,
}

impl ClosedLedger {
    /// The ledger's sequence number.
    #[must_use]
    pub fn sequence(&self) -> u32 {
        self.header.header.ledger_seq
    }

    /// The close time in Unix seconds.
    #[must_use]
    pub fn close_time(&self) -> u64 {
        self.header.header.scp_value.close_time.0
    }
}

/// A transaction that got into a ledger, successful or failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TxRecord {
    /// The hash of the envelope's transaction (of the outer one for a fee-bump).
    pub hash: Hash,
    /// The hash of the inner transaction of a fee-bump.
    pub inner_hash: Option<Hash>,
    /// The envelope as it was sent (a V0 envelope is kept as V1).
    pub envelope: TransactionEnvelope,
    /// The result.
    pub result: TransactionResult,
    /// The changes, events and return value (always V4).
    pub meta: TransactionMeta,
    /// What charging the fee changed, before any transaction of the ledger.
    pub fee_changes: LedgerEntryChanges,
    /// What giving back unused fees changed, after all transactions of the ledger.
    pub refund_changes: LedgerEntryChanges,
    /// The events of `meta` with their positions, in the order followers read them.
    pub events: Vec<EventRecord>,
    /// The ledger it is in.
    pub ledger: u32,
    /// That ledger's close time, Unix seconds.
    pub close_time: u64,
    /// The 1-based application order in the ledger.
    pub index: u32,
    /// The fee taken in the end (refunds deducted), stroops.
    pub fee_charged: i64,
}

impl TxRecord {
    /// Whether the operations took effect.
    #[must_use]
    pub fn is_successful(&self) -> bool {
        use stellar_xdr::TransactionResultResult as R;
        matches!(self.result.result, R::TxSuccess(_) | R::TxFeeBumpInnerSuccess(_))
    }
}

/// Where an event stands among all events; ordered as event followers read them.
///
/// The parts are those of Stellar RPC's event ids: fee events, which come before all
/// transactions, have `tx` 0 and are counted over the ledger; refunds, which come after all, have
/// `tx` 1,048,575 (the largest a TOID holds) and are counted over the ledger too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventPosition {
    /// The ledger.
    pub ledger: u32,
    /// The 1-based application order of the transaction.
    pub tx: u32,
    /// The 0-based operation.
    pub op: u32,
    /// The 0-based event within (ledger, tx, op).
    pub event: u32,
}

impl EventPosition {
    /// The position before every event of `ledger`.
    #[must_use]
    pub const fn start_of(ledger: u32) -> Self {
        Self { ledger, tx: 0, op: 0, event: 0 }
    }

    /// The TOID (SEP-35) of the position's operation: ledger in the upper 32 bits, then 20 bits
    /// of transaction and 12 of operation.
    #[must_use]
    pub fn toid(&self) -> u64 {
        (u64::from(self.ledger) << 32) | (u64::from(self.tx) << 12) | u64::from(self.op)
    }

    /// The reverse of [`Self::toid`] with an event index.
    #[must_use]
    pub fn from_toid(toid: u64, event: u32) -> Self {
        let part = |shift: u32, mask: u64| u32::try_from((toid >> shift) & mask).unwrap_or(0);
        Self { ledger: part(32, 0xffff_ffff), tx: part(12, 0xf_ffff), op: part(0, 0xfff), event }
    }

    /// The id as Stellar RPC writes it: 19 digits of TOID, a dash, 10 digits of event index.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{:019}-{:010}", self.toid(), self.event)
    }
}

/// When an event happened relative to the transactions of its ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventStage {
    /// A fee, charged before any transaction of the ledger is applied.
    BeforeAllTransactions,
    /// Emitted by the operation with this index.
    Operation(u32),
    /// A fee refund, after all transactions of the ledger.
    AfterAllTransactions,
}

/// An event with everything a follower wants to know about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRecord {
    /// Its place and id.
    pub position: EventPosition,
    /// When it happened.
    pub stage: EventStage,
    /// The transaction it belongs to.
    pub tx_hash: Hash,
    /// The close time of its ledger, Unix seconds.
    pub close_time: u64,
    /// Whether the transaction succeeded (fee events of failed transactions exist too).
    pub successful: bool,
    /// The event.
    pub event: ContractEvent,
}

/// Which events to read. Filters by contract and topic are the reader's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventQuery {
    /// First ledger, inclusive.
    pub start_ledger: u32,
    /// Last ledger, inclusive.
    pub end_ledger: u32,
    /// Only events strictly after this position.
    pub after: Option<EventPosition>,
    /// At most this many.
    pub limit: usize,
}

/// The latest closed ledger, and what the network is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerInfo {
    /// Its header and hash.
    pub header: LedgerHeaderHistoryEntry,
    /// The oldest ledger the store still knows.
    pub oldest_ledger: u32,
    /// The oldest ledger's close time, Unix seconds.
    pub oldest_close_time: u64,
    /// How many ledgers of history the store keeps.
    pub retention: u32,
}

impl LedgerInfo {
    /// The sequence number of the latest closed ledger.
    #[must_use]
    pub fn sequence(&self) -> u32 {
        self.header.header.ledger_seq
    }

    /// Its close time, Unix seconds.
    #[must_use]
    pub fn close_time(&self) -> u64 {
        self.header.header.scp_value.close_time.0
    }

    /// The protocol version in force.
    #[must_use]
    pub fn protocol_version(&self) -> u32 {
        self.header.header.ledger_version
    }
}

/// The answer to a submitted envelope, as Stellar RPC's `sendTransaction` gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// Valid, and queued for the next ledger (in instant mode: already in one).
    Pending(Hash),
    /// The same transaction is queued, or in the latest ledger. (One in an older ledger is an
    /// error: txBAD_SEQ, as on the network. Look the hash up.)
    Duplicate(Hash),
    /// Another transaction of the same source account is queued; send again after a ledger, or
    /// with ten times the fee rate in a fee-bump with the same sequence number.
    TryAgainLater(Hash),
    /// Refused; nothing was charged.
    Error {
        /// The hash of what was sent.
        hash: Hash,
        /// Why, in the network's own codes.
        result: TransactionResult,
    },
}

impl SendOutcome {
    /// The hash of the submitted transaction.
    #[must_use]
    pub fn hash(&self) -> &Hash {
        match self {
            Self::Pending(hash)
            | Self::Duplicate(hash)
            | Self::TryAgainLater(hash)
            | Self::Error { hash, .. } => hash,
        }
    }
}

/// A point a network can be taken back to; made by [`Localnet::snapshot`](crate::Localnet::snapshot).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SnapshotId(pub(crate) u64);

/// What is to go wrong with a submission; see
/// [`Localnet::disturb_next_send`](crate::Localnet::disturb_next_send).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendFault {
    /// Not looked at: [`SendOutcome::TryAgainLater`].
    TryAgainLater,
    /// Refused with this result, whatever is in the envelope.
    Refuse(TransactionResultResult),
    /// Accepted with [`SendOutcome::Pending`], and never seen again.
    Lose,
    /// Taken as if nothing were wrong, but who sent it gets an error for an answer.
    NoAnswer,
}

/// How a simulation treats authorisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AuthMode {
    /// Enforce if the operation carries auth entries, else record them (without non-root
    /// authorisation): what RPC does when nothing is asked for.
    #[default]
    Auto,
    /// Check the auth entries given.
    Enforce,
    /// Record what would have to be signed; only authorisation that starts at the root call.
    Record,
    /// Record, and allow authorisation below the root call.
    RecordAllowNonroot,
}

/// How to simulate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SimulateOptions {
    /// What to do about authorisation.
    pub auth: AuthMode,
    /// Instructions added to the measured ones on top of the usual margin.
    pub instruction_leeway: u32,
    /// Record `AddressV2` credentials (bound to the address) instead of `Address` ones.
    pub address_v2: bool,
}

/// One entry a simulated call would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateChange {
    /// Which entry.
    pub key: LedgerKey,
    /// As it is; `None`: to be created.
    pub before: Option<LedgerEntry>,
    /// As it would be; `None`: removed.
    pub after: Option<LedgerEntry>,
}

/// What has to be restored before the simulated transaction can run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestorePreamble {
    /// The footprint and resources of the `RestoreFootprint` transaction.
    pub transaction_data: SorobanTransactionData,
    /// Its resource fee, stroops.
    pub min_resource_fee: i64,
}

/// The outcome of a simulation. A failed one has `error`, events, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Simulation {
    /// The ledger it was simulated on.
    pub latest_ledger: u32,
    /// Why it failed, as text: `HostError: Error(Contract, #131)…`.
    pub error: Option<String>,
    /// Footprint, resources and resource fee to put into the transaction.
    pub transaction_data: Option<SorobanTransactionData>,
    /// The resource fee, stroops; the inclusion fee comes on top.
    pub min_resource_fee: i64,
    /// Auth entries: recorded (unsigned), or those given.
    pub auth: Vec<SorobanAuthorizationEntry>,
    /// The return value of an invocation.
    pub result: Option<ScVal>,
    /// Diagnostic events, contract events among them.
    pub events: Vec<DiagnosticEvent>,
    /// Entries that would change.
    pub state_changes: Vec<StateChange>,
    /// What has to be restored first for an extension of TTLs. Always `None` for an invocation:
    /// since protocol 23 that restores what it touches, and `transaction_data` says which
    /// entries those are.
    pub restore_preamble: Option<RestorePreamble>,
    /// Metered instructions.
    pub instructions: u64,
    /// Metered memory, bytes.
    pub memory: u64,
}
