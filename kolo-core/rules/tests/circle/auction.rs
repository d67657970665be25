//! Rounds that go to who asks least.

use kolo_rules::circle::{Bid, Fee, Order, PayoutStatus};
use kolo_rules::{Amount, Circle, Refusal, Rules};

use crate::support::{
    GRACE, START, WEEK, active, amount, debts, each, pay, play_round, refused, rules, turns,
};

/// Four pay 10 each: a pot of 40, floor 65 % = 26, step 98 %.
fn auction() -> Rules {
    Rules { order: Order::Auction, bid_floor_bp: 6_500, bid_step_bp: 9_800, ..rules(4) }
}

fn full(rules: &Rules) -> Circle {
    let mut circle = active(rules);
    pay(&mut circle, rules, &[0, 1, 2, 3], START);
    circle
}

#[test]
fn a_bid_is_between_the_floor_and_the_pot_or_the_step() {
    let rules = auction();
    let mut circle = active(&rules);
    let now = START;
    let bid =
        |circle: &mut Circle, seat: u8, asked: i64| circle.bid(&rules, seat, 1, amount(asked), now);
    pay(&mut circle, &rules, &[0, 1], START);
    // 20 are in the pot, less than the floor of 26.
    refused(&mut circle, Refusal::BidTooHigh, |circle| bid(circle, 0, 26));
    pay(&mut circle, &rules, &[2, 3], START);
    refused(&mut circle, Refusal::BidTooLow, |circle| bid(circle, 0, 25));
    refused(&mut circle, Refusal::BidTooLow, |circle| bid(circle, 0, 0));
    refused(&mut circle, Refusal::BidTooLow, |circle| bid(circle, 0, -1));
    refused(&mut circle, Refusal::BidTooHigh, |circle| bid(circle, 0, 41));
    refused(&mut circle, Refusal::NotMember, |circle| bid(circle, 4, 40));
    refused(&mut circle, Refusal::WrongRound, |circle| circle.bid(&rules, 0, 2, amount(40), now));
    bid(&mut circle, 0, 40).unwrap();
    // 98 % of 40 are 39.2: at most 39; of 39 38.2: at most 38. Of 26 25.
    refused(&mut circle, Refusal::BidTooHigh, |circle| bid(circle, 1, 40));
    bid(&mut circle, 1, 39).unwrap();
    refused(&mut circle, Refusal::BidTooHigh, |circle| bid(circle, 1, 39));
    bid(&mut circle, 3, 26).unwrap();
    for asked in [25, 26] {
        let refusal = if asked < 26 { Refusal::BidTooLow } else { Refusal::BidTooHigh };
        refused(&mut circle, refusal, |circle| bid(circle, 2, asked));
    }
    assert_eq!(circle.bid, Some(Bid { seat: 3, amount: amount(26) }));
}

#[test]
fn the_winner_takes_the_bid_and_all_share_the_rest() {
    let rules = auction();
    let mut circle = full(&rules);
    circle.bid(&rules, 2, 1, amount(30), START).unwrap();
    let ready = PayoutStatus::NotBefore { round: 1, seat: 2, at: START + WEEK };
    assert_eq!(circle.payout_status(&rules, START), ready);
    let payout = circle.payout(&rules, 1, START + WEEK).unwrap();
    assert_eq!((payout.seat, payout.amount, payout.dividend), (2, amount(30), amount(10)));
    // 10 / 4 = 2 remainder 2, to the first two.
    assert_eq!(each(&circle, |seat| seat.credit), [3, 3, 2, 2]);
    assert_eq!(each(&circle, |seat| seat.received), [3, 3, 32, 2]);
    // The others keep their order.
    assert_eq!((turns(&circle), circle.bid), (vec![2, 3, 1, 4], None));
    let now = START + WEEK;
    pay(&mut circle, &rules, &[0, 1, 2, 3], now);
    refused(&mut circle, Refusal::AlreadyPaidOut, |circle| {
        circle.bid(&rules, 2, 2, amount(30), now)
    });
    // No bid: the first in the order, the whole pot.
    let payout = circle.payout(&rules, 2, START + 2 * WEEK).unwrap();
    assert_eq!((payout.seat, payout.amount, payout.dividend), (0, amount(40), Amount::ZERO));
    assert_eq!(turns(&circle), [2, 3, 1, 4]);
}

#[test]
fn the_last_one_has_nobody_to_bid_against() {
    let rules = auction();
    let mut circle = active(&rules);
    for round in 1..=3 {
        play_round(&mut circle, &rules, round, &[0, 1, 2, 3]);
    }
    let now = START + 3 * WEEK;
    pay(&mut circle, &rules, &[0, 1, 2, 3], now);
    refused(&mut circle, Refusal::NoAuction, |circle| circle.bid(&rules, 3, 4, amount(30), now));
    let plain = Rules { order: Order::Join, bid_floor_bp: 0, bid_step_bp: 0, ..rules };
    refused(&mut circle, Refusal::NoAuction, |circle| circle.bid(&plain, 3, 4, amount(30), now));
}

