//! Keys that sign and never leave.
use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::PortError;
use crate::{InvitationId, MemberId, TenantId};

/// An ed25519 public key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PublicKey(pub [u8; 32]);

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", data_encoding::HEXLOWER.encode(&self.0))
    }
}

/// An ed25519 signature (64 bytes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

/// What a key is for; the vault keeps one key per name and tenant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyName {
    /// A member's wallet.
    Member(MemberId),
    /// The one-time key of an invitation.
    Invitation(InvitationId),
    /// A key of the operator: `sponsor`, `fees`, `keeper`, `receipts`, `issuer`.
    Operator(String),
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(id) => write!(f, "member/{id}"),
            Self::Invitation(id) => write!(f, "invitation/{id}"),
            Self::Operator(name) => write!(f, "operator/{name}"),
        }
    }
}

/// Creates keys and signs with them. Secrets never leave in the clear: not in errors, not in
/// `Debug`, not in the database.
#[async_trait]
pub trait KeyVault: Send + Sync {
    /// Creates the key of that name, or returns the one that is there. Concurrent calls agree.
    async fn create(&self, tenant: &TenantId, name: &KeyName) -> Result<PublicKey, PortError>;

    /// Signs SHA-256(`payload`) — or, with [`Digest::Raw`], `payload` itself — with the key whose public
    /// half is `key`. The caller has checked the payload against the intent; the vault hashes what
    /// was checked, so nobody can slip in another hash.
    async fn sign(
        &self,
        tenant: &TenantId,
        key: &PublicKey,
        digest: Digest,
        payload: &[u8],
    ) -> Result<Signature, PortError>;

    /// Encrypts every key anew under the current master key; returns how many were re-encrypted.
    async fn rotate(&self) -> Result<u64, PortError>;
}

/// What is signed of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    /// Its SHA-256 (chain transactions).
    Sha256,
    /// Its own bytes (invitation messages, receipts; each kind begins with a word of its own).
    Raw,
}
