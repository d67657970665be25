//! The draw: nobody gains by withholding, copying or making up a secret.
use kolo_circle::Error;
use kolo_contract_tests::{DAY, Failure, Group, Person, World, event_name};
use kolo_rules::{
    Amount,
    circle::{Order, Phase},
};

const BALANCE: i64 = 1_000_000_000;
const BOND: i64 = 1_000;

fn committing<'w>(world: &'w World, seats: u8) -> Group<'w> {
    let mut group = Group::with_rules(world, seats, |rules| {
        rules.order = Order::Random;
        rules.bond = Amount::new(BOND);
    });
    group.fill(BALANCE);
    assert_eq!(group.circle().phase, Phase::Committing);
    group
}

fn commit_own(group: &Group<'_>, person: &Person, secret: u8) {
    group.commit(person, &group.commitment(person, secret)).unwrap();
    group.assert_covered();
}

#[test]
fn the_last_reveal_draws_and_gives_the_bonds_back() {
    let world = World::new();
    let group = committing(&world, 3);
    for (secret, member) in (1..).zip(&group.members) {
        commit_own(&group, member, secret);
    }
    for (secret, member) in (1..).zip(&group.members[..2]) {
        group.reveal(member, secret).unwrap();
    }
    group.reveal(&group.members[2], 3).unwrap();
    let names: Vec<_> = group.events().iter().map(event_name).collect();
    assert_eq!(names, ["draw_revealed", "order_drawn", "group_started"]);
    let circle = group.circle();
    let mut turns: Vec<u8> = circle.seats().iter().map(|seat| seat.turn).collect();
    turns.sort_unstable();
    assert_eq!(turns, [1, 2, 3]);
    for member in &group.members {
        group.push(member).unwrap();
        assert_eq!(world.balance(&member.address), BALANCE);
    }
    group.assert_covered();
}

#[test]
fn the_last_revealer_who_withholds_loses_bond_and_turn() {
    let world = World::new();
    let group = committing(&world, 3);
    let [first, second, last] = &group.members[..] else { panic!("three members") };
    for (secret, member) in (1..).zip(&group.members) {
        commit_own(&group, member, secret);
    }
    group.reveal(first, 1).unwrap();
    group.reveal(second, 2).unwrap();
    world.set_time(world.now() + DAY);
    assert_eq!(group.proceed(), Err(Error::TooEarly.into()), "there is still a second");
    world.set_time(world.now() + 1);
    assert_eq!(group.reveal(last, 3), Err(Error::TimeOver.into()));
    group.proceed().unwrap();
    group.assert_covered();
    assert_eq!(group.circle().seats()[2].turn, 3, "who withholds comes last");
    // The bond is split among those who revealed.
    group.push(first).unwrap();
    group.push(second).unwrap();
    assert_eq!(group.push(last), Err(Error::NoCredit.into()));
    let balances = group.members.iter().map(|member| world.balance(&member.address));
    assert_eq!(
        balances.collect::<Vec<_>>(),
        [BALANCE + BOND / 2, BALANCE + BOND / 2, BALANCE - BOND]
    );
    group.assert_covered();
}

#[test]
fn another_secret_than_the_one_committed_to_is_refused() {
    let world = World::new();
    let group = committing(&world, 2);
    let [first, second] = &group.members[..] else { panic!("two members") };
    commit_own(&group, first, 1);
    assert_eq!(group.reveal(first, 1), Err(Error::NotRevealing.into()));
    commit_own(&group, second, 2);
    for secret in [0, 2, 3, 255] {
        assert_eq!(group.reveal(first, secret), Err(Error::BadSecret.into()));
    }
    group.reveal(first, 1).unwrap();
    assert_eq!(group.reveal(first, 1), Err(Error::AlreadyDone.into()));
}

#[test]
fn a_commitment_copied_from_another_member_cannot_be_revealed() {
    let world = World::new();
    let group = committing(&world, 2);
    let [first, copycat] = &group.members[..] else { panic!("two members") };
    commit_own(&group, first, 7);
    group.commit(copycat, &group.commitment(first, 7)).unwrap();
    group.reveal(first, 7).unwrap();
    // The secret is public now; the member's address in the commitment is not the copycat's.
    assert_eq!(group.reveal(copycat, 7), Err(Error::BadSecret.into()));
}

#[test]
fn nobody_commits_for_another_twice_late_or_without_the_bond() {
    let world = World::new();
    let group = committing(&world, 2);
    let [first, second] = &group.members[..] else { panic!("two members") };
    let commitment = group.commitment(first, 1);
    let call = group.make("commit", (first.address.clone(), commitment.clone()));
    assert_eq!(group.call(Some(second), &call), Err(Failure::Host));
    assert_eq!(
        group.call(Some(first), &call),
        Err(Error::TokenFailed.into()),
        "no transfer signed"
    );
    group.commit(first, &commitment).unwrap();
    assert_eq!(group.commit(first, &commitment), Err(Error::AlreadyDone.into()));
    let stranger = world.person(BALANCE);
    assert_eq!(group.commit(&stranger, &commitment), Err(Error::NotMember.into()));
    world.set_time(world.now() + DAY + 1);
    assert_eq!(group.commit(second, &commitment), Err(Error::TimeOver.into()));
    group.proceed().unwrap();
    assert_eq!(group.reveal(second, 2), Err(Error::NoCommitment.into()));
    assert_eq!(group.vault(), BOND);
}

#[test]
fn a_circle_whose_deposits_do_not_come_in_gives_all_back() {
    let world = World::new();
    let mut group = Group::with_rules(&world, 2, |rules| {
        rules.security = kolo_rules::circle::Security::Fixed(Amount::new(500));
    });
    group.fill(BALANCE);
    let [first, second] = &group.members[..] else { panic!("two members") };
    assert_eq!(group.secure(first, 499), Err(Error::WrongAmount.into()));
    assert_eq!(group.secure(first, 501), Err(Error::WrongAmount.into()));
    group.secure(first, 500).unwrap();
    assert_eq!(group.secure(first, 500), Err(Error::AlreadyDone.into()));
    group.assert_covered();
    world.set_time(world.now() + DAY + 1);
    assert_eq!(group.secure(second, 500), Err(Error::TimeOver.into()));
    group.proceed().unwrap();
    let names: Vec<_> = group.events().iter().map(event_name).collect();
    assert_eq!(names, ["setup_expired", "group_closed"]);
    group.push(first).unwrap();
    assert_eq!(world.balance(&first.address), BALANCE);
    assert_eq!(group.state(), None);
}
