//! Whole rotations: everybody pays, everybody is paid exactly once, nothing is left.

use kolo_rules::circle::{MAX_ENCODED, Order, Phase};
use kolo_rules::{Amount, Circle, Interval, Rules};

use crate::support::{START, amount, pay, rules};

/// Plays a rotation to its end, delivering every payout; the state goes through bytes at every step.
fn rotate(rules: &Rules, turns: impl Fn(u8) -> Option<u8>) {
    let n = rules.seats;
    let mut circle = Circle::new();
    for seat in 0..n {
        circle.join(rules, turns(seat), START).unwrap();
    }
    let everybody: Vec<u8> = (0..n).collect();
    let pot = rules.pot(n).unwrap();
    let mut delivered = vec![Amount::ZERO; usize::from(n)];
    for round in 1..=n {
        let before = u32::from(round - 1) * u32::from(rules.instalments_per_round);
        for instalment in 0..u32::from(rules.instalments_per_round) {
            let opened = circle.deadline(rules, before + instalment).unwrap();
            pay(&mut circle, rules, &everybody, opened);
            circle = through_bytes(&circle);
        }
        assert_eq!(circle.liabilities(), Ok(pot));
        let date = circle.payout_date(rules, round).unwrap();
        let payout = circle.payout(rules, round, date).unwrap();
        circle = through_bytes(&circle);
        assert_eq!((payout.amount, payout.completed), (pot, round == n));
        assert_eq!(circle.seats()[usize::from(payout.seat)].turn, round);
        let so_far = &mut delivered[usize::from(payout.seat)];
        assert!(so_far.is_zero(), "seat {} was paid twice", payout.seat);
        *so_far = payout.amount;
    }
    assert_eq!(circle.phase, Phase::Completed);
    assert!(circle.is_finished());
    assert_eq!(circle.liabilities(), Ok(Amount::ZERO));
    for (seat, delivered) in circle.seats().iter().zip(delivered) {
        assert_eq!((seat.paid, seat.received, delivered), (pot, pot, pot));
        assert_eq!(seat.late, 0);
    }
}

fn through_bytes(circle: &Circle) -> Circle {
    let mut buf = [0; MAX_ENCODED];
    let length = circle.encode(&mut buf).unwrap();
    let decoded = Circle::decode(&buf[..length]).unwrap();
    assert_eq!(decoded, *circle);
    decoded
}

#[test]
fn circles_of_2_3_12_and_64() {
    for seats in [2, 3, 12, 64] {
        rotate(&rules(seats), |_| None);
    }
}

#[test]
fn several_instalments_monthly_in_a_fixed_order() {
    let rules = Rules {
        contribution: amount(25_000_000),
        instalments_per_round: 3,
        interval: Interval::Months(1),
        order: Order::Fixed,
        ..rules(12)
    };
    rotate(&rules, |seat| Some(12 - seat));
}

#[test]
fn the_largest_rules_there_are() {
    let rules = Rules {
        contribution: amount(i64::MAX / 4 / (3 * 64 * 64 * 255)),
        instalments_per_round: 255,
        interval: Interval::Months(255),
        ..rules(64)
    };
    rules.validate().unwrap();
    let mut circle = Circle::new();
    for _ in 0..64 {
        circle.join(&rules, None, START).unwrap();
    }
    for round in 1..=64 {
        // All 255 at once, when the last has opened.
        let last = u32::from(round) * 255;
        let opened = circle.deadline(&rules, last - 1).unwrap();
        for seat in 0..64 {
            let due = circle.due(&rules, seat, opened).unwrap();
            circle.contribute(&rules, seat, round, due.amount, opened).unwrap();
        }
        let date = circle.payout_date(&rules, round).unwrap();
        circle.payout(&rules, round, date).unwrap();
    }
    assert_eq!(circle.phase, Phase::Completed);
    assert_eq!(circle.seats()[63].received, rules.pot(64).unwrap());
}
