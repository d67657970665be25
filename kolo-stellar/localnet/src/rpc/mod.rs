//! Stellar RPC: the JSON-RPC 2.0 interface through which every Stellar client talks to a network.
//!
//! Field names, types and error codes are those of Stellar RPC 28, so that the official clients
//! work unchanged: `getHealth`, `getNetwork`, `getVersionInfo`, `getLatestLedger`, `getLedgers`,
//! `getFeeStats`, `getLedgerEntries`, `simulateTransaction`, `sendTransaction`, `getTransaction`,
//! `getTransactions`, `getEvents`. In one process, ask [`Localnet::rpc`] or [`handle`]; on a port,
//! [`serve`].
//!
//! What differs from Stellar RPC: `getHealth` is healthy however
//! old the latest ledger is (a network that closes ledgers on demand may rest for hours); ledger
//! metadata has no upgrades, consensus messages or evicted keys; a simulation sees the ledger that is
//! about to close (its sequence, and the clock's time), where Stellar RPC takes the latest closed one;
//! batches have at most [`MAX_BATCH`] requests. On a port, a body that is too large or no JSON gets a
//! JSON-RPC error (status 413, 200), where Stellar RPC answers 500 with the same words as plain text.

mod events;
mod fee_stats;
mod filter;
mod format;
#[cfg(feature = "http")]
mod http;
mod jsonrpc;
mod ledgers;
mod meta;
mod page;
mod simulate;
#[cfg(feature = "http")]
mod tools;
mod transactions;
mod wire;

#[cfg(feature = "http")]
pub use http::{FRIENDBOT_STROOPS, MAX_BODY_BYTES, serve, serve_with_tools};
pub use jsonrpc::{MAX_BATCH, RpcError};
#[cfg(feature = "http")]
pub(crate) use wire::rfc3339;

use serde_json::Value;

use crate::network::{Localnet, NetworkError};

impl Localnet {
    /// Answers a JSON-RPC request, or a batch of them, as Stellar RPC would over HTTP.
    ///
    /// Errors are JSON-RPC error objects in the answer. A notification is answered by `null`.
    pub async fn rpc(&self, request: Value) -> Value {
        handle(self, request).await.unwrap_or(Value::Null)
    }
}

/// Answers a JSON-RPC request, or a batch of them; `None` if nothing is to be answered, because
/// the request was a notification.
pub async fn handle(network: &Localnet, request: Value) -> Option<Value> {
    Service { network, friendbot_url: None }.answer(request).await
}

/// Methods without parameters; they are content with none, null or an object.
const TAKES_NOTHING: [&str; 5] =
    ["getHealth", "getNetwork", "getVersionInfo", "getLatestLedger", "getFeeStats"];

#[derive(serde::Deserialize)]
struct Nothing {}

/// A network as it is seen from where the request came in.
#[derive(Clone, Copy)]
struct Service<'a> {
    network: &'a Localnet,
    /// Where accounts are funded; known to those who came in over HTTP.
    friendbot_url: Option<&'a str>,
}

impl Service<'_> {
    async fn answer(self, request: Value) -> Option<Value> {
        jsonrpc::answer(request, |method, params| self.call(method, params)).await
    }

    async fn call(self, method: String, params: Option<Value>) -> Result<Value, RpcError> {
        use jsonrpc::{params as read, result as write};
        let network = self.network;
        if TAKES_NOTHING.contains(&method.as_str()) {
            read::<Nothing>(params.clone())?;
        }
        match method.as_str() {
            "getHealth" => write(&ledgers::health(network).await?),
            "getNetwork" => write(&ledgers::network(network, self.friendbot_url).await?),
            "getVersionInfo" => write(&ledgers::version_info(network).await?),
            "getLatestLedger" => write(&ledgers::latest(network).await?),
            "getLedgers" => write(&ledgers::page(network, read(params)?).await?),
            "getLedgerEntries" => write(&ledgers::entries(network, read(params)?).await?),
            "getFeeStats" => write(&fee_stats::fee_stats(network).await?),
            "simulateTransaction" => write(&simulate::simulate(network, read(params)?).await?),
            "sendTransaction" => write(&transactions::send(network, read(params)?).await?),
            "getTransaction" => write(&transactions::one(network, read(params)?).await?),
            "getTransactions" => write(&transactions::page(network, read(params)?).await?),
            "getEvents" => write(&events::page(network, read(params)?).await?),
            unknown => Err(RpcError::method_not_found(unknown)),
        }
    }
}

impl From<NetworkError> for RpcError {
    fn from(error: NetworkError) -> Self {
        Self::internal(error.to_string())
    }
}
