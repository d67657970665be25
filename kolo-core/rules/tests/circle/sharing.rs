//! Losses shared at the end.

use kolo_rules::circle::{Phase, Security, Shortfall};
use kolo_rules::{Amount, Circle, Refusal, Rules};

use crate::support::{
    START, active, amount, debts, each, pay, play_round, refused, rules, secured,
};

fn share() -> Rules {
    Rules { shortfall: Shortfall::Share, ..rules(4) }
}

/// Seat 3 pays for round 1 and its own, and for no other.
fn defaulted(rules: &Rules, mut circle: Circle) -> Circle {
    play_round(&mut circle, rules, 1, &[0, 1, 2, 3]);
    for round in [2, 3] {
        play_round(&mut circle, rules, round, &[0, 1, 2]);
    }
    play_round(&mut circle, rules, 4, &[0, 1, 2, 3]);
    assert_eq!(circle.phase, Phase::Completed);
    circle
}

#[test]
fn each_bears_the_same_part_of_the_loss() {
    let rules = share();
    let mut circle = defaulted(&rules, active(&rules));
    // Seats 1 and 2 lost 10 each: 20 / 3 = 7, 7, 6. Seat 0 owes the 7 it has not borne.
    assert_eq!(debts(&circle), [7, 0, 0, 20]);
    assert_eq!(each(&circle, |seat| seat.uncovered), [7, 10, 10, 0]);
    assert!(circle.debts().is_empty());
    // Seat 0 pays its 7: 7 · {7, 10, 10} / 27 = 1.81, 2.59, 2.59: two left, to seat 0 and then 1.
    circle.repay(&rules, 0, amount(7)).unwrap();
    assert_eq!(each(&circle, |seat| seat.claimable), [2, 3, 2, 0]);
    // The defaulter pays all: everybody has everything.
    circle.repay(&rules, 3, amount(20)).unwrap();
    assert_eq!(each(&circle, |seat| seat.claimable), [7, 10, 10, 0]);
    assert_eq!(circle.claim(0), Ok(amount(7)));
    assert_eq!(circle.claim(1), Ok(amount(10)));
    assert!(!circle.is_finished());
    assert_eq!(circle.claim(2), Ok(amount(10)));
    assert!(circle.is_finished());
}

#[test]
fn the_deposit_pays_the_difference_before_it_returns() {
    let rules = Rules { security: Security::Fixed(amount(5)), setup_period_s: 60, ..share() };
    let mut circle = defaulted(&rules, secured(&rules));
    // Seat 3's deposit covered 5 of round 2: lost are 5 by seat 1 and 10 by seat 2; 15 / 3 = 5 each.
    // Seat 0 has borne nothing: its deposit goes to seat 2, which has borne 5 too much.
    assert_eq!(each(&circle, |seat| seat.credit), [0, 5, 5 + 5, 0]);
    assert_eq!(debts(&circle), [0, 0, 0, 15]);
    assert_eq!(each(&circle, |seat| seat.uncovered), [5, 5, 5, 0]);
    circle.repay(&rules, 3, amount(15)).unwrap();
    assert_eq!(each(&circle, |seat| seat.claimable), [5, 5, 5, 0]);
}

#[test]
fn at_each_payout_all_that_is_there_is_paid_without_waiting() {
    let rules = share();
    let mut circle = active(&rules);
    let payout = play_round(&mut circle, &rules, 1, &[0, 1, 2]);
    assert_eq!((payout.amount, debts(&circle)), (amount(30), vec![0, 0, 0, 10]));
    // Before the end the debt is to the recipient.
    assert_eq!(circle.owed(3, 1), amount(10));
    assert_eq!(circle.repay(&rules, 3, amount(4)).unwrap().to[0], amount(4));
}

#[test]
fn nobody_lost_anything_nobody_owes_anything() {
    let rules = share();
    let mut circle = active(&rules);
    for round in 1..=4 {
        play_round(&mut circle, &rules, round, &[0, 1, 2, 3]);
    }
    assert_eq!(debts(&circle), [0, 0, 0, 0]);
    refused(&mut circle, Refusal::NothingToClaim, |circle| circle.claim(0));
    assert!(circle.is_finished());
}

#[test]
fn where_nobody_kept_the_promise_there_is_nobody_to_share() {
    let rules = share();
    let mut circle = active(&rules);
    for round in 1..=4 {
        play_round(&mut circle, &rules, round, &[]);
    }
    // Everybody owes 30 and misses 30.
    assert_eq!(debts(&circle), [30, 30, 30, 30]);
    assert_eq!(each(&circle, |seat| seat.uncovered), [30, 30, 30, 30]);
    for seat in 0..4 {
        circle.repay(&rules, seat, amount(30)).unwrap();
    }
    assert_eq!(each(&circle, |seat| seat.claimable), [30, 30, 30, 30]);
}

#[test]
fn who_left_has_no_part_in_losses_but_gets_theirs_shared() {
    let rules = Rules { shortfall: Shortfall::Share, ..rules(4) };
    let mut circle = active(&rules);
    circle.exit(&rules, 2, START).unwrap();
    play_round(&mut circle, &rules, 1, &[0, 1, 2, 3]);
    play_round(&mut circle, &rules, 2, &[0, 1, 3]);
    // Seat 0 does not pay back seat 2's 10, and does not pay for round 4.
    play_round(&mut circle, &rules, 3, &[]);
    play_round(&mut circle, &rules, 4, &[1, 3]);
    // Lost: 10 by seat 2, who left, and 10 by seat 3; 20 / 2 for seats 1 and 3 = 10 each. Seat 1 has borne
    // nothing and owes 10.
    assert_eq!(debts(&circle), [20, 10, 0, 0]);
    assert_eq!(each(&circle, |seat| seat.uncovered), [0, 10, 10, 10]);
    circle.repay(&rules, 1, amount(10)).unwrap();
    circle.repay(&rules, 0, amount(20)).unwrap();
    assert_eq!(each(&circle, |seat| seat.claimable), [0, 10, 10, 10]);
}

#[test]
fn where_all_who_stay_default_a_leaver_does_not_block_the_end() {
    let rules = Rules { shortfall: Shortfall::Share, ..rules(4) };
    let mut circle = active(&rules);
    circle.exit(&rules, 2, START).unwrap();
    pay(&mut circle, &rules, &[2], START);
    play_round(&mut circle, &rules, 1, &[]);
    for round in [2, 3, 4] {
        play_round(&mut circle, &rules, round, &[]);
    }
    assert_eq!(circle.phase, Phase::Completed);
    // Seat 0 had 10 of seat 2 and did not pay them back.
    assert_eq!(circle.seats()[2].uncovered, amount(10));
    assert_eq!(circle.seats()[0].received, amount(10));
    assert_eq!(circle.liabilities(), Ok(Amount::ZERO));
}
