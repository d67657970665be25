//! The rotating circle: forming → active round k → completed, dissolved or cancelled.
pub(crate) mod invite;
mod pay;
pub(crate) mod postings;
mod read;
mod reconcile;
pub(crate) mod service;
pub(crate) mod state;

pub use reconcile::Difference;
pub use service::{Circles, UnderWay};
