//! Whole conversations through the real stack: SQLite, vault, embedded network, contracts, chat.
//!
//! After every step of every journey the books are compared with the chain.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]
mod world;

mod rotation;
mod rubbish;
mod once;
