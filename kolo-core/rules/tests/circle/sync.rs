//! What the vault really holds: gifts and clawbacks.

use kolo_rules::circle::{Premium, Security, Synced};
use kolo_rules::{Amount, Circle, MAX_MEMBERS, Refusal, Rules};

use crate::support::{
    START, WEEK, active, amount, debts, each, pay, play_round, propose_dissolve, refused, rules,
    secured,
};

#[test]
fn when_all_agrees_nothing_changes() {
    let rules = rules(3);
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0, 1], START);
    let before = circle.clone();
    let nothing = Synced { surplus: Amount::ZERO, shortfall: Amount::ZERO };
    assert_eq!(circle.sync(amount(20)), Ok(nothing));
    assert_eq!(circle, before);
    refused(&mut circle, Refusal::WrongAmount, |circle| circle.sync(amount(-1)));
}

#[test]
fn a_surplus_joins_the_reserve() {
    let rules = rules(3);
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0, 1], START);
    let synced = circle.sync(amount(25)).unwrap();
    assert_eq!(synced, Synced { surplus: amount(5), shortfall: Amount::ZERO });
    assert_eq!((circle.reserve, circle.liabilities()), (amount(5), Ok(amount(25))));
}

#[test]
fn a_surplus_is_shared_to_the_last_unit_and_without_members_is_nobodys() {
    let rules = rules(3);
    let circle = active(&rules);
    let parts = circle.surplus_parts(amount(8)).unwrap();
    assert_eq!(parts[..3], [3, 3, 2].map(amount));
    assert_eq!(parts.iter().map(|part| part.minor_units()).sum::<i64>(), 8);
    assert_eq!(Circle::new().surplus_parts(amount(8)), Ok([Amount::ZERO; MAX_MEMBERS]));
}

#[test]
fn after_the_end_a_surplus_becomes_credits() {
    let rules = rules(2);
    let mut circle = active(&rules);
    play_round(&mut circle, &rules, 1, &[0, 1]);
    play_round(&mut circle, &rules, 2, &[0]);
    assert_eq!(circle.sync(amount(5)).unwrap().surplus, amount(5));
    // Seat 1 defaulted in round 2.
    assert_eq!(each(&circle, |seat| seat.credit), [5, 0]);
}

#[test]
fn a_circle_given_up_empty_takes_nothing_more() {
    let mut circle = Circle::new();
    circle.sync(amount(5)).unwrap();
    circle.cancel().unwrap();
    assert!(!circle.is_finished(), "something is left that nobody can claim");
    refused(&mut circle, Refusal::Finished, |circle| circle.sync(amount(6)));
}

#[test]
fn a_shortfall_takes_the_reserve_first() {
    let rules = rules(3);
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0, 1], START);
    circle.sync(amount(25)).unwrap();
    let synced = circle.sync(amount(22)).unwrap();
    assert_eq!(synced, Synced { surplus: Amount::ZERO, shortfall: amount(3) });
    assert_eq!((circle.reserve, circle.held()), (amount(2), Ok(amount(20))));
    assert_eq!(each(&circle, |seat| seat.lost), [0, 0, 0]);
    // 2 from the reserve, 5 from the round, 3 and 2 of them by its payers.
    circle.sync(amount(15)).unwrap();
    assert_eq!((circle.reserve, circle.held()), (amount(0), Ok(amount(15))));
    assert_eq!(each(&circle, |seat| seat.lost), [3, 2, 0]);
    assert_eq!(circle.liabilities(), Ok(amount(15)));
}

#[test]
fn who_paid_more_into_a_round_loses_more() {
    let mut rules = rules(3);
    rules.instalments_per_round = 3;
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0], START);
    pay(&mut circle, &rules, &[1], START + 2 * WEEK);
    // 10 and 30 paid, 12 lost: 3 and 9.
    circle.sync(amount(28)).unwrap();
    assert_eq!(each(&circle, |seat| seat.lost), [3, 9, 0]);
}

