//! How often a group of commits crosses the line, counted on the line.
use std::sync::Arc;

use kolo_core::port::ledger::{EntryStatus, Guard, IndexKey, IndexWrite, Resolution, Side};
use kolo_core::port::{ChangeSet, CommitError, Committed, Ledger, WorkQueue};
use kolo_core::{Amount, Timestamp};
use kolo_store::{PostgresLedger, PostgresOptions};

use crate::make::{NOW, account, aggregate, deposit, step, tenant};
use crate::proxy::Cutter;
use crate::support::{Place, RUNTIME, as_one_group, hold_turn, raw, turn};

/// Of everything a change set can hold: a version, a name, an event, a settled entry, a hold, the end of
/// the one before, a guard, work.
fn full(number: u64, round: u64) -> ChangeSet {
    let name = format!("of {number}");
    let mut changes = step(&format!("{round}/{number}"), &name, round);
    let hold = |round: u64| format!("hold {round}/{number}");
    changes.entries.push(deposit(&hold(round), &name, EntryStatus::Pending));
    changes.resolutions.extend((round > 0).then(|| Resolution {
        entry: hold(round - 1),
        settle: true,
        chain_tx: None,
        effective_at: NOW,
    }));
    let key = IndexKey { index: "contact".to_owned(), value: name.clone() };
    changes.index.push(IndexWrite::Claim(key, aggregate(&name)));
    let minimum = Amount::new(1);
    changes.guards.push(Guard { account: account(&name, Side::Credit), minimum });
    changes
}

/// Statements are prepared once per connection: that is over after the first.
async fn warm(line: &Cutter) -> Arc<PostgresLedger> {
    let store = PostgresLedger::connect(&line.url).await.expect("the store opens");
    store.commit(full(0, 0)).await.expect("committed");
    Arc::new(store)
}

type Calls = Vec<std::pin::Pin<Box<dyn Future<Output = Result<Committed, CommitError>> + Send>>>;

fn calls(store: &Arc<PostgresLedger>, sets: Vec<ChangeSet>) -> Calls {
    let call = |set| {
        let store = Arc::clone(store);
        Box::pin(async move { store.commit(set).await }) as _
    };
    sets.into_iter().map(call).collect()
}

#[test]
fn a_commit_takes_two_round_trips() {
    let place = Place::new();
    let line = Cutter::before(place.url());
    RUNTIME.block_on(async {
        let store = warm(&line).await;
        for round in 1..20 {
            let before = line.trips();
            store.commit(full(0, round)).await.expect("committed");
            assert_eq!(line.trips() - before, 2, "one to read, one to write");
        }
        let before = line.trips();
        store.commit(full(0, 19)).await.expect("known");
        assert_eq!(line.trips() - before, 1, "what is answered from before writes nothing");
        assert!(store.check().await.expect("readable").is_clean());
    });
}

#[test]
fn a_group_of_a_hundred_takes_two_round_trips() {
    let place = Place::new();
    let line = Cutter::before(place.url());
    RUNTIME.block_on(async {
        let store = warm(&line).await;
        for round in 0..3 {
            let sets = (1..=100).map(|number| full(number, round)).collect();
            let first = Arc::clone(&store);
            let blocked = async move {
                first.commit(full(0, round + 1)).await.expect("committed");
            };
            let mut before = 0;
            let calls = calls(&store, sets);
            let answers = as_one_group(&place, blocked, calls, || before = line.trips()).await;
            assert_eq!(line.trips() - before, 2, "one to read, one to write");
            assert!(answers.iter().all(|answer| matches!(answer, Ok(Committed::Now(_)))));
        }
        let report = store.check().await.expect("readable");
        assert_eq!((report.events, report.findings), (304, vec![]));
    });
}

/// One of 128 that the database refuses is found by halving: 2 × 7 groups and the first, two round
/// trips each.
#[test]
fn the_guilty_one_is_found_by_halving() {
    let place = Place::new();
    let line = Cutter::before(place.url());
    RUNTIME.block_on(async {
        let store = warm(&line).await;
        let poison = "CREATE TRIGGER poison BEFORE INSERT ON entries FOR EACH ROW \
                      WHEN (NEW.details = 'poison') EXECUTE FUNCTION kolo_refuse('poison')";
        raw(place.url(), poison).await;
        let mut sets: Vec<_> = (1..=128).map(|number| full(number, 0)).collect();
        sets[77].entries[0].details = "poison".to_owned();
        let first = Arc::clone(&store);
        let blocked = async move {
            first.commit(full(0, 1)).await.expect("committed");
        };
        let mut before = 0;
        let calls = calls(&store, sets);
        let answers = as_one_group(&place, blocked, calls, || before = line.trips()).await;
        // A group that is undone takes one more, to be sure that nothing is open.
        let trips = line.trips() - before;
        assert!(trips <= 15 * 2 + 8, "{trips} round trips");
        for (number, answer) in answers.iter().enumerate() {
            assert_eq!(answer.is_err(), number == 77, "{number}: {answer:?}");
        }
        assert!(store.check().await.expect("readable").is_clean());
    });
}

