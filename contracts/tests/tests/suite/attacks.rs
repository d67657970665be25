//! What somebody might try, each by its name. More of it in the files about what is attacked:
//! `delivery` (a caller at the deepest call, without budget; frozen and full accounts), `draw`,
//! `insurance`, `seats` (recycled votes), `upgrade`, `factory` (a second set-up), `closing`.
use kolo_circle::Error;
use kolo_contract_tests::{DAY, Failure, Group, Terms, World};
use kolo_rulebook::Invitation;
use kolo_rules::circle::Motion;
use soroban_sdk::{
    Address, BytesN, IntoVal,
    testutils::{Ledger as _, storage::Persistent as _},
};

const BALANCE: i64 = 1_000_000_000;
const DUE: i64 = 100_000_000;

#[test]
fn a_second_or_unauthenticated_set_up_is_impossible() {
    let world = World::new();
    let group = Group::running(&world, Terms::of(2), BALANCE);
    let thief = world.person(0);
    let rules = BytesN::from_array(&world.env, &group.rules.encode());
    let call = group.make("__constructor", (thief.address.clone(), rules, None::<u32>));
    for signer in [None, Some(&thief), Some(&group.organiser)] {
        assert_eq!(group.call(signer, &call), Err(Failure::Host));
    }
    let init = group.make("init", (thief.address.clone(),));
    assert_eq!(group.call(Some(&thief), &init), Err(Failure::Host));
}

#[test]
fn another_circles_money_cannot_be_spent() {
    let world = World::new();
    let rich = Group::running(&world, Terms::of(2), BALANCE);
    rich.contribute_all(1);
    let poor = Group::running(&world, Terms::of(2), BALANCE);
    poor.contribute(&poor.members[0], 1, DUE).unwrap();
    world.set_time(rich.payout_date(1) + DAY + 1);
    // A signature for one circle is none for the other, and no circle pays for another's member.
    let member = &poor.members[0];
    assert_eq!(rich.contribute(member, 1, DUE), Err(Error::NotMember.into()));
    assert_eq!(rich.push(member), Err(Error::NotMember.into()));
    assert_eq!(rich.claim(member), Err(Error::NotMember.into()));
    assert_eq!(rich.propose(member), Err(Error::NotMember.into()));
    let take = world.transfer(&rich.address, &member.address, DUE);
    assert_eq!(world.refusal(Some(member), &take), Failure::Host);
    poor.payout(1).unwrap();
    assert_eq!(world.balance(&member.address), BALANCE, "their own circle's pot, and no more");
    assert_eq!(rich.vault(), 2 * DUE);
    rich.assert_covered();
    poor.assert_covered();
}

#[test]
fn an_organiser_takes_no_more_than_a_members_net_claim() {
    let world = World::new();
    let group = Group::running(&world, Terms::of(3), BALANCE);
    group.contribute_all(1);
    let organiser = &group.organiser;
    let of = |function, person: &kolo_contract_tests::Person| {
        group.make(function, (person.address.clone(),))
    };
    for call in [
        of("push", organiser),
        of("claim", organiser),
        of("exit", organiser),
        of("object", organiser),
        of("complete_move", organiser),
    ] {
        assert_eq!(group.call(Some(organiser), &call), Err(Error::NotMember.into()));
    }
    assert_eq!(
        group.call(Some(organiser), &group.make("cancel", ())),
        Err(Error::NotForming.into())
    );
    assert_eq!(
        group.call(Some(organiser), &of("remove", &group.members[0])),
        Err(Error::NotForming.into())
    );
    assert_eq!(group.propose(organiser), Err(Error::NotMember.into()));
    for member in &group.members {
        // Acting in a member's name, or moving the vault directly.
        assert_eq!(group.call(Some(organiser), &of("exit", member)), Err(Failure::Host));
        let steal = world.transfer(&member.address, &organiser.address, DUE);
        assert_eq!(world.refusal(Some(organiser), &steal), Failure::Host);
    }
    let steal = world.transfer(&group.address, &organiser.address, 3 * DUE);
    assert_eq!(world.refusal(Some(organiser), &steal), Failure::Host);
    // Whoever triggers the payout, it goes to whose turn it is.
    world.set_time(group.payout_date(1));
    group.payout(1).unwrap();
    assert_eq!(world.balance(&organiser.address), 0);
    assert_eq!(world.balance(&group.members[0].address), BALANCE + 2 * DUE);
}

