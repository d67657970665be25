//! Connects to the server.
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kolo_core::port::{PortError, PortErrorKind, Retry};
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::connection::{
    Lend, MIGRATION_TURN, Manner, PostgresDb, UNHURRIED, db_error, migration_lock,
};
use super::notify::Bell;
use super::options::{PostgresOptions, SCHEMA, Schema};
use super::rights;
use crate::error::StoreError;
use crate::sql::migrate::{Catalog, Migration, migrate};
use crate::sql::store::{Pool, Store};
use crate::sql::wake::{Wake, WakeUps};
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
    Migration {
        version: 4,
        name: "spans",
        sql: include_str!("../../migrations/postgres/0004_spans.sql"),
    },
];

const PRESENT: &str = "SELECT 1::bigint WHERE to_regclass('kolo_migrations') IS NOT NULL";

/// The schema in which the connection's own search path finds a store, the path's first schema,
/// whether the schema of this name has a store, how the database writes texts, and whether what does not
/// say otherwise only reads.
const WHERE: &str = "SELECT (SELECT n.nspname::text FROM pg_class c \
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass('kolo_migrations')), \
    current_schema()::text, (SELECT count(*) FROM pg_class c JOIN pg_namespace n \
    ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = 'kolo_migrations'), \
    current_setting('server_encoding'), \
    CASE current_setting('default_transaction_read_only') WHEN 'on' THEN 1 ELSE 0 END";

const MIGRATIONS_TABLE: &str = "CREATE TABLE IF NOT EXISTS kolo_migrations (\
    version BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum BYTEA NOT NULL)";

/// Names the database of a [`PostgresLedger`](super::PostgresLedger).
#[derive(Debug)]
pub enum Postgres {}

impl SqlLedger<Postgres> {
    /// Connects to a database with the default [`PostgresOptions`] and brings its schema up to date.
    ///
    /// `url` is `postgres://user:password@host:port/database`. The tables are in the schema `kolo`,
    /// unless the URL sets a search path (`?options=-c search_path=mine`): then where that leads. The ledger works on the
    /// tokio runtime it is opened in; its futures can then be awaited on any executor.
    ///
    /// # Errors
    /// [`StoreError`] says what to do: a URL that is none, a server that cannot be reached, a refused
    /// password, rights that are missing, a newer schema, or a store in another schema than the default. It never repeats the
    /// password.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::connect_with(url, PostgresOptions::default()).await
    }

    /// Connects to a database.
    ///
    /// # Errors
    /// As [`connect`](Self::connect); [`StoreError::Outdated`] when the schema is not up to date and
    /// may not be changed; [`StoreError::Location`] when the URL sets a search path and the options name
    /// a schema.
    pub async fn connect_with(url: &str, options: PostgresOptions) -> Result<Self, StoreError> {
        let (pool, place, options) = pool(url, options).await?;
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
        let (pool, place, options) = pool(url, options.clone()).await?;
        let connections = Connections::to(pool, &place, &options).await?;
        let applied = connections.migrate(&place, &options).await;
        connections.pool.close().await;
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
        let mut script = format!("BEGIN;\n{UNHURRIED};\n");
        if let Some(schema) = options.checked_schema()? {
            script += &format!(
                "{};\nCREATE SCHEMA IF NOT EXISTS \"{schema}\";\n\
                 SET LOCAL search_path TO \"{schema}\", pg_temp;\n",
                migration_lock(schema)
            );
        } else {
            script += "SELECT pg_advisory_xact_lock(hashtextextended('kolo writes ' \
                       || current_schema(), 0));\n";
        }
        script += MIGRATION_TURN;
        script += ";\n";
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
        let connections = Connections::to(pool, place, options).await?;
        connections.migrate(place, options).await?;
        connections.may_run(place).await?;
        let writing = connections.open().await.map_err(|error| explain(place, error))?;
        let readers = Arc::new(connections.clone());
        Ok(Self::on(Store::start(Box::new(connections), writing, readers)))
    }
}

