//! Every event as it is emitted: its name, its topics, the keys of its data.
use kolo_contract_tests::{DAY, Group, Terms, World, event_name};
use kolo_factory::{FactoryContract, FactoryContractClient};
use kolo_rulebook::Invitation;
use kolo_rules::{
    Amount,
    circle::{Motion, Order, Premium},
};
use soroban_sdk::{
    BytesN, IntoVal, Val, Vec,
    testutils::Events as _,
    xdr::{ContractEvent, ContractEventBody, Limits, ScVal, WriteXdr},
};

/// Name, further topics, keys of the data and their types, in the order of the map.
type Shape = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

const SHAPES: &[Shape] = &[
    (
        "group_created",
        &["address", "address"],
        &[("rules", "bytes 128"), ("rules_hash", "bytes 32")],
    ),
    ("invitation_added", &[], &[("expires_at", "u64"), ("invitation", "vec"), ("turn", "void")]),
    ("invitation_revoked", &[], &[("invitation", "vec")]),
    ("participant_joined", &["address"], &[("seat", "u32"), ("turn", "u32")]),
    ("participant_left", &["address"], &[("removed", "bool")]),
    ("group_started", &[], &[("order", "vec"), ("started_at", "u64")]),
    ("contribution_made", &["address"], &[("amount", "i128"), ("late", "bool"), ("round", "u32")]),
    ("payout_made", &["address"], &[("amount", "i128"), ("credited", "bool"), ("round", "u32")]),
    ("credit_pushed", &["address"], &[("amount", "i128")]),
    ("debt_repaid", &["address"], &[("amount", "i128"), ("credited", "vec")]),
    (
        "proposal_made",
        &["address"],
        &[
            ("electorate", "u32"),
            ("expires_at", "u64"),
            ("motion", "u32"),
            ("newcomer", "void"),
            ("proposal", "u32"),
            ("subject", "void"),
        ],
    ),
    ("vote_cast", &["address"], &[("approve", "bool"), ("proposal", "u32")]),
    ("proposal_rejected", &[], &[("proposal", "u32")]),
    ("group_closed", &[], &[("reason", "u32")]),
    ("refund_claimed", &["address"], &[("amount", "i128")]),
    ("synced", &[], &[("shortfall", "i128"), ("surplus", "i128")]),
    ("join_requested", &["address"], &[]),
    ("join_rejected", &["address"], &[]),
    ("getting_ready", &[], &[("phase", "u32")]),
    ("draw_committed", &["address"], &[("commitment", "bytes 32")]),
    ("draw_revealed", &["address"], &[("secret", "bytes 32")]),
    ("order_drawn", &[], &[("seed", "bytes 32")]),
    ("deposit_made", &["address"], &[("amount", "i128")]),
    ("setup_expired", &[], &[("phase", "u32")]),
    ("bid_made", &["address"], &[("amount", "i128"), ("round", "u32")]),
    (
        "insurance_claimed",
        &["address"],
        &[("amount", "i128"), ("defaulter", "address"), ("round", "u32")],
    ),
    ("turns_swapped", &["address", "address"], &[("deposit", "i128")]),
    ("exit_announced", &["address"], &[]),
    ("member_expelled", &["address"], &[]),
    ("seat_sold", &["address", "address"], &[("deposit", "i128"), ("price", "i128")]),
    ("seat_moved", &["address", "address"], &[]),
    ("move_objected", &["address"], &[]),
    ("upgrade_signed", &["address"], &[("wasm", "bytes 32")]),
    ("upgraded", &[], &[("wasm", "bytes 32")]),
];

#[test]
fn every_event_has_the_shape_of_the_guide() {
    let mut seen = std::vec![created()];
    seen.extend(story());
    seen.extend(story_of_a_draw());
    seen.extend(story_of_members());
    for (name, topics, data) in SHAPES {
        let event = seen
            .iter()
            .find(|event| event_name(event) == *name)
            .unwrap_or_else(|| panic!("no {name} was emitted"));
        let ContractEventBody::V0(body) = &event.body;
        let found: std::vec::Vec<_> = body.topics.iter().skip(1).map(kind).collect();
        assert_eq!(found, *topics, "topics of {name}");
        let ScVal::Map(Some(map)) = &body.data else { panic!("the data of {name} is no map") };
        let found: std::vec::Vec<_> = map
            .iter()
            .map(|entry| {
                let ScVal::Symbol(key) = &entry.key else { panic!("a key of {name} is no symbol") };
                (key.to_string(), kind(&entry.val))
            })
            .collect();
        let expected: std::vec::Vec<_> =
            data.iter().map(|(key, kind)| ((*key).to_string(), (*kind).to_string())).collect();
        assert_eq!(found, expected, "data of {name}");
        print(name, body.topics.as_slice(), &body.data);
    }
    for event in &seen {
        let name = event_name(event);
        assert!(SHAPES.iter().any(|shape| shape.0 == name), "{name} is not in the guide");
    }
}

