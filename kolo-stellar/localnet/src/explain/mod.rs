//! A transaction in words: what it did, for whom, at what fee, and what came of it.
//!
//! Everything here is text made for people to read; programs read the XDR of the record.
//!
//! ```
//! use std::sync::Arc;
//! use kolo_localnet::{Localnet, explain::Explanation};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let localnet = Localnet::builder().clock(Arc::new(|| 1_767_225_600)).start()?;
//! # let ada = ed25519_dalek::SigningKey::from_bytes(&[7; 32]).verifying_key().to_bytes();
//! # let ada = stellar_xdr::AccountId(stellar_xdr::PublicKey::PublicKeyTypeEd25519(ada.into()));
//! let record = localnet.fund(ada, 100_000_000).wait()?;
//! let explanation = Explanation::of(&record);
//! assert_eq!(explanation.result, "succeeded");
//! assert!(explanation.summary.starts_with("create account"));
//! # Ok(())
//! # }
//! ```

mod entry;
mod event;
mod operation;
mod outcome;
mod value;

pub use entry::ExplainedEntry;

use serde::Serialize;
use stellar_xdr::{
    FeeBumpTransactionInnerTx, Memo, MuxedAccount, Operation, ScVal, TransactionEnvelope,
    TransactionMeta, TransactionV1Envelope, VecM,
};

use crate::model::TxRecord;

/// A transaction in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Its hash (of the outer transaction of a fee-bump), hexadecimal.
    pub hash: String,
    /// What it was to do, in one line.
    pub summary: String,
    /// Whether it took effect.
    pub successful: bool,
    /// What came of it: `succeeded`, or why it failed.
    pub result: String,
    /// The ledger it is in.
    pub ledger: u32,
    /// That ledger's close time, Unix seconds.
    pub close_time: u64,
    /// The account the transaction is of.
    pub source: String,
    /// The source's sequence number.
    pub sequence: i64,
    /// The fee taken in the end, refunds deducted, like `0.0000200 XLM`.
    pub fee_charged: String,
    /// The highest fee that could have been taken.
    pub fee_limit: String,
    /// The memo, if there is one.
    pub memo: Option<String>,
    /// Who paid the fee of whose transaction, if it is a fee-bump.
    pub fee_bump: Option<FeeBump>,
    /// The operations in their order.
    pub operations: Vec<ExplainedOperation>,
    /// What an invoked contract returned.
    pub returned: Option<String>,
    /// The events in their order.
    pub events: Vec<ExplainedEvent>,
    /// What the contract host noted of errors.
    pub errors: Vec<String>,
}

/// The outer transaction of a fee-bump.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeeBump {
    /// The account that paid the fee.
    pub fee_source: String,
    /// The hash of the inner transaction, hexadecimal.
    pub inner_hash: String,
    /// The highest fee of the inner transaction by itself.
    pub inner_fee_limit: String,
}

/// An operation in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedOperation {
    /// Its kind, like `payment`.
    pub kind: String,
    /// What it was to do, in one line.
    pub summary: String,
    /// The account it acts for: its own source, else the transaction's.
    pub source: String,
    /// Its fields.
    pub fields: Vec<Field>,
    /// What came of it; `None` where the transaction failed before it.
    pub result: Option<String>,
}

/// A named value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    /// The name.
    pub name: String,
    /// The value, readable.
    pub value: String,
}

impl Field {
    fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        Self { name, value }
    }
}

/// An event in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedEvent {
    /// Its id, as Stellar RPC gives it.
    pub id: String,
    /// When: `fee`, `refund`, or the operation's number from 1 on.
    pub stage: String,
    /// The contract it is of; `None` for one of the system.
    pub contract: Option<String>,
    /// The first topic if that is a name.
    pub name: Option<String>,
    /// What an asset's event means, like `transfer 10.0000000 USDC from … to …`.
    pub meaning: Option<String>,
    /// The topics.
    pub topics: Vec<String>,
    /// The data.
    pub data: String,
}

