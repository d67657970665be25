//! Votes, net settlement, claims, and books that follow the vault.
use kolo_circle::Error;
use kolo_contract_tests::{DAY, Failure, Group, Terms, World, event_name};
use kolo_rulebook::events::{
    GroupClosed, ProposalMade, ProposalRejected, RefundClaimed, Synced, VoteCast,
};
use kolo_rules::{
    Amount,
    circle::{Phase, Security},
};
use soroban_sdk::Event as _;

const BALANCE: i64 = 1_000_000_000;

/// Round 1 is paid out to the first; in round 2 the second and third have paid.
///
/// Net claims: first 100 − 300 = −200; second 200; third 200; held 200.
fn mid_rotation(world: &World) -> Group<'_> {
    let group = Group::running(world, Terms::of(3), BALANCE);
    group.contribute_all(1);
    world.set_time(group.payout_date(1));
    group.payout(1).unwrap();
    for member in &group.members[1..] {
        group.contribute(member, 2, group.due()).unwrap();
    }
    group
}

#[test]
fn the_vote_that_decides_dissolves_at_once() {
    let world = World::new();
    let group = mid_rotation(&world);
    let [first, second, third] = &group.members[..] else { panic!("three members") };
    assert_eq!(group.vote(second, 1, true), Err(Error::NoProposal.into()));
    assert_eq!(group.claim(second), Err(Error::NotDissolved.into()));
    assert_eq!(group.propose(&group.organiser), Err(Error::NotMember.into()));
    group.propose(second).unwrap();
    let expires_at = group.circle().open_proposals().next().unwrap().expires_at;
    assert_eq!(group.propose(third), Err(Error::ProposalOpen.into()));
    assert_eq!(group.vote(second, 1, true), Err(Error::AlreadyVoted.into()));
    assert_eq!(group.vote(third, 2, true), Err(Error::NoProposal.into()));
    let forged = group.make("vote", (third.address.clone(), 1_u32, true));
    assert_eq!(group.call(Some(first), &forged), Err(Failure::Host));
    assert_eq!(expires_at, world.now() + 3 * DAY);

    group.vote(third, 1, true).unwrap();
    let vote = VoteCast { member: third.address.clone(), proposal: 1, approve: true };
    assert_eq!(
        group.events(),
        [
            vote.to_xdr(&world.env, &group.address),
            GroupClosed { reason: 2 }.to_xdr(&world.env, &group.address)
        ]
    );
    assert_eq!(group.circle().phase, Phase::Dissolved);
    group.assert_covered();
    let not_active = Err(Error::NotActive.into());
    assert_eq!(group.contribute(first, 2, group.due()), not_active);
    assert_eq!(group.payout(2), not_active);
    assert_eq!(group.propose(first), not_active);
    assert_eq!(group.vote(first, 1, true), not_active);
}

/// Dissolves, has the members claim in this order, the debtor repay, and all claim again.
fn settle(order: [usize; 2]) {
    let world = World::new();
    let group = mid_rotation(&world);
    let [first, second, third] = &group.members[..] else { panic!("three members") };
    group.propose(third).unwrap();
    group.vote(second, 1, true).unwrap();

    assert_eq!(group.claim(first), Err(Error::NothingToClaim.into()));
    for seat in order {
        let member = &group.members[seat];
        group.claim(member).unwrap();
        let claimed = RefundClaimed { member: member.address.clone(), amount: 100_000_000 };
        assert_eq!(group.events(), [claimed.to_xdr(&world.env, &group.address)]);
        assert_eq!(group.claim(member), Err(Error::NothingToClaim.into()));
        group.assert_covered();
    }
    assert_eq!(world.balance(&second.address), BALANCE - 100_000_000);
    assert_eq!(world.balance(&third.address), BALANCE - 100_000_000);

    group.repay(first, 50_000_000).unwrap();
    group.repay(first, 150_000_000).unwrap();
    group.assert_covered();
    assert_eq!(group.repay(first, 1), Err(Error::NoDebt.into()));
    for seat in order {
        group.claim(&group.members[seat]).unwrap();
    }
    for member in &group.members {
        assert_eq!(world.balance(&member.address), BALANCE);
    }
    assert_eq!(group.vault(), 0);
    assert_eq!(group.state(), None);
}

#[test]
fn claims_come_out_the_same_in_any_order() {
    settle([1, 2]);
    settle([2, 1]);
}

#[test]
fn a_claim_waits_for_who_cannot_receive() {
    let world = World::new();
    let group = mid_rotation(&world);
    group.propose(&group.members[1]).unwrap();
    group.vote(&group.members[2], 1, true).unwrap();
    world.authorise(&group.members[1].address, false);
    assert_eq!(group.claim(&group.members[1]), Err(Error::Undeliverable.into()));
    world.authorise(&group.members[1].address, true);
    group.claim(&group.members[1]).unwrap();
}

