//! PostgreSQL: a server of the host's.
mod connection;
mod open;
mod options;

pub use open::Postgres;
pub use options::PostgresOptions;

use crate::sql::SqlLedger;

/// The durable record in a PostgreSQL database: [`Ledger`](kolo_core::port::Ledger) and
/// [`WorkQueue`](kolo_core::port::WorkQueue).
///
/// Several processes may share one database: an advisory lock lets one group of writes in at a time.
pub type PostgresLedger = SqlLedger<Postgres>;
