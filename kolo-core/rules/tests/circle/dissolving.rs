//! Votes, net settlement, claims.

use kolo_rules::circle::{Motion, Phase, Premium, Proposal, Security, VoteOutcome};
use kolo_rules::{Amount, Circle, Refusal, Rules};

use crate::support::{
    GRACE, START, VOTE, WEEK, active, amount, debts, decide, each, pay, play_round,
    propose_dissolve, refused, rules, secured,
};

fn dissolve(circle: &mut Circle, rules: &Rules, now: u64) {
    decide(circle, rules, Motion::Dissolve, 0, now);
    assert_eq!(circle.phase, Phase::Dissolved);
}

fn open_one(circle: &Circle) -> Proposal {
    circle.open_proposals().next().copied().unwrap()
}

#[test]
fn a_vote_passes_with_51_percent_of_all() {
    let rules = rules(4);
    let mut circle = active(&rules);
    assert_eq!(propose_dissolve(&mut circle, &rules, 3, START), Ok(VoteOutcome::Open));
    let proposal = open_one(&circle);
    assert_eq!((proposal.id, proposal.electorate, proposal.electorate_size()), (1, 0b1111, 4));
    assert_eq!((proposal.yes, proposal.no, proposal.expires_at), (0b1000, 0, START + VOTE));
    refused(&mut circle, Refusal::ProposalOpen, |circle| {
        propose_dissolve(circle, &rules, 0, START + VOTE)
    });
    refused(&mut circle, Refusal::AlreadyVoted, |circle| circle.vote(&rules, 3, 1, true, START));
    refused(&mut circle, Refusal::NotMember, |circle| circle.vote(&rules, 4, 1, true, START));
    assert_eq!(circle.vote(&rules, 0, 1, false, START), Ok(VoteOutcome::Open));
    // 2 of 4 is a tie: not enough.
    assert_eq!(circle.vote(&rules, 1, 1, true, START), Ok(VoteOutcome::Open));
    assert_eq!(circle.vote(&rules, 2, 1, true, START + VOTE), Ok(VoteOutcome::Passed));
    assert_eq!((circle.phase, circle.open_proposals().count()), (Phase::Dissolved, 0));
}

#[test]
fn every_size_of_circle_needs_its_majority_and_no_more() {
    for n in 2..=64 {
        let rules = rules(n);
        let mut circle = active(&rules);
        let fewest = (51 * u32::from(n)).div_ceil(100);
        let mut outcome = propose_dissolve(&mut circle, &rules, 0, START).unwrap();
        let mut yes = 1;
        while outcome == VoteOutcome::Open {
            outcome = circle.vote(&rules, yes, 1, true, START).unwrap();
            yes += 1;
        }
        assert_eq!((outcome, u32::from(yes)), (VoteOutcome::Passed, fewest), "of {n}");
    }
}

#[test]
fn a_vote_is_rejected_as_soon_as_it_cannot_pass() {
    let rules = rules(4);
    let mut circle = active(&rules);
    propose_dissolve(&mut circle, &rules, 0, START).unwrap();
    assert_eq!(circle.vote(&rules, 1, 1, false, START), Ok(VoteOutcome::Open));
    // 2 against of 4: at most a tie is left.
    assert_eq!(circle.vote(&rules, 2, 1, false, START), Ok(VoteOutcome::Rejected));
    assert_eq!((circle.phase, circle.open_proposals().count()), (Phase::Active, 0));
    refused(&mut circle, Refusal::NoProposal, |circle| circle.vote(&rules, 3, 1, true, START));
    propose_dissolve(&mut circle, &rules, 1, START).unwrap();
    assert_eq!(open_one(&circle).id, 2);
}

#[test]
fn a_vote_may_be_changed_until_it_is_decided() {
    let rules = rules(5);
    let mut circle = active(&rules);
    propose_dissolve(&mut circle, &rules, 0, START).unwrap();
    assert_eq!(circle.vote(&rules, 1, 1, true, START), Ok(VoteOutcome::Open));
    assert_eq!(circle.vote(&rules, 0, 1, false, START), Ok(VoteOutcome::Open));
    let proposal = open_one(&circle);
    assert_eq!((proposal.yes, proposal.no), (0b10, 0b01));
    refused(&mut circle, Refusal::AlreadyVoted, |circle| circle.vote(&rules, 0, 1, false, START));
    assert_eq!(circle.vote(&rules, 0, 1, true, START), Ok(VoteOutcome::Open));
    // 3 of 5 are 60%.
    assert_eq!(circle.vote(&rules, 2, 1, true, START), Ok(VoteOutcome::Passed));
}

