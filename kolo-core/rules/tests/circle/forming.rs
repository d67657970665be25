//! Joining, leaving, starting, cancelling.

use kolo_rules::circle::{Joined, Order, Phase};
use kolo_rules::{Amount, Circle, Interval, Refusal};

use crate::support::{START, WEEK, active, amount, each, propose_dissolve, refused, rules, turns};

#[test]
fn the_last_seat_starts_the_circle() {
    let rules = rules(3);
    let mut circle = Circle::new();
    let joined = circle.join(&rules, None, 5).unwrap();
    assert_eq!(joined, Joined { seat: 0, turn: 1, started: false });
    let joined = circle.join(&rules, Some(2), 6).unwrap();
    assert_eq!(joined, Joined { seat: 1, turn: 2, started: false });
    assert_eq!((circle.phase, circle.deadline(&rules, 1)), (Phase::Forming, None));
    let joined = circle.join(&rules, None, START).unwrap();
    assert_eq!(joined, Joined { seat: 2, turn: 3, started: true });
    assert_eq!((circle.phase, circle.started_at, circle.len()), (Phase::Active, START, 3));
    // The first deadline is one interval after the start.
    assert_eq!(circle.deadline(&rules, 1), Some(START + WEEK));
    refused(&mut circle, Refusal::NotForming, |circle| circle.join(&rules, None, START));
}

#[test]
fn a_round_ends_with_its_last_instalment() {
    let mut rules = rules(3);
    rules.instalments_per_round = 4;
    let circle = active(&rules);
    assert_eq!(circle.payout_date(&rules, 1), Some(START + 4 * WEEK));
    assert_eq!(circle.payout_date(&rules, 3), Some(START + 12 * WEEK));
    assert_eq!(circle.payout_date(&rules, 0), None);
    assert_eq!(circle.payout_date(&rules, 4), None);
    // Monthly from 31 Jan 2026 00:30 at +1 (30 Jan 23:30 UTC): 28 Feb, 31 Mar, 30 Apr 00:30 there.
    rules.interval = Interval::Months(1);
    let mut circle = Circle::new();
    for _ in 0..3 {
        circle.join(&rules, None, 1_769_815_800).unwrap();
    }
    let deadlines: Vec<_> = (0..=3).filter_map(|i| circle.deadline(&rules, i)).collect();
    assert_eq!(deadlines, [1_769_815_800, 1_772_235_000, 1_774_913_400, 1_777_505_400]);
}

#[test]
fn in_join_order_the_next_turn_is_the_only_one() {
    let rules = rules(3);
    let mut circle = Circle::new();
    for turn in [0, 2, 255] {
        refused(&mut circle, Refusal::BadTurn, |circle| circle.join(&rules, Some(turn), 0));
    }
}

#[test]
fn leaving_moves_later_members_up() {
    let rules = rules(4);
    let mut circle = Circle::new();
    for _ in 0..3 {
        circle.join(&rules, None, 0).unwrap();
    }
    circle.leave(&rules, 1).unwrap();
    assert_eq!(turns(&circle), [1, 2]);
    refused(&mut circle, Refusal::NotMember, |circle| circle.leave(&rules, 2));
    assert_eq!(circle.join(&rules, None, 0).unwrap().turn, 3);
    circle.leave(&rules, 2).unwrap();
    circle.leave(&rules, 0).unwrap();
    circle.leave(&rules, 0).unwrap();
    assert_eq!(circle, Circle::new(), "nothing is left of those who left");
}

