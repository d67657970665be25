//! Kolo's durable record and its key vault.
//!
//! - `SqliteLedger`: the ports [`Ledger`](kolo_core::port::Ledger) and
//!   [`WorkQueue`](kolo_core::port::WorkQueue) in one SQLite file (feature `sqlite`, the default).
//! - `PostgresLedger`: the same in a PostgreSQL database (feature `postgres`).
//! - `StoreVault`: the port [`KeyVault`](kolo_core::port::KeyVault) in the same database; every
//!   seed is encrypted under a [`MasterKey`] that the host keeps.
//!
//! A ledger has one writer. Commits that arrive while another is being made durable share the next
//! database transaction; a conflict in one does not fail the others, and none is answered before
//! all of them are durable. A caller may go away at any moment: its commit then either happened
//! wholly or not at all, and the command's key tells which.
//!
//! Texts by which something is found have at most 1,000 bytes, and no text has a NUL in it: a commit
//! with others is refused as invalid, whatever the database.
//!
//! ```no_run
//! # #[cfg(feature = "sqlite")]
//! # async fn open() -> Result<(), Box<dyn std::error::Error>> {
//! use kolo_store::{MasterKeys, SqliteLedger, StoreVault};
//!
//! let ledger = SqliteLedger::connect("kolo.db").await?;
//! let keys = MasterKeys::parse(&std::env::var("ENCRYPTION_KEY")?)?;
//! let vault = StoreVault::try_new(&ledger, keys).await?;
//! assert!(ledger.check().await?.is_clean());
//! # Ok(())
//! # }
//! ```
mod error;
#[cfg(all(feature = "failpoints", any(feature = "sqlite", feature = "postgres")))]
mod failpoint;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
mod vault;

pub use error::StoreError;
#[cfg(all(feature = "failpoints", any(feature = "sqlite", feature = "postgres")))]
#[doc(hidden)]
pub use failpoint::{FAILPOINT, failpoints};
#[cfg(feature = "postgres")]
pub use postgres::{Postgres, PostgresLedger, PostgresOptions};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use sql::{CheckReport, Finding, Migration, OutboxFault, SqlLedger, WakeUps};
#[cfg(feature = "sqlite")]
pub use sqlite::{Sqlite, SqliteLedger};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use vault::StoreVault;
#[cfg(all(feature = "export", any(feature = "sqlite", feature = "postgres")))]
pub use vault::open_sealed;
#[cfg(feature = "remote")]
pub use vault::remote;
pub use vault::{MasterKey, MasterKeyError, MasterKeyId, MasterKeys, VaultError};
