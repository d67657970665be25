//! The server goes away in the middle of everything: it is crashed, its connections are ended.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::future::join_all;
use kolo_core::TenantId;
use kolo_core::port::{CommitError, Committed, Ledger};
use kolo_core::testkit::check_books;
use kolo_store::PostgresLedger;

use crate::contribution::{Seat, external, funding};
use crate::server::Server;
use crate::support::{Place, RUNTIME, raw};

const WORKERS: u64 = 8;
const CONTRIBUTIONS: u64 = 30;

/// Workers who contribute and send again what was not answered, until everything is; and what became of
/// it: how many were answered at the first try, and how many had happened unanswered.
struct Work {
    store: Arc<PostgresLedger>,
    answered: Arc<AtomicU64>,
    failures: Arc<AtomicU64>,
}

impl Work {
    async fn on(url: &str) -> Self {
        let store = Arc::new(PostgresLedger::connect(url).await.expect("the store opens"));
        let seats: Vec<Seat> = (0..WORKERS).map(|member| Seat::of(member, 0)).collect();
        store.commit(funding("fund", &seats, 1_000)).await.expect("funded");
        Self { store, answered: Arc::default(), failures: Arc::default() }
    }

    fn start(&self) -> Vec<tokio::task::JoinHandle<()>> {
        let worker = |member| {
            let (store, answered) = (Arc::clone(&self.store), Arc::clone(&self.answered));
            let failures = Arc::clone(&self.failures);
            tokio::spawn(async move {
                let mut seat = Seat::of(member, 0);
                for _ in 0..CONTRIBUTIONS {
                    let changes = seat.contribute();
                    loop {
                        match store.commit(changes.clone()).await {
                            Ok(Committed::Now(_) | Committed::Before(_)) => break,
                            Err(CommitError::Port(_)) => {
                                failures.fetch_add(1, Ordering::Relaxed);
                                tokio::task::yield_now().await;
                            }
                            Err(other) => panic!("{other}"),
                        }
                    }
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        };
        (0..WORKERS).map(worker).collect()
    }

    /// Waits until so many contributions are answered.
    async fn reach(&self, answered: u64) {
        while self.answered.load(Ordering::Relaxed) < answered {
            tokio::task::yield_now().await;
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

#[test]
fn a_server_that_crashes_loses_nothing_it_acknowledged() {
    let server = Arc::new(Server::start().expect("a server"));
    RUNTIME.block_on(async {
        raw(&server.url("crashed"), "CREATE SCHEMA crashed").await;
        let work = Work::on(&server.url("crashed")).await;
        let workers = work.start();
        for round in 1..=3 {
            work.reach(round * WORKERS * CONTRIBUTIONS / 5).await;
            let server = Arc::clone(&server);
            let crash = move || {
                server.crash().expect("stopped at once");
                server.go_on().expect("it recovers");
            };
            tokio::task::spawn_blocking(crash).await.expect("no panic");
        }
        for worker in join_all(workers).await {
            worker.expect("no panic");
        }
        assert!(
            work.failures.load(Ordering::Relaxed) > 0,
            "nobody noticed: the test tests nothing"
        );
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
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE pid <> pg_backend_pid() AND application_name = 'kolo {schema}'"
        );
        for round in 1..=8 {
            work.reach(round * WORKERS * CONTRIBUTIONS / 10).await;
            raw(place.url(), &end).await;
        }
        for worker in join_all(workers).await {
            worker.expect("no panic");
        }
        work.verify().await;
    });
}
