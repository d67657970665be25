//! The common fund.

use kolo_rules::circle::{Premium, Security};
use kolo_rules::{Amount, Circle, Refusal, Rules};

use crate::support::{
    GRACE, START, WEEK, active, amount, debts, each, pay, play_round, refused, rules, secured,
};

const OVER: u64 = START + WEEK + GRACE + 1;

/// 4 with every instalment until the fund has 20.
fn per_instalment() -> Rules {
    Rules { premium: Premium::PerInstalment(amount(4)), insurance_target: amount(20), ..rules(3) }
}

/// 5 once.
fn once() -> Rules {
    Rules { premium: Premium::Once(amount(5)), setup_period_s: 60, ..rules(3) }
}

/// Seat 2 has not paid for round 1; the fund has 15.
fn defaulted() -> (Rules, Circle) {
    let rules = once();
    let mut circle = secured(&rules);
    pay(&mut circle, &rules, &[0, 1], START);
    (rules, circle)
}

#[test]
fn premiums_come_on_top_until_the_target_is_reached() {
    let rules = per_instalment();
    let mut circle = active(&rules);
    let due = circle.due(&rules, 0, START).unwrap();
    assert_eq!((due.amount, due.premium), (amount(14), amount(4)));
    // Round 1: 12; round 2 begins below 20, and takes it to 24; round 3 is free.
    for (round, fund) in [(1, 12), (2, 24)] {
        assert_eq!(play_round(&mut circle, &rules, round, &[0, 1, 2]).amount, amount(30));
        assert_eq!(circle.fund, amount(fund));
    }
    let due = circle.due(&rules, 0, START + 2 * WEEK).unwrap();
    assert_eq!((due.amount, due.premium), (amount(10), Amount::ZERO));
    // Nothing was needed: everybody gets back their 8. Premiums are neither paid nor received.
    play_round(&mut circle, &rules, 3, &[0, 1, 2]);
    assert_eq!(each(&circle, |seat| seat.credit), [8, 8, 8]);
    assert_eq!(each(&circle, |seat| seat.paid), [30, 30, 30]);
}

#[test]
fn a_claim_is_for_a_loss_there_is_and_once() {
    let (rules, mut circle) = defaulted();
    let claims = [
        // Before grace is over; another round; somebody who has paid; more than lost; nothing.
        (Refusal::TooEarly, 0, 1, 2, 10, OVER - 1),
        (Refusal::WrongRound, 0, 2, 2, 10, OVER),
        (Refusal::NoLoss, 0, 1, 1, 1, OVER),
        (Refusal::TooMuch, 0, 1, 2, 11, OVER),
        (Refusal::WrongAmount, 0, 1, 2, 0, OVER),
        (Refusal::WrongAmount, 0, 1, 2, -1, OVER),
        // For nobody; by an outsider.
        (Refusal::NotMember, 0, 1, 3, 10, OVER),
        (Refusal::NotMember, 3, 1, 2, 10, OVER),
    ];
    for (refusal, seat, round, defaulter, claimed, now) in claims {
        refused(&mut circle, refusal, |circle| {
            circle.claim_insurance(&rules, seat, round, defaulter, amount(claimed), now)
        });
    }
    circle.claim_insurance(&rules, 0, 1, 2, amount(7), OVER).unwrap();
    assert_eq!((circle.fund, circle.pot_now(&rules)), (amount(8), Ok(amount(27))));
    refused(&mut circle, Refusal::AlreadyInsured, |circle| {
        circle.claim_insurance(&rules, 1, 1, 2, amount(3), OVER)
    });
    assert_eq!(circle.in_arrears(&rules, 2, OVER), Ok(true));
    // What is still missing of the 10 can be paid; or else the payout takes it from the fund.
    assert_eq!(circle.due(&rules, 2, OVER).unwrap().amount, amount(3));
    let payout = circle.payout(&rules, 1, OVER).unwrap();
    assert_eq!((payout.amount, payout.insured), (amount(30), amount(3)));
    assert_eq!((circle.fund, debts(&circle)), (amount(5), vec![0, 0, 10]));
    // The recipient has everything: the debt is to the fund alone.
    assert_eq!((circle.owed(2, 1), circle.debts()[0].to_fund), (Amount::ZERO, amount(10)));
    let repaid = circle.repay(&rules, 2, amount(6)).unwrap();
    assert!(repaid.to.iter().all(|part| part.is_zero()));
    assert_eq!(circle.fund, amount(11));
}

