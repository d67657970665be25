//! The number a receipt is asked for by.
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::code::{ALPHABET, letters, normalise};
use crate::id::IdError;
use crate::port::vault::Signature;

/// Letters of a number: 30¹⁶ ≈ 4.3 · 10²³, so that two receipts never meet.
const LETTERS: usize = 16;

/// Letters between two dashes.
const GROUP: usize = 4;

/// A receipt's number, like `7K2M-9QXA-VTB4-H3RC`. It follows from the signature: whoever does not
/// have the receipt (or the operator's key) cannot guess it, and no other receipt fits it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReceiptNumber([u8; LETTERS]);

impl ReceiptNumber {
    /// The number that belongs to a signature.
    #[must_use]
    pub fn of(signature: &Signature) -> Self {
        let digest = Sha256::new()
            .chain_update("kolo:receipt-number:1")
            .chain_update(signature.0)
            .finalize();
        let mut number = [0; LETTERS];
        for (place, letter) in number.iter_mut().zip(letters(&digest)) {
            *place = letter;
        }
        Self(number)
    }
}

impl fmt::Display for ReceiptNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, letter) in self.0.iter().enumerate() {
            if at > 0 && at % GROUP == 0 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(*letter))?;
        }
        Ok(())
    }
}

impl fmt::Debug for ReceiptNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ReceiptNumber {
    type Err = IdError;

    /// As people type it: with or without dashes and blanks, in any case.
    fn from_str(text: &str) -> Result<Self, IdError> {
        let letters = normalise(text).into_bytes();
        let number: [u8; LETTERS] = letters.try_into().map_err(|_| IdError)?;
        let known = number.iter().all(|letter| ALPHABET.contains(letter));
        if known { Ok(Self(number)) } else { Err(IdError) }
    }
}

impl Serialize for ReceiptNumber {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ReceiptNumber {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