#[test]
fn a_fixed_order_keeps_its_turns_and_closes_gaps_at_the_start() {
    let mut rules = rules(5);
    rules.order = Order::Fixed;
    let mut circle = Circle::new();
    for turn in [5, 1, 2, 4] {
        let joined = circle.join(&rules, Some(turn), 0).unwrap();
        assert_eq!((joined.turn, joined.started), (turn, false));
    }
    refused(&mut circle, Refusal::BadTurn, |circle| circle.join(&rules, None, 0));
    refused(&mut circle, Refusal::BadTurn, |circle| circle.join(&rules, Some(0), 0));
    refused(&mut circle, Refusal::BadTurn, |circle| circle.join(&rules, Some(6), 0));
    refused(&mut circle, Refusal::TurnTaken, |circle| circle.join(&rules, Some(4), 0));
    circle.leave(&rules, 1).unwrap();
    assert_eq!(turns(&circle), [5, 2, 4], "a turn in an invitation stays what it says");
    circle.start(&rules, START).unwrap();
    // 2 < 4 < 5.
    assert_eq!(turns(&circle), [3, 1, 2]);
    let order: Vec<_> = (0..=4).map(|round| circle.seat_of_turn(round)).collect();
    assert_eq!(order, [None, Some(1), Some(2), Some(0), None]);
}

#[test]
fn the_organiser_may_start_with_the_minimum() {
    let mut rules = rules(5);
    rules.min_members = 3;
    let mut circle = Circle::new();
    circle.join(&rules, None, 0).unwrap();
    circle.join(&rules, None, 0).unwrap();
    refused(&mut circle, Refusal::TooFewMembers, |circle| circle.start(&rules, START));
    circle.join(&rules, None, 0).unwrap();
    circle.start(&rules, START).unwrap();
    assert_eq!((circle.phase, circle.started_at), (Phase::Active, START));
    refused(&mut circle, Refusal::AlreadyStarted, |circle| circle.start(&rules, START));
    refused(&mut circle, Refusal::NotForming, |circle| circle.leave(&rules, 0));
    refused(&mut circle, Refusal::NotForming, Circle::cancel);
}

#[test]
fn a_schedule_beyond_the_end_of_time_does_not_start() {
    let rules = rules(2);
    let mut circle = Circle::new();
    circle.join(&rules, None, 0).unwrap();
    refused(&mut circle, Refusal::Overflow, |circle| circle.join(&rules, None, u64::MAX - WEEK));
    circle.join(&rules, None, START).unwrap();
    assert_eq!(circle.phase, Phase::Active);
}

#[test]
fn cancelling_ends_it_and_shares_what_strangers_sent() {
    let rules = rules(4);
    let mut circle = Circle::new();
    for _ in 0..3 {
        circle.join(&rules, None, 0).unwrap();
    }
    circle.sync(amount(10)).unwrap();
    circle.cancel().unwrap();
    assert_eq!(circle.phase, Phase::Cancelled);
    // 10 / 3 = 3 remainder 1.
    assert_eq!(each(&circle, |seat| seat.credit), [4, 3, 3]);
    assert!(!circle.is_finished());
    for seat in 0..3 {
        circle.push(seat).unwrap();
    }
    assert!(circle.is_finished());
    assert_eq!(circle.liabilities(), Ok(Amount::ZERO));
    refused(&mut circle, Refusal::NotForming, |circle| circle.join(&rules, None, 0));
    refused(&mut circle, Refusal::NotForming, |circle| circle.start(&rules, 0));
    refused(&mut circle, Refusal::NotForming, Circle::cancel);
}

#[test]
fn nothing_of_an_active_circle_works_before_the_start() {
    let rules = rules(3);
    let mut circle = Circle::new();
    circle.join(&rules, None, 0).unwrap();
    let ten = amount(10);
    refused(&mut circle, Refusal::NotActive, |circle| circle.due(&rules, 0, 0));
    refused(&mut circle, Refusal::NotActive, |circle| circle.contribute(&rules, 0, 1, ten, 0));
    refused(&mut circle, Refusal::NotActive, |circle| circle.payout(&rules, 1, START));
    refused(&mut circle, Refusal::NotActive, |circle| circle.repay(&rules, 0, ten));
    refused(&mut circle, Refusal::NotActive, |circle| propose_dissolve(circle, &rules, 0, 0));
    refused(&mut circle, Refusal::NotActive, |circle| circle.vote(&rules, 0, 1, true, 0));
    refused(&mut circle, Refusal::NotDissolved, |circle| circle.claim(0));
    refused(&mut circle, Refusal::NoCredit, |circle| circle.push(0));
    assert!(!circle.is_finished());
}
