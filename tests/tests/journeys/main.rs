//! Whole conversations through the real stack: SQLite, vault, embedded network, contracts, chat.
//!
//! After every step of every journey the books are compared with the chain.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod meddling;
mod node;
mod world;

mod coins;
mod consent;
mod crowded;
mod deciding;
mod dissolving;
mod events;
mod following;
mod forming;
mod joining;
mod money;
mod once;
mod options;
mod outside;
mod places;
mod receipts;
mod restart;
mod restored;
mod roles;
mod rotation;
mod rubbish;
mod slow;
mod traced;
mod undeliverable;
mod unpaid;
mod vaults;
