//! A PostgreSQL connection as a [`Db`].
use std::sync::Arc;

use async_trait::async_trait;
use futures::TryStreamExt;
use kolo_core::port::{PortErrorKind, Retry};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::{Arguments, AssertSqlSafe, Row as _, TypeInfo, ValueRef};

use super::bulk::{self, Composed};
use crate::sql::{Bulk, Db, DbError, Fate, Question, Row, Value};

/// How transactions begin, where the tables are, and whether statements stay prepared.
pub(super) struct Manner {
    begin: String,
    begin_migration: String,
    snapshot: String,
    tables: String,
    persistent: bool,
    in_turns: bool,
}

impl Manner {
    /// All settings end with the transaction. `reads`: what does not say otherwise only reads.
    pub fn new(schema: &str, persistent: bool, reads: bool) -> Self {
        let quoted = format!("\"{}\"", schema.replace('"', "\"\""));
        // Whatever the server's or the role's defaults are. A server that only reads refuses to begin.
        // Nobody is waited for without end, and a process that stops in the middle loses its turn.
        // Durability is asked for; what is stricter stays.
        let begin = format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; \
             SET LOCAL search_path TO {quoted}, pg_temp; SET LOCAL lock_timeout = '10s'; \
             SET LOCAL idle_in_transaction_session_timeout = '10s'; \
             SELECT set_config('synchronous_commit', 'on', true) \
             WHERE current_setting('synchronous_commit') IN ('off', 'local')"
        );
        Self {
            // One group of writes at a time: whoever has the turn sees what was committed before and
            // gives out the next positions.
            begin: format!("{begin}; UPDATE kolo_turns SET number = number + 1 WHERE one = 1"),
            begin_migration: format!(
                "{begin}; {UNHURRIED}; {}; {MIGRATION_TURN}",
                migration_lock(schema)
            ),
            snapshot: format!(
                "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; \
                 SET LOCAL search_path TO {quoted}, pg_temp"
            ),
            tables: format!("{quoted}."),
            persistent,
            // A statement that is not kept is sent in two messages: behind a pooler that lends a
            // connection per transaction, they need one. So does one that has to say that it writes.
            in_turns: persistent && !reads,
        }
    }

    /// Whether what is prepared on a connection is there in the next transaction: it is the same one then.
    pub const fn is_persistent(&self) -> bool {
        self.persistent
    }

    /// A statement's text with the tables' schema.
    fn text(&self, sql: &str) -> String {
        sql.replace('@', &self.tables)
    }
}

/// Lets one process at a time change a schema. Programs of the first schema took this lock to write.
pub(super) fn migration_lock(schema: &str) -> String {
    let schema = schema.replace('\'', "''");
    format!("SELECT pg_advisory_xact_lock(hashtextextended('kolo writes {schema}', 0))")
}

/// From the second schema on, programs take turns to write: what one has read before a migration is not
/// what it finds after it.
pub(super) const MIGRATION_TURN: &str = "DO $$ BEGIN IF to_regclass('kolo_turns') IS NOT NULL THEN \
    UPDATE kolo_turns SET number = number + 1; END IF; END $$";

/// What reads or changes everything takes the time it takes: a limit of the server or the role is meant for
/// single requests. It is back when the transaction ends.
pub(super) const UNHURRIED: &str = "SET LOCAL statement_timeout = 0";

/// A connection lent by the pool.
pub(super) struct PostgresDb {
    connection: PoolConnection<sqlx::Postgres>,
    manner: Arc<Manner>,
}

impl PostgresDb {
    pub fn new(connection: PoolConnection<sqlx::Postgres>, manner: Arc<Manner>) -> Self {
        Self { connection, manner }
    }

    /// Whether no transaction is open on it: then one begins with the message that asks. What it is lent
    /// for may go with the message, in front: behind a question no snapshot can be chosen.
    pub async fn is_free(&mut self, how: Lend) -> Result<bool, DbError> {
        let begin = match how {
            Lend::Free => String::new(),
            Lend::Snapshot => format!("{}; ", self.manner.snapshot),
        };
        let asked = format!("{begin}SELECT now() = statement_timestamp()");
        let answer = sqlx::raw_sql(AssertSqlSafe(asked)).fetch_all(self.connection()).await;
        match answer.as_deref() {
            Ok([row]) => row.try_get(0).map_err(db_error),
            Ok(_) => Ok(false),
            Err(sqlx::Error::Database(error))
                if matches!(error.code().as_deref(), Some(FAILED | ACTIVE)) =>
            {
                Ok(false)
            }
            Err(_) => answer.map(|_| false).map_err(db_error),
        }
    }

