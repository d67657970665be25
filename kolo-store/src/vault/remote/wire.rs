//! What goes over the wire.
use std::fmt;

use kolo_core::error_codes;
use kolo_core::port::vault::{Digest, KeyName};
use kolo_core::port::{PortError, PortErrorKind, Retry};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// Fewer characters can be guessed.
const SHORTEST: usize = 32;

/// What proves to the service who asks. Wiped when dropped; never shown.
#[derive(Clone)]
pub struct AccessToken(Zeroizing<String>);

impl AccessToken {
    /// At least 32 visible ASCII characters.
    ///
    /// # Errors
    /// [`AccessTokenError`], which does not repeat the text.
    pub fn try_new(text: &str) -> Result<Self, AccessTokenError> {
        let text = text.trim();
        if text.len() < SHORTEST || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(AccessTokenError);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }

    fn header(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("Bearer {}", self.0.as_str()))
    }

    /// Compares hashes, so that the time it takes tells nothing of how far a guess was right.
    pub(super) fn is_in(&self, header: &str) -> bool {
        Sha256::digest(header.as_bytes()) == Sha256::digest(self.header().as_bytes())
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(…)")
    }
}

/// The text is no access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an access token has at least 32 visible characters: make one with `openssl rand -hex 32`")]
pub struct AccessTokenError;

error_codes! {
    struct AccessTokenError = "signer.token" Permanent:
        "the text is no access token", "make one with `openssl rand -hex 32`";
}

/// `POST /v1/create`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Create {
    pub tenant: String,
    pub name: Name,
}

/// A key's name.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Name {
    Member(String),
    Invitation(String),
    Operator(String),
}

impl From<&KeyName> for Name {
    fn from(name: &KeyName) -> Self {
        match name {
            KeyName::Member(id) => Self::Member(id.to_string()),
            KeyName::Invitation(id) => Self::Invitation(id.to_string()),
            KeyName::Operator(name) => Self::Operator(name.clone()),
        }
    }
}

impl Name {
    pub fn parse(self) -> Option<KeyName> {
        match self {
            Self::Member(id) => id.parse().ok().map(KeyName::Member),
            Self::Invitation(id) => id.parse().ok().map(KeyName::Invitation),
            Self::Operator(name) => Some(KeyName::Operator(name)),
        }
    }
}

/// `POST /v1/sign`. Bytes are hexadecimal, the payload base64.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sign {
    pub tenant: String,
    pub key: String,
    pub digest: Signed,
    pub payload: String,
}

/// What is signed of the payload.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Signed {
    Sha256,
    Raw,
}

impl From<Digest> for Signed {
    fn from(digest: Digest) -> Self {
        match digest {
            Digest::Sha256 => Self::Sha256,
            Digest::Raw => Self::Raw,
        }
    }
}

impl From<Signed> for Digest {
    fn from(signed: Signed) -> Self {
        match signed {
            Signed::Sha256 => Self::Sha256,
            Signed::Raw => Self::Raw,
        }
    }
}

/// The answer to each.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Done {
    Key(String),
    Signature(String),
    Count(u64),
}

/// What is answered instead.
#[derive(Serialize, Deserialize)]
pub(super) struct Trouble {
    pub kind: Kind,
    pub again: bool,
    pub context: String,
}

/// The port's kinds, as far as they go over the wire.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Unavailable,
    Invalid,
    Corrupt,
    Denied,
    Limited,
    Other,
}

impl From<&PortError> for Trouble {
    /// Kind and class; the context as it is, which tells no secret; no sources, which are the service's.
    fn from(error: &PortError) -> Self {
        let kind = match error.kind {
            PortErrorKind::Unavailable | PortErrorKind::Timeout => Kind::Unavailable,
            PortErrorKind::Invalid => Kind::Invalid,
            PortErrorKind::Corrupt | PortErrorKind::TooNew => Kind::Corrupt,
            PortErrorKind::Denied => Kind::Denied,
            PortErrorKind::Limited => Kind::Limited,
            _ => Kind::Other,
        };
        Self { kind, again: error.retry != Retry::Permanent, context: error.context.clone() }
    }
}

impl From<Trouble> for PortError {
    fn from(trouble: Trouble) -> Self {
        let kind = match trouble.kind {
            Kind::Unavailable => PortErrorKind::Unavailable,
            Kind::Invalid => PortErrorKind::Invalid,
            Kind::Corrupt => PortErrorKind::Corrupt,
            Kind::Denied => PortErrorKind::Denied,
            Kind::Limited => PortErrorKind::Limited,
            Kind::Other => PortErrorKind::Other,
        };
        let retry = if trouble.again { Retry::Temporary } else { Retry::Permanent };
        Self::new(kind, retry, format!("the signing service: {}", trouble.context))
    }
}
