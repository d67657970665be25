//! The rotating circle from outside: tables with the numbers worked out, whole rotations, and
//! properties over random histories.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod checks;
mod codec;
mod contributing;
mod debts;
mod deposits;
mod dissolving;
mod fees;
mod forming;
mod history;
mod insurance;
mod partial;
mod payout;
mod properties;
mod rotation;
mod rules;
mod support;
mod sync;
mod world;
