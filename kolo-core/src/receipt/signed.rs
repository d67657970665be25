//! A receipt with its signature: what is kept, handed on and checked.
use std::fmt;

use ed25519_dalek::VerifyingKey;
use serde::{Deserialize, Serialize};

use super::number::ReceiptNumber;
use super::state::{DOMAIN, Receipt};
use crate::error_codes;
use crate::port::vault::{PublicKey, Signature};
use crate::record::{Aggregate, hex_bytes};

/// Longest text that is read, bytes: a receipt has about one thousand.
const TEXT_MAX: usize = 64 * 1024;

/// Why a text is no receipt of this operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptError {
    /// Not the text of a receipt.
    #[error("this is not the text of a receipt ({0}): ask for the file again")]
    Unreadable(String),
    /// A form this version does not know.
    #[error("receipts of the form {0:?} are not known to this version: upgrade it")]
    UnknownForm(String),
    /// Signed with another key than the one it is checked against.
    #[error(
        "it was signed with another key ({0:?}): compare that with the key the operator publishes"
    )]
    OtherKey(PublicKey),
    /// Something in it was changed, or it was never signed.
    #[error("the signature does not fit: something was changed, or it was never issued")]
    Forged,
    /// Its number is not the one that belongs to its signature.
    #[error("the number does not belong to this receipt: it should be {0}")]
    OtherNumber(ReceiptNumber),
}

error_codes! {
    ReceiptError {
        Unreadable = "receipt.unreadable" Permanent:
            "this is not the text of a receipt", "ask for the file again";
        UnknownForm = "receipt.unknown_form" Permanent:
            "the receipt is of a form this version does not know", "upgrade";
        OtherKey = "receipt.other_key" Permanent:
            "it was signed with another key than the operator's",
            "compare the key with the one the operator publishes";
        Forged = "receipt.forged" Permanent:
            "the signature does not fit: something was changed, or it was never issued",
            "do not trust it; ask the operator for the receipt of that number";
        OtherNumber = "receipt.other_number" Permanent:
            "the number does not belong to the receipt", "take the number from the signed text";
    }
}

/// Aggregate `receipt`: written once, with the effect it is about, and never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedReceipt {
    /// `kolo:receipt:1`.
    pub form: String,
    /// To ask for it by.
    pub number: ReceiptNumber,
    /// What it says.
    pub receipt: Receipt,
    /// Whose signature it has: the operator's key for receipts.
    #[serde(with = "hex_key")]
    pub key: PublicKey,
    /// ed25519 over [`Receipt::canonical`].
    #[serde(with = "hex_signature")]
    pub signature: Signature,
}

impl Aggregate for SignedReceipt {
    const KIND: &'static str = "receipt";
}

impl SignedReceipt {
    pub(crate) fn new(receipt: Receipt, key: PublicKey, signature: Signature) -> Self {
        let number = ReceiptNumber::of(&signature);
        Self { form: DOMAIN.to_owned(), number, receipt, key, signature }
    }

    /// Whether the operator with this public key has issued exactly this. Needs nothing but itself.
    ///
    /// # Errors
    /// [`ReceiptError`], by what is wrong.
    pub fn verify(&self, operator: &PublicKey) -> Result<(), ReceiptError> {
        if self.form != DOMAIN {
            return Err(ReceiptError::UnknownForm(self.form.clone()));
        }
        if self.key != *operator {
            return Err(ReceiptError::OtherKey(self.key));
        }
        let key = VerifyingKey::from_bytes(&self.key.0).map_err(|_| ReceiptError::Forged)?;
        let signature = ed25519_dalek::Signature::from_bytes(&self.signature.0);
        key.verify_strict(&self.receipt.canonical(), &signature)
            .map_err(|_| ReceiptError::Forged)?;
        match ReceiptNumber::of(&self.signature) {
            number if number == self.number => Ok(()),
            number => Err(ReceiptError::OtherNumber(number)),
        }
    }

    /// The form to hand to somebody: JSON, amounts in minor units, times in Unix seconds.
    ///
    /// # Errors
    /// [`ReceiptError::Unreadable`], which no receipt of ours gives.
    pub fn to_text(&self) -> Result<String, ReceiptError> {
        serde_json::to_string_pretty(self).map_err(unreadable)
    }

    /// Reads that form. What it says is not to be believed before [`SignedReceipt::verify`].
    ///
    /// # Errors
    /// [`ReceiptError::Unreadable`]; fields nobody signed are refused, not ignored.
    pub fn from_text(text: &str) -> Result<Self, ReceiptError> {
        if text.len() > TEXT_MAX {
            return Err(ReceiptError::Unreadable(format!("it is over {TEXT_MAX} bytes long")));
        }
        let read: Self = serde_json::from_str(text).map_err(unreadable)?;
        let written: serde_json::Value = serde_json::from_str(text).map_err(unreadable)?;
        if serde_json::to_value(&read).map_err(unreadable)? != written {
            return Err(unreadable("it has something in it that no receipt has"));
        }
        Ok(read)
    }
}

impl fmt::Display for SignedReceipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "receipt {}: {}", self.number, self.receipt)
    }
}

fn unreadable(error: impl fmt::Display) -> ReceiptError {
    ReceiptError::Unreadable(error.to_string())
}

/// A public key as hex text.
mod hex_key {
    use serde::{Deserializer, Serializer};

    use super::{PublicKey, hex_bytes};

    pub fn serialize<S: Serializer>(key: &PublicKey, serializer: S) -> Result<S::Ok, S::Error> {
        hex_bytes::serialize(&key.0, serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PublicKey, D::Error> {
        hex_bytes::deserialize(deserializer).map(PublicKey)
    }
}

/// A signature as hex text.
mod hex_signature {
    use serde::{Deserializer, Serializer};

    use super::{Signature, hex_bytes};

    pub fn serialize<S: Serializer>(seal: &Signature, serializer: S) -> Result<S::Ok, S::Error> {
        hex_bytes::serialize(&seal.0, serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Signature, D::Error> {
        hex_bytes::deserialize(deserializer).map(Signature)
    }
}
