//! SetOptions.

use stellar_xdr::{
    AccountEntry, AccountId, OperationResult, OperationResultTr, SetOptionsOp, SetOptionsResult,
    Signer, SignerKey,
};

use super::merge::{AUTH_IMMUTABLE, remove_signer};
use super::{Operation, Outcome, Refusal, refuse, reserve_refusal};
use crate::ledger::{Accounts, edit_signer_sponsor};
use crate::tx::{Level, key_of};

const AUTH_REVOCABLE: u32 = 2;
const AUTH_CLAWBACK_ENABLED: u32 = 8;
/// Required, revocable, immutable, clawback: all of them frozen by immutable.
const ALL_FLAGS: u32 = 15;

fn set_options(code: SetOptionsResult) -> OperationResultTr {
    OperationResultTr::SetOptions(code)
}

/// What decides who controls the account takes the high threshold.
pub(super) fn level(op: &SetOptionsOp) -> Level {
    let controls = op.master_weight.is_some()
        || op.low_threshold.is_some()
        || op.med_threshold.is_some()
        || op.high_threshold.is_some()
        || op.signer.is_some();
    if controls { Level::High } else { Level::Medium }
}

pub(super) fn check(op: &SetOptionsOp, source: &AccountId) -> Result<(), Refusal> {
    let (set, clear) = (op.set_flags.unwrap_or(0), op.clear_flags.unwrap_or(0));
    if (set | clear) & !ALL_FLAGS != 0 {
        return refuse(set_options(SetOptionsResult::UnknownFlag));
    }
    if set & clear != 0 {
        return refuse(set_options(SetOptionsResult::BadFlags));
    }
    let weights = [op.master_weight, op.low_threshold, op.med_threshold, op.high_threshold];
    if weights.into_iter().flatten().any(|weight| weight > 255) {
        return refuse(set_options(SetOptionsResult::ThresholdOutOfRange));
    }
    if op.signer.as_ref().is_some_and(|signer| is_bad_signer(signer, source)) {
        return refuse(set_options(SetOptionsResult::BadSigner));
    }
    let domain = op.home_domain.as_ref().map_or(&[][..], |domain| domain.as_slice());
    if domain.iter().any(|byte| !byte.is_ascii() || byte.is_ascii_control()) {
        return refuse(set_options(SetOptionsResult::InvalidHomeDomain));
    }
    Ok(())
}

fn is_bad_signer(signer: &Signer, source: &AccountId) -> bool {
    let empty_payload = matches!(
        &signer.key,
        SignerKey::Ed25519SignedPayload(signed) if signed.payload.is_empty()
    );
    signer.key == key_of(source) || signer.weight > 255 || empty_payload
}

pub(super) fn set(op: &mut Operation<'_, '_>, options: &SetOptionsOp) -> Outcome {
    let Some(mut account) = op.txn.account(&op.source_id()) else {
        return Err(OperationResult::OpNoAccount.into());
    };
    if let Some(destination) = &options.inflation_dest {
        if *destination != account.account_id && op.txn.account(destination).is_none() {
            return refuse(set_options(SetOptionsResult::InvalidInflation));
        }
        account.inflation_dest = Some(destination.clone());
    }
    set_flags(&mut account, options)?;
    if let Some(domain) = &options.home_domain {
        account.home_domain = domain.clone();
    }
    let weights = [
        options.master_weight,
        options.low_threshold,
        options.med_threshold,
        options.high_threshold,
    ];
    for (threshold, weight) in account.thresholds.0.iter_mut().zip(weights) {
        if let Some(weight) = weight.and_then(|weight| u8::try_from(weight).ok()) {
            *threshold = weight;
        }
    }
    op.txn.put_account(account);
    if let Some(signer) = &options.signer {
        set_signer(op, signer)?;
    }
    Ok(set_options(SetOptionsResult::Success))
}

fn set_flags(account: &mut AccountEntry, options: &SetOptionsOp) -> Result<(), Refusal> {
    let changes = [options.clear_flags, options.set_flags];
    let touches_auth = changes.into_iter().flatten().any(|flags| flags & ALL_FLAGS != 0);
    if touches_auth && account.flags & AUTH_IMMUTABLE != 0 {
        return refuse(set_options(SetOptionsResult::CantChange));
    }
    account.flags &= !options.clear_flags.unwrap_or(0);
    account.flags |= options.set_flags.unwrap_or(0);
    let clawback_alone =
        account.flags & AUTH_CLAWBACK_ENABLED != 0 && account.flags & AUTH_REVOCABLE == 0;
    if changes.iter().any(Option::is_some) && clawback_alone {
        return refuse(set_options(SetOptionsResult::AuthRevocableRequired));
    }
    Ok(())
}

/// Adds, changes or (weight 0) removes a signer. Signers are kept in the order of their keys.
fn set_signer(op: &mut Operation<'_, '_>, signer: &Signer) -> Result<(), Refusal> {
    let owner = op.source_id();
    let Some(mut account) = op.txn.account(&owner) else {
        return Err(OperationResult::OpNoAccount.into());
    };
    let mut signers = account.signers.to_vec();
    match (signers.binary_search_by(|known| known.key.cmp(&signer.key)), signer.weight) {
        (Ok(index), 0) => {
            remove_signer(op, &owner, index);
            return Ok(());
        }
        (Err(_), 0) => return Ok(()),
        (Ok(index), _) => {
            if let Some(known) = signers.get_mut(index) {
                known.weight = signer.weight;
            }
        }
        (Err(index), _) => {
            if signers.len() >= 20 {
                return refuse(set_options(SetOptionsResult::TooManySigners));
            }
            let sponsor = op.txn.reserve_unit(&owner).map_err(|refusal| {
                reserve_refusal(refusal, set_options(SetOptionsResult::LowReserve))
            })?;
            // The reserve changed the account.
            account = op.txn.account(&owner).unwrap_or(account);
            edit_signer_sponsor(&mut account, index, Some(sponsor));
            signers.insert(index, signer.clone());
        }
    }
    account.signers = signers.try_into().unwrap_or_default();
    op.txn.put_account(account);
    Ok(())
}
