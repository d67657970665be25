//! Deposits: what is left before the first round, what it covers, and how it comes back.

use kolo_rules::circle::{Phase, Premium, Readiness, Security};
use kolo_rules::{Amount, Refusal, Rules};

use crate::support::{
    START, WEEK, active, amount, debts, each, play_round, refused, rules, secured,
};

const SETUP: u64 = 2 * 86_400;

fn with(security: Security) -> Rules {
    Rules { security, setup_period_s: u32::try_from(SETUP).unwrap(), ..rules(3) }
}

#[test]
fn an_exposure_deposit_is_what_is_still_to_be_paid_after_the_turn() {
    // (n − k) · c · m with n = 3, c = 10: 2, 1 and 0 rounds.
    let table = [(1, [20, 10, 0]), (2, [40, 20, 0]), (5, [100, 50, 0])];
    for (instalments_per_round, expected) in table {
        let rules = Rules { instalments_per_round, ..with(Security::Exposure) };
        let circle = active(&rules);
        let dues = [0, 1, 2].map(|seat| circle.entry_due(&rules, seat).unwrap().minor_units());
        assert_eq!(dues, expected);
        assert_eq!(circle.phase, Phase::Securing);
    }
}

#[test]
fn the_first_round_begins_when_all_deposits_are_in() {
    let rules = with(Security::Exposure);
    let mut circle = active(&rules);
    let now = START + 100;
    refused(&mut circle, Refusal::WrongAmount, |circle| circle.secure(&rules, 0, amount(19), now));
    refused(&mut circle, Refusal::NotMember, |circle| circle.secure(&rules, 3, amount(19), now));
    refused(&mut circle, Refusal::NotActive, |circle| {
        circle.contribute(&rules, 0, 1, amount(10), now)
    });
    assert_eq!(circle.secure(&rules, 0, amount(20), now), Ok(Readiness::Waiting));
    refused(&mut circle, Refusal::AlreadyDone, |circle| circle.secure(&rules, 0, amount(20), now));
    // Whose turn is the last has nothing to leave.
    refused(&mut circle, Refusal::AlreadyDone, |circle| circle.secure(&rules, 2, amount(0), now));
    refused(&mut circle, Refusal::TooEarly, |circle| circle.proceed(&rules, START + SETUP));
    assert_eq!(circle.secure(&rules, 1, amount(10), START + SETUP), Ok(Readiness::Active));
    assert_eq!((circle.phase, circle.started_at), (Phase::Active, START + SETUP));
    assert_eq!(circle.deadline(&rules, 1), Some(START + SETUP + WEEK));
    assert_eq!(circle.liabilities(), Ok(amount(30)));
}

#[test]
fn when_a_deposit_is_missing_all_get_back_theirs() {
    let rules = Rules { premium: Premium::Once(amount(3)), ..with(Security::Exposure) };
    let mut circle = active(&rules);
    circle.secure(&rules, 0, amount(23), START).unwrap();
    // Whose turn is the last pays the premium.
    circle.secure(&rules, 2, amount(3), START).unwrap();
    let late = START + SETUP + 1;
    refused(&mut circle, Refusal::TimeOver, |circle| circle.secure(&rules, 1, amount(13), late));
    assert_eq!(circle.proceed(&rules, late), Ok(Readiness::Cancelled));
    assert_eq!(each(&circle, |seat| seat.credit), [23, 0, 3]);
    assert_eq!((circle.fund, circle.liabilities()), (Amount::ZERO, Ok(amount(26))));
}

#[test]
fn what_the_issuer_took_from_the_premiums_is_borne_by_who_paid_them() {
    let rules = Rules { premium: Premium::Once(amount(3)), ..with(Security::Exposure) };
    let mut circle = active(&rules);
    circle.secure(&rules, 0, amount(23), START).unwrap();
    circle.secure(&rules, 2, amount(3), START).unwrap();
    // 4 of the fund's 6 are gone.
    circle.sync(amount(22)).unwrap();
    circle.proceed(&rules, START + SETUP + 1).unwrap();
    assert_eq!(each(&circle, |seat| seat.credit), [21, 0, 1]);
    assert_eq!((circle.audit(), circle.liabilities()), (Ok(()), Ok(amount(22))));
}

