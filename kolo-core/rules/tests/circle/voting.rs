//! Votes, while members come and go.

use kolo_rules::circle::{Motion, Phase, VoteOutcome};
use kolo_rules::{Circle, Refusal, Rules};

use crate::support::{START, VOTE, active, decide, propose_dissolve, refused, rules};

fn open(circle: &Circle, motion: Motion) -> Option<kolo_rules::circle::Proposal> {
    circle.open_proposals().find(|open| open.motion == motion).copied()
}

/// Five; 0 and 1 are for dissolving: 2 of 5, of which 3 are needed.
fn two_of_five() -> (Rules, Circle) {
    let rules = rules(5);
    let mut circle = active(&rules);
    propose_dissolve(&mut circle, &rules, 0, START).unwrap();
    circle.vote(&rules, 1, 1, true, START).unwrap();
    (rules, circle)
}

#[test]
fn who_leaves_drops_out_and_that_may_decide() {
    let (rules, mut circle) = two_of_five();
    // 2 of 4 is a tie; 2 of 3 are enough.
    circle.exit(&rules, 4, START).unwrap();
    let proposal = open(&circle, Motion::Dissolve).unwrap();
    assert_eq!((proposal.electorate, proposal.electorate_size()), (0b1111, 4));
    refused(&mut circle, Refusal::NoVote, |circle| circle.vote(&rules, 4, 1, true, START));
    circle.exit(&rules, 3, START).unwrap();
    assert_eq!(circle.phase, Phase::Dissolved);
}

#[test]
fn the_vote_of_who_leaves_is_void() {
    let (rules, mut circle) = two_of_five();
    circle.exit(&rules, 1, START).unwrap();
    let proposal = open(&circle, Motion::Dissolve).unwrap();
    assert_eq!((proposal.electorate, proposal.yes), (0b11101, 0b1));
    circle.vote(&rules, 2, 1, true, START).unwrap();
    assert_eq!(circle.vote(&rules, 3, 1, true, START), Ok(VoteOutcome::Passed));
}

#[test]
fn a_vote_may_become_impossible_by_somebody_leaving() {
    let rules = rules(5);
    let mut circle = active(&rules);
    propose_dissolve(&mut circle, &rules, 0, START).unwrap();
    circle.vote(&rules, 1, 1, false, START).unwrap();
    circle.vote(&rules, 2, 1, false, START).unwrap();
    // 3 of 5 could still be for it; of 4 only 2.
    assert!(open(&circle, Motion::Dissolve).is_some());
    circle.exit(&rules, 4, START).unwrap();
    assert_eq!((open(&circle, Motion::Dissolve), circle.phase), (None, Phase::Active));
}

#[test]
fn who_is_expelled_stays_in_and_so_does_their_vote() {
    let (rules, mut circle) = two_of_five();
    decide(&mut circle, &rules, Motion::Expel, 1, START);
    let proposal = open(&circle, Motion::Dissolve).unwrap();
    assert_eq!((proposal.electorate, proposal.yes), (0b11111, 0b11));
    refused(&mut circle, Refusal::NoVote, |circle| circle.vote(&rules, 1, 1, false, START));
    // 3 of 5, with the vote of who was expelled.
    assert_eq!(circle.vote(&rules, 2, 1, true, START), Ok(VoteOutcome::Passed));
}

#[test]
fn who_is_expelled_without_having_voted_cannot_be_for_it_any_more() {
    let rules = rules(5);
    let mut circle = active(&rules);
    propose_dissolve(&mut circle, &rules, 0, START).unwrap();
    circle.vote(&rules, 1, 1, false, START).unwrap();
    circle.vote(&rules, 2, 1, false, START).unwrap();
    // 3 of 5 could still be for it; without seat 4 only 2.
    assert!(open(&circle, Motion::Dissolve).is_some());
    decide(&mut circle, &rules, Motion::Expel, 4, START);
    assert_eq!((open(&circle, Motion::Dissolve), circle.phase), (None, Phase::Active));
}

