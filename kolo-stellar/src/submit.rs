//! Sending, and learning what became of it.
use kolo_core::port::chain::{Fate, Refused, SignedTx, Submission};
use kolo_core::port::{PortError, PortErrorKind, Retry};
use stellar_xdr::{
    LedgerEntryData, Preconditions, ReadXdr, TransactionEnvelope, TransactionResult,
    TransactionResultResult,
};

use crate::address::account_id;
use crate::client::StellarChainClient;
use crate::outcome::{Outcome, contract_code, diagnostics};
use crate::read::{account_key, timestamp};
use crate::rpc::{SendInfo, SendStatus, TransactionInfo, TransactionStatus, XDR_LIMITS};

impl StellarChainClient {
    pub(crate) async fn send(&self, tx: &SignedTx) -> Result<Submission, PortError> {
        let answer = self.rpc.send(&tx.envelope).await?;
        match answer.status {
            SendStatus::Pending | SendStatus::Duplicate => Ok(Submission::Accepted),
            SendStatus::TryAgainLater => Ok(Submission::TryAgainLater),
            SendStatus::Error => refusal(&answer),
        }
    }

    pub(crate) async fn fate(&self, tx: &SignedTx) -> Result<Fate, PortError> {
        let outer = self.rpc.transaction(&tx.hash).await?;
        if outer.status != TransactionStatus::NotFound {
            return settled(&outer);
        }
        // Another fee-bump around the same inner transaction may have been applied.
        if tx.hash != tx.prepared.hash {
            let inner = self.rpc.transaction(&tx.prepared.hash).await?;
            if inner.status != TransactionStatus::NotFound {
                return settled(&inner);
            }
        }
        // The first answer's times: ledgers may have closed between the two, and only what the
        // first one has seen is ruled out for both hashes.
        let oldest = timestamp(outer.oldest_ledger_close_time)?;
        let latest_closed_at = timestamp(outer.latest_ledger_close_time)?;
        let history_covers = earliest(tx)?.is_some_and(|sent| oldest.unix() <= sent);
        let latest_ledger = outer.latest_ledger;
        let source_sequence = if history_covers || latest_closed_at <= tx.prepared.max_time {
            None
        } else {
            self.sequence_since(tx, latest_ledger).await?
        };
        Ok(Fate::NotFound { latest_closed_at, latest_ledger, history_covers, source_sequence })
    }

    /// The sequence number its source account has used last, as of that ledger or a later one; the account's
    /// state in an earlier one, by a node that is behind, says nothing.
    async fn sequence_since(&self, tx: &SignedTx, ledger: u32) -> Result<Option<i64>, PortError> {
        let key = account_key(&account_id(&tx.prepared.source)?);
        let (found, as_of) = self.rpc.entries_as_of(&[key]).await?;
        Ok(found.into_iter().filter(|_| as_of >= ledger).find_map(|entry| match entry.data {
            LedgerEntryData::Account(account) => Some(account.seq_num.0),
            _ => None,
        }))
    }
}

/// The lower time bound: before it nothing could be applied.
fn earliest(tx: &SignedTx) -> Result<Option<u64>, PortError> {
    match TransactionEnvelope::from_xdr(&tx.inner, XDR_LIMITS) {
        Ok(TransactionEnvelope::Tx(inner)) => Ok(match inner.tx.cond {
            Preconditions::Time(bounds) => Some(bounds.min_time.0),
            _ => None,
        }),
        _ => Err(corrupt("the stored envelope is not one of this client's")),
    }
}

fn refusal(answer: &SendInfo) -> Result<Submission, PortError> {
    let Some(text) = &answer.error_result_xdr else {
        return Err(corrupt("the node refuses the transaction and does not say why"));
    };
    let result = TransactionResult::from_xdr_base64(text, XDR_LIMITS)
        .map_err(|e| corrupt("the node's reason cannot be read").because(e))?;
    if let Some(error) = fee_account_trouble(&result) {
        return Err(error);
    }
    let events = diagnostics(&answer.diagnostic_events_xdr, None);
    Ok(Outcome::of(&result).submission(contract_code(&events)))
}

/// The fee-bump itself cannot be paid: the operator's trouble, not the effect's.
fn fee_account_trouble(result: &TransactionResult) -> Option<PortError> {
    let advice = match result.result {
        TransactionResultResult::TxInsufficientBalance => "has too little XLM: top it up",
        TransactionResultResult::TxNoAccount => "does not exist: create it",
        _ => return None,
    };
    Some(PortError::new(
        PortErrorKind::Denied,
        Retry::Temporary,
        format!("the fee account {advice}"),
    ))
}

fn settled(info: &TransactionInfo) -> Result<Fate, PortError> {
    let result = info.result_xdr.as_deref().unwrap_or_default();
    let result = TransactionResult::from_xdr_base64(result, XDR_LIMITS)
        .map_err(|e| corrupt("the transaction's result cannot be read").because(e))?;
    let fee = result.fee_charged;
    if info.status == TransactionStatus::Success {
        let (Some(ledger), Some(created_at)) = (info.ledger, info.created_at) else {
            return Err(corrupt("the node does not say which ledger the transaction is in"));
        };
        return Ok(Fate::Confirmed { ledger, closed_at: timestamp(created_at)?, fee });
    }
    let events = diagnostics(&info.diagnostic_events_xdr, info.result_meta_xdr.as_deref());
    let outcome = Outcome::of(&result);
    let contract_code = contract_code(&events);
    let outdated = contract_code.is_none() && outcome.is_outdated();
    let refused = Refused { contract_code, reason: outcome.reason() };
    Ok(Fate::Failed { refused, outdated, fee })
}

fn corrupt(context: &str) -> PortError {
    PortError::new(PortErrorKind::Corrupt, Retry::Unknown, context)
}