#[test]
fn nobody_joins_after_the_start() {
    let world = World::new();
    let group = Group::running(&world, Terms::of(2), BALANCE);
    let late = world.person(BALANCE);
    let invitation = Invitation::Address(late.address.clone());
    let not_forming = Err(Error::NotForming.into());
    assert_eq!(group.join(&late), not_forming);
    assert_eq!(group.request(&late), not_forming);
    assert_eq!(group.invite(&invitation, None, world.now() + DAY), not_forming);
    assert_eq!(group.approve(&late, None), Err(Error::NoRequest.into()));
    assert_eq!(group.contribute(&late, 1, DUE), Err(Error::NotMember.into()));
}

#[test]
fn one_seat_raced_by_two_has_one_owner() {
    let world = World::new();
    let mut group = Group::found(&world, Terms::of(2));
    group.seat(&world.person(BALANCE), None);
    let (winner, loser) = (world.person(BALANCE), world.person(BALANCE));
    for person in [&winner, &loser] {
        let invitation = Invitation::Address(person.address.clone());
        group.invite(&invitation, None, world.now() + DAY).unwrap();
    }
    group.join(&winner).unwrap();
    assert_eq!(group.join(&loser), Err(Error::NotForming.into()), "the seat was the last one");
    assert_eq!(group.circle().len(), 2);
}

#[test]
fn a_defaulter_claims_nothing() {
    let world = World::new();
    let group = Group::running(&world, Terms::of(3), BALANCE);
    let [first, second, third] = &group.members[..] else { panic!("three members") };
    for member in [first, second] {
        group.contribute(member, 1, DUE).unwrap();
    }
    world.set_time(group.payout_date(1) + DAY + 1);
    group.payout(1).unwrap();
    group.contribute(second, 2, DUE).unwrap();
    group.propose(first).unwrap();
    group.vote(second, 1, true).unwrap();
    // The third never paid, the first had the pot: only the second has a claim.
    assert_eq!(group.claim(third), Err(Error::NothingToClaim.into()));
    assert_eq!(group.claim(first), Err(Error::NothingToClaim.into()));
    assert_eq!(group.push(third), Err(Error::NoCredit.into()));
    group.claim(second).unwrap();
    assert_eq!(group.claim(second), Err(Error::NothingToClaim.into()));
    assert_eq!(world.balance(&third.address), BALANCE);
    group.assert_covered();
}

#[test]
fn dust_sized_payments_change_nothing_they_should_not() {
    let world = World::new();
    let exact = Group::running(&world, Terms::of(2), BALANCE);
    assert_eq!(exact.contribute(&exact.members[0], 1, 1), Err(Error::WrongAmount.into()));

    let mut group = Group::with_rules(&world, 2, |rules| rules.partial = true);
    group.fill(BALANCE);
    let [first, second] = &group.members[..] else { panic!("two members") };
    assert_eq!(group.contribute(first, 1, 0), Err(Error::WrongAmount.into()));
    assert_eq!(group.contribute(first, 1, -1), Err(Error::WrongAmount.into()));
    let size = group.state().map(|state| state.len());
    for _ in 0..5 {
        group.contribute(first, 1, 1).unwrap();
        group.contribute(second, 1, 1).unwrap();
    }
    group.assert_covered();
    let grown = group.state().map(|state| state.len());
    assert!(grown <= size.map(|size| size + 64), "the state does not grow with payments");
    world.set_time(group.payout_date(1) + DAY + 1);
    group.payout(1).unwrap();
    assert_eq!(group.circle().debt(1).unwrap().minor_units(), DUE - 5);
    for left in [3, 2, 1] {
        group.repay(second, 1).unwrap();
        assert_eq!(group.circle().debt(1).unwrap().minor_units(), DUE - 9 + left);
    }
    assert_eq!(world.balance(&first.address), BALANCE - 5 + 10 + 3);
    group.assert_covered();
}

