//! Changes that can still be taken back.

use std::collections::BTreeMap;
use std::sync::Arc;

use stellar_xdr::{
    AccountId, LedgerEntry, LedgerEntryChange, LedgerEntryChanges, LedgerEntryData, LedgerEntryExt,
    LedgerKey, LedgerKeyTtl,
};

use super::state::{State, durability, ttl_entry, ttl_key};
use crate::model::StoredEntry;

type Layer = BTreeMap<LedgerKey, Option<Arc<StoredEntry>>>;

/// What the ledger being closed is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LedgerContext {
    pub(crate) network_id: [u8; 32],
    pub(crate) sequence: u32,
    pub(crate) close_time: u64,
    pub(crate) base_fee: u32,
    pub(crate) base_reserve: u32,
}

/// A stack of changes over the committed state. The bottom layer collects a whole ledger.
pub(crate) struct Txn<'a> {
    base: &'a State,
    layers: Vec<Layer>,
    /// Who sponsors whose reserves, between Begin and End; belongs to one transaction.
    pub(crate) sponsorships: BTreeMap<AccountId, AccountId>,
    /// Fees collected so far in this ledger.
    pub(crate) fee_pool: i64,
    pub(crate) context: LedgerContext,
}

impl<'a> Txn<'a> {
    pub(crate) fn new(base: &'a State, context: LedgerContext, fee_pool: i64) -> Self {
        Self { base, layers: vec![Layer::new()], sponsorships: BTreeMap::new(), fee_pool, context }
    }

    /// Opens a layer; end it with [`commit`](Self::commit) or [`rollback`](Self::rollback).
    pub(crate) fn begin(&mut self) {
        self.layers.push(Layer::new());
    }

    pub(crate) fn rollback(&mut self) {
        if self.layers.len() > 1 {
            self.layers.pop();
        }
    }

    pub(crate) fn commit(&mut self) {
        if self.layers.len() > 1
            && let Some(top) = self.layers.pop()
            && let Some(below) = self.layers.last_mut()
        {
            below.extend(top);
        }
    }

    /// The entry, archived or not; temporary entries that have expired do not exist.
    pub(crate) fn get(&self, key: &LedgerKey) -> Option<Arc<StoredEntry>> {
        let found = self.get_below(key, self.layers.len())?;
        let expired = found.live_until.is_some_and(|until| until < self.context.sequence);
        (!expired || super::is_persistent(key)).then_some(found)
    }

    pub(crate) fn put(&mut self, key: LedgerKey, data: LedgerEntryData, live_until: Option<u32>) {
        let ext = self.get(&key).map_or(LedgerEntryExt::V0, |entry| entry.entry.ext.clone());
        self.put_entry(key, LedgerEntry { last_modified_ledger_seq: 0, data, ext }, live_until);
    }

    /// Like [`put`](Self::put), with the entry's sponsor.
    pub(crate) fn put_entry(
        &mut self,
        key: LedgerKey,
        mut entry: LedgerEntry,
        live_until: Option<u32>,
    ) {
        entry.last_modified_ledger_seq = self.context.sequence;
        self.set(key, Some(Arc::new(StoredEntry { entry, live_until })));
    }

    /// Changes only the TTL: the entry itself stays unmodified.
    pub(crate) fn put_ttl(&mut self, key: LedgerKey, live_until: u32) {
        if let Some(entry) = self.get_below(&key, self.layers.len()) {
            let entry = StoredEntry { live_until: Some(live_until), ..(*entry).clone() };
            self.set(key, Some(Arc::new(entry)));
        }
    }

    pub(crate) fn erase(&mut self, key: LedgerKey) {
        self.set(key, None);
    }

    /// What the top layer changed, as metadata has it: TTLs are entries of their own there.
    pub(crate) fn changes(&self) -> LedgerEntryChanges {
        let mut changes = Vec::new();
        for (key, after) in self.layers.last().into_iter().flatten() {
            let before = self.get_below(key, self.layers.len() - 1);
            push_entry_changes(&mut changes, key, before.as_deref(), after.as_deref());
            if durability(key).is_some() {
                push_ttl_changes(&mut changes, key, before.as_deref(), after.as_deref());
            }
        }
        // There are never more changes than a VecM without bound can hold.
        LedgerEntryChanges(changes.try_into().unwrap_or_default())
    }

    /// Everything this ledger changed.
    pub(crate) fn finish(mut self) -> Vec<(LedgerKey, Option<Arc<StoredEntry>>)> {
        while self.layers.len() > 1 {
            self.commit();
        }
        let base = self.base;
        self.layers
            .into_iter()
            .flatten()
            .filter(|(key, after)| base.get(key) != after.as_ref())
            .collect()
    }

    fn set(&mut self, key: LedgerKey, entry: Option<Arc<StoredEntry>>) {
        if let Some(top) = self.layers.last_mut() {
            top.insert(key, entry);
        }
    }

    fn get_below(&self, key: &LedgerKey, depth: usize) -> Option<Arc<StoredEntry>> {
        for layer in self.layers.iter().take(depth).rev() {
            if let Some(entry) = layer.get(key) {
                return entry.clone();
            }
        }
        self.base.get(key).cloned()
    }
}

fn push_entry_changes(
    changes: &mut Vec<LedgerEntryChange>,
    key: &LedgerKey,
    before: Option<&StoredEntry>,
    after: Option<&StoredEntry>,
) {
    match (before, after) {
        (None, Some(after)) => changes.push(LedgerEntryChange::Created(after.entry.clone())),
        (Some(before), Some(after)) if before.entry != after.entry => {
            changes.push(LedgerEntryChange::State(before.entry.clone()));
            changes.push(LedgerEntryChange::Updated(after.entry.clone()));
        }
        (Some(before), None) => {
            changes.push(LedgerEntryChange::State(before.entry.clone()));
            changes.push(LedgerEntryChange::Removed(key.clone()));
        }
        (Some(_), Some(_)) | (None, None) => {}
    }
}

fn push_ttl_changes(
    changes: &mut Vec<LedgerEntryChange>,
    key: &LedgerKey,
    before: Option<&StoredEntry>,
    after: Option<&StoredEntry>,
) {
    let ttl = |entry: &StoredEntry| {
        entry
            .live_until
            .map(|until| ttl_entry(ttl_key(key), until, entry.entry.last_modified_ledger_seq))
    };
    let same = before.and_then(|e| e.live_until) == after.and_then(|e| e.live_until);
    match (before.and_then(ttl), after.and_then(ttl)) {
        (None, Some(after)) => changes.push(LedgerEntryChange::Created(after)),
        (Some(before), Some(after)) if !same => {
            changes.push(LedgerEntryChange::State(before));
            changes.push(LedgerEntryChange::Updated(after));
        }
        (Some(before), None) => {
            let LedgerKeyTtl { key_hash } = ttl_key(key);
            changes.push(LedgerEntryChange::State(before));
            changes.push(LedgerEntryChange::Removed(LedgerKey::Ttl(LedgerKeyTtl { key_hash })));
        }
        (Some(_), Some(_)) | (None, None) => {}
    }
}
