//! Where one thing begins and another ends, to the second, the unit and the seat: what small changes of
//! the engine would shift.

use kolo_rules::circle::{
    Debt, Fee, Motion, Order, Phase, Premium, Readiness, Security, Shortfall, Swapped, VoteOutcome,
};
use kolo_rules::{Amount, Circle, Interval, Refusal, Rules};

use crate::support::{
    GRACE, START, VOTE, WEEK, active, amount, debts, decide, pay, play_round, propose_dissolve,
    refused, rules, secured, turns,
};

fn auction(seats: u8) -> Rules {
    Rules { order: Order::Auction, bid_floor_bp: 6_500, bid_step_bp: 9_800, ..rules(seats) }
}

/// One debt: who, for which rounds, how much to a member and to the fund for each.
fn owes(debtor: u8, (first, last): (u8, u8), to_member: i64, to_fund: i64) -> Debt {
    Debt { debtor, first, last, to_member: amount(to_member), to_fund: amount(to_fund) }
}

#[test]
fn a_schedule_may_end_with_time_itself_and_not_a_second_later() {
    let rules = rules(2);
    // Two rounds, one more interval of waiting, the grace, and the second after it.
    let latest = u64::MAX - 3 * WEEK - GRACE - 1;
    for (now, expected) in [(latest, Ok(true)), (latest + 1, Err(Refusal::Overflow))] {
        let mut circle = Circle::new();
        circle.join(&rules, None, now).unwrap();
        let joined = circle.join(&rules, None, now);
        assert_eq!(joined.map(|joined| joined.started), expected);
    }
}

#[test]
fn nothing_is_asked_for_before_the_first_round_once_it_is_given_up() {
    let rules = Rules { security: Security::Fixed(amount(9)), setup_period_s: 60, ..rules(3) };
    let mut circle = active(&rules);
    circle.secure(&rules, 0, amount(9), START).unwrap();
    assert_eq!(circle.entry_due(&rules, 1), Ok(amount(9)));
    assert_eq!(circle.proceed(&rules, START + 61), Ok(Readiness::Cancelled));
    for seat in 0..3 {
        assert_eq!(circle.entry_due(&rules, seat), Ok(Amount::ZERO));
    }
}

#[test]
fn the_deadline_shown_is_the_next_unpaid_instalments() {
    let rules = Rules { instalments_per_round: 2, ..rules(3) };
    let mut circle = active(&rules);
    let deadline = |circle: &Circle| circle.due(&rules, 0, START).map(|due| due.deadline);
    assert_eq!(deadline(&circle), Ok(START + WEEK));
    pay(&mut circle, &rules, &[0], START);
    // The second of the round is not open yet.
    assert_eq!(circle.due(&rules, 0, START).unwrap().amount, Amount::ZERO);
    assert_eq!(deadline(&circle), Ok(START + 2 * WEEK));
}

/// All rounds are paid ahead, but for the fee of the one instalment that was late.
#[test]
fn where_only_a_fee_is_left_the_deadline_is_the_last_there_is() {
    let late_fee = Fee::Fixed(amount(3));
    let rules =
        Rules { instalments_per_round: 2, advance: true, partial: true, fee: late_fee, ..rules(3) };
    let mut circle = active(&rules);
    let now = START + WEEK + GRACE + 1;
    // Two instalments are open, of which one is late; the other four are paid ahead.
    for (round, paid) in [(1, 20), (2, 10), (2, 10), (3, 10), (3, 10)] {
        circle.contribute(&rules, 1, round, amount(paid), now).unwrap();
    }
    let due = circle.due(&rules, 1, now).unwrap();
    assert_eq!((due.round, due.amount, due.fees), (3, amount(3), amount(3)));
    assert_eq!((due.deadline, due.late_after), (START + 6 * WEEK, START + 6 * WEEK + GRACE));
}

#[test]
fn a_fund_that_has_its_target_takes_no_premium() {
    // Three premiums of 4 in round 1.
    for (target, premium) in [(12, 0), (13, 4)] {
        let premiums = Premium::PerInstalment(amount(4));
        let rules = Rules { premium: premiums, insurance_target: amount(target), ..rules(3) };
        let mut circle = active(&rules);
        play_round(&mut circle, &rules, 1, &[0, 1, 2]);
        assert_eq!(circle.fund, amount(12));
        assert_eq!(circle.due(&rules, 0, START + WEEK).unwrap().premium, amount(premium));
    }
}

