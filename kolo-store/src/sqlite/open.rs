//! Opens or creates the file.
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kolo_core::port::PortErrorKind;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};

use super::connection::{SqliteDb, db_error};
use crate::error::StoreError;
use crate::sql::Db;
use crate::sql::DbError;
use crate::sql::migrate::{Catalog, Migration, migrate};
use crate::sql::store::{Pool, SqlLedger, Store};
use crate::sql::watched;
use crate::sql::writer::OpenWriter;

/// How long to wait for another process that is writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How many connections read at the same time.
const READERS: u32 = 4;

/// Statements a connection keeps prepared: some thirty, in up to seven lengths each.
const PREPARED: usize = 256;

const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "ledger",
        sql: include_str!("../../migrations/sqlite/0001_ledger.sql"),
    },
    Migration {
        version: 2,
        name: "statements",
        sql: include_str!("../../migrations/sqlite/0002_statements.sql"),
    },
    Migration {
        version: 3,
        name: "views",
        sql: include_str!("../../migrations/sqlite/0003_views.sql"),
    },
    Migration {
        version: 4,
        name: "spans",
        sql: include_str!("../../migrations/sqlite/0004_spans.sql"),
    },
];

const PRESENT: &str =
    "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'kolo_migrations'";

const MIGRATIONS_TABLE: &str = "CREATE TABLE IF NOT EXISTS kolo_migrations (\
    version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum BLOB NOT NULL) STRICT";

fn catalog() -> Catalog {
    Catalog { migrations: MIGRATIONS, present: PRESENT, create: MIGRATIONS_TABLE.to_owned() }
}

/// Names the database of a [`SqliteLedger`](super::SqliteLedger).
#[derive(Debug)]
pub enum Sqlite {}

impl SqlLedger<Sqlite> {
    /// Opens a file, creating it if it is not there, and brings its schema up to date.
    ///
    /// `location` is a path, or `sqlite:` or `sqlite://` in front of one. The ledger works on the
    /// tokio runtime it is opened in; its futures can then be awaited on any executor.
    ///
    /// # Errors
    /// [`StoreError`] says what to do: a place that cannot be written, a file that is no database or
    /// a newer one's, or another process that holds it.
    pub async fn connect(location: &str) -> Result<Self, StoreError> {
        let path = path_of(location)?;
        create(&path)?;
        Self::open(path, true).await
    }

    /// Opens a file that is there, and leaves its schema as it is: to look at it.
    ///
    /// # Errors
    /// As [`connect`](Self::connect); [`StoreError::NotWritable`] when there is no file, and
    /// [`StoreError::Outdated`] when its schema is not up to date.
    pub async fn connect_existing(location: &str) -> Result<Self, StoreError> {
        let path = path_of(location)?;
        if let Err(error) = std::fs::metadata(&path) {
            return Err(StoreError::NotWritable {
                location: path.display().to_string(),
                source: db_error(sqlx::Error::Io(error)).into(),
            });
        }
        Self::open(path, false).await
    }

    async fn open(path: PathBuf, migrating: bool) -> Result<Self, StoreError> {
        let failed = |error: DbError| explain(&path, error);
        let opener = Opener::of(&path);
        let mut writing = opener.open().await.map_err(failed)?;
        migrate(writing.as_mut(), &catalog(), migrating).await.map_err(|error| match error {
            StoreError::Port(error) => classify(&path, error),
            other => other,
        })?;
        // Another process that holds the file is told of now, not at the first commit.
        if migrating {
            writing.begin().await.map_err(failed)?;
            writing.rollback().await.map_err(failed)?;
        }
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_lazy_with(options(&path).create_if_missing(false).pragma("query_only", "ON"));
        let pool = Arc::new(Readers(readers));
        Ok(Self::on(Store::start(Box::new(opener), writing, pool)))
    }

    /// Brings a file's schema up to date, creating it if it is not there, and leaves; returns the
    /// versions that were applied.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn migrate(location: &str) -> Result<Vec<u32>, StoreError> {
        let path = path_of(location)?;
        create(&path)?;
        let failed = |error: DbError| explain(&path, error);
        let mut db = Opener::of(&path).open().await.map_err(failed)?;
        let applied = migrate(db.as_mut(), &catalog(), true).await;
        db.close().await;
        applied.map_err(|error| match error {
            StoreError::Port(error) => classify(&path, error),
            other => other,
        })
    }

    /// The steps of the schema, in order. [`connect`](Self::connect) applies what is missing.
    #[must_use]
    pub const fn migrations() -> &'static [Migration] {
        MIGRATIONS
    }
}

fn path_of(location: &str) -> Result<PathBuf, StoreError> {
    let wrong = |advice| StoreError::Location { location: location.to_owned(), advice };
    let path = ["sqlite://", "sqlite:"]
        .iter()
        .find_map(|scheme| location.strip_prefix(scheme))
        .unwrap_or(location);
    if path.contains("://") {
        return Err(wrong("this build knows sqlite:<path> only"));
    }
    if path.is_empty() || path.contains('?') || path.contains(":memory:") {
        return Err(wrong("give the path of a file, as in sqlite:kolo.db"));
    }
    Ok(PathBuf::from(path))
}

/// Creates the file, for its owner's eyes only. SQLite gives its side files the same rights.
fn create(path: &Path) -> Result<(), StoreError> {
    let mut how = std::fs::OpenOptions::new();
    how.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut how, 0o600);
    match how.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::NotWritable {
            location: path.display().to_string(),
            source: db_error(sqlx::Error::Io(error)).into(),
        }),
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .statement_cache_capacity(PREPARED)
        .disable_statement_logging()
}

fn explain(path: &Path, error: DbError) -> StoreError {
    classify(path, error.into())
}

/// Turns what went wrong at opening into advice.
fn classify(path: &Path, source: kolo_core::port::PortError) -> StoreError {
    let location = path.display().to_string();
    match source.kind {
        PortErrorKind::Corrupt => StoreError::NotADatabase { location, source },
        PortErrorKind::Denied => StoreError::NotWritable { location, source },
        PortErrorKind::Unavailable => StoreError::Locked { location, source },
        _ => StoreError::Port(source),
    }
}

/// Opens the writing connection.
pub(super) struct Opener(SqliteConnectOptions);

impl Opener {
    pub fn of(path: &Path) -> Self {
        Self(options(path))
    }
}

#[async_trait]
impl OpenWriter for Opener {
    async fn open(&self) -> Result<Box<dyn Db>, DbError> {
        let connection = SqliteConnection::connect_with(&self.0).await;
        Ok(watched(Box::new(SqliteDb::Own(connection.map_err(db_error)?))))
    }
}

/// The connections that read.
struct Readers(SqlitePool);

#[async_trait]
impl Pool for Readers {
    async fn acquire(&self) -> Result<Box<dyn Db>, DbError> {
        let connection = self.0.acquire().await.map_err(db_error)?;
        Ok(Box::new(SqliteDb::Lent(connection)))
    }

    async fn close(&self) {
        self.0.close().await;
    }
}
