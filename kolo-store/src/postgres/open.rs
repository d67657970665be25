//! Connects to the server.
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kolo_core::port::PortErrorKind;
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use super::connection::{PostgresDb, db_error};
use crate::error::StoreError;
use crate::sql::migrate::{Migration, migrate};
use crate::sql::store::{Pool, Store};
use crate::sql::writer::OpenWriter;
use crate::sql::{Db, DbError, SqlLedger};

/// Connections: one writes, the others read.
const CONNECTIONS: u32 = 5;

/// How long to wait for one.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// Statements a connection keeps prepared: some thirty, in up to seven lengths each.
const PREPARED: usize = 256;

const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "ledger",
    sql: include_str!("../../migrations/postgres/0001_ledger.sql"),
}];

const MIGRATIONS_TABLE: &str = "CREATE TABLE IF NOT EXISTS kolo_migrations (\
    version BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum BYTEA NOT NULL)";

/// Names the database of a [`PostgresLedger`](super::PostgresLedger).
#[derive(Debug)]
pub enum Postgres {}

impl SqlLedger<Postgres> {
    /// Connects to a database and brings its schema up to date.
    ///
    /// `url` is `postgres://user:password@host:port/database`; the tables are made in the first
    /// schema of the connection's search path (`?options=-c search_path=kolo`). The ledger works on
    /// the tokio runtime it is opened in; its futures can then be awaited on any executor.
    ///
    /// # Errors
    /// [`StoreError`] says what to do: a URL that is none, a server that cannot be reached, a refused
    /// password, or a newer schema. It never repeats the password.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)
            .map_err(|_| StoreError::Location {
                // The text may hold a password.
                location: "the given URL".to_owned(),
                advice: "give postgres://user:password@host:port/database",
            })?
            .statement_cache_capacity(PREPARED)
            .disable_statement_logging();
        let place = format!(
            "{} on {}",
            options.get_database().unwrap_or("(the user's database)"),
            options.get_host()
        );
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_with(options)
            .await
            .map_err(|error| explain(&place, db_error(error)))?;
        let connections = Connections(pool);
        let mut writing = connections.open().await.map_err(|error| explain(&place, error))?;
        migrate(writing.as_mut(), MIGRATIONS_TABLE, MIGRATIONS).await?;
        let readers = Arc::new(connections.clone());
        Ok(Self::on(Store::start(Box::new(connections), writing, readers)))
    }
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
struct Connections(PgPool);

#[async_trait]
impl OpenWriter for Connections {
    async fn open(&self) -> Result<Box<dyn Db>, DbError> {
        self.acquire().await
    }
}

#[async_trait]
impl Pool for Connections {
    async fn acquire(&self) -> Result<Box<dyn Db>, DbError> {
        let connection = self.0.acquire().await.map_err(db_error)?;
        Ok(Box::new(PostgresDb(connection)))
    }

    async fn close(&self) {
        self.0.close().await;
    }
}
