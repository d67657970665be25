//! A member's money.
mod service;

pub use service::Wallets;
