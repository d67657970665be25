//! One binary, so that the host is linked once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what the tests share stands outside of them"
)]
mod closing;
mod cost;
mod delivery;
mod events;
mod factory;
mod joining;
mod lifetimes;
mod rotation;
