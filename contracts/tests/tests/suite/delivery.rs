//! Payouts that cannot be delivered, and those who would like others' payouts not to be.
use std::panic::{AssertUnwindSafe, catch_unwind};

use kolo_circle::{CircleContractClient, Error};
use kolo_contract_tests::{DAY, Failure, Group, Person, Terms, World};
use kolo_rulebook::events::{CreditPushed, DebtRepaid, PayoutMade};
use kolo_rules::{Amount, circle::Order};
use soroban_sdk::{Address, Env, Event as _, IntoVal, Symbol, Val, Vec, contract, contractimpl};

const BALANCE: i64 = 1_000_000_000;

/// Round 1 is paid by all and due; then `break_it` happens to the first member.
fn due_round<'w>(world: &'w World, break_it: impl FnOnce(&Group<'w>, &Person)) -> Group<'w> {
    let group = Group::running(world, Terms::of(3), BALANCE);
    group.contribute_all(1);
    world.set_time(group.payout_date(1));
    break_it(&group, &group.members[0]);
    group
}

/// The payout becomes a credit, waits, and reaches its owner when `mend` has happened.
fn credited_and_pushed(
    break_it: impl FnOnce(&Group<'_>, &Person),
    mend: impl FnOnce(&World, &Person),
) {
    let world = World::new();
    let group = due_round(&world, break_it);
    let owner = group.members[0].clone();
    let pot = 3 * group.due();
    group.payout(1).unwrap();
    let paid = PayoutMade {
        recipient: owner.address.clone(),
        round: 1,
        amount: i128::from(pot),
        credited: true,
    };
    assert_eq!(group.events(), [paid.to_xdr(&world.env, &group.address)]);
    group.assert_covered();
    assert_eq!(group.vault(), pot);
    assert_eq!(group.push(&owner), Err(Error::Undeliverable.into()));
    assert_eq!(group.push(&group.members[1]), Err(Error::NoCredit.into()));
    assert_eq!(group.push(&group.organiser), Err(Error::NotMember.into()));

    mend(&world, &owner);
    let before = world.balance(&owner.address);
    group.push(&owner).unwrap();
    let pushed = CreditPushed { member: owner.address.clone(), amount: i128::from(pot) };
    assert_eq!(group.events(), [pushed.to_xdr(&world.env, &group.address)]);
    assert_eq!(world.balance(&owner.address), before + pot);
    assert_eq!(group.push(&owner), Err(Error::NoCredit.into()));
    group.assert_covered();
}

#[test]
fn a_frozen_recipient_has_a_credit() {
    credited_and_pushed(
        |group, person| group.world.authorise(&person.address, false),
        |world, person| world.authorise(&person.address, true),
    );
}

#[test]
fn a_full_trustline_makes_a_credit() {
    credited_and_pushed(
        |group, person| group.world.set_trustline(person, BALANCE, BALANCE + 1),
        |world, person| world.set_trustline(person, BALANCE, i64::MAX),
    );
}

#[test]
fn a_trustline_never_given_makes_a_credit() {
    let world = World::new();
    let mut group = Group::found(&world, Terms::of(2));
    let without = world.person_without_trustline();
    group.seat(&without, None);
    let other = world.person(BALANCE);
    group.seat(&other, None);
    group.contribute(&other, 1, group.due()).unwrap();
    assert_eq!(group.contribute(&without, 1, group.due()), Err(Error::PaymentRefused.into()));
    world.set_time(group.payout_date(1) + DAY + 1);
    group.payout(1).unwrap();
    group.assert_covered();
    assert_eq!(group.circle().seats()[0].credit.minor_units(), group.due());
    world.set_trustline(&without, 0, i64::MAX);
    group.push(&without).unwrap();
    assert_eq!(world.balance(&without.address), group.due());
}

#[test]
fn a_credit_outlives_the_rotation_and_then_the_circle_ends() {
    let world = World::new();
    let group = Group::running(&world, Terms::of(2), BALANCE);
    group.contribute_all(1);
    world.set_time(group.payout_date(1));
    group.payout(1).unwrap();
    group.contribute_all(2);
    world.set_time(group.payout_date(2));
    let last = &group.members[1];
    world.authorise(&last.address, false);
    group.payout(2).unwrap();
    assert!(group.state().is_some(), "there is still a credit to push");
    world.authorise(&last.address, true);
    group.push(last).unwrap();
    assert_eq!(group.state(), None);
    assert_eq!(group.vault(), 0);
    assert_eq!(world.balance(&last.address), BALANCE);
}

#[test]
fn a_creditor_who_cannot_be_repaid_has_a_credit() {
    let world = World::new();
    let group = Group::running(&world, Terms::of(3), BALANCE);
    let [first, second, third] = &group.members[..] else { panic!("three members") };
    group.contribute(first, 1, group.due()).unwrap();
    group.contribute(second, 1, group.due()).unwrap();
    world.set_time(group.payout_date(1) + DAY + 1);
    group.payout(1).unwrap();
    world.authorise(&first.address, false);
    group.repay(third, group.due()).unwrap();
    let repaid = DebtRepaid {
        member: third.address.clone(),
        amount: i128::from(group.due()),
        credited: Vec::from_array(&world.env, [first.address.clone()]),
    };
    assert_eq!(group.events(), [repaid.to_xdr(&world.env, &group.address)]);
    group.assert_covered();
    world.authorise(&first.address, true);
    group.push(first).unwrap();
    assert_eq!(world.balance(&first.address), BALANCE - group.due() + 3 * group.due());
    group.assert_covered();
}

#[test]
fn a_vault_that_does_not_cover_the_payout_pays_or_credits_what_is_there() {
    let world = World::new();
    let group = due_round(&world, |group, _| group.world.claw_back(&group.address, 1));
    let recipient = &group.members[0].address;
    group.payout(1).unwrap();
    assert_eq!(world.balance(recipient), BALANCE - group.due() + 3 * group.due() - 1);
    assert_eq!(group.vault(), 0);
    group.assert_covered();
    // Nor is more credited when the recipient cannot be paid either.
    let world = World::new();
    let group = due_round(&world, |group, _| group.world.claw_back(&group.address, 1));
    world.authorise(&group.members[0].address, false);
    group.payout(1).unwrap();
    group.assert_covered();
    assert_eq!(group.circle().seats()[0].credit.minor_units(), 3 * group.due() - 1);
}

/// Calls itself until `depth` frames are open, then triggers the payout.
#[contract]
struct Burrow;

#[contractimpl]
impl Burrow {
    pub fn dig(env: Env, next: Vec<Address>, circle: Address, round: u32) {
        let mut rest = next;
        match rest.pop_front() {
            Some(burrow) => {
                let args: Vec<Val> = (rest, circle, round).into_val(&env);
                env.invoke_contract::<()>(&burrow, &Symbol::new(&env, "dig"), args);
            }
            None => {
                let args: Vec<Val> = (round,).into_val(&env);
                env.invoke_contract::<()>(&circle, &Symbol::new(&env, "payout"), args);
            }
        }
    }
}

/// The payout of the next round called with so many contracts in between. The host allows 100 frames.
fn payout_below(world: &World, group: &Group<'_>, frames: usize) -> Result<(), Failure> {
    let mut burrows = Vec::new(&world.env);
    for _ in 1..frames {
        burrows.push_back(world.env.register(Burrow, ()));
    }
    let top = world.env.register(Burrow, ());
    let round = u32::from(group.circle().current_round());
    let args = (burrows, group.address.clone(), round).into_val(&world.env);
    world.call(None, &kolo_contract_tests::Call::new(&top, "dig", args)).map(|_| ())
}

#[test]
fn a_caller_at_the_deepest_call_cannot_force_a_credit() {
    let world = World::new();
    let group = due_round(&world, |_, _| {});
    // 99 callers: the circle is frame 100, and the token's transfer would be the 101st.
    let before = group.state();
    assert_eq!(payout_below(&world, &group, 99), Err(Error::RulebookFailed.into()));
    assert_eq!(group.state(), before, "no credit was made");
    assert_eq!(group.vault(), 3 * group.due());
    // One frame less and the payout goes through: it is depth alone that failed above.
    payout_below(&world, &group, 98).unwrap();
    assert_eq!(group.circle().rounds_paid, 1);
    assert_eq!(world.balance(&group.members[0].address), BALANCE + 2 * group.due());

    // A pot that is short is the rulebook's, which asks what the vault holds: the frame after its own.
    group.contribute(&group.members[0], 2, group.due()).unwrap();
    world.set_time(group.payout_date(2) + DAY + 1);
    let before = group.state();
    assert_eq!(payout_below(&world, &group, 99), Err(Error::RulebookFailed.into()));
    assert_eq!(payout_below(&world, &group, 98), Err(Error::TokenFailed.into()));
    assert_eq!(group.state(), before, "no credit was made");
    payout_below(&world, &group, 97).unwrap();
    assert_eq!(group.circle().seats()[1].credit, Amount::ZERO);
    group.assert_covered();
    // The one paid in round 1, none in round 2, and one of three came back.
    assert_eq!(world.balance(&group.members[1].address), BALANCE);
}

/// Whether a payout goes through with so many CPU instructions; it never makes a credit.
fn is_paid_within(instructions: u64) -> bool {
    let world = World::new();
    let group = due_round(&world, |_, _| {});
    let client = CircleContractClient::new(&world.env, &group.address);
    world.env.cost_estimate().budget().reset_limits(instructions, 100_000_000);
    // The host reports what it cannot recover from by a panic.
    let outcome = catch_unwind(AssertUnwindSafe(|| client.try_payout(&1)));
    world.env.cost_estimate().budget().reset_unlimited();
    let paid = matches!(outcome, Ok(Ok(_)));
    assert_eq!(group.circle().rounds_paid, u8::from(paid));
    assert_eq!(group.circle().seats()[0].credit.minor_units(), 0, "at {instructions}");
    paid
}

#[test]
fn a_caller_without_budget_cannot_force_a_credit() {
    let steps = (1..).map(|step| step * 20_000);
    let refused = steps.take_while(|instructions| !is_paid_within(*instructions)).count();
    assert!(refused > 10, "the budget was too small {refused} times only");
}

#[test]
fn the_built_contract_makes_the_same_credit() {
    let world = World::new();
    let mut group = Group::found(&world, Terms::of(2));
    group.address = world.circle_of_wasm(&group.organiser.address, &group.rules, None);
    group.fill(BALANCE);
    group.contribute_all(1);
    world.set_time(group.payout_date(1));
    world.authorise(&group.members[0].address, false);
    group.payout(1).unwrap();
    group.assert_covered();
    assert_eq!(group.circle().seats()[0].credit.minor_units(), 2 * group.due());
}

/// Seats from 32 on are in the other half of what the circle says when it asks again.
#[test]
fn the_last_seat_is_credited_like_the_first() {
    let world = World::new();
    let terms = Terms { order: Order::Fixed, ..Terms::of(40) };
    let mut group = Group::found(&world, terms);
    group.address = world.circle_of_wasm(&group.organiser.address, &group.rules, None);
    for turn in (1..=40).rev() {
        let person = world.person(BALANCE);
        group.seat(&person, Some(turn));
    }
    group.contribute_all(1);
    world.set_time(group.payout_date(1));
    world.authorise(&group.members[39].address, false);
    group.payout(1).unwrap();
    group.assert_covered();
    let credits: std::vec::Vec<_> =
        group.circle().seats().iter().map(|seat| seat.credit.minor_units()).collect();
    assert_eq!((credits[39], credits.iter().sum()), (40 * group.due(), 40 * group.due()));
    world.authorise(&group.members[39].address, true);
    group.push(&group.members[39]).unwrap();
    assert_eq!(world.balance(&group.members[39].address), BALANCE + 39 * group.due());
}