    /// The row that a statement without values answers, in one message that needs no transaction.
    pub async fn plainly(&mut self, sql: &str) -> Result<Row, DbError> {
        let asked = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        row(&asked.fetch_one(self.connection()).await.map_err(db_error)?)
    }

    fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Runs statements without values; says how many rows the last of them touched.
    async fn statements(&mut self, sql: &str) -> Result<u64, DbError> {
        let script = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        let mut done = script.execute_many(self.connection());
        let mut touched = 0;
        while let Some(one) = done.try_next().await.map_err(db_error)? {
            touched = one.rows_affected();
        }
        Ok(touched)
    }

    /// Runs one statement; everything it answers is there when it has ended, also its commit.
    async fn all(&mut self, sql: String, arguments: PgArguments) -> Result<Vec<PgRow>, DbError> {
        // Every statement is this crate's own text; what comes from outside is bound.
        sqlx::query_with(AssertSqlSafe(sql), arguments)
            .persistent(self.manner.persistent)
            .fetch_all(self.connection())
            .await
            .map_err(db_error)
    }
}

/// What a connection is lent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lend {
    /// Whatever comes.
    Free,
    /// To read one state of the database: it comes with the transaction begun.
    Snapshot,
}

/// The code of a snapshot asked for in a transaction that has asked something already.
const ACTIVE: &str = "25001";

/// The code of a statement in a transaction that has failed already.
const FAILED: &str = "25P02";

