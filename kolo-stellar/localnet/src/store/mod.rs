//! Where closed ledgers are kept.

mod codec;
mod disk;
mod memory;

pub use disk::DiskStore;
pub use memory::MemoryStore;

use std::ops::RangeInclusive;

use stellar_xdr::{Hash, LedgerHeaderHistoryEntry, LedgerKey};

use crate::model::{ClosedLedger, EntryChange, EventQuery, EventRecord, StoredEntry, TxRecord};

/// Ledgers of history kept unless asked otherwise: a week of five-second ledgers.
pub const DEFAULT_RETENTION: u32 = 120_960;

/// Keeps the state of a network and its history.
///
/// The network calls it from its one thread. [`append`](LedgerStore::append) is called before
/// anything of that ledger is visible to anybody.
pub trait LedgerStore: Send {
    /// The state after the last appended ledger, or `None` for a new store.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read or belongs to another network.
    fn load(&mut self) -> Result<Option<Snapshot>, StoreError>;

    /// Keeps a closed ledger durably: all of it or nothing. `passphrase` names the network and
    /// must be the same in every call.
    ///
    /// # Errors
    /// [`StoreError`]; then the network does not show the ledger.
    fn append(&mut self, passphrase: &str, ledger: &ClosedLedger) -> Result<(), StoreError>;

    /// Takes every ledger after `header`'s back: all of it or nothing. `changes` are the entries
    /// that were different then (`None`: there was none). Older history that is gone stays gone.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was taken back.
    fn revert(
        &mut self,
        header: &LedgerHeaderHistoryEntry,
        changes: &[EntryChange],
    ) -> Result<(), StoreError>;

    /// The transaction with this hash; for fee-bumps the inner hash finds it too.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    fn transaction(&self, hash: &Hash) -> Result<Option<TxRecord>, StoreError>;

    /// The headers in the range, ascending, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    fn ledgers(
        &self,
        range: RangeInclusive<u32>,
        limit: usize,
    ) -> Result<Vec<LedgerHeaderHistoryEntry>, StoreError>;

    /// The transactions of the ledgers in the range in application order, at most `limit`, and
    /// only those after `(ledger, index)` if given.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    fn transactions(
        &self,
        range: RangeInclusive<u32>,
        after: Option<(u32, u32)>,
        limit: usize,
    ) -> Result<Vec<TxRecord>, StoreError>;

    /// Events in order of position.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    fn events(&self, query: &EventQuery) -> Result<Vec<EventRecord>, StoreError>;

    /// The oldest header kept; `None` for a new store.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    fn oldest(&self) -> Result<Option<LedgerHeaderHistoryEntry>, StoreError>;

    /// How many ledgers of history are kept: those whose sequence is at most this many, less one,
    /// below the latest. Entries are kept whatever their age.
    fn retention(&self) -> u32 {
        DEFAULT_RETENTION
    }
}

/// The oldest ledger to keep once `latest` has closed.
fn oldest_kept(latest: u32, retention: u32) -> u32 {
    latest.saturating_add(1).saturating_sub(retention.max(1))
}

/// The whole state after a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The network's passphrase.
    pub passphrase: String,
    /// The header of that ledger.
    pub header: LedgerHeaderHistoryEntry,
    /// Every entry, in key order.
    pub entries: Vec<(LedgerKey, StoredEntry)>,
}

/// The store failed. Nothing of what was asked was done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The disk, or the database on it.
    #[error("the ledger store cannot be read or written: {0}; check the folder and its free space")]
    Io(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Another process, or another network in this one, has it open.
    #[error(
        "the ledger store {0} is in use: stop the other network that runs on it, or choose \
         another folder"
    )]
    InUse(String),
    /// It was written by a version of this crate that this one does not know.
    #[error(
        "the ledger store has format {found}, and this version reads {known}: use the version \
         that wrote it, or move the folder away to begin a new network"
    )]
    Format {
        /// The format found.
        found: u32,
        /// The format this version reads and writes.
        known: u32,
    },
    /// It belongs to another network.
    #[error(
        "the ledger store belongs to the network {found:?}, not {asked:?}: use its passphrase, \
         or another folder"
    )]
    OtherNetwork {
        /// The passphrase in the store.
        found: String,
        /// The passphrase of the network that wants to use it.
        asked: String,
    },
    /// What was read is not what was written.
    #[error("the ledger store is damaged: {0}; move its folder away to begin a new network")]
    Damaged(String),
}
