//! Entries are prolonged when used, by anyone; a lifetime is never a deadline.
use kolo_contract_tests::{DAY, Group, Terms, World};
use kolo_rulebook::Invitation;
use soroban_sdk::{
    Address, BytesN, IntoVal, Symbol, Val, Vec,
    testutils::{Deployer as _, Ledger as _, storage::Persistent as _},
};

const LEDGERS_PER_DAY: u32 = 17_280;

/// Numbers of the contract's entries: state and invitations.
const ENTRIES: [u32; 2] = [4, 5];

/// Days left of a persistent entry, a begun one counted as a whole.
fn days_left(world: &World, contract: &Address, key: &Val) -> u32 {
    let ledgers = world.env.as_contract(contract, || world.env.storage().persistent().get_ttl(key));
    ledgers.div_ceil(LEDGERS_PER_DAY)
}

fn pass_days(world: &World, days: u32) {
    world.env.ledger().with_mut(|ledger| ledger.sequence_number += days * LEDGERS_PER_DAY);
}

#[test]
fn anyone_keeps_a_sleeping_circle_alive() {
    let world = World::new();
    let mut group = Group::found(&world, Terms::of(3));
    group.address = world.circle_of_wasm(&group.organiser.address, &group.rules, None);
    for _ in 0..2 {
        let person = world.person(group.due());
        group.seat(&person, None);
    }
    let open = Invitation::Key(BytesN::from_array(&world.env, &[1; 32]));
    group.invite(&open, None, world.now() + 400 * DAY).unwrap();
    let entries = ENTRIES.map(|number| number.into_val(&world.env));
    let deployer = world.env.deployer();

    pass_days(&world, 80);
    group.call(None, &group.make("extend_ttl", ())).unwrap();
    for entry in &entries {
        assert_eq!(days_left(&world, &group.address, entry), 40, "not due yet");
    }
    pass_days(&world, 15);
    group.call(None, &group.make("extend_ttl", ())).unwrap();
    for entry in &entries {
        assert_eq!(days_left(&world, &group.address, entry), 120);
    }
    let instance = deployer.get_contract_instance_ttl(&group.address);
    let code = deployer.get_contract_code_ttl(&group.address);
    assert_eq!((instance / LEDGERS_PER_DAY, code / LEDGERS_PER_DAY), (120, 120));

    // And with it what it asks.
    let rulebook = world.rulebook_of(world.publisher_of_wasm());
    let left = deployer.get_contract_instance_ttl(&rulebook) / LEDGERS_PER_DAY;
    assert_eq!(deployer.get_contract_code_ttl(&rulebook) / LEDGERS_PER_DAY, 120);
    pass_days(&world, left - 20);
    group.call(None, &group.make("extend_ttl", ())).unwrap();
    assert_eq!(deployer.get_contract_instance_ttl(&rulebook) / LEDGERS_PER_DAY, 120);
}

#[test]
fn the_tokens_entry_of_the_vault_is_prolonged_too() {
    let world = World::new();
    let group = Group::running(&world, Terms::of(2), 1_000_000_000);
    group.contribute_all(1);
    let vault: Val = Vec::<Val>::from_array(
        &world.env,
        [Symbol::new(&world.env, "Balance").to_val(), group.address.to_val()],
    )
    .into_val(&world.env);
    // A new persistent entry lives 120 days here; the token prolongs to 30 when fewer than 29 are left.
    pass_days(&world, 95);
    assert_eq!(days_left(&world, &world.token, &vault), 25);
    group.call(None, &group.make("extend_ttl", ())).unwrap();
    assert_eq!(days_left(&world, &world.token, &vault), 30);
}
