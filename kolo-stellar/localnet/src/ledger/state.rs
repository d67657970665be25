//! The committed state.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use stellar_xdr::{
    ContractDataDurability, Hash, LedgerEntry, LedgerEntryData, LedgerEntryExt, LedgerKey,
    LedgerKeyContractData, LedgerKeyData, LedgerKeyTtl, Limits, ScAddress, ScVal, String64,
    TrustLineAsset, TtlEntry, WriteXdr,
};

use super::account::account_key;
use super::trustline::trustline_key;

use crate::model::{EntryChange, StoredEntry};

/// Every entry of the latest closed ledger.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    entries: BTreeMap<LedgerKey, Arc<StoredEntry>>,
    /// Temporary entries by (last ledger, key): those to be removed next come first.
    temporary: BTreeMap<(u32, LedgerKey), ()>,
    /// Keys by the hash a TTL key names them with.
    by_hash: BTreeMap<Hash, LedgerKey>,
}

impl State {
    pub(crate) fn get(&self, key: &LedgerKey) -> Option<&Arc<StoredEntry>> {
        self.entries.get(key)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&LedgerKey, &Arc<StoredEntry>)> {
        self.entries.iter()
    }

    /// What belongs to an account (itself, its trustlines, its data) or to a contract (its instance
    /// and data), in key order.
    pub(crate) fn of(
        &self,
        owner: &ScAddress,
    ) -> impl Iterator<Item = (&LedgerKey, &Arc<StoredEntry>)> {
        first_keys(owner).into_iter().flat_map(move |first| {
            let kind = first.discriminant();
            let mine = move |key: &LedgerKey| key.discriminant() == kind && is_of(key, owner);
            self.entries.range(first..).take_while(move |(key, _)| mine(key))
        })
    }

    pub(crate) fn set(&mut self, key: &LedgerKey, entry: Option<&Arc<StoredEntry>>) {
        let live_until = |entry: &Arc<StoredEntry>| entry.live_until;
        let before = self.get(key).and_then(live_until);
        let after = entry.and_then(live_until);
        match entry {
            Some(entry) => self.entries.insert(key.clone(), Arc::clone(entry)),
            None => self.entries.remove(key),
        };
        if before != after {
            self.note_ttl(key, before, after);
        }
    }

    /// What has to change for this state to become `earlier`.
    pub(crate) fn difference(&self, earlier: &Self) -> Vec<EntryChange> {
        let same = |key: &LedgerKey, entry: &Arc<StoredEntry>, other: &Self| {
            other.entries.get(key).is_some_and(|known| Arc::ptr_eq(known, entry) || known == entry)
        };
        let removed = self.entries.keys().filter(|key| !earlier.entries.contains_key(key));
        let changed = earlier.entries.iter().filter(|(key, entry)| !same(key, entry, self));
        let changed = changed.map(|(key, entry)| (key.clone(), Some(Arc::clone(entry))));
        removed.map(|key| (key.clone(), None)).chain(changed).collect()
    }

    /// Temporary entries whose last ledger is before `sequence`.
    pub(crate) fn expired_temporary(&self, sequence: u32) -> Vec<LedgerKey> {
        self.temporary
            .keys()
            .take_while(|(live_until, _)| *live_until < sequence)
            .map(|(_, key)| key.clone())
            .collect()
    }

    /// The TTL entry a key of type TTL names, made up from the entry that has the TTL.
    pub(crate) fn ttl_entry(&self, key: &LedgerKeyTtl) -> Option<StoredEntry> {
        let entry = self.get(self.by_hash.get(&key.key_hash)?)?;
        Some(StoredEntry {
            entry: ttl_entry(key.clone(), entry.live_until?, entry.entry.last_modified_ledger_seq),
            live_until: None,
        })
    }

    /// Finds an entry by its TTL's key, and temporary ones by their last ledger.
    fn note_ttl(&mut self, key: &LedgerKey, before: Option<u32>, after: Option<u32>) {
        match (before, after) {
            (Some(_), None) => drop(self.by_hash.remove(&hash_of(key))),
            (None, Some(_)) => drop(self.by_hash.insert(hash_of(key), key.clone())),
            _ => {}
        }
        if is_persistent(key) {
            return;
        }
        if let Some(before) = before {
            self.temporary.remove(&(before, key.clone()));
        }
        if let Some(after) = after {
            self.temporary.insert((after, key.clone()), ());
        }
    }
}

/// For each kind of entry that an address can own, the lowest key there can be.
fn first_keys(owner: &ScAddress) -> Vec<LedgerKey> {
    match owner {
        ScAddress::Account(account) => vec![
            account_key(account),
            trustline_key(account, &TrustLineAsset::Native),
            LedgerKey::Data(LedgerKeyData {
                account_id: account.clone(),
                data_name: String64::default(),
            }),
        ],
        ScAddress::Contract(_) => vec![LedgerKey::ContractData(LedgerKeyContractData {
            contract: owner.clone(),
            key: ScVal::Bool(false),
            durability: ContractDataDurability::Temporary,
        })],
        _ => Vec::new(),
    }
}

fn is_of(key: &LedgerKey, owner: &ScAddress) -> bool {
    let account = match key {
        LedgerKey::Account(key) => &key.account_id,
        LedgerKey::Trustline(key) => &key.account_id,
        LedgerKey::Data(key) => &key.account_id,
        LedgerKey::ContractData(key) => return key.contract == *owner,
        _ => return false,
    };
    matches!(owner, ScAddress::Account(owner) if owner == account)
}

/// The durability of entries that have a TTL.
pub(crate) fn durability(key: &LedgerKey) -> Option<ContractDataDurability> {
    match key {
        LedgerKey::ContractData(data) => Some(data.durability),
        LedgerKey::ContractCode(_) => Some(ContractDataDurability::Persistent),
        _ => None,
    }
}

pub(crate) fn is_persistent(key: &LedgerKey) -> bool {
    durability(key) == Some(ContractDataDurability::Persistent)
}

/// The key of the TTL that belongs to `key`.
pub(crate) fn ttl_key(key: &LedgerKey) -> LedgerKeyTtl {
    LedgerKeyTtl { key_hash: hash_of(key) }
}

/// A TTL entry as the network has it.
pub(crate) fn ttl_entry(key: LedgerKeyTtl, live_until: u32, modified: u32) -> LedgerEntry {
    LedgerEntry {
        last_modified_ledger_seq: modified,
        data: LedgerEntryData::Ttl(TtlEntry {
            key_hash: key.key_hash,
            live_until_ledger_seq: live_until,
        }),
        ext: LedgerEntryExt::V0,
    }
}

fn hash_of(key: &LedgerKey) -> Hash {
    // Writing to memory without limits has no way to fail; an empty preimage would only make
    // the TTL unfindable.
    let bytes = key.to_xdr(Limits::none()).unwrap_or_default();
    Hash(Sha256::digest(bytes).into())
}
