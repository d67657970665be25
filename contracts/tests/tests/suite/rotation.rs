//! Whole rotations, and the payments and payouts that are refused on the way.
use kolo_circle::Error;
use kolo_contract_tests::{DAY, Failure, Group, Terms, World};
use kolo_rulebook::events::{ContributionMade, GroupClosed, PayoutMade};
use kolo_rules::circle::{Order, Phase, Shortfall};
use soroban_sdk::{Event as _, Vec};

/// Everybody pays each round and is paid once; at the end everybody has what they had.
fn rotate(group: &Group<'_>, balance: i64) {
    let world = group.world;
    let rounds = u32::try_from(group.members.len()).unwrap();
    let (due, pot) = (group.due(), group.due() * i64::from(rounds));
    for round in 1..=rounds {
        for (seat, member) in group.members.iter().enumerate() {
            group.contribute(member, round, due).unwrap();
            let paid_out = if u32::try_from(seat).unwrap() < round - 1 { pot } else { 0 };
            let left = balance - i64::from(round) * due + paid_out;
            assert_eq!(world.balance(&member.address), left, "seat {seat} in round {round}");
            group.assert_covered();
        }
        assert_eq!(group.vault(), pot);
        let date = group.payout_date(round);
        world.set_time(date);
        group.payout(round).unwrap();
        group.assert_covered();
        assert_eq!(group.vault(), 0);
    }
    for member in &group.members {
        assert_eq!(world.balance(&member.address), balance);
    }
    assert_eq!(group.state(), None, "a finished circle keeps nothing");
}

fn rotation_of(seats: u8, instalments: u8) {
    let world = World::new();
    let terms = Terms { instalments, advance: false, ..Terms::of(seats) };
    let balance = i64::from(seats) * terms.contribution;
    let group = Group::running(&world, terms, balance);
    rotate(&group, balance);
}

#[test]
fn two_rotate() {
    rotation_of(2, 1);
}

#[test]
fn three_rotate() {
    rotation_of(3, 1);
}

#[test]
fn twelve_rotate() {
    rotation_of(12, 1);
}

#[test]
fn sixty_four_rotate() {
    rotation_of(64, 1);
}

#[test]
fn a_fixed_order_pays_by_turn_and_not_by_seat() {
    let world = World::new();
    let terms = Terms { order: Order::Fixed, ..Terms::of(3) };
    let mut group = Group::found(&world, terms);
    for turn in [2, 3, 1] {
        let person = world.person(1_000_000_000);
        group.seat(&person, Some(turn));
    }
    group.contribute_all(1);
    world.set_time(group.payout_date(1));
    group.payout(1).unwrap();
    let third = &group.members[2].address;
    assert_eq!(world.balance(third), 1_000_000_000 - 100_000_000 + 300_000_000);
}

#[test]
fn a_round_of_several_instalments_is_paid_as_they_open() {
    let world = World::new();
    let terms = Terms { instalments: 2, ..Terms::of(2) };
    let group = Group::running(&world, terms, 1_000_000_000);
    let [first, second] = &group.members[..] else { panic!("two members") };
    assert_eq!(group.contribute(first, 1, 200_000_000), Err(Error::WrongAmount.into()));
    group.contribute(first, 1, 100_000_000).unwrap();
    world.set_time(world.now() + 7 * DAY);
    group.contribute(first, 1, 100_000_000).unwrap();
    group.contribute(second, 1, 200_000_000).unwrap();
    world.set_time(group.payout_date(1));
    group.payout(1).unwrap();
    assert_eq!(world.balance(&first.address), 1_000_000_000 - 200_000_000 + 400_000_000);
}

