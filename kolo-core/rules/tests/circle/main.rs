//! The rotating circle from outside: tables with the numbers worked out, whole rotations, and
//! properties over random histories.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod contributing;
mod debts;
mod dissolving;
mod forming;
mod payout;
mod rotation;
mod rules;
mod support;
mod sync;
