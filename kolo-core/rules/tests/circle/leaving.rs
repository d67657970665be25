//! Members who exit, and members who are expelled.

use kolo_rules::circle::{Fee, Motion, Order, Phase, Premium, Security};
use kolo_rules::{Amount, Circle, Refusal, Rules};

use crate::support::{
    GRACE, START, WEEK, active, amount, debts, decide, each, pay, play_round, refused, rules,
    secured, turns,
};

fn needs(circle: &Circle, rules: &Rules, round: u8) -> Vec<i64> {
    let need = |seat| circle.need(rules, seat, round).unwrap().minor_units();
    (0..circle.len()).map(need).collect()
}

/// The date of a round's payout.
fn date(round: u64) -> u64 {
    START + round * WEEK
}

/// Pays for the round and pays it out at its date.
fn play(circle: &mut Circle, rules: &Rules, round: u8, payers: &[u8]) -> i64 {
    pay(circle, rules, payers, date(u64::from(round) - 1));
    circle.payout(rules, round, date(u64::from(round))).unwrap().amount.minor_units()
}

#[test]
fn exactly_those_whom_a_leaver_had_paid_pay_back_the_same() {
    let rules = rules(4);
    let mut circle = active(&rules);
    assert_eq!(play(&mut circle, &rules, 1, &[0, 1, 2, 3]), 40);
    // Seat 2 leaves in round 2, which it still pays for.
    circle.exit(&rules, 2, date(1)).unwrap();
    refused(&mut circle, Refusal::HasLeft, |circle| circle.exit(&rules, 2, date(1)));
    assert_eq!(needs(&circle, &rules, 2), [10, 10, 10, 10]);
    assert_eq!(play(&mut circle, &rules, 2, &[0, 1, 2, 3]), 40);
    // Its own round: 0 and 1 had its 10; 3 had nothing and pays nothing.
    assert_eq!(needs(&circle, &rules, 3), [10, 10, 0, 0]);
    refused(&mut circle, Refusal::NothingDue, |circle| {
        circle.contribute(&rules, 3, 3, amount(10), date(2))
    });
    assert_eq!(play(&mut circle, &rules, 3, &[0, 1]), 20);
    // The pot is smaller by its part.
    assert_eq!(needs(&circle, &rules, 4), [10, 10, 0, 10]);
    assert_eq!(play(&mut circle, &rules, 4, &[0, 1, 3]), 30);
    assert_eq!(each(&circle, |seat| seat.paid), [40, 40, 20, 30]);
    assert_eq!(each(&circle, |seat| seat.received), [40, 40, 20, 30]);
    assert!(circle.is_finished());
}

#[test]
fn what_a_leaver_had_not_paid_is_not_paid_back_and_not_owed() {
    let rules = rules(4);
    let mut circle = active(&rules);
    play_round(&mut circle, &rules, 1, &[0, 1, 3]);
    assert_eq!(debts(&circle), [0, 0, 10, 0]);
    let now = date(1) + 2 * 86_400;
    circle.exit(&rules, 2, now).unwrap();
    // Seat 0 misses 10 of round 1 and keeps the 10 of round 3.
    assert_eq!(debts(&circle), [0, 0, 0, 0]);
    refused(&mut circle, Refusal::NoDebt, |circle| circle.repay(&rules, 2, amount(1)));
    pay(&mut circle, &rules, &[0, 1, 2, 3], now);
    circle.payout(&rules, 2, date(2)).unwrap();
    assert_eq!(needs(&circle, &rules, 3), [0, 10, 0, 0]);
    assert_eq!(play(&mut circle, &rules, 3, &[1]), 10);
    assert_eq!(play(&mut circle, &rules, 4, &[0, 1, 3]), 30);
    assert_eq!(each(&circle, |seat| seat.paid), [30, 40, 10, 30]);
    assert_eq!(each(&circle, |seat| seat.received), [30, 40, 10, 30]);
}

