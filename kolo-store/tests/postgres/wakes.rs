//! Wake-ups between processes: early, few, and nothing that anybody depends on.
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use futures::future::join_all;
use kolo_core::port::work::Release;
use kolo_core::port::{Ledger, WorkQueue};
use kolo_store::{PostgresLedger, PostgresOptions, WakeUps};
use sqlx::postgres::PgListener;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::make::{NOW, command, step};
use crate::proxy::Cutter;
use crate::support::{Place, RUNTIME};

/// Less than a worker waits by itself (two seconds), and more than anything here takes.
const EARLY: Duration = Duration::from_millis(1500);

/// Somebody who waits, and how often they were woken.
struct Sleeper {
    store: Arc<PostgresLedger>,
    woken: Arc<AtomicU32>,
    _wake_ups: WakeUps,
}

impl Sleeper {
    fn of(store: PostgresLedger) -> Self {
        let (store, woken) = (Arc::new(store), Arc::new(AtomicU32::new(0)));
        let count = Arc::clone(&woken);
        let _wake_ups = store.wake_ups(move || {
            count.fetch_add(1, Ordering::SeqCst);
        });
        Self { store, woken, _wake_ups }
    }

    /// One that listens: it is woken when it begins to, for what it may have missed.
    async fn listening(place: &Place) -> Self {
        let sleeper = Self::of(place.open().await);
        sleeper.reaches(1).await;
        sleeper
    }

    fn woken(&self) -> u32 {
        self.woken.load(Ordering::SeqCst)
    }

    async fn reaches(&self, times: u32) {
        let since = Instant::now();
        while self.woken() < times {
            assert!(since.elapsed() < Duration::from_secs(20), "nobody wakes it");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

fn channel(place: &Place) -> String {
    format!("kolo {}", schema(place))
}

fn schema(place: &Place) -> &str {
    place.url().rsplit("%3D").next().expect("a schema")
}

#[test]
fn a_commit_wakes_the_other_process_early() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let (writer, sleeper) =
            (Sleeper::listening(&place).await, Sleeper::listening(&place).await);
        for round in 0..5 {
            let (own, others) = (writer.woken(), sleeper.woken());
            let since = Instant::now();
            writer.store.commit(step(&format!("{round}"), "ada", round)).await.expect("committed");
            sleeper.reaches(others + 1).await;
            writer.reaches(own + 1).await;
            assert!(since.elapsed() < EARLY, "{:?}", since.elapsed());
            // Nobody hears themselves.
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert_eq!((writer.woken(), sleeper.woken()), (own + 1, others + 1));
        }
        // What nobody waits for wakes nobody.
        let others = sleeper.woken();
        writer.store.commit(command("quiet")).await.expect("committed");
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(sleeper.woken(), others);
    });
}

#[test]
fn many_commits_are_one_notification_in_ten_milliseconds_from_a_connection_of_its_own() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let writer = Sleeper::listening(&place).await;
        let mut listener = PgListener::connect(place.url()).await.expect("connected");
        listener.listen(&channel(&place)).await.expect("heard");
        // Any NOTIFY of the connection that commits would be of its process.
        let mut own = PgConnection::connect(place.url()).await.expect("connected");
        let seen = "CREATE TABLE wrote (pid int); CREATE FUNCTION wrote() RETURNS trigger \
            LANGUAGE plpgsql SET search_path FROM CURRENT AS $$ BEGIN \
            INSERT INTO wrote VALUES (pg_backend_pid()); RETURN NULL; END $$; \
            CREATE TRIGGER wrote AFTER INSERT ON commands FOR EACH STATEMENT EXECUTE FUNCTION wrote()";
        sqlx::raw_sql(seen).execute(&mut own).await.expect("watched");

        let since = Instant::now();
        let commits = (0..400).map(|number| {
            let store = Arc::clone(&writer.store);
            async move {
                tokio::time::sleep(Duration::from_micros(number * 500)).await;
                let name = format!("of {number}");
                store.commit(step(&name, &name, 0)).await.expect("committed");
            }
        });
        join_all(commits).await;
        let most = since.elapsed().as_millis() / 10 + 2;
        let mut heard = Vec::new();
        let patience = Duration::from_millis(300);
        while let Ok(rung) = tokio::time::timeout(patience, listener.recv()).await {
            heard.push(rung.expect("heard").process_id());
        }
        let count = u128::try_from(heard.len()).expect("few");
        assert!(count >= 2, "{count} notifications: nothing is tested");
        assert!(count <= most, "{count} notifications, {most} at most");
        let writers: Vec<i32> = sqlx::query_scalar("SELECT DISTINCT pid FROM wrote")
            .fetch_all(&mut own)
            .await
            .expect("readable");
        assert!(!writers.is_empty());
        let rang = |pid: &i32| heard.iter().any(|heard| i64::from(*heard) == i64::from(*pid));
        assert!(!writers.iter().any(rang), "a commit notified: {writers:?} {heard:?}");
    });
}