#[test]
fn contributions_are_for_the_exact_round_and_amount() {
    let world = World::new();
    let group = Group::running(&world, Terms::of(3), 1_000_000_000);
    let [first, second, _] = &group.members[..] else { panic!("three members") };
    let due = group.due();
    for amount in [0, 1, -1, due - 1, due + 1, 2 * due, i64::MAX] {
        assert_eq!(group.contribute(first, 1, amount), Err(Error::WrongAmount.into()));
    }
    for round in [0, 4, 255, 256, u32::MAX] {
        assert_eq!(group.contribute(first, round, due), Err(Error::WrongRound.into()));
    }
    let too_big = group.make("contribute", (first.address.clone(), 1_u32, i128::MAX));
    assert_eq!(group.call(Some(first), &too_big), Err(Error::BadAmount.into()));
    assert_eq!(group.contribute(first, 2, due), Err(Error::WrongRound.into()));

    group.contribute(first, 1, due).unwrap();
    let paid = ContributionMade {
        member: first.address.clone(),
        round: 1,
        amount: i128::from(due),
        late: false,
    };
    assert_eq!(group.events(), [paid.to_xdr(&world.env, &group.address)]);
    assert_eq!(group.contribute(first, 1, due), Err(Error::NothingDue.into()));
    assert_eq!(group.contribute(first, 2, due), Err(Error::NotYetOpen.into()));
    let stranger = world.person(due);
    assert_eq!(group.contribute(&stranger, 1, due), Err(Error::NotMember.into()));

    // Signed by another, or not at all, or without the transfer inside.
    let call = group
        .make("contribute", (second.address.clone(), 1_u32, i128::from(due)))
        .with(world.transfer(&second.address, &group.address, due));
    assert_eq!(group.call(Some(first), &call), Err(Failure::Host));
    assert_eq!(group.call(None, &call), Err(Failure::Host));
    let bare = group.make("contribute", (second.address.clone(), 1_u32, i128::from(due)));
    assert_eq!(group.call(Some(second), &bare), Err(Error::TokenFailed.into()));
    assert_eq!(group.vault(), due);
}

#[test]
fn who_has_too_little_is_told_so() {
    let world = World::new();
    let group = Group::running(&world, Terms::of(2), 99_999_999);
    let [first, second] = &group.members[..] else { panic!("two members") };
    assert_eq!(group.contribute(first, 1, group.due()), Err(Error::NotEnoughMoney.into()));
    world.set_trustline(second, 1_000_000_000, i64::MAX);
    world.authorise(&second.address, false);
    assert_eq!(group.contribute(second, 1, group.due()), Err(Error::PaymentRefused.into()));
}

#[test]
fn payouts_come_in_their_round_on_their_date_once() {
    let world = World::new();
    let group = Group::running(&world, Terms::of(2), 1_000_000_000);
    let [first, second] = &group.members[..] else { panic!("two members") };
    let date = group.payout_date(1);
    group.contribute_all(1);
    world.set_time(date - 1);
    assert_eq!(group.payout(1), Err(Error::TooEarly.into()));
    world.set_time(date);
    for round in [0, 2, 3, 256] {
        assert_eq!(group.payout(round), Err(Error::WrongRound.into()));
    }
    group.payout(1).unwrap();
    let paid = PayoutMade {
        recipient: first.address.clone(),
        round: 1,
        amount: 200_000_000,
        credited: false,
    };
    assert_eq!(group.events(), [paid.to_xdr(&world.env, &group.address)]);
    assert_eq!(group.payout(1), Err(Error::RoundPaidOut.into()));
    assert_eq!(group.payout(2), Err(Error::TooEarly.into()));
    assert_eq!(group.contribute(first, 1, 100_000_000), Err(Error::RoundPaidOut.into()));

    group.contribute_all(2);
    world.set_time(group.payout_date(2));
    group.payout(2).unwrap();
    let paid = PayoutMade {
        recipient: second.address.clone(),
        round: 2,
        amount: 200_000_000,
        credited: false,
    };
    let closed = GroupClosed { reason: 1 };
    assert_eq!(
        group.events(),
        [paid.to_xdr(&world.env, &group.address), closed.to_xdr(&world.env, &group.address)]
    );
    assert_eq!(group.payout(2), Err(Error::Finished.into()));
}

#[test]
fn nothing_answers_once_the_circle_is_finished() {
    let world = World::new();
    let group = Group::running(&world, Terms::of(2), 1_000_000_000);
    rotate(&group, 1_000_000_000);
    let finished = Err(Error::Finished.into());
    let member = &group.members[0];
    assert_eq!(group.contribute(member, 1, group.due()), finished);
    assert_eq!(group.payout(1), finished);
    assert_eq!(group.push(member), finished);
    assert_eq!(group.repay(member, 1), finished);
    assert_eq!(group.propose(member), finished);
    assert_eq!(group.vote(member, 1, true), finished);
    assert_eq!(group.claim(member), finished);
    assert_eq!(group.sync(), finished);
    assert_eq!(group.join(member), finished);
    for (signer, function) in [
        (Some(&group.organiser), "start"),
        (Some(&group.organiser), "cancel"),
        (None, "extend_ttl"),
    ] {
        assert_eq!(group.call(signer, &group.make(function, ())), finished, "{function}");
    }
    // Nor is it founded a second time, by whom it does not know.
    assert_eq!(group.call(None, &group.make("found", (Some(1_u32),))), finished);
}