#[test]
fn two_leave_in_the_same_round() {
    let rules = rules(5);
    let mut circle = active(&rules);
    circle.exit(&rules, 2, START).unwrap();
    circle.exit(&rules, 3, START).unwrap();
    assert_eq!(play(&mut circle, &rules, 1, &[0, 1, 2, 3, 4]), 50);
    // 0, 1 and 4 go on; 0 pays back 10 to each of the two.
    assert_eq!(play(&mut circle, &rules, 2, &[0, 1, 4]), 30);
    for round in [3, 4] {
        assert_eq!(needs(&circle, &rules, round), [10, 0, 0, 0, 0]);
        assert_eq!(play(&mut circle, &rules, round, &[0]), 10);
    }
    assert_eq!(play(&mut circle, &rules, 5, &[0, 1, 4]), 30);
    assert_eq!(each(&circle, |seat| seat.paid), [50, 30, 10, 10, 30]);
    assert_eq!(each(&circle, |seat| seat.received), [50, 30, 10, 10, 30]);
    assert!(circle.is_finished());
}

#[test]
fn a_leaver_pays_back_nobody_who_left_before() {
    let rules = rules(4);
    let mut circle = active(&rules);
    play(&mut circle, &rules, 1, &[0, 1, 2, 3]);
    circle.exit(&rules, 1, date(1) - 1).unwrap_err();
    refused(&mut circle, Refusal::AlreadyPaidOut, |circle| circle.exit(&rules, 0, date(1)));
    circle.exit(&rules, 3, date(1)).unwrap();
    play(&mut circle, &rules, 2, &[0, 1, 2, 3]);
    // Two of the three who stay have had the pot; the third is next.
    refused(&mut circle, Refusal::AlreadyPaidOut, |circle| circle.exit(&rules, 2, date(2)));
    assert_eq!(needs(&circle, &rules, 3), [10, 10, 10, 0]);
    assert_eq!(needs(&circle, &rules, 4), [10, 10, 0, 0]);
}

#[test]
fn two_have_to_stay() {
    let rules = rules(3);
    let mut circle = active(&rules);
    circle.exit(&rules, 1, START).unwrap();
    refused(&mut circle, Refusal::TooFewMembers, |circle| circle.exit(&rules, 2, START));
}

#[test]
fn deposit_and_advances_go_back_when_the_round_is_over() {
    let rules =
        Rules { security: Security::Exposure, setup_period_s: 60, advance: true, ..rules(4) };
    let mut circle = secured(&rules);
    pay(&mut circle, &rules, &[2, 2, 2, 2], START);
    circle.exit(&rules, 2, START).unwrap();
    assert_eq!(each(&circle, |seat| seat.credit), [0, 0, 0, 0]);
    play(&mut circle, &rules, 1, &[0, 1, 3]);
    // E(3) = 10 and three rounds of 10.
    assert_eq!(each(&circle, |seat| seat.credit), [0, 0, 40, 0]);
    let seat = circle.seats()[2];
    assert_eq!((seat.paid, seat.ahead, seat.deposit), (amount(10), Amount::ZERO, Amount::ZERO));
}

#[test]
fn what_others_paid_ahead_for_a_leavers_round_is_used_for_the_next() {
    let rules = Rules { advance: true, ..rules(4) };
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[3, 3, 3], START);
    circle.exit(&rules, 2, START).unwrap();
    play(&mut circle, &rules, 1, &[0, 1, 2]);
    play(&mut circle, &rules, 2, &[0, 1]);
    // Round 3 costs seat 3 nothing; its third instalment is for round 4.
    assert_eq!(circle.paid_for(&rules, 3, 3), Ok(Amount::ZERO));
    assert_eq!(circle.paid_for(&rules, 3, 4), Ok(amount(10)));
}