#[test]
fn all_that_the_fund_has_can_be_claimed() {
    let premium = Premium::Once(amount(5));
    let rules = Rules { premium, contribution: amount(20), setup_period_s: 60, ..rules(3) };
    let mut circle = secured(&rules);
    pay(&mut circle, &rules, &[0, 1], START);
    let over = START + WEEK + GRACE + 1;
    circle.claim_insurance(&rules, 0, 1, 2, amount(15), over).unwrap();
    assert_eq!((circle.fund, circle.pot_now(&rules)), (Amount::ZERO, Ok(amount(55))));
}

/// Seat 0 wins no round any more, so that seat 1, for whom the insurance has put 10 into the pot, gets
/// the pot itself.
#[test]
fn what_the_insurance_put_in_for_who_gets_the_pot_goes_back_to_it() {
    let premium = Premium::Once(amount(5));
    let rules = Rules { premium, setup_period_s: 60, ..auction(4) };
    let mut circle = secured(&rules);
    pay(&mut circle, &rules, &[0], START);
    let over = START + WEEK + GRACE + 1;
    circle.claim_insurance(&rules, 2, 1, 1, amount(10), over).unwrap();
    assert_eq!(circle.fund, amount(10));
    circle.propose(&rules, 1, Motion::Expel, 0, over).unwrap();
    circle.vote(&rules, 2, 1, true, over).unwrap();
    assert_eq!(circle.vote(&rules, 3, 1, true, over), Ok(VoteOutcome::Passed));
    assert_eq!((circle.recipient(&rules, over), turns(&circle)), (Ok(1), vec![4, 1, 2, 3]));
    // 10 of seat 0; the fund has 20 again, for seats 2 and 3.
    let payout = circle.payout(&rules, 1, over).unwrap();
    assert_eq!((payout.seat, payout.amount, circle.fund), (1, amount(30), Amount::ZERO));
    assert_eq!(circle.debts(), [owes(2, (1, 1), 0, 10), owes(3, (1, 1), 0, 10)]);
}

#[test]
fn a_credit_of_nothing_is_none() {
    let mut circle = active(&rules(3));
    let before = circle.clone();
    circle.credit(1, Amount::ZERO).unwrap();
    assert_eq!(circle, before);
    refused(&mut circle, Refusal::WrongAmount, |circle| circle.credit(1, amount(-1)));
}

#[test]
fn the_same_missing_in_rounds_in_a_row_is_one_debt_until_a_part_is_repaid() {
    let rules = rules(4);
    let mut circle = active(&rules);
    for round in [1, 2] {
        play_round(&mut circle, &rules, round, &[0, 1]);
    }
    assert_eq!(circle.debts(), [owes(2, (1, 2), 10, 0), owes(3, (1, 2), 10, 0)]);
    circle.repay(&rules, 2, amount(4)).unwrap();
    let apart = [owes(2, (1, 1), 6, 0), owes(2, (2, 2), 10, 0), owes(3, (1, 2), 10, 0)];
    assert_eq!(circle.debts(), apart);
    assert_eq!(debts(&circle), [0, 0, 16, 20]);
    circle.repay(&rules, 3, amount(10)).unwrap();
    assert_eq!(circle.debts()[2], owes(3, (2, 2), 10, 0));
}

/// A round won by a bid is owed to all, one without to its recipient.
#[test]
fn the_same_missing_of_a_round_with_a_bid_and_one_without_are_two_debts() {
    let rules = auction(4);
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0, 1, 2], START);
    circle.bid(&rules, 1, 1, amount(30), START).unwrap();
    circle.payout(&rules, 1, START + WEEK + GRACE + 1).unwrap();
    assert_eq!(play_round(&mut circle, &rules, 2, &[0, 1, 2]).seat, 0);
    assert_eq!(circle.debts(), [owes(3, (1, 1), 10, 0), owes(3, (2, 2), 10, 0)]);
    // 10 = 3 + 3 + 2 + 2, the debtor's own part to its credit; then 10 to seat 0.
    let repaid = circle.repay(&rules, 3, amount(20)).unwrap();
    assert_eq!(repaid.to[..4], [13, 3, 2, 2].map(amount));
}

/// Losses are shared, but what is owed to the insurance is not lost by anybody: it stays owed.
#[test]
fn a_debt_to_the_insurance_alone_outlives_the_sharing_of_losses() {
    let (premium, shortfall) = (Premium::Once(amount(5)), Shortfall::Share);
    let rules = Rules { premium, shortfall, setup_period_s: 60, ..rules(3) };
    let mut circle = secured(&rules);
    // The fund of 15 covers the 10 of round 1 and 5 of round 2, where seat 1 misses 5.
    for round in 1..=3 {
        play_round(&mut circle, &rules, round, &[0, 1]);
    }
    assert_eq!(circle.phase, Phase::Completed);
    assert_eq!(circle.debts(), [owes(2, (1, 1), 0, 10), owes(2, (2, 2), 0, 5)]);
    // Of the 5 seat 0 bears 3.
    assert_eq!(debts(&circle), [3, 0, 20]);
}

