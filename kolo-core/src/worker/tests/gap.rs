//! History that is lost, and money nobody tells of: filled from state and balances, told as what it is,
//! and counted once, also when it turns up later.
use futures::executor::block_on;
use kolo_rules::Amount;
use kolo_rules::circle::{Motion, Order, Phase, Shortfall, Step};

use super::contract::Contract;
use super::lives::{Life, UNIT};
use super::{DAY_S, EACH, World, asset};
use crate::CommandContext;
use crate::circle::postings::wallet;
use crate::events::{EventKind, Gap, Happened};
use crate::port::chain::{ChainEffect, ChainEventBody, LostHistory};
use crate::port::ledger::{AggregateId, AggregateWrite, EntryQuery};
use crate::unit::Command;
use crate::view::{CircleStage, MemberView, Options};

impl Life {
    /// Three people who play by turns, in a world where balances can be read.
    pub(super) fn of_three() -> Self {
        let options = Options { order: Order::Join, ..Options::default() };
        let life = Self::full(&["Ada", "Bola", "Chidi"], Shortfall::ShortPot, options);
        life.world.chain.let_compare();
        life
    }

    /// A call of the contract that nobody here hears of yet.
    pub(super) fn unheard(&self, step: &Step) {
        let at = self.world.now();
        let call = |there: &mut Contract| there.step(step, at.unix());
        self.world.chain.call(at, &self.address, &asset(), call).unwrap();
    }

    /// Everybody pays a round and the pot goes out; nobody here hears of it yet.
    pub(super) fn unheard_round(&self, round: u8) {
        for seat in 0..3 {
            self.unheard(&Step::Contribute { seat, round, amount: EACH });
        }
        self.world.clock.set(self.world.now().plus(8 * DAY_S));
        self.unheard(&Step::Payout { round });
    }

    /// What happened so far is lost; something else happens, and is heard.
    pub(super) fn loses_history(&self) {
        self.world.chain.lose_history();
        self.world.chain.emit(self.world.now(), super::chain::elsewhere());
        self.world.work();
        self.world.pass(120);
    }

    /// Circles, wallets and the books are as on the chain, to the stroop.
    pub(super) fn all_agrees(&self) {
        self.agrees();
        for (who, member) in self.members.iter().enumerate() {
            let books = block_on(self.world.kolo.wallets().balance(member.id)).unwrap();
            assert_eq!(books.settled.minor_units(), self.balance(who), "{}", member.name);
            assert_eq!(books.pending_out, Amount::ZERO, "{}", member.name);
        }
    }

    pub(super) fn gaps(&self) -> Vec<Gap> {
        block_on(self.world.kolo.following()).unwrap().gaps
    }

    pub(super) fn kinds(&self, member: &MemberView) -> Vec<String> {
        let ports = self.world.kolo.ports();
        let account = wallet(member.id, &asset());
        let query = EntryQuery { account, before: None, limit: 100 };
        let entries = block_on(ports.ledger.entries(self.world.kolo.tenant(), &query)).unwrap();
        entries.into_iter().rev().map(|stored| stored.entry.kind).collect()
    }

    pub(super) fn told(&self, kind: EventKind) -> usize {
        let page = block_on(self.world.kolo.events(0, 1_000)).unwrap();
        page.events.iter().filter(|event| event.kind() == kind).count()
    }
}

/// The cursor as an operator sets it back: everything is read again.
pub(super) fn set_back(world: &World, key: &str) {
    rewrite_follower(world, key, |state| state["cursor"] = "0".into());
}

