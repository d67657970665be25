//! What Kolo's contracts share: the error codes, addresses in and out of bytes, what a rulebook answers, and
//! how long ledger entries are kept alive.
#![no_std]

extern crate alloc;

mod address;
pub mod answer;
mod error;
pub mod events;
mod person;
pub mod ttl;

pub use address::{contract_address, contract_id, is_stellar_asset, runs, sc_address_xdr};
pub use error::Error;
pub use person::{PERSON, pack, unpack};