/// A pool of our own, how to call its database in messages, and the options as the URL has them.
async fn pool(
    url: &str,
    mut options: PostgresOptions,
) -> Result<(PgPool, String, PostgresOptions), StoreError> {
    let connect = PgConnectOptions::from_str(url)
        .map_err(|_| StoreError::Location {
            // The text may hold a password.
            location: "the given URL".to_owned(),
            advice: "give postgres://user:password@host:port/database",
        })?
        .statement_cache_capacity(if options.prepared { PREPARED } else { 0 })
        // The books hold no such numbers, and poolers refuse a setting they do not know.
        .extra_float_digits(None)
        .disable_statement_logging();
    if connect.get_options().is_some_and(|settings| settings.contains("search_path")) {
        match options.schema {
            Schema::Unsaid => options = options.schema_of_connection(),
            Schema::Named(name) => {
                let advice = "the URL sets a search path beside it: give one of the two";
                return Err(StoreError::Location { location: name, advice });
            }
            Schema::OfConnection => {}
        }
    }
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
    Ok((pool, place, options))
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
struct Connections {
    pool: PgPool,
    manner: Arc<Manner>,
    /// Where the tables are.
    schema: String,
}

impl Connections {
    /// Finds out where the tables are.
    async fn to(pool: PgPool, place: &str, options: &PostgresOptions) -> Result<Self, StoreError> {
        let said = options.checked_schema()?;
        let looking = Arc::new(Manner::new(said.unwrap_or(SCHEMA), options.prepared, false));
        let looking = Self { pool, manner: looking, schema: String::new() };
        let failed = |error| explain(place, error);
        let mut db = looking.lend(Lend::Free).await.map_err(failed)?;
        // The name is checked: it holds no quote.
        let named = said.unwrap_or_default();
        let mut row =
            db.plainly(&WHERE.replace("$1", &format!("'{named}'"))).await.map_err(failed)?;
        let (theirs, first, there) = (row.maybe_text(), row.maybe_text(), row.int());
        let (theirs, first) = (theirs.map_err(failed)?, first.map_err(failed)?);
        let there = there.map_err(failed)? == 1;
        let (encoding, reads) = (row.text().map_err(failed)?, row.int().map_err(failed)? == 1);
        if encoding != "UTF8" {
            let advice = format!(
                "the database {place} writes texts as {encoding}: create one with ENCODING 'UTF8'"
            );
            return Err(StoreError::Port(DbError::invalid(advice).into()));
        }
        let schema = match (said, theirs) {
            // Books that were made before the schema had a name of its own.
            (Some(schema), Some(found))
                if options.schema == Schema::Unsaid && !there && found != schema =>
            {
                return Err(StoreError::OtherSchema { found, schema: schema.to_owned() });
            }
            (Some(schema), _) => schema.to_owned(),
            (None, found) => found.or(first).ok_or_else(|| StoreError::Location {
                location: place.to_owned(),
                advice: "the search path leads to no schema: create one, or name another",
            })?,
        };
        let manner = Arc::new(Manner::new(&schema, options.prepared, reads));
        Ok(Self { pool: looking.pool, manner, schema })
    }

    async fn migrate(
        &self,
        place: &str,
        options: &PostgresOptions,
    ) -> Result<Vec<u32>, StoreError> {
        let mut create = String::new();
        if options.schema != Schema::OfConnection {
            let schema = &self.schema;
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

impl Connections {
    /// Refuses to run without a right that it will need, and says what grants it.
    async fn may_run(&self, place: &str) -> Result<(), StoreError> {
        let failed = |error| explain(place, error);
        let mut db = self.lend(Lend::Free).await.map_err(failed)?;
        let mut row = db.plainly(&rights::missing(&self.schema)).await.map_err(failed)?;
        let grants = row.text().map_err(failed)?;
        if grants.is_empty() {
            return Ok(());
        }
        let said = format!("rights are missing, as a role that owns the tables run: {grants}");
        let source = PortError::new(PortErrorKind::Denied, Retry::Permanent, said);
        Err(StoreError::Refused { location: place.to_owned(), source })
    }
}

#[async_trait]
impl OpenWriter for Connections {
    async fn open(&self) -> Result<Box<dyn Db>, DbError> {
        self.acquire().await.map(watched)
    }
}

impl Connections {
    /// A connection that is in nobody's transaction. sqlx 0.9.0 can give one back to its pool in the
    /// middle of a transaction, when the future that begins it is dropped (launchbadge/sqlx#4393);
    /// what is written on it then is lost with that transaction.
    async fn lend(&self, how: Lend) -> Result<PostgresDb, DbError> {
        let mut left = GIVEN_UP;
        loop {
            let connection = self.pool.acquire().await.map_err(db_error)?;
            let mut db = PostgresDb::new(connection, Arc::clone(&self.manner));
            let broken = match db.is_free(how).await {
                Ok(true) => return Ok(db),
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
}

#[async_trait]
impl Pool for Connections {
    async fn acquire(&self) -> Result<Box<dyn Db>, DbError> {
        Ok(Box::new(self.lend(Lend::Free).await?))
    }

    async fn snapshot(&self) -> Result<Box<dyn Db>, DbError> {
        Ok(Box::new(self.lend(Lend::Snapshot).await?))
    }

    fn wake_ups(&self, runtime: &Handle, committed: Arc<Notify>, wake: Wake) -> WakeUps {
        let bell = Bell {
            runtime: runtime.clone(),
            options: self.pool.connect_options().as_ref().clone(),
            schema: self.schema.clone(),
            may_listen: self.manner.is_persistent(),
        };
        bell.ring(committed, wake)
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}
