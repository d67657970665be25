//! What Kolo's contracts share: the error codes, addresses in and out of bytes, and how long ledger
//! entries are kept alive.
#![no_std]

extern crate alloc;

mod address;
mod error;
pub mod ttl;

pub use address::{contract_address, contract_id, is_stellar_asset, sc_address_xdr};
pub use error::Error;
