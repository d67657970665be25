//! The SQLite store: the ports' suites, and what only a file on a disk can get wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod audit;
mod cancel;
mod conformance;
mod crash;
mod differential;
mod group;
mod make;
mod opening;
mod support;
mod texts;
mod upgrade;
mod vault;
mod views;
