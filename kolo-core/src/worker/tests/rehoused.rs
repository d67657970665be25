//! Another list of assets is another factory: circles that are being created over such a change.
use futures::FutureExt;

use super::between::Between;
use super::chain::Reading;
use super::contract::Contract;
use super::receipts::notices;
use super::unread::{cannot_be_told, on_its_way};
use super::*;
use crate::Ports;
use crate::intent::state::Intent;
use crate::notice::Notice;
use crate::port::chain::LatestLedger;

impl World {
    /// The factory of before has made it after all; its organiser's seat is told of.
    fn is_made(&self, circle: CircleId, organiser: &MemberView) {
        let (address, now) = (self.address(circle), self.now());
        let rules = block_on(self.kolo.circles().status(circle)).unwrap().summary.rules;
        self.chain.deploy(Contract::new(address.clone(), rules));
        let joined = |there: &mut Contract| there.join(&organiser.address, now.unix());
        self.chain.call(now, &address, &asset(), joined).unwrap();
    }

    fn follows_all(&self) {
        while block_on(self.kolo.follow()).unwrap() {}
    }

    fn stage(&self, circle: CircleId) -> CircleStage {
        block_on(self.kolo.circles().status(circle)).unwrap().summary.stage
    }

    fn nothing_is_under_way(&self) -> bool {
        let intents = block_on(self.kolo.list::<Intent>(None, 100)).unwrap();
        intents.iter().all(|intent| intent.state.is_final())
    }
}

/// A list that changes while a circle is being created: another list is another factory.
#[test]
fn a_circle_that_was_not_sent_yet_is_made_and_followed_where_the_new_factory_puts_it() {
    let world = World::new();
    let ada = world.opened("Ada");
    world.chain.answer(creates, Some(Answer::Trouble));
    let circle = world.create(&ada, "one");
    world.work();
    let before = world.address(circle);
    world.chain.factory("NEW");
    world.chain.answer(creates, None);
    world.pass(600);
    let address = world.address(circle);
    assert!(address != before && address.0.starts_with("CNEW"), "{address}");
    assert_eq!(world.chain.count(creates), 1);
    // Whoever speaks from where it was to be is nobody's circle.
    let stranger = CircleChainEvent::ParticipantJoined { member: before.clone(), seat: 0, turn: 1 };
    world.chain.emit(world.now(), ChainEventBody::Circle { circle: before, event: stranger });
    let rules = block_on(world.kolo.circles().status(circle)).unwrap().summary.rules;
    world.joins(circle, &ada, 0);
    let organiser = ada.address.clone();
    world
        .chain
        .emit(world.now(), ChainEventBody::GroupCreated { circle: address, organiser, rules });
    world.work();
    let summary = block_on(world.kolo.circles().status(circle)).unwrap().summary;
    assert_eq!((summary.stage, summary.members), (CircleStage::OnChain(Phase::Forming), 1));
}

/// Its announcement comes from a factory that is followed no more.
#[test]
fn a_circle_that_was_sent_to_the_old_factory_is_found_by_its_own_events() {
    for same in [true, false] {
        let world = World::new();
        let ada = world.opened("Ada");
        let circle = world.create(&ada, "one");
        world.work();
        assert_eq!(world.chain.count(creates), 1);
        let (address, now) = (world.address(circle), world.now());
        world.chain.factory("NEW");
        let mut rules = block_on(world.kolo.circles().status(circle)).unwrap().summary.rules;
        if !same {
            rules.contribution = Amount::new(1);
        }
        world.chain.deploy(Contract::new(address.clone(), rules));
        let joined = |there: &mut Contract| there.join(&ada.address, now.unix());
        world.chain.call(now, &address, &asset(), joined).unwrap();
        while block_on(world.kolo.follow()).unwrap() {}
        let summary = block_on(world.kolo.circles().status(circle)).unwrap().summary;
        assert_eq!(summary.address, address);
        let stage = if same { CircleStage::OnChain(Phase::Forming) } else { CircleStage::Failed };
        assert_eq!(summary.stage, stage);
        let told = notices(&world.kolo);
        let ready = |told: &&crate::unit::Told| matches!(told.notice, Notice::CircleReady { .. });
        assert_eq!(told.iter().filter(ready).count(), usize::from(same));
        let of_it = crate::events::EventKind::GroupCreated;
        let events = block_on(world.kolo.events(0, 100)).unwrap().events;
        let made = events.iter().filter(|event| event.kind() == of_it).count();
        assert_eq!(made, usize::from(same));
        if same {
            assert_eq!(summary.members, 1);
            let differences = block_on(world.kolo.circles().reconcile(circle)).unwrap();
            assert!(differences.is_empty(), "{differences:?}");
        }
    }
}

