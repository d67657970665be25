//! What an issuer took is borne before anything is shared: whoever calls first, and with or without `sync`.
use kolo_circle::Error;
use kolo_contract_tests::{DAY, Group, Person, Terms, World, event_name};
use kolo_rules::{
    Amount,
    circle::{Fee, Motion, Phase, Rules, Security, Shortfall},
};

const BALANCE: i64 = 1_000;
const DUE: i64 = 100;
const FEE: i64 = 60;

fn names(group: &Group<'_>) -> Vec<String> {
    group.events().iter().map(event_name).collect()
}

fn circle<'w>(world: &'w World, seats: u8, change: impl FnOnce(&mut Rules)) -> Group<'w> {
    let mut group = Group::with_rules(world, seats, |rules| {
        rules.contribution = Amount::new(DUE);
        rules.shortfall = Shortfall::Wait;
        change(rules);
    });
    group.fill(BALANCE);
    group
}

/// The first has paid in time, the second late with a fee, nobody else; then the issuer took as much as
/// is in the reserve.
fn clawed(world: &World, seats: u8) -> Group<'_> {
    let group = circle(world, seats, |rules| rules.fee = Fee::Fixed(Amount::new(FEE)));
    group.contribute(&group.members[0], 1, DUE).unwrap();
    world.set_time(group.payout_date(1) + DAY + 1);
    group.contribute(&group.members[1], 1, DUE + FEE).unwrap();
    assert_eq!((group.vault(), group.circle().reserve.minor_units()), (2 * DUE + FEE, FEE));
    world.claw_back(&group.address, FEE);
    group
}

/// Two have paid the same for nothing yet: both get it back, and the reserve has borne what was taken.
fn both_get_back(group: &Group<'_>) {
    assert_eq!(group.circle().phase, Phase::Dissolved);
    group.assert_covered();
    for (member, paid) in group.members.iter().zip([DUE, DUE + FEE]) {
        group.claim(member).unwrap();
        assert_eq!(group.world.balance(&member.address), BALANCE - paid + DUE);
    }
    assert_eq!(group.vault(), 0);
}

#[test]
fn a_vote_that_dissolves_shares_out_what_is_there() {
    for synced in [true, false] {
        let world = World::new();
        let group = clawed(&world, 3);
        group.propose(&group.members[0]).unwrap();
        assert_eq!(names(&group), ["proposal_made"], "a vote alone shares nothing out");
        if synced {
            group.sync().unwrap();
        }
        group.vote(&group.members[1], 1, true).unwrap();
        let said: &[_] = if synced {
            &["vote_cast", "group_closed"]
        } else {
            &["synced", "vote_cast", "group_closed"]
        };
        assert_eq!(names(&group), said);
        both_get_back(&group);
    }
}

#[test]
fn an_exit_that_dissolves_shares_out_what_is_there() {
    for synced in [true, false] {
        let world = World::new();
        let group = clawed(&world, 4);
        group.propose(&group.members[0]).unwrap();
        group.vote(&group.members[1], 1, true).unwrap();
        if synced {
            group.sync().unwrap();
        }
        // Two of four were not enough; of three they are.
        group.exit(&group.members[3]).unwrap();
        let said: &[_] = if synced {
            &["exit_announced", "group_closed"]
        } else {
            &["synced", "exit_announced", "group_closed"]
        };
        assert_eq!(names(&group), said);
        both_get_back(&group);
    }
}

fn with_deposits(rules: &mut Rules) {
    rules.security = Security::Fixed(Amount::new(DUE));
}

#[test]
fn a_circle_that_does_not_come_about_gives_back_what_is_there() {
    for synced in [true, false] {
        let world = World::new();
        let group = circle(&world, 3, with_deposits);
        let [first, second, third] = &group.members[..] else { panic!("three members") };
        for member in [first, second] {
            group.secure(member, DUE).unwrap();
        }
        world.mint(&group.address, FEE);
        group.sync().unwrap();
        world.claw_back(&group.address, FEE);
        if synced {
            group.sync().unwrap();
        }
        world.set_time(world.now() + 2 * DAY);
        group.proceed().unwrap();
        assert_eq!(names(&group).iter().any(|name| name == "synced"), !synced);
        assert_eq!(group.circle().phase, Phase::Cancelled);
        group.assert_covered();
        assert_eq!(group.push(third), Err(Error::NoCredit.into()));
        for member in [first, second] {
            group.push(member).unwrap();
            assert_eq!(world.balance(&member.address), BALANCE);
        }
        assert_eq!(group.vault(), 0);
    }
}

