//! Transactions: what they say, whether they are valid, what they cost.

mod code;
mod frame;
mod frozen;
mod signatures;
mod soroban_checks;
mod validity;

pub(crate) use code::{TxCode, Verdict};
pub(crate) use frame::{Frame, Inner, is_soroban_envelope};
pub(crate) use frozen::{can_be_frozen, holding};
pub(crate) use signatures::{Level, Signatures, key_of};
pub(crate) use soroban_checks::{archived_indices, is_valid as is_valid_soroban, resource_fee};
pub(crate) use validity::{Reached, Stage, Validator, starting_sequence};
