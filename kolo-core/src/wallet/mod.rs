//! A member's money, and the key it hangs on.
mod closing;
mod export;
mod message;
mod service;

pub use message::SignedMessage;
pub use service::Wallets;
