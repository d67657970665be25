//! Cases of the [`Ledger`](crate::port::Ledger) port. Each case's comment is the rule it checks.
mod atomic;
mod books;
mod commit;
mod durable;
mod guards;
mod index;
mod journal;
mod reading;
mod tenants;

pub use self::atomic::*;
pub use self::books::*;
pub use self::commit::*;
pub use self::durable::*;
pub use self::guards::*;
pub use self::index::*;
pub use self::journal::*;
pub use self::reading::*;
pub use self::tenants::*;
