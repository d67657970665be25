//! `getEvents`: what contracts and the network announced, page by page.

use serde::{Deserialize, Serialize};
use stellar_xdr::{ContractEventBody, ContractEventType};

use super::filter::{self, EventFilter, RawFilter};
use super::format::{Format, XdrFields};
use super::jsonrpc::RpcError;
use super::page::{self, Limits, Pagination, is_known};
use super::wire;
use crate::model::{EventPosition, EventQuery, EventRecord, LedgerInfo};
use crate::network::Localnet;

const PAGE: Limits = Limits { default: 100, max: 10_000 };
/// Ledgers looked through for one page at most, as in Stellar RPC.
const SCAN_LEDGERS: u32 = 10_000;
/// Events taken from the network at once: it can do other things in between.
const CHUNK: usize = 1_000;
const MAX_TRANSACTION: u32 = 0xF_FFFF;
const MAX_OPERATION: u32 = 0xFFF;
const MAX_LEDGER: u32 = 0x7FFF_FFFF;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EventsRequest {
    start_ledger: Option<u32>,
    end_ledger: Option<u32>,
    filters: Option<Vec<RawFilter>>,
    pagination: Option<Pagination>,
    xdr_format: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EventsPage {
    events: Vec<EventRow>,
    cursor: String,
    latest_ledger: u32,
    oldest_ledger: u32,
    latest_ledger_close_time: String,
    oldest_ledger_close_time: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventRow {
    #[serde(rename = "type")]
    kind: &'static str,
    ledger: u32,
    ledger_closed_at: String,
    contract_id: String,
    id: String,
    operation_index: u32,
    transaction_index: u32,
    tx_hash: String,
    in_successful_contract_call: bool,
    #[serde(flatten)]
    xdr: XdrFields,
}

/// What is looked through: from a ledger, or behind a position, to a ledger (exclusive).
struct Window {
    start: u32,
    after: Option<EventPosition>,
    end: u32,
    limit: usize,
}

/// `getEvents`.
pub(super) async fn page(
    network: &Localnet,
    request: EventsRequest,
) -> Result<EventsPage, RpcError> {
    let format = page::format(request.xdr_format.as_deref())?;
    let known = network.latest().await?;
    let (window, filters) = check(request, &known)?;
    let found = scan(network, &window, &filters).await?;
    let cursor = match found.last() {
        Some(last) if found.len() == window.limit => last.position,
        _ => end_of(window.end.saturating_sub(1)),
    };
    Ok(EventsPage {
        events: found.iter().map(|record| row(record, format)).collect::<Result<_, _>>()?,
        cursor: cursor.id(),
        latest_ledger: known.sequence(),
        oldest_ledger: known.oldest_ledger,
        latest_ledger_close_time: known.close_time().to_string(),
        oldest_ledger_close_time: known.oldest_close_time.to_string(),
    })
}

fn check(
    request: EventsRequest,
    known: &LedgerInfo,
) -> Result<(Window, Vec<EventFilter>), RpcError> {
    let pagination = request.pagination.unwrap_or_default();
    let start_ledger = request.start_ledger.unwrap_or_default();
    let end_ledger = request.end_ledger.filter(|end| *end != 0);
    let after = pagination.cursor().map(parse_cursor).transpose()?;
    let start = match after {
        Some(_) if start_ledger != 0 || end_ledger.is_some() => {
            let message = "ledger ranges and cursor cannot both be set";
            return Err(RpcError::invalid_params(message));
        }
        Some(after) => after.ledger,
        None if start_ledger == 0 => {
            return Err(RpcError::invalid_params("startLedger must be positive"));
        }
        None => start_ledger,
    };
    let limit = pagination.limit(PAGE).map_err(RpcError::invalid_params)?;
    let filters = filter::parse_all(request.filters.unwrap_or_default())?;
    if !is_known(known, start) {
        return Err(RpcError::invalid_request(format!(
            "startLedger must be within the ledger range: {} - {}",
            known.oldest_ledger,
            known.sequence()
        )));
    }
    let end = start
        .saturating_add(SCAN_LEDGERS)
        .min(known.sequence().saturating_add(1))
        .min(end_ledger.unwrap_or(u32::MAX));
    Ok((Window { start, after, end, limit }, filters))
}

/// Reads the window until enough events fit.
async fn scan(
    network: &Localnet,
    window: &Window,
    filters: &[EventFilter],
) -> Result<Vec<EventRecord>, RpcError> {
    let mut found = Vec::new();
    let mut after = window.after;
    if window.end <= window.start {
        return Ok(found);
    }
    loop {
        let query = EventQuery {
            start_ledger: window.start,
            end_ledger: window.end - 1,
            after,
            limit: CHUNK,
        };
        let chunk = network.events(query).await?;
        let Some(last) = chunk.last() else {
            return Ok(found);
        };
        after = Some(last.position);
        let fitting = chunk.into_iter().filter(|row| filter::matches_any(filters, &row.event));
        found.extend(fitting.take(window.limit - found.len()));
        if found.len() >= window.limit {
            return Ok(found);
        }
    }
}

fn row(record: &EventRecord, format: Format) -> Result<EventRow, RpcError> {
    let ContractEventBody::V0(body) = &record.event.body;
    let contract = record.event.contract_id.as_ref();
    let mut xdr = format.fields();
    xdr.put_list(("topic", "topicJson"), body.topics.iter())?;
    xdr.put(("value", "valueJson"), &body.data)?;
    Ok(EventRow {
        kind: match record.event.type_ {
            ContractEventType::System => "system",
            ContractEventType::Contract => "contract",
            ContractEventType::Diagnostic => "diagnostic",
        },
        ledger: record.position.ledger,
        ledger_closed_at: wire::rfc3339(record.close_time),
        contract_id: contract
            .map(|id| stellar_strkey::Contract(id.0.0).to_string().to_string())
            .unwrap_or_default(),
        id: record.position.id(),
        operation_index: record.position.op,
        transaction_index: record.position.tx,
        tx_hash: wire::hex(&record.tx_hash.0),
        in_successful_contract_call: record.successful,
        xdr,
    })
}

/// A position behind every event of a ledger.
fn end_of(ledger: u32) -> EventPosition {
    EventPosition { ledger, tx: MAX_TRANSACTION, op: MAX_OPERATION, event: u32::MAX }
}

fn parse_cursor(text: &str) -> Result<EventPosition, RpcError> {
    let number = |digits: &str| {
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<u64>().ok()).flatten()
    };
    let position = text.split_once('-').and_then(|(toid, event)| {
        let position = EventPosition::from_toid(number(toid)?, u32::try_from(number(event)?).ok()?);
        (position.ledger <= MAX_LEDGER).then_some(position)
    });
    position.ok_or_else(|| {
        let shown: String = text.chars().take(64).collect();
        RpcError::invalid_params(format!(
            "invalid event id {shown:?}: expected a cursor that getEvents returned"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_is_written() {
        // 1234 << 32 | 5 << 12 | 6 = 5299989643264 + 20480 + 6
        let position = EventPosition { ledger: 1234, tx: 5, op: 6, event: 7 };
        assert_eq!(position.id(), "0000005299989663750-0000000007");
        assert_eq!(parse_cursor(&position.id()), Ok(position));
        let last = end_of(MAX_LEDGER);
        assert_eq!(last.id(), "9223372036854775807-4294967295");
        assert_eq!(parse_cursor(&last.id()), Ok(last));
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for text in ["", "-", "1", "1-", "-1", "a-1", "1-2-3", "+1-1", "1--1", "1-4294967296"] {
            assert_eq!(parse_cursor(text).unwrap_err().code, -32_602, "{text}");
        }
        assert!(parse_cursor("9223372036854775808-0").is_err());
    }
}
