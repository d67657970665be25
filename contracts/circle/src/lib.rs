//! One savings circle: its vault, and the two steps that are taken most.
//!
//! A contribution and a payout of a circle in which everybody pays are worked out here, on the bytes of the
//! state (`kolo_rules::circle::plain`). Whatever is not as plain is asked of the rulebook, a contract
//! without state that has all rules (ADR 13): it answers with the new state, and with what to pay and to
//! announce. `docs/guide/contract.md` is the interface. Every call succeeds, or fails with an
//! [`Error`] and changes nothing.
#![no_std]

extern crate alloc;

// What explorers show of the wasm (SEP-46; the version's key is SEP-49's).
soroban_sdk::contractmeta!(key = "name", val = "Kolo circle");
soroban_sdk::contractmeta!(
    key = "desc",
    val = "One savings circle: its vault, contributions and payouts"
);
soroban_sdk::contractmeta!(key = "binver", val = env!("CARGO_PKG_VERSION"));

mod contract;
mod members;
mod plain;
mod rulebook;
mod storage;
mod vault;

pub use contract::{CircleContract, CircleContractClient};
pub use kolo_contract_common::Error;
pub use rulebook::RULEBOOK;