#[test]
fn a_proposal_is_rejected_as_soon_as_it_cannot_pass_and_expires() {
    let world = World::new();
    let group = Group::running(&world, Terms::of(3), BALANCE);
    let [first, second, third] = &group.members[..] else { panic!("three members") };
    group.propose(first).unwrap();
    let proposed = ProposalMade {
        member: first.address.clone(),
        proposal: 1,
        motion: 0,
        subject: None,
        newcomer: None,
        electorate: 3,
        expires_at: world.now() + 3 * DAY,
    };
    assert_eq!(group.events(), [proposed.to_xdr(&world.env, &group.address)]);
    group.vote(second, 1, false).unwrap();
    group.vote(third, 1, false).unwrap();
    let vote = VoteCast { member: third.address.clone(), proposal: 1, approve: false };
    assert_eq!(
        group.events(),
        [
            vote.to_xdr(&world.env, &group.address),
            ProposalRejected { proposal: 1 }.to_xdr(&world.env, &group.address)
        ]
    );
    assert_eq!(group.vote(third, 1, true), Err(Error::NoProposal.into()));

    group.propose(first).unwrap();
    world.set_time(world.now() + 3 * DAY + 1);
    assert_eq!(group.vote(second, 2, true), Err(Error::VoteClosed.into()));
    group.propose(second).unwrap();
    assert_eq!(group.vote(first, 2, true), Err(Error::NoProposal.into()));
    group.vote(first, 3, true).unwrap();
    assert_eq!(group.vault(), 0);
    assert_eq!(group.state(), None, "nobody had paid: nothing is left to do");
}

#[test]
fn tokens_sent_unasked_join_the_reserve_and_come_back_at_the_end() {
    let world = World::new();
    let group = Group::running(&world, Terms::of(2), BALANCE);
    let giver = world.person(101);
    group.sync().unwrap();
    assert_eq!(group.events(), [], "nothing to say");
    world.call(Some(&giver), &world.transfer(&giver.address, &group.address, 101)).unwrap();
    group.sync().unwrap();
    let synced = Synced { surplus: 101, shortfall: 0 };
    assert_eq!(group.events(), [synced.to_xdr(&world.env, &group.address)]);
    group.assert_covered();
    assert_eq!(group.circle().reserve.minor_units(), 101);

    for round in 1..=2 {
        group.contribute_all(round);
        world.set_time(group.payout_date(round));
        group.payout(round).unwrap();
        group.assert_covered();
    }
    // 101 split equally: 51 for the earlier seat, 50 for the later.
    assert_eq!(group.vault(), 101);
    for member in &group.members {
        group.push(member).unwrap();
    }
    assert_eq!(world.balance(&group.members[0].address), BALANCE + 51);
    assert_eq!(world.balance(&group.members[1].address), BALANCE + 50);
    assert_eq!(group.state(), None);
    assert_eq!(group.vault(), 0);
}

#[test]
fn a_clawback_is_recorded_for_who_lost() {
    let world = World::new();
    let group = Group::running(&world, Terms::of(2), BALANCE);
    group.contribute_all(1);
    world.claw_back(&group.address, 20_000_000);
    group.sync().unwrap();
    let synced = Synced { surplus: 0, shortfall: 20_000_000 };
    assert_eq!(group.events(), [synced.to_xdr(&world.env, &group.address)]);
    group.assert_covered();
    for seat in group.circle().seats() {
        assert_eq!(seat.lost.minor_units(), 10_000_000);
    }
    world.set_time(group.payout_date(1));
    group.payout(1).unwrap();
    assert_eq!(world.balance(&group.members[0].address), BALANCE - 100_000_000 + 180_000_000);
    group.assert_covered();
}

/// Whoever claims first: all bear the same of what the issuer took, and it is said once.
fn claim_after_clawback(order: [usize; 2]) {
    let world = World::new();
    let group = mid_rotation(&world);
    group.propose(&group.members[1]).unwrap();
    group.vote(&group.members[2], 1, true).unwrap();
    // Both claim 100 units of the 200 held, of which 60 are gone.
    world.claw_back(&group.address, 60_000_000);
    let [first, last] = order.map(|seat| &group.members[seat]);
    group.claim(first).unwrap();
    let refunded = RefundClaimed { member: first.address.clone(), amount: 70_000_000 };
    let synced = Synced { surplus: 0, shortfall: 60_000_000 };
    let said =
        [synced.to_xdr(&world.env, &group.address), refunded.to_xdr(&world.env, &group.address)];
    assert_eq!(group.events(), said);
    group.assert_covered();
    group.claim(last).unwrap();
    assert_eq!(group.events().len(), 1, "the rest is what the books say");
    assert_eq!(world.balance(&first.address), world.balance(&last.address));
    assert_eq!(group.vault(), 0);
}

