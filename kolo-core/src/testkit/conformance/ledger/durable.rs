//! What was committed is there after the store is closed and opened again.
use crate::port::ledger::{CommitError, Committed};
use crate::testkit::conformance::LedgerSetup;
use crate::testkit::conformance::check::{assert_refused, balance, ids, later};
use crate::testkit::conformance::make::{
    With, circle, command, contact, external, held, item, moved, record, tenant, wallet,
};

/// Records, names, books, events, outcomes and due work survive.
pub async fn a_reopened_store_has_everything(setup: &LedgerSetup) {
    let store = setup.open().await;
    let full = command("k")
        .state(circle("a"), 0, "state")
        .claim(contact("old"), circle("a"))
        .event(circle("a"), "opened")
        .entry(moved("in", external(), wallet("ada"), 10))
        .entry(held("hold", wallet("ada"), wallet("ben"), 4))
        .work(item("w1", Some("lane"), later(0)))
        .work(item("w2", Some("lane"), later(0)));
    store.now(full.clone()).await;
    let before = store.snapshot("k").await;
    let store = setup.reopen(store).await;
    assert_eq!(store.snapshot("k").await, before);
    assert_eq!(store.balance(&wallet("ada")).await, balance(10, 4, 0));
    let again = store.commit(full).await.expect("a repetition");
    assert_eq!(again, Committed::Before(record("done", "k")));
    assert_eq!(store.claim_one(later(0)).await.payload, record("work", "w1"));
}

/// Counting goes on where it was: versions, event positions, entries, names that were ever used.
pub async fn a_reopened_store_counts_on(setup: &LedgerSetup) {
    let store = setup.open().await;
    let first = command("k1")
        .state(circle("a"), 0, "1")
        .event(circle("a"), "first")
        .entry(moved("e1", external(), wallet("ada"), 1))
        .work(item("w", None, later(0)));
    store.now(first).await;
    let lease = store.claim_one(later(0)).await.lease;
    store.now(command("k2").consume(&lease)).await;

    let store = setup.reopen(store).await;
    let next = command("k3")
        .state(circle("a"), 1, "2")
        .event(circle("a"), "second")
        .entry(moved("e2", external(), wallet("ada"), 1))
        .work(item("w", None, later(0)));
    store.now(next).await;
    assert_eq!(store.version(&circle("a")).await, 2);
    let positions: Vec<_> =
        store.events(&tenant("main")).await.iter().map(|event| event.position).collect();
    assert_eq!(positions, [1, 2]);
    let entries = store.entries(&wallet("ada")).await;
    assert_eq!(entries.len(), 2);
    assert!(entries[0].position > entries[1].position);
    assert!(store.claim(later(500)).await.is_empty(), "an item is enqueued once ever");
    let duplicate = command("k4").entry(moved("e1", external(), wallet("ada"), 1));
    assert_refused!(store.commit(duplicate).await, CommitError::DuplicateEntry(_));
}

/// Leases survive: the holder may finish, nobody else gets the item before its time, its lane stays
/// blocked, attempts count on, and tokens are not used again.
pub async fn a_reopened_store_keeps_leases(setup: &LedgerSetup) {
    let store = setup.open().await;
    let set = command("k")
        .work(item("a", None, later(0)))
        .work(item("b", Some("lane"), later(1)))
        .work(item("c", Some("lane"), later(2)));
    store.now(set).await;
    let claimed = store.claim(later(10)).await;
    assert_eq!(ids(&claimed), ["a", "b"]);

    let store = setup.reopen(store).await;
    assert!(store.claim(later(69)).await.is_empty());
    assert_eq!(store.next_due().await, Some(later(70)));
    store.now(command("k2").at(later(20)).consume(&claimed[0].lease)).await;
    let again = store.claim_one(later(70)).await;
    assert_eq!((again.lease.work.0.as_str(), again.attempts), ("b", 2));
    assert_ne!(again.lease.token, claimed[1].lease.token);
    let stale = command("k3").at(later(71)).consume(&claimed[1].lease);
    assert_refused!(store.commit(stale).await, CommitError::LeaseLost);
}
