//! A member's money, and the key it hangs on.
mod closing;
mod export;
mod message;
pub mod page;
mod service;
mod trustlines;

pub use closing::StillNeeded;
pub use message::SignedMessage;
pub use service::Wallets;
