//! What a test of Kolo, or of an adapter of yours, stands on (feature `testkit`).
//!
//! | part | is |
//! |---|---|
//! | [`MemoryLedger`] | the reference ledger and work queue |
//! | [`MemoryVault`] | keys derived from a seed |
//! | [`RecordingChannel`] | a channel that keeps what it was given |
//! | [`ManualClock`], [`SeededEntropy`] | time and randomness in the test's hand |
//! | [`Faulty`] | any port, failing by a repeatable plan |
//! | [`in_memory`] | all ports but the chain, in memory |
//! | [`check_books`] | whether a ledger's books add up |
//! | [`conformance`] | one suite per port; every adapter runs the same list |
//!
//! Nothing here belongs in production: the vault's keys can be computed by whoever knows the seed.
mod books;
mod channel;
mod clock;
pub mod conformance;
mod entropy;
mod faulty;
mod memory;
mod ports;
mod vault;

pub use self::books::{Books, BooksError, check_books};
pub use self::channel::RecordingChannel;
pub use self::clock::ManualClock;
pub use self::entropy::SeededEntropy;
pub use self::faulty::{Fault, FaultPlan, Faulty};
pub use self::memory::MemoryLedger;
pub use self::ports::in_memory;
pub use self::vault::{MemoryVault, SignsAnything};
