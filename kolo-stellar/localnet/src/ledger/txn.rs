//! Changes that can still be taken back.

use std::collections::BTreeMap;
use std::sync::Arc;

use stellar_xdr::{
    AccountId, LedgerEntry, LedgerEntryChange, LedgerEntryChanges, LedgerEntryData, LedgerEntryExt,
    LedgerKey, LedgerKeyTtl,
};

use super::state::{State, durability, ttl_entry, ttl_key};
use crate::model::{EntryChange, StoredEntry};

type Layer = BTreeMap<LedgerKey, Option<Arc<StoredEntry>>>;

/// What the ledger being closed is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LedgerContext {
    pub(crate) network_id: [u8; 32],
    pub(crate) sequence: u32,
    pub(crate) close_time: u64,
    pub(crate) base_fee: u32,
    pub(crate) base_reserve: u32,
    /// Ledgers a persistent entry lives from its creation or restoration on.
    pub(crate) min_persistent_ttl: u32,
}

impl LedgerContext {
    /// The last ledger of a persistent entry that is created or restored now.
    pub(crate) fn min_live_until(&self) -> u32 {
        self.sequence.saturating_add(self.min_persistent_ttl.saturating_sub(1))
    }
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

    /// What the top layer changed, as metadata has it: TTLs are entries of their own there, and
    /// what had been archived was restored first.
    pub(crate) fn changes(&self) -> LedgerEntryChanges {
        let mut changes = Vec::new();
        for (key, after) in self.layers.last().into_iter().flatten() {
            let before = self.get_below(key, self.layers.len() - 1);
            let (before, after) = (before.as_deref(), after.as_deref());
            match before.filter(|before| is_archived(key, before, self.context.sequence)) {
                Some(archived) => {
                    push_restoration(&mut changes, key, archived, after, &self.context);
                }
                None => push_entry_changes(&mut changes, key, before, after),
            }
            if durability(key).is_some() {
                push_ttl_changes(&mut changes, key, before, after, &self.context);
            }
        }
        // There are never more changes than a VecM without bound can hold.
        LedgerEntryChanges(changes.try_into().unwrap_or_default())
    }

    /// Everything this ledger changed.
    pub(crate) fn finish(mut self) -> Vec<EntryChange> {
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

/// What can only be used again by being restored.
fn is_archived(key: &LedgerKey, entry: &StoredEntry, sequence: u32) -> bool {
    super::is_persistent(key) && entry.live_until.is_some_and(|until| until < sequence)
}

fn push_restoration(
    changes: &mut Vec<LedgerEntryChange>,
    key: &LedgerKey,
    archived: &StoredEntry,
    after: Option<&StoredEntry>,
    context: &LedgerContext,
) {
    let as_it_was =
        || LedgerEntry { last_modified_ledger_seq: context.sequence, ..archived.entry.clone() };
    match after {
        Some(after) if after.entry.data == archived.entry.data => {
            changes.push(LedgerEntryChange::Restored(after.entry.clone()));
        }
        Some(after) => {
            changes.push(LedgerEntryChange::Restored(as_it_was()));
            changes.push(LedgerEntryChange::Updated(after.entry.clone()));
        }
        None => {
            changes.push(LedgerEntryChange::Restored(as_it_was()));
            changes.push(LedgerEntryChange::Removed(key.clone()));
        }
    }
}

fn push_ttl_changes(
    changes: &mut Vec<LedgerEntryChange>,
    key: &LedgerKey,
    before: Option<&StoredEntry>,
    after: Option<&StoredEntry>,
    context: &LedgerContext,
) {
    let ttl = |live_until: u32, modified: u32| ttl_entry(ttl_key(key), live_until, modified);
    let old =
        before.and_then(|entry| Some((entry.live_until?, entry.entry.last_modified_ledger_seq)));
    let new = after.and_then(|entry| entry.live_until);
    let archived = before.is_some_and(|before| is_archived(key, before, context.sequence));
    match (old, new) {
        (None, Some(new)) => changes.push(LedgerEntryChange::Created(ttl(new, context.sequence))),
        (Some((old, _)), Some(new)) if old == new => {}
        (Some(_), Some(new)) if archived && new == context.min_live_until() => {
            changes.push(LedgerEntryChange::Restored(ttl(new, context.sequence)));
        }
        (Some((old, modified)), Some(new)) => {
            changes.push(old_ttl(ttl(old, modified), archived, context));
            changes.push(LedgerEntryChange::Updated(ttl(new, context.sequence)));
        }
        (Some((old, modified)), None) => {
            let LedgerKeyTtl { key_hash } = ttl_key(key);
            changes.push(old_ttl(ttl(old, modified), archived, context));
            changes.push(LedgerEntryChange::Removed(LedgerKey::Ttl(LedgerKeyTtl { key_hash })));
        }
        (None, None) => {}
    }
}

/// The TTL before a change: of an archived entry it counts as restored in this ledger.
fn old_ttl(entry: LedgerEntry, archived: bool, context: &LedgerContext) -> LedgerEntryChange {
    if archived {
        let last_modified_ledger_seq = context.sequence;
        LedgerEntryChange::Restored(LedgerEntry { last_modified_ledger_seq, ..entry })
    } else {
        LedgerEntryChange::State(entry)
    }
}
