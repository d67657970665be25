//! One binary, so that the host is linked once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what the tests share stands outside of them"
)]
mod attacks;
mod closing;
mod cost;
mod delivery;
mod draw;
mod events;
mod factory;
mod insurance;
mod joining;
mod lifetimes;
mod requests;
mod rotation;
mod seats;
mod shortfall;
mod upgrade;
