//! The rules of all circles of a version: what a step does to a circle's state, who must sign for it, what is
//! paid, and what is announced (ADR 13).
//!
//! It keeps nothing, and nobody can change it. A circle asks it for every step that is not plain, and does what
//! it answers; what it answers anybody else moves nothing. The arithmetic and the state machine are
//! `kolo_rules`; here are addresses, signers and events around them. `docs/guide/contract.md` lists the steps.
#![no_std]

extern crate alloc;

// What explorers show of the wasm (SEP-46; the version's key is SEP-49's).
soroban_sdk::contractmeta!(key = "name", val = "Kolo rulebook");
soroban_sdk::contractmeta!(key = "desc", val = "The rules of all savings circles, without state");
soroban_sdk::contractmeta!(key = "binver", val = env!("CARGO_PKG_VERSION"));

mod book;
mod closing;
mod contract;
mod effects;
pub mod events;
mod forming;
mod invitation;
mod list;
mod members;
mod motions;
mod pending;
mod ready;
mod rotation;
mod seats;
mod step;
mod upgrade;

pub use contract::{RulebookContract, RulebookContractClient};
pub use events::Invitation;
pub use kolo_contract_common::Error;
pub use step::Step;
