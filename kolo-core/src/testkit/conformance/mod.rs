//! One suite per port. A macro owns the list of its cases, so that every adapter runs the same ones:
//!
//! ```
//! use std::sync::Arc;
//!
//! use kolo_core::testkit::MemoryLedger;
//! use kolo_core::testkit::conformance::{LedgerFactory, LedgerHandles};
//!
//! #[derive(Default)]
//! struct Memory(MemoryLedger);
//!
//! #[async_trait::async_trait]
//! impl LedgerFactory for Memory {
//!     async fn open(&self) -> LedgerHandles {
//!         let store = Arc::new(self.0.clone());
//!         LedgerHandles { ledger: store.clone(), work: store }
//!     }
//! }
//!
//! kolo_core::ledger_conformance! { factory = Memory::default() }
//! mod work {
//!     kolo_core::work_conformance! {
//!         block_on = futures::executor::block_on, factory = super::Memory::default()
//!     }
//! }
//! ```
//!
//! Each case becomes one `#[test]`; put two invocations of the same macro into modules of their own.
//! `block_on` runs a future to its end on the calling thread and is called from several threads at
//! once; without it the suite runs on [`futures::executor::block_on`]. The factory expression is
//! evaluated once per test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "these are tests that live in a library: an assertion that fails is all they say"
)]
mod cases;
mod check;
pub mod ledger;
mod make;
mod setup;
pub mod statement;
pub mod vault;
pub mod work;

pub use self::cases::{LEDGER_CASES, READ_MODEL_CASES, VAULT_CASES, WORK_CASES};
pub use self::setup::{
    LedgerFactory, LedgerHandles, LedgerSetup, ReadModelFactory, ReadModelHandles, ReadModelSetup,
    Setup, VaultFactory, VaultSetup, block_on,
};
