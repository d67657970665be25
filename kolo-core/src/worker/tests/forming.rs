//! Before the start: turns given by invitation, and requests that are never answered.
use super::*;
use crate::notice::Notice;
use crate::record;
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
    let ada = world.member("Ada");
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
