//! What is kept of an invitation.
use serde::{Deserialize, Serialize};

use crate::port::vault::PublicKey;
use crate::record::Aggregate;
use crate::{CircleId, InvitationId, MemberId, Timestamp};

/// Where it is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Standing {
    /// Its key is being registered with the contract.
    Registering,
    Open,
    /// Somebody accepted; their joining is on its way.
    Taken(MemberId),
    Used(MemberId),
    /// Never worked, or taken back.
    Dead,
}

/// Aggregate `invitation`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Invitation {
    pub id: InvitationId,
    pub circle: CircleId,
    pub code: String,
    pub key: PublicKey,
    /// Only for this number (E.164), when bound.
    pub phone: Option<String>,
    pub expires_at: Timestamp,
    pub standing: Standing,
}

impl Aggregate for Invitation {
    const KIND: &'static str = "invitation";
}

/// Letters and digits nobody confuses when reading them out (no 0/O, 1/I/L, U).
const ALPHABET: &[u8; 30] = b"23456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Length of a code: 30⁸ ≈ 6.6 · 10¹¹.
const CODE_LEN: usize = 8;

/// How many random bytes [`code`] needs.
pub(crate) const CODE_BYTES: usize = CODE_LEN * 2;

/// A code from random bytes, without noticeable bias (two bytes a letter).
pub(crate) fn code(random: &[u8; CODE_BYTES]) -> String {
    random
        .chunks_exact(2)
        .map(|pair| {
            let number = u16::from_be_bytes([pair[0], pair[1]]);
            char::from(ALPHABET[usize::from(number) % ALPHABET.len()])
        })
        .collect()
}

/// How a typed code is looked up: upper case, without blanks and dashes.
pub(crate) fn normalise_code(text: &str) -> String {
    text.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .take(32)
        .collect()
}
