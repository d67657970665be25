//! Connects to the server.
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kolo_core::port::{PortErrorKind, Retry};
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use super::connection::{Manner, PostgresDb, db_error};
use super::options::PostgresOptions;
use crate::error::StoreError;
use crate::sql::migrate::{Catalog, Migration, migrate};
use crate::sql::store::{Pool, Store};
use crate::sql::writer::OpenWriter;
use crate::sql::{Db, DbError, SqlLedger, watched};

/// How long to wait for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// Statements a connection keeps prepared.
const PREPARED: usize = 256;

/// Connections that were lost, or lie in the middle of somebody's transaction, that are given up one
/// after the other before a call fails.
const GIVEN_UP: u32 = 16;

const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "ledger",
        sql: include_str!("../../migrations/postgres/0001_ledger.sql"),
    },
    Migration {
        version: 2,
        name: "statements",
        sql: include_str!("../../migrations/postgres/0002_statements.sql"),
    },
    Migration {
        version: 3,
        name: "views",
        sql: include_str!("../../migrations/postgres/0003_views.sql"),
    },
];

const PRESENT: &str = "SELECT 1::bigint WHERE to_regclass('kolo_migrations') IS NOT NULL";

const MIGRATIONS_TABLE: &str = "CREATE TABLE IF NOT EXISTS kolo_migrations (\
    version BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum BYTEA NOT NULL)";

/// Names the database of a [`PostgresLedger`](super::PostgresLedger).
#[derive(Debug)]
pub enum Postgres {}

impl SqlLedger<Postgres> {
    /// Connects to a database with the default [`PostgresOptions`] and brings its schema up to date.
    ///
    /// `url` is `postgres://user:password@host:port/database`. The tables are in the schema `kolo`,
    /// unless the URL sets a search path (`?options=-c search_path=mine`). The ledger works on the
    /// tokio runtime it is opened in; its futures can then be awaited on any executor.
    ///
    /// # Errors
    /// [`StoreError`] says what to do: a URL that is none, a server that cannot be reached, a refused
    /// password, or a newer schema. It never repeats the password.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let options = PostgresOptions::default();
        let own = url.contains("search_path");
        Self::connect_with(url, if own { options.schema_of_connection() } else { options }).await
    }

    /// Connects to a database.
    ///
    /// # Errors
    /// As [`connect`](Self::connect); [`StoreError::Outdated`] when the schema is not up to date and
    /// may not be changed.
    pub async fn connect_with(url: &str, options: PostgresOptions) -> Result<Self, StoreError> {
        let (pool, place) = pool(url, &options).await?;
        Self::open(pool, &place, &options).await
    }

    /// Uses a pool of the host's, of which it keeps one connection to write with: let it have at
    /// least two. Nothing is left behind on a connection: search path, time-outs and locks end with
    /// each transaction. A connection that somebody else gave back in the middle of a transaction is
    /// recognised and closed.
    ///
    /// # Errors
    /// As [`connect_with`](Self::connect_with).
    pub async fn from_pool(pool: PgPool, options: PostgresOptions) -> Result<Self, StoreError> {
        Self::open(pool, "the host's pool", &options).await
    }

    /// Brings a database's schema up to date and leaves; returns the versions that were applied. For
    /// deployments whose running program may not change the schema.
    ///
    /// # Errors
    /// As [`connect_with`](Self::connect_with).
    pub async fn migrate(url: &str, options: &PostgresOptions) -> Result<Vec<u32>, StoreError> {
        let (pool, place) = pool(url, options).await?;
        let connections = Connections::new(pool, options)?;
        let applied = connections.migrate(&place, options).await;
        connections.0.close().await;
        applied
    }

    /// The steps of the schema, in order.
    #[must_use]
    pub const fn migrations() -> &'static [Migration] {
        MIGRATIONS
    }

    /// The steps after version `after` (0: all) as one script for `psql`, for hosts that change their
    /// databases by tools of their own.
    ///
    /// # Errors
    /// [`StoreError::Location`] for a schema name that is none.
    pub fn migrations_sql(options: &PostgresOptions, after: u32) -> Result<String, StoreError> {
        let mut script = "BEGIN;\n".to_owned();
        let schema = options.checked_schema()?;
        if let Some(schema) = schema {
            script += &format!(
                "CREATE SCHEMA IF NOT EXISTS \"{schema}\";\nSET LOCAL search_path TO \"{schema}\";\n"
            );
        }
        script += MIGRATIONS_TABLE;
        script += ";\n";
        for migration in MIGRATIONS.iter().filter(|migration| migration.version > after) {
            let checksum = data_encoding::HEXLOWER.encode(&migration.checksum());
            script += &format!(
                "\n-- {:04} {}\n{}\nINSERT INTO kolo_migrations (version, name, checksum)\n\
                 VALUES ({}, '{}', '\\x{checksum}');\n",
                migration.version, migration.name, migration.sql, migration.version, migration.name
            );
        }
        script += "\nCOMMIT;\n";
        Ok(script)
    }

    async fn open(
        pool: PgPool,
        place: &str,
        options: &PostgresOptions,
    ) -> Result<Self, StoreError> {
        let connections = Connections::new(pool, options)?;
        connections.migrate(place, options).await?;
        let writing = connections.open().await.map_err(|error| explain(place, error))?;
        let readers = Arc::new(connections.clone());
        Ok(Self::on(Store::start(Box::new(connections), writing, readers)))
    }
}

