//! Before the start: turns given by invitation, and requests that are never answered.
use super::*;
use crate::Ports;
use crate::notice::Notice;
use crate::record;
use crate::testkit::{Fault, FaultPlan, Faulty};
use crate::unit::{Told, queue};

use kolo_rules::circle::Order;

fn fixed(world: &World, organiser: &MemberView, turn: u8) -> Result<CircleId, Error> {
    let options = Options { order: Order::Fixed, organiser_turn: turn, ..Options::default() };
    let wanted = NewCircle { options, ..NewCircle::weekly("Market", EACH, 3) };
    let ctx = CommandContext::of_member(organiser.id, format!("create/{turn}"));
    block_on(world.kolo.circles().create(&ctx, wanted)).map(|under_way| under_way.circle)
}

#[test]
fn every_turn_is_promised_once() {
    let world = World::new();
    let (ada, bola) = (world.member("Ada"), world.member("Bola"));
    for turn in [0, 4] {
        let refused = fixed(&world, &ada, turn);
        assert!(matches!(refused, Err(Error::OutOfBounds { min: 1, max: 3, .. })), "{refused:?}");
    }
    let circle = fixed(&world, &ada, 2).unwrap();
    world.work();
    let done = world.chain.done();
    let Some(ChainEffect::CreateCircle { organiser_turn: Some(2), .. }) = done.last() else {
        panic!("{done:?}");
    };
    let (member, seat, turn) = (ada.address.clone(), 0, 2);
    world.emit(circle, CircleChainEvent::ParticipantJoined { member, seat, turn });
    let created = ChainEventBody::GroupCreated {
        circle: world.address(circle),
        organiser: ada.address.clone(),
        rules: block_on(world.kolo.circles().status(circle)).unwrap().summary.rules,
    };
    world.chain.emit(world.now(), created);
    world.work();
    let invite = |key: &str, turn: Option<u8>| {
        let ctx = CommandContext::of_member(ada.id, key);
        let invited = block_on(world.kolo.circles().invite_to(&ctx, circle, None, turn));
        invited.map(|(view, _)| view.turn)
    };
    for (key, turn, refusal) in
        [("own", 2, Refusal::TurnTaken), ("none", 0, Refusal::BadTurn), ("no", 4, Refusal::BadTurn)]
    {
        let refused = invite(key, Some(turn));
        assert!(matches!(&refused, Err(Error::Refused(why)) if *why == refusal), "{refused:?}");
    }
    assert_eq!(invite("last", Some(3)).unwrap(), Some(3));
    assert!(matches!(invite("again", Some(3)), Err(Error::Refused(Refusal::TurnTaken))));
    assert_eq!(invite("any", None).unwrap(), Some(1));
    assert_eq!(invite("any", None).unwrap(), Some(1), "the same command, the same turn");
    assert!(matches!(invite("more", None), Err(Error::NoPlaceLeft)));
    // Nor is it given to who asked.
    let member = bola.address.clone();
    world.emit(circle, CircleChainEvent::JoinRequested { member });
    world.work();
    let ctx = CommandContext::of_member(ada.id, "approve");
    let given = block_on(world.kolo.circles().approve(&ctx, circle, &bola.address, Some(3)));
    assert!(matches!(given, Err(Error::Refused(Refusal::TurnTaken))), "{given:?}");
    world.work();
    let given: Vec<_> = world
        .chain
        .done()
        .into_iter()
        .filter_map(|effect| match effect {
            ChainEffect::Invite { turn, .. } => Some(turn),
            _ => None,
        })
        .collect();
    assert_eq!(given, [Some(3), Some(1)]);
}

#[test]
fn a_turn_is_given_only_where_the_order_is_fixed() {
    let world = World::new();
    let ada = world.member("Ada");
    let circle = world.forming(&ada, "one");
    let ctx = CommandContext::of_member(ada.id, "invite");
    let refused = block_on(world.kolo.circles().invite_to(&ctx, circle, None, Some(2)));
    assert!(matches!(refused, Err(Error::Refused(Refusal::BadTurn))), "{refused:?}");
    assert!(block_on(world.kolo.circles().free_turns(circle)).unwrap().is_empty());
}

/// A request nobody has answered when the circle starts is over, and who made it hears that.
#[test]
fn requests_end_with_the_start() {
    let world = World::new();
    let (ada, bola, chidi) = (world.member("Ada"), world.member("Bola"), world.member("Chidi"));
    let circle = world.forming(&ada, "one");
    let member = chidi.address.clone();
    world.emit(circle, CircleChainEvent::JoinRequested { member });
    world.work();
    let waiting = || block_on(world.kolo.circles().status(circle)).unwrap().requests.len();
    assert_eq!(waiting(), 1);
    world.joins(circle, &bola, 1);
    while block_on(world.kolo.follow()).unwrap() {}
    assert_eq!(waiting(), 0);
    let queue = &world.kolo.ports().queue;
    let claimed = block_on(queue.claim(&[queue::NOTICE], world.now(), 60, 100)).unwrap();
    let told: Vec<Told> =
        claimed.iter().map(|work| record::decode(&work.payload, 1).unwrap()).collect();
    let refused = |told: &&Told| {
        told.to == chidi.id && matches!(told.notice, Notice::PlaceGone { started: true, .. })
    };
    assert_eq!(told.iter().filter(refused).count(), 1);
}

