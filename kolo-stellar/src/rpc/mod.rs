//! A client of Stellar RPC that keeps what others drop: the status of a submission.
mod failover;
#[cfg(feature = "http")]
mod http;
mod transport;
mod types;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kolo_core::error_codes;
use kolo_core::port::{PortError, PortErrorKind, Retry};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use stellar_xdr::{LedgerKey, Limits, ReadXdr, TransactionEnvelope, WriteXdr};

pub use failover::{Failover, NodeHealth, NodeState};
#[cfg(feature = "http")]
pub use http::{HttpTransport, HttpTransportError};
pub use transport::{FnTransport, Transport, TransportError};
pub use types::{
    EntryInfo, EventInfo, EventsFrom, EventsInfo, FeeLevels, FeeStats, Health, LatestLedgerInfo,
    NetworkInfo, SendInfo, SendStatus, Simulated, Simulation, TransactionInfo, TransactionStatus,
};
use types::{RawEntries, RawSimulation};

/// No transaction has this hash: every node answers with its latest ledger and when that closed.
pub(crate) const NO_TRANSACTION: &str =
    "0000000000000000000000000000000000000000000000000000000000000000";

/// Bounds on XDR from outside: deep enough for any authorisation tree, and no larger than an answer.
pub(crate) const XDR_LIMITS: Limits = Limits { depth: 200, len: 16 * 1024 * 1024 };

/// JSON-RPC's "no such method".
const METHOD_NOT_FOUND: i64 = -32601;

/// JSON-RPC's "internal error": the node's own trouble.
const INTERNAL_ERROR: i64 = -32603;

/// Why a request brought nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RpcError {
    /// No answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The node refuses the request.
    #[error("the node refuses {method}: {message} ({code})")]
    Refused {
        /// Which method.
        method: &'static str,
        /// JSON-RPC error code.
        code: i64,
        /// In the node's words.
        message: String,
    },
    /// The answer is not of the documented form.
    #[error("the node's answer to {method} is not of the documented form: {detail}")]
    Malformed {
        /// Which method.
        method: &'static str,
        /// What is wrong with it.
        detail: String,
    },
}

error_codes! {
    RpcError {
        Refused = "rpc.refused":
            "the node refuses the request", "read its message; check the network and the node";
        Malformed = "rpc.malformed" Unknown:
            "the node's answer is not of the documented form", "use another node";
    } within {
        Transport = TransportError::code;
    }
}

impl RpcError {
    /// Whether the node does not offer the method.
    #[must_use]
    pub const fn is_method_missing(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if *code == METHOD_NOT_FOUND)
    }

    fn class(&self) -> (PortErrorKind, Retry) {
        match self {
            Self::Transport(error) => match error {
                TransportError::Unreachable(_) => (PortErrorKind::Unavailable, Retry::Temporary),
                // Nothing is given up for it: an address may lead elsewhere for a while.
                TransportError::OtherNetwork => (PortErrorKind::Invalid, Retry::Temporary),
                TransportError::RateLimited => (PortErrorKind::Limited, Retry::Temporary),
                TransportError::Timeout => (PortErrorKind::Timeout, Retry::Unknown),
                TransportError::TooLarge { .. } => (PortErrorKind::Limited, Retry::Unknown),
                _ => (PortErrorKind::Unavailable, Retry::Unknown),
            },
            // The other codes blame the request.
            Self::Refused { code: INTERNAL_ERROR, .. } => {
                (PortErrorKind::Unavailable, Retry::Temporary)
            }
            Self::Refused { .. } => (PortErrorKind::Invalid, Retry::Permanent),
            Self::Malformed { .. } => (PortErrorKind::Corrupt, Retry::Unknown),
        }
    }
}

impl From<RpcError> for PortError {
    fn from(error: RpcError) -> Self {
        let (kind, retry) = error.class();
        Self::new(kind, retry, "asking the Stellar node").because(error)
    }
}

/// The client; cheap to clone.
#[derive(Clone)]
pub struct Rpc {
    transport: Arc<dyn Transport>,
    last_id: Arc<AtomicU64>,
}

