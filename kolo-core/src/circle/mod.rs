//! The rotating circle: forming → active round k → completed, dissolved or cancelled.
mod service;

pub use service::{Circles, UnderWay};
