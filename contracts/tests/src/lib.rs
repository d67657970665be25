//! A small Stellar for the contracts' tests: accounts with real keys and trustlines, a real Stellar
//! asset contract, and calls that carry real signatures over exactly one authorisation tree.
//!
//! No authorisation is mocked. [`World::call`] signs the tree a caller states and asserts that the
//! contract asked for that tree and nothing else.
#![cfg_attr(target_family = "wasm", no_std)]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "support of tests: a surprise ends the test, and the names say what is done"
)]

#[cfg(not(target_family = "wasm"))]
mod circle;
#[cfg(not(target_family = "wasm"))]
mod steps;
#[cfg(not(target_family = "wasm"))]
mod wasm;
#[cfg(not(target_family = "wasm"))]
mod world;

#[cfg(not(target_family = "wasm"))]
pub use circle::{DAY, Group, InvitationKey, Terms, as_address, either, event_name};
#[cfg(not(target_family = "wasm"))]
pub use wasm::{CIRCLE_WASM, FACTORY_WASM, RULEBOOK_WASM};
#[cfg(not(target_family = "wasm"))]
pub use world::{Call, Failure, Person, START, World};
