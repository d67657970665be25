//! Commits whose answer is lost: resolved by their keys, never repeated blindly.
use std::sync::Arc;
use std::time::Duration;

use kolo_core::port::ledger::{IndexKey, IndexWrite, Side};
use kolo_core::port::work::ClaimedWork;
use kolo_core::port::{ChangeSet, CommitError, Committed, Ledger, PortError, Retry, WorkQueue};
use kolo_store::PostgresLedger;

use crate::make::{NOW, account, aggregate, command, record, step, tenant};
use crate::proxy::{Cut, Cutter};
use crate::support::{Place, RUNTIME, as_one_group, hold_turn, turn, until_blocked};

/// How late what is late arrives: after the store has looked.
const LATE: Cut = Cut::Late(Duration::from_millis(700));

async fn balance(store: &PostgresLedger, name: &str) -> i64 {
    let wallet = account(name, Side::Credit);
    store.balances(&tenant(), &[wallet]).await.expect("readable")[0].settled.minor_units()
}

async fn opened(line: &Cutter) -> Arc<PostgresLedger> {
    let store = PostgresLedger::connect(&line.url).await.expect("the store opens");
    store.commit(step("first", "ada", 0)).await.expect("committed");
    Arc::new(store)
}

/// The commit that others gather behind.
async fn blocked(store: Arc<PostgresLedger>) {
    store.commit(step("blocked", "blocked", 0)).await.expect("committed");
}

#[derive(Debug)]
enum Answer {
    Commit(Result<Committed, CommitError>),
    Claim(Result<Vec<ClaimedWork>, PortError>),
}

type Calls = Vec<std::pin::Pin<Box<dyn Future<Output = Answer> + Send>>>;

fn commits(store: &Arc<PostgresLedger>, sets: &[ChangeSet]) -> Calls {
    let call = |set: &ChangeSet| {
        let (store, set) = (Arc::clone(store), set.clone());
        Box::pin(async move { Answer::Commit(store.commit(set).await) }) as _
    };
    sets.iter().map(call).collect()
}

/// A batch of commits, the last of them refused, loses its line when it commits.
fn cut_at_commit(cut: Cut) {
    let place = Place::new();
    let line = Cutter::before(place.url());
    RUNTIME.block_on(async {
        let store = opened(&line).await;
        let mut sets: Vec<_> =
            (0..20).map(|n| step(&format!("key {n}"), &format!("of {n}"), 0)).collect();
        sets.push(step("late", "ada", 0));
        let calls = commits(&store, &sets);
        let before = turn(&place).await;
        let answers =
            as_one_group(&place, blocked(Arc::clone(&store)), calls, || line.arm(cut)).await;
        // The one in front, the look, and the group: at a turn of its own, or in a transaction, which takes
        // the turn when it begins and when it writes.
        let turns = if cut == Cut::AfterCommit { 3 } else { 4 };
        assert_eq!(turn(&place).await - before, turns, "they were not one group");
        assert_eq!(line.cuts(), 1);
        for (set, answer) in sets.iter().zip(answers) {
            match answer {
                Answer::Commit(Ok(answer)) => {
                    assert_eq!(answer, Committed::Now(record(&set.key)), "{}", set.key);
                }
                Answer::Commit(Err(CommitError::Conflict(_))) => assert_eq!(set.key, "late"),
                Answer::Commit(Err(error)) => panic!("{}: {error}", set.key),
                Answer::Claim(_) => panic!("nobody claimed"),
            }
        }
        // All of this was answered without it; it is still to come.
        while matches!(cut, Cut::Late(_)) && line.arrived() == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // Repeating is answered from before, and each deposit of one is there once.
        sets.pop();
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

#[test]
fn a_commit_that_arrives_late_does_nothing() {
    cut_at_commit(LATE);
}

/// What was refused on the second try does not happen when the first one arrives at last. Nobody but that
/// try and the look before it move the turn on here.
#[test]
fn a_commit_that_was_refused_meanwhile_leaves_nothing() {
    let place = Place::new();
    let line = Cutter::before(place.url());
    RUNTIME.block_on(async {
        let store = opened(&line).await;
        let mut set = step("late", "late", 0);
        let name = IndexKey { index: "contact".to_owned(), value: "ada".to_owned() };
        set.index.push(IndexWrite::Claim(name.clone(), aggregate("late")));
        let mut held = hold_turn(&place).await;
        line.arm(Cut::Late(Duration::from_secs(2)));
        let cut = Arc::clone(&store);
        let cut = tokio::spawn(async move { cut.commit(set).await });
        while line.cuts() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        until_blocked(&place).await;
        let theirs = "INSERT INTO index_names VALUES ('main', 'contact', 'ada', 'circle', 'theirs'); \
                      COMMIT";
        sqlx::raw_sql(theirs).execute(&mut held).await.expect("written");
        let answer = cut.await.expect("no panic");
        assert!(matches!(answer, Err(CommitError::IndexTaken(_))), "{answer:?}");
        assert_eq!(line.arrived(), 0, "it came too early to test anything");
        while line.arrived() == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(store.outcome(&tenant(), "late").await.expect("readable").is_none());
        assert_eq!(balance(&store, "late").await, 0);
        let owner = store.lookup(&tenant(), &[name]).await.expect("readable");
        assert_eq!(owner, [Some(aggregate("theirs"))]);
        let report = store.check().await.expect("readable");
        assert_eq!((report.events, report.findings), (1, vec![]));
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
    let place = Place::new();
    let line = Cutter::before(place.url());
    RUNTIME.block_on(async {
        let store = opened(&line).await;
        line.arm(Cut::AfterCommit);
        let error = store.claim(&["outbound"], NOW, 60, 1).await.expect_err("cut");
        assert_eq!(error.retry, Retry::Unknown, "{error}");
        // The lease is there, as after a worker that died.
        assert!(store.claim(&["outbound"], NOW, 60, 1).await.expect("read").is_empty());
        store.commit(command("later")).await.expect("committed");
    });
}

/// The keys of commits in the same transaction say nothing of it: somebody else may have carried the
/// commands out.
fn work_beside_commits(cut: Cut) {
    let place = Place::new();
    let line = Cutter::before(place.url());
    RUNTIME.block_on(async {
        let store = opened(&line).await;
        let mut calls = commits(&store, &[step("beside", "beside", 0)]);
        let claiming = Arc::clone(&store);
        calls.push(Box::pin(async move {
            Answer::Claim(claiming.claim(&["outbound"], NOW, 60, 1).await)
        }));
        let answers =
            as_one_group(&place, blocked(Arc::clone(&store)), calls, || line.arm(cut)).await;
        assert_eq!(line.cuts(), 1);
        match answers.as_slice() {
            [Answer::Commit(Ok(Committed::Now(_))), Answer::Claim(Err(error))] => {
                assert_eq!(error.retry, Retry::Unknown, "{error}");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(balance(&store, "beside").await, 1);
        assert!(store.check().await.expect("readable").is_clean());
    });
}

#[test]
fn work_beside_commits_in_doubt_is_unknown() {
    work_beside_commits(Cut::AfterCommit);
}

/// The transaction waits for its COMMIT at the server: whoever looks waits for its end.
#[test]
fn a_transaction_whose_end_is_late_is_waited_for() {
    work_beside_commits(LATE);
}
