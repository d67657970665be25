//! Signed receipts: who moved how much in which circle, provable without us.
//!
//! A [`Receipt`] is what is said, a [`SignedReceipt`] is that with the operator's signature and the
//! number made of it. Checking one needs the operator's public key and nothing else: no network, no
//! server, no database.
//!
//! ```
//! use kolo_core::port::vault::PublicKey;
//! use kolo_core::receipt::{ReceiptError, SignedReceipt};
//!
//! fn check(file: &str, operator: &PublicKey) -> Result<SignedReceipt, ReceiptError> {
//!     let receipt = SignedReceipt::from_text(file)?;
//!     receipt.verify(operator)?;
//!     Ok(receipt)
//! }
//! ```
mod number;
mod service;
mod signed;
mod state;

pub use number::ReceiptNumber;
pub use service::{ReceiptView, Receipts};
pub use signed::{ReceiptError, SignedReceipt};
pub use state::{Receipt, ReceiptKind};

#[cfg(test)]
mod tests;
