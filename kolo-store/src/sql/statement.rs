//! The little that the shared code asks of a database: run a statement, get rows.
//!
//! Statements use `$1 …` placeholders and the SQL that SQLite and PostgreSQL have in common, so the
//! batch, the queries and the vault are written once.
use async_trait::async_trait;
use kolo_core::port::ledger::Record;
use kolo_core::{TenantId, Timestamp};

use crate::sql::DbError;

/// What is asked for many rows at once: `WITH wanted (columns) AS (rows) statement`.
///
/// In these statements `@` stands before the name of each table. Look rows up with
/// `(a, b) IN (SELECT a, b FROM wanted)`: SQLite uses an index for that, and would read the whole table
/// for `IN (VALUES …)`.
pub(crate) struct Question {
    /// The columns of the rows.
    pub columns: &'static str,
    /// What they are, a letter each: `t` text, `i` integer, `b` bytes.
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "SQLite asks for no types"))]
    pub kinds: &'static str,
    pub rows: Vec<Vec<Value>>,
    pub statement: &'static str,
    /// What the columns of the answer are.
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "SQLite asks for no types"))]
    pub answer: &'static str,
}

/// What is written for many rows at once: `head rows tail`, as in a [`Question`].
pub(crate) struct Bulk {
    pub head: &'static str,
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "SQLite asks for no types"))]
    pub kinds: &'static str,
    pub rows: Vec<Vec<Value>>,
    pub tail: &'static str,
}

/// The most rows one statement carries.
const CHUNK: usize = 64;

/// A value that goes in or comes out.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Int(Option<i64>),
    Text(Option<String>),
    Bytes(Vec<u8>),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<Option<i64>> for Value {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Int(Some(value.into()))
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        value.as_str().into()
    }
}

impl From<&TenantId> for Value {
    fn from(value: &TenantId) -> Self {
        value.as_str().into()
    }
}

impl From<&Option<String>> for Value {
    fn from(value: &Option<String>) -> Self {
        Self::Text(value.clone())
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(value.to_vec())
    }
}

/// A list of [`Value`]s.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::sql::Value::from($value)),*] };
}
pub(crate) use values;

/// A row, read from left to right.
pub(crate) struct Row(std::vec::IntoIter<Value>);

impl Row {
    pub fn new(values: Vec<Value>) -> Self {
        Self(values.into_iter())
    }

    pub fn maybe_int(&mut self) -> Result<Option<i64>, DbError> {
        match self.0.next() {
            Some(Value::Int(value)) => Ok(value),
            Some(Value::Text(None)) => Ok(None),
            _ => Err(DbError::corrupt("the database holds no number where one belongs")),
        }
    }

    pub fn int(&mut self) -> Result<i64, DbError> {
        self.maybe_int()?
            .ok_or_else(|| DbError::corrupt("the database holds no number where one belongs"))
    }

    /// A number that is not negative, as an unsigned type.
    pub fn unsigned<T: TryFrom<i64>>(&mut self) -> Result<T, DbError> {
        T::try_from(self.int()?)
            .map_err(|_| DbError::corrupt("the database holds a number out of range"))
    }

    pub fn time(&mut self) -> Result<Timestamp, DbError> {
        self.unsigned().map(Timestamp::from_unix)
    }

    pub fn maybe_time(&mut self) -> Result<Option<Timestamp>, DbError> {
        self.maybe_int()?
            .map(|seconds| u64::try_from(seconds).map(Timestamp::from_unix))
            .transpose()
            .map_err(|_| DbError::corrupt("the database holds a moment out of range"))
    }

    pub fn maybe_text(&mut self) -> Result<Option<String>, DbError> {
        match self.0.next() {
            Some(Value::Text(value)) => Ok(value),
            Some(Value::Int(None)) => Ok(None),
            _ => Err(DbError::corrupt("the database holds no text where one belongs")),
        }
    }

    pub fn text(&mut self) -> Result<String, DbError> {
        self.maybe_text()?
            .ok_or_else(|| DbError::corrupt("the database holds no text where one belongs"))
    }

    pub fn tenant(&mut self) -> Result<TenantId, DbError> {
        TenantId::try_new(&self.text()?)
            .map_err(|error| DbError::corrupt("the database holds no tenant").because(error))
    }