/// Takes everything that is due, and looks again after a while as a worker does.
async fn work(store: &PostgresLedger, items: usize) {
    let (mut done, since) = (0, Instant::now());
    while done < items {
        assert!(since.elapsed() < Duration::from_secs(20), "{done} of {items}");
        let claimed = store.claim(&["outbound"], NOW, 60, 100).await.expect("claimed");
        for item in &claimed {
            store.release(&item.lease, Release::Done).await.expect("done");
        }
        done += claimed.len();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[test]
fn looking_from_time_to_time_is_enough() {
    let place = Place::new();
    RUNTIME.block_on(async {
        // Nobody rings, and nobody could listen.
        let writer = place.open().await;
        let pooled = PostgresOptions::default().prepared(false);
        let store = PostgresLedger::connect_with(place.url(), pooled).await.expect("opened");
        let sleeper = Sleeper::of(store);
        let worker = Arc::clone(&sleeper.store);
        let worker = tokio::spawn(async move { work(&worker, 40).await });
        for number in 0..40 {
            let name = format!("of {number}");
            writer.commit(step(&name, &name, 0)).await.expect("committed");
        }
        worker.await.expect("everything was worked on");
        assert_eq!(sleeper.woken(), 0);
    });
}

#[test]
fn wake_ups_go_on_when_their_lines_were_cut() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let (writer, sleeper) =
            (Sleeper::listening(&place).await, Sleeper::listening(&place).await);
        writer.store.commit(step("before", "ada", 0)).await.expect("committed");
        sleeper.reaches(2).await;
        let mut own = PgConnection::connect(place.url()).await.expect("connected");
        let end = format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
             WHERE pid <> pg_backend_pid() AND application_name = 'kolo {}' \
             AND (query LIKE 'LISTEN%' OR query LIKE 'SELECT pg_notify%')",
            schema(&place)
        );
        let ended: i64 =
            sqlx::query_scalar(AssertSqlSafe(end)).fetch_one(&mut own).await.expect("allowed");
        // Two listen, one has rung.
        assert!(ended >= 3, "{ended} lines");
        // The line is there again.
        sleeper.reaches(3).await;
        let others = sleeper.woken();
        writer.store.commit(step("after", "ada", 1)).await.expect("committed");
        sleeper.reaches(others + 1).await;
    });
}

/// The line to the other processes is dead, and nobody is told so.
#[test]
fn a_line_that_falls_silent_keeps_nobody_asleep() {
    let place = Place::new();
    let line = Cutter::before(place.url());
    RUNTIME.block_on(async {
        let sleeper = Sleeper::listening(&place).await;
        let store = PostgresLedger::connect(&line.url).await.expect("opened");
        let writer = Sleeper::of(store);
        writer.reaches(1).await;
        line.hush("SELECT pg_notify");
        let (own, others) = (writer.woken(), sleeper.woken());
        for round in 0..3 {
            let since = Instant::now();
            writer.store.commit(step(&format!("{round}"), "ada", round)).await.expect("committed");
            writer.reaches(own + 1 + u32::try_from(round).expect("few")).await;
            assert!(since.elapsed() < EARLY, "{:?}", since.elapsed());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(line.is_hushed(), "nothing is tested");
        // By the next line.
        sleeper.reaches(others + 1).await;
    });
}

/// Who listens on a dead line hears nothing, not even that.
#[test]
fn a_listener_notices_that_its_line_fell_silent() {
    let place = Place::new();
    let line = Cutter::before(place.url());
    RUNTIME.block_on(async {
        let store = PostgresLedger::connect(&line.url).await.expect("opened");
        let sleeper = Sleeper::of(store);
        sleeper.reaches(1).await;
        // What it asks after a while.
        line.hush("SELECT 1\0");
        // It listens anew, and is woken for what it may have missed.
        let since = Instant::now();
        while sleeper.woken() < 2 {
            assert!(since.elapsed() < Duration::from_secs(60), "it listens to nobody");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(line.is_hushed(), "nothing is tested");
    });
}

#[test]
fn wake_ups_end_with_what_keeps_them() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let (writer, sleeper) =
            (Sleeper::listening(&place).await, Sleeper::listening(&place).await);
        let (woken, store) = (Arc::clone(&sleeper.woken), Arc::clone(&sleeper.store));
        let before = sleeper.woken();
        drop(sleeper);
        writer.store.commit(step("one", "ada", 0)).await.expect("committed");
        store.commit(step("two", "bola", 0)).await.expect("committed");
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(woken.load(Ordering::SeqCst), before);
    });
}