#[test]
fn then_rounds_and_credits_pro_rata() {
    let mut rules = rules(3);
    rules.advance = true;
    let mut circle = active(&rules);
    let payout = play_round(&mut circle, &rules, 1, &[0, 1, 2]);
    circle.credit(0, payout.amount).unwrap();
    // Round 2: 10 + 10; round 3: 10 in advance; credit 30; in all 60.
    pay(&mut circle, &rules, &[1, 2, 2], START + WEEK);
    assert_eq!(circle.liabilities(), Ok(amount(60)));
    // 19 lost: 19 · {10, 20, 30} / 60 = 3⅙, 6⅓, 9½: one left, to the ½.
    circle.sync(amount(41)).unwrap();
    assert_eq!(circle.held(), Ok(amount(30 - 9)));
    assert_eq!(each(&circle, |seat| seat.credit), [20, 0, 0]);
    assert_eq!(each(&circle, |seat| seat.lost), [10, 3, 6]);
    pay(&mut circle, &rules, &[0], START + WEEK);
    // Of the 40 paid in 9 are lost: of the pot of 30 9 · 30 / 40 = 6¾, of the 10 ahead 2¼.
    assert_eq!(circle.payout(&rules, 2, START + 2 * WEEK).unwrap().amount, amount(30 - 7));
    assert_eq!(circle.held(), Ok(amount(10 - 2)));
}

#[test]
fn claims_lose_too() {
    let rules = rules(3);
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0, 1, 2], START);
    propose_dissolve(&mut circle, &rules, 0, START).unwrap();
    circle.vote(&rules, 1, 1, true, START).unwrap();
    circle.sync(amount(10)).unwrap();
    // 20 of 30 lost: 6⅔ each, two left to the first two.
    assert_eq!(each(&circle, |seat| seat.lost), [7, 7, 6]);
    assert_eq!(each(&circle, |seat| seat.claimable), [3, 3, 4]);
}

#[test]
fn all_can_be_lost() {
    let rules = rules(3);
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0, 1, 2], START);
    circle.sync(Amount::ZERO).unwrap();
    assert_eq!(circle.liabilities(), Ok(Amount::ZERO));
    assert_eq!(each(&circle, |seat| seat.lost), [10, 10, 10]);
    assert_eq!(circle.payout(&rules, 1, START + WEEK).unwrap().amount, Amount::ZERO);
    assert_eq!(debts(&circle), [0, 0, 0], "a clawback is nobody's debt");
}

#[test]
fn a_balance_beyond_half_of_all_amounts_is_not_taken_note_of() {
    let rules = rules(3);
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0], START);
    refused(&mut circle, Refusal::Overflow, |circle| circle.sync(amount(i64::MAX / 2 + 1)));
    circle.sync(amount(i64::MAX / 2)).unwrap();
    assert_eq!(circle.liabilities(), Ok(amount(i64::MAX / 2)));
    // With what is paid in there is more; what is taken from that is borne all the same.
    let mut clawed = circle.clone();
    pay(&mut clawed, &rules, &[1], START);
    let owed = clawed.liabilities().unwrap();
    let balance = owed.checked_sub(amount(3)).unwrap();
    assert!(balance > amount(i64::MAX / 2));
    assert_eq!(clawed.bear_shortfall(balance).unwrap().shortfall, amount(3));
    assert_eq!(clawed.liabilities(), Ok(balance));
    // Everything else still works beside it.
    pay(&mut circle, &rules, &[1, 2], START);
    assert_eq!(circle.payout(&rules, 1, START + WEEK).unwrap().amount, amount(30));
}

#[test]
fn first_the_reserve_then_the_insurance_then_everything_else() {
    let rules = Rules {
        security: Security::Fixed(amount(10)),
        premium: Premium::Once(amount(4)),
        setup_period_s: 60,
        ..rules(3)
    };
    let mut circle = secured(&rules);
    pay(&mut circle, &rules, &[0], START);
    // 30 of deposits, 12 of premiums, 10 paid in, 5 sent.
    circle.sync(amount(57)).unwrap();
    // (balance, reserve, fund, lost by each)
    let table = [
        (54, 2, 12, [0, 0, 0]),
        (50, 0, 10, [0, 0, 0]),
        (40, 0, 0, [0, 0, 0]),
        // 8 of the four tens: 2 each, of seat 0's deposit and instalment.
        (32, 0, 0, [4, 2, 2]),
    ];
    for (balance, reserve, fund, lost) in table {
        circle.sync(amount(balance)).unwrap();
        assert_eq!((circle.reserve, circle.fund), (amount(reserve), amount(fund)));
        assert_eq!(each(&circle, |seat| seat.lost), lost);
        assert_eq!(circle.liabilities(), Ok(amount(balance)));
    }
    assert_eq!(each(&circle, |seat| seat.deposit), [8, 8, 8]);
    assert_eq!(circle.held(), Ok(amount(8)));
    // What is lost of a deposit is not asked for again.
    refused(&mut circle, Refusal::NoDebt, |circle| circle.repay(&rules, 1, amount(2)));
}

