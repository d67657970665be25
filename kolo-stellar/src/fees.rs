//! What a transaction bids, and what it may cost at most.
//!
//! | when | bid for each operation |
//! |---|---|
//! | first | what 90 of 100 transactions stayed below lately, 100 stroops at least |
//! | first, and that is above what the ceiling leaves | all the ceiling leaves, as long as others got in for less |
//! | refused as too low, or not applied after some ledgers | ten times as much: what replaces a queued transaction must |
//! | ten times as much is above the ceiling | all the ceiling leaves |
//! | that was bid already, or nobody got in for it | none: it waits ([`FeeCeiling`]) |
//!
//! A bid is no price: a ledger takes the same from all it has room for. What a contract call uses of the
//! ledger has a price of its own, which the simulation tells; it is asked for with a margin, and what is not
//! used comes back. The ceiling holds for both together; for rent of what all circles share, which has a price
//! far above any bid, no more is bid than for a call ([`Network::ceiling`](crate::config::Network::ceiling)).
use kolo_core::port::chain::FeeCeiling;
use kolo_core::port::{PortError, PortErrorKind, Retry};

use crate::address::invalid;
use crate::rpc::FeeLevels;

/// The least inclusion fee of an operation, stroops of XLM; also what the inner transaction bids, which never
/// pays itself.
pub(crate) const BASE_FEE: i64 = 100;

/// Added to the resource fee: what is not used comes back.
const RESOURCE_FEE_MARGIN: i64 = 100_000;

/// What replaces a queued transaction must bid so many times as much.
const RAISE: i64 = 10;

/// A quarter and a bit more than needed: it is a limit, and what is left is refunded.
pub(crate) const fn with_margin(fee: i64) -> i64 {
    fee.saturating_add(fee / 4).saturating_add(RESOURCE_FEE_MARGIN)
}

/// What a transaction of so many operations may cost, in a fee-bump, which counts as one operation more.
pub(crate) fn first_bid(
    levels: FeeLevels,
    operations: usize,
    resource_fee: i64,
    ceiling: i64,
) -> Result<i64, PortError> {
    let units = units(operations)?;
    let total = |bid: i64| bid.max(BASE_FEE).saturating_mul(units).saturating_add(resource_fee);
    let wanted = total(levels.p90);
    if wanted <= ceiling {
        return Ok(wanted);
    }
    // The others bid more than we may: those who bid least got in as well.
    let least = total(levels.min.unwrap_or(levels.p90));
    if least <= ceiling { Ok(ceiling) } else { Err(above_ceiling(least, ceiling)) }
}

/// What its next fee-bump may cost, when the present one may cost `current`.
pub(crate) fn next_bid(current: i64, resource_fee: i64, ceiling: i64) -> Result<i64, PortError> {
    let bid = current.saturating_sub(resource_fee).saturating_mul(RAISE);
    let wanted = bid.saturating_add(resource_fee);
    if current >= ceiling {
        return Err(above_ceiling(wanted, ceiling));
    }
    Ok(wanted.min(ceiling))
}

pub(crate) fn above_ceiling(wanted: i64, ceiling: i64) -> PortError {
    PortError::new(PortErrorKind::Limited, Retry::Temporary, "bidding for a place in a ledger")
        .because(FeeCeiling { wanted, ceiling })
}

fn units(operations: usize) -> Result<i64, PortError> {
    let units = i64::try_from(operations).ok().and_then(|n| n.checked_add(1));
    units.ok_or_else(|| invalid("too many operations"))
}

#[cfg(test)]
pub(crate) mod tests {
    use kolo_core::port::chain::PrepareError;

    use super::*;

    pub(crate) fn ceiling_in(error: &PrepareError) -> FeeCeiling {
        let PrepareError::Port(error) = error else { panic!("{error}") };
        ceiling_of(error)
    }

    fn ceiling_of(error: &PortError) -> FeeCeiling {
        assert_eq!((error.kind, error.retry), (PortErrorKind::Limited, Retry::Temporary));
        *error.cause::<FeeCeiling>().unwrap()
    }

    #[test]
    fn a_first_bid_follows_the_market_up_to_the_ceiling() {
        // (p90, min, resource fee, ceiling) → the fee, or what it would take. One operation and the bump: two
        // units.
        for (p90, min, resources, ceiling, expected) in [
            (250, Some(100), 0, 1_000, Ok(500)),
            // Never below the network's least.
            (7, Some(1), 0, 1_000, Ok(200)),
            (250, Some(100), 300, 1_000, Ok(800)),
            (350, Some(100), 300, 1_000, Ok(1_000)),
            // Most bid more than we may; some got in for 200.
            (9_000, Some(200), 300, 1_000, Ok(1_000)),
            (9_000, Some(350), 300, 1_000, Ok(1_000)),
            (9_000, Some(351), 300, 1_000, Err(1_002)),
            // A node that does not say what the least was.
            (9_000, None, 300, 1_000, Err(18_300)),
            // The call alone is too dear.
            (100, Some(100), 900, 1_000, Err(1_100)),
            (i64::MAX, Some(i64::MAX), 1, 1_000, Err(i64::MAX)),
        ] {
            let found = first_bid(FeeLevels { p90, min }, 1, resources, ceiling);
            let found = found.map_err(|error| ceiling_of(&error));
            let expected = expected.map_err(|wanted| FeeCeiling { wanted, ceiling });
            assert_eq!(found, expected, "{p90} {min:?} {resources}");
        }
    }

    #[test]
    fn a_next_bid_is_ten_times_the_last_and_never_above_the_ceiling() {
        for (current, resources, ceiling, expected) in [
            (500, 0, 1_000_000, Ok(5_000)),
            // The call's own price stays.
            (800, 300, 1_000_000, Ok(5_300)),
            (800, 300, 5_299, Ok(5_299)),
            (5_299, 300, 5_299, Err(50_290)),
            (6_000, 300, 5_299, Err(57_300)),
        ] {
            let found = next_bid(current, resources, ceiling);
            let found = found.map_err(|error| ceiling_of(&error));
            let expected = expected.map_err(|wanted| FeeCeiling { wanted, ceiling });
            assert_eq!(found, expected, "{current} {resources} {ceiling}");
        }
    }
}
