//! A SQLite connection as a [`Db`].
use std::ops::DerefMut;

use async_trait::async_trait;
use futures::TryStreamExt;
use kolo_core::port::{PortErrorKind, Retry};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Connection, Row as _, TypeInfo, ValueRef};

use crate::sql::DbError;
use crate::sql::{Db, Row, Value};

/// The writer's own connection, or one lent by the pool.
pub(super) enum SqliteDb {
    Own(SqliteConnection),
    Lent(PoolConnection<sqlx::Sqlite>),
}

impl SqliteDb {
    fn connection(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Own(connection) => connection,
            Self::Lent(connection) => connection.deref_mut(),
        }
    }
}

#[async_trait]
impl Db for SqliteDb {
    async fn run(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, DbError> {
        let mut arguments = SqliteArguments::default();
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
        self.run("BEGIN IMMEDIATE", Vec::new()).await.map(drop)
    }

    async fn snapshot(&mut self) -> Result<(), DbError> {
        self.run("BEGIN DEFERRED", Vec::new()).await.map(drop)
    }

    async fn commit(&mut self) -> Result<(), DbError> {
        self.run("COMMIT", Vec::new()).await.map(drop)
    }

    async fn rollback(&mut self) -> Result<(), DbError> {
        self.run("ROLLBACK", Vec::new()).await.map(drop)
    }

    fn give_up(self: Box<Self>) {
        if let Self::Lent(mut connection) = *self {
            connection.close_on_drop();
        }
    }

    async fn close(self: Box<Self>) {
        let closed = match *self {
            Self::Own(connection) => connection.close().await,
            Self::Lent(connection) => connection.close().await,
        };
        if let Err(error) = closed {
            tracing::warn!(%error, "a SQLite connection did not close cleanly");
        }
    }
}

fn row(row: &SqliteRow) -> Result<Row, DbError> {
    let mut values = Vec::with_capacity(row.len());
    for index in 0..row.len() {
        let raw = row.try_get_raw(index).map_err(db_error)?;
        let kind =
            if raw.is_null() { "NULL".to_owned() } else { raw.type_info().name().to_owned() };
        values.push(match kind.as_str() {
            "NULL" => Value::Text(None),
            "INTEGER" => Value::Int(Some(row.try_get(index).map_err(db_error)?)),
            "TEXT" => Value::Text(Some(row.try_get(index).map_err(db_error)?)),
            "BLOB" => Value::Bytes(row.try_get(index).map_err(db_error)?),
            _ => {
                return Err(DbError::corrupt("the database holds a value of an unknown type"));
            }
        });
    }
    Ok(Row::new(values))
}

/// SQLite's primary result code, if the error is SQLite's.
pub(super) fn result_code(error: &sqlx::Error) -> Option<u32> {
    let sqlx::Error::Database(error) = error else {
        return None;
    };
    let extended: u32 = error.code()?.parse().ok()?;
    Some(extended & 0xff)
}

/// What an error of SQLite means, and what to do about it. Codes: <https://sqlite.org/rescode.html>.
pub(super) fn db_error(error: sqlx::Error) -> DbError {
    use PortErrorKind as Kind;
    let (kind, retry, advice) = match (result_code(&error), &error) {
        (Some(5 | 6), _) => (
            Kind::Unavailable,
            Retry::Temporary,
            "the database is locked by another process: try again, or stop that process",
        ),
        (Some(3 | 8 | 14 | 23), _) => (
            Kind::Denied,
            Retry::Permanent,
            "the database cannot be opened or written: check the folder and the file's rights",
        ),
        (Some(10), _) => {
            (Kind::Unavailable, Retry::Temporary, "the disk failed: check it, then try again")
        }
        (Some(11 | 26), _) => {
            (Kind::Corrupt, Retry::Permanent, "the file is damaged or is no database: restore it")
        }
        (Some(7 | 13), _) => (
            Kind::Limited,
            Retry::Temporary,
            "the disk or the memory is full: make room, then try again",
        ),
        (Some(18 | 19 | 20 | 25), _) => {
            (Kind::Invalid, Retry::Permanent, "the database refused a value")
        }
        (None, sqlx::Error::PoolTimedOut) => {
            (Kind::Timeout, Retry::Temporary, "all reading connections are busy: try again")
        }
        (None, sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed) => {
            (Kind::Unavailable, Retry::Permanent, "the store is closed: open it again")
        }
        _ => (Kind::Other, Retry::Permanent, "the database failed"),
    };
    DbError::new(kind, retry, advice).because(error)
}
