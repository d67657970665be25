//! A store that forgets everything when it is dropped.

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;
use std::sync::Arc;

use stellar_xdr::{Hash, LedgerHeaderHistoryEntry, LedgerKey};

use super::{DEFAULT_RETENTION, LedgerStore, Snapshot, StoreError, oldest_kept};
use crate::model::{ClosedLedger, EntryChange, EventQuery, EventRecord, StoredEntry, TxRecord};

/// History and state in memory.
#[derive(Debug)]
pub struct MemoryStore {
    passphrase: String,
    retention: u32,
    ledgers: BTreeMap<u32, (LedgerHeaderHistoryEntry, Vec<Arc<TxRecord>>)>,
    entries: BTreeMap<LedgerKey, Arc<StoredEntry>>,
    by_hash: HashMap<Hash, (u32, usize)>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self {
            passphrase: String::new(),
            retention: DEFAULT_RETENTION,
            ledgers: BTreeMap::new(),
            entries: BTreeMap::new(),
            by_hash: HashMap::new(),
        }
    }

    /// Keeps this many ledgers of history (at least one).
    #[must_use]
    pub fn with_retention(mut self, ledgers: u32) -> Self {
        self.retention = ledgers.max(1);
        self
    }

    fn forget_before(&mut self, oldest: u32) {
        while let Some(first) = self.ledgers.first_entry().filter(|l| *l.key() < oldest) {
            let (_, transactions) = first.remove();
            self.forget(&transactions);
        }
    }

    fn forget(&mut self, transactions: &[Arc<TxRecord>]) {
        for tx in transactions {
            self.by_hash.remove(&tx.hash);
            if let Some(inner) = &tx.inner_hash {
                self.by_hash.remove(inner);
            }
        }
    }

    fn write_entries(&mut self, changes: &[EntryChange]) {
        for (key, change) in changes {
            match change {
                Some(entry) => self.entries.insert(key.clone(), Arc::clone(entry)),
                None => self.entries.remove(key),
            };
        }
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl LedgerStore for MemoryStore {
    fn load(&mut self) -> Result<Option<Snapshot>, StoreError> {
        Ok(self.ledgers.last_key_value().map(|(_, (header, _))| Snapshot {
            passphrase: self.passphrase.clone(),
            header: header.clone(),
            entries: self.entries.iter().map(|(k, e)| (k.clone(), (**e).clone())).collect(),
        }))
    }

    fn append(&mut self, passphrase: &str, ledger: &ClosedLedger) -> Result<(), StoreError> {
        if self.passphrase != passphrase {
            passphrase.clone_into(&mut self.passphrase);
        }
        self.write_entries(&ledger.changes);
        for (at, tx) in ledger.transactions.iter().enumerate() {
            self.by_hash.insert(tx.hash.clone(), (ledger.sequence(), at));
            if let Some(inner) = &tx.inner_hash {
                self.by_hash.insert(inner.clone(), (ledger.sequence(), at));
            }
        }
        let kept = (ledger.header.clone(), ledger.transactions.clone());
        self.ledgers.insert(ledger.sequence(), kept);
        self.forget_before(oldest_kept(ledger.sequence(), self.retention));
        Ok(())
    }

    fn revert(
        &mut self,
        header: &LedgerHeaderHistoryEntry,
        changes: &[EntryChange],
    ) -> Result<(), StoreError> {
        let sequence = header.header.ledger_seq;
        while let Some(last) = self.ledgers.last_entry().filter(|l| *l.key() > sequence) {
            let (_, transactions) = last.remove();
            self.forget(&transactions);
        }
        self.ledgers.entry(sequence).or_insert_with(|| (header.clone(), Vec::new()));
        self.write_entries(changes);
        Ok(())
    }

    fn transaction(&self, hash: &Hash) -> Result<Option<TxRecord>, StoreError> {
        Ok(self.by_hash.get(hash).and_then(|(ledger, at)| {
            self.ledgers.get(ledger).and_then(|(_, txs)| txs.get(*at)).map(|tx| (**tx).clone())
        }))
    }

    fn ledgers(
        &self,
        range: RangeInclusive<u32>,
        limit: usize,
    ) -> Result<Vec<LedgerHeaderHistoryEntry>, StoreError> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.ledgers.range(range).take(limit).map(|(_, (h, _))| h.clone()).collect())
    }

    fn transactions(
        &self,
        range: RangeInclusive<u32>,
        after: Option<(u32, u32)>,
        limit: usize,
    ) -> Result<Vec<TxRecord>, StoreError> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self
            .ledgers
            .range(range)
            .flat_map(|(_, (_, txs))| txs)
            .filter(|tx| after.is_none_or(|after| (tx.ledger, tx.index) > after))
            .take(limit)
            .map(|tx| (**tx).clone())
            .collect())
    }

    fn events(&self, query: &EventQuery) -> Result<Vec<EventRecord>, StoreError> {
        if query.start_ledger > query.end_ledger {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for (_, txs) in self.ledgers.range(query.start_ledger..=query.end_ledger).map(|(_, l)| l) {
            if found.len() >= query.limit {
                break;
            }
            let start = found.len();
            found.extend(
                txs.iter()
                    .flat_map(|tx| &tx.events)
                    .filter(|event| query.after.is_none_or(|after| event.position > after))
                    .cloned(),
            );
            found[start..].sort_by_key(|event| event.position);
        }
        found.truncate(query.limit);
        Ok(found)
    }

    fn oldest(&self) -> Result<Option<LedgerHeaderHistoryEntry>, StoreError> {
        Ok(self.ledgers.first_key_value().map(|(_, (header, _))| header.clone()))
    }

    fn retention(&self) -> u32 {
        self.retention
    }
}
