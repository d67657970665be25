//! The master keys the host keeps, under which the vault's keys are encrypted.
use std::fmt;

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE};
use kolo_core::error_codes;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Bytes of a master key.
const LENGTH: usize = 32;

/// A 256-bit key. It has no `Debug` and no `Display`, and its memory is wiped when it is dropped.
pub struct MasterKey(Zeroizing<[u8; LENGTH]>);

impl MasterKey {
    /// The key of these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; LENGTH]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads 32 bytes written as 64 hexadecimal digits or in base64 (padded or not, the URL alphabet
    /// too).
    ///
    /// # Errors
    /// [`MasterKeyError`] says what is wrong without repeating the text.
    pub fn parse(text: &str) -> Result<Self, MasterKeyError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(MasterKeyError::Empty);
        }
        let hex = text.len() == 2 * LENGTH;
        let decoded = if hex && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            HEXLOWER_PERMISSIVE.decode(text.as_bytes())
        } else {
            let body = text.trim_end_matches('=').as_bytes();
            BASE64_NOPAD.decode(body).or_else(|_| BASE64URL_NOPAD.decode(body))
        };
        let bytes = Zeroizing::new(decoded.map_err(|_| MasterKeyError::Encoding)?);
        let key = <[u8; LENGTH]>::try_from(bytes.as_slice())
            .map_err(|_| MasterKeyError::Length { found: bytes.len() })?;
        Ok(Self::from_bytes(key))
    }

    /// Its id: derived from the key one way, so that two keys can never go by the same name.
    #[must_use]
    pub fn id(&self) -> MasterKeyId {
        let hash = Sha256::new()
            .chain_update(b"kolo master key id")
            .chain_update(self.0.as_slice())
            .finalize();
        MasterKeyId(HEXLOWER.encode(hash.get(..8).unwrap_or_default()))
    }

    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(super) fn bytes(&self) -> &[u8; LENGTH] {
        &self.0
    }
}

/// Names a master key without telling it: 16 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MasterKeyId(pub(super) String);

impl fmt::Display for MasterKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no master key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MasterKeyError {
    /// Nothing was given.
    #[error("the master key is empty: make one with `openssl rand -base64 32`")]
    Empty,
    /// Neither hexadecimal nor base64.
    #[error(
        "the master key is neither 64 hexadecimal digits nor base64: make one with \
         `openssl rand -base64 32`"
    )]
    Encoding,
    /// Too short or too long.
    #[error(
        "the master key has {found} bytes, it must have 32: make one with `openssl rand -base64 32`"
    )]
    Length {
        /// How many bytes it has.
        found: usize,
    },
}

error_codes! {
    MasterKeyError {
        Empty = "vault.master_key_empty" Permanent:
            "no master key was given", "make one with `openssl rand -base64 32`";
        Encoding = "vault.master_key_encoding" Permanent:
            "the master key is neither 64 hexadecimal digits nor base64",
            "make one with `openssl rand -base64 32`";
        Length = "vault.master_key_length" Permanent:
            "the master key has not 32 bytes", "make one with `openssl rand -base64 32`";
    }
}

/// The newest master key, which encrypts, and older ones, which still decrypt.
pub struct MasterKeys {
    newest: MasterKey,
    older: Vec<MasterKey>,
}

impl MasterKeys {
    /// One key for everything.
    #[must_use]
    pub const fn new(newest: MasterKey) -> Self {
        Self { newest, older: Vec::new() }
    }

    /// With a key that decrypts what was encrypted before.
    #[must_use]
    pub fn with_older(mut self, key: MasterKey) -> Self {
        self.older.push(key);
        self
    }

    /// Reads keys separated by commas, the newest first: see [`MasterKey::parse`].
    ///
    /// # Errors
    /// [`MasterKeyError`] of the first that is none.
    pub fn parse(text: &str) -> Result<Self, MasterKeyError> {
        let mut keys = text.split(',').map(MasterKey::parse);
        let newest = keys.next().ok_or(MasterKeyError::Empty)??;
        let older = keys.collect::<Result<_, _>>()?;
        Ok(Self { newest, older })
    }

    /// The key that encrypts.
    #[must_use]
    pub const fn newest(&self) -> &MasterKey {
        &self.newest
    }

    /// The key of that id.
    #[must_use]
    pub fn find(&self, id: &MasterKeyId) -> Option<&MasterKey> {
        std::iter::once(&self.newest).chain(&self.older).find(|key| key.id() == *id)
    }
}
