//! Seats that change hands: swaps of turns, replacements, moves to a new address.

use kolo_rules::circle::{Motion, Order, Replaced, Security, Swapped, VoteOutcome};
use kolo_rules::{Amount, Circle, Refusal, Rules};

use crate::support::{
    GRACE, START, VOTE, WEEK, active, amount, debts, decide, each, pay, play_round, refused, rules,
    secured, turns,
};

const DAY: u64 = 86_400;

fn exposure(seats: u8) -> Rules {
    Rules { security: Security::Exposure, setup_period_s: 60, ..rules(seats) }
}

#[test]
fn who_comes_earlier_pays_the_difference_of_the_deposits() {
    let rules = exposure(4);
    let mut circle = secured(&rules);
    assert_eq!(each(&circle, |seat| seat.deposit), [30, 20, 10, 0]);
    let swapped = circle.swap(&rules, 1, 3, START).unwrap();
    assert_eq!(swapped, Swapped { earlier: 3, later: 1, deposit: amount(20) });
    assert_eq!(each(&circle, |seat| seat.deposit), [30, 0, 10, 20]);
    assert_eq!((turns(&circle), circle.liabilities()), (vec![1, 4, 3, 2], Ok(amount(60))));
    // Named the other way round it is the same.
    let swapped = circle.swap(&rules, 3, 1, START).unwrap();
    assert_eq!(swapped, Swapped { earlier: 1, later: 3, deposit: amount(20) });
    // With fixed deposits, or none, nothing passes.
    let fixed = Rules { security: Security::Fixed(amount(9)), ..exposure(4) };
    let mut circle = secured(&fixed);
    assert_eq!(circle.swap(&fixed, 0, 3, START).unwrap().deposit, Amount::ZERO);
    assert_eq!(each(&circle, |seat| seat.deposit), [9, 9, 9, 9]);
}

#[test]
fn only_turns_to_come_are_swapped() {
    let rules = rules(4);
    let mut circle = active(&rules);
    play_round(&mut circle, &rules, 1, &[0, 1, 2, 3]);
    let now = START + WEEK;
    refused(&mut circle, Refusal::AlreadyPaidOut, |circle| circle.swap(&rules, 0, 1, now));
    refused(&mut circle, Refusal::AlreadyPaidOut, |circle| circle.swap(&rules, 1, 0, now));
    refused(&mut circle, Refusal::SameSeat, |circle| circle.swap(&rules, 1, 1, now));
    refused(&mut circle, Refusal::NotMember, |circle| circle.swap(&rules, 1, 4, now));
    // The current round is paid out to nobody yet.
    circle.swap(&rules, 1, 2, now).unwrap();
    assert_eq!(circle.recipient(&rules, now), Ok(2));
    let late = START + 2 * WEEK + GRACE + 1;
    refused(&mut circle, Refusal::InArrears, |circle| circle.swap(&rules, 1, 3, late));
    circle.exit(&rules, 3, now).unwrap();
    refused(&mut circle, Refusal::HasLeft, |circle| circle.swap(&rules, 1, 3, now));
    let auction = Rules { order: Order::Auction, bid_floor_bp: 6_500, bid_step_bp: 9_800, ..rules };
    let mut circle = active(&auction);
    refused(&mut circle, Refusal::NoSwap, |circle| circle.swap(&auction, 0, 1, START));
}

#[test]
fn what_is_signed_about_a_seat_is_about_the_turn_it_has() {
    let rules = rules(3);
    let mut circle = active(&rules);
    circle.require_turn(1, 2).unwrap();
    circle.swap(&rules, 1, 2, START).unwrap();
    assert_eq!(circle.require_turn(1, 2), Err(Refusal::OtherTurn));
    circle.require_turn(1, 3).unwrap();
    assert_eq!(circle.require_turn(3, 3), Err(Refusal::NotMember));
    assert_eq!(Circle::new().require_turn(0, 0), Err(Refusal::NotActive));
}

