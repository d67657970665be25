//! Deploys circles from one pinned wasm, for allow-listed assets, and announces them; and publishes the
//! rulebooks they ask.
//!
//! It has no owner and no further powers: what the constructor pins is final.
#![no_std]

mod contract;
pub mod events;
mod storage;

pub use contract::{FactoryContract, FactoryContractClient};
pub use kolo_contract_common::Error;