fn created() -> ContractEvent {
    let world = World::new();
    let wasm = world.env.deployer().upload_contract_wasm(kolo_contract_tests::CIRCLE_WASM);
    let rulebook = world.env.deployer().upload_contract_wasm(kolo_contract_tests::RULEBOOK_WASM);
    let assets = Vec::from_array(&world.env, [world.token.clone()]);
    let factory = world.env.register(FactoryContract, (wasm, rulebook, assets));
    let organiser = world.person(0);
    let rules = BytesN::from_array(&world.env, &Terms::of(3).rules(&world.token).encode());
    let salt = BytesN::from_array(&world.env, &[1; 32]);
    let args: Vec<Val> =
        (organiser.address.clone(), salt.clone(), rules, None::<u32>).into_val(&world.env);
    let call = kolo_contract_tests::Call::new(&factory, "create", args);
    world.call(Some(&organiser), &call).unwrap();
    let events = world.env.events().all().filter_by_contract(&factory);
    let client = FactoryContractClient::new(&world.env, &factory);
    assert!(client.circle_address(&organiser.address, &salt).exists());
    events.events()[0].clone()
}

/// A story in which everything happens once at least.
fn story() -> std::vec::Vec<ContractEvent> {
    let world = World::new();
    let mut seen = std::vec![];
    let mut group = Group::found(&world, Terms::of(3));
    let expires = world.now() + DAY;
    let key = Invitation::Key(BytesN::from_array(&world.env, &[9; 32]));
    group.invite(&key, None, expires).unwrap();
    seen.extend(group.events());
    group.revoke(&key).unwrap();
    seen.extend(group.events());

    let guest = world.person(0);
    group.seat(&guest, None);
    let leave = group.make("leave", (guest.address.clone(),));
    group.call(Some(&guest), &leave).unwrap();
    seen.extend(group.events());
    group.members.clear();
    group.fill(10 * group.due());
    seen.extend(group.events());

    // The third never pays; the first cannot be paid: frozen, then free again.
    let [first, second, third] = &group.members[..] else { panic!("three members") };
    group.contribute(first, 1, group.due()).unwrap();
    group.contribute(second, 1, group.due()).unwrap();
    seen.extend(group.events());
    world.authorise(&first.address, false);
    world.set_time(group.payout_date(1) + DAY + 1);
    group.payout(1).unwrap();
    seen.extend(group.events());
    world.authorise(&first.address, true);
    group.push(first).unwrap();
    seen.extend(group.events());
    group.repay(third, group.due()).unwrap();
    seen.extend(group.events());

    world.call(Some(second), &world.transfer(&second.address, &group.address, 77)).unwrap();
    group.sync().unwrap();
    seen.extend(group.events());

    group.contribute(third, 2, group.due()).unwrap();
    group.propose(first).unwrap();
    seen.extend(group.events());
    group.vote(second, 1, false).unwrap();
    group.vote(third, 1, false).unwrap();
    seen.extend(group.events());
    group.propose(first).unwrap();
    group.vote(third, 2, true).unwrap();
    seen.extend(group.events());
    group.claim(third).unwrap();
    seen.extend(group.events());
    seen
}