#[test]
fn a_deposit_that_was_used_is_topped_up_before_it_is_handed_on() {
    let rules = exposure(4);
    let mut circle = secured(&rules);
    // Seat 1 does not pay for round 1: 10 of its 20 are used.
    play_round(&mut circle, &rules, 1, &[0, 2, 3]);
    assert_eq!(each(&circle, |seat| seat.deposit), [30, 10, 10, 0]);
    let now = START + WEEK + GRACE + 1;
    // With turn 4 it would need none and get back 20, which are not there.
    refused(&mut circle, Refusal::InArrears, |circle| circle.swap(&rules, 1, 3, now));
    // With turn 3 it needs 10 and gets back 10; then it lacks all of it.
    let mut other = circle.clone();
    assert_eq!(other.swap(&rules, 1, 2, now).unwrap().deposit, amount(10));
    assert_eq!(each(&other, |seat| seat.deposit), [30, 0, 20, 0]);
    refused(&mut other, Refusal::TooMuch, |circle| circle.repay(&rules, 1, amount(11)));
    circle.repay(&rules, 1, amount(10)).unwrap();
    assert_eq!(circle.swap(&rules, 1, 3, now).unwrap().deposit, amount(20));
}

/// Seat 0 has had the pot of 30; a newcomer is agreed on for `seat`.
fn agreed(rules: &Rules, seat: u8) -> Circle {
    let mut circle = secured(rules);
    play_round(&mut circle, rules, 1, &[0, 1, 2]);
    decide(&mut circle, rules, Motion::Replace, seat, START + WEEK);
    circle
}

#[test]
fn a_newcomer_pays_what_the_seat_is_worth() {
    let rules = rules(3);
    // (seat, paid − received)
    for (seat, price) in [(0, 10 - 30), (1, 10), (2, 10)] {
        let mut circle = agreed(&rules, seat);
        let replaced = circle.replace(&rules, seat, START + WEEK).unwrap();
        assert_eq!(replaced, Replaced { price: amount(price), deposit: Amount::ZERO });
        // Once.
        refused(&mut circle, Refusal::NoProposal, |circle| {
            circle.replace(&rules, seat, START + WEEK)
        });
    }
}

#[test]
fn what_was_paid_ahead_is_paid_for_too() {
    let rules = Rules { advance: true, ..exposure(3) };
    let mut circle = agreed(&rules, 1);
    pay(&mut circle, &rules, &[1, 1], START + WEEK);
    // 10 for round 1, 20 ahead; E(2) = 10 stay in the vault as the newcomer's.
    let replaced = circle.replace(&rules, 1, START + WEEK).unwrap();
    assert_eq!(replaced, Replaced { price: amount(30), deposit: amount(10) });
    assert_eq!(circle.due(&rules, 1, START + WEEK).unwrap().amount, Amount::ZERO);
    // The newcomer gets the pot and the deposit.
    pay(&mut circle, &rules, &[0, 2], START + WEEK);
    assert_eq!(circle.payout(&rules, 2, START + 2 * WEEK).unwrap().amount, amount(30));
    play_round(&mut circle, &rules, 3, &[0, 2]);
    assert_eq!(each(&circle, |seat| seat.credit), [20, 10, 0]);
}

#[test]
fn arrears_and_credits_come_before_a_replacement() {
    let rules = rules(3);
    let mut circle = agreed(&rules, 1);
    refused(&mut circle, Refusal::NoProposal, |circle| circle.replace(&rules, 2, START + WEEK));
    let late = START + WEEK + VOTE + 1;
    refused(&mut circle, Refusal::TimeOver, |circle| circle.replace(&rules, 1, late));
    circle.credit(1, amount(1)).unwrap();
    refused(&mut circle, Refusal::CreditWaiting, |circle| circle.replace(&rules, 1, START + WEEK));
    // A seat that owes for round 1.
    let mut circle = active(&rules);
    play_round(&mut circle, &rules, 1, &[0, 1]);
    let now = START + WEEK + GRACE + 1;
    decide(&mut circle, &rules, Motion::Replace, 2, now);
    refused(&mut circle, Refusal::InArrears, |circle| circle.replace(&rules, 2, now));
    circle.repay(&rules, 2, amount(10)).unwrap();
    assert_eq!(circle.replace(&rules, 2, now).unwrap().price, amount(10));
    assert_eq!(circle.seats()[2].late, 0, "the newcomer was never late");
}

