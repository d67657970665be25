//! Another code: only when everybody with a claim signs, and after seven days.
use kolo_circle::Error;
use kolo_contract_tests::{DAY, FACTORY_WASM, Failure, Group, Terms, World};
use kolo_rules::circle::Motion;
use soroban_sdk::BytesN;

const BALANCE: i64 = 1_000_000_000;

/// A built circle of three, of whom the first two have paid; and a code to change to.
fn group(world: &World) -> (Group<'_>, BytesN<32>) {
    let mut group = Group::found(world, Terms::of(3));
    group.address = world.circle_of_wasm(&group.organiser.address, &group.rules, None);
    group.fill(BALANCE);
    for member in &group.members[..2] {
        group.contribute(member, 1, group.due()).unwrap();
    }
    // Any other code that is on the ledger.
    (group, world.env.deployer().upload_contract_wasm(FACTORY_WASM))
}

#[test]
fn an_upgrade_needs_every_claimant_and_seven_days() {
    let world = World::new();
    let (group, wasm) = group(&world);
    let [first, second, third] = &group.members[..] else { panic!("three members") };
    let not_ready = Err(Error::UpgradeNotReady.into());
    let before = group.address.executable();
    assert_eq!(group.upgrade(&wasm), not_ready, "nobody has signed");
    group.sign_upgrade(first, &wasm).unwrap();
    assert_eq!(group.sign_upgrade(first, &wasm), Err(Error::AlreadyDone.into()));
    // Who has nothing in it need not sign, and cannot sign for others.
    group.sign_upgrade(third, &wasm).unwrap();
    world.set_time(world.now() + 7 * DAY);
    assert_eq!(group.upgrade(&wasm), not_ready, "the second has not signed");

    let signed_at = world.now();
    group.sign_upgrade(second, &wasm).unwrap();
    assert_eq!(group.upgrade(&wasm), not_ready, "no delay");
    world.set_time(signed_at + 7 * DAY - 1);
    assert_eq!(group.upgrade(&wasm), not_ready, "a second too early");
    let other = BytesN::from_array(&world.env, &[5; 32]);
    world.set_time(signed_at + 7 * DAY);
    assert_eq!(group.upgrade(&other), not_ready, "another code than signed for");
    assert_eq!(group.address.executable(), before);
    let vault = group.vault();
    let upgrade = group.make("upgrade", (wasm.clone(),));
    world.call(None, &upgrade).unwrap();
    assert_ne!(group.address.executable(), before);
    assert_eq!(group.vault(), vault, "an upgrade moves no money");
}

#[test]
fn a_changed_signature_starts_the_delay_again() {
    let world = World::new();
    let (group, wasm) = group(&world);
    let [first, second, _] = &group.members[..] else { panic!("three members") };
    let other = BytesN::from_array(&world.env, &[5; 32]);
    group.sign_upgrade(first, &wasm).unwrap();
    group.sign_upgrade(second, &wasm).unwrap();
    world.set_time(world.now() + 6 * DAY);
    group.sign_upgrade(second, &other).unwrap();
    group.sign_upgrade(second, &wasm).unwrap();
    world.set_time(world.now() + DAY);
    assert_eq!(group.upgrade(&wasm), Err(Error::UpgradeNotReady.into()));
}

#[test]
fn no_organiser_and_no_stranger_signs_for_a_code() {
    let world = World::new();
    let (group, wasm) = group(&world);
    let organiser = group.organiser.clone();
    assert_eq!(group.sign_upgrade(&organiser, &wasm), Err(Error::NotMember.into()));
    let member = &group.members[0];
    let call = group.make("sign_upgrade", (member.address.clone(), wasm.clone()));
    assert_eq!(group.call(Some(&organiser), &call), Err(Failure::Host));
    assert_eq!(group.call(None, &call), Err(Failure::Host));
}

#[test]
fn a_seat_that_changes_hands_has_signed_nothing() {
    let world = World::new();
    let group = Group::running(&world, Terms::of(3), BALANCE);
    group.contribute_all(1);
    let wasm = world.env.deployer().upload_contract_wasm(FACTORY_WASM);
    for member in &group.members {
        group.sign_upgrade(member, &wasm).unwrap();
    }
    let (leaver, newcomer) = (&group.members[2], world.person(BALANCE));
    group.propose_about(leaver, Motion::Replace, leaver, Some(&newcomer)).unwrap();
    group.vote(&group.members[0], 1, true).unwrap();
    group.replace(leaver, &newcomer, group.due()).unwrap();
    world.set_time(world.now() + 7 * DAY);
    assert_eq!(group.upgrade(&wasm), Err(Error::UpgradeNotReady.into()));
    group.sign_upgrade(&newcomer, &wasm).unwrap();
    assert_eq!(group.upgrade(&wasm), Err(Error::UpgradeNotReady.into()), "not for seven days");
}

/// A signature before the start would be left in the seat for whoever comes next.
#[test]
fn nobody_signs_for_a_seat_that_may_still_change_hands() {
    let world = World::new();
    let mut group = Group::found(&world, Terms::of(3));
    let sybil = world.person(0);
    group.seat(&sybil, None);
    let wasm = world.env.deployer().upload_contract_wasm(FACTORY_WASM);
    assert_eq!(group.sign_upgrade(&sybil, &wasm), Err(Error::NotActive.into()));
}

/// The first who pays in is not alone in the circle: others wait for their pots.
#[test]
fn the_first_payer_does_not_upgrade_alone() {
    let world = World::new();
    let mut group = Group::found(&world, Terms::of(3));
    group.address = world.circle_of_wasm(&group.organiser.address, &group.rules, None);
    group.fill(BALANCE);
    let wasm = world.env.deployer().upload_contract_wasm(FACTORY_WASM);
    group.sign_upgrade(&group.members[0], &wasm).unwrap();
    world.set_time(world.now() + 7 * DAY);
    group.contribute(&group.members[0], 1, group.due()).unwrap();
    assert_eq!(group.upgrade(&wasm), Err(Error::UpgradeNotReady.into()));
}
