//! Payouts: when, to whom, how much.

use kolo_rules::circle::{Payout, PayoutStatus, Phase, Premium, Security, Shortfall};
use kolo_rules::{Amount, Circle, Refusal, Rules};

use crate::support::{
    GRACE, START, WEEK, active, amount, debts, each, pay, play_round, propose_dissolve, refused,
    rules, secured,
};

const DATE: u64 = START + WEEK;

fn waiting() -> Rules {
    Rules { shortfall: Shortfall::Wait, ..rules(3) }
}

/// Seats 0 and 1 have paid for round 1, seat 2 has not.
fn short(rules: &Rules) -> Circle {
    let mut circle = active(rules);
    pay(&mut circle, rules, &[0, 1], START);
    circle
}

#[test]
fn a_full_pot_is_paid_at_its_date_and_not_a_second_before() {
    let rules = rules(3);
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0, 1, 2], START);
    let status = PayoutStatus::NotBefore { round: 1, seat: 0, at: DATE };
    assert_eq!(circle.payout_status(&rules, DATE - 1), status);
    refused(&mut circle, Refusal::TooEarly, |circle| circle.payout(&rules, 1, DATE - 1));
    let ready = PayoutStatus::Ready { round: 1, seat: 0, amount: amount(30), short: Amount::ZERO };
    assert_eq!(circle.payout_status(&rules, DATE), ready);
    let payout = circle.payout(&rules, 1, DATE).unwrap();
    let expected = Payout {
        round: 1,
        seat: 0,
        amount: amount(30),
        dividend: Amount::ZERO,
        insured: Amount::ZERO,
        completed: false,
        dissolved: false,
    };
    assert_eq!(payout, expected);
    assert_eq!(each(&circle, |seat| seat.received), [30, 0, 0]);
    assert_eq!(circle.liabilities(), Ok(Amount::ZERO));
    refused(&mut circle, Refusal::RoundPaidOut, |circle| circle.payout(&rules, 1, DATE));
}

#[test]
fn only_the_next_round_can_be_paid_out() {
    let rules = rules(3);
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0, 1, 2], START);
    for round in [0, 2, 3, 4, 255] {
        refused(&mut circle, Refusal::WrongRound, |circle| circle.payout(&rules, round, DATE));
    }
}

#[test]
fn a_short_pot_goes_when_grace_is_over() {
    let rules = rules(3);
    let mut circle = short(&rules);
    let at = DATE + GRACE + 1;
    let status = PayoutStatus::Waiting { round: 1, seat: 0, missing: amount(10), at };
    assert_eq!(circle.payout_status(&rules, DATE - 1), status);
    assert_eq!(circle.payout_status(&rules, at - 1), status);
    refused(&mut circle, Refusal::TooEarly, |circle| circle.payout(&rules, 1, DATE - 1));
    refused(&mut circle, Refusal::Incomplete, |circle| circle.payout(&rules, 1, DATE));
    refused(&mut circle, Refusal::Incomplete, |circle| circle.payout(&rules, 1, at - 1));
    let ready = PayoutStatus::Ready { round: 1, seat: 0, amount: amount(20), short: amount(10) };
    assert_eq!(circle.payout_status(&rules, at), ready);
    assert_eq!(circle.payout(&rules, 1, at).unwrap().amount, amount(20));
    assert_eq!(debts(&circle), [0, 0, 10]);
    assert_eq!(circle.seats()[2].late, 1);
}

#[test]
fn waiting_means_one_more_interval() {
    let rules = waiting();
    let mut circle = short(&rules);
    let at = DATE + WEEK + GRACE + 1;
    let status = PayoutStatus::Waiting { round: 1, seat: 0, missing: amount(10), at };
    assert_eq!(circle.payout_status(&rules, DATE + GRACE + 1), status);
    refused(&mut circle, Refusal::Incomplete, |circle| circle.payout(&rules, 1, at - 1));
    assert_eq!(circle.payout(&rules, 1, at).unwrap().amount, amount(20));
    // The delay moves no later deadline: round 2 was due at the end of week 2.
    assert_eq!(circle.payout_date(&rules, 2), Some(START + 2 * WEEK));
}

#[test]
fn who_pays_while_the_others_wait_sets_the_payout_free() {
    let rules = waiting();
    let mut circle = short(&rules);
    let now = DATE + GRACE + 5;
    pay(&mut circle, &rules, &[2], now);
    assert_eq!(circle.payout(&rules, 1, now).unwrap().amount, amount(30));
    assert_eq!(circle.debt(2), Ok(Amount::ZERO));
    assert_eq!(circle.seats()[2].late, 1, "paid, but late");
}

#[test]
fn nobody_owes_themselves() {
    let rules = rules(3);
    let mut circle = active(&rules);
    let payout = play_round(&mut circle, &rules, 1, &[1, 2]);
    assert_eq!((payout.seat, payout.amount), (0, amount(20)));
    assert_eq!(debts(&circle), [0, 0, 0]);
    assert_eq!(circle.seats()[0].late, 1);
}

#[test]
fn nobody_pays_and_it_still_goes_on() {
    let rules = rules(3);
    let mut circle = active(&rules);
    for round in 1..=3 {
        let payout = play_round(&mut circle, &rules, round, &[]);
        assert_eq!((payout.amount, payout.completed), (Amount::ZERO, round == 3));
    }
    // Everybody owes 10 to each of the two others.
    assert_eq!(debts(&circle), [20, 20, 20]);
    assert_eq!(circle.phase, Phase::Completed);
    assert!(!circle.is_finished(), "debts can still be repaid");
}

