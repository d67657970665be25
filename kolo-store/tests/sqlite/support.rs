//! A store in a folder of its own, on a runtime of its own.
use std::sync::LazyLock;

use kolo_store::{SqliteLedger, StoreError};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The runtime the stores work on; what the tests await, they await on any executor.
pub static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));

/// The store of these tests.
pub type Store = SqliteLedger;

/// Opens the store at a [`Place::location`].
pub async fn connect(location: &str) -> Store {
    SqliteLedger::connect(location).await.expect("the store opens")
}

/// A folder for one database file.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub fn file(&self) -> String {
        let path = self.0.path().join("kolo.db");
        path.to_str().expect("a path in UTF-8").to_owned()
    }

    /// The same, for tests that both stores have.
    pub fn location(&self) -> String {
        self.file()
    }

    pub fn folder(&self) -> &std::path::Path {
        self.0.path()
    }

    pub async fn try_open(&self) -> Result<SqliteLedger, StoreError> {
        let file = self.file();
        let opening = RUNTIME.spawn(async move { SqliteLedger::connect(&file).await });
        opening.await.expect("opening does not panic")
    }

    pub async fn open(&self) -> SqliteLedger {
        self.try_open().await.expect("the store opens")
    }
}

async fn stranger(file: &str) -> SqliteConnection {
    let url = format!("sqlite://{file}");
    SqliteConnection::connect(&url).await.expect("SQLite opens")
}

/// Runs statements behind the store's back.
pub async fn try_raw(file: &str, sql: &str) -> Result<(), sqlx::Error> {
    let mut connection = stranger(file).await;
    let script = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
    let done = script.execute(&mut connection).await;
    connection.close().await?;
    done.map(drop)
}

/// The same, when it must succeed.
pub async fn raw(file: &str, sql: &str) {
    try_raw(file, sql).await.expect(sql);
}

/// Locks the database for as long as the answer lives.
pub async fn hold(file: &str) -> SqliteConnection {
    let mut connection = stranger(file).await;
    sqlx::raw_sql("BEGIN EXCLUSIVE").execute(&mut connection).await.expect("locked");
    connection
}

/// Statements behind the store's back that nothing in the database checks.
#[allow(dead_code, reason = "not every test binary harms")]
pub async fn harm(file: &str, sql: &str) {
    let mut connection = stranger(file).await;
    let triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger'";
    let triggers: Vec<String> =
        sqlx::query_scalar(triggers).fetch_all(&mut connection).await.expect("readable");
    let mut script = "PRAGMA foreign_keys = OFF; ".to_owned();
    triggers.iter().for_each(|name| script += &format!("DROP TRIGGER {name}; "));
    script += sql;
    sqlx::raw_sql(AssertSqlSafe(script)).execute(&mut connection).await.expect(sql);
    connection.close().await.expect("closed");
}

/// A text's bytes, as SQL has them.
#[allow(dead_code, reason = "not every test binary harms")]
pub fn blob(text: &str) -> String {
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("x'{hex}'")
}

/// Takes the fourth migration back, after [`harm`] has taken the triggers.
pub const UNDO_SPANS: &str = "DROP TABLE spans";
