//! Seats that change hands or turns: who signs for what, and what it costs to the stroop.
use kolo_circle::Error;
use kolo_contract_tests::{DAY, Failure, Group, Person, Terms, World, event_name};
use kolo_rules::circle::{Marks, Motion, Security};

const BALANCE: i64 = 1_000_000_000;
const DUE: i64 = 100_000_000;

fn names(group: &Group<'_>) -> Vec<String> {
    group.events().iter().map(event_name).collect()
}

/// Four members, everybody has paid the first round.
fn running(world: &World) -> Group<'_> {
    let group = Group::running(world, Terms::of(4), BALANCE);
    group.contribute_all(1);
    group
}

/// The first three vote for it; the third vote decides.
fn carry(group: &Group<'_>, motion: Motion, subject: &Person, newcomer: Option<&Person>) {
    group.propose_about(&group.members[0], motion, subject, newcomer).unwrap();
    let id = group.circle().proposals;
    group.vote(&group.members[1], id, true).unwrap();
    group.vote(&group.members[2], id, true).unwrap();
}

#[test]
fn two_members_who_both_sign_swap_turns_and_the_deposits_follow() {
    let world = World::new();
    let mut group = Group::with_rules(&world, 3, |rules| rules.security = Security::Exposure);
    group.fill(BALANCE);
    for (member, deposit) in group.members.iter().zip([2 * DUE, DUE]) {
        group.secure(member, deposit).unwrap();
    }
    let [first, second, third] = &group.members[..] else { panic!("three members") };
    let call = group.swapping(first, third, [1, 3]);
    for signer in [first, third, second] {
        assert_eq!(group.call(Some(signer), &call), Err(Failure::Host), "one is not enough");
    }
    assert_eq!(group.swap(first, third, third, 0), Err(Error::TokenFailed.into()), "no transfer");
    assert_eq!(group.swap(first, third, first, 2 * DUE), Err(Error::TokenFailed.into()));
    group.swap(first, third, third, 2 * DUE).unwrap();
    assert_eq!(names(&group), ["turns_swapped"]);
    group.assert_covered();
    let turns: Vec<u8> = group.circle().seats().iter().map(|seat| seat.turn).collect();
    assert_eq!(turns, [3, 2, 1]);
    assert_eq!(world.balance(&first.address), BALANCE);
    assert_eq!(world.balance(&third.address), BALANCE - 2 * DUE);
    let stranger = world.person(BALANCE);
    assert_eq!(group.swap(first, &stranger, first, 0), Err(Error::NotMember.into()));
}

#[test]
fn a_swap_is_only_good_for_the_turns_both_agreed_to() {
    let world = World::new();
    let group = running(&world);
    let [_, second, third, fourth] = &group.members[..] else { panic!("four members") };
    let agreed = group.swapping(second, fourth, [2, 4]);
    // Before it is sent, the fourth changes turns with the third: it would be worth less.
    group.swap(third, fourth, third, 0).unwrap();
    let before = group.circle();
    let signed = [(second, agreed.clone()), (fourth, agreed.clone())];
    let outcome = world.call_by(&signed, &agreed).map(|_| ());
    assert_eq!(outcome, Err(Error::OtherTurn.into()));
    for turns in [[3, 2], [2, 4], [2, 256 + 3]] {
        let call = group.swapping(second, fourth, turns);
        let outcome = world.call_by(&[(second, call.clone()), (fourth, call.clone())], &call);
        assert_eq!(outcome.map(|_| ()), Err(Error::OtherTurn.into()), "{turns:?}");
    }
    assert_eq!(group.circle(), before);
    group.swap(second, fourth, second, 0).unwrap();
    assert_eq!((group.turn(second), group.turn(fourth)), (3, 2));
}

#[test]
fn a_seat_is_bought_with_the_turn_the_newcomer_agreed_to() {
    let world = World::new();
    let group = running(&world);
    let (third, leaver, newcomer) = (&group.members[2], &group.members[3], world.person(BALANCE));
    carry(&group, Motion::Replace, leaver, Some(&newcomer));
    let args =
        |turn: u32| (leaver.address.clone(), newcomer.address.clone(), turn, i128::from(DUE));
    let buy = |turn: u32| {
        let call = group.make("replace", args(turn));
        let paid = call.clone().with(world.transfer(&newcomer.address, &leaver.address, DUE));
        world.call_by(&[(leaver, call.clone()), (&newcomer, paid)], &call).map(|_| ())
    };
    // At the same price: the seat's turn was the third when both signed, and is the fourth again.
    assert_eq!(buy(3), Err(Error::OtherTurn.into()));
    group.swap(third, leaver, third, 0).unwrap();
    assert_eq!(buy(4), Err(Error::OtherTurn.into()));
    assert_eq!(world.balance(&newcomer.address), BALANCE);
    buy(3).unwrap();
    assert_eq!(world.balance(&newcomer.address), BALANCE - DUE);
}

