//! A store in a schema of its own.
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, mpsc};
use std::time::Duration;

use futures::future::{join_all, poll_immediate};
use kolo_store::{PostgresLedger, PostgresOptions, StoreError};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use tokio::runtime::Runtime;

use crate::server::{Server, settings};

/// The server of all tests.
static SERVER: LazyLock<Option<Server>> =
    LazyLock::new(|| given().is_none().then(|| Server::start().expect("a server")));

/// The runtime the stores work on; what the tests await, they await on any executor.
pub static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));

static SCHEMAS: AtomicU32 = AtomicU32::new(0);

/// The server we are told to test on instead of starting one.
fn given() -> Option<String> {
    std::env::var("KOLO_TEST_DATABASE_URL").ok()
}

/// The URL of a schema on the server of all tests.
fn url(schema: &str) -> String {
    match (SERVER.as_ref(), given()) {
        (Some(server), _) => server.url(schema),
        (None, Some(given)) => {
            let more = if given.contains('?') { '&' } else { '?' };
            format!("{given}{more}{}", settings(schema))
        }
        (None, None) => unreachable!("started or given"),
    }
}

/// The store of these tests.
pub type Store = PostgresLedger;

/// Opens the store at a [`Place::location`].
pub async fn connect(location: &str) -> Store {
    PostgresLedger::connect(location).await.expect("the store opens")
}

/// A schema for one store.
pub struct Place(String);

impl Place {
    pub fn new() -> Self {
        // A given server may remember other runs.
        let number = SCHEMAS.fetch_add(1, Ordering::Relaxed);
        let schema = format!("kolo_test_{}_{number}", std::process::id());
        let place = Self(url(&schema));
        let create = format!("CREATE SCHEMA {schema}");
        let url = place.0.clone();
        let created = RUNTIME.spawn(async move { raw(&url, &create).await });
        futures::executor::block_on(created).expect("created");
        place
    }

    pub fn url(&self) -> &str {
        &self.0
    }

    /// The same, for tests that both stores have.
    pub fn location(&self) -> String {
        self.0.clone()
    }

    pub async fn try_open(&self) -> Result<PostgresLedger, StoreError> {
        self.try_open_with(PostgresOptions::default()).await
    }

    pub async fn try_open_with(
        &self,
        options: PostgresOptions,
    ) -> Result<PostgresLedger, StoreError> {
        let url = self.0.clone();
        let opening =
            RUNTIME.spawn(async move { PostgresLedger::connect_with(&url, options).await });
        opening.await.expect("opening does not panic")
    }

    pub async fn open(&self) -> PostgresLedger {
        self.try_open().await.expect("the store opens")
    }
}

/// A given server keeps nothing of a test: no schema, and no role that may log in.
impl Drop for Place {
    fn drop(&mut self) {
        let schema = self.0.rsplit("%3D").next().unwrap_or_default();
        let clear = format!(
            "DO $$ DECLARE it record; BEGIN PERFORM set_config('lock_timeout', '5s', true); \
             FOR it IN SELECT nspname AS name FROM pg_namespace \
             WHERE nspname = '{schema}' OR starts_with(nspname::text, '{schema}_') \
             LOOP EXECUTE format('DROP SCHEMA %I CASCADE', it.name); END LOOP; \
             FOR it IN SELECT rolname AS name FROM pg_roles \
             WHERE starts_with(rolname::text, '{schema}_') \
             LOOP EXECUTE format('DROP OWNED BY %I', it.name); \
             EXECUTE format('DROP ROLE %I', it.name); END LOOP; END $$"
        );
        let url = self.0.clone();
        let (done, ended) = mpsc::channel();
        RUNTIME.spawn(async move { done.send(try_raw(&url, &clear).await) });
        // The server may be gone, or the test have failed in the middle: then what is left is said.
        if let Ok(Err(error)) = ended.recv() {
            eprintln!("{schema} and what belongs to it stay on the server: {error}");
        }
    }
}

/// Runs statements behind the store's back.
pub async fn try_raw(url: &str, sql: &str) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    let script = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
    let done = script.execute(&mut connection).await;
    connection.close().await?;
    done.map(drop)
}

/// The same, when it must succeed.
pub async fn raw(url: &str, sql: &str) {
    try_raw(url, sql).await.expect(sql);
}

/// What a query of one number answers.
pub async fn number(url: &str, sql: &str) -> i64 {
    let mut connection = PgConnection::connect(url).await.expect("connected");
    let row = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await;
    let number = row.expect(sql).get(0);
    connection.close().await.expect("closed");
    number
}

/// How often somebody had the turn.
pub async fn turn(place: &Place) -> i64 {
    number(place.url(), "SELECT number FROM kolo_turns").await
}

/// Which of a place's connections wait for somebody who is in their way.
pub fn blocked(place: &Place) -> String {
    let schema = place.url().rsplit("%3D").next().expect("a schema");
    format!(
        "FROM pg_stat_activity WHERE application_name = 'kolo {schema}' AND wait_event_type = 'Lock'"
    )
}

/// Until one of them does.
pub async fn until_blocked(place: &Place) {
    let asked = format!("SELECT count(*) {}", blocked(place));
    let mut tries = 0;
    while number(place.url(), &asked).await == 0 {
        tries += 1;
        assert!(tries < 3000, "nobody waits");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Keeps everybody from writing, as a replica does whose turn it is.
pub async fn hold_turn(place: &Place) -> PgConnection {
    let mut other = PgConnection::connect(place.url()).await.expect("connected");
    let hold = "BEGIN; SELECT number FROM kolo_turns FOR UPDATE";
    sqlx::raw_sql(hold).execute(&mut other).await.expect("held");
    other
}

/// Lets `first` wait for the turn, and `then` gather behind it: they are one group when the turn is
/// free, as far as one group holds them. Calls `ready` before that.
pub async fn as_one_group<T: Send + 'static>(
    place: &Place,
    first: impl Future<Output = ()> + Send + 'static,
    then: Vec<Pin<Box<dyn Future<Output = T> + Send>>>,
    ready: impl FnOnce() + Send,
) -> Vec<T> {
    let mut held = hold_turn(place).await;
    let first = tokio::spawn(first);
    until_blocked(place).await;
    let mut calls = Vec::new();
    for mut call in then {
        // A commit is with the writer once it was polled.
        assert!(poll_immediate(call.as_mut()).await.is_none(), "answered without a turn");
        calls.push(tokio::spawn(call));
    }
    // A claim looks first whether there is anything.
    tokio::time::sleep(Duration::from_millis(300)).await;
    ready();
    sqlx::raw_sql("ROLLBACK").execute(&mut held).await.expect("released");
    first.await.expect("no panic");
    let answers = join_all(calls).await;
    answers.into_iter().map(|answer| answer.expect("no panic")).collect()
}

/// Statements behind the store's back that nothing in the database checks.
pub async fn harm(url: &str, sql: &str) {
    raw(url, &format!("SET session_replication_role = replica; {sql}")).await;
}

/// A text's bytes, as SQL has them.
pub fn blob(text: &str) -> String {
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("'\\x{hex}'::bytea")
}

/// Takes the fourth migration back.
pub const UNDO_SPANS: &str = "DROP TABLE spans; DROP FUNCTION kolo_span() CASCADE";
