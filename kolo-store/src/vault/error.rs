//! Why the vault refuses.
use kolo_core::error_codes;
use kolo_core::port::vault::PublicKey;
use kolo_core::port::{PortError, PortErrorKind, Retry};

use super::MasterKeyId;

/// Why the vault refuses. Behind the port it is the source of the [`PortError`]. Never tells a
/// secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// A stored key is encrypted under a master key that was not given.
    #[error(
        "the vault's keys are encrypted under master key {0}, which was not given: give it as well"
    )]
    MasterKeyMissing(MasterKeyId),
    /// A stored key does not open, though its master key is there.
    #[error("the stored key {0} was changed or damaged: restore the database")]
    Damaged(String),
    /// The vault has no such key under that tenant.
    #[error("the vault has no secret for {0:?} under this tenant")]
    UnknownKey(PublicKey),
    /// The vault has no key of that name under that tenant.
    #[error("the vault has no key {0} under this tenant")]
    NoKeyOf(String),
    /// What a key is to be sealed to is no public key of the age format.
    #[error("what the key is to be sealed to is no public key: it begins with age1")]
    Recipient,
    /// A key could not be sealed.
    #[error("the key could not be sealed")]
    Sealing,
    /// A sealed key does not open.
    #[error("the file does not open: another passphrase, or it is damaged or sealed to a key")]
    NotOpened,
    /// The system gave no randomness.
    #[error("the system has no randomness to give")]
    Entropy(#[source] getrandom::Error),
    /// The database failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

error_codes! {
    VaultError {
        MasterKeyMissing = "vault.master_key_missing" Permanent:
            "stored keys are encrypted under a master key that was not given",
            "give that master key as an older one";
        Damaged = "vault.damaged" Permanent:
            "a stored key does not open, though its master key is there", "restore the database";
        UnknownKey = "vault.unknown_key" Permanent:
            "the vault has no such key under that tenant", "create it first, under this tenant";
        NoKeyOf = "vault.no_such_name" Permanent:
            "the vault has no key of that name under that tenant", "create it first, under this tenant";
        Recipient = "vault.recipient" Permanent:
            "what a key is to be sealed to is no public key", "give one of the age format (age1…)";
        Sealing = "vault.sealing" Temporary: "a key could not be sealed", "try again";
        NotOpened = "vault.not_opened" Permanent:
            "a sealed key does not open", "give its passphrase; take the file whole";
        Entropy = "vault.entropy" Temporary:
            "the system gave no randomness", "try again; check the system's random device";
    } within {
        Port = PortError::code;
    }
}

impl From<VaultError> for PortError {
    fn from(error: VaultError) -> Self {
        let (kind, retry) = match &error {
            VaultError::MasterKeyMissing(_) => (PortErrorKind::Denied, Retry::Permanent),
            VaultError::Damaged(_) => (PortErrorKind::Corrupt, Retry::Permanent),
            VaultError::UnknownKey(_) => (PortErrorKind::Invalid, Retry::Permanent),
            VaultError::NoKeyOf(_) | VaultError::Recipient | VaultError::NotOpened => {
                (PortErrorKind::Invalid, Retry::Permanent)
            }
            VaultError::Sealing => (PortErrorKind::Other, Retry::Temporary),
            VaultError::Entropy(_) => (PortErrorKind::Unavailable, Retry::Temporary),
            VaultError::Port(_) => (PortErrorKind::Other, Retry::Permanent),
        };
        match error {
            VaultError::Port(error) => error,
            other => Self::new(kind, retry, "the key vault refused").because(other),
        }
    }
}
