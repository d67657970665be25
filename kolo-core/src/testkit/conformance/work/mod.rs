//! Cases of the [`WorkQueue`](crate::port::WorkQueue) port. Each case's comment is the rule it checks.
mod claiming;
mod lanes;
mod leases;

pub use self::claiming::*;
pub use self::lanes::*;
pub use self::leases::*;
