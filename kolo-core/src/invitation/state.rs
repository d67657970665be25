//! What is kept of an invitation.
use serde::{Deserialize, Serialize};

use crate::code::letters;
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
    /// The turn it gives, in a fixed order.
    #[serde(default)]
    pub turn: Option<u8>,
    pub expires_at: Timestamp,
    /// Who made it; `None`: the organiser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<MemberId>,
    pub standing: Standing,
}

impl Aggregate for Invitation {
    const KIND: &'static str = "invitation";
}

/// Length of a code: 30⁸ ≈ 6.6 · 10¹¹.
const CODE_LEN: usize = 8;

/// How many random bytes [`code`] needs.
pub(crate) const CODE_BYTES: usize = CODE_LEN * 2;

/// A code from random bytes.
pub(crate) fn code(random: &[u8; CODE_BYTES]) -> String {
    letters(random).map(char::from).collect()
}