#[test]
fn what_the_insurance_paid_for_a_leaver_is_paid_back_to_it() {
    let rules = Rules { premium: Premium::Once(amount(5)), setup_period_s: 60, ..rules(4) };
    let mut circle = secured(&rules);
    // The fund of 20 pays 10 for seat 2 in round 1.
    assert_eq!(play_round(&mut circle, &rules, 1, &[0, 1, 3]).insured, amount(10));
    let now = date(1) + 2 * 86_400;
    circle.exit(&rules, 2, now).unwrap();
    assert_eq!((circle.fund, debts(&circle)), (amount(10), vec![0, 0, 10, 0]));
    pay(&mut circle, &rules, &[0, 1, 2, 3], now);
    circle.payout(&rules, 2, date(2)).unwrap();
    // 0 and 1 pay back 10 each: the first 10 to the fund, which had paid them.
    assert_eq!(needs(&circle, &rules, 3), [10, 10, 0, 0]);
    assert_eq!(play(&mut circle, &rules, 3, &[0, 1]), 10);
    assert_eq!((circle.fund, debts(&circle)), (amount(20), vec![0, 0, 0, 0]));
}

#[test]
fn expelled_before_the_pot_is_as_leaving() {
    let rules = rules(4);
    let mut circle = active(&rules);
    decide(&mut circle, &rules, Motion::Expel, 2, START);
    assert_eq!(circle.seats()[2].left_after, 1);
    play(&mut circle, &rules, 1, &[0, 1, 2, 3]);
    assert_eq!(play(&mut circle, &rules, 2, &[0, 1, 3]), 30);
    assert_eq!(needs(&circle, &rules, 3), [10, 0, 0, 0]);
    assert_eq!(play(&mut circle, &rules, 3, &[0]), 10);
    assert_eq!(play(&mut circle, &rules, 4, &[0, 1, 3]), 30);
    assert!(circle.is_finished());
}

#[test]
fn expelled_while_the_round_is_theirs_it_goes_to_the_next() {
    let rules = rules(4);
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0, 1, 2, 3], START);
    // Seat 1, whose turn would be next, leaves too: seat 2 is the next who stays.
    circle.exit(&rules, 1, START).unwrap();
    decide(&mut circle, &rules, Motion::Expel, 0, START);
    assert_eq!(turns(&circle), [3, 2, 1, 4]);
    let payout = circle.payout(&rules, 1, date(1)).unwrap();
    assert_eq!((payout.seat, payout.amount), (2, amount(40)));
    // Seat 2 pays back both, each on the date of their turn.
    for round in [2, 3] {
        assert_eq!(needs(&circle, &rules, round), [0, 0, 10, 0]);
        assert_eq!(play(&mut circle, &rules, round, &[2]), 10);
    }
    assert_eq!(play(&mut circle, &rules, 4, &[2, 3]), 20);
    assert!(circle.is_finished());
}

#[test]
fn expelled_after_the_pot_goes_on_owing() {
    let rules = rules(4);
    let mut circle = active(&rules);
    play(&mut circle, &rules, 1, &[0, 1, 2, 3]);
    decide(&mut circle, &rules, Motion::Expel, 0, date(1));
    let seat = circle.seats()[0];
    assert!(!seat.is_full_member() && seat.left_after == 0);
    refused(&mut circle, Refusal::HasLeft, |circle| {
        circle.propose(&rules, 0, Motion::Dissolve, 0, date(1))
    });
    refused(&mut circle, Refusal::HasLeft, |circle| {
        circle.propose(&rules, 1, Motion::Expel, 0, date(1))
    });
    play_round(&mut circle, &rules, 2, &[1, 2, 3]);
    assert_eq!((debts(&circle), circle.owed(0, 2)), (vec![10, 0, 0, 0], amount(10)));
    // It may still pay.
    pay(&mut circle, &rules, &[0], date(2));
    assert_eq!(circle.paid_for(&rules, 0, 3), Ok(amount(10)));
    assert_eq!(circle.phase, Phase::Active);
}

#[test]
fn the_last_to_be_paid_is_paid_even_when_expelled() {
    let rules = rules(3);
    let mut circle = active(&rules);
    play(&mut circle, &rules, 1, &[0, 1, 2]);
    play(&mut circle, &rules, 2, &[0, 1, 2]);
    decide(&mut circle, &rules, Motion::Expel, 2, date(2));
    assert_eq!((circle.seats()[2].left_after, circle.recipient(&rules, date(2))), (0, Ok(2)));
    assert_eq!(play(&mut circle, &rules, 3, &[0, 1, 2]), 30);
}

