//! Keys that sign and never leave.
use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

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

/// Bytes of what is signed of a transaction: no message of ours is as long.
pub const HASH_BYTES: usize = 32;

/// Refuses what must not be signed as it is: bytes that could be a transaction's hash.
///
/// # Errors
/// [`super::PortErrorKind::Denied`].
pub fn check_raw(payload: &[u8]) -> Result<(), PortError> {
    if payload.len() != HASH_BYTES {
        return Ok(());
    }
    let why = "32 bytes are not signed as they are: they could be a transaction's hash";
    Err(PortError::new(super::PortErrorKind::Denied, super::Retry::Permanent, why))
}

/// Creates keys and signs with them. Secrets never leave in the clear: not in errors, not in
/// `Debug`, not in the database.
#[async_trait]
pub trait KeyVault: Send + Sync {
    /// Creates the key of that name, or returns the one that is there. Concurrent calls agree.
    async fn create(&self, tenant: &TenantId, name: &KeyName) -> Result<PublicKey, PortError>;

    /// Signs SHA-256(`payload`) — or, with [`Digest::Raw`], `payload` itself — with the key whose public
    /// half is `key`. The caller has checked the payload against the intent; the vault hashes what
    /// was checked, so nobody can slip in another hash. With [`Digest::Raw`] a payload of
    /// [`HASH_BYTES`] is refused ([`super::PortErrorKind::Denied`]): it could be the hash of a transaction.
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

/// What a signing service checks for itself, whoever asks.
pub trait SigningPolicy: Send + Sync {
    /// Whether `key` may sign that.
    ///
    /// # Errors
    /// [`super::PortErrorKind::Denied`], saying what is in it that must not be.
    fn check(&self, key: &PublicKey, digest: Digest, payload: &[u8]) -> Result<(), PortError>;
}

/// Hands out a member's key, sealed for somebody: a separate, optional port. A host that offers no export
/// has none.
///
/// Who may have it is decided before this is asked; see [`crate::wallet::Wallets::export_key`].
#[async_trait]
pub trait KeyExport: Send + Sync {
    /// Whether a key can be sealed to that: looked at before a proof is used up.
    ///
    /// # Errors
    /// [`super::PortErrorKind::Invalid`] when `to` is no public key.
    fn check(&self, to: &SealTo) -> Result<(), PortError>;

    /// The member's secret key in the form the chain's wallets import, as a file sealed in the age format
    /// (`age-encryption.org/v1`, armoured). Never a key of the operator or of an invitation. Nothing is
    /// changed: the vault goes on signing with the key.
    ///
    /// # Errors
    /// [`super::PortErrorKind::Invalid`] when there is no such key, or `to` is not one to seal to.
    async fn export(
        &self,
        tenant: &TenantId,
        member: MemberId,
        to: &SealTo,
    ) -> Result<SealedKey, PortError>;
}

/// The proof that it is really the member who asks, from outside the chat: the code of an authenticator, a
/// passkey's answer, the word of somebody who has seen them. What it is belongs to the host.
#[async_trait]
pub trait SecondFactor: Send + Sync {
    /// Whether `proof` is this member's. A proof that can be used once is used up by this.
    ///
    /// # Errors
    /// When it cannot be told: nothing is handed out then.
    async fn verify(
        &self,
        tenant: &TenantId,
        member: MemberId,
        proof: &Secret,
    ) -> Result<bool, PortError>;
}

/// A text nobody else may read. Wiped when dropped; `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// This text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself: for whoever checks it or seals with it, and nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What opens a sealed key.
#[derive(Clone, Debug)]
pub enum SealTo {
    /// Whoever knows this passphrase.
    Passphrase(Secret),
    /// Whoever has the secret half of this public key (`age1…`): the server never learns what opens it.
    Recipient(String),
}

/// A key, sealed. Safe to store or send; whoever opens it has the money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedKey {
    /// The armoured file.
    pub text: String,
}

/// What is signed of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    /// Its SHA-256 (chain transactions).
    Sha256,
    /// Its own bytes (invitation messages, receipts; each kind begins with a word of its own).
    Raw,
}