fn leaves(effect: &ChainEffect) -> bool {
    matches!(effect, ChainEffect::Leave { .. })
}

/// Ada's circle, where Bola waits.
fn where_bola_waits(world: &World) -> (CircleId, MemberView, MemberView) {
    let (ada, bola) = (world.member("Ada"), world.member("Bola"));
    let circle = world.forming(&ada, "one");
    let member = bola.address.clone();
    world.emit(circle, CircleChainEvent::JoinRequested { member });
    world.work();
    (circle, ada, bola)
}

fn take_back(world: &World, circle: CircleId, who: &MemberView, key: &str) -> Result<(), Error> {
    let ctx = CommandContext::of_member(who.id, key);
    block_on(world.kolo.circles().take_back(&ctx, circle)).map(drop)
}

/// The chain's call gives up a place as well as a request: it must not meet the place.
#[test]
fn taking_a_request_back_gives_up_no_place() {
    // Bola accepts an invitation while he waits, and then thinks better of having asked.
    let world = World::new();
    let (circle, ada, bola) = where_bola_waits(&world);
    let by = |who: &MemberView, key: &str| CommandContext::of_member(who.id, key);
    let circles = world.kolo.circles();
    let (invitation, _) = block_on(circles.invite(&by(&ada, "invite"), circle, None)).unwrap();
    world.work();
    let Some(ChainEffect::Invite { key, expires_at, .. }) = world.chain.done().last().cloned()
    else {
        panic!("no invitation");
    };
    let (key, address, turn) = (Some(key), None, None);
    world.emit(circle, CircleChainEvent::InvitationAdded { key, address, turn, expires_at });
    world.work();
    let hash = invitation.circle.rules_hash;
    block_on(circles.join(&by(&bola, "join"), &invitation.code, hash)).unwrap();
    let refused = take_back(&world, circle, &bola, "back");
    assert!(matches!(refused, Err(Error::UnderWay)), "{refused:?}");

    // The organiser is faster than what he asked for.
    let world = World::new();
    let (circle, _, bola) = where_bola_waits(&world);
    take_back(&world, circle, &bola, "back").unwrap();
    world.joins(circle, &bola, 1);
    while block_on(world.kolo.follow()).unwrap() {}
    world.work();
    let seats = block_on(world.kolo.circles().status(circle)).unwrap().seats;
    assert_eq!((world.chain.count(leaves), seats.len()), (0, 2));

    // And who only waits does so no more.
    let world = World::new();
    let (circle, _, bola) = where_bola_waits(&world);
    take_back(&world, circle, &bola, "back").unwrap();
    world.work();
    assert_eq!(world.chain.count(leaves), 1);
}

/// Who was refused has no circle by having asked; who sits there by then keeps it.
#[test]
fn a_refused_request_leaves_nothing_behind() {
    for sits in [false, true] {
        let world = World::new();
        let (ada, bola) = (world.member("Ada"), world.member("Bola"));
        let circle = world.forming(&ada, "one");
        let hash = block_on(world.kolo.circles().status(circle)).unwrap().summary.rules_hash;
        let asks = |effect: &ChainEffect| matches!(effect, ChainEffect::Request { .. });
        world.chain.answer(asks, Some(Answer::Refuse(Some(28))));
        let ctx = CommandContext::of_member(bola.id, "ask");
        block_on(world.kolo.circles().request(&ctx, circle, hash)).unwrap();
        let circles = || block_on(world.kolo.member(bola.id)).unwrap().state.circles;
        assert_eq!(circles(), [circle]);
        if sits {
            world.joins(circle, &bola, 1);
            while block_on(world.kolo.follow()).unwrap() {}
        }
        world.pass(60);
        assert_eq!(circles(), if sits { vec![circle] } else { vec![] });
    }
}

/// A store that is down has not said that the code is unknown.
#[test]
fn a_code_is_not_unknown_because_the_store_is_down() {
    let world = World::new();
    let ada = world.member("Ada");
    let circle = world.forming(&ada, "one");
    let by = |key: &str| CommandContext::of_member(ada.id, key);
    let code = block_on(world.kolo.circles().open_door(&by("open"), circle)).unwrap();
    let plan = FaultPlan::scripted([(0, Fault::Before)]);
    let ledger = Arc::new(Faulty::new(world.kolo.ports().ledger.clone(), plan));
    let ports = Ports { ledger, ..world.kolo.ports().clone() };
    let (tenant, operator) = (world.kolo.tenant().clone(), world.kolo.operator().clone());
    let kolo = Kolo::try_new(tenant, ports, asset(), operator, Settings::default()).unwrap();
    let down = block_on(kolo.circles().close_door(&by("close"), &code));
    assert!(matches!(down, Err(Error::Port(_))), "{down:?}");
    assert_eq!(block_on(kolo.circles().close_door(&by("close"), &code)).unwrap(), "Market");
}
