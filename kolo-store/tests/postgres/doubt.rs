//! Commits whose answer is lost: resolved by their keys, never repeated blindly.
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use kolo_core::port::ledger::Side;
use kolo_core::port::{CommitError, Committed, Ledger};
use kolo_store::PostgresLedger;

use crate::make::{account, command, record, step, tenant};
use crate::proxy::{Cut, Cutter};
use crate::support::{Place, RUNTIME};

async fn balance(store: &PostgresLedger, name: &str) -> i64 {
    let wallet = account(name, Side::Credit);
    store.balances(&tenant(), &[wallet]).await.expect("readable")[0].settled.minor_units()
}

/// Twenty commits and one that is refused, in one group, lose their line at COMMIT.
fn cut_at_commit(cut: Cut) {
    let place = Place::new();
    let line = Cutter::before(place.url());
    RUNTIME.block_on(async {
        let store = PostgresLedger::connect(&line.url).await.expect("the store opens");
        store.commit(step("first", "ada", 0)).await.expect("committed");
        // While the writer waits for this one, the others gather.
        line.arm(Cut::Stall);
        line.arm(cut);
        let before = store.commit(step("before", "bola", 0));
        let sets: Vec<_> =
            (0..20).map(|n| step(&format!("key {n}"), &format!("of {n}"), 0)).collect();
        let late = step("late", "ada", 0);
        let group = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let answers = join_all(sets.iter().map(|set| store.commit(set.clone())));
            let sent = async {
                tokio::time::sleep(Duration::from_millis(100)).await;
                line.go_on();
            };
            futures::join!(answers, store.commit(late), sent)
        };
        let (before, (answers, late, ())) = futures::join!(before, group);
        before.expect("committed");
        assert_eq!(line.cuts(), 1);
        for (set, answer) in sets.iter().zip(answers) {
            assert_eq!(answer.expect("resolved"), Committed::Now(record(&set.key)));
        }
        assert!(matches!(late, Err(CommitError::Conflict(_))), "{late:?}");
        // Repeating is answered from before, and each deposit of one is there once.
        for (number, set) in sets.into_iter().enumerate() {
            let before = store.commit(set.clone()).await.expect("known");
            assert_eq!(before, Committed::Before(record(&set.key)));
            assert_eq!(balance(&store, &format!("of {number}")).await, 1);
        }
        let report = store.check().await.expect("readable");
        assert_eq!((report.events, report.findings), (22, vec![]));
    });
}

#[test]
fn a_commit_that_happened_without_an_answer_is_found() {
    cut_at_commit(Cut::AfterCommit);
}

#[test]
fn a_commit_that_did_not_arrive_is_carried_out() {
    cut_at_commit(Cut::BeforeCommit);
}

/// As long as the COMMIT may still arrive, nobody is told anything; it arrives, and that is what is told.
#[test]
fn a_commit_that_comes_late_is_waited_for() {
    let place = Place::new();
    let line = Cutter::before(place.url());
    RUNTIME.block_on(async {
        let store = Arc::new(PostgresLedger::connect(&line.url).await.expect("the store opens"));
        store.commit(step("first", "ada", 0)).await.expect("committed");
        line.arm(Cut::Late);
        let (sender, set) = (Arc::clone(&store), step("late", "ada", 1));
        let sent = tokio::spawn({
            let set = set.clone();
            async move { sender.commit(set).await }
        });
        // Longer than the first looks are apart.
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(line.cuts(), 1);
        assert!(!sent.is_finished(), "{:?}", sent.await);
        assert!(line.deliver(), "the server let it wait");
        let answer = sent.await.expect("no panic");
        assert_eq!(answer.expect("resolved"), Committed::Now(record("late")));
        assert_eq!(store.commit(set).await.expect("known"), Committed::Before(record("late")));
        assert_eq!(balance(&store, "ada").await, 2);
    });
}

/// Once the doubt is resolved, a COMMIT that still arrives finds nothing to commit.
#[test]
fn a_commit_that_comes_too_late_commits_nothing() {
    let place = Place::new();
    let line = Cutter::before(place.url());
    RUNTIME.block_on(async {
        let store = PostgresLedger::connect(&line.url).await.expect("the store opens");
        store.commit(step("first", "ada", 0)).await.expect("committed");
        line.arm(Cut::Late);
        let answer = store.commit(step("late", "ada", 1)).await;
        assert_eq!(line.cuts(), 1);
        assert_eq!(answer.expect("carried out"), Committed::Now(record("late")));
        let again = store.commit(step("next", "ada", 2)).await;
        assert_eq!(again.expect("committed"), Committed::Now(record("next")));
        assert!(!line.deliver(), "it committed after all");
        assert_eq!(balance(&store, "ada").await, 3);
        let report = store.check().await.expect("readable");
        assert_eq!((report.events, report.findings), (3, vec![]));
    });
}

#[test]
fn cut_after_cut_every_command_counts_once() {
    let place = Place::new();
    let line = Cutter::before(place.url());
    RUNTIME.block_on(async {
        let store = PostgresLedger::connect(&line.url).await.expect("the store opens");
        for number in 0..30_u64 {
            line.arm(if number % 2 == 0 { Cut::AfterCommit } else { Cut::BeforeCommit });
            let answer = store.commit(step(&format!("key {number}"), "ada", number)).await;
            assert!(matches!(answer, Ok(Committed::Now(_))), "{answer:?}");
        }
        assert_eq!(line.cuts(), 30);
        assert_eq!(balance(&store, "ada").await, 30);
        let report = store.check().await.expect("readable");
        assert_eq!((report.events, report.findings), (30, vec![]));
    });
}

/// Work without a key cannot be looked up: the caller is told so.
#[test]
fn work_in_doubt_is_said_to_be_unknown() {
    use kolo_core::port::{Retry, WorkQueue};
    let place = Place::new();
    let line = Cutter::before(place.url());
    RUNTIME.block_on(async {
        let store = PostgresLedger::connect(&line.url).await.expect("the store opens");
        store.commit(step("one", "ada", 0)).await.expect("committed");
        line.arm(Cut::AfterCommit);
        let error = store.claim(&["outbound"], crate::make::NOW, 60, 1).await.expect_err("cut");
        assert_eq!(error.retry, Retry::Unknown, "{error}");
        // The lease is there, as after a worker that died.
        assert!(
            store.claim(&["outbound"], crate::make::NOW, 60, 1).await.expect("read").is_empty()
        );
        store.commit(command("later")).await.expect("committed");
    });
}
