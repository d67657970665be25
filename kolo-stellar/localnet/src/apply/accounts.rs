//! CreateAccount and BumpSequence.

use stellar_xdr::{
    AccountEntry, AccountEntryExt, AccountId, Asset, BumpSequenceOp, BumpSequenceResult,
    CreateAccountOp, CreateAccountResult, MuxedAccount, OperationResult, OperationResultTr,
    SequenceNumber, String32, Thresholds, VecM,
};

use super::{Events, Operation, Outcome, Refusal, refuse, reserve_refusal};
use crate::ledger::{Accounts, account_key};
use crate::tx::starting_sequence;

fn created(code: CreateAccountResult) -> OperationResultTr {
    OperationResultTr::CreateAccount(code)
}

pub(super) fn check_create(op: &CreateAccountOp, source: &AccountId) -> Result<(), Refusal> {
    if op.starting_balance < 0 || op.destination == *source {
        return refuse(created(CreateAccountResult::Malformed));
    }
    Ok(())
}

pub(super) fn create(op: &mut Operation<'_, '_>, create: &CreateAccountOp) -> Outcome {
    if op.txn.account(&create.destination).is_some() {
        return refuse(created(CreateAccountResult::AlreadyExist));
    }
    let account = new_account(
        create.destination.clone(),
        create.starting_balance,
        starting_sequence(op.txn.context.sequence),
    );
    let entry = op
        .txn
        .reserve_account(account)
        .map_err(|refusal| reserve_refusal(refusal, created(CreateAccountResult::LowReserve)))?;
    let Some(mut source) = op.txn.account(&op.source_id()) else {
        return Err(OperationResult::OpNoAccount.into());
    };
    if !op.txn.add_balance(&mut source, create.starting_balance.saturating_neg()) {
        return refuse(created(CreateAccountResult::Underfunded));
    }
    op.txn.put_account(source);
    op.txn.put_entry(account_key(&create.destination), entry, None);
    let to = MuxedAccount::from(create.destination.clone());
    op.transferred(&Asset::Native, op.source, &to, create.starting_balance);
    Ok(created(CreateAccountResult::Success))
}

/// An account that nobody but its own key controls.
pub(crate) fn new_account(account_id: AccountId, balance: i64, sequence: i64) -> AccountEntry {
    AccountEntry {
        account_id,
        balance,
        seq_num: SequenceNumber(sequence),
        num_sub_entries: 0,
        inflation_dest: None,
        flags: 0,
        home_domain: String32::default(),
        thresholds: Thresholds([1, 0, 0, 0]),
        signers: VecM::default(),
        ext: AccountEntryExt::V0,
    }
}

fn bumped(code: BumpSequenceResult) -> OperationResultTr {
    OperationResultTr::BumpSequence(code)
}

pub(super) fn check_bump(op: &BumpSequenceOp) -> Result<(), Refusal> {
    if op.bump_to.0 < 0 {
        return refuse(bumped(BumpSequenceResult::BadSeq));
    }
    Ok(())
}

pub(super) fn bump(op: &mut Operation<'_, '_>, bump: &BumpSequenceOp) -> Outcome {
    let Some(mut source) = op.txn.account(&op.source_id()) else {
        return Err(OperationResult::OpNoAccount.into());
    };
    op.txn.note_sequence_change(&mut source);
    source.seq_num.0 = source.seq_num.0.max(bump.bump_to.0);
    op.txn.put_account(source);
    Ok(bumped(BumpSequenceResult::Success))
}
