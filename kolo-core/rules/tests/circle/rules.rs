//! The rules: what is possible, and their bytes.

use kolo_rules::circle::{Fee, Order, Premium, RULES_LEN, Security, Shortfall};
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
    // Each instalment may come with a fee and a deposit as large: 3 · c · 255 · 64 rounds · 64 members
    // = 3 133 440 · c, and four times that is an amount: c ≤ (2^63 − 1) / 12 533 760.
    rules.contribution = Amount::new(i64::MAX / 12_533_760);
    assert_eq!(rules.validate(), Ok(()));
    rules.contribution = Amount::new(i64::MAX / 12_533_760 + 1);
    assert_eq!(rules.validate(), Err(Refusal::Overflow));
    assert_eq!(rules.pot(64), Ok(Amount::new((i64::MAX / 12_533_760 + 1) * 64 * 255)));
    rules.contribution = Amount::MAX;
    assert_eq!(rules.pot(2), Err(Refusal::Overflow));
}

#[test]
fn fees_premiums_deposits_and_bonds_must_fit_too() {
    // 4 · 2 members · what one pays: 2 rounds · (3 · 10 + extra), a deposit, a bond.
    let most = i64::MAX / 8;
    type With = fn(Amount) -> Rules;
    let extras: [(&str, i64, With); 5] = [
        ("a fee", (most - 60) / 2, |fee| Rules { fee: Fee::Fixed(fee), ..rules(2) }),
        ("a premium", (most - 60) / 2, |premium| Rules {
            premium: Premium::PerInstalment(premium),
            insurance_target: Amount::new(1),
            ..rules(2)
        }),
        ("a premium, once", most - 60, |premium| Rules {
            premium: Premium::Once(premium),
            setup_period_s: 1,
            ..rules(2)
        }),
        ("a deposit", most - 60, |deposit| Rules {
            security: Security::Fixed(deposit),
            setup_period_s: 1,
            ..rules(2)
        }),
        ("a bond", most - 60, |bond| Rules {
            order: Order::Random,
            bond,
            setup_period_s: 1,
            ..rules(2)
        }),
    ];
    for (what, largest, with) in extras {
        assert_eq!(with(Amount::new(largest)).validate(), Ok(()), "{what}");
        assert_eq!(with(Amount::new(largest + 1)).validate(), Err(Refusal::Overflow), "{what}");
    }
}

#[test]
fn a_pot_is_everybodys_instalments_of_a_round() {
    let mut rules = rules(5);
    rules.instalments_per_round = 4;
    // 3 members · 10 · 4.
    assert_eq!(rules.pot(3), Ok(Amount::new(120)));
}

/// Every option that can be combined, at least once in one of the two.
fn golden() -> [Rules; 2] {
    let first = Rules {
        contribution: Amount::new(0x0102_0304_0506_0708),
        min_members: 3,
        instalments_per_round: 4,
        interval: Interval::Months(2),
        utc_offset_s: -3600,
        grace_s: 0x0a0b_0c0d,
        order: Order::Fixed,
        shortfall: Shortfall::Wait,
        advance: true,
        vote_period_s: 259_200,
        fee: Fee::Fixed(Amount::new(0x0b01)),
        security: Security::Fixed(Amount::new(0x0b02)),
        premium: Premium::PerInstalment(Amount::new(0x0b03)),
        insurance_target: Amount::new(0x0b04),
        setup_period_s: 0x0c0d_0e0f,
        ..rules(12)
    };
    let second = Rules {
        interval: Interval::Seconds(0x0001_0203),
        order: Order::Auction,
        shortfall: Shortfall::Share,
        partial: true,
        fee: Fee::BasisPoints(0x0102),
        premium: Premium::Once(Amount::new(0x0b03)),
        bid_floor_bp: 6_500,
        bid_step_bp: 9_800,
        setup_period_s: 1,
        ..rules(3)
    };
    [first, second]
}