#[test]
fn a_deposit_that_was_taken_is_not_paid_for_in_a_swap() {
    let world = World::new();
    let group = circle(&world, 3, |rules| rules.security = Security::Exposure);
    let [first, second, third] = &group.members[..] else { panic!("three members") };
    group.secure(first, 2 * DUE).unwrap();
    group.secure(second, DUE).unwrap();
    world.claw_back(&group.address, 150);
    assert_eq!(group.swap(first, third, third, 2 * DUE), Err(Error::InArrears.into()));
    // Of the second's deposit half is left as well.
    assert_eq!(group.swap(second, third, third, DUE), Err(Error::InArrears.into()));
    // What passes between these two is there.
    group.swap(first, second, second, DUE).unwrap();
    assert_eq!(names(&group), ["synced", "turns_swapped"]);
    assert_eq!(deposits(&group), [0, 150, 0]);
    group.assert_covered();
}

#[test]
fn a_deposit_that_was_taken_is_not_paid_for_with_a_seat() {
    let world = World::new();
    let group = circle(&world, 3, with_deposits);
    for member in &group.members {
        group.secure(member, DUE).unwrap();
    }
    let (leaver, newcomer) = (&group.members[2], world.person(BALANCE));
    carry(&group, leaver, &newcomer);
    world.claw_back(&group.address, 30);
    assert_eq!(group.replace(leaver, &newcomer, DUE), Err(Error::WrongAmount.into()));
    group.replace(leaver, &newcomer, DUE - 10).unwrap();
    assert_eq!(names(&group), ["synced", "seat_sold"]);
    assert_eq!(deposits(&group), [90, 90, 90]);
    group.assert_covered();
}

fn deposits(group: &Group<'_>) -> Vec<i64> {
    group.circle().seats().iter().map(|seat| seat.deposit.minor_units()).collect()
}

fn carry(group: &Group<'_>, leaver: &Person, newcomer: &Person) {
    group.propose_about(&group.members[0], Motion::Replace, leaver, Some(newcomer)).unwrap();
    group.vote(&group.members[1], 1, true).unwrap();
}

#[test]
fn a_payout_waits_again_for_what_a_deposit_no_longer_covers() {
    let world = World::new();
    let group = circle(&world, 3, with_deposits);
    for member in &group.members {
        group.secure(member, DUE).unwrap();
    }
    for member in &group.members[..2] {
        group.contribute(member, 1, DUE).unwrap();
    }
    // The third's deposit would cover what they have not paid; of 500 the issuer takes 50.
    world.set_time(group.payout_date(1) + DAY + 1);
    world.claw_back(&group.address, 50);
    assert_eq!(group.payout(1), Err(Error::Incomplete.into()));
    world.set_time(group.payout_date(2) + DAY + 1);
    group.payout(1).unwrap();
    assert_eq!(names(&group), ["synced", "payout_made"]);
    let got = 180 + 90;
    assert_eq!(world.balance(&group.members[0].address), BALANCE - 2 * DUE + got);
    group.assert_covered();
}

#[test]
fn a_plain_circle_goes_on_after_a_clawback_without_a_sync() {
    let world = World::new();
    let group = Group::running(&world, Terms { contribution: DUE, ..Terms::of(3) }, BALANCE);
    for (round, taken) in [(1, 30), (2, 300), (3, 1)] {
        group.contribute_all(round);
        world.set_time(group.payout_date(round));
        world.claw_back(&group.address, taken);
        group.payout(round).unwrap();
        assert_eq!(names(&group)[..2], ["synced", "payout_made"]);
        assert_eq!(group.vault(), 0);
    }
    let ends = [BALANCE - 30, BALANCE - 300, BALANCE - 1];
    for (member, end) in group.members.iter().zip(ends) {
        assert_eq!(world.balance(&member.address), end);
    }
    assert_eq!(group.state(), None);
}