#[test]
fn what_a_leaver_paid_ahead_bears_its_part() {
    let rules = Rules { advance: true, ..rules(3) };
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[1, 1, 1, 0, 2], START);
    // 50 are held; 10 of them are taken: 6 of seat 1's 30.
    circle.sync(amount(40)).unwrap();
    assert_eq!(each(&circle, |seat| seat.lost), [2, 6, 2]);
    circle.exit(&rules, 1, START).unwrap();
    // The pot of 30 bears 6, what seat 1 gets back of its 20 ahead bears 4.
    assert_eq!(circle.payout(&rules, 1, START + WEEK).unwrap().amount, amount(24));
    assert_eq!(each(&circle, |seat| seat.credit), [0, 16, 0]);
    assert_eq!((circle.held_lost, circle.liabilities()), (Amount::ZERO, Ok(amount(16))));
}

#[test]
fn a_deposit_bears_nothing_of_what_was_lost_by_instalments() {
    let rules = Rules { security: Security::Fixed(amount(10)), setup_period_s: 60, ..rules(3) };
    let rules = Rules { advance: true, ..rules };
    let mut circle = secured(&rules);
    pay(&mut circle, &rules, &[0, 0, 0, 1], START);
    // 40 held, 30 of deposits, 7 taken: 4 of what is held, 1 of each deposit.
    circle.sync(amount(63)).unwrap();
    assert_eq!(circle.held_lost, amount(4));
    // The pot: 20 paid in, half of the 40 held, bears 2; 9 of seat 2's deposit are added.
    let payout = circle.payout(&rules, 1, START + WEEK + 86_400 + 1).unwrap();
    assert_eq!((payout.amount, circle.held_lost), (amount(20 - 2 + 9), amount(2)));
    assert_eq!(debts(&circle), [0, 0, 1]);
}

#[test]
fn before_one_is_paid_a_shortfall_is_borne_by_all_and_a_surplus_waits() {
    let rules = rules(3);
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0, 1], START);
    for balance in [20, 25, i64::MAX] {
        let before = circle.clone();
        assert!(circle.bear_shortfall(amount(balance)).unwrap().is_nothing());
        assert_eq!(circle, before);
    }
    let synced = circle.bear_shortfall(amount(14)).unwrap();
    assert_eq!(synced, Synced { surplus: Amount::ZERO, shortfall: amount(6) });
    assert!(!synced.is_nothing());
    assert_eq!(each(&circle, |seat| seat.lost), [3, 3, 0]);
}

#[test]
fn what_is_left_when_all_is_done_becomes_credits_of_those_never_late() {
    let rules = rules(2);
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0, 1], START);
    assert!(circle.share_leftover(amount(25)).unwrap().is_nothing(), "there is something to do");
    circle.payout(&rules, 1, START + WEEK).unwrap();
    play_round(&mut circle, &rules, 2, &[0, 1]);
    assert!(circle.is_finished());
    assert!(circle.share_leftover(Amount::ZERO).unwrap().is_nothing());
    assert_eq!(circle.share_leftover(amount(5)).unwrap().surplus, amount(5));
    assert_eq!(each(&circle, |seat| seat.credit), [3, 2]);
    // More than can be counted comes in parts.
    for seat in 0..2 {
        circle.push(seat).unwrap();
    }
    let most = circle.share_leftover(Amount::MAX).unwrap().surplus;
    assert_eq!(most, amount(i64::MAX / 2));
    let mut nobody = Circle::new();
    nobody.cancel().unwrap();
    assert!(nobody.share_leftover(amount(5)).unwrap().is_nothing());
}
