//! What the documentation says is there, and what is there is in the documentation.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod book;
mod errors;
mod repository;