#[test]
fn amounts_above_64_bits_are_refused() {
    let world = World::new();
    let group = Group::running(&world, Terms::of(2), BALANCE);
    let member = &group.members[0];
    let of = member.address.clone();
    for amount in
        [i128::from(i64::MAX) + 1, i128::from(i64::MIN) - 1, i128::MAX, i128::MIN, 1 << 64]
    {
        for call in [
            group.make("contribute", (of.clone(), 1_u32, amount)),
            group.make("repay", (of.clone(), amount)),
            group.make("secure", (of.clone(), amount)),
            group.make("bid", (of.clone(), 1_u32, amount)),
            group.make("claim_insurance", (of.clone(), 1_u32, of.clone(), amount)),
        ] {
            assert_eq!(group.call(Some(member), &call), Err(Error::BadAmount.into()));
        }
    }
    // 2⁶⁴ + the right amount is not the right amount.
    let wrapped = (1_i128 << 64) + i128::from(DUE);
    let call = group.make("contribute", (of, 1_u32, wrapped));
    assert_eq!(group.call(Some(member), &call), Err(Error::BadAmount.into()));
}

#[test]
fn a_frozen_member_stops_nobody_else() {
    let world = World::new();
    let group = Group::running(&world, Terms::of(3), BALANCE);
    let [first, second, third] = &group.members[..] else { panic!("three members") };
    world.authorise(&third.address, false);
    assert_eq!(group.contribute(third, 1, DUE), Err(Error::PaymentRefused.into()));
    group.contribute(first, 1, DUE).unwrap();
    group.contribute(second, 1, DUE).unwrap();
    world.set_time(group.payout_date(1) + DAY + 1);
    group.payout(1).unwrap();
    assert_eq!(world.balance(&first.address), BALANCE + DUE);
    assert_eq!(group.circle().debt(2).unwrap().minor_units(), DUE);
    world.authorise(&third.address, true);
    group.repay(third, DUE).unwrap();
    assert_eq!(world.balance(&first.address), BALANCE + 2 * DUE);
    group.assert_covered();
}

#[test]
fn tokens_sent_unasked_and_an_issuers_clawback_are_shared_by_all() {
    let world = World::new();
    let group = Group::running(&world, Terms::of(2), BALANCE);
    group.contribute_all(1);
    let giver = world.person(7);
    world.call(Some(&giver), &world.transfer(&giver.address, &group.address, 7)).unwrap();
    world.set_time(group.payout_date(1));
    group.payout(1).unwrap();
    assert_eq!(group.vault(), 7, "a pot is not larger for what was sent unasked");
    group.sync().unwrap();
    assert_eq!(group.circle().reserve.minor_units(), 7);
    group.contribute_all(2);
    world.claw_back(&group.address, 7 + 50);
    world.set_time(group.payout_date(2));
    // Not at the expense of others: the reserve bears 7 of it first, the payers 25 each.
    group.payout(2).unwrap();
    assert_eq!(world.balance(&group.members[1].address), BALANCE - 50);
    assert_eq!(group.vault(), 0);
}

#[test]
fn a_look_alike_token_pays_for_nothing() {
    let world = World::new();
    let group = Group::running(&world, Terms::of(2), BALANCE);
    // Of the same code, by another issuer; the thief has plenty of it and none of the real one.
    let thief_issuer = world.person(0);
    let fake = world.env.register_stellar_asset_contract_v2(thief_issuer.address.clone());
    let thief = &group.members[0];
    let amount = i128::from(DUE);
    let args = (thief.address.clone(), group.address.clone(), amount).into_val(&world.env);
    let fake_transfer = kolo_contract_tests::Call::new(&fake.address(), "transfer", args);
    let call = group.make("contribute", (thief.address.clone(), 1_u32, amount)).with(fake_transfer);
    assert_eq!(group.call(Some(thief), &call), Err(Error::TokenFailed.into()));
    assert_eq!(group.vault(), 0);
    group.sync().unwrap();
    assert_eq!(group.circle().reserve.minor_units(), 0);
}