/// What is kept of how far the chain was followed, changed behind everybody's back.
pub(super) fn rewrite_follower(
    world: &World,
    key: &str,
    change: impl FnOnce(&mut serde_json::Value),
) {
    let kolo = &world.kolo;
    let follower = AggregateId { kind: "follower".to_owned(), id: "main".to_owned() };
    let found = block_on(kolo.ports().ledger.load(kolo.tenant(), &[follower])).unwrap();
    let mut found = found.into_iter().next().flatten().unwrap();
    let mut state: serde_json::Value = serde_json::from_slice(&found.state.bytes).unwrap();
    change(&mut state);
    found.state.bytes = serde_json::to_vec(&state).unwrap();
    let ctx = CommandContext::of_system(key);
    let mut command = block_on(Command::begin(kolo, &ctx, "test", &0)).unwrap();
    let mut changes = command.changes();
    let write = AggregateWrite { id: found.id, expected: found.version, state: found.state };
    changes.set.aggregates.push(write);
    block_on(command.commit(changes, ())).unwrap().unwrap();
}

#[test]
fn a_lost_round_is_filled_from_state_and_balances_and_the_circle_goes_on() {
    let life = Life::of_three();
    life.contributes(0, 1);
    let heard = life.told(EventKind::ContributionMade);
    life.unheard(&Step::Contribute { seat: 1, round: 1, amount: EACH });
    life.unheard(&Step::Contribute { seat: 2, round: 1, amount: EACH });
    life.world.clock.set(life.world.now().plus(8 * DAY_S));
    life.unheard(&Step::Payout { round: 1 });
    // Somebody pays Bola from outside, which is lost as well.
    life.world.chain.fund(life.world.now(), &life.members[1].address, &asset(), Amount::new(77));
    assert_eq!(life.gaps(), []);
    life.loses_history();
    life.all_agrees();

    let gaps = life.gaps();
    assert_eq!(gaps.len(), 1);
    assert!(gaps[0].lost.from <= gaps[0].lost.to, "{:?}", gaps[0].lost);
    assert!(gaps[0].filled_at.is_some());
    assert_eq!(
        (gaps[0].circles.as_slice(), gaps[0].unread.as_slice()),
        (&[life.circle][..], &[][..])
    );
    assert_eq!(life.told(EventKind::ContributionMade), heard, "no story is made up");
    for member in &life.members {
        assert_eq!(life.kinds(member).last().unwrap(), "gap", "{}", member.name);
    }

    // It goes on as if nothing had been: the rest of the cycle by our own commands.
    for round in 2..=3 {
        for who in 0..3 {
            life.contributes(who, round);
        }
        life.pass(8 * DAY_S);
    }
    assert_eq!(life.phase(), Phase::Completed);
    life.world.pass(120);
    life.all_agrees();
    assert_eq!((0..3).map(|who| life.balance(who)).sum::<i64>(), 300 * UNIT + 77);
    assert_eq!(life.gaps().len(), 1);
}

#[test]
fn what_turns_up_again_is_told_and_not_counted_twice() {
    let life = Life::of_three();
    life.unheard_round(1);
    life.world.chain.fund(life.world.now(), &life.members[1].address, &asset(), Amount::new(77));
    life.loses_history();
    life.all_agrees();
    assert_eq!(life.told(EventKind::PayoutMade), 0);

    // Another node has it all, from the first event on.
    life.world.chain.find_history();
    set_back(&life.world, "back");
    life.world.pass(120);
    life.all_agrees();
    assert_eq!(life.told(EventKind::ContributionMade), 3);
    assert_eq!(life.told(EventKind::PayoutMade), 1);
    set_back(&life.world, "back again");
    life.world.pass(120);
    life.all_agrees();
    assert_eq!(life.told(EventKind::PayoutMade), 1, "once, however often it turns up");
    let page = block_on(life.world.kolo.events(0, 1_000)).unwrap();
    let paid = page.events.iter().find_map(|event| match &event.what {
        Happened::InCircle(crate::port::chain::CircleChainEvent::PayoutMade { amount, .. }) => {
            Some(*amount)
        }
        _ => None,
    });
    assert_eq!(paid, Some(Amount::new(3 * UNIT)));
}