#[test]
fn expiry_rejects() {
    let rules = rules(3);
    let mut circle = active(&rules);
    propose_dissolve(&mut circle, &rules, 0, START).unwrap();
    let late = START + VOTE + 1;
    refused(&mut circle, Refusal::VoteClosed, |circle| circle.vote(&rules, 1, 1, true, late));
    assert_eq!(propose_dissolve(&mut circle, &rules, 1, late), Ok(VoteOutcome::Open));
    let proposal = open_one(&circle);
    assert_eq!((proposal.id, proposal.yes), (2, 0b10), "votes on the old one are gone");
    refused(&mut circle, Refusal::Overflow, |circle| propose_dissolve(circle, &rules, 0, u64::MAX));
}

#[test]
fn before_the_first_payout_everybody_gets_back_what_they_paid() {
    let rules = rules(3);
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0, 2], START);
    dissolve(&mut circle, &rules, START);
    assert_eq!(each(&circle, |seat| seat.claimable), [10, 0, 10]);
    assert_eq!(debts(&circle), [0, 0, 0]);
    assert_eq!(circle.claim(2), Ok(amount(10)));
    refused(&mut circle, Refusal::NothingToClaim, |circle| circle.claim(2));
    refused(&mut circle, Refusal::NothingToClaim, |circle| circle.claim(1));
    refused(&mut circle, Refusal::NotMember, |circle| circle.claim(3));
    assert!(!circle.is_finished());
    assert_eq!(circle.claim(0), Ok(amount(10)));
    assert!(circle.is_finished());
}

/// Four members; round 1 complete (seat 0 got 40), round 2 paid by seats 1 and 2 only.
///
/// paid − received: 10 − 40 = −30; 20; 20; 10. Held: 20. Positive claims: 50.
/// 20 split by 20 : 20 : 10 = 8, 8, 4; uncovered 12, 12, 6, in all the 30 that seat 0 owes.
fn settled() -> (Rules, Circle) {
    let rules = rules(4);
    let mut circle = active(&rules);
    play_round(&mut circle, &rules, 1, &[0, 1, 2, 3]);
    pay(&mut circle, &rules, &[1, 2], START + WEEK);
    dissolve(&mut circle, &rules, START + WEEK);
    (rules, circle)
}

#[test]
fn what_is_there_covers_the_net_claims_pro_rata() {
    let (_, circle) = settled();
    assert_eq!(each(&circle, |seat| seat.claimable), [0, 8, 8, 4]);
    assert_eq!(each(&circle, |seat| seat.uncovered), [0, 12, 12, 6]);
    assert_eq!(debts(&circle), [30, 0, 0, 0]);
    assert_eq!(circle.liabilities(), Ok(amount(20)));
    assert_eq!(circle.held(), Ok(Amount::ZERO));
}

#[test]
fn a_repayment_covers_what_is_missing_and_can_be_claimed() {
    let (rules, mut circle) = settled();
    assert_eq!(circle.claim(1), Ok(amount(8)));
    let repaid = circle.repay(&rules, 0, amount(7)).unwrap();
    assert!(repaid.to.iter().all(|part| part.is_zero()));
    // 7 · {12, 12, 6} / 30 = 2.8, 2.8, 1.4: two left, to the .8.
    assert_eq!(each(&circle, |seat| seat.claimable), [0, 3, 11, 5]);
    assert_eq!(each(&circle, |seat| seat.uncovered), [0, 9, 9, 5]);
    assert_eq!(circle.debt(0), Ok(amount(23)));
    refused(&mut circle, Refusal::TooMuch, |circle| circle.repay(&rules, 0, amount(24)));
    refused(&mut circle, Refusal::NoDebt, |circle| circle.repay(&rules, 1, amount(1)));
    circle.repay(&rules, 0, amount(23)).unwrap();
    assert_eq!(each(&circle, |seat| seat.uncovered), [0, 0, 0, 0]);
    let claimed: Vec<_> = (1..4).map(|seat| circle.claim(seat).unwrap().minor_units()).collect();
    // In all 20, 20 and 10.
    assert_eq!(claimed, [12, 20, 10]);
    assert!(circle.is_finished());
    assert_eq!(each(&circle, |seat| seat.paid), [10, 20, 20, 10], "frozen since dissolving");
    assert_eq!(each(&circle, |seat| seat.received), [40, 0, 0, 0]);
}

#[test]
fn earlier_debts_are_replaced_by_the_net_claims() {
    let rules = rules(3);
    let mut circle = active(&rules);
    // Seat 2 defaults on round 1 and owes seat 0 10.
    play_round(&mut circle, &rules, 1, &[0, 1]);
    assert_eq!(circle.debt(2), Ok(amount(10)));
    dissolve(&mut circle, &rules, START + WEEK + GRACE + 1);
    // Net: 10 − 20 = −10; 10; 0. Nothing is held: seat 0 owes seat 1 what it got from them.
    assert_eq!(debts(&circle), [10, 0, 0]);
    assert_eq!(each(&circle, |seat| seat.uncovered), [0, 10, 0]);
    assert_eq!(circle.owed(2, 1), Amount::ZERO);
    circle.repay(&rules, 0, amount(10)).unwrap();
    assert_eq!(circle.claim(1), Ok(amount(10)));
}

