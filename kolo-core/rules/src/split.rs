//! Splitting without losing a stroop: largest remainder.
use crate::{Amount, AmountError};

/// One party of a split: `order` breaks ties (the smaller first), so the result does not depend on
/// the order of the slice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share { pub order: u32, pub weight: u64, pub amount: Amount }

/// Splits `total` (≥ 0) over `shares` by weight; the amounts sum to `total` exactly.
/// Errors when `total` is negative, or all weights are zero while `total` is not.
pub fn split(_total: Amount, _shares: &mut [Share]) -> Result<(), AmountError> { todo!() }
