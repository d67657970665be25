//! The arithmetic and policies of group savings: `no_std`, no dependencies, no allocation.
//!
//! Every figure a member ever sees, what is due, who is paid, what comes back, is computed here, and
//! only here: the Soroban contract and the server link this same crate, so there is no second opinion.
#![no_std]

#[cfg(test)]
extern crate std;

pub mod amount;
pub mod circle;
pub mod schedule;
pub mod split;
pub mod vote;

pub use amount::{Amount, AmountError, ParseAmountError};
pub use circle::{Circle, MAX_MEMBERS, Refusal, Rules, Seat};
pub use schedule::Interval;
