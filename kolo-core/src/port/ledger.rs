//! The durable record: everything a command changes, in one atomic [`ChangeSet`].
//!
//! Aggregates, events and outcomes cross as [`Record`]s (kind, version, bytes): an adapter never
//! knows a domain type, so a new event needs no new adapter.
use async_trait::async_trait;
use kolo_rules::Amount;
use serde::{Deserialize, Serialize};

use super::PortError;
use super::work::{Lease, NewWork, WorkId};
use crate::{TenantId, Timestamp, error_codes};

/// Typed bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What it is, e.g. `circle` or `circle.started`.
    pub kind: String,
    /// Version of the schema the bytes are in.
    pub schema_version: u32,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Which aggregate: a kind and an id unique within it and the tenant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AggregateId {
    /// E.g. `circle`.
    pub kind: String,
    /// E.g. `cir_…`.
    pub id: String,
}

/// An aggregate as stored. Versions count from 1 without gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Which.
    pub id: AggregateId,
    /// Its version.
    pub version: u64,
    /// Its state.
    pub state: Record,
}

/// A new state of an aggregate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AggregateWrite {
    /// Which.
    pub id: AggregateId,
    /// The version it was decided on; 0 = it must not exist.
    pub expected: u64,
    /// The new state; its version becomes `expected + 1`.
    pub state: Record,
}

/// A unique name for an aggregate: (`contact`, `web/+234…`) → a member.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IndexKey {
    /// Which index.
    pub index: String,
    /// The value.
    pub value: String,
}

/// A change of the unique names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexWrite {
    /// Fails with [`CommitError::IndexTaken`] when the key points to another aggregate.
    Claim(IndexKey, AggregateId),
    /// Frees the key; nothing happens when it is free.
    Release(IndexKey),
}

/// The side of an account on which it grows, or of a posting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Side {
    /// Left.
    Debit,
    /// Right.
    Credit,
}

/// An account of the books.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccountId {
    /// What it is for: `wallet/mem_…`, `pot/cir_…`, `external`.
    pub name: String,
    /// The asset's key, `CODE:ISSUER`.
    pub asset: String,
    /// The side it grows on; the same in every use of the account.
    pub normal: Side,
}

/// One line of an entry. `amount` > 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// Which account.
    pub account: AccountId,
    /// Which side.
    pub side: Side,
    /// How much, in minor units.
    #[serde(with = "crate::money::amount_serde")]
    pub amount: Amount,
}

/// Whether an entry counts at once or is a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntryStatus {
    /// Counts in `settled`.
    Settled,
    /// Counts in `pending` until it ends, once.
    Pending,
    /// Was pending, never happened.
    Voided,
    /// Was pending until its time was over, never happened.
    Expired,
}

/// A balanced, immutable entry; corrections are new entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// Unique per tenant; derived from what caused it, so that it cannot be booked twice.
    pub id: String,
    /// What it is: `contribution`, `payout`, `deposit`, ….
    pub kind: String,
    /// Settled or pending when written.
    pub status: EntryStatus,
    /// At least two; per asset, debits = credits.
    pub postings: Vec<Posting>,
    /// When it took effect.
    pub effective_at: Timestamp,
    /// The chain transaction that proves it, if any (hex hash).
    pub chain_tx: Option<String>,
    /// Small facts for statements, e.g. the circle and the round (JSON text).
    pub details: String,
}

/// How a hold ends wholly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// The pending entry.
    pub entry: String,
    /// `true`: its postings settle; `false`: it is voided.
    pub settle: bool,
    /// The chain transaction that settled it.
    pub chain_tx: Option<String>,
    /// When.
    pub effective_at: Timestamp,
}

/// A hold that ends in another way than wholly settled or voided ([`Resolution`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldEnd {
    /// The pending entry.
    pub entry: String,
    /// How it ends.
    pub ending: Ending,
    /// The chain transaction that settled it.
    pub chain_tx: Option<String>,
    /// When.
    pub effective_at: Timestamp,
}

/// See [`HoldEnd`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Part of it settles, the rest is let go: for each line, in order, how much of it, from nothing to
    /// all. Something settles, and it balances. The entry then shows its lines with what settled of
    /// them.
    Part(Vec<Amount>),
    /// Its time is over; nothing settles.
    Expired,
}

