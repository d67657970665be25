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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::vec::Vec;

    use super::*;

    fn shares(weights: &[u64]) -> Vec<Share> {
        let numbered = (0..).zip(weights);
        numbered.map(|(order, &weight)| Share { order, weight, ..Share::default() }).collect()
    }

    fn amounts(shares: &[Share]) -> Vec<i64> {
        shares.iter().map(|share| share.amount.minor_units()).collect()
    }

    #[test]
    fn the_largest_remainders_get_what_is_left() {
        let max = u64::MAX;
        let table: [(i64, &[u64], &[i64]); 9] = [
            // 100 / 3 = 33 remainder 1: the first of three equals gets it.
            (100, &[1, 1, 1], &[34, 33, 33]),
            // 10 · {1, 2, 3} / 6 = 1⅔, 3⅓, 5: one left, to the ⅔.
            (10, &[1, 2, 3], &[2, 3, 5]),
            // 7 · {5, 3, 3} / 11 = 3 2/11, 1 10/11, 1 10/11: two left, to the 10/11.
            (7, &[5, 3, 3], &[3, 2, 2]),
            // 1 · {1, 1, 2} / 4 = ¼, ¼, ½.
            (1, &[1, 1, 2], &[0, 0, 1]),
            // Whoever weighs nothing gets nothing.
            (5, &[0, 1, 0, 1], &[0, 3, 0, 2]),
            (0, &[0, 0], &[0, 0]),
            (0, &[], &[]),
            // Weights and total at their limits: 2^63 − 1 is odd.
            (i64::MAX, &[max, max], &[i64::MAX / 2 + 1, i64::MAX / 2]),
            (i64::MAX, &[max, 1], &[i64::MAX, 0]),
        ];
        for (total, weights, expected) in table {
            let mut shares = shares(weights);
            assert_eq!(split(Amount::new(total), &mut shares), Ok(()));
            assert_eq!(amounts(&shares), expected, "{total} by {weights:?}");
        }
    }

    #[test]
    fn what_cannot_be_split_is_refused() {
        assert_eq!(split(Amount::new(-1), &mut shares(&[1])), Err(AmountError));
        assert_eq!(split(Amount::new(1), &mut shares(&[0, 0])), Err(AmountError));
        assert_eq!(split(Amount::new(1), &mut []), Err(AmountError));
    }

    /// Small weights for many ties, and any at all for 128-bit products.
    fn weights() -> impl Strategy<Value = Vec<u64>> {
        prop_oneof![
            proptest::collection::vec(0..4_u64, 1..65),
            proptest::collection::vec(any::<u64>(), 1..65),
        ]
    }

    fn total() -> impl Strategy<Value = i64> {
        prop_oneof![0..1_000_i64, 0..=i64::MAX]
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nobody_is_a_unit_off(total in total(), weights in weights()) {
            let sum: u128 = weights.iter().copied().map(u128::from).sum();
            prop_assume!(sum > 0);
            let mut shares = shares(&weights);
            split(Amount::new(total), &mut shares).unwrap();
            let given: i128 = amounts(&shares).into_iter().map(i128::from).sum();
            prop_assert_eq!(given, i128::from(total));
            for share in shares {
                let amount = u128::try_from(share.amount.minor_units()).unwrap();
                let product = u128::try_from(total).unwrap() * u128::from(share.weight);
                let floor = product / sum;
                let exact = product % sum == 0;
                prop_assert!(amount == floor || (amount == floor + 1 && !exact));
            }
        }

        #[test]
        fn the_order_of_the_slice_does_not_matter(
            total in total(),
            shuffled in weights().prop_flat_map(|weights| Just(shares(&weights)).prop_shuffle()),
        ) {
            prop_assume!(shuffled.iter().any(|share| share.weight > 0));
            let mut in_order = shuffled.clone();
            in_order.sort_by_key(|share| share.order);
            split(Amount::new(total), &mut in_order).unwrap();
            let mut shuffled = shuffled;
            split(Amount::new(total), &mut shuffled).unwrap();
            shuffled.sort_by_key(|share| share.order);
            prop_assert_eq!(in_order, shuffled);
        }

        #[test]
        fn at_most_the_weights_gives_nobody_more_than_theirs(
            weights in proptest::collection::vec(0..1_000_u64, 1..65), part in 0..=1_000_i64,
        ) {
            let sum = i64::try_from(weights.iter().sum::<u64>()).unwrap();
            let mut shares = shares(&weights);
            split(Amount::new(sum * part / 1_000), &mut shares).unwrap();
            for share in shares {
                prop_assert!(u64::try_from(share.amount.minor_units()).unwrap() <= share.weight);
            }
        }
    }
}
