//! The insurance pays for one default once, at most the loss, after grace, when a member asks.
use kolo_circle::Error;
use kolo_contract_tests::{DAY, Failure, Group, Person, World};
use kolo_rules::{Amount, circle::Premium};

const BALANCE: i64 = 1_000_000_000;
const DUE: i64 = 100_000_000;

/// Everybody has paid 60 units once into the fund; all but the last have paid the first round.
fn group(world: &World) -> Group<'_> {
    let mut group = Group::with_rules(world, 3, |rules| {
        rules.premium = Premium::Once(Amount::new(600_000_000));
    });
    group.fill(BALANCE);
    for member in &group.members {
        group.secure(member, 600_000_000).unwrap();
    }
    for member in &group.members[..2] {
        group.contribute(member, 1, DUE).unwrap();
    }
    group
}

#[test]
fn insurance_is_refused_to_outsiders_and_for_outsiders() {
    let world = World::new();
    let group = group(&world);
    let stranger = world.person(0);
    let [_, second, third] = &group.members[..] else { panic!("three members") };
    world.set_time(group.payout_date(1) + DAY + 1);
    for outsider in [&stranger, &group.organiser] {
        assert_eq!(group.insure(outsider, 1, third, DUE), Err(Error::NotMember.into()));
        assert_eq!(group.insure(second, 1, outsider, DUE), Err(Error::NotMember.into()));
    }
    let args = (second.address.clone(), 1_u32, third.address.clone(), i128::from(DUE));
    let call = group.make("claim_insurance", args);
    assert_eq!(group.call(Some(&stranger), &call), Err(Failure::Host), "in a member's name");
    assert_eq!(group.call(None, &call), Err(Failure::Host));
}

#[test]
fn insurance_pays_after_grace_once_and_at_most_the_loss() {
    let world = World::new();
    let group = group(&world);
    let [first, second, third] = &group.members[..] else { panic!("three members") };
    let refused =
        |outcome: Result<(), Failure>, error: Error| assert_eq!(outcome, Err(error.into()));
    world.set_time(group.payout_date(1) + DAY);
    refused(group.insure(second, 1, third, DUE), Error::TooEarly);
    world.set_time(group.payout_date(1) + DAY + 1);
    refused(group.insure(second, 2, third, DUE), Error::WrongRound);
    refused(group.insure(second, 1, third, DUE + 1), Error::TooMuch);
    refused(group.insure(second, 1, third, 0), Error::WrongAmount);
    refused(group.insure(second, 1, third, -1), Error::WrongAmount);
    refused(group.insure(second, 1, first, DUE), Error::NoLoss);
    refused(group.insure(third, 1, second, DUE), Error::NoLoss);
    group.insure(second, 1, third, DUE / 2).unwrap();
    group.assert_covered();
    refused(group.insure(second, 1, third, DUE / 2), Error::AlreadyInsured);
    refused(group.insure(first, 1, third, 1), Error::AlreadyInsured);
    let fund = group.circle().fund.minor_units();
    assert_eq!(fund, 3 * 600_000_000 - DUE / 2);

    // The rest comes out of the fund with the payout; all of it is the defaulter's debt.
    group.payout(1).unwrap();
    group.assert_covered();
    assert_eq!(world.balance(&first.address), BALANCE - 600_000_000 - DUE + 3 * DUE);
    assert_eq!(group.circle().debt(2).unwrap().minor_units(), DUE);
    refused(group.insure(second, 1, third, DUE), Error::WrongRound);
}

#[test]
fn insurance_never_pays_more_than_its_fund() {
    let world = World::new();
    let mut group = Group::with_rules(&world, 2, |rules| {
        rules.premium = Premium::Once(Amount::new(10));
    });
    group.fill(BALANCE);
    for member in &group.members {
        group.secure(member, 10).unwrap();
    }
    let [_, second]: [Person; 2] = group.members.clone().try_into().ok().expect("two members");
    group.contribute(&group.members[0], 1, DUE).unwrap();
    world.set_time(group.payout_date(1) + DAY + 1);
    let claim = |amount| group.insure(&group.members[0], 1, &second, amount);
    assert_eq!(claim(21), Err(Error::FundShort.into()));
    claim(20).unwrap();
    group.assert_covered();
    assert_eq!(group.circle().fund, Amount::ZERO);
}

/// The fund bears what an issuer took before what is held does: nobody draws it out first.
#[test]
fn what_an_issuer_took_of_the_fund_is_not_paid_out_of_the_pot() {
    const FUND: i64 = 3 * 600_000_000;
    const LEFT: i64 = DUE / 2;
    let world = World::new();
    let group = group(&world);
    let [first, second, third] = &group.members[..] else { panic!("three members") };
    world.claw_back(&group.address, FUND - LEFT);
    world.set_time(group.payout_date(1) + DAY + 1);
    assert_eq!(group.insure(second, 1, third, DUE), Err(Error::FundShort.into()));
    group.insure(second, 1, third, LEFT).unwrap();
    group.assert_covered();
    assert_eq!(group.circle().fund, Amount::ZERO);
    group.payout(1).unwrap();
    assert_eq!(world.balance(&first.address), BALANCE - FUND / 3 - DUE + 2 * DUE + LEFT);
}
