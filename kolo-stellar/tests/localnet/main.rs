//! The client against the embedded network: real envelopes, real contracts.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail the test")]
#[cfg(feature = "http")]
mod absence;
mod archived;
mod assets;
mod closing;
mod deploy;
mod distrust;
#[cfg(feature = "http")]
mod failover;
mod follow;
#[cfg(feature = "http")]
mod http;
mod lifetimes;
mod market;
mod meter;
mod once;
mod payouts;
mod policy;
mod refusals;
mod rescue;
mod rotation;
mod setup;
mod two;
mod world;
