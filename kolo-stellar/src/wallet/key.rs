//! An account's secret key, in memory.
use std::fmt;

use ed25519_dalek::{Signer, SigningKey};
use kolo_core::error_codes;
use kolo_core::port::PortError;
use kolo_core::port::chain::ChainAddress;
use kolo_core::port::vault::{PublicKey, Signature};
use stellar_strkey::ed25519::PrivateKey;
use zeroize::Zeroizing;

use super::{message_payload, sep5};
use crate::address::{account_address, account_of, sha256};

/// The secret key of one account. Wiped when dropped; `Debug` shows the address alone.
pub struct AccountKey(SigningKey);

impl AccountKey {
    /// From the 32-byte seed.
    #[must_use]
    pub fn from_seed(seed: &Zeroizing<[u8; 32]>) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// From the text wallets show (`S…`).
    ///
    /// # Errors
    /// [`KeyError::Secret`]; [`KeyError::Address`] when it is an address.
    pub fn from_secret(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        match PrivateKey::from_string(text) {
            Ok(seed) => Ok(Self::from_seed(&Zeroizing::new(seed.0))),
            Err(_) if text.starts_with('G') => Err(KeyError::Address),
            Err(_) => Err(KeyError::Secret),
        }
    }

    /// From 12 to 24 English words, as SEP-5 derives account `m/44'/148'/index'` from them.
    ///
    /// # Errors
    /// [`KeyError::Words`], [`KeyError::Index`].
    pub fn from_words(words: &str, passphrase: &str, index: u32) -> Result<Self, KeyError> {
        sep5::account_seed(words, passphrase, index).map(|seed| Self::from_seed(&seed))
    }

    /// From a text that holds either: an `S…`, or words (of which the first account is taken). Lines
    /// that begin with `#` do not count, as in the file of an exported key.
    ///
    /// # Errors
    /// [`KeyError`], which never repeats the text.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
        let mut told = Zeroizing::new(String::with_capacity(text.len()));
        for word in lines.flat_map(str::split_whitespace) {
            if !told.is_empty() {
                told.push(' ');
            }
            told.push_str(word);
        }
        match told.as_str() {
            "" => Err(KeyError::Empty),
            words if words.contains(' ') => Self::from_words(words, "", 0),
            secret => Self::from_secret(secret),
        }
    }

    /// Its public half.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// The account it is the master key of.
    #[must_use]
    pub fn address(&self) -> ChainAddress {
        account_address(&account_of(self.public_key().0))
    }

    /// The text wallets import (`S…`).
    #[must_use]
    pub fn to_secret(&self) -> Zeroizing<String> {
        let seed = Zeroizing::new(self.0.to_bytes());
        let mut text = Zeroizing::default();
        PrivateKey(*seed).as_unredacted().write_string(&mut text);
        Zeroizing::new(text.as_str().to_owned())
    }

    /// Signs a message by SEP-53.
    ///
    /// # Errors
    /// When the message is too long.
    pub fn sign_message(&self, message: &[u8]) -> Result<Signature, PortError> {
        message_payload(message).map(|payload| self.sign_payload(&payload))
    }

    /// Signs SHA-256(`payload`), which was checked before.
    pub(crate) fn sign_payload(&self, payload: &[u8]) -> Signature {
        Signature(self.0.sign(&sha256(payload)).to_bytes())
    }
}

impl fmt::Debug for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountKey({})", self.address())
    }
}

/// Why a text is no key. Never repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Nothing was given.
    #[error("no key was given: give the secret key (S…) or the words of the wallet")]
    Empty,
    /// Not an `S…`.
    #[error("this is no secret key: it begins with S and has 56 characters")]
    Secret,
    /// A `G…`, which is public.
    #[error("this is an address (G…): the secret key is needed, which begins with S")]
    Address,
    /// Not the words of a wallet.
    #[error("these are not the words of a wallet: 12 to 24 English words in their order")]
    Words,
    /// No such account of a wallet.
    #[error("the number of an account is below 2147483648")]
    Index,
}

error_codes! {
    KeyError {
        Empty = "key.empty" Permanent:
            "no key was given", "give the secret key (S…) or the words of the wallet";
        Secret = "key.secret" Permanent:
            "the text is no secret key", "give the key that begins with S, all 56 characters";
        Address = "key.address" Permanent:
            "an address was given where a secret key is needed", "give the key that begins with S";
        Words = "key.words" Permanent:
            "the text is not the words of a wallet", "give 12 to 24 English words in their order";
        Index = "key.index" Permanent:
            "the number of the account is too high", "use one below 2147483648";
    }
}