    pub fn bytes(&mut self) -> Result<Vec<u8>, DbError> {
        match self.0.next() {
            Some(Value::Bytes(value)) => Ok(value),
            _ => Err(DbError::corrupt("the database holds no bytes where they belong")),
        }
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DbError> {
        self.bytes()?
            .try_into()
            .map_err(|_| DbError::corrupt("the database holds bytes of a wrong length"))
    }

    /// The three columns of a [`Record`].
    pub fn record(&mut self) -> Result<Record, DbError> {
        Ok(Record { kind: self.text()?, schema_version: self.unsigned()?, bytes: self.bytes()? })
    }
}

/// The database's number for seconds, or `None` beyond its range.
pub(crate) fn seconds(time: Timestamp) -> Option<i64> {
    i64::try_from(time.unix()).ok()
}

/// One connection.
#[async_trait]
pub(crate) trait Db: Send {
    /// Runs one statement.
    async fn run(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, DbError>;

    /// Answers questions that do not depend on each other, of one state of the database where it has a
    /// way to, else one after the other in the transaction that is open.
    async fn ask_all(&mut self, questions: Vec<Question>) -> Result<Vec<Vec<Row>>, DbError> {
        let mut answers = Vec::with_capacity(questions.len());
        for Question { columns, rows, statement, .. } in questions {
            let mut found = Vec::new();
            if !rows.is_empty() {
                let head = format!("WITH wanted ({columns}) AS (");
                found = in_chunks(self, &head, rows, &format!(") {statement}")).await?;
            }
            answers.push(found);
        }
        Ok(answers)
    }

    /// Writes everything, if the turn is still the given one where there is one; says whether it was.
    /// The database may run the statements as one: none may depend on what another of them writes, but
    /// those that others refer to come first.
    async fn write_all(&mut self, writes: Vec<Bulk>, turn: Option<i64>) -> Result<bool, DbError> {
        let _ = turn;
        for Bulk { head, rows, tail, .. } in writes {
            if !rows.is_empty() {
                in_chunks(self, head, rows, tail).await?;
            }
        }
        Ok(true)
    }

    /// The question whose turn it is, where the database counts turns.
    fn turn(&self) -> Option<Question> {
        None
    }

    /// Whether a batch needs no transaction around it: it is read at a turn, and written in one statement
    /// that is a transaction of its own.
    fn in_turns(&self) -> bool {
        false
    }

    /// Starts a transaction that changes the schema: nobody else's does.
    async fn begin_migration(&mut self) -> Result<(), DbError> {
        self.begin().await
    }

    /// Lets the statements of the transaction that is open take as long as they take.
    async fn unhurried(&mut self) -> Result<(), DbError> {
        Ok(())
    }

    /// Runs several statements without values (migrations).
    async fn script(&mut self, sql: &str) -> Result<(), DbError>;

    /// Starts a transaction that will write: nobody else's writes come in between.
    async fn begin(&mut self) -> Result<(), DbError>;

    /// Starts a transaction that reads one state of the database throughout.
    async fn snapshot(&mut self) -> Result<(), DbError>;

    /// Makes it durable.
    async fn commit(&mut self) -> Result<(), DbError>;

    /// Undoes it.
    async fn rollback(&mut self) -> Result<(), DbError>;

    /// Drops the connection, in whatever state it is; nobody gets it again.
    fn give_up(self: Box<Self>);

    /// Closes the connection in order.
    async fn close(self: Box<Self>);
}

/// The answer to one question.
pub(crate) async fn ask(db: &mut dyn Db, question: Question) -> Result<Vec<Row>, DbError> {
    let answers = db.ask_all(vec![question]).await?;
    Ok(answers.into_iter().flatten().collect())
}

/// `head VALUES … tail` for all rows, in as few statements as [`CHUNK`] allows. Chunks are powers of two, so
/// that a handful of prepared statements serves every length.
async fn in_chunks<D: Db + ?Sized>(
    db: &mut D,
    head: &str,
    rows: Vec<Vec<Value>>,
    tail: &str,
) -> Result<Vec<Row>, DbError> {
    let mut found = Vec::new();
    let mut left = rows.len();
    let mut rows = rows.into_iter();
    while left > 0 {
        let take = CHUNK.min(1 << left.ilog2());
        left -= take;
        let chunk: Vec<Vec<Value>> = rows.by_ref().take(take).collect();
        let sql = format!("{head} {}{tail}", placeholders(&chunk)).replace('@', "");
        found.extend(db.run(&sql, chunk.into_iter().flatten().collect()).await?);
    }
    Ok(found)
}

/// `VALUES ($1, $2), ($3, $4)`.
fn placeholders(rows: &[Vec<Value>]) -> String {
    let mut number = 0_usize;
    let rows: Vec<String> = rows
        .iter()
        .map(|row| {
            let row: Vec<String> = row
                .iter()
                .map(|_| {
                    number += 1;
                    format!("${number}")
                })
                .collect();
            format!("({})", row.join(", "))
        })
        .collect();
    format!("VALUES {}", rows.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_count_on() {
        let rows = vec![values![1_i64, "a"], values![2_i64, "b"]];
        assert_eq!(placeholders(&rows), "VALUES ($1, $2), ($3, $4)");
    }
}
