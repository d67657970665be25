//! Sending, and learning what became of it.
use kolo_core::Timestamp;
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
        // Another fee-bump around the same inner transaction may have been applied.
        let inner = Some(&tx.prepared.hash).filter(|hash| **hash != tx.hash);
        let hashes = || [Some(&tx.hash), inner].into_iter().flatten();
        let mut seen: Option<Seen> = None;
        for hash in hashes() {
            let info = self.rpc.transaction(hash).await?;
            if info.status != TransactionStatus::NotFound {
                return settled(&info);
            }
            let here = Seen::of(&info)?;
            seen = Some(seen.map_or(here, |before| before.and(here)));
        }
        let Some(seen) = seen else { return Err(corrupt("nothing was looked up")) };
        let is_over = seen.latest > tx.prepared.max_time;
        // It would be built anew now, or be given up as undecided: so no node may know better.
        let elsewhere = if is_over {
            self.elsewhere(hashes(), tx.prepared.max_time).await?
        } else {
            Elsewhere::Absent
        };
        let covers = earliest(tx)?.is_some_and(|sent| seen.oldest.unix() <= sent);
        let (history_covers, source_sequence) = match elsewhere {
            Elsewhere::Settled(fate) => return Ok(fate),
            // The one that was not asked may be the one that knows.
            Elsewhere::Unasked => (false, None),
            Elsewhere::Absent if covers || !is_over => (covers, None),
            Elsewhere::Absent => (false, self.sequence_since(tx, seen.ledger).await),
        };
        Ok(Fate::NotFound {
            latest_closed_at: seen.latest,
            latest_ledger: seen.ledger,
            history_covers,
            source_sequence,
        })
    }

    /// What all nodes know of it, where there are several.
    async fn elsewhere(
        &self,
        hashes: impl Iterator<Item = &String>,
        max_time: Timestamp,
    ) -> Result<Elsewhere, PortError> {
        let mut all_asked = true;
        for hash in hashes {
            for answer in self.rpc.transaction_everywhere(hash).await {
                match answer {
                    Ok(info) if info.status != TransactionStatus::NotFound => {
                        return settled(&info).map(Elsewhere::Settled);
                    }
                    // One that is behind will only know later.
                    Ok(info) => {
                        let latest = timestamp(info.latest_ledger_close_time);
                        all_asked &= latest.is_ok_and(|latest| latest > max_time);
                    }
                    Err(_) => all_asked = false,
                }
            }
        }
        Ok(if all_asked { Elsewhere::Absent } else { Elsewhere::Unasked })
    }

    /// The sequence number its source account has used last, as of that ledger or a later one: the highest any
    /// node knows of. `None` while one cannot be asked, or is behind: the account's state in an earlier
    /// ledger says nothing.
    async fn sequence_since(&self, tx: &SignedTx, ledger: u32) -> Option<i64> {
        let keys = [account_key(&account_id(&tx.prepared.source).ok()?)];
        let mut answers = self.rpc.entries_everywhere(&keys).await;
        if answers.is_empty() {
            answers.push(self.rpc.entries_at(&keys).await);
        }
        let used = answers.into_iter().map(|answer| {
            let (_, found) = answer.ok().filter(|(as_of, _)| *as_of >= ledger)?;
            found.into_iter().find_map(|entry| match entry.data {
                LedgerEntryData::Account(account) => Some(account.seq_num.0),
                _ => None,
            })
        });
        used.collect::<Option<Vec<_>>>()?.into_iter().max()
    }
}

/// What all nodes together say of a transaction that one of them has not found.
enum Elsewhere {
    Settled(Fate),
    /// Each was asked, and is up to date.
    Absent,
    /// One could not be asked, or is behind.
    Unasked,
}

/// The stretch of history in which a transaction was looked for and not found.
#[derive(Clone, Copy)]
struct Seen {
    oldest: Timestamp,
    latest: Timestamp,
    ledger: u32,
}

impl Seen {
    fn of(info: &TransactionInfo) -> Result<Self, PortError> {
        Ok(Self {
            oldest: timestamp(info.oldest_ledger_close_time)?,
            latest: timestamp(info.latest_ledger_close_time)?,
            ledger: info.latest_ledger,
        })
    }

    /// What both have seen: ledgers may have closed between the two, and different nodes may have
    /// answered.
    fn and(self, other: Self) -> Self {
        Self {
            oldest: self.oldest.max(other.oldest),
            latest: self.latest.min(other.latest),
            ledger: self.ledger.min(other.ledger),
        }
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