/// A golden sample: these bytes are hashed and accepted by people, so they never change.
#[test]
fn the_bytes_of_version_2() {
    let [first, second] = golden();
    let mut expected = vec![2];
    expected.extend([7; 32]);
    // seats, minimum, contribution, instalments a round
    expected.extend([12, 3, 1, 2, 3, 4, 5, 6, 7, 8, 4]);
    // months, 2; −3600 s; grace
    expected.extend([1, 0, 0, 0, 2, 0xff, 0xff, 0xf1, 0xf0, 0x0a, 0x0b, 0x0c, 0x0d]);
    // order, shortfall, advance, partial; vote period; kinds of fee, security and premium
    expected.extend([1, 1, 1, 0, 0, 3, 0xf4, 0x80, 1, 1, 1]);
    // fee, deposit, premium, target, bond
    for low in [1, 2, 3, 4] {
        expected.extend([0, 0, 0, 0, 0, 0, 0x0b, low]);
    }
    expected.extend([0; 8]);
    // floor, step, setup period
    expected.extend([0, 0, 0, 0, 0x0c, 0x0d, 0x0e, 0x0f]);
    expected.resize(RULES_LEN, 0);
    assert_eq!(first.encode().to_vec(), expected);
    assert_eq!(Rules::decode(&first.encode()), Err(Refusal::Overflow), "c is too large to play");
    assert_eq!(Rules::decode_trusted(&expected), Ok(first));

    let bytes = second.encode();
    assert_eq!(bytes[44..49], [0, 0, 1, 2, 3]);
    assert_eq!(bytes[57..61], [3, 2, 0, 1]);
    assert_eq!(bytes[65..76], [2, 0, 2, 0, 0, 0, 0, 0, 0, 1, 2]);
    assert_eq!(bytes[108..116], [0x19, 0x64, 0x26, 0x48, 0, 0, 0, 1]);
    assert_eq!(Rules::decode(&bytes), Ok(second));
}

fn auction(rules: &mut Rules) {
    (rules.order, rules.bid_floor_bp, rules.bid_step_bp) = (Order::Auction, 6_500, 9_800);
}

fn random(rules: &mut Rules) {
    (rules.order, rules.bond, rules.setup_period_s) = (Order::Random, Amount::new(1), 60);
}

#[test]
fn options_alone_are_possible() {
    for change in [auction, random] {
        let mut rules = rules(3);
        change(&mut rules);
        assert_eq!(Rules::decode(&rules.encode()), Ok(rules));
    }
}