/// Two processes with two lists, one after the other on the same intent: what is sent is made where the circle
/// is awaited.
#[test]
fn a_process_with_another_list_moves_no_circle_from_under_a_transaction() {
    let world = World::new();
    let ada = world.opened("Ada");
    world.chain.answer(creates, Some(Answer::Trouble));
    let circle = world.create(&ada, "one");
    world.work();
    world.chain.answer(creates, None);
    world.chain.factory("NEW");
    let old = {
        let (chain, clock, kolo) = (world.chain.clone(), world.clock.clone(), world.kolo.clone());
        let later = world.now().plus(DAY_S);
        async move {
            // The lease has run out, and the other one gets no further than to the circle's address.
            clock.set(later);
            chain.factory("");
            chain.answer(creates, Some(Answer::Trouble));
            Worker::without_chat(kolo.clone()).tick(usize::MAX).await.unwrap();
            let summary = kolo.circles().status(circle).await.unwrap().summary;
            assert!(!summary.address.0.starts_with("CNEW"), "{}", summary.address);
            chain.answer(creates, None);
            chain.factory("NEW");
        }
    };
    let is_stored = |key: &str| key.contains("/persist/");
    let inner = world.kolo.ports().ledger.clone();
    let ledger = Arc::new(Between::new(inner, is_stored, old.boxed()));
    let ports = Ports { ledger: ledger.clone(), ..world.kolo.ports().clone() };
    let (tenant, operator) = (world.kolo.tenant().clone(), world.kolo.operator().clone());
    let kolo = Kolo::try_new(tenant, ports, asset(), operator, Settings::default()).unwrap();
    world.clock.set(world.now().plus(600));
    let _ = block_on(Worker::without_chat(kolo).tick(usize::MAX));
    assert!(ledger.is_over());
    world.pass(600);
    let address = world.address(circle);
    assert!(address.0.starts_with("CNEW"), "{address}");
}

/// By one factory a circle is made once, by two it is made twice.
#[test]
fn a_creation_nobody_can_tell_of_is_not_sent_to_another_factory() {
    for live in [false, true] {
        let world = World::new();
        let ada = world.opened("Ada");
        on_its_way(&world);
        let circle = world.create(&ada, "one");
        world.work();
        let address = world.address(circle);
        world.chain.factory("NEW");
        if live {
            world.is_made(circle, &ada);
            world.follows_all();
        }
        cannot_be_told(&world);
        world.pass(600);
        assert_eq!((world.chain.count(creates), world.address(circle)), (1, address.clone()));
        assert_eq!(world.nothing_is_under_way(), live);
        if !live {
            world.is_made(circle, &ada);
            world.pass(600);
        }
        assert_eq!(world.stage(circle), CircleStage::OnChain(Phase::Forming));
        assert!(world.nothing_is_under_way());
        assert_eq!((world.chain.count(creates), world.address(circle)), (1, address));
    }
}

