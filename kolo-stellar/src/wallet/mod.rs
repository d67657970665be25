//! Keys of members who keep their own: read from the forms other wallets use, kept only in memory.
//!
//! The operator's vault needs none of this: it signs behind its port. [`AccountKey`] is for whoever
//! holds an exported key, and for reading a key that another wallet made. [`TransactionPolicy`] is what a
//! signing service checks before it signs.
mod key;
mod policy;
mod sep5;
mod sep53;
#[cfg(test)]
mod tests;

pub use key::{AccountKey, KeyError};
pub use policy::TransactionPolicy;
pub use sep53::{MAX_MESSAGE_BYTES, message_payload, verify_message};
