//! Splitting without losing a stroop: largest remainder.

use core::cmp::Reverse;

use crate::{Amount, AmountError};

/// One party of a split: `order` breaks ties (the smaller first), so the result does not depend on
/// the order of the slice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Rank among equals; different for every party.
    pub order: u32,
    /// What the party weighs beside the others; zero gets nothing.
    pub weight: u64,
    /// The result, in minor units.
    pub amount: Amount,
}

/// Splits `total` (≥ 0) over `shares` by weight; the amounts sum to `total` exactly.
///
/// Everybody first gets `total · weight / Σ weights` rounded down; the units left over go one each to
/// the largest remainders. No share exceeds its exact part by a whole unit, so splitting at most
/// Σ weights gives nobody more than their weight.
///
/// # Errors
/// When `total` is negative, or all weights are zero while `total` is not.
pub fn split(total: Amount, shares: &mut [Share]) -> Result<(), AmountError> {
    let total = u64::try_from(total.minor_units()).map_err(|_| AmountError)?;
    let weights: u128 = shares.iter().map(|share| u128::from(share.weight)).sum();
    if weights == 0 && total > 0 {
        return Err(AmountError);
    }
    let mut left = total;
    for share in shares.iter_mut() {
        let part = floor(total, share.weight, weights)?;
        left = left.checked_sub(part).ok_or(AmountError)?;
        share.amount = Amount::new(i64::try_from(part).map_err(|_| AmountError)?);
    }
    let weights = i128::try_from(weights).map_err(|_| AmountError)?;
    for _ in 0..left {
        // Fewer units are left than there are parties with a remainder, and whoever got one has a
        // remainder below zero: nobody gets a second one.
        let neediest = shares
            .iter_mut()
            .max_by_key(|share| (remainder(total, share, weights), Reverse(share.order)))
            .ok_or(AmountError)?;
        neediest.amount = neediest.amount.checked_add(Amount::new(1))?;
    }
    Ok(())
}

/// `total · weight / weights`, rounded down.
fn floor(total: u64, weight: u64, weights: u128) -> Result<u64, AmountError> {
    // Most splits fit 64 bits, where dividing is many times cheaper for a contract.
    if let (Some(product), Ok(weights)) = (total.checked_mul(weight), u64::try_from(weights)) {
        return Ok(product.checked_div(weights).unwrap_or(0));
    }
    let product = u128::from(total) * u128::from(weight);
    u64::try_from(product.checked_div(weights).unwrap_or(0)).map_err(|_| AmountError)
}

/// What the share lacks to its exact part, in units of `1 / weights`. Small whatever the products
/// are, so that wrapping on the way does not matter.
fn remainder(total: u64, share: &Share, weights: i128) -> i128 {
    let exact = i128::from(total).wrapping_mul(i128::from(share.weight));
    let given = i128::from(share.amount.minor_units()).wrapping_mul(weights);
    exact.wrapping_sub(given)
}