#[test]
fn a_signed_entry_works_once_for_one_round_and_amount_whoever_sends_it() {
    let world = World::new();
    let mut group = Group::with_rules(&world, 2, |rules| rules.partial = true);
    group.fill(BALANCE);
    let member = &group.members[0];
    let pay = |round: u32, amount: i64| {
        group
            .make("contribute", (member.address.clone(), round, i128::from(amount)))
            .with(world.transfer(&member.address, &group.address, amount))
    };
    let entry = world.sign(member, &pay(1, 10));
    let send = |entries: &[_], call: &_| world.submit(entries, call).0.map(|_| ());
    // It is for no other round or amount.
    assert_eq!(send(std::slice::from_ref(&entry), &pay(2, 10)), Err(Failure::Host));
    assert_eq!(send(std::slice::from_ref(&entry), &pay(1, 11)), Err(Failure::Host));
    send(std::slice::from_ref(&entry), &pay(1, 10)).unwrap();
    // The same entry again, in the same ledger and in another, in anybody's envelope.
    assert_eq!(send(std::slice::from_ref(&entry), &pay(1, 10)), Err(Failure::Host));
    world.env.ledger().with_mut(|ledger| ledger.sequence_number += 1);
    assert_eq!(send(std::slice::from_ref(&entry), &pay(1, 10)), Err(Failure::Host));
    let stranger = world.person(0);
    let other = world.sign(&stranger, &pay(1, 10));
    assert_eq!(send(&[other, entry], &pay(1, 10)), Err(Failure::Host));
    assert_eq!(group.vault(), 10);
    // One that was never sent is good for nothing after its ledger.
    let entry = world.sign(member, &pay(1, 10));
    world.env.ledger().with_mut(|ledger| ledger.sequence_number += 11);
    assert_eq!(send(&[entry], &pay(1, 10)), Err(Failure::Host));
    assert_eq!(group.vault(), 10);
}

#[test]
fn storage_past_its_lifetime_loses_no_money_and_no_deadline() {
    let world = World::new();
    let mut group = Group::found(&world, Terms::of(2));
    group.address = world.circle_of_wasm(&group.organiser.address, &group.rules, None);
    group.fill(BALANCE);
    group.contribute_all(1);
    let before = group.state();
    // 200 days without anybody: beyond what any entry lives. The host restores what is used.
    world.env.ledger().with_mut(|ledger| ledger.sequence_number += 200 * 17_280);
    world.set_time(world.now() + 200 * DAY);
    assert_eq!(group.state(), before, "archived is not lost");
    group.payout(1).unwrap();
    assert_eq!(world.balance(&group.members[0].address), BALANCE + DUE);
    let ttl =
        world.env.as_contract(&group.address, || world.env.storage().persistent().get_ttl(&4_u32));
    assert!((120 * 17_280 - 1..=120 * 17_280).contains(&ttl), "and lives on: {ttl}");
    group.assert_covered();
}

#[test]
fn a_stranger_is_not_voted_in_by_naming_them_alone() {
    let world = World::new();
    let group = Group::running(&world, Terms::of(3), BALANCE);
    let [first, second, third] = &group.members[..] else { panic!("three members") };
    let accomplice = world.person(BALANCE);
    group.propose_about(first, Motion::Move, third, Some(&accomplice)).unwrap();
    world.set_time(world.now() + 3 * DAY + 1);
    assert_eq!(group.complete_move(third), Err(Error::NoProposal.into()), "not passed");
    assert_eq!(
        group.propose_about(first, Motion::Move, third, Some(second)),
        Err(Error::AlreadyMember.into()),
        "no second seat for one address"
    );
    assert_eq!(group.propose_about(first, Motion::Move, third, None), Err(Error::BadMotion.into()));
    let nobody: (Option<Address>, Option<Address>) = (None, None);
    for motion in [1_u32, 2, 3, 4, u32::MAX] {
        let args = (first.address.clone(), motion, nobody.0.clone(), nobody.1.clone());
        let call = group.make("propose", args);
        assert_eq!(group.call(Some(first), &call), Err(Error::BadMotion.into()));
    }
}
