//! Debts and repayments while rounds are paid out.

use kolo_rules::{Amount, Circle, Refusal, Rules};

use crate::support::{active, amount, each, play_round, refused, rules};

/// Of four, seat 3 (turn 4) never pays: owes 10 each to seats 0, 1 and 2.
fn defaulted(rules: &Rules) -> Circle {
    let mut circle = active(rules);
    for round in 1..=4 {
        play_round(&mut circle, rules, round, &[0, 1, 2]);
    }
    circle
}

fn owed(circle: &Circle, rules: &Rules, seat: u8) -> Vec<i64> {
    let rounds = 1..=rules.seats;
    rounds.map(|round| circle.owed(seat, round).minor_units()).collect()
}

fn parts(repaid: &kolo_rules::circle::Repaid) -> Vec<i64> {
    repaid.to.iter().take(4).map(|part| part.minor_units()).collect()
}

#[test]
fn repayments_clear_the_oldest_round_first() {
    let rules = rules(4);
    let mut circle = defaulted(&rules);
    assert_eq!(circle.debt(3), Ok(amount(30)));
    assert_eq!(owed(&circle, &rules, 3), [10, 10, 10, 0]);
    assert_eq!(each(&circle, |seat| seat.received), [30, 30, 30, 30]);

    let repaid = circle.repay(&rules, 3, amount(4)).unwrap();
    assert_eq!(parts(&repaid), [4, 0, 0, 0]);
    assert_eq!(owed(&circle, &rules, 3), [6, 10, 10, 0]);
    let repaid = circle.repay(&rules, 3, amount(17)).unwrap();
    assert_eq!(parts(&repaid), [6, 10, 1, 0]);
    assert_eq!(owed(&circle, &rules, 3), [0, 0, 9, 0]);
    assert_eq!(circle.debt(3), Ok(amount(9)));
    let repaid = circle.repay(&rules, 3, amount(9)).unwrap();
    assert_eq!(parts(&repaid), [0, 0, 9, 0]);

    assert_eq!(each(&circle, |seat| seat.paid), [40, 40, 40, 30]);
    assert_eq!(each(&circle, |seat| seat.received), [40, 40, 40, 30]);
    assert!(circle.is_finished());
    refused(&mut circle, Refusal::NoDebt, |circle| circle.repay(&rules, 3, amount(1)));
}

#[test]
fn no_more_than_the_debt_is_taken() {
    let rules = rules(4);
    let mut circle = defaulted(&rules);
    refused(&mut circle, Refusal::TooMuch, |circle| circle.repay(&rules, 3, amount(31)));
    refused(&mut circle, Refusal::TooMuch, |circle| circle.repay(&rules, 3, Amount::MAX));
    refused(&mut circle, Refusal::WrongAmount, |circle| circle.repay(&rules, 3, amount(0)));
    refused(&mut circle, Refusal::WrongAmount, |circle| circle.repay(&rules, 3, amount(-1)));
    refused(&mut circle, Refusal::NoDebt, |circle| circle.repay(&rules, 0, amount(1)));
    refused(&mut circle, Refusal::NotMember, |circle| circle.repay(&rules, 4, amount(1)));
    assert_eq!(circle.debt(4), Err(Refusal::NotMember));
    assert_eq!(circle.owed(4, 1), Amount::ZERO);
}

#[test]
fn a_debt_repaid_between_two_defaults_stays_repaid() {
    let rules = rules(4);
    let mut circle = active(&rules);
    play_round(&mut circle, &rules, 1, &[0, 1, 2]);
    circle.repay(&rules, 3, amount(7)).unwrap();
    play_round(&mut circle, &rules, 2, &[0, 1, 2]);
    assert_eq!(owed(&circle, &rules, 3), [3, 10, 0, 0]);
    let repaid = circle.repay(&rules, 3, amount(5)).unwrap();
    assert_eq!(parts(&repaid), [3, 2, 0, 0]);
    assert_eq!(owed(&circle, &rules, 3), [0, 8, 0, 0]);
}

#[test]
fn ones_own_round_is_skipped_in_the_order_of_debts() {
    let mut rules = rules(4);
    rules.instalments_per_round = 2;
    let mut circle = active(&rules);
    // Seat 1 (turn 2) pays nothing in three rounds: 20 for round 1, nothing for its own, 20 for 3.
    for round in 1..=3 {
        let opened = circle.deadline(&rules, u32::from(round) * 2 - 1).unwrap();
        for seat in [0, 2, 3] {
            let due = circle.due(&rules, seat, opened).unwrap();
            circle.contribute(&rules, seat, due.round, due.amount, opened).unwrap();
        }
        let date = circle.payout_date(&rules, round).unwrap();
        circle.payout(&rules, round, date + u64::from(rules.grace_s) + 1).unwrap();
    }
    assert_eq!(owed(&circle, &rules, 1), [20, 0, 20, 0]);
    let repaid = circle.repay(&rules, 1, amount(25)).unwrap();
    assert_eq!(parts(&repaid), [20, 0, 5, 0]);
    assert_eq!(owed(&circle, &rules, 1), [0, 0, 15, 0]);
    assert_eq!(circle.seats()[1].late, 6);
}

#[test]
fn an_undeliverable_part_waits_as_credit() {
    let rules = rules(4);
    let mut circle = defaulted(&rules);
    let repaid = circle.repay(&rules, 3, amount(15)).unwrap();
    circle.credit(1, repaid.to[1]).unwrap();
    assert_eq!(circle.liabilities(), Ok(amount(5)));
    assert_eq!(circle.seats()[1].received, amount(35));
    assert_eq!(circle.push(1), Ok(amount(5)));
}
