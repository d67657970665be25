//! How a JSON-RPC request reaches a node: one small trait, so that a network in the same process,
//! a test's script and HTTPS look the same.
use std::future::Future;

use async_trait::async_trait;
use kolo_core::error_codes;
use serde_json::Value;

use super::failover::NodeHealth;

/// Carries one JSON-RPC request object and brings back the response object.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends `request`, a whole JSON-RPC 2.0 object, and returns the whole response object.
    ///
    /// # Errors
    /// [`TransportError`], which tells whether the request may have arrived.
    async fn call(&self, request: Value) -> Result<Value, TransportError>;

    /// Asks every node, where there are several; else nobody. For what is taken as proven only if none
    /// contradicts: one that cannot be asked is an error among the answers.
    async fn everywhere(&self, request: &Value) -> Vec<Result<Value, TransportError>> {
        let _ = request;
        Vec::new()
    }

    /// What is known of the nodes, where there are several; else nothing.
    async fn nodes(&self) -> Vec<NodeHealth> {
        Vec::new()
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The node was not reached; nothing was sent.
    #[error("the node is not reachable: {0}; check the RPC address and the network")]
    Unreachable(String),
    /// No answer in time; the request may have arrived.
    #[error("the node did not answer in time")]
    Timeout,
    /// The connection broke; the request may have arrived.
    #[error("the connection to the node broke: {0}")]
    Broken(String),
    /// The node asks for fewer requests.
    #[error("the node limits requests; slow down or use another node")]
    RateLimited,
    /// An HTTP status that is no answer.
    #[error("the node answered with HTTP status {0}")]
    Status(u16),
    /// The answer is larger than allowed.
    #[error("the node's answer is larger than {limit} bytes")]
    TooLarge {
        /// How many bytes are allowed.
        limit: usize,
    },
    /// The answer is no JSON.
    #[error("the node's answer is not JSON: {0}")]
    NotJson(String),
    /// No node is on the network that was meant; nothing was sent.
    #[error("no node is on the configured network: correct the passphrase or the RPC address")]
    OtherNetwork,
    /// The answer is none to what was asked.
    #[error("the node's answer cannot be used: {0}")]
    Garbled(String),
}

impl TransportError {
    /// Whether the request may have arrived.
    #[must_use]
    pub const fn may_have_arrived(&self) -> bool {
        !matches!(self, Self::Unreachable(_) | Self::RateLimited | Self::OtherNetwork)
    }
}

error_codes! {
    TransportError {
        Unreachable = "rpc.unreachable" Temporary:
            "the node was not reached; nothing was sent", "check the RPC address and the network";
        Timeout = "rpc.timeout" Unknown:
            "no answer in time; the request may have arrived", "look up what became of it";
        Broken = "rpc.broken" Unknown:
            "the connection broke; the request may have arrived", "look up what became of it";
        RateLimited = "rpc.rate_limited" Temporary:
            "the node asks for fewer requests", "slow down, or use another node";
        Status = "rpc.status" Unknown:
            "an HTTP status that is no answer", "check the RPC address and its API key";
        TooLarge = "rpc.too_large" Unknown:
            "the answer is larger than allowed", "look it up with a smaller page";
        NotJson = "rpc.not_json" Unknown:
            "the answer is not JSON", "check that the address is that of a Stellar RPC node";
        OtherNetwork = "rpc.other_network" Temporary:
            "no node is on the configured network; nothing was sent",
            "correct the passphrase or the RPC address";
        Garbled = "rpc.garbled" Unknown:
            "the answer is none to what was asked", "use another node";
    }
}

/// A [`Transport`] from an async function, e.g. the `rpc` of a network in the same process.
pub struct FnTransport<F>(F);

impl<F> FnTransport<F> {
    /// Wraps `function`.
    pub const fn new(function: F) -> Self {
        Self(function)
    }
}

#[async_trait]
impl<F, Fut> Transport for FnTransport<F>
where
    F: Fn(Value) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Value, TransportError>> + Send,
{
    async fn call(&self, request: Value) -> Result<Value, TransportError> {
        (self.0)(request).await
    }
}
