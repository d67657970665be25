//! What is stored of following can be read for ever.
use super::compare::{Mark, Round};
use super::{Follower, Gap, Unbooked};
use crate::port::chain::{ChainAddress, ChainCursor, LatestLedger, LostHistory};
use crate::record::tests::is_kept_as;
use crate::{Asset, CircleId, Timestamp};

const LOST: LostHistory = LostHistory { from: 7, to: 90 };
const AT: Timestamp = Timestamp::from_unix(1_800_000_000);

#[test]
fn a_gap_is_kept_as_it_was() {
    let gap = Gap {
        lost: LOST,
        found_at: AT,
        filled_at: Some(AT.plus(5)),
        circles: vec![CircleId::derive(&[b"golden"])],
        unread: vec![CircleId::derive(&[b"unread"])],
    };
    is_kept_as(&gap, include_str!("golden/gap-1.json"));
}

#[test]
fn the_follower_is_kept_as_it_was() {
    let follower = Follower {
        cursor: ChainCursor("0000000000000000007-0000000001".to_owned()),
        seen: Some(LatestLedger { sequence: 120, closed_at: AT }),
        through: 119,
        lost: vec![LOST],
        read_to: 95,
        unread_at: Some(AT.plus(600)),
    };
    is_kept_as(&follower, include_str!("golden/follower-1.json"));
}

#[test]
fn the_comparison_is_kept_as_it_was() {
    let (after, again) = (Some("one".to_owned()), false);
    let round = Round { next_at: AT, after, gaps: 1, left: true, again };
    is_kept_as(&round, include_str!("golden/wallet-round-1.json"));
    is_kept_as(&Mark { ledger: 95, gaps: 1 }, include_str!("golden/wallet-mark-1.json"));
}

#[test]
fn an_unbooked_payment_is_kept_as_it_was() {
    let asset = Asset { code: "USDC".to_owned(), issuer: "GISSUER".to_owned(), decimals: 7 };
    let unbooked = Unbooked {
        id: "0000000000000000007-0000000001".to_owned(),
        ledger: 7,
        at: AT,
        tx: "ab".repeat(32),
        asset,
        from: None,
        to: Some(ChainAddress("GADA".to_owned())),
        amount: 5,
        why: "an account has no room".to_owned(),
        set_aside_at: AT.plus(5),
        booked: false,
    };
    is_kept_as(&unbooked, include_str!("golden/unbooked-1.json"));
}