/// From requests to the first round: a draw that one does not take part in, and deposits.
fn story_of_a_draw() -> std::vec::Vec<ContractEvent> {
    let world = World::new();
    let mut seen = std::vec![];
    let mut group = Group::with_rules(&world, 3, |rules| {
        rules.order = Order::Random;
        rules.bond = Amount::new(5);
        rules.premium = Premium::Once(Amount::new(100_000_000));
    });
    for answer in [false, true, true, true] {
        let guest = world.person(1_000_000_000);
        group.request(&guest).unwrap();
        seen.extend(group.events());
        if answer {
            group.approve(&guest, None).unwrap();
            group.members.push(guest);
        } else {
            group.reject(&guest).unwrap();
        }
        seen.extend(group.events());
    }
    let [first, second, _] = &group.members[..] else { panic!("three members") };
    group.commit(first, &group.commitment(first, 1)).unwrap();
    seen.extend(group.events());
    world.set_time(world.now() + DAY + 1);
    group.proceed().unwrap();
    seen.extend(group.events());
    group.reveal(first, 1).unwrap();
    seen.extend(group.events());
    for member in &group.members {
        group.secure(member, 100_000_000).unwrap();
        seen.extend(group.events());
    }
    // The first one drawn is alone with a revealed secret, and so has the first turn.
    world.set_time(group.payout_date(1) + DAY + 1);
    group.insure(first, 1, second, 100).unwrap();
    seen.extend(group.events());
    seen
}

/// Members who bid, swap, leave, are expelled, replaced, moved; and another code.
fn story_of_members() -> std::vec::Vec<ContractEvent> {
    let world = World::new();
    let mut seen = std::vec![];
    let mut auction = Group::with_rules(&world, 2, |rules| {
        (rules.order, rules.bid_floor_bp, rules.bid_step_bp) = (Order::Auction, 6_500, 9_800);
    });
    auction.fill(1_000_000_000);
    auction.contribute_all(1);
    auction.bid(&auction.members[1], 1, 150_000_000).unwrap();
    seen.extend(auction.events());

    let group = Group::running(&world, Terms::of(6), 1_000_000_000);
    group.contribute_all(1);
    let [first, second, third, fourth, fifth, sixth] = &group.members[..] else {
        panic!("six members")
    };
    group.swap(third, fourth, third, 0).unwrap();
    seen.extend(group.events());
    group.exit(sixth).unwrap();
    seen.extend(group.events());
    let (buyer, new_key) = (world.person(1_000_000_000), world.person(0));
    for (motion, subject, newcomer) in [
        (Motion::Replace, fourth, Some(&buyer)),
        (Motion::Move, fifth, Some(&new_key)),
        (Motion::Expel, third, None),
    ] {
        group.propose_about(first, motion, subject, newcomer).unwrap();
        let id = group.circle().proposals;
        for voter in [second, fifth] {
            group.vote(voter, id, true).unwrap();
            seen.extend(group.events());
        }
    }
    group.replace(fourth, &buyer, 100_000_000).unwrap();
    seen.extend(group.events());
    group.object(fifth).unwrap();
    seen.extend(group.events());
    group.propose_about(first, Motion::Move, fifth, Some(&new_key)).unwrap();
    let id = group.circle().proposals;
    for voter in [second, fifth] {
        group.vote(voter, id, true).unwrap();
    }
    world.set_time(world.now() + 3 * DAY + 1);
    group.complete_move(fifth).unwrap();
    seen.extend(group.events());

    let wasm = world.env.deployer().upload_contract_wasm(kolo_contract_tests::CIRCLE_WASM);
    for member in [first, second, third, &buyer, &new_key, sixth] {
        group.sign_upgrade(member, &wasm).unwrap();
        seen.extend(group.events());
    }
    world.set_time(world.now() + 7 * DAY);
    group.upgrade(&wasm).unwrap();
    seen.extend(group.events());
    seen
}

fn kind(value: &ScVal) -> String {
    match value {
        ScVal::Void => "void".into(),
        ScVal::Bool(_) => "bool".into(),
        ScVal::U32(_) => "u32".into(),
        ScVal::U64(_) => "u64".into(),
        ScVal::I128(_) => "i128".into(),
        ScVal::Bytes(bytes) => format!("bytes {}", bytes.len()),
        ScVal::Address(_) => "address".into(),
        ScVal::Vec(_) => "vec".into(),
        other => format!("{other:?}"),
    }
}

fn print(name: &str, topics: &[ScVal], data: &ScVal) {
    println!("## {name}");
    for topic in topics {
        println!("topic {}", topic.to_xdr_base64(Limits::none()).unwrap());
    }
    println!("data  {}\n      {data:?}", data.to_xdr_base64(Limits::none()).unwrap());
}
