//! The rotating circle: forming → active round k → completed, dissolved or cancelled.
mod invite;
mod pay;
pub(crate) mod postings;
mod read;
mod service;
pub(crate) mod state;

pub use service::{Circles, UnderWay};
