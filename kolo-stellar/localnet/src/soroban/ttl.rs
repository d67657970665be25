//! ExtendFootprintTtl and RestoreFootprint.

use soroban_env_host::fees::{LedgerEntryRentChange, compute_rent_fee};
use stellar_xdr::{
    ExtendFootprintTtlOp, ExtendFootprintTtlResult, LedgerEntry, LedgerKey, OperationResultTr,
    RestoreFootprintResult,
};

use super::footprint::{entry_bytes, fits, is_temporary, rent_bytes};
use super::settings::Settings;
use crate::apply::{Operation, Outcome, Refusal, refuse};
use crate::ledger::{durability, is_persistent};
use crate::tx::Inner;

fn extended(code: ExtendFootprintTtlResult) -> OperationResultTr {
    OperationResultTr::ExtendFootprintTtl(code)
}

fn restored(code: RestoreFootprintResult) -> OperationResultTr {
    OperationResultTr::RestoreFootprint(code)
}

pub(crate) fn check_extend(
    op: &ExtendFootprintTtlOp,
    inner: &Inner,
    settings: &Settings,
) -> Result<(), Refusal> {
    let (reads, writes) = footprint(inner);
    let malformed = !writes.is_empty()
        || reads.iter().any(|key| durability(key).is_none())
        || op.extend_to > settings.network.max_entry_ttl.saturating_sub(1);
    if malformed {
        return refuse(extended(ExtendFootprintTtlResult::Malformed));
    }
    Ok(())
}

/// Lets the entries of the footprint live for so many ledgers from now.
pub(crate) fn extend(op: &mut Operation<'_, '_>, extend: &ExtendFootprintTtlOp) -> Outcome {
    let sequence = op.txn.context.sequence;
    let target = sequence.saturating_add(extend.extend_to);
    let (reads, _) = footprint(op.inner);
    let mut rents = Vec::new();
    for key in reads {
        let Some(stored) = op.txn.get(key) else {
            continue;
        };
        let Some(live_until) = stored.live_until else {
            continue;
        };
        if live_until < sequence || live_until >= target {
            continue;
        }
        let size = entry_bytes(&stored.entry);
        let rent = fits(&stored.entry.data, size, op.settings)
            .then(|| rent_change(op.settings, key, &stored.entry, size, live_until, target));
        let Some(Some(rent)) = rent else {
            return refuse(extended(ExtendFootprintTtlResult::ResourceLimitExceeded));
        };
        rents.push(rent);
        op.txn.put_ttl(key.clone(), target);
    }
    if !pay_rent(op, &rents) {
        return refuse(extended(ExtendFootprintTtlResult::InsufficientRefundableFee));
    }
    Ok(extended(ExtendFootprintTtlResult::Success))
}

pub(crate) fn check_restore(inner: &Inner) -> Result<(), Refusal> {
    let (reads, writes) = footprint(inner);
    if !reads.is_empty() || !writes.iter().all(is_persistent) {
        return refuse(restored(RestoreFootprintResult::Malformed));
    }
    Ok(())
}

/// Brings the archived entries of the footprint back.
pub(crate) fn restore(op: &mut Operation<'_, '_>) -> Outcome {
    let exceeded = || refuse(restored(RestoreFootprintResult::ResourceLimitExceeded));
    let Some(data) = op.inner.soroban_data() else {
        return exceeded();
    };
    let sequence = op.txn.context.sequence;
    let target = op.txn.context.min_live_until();
    let mut rents = Vec::new();
    let mut total = 0_u32;
    for key in data.resources.footprint.read_write.iter() {
        let Some(stored) = op.txn.get(key) else {
            continue;
        };
        if stored.live_until.is_none_or(|until| until >= sequence) {
            continue;
        }
        let size = entry_bytes(&stored.entry);
        total = total.saturating_add(size);
        let within = total <= data.resources.disk_read_bytes
            && total <= data.resources.write_bytes
            && fits(&stored.entry.data, size, op.settings);
        let rent =
            within.then(|| rent_change(op.settings, key, &stored.entry, size, 0, target)).flatten();
        let Some(rent) = rent else { return exceeded() };
        rents.push(rent);
        op.txn.put_ttl(key.clone(), target);
    }
    if !pay_rent(op, &rents) {
        return refuse(restored(RestoreFootprintResult::InsufficientRefundableFee));
    }
    Ok(restored(RestoreFootprintResult::Success))
}

fn footprint(inner: &Inner) -> (&[LedgerKey], &[LedgerKey]) {
    inner.soroban_data().map_or((&[], &[]), |data| {
        let footprint = &data.resources.footprint;
        (footprint.read_only.as_slice(), footprint.read_write.as_slice())
    })
}

/// `old` 0: the entry is restored, and pays as if it were new.
fn rent_change(
    settings: &Settings,
    key: &LedgerKey,
    entry: &LedgerEntry,
    size: u32,
    old: u32,
    new: u32,
) -> Option<LedgerEntryRentChange> {
    let size = rent_bytes(entry, size, settings).ok()?;
    Some(LedgerEntryRentChange {
        is_persistent: !is_temporary(key),
        is_code_entry: matches!(key, LedgerKey::ContractCode(_)),
        old_size_bytes: if old == 0 { 0 } else { size },
        new_size_bytes: size,
        old_live_until_ledger: old,
        new_live_until_ledger: new,
    })
}

fn pay_rent(op: &mut Operation<'_, '_>, rents: &[LedgerEntryRentChange]) -> bool {
    let config = &op.settings.network.rent_fee_configuration;
    let rent = compute_rent_fee(rents, config, op.txn.context.sequence);
    op.refundable.consume(op.inner, op.settings, 0, rent)
}