#[test]
fn who_is_in_arrears_swaps_with_nobody_whoever_is_named_first() {
    let rules = rules(4);
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0, 1, 3], START);
    let late = START + WEEK + GRACE + 1;
    circle.payout(&rules, 1, late).unwrap();
    for (a, b) in [(1, 2), (2, 1)] {
        refused(&mut circle, Refusal::InArrears, |circle| circle.swap(&rules, a, b, late));
    }
    circle.swap(&rules, 1, 3, late).unwrap();
}

#[test]
fn the_deposits_differ_the_same_whoever_is_named_first() {
    let rules = Rules { security: Security::Exposure, setup_period_s: 60, ..rules(4) };
    for (a, b) in [(1, 3), (3, 1)] {
        let mut circle = secured(&rules);
        let swapped = circle.swap(&rules, a, b, START).unwrap();
        assert_eq!(swapped, Swapped { earlier: 3, later: 1, deposit: amount(20) });
        let deposits = circle.seats().iter().map(|seat| seat.deposit);
        assert_eq!(deposits.collect::<Vec<_>>(), [30, 0, 10, 20].map(amount));
    }
}

#[test]
fn the_bid_of_others_stays_when_somebody_goes() {
    let rules = auction(4);
    let mut full = active(&rules);
    pay(&mut full, &rules, &[0, 1, 2, 3], START);
    // (the bidder, who goes, whether the bid stays)
    for (bidder, going, stays) in [(0, 2, true), (2, 2, false)] {
        let mut expelled = full.clone();
        expelled.bid(&rules, bidder, 1, amount(30), START).unwrap();
        let mut replaced = expelled.clone();
        decide(&mut expelled, &rules, Motion::Expel, going, START);
        decide(&mut replaced, &rules, Motion::Replace, going, START);
        replaced.replace(&rules, going, START).unwrap();
        for circle in [expelled, replaced] {
            assert_eq!(circle.bid.is_some(), stays);
            assert_eq!(circle.recipient(&rules, START), Ok(0));
        }
    }
}

#[test]
fn the_turn_of_who_is_expelled_goes_to_the_earliest_of_the_others() {
    let rules = Rules { order: Order::Fixed, ..rules(4) };
    let mut circle = Circle::new();
    for turn in [4, 2, 3, 1] {
        circle.join(&rules, Some(turn), START).unwrap();
    }
    decide(&mut circle, &rules, Motion::Expel, 3, START);
    assert_eq!((turns(&circle), circle.recipient(&rules, START)), (vec![4, 1, 3, 2], Ok(1)));
}

/// Seat 1 is paid back in round 2 and leaves nothing open to seat 4, who leaves after that round.
#[test]
fn who_was_paid_back_as_a_leaver_pays_no_later_leaver_back() {
    let rules = rules(5);
    let mut circle = active(&rules);
    circle.exit(&rules, 1, START).unwrap();
    play_round(&mut circle, &rules, 1, &[0, 1, 2, 3, 4]);
    circle.exit(&rules, 4, START + WEEK).unwrap();
    let needs = |round| [0, 1, 2, 3, 4].map(|seat| circle.need(&rules, seat, round).unwrap());
    assert_eq!(needs(2), [10, 0, 0, 0, 0].map(amount));
    assert_eq!(needs(3), [10, 0, 10, 10, 0].map(amount));
    assert_eq!(needs(5), [10, 0, 0, 0, 0].map(amount));
}

#[test]
fn a_replacement_can_be_carried_out_until_the_last_second() {
    let rules = rules(3);
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0, 1, 2], START);
    decide(&mut circle, &rules, Motion::Replace, 2, START);
    let late = START + VOTE + 1;
    refused(&mut circle, Refusal::TimeOver, |circle| circle.replace(&rules, 2, late));
    circle.replace(&rules, 2, START + VOTE).unwrap();
}

