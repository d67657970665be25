//! Deploys circles from one pinned wasm, for allow-listed assets, and announces them; and publishes the
//! rulebooks they ask.
//!
//! It has no owner and no further powers: what the constructor pins is final.
#![no_std]

// What explorers show of the wasm (SEP-46; the version's key is SEP-49's).
soroban_sdk::contractmeta!(key = "name", val = "Kolo factory");
soroban_sdk::contractmeta!(
    key = "desc",
    val = "Makes savings circles and publishes their rulebooks"
);
soroban_sdk::contractmeta!(key = "binver", val = env!("CARGO_PKG_VERSION"));

mod contract;
pub mod events;
mod storage;

pub use contract::{FactoryContract, FactoryContractClient};
pub use kolo_contract_common::Error;