#[derive(Deserialize)]
struct Answer {
    result: Option<Value>,
    error: Option<AnswerError>,
}

#[derive(Deserialize)]
struct AnswerError {
    #[serde(default)]
    code: i64,
    #[serde(default)]
    message: String,
}

impl Rpc {
    /// A client over `transport`.
    pub fn new(transport: impl Transport + 'static) -> Self {
        Self { transport: Arc::new(transport), last_id: Arc::new(AtomicU64::new(0)) }
    }

    /// `getNetwork`.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn network(&self) -> Result<NetworkInfo, RpcError> {
        self.request("getNetwork", Value::Null).await
    }

    /// `getHealth`.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn health(&self) -> Result<Health, RpcError> {
        self.request("getHealth", Value::Null).await
    }

    /// `getLatestLedger`.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn latest_ledger(&self) -> Result<LatestLedgerInfo, RpcError> {
        self.request("getLatestLedger", Value::Null).await
    }

    /// `getFeeStats`.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn fee_stats(&self) -> Result<FeeStats, RpcError> {
        self.request("getFeeStats", Value::Null).await
    }

    /// `getLedgerEntries`: what is there of `keys` (at most 200), in any order.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn ledger_entries(&self, keys: &[LedgerKey]) -> Result<Vec<EntryInfo>, RpcError> {
        Ok(self.entries_at(keys).await?.1)
    }

    /// As [`Rpc::ledger_entries`], with the ledger all of them are of.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn entries_at(&self, keys: &[LedgerKey]) -> Result<(u32, Vec<EntryInfo>), RpcError> {
        entries(self.request(ENTRIES, keys_of(keys)?).await?)
    }

    /// As [`Self::entries_at`], of every node, where there are several; else none.
    pub(crate) async fn entries_everywhere(
        &self,
        keys: &[LedgerKey],
    ) -> Vec<Result<(u32, Vec<EntryInfo>), RpcError>> {
        let request = match keys_of(keys) {
            Ok(keys) => self.body(ENTRIES, keys),
            Err(error) => return vec![Err(error)],
        };
        let answers = self.transport.everywhere(&request).await;
        answers.into_iter().map(|answer| entries(parse(ENTRIES, answer?)?)).collect()
    }

    /// `simulateTransaction`, with `leeway` more instructions than it took.
    ///
    /// # Errors
    /// [`RpcError`]; a call that would fail is none, but [`Simulation::Failed`].
    pub async fn simulate(
        &self,
        envelope: &TransactionEnvelope,
        leeway: u32,
    ) -> Result<Simulation, RpcError> {
        const METHOD: &str = "simulateTransaction";
        let params = json!({
            "transaction": base64(METHOD, envelope)?,
            "resourceConfig": { "instructionLeeway": leeway },
        });
        let raw: RawSimulation = self.request(METHOD, params).await?;
        if let Some(error) = raw.error.filter(|e| !e.is_empty()) {
            return Ok(Simulation::Failed(error));
        }
        if raw.restore_preamble.is_some_and(|p| !p.is_null()) {
            return Ok(Simulation::NeedsRestore);
        }
        let (Some(data), Some(min_resource_fee)) = (raw.transaction_data, raw.min_resource_fee)
        else {
            return Err(malformed(METHOD, "neither error nor transactionData"));
        };
        let entries = raw.results.unwrap_or_default().into_iter();
        let auth = entries
            .flat_map(|result| result.auth.unwrap_or_default())
            .map(|entry| from_base64(METHOD, &entry))
            .collect::<Result<_, _>>()?;
        Ok(Simulation::Success(Box::new(Simulated {
            data: from_base64(METHOD, &data)?,
            min_resource_fee,
            auth,
        })))
    }

    /// `sendTransaction` of the bytes of a signed envelope.
    ///
    /// # Errors
    /// [`RpcError`]; what the network says to the transaction is none, but [`SendInfo`].
    pub async fn send(&self, envelope: &[u8]) -> Result<SendInfo, RpcError> {
        let text = data_encoding::BASE64.encode(envelope);
        self.request("sendTransaction", json!({ "transaction": text })).await
    }

    /// `getTransaction` by its hash (hex), that of a fee-bump or that inside it.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn transaction(&self, hash: &str) -> Result<TransactionInfo, RpcError> {
        self.request("getTransaction", json!({ "hash": hash })).await
    }

    /// As [`Self::transaction`], of every node, where there are several; else none.
    pub async fn transaction_everywhere(
        &self,
        hash: &str,
    ) -> Vec<Result<TransactionInfo, RpcError>> {
        const METHOD: &str = "getTransaction";
        let request = self.body(METHOD, json!({ "hash": hash }));
        let answers = self.transport.everywhere(&request).await;
        answers.into_iter().map(|answer| parse(METHOD, answer?)).collect()
    }

    /// What is known of the nodes behind it, where there are several.
    pub async fn nodes(&self) -> Vec<NodeHealth> {
        self.transport.nodes().await
    }

    /// `getEvents`: the next `limit` that pass one of `filters` (JSON as documented).
    ///
    /// # Errors
    /// [`RpcError`], also when the node no longer has, or does not have yet, the ledger to begin with.
    pub async fn events(
        &self,
        from: &EventsFrom,
        filters: &Value,
        limit: usize,
    ) -> Result<EventsInfo, RpcError> {
        let params = match from {
            EventsFrom::Ledger(ledger) => json!({
                "startLedger": ledger, "filters": filters, "pagination": { "limit": limit },
            }),
            EventsFrom::Cursor(cursor) => json!({
                "filters": filters, "pagination": { "cursor": cursor, "limit": limit },
            }),
        };
        self.request("getEvents", params).await
    }

    pub(crate) async fn request<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: Value,
    ) -> Result<T, RpcError> {
        let request = self.body(method, params);
        parse(method, self.transport.call(request).await?)
    }

    fn body(&self, method: &'static str, params: Value) -> Value {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed);
        let mut request = json!({ "jsonrpc": "2.0", "id": id, "method": method });
        if !params.is_null() {
            request["params"] = params;
        }
        request
    }
}