/// After this change set, the account's available balance (settled − pending outflows) must be at least this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// Which account.
    pub account: AccountId,
    /// The least that must remain available.
    pub minimum: Amount,
}

/// An event to append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Whose history it is part of.
    pub aggregate: AggregateId,
    /// The event.
    pub record: Record,
}

/// How long a command's key is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// Money effects: for ever.
    Forever,
    /// At least 90 days: for what moves no money.
    NinetyDays,
}

/// Everything one command changes. All of it or none.
#[derive(Clone, Debug)]
pub struct ChangeSet {
    /// Whose.
    pub tenant: TenantId,
    /// The command's idempotency key.
    pub key: String,
    /// SHA-256 of the canonical command (never of the change set).
    pub request_hash: [u8; 32],
    /// How long the key is remembered.
    pub retention: Retention,
    /// What the command answers; stored, and returned byte for byte to a repetition.
    pub outcome: Record,
    /// The work item this change set completes: refused when the lease is lost.
    pub consumes: Option<Lease>,
    /// New states.
    pub aggregates: Vec<AggregateWrite>,
    /// Unique names.
    pub index: Vec<IndexWrite>,
    /// Balances that must hold afterwards.
    pub guards: Vec<Guard>,
    /// Events, in order.
    pub events: Vec<NewEvent>,
    /// New journal entries.
    pub entries: Vec<JournalEntry>,
    /// Holds that end wholly.
    pub resolutions: Vec<Resolution>,
    /// Holds that end in part, or because their time is over.
    pub endings: Vec<HoldEnd>,
    /// Work to do (outbox, timers); an id that was ever enqueued is ignored.
    pub work: Vec<NewWork>,
    /// Work no longer wanted; ids that are done or unknown are ignored.
    pub cancel: Vec<WorkId>,
    /// What started the command, e.g. a message's id: kept with its entries.
    pub correlation: Option<String>,
    /// The clock's time at the decision.
    pub recorded_at: Timestamp,
}

impl ChangeSet {
    /// A change set that changes nothing but remembers its key and outcome.
    #[must_use]
    pub fn new(
        tenant: TenantId,
        key: String,
        request_hash: [u8; 32],
        outcome: Record,
        recorded_at: Timestamp,
    ) -> Self {
        Self {
            tenant,
            key,
            request_hash,
            retention: Retention::Forever,
            outcome,
            consumes: None,
            aggregates: Vec::new(),
            index: Vec::new(),
            guards: Vec::new(),
            events: Vec::new(),
            entries: Vec::new(),
            resolutions: Vec::new(),
            endings: Vec::new(),
            work: Vec::new(),
            cancel: Vec::new(),
            correlation: None,
            recorded_at,
        }
    }

    /// Whether it has an effect on money: a new entry, or the end of a hold. Its key is kept for ever;
    /// an adapter refuses it as invalid when it may be forgotten, since the same command would then take
    /// effect a second time.
    #[must_use]
    pub const fn moves_money(&self) -> bool {
        !(self.entries.is_empty() && self.resolutions.is_empty() && self.endings.is_empty())
    }
}

/// What a commit answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Committed {
    /// It is durable now.
    Now(Record),
    /// The same command was committed before; this is its stored outcome. Nothing else was changed,
    /// except that `consumes` was completed.
    Before(Record),
}

/// Why a commit changed nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// An aggregate moved on: load, decide, commit again.
    #[error("{0:?} has changed meanwhile: load it and decide again")]
    Conflict(AggregateId),
    /// A unique name belongs to another aggregate.
    #[error("{0:?} is taken")]
    IndexTaken(IndexKey),
    /// The key was used for another command.
    #[error("the idempotency key was used for another command: use a new key")]
    KeyReused,
    /// The lease expired and somebody else may have the work item.
    #[error("the work item's lease is lost: drop the work")]
    LeaseLost,
    /// Too little money.
    #[error("the available balance of {account:?} would be {available:?}")]
    Guard {
        /// Which account.
        account: AccountId,
        /// What would be available after this change set.
        available: Amount,
    },
    /// A journal entry that does not balance, has fewer than two lines, or an amount ≤ 0; or a part of a
    /// hold that does not balance, is nothing, or is more than the hold.
    #[error("journal entry {0} does not balance")]
    Unbalanced(String),
    /// The id of a new entry exists.
    #[error("journal entry {0} exists already")]
    DuplicateEntry(String),
    /// A hold that is not pending (any more).
    #[error("{0} is not a pending entry")]
    NotPending(String),
    /// The adapter failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

