//! The first ledger.

use std::sync::Arc;

use stellar_xdr::{AccountId, LedgerEntry, LedgerEntryData, LedgerEntryExt};

use crate::apply::new_account;
use crate::ledger::account_key;
use crate::model::{EntryChange, StoredEntry};
use crate::settings::NetworkSettings;
use crate::soroban::genesis_settings;

/// The passphrase of standalone networks.
pub const STANDALONE_PASSPHRASE: &str = "Standalone Network ; February 2017";
/// The protocol: the contract host executes only its own.
pub const PROTOCOL_VERSION: u32 = soroban_env_host::meta::INTERFACE_VERSION.protocol;
/// Base fee per operation, stroops.
pub const BASE_FEE: u32 = 100;
/// Base reserve, stroops (0.5 XLM).
pub const BASE_RESERVE: u32 = 5_000_000;
/// Every coin there is: 100 billion XLM, in stroops.
pub const TOTAL_COINS: i64 = 1_000_000_000_000_000_000;

/// The entries of the first ledger: the root account and the configuration.
pub(crate) fn entries(
    root: AccountId,
    settings: &NetworkSettings,
) -> Result<Vec<EntryChange>, String> {
    let key = account_key(&root);
    let account = LedgerEntryData::Account(new_account(root, TOTAL_COINS, 0));
    let mut entries = vec![(key, Some(stored(account)))];
    for (key, setting) in genesis_settings(settings)? {
        entries.push((key, Some(stored(LedgerEntryData::ConfigSetting(setting)))));
    }
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(entries)
}

fn stored(data: LedgerEntryData) -> Arc<StoredEntry> {
    let entry = LedgerEntry { last_modified_ledger_seq: 1, data, ext: LedgerEntryExt::V0 };
    Arc::new(StoredEntry { entry, live_until: None })
}