/// What is common to a transaction and the inner one of a fee-bump.
struct Parts<'r> {
    source: String,
    sequence: i64,
    memo: &'r Memo,
    operations: &'r VecM<Operation, 100>,
    fee_limit: i64,
    fee_bump: Option<FeeBump>,
}

impl Explanation {
    /// Puts a record into words.
    #[must_use]
    pub fn of(record: &TxRecord) -> Self {
        let parts = parts(record);
        let results = outcome::operations(&record.result);
        let operations: Vec<_> = parts
            .operations
            .iter()
            .enumerate()
            .map(|(index, op)| {
                operation::explain(op, &parts.source, results.get(index).map(outcome::operation))
            })
            .collect();
        Self {
            hash: value::hex(&record.hash.0),
            summary: summary(&operations),
            successful: record.is_successful(),
            result: outcome::transaction(record),
            ledger: record.ledger,
            close_time: record.close_time,
            fee_charged: value::lumens(record.fee_charged),
            fee_limit: value::lumens(parts.fee_limit),
            memo: memo(parts.memo),
            returned: returned(&record.meta).map(value::text),
            events: record.events.iter().map(event::explain).collect(),
            errors: event::errors(&record.meta),
            source: parts.source,
            sequence: parts.sequence,
            fee_bump: parts.fee_bump,
            operations,
        }
    }
}

fn parts(record: &TxRecord) -> Parts<'_> {
    match &record.envelope {
        TransactionEnvelope::Tx(envelope) => plain(envelope),
        TransactionEnvelope::TxV0(envelope) => Parts {
            source: MuxedAccount::Ed25519(envelope.tx.source_account_ed25519.clone()).to_string(),
            sequence: envelope.tx.seq_num.0,
            memo: &envelope.tx.memo,
            operations: &envelope.tx.operations,
            fee_limit: i64::from(envelope.tx.fee),
            fee_bump: None,
        },
        TransactionEnvelope::TxFeeBump(envelope) => {
            let FeeBumpTransactionInnerTx::Tx(inner) = &envelope.tx.inner_tx;
            let parts = plain(inner);
            let inner_hash = record.inner_hash.as_ref();
            let fee_bump = FeeBump {
                fee_source: envelope.tx.fee_source.to_string(),
                inner_hash: inner_hash.map(|hash| value::hex(&hash.0)).unwrap_or_default(),
                inner_fee_limit: value::lumens(parts.fee_limit),
            };
            Parts { fee_limit: envelope.tx.fee, fee_bump: Some(fee_bump), ..parts }
        }
    }
}

fn plain(envelope: &TransactionV1Envelope) -> Parts<'_> {
    Parts {
        source: envelope.tx.source_account.to_string(),
        sequence: envelope.tx.seq_num.0,
        memo: &envelope.tx.memo,
        operations: &envelope.tx.operations,
        fee_limit: i64::from(envelope.tx.fee),
        fee_bump: None,
    }
}

/// The most telling operation; sponsoring brackets only say who carries the reserves.
fn summary(operations: &[ExplainedOperation]) -> String {
    let telling = operations.iter().filter(|op| !op.kind.ends_with("sponsoring"));
    let mut lines = telling.map(|op| op.summary.as_str());
    let Some(first) = lines.next() else {
        return operations.first().map(|op| op.summary.clone()).unwrap_or_default();
    };
    match lines.count() {
        0 => first.to_owned(),
        1 => format!("{first}, and 1 more operation"),
        more => format!("{first}, and {more} more operations"),
    }
}

fn memo(memo: &Memo) -> Option<String> {
    match memo {
        Memo::None => None,
        Memo::Text(text) => Some(String::from_utf8_lossy(text.as_slice()).into_owned()),
        Memo::Id(id) => Some(id.to_string()),
        Memo::Hash(hash) => Some(format!("hash {}", value::hex(&hash.0))),
        Memo::Return(hash) => Some(format!("return {}", value::hex(&hash.0))),
    }
}

fn returned(meta: &TransactionMeta) -> Option<&ScVal> {
    let TransactionMeta::V4(meta) = meta else {
        return None;
    };
    meta.soroban_meta.as_ref()?.return_value.as_ref()
}