#[async_trait]
impl Db for PostgresDb {
    async fn run(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, DbError> {
        let mut arguments = PgArguments::default();
        for value in values {
            match value {
                Value::Int(value) => arguments.add(value),
                Value::Text(value) => arguments.add(value),
                Value::Bytes(value) => arguments.add(value),
            }
            .map_err(|error| db_error(sqlx::Error::Encode(error)))?;
        }
        let rows = self.all(sql.to_owned(), arguments).await?;
        rows.iter().map(row).collect()
    }

    /// All of them are one statement: see [`bulk`](super::bulk).
    async fn ask_all(&mut self, questions: Vec<Question>) -> Result<Vec<Vec<Row>>, DbError> {
        let (Composed { sql, arguments }, layout) = bulk::questions(questions)?;
        let rows = self.all(self.manner.text(&sql), arguments).await?;
        layout.sort(rows.iter().map(values).collect::<Result<_, _>>()?)
    }

    async fn write_all(&mut self, writes: Vec<Bulk>, turn: Option<i64>) -> Result<bool, DbError> {
        let Composed { sql, arguments } = bulk::writes(writes, turn)?;
        let rows = self.all(self.manner.text(&sql), arguments).await?;
        Ok(!rows.is_empty())
    }

    fn turn(&self) -> Option<Question> {
        Some(Question {
            columns: "",
            kinds: "",
            rows: Vec::new(),
            // A replica has the row too, and may be behind.
            statement: "SELECT number FROM @kolo_turns WHERE NOT pg_is_in_recovery()",
            answer: "i",
        })
    }

    fn in_turns(&self) -> bool {
        self.manner.in_turns
    }

    async fn begin_migration(&mut self) -> Result<(), DbError> {
        self.script(&Arc::clone(&self.manner).begin_migration).await
    }

    async fn unhurried(&mut self) -> Result<(), DbError> {
        self.script(UNHURRIED).await
    }

    async fn script(&mut self, sql: &str) -> Result<(), DbError> {
        self.statements(sql).await.map(drop)
    }

    async fn begin(&mut self) -> Result<(), DbError> {
        // The last of them takes the turn.
        match self.statements(&Arc::clone(&self.manner).begin).await? {
            1 => Ok(()),
            _ => Err(DbError::no_turn()),
        }
    }

    async fn snapshot(&mut self) -> Result<(), DbError> {
        self.script(&Arc::clone(&self.manner).snapshot).await
    }

    async fn commit(&mut self) -> Result<(), DbError> {
        self.script("COMMIT").await
    }

    async fn rollback(&mut self) -> Result<(), DbError> {
        self.script("ROLLBACK").await
    }

    fn give_up(mut self: Box<Self>) {
        self.connection.close_on_drop();
    }

    async fn close(self: Box<Self>) {
        if let Err(error) = self.connection.close().await {
            tracing::warn!(%error, "a PostgreSQL connection did not close cleanly");
        }
    }
}

fn row(row: &PgRow) -> Result<Row, DbError> {
    values(row).map(Row::new)
}

fn values(row: &PgRow) -> Result<Vec<Value>, DbError> {
    let mut values = Vec::with_capacity(row.len());
    for index in 0..row.len() {
        let raw = row.try_get_raw(index).map_err(db_error)?;
        let kind =
            if raw.is_null() { "NULL".to_owned() } else { raw.type_info().name().to_owned() };
        values.push(match kind.as_str() {
            "NULL" => Value::Text(None),
            "INT8" => Value::Int(Some(row.try_get(index).map_err(db_error)?)),
            "INT4" => Value::from(i64::from(row.try_get::<i32, _>(index).map_err(db_error)?)),
            "TEXT" => Value::Text(Some(row.try_get(index).map_err(db_error)?)),
            "BYTEA" => Value::Bytes(row.try_get(index).map_err(db_error)?),
            _ => {
                return Err(DbError::corrupt("the database holds a value of an unknown type"));
            }
        });
    }
    Ok(values)
}

/// What an error of PostgreSQL means, and what to do about it. Codes:
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
pub(super) fn db_error(error: sqlx::Error) -> DbError {
    use PortErrorKind as Kind;
    let code = match &error {
        sqlx::Error::Database(error) => error.code().map(String::from).unwrap_or_default(),
        _ => String::new(),
    };
    let said = matches!(&error, sqlx::Error::Database(_));
    let (kind, retry, advice) = match (code.get(..2).unwrap_or_default(), &error) {
        _ if code == "25006" || code == "0A000" => (
            Kind::Unavailable,
            Retry::Temporary,
            "the database server only reads: connect to the one that writes",
        ),
        _ if matches!(code.as_str(), "42P07" | "42710" | "42723") => (
            Kind::Invalid,
            Retry::Permanent,
            "the schema has something of that name already: give the store a schema of its own",
        ),
        _ if matches!(code.as_str(), "26000" | "42P05") => (
            Kind::Unavailable,
            Retry::Permanent,
            "a pooler does not follow prepared statements: set KOLO_POOLER=transaction \
             (PostgresOptions::prepared(false))",
        ),
        _ if matches!(code.as_str(), "42703" | "42P01" | "42883") => (
            Kind::Unavailable,
            Retry::Permanent,
            "program and schema differ: run the newest program",
        ),
        _ if code == "54000" => {
            (Kind::Invalid, Retry::Permanent, "a text is too long for a key: use a shorter one")
        }
        _ if code == "57014" => (
            Kind::Unavailable,
            Retry::Temporary,
            "the server cancelled a statement: look at its statement_timeout, then try again",
        ),
        ("22" | "23", _) => (Kind::Invalid, Retry::Permanent, "the database refused a value"),
        ("28" | "3D" | "42", _) => (
            Kind::Denied,
            Retry::Permanent,
            "the database refused access: check user, password, database name and rights",
        ),
        ("53", _) => (
            Kind::Limited,
            Retry::Temporary,
            "the database server is out of connections, memory or disk: make room, then try again",
        ),
        ("40" | "55", _) => (
            Kind::Unavailable,
            Retry::Temporary,
            "another process writes to the database: try again",
        ),
        ("08" | "57", _) | (_, sqlx::Error::Io(_) | sqlx::Error::Tls(_)) => (
            Kind::Unavailable,
            Retry::Temporary,
            "the database server cannot be reached: check that it runs and its address",
        ),
        (_, sqlx::Error::PoolTimedOut) => (
            Kind::Timeout,
            Retry::Temporary,
            "no connection to the database became free: check that the server runs, then try again",
        ),
        (_, sqlx::Error::PoolClosed) => {
            (Kind::Unavailable, Retry::Permanent, "the store is closed: open it again")
        }
        _ => (Kind::Other, Retry::Permanent, "the database failed"),
    };
    let fate = match code.get(..2).unwrap_or_default() {
        "25" | "0A" => Fate::Elsewhere,
        _ if code == "57014" => Fate::Undone,
        "08" | "57" | "58" | "XX" => Fate::Unsaid,
        _ if said => Fate::Undone,
        _ => Fate::Unsaid,
    };
    let code = said.then_some(code);
    DbError { fate, code, ..DbError::new(kind, retry, advice).because(error) }
}