#[test]
fn a_newcomer_ends_what_was_proposed_about_the_seat_and_about_no_other() {
    let rules = rules(5);
    for (subject, stays) in [(2, false), (3, true)] {
        let mut circle = active(&rules);
        circle.propose(&rules, 0, Motion::Expel, subject, START).unwrap();
        circle.propose(&rules, 0, Motion::Move, subject, START).unwrap();
        decide(&mut circle, &rules, Motion::Replace, 2, START);
        circle.replace(&rules, 2, START).unwrap();
        let open: Vec<_> = circle.open_proposals().map(|open| open.motion).collect();
        assert_eq!(open, if stays { vec![Motion::Expel, Motion::Move] } else { vec![] });
    }
}

/// Two of four are for it: not enough, but of three it is.
#[test]
fn somebodys_leaving_decides_what_is_open_to_its_last_second() {
    let rules = rules(4);
    for (now, phase) in [(START + VOTE, Phase::Dissolved), (START + VOTE + 1, Phase::Active)] {
        let mut circle = active(&rules);
        propose_dissolve(&mut circle, &rules, 0, START).unwrap();
        circle.vote(&rules, 1, 1, true, START).unwrap();
        circle.exit(&rules, 3, now).unwrap();
        assert_eq!(circle.phase, phase);
    }
}

/// Of five it takes three: three who are against it, or cannot be for it any more, reject it.
#[test]
fn a_no_counts_once_when_its_voter_is_expelled() {
    let rules = rules(5);
    let mut circle = active(&rules);
    propose_dissolve(&mut circle, &rules, 0, START).unwrap();
    circle.vote(&rules, 4, 1, false, START).unwrap();
    decide(&mut circle, &rules, Motion::Expel, 4, START);
    assert_eq!(circle.vote(&rules, 3, 1, false, START), Ok(VoteOutcome::Open));
    assert_eq!(circle.vote(&rules, 2, 1, false, START), Ok(VoteOutcome::Rejected));
}

/// Bytes that would make some turns likelier are skipped; the others say who changes places.
#[test]
fn the_order_drawn_from_given_bytes() {
    let rules = Rules { order: Order::Random, bond: amount(7), setup_period_s: 60, ..rules(3) };
    // (bytes, who has the first, the second and the third turn). Of three: the byte modulo 3 changes
    // places with the last, 255 is skipped; then of two, modulo 2, with the second.
    let table = [
        (&[1, 0][..], [2, 0, 1]),
        (&[0, 0], [1, 2, 0]),
        (&[2, 1], [0, 1, 2]),
        (&[254, 1], [0, 1, 2]),
        (&[255, 1, 0], [2, 0, 1]),
        (&[255, 255, 255, 0, 255], [2, 1, 0]),
    ];
    for (bytes, expected) in table {
        let block = |_: &[u8]| {
            let mut block = [0; 32];
            block[..bytes.len()].copy_from_slice(bytes);
            block
        };
        let mut circle = active(&rules);
        for seat in 0..3 {
            circle.commit(&rules, seat, START).unwrap();
        }
        for seat in 0..3 {
            circle.reveal(&rules, seat, START).unwrap();
        }
        circle.draw(&rules, &[0; 32], &block, START).unwrap();
        let order = [1, 2, 3].map(|turn| circle.seat_of_turn(turn).unwrap());
        assert_eq!(order, expected, "{bytes:?}");
    }
}

/// What both may cost is counted together: each alone is two thirds of the most, both are too much.
#[test]
fn rules_count_fees_and_premiums_and_deposits_together() {
    let part = amount(i64::MAX / 24);
    let plain = Rules { setup_period_s: 60, ..rules(2) };
    let fee = Rules { fee: Fee::Fixed(part), ..plain };
    let premium = Premium::PerInstalment(part);
    let target = amount(1);
    let insured = Rules { premium, insurance_target: target, ..plain };
    assert_eq!((fee.validate(), insured.validate()), (Ok(()), Ok(())));
    let both = Rules { premium, insurance_target: target, ..fee };
    assert_eq!(both.validate(), Err(Refusal::Overflow));

    let part = amount(i64::MAX / 12);
    let secured = Rules { security: Security::Fixed(part), ..plain };
    let insured = Rules { premium: Premium::Once(part), ..plain };
    assert_eq!((secured.validate(), insured.validate()), (Ok(()), Ok(())));
    let both = Rules { premium: Premium::Once(part), ..secured };
    assert_eq!(both.validate(), Err(Refusal::Overflow));
}

#[test]
fn three_months_are_within_the_preset_and_four_are_not() {
    for (months, expected) in [(1, true), (2, true), (3, true), (4, false), (u8::MAX, false)] {
        let rules = Rules { interval: Interval::Months(months), min_members: 3, ..rules(5) };
        assert_eq!(rules.is_preset(), expected, "{months} months");
    }
}