#[test]
fn after_a_clawback_who_claims_first_gets_no_more_than_who_claims_last() {
    claim_after_clawback([1, 2]);
    claim_after_clawback([2, 1]);
}

#[test]
fn after_a_clawback_a_credit_bears_its_part_before_it_is_pushed() {
    let world = World::new();
    let group = Group::running(&world, Terms::of(3), BALANCE);
    let [first, second, third] = &group.members[..] else { panic!("three members") };
    group.contribute_all(1);
    world.set_time(group.payout_date(1));
    world.authorise(&first.address, false);
    group.payout(1).unwrap();
    world.authorise(&first.address, true);
    for member in [second, third] {
        group.contribute(member, 2, group.due()).unwrap();
    }
    // Of a credit of 300 and two instalments of 100 each a fifth is gone.
    world.claw_back(&group.address, 100_000_000);
    group.push(first).unwrap();
    assert_eq!(world.balance(&first.address), BALANCE - 100_000_000 + 240_000_000);
    group.assert_covered();
    let lost =
        group.circle().seats().iter().map(|seat| seat.lost.minor_units()).collect::<Vec<_>>();
    assert_eq!(lost, [60_000_000, 20_000_000, 20_000_000]);
}

#[test]
fn after_a_clawback_a_pot_is_not_paid_out_of_others_deposits() {
    let world = World::new();
    let mut group = Group::with_rules(&world, 3, |rules| {
        rules.security = Security::Fixed(Amount::new(100_000_000));
    });
    group.fill(BALANCE);
    for member in &group.members {
        group.secure(member, 100_000_000).unwrap();
    }
    group.contribute_all(1);
    // 300 of instalments and 300 of deposits: a tenth of either is gone.
    world.claw_back(&group.address, 60_000_000);
    world.set_time(group.payout_date(1));
    group.payout(1).unwrap();
    let names: Vec<_> = group.events().iter().map(event_name).collect();
    assert_eq!(names, ["synced", "payout_made"]);
    assert_eq!(world.balance(&group.members[0].address), BALANCE - 200_000_000 + 270_000_000);
    assert_eq!(group.vault(), 270_000_000);
    group.assert_covered();
}

#[test]
fn what_nobody_had_seen_in_the_vault_is_shared_before_the_circle_ends() {
    let world = World::new();
    let group = Group::running(&world, Terms::of(2), BALANCE);
    let giver = world.person(11);
    for round in 1..=2 {
        group.contribute_all(round);
        world.set_time(group.payout_date(round));
        if round == 2 {
            world.call(Some(&giver), &world.transfer(&giver.address, &group.address, 7)).unwrap();
        }
        group.payout(round).unwrap();
    }
    let names: Vec<_> = group.events().iter().map(event_name).collect();
    assert_eq!(names, ["payout_made", "group_closed", "synced"]);
    group.assert_covered();
    group.push(&group.members[0]).unwrap();
    // And what comes before the very last step.
    world.call(Some(&giver), &world.transfer(&giver.address, &group.address, 4)).unwrap();
    group.push(&group.members[1]).unwrap();
    assert!(group.state().is_some());
    for member in &group.members {
        group.push(member).unwrap();
    }
    assert_eq!(world.balance(&group.members[0].address), BALANCE + 4 + 2);
    assert_eq!(world.balance(&group.members[1].address), BALANCE + 3 + 2);
    assert_eq!((group.state(), group.vault()), (None, 0));
}

#[test]
fn what_was_sent_to_a_circle_without_members_does_not_keep_it_alive() {
    let world = World::new();
    let group = Group::found(&world, Terms::of(3));
    let giver = world.person(11);
    world.call(Some(&giver), &world.transfer(&giver.address, &group.address, 7)).unwrap();
    group.call(Some(&group.organiser), &group.make("cancel", ())).unwrap();
    assert_eq!((group.state(), group.vault()), (None, 7));
}

#[test]
fn tokens_sent_before_a_cancel_go_to_the_members() {
    let world = World::new();
    let mut group = Group::found(&world, Terms::of(3));
    let member = world.person(40);
    group.seat(&member, None);
    world.call(Some(&member), &world.transfer(&member.address, &group.address, 40)).unwrap();
    group.sync().unwrap();
    group.call(Some(&group.organiser), &group.make("cancel", ())).unwrap();
    group.push(&member).unwrap();
    assert_eq!(world.balance(&member.address), 40);
    assert_eq!(group.state(), None);
}
