//! The circle's bytes.

use kolo_rules::circle::{Motion, Order, Packed, Phase, RULES_LEN};
use kolo_rules::{Circle, Refusal, Rules};
use proptest::prelude::*;

use crate::support::{
    GRACE, START, VOTE, WEEK, active, amount, decide, encode, pay, play_round, propose_dissolve,
    rules,
};

/// Of three, seat 2 owes 10 for round 1; seat 1 has paid for round 2, late; strangers sent 300; two votes.
fn sample() -> Circle {
    let rules = rules(3);
    let mut circle = active(&rules);
    play_round(&mut circle, &rules, 1, &[0, 1]);
    pay(&mut circle, &rules, &[1], START + 2 * WEEK + GRACE + 1);
    propose_dissolve(&mut circle, &rules, 2, START + WEEK).unwrap();
    circle.propose(&rules, 1, Motion::Replace, 2, START).unwrap();
    circle.vote(&rules, 2, 2, false, START).unwrap();
    circle.sync(amount(10 + 300)).unwrap();
    circle
}

/// A golden sample: bytes that are on the chain must stay readable.
#[test]
fn the_bytes_of_version_2() {
    let long = |number: u64| number.to_le_bytes();
    let nothing = long(0);
    let columns = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15_u16;
    let head = [
        // version, Active, members, rounds paid out
        &[2, 1, 3, 1][..],
        // columns: ahead, paid, received, late, assessed; debts
        &u16::to_le_bytes(columns),
        &[1, 0],
        &long(START),
        // reserve, fund, held_lost
        &long(300),
        &nothing,
        &nothing,
        // no premium, no bid
        &[0, 255],
        &nothing,
        // two proposals ever; open are those of kinds 0 and 2
        &[2, 0, 0, 0, 0b101],
    ];
    let proposals = [
        // id, subject; who may vote, is for it, is against it; until; not passed
        &[1, 0, 0, 0, 0][..],
        &[long(0b111), long(0b100), nothing, long(START + WEEK + VOTE), nothing].concat(),
        &[2, 0, 0, 0, 2],
        &[long(0b111), long(0b010), long(0b100), long(START + VOTE), nothing].concat(),
    ];
    let rows = [
        // turn, late, assessed; ahead, paid, received
        &[1, 0, 0, 0, 0][..],
        &[nothing, long(10), long(20)].concat(),
        &[2, 1, 0, 2, 0],
        &[long(10), long(20), nothing].concat(),
        &[3, 1, 0, 0, 0],
        &[nothing, nothing, nothing].concat(),
    ];
    // Seat 2 owes 10 for round 1.
    let debt = [&[2, 1, 1][..], &long(10), &nothing].concat();
    let expected = [head.concat(), rows.concat(), debt, proposals.concat()].concat();
    assert_eq!(encode(&sample()), expected);
    assert_eq!(Circle::decode(&expected).unwrap(), sample());
}

#[test]
fn circles_are_small() {
    let rules3 = rules(3);
    assert_eq!(encode(&Circle::new()).len(), 55);
    let mut circle = active(&rules3);
    play_round(&mut circle, &rules3, 1, &[0, 1, 2]);
    // 55 + 3 · (turn, paid, received)
    assert_eq!(encode(&circle).len(), 55 + 3 * (1 + 8 + 8));
    let rules = Rules { contribution: amount(100_000_000), ..rules(64) };
    let mut circle = active(&rules);
    let everybody: Vec<u8> = (0..64).collect();
    for round in 1..=32 {
        play_round(&mut circle, &rules, round, &everybody);
    }
    assert_eq!(encode(&circle).len(), 55 + 64 * 17);
}

#[test]
fn a_short_buffer_is_refused() {
    let circle = sample();
    let bytes = encode(&circle);
    for length in 0..bytes.len() {
        assert_eq!(circle.encode(&mut vec![0; length]), Err(Refusal::BadEncoding));
        assert_eq!(Circle::decode(&bytes[..length]), Err(Refusal::BadEncoding));
    }
    assert_eq!(circle.encode(&mut vec![0; bytes.len()]), Ok(bytes.len()));
    assert_eq!(Circle::decode(&[&bytes[..], &[0]].concat()), Err(Refusal::BadEncoding));
}

/// A contract works on the bytes themselves.
#[test]
fn a_circle_that_stays_bytes_is_the_same_circle() {
    let circle = sample();
    let bytes = encode(&circle);
    let mut packed = Packed::new();
    packed.buffer(bytes.len()).copy_from_slice(&bytes);
    let mut open = packed.open().unwrap();
    assert_eq!((open.phase, open.len(), open.reserve), (Phase::Active, 3, amount(300)));
    for seat in 0..3 {
        assert_eq!(open.seat(seat), circle.seat(seat));
    }
    assert_eq!(open.owed(2, 1), amount(10));
    assert_eq!(open.close().unwrap(), bytes);
    packed.buffer(bytes.len() - 1).copy_from_slice(&bytes[1..]);
    assert_eq!(packed.open().map(drop), Err(Refusal::BadEncoding));
}

