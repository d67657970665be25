//! PostgreSQL: a server of the host's.
mod bulk;
mod connection;
mod notify;
mod open;
mod options;
mod rights;

pub use open::Postgres;
pub use options::PostgresOptions;

use crate::sql::SqlLedger;

/// The durable record in a PostgreSQL database: [`Ledger`](kolo_core::port::Ledger) and
/// [`WorkQueue`](kolo_core::port::WorkQueue).
///
/// Several processes may share one database: they take turns, one group of writes at a time.
pub type PostgresLedger = SqlLedger<Postgres>;
