//! Results in words.

use stellar_xdr::{
    InnerTransactionResultResult as Inner, OperationResult, OperationResultTr as Tr,
    TransactionResult, TransactionResultResult as Outer,
};

use super::value::words;
use crate::model::TxRecord;

/// What came of the transaction.
pub(super) fn transaction(record: &TxRecord) -> String {
    let name = match &record.result.result {
        Outer::TxSuccess(_) | Outer::TxFeeBumpInnerSuccess(_) => return "succeeded".to_owned(),
        Outer::TxFailed(_) => "TxFailed",
        Outer::TxFeeBumpInnerFailed(pair) => pair.result.result.name(),
        other => other.name(),
    };
    if name != "TxFailed" {
        let reason = name.strip_prefix("Tx").unwrap_or(name);
        return format!("failed: {}", words(reason));
    }
    let failed = operations(&record.result)
        .iter()
        .enumerate()
        .map(|(index, result)| (index, operation(result)))
        .find(|(_, result)| result != SUCCESS);
    match failed {
        Some((index, reason)) => format!("failed: operation {}: {reason}", index.saturating_add(1)),
        None => "failed".to_owned(),
    }
}

/// What the operations gave; empty if it did not come to that.
pub(super) fn operations(result: &TransactionResult) -> &[OperationResult] {
    match &result.result {
        Outer::TxSuccess(results) | Outer::TxFailed(results) => results,
        Outer::TxFeeBumpInnerSuccess(pair) | Outer::TxFeeBumpInnerFailed(pair) => {
            match &pair.result.result {
                Inner::TxSuccess(results) | Inner::TxFailed(results) => results,
                _ => &[],
            }
        }
        _ => &[],
    }
}

const SUCCESS: &str = "success";

/// What came of an operation: `success`, `underfunded`, …
pub(super) fn operation(result: &OperationResult) -> String {
    match result {
        OperationResult::OpInner(result) => words(inner_name(result)),
        other => words(other.name().strip_prefix("Op").unwrap_or(other.name())),
    }
}

fn inner_name(result: &Tr) -> &'static str {
    match result {
        Tr::CreateAccount(result) => result.name(),
        Tr::Payment(result) => result.name(),
        Tr::PathPaymentStrictReceive(result) => result.name(),
        Tr::ManageSellOffer(result) | Tr::CreatePassiveSellOffer(result) => result.name(),
        Tr::SetOptions(result) => result.name(),
        Tr::ChangeTrust(result) => result.name(),
        Tr::AllowTrust(result) => result.name(),
        Tr::AccountMerge(result) => result.name(),
        Tr::Inflation(result) => result.name(),
        Tr::ManageData(result) => result.name(),
        Tr::BumpSequence(result) => result.name(),
        Tr::ManageBuyOffer(result) => result.name(),
        Tr::PathPaymentStrictSend(result) => result.name(),
        Tr::CreateClaimableBalance(result) => result.name(),
        Tr::ClaimClaimableBalance(result) => result.name(),
        Tr::BeginSponsoringFutureReserves(result) => result.name(),
        Tr::EndSponsoringFutureReserves(result) => result.name(),
        Tr::RevokeSponsorship(result) => result.name(),
        Tr::Clawback(result) => result.name(),
        Tr::ClawbackClaimableBalance(result) => result.name(),
        Tr::SetTrustLineFlags(result) => result.name(),
        Tr::LiquidityPoolDeposit(result) => result.name(),
        Tr::LiquidityPoolWithdraw(result) => result.name(),
        Tr::InvokeHostFunction(result) => result.name(),
        Tr::ExtendFootprintTtl(result) => result.name(),
        Tr::RestoreFootprint(result) => result.name(),
    }
}
