//! SQLite: one file, no server.
mod connection;
mod open;
#[cfg(test)]
#[allow(clippy::unwrap_used, missing_docs, reason = "tests")]
mod plans;

pub use open::Sqlite;

use crate::sql::store::SqlLedger;

/// The durable record in one SQLite file: [`Ledger`](kolo_core::port::Ledger) and
/// [`WorkQueue`](kolo_core::port::WorkQueue).
///
/// Write-ahead logging with `synchronous = FULL`: what was acknowledged survives a power cut.
pub type SqliteLedger = SqlLedger<Sqlite>;
