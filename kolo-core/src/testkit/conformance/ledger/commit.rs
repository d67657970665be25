//! Keys, outcomes and versions.
use crate::port::ledger::{ChangeSet, CommitError, Committed, Ending, Retention};
use crate::port::{PortErrorKind, Retry};
use crate::testkit::conformance::LedgerSetup;
use crate::testkit::conformance::check::{assert_refused, later};
use crate::testkit::conformance::make::{
    With, circle, command, contact, external, held, item, moved, record, tenant, wallet,
};

/// Every read sees a commit that has returned.
pub async fn a_commit_is_seen_by_every_read(setup: &LedgerSetup) {
    let store = setup.open().await;
    let a = circle("a");
    let owner = contact("web/1");
    let changes = command("k")
        .state(a.clone(), 0, "one")
        .claim(owner.clone(), a.clone())
        .event(a.clone(), "opened")
        .entry(moved("e", external(), wallet("ada"), 5))
        .work(item("w", None, later(0)));
    let hash = changes.request_hash;
    store.now(changes).await;

    let main = tenant("main");
    let stored = store.stored(&a).await.expect("it is stored");
    assert_eq!((stored.version, stored.state), (1, record("state", "one")));
    assert_eq!(store.ledger.list(&main, "circle", None, 9).await.expect("list").len(), 1);
    assert_eq!(store.owner(&owner).await, Some(a.clone()));
    assert_eq!(store.entries(&wallet("ada")).await.len(), 1);
    assert_eq!(store.balance(&wallet("ada")).await.settled.minor_units(), 5);
    let events = store.events(&main).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].aggregate, a);
    assert_eq!(events[0].record, record("opened", "opened"));
    assert_eq!(events[0].recorded_at, later(0));
    let outcome = store.ledger.outcome(&main, "k").await.expect("outcome");
    assert_eq!(outcome, Some((hash, record("done", "k"))));
    assert_eq!(store.claim_one(later(0)).await.payload, record("work", "w"));
}

/// A repeated command gets the first outcome byte for byte, whatever its change set says now.
pub async fn a_repeated_command_gets_the_first_outcome(setup: &LedgerSetup) {
    let store = setup.open().await;
    let mut first = command("k");
    first.outcome = record("odd", vec![0, 255, 254, 0, 10]);
    first.outcome.schema_version = 7;
    let answer = first.outcome.clone();
    store.now(first).await;
    let mut second = command("k").at(later(500));
    second.outcome = record("other", "other");
    for _ in 0..2 {
        let committed = store.commit(second.clone()).await.expect("a repetition succeeds");
        assert_eq!(committed, Committed::Before(answer.clone()));
    }
}

/// A repeated command changes nothing, even where its change set could not be committed any more.
pub async fn a_repeated_command_changes_nothing(setup: &LedgerSetup) {
    let store = setup.open().await;
    let full = command("k")
        .state(circle("a"), 0, "one")
        .event(circle("a"), "opened")
        .entry(moved("e", external(), wallet("ada"), 5))
        .work(item("w", None, later(0)));
    store.now(full.clone()).await;
    let before = store.snapshot("k").await;
    store.commit(full).await.expect("the same again");
    let changed = command("k")
        .state(circle("b"), 7, "two")
        .event(circle("b"), "opened")
        .entry(moved("e2", external(), wallet("ada"), 5))
        .guard(wallet("ada"), 1_000)
        .cancel("w");
    store.commit(changed).await.expect("the key decides alone");
    assert_eq!(store.snapshot("k").await, before);
    assert_eq!(store.claim_one(later(0)).await.attempts, 1);
}

/// A key with another request hash is refused.
pub async fn a_key_serves_one_command(setup: &LedgerSetup) {
    let store = setup.open().await;
    store.now(command("k")).await;
    let mut other = command("k").state(circle("a"), 0, "one");
    other.request_hash[31] ^= 1;
    assert_refused!(store.commit(other).await, CommitError::KeyReused);
    assert_eq!(store.version(&circle("a")).await, 0);
}

/// A command whose key is forgotten takes effect once more: one that moves money is refused unless its key
/// is kept for ever, also where it was committed before. Whatever else it says, nothing of it happens.
pub async fn what_moves_money_is_never_forgotten(setup: &LedgerSetup) {
    let store = setup.open().await;
    for hold in ["settled", "voided", "expired"] {
        let key = format!("{hold} is held");
        store.now(command(&key).entry(held(hold, external(), wallet("ada"), 1))).await;
    }
    let moving = [
        command("entry").entry(moved("e", external(), wallet("ada"), 5)),
        command("settled").settle("settled"),
        command("voided").void("voided"),
        command("expired").end("expired", Ending::Expired),
    ];
    for changes in &moving {
        let mut short = changes.clone().state(circle("a"), 0, "one");
        short.retention = Retention::NinetyDays;
        assert_refused!(store.commit(short).await, CommitError::Port(e)
            if e.kind == PortErrorKind::Invalid && e.retry == Retry::Permanent);
    }
    assert_eq!(store.stored(&circle("a")).await, None);
    assert_eq!(store.entries(&wallet("ada")).await.len(), 3);
    for changes in moving {
        store.now(changes.clone()).await;
        let short = ChangeSet { retention: Retention::NinetyDays, ..changes };
        assert_refused!(store.commit(short).await, CommitError::Port(e)
            if e.kind == PortErrorKind::Invalid && e.retry == Retry::Permanent);
    }
    let mut quiet = command("quiet").state(circle("a"), 0, "one");
    quiet.retention = Retention::NinetyDays;
    store.now(quiet).await;
}