#[test]
fn the_last_payout_completes_the_circle() {
    let rules = rules(2);
    let mut circle = active(&rules);
    assert!(!play_round(&mut circle, &rules, 1, &[0, 1]).completed);
    propose_dissolve(&mut circle, &rules, 0, START + WEEK).unwrap();
    assert!(play_round(&mut circle, &rules, 2, &[0, 1]).completed);
    assert_eq!((circle.phase, circle.open_proposals().count()), (Phase::Completed, 0));
    assert!(circle.is_finished());
    let now = START + 3 * WEEK;
    assert_eq!(circle.payout_status(&rules, now), PayoutStatus::None);
    refused(&mut circle, Refusal::NotActive, |circle| circle.payout(&rules, 3, now));
    refused(&mut circle, Refusal::NotActive, |circle| circle.due(&rules, 0, now));
    refused(&mut circle, Refusal::AlreadyStarted, |circle| circle.start(&rules, now));
}

#[test]
fn at_the_end_the_reserve_goes_to_those_never_late() {
    let rules = rules(3);
    let mut circle = active(&rules);
    circle.sync(amount(7)).unwrap();
    play_round(&mut circle, &rules, 1, &[0, 1, 2]);
    play_round(&mut circle, &rules, 2, &[0, 1, 2]);
    // In the last round seat 1 defaults, which counts as late: 7 / 2 = 3 remainder 1.
    play_round(&mut circle, &rules, 3, &[0, 2]);
    assert_eq!(each(&circle, |seat| seat.credit), [4, 0, 3]);
    assert_eq!(circle.reserve, Amount::ZERO);
    // Neither paid nor received.
    assert_eq!(each(&circle, |seat| seat.paid), [30, 20, 30]);
    assert_eq!(each(&circle, |seat| seat.received), [30, 30, 20]);
}

#[test]
fn if_all_were_late_all_share_the_reserve() {
    let rules = rules(2);
    let mut circle = active(&rules);
    circle.sync(amount(7)).unwrap();
    play_round(&mut circle, &rules, 1, &[]);
    play_round(&mut circle, &rules, 2, &[]);
    assert_eq!(each(&circle, |seat| seat.credit), [4, 3]);
}

#[test]
fn an_undeliverable_payout_waits_as_credit() {
    let rules = rules(3);
    let mut circle = active(&rules);
    let payout = play_round(&mut circle, &rules, 1, &[0, 1, 2]);
    circle.credit(payout.seat, payout.amount).unwrap();
    assert_eq!(circle.liabilities(), Ok(amount(30)));
    assert_eq!(circle.seats()[0].received, amount(30), "a credit counts as received, once");
    refused(&mut circle, Refusal::WrongAmount, |circle| circle.credit(0, amount(-1)));
    refused(&mut circle, Refusal::NotMember, |circle| circle.credit(3, amount(1)));
    refused(&mut circle, Refusal::NoCredit, |circle| circle.push(1));
    refused(&mut circle, Refusal::NotMember, |circle| circle.push(3));
    assert_eq!(circle.push(0), Ok(amount(30)));
    refused(&mut circle, Refusal::NoCredit, |circle| circle.push(0));
    assert_eq!(circle.liabilities(), Ok(Amount::ZERO));
}

#[test]
fn nobody_waits_for_what_deposits_and_insurance_cover() {
    let rules = Rules {
        security: Security::Fixed(amount(6)),
        premium: Premium::Once(amount(2)),
        setup_period_s: 60,
        ..waiting()
    };
    let mut circle = secured(&rules);
    pay(&mut circle, &rules, &[0, 1], START);
    // Of 10 the deposit covers 6, and the fund of 6 the other 4.
    let at = DATE + GRACE + 1;
    let status = PayoutStatus::Waiting { round: 1, seat: 0, missing: amount(10), at };
    assert_eq!(circle.payout_status(&rules, at - 1), status);
    assert_eq!(circle.payout(&rules, 1, at).unwrap().amount, amount(30));
    // Of the next 10 only 2: the others wait.
    pay(&mut circle, &rules, &[0, 1], at);
    let at = START + 3 * WEEK + GRACE + 1;
    let status = PayoutStatus::Waiting { round: 2, seat: 1, missing: amount(10), at };
    assert_eq!(circle.payout_status(&rules, at - 1), status);
    assert_eq!(circle.payout(&rules, 2, at).unwrap().amount, amount(22));
}

#[test]
fn nobody_waits_for_a_recipient_who_keeps_themselves_waiting() {
    let rules = waiting();
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[1, 2], START);
    assert_eq!(circle.payout(&rules, 1, DATE + GRACE + 1).unwrap().amount, amount(20));
}

#[test]
fn a_delay_moves_no_later_round() {
    let rules = waiting();
    let mut circle = short(&rules);
    // Everybody pays for round 2 in time; round 1 still waits for seat 2 until round 2 is over, too.
    let at = START + 2 * WEEK + GRACE + 1;
    pay(&mut circle, &rules, &[0, 1], DATE);
    assert_eq!(circle.paid_for(&rules, 0, 2), Ok(amount(10)));
    refused(&mut circle, Refusal::Incomplete, |circle| circle.payout(&rules, 1, at - 1));
    refused(&mut circle, Refusal::WrongRound, |circle| circle.payout(&rules, 2, at - 1));
    assert_eq!(circle.payout(&rules, 1, at).unwrap().amount, amount(20));
    // Seat 2 is missing for round 2 as well: that waits for one more week.
    refused(&mut circle, Refusal::Incomplete, |circle| circle.payout(&rules, 2, at));
    pay(&mut circle, &rules, &[2], at);
    assert_eq!(circle.payout(&rules, 2, at).unwrap().amount, amount(30));
    assert_eq!((debts(&circle), circle.seats()[2].late), (vec![0, 0, 10], 2));
}
