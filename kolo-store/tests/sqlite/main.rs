//! The SQLite store: the ports' suites, and what only a file on a disk can get wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod audit;
mod backup;
#[path = "../shared/broken.rs"]
mod broken;
mod cancel;
mod conformance;
#[path = "../shared/contribution.rs"]
mod contribution;
mod crash;
#[cfg(feature = "failpoints")]
#[path = "../shared/crashes.rs"]
mod crashes;
mod group;
mod make;
#[path = "../shared/model/mod.rs"]
mod model;
mod opening;
#[path = "../shared/parallel.rs"]
mod parallel;
#[path = "../shared/past.rs"]
mod past;
mod support;
mod texts;
mod upgrade;
mod vault;
mod views;
mod wakes;
