//! The built contracts: a rotation on them, their size, and what a call costs.
use kolo_contract_tests::{
    CIRCLE_WASM, Call, FACTORY_WASM, Group, RULEBOOK_WASM, Terms, World, as_address,
};
use soroban_sdk::{BytesN, IntoVal, Vec};

/// What the network allows one transaction, in CPU instructions.
const INSTRUCTIONS_PER_TX: i64 = 100_000_000;

/// Made by the built factory, run by the built circle.
fn built(world: &World, seats: u8, balance: i64) -> Group<'_> {
    let wasm = world.env.deployer().upload_contract_wasm(CIRCLE_WASM);
    let rulebook = world.env.deployer().upload_contract_wasm(RULEBOOK_WASM);
    let assets = Vec::from_array(&world.env, [world.token.clone()]);
    let factory = world.env.register(FACTORY_WASM, (wasm, rulebook, assets));
    let mut group = Group::found(world, Terms::of(seats));
    let salt = BytesN::from_array(&world.env, &[1; 32]);
    let rules = BytesN::from_array(&world.env, &group.rules.encode());
    let args = (group.organiser.address.clone(), salt, rules, None::<u32>).into_val(&world.env);
    let made = world.call(Some(&group.organiser), &Call::new(&factory, "create", args)).unwrap();
    group.address = as_address(world, made);
    group.fill(balance);
    group
}

/// A whole rotation; gives the dearest contribution and the dearest payout.
fn rotate(seats: u8) -> (i64, i64) {
    let world = World::new();
    let balance = 100_000_000 * i64::from(seats);
    let group = built(&world, seats, balance);
    let (mut contribution, mut payout) = (0, 0);
    for round in 1..=u32::from(seats) {
        for member in &group.members {
            group.contribute(member, round, group.due()).unwrap();
            contribution = contribution.max(instructions(&world));
        }
        group.assert_covered();
        world.set_time(group.payout_date(round));
        group.payout(round).unwrap();
        payout = payout.max(instructions(&world));
        group.assert_covered();
    }
    for member in &group.members {
        assert_eq!(world.balance(&member.address), balance);
    }
    assert_eq!(group.vault(), 0);
    assert_eq!(group.state(), None);
    (contribution, payout)
}

fn instructions(world: &World) -> i64 {
    world.env.cost_estimate().resources().instructions
}

#[test]
fn the_built_contracts_rotate_within_the_networks_limits() {
    println!("wasm: factory {} bytes, circle {} bytes", FACTORY_WASM.len(), CIRCLE_WASM.len());
    for seats in [3, 12, 64] {
        let (contribution, payout) = rotate(seats);
        println!("n = {seats}: contribute ≤ {contribution}, payout ≤ {payout} instructions");
        assert!(contribution < INSTRUCTIONS_PER_TX / 5);
        assert!(payout < INSTRUCTIONS_PER_TX / 5);
    }
}