error_codes! {
    CommitError {
        Conflict = "commit.conflict" Temporary:
            "an aggregate has changed meanwhile", "load it, decide and commit again";
        IndexTaken = "commit.index_taken" Temporary:
            "a unique name belongs to another aggregate", "load it, decide and commit again";
        KeyReused = "commit.key_reused" Permanent:
            "the idempotency key was used for another command", "use a new key";
        LeaseLost = "commit.lease_lost" Permanent: "the work item's lease is lost", "drop the work";
        Guard = "commit.guard" Permanent:
            "an account would have less than it must", "take less, or add money first";
        Unbalanced = "commit.unbalanced" Permanent:
            "a journal entry does not balance", "mend the postings: this is a bug";
        DuplicateEntry = "commit.duplicate_entry" Permanent:
            "a journal entry of this id exists", "derive the id from what caused the entry";
        NotPending = "commit.not_pending" Permanent:
            "a hold that is to end is not pending", "load what holds it and decide again";
    } within {
        Port = PortError::code;
    }
}

/// An account's balance; every figure ≥ 0 unless the account may be overdrawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Settled, in the account's normal direction.
    pub settled: Amount,
    /// Pending outflows (against the normal side).
    pub pending_out: Amount,
    /// Pending inflows.
    pub pending_in: Amount,
}

/// An event as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// Position in the tenant's order of commits; assigned after commit, never skipped.
    pub position: u64,
    /// Whose history.
    pub aggregate: AggregateId,
    /// The event.
    pub record: Record,
    /// When it was recorded.
    pub recorded_at: Timestamp,
}

/// Which entries to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryQuery {
    /// Only entries with a posting on this account.
    pub account: AccountId,
    /// Continue before this position (newest first); `None` = from the newest.
    pub before: Option<u64>,
    /// At most this many.
    pub limit: usize,
}

/// A listed entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its position (newest has the highest): the cursor for the next page.
    pub position: u64,
    /// The entry, with its present status and chain transaction.
    pub entry: JournalEntry,
}

/// The durable record.
///
/// Guarantees: `commit` is atomic and durable when it returns `Ok`; reads see every commit that
/// returned before they began. No call reads or writes across tenants.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Applies a change set. Checked in this order: key (same hash → [`Committed::Before`], other
    /// hash → [`CommitError::KeyReused`]), lease, versions, index, entries, holds, guards.
    async fn commit(&self, changes: ChangeSet) -> Result<Committed, CommitError>;

    /// The stored outcome of a key: its request hash and the record.
    async fn outcome(
        &self,
        tenant: &TenantId,
        key: &str,
    ) -> Result<Option<([u8; 32], Record)>, PortError>;

    /// Aggregates in the order asked for; `None` where there is none.
    async fn load(
        &self,
        tenant: &TenantId,
        ids: &[AggregateId],
    ) -> Result<Vec<Option<Stored>>, PortError>;

    /// Aggregates of a kind in the order of their ids, after `after`, at most `limit`.
    async fn list(
        &self,
        tenant: &TenantId,
        kind: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Stored>, PortError>;

    /// Whom unique names point to, in the order asked for.
    async fn lookup(
        &self,
        tenant: &TenantId,
        keys: &[IndexKey],
    ) -> Result<Vec<Option<AggregateId>>, PortError>;

    /// Balances in the order asked for; zero for an account never used.
    async fn balances(
        &self,
        tenant: &TenantId,
        accounts: &[AccountId],
    ) -> Result<Vec<Balance>, PortError>;

    /// Entries of an account, newest first.
    async fn entries(
        &self,
        tenant: &TenantId,
        query: &EntryQuery,
    ) -> Result<Vec<StoredEntry>, PortError>;

    /// Events after a position (0 = from the first), in commit order, at most `limit`.
    async fn events_after(
        &self,
        tenant: &TenantId,
        position: u64,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, PortError>;
}
