//! Failures inside: several callers who wait for one transaction can be told of the same one.
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use kolo_core::port::{CommitError, PortError, PortErrorKind, Retry};

/// What a failure says about the transaction it struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nothing: its end may have been lost on the way.
    Unsaid,
    /// The database said that it did not happen.
    Undone,
    /// It did not happen, and cannot on this connection.
    Elsewhere,
}

/// A database failure that several waiting callers can be told of.
#[derive(Clone, Debug)]
pub(crate) struct DbError {
    pub kind: PortErrorKind,
    pub retry: Retry,
    pub context: String,
    pub fate: Fate,
    /// The database's own code of it (SQLSTATE), for the log.
    pub code: Option<String>,
    pub source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl DbError {
    pub fn new(kind: PortErrorKind, retry: Retry, context: impl Into<String>) -> Self {
        Self { kind, retry, context: context.into(), fate: Fate::Unsaid, code: None, source: None }
    }

    pub fn invalid(context: impl Into<String>) -> Self {
        Self::new(PortErrorKind::Invalid, Retry::Permanent, context)
    }

    pub fn corrupt(context: impl Into<String>) -> Self {
        Self::new(PortErrorKind::Corrupt, Retry::Permanent, context)
    }

    /// Nobody says whose turn it is to write: nothing that was read there is an answer.
    pub fn no_turn() -> Self {
        let context = "the database server only reads, or kolo_turns has lost its row: connect to the \
                       server that writes, or restore the database";
        let error = Self::new(PortErrorKind::Unavailable, Retry::Temporary, context);
        Self { fate: Fate::Elsewhere, ..error }
    }

    pub fn because(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    pub fn unknown(mut self, context: &str) -> Self {
        self.retry = Retry::Unknown;
        self.context = format!("{context}: {}", self.context);
        self
    }
}

/// A shared cause; [`PortError`] wants to own one.
#[derive(Debug)]
struct Cause(Arc<dyn StdError + Send + Sync>);

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

impl From<DbError> for PortError {
    fn from(error: DbError) -> Self {
        let port = Self::new(error.kind, error.retry, error.context);
        match error.source {
            Some(source) => port.because(Cause(source)),
            None => port,
        }
    }
}

impl From<DbError> for CommitError {
    fn from(error: DbError) -> Self {
        Self::Port(error.into())
    }
}
