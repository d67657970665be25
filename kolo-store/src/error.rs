//! What goes wrong: [`StoreError`] when a store is opened, [`DbError`] inside.
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use kolo_core::port::{CommitError, PortError, PortErrorKind, Retry};

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The text does not name a place for a store.
    #[error("{location:?} does not name a database: {advice}")]
    Location {
        /// What was given.
        location: String,
        /// What to give instead.
        advice: &'static str,
    },
    /// The file or its folder cannot be written.
    #[error(
        "the database {location} cannot be opened or created: check that its folder exists and \
         that this user may write there"
    )]
    NotWritable {
        /// Which.
        location: String,
        /// The cause.
        #[source]
        source: PortError,
    },
    /// The file is something else.
    #[error("{location} is not a Kolo database: choose another file")]
    NotADatabase {
        /// Which.
        location: String,
        /// The cause.
        #[source]
        source: PortError,
    },
    /// Another process holds the database.
    #[error("the database {location} is locked by another process: stop it, then start again")]
    Locked {
        /// Which.
        location: String,
        /// The cause.
        #[source]
        source: PortError,
    },
    /// Written by a newer version of this software.
    #[error(
        "the database has schema {found}, this program knows up to {known}: use the newer program"
    )]
    TooNew {
        /// The database's schema version.
        found: u64,
        /// The newest this program knows.
        known: u64,
    },
    /// A migration is not the one that was applied.
    #[error(
        "migration {version} of this program is not the one the database was made with: use the \
         program it was made with, or restore the database"
    )]
    Diverged {
        /// Which migration.
        version: u64,
    },
    /// Anything else.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// A database failure that several waiting callers can be told of.
#[derive(Clone, Debug)]
pub(crate) struct DbError {
    pub kind: PortErrorKind,
    pub retry: Retry,
    pub context: String,
    pub source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl DbError {
    pub fn new(kind: PortErrorKind, retry: Retry, context: impl Into<String>) -> Self {
        Self {
            kind,
            retry,
            context: context.into(),
            source: None,
        }
    }

    pub fn invalid(context: impl Into<String>) -> Self {
        Self::new(PortErrorKind::Invalid, Retry::Permanent, context)
    }

    pub fn corrupt(context: impl Into<String>) -> Self {
        Self::new(PortErrorKind::Corrupt, Retry::Permanent, context)
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
