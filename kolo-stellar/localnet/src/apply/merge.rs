//! AccountMerge.

use stellar_xdr::{
    AccountEntry, AccountId, AccountMergeResult, Asset, MuxedAccount, OperationResult,
    OperationResultTr,
};

use super::{Events, Operation, Outcome, Refusal, refuse};
use crate::ledger::{
    Accounts, account_id, account_key, edit_signer_sponsor, num_sponsoring, signer_sponsor,
};
use crate::tx::starting_sequence;

/// `AUTH_IMMUTABLE_FLAG`: the account stays.
pub(super) const AUTH_IMMUTABLE: u32 = 4;

fn merged(code: AccountMergeResult) -> OperationResultTr {
    OperationResultTr::AccountMerge(code)
}

pub(super) fn check(destination: &MuxedAccount, source: &AccountId) -> Result<(), Refusal> {
    if account_id(destination) == *source {
        return refuse(merged(AccountMergeResult::Malformed));
    }
    Ok(())
}

pub(super) fn merge(op: &mut Operation<'_, '_>, destination: &MuxedAccount) -> Outcome {
    let (source_id, destination_id) = (op.source_id(), account_id(destination));
    if op.txn.account(&destination_id).is_none() {
        return refuse(merged(AccountMergeResult::NoAccount));
    }
    let Some(account) = op.txn.account(&source_id) else {
        return Err(OperationResult::OpNoAccount.into());
    };
    if let Some(code) = obstacle(op, &account) {
        return refuse(merged(code));
    }
    for index in (0..account.signers.len()).rev() {
        remove_signer(op, &source_id, index);
    }
    // Only now: whoever sponsored the signers may be the destination.
    let Some(mut receiver) = op.txn.account(&destination_id) else {
        return refuse(merged(AccountMergeResult::NoAccount));
    };
    if !op.txn.add_balance(&mut receiver, account.balance) {
        return refuse(merged(AccountMergeResult::DestFull));
    }
    op.txn.put_account(receiver);
    let key = account_key(&source_id);
    if let Some(entry) = op.txn.get(&key) {
        op.txn.release_account(&entry.entry.ext);
    }
    op.txn.erase(key);
    op.transferred(&Asset::Native, op.source, destination, account.balance);
    Ok(merged(AccountMergeResult::Success(account.balance)))
}

fn obstacle(op: &Operation<'_, '_>, account: &AccountEntry) -> Option<AccountMergeResult> {
    let sponsors_now = op.txn.sponsorships.values().any(|sponsor| *sponsor == account.account_id);
    let signers = u32::try_from(account.signers.len()).unwrap_or(u32::MAX);
    if account.flags & AUTH_IMMUTABLE != 0 {
        Some(AccountMergeResult::ImmutableSet)
    } else if account.num_sub_entries != signers {
        Some(AccountMergeResult::HasSubEntries)
    } else if account.seq_num.0 >= starting_sequence(op.txn.context.sequence) {
        // Created again in this ledger, the account would let old transactions be replayed.
        Some(AccountMergeResult::SeqnumTooFar)
    } else if sponsors_now || num_sponsoring(account) > 0 {
        Some(AccountMergeResult::IsSponsor)
    } else {
        None
    }
}

/// Removes a signer of an account and gives its reserve back.
pub(super) fn remove_signer(op: &mut Operation<'_, '_>, owner: &AccountId, index: usize) {
    let Some(mut account) = op.txn.account(owner) else {
        return;
    };
    let sponsor = signer_sponsor(&account, index);
    let mut signers = account.signers.to_vec();
    if index >= signers.len() {
        return;
    }
    edit_signer_sponsor(&mut account, index, None);
    signers.remove(index);
    account.signers = signers.try_into().unwrap_or_default();
    op.txn.put_account(account);
    op.txn.release_unit(owner, sponsor);
}
