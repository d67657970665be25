//! The built contracts: a rotation on them, their size, and what a call costs.
use kolo_contract_tests::{
    CIRCLE_WASM, Call, DAY, FACTORY_WASM, Group, RULEBOOK_WASM, Terms, World, as_address,
};
use kolo_rules::{
    Amount,
    circle::{Fee, Order, Phase, Security, Shortfall},
};
use soroban_sdk::{BytesN, IntoVal, Vec};

/// What a common call may take at the most, in CPU instructions: a quarter of what the network allows one transaction.
const INSTRUCTIONS_PER_TX: i64 = 100_000_000;
/// What the network allows one transaction.
const MOST_PER_TX: i64 = 400_000_000;

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

/// Half of 64 never pay, in an auction with fees and deposits whose losses are shared; and an issuer takes some of
/// what the vault holds for the last round. If that took more than a transaction may, the money would stay there.
#[test]
fn the_dearest_last_payout_goes_into_one_transaction() {
    const EACH: i64 = 50_000_000;
    let world = World::new();
    let mut group = Group::with_rules(&world, 64, |rules| {
        (rules.order, rules.bid_floor_bp, rules.bid_step_bp) = (Order::Auction, 5_000, 100);
        rules.shortfall = Shortfall::Share;
        rules.fee = Fee::Fixed(Amount::new(7));
        rules.security = Security::Fixed(Amount::new(EACH));
    });
    group.address = world.circle_of_wasm(&group.organiser.address, &group.rules, None);
    group.fill(100_000_000_000);
    for member in &group.members {
        group.secure(member, EACH).unwrap();
    }
    for round in 1..=64 {
        for member in group.members.iter().step_by(2) {
            group.contribute(member, round, group.due()).unwrap();
        }
        world.set_time(group.payout_date(round) + DAY + 1);
        if round == 64 {
            world.claw_back(&group.address, 1_000_003);
        }
        group.payout(round).unwrap();
        assert!(instructions(&world) < MOST_PER_TX / 2, "round {round}: {}", instructions(&world));
    }
    println!(
        "n = 64, the last of an auction of half defaulters: {} instructions",
        instructions(&world)
    );
    assert_eq!(group.circle().phase, Phase::Completed);
    group.assert_covered();
}
