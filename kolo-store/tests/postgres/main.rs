//! The PostgreSQL store: the ports' suites on a server of the tests' own, and what only a server can
//! get wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod admin;
mod conformance;
mod doubt;
mod hosting;
#[path = "../sqlite/make.rs"]
#[allow(dead_code, reason = "the SQLite tests make more")]
mod make;
mod positions;
mod proxy;
mod rounds;
mod server;
mod sharing;
mod standby;
mod support;
#[path = "../sqlite/texts.rs"]
mod texts;
#[path = "../sqlite/upgrade.rs"]
mod upgrade;
#[path = "../sqlite/views.rs"]
mod views;