const ENTRIES: &str = "getLedgerEntries";

fn keys_of(keys: &[LedgerKey]) -> Result<Value, RpcError> {
    let keys: Vec<String> =
        keys.iter().map(|key| base64(ENTRIES, key)).collect::<Result<_, _>>()?;
    Ok(json!({ "keys": keys }))
}

fn entries(raw: RawEntries) -> Result<(u32, Vec<EntryInfo>), RpcError> {
    let entries = raw.entries.unwrap_or_default().into_iter().map(|entry| {
        Ok(EntryInfo {
            key: from_base64(ENTRIES, &entry.key)?,
            data: from_base64(ENTRIES, &entry.xdr)?,
            live_until: entry.live_until_ledger_seq,
        })
    });
    Ok((raw.latest_ledger, entries.collect::<Result<_, RpcError>>()?))
}

fn parse<T: DeserializeOwned>(method: &'static str, answer: Value) -> Result<T, RpcError> {
    let answer: Answer =
        serde_json::from_value(answer).map_err(|e| malformed(method, &e.to_string()))?;
    match answer {
        Answer { error: Some(error), .. } => {
            Err(RpcError::Refused { method, code: error.code, message: error.message })
        }
        Answer { result, .. } => serde_json::from_value(result.unwrap_or(Value::Null))
            .map_err(|e| malformed(method, &e.to_string())),
    }
}

fn malformed(method: &'static str, detail: &str) -> RpcError {
    RpcError::Malformed { method, detail: detail.to_owned() }
}

fn base64(method: &'static str, value: &impl WriteXdr) -> Result<String, RpcError> {
    value.to_xdr_base64(XDR_LIMITS).map_err(|e| malformed(method, &e.to_string()))
}

fn from_base64<T: ReadXdr>(method: &'static str, text: &str) -> Result<T, RpcError> {
    T::from_xdr_base64(text, XDR_LIMITS).map_err(|e| malformed(method, &e.to_string()))
}
