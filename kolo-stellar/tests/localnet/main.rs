//! The client against the embedded network: real envelopes, real contracts.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail the test")]
mod assets;
mod closing;
mod distrust;
#[cfg(feature = "http")]
mod http;
mod once;
mod policy;
mod refusals;
mod rescue;
mod rotation;
mod setup;
mod two;
mod world;