#[test]
fn a_newcomer_does_not_vote_on_what_was_proposed_before() {
    let (rules, mut circle) = two_of_five();
    decide(&mut circle, &rules, Motion::Replace, 1, START);
    circle.propose(&rules, 2, Motion::Expel, 1, START).unwrap();
    circle.replace(&rules, 1, START).unwrap();
    let proposal = open(&circle, Motion::Dissolve).unwrap();
    assert_eq!((proposal.electorate, proposal.yes), (0b11101, 0b1));
    refused(&mut circle, Refusal::NoVote, |circle| circle.vote(&rules, 1, 1, true, START));
    // What was said about the one before is not about the newcomer.
    assert_eq!((open(&circle, Motion::Expel), open(&circle, Motion::Replace)), (None, None));
    let later = START + VOTE + 1;
    propose_dissolve(&mut circle, &rules, 1, later).unwrap();
    assert_eq!(open(&circle, Motion::Dissolve).unwrap().electorate, 0b11111);
}

#[test]
fn leaving_and_coming_back_does_not_vote_twice() {
    let (rules, mut circle) = two_of_five();
    // Seat 0 leaves its yes behind, is replaced by itself, and finds it void and no second one.
    decide(&mut circle, &rules, Motion::Replace, 0, START);
    circle.replace(&rules, 0, START).unwrap();
    refused(&mut circle, Refusal::NoVote, |circle| circle.vote(&rules, 0, 1, true, START));
    let proposal = open(&circle, Motion::Dissolve).unwrap();
    assert_eq!((proposal.yes.count_ones(), proposal.electorate_size()), (1, 4));
}

#[test]
fn of_each_kind_one_is_open() {
    let rules = rules(4);
    let mut circle = active(&rules);
    for (motion, subject) in
        [(Motion::Dissolve, 0), (Motion::Expel, 1), (Motion::Replace, 2), (Motion::Move, 3)]
    {
        circle.propose(&rules, 0, motion, subject, START).unwrap();
        refused(&mut circle, Refusal::ProposalOpen, |circle| {
            circle.propose(&rules, 1, motion, subject, START + VOTE)
        });
    }
    assert_eq!((circle.open_proposals().count(), circle.proposals), (4, 4));
    refused(&mut circle, Refusal::NotMember, |circle| {
        circle.propose(&rules, 0, Motion::Expel, 4, START + VOTE + 1)
    });
    refused(&mut circle, Refusal::NoProposal, |circle| circle.vote(&rules, 1, 5, true, START));
    // An expired one makes room, and is voted on no more.
    refused(&mut circle, Refusal::VoteClosed, |circle| {
        circle.vote(&rules, 1, 2, true, START + VOTE + 1)
    });
    circle.propose(&rules, 1, Motion::Expel, 2, START + VOTE + 1).unwrap();
    refused(&mut circle, Refusal::NoProposal, |circle| {
        circle.vote(&rules, 1, 2, true, START + VOTE + 1)
    });
}

#[test]
fn a_passed_vote_is_closed_and_waits_to_be_carried_out() {
    let rules = rules(4);
    let mut circle = active(&rules);
    decide(&mut circle, &rules, Motion::Replace, 2, START + 5);
    let passed = open(&circle, Motion::Replace).unwrap();
    assert_eq!(passed.passed_at, START + 5);
    refused(&mut circle, Refusal::VoteClosed, |circle| circle.vote(&rules, 3, 1, false, START + 5));
    refused(&mut circle, Refusal::ProposalOpen, |circle| {
        circle.propose(&rules, 0, Motion::Replace, 1, START + 5 + VOTE)
    });
    circle.propose(&rules, 0, Motion::Replace, 1, START + 6 + VOTE).unwrap();
    // Of a vote that has passed nobody drops out.
    decide(&mut circle, &rules, Motion::Move, 2, START);
    circle.exit(&rules, 3, START).unwrap();
    assert_eq!(open(&circle, Motion::Move).unwrap().electorate, 0b1111);
}

#[test]
fn expelling_the_third_but_last_is_refused() {
    let rules = rules(3);
    let mut circle = active(&rules);
    circle.exit(&rules, 1, START).unwrap();
    circle.propose(&rules, 2, Motion::Expel, 2, START).unwrap();
    // Two stay: to end the circle they dissolve it.
    refused(&mut circle, Refusal::TooFewMembers, |circle| circle.vote(&rules, 0, 1, true, START));
}