#[test]
fn what_the_node_still_has_is_told_and_not_counted_twice() {
    let life = Life::of_three();
    life.unheard(&Step::Contribute { seat: 0, round: 1, amount: EACH });
    life.world.chain.lose_history();
    // Not lost, but contained in the state the circle is read from; and what comes after that.
    life.unheard(&Step::Contribute { seat: 1, round: 1, amount: EACH });
    life.world.chain.fund(life.world.now(), &life.members[2].address, &asset(), Amount::new(9));
    life.world.work();
    life.world.pass(120);
    life.all_agrees();
    assert_eq!(life.told(EventKind::ContributionMade), 1);
    assert_eq!(life.kinds(&life.members[2]).last().unwrap(), "deposit");
    life.contributes(2, 1);
    life.all_agrees();
    assert_eq!(life.told(EventKind::ContributionMade), 2);
}

#[test]
fn a_payment_of_ours_that_was_lost_on_its_way_ends_as_a_payment() {
    let life = Life::of_three();
    // Ada's contribution is confirmed, but its event is lost.
    let ctx = CommandContext::of_member(life.members[0].id, "pay");
    block_on(life.world.kolo.circles().contribute(&ctx, life.circle, 1, EACH)).unwrap();
    life.world.work();
    life.unheard(&Step::Contribute { seat: 0, round: 1, amount: EACH });
    life.loses_history();
    life.all_agrees();
    let kinds = life.kinds(&life.members[0]);
    assert_eq!(kinds.last().unwrap(), "contribution", "{kinds:?}");
}

#[test]
fn a_circle_that_ended_in_the_gap_leaves_nothing_behind() {
    let life = Life::of_three();
    life.contributes(0, 1);
    life.unheard(&Step::Propose { seat: 0, motion: Motion::Dissolve, subject: 0 });
    life.unheard(&Step::Vote { seat: 1, proposal: 1, approve: true });
    life.unheard(&Step::Claim { seat: 0 });
    life.loses_history();
    life.all_agrees();
    let stage = block_on(life.world.kolo.circles().status(life.circle)).unwrap().summary.stage;
    assert_eq!(stage, CircleStage::OnChain(Phase::Dissolved), "its last payout was not due yet");
    assert_eq!(life.balance(0), 100 * UNIT);
}

#[test]
fn a_circle_whose_creation_was_lost_is_found_at_its_address() {
    for same in [true, false] {
        let world = World::new();
        world.chain.let_compare();
        let ada = world.member("Ada");
        let circle = world.create(&ada, "one");
        world.work();
        let mut rules = block_on(world.kolo.circles().status(circle)).unwrap().summary.rules;
        if !same {
            rules.contribution = Amount::new(1);
        }
        world.chain.ends_at(world.now().plus(20 * DAY_S));
        let (address, now) = (world.address(circle), world.now());
        let mut contract = Contract::new(address.clone(), rules);
        contract.join(&ada.address, now.unix()).unwrap();
        world.chain.deploy(contract);
        let organiser = ada.address.clone();
        world.chain.emit(now, ChainEventBody::GroupCreated { circle: address, organiser, rules });
        world.chain.lose_history();
        world.chain.emit(now, super::chain::elsewhere());
        world.work();
        let summary = block_on(world.kolo.circles().status(circle)).unwrap().summary;
        let stage = if same { CircleStage::OnChain(Phase::Forming) } else { CircleStage::Failed };
        assert_eq!((summary.stage, summary.members), (stage, u8::from(same)));
        let differences = block_on(world.kolo.circles().reconcile(circle)).unwrap();
        assert_eq!(differences.is_empty(), same, "{differences:?}");
        // And is kept alive like any other.
        world.pass(15 * DAY_S);
        let prolongs =
            |effect: &ChainEffect| matches!(effect, ChainEffect::Prolong { circle: Some(_), .. });
        assert_eq!(world.chain.count(prolongs) > 0, same);
    }
}

