//! The rules: what is possible, and their bytes.

use kolo_rules::circle::{Order, RULES_LEN, Shortfall};
use kolo_rules::{Amount, Interval, Refusal, Rules};
use proptest::prelude::*;

use crate::support::rules;

type Change = fn(&mut Rules);

#[test]
fn impossible_rules_are_refused() {
    let bad: [(&str, Change); 13] = [
        ("no seats", |rules| rules.seats = 0),
        ("one seat", |rules| {
            (rules.seats, rules.min_members) = (1, 1);
        }),
        ("65 seats", |rules| rules.seats = 65),
        ("alone", |rules| rules.min_members = 1),
        ("more than there are seats", |rules| rules.min_members = 4),
        ("nothing to pay", |rules| rules.contribution = Amount::ZERO),
        ("less than nothing to pay", |rules| {
            rules.contribution = Amount::new(-1);
        }),
        ("no instalments", |rules| rules.instalments_per_round = 0),
        ("no seconds", |rules| rules.interval = Interval::Seconds(0)),
        ("no months", |rules| rules.interval = Interval::Months(0)),
        ("too far east", |rules| rules.utc_offset_s = 14 * 3600 + 1),
        ("too far west", |rules| rules.utc_offset_s = -14 * 3600 - 1),
        ("no time to vote", |rules| rules.vote_period_s = 0),
    ];
    for (what, change) in bad {
        let mut rules = rules(3);
        change(&mut rules);
        assert_eq!(rules.validate(), Err(Refusal::BadRules), "{what}");
        assert_eq!(Rules::decode(&rules.encode()), Err(Refusal::BadRules), "{what}");
    }
}

#[test]
fn rules_at_their_limits_are_possible() {
    let good: [(&str, Change); 6] = [
        ("two", |rules| rules.seats = 2),
        ("64, all needed", |rules| {
            (rules.seats, rules.min_members) = (64, 64);
        }),
        ("255 instalments", |rules| rules.instalments_per_round = 255),
        ("every second", |rules| {
            rules.interval = Interval::Seconds(1);
        }),
        ("no grace", |rules| rules.grace_s = 0),
        ("furthest east", |rules| rules.utc_offset_s = 14 * 3600),
    ];
    for (what, change) in good {
        let mut rules = rules(3);
        change(&mut rules);
        assert_eq!(rules.validate(), Ok(()), "{what}");
    }
}

#[test]
fn all_that_is_ever_paid_in_must_fit() {
    let mut rules = rules(64);
    rules.instalments_per_round = 255;
    // 64 rounds · 64 members · 255 instalments = 1 044 480 · c ≤ 2^63 − 1.
    rules.contribution = Amount::new(i64::MAX / 1_044_480);
    assert_eq!(rules.validate(), Ok(()));
    rules.contribution = Amount::new(i64::MAX / 1_044_480 + 1);
    assert_eq!(rules.validate(), Err(Refusal::Overflow));
    assert_eq!(rules.pot(64), Ok(Amount::new((i64::MAX / 1_044_480 + 1) * 64 * 255)));
    rules.contribution = Amount::MAX;
    assert_eq!(rules.pot(2), Err(Refusal::Overflow));
}

#[test]
fn a_pot_is_everybodys_instalments_of_a_round() {
    let mut rules = rules(5);
    rules.instalments_per_round = 4;
    // 3 members · 10 · 4.
    assert_eq!(rules.pot(3), Ok(Amount::new(120)));
}

/// A golden sample: these bytes are hashed and accepted by people, so they never change.
#[test]
fn the_bytes_of_version_1() {
    let rules = Rules {
        contribution: Amount::new(0x0102_0304_0506_0708),
        seats: 12,
        min_members: 3,
        instalments_per_round: 4,
        interval: Interval::Months(2),
        utc_offset_s: -3600,
        grace_s: 0x0a0b_0c0d,
        order: Order::Fixed,
        shortfall: Shortfall::Wait,
        advance: true,
        vote_period_s: 259_200,
        ..rules(12)
    };
    let mut expected = vec![1];
    expected.extend([7; 32]);
    expected.extend([12, 3, 1, 2, 3, 4, 5, 6, 7, 8, 4]);
    expected.extend([1, 0, 0, 0, 2]);
    expected.extend([0xff, 0xff, 0xf1, 0xf0]);
    expected.extend([0x0a, 0x0b, 0x0c, 0x0d]);
    expected.extend([1, 1, 1, 0, 3, 0xf4, 0x80]);
    expected.resize(RULES_LEN, 0);
    assert_eq!(rules.encode().to_vec(), expected);
}

#[test]
fn bytes_that_are_no_rules_are_refused() {
    let good = rules(3).encode();
    assert_eq!(Rules::decode(&good), Ok(rules(3)));
    assert_eq!(Rules::decode(&[]), Err(Refusal::BadEncoding));
    assert_eq!(Rules::decode(&good[..79]), Err(Refusal::BadEncoding));
    assert_eq!(Rules::decode(&[&good[..], &[0]].concat()), Err(Refusal::BadEncoding));
    // (place, byte): version, kind of interval, order, shortfall, advance, padding.
    for (place, byte) in [(0, 2), (0, 0), (44, 2), (57, 2), (58, 2), (59, 2), (64, 1), (79, 1)] {
        let mut bytes = good;
        bytes[place] = byte;
        assert_eq!(Rules::decode(&bytes), Err(Refusal::BadEncoding), "byte {place}");
    }
    // 256 months do not fit.
    let mut months = rules(3);
    months.interval = Interval::Months(1);
    let mut bytes = months.encode();
    bytes[47] = 1;
    assert_eq!(Rules::decode(&bytes), Err(Refusal::BadEncoding));
}

proptest! {
    #[test]
    fn bytes_are_refused_or_are_the_only_ones_of_their_rules(
        bytes in proptest::collection::vec(0..3_u8, RULES_LEN),
        place in 0..RULES_LEN,
        byte: u8,
    ) {
        let mut near = rules(3).encode();
        near[place] = byte;
        for bytes in [&bytes[..], &near] {
            if let Ok(rules) = Rules::decode(bytes) {
                prop_assert_eq!(&rules.encode()[..], bytes);
                prop_assert_eq!(rules.validate(), Ok(()));
            }
        }
    }
}
