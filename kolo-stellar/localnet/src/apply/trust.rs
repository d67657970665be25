//! ChangeTrust and SetTrustLineFlags.

use stellar_xdr::{
    AccountId, Asset, ChangeTrustOp, ChangeTrustResult, LedgerEntryData, OperationResult,
    OperationResultTr, SetTrustLineFlagsOp, SetTrustLineFlagsResult, TrustLineEntry,
    TrustLineEntryExt,
};

use super::{Events, Operation, Outcome, Refusal, refuse, reserve_refusal};
use crate::ledger::{
    AUTHORIZED, AUTHORIZED_TO_MAINTAIN, Accounts, CLAWBACK_ENABLED, TrustLines, change_trust_asset,
    is_valid_asset, issuer, line_asset, minimum_limit, trustline_key,
};

const AUTH_REQUIRED: u32 = 1;
const AUTH_REVOCABLE: u32 = 2;
const AUTH_CLAWBACK_ENABLED: u32 = 8;

fn changed(code: ChangeTrustResult) -> OperationResultTr {
    OperationResultTr::ChangeTrust(code)
}

pub(super) fn check_change(op: &ChangeTrustOp, source: &AccountId) -> Result<(), Refusal> {
    // Pool shares belong to the DEX, which this network does not have.
    let Some(asset) = change_trust_asset(&op.line) else {
        return Err(OperationResult::OpNotSupported.into());
    };
    let own = issuer(&asset) == Some(source);
    if op.limit < 0 || !is_valid_asset(&asset) || asset == Asset::Native || own {
        return refuse(changed(ChangeTrustResult::Malformed));
    }
    Ok(())
}

pub(super) fn change(op: &mut Operation<'_, '_>, change: &ChangeTrustOp) -> Outcome {
    let Some(asset) = change_trust_asset(&change.line) else {
        return Err(OperationResult::OpNotSupported.into());
    };
    let owner = op.source_id();
    let issuer = issuer(&asset).and_then(|issuer| op.txn.account(issuer));
    let Some(mut line) = op.txn.trustline(&owner, &line_asset(&asset)) else {
        let Some(issuer) = issuer.filter(|_| change.limit > 0) else {
            let no_limit = change.limit == 0;
            return refuse(changed(if no_limit {
                ChangeTrustResult::InvalidLimit
            } else {
                ChangeTrustResult::NoIssuer
            }));
        };
        return create_line(op, &owner, &asset, change.limit, issuer.flags);
    };
    if change.limit < minimum_limit(&line) {
        return refuse(changed(ChangeTrustResult::InvalidLimit));
    }
    if change.limit == 0 {
        let key = trustline_key(&owner, &line.asset);
        if let Some(entry) = op.txn.get(&key) {
            op.txn.release_subentry(&owner, &entry.entry.ext);
        }
        op.txn.erase(key);
        return Ok(changed(ChangeTrustResult::Success));
    }
    if issuer.is_none() {
        return refuse(changed(ChangeTrustResult::NoIssuer));
    }
    line.limit = change.limit;
    op.txn.put_trustline(line);
    Ok(changed(ChangeTrustResult::Success))
}

fn create_line(
    op: &mut Operation<'_, '_>,
    owner: &AccountId,
    asset: &Asset,
    limit: i64,
    issuer_flags: u32,
) -> Outcome {
    let mut flags = 0;
    if issuer_flags & AUTH_REQUIRED == 0 {
        flags |= AUTHORIZED;
    }
    if issuer_flags & AUTH_CLAWBACK_ENABLED != 0 {
        flags |= CLAWBACK_ENABLED;
    }
    let line = TrustLineEntry {
        account_id: owner.clone(),
        asset: line_asset(asset),
        balance: 0,
        limit,
        flags,
        ext: TrustLineEntryExt::V0,
    };
    let key = trustline_key(owner, &line.asset);
    let entry = op
        .txn
        .reserve_subentry(owner, LedgerEntryData::Trustline(line))
        .map_err(|refusal| reserve_refusal(refusal, changed(ChangeTrustResult::LowReserve)))?;
    op.txn.put_entry(key, entry, None);
    Ok(changed(ChangeTrustResult::Success))
}

fn flagged(code: SetTrustLineFlagsResult) -> OperationResultTr {
    OperationResultTr::SetTrustLineFlags(code)
}

pub(super) fn check_flags(op: &SetTrustLineFlagsOp, source: &AccountId) -> Result<(), Refusal> {
    let known = AUTHORIZED | AUTHORIZED_TO_MAINTAIN | CLAWBACK_ENABLED;
    let malformed = !is_valid_asset(&op.asset)
        || issuer(&op.asset) != Some(source)
        || op.trustor == *source
        || op.set_flags & op.clear_flags != 0
        || !is_valid_authorization(op.set_flags)
        || op.set_flags & !(AUTHORIZED | AUTHORIZED_TO_MAINTAIN) != 0
        || op.clear_flags & !known != 0;
    if malformed {
        return refuse(flagged(SetTrustLineFlagsResult::Malformed));
    }
    Ok(())
}

pub(super) fn set_flags(op: &mut Operation<'_, '_>, set: &SetTrustLineFlagsOp) -> Outcome {
    let Some(issuer) = op.txn.account(&op.source_id()) else {
        return Err(OperationResult::OpNoAccount.into());
    };
    if issuer.flags & AUTH_REVOCABLE == 0 && takes_authorization(set) {
        return refuse(flagged(SetTrustLineFlagsResult::CantRevoke));
    }
    let Some(mut line) = op.txn.trustline(&set.trustor, &line_asset(&set.asset)) else {
        return refuse(flagged(SetTrustLineFlagsResult::NoTrustLine));
    };
    let flags = (line.flags & !set.clear_flags) | set.set_flags;
    if !is_valid_authorization(flags) {
        return refuse(flagged(SetTrustLineFlagsResult::InvalidState));
    }
    line.flags = flags;
    op.txn.put_trustline(line);
    op.authorized(&set.asset, &set.trustor, flags & AUTHORIZED != 0);
    Ok(flagged(SetTrustLineFlagsResult::Success))
}

/// A line is authorised, or authorised to keep what it has, or neither.
fn is_valid_authorization(flags: u32) -> bool {
    flags & AUTHORIZED == 0 || flags & AUTHORIZED_TO_MAINTAIN == 0
}

/// Clearing any authorisation without giving the full one takes something away.
fn takes_authorization(set: &SetTrustLineFlagsOp) -> bool {
    let clears = set.clear_flags & (AUTHORIZED | AUTHORIZED_TO_MAINTAIN) != 0;
    clears && set.set_flags & AUTHORIZED == 0
}
