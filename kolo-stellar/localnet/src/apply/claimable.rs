//! CreateClaimableBalance, ClaimClaimableBalance and ClawbackClaimableBalance.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};
use stellar_xdr::{
    Asset, ClaimClaimableBalanceResult, ClaimPredicate, ClaimableBalanceEntry,
    ClaimableBalanceEntryExt, ClaimableBalanceEntryExtensionV1,
    ClaimableBalanceEntryExtensionV1Ext, ClaimableBalanceFlags, ClaimableBalanceId, Claimant,
    ClawbackClaimableBalanceResult, CreateClaimableBalanceOp, CreateClaimableBalanceResult, Hash,
    HashIdPreimage, HashIdPreimageOperationId, LedgerEntryData, LedgerKey,
    LedgerKeyClaimableBalance, Limits, OperationResultTr, WriteXdr,
};

use super::payment::{Refused, credit};
use super::{Events, Operation, Outcome, Refusal, refusal, refuse, reserve_refusal};
use crate::ledger::{Accounts, CLAWBACK_ENABLED, TrustLines, is_valid_asset, issuer, line_asset};
use crate::tx::holding;

/// `AUTH_CLAWBACK_ENABLED_FLAG` of an account.
const AUTH_CLAWBACK_ENABLED: u32 = 8;
/// Predicates nest at most this deep.
const DEEPEST: u32 = 4;

fn created(code: CreateClaimableBalanceResult) -> OperationResultTr {
    OperationResultTr::CreateClaimableBalance(code)
}

fn claimed(code: ClaimClaimableBalanceResult) -> OperationResultTr {
    OperationResultTr::ClaimClaimableBalance(code)
}

fn clawed_back(code: ClawbackClaimableBalanceResult) -> OperationResultTr {
    OperationResultTr::ClawbackClaimableBalance(code)
}

pub(super) fn check_create(op: &CreateClaimableBalanceOp) -> Result<(), Refusal> {
    let mut seen = BTreeSet::new();
    let valid = is_valid_asset(&op.asset)
        && op.amount > 0
        && !op.claimants.is_empty()
        && op.claimants.iter().all(|Claimant::ClaimantTypeV0(claimant)| {
            seen.insert(&claimant.destination) && is_valid(&claimant.predicate, 1)
        });
    if valid { Ok(()) } else { refuse(created(CreateClaimableBalanceResult::Malformed)) }
}

fn is_valid(predicate: &ClaimPredicate, depth: u32) -> bool {
    if depth > DEEPEST {
        return false;
    }
    let inner = |predicate: &ClaimPredicate| is_valid(predicate, depth + 1);
    match predicate {
        ClaimPredicate::Unconditional => true,
        ClaimPredicate::And(two) | ClaimPredicate::Or(two) => {
            two.len() == 2 && two.iter().all(inner)
        }
        ClaimPredicate::Not(one) => one.as_deref().is_some_and(inner),
        ClaimPredicate::BeforeAbsoluteTime(time) | ClaimPredicate::BeforeRelativeTime(time) => {
            *time >= 0
        }
    }
}