#[test]
fn a_short_pot_is_paid_after_grace_and_the_debt_repaid() {
    let world = World::new();
    let group = Group::running(&world, Terms::of(3), 1_000_000_000);
    let [first, second, third] = &group.members[..] else { panic!("three members") };
    let due = group.due();
    group.contribute(first, 1, due).unwrap();
    group.contribute(second, 1, due).unwrap();
    world.set_time(group.payout_date(1));
    assert_eq!(group.payout(1), Err(Error::Incomplete.into()));
    world.set_time(group.payout_date(1) + DAY);
    assert_eq!(group.payout(1), Err(Error::Incomplete.into()));
    world.set_time(group.payout_date(1) + DAY + 1);
    group.payout(1).unwrap();
    group.assert_covered();
    assert_eq!(world.balance(&first.address), 1_000_000_000 - due + 2 * due);
    assert_eq!(group.circle().debt(2).unwrap().minor_units(), due);

    assert_eq!(group.repay(first, 1), Err(Error::NoDebt.into()));
    assert_eq!(group.repay(third, due + 1), Err(Error::TooMuch.into()));
    assert_eq!(group.repay(third, 0), Err(Error::WrongAmount.into()));
    group.repay(third, due / 4).unwrap();
    group.repay(third, due - due / 4).unwrap();
    group.assert_covered();
    assert_eq!(world.balance(&first.address), 1_000_000_000 - due + 3 * due);
    assert_eq!(world.balance(&third.address), 1_000_000_000 - due);
    assert_eq!(group.circle().debt(2).unwrap().minor_units(), 0);
}

#[test]
fn waiting_gives_one_interval_more() {
    let world = World::new();
    let terms = Terms { shortfall: Shortfall::Wait, ..Terms::of(2) };
    let group = Group::running(&world, terms, 1_000_000_000);
    let [first, second] = &group.members[..] else { panic!("two members") };
    group.contribute(first, 1, group.due()).unwrap();
    world.set_time(group.payout_date(1) + 7 * DAY + DAY);
    assert_eq!(group.payout(1), Err(Error::Incomplete.into()));
    group.contribute(second, 1, group.due()).unwrap();
    let late = ContributionMade {
        member: second.address.clone(),
        round: 1,
        amount: i128::from(group.due()),
        late: true,
    };
    assert_eq!(group.events(), [late.to_xdr(&world.env, &group.address)]);
    group.payout(1).unwrap();
    assert_eq!(world.balance(&first.address), 1_000_000_000 + group.due());
    assert_eq!(group.circle().phase, Phase::Active);
}

#[test]
fn a_pot_nobody_paid_into_is_paid_out_as_nothing() {
    let world = World::new();
    let group = Group::running(&world, Terms::of(2), 1_000_000_000);
    world.set_time(group.payout_date(1) + DAY + 1);
    group.payout(1).unwrap();
    let paid = PayoutMade {
        recipient: group.members[0].address.clone(),
        round: 1,
        amount: 0,
        credited: false,
    };
    assert_eq!(group.events(), [paid.to_xdr(&world.env, &group.address)]);
    group.assert_covered();
}

/// What the rulebook cannot read it does not answer; and a circle is founded once.
#[test]
fn steps_that_are_none_change_nothing() {
    let world = World::new();
    let group = Group::running(&world, Terms::of(3), 1_000_000_000);
    let member = &group.members[0];
    let of = member.address.clone();
    for step in [
        group.make("nonsense", ()),
        group.make("vote", (of.clone(), 1_u32)),
        group.make("vote", (of.clone(), 1_u32, true, true)),
        group.make("push", (5_u32,)),
        group.make("act", (7_u32,)),
        group.make("act", (Vec::<u32>::new(&world.env),)),
    ] {
        assert_eq!(group.call(None, &step), Err(Error::RulebookFailed.into()));
    }
    let again = group.make("found", (Some(1_u32),));
    assert_eq!(group.call(None, &again), Err(Error::AlreadyStarted.into()));
}
