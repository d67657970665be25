//! What the methods of Stellar RPC answer, as far as it is used here.
use serde::{Deserialize, Deserializer};
use stellar_xdr::{LedgerEntryData, LedgerKey, SorobanAuthorizationEntry, SorobanTransactionData};

/// Numbers of 64 bits come as text, and from some nodes as numbers.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Plain(i64),
    Text(String),
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    match Number::deserialize(deserializer)? {
        Number::Plain(value) => Ok(value),
        Number::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}

fn maybe_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    number(deserializer).map(Some)
}

/// `getNetwork`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkInfo {
    /// The network's passphrase.
    pub passphrase: String,
    /// Protocol version.
    #[serde(default)]
    pub protocol_version: u32,
}

/// `getHealth`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// `healthy`.
    pub status: String,
    /// The latest ledger the node has.
    pub latest_ledger: u32,
    /// The oldest ledger the node still has.
    pub oldest_ledger: u32,
}

/// `getLatestLedger`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LatestLedgerInfo {
    /// Its number.
    pub sequence: u32,
    /// When it closed (Unix seconds); older nodes do not say.
    #[serde(default, deserialize_with = "maybe_number")]
    pub close_time: Option<i64>,
}

/// One entry of `getLedgerEntries`, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryInfo {
    /// Its key.
    pub key: LedgerKey,
    /// What it holds.
    pub data: LedgerEntryData,
    /// The last ledger it lives in, where it has a TTL.
    pub live_until: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawEntry {
    pub key: String,
    pub xdr: String,
    #[serde(default)]
    pub live_until_ledger_seq: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawEntries {
    /// The ledger all of them are of.
    pub latest_ledger: u32,
    /// Some nodes answer `null` when nothing was found.
    #[serde(default)]
    pub entries: Option<Vec<RawEntry>>,
}

#[derive(Deserialize)]
pub(super) struct RawHostResult {
    #[serde(default)]
    pub auth: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawSimulation {
    #[serde(default)]
    pub error: Option<String>,
    #[serde(default)]
    pub transaction_data: Option<String>,
    #[serde(default, deserialize_with = "maybe_number")]
    pub min_resource_fee: Option<i64>,
    #[serde(default)]
    pub results: Option<Vec<RawHostResult>>,
    #[serde(default)]
    pub restore_preamble: Option<serde_json::Value>,
}

/// `simulateTransaction`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Simulation {
    /// It would be applied.
    Success(Box<Simulated>),
    /// It would fail, in the host's words.
    Failed(String),
    /// Archived entries must be restored by a transaction of their own first.
    NeedsRestore,
}

/// What a successful simulation found.
#[derive(Clone, Debug)]
pub struct Simulated {
    /// Footprint and resources.
    pub data: SorobanTransactionData,
    /// The least resource fee, stroops of XLM.
    pub min_resource_fee: i64,
    /// Authorisation the call asks for.
    pub auth: Vec<SorobanAuthorizationEntry>,
}

/// The node's word on a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SendStatus {
    /// Queued.
    Pending,
    /// Queued or applied before.
    Duplicate,
    /// Not now.
    TryAgainLater,
    /// Refused; `errorResultXdr` says why.
    Error,
}

/// `sendTransaction`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SendInfo {
    /// The node's word.
    pub status: SendStatus,
    /// The result, base64 XDR, with [`SendStatus::Error`].
    #[serde(default)]
    pub error_result_xdr: Option<String>,
    /// Diagnostic events, base64 XDR.
    #[serde(default)]
    pub diagnostic_events_xdr: Vec<String>,
}

/// Whether a transaction is in a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TransactionStatus {
    /// Applied.
    Success,
    /// In a ledger, but failed.
    Failed,
    /// In no ledger the node has.
    NotFound,
}

/// `getTransaction`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TransactionInfo {
    /// Whether it is in a ledger.
    pub status: TransactionStatus,
    /// The latest ledger the node has.
    pub latest_ledger: u32,
    /// When that closed (Unix seconds).
    #[serde(deserialize_with = "number")]
    pub latest_ledger_close_time: i64,
    /// When the oldest ledger the node still has closed (Unix seconds).
    #[serde(deserialize_with = "number")]
    pub oldest_ledger_close_time: i64,
    /// The ledger it is in.
    #[serde(default)]
    pub ledger: Option<u32>,
    /// When that closed (Unix seconds).
    #[serde(default, deserialize_with = "maybe_number")]
    pub created_at: Option<i64>,
    /// The result, base64 XDR.
    #[serde(default)]
    pub result_xdr: Option<String>,
    /// The meta, base64 XDR.
    #[serde(default)]
    pub result_meta_xdr: Option<String>,
    /// Diagnostic events, base64 XDR.
    #[serde(default)]
    pub diagnostic_events_xdr: Vec<String>,
}

/// One event of `getEvents`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventInfo {
    /// Unique and ordered.
    pub id: String,
    /// Which ledger.
    pub ledger: u32,
    /// When that closed, RFC 3339.
    pub ledger_closed_at: String,
    /// Who emitted it (`C…`).
    #[serde(default)]
    pub contract_id: String,
    /// The transaction, hex.
    pub tx_hash: String,
    /// Topics, base64 XDR of `ScVal`.
    #[serde(default)]
    pub topic: Vec<String>,
    /// Data, base64 XDR of `ScVal`.
    #[serde(default)]
    pub value: String,
    /// False for what a failed call left behind.
    #[serde(default = "yes")]
    pub in_successful_contract_call: bool,
}

const fn yes() -> bool {
    true
}

/// `getEvents`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventsInfo {
    /// In order.
    pub events: Vec<EventInfo>,
    /// Where to go on: the last event, or the end of what was searched.
    pub cursor: String,
    /// The latest ledger the node has.
    pub latest_ledger: u32,
}

/// Where `getEvents` begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventsFrom {
    /// At a ledger, inclusive.
    Ledger(u32),
    /// After a cursor.
    Cursor(String),
}

/// Inclusion fees paid lately, stroops of XLM per operation.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct FeeLevels {
    /// What 90 of 100 transactions stayed below.
    #[serde(deserialize_with = "number")]
    pub p90: i64,
    /// The least that got in, where the node says so.
    #[serde(default, deserialize_with = "maybe_number")]
    pub min: Option<i64>,
}

/// `getFeeStats`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FeeStats {
    /// Of contract calls.
    pub soroban_inclusion_fee: FeeLevels,
    /// Of everything else.
    pub inclusion_fee: FeeLevels,
}