#[test]
fn a_deposit_covers_its_owner_and_is_no_debt() {
    let rules = with(Security::Exposure);
    let mut circle = secured(&rules);
    // Seat 0 has the pot and pays no more: 20 are left of it, 10 for each round.
    play_round(&mut circle, &rules, 1, &[0, 1, 2]);
    for (round, left) in [(2, 10), (3, 0)] {
        assert_eq!(play_round(&mut circle, &rules, round, &[1, 2]).amount, amount(30));
        let seat = circle.seats()[0];
        assert_eq!((seat.covered, seat.late), (amount(20 - left), u16::from(round - 1)));
        assert_eq!(debts(&circle), [0, 0, 0]);
    }
    // What was used is gone; seat 1's 10 come back.
    assert_eq!(each(&circle, |seat| seat.deposit), [0, 0, 0]);
    assert_eq!(each(&circle, |seat| seat.credit), [0, 10, 0]);
    assert_eq!(each(&circle, |seat| seat.paid), [30, 30, 30]);
    refused(&mut circle, Refusal::NoDebt, |circle| circle.repay(&rules, 0, amount(1)));
}

#[test]
fn what_a_deposit_does_not_cover_is_a_debt_and_may_be_topped_up_after_it() {
    let rules = with(Security::Fixed(amount(15)));
    let mut circle = secured(&rules);
    play_round(&mut circle, &rules, 1, &[0, 1]);
    assert_eq!(circle.seats()[2].deposit, amount(5));
    let payout = play_round(&mut circle, &rules, 2, &[0, 1]);
    // 5 of 10 are covered; 5 are owed to seat 1.
    assert_eq!((payout.amount, debts(&circle)), (amount(25), vec![0, 0, 5]));
    // 5 for the debt and 15 for the deposit are the most.
    refused(&mut circle, Refusal::TooMuch, |circle| circle.repay(&rules, 2, amount(21)));
    let repaid = circle.repay(&rules, 2, amount(12)).unwrap();
    assert_eq!(repaid.to[..3], [amount(0), amount(5), amount(0)]);
    let seat = circle.seats()[2];
    assert_eq!((seat.deposit, seat.covered), (amount(7), amount(8)));
    refused(&mut circle, Refusal::TooMuch, |circle| circle.repay(&rules, 2, amount(9)));
    circle.repay(&rules, 2, amount(8)).unwrap();
    refused(&mut circle, Refusal::NoDebt, |circle| circle.repay(&rules, 2, amount(1)));
    play_round(&mut circle, &rules, 3, &[0, 1, 2]);
    assert_eq!(each(&circle, |seat| seat.credit), [15, 15, 15]);
    // Everybody has paid and got 30: the covered 10 + 5 counts as paid, the topping up does not.
    assert_eq!(each(&circle, |seat| seat.paid), [30, 30, 30]);
    assert_eq!(each(&circle, |seat| seat.received), [30, 30, 30]);
}

#[test]
fn at_the_end_a_deposit_pays_its_owners_fees_first() {
    let rules = Rules {
        fee: kolo_rules::circle::Fee::Fixed(amount(4)),
        ..with(Security::Fixed(amount(15)))
    };
    let mut circle = secured(&rules);
    for round in 1..=3 {
        play_round(&mut circle, &rules, round, &[0, 1]);
    }
    // Seat 2: 10 and 5 covered, 5 owed to seat 1, its own round unpaid; three fees of 4, nothing to
    // pay them with.
    assert_eq!((debts(&circle), circle.seats()[2].late), (vec![0, 0, 5 + 12], 3));
    let mut circle = secured(&rules);
    play_round(&mut circle, &rules, 1, &[0, 1, 2]);
    play_round(&mut circle, &rules, 2, &[0, 1, 2]);
    play_round(&mut circle, &rules, 3, &[0, 1]);
    // Late with its own: a fee of 4, taken from the 15; it goes to the two others.
    assert_eq!(each(&circle, |seat| seat.credit), [15 + 2, 15 + 2, 11]);
    assert_eq!(debts(&circle), [0, 0, 0]);
}