#[test]
fn options_that_do_not_go_together_are_refused() {
    let one = Amount::new(1);
    type Change<'a> = &'a dyn Fn(&mut Rules);
    let bad: [(&str, Change<'_>); 24] = [
        ("no fixed fee", &|r| r.fee = Fee::Fixed(Amount::ZERO)),
        ("no part", &|r| r.fee = Fee::BasisPoints(0)),
        ("more than all", &|r| r.fee = Fee::BasisPoints(10_001)),
        ("no deposit", &|r| (r.security, r.setup_period_s) = (Security::Fixed(Amount::ZERO), 1)),
        ("no time for deposits", &|r| r.security = Security::Fixed(one)),
        ("no time for exposure deposits", &|r| r.security = Security::Exposure),
        ("exposure in an auction", &|r| {
            auction(r);
            (r.security, r.setup_period_s) = (Security::Exposure, 1);
        }),
        ("a target without premium", &|r| r.insurance_target = one),
        ("a premium without target", &|r| r.premium = Premium::PerInstalment(one)),
        ("no premium", &|r| {
            (r.premium, r.insurance_target) = (Premium::PerInstalment(Amount::ZERO), one);
        }),
        ("a premium on parts of instalments", &|r| {
            (r.premium, r.insurance_target) = (Premium::PerInstalment(one), one);
            r.partial = true;
        }),
        ("a premium once with a target", &|r| {
            (r.premium, r.insurance_target, r.setup_period_s) = (Premium::Once(one), one, 1);
        }),
        ("no premium once", &|r| {
            (r.premium, r.setup_period_s) = (Premium::Once(Amount::ZERO), 1);
        }),
        ("no time for the premium", &|r| r.premium = Premium::Once(one)),
        ("a floor without auction", &|r| r.bid_floor_bp = 1),
        ("a step without auction", &|r| r.bid_step_bp = 1),
        ("no floor", &|r| {
            auction(r);
            r.bid_floor_bp = 0;
        }),
        ("a floor above all", &|r| {
            auction(r);
            r.bid_floor_bp = 10_001;
        }),
        ("no step", &|r| {
            auction(r);
            r.bid_step_bp = 0;
        }),
        ("a step that is none", &|r| {
            auction(r);
            r.bid_step_bp = 10_000;
        }),
        ("a bond without draw", &|r| r.bond = one),
        ("a draw without bond", &|r| {
            random(r);
            r.bond = Amount::ZERO;
        }),
        ("a negative bond", &|r| {
            random(r);
            r.bond = Amount::new(-1);
        }),
        ("no time to draw", &|r| {
            random(r);
            r.setup_period_s = 0;
        }),
    ];
    for (what, change) in bad {
        let mut rules = rules(3);
        change(&mut rules);
        assert_eq!(rules.validate(), Err(Refusal::BadRules), "{what}");
        assert_eq!(Rules::decode(&rules.encode()), Err(Refusal::BadRules), "{what}");
    }
}

#[test]
fn the_preset_is_within_its_bounds() {
    const DAY: u32 = 86_400;
    let with = |seats, min_members, interval, instalments_per_round| {
        Rules { min_members, interval, instalments_per_round, ..rules(seats) }.is_preset()
    };
    assert!(with(3, 3, Interval::Seconds(7 * DAY), 1));
    assert!(with(20, 3, Interval::Seconds(DAY), 7));
    assert!(with(20, 3, Interval::Months(3), 1));
    assert!(!with(2, 2, Interval::Seconds(7 * DAY), 1), "two are too few");
    assert!(!with(3, 2, Interval::Seconds(7 * DAY), 1), "two are too few to start with");
    assert!(!with(21, 3, Interval::Seconds(7 * DAY), 1), "21 are too many");
    assert!(!with(3, 3, Interval::Seconds(DAY - 1), 20), "less than a day");
    assert!(!with(3, 3, Interval::Seconds(DAY), 6), "a payout every six days");
    assert!(!with(3, 3, Interval::Months(1), 4), "a payout every four months");
}

#[test]
fn bytes_that_are_no_rules_are_refused() {
    let good = rules(3).encode();
    assert_eq!(Rules::decode(&good), Ok(rules(3)));
    assert_eq!(Rules::decode(&[]), Err(Refusal::BadEncoding));
    assert_eq!(Rules::decode(&good[..127]), Err(Refusal::BadEncoding));
    assert_eq!(Rules::decode(&[&good[..], &[0]].concat()), Err(Refusal::BadEncoding));
    // Version, kind of interval, order, shortfall, advance, partial, kinds of fee, security and premium,
    // amounts where there is no such thing, padding.
    let places = [
        (0, 1),
        (0, 3),
        (44, 2),
        (57, 4),
        (58, 3),
        (59, 2),
        (60, 2),
        (65, 3),
        (66, 3),
        (67, 3),
        (75, 1),
        (83, 1),
        (91, 1),
        (116, 1),
        (127, 1),
    ];
    for (place, byte) in places {
        let mut bytes = good;
        bytes[place] = byte;
        let refused = Rules::decode(&bytes).unwrap_err();
        assert!(matches!(refused, Refusal::BadEncoding | Refusal::BadRules), "byte {place}");
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
