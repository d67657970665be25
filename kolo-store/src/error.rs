//! Why a store could not be opened.
use kolo_core::error_codes;
use kolo_core::port::PortError;

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
    /// The server does not answer.
    #[error(
        "the database {location} cannot be reached: check that the server runs and its address"
    )]
    Unreachable {
        /// Which, without the password.
        location: String,
        /// The cause.
        #[source]
        source: PortError,
    },
    /// The server does not let us in.
    #[error(
        "the database {location} refused access: check user, password, database name and rights"
    )]
    Refused {
        /// Which, without the password.
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
    /// The schema is not up to date, and this ledger was told not to change it.
    #[error(
        "the database has schema {found}, this program needs {known}: run `kolo-server migrate`, or \
         the statements of `migrations()`"
    )]
    Outdated {
        /// The database's schema version; 0: there is none.
        found: u64,
        /// The one this program needs.
        known: u64,
    },
    /// The schema that is meant when none is named has no store, and another one has.
    #[error(
        "the schema {schema} has no store, but {found} has: name the one you mean \
         (`PostgresOptions::schema`, KOLO_SCHEMA={found})"
    )]
    OtherSchema {
        /// Where the connection's search path finds a store.
        found: String,
        /// The schema that was looked at.
        schema: String,
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

error_codes! {
    StoreError {
        Location = "store.location" Permanent:
            "the text does not name a place for a store", "give what the error asks for";
        NotWritable = "store.not_writable" Permanent:
            "the database file or its folder cannot be opened or created",
            "check that the folder exists and that this user may write there";
        NotADatabase = "store.not_a_database" Permanent:
            "the file is something else", "choose another file";
        Locked = "store.locked" Temporary:
            "another process holds the database", "stop it, then start again";
        Unreachable = "store.unreachable" Temporary:
            "the database server does not answer", "check that it runs and its address";
        Refused = "store.refused" Permanent:
            "the database server does not let us in",
            "check user, password, database name and rights";
        TooNew = "store.too_new" Permanent:
            "the database was written by a newer version", "use the newer program";
        Outdated = "store.outdated" Permanent:
            "the database's schema is not up to date, and it may not be changed at start",
            "run `kolo-server migrate`, or the statements of `migrations()`";
        OtherSchema = "store.other_schema" Permanent:
            "the default schema has no store, but another one has",
            "name the schema you mean (`PostgresOptions::schema`, KOLO_SCHEMA)";
        Diverged = "store.diverged" Permanent:
            "a migration is not the one that was applied",
            "use the program it was made with, or restore the database";
    } within {
        Port = PortError::code;
    }
}
