//! What every port says when something goes wrong: kind, retry class, context, source.
use std::error::Error as StdError;
use std::fmt;

use crate::error_codes;

/// Whether trying again makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Retry {
    /// It will fail again.
    Permanent,
    /// It did not happen; it may work later.
    Temporary,
    /// It may have happened. Never retried blindly: look first.
    Unknown,
}

/// What sort of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PortErrorKind {
    /// The other side is not reachable or not ready.
    Unavailable,
    /// It did not answer in time.
    Timeout,
    /// The request is not valid for this adapter.
    Invalid,
    /// Stored bytes do not make sense.
    Corrupt,
    /// Written by a newer version of this software.
    TooNew,
    /// Not allowed.
    Denied,
    /// A limit of the other side.
    Limited,
    /// Anything else.
    Other,
}

error_codes! {
    PortErrorKind {
        Unavailable = "port.unavailable": "the other side is not reachable or not ready",
            "check that it runs and can be reached";
        Timeout = "port.timeout": "it did not answer in time", "look whether it happened, then again";
        Invalid = "port.invalid": "the request is not valid for this adapter", "correct the request";
        Corrupt = "port.corrupt": "stored or received bytes do not make sense",
            "look at the source named; restore the database if it is ours";
        TooNew = "port.too_new": "written by a newer version of this software", "upgrade";
        Denied = "port.denied": "the other side does not allow it", "check rights and keys";
        Limited = "port.limited": "a limit of the other side", "slow down, or ask for less";
        Other = "port.other": "anything else", "look at the context and the source";
    }
}

/// An adapter's failure. Its text never contains a secret.
#[derive(Debug)]
pub struct PortError {
    /// What sort of trouble.
    pub kind: PortErrorKind,
    /// Whether trying again makes sense.
    pub retry: Retry,
    /// What was being done, and what to do about it.
    pub context: String,
    /// The cause.
    pub source: Option<Box<dyn StdError + Send + Sync>>,
}

impl PortError {
    /// An error without a cause.
    #[must_use]
    pub fn new(kind: PortErrorKind, retry: Retry, context: impl Into<String>) -> Self {
        Self { kind, retry, context: context.into(), source: None }
    }

    /// The code of its kind.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// Its cause, when it is of that type.
    #[must_use]
    pub fn cause<E: StdError + 'static>(&self) -> Option<&E> {
        self.source.as_ref().and_then(|source| source.downcast_ref())
    }

    /// With its cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for PortError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?}, {:?})", self.context, self.kind, self.retry)?;
        match &self.source {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl StdError for PortError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|s| &**s as &(dyn StdError + 'static))
    }
}