pub(super) fn create(op: &mut Operation<'_, '_>, create: &CreateClaimableBalanceOp) -> Outcome {
    let source = op.source_id();
    // Looked at before the amount is taken, as it is only a flag.
    let clawback = can_be_clawed_back(op, &create.asset);
    credit(op, &source, &create.asset, create.amount.saturating_neg()).map_err(|refused| {
        let code = match refused {
            Refused::NoLine => CreateClaimableBalanceResult::NoTrust,
            Refused::NotAuthorized => CreateClaimableBalanceResult::NotAuthorized,
            Refused::NoRoom | Refused::NoAccount => CreateClaimableBalanceResult::Underfunded,
        };
        refusal(created(code))
    })?;
    let id = balance_id(op);
    let close_time = op.txn.context.close_time;
    let claimants: Vec<_> =
        create.claimants.iter().map(|claimant| with_absolute_times(claimant, close_time)).collect();
    let units = u32::try_from(claimants.len()).unwrap_or(u32::MAX);
    let entry = ClaimableBalanceEntry {
        balance_id: id.clone(),
        claimants: claimants.try_into().unwrap_or_default(),
        asset: create.asset.clone(),
        amount: create.amount,
        ext: if clawback { clawback_ext() } else { ClaimableBalanceEntryExt::V0 },
    };
    let low = created(CreateClaimableBalanceResult::LowReserve);
    let entry = op
        .txn
        .reserve_claimable(&source, LedgerEntryData::ClaimableBalance(entry), units)
        .map_err(|refusal| reserve_refusal(refusal, low))?;
    op.txn.put_entry(key(&id), entry, None);
    op.transferred(&create.asset, op.source, &id, create.amount);
    Ok(created(CreateClaimableBalanceResult::Success(id)))
}

/// The issuer's own flag decides for what it gives away itself, else the trustline's.
fn can_be_clawed_back(op: &Operation<'_, '_>, asset: &Asset) -> bool {
    let source = op.source_id();
    if *asset == Asset::Native {
        return false;
    }
    if issuer(asset) == Some(&source) {
        return op
            .txn
            .account(&source)
            .is_some_and(|account| account.flags & AUTH_CLAWBACK_ENABLED != 0);
    }
    op.txn
        .trustline(&source, &line_asset(asset))
        .is_some_and(|line| line.flags & CLAWBACK_ENABLED != 0)
}

fn clawback_ext() -> ClaimableBalanceEntryExt {
    ClaimableBalanceEntryExt::V1(ClaimableBalanceEntryExtensionV1 {
        ext: ClaimableBalanceEntryExtensionV1Ext::V0,
        flags: clawback_flag(),
    })
}

fn clawback_flag() -> u32 {
    u32::try_from(i32::from(ClaimableBalanceFlags::ClaimableBalanceClawbackEnabledFlag))
        .unwrap_or_default()
}

/// The balance is named after the operation that makes it.
fn balance_id(op: &Operation<'_, '_>) -> ClaimableBalanceId {
    let preimage = HashIdPreimage::OpId(HashIdPreimageOperationId {
        source_account: op.inner.source(),
        seq_num: op.inner.tx.seq_num.clone(),
        op_num: op.index,
    });
    let bytes = preimage.to_xdr(Limits::none()).unwrap_or_default();
    ClaimableBalanceId::ClaimableBalanceIdTypeV0(Hash(Sha256::digest(bytes).into()))
}

fn key(id: &ClaimableBalanceId) -> LedgerKey {
    LedgerKey::ClaimableBalance(LedgerKeyClaimableBalance { balance_id: id.clone() })
}

/// Relative times count from now.
fn with_absolute_times(claimant: &Claimant, close_time: u64) -> Claimant {
    let Claimant::ClaimantTypeV0(claimant) = claimant;
    let mut claimant = claimant.clone();
    make_absolute(&mut claimant.predicate, close_time);
    Claimant::ClaimantTypeV0(claimant)
}

fn make_absolute(predicate: &mut ClaimPredicate, close_time: u64) {
    match predicate {
        ClaimPredicate::And(two) | ClaimPredicate::Or(two) => {
            let mut inner = two.to_vec();
            for predicate in &mut inner {
                make_absolute(predicate, close_time);
            }
            *two = inner.try_into().unwrap_or_default();
        }
        ClaimPredicate::Not(one) => {
            if let Some(predicate) = one {
                make_absolute(predicate, close_time);
            }
        }
        ClaimPredicate::BeforeRelativeTime(time) => {
            let now = i64::try_from(close_time).unwrap_or(i64::MAX);
            *predicate = ClaimPredicate::BeforeAbsoluteTime(now.saturating_add(*time));
        }
        ClaimPredicate::Unconditional | ClaimPredicate::BeforeAbsoluteTime(_) => {}
    }
}

