//! The store in SQL that SQLite and PostgreSQL share.
//!
//! | module | is |
//! |---|---|
//! | `statement` | what is asked of a database: run a statement, get rows |
//! | `writer` | the one writer: groups of writes, each one database transaction |
//! | `limits` | what is refused before it reaches the writer |
//! | `doubt` | what became of a commit that was not answered |
//! | `batch` | many commits in one transaction: load, decide in memory, write |
//! | `read`, `history`, `effective`, `queue`, `check` | the statements of the ports and of the audit |
//! | `store`, `ledger` | the handle that adapters share, and the ports on it |
//! | `wake` | wakes who waits for what is committed |
//! | `migrate` | brings a schema up to date |
mod batch;
mod check;
mod doubt;
mod effective;
mod error;
mod history;
mod ledger;
mod limits;
pub(crate) mod migrate;
mod queue;
mod read;
mod retention;
mod statement;
pub(crate) mod store;
pub(crate) mod wake;
pub(crate) mod writer;

#[cfg(feature = "failpoints")]
pub(crate) use crate::failpoint::{reached, watched};
pub use check::{CheckReport, Finding, OutboxFault};
pub(crate) use error::{DbError, Fate};
pub use migrate::Migration;
pub(crate) use statement::{Bulk, Db, Question, Row, Value, ask, seconds, values};
pub use store::SqlLedger;
pub use wake::WakeUps;

/// Where the crash tests may kill the process: nothing, but for them.
#[cfg(not(feature = "failpoints"))]
pub(crate) const fn reached() {}

/// A connection as the crash tests want it: as it is, but for them.
#[cfg(not(feature = "failpoints"))]
pub(crate) fn watched(db: Box<dyn Db>) -> Box<dyn Db> {
    db
}
