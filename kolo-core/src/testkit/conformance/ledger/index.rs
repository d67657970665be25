//! Unique names.
use crate::port::ledger::CommitError;
use crate::testkit::conformance::LedgerSetup;
use crate::testkit::conformance::check::assert_refused;
use crate::testkit::conformance::make::{With, circle, command, contact, tenant};

/// A name belongs to one aggregate until it is freed; its owner may claim it again.
pub async fn a_name_has_one_owner(setup: &LedgerSetup) {
    let store = setup.open().await;
    store.now(command("k1").claim(contact("x"), circle("a"))).await;
    let theft = command("k2").claim(contact("x"), circle("b"));
    assert_refused!(store.commit(theft).await, CommitError::IndexTaken(k) if k == contact("x"));
    store.now(command("k3").claim(contact("x"), circle("a"))).await;
    assert_eq!(store.owner(&contact("x")).await, Some(circle("a")));
    store.now(command("k4").free(contact("x"))).await;
    assert_eq!(store.owner(&contact("x")).await, None);
    store.now(command("k5").claim(contact("x"), circle("b"))).await;
    assert_eq!(store.owner(&contact("x")).await, Some(circle("b")));
}

/// Freeing a free name is no error.
pub async fn freeing_a_free_name_does_nothing(setup: &LedgerSetup) {
    let store = setup.open().await;
    store.now(command("k").free(contact("x"))).await;
    assert_eq!(store.owner(&contact("x")).await, None);
}

/// Within a change set names are claimed and freed in the order written.
pub async fn a_name_can_change_hands_in_one_commit(setup: &LedgerSetup) {
    let store = setup.open().await;
    store.now(command("k1").claim(contact("x"), circle("a"))).await;
    let wrong = command("k2").claim(contact("x"), circle("b")).free(contact("x"));
    assert_refused!(store.commit(wrong).await, CommitError::IndexTaken(_));
    store.now(command("k3").free(contact("x")).claim(contact("x"), circle("b"))).await;
    assert_eq!(store.owner(&contact("x")).await, Some(circle("b")));
    store.now(command("k4").claim(contact("y"), circle("b")).free(contact("y"))).await;
    assert_eq!(store.owner(&contact("y")).await, None);
    let twice = command("k5").claim(contact("z"), circle("a")).claim(contact("z"), circle("b"));
    assert_refused!(store.commit(twice).await, CommitError::IndexTaken(_));
    assert_eq!(store.owner(&contact("z")).await, None);
}

/// The same value in another index is another name; an aggregate may have several names.
pub async fn indexes_are_apart(setup: &LedgerSetup) {
    let store = setup.open().await;
    let mut other = contact("x");
    other.index = "code".to_owned();
    let names = command("k")
        .claim(contact("x"), circle("a"))
        .claim(contact("y"), circle("a"))
        .claim(other.clone(), circle("b"));
    store.now(names).await;
    let keys = [other, contact("y"), contact("none"), contact("x"), contact("x")];
    let owners = store.ledger.lookup(&tenant("main"), &keys).await.expect("lookup");
    let (a, b) = (Some(circle("a")), Some(circle("b")));
    assert_eq!(owners, [b, a.clone(), None, a.clone(), a]);
    assert!(store.ledger.lookup(&tenant("main"), &[]).await.expect("lookup").is_empty());
}

/// Of many simultaneous first claims of a name, one succeeds.
pub async fn a_name_is_claimed_once_by_many_at_once(setup: &LedgerSetup) {
    let store = setup.open().await;
    let claimed = setup
        .at_once(8, |i| {
            let store = store.clone();
            async move {
                let id = format!("c{i}");
                let changes = command(&id).claim(contact("seat"), circle(&id));
                match store.commit(changes).await {
                    Ok(_) => Some(circle(&id)),
                    Err(CommitError::IndexTaken(_)) => None,
                    Err(other) => panic!("expected a taken name, got {other:?}"),
                }
            }
        })
        .await;
    let winners: Vec<_> = claimed.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(store.owner(&contact("seat")).await.as_ref(), winners.first());
}