#[test]
fn bytes_no_step_leads_to_are_refused() {
    let good = encode(&sample());
    let (rows, debt) = (55, 55 + 3 * 29);
    let proposal = debt + 19;
    // (what, place, byte)
    let bad = [
        ("an older version", 0, 1),
        ("a newer version", 0, 3),
        ("a phase there is not", 1, 8),
        ("still forming", 1, 0),
        ("completed too early", 1, 2),
        ("dissolved with open votes", 1, 3),
        ("no members", 2, 0),
        ("65 members", 2, 65),
        ("all rounds paid out", 3, 3),
        ("more debts than bytes", 6, 2),
        ("385 debts", 7, 2),
        ("a negative reserve", 23, 0x80),
        ("a negative fund", 31, 0x80),
        ("more lost than was held", 32, 11),
        ("a bid of nobody", 41, 3),
        ("a bid for nothing", 41, 0),
        ("fewer proposals than are open", 50, 1),
        ("a proposal about nobody", proposal + 4, 3),
        ("a fourth who may vote", proposal + 5, 0b1111),
        ("a vote of who may not", proposal + 5, 0b011),
        ("a vote for and against", proposal + 21, 0b100),
        ("turn 0 of one", rows, 0),
        ("a turn beyond the last", rows, 4),
        ("a turn taken twice", rows, 2),
        ("a negative amount", rows + 12, 0x80),
        ("a debt of nobody", debt, 3),
        ("a debt for round 0", debt + 1, 0),
        ("a debt that ends before it begins", debt + 1, 2),
        ("a debt for a round to come", debt + 2, 2),
        ("a negative debt", debt + 10, 0x80),
        ("a debt of nothing", debt + 3, 0),
    ];
    for (what, place, byte) in bad {
        let mut bytes = good.clone();
        bytes[place] = byte;
        assert_eq!(Circle::decode(&bytes), Err(Refusal::BadEncoding), "{what}");
    }
}

#[test]
fn marks_there_are_not_are_refused() {
    let mut circle = active(&rules(3));
    decide(&mut circle, &rules(3), Motion::Expel, 2, START);
    let bytes = encode(&circle);
    // turn, left_after, marks: expelled. No other amounts: nobody has paid.
    assert_eq!(bytes[55..], [1, 0, 0, 2, 0, 0, 3, 1, 8]);
    for (mark, expected) in [(16, true), (31, true), (32, false), (128, false)] {
        let mut bytes = bytes.clone();
        bytes[57] = mark;
        assert_eq!(Circle::decode(&bytes).is_ok(), expected, "mark {mark}");
    }
}

#[test]
fn a_bid_is_kept() {
    let rules =
        Rules { order: Order::Auction, bid_floor_bp: 6_500, bid_step_bp: 9_800, ..rules(3) };
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0, 1, 2], START);
    circle.bid(&rules, 2, 1, amount(25), START).unwrap();
    let bytes = encode(&circle);
    assert_eq!(bytes[41..50], [2, 25, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(Circle::decode(&bytes), Ok(circle));
}

#[test]
fn the_largest_circle_fits_the_buffer() {
    let rules = Rules { instalments_per_round: 2, ..rules(64) };
    let mut circle = active(&rules);
    // Whether one of two instalments is paid differs from round to round: so many debts that the
    // circle cannot keep them apart, and is dissolved.
    let mut longest = 0;
    for round in 1..=64_u8 {
        let opened = circle.deadline(&rules, u32::from(round) * 2 - 2).unwrap();
        for seat in 0..64 {
            if (seat + round) % 2 == 0 {
                let due = circle.due(&rules, seat, opened).unwrap();
                circle.contribute(&rules, seat, round, due.amount, opened).unwrap();
            }
        }
        let at = circle.payout_date(&rules, round).unwrap() + GRACE + 1;
        let payout = circle.payout(&rules, round, at).unwrap();
        longest = longest.max(circle.debts().len());
        let bytes = encode(&circle);
        assert_eq!(Circle::decode(&bytes).unwrap(), circle);
        if payout.dissolved {
            assert!(payout.amount.is_zero());
            break;
        }
        circle.credit(payout.seat, payout.amount).unwrap();
    }
    assert_eq!(circle.phase, Phase::Dissolved);
    assert!(longest > 300 && circle.debts().is_empty(), "{longest} debts");
}

proptest! {
    #[test]
    fn garbage_is_refused_or_audited(
        bytes in proptest::collection::vec(0..5_u8, 0..90),
        noise in proptest::collection::vec(any::<u8>(), 0..RULES_LEN),
        places in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..4),
    ) {
        let mut near = encode(&sample());
        for (place, byte) in places {
            let place = place % near.len();
            near[place] = byte;
        }
        for bytes in [bytes, noise, near] {
            if let Ok(circle) = Circle::decode(&bytes) {
                prop_assert_eq!(circle.audit(), Ok(()));
                prop_assert_eq!(Circle::decode(&encode(&circle)), Ok(circle));
            }
        }
    }
}