pub(super) fn claim(op: &mut Operation<'_, '_>, id: &ClaimableBalanceId) -> Outcome {
    let source = op.source_id();
    let Some(balance) = find(op, id) else {
        return refuse(claimed(ClaimClaimableBalanceResult::DoesNotExist));
    };
    let close_time = op.txn.context.close_time;
    let may = balance.claimants.iter().any(|Claimant::ClaimantTypeV0(claimant)| {
        claimant.destination == source && holds(&claimant.predicate, close_time)
    });
    if !may {
        return refuse(claimed(ClaimClaimableBalanceResult::CannotClaim));
    }
    let frozen = |key| op.settings.frozen.contains(key);
    if holding(&source, &balance.asset).iter().any(frozen) {
        return refuse(claimed(ClaimClaimableBalanceResult::TrustlineFrozen));
    }
    credit(op, &source, &balance.asset, balance.amount).map_err(|refused| {
        refusal(claimed(match refused {
            Refused::NoLine => ClaimClaimableBalanceResult::NoTrust,
            Refused::NotAuthorized => ClaimClaimableBalanceResult::NotAuthorized,
            Refused::NoRoom | Refused::NoAccount => ClaimClaimableBalanceResult::LineFull,
        }))
    })?;
    remove(op, &balance);
    op.transferred(&balance.asset, id, op.source, balance.amount);
    Ok(claimed(ClaimClaimableBalanceResult::Success))
}

fn holds(predicate: &ClaimPredicate, now: u64) -> bool {
    match predicate {
        ClaimPredicate::Unconditional => true,
        ClaimPredicate::And(two) => two.iter().all(|predicate| holds(predicate, now)),
        ClaimPredicate::Or(two) => two.iter().any(|predicate| holds(predicate, now)),
        ClaimPredicate::Not(one) => one.as_deref().is_some_and(|predicate| !holds(predicate, now)),
        ClaimPredicate::BeforeAbsoluteTime(time) => {
            u64::try_from(*time).is_ok_and(|time| time > now)
        }
        // Made absolute when the balance was created.
        ClaimPredicate::BeforeRelativeTime(_) => false,
    }
}

pub(super) fn claw_back(op: &mut Operation<'_, '_>, id: &ClaimableBalanceId) -> Outcome {
    let Some(balance) = find(op, id) else {
        return refuse(clawed_back(ClawbackClaimableBalanceResult::DoesNotExist));
    };
    if issuer(&balance.asset) != Some(&op.source_id()) {
        return refuse(clawed_back(ClawbackClaimableBalanceResult::NotIssuer));
    }
    let enabled = match &balance.ext {
        ClaimableBalanceEntryExt::V0 => false,
        ClaimableBalanceEntryExt::V1(ext) => ext.flags & clawback_flag() != 0,
    };
    if !enabled {
        return refuse(clawed_back(ClawbackClaimableBalanceResult::NotClawbackEnabled));
    }
    remove(op, &balance);
    op.clawed_back(&balance.asset, id, balance.amount);
    Ok(clawed_back(ClawbackClaimableBalanceResult::Success))
}

fn find(op: &Operation<'_, '_>, id: &ClaimableBalanceId) -> Option<ClaimableBalanceEntry> {
    match &op.txn.get(&key(id))?.entry.data {
        LedgerEntryData::ClaimableBalance(balance) => Some(balance.clone()),
        _ => None,
    }
}

/// Removes the balance and gives its reserves back.
fn remove(op: &mut Operation<'_, '_>, balance: &ClaimableBalanceEntry) {
    let key = key(&balance.balance_id);
    if let Some(stored) = op.txn.get(&key) {
        let units = u32::try_from(balance.claimants.len()).unwrap_or(u32::MAX);
        op.txn.release_claimable(&stored.entry.ext, units);
    }
    op.txn.erase(key);
}
