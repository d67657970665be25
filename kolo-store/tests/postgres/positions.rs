//! Positions are given out in the order of commits: whoever reads on after a position misses nothing.
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use kolo_core::port::Ledger;
use kolo_store::PostgresLedger;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::make::{step, tenant};
use crate::support::{Place, RUNTIME};

/// What another replica does: its writes take the turn.
async fn hold_open(place: &Place) -> PgConnection {
    let mut other = PgConnection::connect(place.url()).await.expect("connected");
    let event = "BEGIN; \
        UPDATE kolo_turns SET number = number + 1; \
        INSERT INTO events (tenant, position, aggregate_kind, aggregate_id, record_kind, \
            schema_version, bytes, recorded_at) \
        SELECT 'main', coalesce(max(position), 0) + 1, 'circle', 'held', 'held', 1, '', 1 FROM events";
    sqlx::raw_sql(AssertSqlSafe(event.to_owned())).execute(&mut other).await.expect("begun");
    other
}

async fn positions(store: &PostgresLedger, after: u64) -> Vec<(u64, String)> {
    let events = store.events_after(&tenant(), after, 1000).await.expect("readable");
    events.into_iter().map(|event| (event.position, event.aggregate.id)).collect()
}

#[test]
fn a_transaction_held_open_is_not_skipped() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let store = Arc::new(place.open().await);
        store.commit(step("first", "first", 0)).await.expect("committed");
        let mut held = hold_open(&place).await;
        let later: Vec<_> = (0..10)
            .map(|number| {
                let store = Arc::clone(&store);
                let name = format!("later {number}");
                tokio::spawn(async move { store.commit(step(&name, &name, 0)).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(200)).await;
        // A reader who comes now sees what is committed, and its position is no lie.
        assert_eq!(positions(&store, 0).await, [(1, "first".to_owned())]);
        sqlx::raw_sql("COMMIT").execute(&mut held).await.expect("committed");
        for answer in join_all(later).await {
            answer.expect("no panic").expect("committed");
        }
        let read_on = positions(&store, 1).await;
        assert_eq!(read_on[0], (2, "held".to_owned()));
        let numbers: Vec<u64> = read_on.iter().map(|(position, _)| *position).collect();
        assert_eq!(numbers, (2..=12).collect::<Vec<_>>());
    });
}

#[test]
fn a_reader_who_reads_on_misses_nothing() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let stores = [Arc::new(place.open().await), Arc::new(place.open().await)];
        let commits = (0..300_usize).map(|number| {
            let store = Arc::clone(&stores[number % 2]);
            let name = format!("of {number}");
            tokio::spawn(async move { store.commit(step(&name, &name, 0)).await })
        });
        let commits: Vec<_> = commits.collect();
        let (mut seen, mut cursor) = (Vec::new(), 0);
        while seen.len() < 300 {
            for (position, id) in positions(&stores[seen.len() % 2], cursor).await {
                assert_eq!(position, cursor + 1, "a position was skipped");
                cursor = position;
                seen.push(id);
            }
        }
        for answer in join_all(commits).await {
            answer.expect("no panic").expect("committed");
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 300);
    });
}

/// A replica that stops in the middle of its transaction does not stop the others for good.
#[test]
fn a_replica_that_freezes_loses_the_lock() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let store = place.open().await;
        let mut held = hold_open(&place).await;
        let freeze = "SET LOCAL idle_in_transaction_session_timeout = '500ms'";
        sqlx::raw_sql(freeze).execute(&mut held).await.expect("set");
        store.commit(step("one", "ada", 0)).await.expect("committed");
        assert_eq!(positions(&store, 0).await, [(1, "ada".to_owned())]);
        assert!(sqlx::raw_sql("COMMIT").execute(&mut held).await.is_err(), "it came too late");
    });
}