/// It was to be built anew by the factory that may have made it, and then another one was listed.
#[test]
fn a_circle_that_is_there_after_all_is_not_made_elsewhere() {
    let world = World::new();
    let ada = world.opened("Ada");
    on_its_way(&world);
    let circle = world.create(&ada, "one");
    world.work();
    let address = world.address(circle);
    world.chain.answer(creates, Some(Answer::Trouble));
    cannot_be_told(&world);
    world.pass(600);
    world.is_made(circle, &ada);
    world.chain.factory("NEW");
    world.chain.answer(creates, None);
    world.pass(600);
    assert_eq!((world.chain.count(creates), world.address(circle)), (1, address));
    assert_eq!(world.stage(circle), CircleStage::OnChain(Phase::Forming));
    assert!(world.nothing_is_under_way());
}

/// There is one such event, and it is used up when it is applied.
#[test]
fn a_node_behind_the_event_that_finds_a_circle_is_asked_again() {
    let world = World::new();
    let ada = world.opened("Ada");
    let circle = world.create(&ada, "one");
    world.work();
    world.chain.factory("NEW");
    world.is_made(circle, &ada);
    let ledger = world.chain.ledger() - 1;
    let latest = LatestLedger { sequence: ledger, closed_at: START };
    world.chain.consents(|it| it.latest = Some(latest));
    for reading in [Reading::Of(ledger), Reading::Nothing] {
        world.chain.reading(Some(reading));
        let followed = block_on(world.kolo.follow());
        assert!(matches!(followed, Err(Error::Port(_))), "{reading:?}: {followed:?}");
        assert_eq!(world.stage(circle), CircleStage::Creating);
    }
    world.chain.reading(None);
    world.chain.consents(|it| it.latest = None);
    world.follows_all();
    assert_eq!(world.stage(circle), CircleStage::OnChain(Phase::Forming));
}

#[test]
fn a_circle_of_another_factory_that_cannot_be_read_holds_nobody_up_and_is_read_on_request() {
    for reading in [Reading::Corrupt, Reading::Nothing] {
        let world = World::new();
        let ada = world.opened("Ada");
        let circle = world.create(&ada, "one");
        world.work();
        world.chain.factory("NEW");
        world.is_made(circle, &ada);
        world.chain.fund(world.now(), &ada.address, &asset(), EACH);
        world.chain.reading(Some(reading));
        world.follows_all();
        let purse = block_on(world.kolo.wallets().balance(ada.id)).unwrap();
        assert_eq!((purse.settled, world.stage(circle)), (EACH, CircleStage::Creating));
        world.chain.reading(None);
        assert!(block_on(world.kolo.refill(circle)).unwrap(), "{reading:?}");
        assert_eq!(world.stage(circle), CircleStage::OnChain(Phase::Forming));
        let differences = block_on(world.kolo.circles().reconcile(circle)).unwrap();
        assert!(differences.is_empty(), "{differences:?}");
    }
}

/// Another process has the old list still, or has it again.
#[test]
fn a_circle_that_was_found_and_is_announced_is_told_of_once() {
    let world = World::new();
    let ada = world.opened("Ada");
    let circle = world.create(&ada, "one");
    world.work();
    world.chain.factory("NEW");
    world.is_made(circle, &ada);
    world.follows_all();
    world.chain.factory("");
    let (address, organiser) = (world.address(circle), ada.address.clone());
    let rules = block_on(world.kolo.circles().status(circle)).unwrap().summary.rules;
    let announced = ChainEventBody::GroupCreated { circle: address, organiser, rules };
    world.chain.emit(world.now(), announced);
    world.follows_all();
    let ready = |told: &&crate::unit::Told| matches!(told.notice, Notice::CircleReady { .. });
    assert_eq!(notices(&world.kolo).iter().filter(ready).count(), 1);
    let of_it = crate::events::EventKind::GroupCreated;
    let events = block_on(world.kolo.events(0, 100)).unwrap().events;
    assert_eq!(events.iter().filter(|event| event.kind() == of_it).count(), 1);
}
