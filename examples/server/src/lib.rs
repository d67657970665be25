//! The reference bot: configuration, wiring and pages around `kolo-core`.
//!
//! [`stack`] puts Kolo on embedded defaults (SQLite, the embedded Stellar network), [`chat`] is the
//! channel behind the phone page, [`database`] opens and checks the books,
//! [`demo`] plays a whole circle, [`web`] serves the page,
//! [`chain`] deploys on a network outside and looks after it, [`health`] says whether all is well,
//! [`receipt`] checks a receipt's file, [`simulate`] plays a scenario's, [`rescue`] needs none of it.
pub mod chain;
pub mod chat;
pub mod clock;
pub mod config;
pub mod database;
pub mod demo;
pub mod health;
pub mod receipt;
pub mod rescue;
pub mod simulate;
pub mod stack;
pub mod web;
