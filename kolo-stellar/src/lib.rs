//! Kolo's chain client for Stellar: the adapter of [`kolo_core::port::ChainClient`].
//!
//! [`StellarChainClient`] turns effects into transactions, holds what is to be signed against the
//! effect again, wraps it in a fee-bump, sends it, learns its fate and follows events, over any
//! [`Transport`] to a node that speaks Stellar RPC: HTTPS (feature `http`, on by default) or a
//! network in the same process. It holds no secret.
//!
//! [`inspect`] looks after a network: status, fees, accounts, health.
//!
//! [`setup`] brings a network under one's own control (local, standalone) to where circles can be
//! made on it: a test asset, the contracts, the operator's accounts.
mod address;
mod client;
mod closing;
mod config;
mod events;
mod fees;
pub mod inspect;
mod lifetime;
mod meter;
mod outcome;
mod plan;
mod prepare;
mod protocol;
mod read;
pub mod rescue;
pub mod rpc;
mod scval;
pub mod setup;
mod sign;
mod submit;
#[cfg(test)]
mod tests;
mod two;
mod verify;
pub mod wallet;

pub use client::StellarChainClient;
pub use config::{MAX_ASSETS, Operators, StellarConfig};
pub use meter::{Figures, Meter, Metered, Settlement};
pub use protocol::{PROTOCOLS, UnknownProtocol};
pub use rpc::{
    Failover, FnTransport, NodeHealth, NodeState, Rpc, RpcError, Transport, TransportError,
};
#[cfg(feature = "http")]
pub use rpc::{HttpTransport, HttpTransportError};
