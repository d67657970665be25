//! The entries a Soroban operation has declared.

use soroban_env_host::HostError;
use soroban_env_host::budget::Budget;
use soroban_env_host::e2e_invoke::entry_size_for_rent;
use stellar_xdr::{
    ContractDataDurability, LedgerEntry, LedgerEntryData, LedgerKey, Limits as XdrLimits, WriteXdr,
};

use super::settings::Settings;

/// The XDR size of an entry.
pub(super) fn entry_bytes(entry: &LedgerEntry) -> u32 {
    entry.to_xdr(XdrLimits::none()).map_or(u32::MAX, |xdr| bytes(&xdr))
}

pub(super) fn bytes(xdr: &[u8]) -> u32 {
    u32::try_from(xdr.len()).unwrap_or(u32::MAX)
}

/// Whether a contract's entry is of a size the network keeps.
pub(super) fn fits(entry: &LedgerEntryData, size: u32, settings: &Settings) -> bool {
    match entry {
        LedgerEntryData::ContractCode(_) => size <= settings.limits.contract_bytes,
        LedgerEntryData::ContractData(_) => size <= settings.limits.entry_bytes,
        _ => true,
    }
}

/// The size rent is computed for: code costs the memory of its module, too.
pub(super) fn rent_bytes(
    entry: &LedgerEntry,
    size: u32,
    settings: &Settings,
) -> Result<u32, HostError> {
    if !matches!(entry.data, LedgerEntryData::ContractCode(_)) {
        return Ok(size);
    }
    entry_size_for_rent(&settings.budget(u32::MAX)?, entry, size)
}

/// What the host is told about the ledger.
pub(super) fn host_ledger(
    context: &crate::ledger::LedgerContext,
    settings: &Settings,
) -> soroban_env_host::LedgerInfo {
    let mut info = soroban_env_host::LedgerInfo {
        protocol_version: crate::genesis::PROTOCOL_VERSION,
        sequence_number: context.sequence,
        timestamp: context.close_time,
        network_id: context.network_id,
        base_reserve: context.base_reserve,
        ..Default::default()
    };
    settings.network.fill_config_fields_in_ledger_info(&mut info);
    info
}

pub(super) fn is_temporary(key: &LedgerKey) -> bool {
    crate::ledger::durability(key) == Some(ContractDataDurability::Temporary)
}

/// An unlimited budget for work that is not metered.
pub(super) fn unmetered(settings: &Settings) -> Result<Budget, HostError> {
    Budget::try_from_configs(
        u64::MAX,
        u64::MAX,
        settings.network.cpu_cost_params.clone(),
        settings.network.memory_cost_params.clone(),
    )
}