/// What is long is not all put into one statement.
#[test]
fn a_group_carries_so_many_bytes() {
    let place = Place::new();
    let line = Cutter::before(place.url());
    RUNTIME.block_on(async {
        let store = warm(&line).await;
        let mut sets: Vec<_> = (1..=20).map(|number| full(number, 0)).collect();
        sets.iter_mut().for_each(|set| set.outcome.bytes = vec![7; 1024 * 1024]);
        let first = Arc::clone(&store);
        let blocked = async move {
            first.commit(full(0, 1)).await.expect("committed");
        };
        let mut before = 0;
        let calls = calls(&store, sets);
        let answers = as_one_group(&place, blocked, calls, || before = line.trips()).await;
        assert_eq!(line.trips() - before, 3 * 2, "8, 8 and 4 MiB");
        assert!(answers.iter().all(|answer| matches!(answer, Ok(Committed::Now(_)))));
    });
}

/// Where what does not say otherwise only reads, it is said, and no connection is given up for it.
#[test]
fn a_database_that_reads_by_default_is_written_in_transactions() {
    let place = Place::new();
    let line = Cutter::before(place.url());
    RUNTIME.block_on(async {
        let url = format!("{}%20-c%20default_transaction_read_only%3Don", line.url);
        let store = PostgresLedger::connect(&url).await.expect("the store opens");
        store.commit(full(0, 0)).await.expect("committed");
        for round in 1..5 {
            let before = line.trips();
            store.commit(full(0, round)).await.expect("committed");
            assert_eq!(line.trips() - before, 4, "begin, read, write, commit");
        }
    });
}

/// Workers ask for work all the time: where there is none, nothing is written, and nobody's turn is over.
#[test]
fn a_claim_of_nothing_writes_nothing() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let store = place.open().await;
        store.commit(full(0, 0)).await.expect("committed");
        let before = turn(&place).await;
        let ever = Timestamp::from_unix(0);
        assert!(store.claim(&["outbound"], ever, 60, 9).await.expect("read").is_empty(), "not due");
        assert!(store.claim(&["other"], NOW, 60, 9).await.expect("read").is_empty());
        assert_eq!(turn(&place).await, before);
        assert_eq!(store.claim(&["outbound"], NOW, 60, 9).await.expect("claimed").len(), 1);
        assert_eq!(turn(&place).await, before + 1);
        assert!(store.claim(&["outbound"], NOW, 60, 9).await.expect("read").is_empty(), "leased");
        assert_eq!(turn(&place).await, before + 1);
    });
}

/// Nothing is left to ask when the store closes.
#[test]
fn closing_takes_no_round_trip() {
    let place = Place::new();
    let line = Cutter::before(place.url());
    RUNTIME.block_on(async {
        let store = warm(&line).await;
        let before = line.trips();
        store.close().await;
        assert_eq!(line.trips(), before);
    });
}

/// Whoever finds that somebody else wrote since it read decides again, and keeps the others out.
#[test]
fn what_was_read_before_another_wrote_is_not_written() {
    let place = Place::new();
    let line = Cutter::before(place.url());
    RUNTIME.block_on(async {
        let store = warm(&line).await;
        let mut held = hold_turn(&place).await;
        let late = Arc::clone(&store);
        let late = tokio::spawn(async move { late.commit(full(0, 1)).await });
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        // It has read version 1, and waits to write version 2.
        let theirs = "UPDATE aggregates SET version = 2 WHERE id = 'of 0'; \
                      UPDATE kolo_turns SET number = number + 1; COMMIT";
        sqlx::raw_sql(theirs).execute(&mut held).await.expect("written");
        let answer = late.await.expect("no panic");
        assert!(matches!(answer, Err(CommitError::Conflict(_))), "{answer:?}");
        let hold = store.outcome(&tenant(), "0/1").await.expect("readable");
        assert!(hold.is_none(), "it was written nevertheless");
        store.commit(full(0, 2)).await.expect_err("its hold is missing");
        let mut next = step("next", "of 0", 2);
        next.recorded_at = Timestamp::from_unix(NOW.unix() + 1);
        store.commit(next).await.expect("committed");
    });
}

#[test]
fn a_look_at_a_balance_takes_three_round_trips() {
    let place = Place::new();
    let line = Cutter::before(place.url());
    RUNTIME.block_on(async {
        // One connection writes, one reads.
        let two = PostgresOptions::default().connections(2);
        let store = PostgresLedger::connect_with(&line.url, two).await.expect("the store opens");
        store.commit(full(0, 0)).await.expect("committed");
        let wallets = [account("of 0", Side::Credit), account("nobody", Side::Credit)];
        store.balances(&tenant(), &wallets).await.expect("readable and prepared");
        let pause = || tokio::time::sleep(std::time::Duration::from_millis(300));
        pause().await;
        let before = line.trips();
        let balances = store.balances(&tenant(), &wallets).await.expect("readable");
        pause().await;
        // And one that nobody waits for: the pool tests what it takes back.
        assert_eq!(line.trips() - before, 3 + 1, "begin, ask, end");
        assert_eq!(balances[0].settled, Amount::new(1));
    });
}
