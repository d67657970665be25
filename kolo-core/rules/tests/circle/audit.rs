//! States that no step leads to, each with one thing wrong.

use kolo_rules::circle::{
    Bid, MAX_DEBTS, MAX_ENCODED, Motion, Order, Phase, Rows, Security, Store,
};
use kolo_rules::{Circle, MAX_MEMBERS, Refusal, Rules};

use crate::support::{START, active, amount, decide, pay, play_round, propose_dissolve, rules};

/// The sound circle passes; changed it does not.
#[track_caller]
fn spoilt(circle: &Circle, what: &str, change: impl FnOnce(&mut Circle)) {
    assert_eq!(circle.audit(), Ok(()), "before: {what}");
    let mut circle = circle.clone();
    change(&mut circle);
    assert_eq!(circle.audit(), Err(Refusal::BadEncoding), "{what}");
}

fn joined(rules: &Rules, members: u8) -> Circle {
    let mut circle = Circle::new();
    for _ in 0..members {
        circle.join(rules, None, START).unwrap();
    }
    circle
}

#[test]
fn nothing_has_begun_before_the_start() {
    let forming = joined(&rules(3), 2);
    spoilt(&forming, "begun while forming", |circle| circle.started_at = START);
    spoilt(&forming, "a round paid out while forming", |circle| circle.rounds_paid = 1);
    let mut cancelled = forming;
    cancelled.cancel().unwrap();
    spoilt(&cancelled, "begun, and given up", |circle| circle.started_at = START);
    let random = Rules { order: Order::Random, bond: amount(7), ..rules(3) };
    let committing = active(&random);
    assert_eq!(committing.phase, Phase::Committing);
    spoilt(&committing, "a round paid out before the draw", |circle| circle.rounds_paid = 1);
}

#[test]
fn one_alone_may_form_a_circle_and_give_it_up_but_not_run_it() {
    let mut one = joined(&rules(3), 1);
    spoilt(&one, "active alone", |circle| circle.phase = Phase::Active);
    one.cancel().unwrap();
    assert_eq!((one.audit(), one.len()), (Ok(()), 1));
}

#[test]
fn turns_are_without_gaps_once_the_order_is_fixed() {
    let fixed = Rules { order: Order::Fixed, ..rules(3) };
    let mut forming = Circle::new();
    forming.join(&fixed, Some(3), START).unwrap();
    forming.join(&fixed, Some(1), START).unwrap();
    spoilt(&forming, "a gap once active", |circle| circle.phase = Phase::Active);
    spoilt(&forming, "a gap while deposits are paid", |circle| circle.phase = Phase::Securing);
    let secured = Rules { security: Security::Fixed(amount(1)), ..rules(3) };
    assert_eq!((active(&secured).phase, active(&secured).audit()), (Phase::Securing, Ok(())));
    let random = Rules { order: Order::Random, bond: amount(7), ..rules(3) };
    spoilt(&active(&random), "no turns once active", |circle| circle.phase = Phase::Active);
    spoilt(&active(&random), "no turns for deposits", |circle| circle.phase = Phase::Securing);
}

#[test]
fn nobody_has_paid_or_claims_anything_at_the_wrong_time() {
    let rules = rules(3);
    let mut paid = active(&rules);
    pay(&mut paid, &rules, &[0], START);
    spoilt(&paid, "paid while forming", |circle| {
        (circle.phase, circle.started_at) = (Phase::Forming, 0);
    });
    let mut settled = active(&rules);
    play_round(&mut settled, &rules, 1, &[0, 1, 2]);
    decide(&mut settled, &rules, Motion::Dissolve, 0, START);
    spoilt(&settled, "claims while active", |circle| circle.phase = Phase::Active);
}

#[test]
fn bids_and_votes_are_of_members() {
    let rules =
        Rules { order: Order::Auction, bid_floor_bp: 6_500, bid_step_bp: 9_800, ..rules(3) };
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0, 1, 2], START);
    circle.bid(&rules, 2, 1, amount(25), START).unwrap();
    spoilt(&circle, "a bid of the fourth of three", |circle| {
        circle.bid = Some(Bid { seat: 3, amount: amount(25) });
    });
    propose_dissolve(&mut circle, &rules, 0, START).unwrap();
    spoilt(&circle, "a vote with no proposals ever", |circle| circle.proposals = 0);
}

#[test]
fn beyond_the_last_seat_and_debt_there_is_nothing() {
    let rules = rules(3);
    let mut circle = active(&rules);
    play_round(&mut circle, &rules, 1, &[0, 1]);
    let nothing = Rows::default();
    for index in [3, 4, 63, u8::MAX] {
        assert_eq!(circle.rows().seat(index), nothing.seat(0));
        assert_eq!(circle.rows().turn(index), 0);
    }
    for index in [1, 2, 383, u16::MAX] {
        assert_eq!(circle.rows().debt(index), nothing.debt(0));
    }
    assert_eq!((circle.rows().debt(0), circle.rows().turn(2)), (circle.debts()[0], 3));
}

/// The format says how long the largest circle is: a contract has room for it.
#[test]
fn the_longest_bytes_are_those_of_every_part_of_every_row() {
    // Turn, standing, late, assessed, 13 amounts; a debt of two amounts; four proposals.
    let (row, debt, proposal) = (1 + 3 * 2 + 13 * 8, 3 + 2 * 8, 4 + 1 + 5 * 8);
    assert_eq!(MAX_ENCODED, 55 + MAX_MEMBERS * row + MAX_DEBTS * debt + 4 * proposal);
}

/// What only a few have is kept all the same.
#[test]
fn a_mark_alone_and_a_leaving_alone_are_kept() {
    let rules = rules(4);
    let mut leaving = active(&rules);
    leaving.exit(&rules, 3, START).unwrap();
    let mut marked = active(&rules);
    pay(&mut marked, &rules, &[0, 1, 2, 3], START);
    marked.payout(&rules, 1, START + 7 * 86_400).unwrap();
    decide(&mut marked, &rules, Motion::Expel, 0, START);
    assert_eq!(marked.seats()[0].left_after, 0);
    for circle in [leaving, marked] {
        let mut bytes = vec![0; MAX_ENCODED];
        let length = circle.encode(&mut bytes).unwrap();
        assert_eq!(Circle::decode(&bytes[..length]), Ok(circle));
    }
}
