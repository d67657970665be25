//! How a [`PostgresLedger`](super::PostgresLedger) uses its database.
use crate::error::StoreError;

/// Connections: one writes, the others read.
const CONNECTIONS: u32 = 5;

/// The longest name PostgreSQL tells apart.
const NAME_MAX: usize = 63;

/// The schema of the tables when nothing is said.
pub(super) const SCHEMA: &str = "kolo";

/// Where the tables are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Schema {
    /// Nothing was said: where the URL's search path leads if it sets one, else [`SCHEMA`].
    Unsaid,
    Named(String),
    /// Where the connection's own search path leads.
    OfConnection,
}

/// How a [`PostgresLedger`](super::PostgresLedger) uses its database. The default: tables in the
/// schema `kolo` unless the URL sets a search path, five connections, statements prepared, the schema brought up to date at start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresOptions {
    pub(super) schema: Schema,
    pub(super) connections: u32,
    pub(super) prepared: bool,
    pub(super) migrating: bool,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self { schema: Schema::Unsaid, connections: CONNECTIONS, prepared: true, migrating: true }
    }
}

impl PostgresOptions {
    /// The schema with the tables: lower-case letters, digits and `_`. It is set for each
    /// transaction, so that neither a host's pool nor a pooler in between need know it.
    #[must_use]
    pub fn schema(mut self, name: &str) -> Self {
        self.schema = Schema::Named(name.to_owned());
        self
    }

    /// The tables are where the connection's own search path finds them; new ones are made in its first
    /// schema.
    #[must_use]
    pub fn schema_of_connection(mut self) -> Self {
        self.schema = Schema::OfConnection;
        self
    }

    /// How many connections at most, at least two: one writes, the others read. A host's pool has
    /// its own limit.
    #[must_use]
    pub fn connections(mut self, most: u32) -> Self {
        self.connections = most.max(2);
        self
    }

    /// `false` where a pooler lends another server connection to each transaction and does not follow
    /// prepared statements (PgBouncer before 1.21 in transaction mode).
    #[must_use]
    pub fn prepared(mut self, prepared: bool) -> Self {
        self.prepared = prepared;
        self
    }

    /// `false`: a schema that is not up to date is refused with [`StoreError::Outdated`] instead of
    /// being changed. A schema that is up to date needs no right to change it either way.
    #[must_use]
    pub fn migrating(mut self, migrating: bool) -> Self {
        self.migrating = migrating;
        self
    }

    /// The schema's name where the connection's search path is not asked, checked: it goes into
    /// statements.
    pub(super) fn checked_schema(&self) -> Result<Option<&str>, StoreError> {
        let name = match &self.schema {
            Schema::Unsaid => SCHEMA,
            Schema::Named(name) => name,
            Schema::OfConnection => return Ok(None),
        };
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let starts = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
        if starts && name.len() <= NAME_MAX && name.chars().all(plain) && !name.starts_with("pg_") {
            return Ok(Some(name));
        }
        Err(StoreError::Location {
            location: name.to_owned(),
            advice: "a schema's name is lower-case letters, digits and _, like kolo",
        })
    }
}
