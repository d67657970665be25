//! Kolo's durable record and its key vault.
//!
//! - [`SqliteLedger`]: the ports [`Ledger`](kolo_core::port::Ledger) and
//!   [`WorkQueue`](kolo_core::port::WorkQueue) in one SQLite file (feature `sqlite`, the default).
//!
//! A ledger has one writer. Commits that arrive while another is being made durable share the next
//! database transaction; a conflict in one does not fail the others, and none is answered before
//! all of them are durable. A caller may go away at any moment: its commit then either happened
//! wholly or not at all, and the command's key tells which.
#[cfg(feature = "sqlite")]
mod batch;
mod error;
#[cfg(feature = "sqlite")]
mod ledger;
#[cfg(feature = "sqlite")]
mod migrate;
#[cfg(feature = "sqlite")]
mod queue;
#[cfg(feature = "sqlite")]
mod read;
#[cfg(feature = "sqlite")]
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "sqlite")]
mod store;
#[cfg(feature = "sqlite")]
mod writer;

pub use error::StoreError;
#[cfg(feature = "sqlite")]
pub use sqlite::{Sqlite, SqliteLedger};
#[cfg(feature = "sqlite")]
pub use store::SqlLedger;
