//! `sendTransaction`, `getTransaction` and `getTransactions`.

use serde::{Deserialize, Serialize};
use stellar_xdr::TransactionMeta;

use super::format::{Format, XdrFields};
use super::jsonrpc::RpcError;
use super::page::{self, Limits, PageRequest, Start};
use super::wire;
use crate::model::{EventPosition, LedgerInfo, SendOutcome, TxRecord};
use crate::network::Localnet;

const PAGE: Limits = Limits { default: 50, max: 200 };

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SendRequest {
    transaction: String,
    xdr_format: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SendAnswer {
    #[serde(flatten)]
    xdr: XdrFields,
    status: &'static str,
    hash: String,
    latest_ledger: u32,
    latest_ledger_close_time: String,
}

/// `sendTransaction`: hands an envelope in; what becomes of it, `getTransaction` tells.
pub(super) async fn send(network: &Localnet, request: SendRequest) -> Result<SendAnswer, RpcError> {
    let format = page::format(request.xdr_format.as_deref())?;
    let envelope =
        wire::decode(&request.transaction).map_err(|_| RpcError::invalid_params("invalid_xdr"))?;
    let known = network.latest().await?;
    let outcome = network.send(envelope).await?;
    let mut xdr = format.fields();
    if let SendOutcome::Error { result, .. } = &outcome {
        xdr.put(("errorResultXdr", "errorResultJson"), result)?;
    }
    Ok(SendAnswer {
        xdr,
        status: match &outcome {
            SendOutcome::Pending(_) => "PENDING",
            SendOutcome::Duplicate(_) => "DUPLICATE",
            SendOutcome::TryAgainLater(_) => "TRY_AGAIN_LATER",
            SendOutcome::Error { .. } => "ERROR",
        },
        hash: wire::hex(&outcome.hash().0),
        latest_ledger: known.sequence(),
        latest_ledger_close_time: known.close_time().to_string(),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OneRequest {
    hash: String,
    xdr_format: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OneAnswer {
    latest_ledger: u32,
    latest_ledger_close_time: String,
    oldest_ledger: u32,
    oldest_ledger_close_time: String,
    #[serde(flatten)]
    details: Details,
    /// A string here and a number in `getTransactions`, as in Stellar RPC.
    created_at: String,
}

/// What is known of a transaction; for one that is not found, the hash and empty values.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    status: &'static str,
    tx_hash: String,
    application_order: u32,
    fee_bump: bool,
    /// Envelope, result, metadata, and diagnostic events where there are any.
    #[serde(flatten)]
    xdr: XdrFields,
    /// Those of the transaction, and of each of its operations.
    events: XdrFields,
    ledger: u32,
}

/// `getTransaction`: by the hash of a transaction, or of the inner one of a fee-bump.
pub(super) async fn one(network: &Localnet, request: OneRequest) -> Result<OneAnswer, RpcError> {
    let format = page::format(request.xdr_format.as_deref())?;
    let hash = wire::parse_hash(&request.hash)?;
    // The transaction first: the range that is reported then includes its ledger.
    let found = network.transaction(hash).await?;
    let known = network.latest().await?;
    let (details, close_time) = match &found {
        Some(record) => (Details::of(record, request.hash, format)?, record.close_time),
        None => {
            let details =
                Details { status: "NOT_FOUND", tx_hash: request.hash, ..Details::default() };
            (details, 0)
        }
    };
    Ok(OneAnswer {
        latest_ledger: known.sequence(),
        latest_ledger_close_time: known.close_time().to_string(),
        oldest_ledger: known.oldest_ledger,
        oldest_ledger_close_time: known.oldest_close_time.to_string(),
        details,
        created_at: close_time.to_string(),
    })
}

impl Details {
    fn of(record: &TxRecord, tx_hash: String, format: Format) -> Result<Self, RpcError> {
        let (mut xdr, mut events) = (format.fields(), format.fields());
        xdr.put(("envelopeXdr", "envelopeJson"), &record.envelope)?;
        xdr.put(("resultXdr", "resultJson"), &record.result)?;
        xdr.put(("resultMetaXdr", "resultMetaJson"), &record.meta)?;
        if let TransactionMeta::V4(meta) = &record.meta {
            let of_operations = meta.operations.iter().map(|operation| operation.events.iter());
            let diagnostic = ("diagnosticEventsXdr", "diagnosticEventsJson");
            xdr.put_list(diagnostic, meta.diagnostic_events.iter())?;
            let of_transaction = ("transactionEventsXdr", "transactionEventsJson");
            events.put_list(of_transaction, meta.events.iter())?;
            events.put_lists(("contractEventsXdr", "contractEventsJson"), of_operations)?;
        }
        Ok(Self {
            status: if record.is_successful() { "SUCCESS" } else { "FAILED" },
            tx_hash,
            application_order: record.index,
            fee_bump: record.inner_hash.is_some(),
            xdr,
            events,
            ledger: record.ledger,
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TransactionsPage {
    transactions: Vec<TransactionRow>,
    latest_ledger: u32,
    latest_ledger_close_timestamp: u64,
    oldest_ledger: u32,
    oldest_ledger_close_timestamp: u64,
    cursor: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TransactionRow {
    #[serde(flatten)]
    details: Details,
    created_at: u64,
}

/// `getTransactions`: every transaction from a ledger on, page by page.
pub(super) async fn page(
    network: &Localnet,
    request: PageRequest,
) -> Result<TransactionsPage, RpcError> {
    let known = network.latest().await?;
    let page = request.check(PAGE, &known)?;
    let (first, after) = match page.start {
        Start::Ledger(ledger) => (ledger, None),
        Start::Cursor(cursor) => {
            let at = parse_cursor(&cursor)?;
            (at.ledger, Some((at.ledger, at.tx)))
        }
    };
    let found = network.transactions(first..=known.sequence(), after, page.limit).await?;
    let rows = found.iter().map(|record| {
        let details = Details::of(record, wire::hex(&record.hash.0), page.format)?;
        Ok(TransactionRow { details, created_at: record.close_time })
    });
    Ok(TransactionsPage {
        transactions: rows.collect::<Result<_, RpcError>>()?,
        latest_ledger: known.sequence(),
        latest_ledger_close_timestamp: known.close_time(),
        oldest_ledger: known.oldest_ledger,
        oldest_ledger_close_timestamp: known.oldest_close_time,
        cursor: next_cursor(found.last(), found.len() == page.limit, after, &known),
    })
}

/// The cursor of the last transaction given; where there are no more, the end of what was looked
/// through, so that the next page begins with the next ledger.
fn next_cursor(
    last: Option<&TxRecord>,
    full: bool,
    after: Option<(u32, u32)>,
    known: &LedgerInfo,
) -> String {
    let end = (known.sequence(), 0);
    let at = last.map(|record| (record.ledger, record.index)).max(after);
    let (ledger, tx) = match at {
        Some(at) if full => at,
        Some(at) => at.max(end),
        None => end,
    };
    EventPosition { ledger, tx, op: 1, event: 0 }.toid().to_string()
}

fn parse_cursor(cursor: &str) -> Result<EventPosition, RpcError> {
    cursor
        .parse()
        .ok()
        .filter(|toid: &u64| i64::try_from(*toid).is_ok())
        .map(|toid| EventPosition::from_toid(toid, 0))
        .ok_or_else(|| {
            RpcError::invalid_params("invalid cursor: expected one that getTransactions returned")
        })
}