#[test]
fn a_seat_is_sold_for_exactly_its_net_claim_after_a_vote() {
    let world = World::new();
    let group = running(&world);
    let (leaver, newcomer) = (&group.members[3], world.person(BALANCE));
    assert_eq!(group.replace(leaver, &newcomer, DUE), Err(Error::NoProposal.into()));
    carry(&group, Motion::Replace, leaver, Some(&newcomer));
    let other = world.person(BALANCE);
    assert_eq!(group.replace(leaver, &other, DUE), Err(Error::NoProposal.into()));
    let wrong_seat = group.replace(&group.members[2], &newcomer, DUE);
    assert_eq!(wrong_seat, Err(Error::NoProposal.into()));
    for price in [0, DUE - 1, DUE + 1, -DUE] {
        assert_eq!(group.replace(leaver, &newcomer, price), Err(Error::WrongAmount.into()));
    }
    let args = (leaver.address.clone(), newcomer.address.clone(), 4_u32, i128::from(DUE));
    let call = group.make("replace", args);
    let paid = call.clone().with(world.transfer(&newcomer.address, &leaver.address, DUE));
    assert_eq!(group.call(Some(&newcomer), &paid), Err(Failure::Host), "the leaver did not sign");
    assert_eq!(group.call(Some(leaver), &call), Err(Failure::Host), "the newcomer did not sign");
    group.replace(leaver, &newcomer, DUE).unwrap();
    assert_eq!(names(&group), ["seat_sold"]);
    group.assert_covered();
    assert_eq!(world.balance(&leaver.address), BALANCE);
    assert_eq!(world.balance(&newcomer.address), BALANCE - DUE);
    assert_eq!(group.contribute(leaver, 2, DUE), Err(Error::NotMember.into()));
    assert_eq!(group.replace(leaver, &newcomer, DUE), Err(Error::NotMember.into()));
}

#[test]
fn who_had_the_pot_pays_the_one_who_takes_the_seat_over() {
    let world = World::new();
    let group = running(&world);
    world.set_time(group.payout_date(1));
    group.payout(1).unwrap();
    let (leaver, newcomer) = (&group.members[0], world.person(0));
    carry(&group, Motion::Replace, leaver, Some(&newcomer));
    assert_eq!(group.replace(leaver, &newcomer, 3 * DUE), Err(Error::WrongAmount.into()));
    group.replace(leaver, &newcomer, -3 * DUE).unwrap();
    group.assert_covered();
    assert_eq!(world.balance(&leaver.address), BALANCE);
    assert_eq!(world.balance(&newcomer.address), 3 * DUE);
}

#[test]
fn a_seat_sold_may_be_too_late_or_too_far_behind() {
    let world = World::new();
    let group = running(&world);
    let (leaver, newcomer) = (&group.members[3], world.person(BALANCE));
    carry(&group, Motion::Replace, leaver, Some(&newcomer));
    world.set_time(world.now() + 3 * DAY + 1);
    assert_eq!(group.replace(leaver, &newcomer, DUE), Err(Error::TimeOver.into()));
}

#[test]
fn votes_are_not_recycled_by_leaving_and_rejoining() {
    let world = World::new();
    let group = running(&world);
    let [first, second, third, fourth] = &group.members[..] else { panic!("four members") };
    let newcomer = world.person(BALANCE);
    carry(&group, Motion::Replace, fourth, Some(&newcomer));
    // The fourth votes to dissolve, and sells the seat to another address of their own.
    group.propose(first).unwrap();
    let id = group.circle().proposals;
    group.vote(fourth, id, true).unwrap();
    group.replace(fourth, &newcomer, DUE).unwrap();
    let open = *group.circle().open_proposals().next().unwrap();
    assert_eq!((open.electorate_size(), open.yes.count_ones()), (3, 1), "the vote left with them");
    assert_eq!(group.vote(&newcomer, id, true), Err(Error::NoVote.into()));
    assert_eq!(group.vote(fourth, id, true), Err(Error::NotMember.into()));
    assert_eq!(group.vote(first, id, true), Err(Error::AlreadyVoted.into()));
    group.vote(second, id, false).unwrap();
    group.vote(third, id, false).unwrap();
    assert_eq!(names(&group), ["vote_cast", "proposal_rejected"]);
}

