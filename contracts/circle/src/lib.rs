//! One savings circle: its members, its vault, its rotation.
//!
//! The arithmetic and the state machine are `kolo_rules`; this contract adds addresses,
//! authorisation, storage, tokens and events. `docs/guide/contract.md` is its interface. Every call
//! succeeds, or fails with an [`Error`] and changes nothing.
#![no_std]

extern crate alloc;

mod book;
mod closing;
mod contract;
pub mod events;
mod forming;
mod invitation;
mod list;
mod members;
mod motions;
mod ready;
mod rotation;
mod seats;
mod storage;
mod upgrade;
mod vault;

pub use contract::{CircleContract, CircleContractClient};
pub use events::Invitation;
pub use kolo_contract_common::Error;