#[test]
fn a_newcomer_takes_over_the_seat_of_who_was_expelled() {
    let rules = rules(3);
    let mut circle = active(&rules);
    play_round(&mut circle, &rules, 1, &[0, 1, 2]);
    decide(&mut circle, &rules, Motion::Expel, 0, START + WEEK);
    decide(&mut circle, &rules, Motion::Replace, 0, START + WEEK);
    assert_eq!(circle.replace(&rules, 0, START + WEEK).unwrap().price, amount(-20));
    assert!(circle.seats()[0].is_full_member());
    assert_eq!(debts(&circle), [0, 0, 0]);
}

#[test]
fn a_move_is_delayed_by_a_votes_period_and_three_days_at_least() {
    // (period, earliest and last second of the move)
    let table = [(60, 3 * DAY + 1, 6 * DAY), (4 * DAY, 4 * DAY + 1, 8 * DAY)];
    for (period, earliest, last) in table {
        let rules = Rules { vote_period_s: u32::try_from(period).unwrap(), ..rules(3) };
        let mut circle = active(&rules);
        decide(&mut circle, &rules, Motion::Move, 2, START);
        for (after, refusal) in [(earliest - 1, Refusal::TooEarly), (last + 1, Refusal::TimeOver)] {
            refused(&mut circle, refusal, |circle| circle.complete_move(&rules, 2, START + after));
        }
        for after in [earliest, last] {
            circle.clone().complete_move(&rules, 2, START + after).unwrap();
        }
    }
}

#[test]
fn a_seat_moves_after_a_vote_and_as_long_again() {
    let rules = rules(3);
    let mut circle = active(&rules);
    refused(&mut circle, Refusal::NoProposal, |circle| circle.complete_move(&rules, 2, START));
    decide(&mut circle, &rules, Motion::Move, 2, START);
    refused(&mut circle, Refusal::TooEarly, |circle| circle.complete_move(&rules, 2, START + VOTE));
    refused(&mut circle, Refusal::TimeOver, |circle| {
        circle.complete_move(&rules, 2, START + 2 * VOTE + 1)
    });
    refused(&mut circle, Refusal::ProposalOpen, |circle| {
        circle.propose(&rules, 0, Motion::Move, 1, START + 2 * VOTE)
    });
    for now in [START + VOTE + 1, START + 2 * VOTE] {
        let mut circle = circle.clone();
        circle.complete_move(&rules, 2, now).unwrap();
        refused(&mut circle, Refusal::NoProposal, |circle| circle.complete_move(&rules, 2, now));
    }
    // Whose key is not lost says so, before or after the vote.
    refused(&mut circle, Refusal::NoProposal, |circle| circle.object(1));
    circle.object(2).unwrap();
    refused(&mut circle, Refusal::NoProposal, |circle| {
        circle.complete_move(&rules, 2, START + VOTE + 1)
    });
    circle.propose(&rules, 0, Motion::Move, 2, START).unwrap();
    circle.object(2).unwrap();
    assert_eq!(circle.open_proposals().count(), 0);
    // Their no is an objection, also when the others have decided already.
    circle.propose(&rules, 0, Motion::Move, 2, START).unwrap();
    let id = circle.proposals;
    let mut outcome = VoteOutcome::Open;
    for seat in (0..circle.len()).filter(|seat| *seat != 2 && *seat != 0) {
        if outcome == VoteOutcome::Open {
            outcome = circle.vote(&rules, seat, id, true, START).unwrap();
        }
    }
    assert_eq!(outcome, VoteOutcome::Passed);
    assert_eq!(circle.vote(&rules, 2, id, false, START + VOTE), Ok(VoteOutcome::Rejected));
    refused(&mut circle, Refusal::NoProposal, |circle| {
        circle.complete_move(&rules, 2, START + VOTE + 1)
    });
}

#[test]
fn a_leaver_who_waits_to_be_paid_back_can_be_moved_but_not_replaced() {
    let rules = rules(4);
    let mut circle = active(&rules);
    circle.exit(&rules, 2, START).unwrap();
    refused(&mut circle, Refusal::HasLeft, |circle| {
        circle.propose(&rules, 0, Motion::Replace, 2, START)
    });
    decide(&mut circle, &rules, Motion::Move, 2, START);
    circle.complete_move(&rules, 2, START + VOTE + 1).unwrap();
}