#[test]
fn who_is_in_arrears_cannot_bid_and_comes_after_the_others() {
    let rules = auction();
    let mut circle = active(&rules);
    let late = START + WEEK + GRACE + 1;
    pay(&mut circle, &rules, &[1, 2, 3], START);
    assert_eq!(circle.in_arrears(&rules, 0, late - 1), Ok(false));
    assert_eq!(circle.in_arrears(&rules, 0, late), Ok(true));
    refused(&mut circle, Refusal::InArrears, |circle| circle.bid(&rules, 0, 1, amount(26), late));
    // Nobody bids: seat 0 is the first, but has not paid.
    let payout = circle.payout(&rules, 1, late).unwrap();
    assert_eq!((payout.seat, payout.amount), (1, amount(30)));
    assert_eq!((turns(&circle), debts(&circle)), (vec![2, 1, 3, 4], vec![10, 0, 0, 0]));
    // With the debt it is still in arrears, however it pays for round 2.
    pay(&mut circle, &rules, &[0, 1, 2, 3], late);
    refused(&mut circle, Refusal::InArrears, |circle| circle.bid(&rules, 0, 2, amount(26), late));
    circle.repay(&rules, 0, amount(10)).unwrap();
    circle.bid(&rules, 0, 2, amount(26), late).unwrap();
}

#[test]
fn who_has_paid_all_but_a_fee_is_in_arrears() {
    let rules = Rules { fee: Fee::Fixed(amount(2)), partial: true, ..auction() };
    let mut circle = active(&rules);
    let late = START + WEEK + GRACE + 1;
    pay(&mut circle, &rules, &[1, 2, 3], START);
    // The fee is not noted yet; then it is, and is paid last.
    assert_eq!(circle.in_arrears(&rules, 0, late), Ok(true));
    circle.contribute(&rules, 0, 1, amount(10), late).unwrap();
    assert_eq!(circle.seat(0).unwrap().fees, amount(2));
    assert_eq!(circle.in_arrears(&rules, 0, late), Ok(true));
    refused(&mut circle, Refusal::InArrears, |circle| circle.bid(&rules, 0, 1, amount(26), late));
}

#[test]
fn a_bidder_who_falls_into_arrears_does_not_win() {
    let rules = auction();
    let mut circle = full(&rules);
    circle.payout(&rules, 1, START + WEEK).unwrap();
    pay(&mut circle, &rules, &[0, 1, 2], START + WEEK);
    // Seat 3 has not paid for round 2, and may: its bid stands until it is late.
    circle.bid(&rules, 3, 2, amount(27), START + WEEK).unwrap();
    let late = START + 2 * WEEK + GRACE + 1;
    assert_eq!(circle.recipient(&rules, late - 1), Ok(3));
    assert_eq!(circle.recipient(&rules, late), Ok(1));
    // A standing bid of nobody is no step either.
    circle.bid(&rules, 2, 2, amount(30), late).unwrap();
    let payout = circle.payout(&rules, 2, late).unwrap();
    assert_eq!((payout.seat, payout.amount, payout.dividend), (2, amount(30), Amount::ZERO));
}

#[test]
fn a_dividend_goes_to_the_debt_first() {
    let rules = auction();
    let mut circle = active(&rules);
    // Seat 3 does not pay for round 1, which seat 0 has: 10 owed to it.
    play_round(&mut circle, &rules, 1, &[0, 1, 2]);
    let now = START + WEEK + GRACE + 1;
    pay(&mut circle, &rules, &[0, 1, 2, 3], now);
    circle.bid(&rules, 1, 2, amount(26), now).unwrap();
    let payout = circle.payout(&rules, 2, START + 2 * WEEK).unwrap();
    // 14 / 4 = 3 remainder 2: 4, 4, 3, 3; seat 3's go to seat 0.
    assert_eq!((payout.amount, payout.dividend), (amount(26), amount(14)));
    assert_eq!(each(&circle, |seat| seat.credit), [4 + 3, 4, 3, 0]);
    assert_eq!((debts(&circle), circle.owed(3, 1)), (vec![0, 0, 0, 7], amount(7)));
    assert_eq!(each(&circle, |seat| seat.received), [30 + 7, 26 + 4, 3, 3]);
    assert_eq!(each(&circle, |seat| seat.paid), [20, 20, 20, 13]);
}