#[test]
fn a_reserve_helps_to_cover_and_what_is_over_is_shared() {
    let rules = rules(3);
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0, 1], START);
    circle.sync(amount(20 + 9)).unwrap();
    // A day after its deadline and grace, seat 2's instalment is overdue: late, no share of the 9.
    dissolve(&mut circle, &rules, START + WEEK + GRACE + 1);
    assert_eq!(each(&circle, |seat| seat.claimable), [10 + 5, 10 + 4, 0]);
    assert_eq!(circle.seats()[2].late, 1);
    assert_eq!((circle.reserve, circle.liabilities()), (Amount::ZERO, Ok(amount(29))));
}

#[test]
fn only_instalments_of_open_rounds_are_overdue() {
    let mut rules = rules(3);
    rules.instalments_per_round = 2;
    let mut circle = active(&rules);
    // Seat 2 pays one of two for round 1: late once when it is paid out.
    pay(&mut circle, &rules, &[0, 1, 2], START);
    pay(&mut circle, &rules, &[0, 1], START + WEEK);
    circle.payout(&rules, 1, START + 2 * WEEK + GRACE + 1).unwrap();
    // Round 2: seat 0 pays both, seat 1 one, seat 2 none; a day after the grace of both.
    pay(&mut circle, &rules, &[0, 1], START + 2 * WEEK + GRACE + 1);
    pay(&mut circle, &rules, &[0], START + 3 * WEEK);
    dissolve(&mut circle, &rules, START + 4 * WEEK + GRACE + 1);
    let late: Vec<_> = circle.seats().iter().map(|seat| seat.late).collect();
    assert_eq!(late, [0, 1, 3]);
}

#[test]
fn a_repayment_nobody_lacks_is_shared_like_the_reserve() {
    let rules = rules(3);
    let mut circle = active(&rules);
    play_round(&mut circle, &rules, 1, &[0, 1, 2]);
    // Net −20, 10, 10; the reserve of 12 covers 6 and 6, leaving 4 and 4; seat 0 owes 20.
    circle.sync(amount(12)).unwrap();
    dissolve(&mut circle, &rules, START + WEEK);
    assert_eq!(each(&circle, |seat| seat.claimable), [0, 6, 6]);
    assert_eq!(each(&circle, |seat| seat.uncovered), [0, 4, 4]);
    // 8 cover what is missing, 12 are over: 4 each.
    circle.repay(&rules, 0, amount(20)).unwrap();
    assert_eq!(each(&circle, |seat| seat.claimable), [4, 14, 14]);
    assert_eq!(each(&circle, |seat| seat.uncovered), [0, 0, 0]);
}

#[test]
fn credits_are_untouched() {
    let rules = rules(3);
    let mut circle = active(&rules);
    let payout = play_round(&mut circle, &rules, 1, &[0, 1, 2]);
    circle.credit(0, payout.amount).unwrap();
    dissolve(&mut circle, &rules, START + WEEK);
    assert_eq!(each(&circle, |seat| seat.credit), [30, 0, 0]);
    assert_eq!(debts(&circle), [20, 0, 0]);
    assert_eq!(circle.push(0), Ok(amount(30)));
}

#[test]
fn contributions_payouts_and_votes_are_over() {
    let (rules, mut circle) = settled();
    let now = START + 2 * WEEK;
    refused(&mut circle, Refusal::NotActive, |circle| {
        circle.contribute(&rules, 0, 2, amount(10), now)
    });
    refused(&mut circle, Refusal::NotActive, |circle| circle.payout(&rules, 2, now));
    refused(&mut circle, Refusal::NotActive, |circle| propose_dissolve(circle, &rules, 0, now));
    refused(&mut circle, Refusal::NotActive, |circle| circle.vote(&rules, 0, 1, true, now));
    refused(&mut circle, Refusal::AlreadyStarted, |circle| circle.start(&rules, now));
}

#[test]
fn the_order_of_claiming_changes_nothing() {
    let (rules, circle) = settled();
    let mut orders = Vec::new();
    for order in [[1, 2, 3], [3, 2, 1], [2, 3, 1]] {
        let mut circle = circle.clone();
        let mut got = [Amount::ZERO; 4];
        for (step, seat) in order.into_iter().enumerate() {
            // Repayments fall between the claims.
            circle.repay(&rules, 0, amount(if step == 0 { 7 } else { 11 })).unwrap();
            got[usize::from(seat)] = circle.claim(seat).unwrap();
        }
        for seat in order {
            if let Ok(more) = circle.claim(seat) {
                let so_far = &mut got[usize::from(seat)];
                *so_far = so_far.checked_add(more).unwrap();
            }
        }
        orders.push(got);
    }
    assert_eq!(orders[0], orders[1]);
    assert_eq!(orders[0], orders[2]);
}

