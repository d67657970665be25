//! Points at which the crash tests kill the process (feature `failpoints`; without it nothing of this
//! is compiled): before and after everything that the writer awaits of its connection, and around
//! every answer.
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use fail_parallel::FailPointRegistry;

use crate::sql::{Bulk, Db, DbError, Question, Row, Value};

/// The name of every point: a test that counts or kills does so wherever one is reached.
pub const FAILPOINT: &str = "store";

/// Where a test says what happens at the points: nothing, until it does.
pub fn failpoints() -> Arc<FailPointRegistry> {
    static REGISTRY: LazyLock<Arc<FailPointRegistry>> =
        LazyLock::new(|| Arc::new(FailPointRegistry::new()));
    Arc::clone(&REGISTRY)
}

/// A point is reached.
pub(crate) fn reached() {
    fail_parallel::fail_point!(failpoints(), FAILPOINT);
}

/// A connection with a point before and after every call.
pub(crate) struct Watched(Box<dyn Db>);

/// Puts points around a connection's calls.
pub(crate) fn watched(db: Box<dyn Db>) -> Box<dyn Db> {
    Box::new(Watched(db))
}

/// Awaits between two points.
macro_rules! between {
    ($call:expr) => {{
        reached();
        let answer = $call.await;
        reached();
        answer
    }};
}

#[async_trait]
impl Db for Watched {
    async fn run(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, DbError> {
        between!(self.0.run(sql, values))
    }

    async fn ask_all(&mut self, questions: Vec<Question>) -> Result<Vec<Vec<Row>>, DbError> {
        between!(self.0.ask_all(questions))
    }

    async fn write_all(&mut self, writes: Vec<Bulk>, turn: Option<i64>) -> Result<bool, DbError> {
        between!(self.0.write_all(writes, turn))
    }

    fn turn(&self) -> Option<Question> {
        self.0.turn()
    }

    fn in_turns(&self) -> bool {
        self.0.in_turns()
    }

    async fn begin_migration(&mut self) -> Result<(), DbError> {
        between!(self.0.begin_migration())
    }

    async fn script(&mut self, sql: &str) -> Result<(), DbError> {
        between!(self.0.script(sql))
    }

    async fn begin(&mut self) -> Result<(), DbError> {
        between!(self.0.begin())
    }

    async fn snapshot(&mut self) -> Result<(), DbError> {
        between!(self.0.snapshot())
    }

    async fn commit(&mut self) -> Result<(), DbError> {
        between!(self.0.commit())
    }

    async fn rollback(&mut self) -> Result<(), DbError> {
        between!(self.0.rollback())
    }

    fn give_up(self: Box<Self>) {
        self.0.give_up();
    }

    async fn close(self: Box<Self>) {
        between!(self.0.close());
    }
}
