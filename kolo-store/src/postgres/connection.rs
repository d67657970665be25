//! A PostgreSQL connection as a [`Db`].
use std::sync::Arc;

use async_trait::async_trait;
use futures::TryStreamExt;
use kolo_core::port::{PortErrorKind, Retry};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::{Arguments, AssertSqlSafe, Row as _, TypeInfo, ValueRef};

use crate::sql::{Db, DbError, Row, Value};

/// How transactions begin, and whether statements stay prepared.
pub(super) struct Manner {
    begin: String,
    snapshot: String,
    persistent: bool,
}

impl Manner {
    /// `schema` is checked by who calls. All settings end with the transaction.
    pub fn new(schema: Option<&str>, persistent: bool) -> Self {
        let path = schema.map_or_else(String::new, |schema| {
            format!("; SET LOCAL search_path TO \"{schema}\", pg_temp")
        });
        let lock = schema.map_or_else(|| "current_schema()".to_owned(), |s| format!("'{s}'"));
        Self {
            // One group of writes at a time in each schema: whoever has the lock sees what was
            // committed before and gives out the next positions. It is not waited for without end,
            // and a process that stops in the middle loses it. Durability is asked for whatever the
            // server's default is; what is stricter stays.
            begin: format!(
                "BEGIN{path}; SET LOCAL lock_timeout = '10s'; \
                 SET LOCAL idle_in_transaction_session_timeout = '10s'; \
                 SELECT set_config('synchronous_commit', 'on', true) \
                 WHERE current_setting('synchronous_commit') IN ('off', 'local'); \
                 SELECT pg_advisory_xact_lock(hashtextextended('kolo writes ' || {lock}, 0))"
            ),
            snapshot: format!("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY{path}"),
            persistent,
        }
    }
}

/// A connection lent by the pool.
pub(super) struct PostgresDb {
    connection: PoolConnection<sqlx::Postgres>,
    manner: Arc<Manner>,
}

impl PostgresDb {
    pub fn new(connection: PoolConnection<sqlx::Postgres>, manner: Arc<Manner>) -> Self {
        Self { connection, manner }
    }

    /// Whether no transaction is open on it: then one begins with the message that asks.
    pub async fn is_free(&mut self) -> Result<bool, DbError> {
        let asked = sqlx::raw_sql("SELECT now() = statement_timestamp()");
        match asked.fetch_one(self.connection()).await {
            Ok(row) => row.try_get(0).map_err(db_error),
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(FAILED) => {
                Ok(false)
            }
            Err(error) => Err(db_error(error)),
        }
    }

    fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

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
        // Every statement is this crate's own text; what comes from outside is bound.
        let rows = sqlx::query_with(AssertSqlSafe(sql.to_owned()), arguments)
            .persistent(self.manner.persistent)
            .fetch_all(self.connection())
            .await
            .map_err(db_error)?;
        rows.iter().map(row).collect()
    }

    /// One statement for all rows, whose text depends on the kinds of its columns only: it is planned
    /// once.
    async fn many(
        &mut self,
        head: &str,
        rows: Vec<Vec<Value>>,
        tail: &str,
    ) -> Result<Vec<Row>, DbError> {
        let columns = columns(rows)?;
        let kinds: Vec<String> = (1..)
            .zip(&columns)
            .map(|(number, column)| format!("${number}::{}", column.kind()))
            .collect();
        let sql = format!("{head} SELECT * FROM unnest({}){tail}", kinds.join(", "));
        let mut arguments = PgArguments::default();
        for column in columns {
            match column {
                Column::Int(values) => arguments.add(values),
                Column::Text(values) => arguments.add(values),
                Column::Bytes(values) => arguments.add(values),
            }
            .map_err(|error| db_error(sqlx::Error::Encode(error)))?;
        }
        let rows = sqlx::query_with(AssertSqlSafe(sql), arguments)
            .persistent(self.manner.persistent)
            .fetch_all(self.connection())
            .await
            .map_err(db_error)?;
        rows.iter().map(row).collect()
    }

    async fn script(&mut self, sql: &str) -> Result<(), DbError> {
        let script = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        let mut done = script.execute_many(self.connection());
        while done.try_next().await.map_err(db_error)?.is_some() {}
        Ok(())
    }

    async fn begin(&mut self) -> Result<(), DbError> {
        self.script(&Arc::clone(&self.manner).begin).await
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

/// The values of one column, for `unnest`.
enum Column {
    Int(Vec<Option<i64>>),
    Text(Vec<Option<String>>),
    Bytes(Vec<Vec<u8>>),
}

impl Column {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Int(_) => "bigint[]",
            Self::Text(_) => "text[]",
            Self::Bytes(_) => "bytea[]",
        }
    }
}

fn columns(rows: Vec<Vec<Value>>) -> Result<Vec<Column>, DbError> {
    let mut columns: Vec<Column> = Vec::new();
    for row in rows {
        for (number, value) in row.into_iter().enumerate() {
            match (columns.get_mut(number), value) {
                (Some(Column::Int(values)), Value::Int(value)) => values.push(value),
                (Some(Column::Text(values)), Value::Text(value)) => values.push(value),
                (Some(Column::Bytes(values)), Value::Bytes(value)) => values.push(value),
                (None, Value::Int(value)) => columns.push(Column::Int(vec![value])),
                (None, Value::Text(value)) => columns.push(Column::Text(vec![value])),
                (None, Value::Bytes(value)) => columns.push(Column::Bytes(vec![value])),
                (Some(_), _) => return Err(DbError::invalid("a column of different kinds")),
            }
        }
    }
    Ok(columns)
}

fn row(row: &PgRow) -> Result<Row, DbError> {
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
    Ok(Row::new(values))
}

/// What an error of PostgreSQL means, and what to do about it. Codes:
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
pub(super) fn db_error(error: sqlx::Error) -> DbError {
    use PortErrorKind as Kind;
    let code = match &error {
        sqlx::Error::Database(error) => error.code().map(String::from).unwrap_or_default(),
        _ => String::new(),
    };
    let (kind, retry, advice) = match (code.get(..2).unwrap_or_default(), &error) {
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
    DbError::new(kind, retry, advice).because(error)
}