/// Four with deposits of 15 and a premium of 5 once; seat 0 has had 40; seat 3 is leaving; 1 and 2 have
/// paid for round 2.
#[test]
fn deposits_reserve_and_insurance_cover_too_and_leavers_take_part() {
    let rules = Rules {
        security: Security::Fixed(amount(15)),
        premium: Premium::Once(amount(5)),
        setup_period_s: 60,
        ..rules(4)
    };
    let mut circle = secured(&rules);
    play_round(&mut circle, &rules, 1, &[0, 1, 2, 3]);
    pay(&mut circle, &rules, &[1, 2], START + WEEK);
    circle.exit(&rules, 3, START + WEEK).unwrap();
    // 20 are held, 60 of deposits, 20 of premiums, 3 sent by strangers.
    circle.sync(amount(103)).unwrap();
    dissolve(&mut circle, &rules, START + WEEK);
    // paid − received: −30, 20, 20, 10. The first owes 30, 15 of it covered by its deposit; the other
    // deposits go back.
    assert_eq!(debts(&circle), [15, 0, 0, 0]);
    assert_eq!(each(&circle, |seat| seat.credit), [0, 15, 15, 15]);
    // V = 20 + 15 + 20 + 3 = 58; claims 50; 8 are over, for the three who stayed: 3, 3, 2.
    assert_eq!(each(&circle, |seat| seat.claimable), [3, 20 + 3, 20 + 2, 10]);
    assert_eq!(each(&circle, |seat| seat.uncovered), [0, 0, 0, 0]);
    assert_eq!(circle.liabilities(), Ok(amount(103)));
    // Nobody misses what is repaid: 5 each.
    circle.repay(&rules, 0, amount(15)).unwrap();
    assert_eq!(each(&circle, |seat| seat.claimable), [8, 28, 27, 10]);
}

#[test]
fn a_deposit_used_up_before_leaves_the_rest_owed() {
    let rules = Rules {
        security: Security::Fixed(amount(15)),
        setup_period_s: 60,
        fee: kolo_rules::circle::Fee::Fixed(amount(2)),
        ..rules(4)
    };
    let mut circle = secured(&rules);
    // Seat 0 has the pot, and its deposit pays for round 2: 40 received, 20 paid, 5 left.
    play_round(&mut circle, &rules, 1, &[0, 1, 2, 3]);
    play_round(&mut circle, &rules, 2, &[1, 2, 3]);
    assert_eq!(debts(&circle), [2, 0, 0, 0]);
    dissolve(&mut circle, &rules, START + 2 * WEEK + GRACE + 1);
    // −20, −20, 20, 20: the 5 and all of seat 1's 15 are used. Fees are forgiven with all earlier debts.
    assert_eq!(debts(&circle), [15, 5, 0, 0]);
    assert_eq!(each(&circle, |seat| seat.claimable), [0, 0, 10, 10]);
    assert_eq!(each(&circle, |seat| seat.credit), [0, 0, 15, 15]);
}

#[test]
fn what_the_insurance_put_in_is_part_of_what_is_settled() {
    let rules = Rules { premium: Premium::Once(amount(5)), setup_period_s: 60, ..rules(3) };
    let mut circle = secured(&rules);
    pay(&mut circle, &rules, &[0, 1], START);
    let now = START + WEEK + GRACE + 1;
    circle.claim_insurance(&rules, 0, 1, 2, amount(10), now).unwrap();
    dissolve(&mut circle, &rules, now);
    // 20 paid, 15 of premiums: 15 are over, for those never late: 8 and 7. Seat 2 owes nothing: it has
    // had nothing.
    assert_eq!(each(&circle, |seat| seat.claimable), [18, 17, 0]);
    assert_eq!(debts(&circle), [0, 0, 0]);
}

#[test]
fn what_was_lost_before_is_missing_for_all() {
    let rules = rules(3);
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0, 1, 2], START);
    // A third is taken by the issuer.
    circle.sync(amount(20)).unwrap();
    dissolve(&mut circle, &rules, START);
    // 20 for three claims of 10: 6⅔ each.
    assert_eq!(each(&circle, |seat| seat.claimable), [7, 7, 6]);
    assert_eq!(each(&circle, |seat| seat.uncovered), [3, 3, 4]);
    assert_eq!(debts(&circle), [0, 0, 0], "nobody owes what the issuer took");
}
