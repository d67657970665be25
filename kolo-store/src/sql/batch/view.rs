//! What the database holds, as far as a batch is concerned, together with what the batch decided.
use std::collections::HashMap;

use kolo_core::port::ledger::{AggregateId, EntryStatus, IndexKey, Posting, Record};
use kolo_core::port::work::WorkId;
use kolo_core::{Amount, TenantId, Timestamp};

use super::account::{AccountKey, AccountState};

/// A tenant's key.
pub(super) type Key<T> = (TenantId, T);

/// See the module. What is absent does not exist.
#[derive(Default)]
pub(super) struct View {
    pub commands: HashMap<Key<String>, ([u8; 32], Record)>,
    pub versions: HashMap<Key<AggregateId>, u64>,
    pub index: HashMap<Key<IndexKey>, AggregateId>,
    pub entries: HashMap<Key<String>, EntryState>,
    pub accounts: HashMap<Key<AccountKey>, AccountState>,
    pub work: HashMap<Key<WorkId>, WorkState>,
    pub heads: HashMap<TenantId, Heads>,
}

/// An entry as far as ending it needs.
#[derive(Clone, Debug)]
pub(super) struct EntryState {
    pub position: u64,
    pub status: EntryStatus,
    pub effective_at: Timestamp,
    pub chain_tx: Option<String>,
    /// Loaded only where the entry is a hold that may end.
    pub postings: Vec<Posting>,
    /// What settled of each line, where the hold settled in part.
    pub parts: Option<Vec<Amount>>,
}

/// A work item as far as its lease needs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct WorkState {
    pub done: bool,
    pub token: u64,
    pub leased_until: Option<Timestamp>,
}

impl WorkState {
    /// Whether that token is a lease held at that moment.
    pub fn held(&self, token: u64, at: Timestamp) -> bool {
        !self.done && self.token == token && self.leased_until.is_some_and(|until| at < until)
    }
}

/// The last positions given out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Heads {
    pub event: u64,
    pub entry: u64,
    /// When the last entry was recorded, seconds.
    pub recorded_at: i64,
}
