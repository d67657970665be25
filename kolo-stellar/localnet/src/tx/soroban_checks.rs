//! What a Soroban transaction has to declare properly before it is looked at.

use std::collections::BTreeSet;

use soroban_env_host::fees::{TransactionResources, compute_transaction_resource_fee};
use stellar_xdr::{
    AccountId, Asset, LedgerKey, Limits as XdrLimits, Memo, MuxedAccount, OperationBody,
    SorobanTransactionData, SorobanTransactionDataExt, TrustLineAsset, WriteXdr,
};

use super::frame::Inner;
use crate::ledger::{durability, is_persistent, is_valid_asset, issuer};
use crate::soroban::Settings;

/// The largest resource fee that can be declared.
pub(crate) const MAX_RESOURCE_FEE: i64 = 1 << 50;

/// Whether the transaction declares valid resources and enough fee for them.
pub(crate) fn is_valid(inner: &Inner, settings: &Settings, check_fee: bool) -> bool {
    let Some(data) = inner.soroban_data() else {
        return false;
    };
    has_no_memo(inner)
        && is_within_limits(inner, data, settings)
        && (!check_fee || data.resource_fee <= inner.full_fee())
        && {
            let (non_refundable, refundable) = resource_fee(inner, data, settings, 0);
            non_refundable.checked_add(refundable).is_some_and(|needed| data.resource_fee >= needed)
        }
        && has_unique_keys(data)
}

/// The (non-refundable, refundable) resource fee for what is declared and so many bytes of
/// events.
pub(crate) fn resource_fee(
    inner: &Inner,
    data: &SorobanTransactionData,
    settings: &Settings,
    events_bytes: u32,
) -> (i64, i64) {
    let resources = TransactionResources {
        instructions: data.resources.instructions,
        disk_read_entries: inner.disk_reads(data),
        write_entries: count(data.resources.footprint.read_write.len()),
        disk_read_bytes: data.resources.disk_read_bytes,
        write_bytes: data.resources.write_bytes,
        contract_events_size_bytes: events_bytes,
        transaction_size_bytes: inner.size,
    };
    compute_transaction_resource_fee(&resources, &settings.network.fee_configuration)
}

/// Soroban operations have no use for a memo, and the host would not see a muxed source.
fn has_no_memo(inner: &Inner) -> bool {
    let muxed = |account: &MuxedAccount| matches!(account, MuxedAccount::MuxedEd25519(_));
    // Only invocations: extending and restoring have always carried memos.
    let invokes =
        inner.tx.operations.first().is_some_and(|operation| {
            matches!(operation.body, OperationBody::InvokeHostFunction(_))
        });
    !invokes
        || (*inner.memo() == Memo::None
            && !muxed(&inner.tx.source_account)
            && inner.tx.operations.iter().all(|op| !op.source_account.as_ref().is_some_and(muxed)))
}

fn is_within_limits(inner: &Inner, data: &SorobanTransactionData, settings: &Settings) -> bool {
    let limits = &settings.limits;
    let resources = &data.resources;
    let reads = count(resources.footprint.read_only.len());
    let writes = count(resources.footprint.read_write.len());
    let keys = resources.footprint.read_only.iter().chain(resources.footprint.read_write.iter());
    resources.instructions <= limits.instructions
        && resources.disk_read_bytes <= limits.disk_read_bytes
        && resources.write_bytes <= limits.write_bytes
        && reads.saturating_add(writes) <= limits.footprint_entries
        && inner.disk_reads(data) <= limits.disk_read_entries
        && writes <= limits.write_entries
        && inner.size <= limits.envelope_bytes
        && keys.into_iter().all(|key| is_valid_key(key, settings))
        && has_valid_archived_indices(data)
}

fn is_valid_key(key: &LedgerKey, settings: &Settings) -> bool {
    let valid_type = match key {
        LedgerKey::Account(_) | LedgerKey::ContractData(_) | LedgerKey::ContractCode(_) => true,
        LedgerKey::Trustline(line) => is_valid_line(&line.account_id, &line.asset),
        _ => false,
    };
    valid_type
        && key
            .to_xdr(XdrLimits::none())
            .is_ok_and(|bytes| count(bytes.len()) <= settings.limits.key_bytes)
}

fn is_valid_line(account: &AccountId, asset: &TrustLineAsset) -> bool {
    let asset = match asset {
        TrustLineAsset::CreditAlphanum4(asset) => Asset::CreditAlphanum4(asset.clone()),
        TrustLineAsset::CreditAlphanum12(asset) => Asset::CreditAlphanum12(asset.clone()),
        TrustLineAsset::Native | TrustLineAsset::PoolShare(_) => return false,
    };
    is_valid_asset(&asset) && issuer(&asset) != Some(account)
}

/// Indices of entries to restore: ascending, within the footprint, of persistent entries.
fn has_valid_archived_indices(data: &SorobanTransactionData) -> bool {
    let writes = &data.resources.footprint.read_write;
    let indices = archived_indices(data);
    indices.is_sorted_by(|a, b| a < b)
        && indices.iter().all(|index| {
            usize::try_from(*index).is_ok_and(|at| writes.get(at).is_some_and(is_persistent))
        })
}

/// Which read-write entries the transaction restores on the way.
pub(crate) fn archived_indices(data: &SorobanTransactionData) -> &[u32] {
    match &data.ext {
        SorobanTransactionDataExt::V0 => &[],
        SorobanTransactionDataExt::V1(ext) => ext.archived_soroban_entries.as_slice(),
    }
}

impl Inner {
    /// Entries read from disk: classic ones and those to be restored; live contract entries are
    /// held in memory.
    pub(crate) fn disk_reads(&self, data: &SorobanTransactionData) -> u32 {
        let footprint = &data.resources.footprint;
        let restores =
            self.tx.operations.first().is_some_and(|operation| {
                matches!(operation.body, OperationBody::RestoreFootprint(_))
            });
        if restores {
            return count(footprint.read_write.len());
        }
        let keys = footprint.read_only.iter().chain(footprint.read_write.iter());
        let classic = keys.filter(|key| durability(key).is_none()).count();
        count(classic.saturating_add(archived_indices(data).len()))
    }
}

fn has_unique_keys(data: &SorobanTransactionData) -> bool {
    let footprint = &data.resources.footprint;
    let mut seen = BTreeSet::new();
    footprint.read_only.iter().chain(footprint.read_write.iter()).all(|key| seen.insert(key))
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
