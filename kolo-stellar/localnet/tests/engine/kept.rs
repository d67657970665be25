//! A store that the test can look into.

use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};

use kolo_localnet::store::MemoryStore;
use kolo_localnet::{
    ClosedLedger, EntryChange, EventQuery, EventRecord, LedgerStore, Snapshot, StoreError, TxRecord,
};
use stellar_xdr::{Hash, LedgerHeaderHistoryEntry};

/// The memory store, shared so that a test sees what is kept.
#[derive(Clone, Default)]
pub struct Kept(pub Arc<Mutex<MemoryStore>>);

impl LedgerStore for Kept {
    fn load(&mut self) -> Result<Option<Snapshot>, StoreError> {
        self.0.lock().unwrap().load()
    }

    fn append(&mut self, passphrase: &str, ledger: &ClosedLedger) -> Result<(), StoreError> {
        self.0.lock().unwrap().append(passphrase, ledger)
    }

    fn revert(
        &mut self,
        header: &LedgerHeaderHistoryEntry,
        changes: &[EntryChange],
    ) -> Result<(), StoreError> {
        self.0.lock().unwrap().revert(header, changes)
    }

    fn transaction(&self, hash: &Hash) -> Result<Option<TxRecord>, StoreError> {
        self.0.lock().unwrap().transaction(hash)
    }

    fn ledgers(
        &self,
        range: RangeInclusive<u32>,
        limit: usize,
    ) -> Result<Vec<LedgerHeaderHistoryEntry>, StoreError> {
        self.0.lock().unwrap().ledgers(range, limit)
    }

    fn transactions(
        &self,
        range: RangeInclusive<u32>,
        after: Option<(u32, u32)>,
        limit: usize,
    ) -> Result<Vec<TxRecord>, StoreError> {
        self.0.lock().unwrap().transactions(range, after, limit)
    }

    fn events(&self, query: &EventQuery) -> Result<Vec<EventRecord>, StoreError> {
        self.0.lock().unwrap().events(query)
    }

    fn oldest(&self) -> Result<Option<LedgerHeaderHistoryEntry>, StoreError> {
        self.0.lock().unwrap().oldest()
    }
}