#[test]
fn a_node_that_cannot_be_read_keeps_everything_waiting() {
    let life = Life::of_three();
    life.unheard(&Step::Contribute { seat: 0, round: 1, amount: EACH });
    life.world.chain.reading(Some(super::chain::Reading::Impossible));
    life.loses_history();
    let gaps = life.gaps();
    assert_eq!((gaps.len(), gaps[0].filled_at), (1, None), "the alarm comes first");
    assert!(block_on(life.world.kolo.following()).unwrap().through < gaps[0].lost.to);
    life.world.chain.reading(None);
    life.world.pass(120);
    assert!(life.gaps()[0].filled_at.is_some());
    life.all_agrees();
}

/// Somebody in a world whose nodes have no events of classic payments.
pub(super) fn silent() -> (World, MemberView) {
    let world = World::new();
    world.chain.let_compare();
    world.chain.silence(true);
    let ada = world.member("Ada");
    (world, ada)
}

pub(super) fn settled(world: &World, member: &MemberView) -> i64 {
    block_on(world.kolo.wallets().balance(member.id)).unwrap().settled.minor_units()
}

#[test]
fn a_payment_nobody_tells_of_is_credited_from_the_balance_once() {
    let (world, ada) = silent();
    world.chain.fund(world.now(), &ada.address, &asset(), Amount::new(5));
    world.pass(120);
    assert_eq!(settled(&world, &ada), 5);
    world.pass(DAY_S);
    assert_eq!(settled(&world, &ada), 5, "once");
    world.chain.fund(world.now(), &ada.address, &asset(), Amount::new(-2));
    world.pass(120);
    assert_eq!(settled(&world, &ada), 3, "what left is gone");
}

#[test]
fn a_payment_whose_event_turns_up_later_is_not_credited_again() {
    let (world, ada) = silent();
    world.chain.fund(world.now(), &ada.address, &asset(), Amount::new(5));
    world.pass(120);
    assert_eq!(settled(&world, &ada), 5);
    // Another node tells the event of that ledger, which was passed by without it.
    let (asset, to, amount) = (asset(), Some(ada.address.clone()), Amount::new(5));
    let late = ChainEventBody::Transfer { asset, from: None, to, amount };
    world.chain.turns_up(1, late);
    set_back(&world, "back");
    world.pass(120);
    assert_eq!(settled(&world, &ada), 5);
    // And the next one, with its event, counts.
    world.chain.silence(false);
    world.chain.fund(world.now(), &ada.address, &self::asset(), Amount::new(1));
    world.pass(120);
    assert_eq!(settled(&world, &ada), 6);
}

#[test]
fn an_event_on_its_way_is_not_taken_for_a_payment_without_one() {
    let world = World::new();
    world.chain.let_compare();
    let ada = world.member("Ada");
    // More events than are applied before work is looked at again.
    for _ in 0..3_000 {
        world.chain.emit(world.now(), super::chain::elsewhere());
    }
    world.chain.fund(world.now(), &ada.address, &asset(), Amount::new(5));
    world.work();
    world.pass(300);
    assert_eq!(settled(&world, &ada), 5);
}

#[test]
fn a_payment_under_way_is_not_compared() {
    let life = Life::of_three();
    let ctx = CommandContext::of_member(life.members[0].id, "pay");
    block_on(life.world.kolo.circles().contribute(&ctx, life.circle, 1, EACH)).unwrap();
    life.world.chain.silence(true);
    life.world.chain.fund(life.world.now(), &life.members[0].address, &asset(), Amount::new(5));
    life.world.pass(300);
    assert_eq!(settled(&life.world, &life.members[0]), 100 * UNIT, "a hold is open");
    life.unheard(&Step::Contribute { seat: 0, round: 1, amount: EACH });
    life.world.pass(120);
    life.all_agrees();
    assert_eq!(life.balance(0), 99 * UNIT + 5);
}

#[test]
fn lost_history_is_a_range() {
    let lost = LostHistory { from: 3, to: 5 };
    let contained: Vec<u32> = (0..9).filter(|ledger| lost.contains(*ledger)).collect();
    assert_eq!(contained, [3, 4, 5]);
}
