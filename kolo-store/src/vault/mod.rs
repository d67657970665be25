//! Keys that sign and never leave: ed25519 seeds, each in an AES-256-GCM envelope.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod envelope;
mod error;
#[cfg(all(feature = "export", any(feature = "sqlite", feature = "postgres")))]
mod export;
mod master;
#[cfg(feature = "remote")]
pub mod remote;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod stored;
#[cfg(all(test, feature = "sqlite"))]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod tests;

pub use error::VaultError;
#[cfg(all(feature = "export", any(feature = "sqlite", feature = "postgres")))]
pub use export::open_sealed;
pub use master::{MasterKey, MasterKeyError, MasterKeyId, MasterKeys};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use stored::StoreVault;
