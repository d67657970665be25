//! The client against the embedded network: real envelopes, real contracts.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail the test")]
mod deploy;
#[cfg(feature = "http")]
mod failover;
#[cfg(feature = "http")]
mod http;
mod meter;
mod once;
mod refusals;
mod rotation;
mod setup;
mod two;
mod world;