/// A pool of our own, and how to call its database in messages.
async fn pool(url: &str, options: &PostgresOptions) -> Result<(PgPool, String), StoreError> {
    let connect = PgConnectOptions::from_str(url)
        .map_err(|_| StoreError::Location {
            // The text may hold a password.
            location: "the given URL".to_owned(),
            advice: "give postgres://user:password@host:port/database",
        })?
        .statement_cache_capacity(if options.prepared { PREPARED } else { 0 })
        .disable_statement_logging();
    let place = format!(
        "{} on {}",
        connect.get_database().unwrap_or("(the user's database)"),
        connect.get_host()
    );
    let pool = PgPoolOptions::new()
        .max_connections(options.connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // Asking whether a connection is free tests it too.
        .test_before_acquire(false)
        .connect_with(connect)
        .await
        .map_err(|error| explain(&place, db_error(error)))?;
    Ok((pool, place))
}

/// Turns what went wrong at connecting into advice.
fn explain(place: &str, error: DbError) -> StoreError {
    let (kind, location) = (error.kind, place.to_owned());
    let source = error.into();
    match kind {
        PortErrorKind::Denied => StoreError::Refused { location, source },
        PortErrorKind::Unavailable | PortErrorKind::Timeout => {
            StoreError::Unreachable { location, source }
        }
        _ => StoreError::Port(source),
    }
}

/// The connections to the server; the writer keeps one of them.
#[derive(Clone)]
struct Connections(PgPool, Arc<Manner>);

impl Connections {
    fn new(pool: PgPool, options: &PostgresOptions) -> Result<Self, StoreError> {
        let manner = Manner::new(options.checked_schema()?, options.prepared);
        Ok(Self(pool, Arc::new(manner)))
    }

    async fn migrate(
        &self,
        place: &str,
        options: &PostgresOptions,
    ) -> Result<Vec<u32>, StoreError> {
        let mut create = String::new();
        if let Some(schema) = options.checked_schema()? {
            // CREATE SCHEMA IF NOT EXISTS asks for the right to create one even where it exists.
            create = format!(
                "DO $$ BEGIN IF to_regnamespace('{schema}') IS NULL THEN CREATE SCHEMA \"{schema}\"; \
                 END IF; END $$; "
            );
        }
        create += MIGRATIONS_TABLE;
        let catalog = Catalog { migrations: MIGRATIONS, present: PRESENT, create };
        let mut db = OpenWriter::open(self).await.map_err(|error| explain(place, error))?;
        match migrate(db.as_mut(), &catalog, options.migrating).await {
            Err(StoreError::Port(source)) if source.kind == PortErrorKind::Denied => {
                Err(StoreError::Refused { location: place.to_owned(), source })
            }
            other => other,
        }
    }
}

#[async_trait]
impl OpenWriter for Connections {
    async fn open(&self) -> Result<Box<dyn Db>, DbError> {
        self.acquire().await.map(watched)
    }
}

#[async_trait]
impl Pool for Connections {
    /// A connection that is in nobody's transaction. sqlx 0.9.0 can give one back to its pool in the
    /// middle of a transaction, when the future that begins it is dropped (launchbadge/sqlx#4393);
    /// what is written on it then is lost with that transaction.
    async fn acquire(&self) -> Result<Box<dyn Db>, DbError> {
        let mut left = GIVEN_UP;
        loop {
            let connection = self.0.acquire().await.map_err(db_error)?;
            let mut db = PostgresDb::new(connection, Arc::clone(&self.1));
            let broken = match db.is_free().await {
                Ok(true) => return Ok(Box::new(db)),
                Ok(false) => {
                    tracing::warn!(
                        "a connection came in the middle of a transaction: it is closed"
                    );
                    DbError::new(
                        PortErrorKind::Other,
                        Retry::Temporary,
                        "the pool lends connections in the middle of transactions: mend what leaves \
                         them so",
                    )
                }
                Err(lost) => lost,
            };
            Box::new(db).give_up();
            left = left.checked_sub(1).ok_or(broken)?;
        }
    }

    async fn close(&self) {
        self.0.close().await;
    }
}
