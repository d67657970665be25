//! The server goes away in the middle of everything: it is crashed, its connections are ended.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::future::join_all;
use kolo_core::TenantId;
use kolo_core::port::{ChangeSet, CommitError, Committed, Ledger};
use kolo_core::testkit::check_books;
use kolo_store::PostgresLedger;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::contribution::{Seat, external, funding};
use crate::server::Server;
use crate::support::{Place, RUNTIME, raw};

const WORKERS: u64 = 8;
const CONTRIBUTIONS: u64 = 30;

/// How long one contribution is sent again: longer than any outage here, and its recovery.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(5);

/// Workers who contribute and send again what failed, until everything is answered.
struct Work {
    store: Arc<PostgresLedger>,
    answered: Arc<AtomicU64>,
}

impl Work {
    async fn on(url: &str) -> Self {
        let store = Arc::new(PostgresLedger::connect(url).await.expect("the store opens"));
        let seats: Vec<Seat> = (0..WORKERS).map(|member| Seat::of(member, 0)).collect();
        store.commit(funding("fund", &seats, 1_000)).await.expect("funded");
        Self { store, answered: Arc::default() }
    }

    fn start(&self) -> Vec<tokio::task::JoinHandle<()>> {
        let worker = |member| {
            let (store, answered) = (Arc::clone(&self.store), Arc::clone(&self.answered));
            tokio::spawn(async move {
                let mut seat = Seat::of(member, 0);
                for _ in 0..CONTRIBUTIONS {
                    send(&store, &seat.contribute()).await;
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        };
        (0..WORKERS).map(worker).collect()
    }

    /// Waits until so many contributions are answered.
    async fn reach(&self, answered: u64) {
        let since = Instant::now();
        while self.answered.load(Ordering::Relaxed) < answered {
            assert!(since.elapsed() < PATIENCE, "nothing is answered any more");
            tokio::time::sleep(Duration::from_micros(100)).await;
        }
    }

    /// Every contribution is there once.
    async fn verify(&self) {
        let all = WORKERS * CONTRIBUTIONS;
        let report = self.store.check().await.expect("readable");
        assert_eq!(
            (report.findings, report.entries, report.events),
            (vec![], WORKERS + all, 2 * all)
        );
        let seats =
            self.store.list(&TenantId::default(), "seat", None, 100).await.expect("readable");
        assert_eq!(seats.len(), usize::try_from(WORKERS).expect("few"));
        assert!(seats.iter().all(|seat| seat.version == CONTRIBUTIONS));
        let books = check_books(self.store.as_ref(), &TenantId::default(), &[external()]).await;
        books.expect("the books add up");
        self.store.close().await;
    }
}

/// Sends it until it is answered, for as long as an outage may last.
async fn send(store: &PostgresLedger, changes: &ChangeSet) {
    let since = Instant::now();
    loop {
        match store.commit(changes.clone()).await {
            Ok(Committed::Now(_) | Committed::Before(_)) => return,
            Err(CommitError::Port(error)) => {
                assert!(since.elapsed() < PATIENCE, "{} is not taken: {error}", changes.key);
                tokio::time::sleep(PAUSE).await;
            }
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn a_server_that_crashes_loses_nothing_it_acknowledged() {
    let server = Arc::new(Server::start().expect("a server"));
    RUNTIME.block_on(async {
        raw(&server.url("crashed"), "CREATE SCHEMA crashed").await;
        let work = Work::on(&server.url("crashed")).await;
        let workers = work.start();
        for round in 1..=3 {
            work.reach(round * WORKERS * CONTRIBUTIONS / 5).await;
            let (crashed, answered) = (Arc::clone(&server), Arc::clone(&work.answered));
            let crash = move || {
                crashed.crash().expect("stopped at once");
                answered.load(Ordering::Relaxed)
            };
            let answered = tokio::task::spawn_blocking(crash).await.expect("no panic");
            assert!(answered < WORKERS * CONTRIBUTIONS, "all was over: nothing is tested");
            let server = Arc::clone(&server);
            let recovered = tokio::task::spawn_blocking(move || server.go_on()).await;
            recovered.expect("no panic").expect("it recovers");
        }
        for worker in join_all(workers).await {
            worker.expect("no panic");
        }
        work.verify().await;
    });
}

#[test]
fn connections_that_are_ended_again_and_again_lose_nothing() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let work = Work::on(place.url()).await;
        let workers = work.start();
        let schema = place.url().rsplit("%3D").next().expect("a schema");
        let end = format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
             WHERE pid <> pg_backend_pid() AND application_name = 'kolo {schema}'"
        );
        let mut own = PgConnection::connect(place.url()).await.expect("connected");
        sqlx::raw_sql("SET application_name = 'not the store'")
            .execute(&mut own)
            .await
            .expect("set");
        let mut ended = 0;
        for round in 1..=8 {
            work.reach(round * WORKERS * CONTRIBUTIONS / 10).await;
            let now = sqlx::query_scalar::<_, i64>(AssertSqlSafe(end.clone()));
            ended += now.fetch_one(&mut own).await.expect("allowed");
        }
        assert!(ended >= 4, "{ended} connections ended: the work is not interrupted");
        for worker in join_all(workers).await {
            worker.expect("no panic");
        }
        work.verify().await;
    });
}
