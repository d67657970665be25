//! The PostgreSQL store: the ports' suites on a server of the tests' own, and what only a server can
//! get wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod admin;
#[path = "../shared/broken.rs"]
mod broken;
mod conformance;
#[path = "../shared/contribution.rs"]
mod contribution;
#[cfg(feature = "failpoints")]
#[path = "../shared/crashes.rs"]
mod crashes;
mod doubt;
mod hosting;
#[path = "../sqlite/make.rs"]
#[allow(dead_code, reason = "the SQLite tests make more")]
mod make;
#[path = "../shared/model/mod.rs"]
mod model;
mod outages;
#[path = "../shared/parallel.rs"]
mod parallel;
#[path = "../shared/past.rs"]
mod past;
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
mod wakes;
