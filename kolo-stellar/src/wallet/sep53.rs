//! SEP-53: messages that are signed, and can be no transactions.
//!
//! What is signed is SHA-256 of the prefix and the message. A transaction's payload begins with the
//! SHA-256 of the network's passphrase, so no message can be one: nobody finds a passphrase whose hash
//! begins with these 24 bytes.
use ed25519_dalek::VerifyingKey;
use kolo_core::port::PortError;
use kolo_core::port::vault::{PublicKey, Signature};

use crate::address::{invalid, sha256};

/// What leads every signed message.
pub(crate) const PREFIX: &[u8] = b"Stellar Signed Message:\n";

/// The longest message that is signed.
pub const MAX_MESSAGE_BYTES: usize = 4096;

/// The bytes whose SHA-256 is signed for `message`.
///
/// # Errors
/// When the message has more than [`MAX_MESSAGE_BYTES`].
pub fn message_payload(message: &[u8]) -> Result<Vec<u8>, PortError> {
    if message.len() > MAX_MESSAGE_BYTES {
        let why = format!("a message to be signed has at most {MAX_MESSAGE_BYTES} bytes");
        return Err(invalid(why));
    }
    Ok([PREFIX, message].concat())
}

/// Whether `signature` is that of `key` under `message`.
#[must_use]
pub fn verify_message(key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
    let Ok(payload) = message_payload(message) else {
        return false;
    };
    VerifyingKey::from_bytes(&key.0).is_ok_and(|key| {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        key.verify_strict(&sha256(&payload), &signature).is_ok()
    })
}
