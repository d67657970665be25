//! The network, its ledgers and what is in them.

use serde::{Deserialize, Serialize};
use stellar_xdr::{LedgerHeaderHistoryEntry, LedgerKey};

use super::format::{Format, XdrFields};
use super::jsonrpc::RpcError;
use super::page::{self, Limits, PageRequest, Start, is_known};
use super::{meta, wire};
use crate::model::Found;
use crate::network::Localnet;

const PAGE: Limits = Limits { default: 50, max: 200 };
const MAX_KEYS: usize = 200;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Health {
    status: &'static str,
    latest_ledger: u32,
    latest_ledger_close_time: u64,
    oldest_ledger: u32,
    oldest_ledger_close_time: u64,
    ledger_retention_window: u32,
}

/// `getHealth`: healthy whenever the network answers.
pub(super) async fn health(network: &Localnet) -> Result<Health, RpcError> {
    let known = network.latest().await?;
    Ok(Health {
        status: "healthy",
        latest_ledger: known.sequence(),
        latest_ledger_close_time: known.close_time(),
        oldest_ledger: known.oldest_ledger,
        oldest_ledger_close_time: known.oldest_close_time,
        ledger_retention_window: known.retention,
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NetworkAnswer {
    #[serde(skip_serializing_if = "Option::is_none")]
    friendbot_url: Option<String>,
    passphrase: String,
    protocol_version: u32,
}

/// `getNetwork`.
pub(super) async fn network(
    network: &Localnet,
    friendbot_url: Option<&str>,
) -> Result<NetworkAnswer, RpcError> {
    Ok(NetworkAnswer {
        friendbot_url: friendbot_url.map(str::to_owned),
        passphrase: network.passphrase().to_owned(),
        protocol_version: network.latest().await?.protocol_version(),
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VersionInfo {
    version: &'static str,
    commit_hash: &'static str,
    build_timestamp: &'static str,
    captive_core_version: &'static str,
    protocol_version: u32,
}

/// `getVersionInfo`: of this crate, since there is no stellar-core behind it.
pub(super) async fn version_info(network: &Localnet) -> Result<VersionInfo, RpcError> {
    Ok(VersionInfo {
        version: env!("CARGO_PKG_VERSION"),
        commit_hash: "",
        build_timestamp: "",
        captive_core_version: concat!("kolo-localnet ", env!("CARGO_PKG_VERSION")),
        protocol_version: network.latest().await?.protocol_version(),
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LatestLedger {
    id: String,
    protocol_version: u32,
    sequence: u32,
    close_time: String,
    header_xdr: String,
    metadata_xdr: String,
}

/// `getLatestLedger`.
pub(super) async fn latest(network: &Localnet) -> Result<LatestLedger, RpcError> {
    let known = network.latest().await?;
    let sequence = known.sequence();
    let transactions = network.transactions(sequence..=sequence, None, usize::MAX).await?;
    Ok(LatestLedger {
        id: wire::hex(&known.header.hash.0),
        protocol_version: known.protocol_version(),
        sequence,
        close_time: known.close_time().to_string(),
        header_xdr: wire::encode(&known.header.header)?,
        metadata_xdr: wire::encode(&meta::close_meta(known.header, &transactions)?)?,
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LedgersPage {
    ledgers: Vec<LedgerRow>,
    latest_ledger: u32,
    latest_ledger_close_time: u64,
    oldest_ledger: u32,
    oldest_ledger_close_time: u64,
    cursor: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LedgerRow {
    hash: String,
    sequence: u32,
    ledger_close_time: String,
    #[serde(flatten)]
    xdr: XdrFields,
}

/// `getLedgers`: headers and metadata, page by page.
pub(super) async fn page(
    network: &Localnet,
    request: PageRequest,
) -> Result<LedgersPage, RpcError> {
    let known = network.latest().await?;
    let page = request.check(PAGE, &known)?;
    let start = match page.start {
        Start::Ledger(start) => start,
        Start::Cursor(cursor) => {
            let start = cursor.parse().ok().and_then(|last: u32| last.checked_add(1));
            start.filter(|start| is_known(&known, *start)).ok_or_else(|| {
                RpcError::invalid_params(format!(
                    "cursor ('{}') must be between the oldest ledger: {} and the latest ledger: \
                     {} for this rpc instance",
                    cursor.chars().take(64).collect::<String>(),
                    known.oldest_ledger,
                    known.sequence()
                ))
            })?
        }
    };
    let headers = network.ledgers(start..=known.sequence(), page.limit).await?;
    let cursor = headers.last().map_or(start.saturating_sub(1), |last| last.header.ledger_seq);
    let mut ledgers = Vec::with_capacity(headers.len());
    for header in headers {
        ledgers.push(ledger_row(network, header, page.format).await?);
    }
    Ok(LedgersPage {
        ledgers,
        latest_ledger: known.sequence(),
        latest_ledger_close_time: known.close_time(),
        oldest_ledger: known.oldest_ledger,
        oldest_ledger_close_time: known.oldest_close_time,
        cursor: cursor.to_string(),
    })
}

async fn ledger_row(
    network: &Localnet,
    header: LedgerHeaderHistoryEntry,
    format: Format,
) -> Result<LedgerRow, RpcError> {
    let sequence = header.header.ledger_seq;
    let transactions = network.transactions(sequence..=sequence, None, usize::MAX).await?;
    let hash = wire::hex(&header.hash.0);
    let ledger_close_time = header.header.scp_value.close_time.0.to_string();
    let mut xdr = format.fields();
    xdr.put(("headerXdr", "headerJson"), &header)?;
    xdr.put(("metadataXdr", "metadataJson"), &meta::close_meta(header, &transactions)?)?;
    for name in ["headerXdr", "metadataXdr"] {
        xdr.or(name, "");
    }
    Ok(LedgerRow { hash, sequence, ledger_close_time, xdr })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EntriesRequest {
    keys: Option<Vec<String>>,
    xdr_format: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entries {
    entries: Vec<EntryRow>,
    latest_ledger: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EntryRow {
    last_modified_ledger_seq: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    live_until_ledger_seq: Option<u32>,
    #[serde(flatten)]
    xdr: XdrFields,
}

/// `getLedgerEntries`: those of the keys that exist, in the order asked.
pub(super) async fn entries(
    network: &Localnet,
    request: EntriesRequest,
) -> Result<Entries, RpcError> {
    let format = page::format(request.xdr_format.as_deref())?;
    let keys = request.keys.unwrap_or_default();
    if keys.len() > MAX_KEYS {
        return Err(RpcError::invalid_params(format!(
            "key count ({}) exceeds maximum supported ({MAX_KEYS})",
            keys.len()
        )));
    }
    let keys: Vec<LedgerKey> =
        keys.iter().enumerate().map(parse_key).collect::<Result<_, RpcError>>()?;
    let (found, latest_ledger) = network.entries(keys).await?;
    let entries =
        found.iter().map(|found| entry_row(found, format)).collect::<Result<_, RpcError>>()?;
    Ok(Entries { entries, latest_ledger })
}

fn parse_key((index, key): (usize, &String)) -> Result<LedgerKey, RpcError> {
    match wire::decode(key) {
        Ok(LedgerKey::Ttl(_)) => {
            Err(RpcError::invalid_params("ledger ttl entries cannot be queried directly"))
        }
        Ok(key) => Ok(key),
        Err(wire::NotXdr) => {
            let refused = format!("cannot unmarshal key value {key} at index {index}");
            Err(RpcError::invalid_params(refused).about("expected the base64 of a LedgerKey"))
        }
    }
}

fn entry_row(found: &Found, format: Format) -> Result<EntryRow, RpcError> {
    let entry = &found.entry.entry;
    let mut xdr = format.fields();
    xdr.put(("key", "keyJson"), &found.key)?;
    xdr.put(("xdr", "dataJson"), &entry.data)?;
    xdr.put(("extXdr", "extJson"), &entry.ext)?;
    Ok(EntryRow {
        last_modified_ledger_seq: entry.last_modified_ledger_seq,
        live_until_ledger_seq: found.entry.live_until,
        xdr,
    })
}