#[test]
fn a_leaver_is_paid_back_last() {
    let rules = auction();
    let mut circle = full(&rules);
    circle.bid(&rules, 1, 1, amount(30), START).unwrap();
    // Who stands to win this round cannot leave before it.
    refused(&mut circle, Refusal::AlreadyPaidOut, |circle| circle.exit(&rules, 1, START));
    circle.bid(&rules, 2, 1, amount(28), START).unwrap();
    circle.exit(&rules, 1, START).unwrap();
    refused(&mut circle, Refusal::HasLeft, |circle| circle.bid(&rules, 1, 1, amount(26), START));
    // Round 1 is still for all four: 40 − 28 = 12, 3 for each.
    let payout = circle.payout(&rules, 1, START + WEEK).unwrap();
    assert_eq!((payout.seat, payout.dividend), (2, amount(12)));
    assert_eq!(each(&circle, |seat| seat.credit), [3, 3, 3, 3]);
    assert_eq!(turns(&circle), [2, 4, 1, 3]);
    // Three pay from now on: a pot of 30, floor 65 % of it, 19.5, rounded down.
    let now = START + WEEK;
    pay(&mut circle, &rules, &[0, 2, 3], now);
    refused(&mut circle, Refusal::BidTooLow, |circle| circle.bid(&rules, 3, 2, amount(18), now));
    circle.bid(&rules, 3, 2, amount(19), now).unwrap();
    let payout = circle.payout(&rules, 2, START + 2 * WEEK).unwrap();
    // 30 − 19 = 11 for the three: 4, 4, 3.
    assert_eq!((payout.seat, payout.amount, payout.dividend), (3, amount(19), amount(11)));
    assert_eq!(each(&circle, |seat| seat.credit), [3 + 4, 3, 3 + 4, 3 + 3]);
    pay(&mut circle, &rules, &[0, 2, 3], START + 2 * WEEK);
    assert_eq!(circle.payout(&rules, 3, START + 3 * WEEK).unwrap().amount, amount(30));
    // Seat 2 was the only one that seat 1 had paid.
    let needs = [0, 1, 2, 3].map(|seat| circle.need(&rules, seat, 4).unwrap().minor_units());
    assert_eq!(needs, [0, 0, 10, 0]);
    pay(&mut circle, &rules, &[2], START + 3 * WEEK);
    let payout = circle.payout(&rules, 4, START + 4 * WEEK).unwrap();
    assert_eq!((payout.seat, payout.amount, payout.completed), (1, amount(10), true));
}

#[test]
fn what_is_missing_of_a_dividend_is_owed_to_all() {
    let rules = auction();
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0, 1, 2], START);
    circle.bid(&rules, 1, 1, amount(26), START).unwrap();
    let late = START + WEEK + GRACE + 1;
    let payout = circle.payout(&rules, 1, late).unwrap();
    // Seat 3 has not paid: 30 − 26 = 4, 1 each, and its own goes to the debt of 10: 1 for seat 0.
    assert_eq!((payout.amount, payout.dividend), (amount(26), amount(4)));
    assert_eq!(each(&circle, |seat| seat.credit), [2, 1, 1, 0]);
    assert!(circle.is_won_by_bid(1));
    assert_eq!((debts(&circle), circle.owed(3, 1)), (vec![0, 0, 0, 9], amount(9)));
    // The winner has all they asked for: what comes later is a dividend like the others', of who pays it
    // too. 9 / 4 = 2 remainder 1.
    let repaid = circle.repay(&rules, 3, amount(9)).unwrap();
    assert_eq!(repaid.to[..4], [3, 2, 2, 2].map(amount));
    // In all 14 were shared, as if seat 3 had paid in time; to a unit for every payment.
    assert_eq!(each(&circle, |seat| seat.received), [2 + 3, 26 + 1 + 2, 1 + 2, 1 + 2]);
    assert_eq!(each(&circle, |seat| seat.paid), [10, 10, 10, 10]);
}

#[test]
fn a_leaver_still_owes_what_is_missing_of_dividends() {
    let rules = auction();
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0, 1, 2], START);
    circle.bid(&rules, 1, 1, amount(26), START).unwrap();
    let late = START + WEEK + GRACE + 1;
    circle.exit(&rules, 3, late).unwrap();
    circle.payout(&rules, 1, late).unwrap();
    assert_eq!(debts(&circle), [0, 0, 0, 9]);
    for round in [2, 3] {
        pay(&mut circle, &rules, &[0, 1, 2], late + u64::from(round - 2) * WEEK);
        circle.payout(&rules, round, START + u64::from(round) * WEEK + 86_400).unwrap();
    }
    // Seat 1, who won, pays back 10; 9 of them go to those who had missed them: 3, 2, 2, 2.
    assert_eq!(circle.need(&rules, 1, 4), Ok(amount(10)));
    pay(&mut circle, &rules, &[1], START + 3 * WEEK + 86_400);
    let payout = circle.payout(&rules, 4, START + 4 * WEEK).unwrap();
    assert_eq!((payout.seat, payout.amount, debts(&circle)), (3, amount(1), vec![0, 0, 0, 0]));
    assert_eq!(each(&circle, |seat| seat.credit), [2 + 3, 1 + 2, 1 + 2, 2]);
}
