//! The client follows a real network: over interruptions, by small pages, from a past ledger, and past
//! what the node still has.
use std::sync::Arc;

use kolo_core::port::ChainClient;
use kolo_core::port::chain::{
    ChainAddress, ChainCursor, ChainEffect, ChainEvent, ChainEventBody, CircleChainEvent as E,
};
use kolo_localnet::Localnet;
use kolo_localnet::store::MemoryStore;
use kolo_rules::Circle;
use kolo_stellar::StellarChainClient;

use super::world::*;

/// What happened after a cursor, by pages of `limit`, and where it ends. Between pages the cursor is only
/// its text, as in a store.
async fn read_on(
    client: &StellarChainClient,
    from: Option<String>,
    limit: usize,
) -> (Vec<ChainEvent>, String) {
    let (mut events, mut at) = (Vec::new(), from);
    loop {
        let cursor = at.clone().map(ChainCursor);
        let page = client.events_after(cursor.as_ref(), limit).await.unwrap();
        assert_eq!(page.gap, None);
        events.extend(page.events);
        at = Some(page.next.0);
        if !page.more {
            return (events, at.unwrap());
        }
    }
}

/// Invites and takes back, `n` times: twice as many events of the circle.
async fn comings_and_goings(world: &World, circle: &ChainAddress, n: u8) {
    for key in 1..=n {
        world.apply(&world.invite(circle, key)).await;
        let (circle, organiser, key) = (circle.clone(), world.address(1), public(key));
        world.apply(&ChainEffect::RevokeInvitation { circle, organiser, key }).await;
    }
}

fn keys(events: &[ChainEvent]) -> Vec<(bool, [u8; 32])> {
    let key = |event: &ChainEvent| match &event.body {
        ChainEventBody::Circle { event: E::InvitationAdded { key: Some(key), .. }, .. } => {
            Some((true, key.0))
        }
        ChainEventBody::Circle { event: E::InvitationRevoked { key: Some(key), .. }, .. } => {
            Some((false, key.0))
        }
        _ => None,
    };
    events.iter().filter_map(key).collect()
}

#[tokio::test]
async fn fifty_events_made_meanwhile_come_once_and_in_order() {
    let world = World::new().await;
    world.open(1, usdc(100)).await;
    let circle = world.create(3, [7; 32]).await;
    let (_, stopped) = read_on(&world.client, None, 100).await;
    comings_and_goings(&world, &circle, 25).await;

    let expected: Vec<_> =
        (1..=25).flat_map(|n| [(true, public(n).0), (false, public(n).0)]).collect();
    for limit in [1, 7, 50, 1_000] {
        // A client of another process.
        let again =
            StellarChainClient::connect(world.rpc.clone(), &world.deployment.config()).await;
        let (events, end) = read_on(&again.unwrap(), Some(stopped.clone()), limit).await;
        assert_eq!((events.len(), keys(&events)), (50, expected.clone()), "pages of {limit}");
        let (more, _) = read_on(&world.client, Some(end), limit).await;
        assert_eq!(more, []);
    }
}

#[tokio::test]
async fn pages_smaller_than_what_one_ledger_holds_lose_nothing() {
    let world = World::new().await;
    let circle = world.circle(3).await;
    for n in 1..=3 {
        world.apply(&world.contribute(&circle, n, 1)).await;
    }
    let (all, _) = read_on(&world.client, None, 1_000).await;
    let most = all.iter().map(|one| all.iter().filter(|e| e.ledger == one.ledger).count()).max();
    assert!(most >= Some(2), "several events in one ledger");
    assert_eq!(read_on(&world.client, None, 1).await.0, all);
}

#[tokio::test]
async fn following_starts_from_a_past_ledger() {
    let world = World::new().await;
    world.open(1, usdc(100)).await;
    let circle = world.create(3, [7; 32]).await;
    let start = world.client.latest().await.unwrap().sequence + 1;
    comings_and_goings(&world, &circle, 3).await;
    let mut config = world.deployment.config();
    config.start_ledger = Some(start);
    let client = StellarChainClient::connect(world.rpc.clone(), &config).await.unwrap();
    let (events, _) = read_on(&client, None, 2).await;
    assert_eq!((events.len(), keys(&events).len()), (6, 6));
    assert!(events.iter().all(|event| event.ledger >= start));
}

#[tokio::test]
async fn what_a_node_has_forgotten_is_named_and_its_state_is_later_than_that() {
    let store = MemoryStore::new().with_retention(20);
    let world = World::on(|clock| {
        Localnet::builder().clock(Arc::new(clock)).store(Box::new(store)).start().unwrap()
    })
    .await;
    let circle = world.circle(2).await;
    let (_, stopped) = read_on(&world.client, None, 100).await;
    let after = ChainCursor(stopped);
    let through = world.client.latest().await.unwrap().sequence;
    world.apply(&world.contribute(&circle, 1, 1)).await;
    for _ in 0..40 {
        world.apply(&world.pay(ISSUER, 2, usdc(1))).await;
    }
    let page = world.client.events_after(Some(&after), 100).await.unwrap();
    let lost = page.gap.unwrap();
    assert_eq!(lost.from, through + 1);
    assert!(page.events.iter().all(|event| event.ledger > lost.to), "{lost:?}");
    assert!(!page.events.is_empty());
    let there = world.client.circle(&circle, &world.asset()).await.unwrap().unwrap();
    assert!(there.ledger > lost.to && there.ledger >= page.through);
    assert_eq!(there.rules, Some(world.rules(2)));
    assert_eq!(Circle::decode(&there.state.unwrap()).unwrap().held().unwrap(), usdc(10));
    let wallets = [world.address(1), world.address(2), world.address(9), circle];
    let found = world.client.balances(&wallets, &world.asset()).await.unwrap();
    let expected = [usdc(90), usdc(140), usdc(0), usdc(10)];
    assert_eq!((found.amounts.as_slice(), found.ledger), (&expected[..], there.ledger));
    // From there on nothing is lost.
    let next = world.client.events_after(Some(&page.next), 100).await.unwrap();
    assert_eq!((next.gap, next.events), (None, vec![]));
}