#[test]
fn who_leaves_may_decide_a_vote_and_it_is_said() {
    let world = World::new();
    let group = running(&world);
    let [first, second, third, fourth] = &group.members[..] else { panic!("four members") };
    // Two of four are no majority; two of three are.
    group.propose_about(first, Motion::Expel, third, None).unwrap();
    group.vote(second, 1, true).unwrap();
    assert_eq!(names(&group), ["vote_cast"]);
    group.exit(fourth).unwrap();
    assert_eq!(names(&group), ["exit_announced", "member_expelled"]);
    assert!(group.circle().seats()[2].marks.has(Marks::EXPELLED));
    group.assert_covered();
}

#[test]
fn an_exit_pays_nothing_more_and_is_paid_back_by_those_paid() {
    let world = World::new();
    let group = running(&world);
    let [first, second, third, fourth] = &group.members[..] else { panic!("four members") };
    assert_eq!(group.exit(first), Err(Error::AlreadyPaidOut.into()), "the round is theirs");
    let call = group.make("exit", (fourth.address.clone(),));
    assert_eq!(group.call(Some(third), &call), Err(Failure::Host));
    group.exit(fourth).unwrap();
    assert_eq!(names(&group), ["exit_announced"]);
    assert_eq!(group.exit(fourth), Err(Error::HasLeft.into()));
    world.set_time(group.payout_date(1));
    group.payout(1).unwrap();
    for round in 2..=3 {
        for member in [first, second, third] {
            group.contribute(member, round, DUE).unwrap();
        }
        world.set_time(group.payout_date(round));
        group.payout(round).unwrap();
        group.assert_covered();
    }
    // In the fourth's round only the first, whom the fourth had paid, pays.
    assert_eq!(group.contribute(second, 4, DUE), Err(Error::NothingDue.into()));
    group.contribute(first, 4, DUE).unwrap();
    world.set_time(group.payout_date(4));
    group.payout(4).unwrap();
    for member in &group.members {
        assert_eq!(world.balance(&member.address), BALANCE);
    }
    assert_eq!(group.state(), None);
}

#[test]
fn however_short_the_votes_are_a_move_waits_three_days_and_has_as_long() {
    let world = World::new();
    let mut group = Group::with_rules(&world, 4, |rules| rules.vote_period_s = 3_600);
    group.fill(BALANCE);
    let (lost, new_key) = (&group.members[3], world.person(0));
    carry(&group, Motion::Move, lost, Some(&new_key));
    let passed = world.now();
    for after in [3_600 + 1, 3 * DAY] {
        world.set_time(passed + after);
        assert_eq!(group.complete_move(lost), Err(Error::TooEarly.into()));
    }
    world.set_time(passed + 6 * DAY + 1);
    assert_eq!(group.complete_move(lost), Err(Error::TimeOver.into()));
    world.set_time(passed + 6 * DAY);
    group.complete_move(lost).unwrap();
}

#[test]
fn a_seat_moves_after_vote_and_delay_unless_the_member_objects() {
    let world = World::new();
    let group = running(&world);
    let (lost, new_key) = (&group.members[3], world.person(0));
    carry(&group, Motion::Move, lost, Some(&new_key));
    assert_eq!(group.complete_move(lost), Err(Error::TooEarly.into()));
    world.set_time(world.now() + 3 * DAY);
    assert_eq!(group.complete_move(lost), Err(Error::TooEarly.into()));
    let call = group.make("object", (lost.address.clone(),));
    assert_eq!(group.call(Some(&group.members[0]), &call), Err(Failure::Host));
    group.object(lost).unwrap();
    assert_eq!(names(&group), ["move_objected"]);
    world.set_time(world.now() + 1);
    assert_eq!(group.complete_move(lost), Err(Error::NoProposal.into()));

    carry(&group, Motion::Move, lost, Some(&new_key));
    world.set_time(world.now() + 3 * DAY + 1);
    assert_eq!(group.complete_move(&group.members[2]), Err(Error::NoProposal.into()));
    group.complete_move(lost).unwrap();
    assert_eq!(names(&group), ["seat_moved"]);
    assert_eq!(group.object(lost), Err(Error::NotMember.into()));
    assert_eq!(group.complete_move(&new_key), Err(Error::NoProposal.into()));
    assert_eq!(group.circle().seats()[3].paid.minor_units(), DUE);
    group.assert_covered();
}
