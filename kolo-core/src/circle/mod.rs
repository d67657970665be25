//! The rotating circle: forming → (getting ready) → active round k → completed, dissolved or cancelled.
mod contributions;
mod deciding;
mod door;
mod forming;
pub(crate) mod invite;
mod office;
mod pay;
pub(crate) mod postings;
mod read;
mod reconcile;
mod role;
pub(crate) mod service;
pub(crate) mod state;
mod steps;
#[cfg(test)]
mod tests;
mod upgrading;

pub use deciding::{Handover, Question};
pub use office::{Appointment, OfficeChange};
pub(crate) use read::full_pot;
pub use reconcile::Difference;
pub use role::{Action, Office, Role};
pub use service::{Circles, UnderWay};
pub(crate) use steps::sha256;
