//! Payment.

use stellar_xdr::{AccountId, Asset, OperationResult, OperationResultTr, PaymentOp, PaymentResult};

use super::{Events, Operation, Outcome, Refusal, refuse};
use crate::ledger::{
    Accounts, TrustLines, account_id, add_line_balance, is_authorized, is_valid_asset, issuer,
    line_asset,
};

fn paid(code: PaymentResult) -> OperationResultTr {
    OperationResultTr::Payment(code)
}

pub(super) fn check(op: &PaymentOp) -> Result<(), Refusal> {
    if op.amount <= 0 || !is_valid_asset(&op.asset) {
        return refuse(paid(PaymentResult::Malformed));
    }
    Ok(())
}

pub(super) fn pay(op: &mut Operation<'_, '_>, payment: &PaymentOp) -> Outcome {
    let (source, destination) = (op.source_id(), account_id(&payment.destination));
    let to_self_in_lumens = source == destination && payment.asset == Asset::Native;
    if !to_self_in_lumens {
        receive(op, &destination, payment)?;
        send(op, &source, payment)?;
    }
    op.transferred(&payment.asset, op.source, &payment.destination, payment.amount);
    Ok(paid(PaymentResult::Success))
}

fn receive(op: &mut Operation<'_, '_>, to: &AccountId, payment: &PaymentOp) -> Result<(), Refusal> {
    if issuer(&payment.asset) == Some(to) {
        // What comes back to its issuer ceases to exist, even if the issuer's account does not.
        return Ok(());
    }
    let Some(mut account) = op.txn.account(to) else {
        return refuse(paid(PaymentResult::NoDestination));
    };
    if payment.asset == Asset::Native {
        if !op.txn.add_balance(&mut account, payment.amount) {
            return refuse(paid(PaymentResult::LineFull));
        }
        op.txn.put_account(account);
        return Ok(());
    }
    let Some(mut line) = op.txn.trustline(to, &line_asset(&payment.asset)) else {
        return refuse(paid(PaymentResult::NoTrust));
    };
    if !is_authorized(&line) {
        return refuse(paid(PaymentResult::NotAuthorized));
    }
    if !add_line_balance(&mut line, payment.amount) {
        return refuse(paid(PaymentResult::LineFull));
    }
    op.txn.put_trustline(line);
    Ok(())
}

fn send(op: &mut Operation<'_, '_>, from: &AccountId, payment: &PaymentOp) -> Result<(), Refusal> {
    if issuer(&payment.asset) == Some(from) {
        return Ok(());
    }
    if payment.asset == Asset::Native {
        let Some(mut account) = op.txn.account(from) else {
            return Err(OperationResult::OpNoAccount.into());
        };
        if !op.txn.add_balance(&mut account, payment.amount.saturating_neg()) {
            return refuse(paid(PaymentResult::Underfunded));
        }
        op.txn.put_account(account);
        return Ok(());
    }
    let Some(mut line) = op.txn.trustline(from, &line_asset(&payment.asset)) else {
        return refuse(paid(PaymentResult::SrcNoTrust));
    };
    if !is_authorized(&line) {
        return refuse(paid(PaymentResult::SrcNotAuthorized));
    }
    if !add_line_balance(&mut line, payment.amount.saturating_neg()) {
        return refuse(paid(PaymentResult::Underfunded));
    }
    op.txn.put_trustline(line);
    Ok(())
}
