//! Following the chain: what happened while we were down, what the node has forgotten, what it never told.
use kolo_core::Amount;
use kolo_core::events::{CircleEvent, EventKind, Happened};
use kolo_core::port::chain::{ChainEffect, CircleChainEvent};
use kolo_core::port::vault::PublicKey;
use kolo_core::view::MemberView;
use kolo_server::chat::Phone;

use crate::meddling::{away, bring_about};
use crate::node::Node;
use crate::world::{DAY, DOLLAR, World};

/// Events of circles after a position.
async fn events_after(world: &World, position: u64) -> (Vec<CircleEvent>, u64) {
    let page = world.kolo.events(position, 1_000).await.unwrap();
    assert!(!page.more);
    (page.events, page.next)
}

/// Somebody with another wallet pays a member.
async fn from_outside(world: &World, to: &MemberView, amount: i64) {
    let ChainEffect::Pay { from, to: issuer, asset, .. } =
        away(&world.kolo, to.id, Amount::new(amount)).await
    else {
        panic!("a payment");
    };
    let pay = ChainEffect::Pay { from: issuer, to: from, asset, amount: Amount::new(amount) };
    bring_about(&world.kolo, &pay).await;
}

/// A member pays in another wallet app.
async fn contribute(world: &World, who: &Phone, round: u8) {
    let circle = world.status(world.circle(who).await).await.summary.address;
    let member = world.member(who).await.address;
    let amount = Amount::new(10 * DOLLAR);
    bring_about(&world.kolo, &ChainEffect::Contribute { circle, member, round, amount }).await;
}

/// The historical scanner: 50 events while nobody follows, and a restart between.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_events_while_we_were_down_come_once_and_in_order() {
    let mut world = World::new().await;
    let ada = world.person("Ada", 100).await;
    let circle = world.group("CREATE GROUP Friends 10 weekly 3", std::slice::from_ref(&ada)).await;
    let address = world.status(circle).await.summary.address;
    let organiser = world.member(&ada).await.address;
    let (_, before) = events_after(&world, 0).await;

    world.outsiders = true;
    let keys: Vec<PublicKey> = (1..=25).map(|n| PublicKey([n; 32])).collect();
    for key in &keys {
        let (circle, organiser, key) = (address.clone(), organiser.clone(), *key);
        let expires_at = world.now().plus(DAY);
        let invite = ChainEffect::Invite {
            circle: circle.clone(),
            organiser: organiser.clone(),
            key,
            turn: None,
            expires_at,
        };
        bring_about(&world.kolo, &invite).await;
        let revoke = ChainEffect::RevokeInvitation { circle, organiser, key };
        bring_about(&world.kolo, &revoke).await;
    }
    let (meanwhile, _) = events_after(&world, before).await;
    assert_eq!(meanwhile, [], "nobody follows");

    // The cursor is in SQLite: another process goes on where this one was.
    let world = world.restart().await;
    let (events, next) = events_after(&world, before).await;
    let expected: Vec<(EventKind, PublicKey)> = keys
        .iter()
        .flat_map(|key| [(EventKind::InvitationAdded, *key), (EventKind::InvitationRevoked, *key)])
        .collect();
    let heard: Vec<(EventKind, PublicKey)> = events
        .iter()
        .map(|event| match &event.what {
            Happened::InCircle(
                CircleChainEvent::InvitationAdded { key: Some(key), .. }
                | CircleChainEvent::InvitationRevoked { key: Some(key), .. },
            ) => (event.kind(), *key),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!((heard.len(), heard), (50, expected));
    assert!(events.windows(2).all(|two| two[0].id < two[1].id), "in the chain's order");
    let world = world.restart().await;
    assert_eq!(events_after(&world, next).await.0, [], "each once");
    world.invariants().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_node_has_forgotten_is_filled_from_state_and_counted_once() {
    let mut world = World::new().await;
    let node = Node::over(&mut world);
    let ada = world.person("Ada", 100).await;
    let (bola, chidi) = (world.person("Bola", 100).await, world.person("Chidi", 100).await);
    let people = [ada.clone(), bola.clone(), chidi.clone()];
    let circle = world.group("CREATE GROUP Friends 10 weekly 3", &people).await;
    world.contribute(&ada).await;
    assert!(world.kolo.following().await.unwrap().gaps.is_empty());

    world.outsiders = true;
    contribute(&world, &bola, 1).await;
    contribute(&world, &chidi, 1).await;
    let outside = world.member(&bola).await;
    from_outside(&world, &outside, 7 * DOLLAR).await;
    node.forget(&world).await;
    // The first thing the node still has.
    from_outside(&world, &outside, DOLLAR).await;
    let told = world.told(&bola).len();
    world.pass(180).await;

    let following = world.kolo.following().await.unwrap();
    assert_eq!(following.gaps.len(), 1, "an alarm that stays");
    let gap = following.gaps[0].clone();
    assert!(gap.filled_at.is_some() && gap.lost.to < following.through, "{gap:?}");
    assert_eq!(gap.circles, [circle]);
    assert_eq!(world.money(&bola).await, (100 - 10 + 7 + 1) * DOLLAR);
    assert_eq!(world.money(&chidi).await, 90 * DOLLAR);
    assert_eq!(world.status(circle).await.vault.minor_units(), 30 * DOLLAR);
    let heard = world.since(&bola, told);
    assert!(heard.contains("could not see"), "{heard}");
    assert!(heard.contains("*1.00 USDC*"), "what was seen is told as always: {heard}");

    // Everything goes on: the payout of the round that was filled, and the next round.
    world.pass(7 * DAY + 3_600).await;
    assert_eq!(world.money(&ada).await, (100 - 10 + 30) * DOLLAR);
    world.contribute(&ada).await;
    world = world.restart().await;
    world.outsiders = true;
    node.remember();
    node.take(&mut world);
    world.pass(180).await;
    assert_eq!(world.kolo.following().await.unwrap().gaps, [gap]);
    assert_eq!(world.money(&ada).await, (100 - 10 + 30 - 10) * DOLLAR);
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_from_any_wallet_are_credited_once_with_and_without_their_events() {
    for silent in [false, true] {
        let mut world = World::new().await;
        let node = Node::over(&mut world);
        let ada = world.person("Ada", 10).await;
        let member = world.member(&ada).await;
        node.silence(silent);
        from_outside(&world, &member, 5 * DOLLAR).await;
        world.settle().await;
        let at_once = if silent { 10 } else { 15 };
        assert_eq!(world.money(&ada).await, at_once * DOLLAR, "silent: {silent}");
        world.pass(180).await;
        assert_eq!(world.money(&ada).await, 15 * DOLLAR, "silent: {silent}");
        let lines = world.kolo.wallets().history(member.id, None, 10).await.unwrap().lines;
        let credits: Vec<_> = lines.iter().filter(|line| line.kind == "deposit").collect();
        assert_eq!(credits.len(), 2, "{lines:?}");
        assert_eq!(credits[0].tx.is_some(), !silent, "what is not known is not said");

        // Later the node tells such events, too; and we start again.
        node.silence(false);
        world = world.restart().await;
        node.take(&mut world);
        from_outside(&world, &member, DOLLAR).await;
        world.pass(DAY).await;
        assert_eq!(world.money(&ada).await, 16 * DOLLAR);
    }
}
