//! Clawback: an issuer takes its asset back from a trustline.

use stellar_xdr::{AccountId, Asset, ClawbackOp, ClawbackResult, MuxedAccount, OperationResultTr};

use super::{Events, Operation, Outcome, Refusal, refuse};
use crate::ledger::{
    CLAWBACK_ENABLED, TrustLines, account_id, add_line_balance, is_valid_asset, issuer, line_asset,
};

fn clawed_back(code: ClawbackResult) -> OperationResultTr {
    OperationResultTr::Clawback(code)
}

pub(super) fn check(op: &ClawbackOp, source: &AccountId) -> Result<(), Refusal> {
    let malformed = op.from == MuxedAccount::from(source.clone())
        || op.amount < 1
        || op.asset == Asset::Native
        || !is_valid_asset(&op.asset)
        || issuer(&op.asset) != Some(source);
    if malformed {
        return refuse(clawed_back(ClawbackResult::Malformed));
    }
    Ok(())
}

/// Whether the holder is authorised does not matter here.
pub(super) fn claw_back(op: &mut Operation<'_, '_>, clawback: &ClawbackOp) -> Outcome {
    let holder = account_id(&clawback.from);
    let Some(mut line) = op.txn.trustline(&holder, &line_asset(&clawback.asset)) else {
        return refuse(clawed_back(ClawbackResult::NoTrust));
    };
    if line.flags & CLAWBACK_ENABLED == 0 {
        return refuse(clawed_back(ClawbackResult::NotClawbackEnabled));
    }
    if !add_line_balance(&mut line, clawback.amount.saturating_neg()) {
        return refuse(clawed_back(ClawbackResult::Underfunded));
    }
    op.txn.put_trustline(line);
    op.clawed_back(&clawback.asset, &clawback.from, clawback.amount);
    Ok(clawed_back(ClawbackResult::Success))
}
