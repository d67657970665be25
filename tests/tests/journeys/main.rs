//! Whole conversations through the real stack: SQLite, vault, embedded network, contracts, chat.
//!
//! After every step of every journey the books are compared with the chain.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]
mod meddling;
mod world;

mod rotation;
mod rubbish;
mod once;
mod joining;
mod money;
mod unpaid;
mod dissolving;
mod forming;
mod traced;
mod restart;
mod slow;