/// A key whose commit was refused is still free.
pub async fn a_refused_key_stays_free(setup: &LedgerSetup) {
    let store = setup.open().await;
    let refused = store.commit(command("k").state(circle("a"), 3, "x")).await;
    assert_refused!(refused, CommitError::Conflict(_));
    assert_eq!(store.ledger.outcome(&tenant("main"), "k").await.expect("outcome"), None);
    store.now(command("k").state(circle("a"), 0, "x")).await;
}

/// Of many simultaneous commits under one key, one is applied and all get its outcome.
pub async fn a_key_is_applied_once_by_many_at_once(setup: &LedgerSetup) {
    let store = setup.open().await;
    let committed = setup
        .at_once(8, |i| {
            let store = store.clone();
            async move {
                let id = format!("e{i}");
                let mut changes = command("k").entry(moved(&id, external(), wallet("ada"), 5));
                changes.outcome = record("done", id);
                store.commit(changes).await.expect("one is applied, the others repeat it")
            }
        })
        .await;
    let first: Vec<_> = committed.iter().filter(|c| matches!(c, Committed::Now(_))).collect();
    assert_eq!(first.len(), 1, "{committed:?}");
    let outcome = |c: &Committed| match c {
        Committed::Now(record) | Committed::Before(record) => record.clone(),
    };
    assert!(committed.iter().all(|c| outcome(c) == outcome(first[0])), "{committed:?}");
    assert_eq!(store.balance(&wallet("ada")).await.settled.minor_units(), 5);
}

/// Versions count from 1 without gaps, also over refused commits.
pub async fn versions_have_no_gaps(setup: &LedgerSetup) {
    let store = setup.open().await;
    let a = circle("a");
    for version in 0..5 {
        let stale = command("stale").state(a.clone(), version + 1, "stale");
        assert_refused!(store.commit(stale).await, CommitError::Conflict(_));
        let text = format!("state {version}");
        store.now(command(&format!("k{version}")).state(a.clone(), version, &text)).await;
        let stored = store.stored(&a).await.expect("it is stored");
        assert_eq!(stored.version, version + 1);
        assert_eq!(stored.state, record("state", text));
    }
}

/// A version that is too old, too new, or 0 for something that exists conflicts, and says with what.
pub async fn a_wrong_version_conflicts(setup: &LedgerSetup) {
    let store = setup.open().await;
    let a = circle("a");
    store.now(command("k1").state(a.clone(), 0, "1")).await;
    store.now(command("k2").state(a.clone(), 1, "2")).await;
    for expected in [0, 1, 3, u64::from(u32::MAX)] {
        let changes = command("k3").state(circle("b"), 0, "b").state(a.clone(), expected, "3");
        assert_refused!(store.commit(changes).await, CommitError::Conflict(id) if id == a);
    }
    assert_eq!((store.version(&a).await, store.version(&circle("b")).await), (2, 0));
}

/// A second write of an aggregate in one change set stands on the first.
pub async fn writes_of_one_change_set_follow_each_other(setup: &LedgerSetup) {
    let store = setup.open().await;
    let a = circle("a");
    let twice = command("k1").state(a.clone(), 0, "1").state(a.clone(), 0, "2");
    assert_refused!(store.commit(twice).await, CommitError::Conflict(id) if id == a);
    store.now(command("k2").state(a.clone(), 0, "1").state(a.clone(), 1, "2")).await;
    let stored = store.stored(&a).await.expect("it is stored");
    assert_eq!((stored.version, stored.state), (2, record("state", "2")));
}

/// Writers who load, decide and retry on conflict lose no update.
pub async fn no_update_is_lost(setup: &LedgerSetup) {
    let store = setup.open().await;
    setup
        .at_once(6, |writer| {
            let store = store.clone();
            async move {
                for turn in 0..5 {
                    for attempt in 0.. {
                        assert!(attempt < 10_000, "conflicts without end");
                        let version = store.version(&circle("a")).await;
                        let key = format!("{writer}/{turn}");
                        match store.commit(command(&key).state(circle("a"), version, &key)).await {
                            Ok(Committed::Now(_)) => break,
                            Err(CommitError::Conflict(_)) => {}
                            other => panic!("expected success or a conflict, got {other:?}"),
                        }
                    }
                }
            }
        })
        .await;
    assert_eq!(store.version(&circle("a")).await, 30);
}

/// Of two who create the same aggregate, one succeeds.
pub async fn an_aggregate_is_created_once_by_many_at_once(setup: &LedgerSetup) {
    let store = setup.open().await;
    let created = setup
        .at_once(8, |i| {
            let store = store.clone();
            async move {
                let changes = command(&format!("k{i}")).state(circle("a"), 0, "x");
                match store.commit(changes).await {
                    Ok(_) => true,
                    Err(CommitError::Conflict(_)) => false,
                    Err(other) => panic!("expected a conflict, got {other:?}"),
                }
            }
        })
        .await;
    assert_eq!(created.iter().filter(|created| **created).count(), 1);
}