#[test]
fn no_claim_is_paid_above_the_fund() {
    let rules = Rules { contribution: amount(20), ..once() };
    let mut circle = secured(&rules);
    pay(&mut circle, &rules, &[0, 1], START);
    refused(&mut circle, Refusal::FundShort, |circle| {
        circle.claim_insurance(&rules, 0, 1, 2, amount(16), OVER)
    });
    // The payout takes what is there, 15; 5 are owed to the recipient. A repayment of 8 goes to the two
    // by what they are owed: 2 and 6.
    let payout = circle.payout(&rules, 1, OVER).unwrap();
    assert_eq!((payout.amount, payout.insured), (amount(55), amount(15)));
    let repaid = circle.repay(&rules, 2, amount(8)).unwrap();
    assert_eq!((repaid.to[0], circle.fund), (amount(2), amount(6)));
    assert_eq!((circle.owed(2, 1), debts(&circle)), (amount(3), vec![0, 0, 12]));
}

#[test]
fn the_recipient_is_not_insured_against_themselves() {
    let rules = once();
    let mut circle = secured(&rules);
    pay(&mut circle, &rules, &[1, 2], START);
    refused(&mut circle, Refusal::NoLoss, |circle| {
        circle.claim_insurance(&rules, 1, 1, 0, amount(10), OVER)
    });
    let payout = circle.payout(&rules, 1, OVER).unwrap();
    assert_eq!((payout.amount, payout.insured, circle.fund), (amount(20), amount(0), amount(15)));
}

#[test]
fn the_own_deposit_comes_before_the_insurance() {
    let rules = Rules { security: Security::Fixed(amount(6)), ..once() };
    let mut circle = secured(&rules);
    pay(&mut circle, &rules, &[0, 1], START);
    refused(&mut circle, Refusal::TooMuch, |circle| {
        circle.claim_insurance(&rules, 0, 1, 2, amount(5), OVER)
    });
    // 10 = 6 of the deposit + 4 of the fund.
    let payout = circle.payout(&rules, 1, OVER).unwrap();
    assert_eq!((payout.amount, payout.insured, circle.fund), (amount(30), amount(4), amount(11)));
    assert_eq!((circle.seats()[2].deposit, debts(&circle)), (Amount::ZERO, vec![0, 0, 4]));
}

#[test]
fn leftovers_go_back_by_premiums_paid() {
    let rules = per_instalment();
    let mut circle = active(&rules);
    // Seat 2 pays nothing in round 1, so no premium: 8 in the fund, all of it into the pot.
    let payout = play_round(&mut circle, &rules, 1, &[0, 1]);
    assert_eq!((payout.amount, payout.insured), (amount(28), amount(8)));
    for round in [2, 3] {
        play_round(&mut circle, &rules, round, &[0, 1, 2]);
    }
    // Premiums: 12, 12, 8; the fund: 24 of 32.
    assert_eq!(each(&circle, |seat| seat.premium), [12, 12, 8]);
    assert_eq!(each(&circle, |seat| seat.credit), [9, 9, 6]);
    // What seat 2 repays to the fund after the end goes the same way: 8 as 3, 3, 2.
    let repaid = circle.repay(&rules, 2, amount(10)).unwrap();
    assert_eq!(repaid.to[0], amount(2));
    assert_eq!(each(&circle, |seat| seat.credit), [12, 12, 8]);
    assert_eq!(circle.fund, Amount::ZERO);
}
