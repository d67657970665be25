//! The rotating circle from outside: tables with the numbers worked out, whole rotations, and
//! properties over random histories.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod auction;
mod audit;
mod capacity;
mod checks;
mod codec;
mod contributing;
mod debts;
mod deposits;
mod dissolving;
mod draw;
mod edges;
mod fees;
mod forming;
mod history;
mod insurance;
mod leaving;
mod partial;
mod payout;
mod plain;
mod properties;
mod rotation;
mod rules;
mod scripts;
mod seats;
mod sharing;
mod support;
mod sync;
mod voting;
mod words;
mod world;
