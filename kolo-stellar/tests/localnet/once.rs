use kolo_core::port::ChainClient;
use kolo_core::port::chain::{Fate, Submission};

use super::world::*;

#[tokio::test]
async fn sending_again_pays_once() {
    let world = World::new().await;
    world.open(1, usdc(50)).await;
    world.open(2, usdc(0)).await;
    let signed = world.signed(&world.pay(1, 2, usdc(10))).await.unwrap();
    assert_eq!(world.client.submit(&signed).await.unwrap(), Submission::Accepted);
    for _ in 0..3 {
        let again = world.client.submit(&signed).await.unwrap();
        assert!(matches!(again, Submission::Accepted | Submission::BadSequence), "{again:?}");
    }
    let fate = world.client.look_up(&signed).await.unwrap();
    assert!(matches!(fate, Fate::Confirmed { fee, .. } if fee > 0), "{fate:?}");
    assert_eq!(world.balance(2).await, usdc(10));

    // Another fee-bump around the same inner transaction: found by its hash, not applied again.
    let bump = world.client.bump_again(&signed).unwrap();
    let outer = signature(FEES, &bump.payload);
    let bumped = world.client.finish(&bump, &outer).unwrap();
    assert_ne!(bumped.hash, signed.hash);
    assert_eq!(world.client.submit(&bumped).await.unwrap(), Submission::BadSequence);
    assert_eq!(world.client.look_up(&bumped).await.unwrap(), fate);
    assert_eq!(world.balance(2).await, usdc(10));
}

#[tokio::test]
async fn two_of_one_sequence_cannot_both_be_applied() {
    let world = World::new().await;
    world.open(1, usdc(50)).await;
    world.open(2, usdc(0)).await;
    let one = world.signed(&world.pay(1, 2, usdc(10))).await.unwrap();
    let two = world.signed(&world.pay(1, 2, usdc(20))).await.unwrap();
    assert_eq!(one.prepared.sequence, two.prepared.sequence);
    assert_eq!(world.client.submit(&two).await.unwrap(), Submission::Accepted);
    assert_eq!(world.client.submit(&one).await.unwrap(), Submission::BadSequence);
    assert_eq!(world.balance(2).await, usdc(20));
}

#[tokio::test]
async fn too_late_is_provably_never() {
    let world = World::new().await;
    world.open(1, usdc(50)).await;
    world.open(2, usdc(0)).await;
    let signed = world.signed(&world.pay(1, 2, usdc(10))).await.unwrap();
    let max_time = signed.prepared.max_time;
    match world.client.look_up(&signed).await.unwrap() {
        Fate::NotFound { latest_closed_at, .. } => {
            assert!(latest_closed_at <= max_time, "it may still be sent");
        }
        other => panic!("{other:?}"),
    }
    world.wait(3600);
    world.net.close_ledger().await.unwrap();
    assert_eq!(world.client.submit(&signed).await.unwrap(), Submission::TooLate);
    match world.client.look_up(&signed).await.unwrap() {
        Fate::NotFound { latest_closed_at, history_covers, .. } => {
            assert!(latest_closed_at > max_time && history_covers);
        }
        other => panic!("{other:?}"),
    }
    world.apply(&world.pay(1, 2, usdc(10))).await;
    assert_eq!(world.balance(2).await, usdc(10));
}

/// A follower that stops anywhere goes on without skipping or repeating, also over ledgers without
/// events.
#[tokio::test]
async fn following_at_the_tip_skips_and_repeats_nothing() {
    let world = World::new().await;
    world.open(1, usdc(50)).await;
    world.open(2, usdc(0)).await;
    let mut cursor = None;
    let mut seen = vec![];
    for n in 1..=6 {
        if n % 2 == 0 {
            world.apply(&world.pay(1, 2, usdc(n))).await;
        } else {
            world.net.close_ledger().await.unwrap();
        }
        for _ in 0..3 {
            let page = world.client.events_after(cursor.as_ref(), 1).await.unwrap();
            seen.extend(page.events.into_iter().map(|event| event.id));
            cursor = Some(page.next);
        }
    }
    let mut sorted = seen.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(seen, sorted, "in order, each once");
    assert_eq!(seen.len(), world.history(1000).await.len());
    assert_eq!(seen.len(), 1 + 3, "one issue and three payments");
}