#[test]
fn a_late_pay_back_costs_its_fee() {
    let rules = Rules { fee: Fee::Fixed(amount(3)), ..rules(4) };
    let mut circle = active(&rules);
    circle.exit(&rules, 2, START).unwrap();
    play(&mut circle, &rules, 1, &[0, 1, 2, 3]);
    play(&mut circle, &rules, 2, &[0, 1, 3]);
    let late = date(3) + GRACE + 1;
    let due = circle.due(&rules, 0, late).unwrap();
    assert_eq!((due.round, due.amount, due.fees), (3, amount(13), amount(3)));
    // Nobody else owes anything for that round; it is not late with round 4.
    assert_eq!(circle.due(&rules, 1, late).unwrap().round, 4);
    assert_eq!(circle.payout(&rules, 3, late).unwrap().amount, Amount::ZERO);
    assert_eq!((debts(&circle), circle.owed(0, 3)), (vec![13, 0, 0, 0], amount(10)));
    assert_eq!(circle.repay(&rules, 0, amount(10)).unwrap().to[2], amount(10));
}

#[test]
fn a_leaver_may_have_left_owing_only_a_fee() {
    let rules = Rules { fee: Fee::Fixed(amount(3)), ..rules(4) };
    let mut circle = active(&rules);
    let late = date(1) + GRACE + 1;
    pay(&mut circle, &rules, &[0, 1, 3], START);
    circle.exit(&rules, 2, late).unwrap();
    circle.payout(&rules, 1, late).unwrap();
    // The instalment not paid is not owed; the fee is.
    assert_eq!(debts(&circle), [0, 0, 3, 0]);
    // Nothing comes back, since nothing was paid.
    assert_eq!(needs(&circle, &rules, 3), [0, 0, 0, 0]);
    circle.repay(&rules, 2, amount(3)).unwrap();
    assert_eq!((circle.reserve, debts(&circle)), (amount(3), vec![0, 0, 0, 0]));
}

#[test]
fn the_bid_of_who_is_expelled_is_gone() {
    let rules =
        Rules { order: Order::Auction, bid_floor_bp: 6_500, bid_step_bp: 9_800, ..rules(4) };
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0, 1, 2, 3], START);
    circle.bid(&rules, 0, 1, amount(30), START).unwrap();
    decide(&mut circle, &rules, Motion::Expel, 0, START);
    assert_eq!((circle.bid, turns(&circle)), (None, vec![4, 1, 2, 3]));
    assert_eq!(circle.recipient(&rules, START), Ok(1));
    let payout = circle.payout(&rules, 1, date(1)).unwrap();
    assert_eq!((payout.seat, payout.amount), (1, amount(40)));
    assert_eq!(needs(&circle, &rules, 4), [0, 10, 0, 0]);
}

/// Nobody triggers payouts for weeks; then the recipient is expelled, and who comes next has to pay back
/// for a round whose time is over.
#[test]
fn nobody_is_late_with_what_somebodys_leaving_makes_due() {
    let rules = Rules { fee: Fee::Fixed(amount(3)), ..rules(5) };
    let mut circle = active(&rules);
    // Seat 2 leaves in round 1: on its turn seat 1 pays nothing back, not having been paid by then.
    circle.exit(&rules, 2, START).unwrap();
    assert_eq!(circle.need(&rules, 1, 3), Ok(Amount::ZERO));
    for week in [0, 1, 3] {
        pay(&mut circle, &rules, &[1], date(week));
    }
    let now = date(4) + GRACE + 1;
    decide(&mut circle, &rules, Motion::Expel, 0, now);
    // Turn 1 now, and round 3 is a pay-back to seat 2.
    assert_eq!((turns(&circle), circle.need(&rules, 1, 3)), (vec![2, 1, 3, 4, 5], Ok(amount(10))));
    let due = circle.due(&rules, 1, now).unwrap();
    assert_eq!((due.fees, circle.seats()[1].late), (Amount::ZERO, 0));
}
