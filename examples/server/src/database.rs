//! The database of the books: which one the environment names, opened, migrated, checked.
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Subcommand;
use kolo_core::port::{Ledger, PortError, WorkQueue};
use kolo_store::{
    CheckReport, MasterKeys, PostgresLedger, PostgresOptions, SqliteLedger, StoreError, StoreVault,
    VaultError, WakeUps,
};
use zeroize::Zeroizing;

use crate::config::{ConfigError, data_folder};

/// Where the books are.
#[derive(Clone)]
pub enum Database {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL database.
    Postgres {
        /// Its URL, which may hold a password.
        url: Zeroizing<String>,
        /// How it is used.
        options: PostgresOptions,
    },
}

impl fmt::Debug for Database {
    /// Without what may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(file) => f.debug_tuple("Sqlite").field(file).finish(),
            Self::Postgres { options, .. } => {
                f.debug_struct("Postgres").field("options", options).finish_non_exhaustive()
            }
        }
    }
}

/// What the stack needs of an opened database.
pub struct Opened {
    /// The record.
    pub ledger: Arc<dyn Ledger>,
    /// The work, in the same database.
    pub queue: Arc<dyn WorkQueue>,
    books: Books,
}

/// The record, by the database it is in.
enum Books {
    Sqlite(Arc<SqliteLedger>),
    Postgres(Arc<PostgresLedger>),
}

impl Opened {
    /// The key vault in the same database.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn vault(&self, keys: MasterKeys) -> Result<Arc<StoreVault>, VaultError> {
        let vault = match &self.books {
            Books::Sqlite(ledger) => StoreVault::try_new(ledger, keys).await?,
            Books::Postgres(ledger) => StoreVault::try_new(ledger, keys).await?,
        };
        Ok(Arc::new(vault))
    }

    /// Whether there are keys in it, whatever they are sealed under.
    ///
    /// # Errors
    /// The database's failure.
    pub async fn holds_keys(&self) -> Result<bool, VaultError> {
        match &self.books {
            Books::Sqlite(ledger) => StoreVault::holds_keys(ledger).await,
            Books::Postgres(ledger) => StoreVault::holds_keys(ledger).await,
        }
    }

    /// Has `wake` called soon after something was committed, by this process or another:
    /// [`kolo_store::SqlLedger::wake_ups`].
    pub fn wake_ups(&self, wake: impl Fn() + Send + Sync + 'static) -> WakeUps {
        match &self.books {
            Books::Sqlite(ledger) => ledger.wake_ups(wake),
            Books::Postgres(ledger) => ledger.wake_ups(wake),
        }
    }
}

impl Database {
    /// What `DATABASE_URL`, `KOLO_SCHEMA`, `KOLO_MIGRATE` and `KOLO_POOLER` say, read through `get`; a
    /// file in the folder `data` by default.
    ///
    /// # Errors
    /// [`ConfigError`] for the first variable that is bad. It never repeats a URL.
    pub fn from_env(
        get: impl Fn(&str) -> Option<String>,
        data: &Path,
    ) -> Result<Self, ConfigError> {
        let get = |name: &str| get(name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
        let bad = |name, why: &str| ConfigError { name, why: why.to_owned() };
        let url = get("DATABASE_URL");
        if url.as_ref().is_none_or(|url| url.starts_with("sqlite:")) {
            // A forgotten URL would start empty books in a file.
            if let Some(name) = ["KOLO_SCHEMA", "KOLO_MIGRATE", "KOLO_POOLER"]
                .into_iter()
                .find(|name| get(name).is_some())
            {
                let why = "it is for PostgreSQL, and DATABASE_URL names no such database: set both, or neither";
                return Err(bad(name, why));
            }
        }
        let Some(url) = url else {
            return Ok(Self::Sqlite(data.join("kolo.sqlite")));
        };
        if let Some(file) = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")) {
            if file.is_empty() {
                return Err(bad("DATABASE_URL", "the file is missing; use sqlite://FILE"));
            }
            return Ok(Self::Sqlite(PathBuf::from(file)));
        }
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            let why = "use sqlite://FILE or postgres://USER:PASSWORD@HOST:PORT/DATABASE";
            return Err(bad("DATABASE_URL", why));
        }
        let mut options = PostgresOptions::default();
        if let Some(schema) = get("KOLO_SCHEMA") {
            options = options.schema(&schema);
        }
        match get("KOLO_MIGRATE").as_deref() {
            None | Some("on") => {}
            Some("off") => options = options.migrating(false),
            Some(_) => return Err(bad("KOLO_MIGRATE", "use on or off")),
        }
        match get("KOLO_POOLER").as_deref() {
            None | Some("none" | "session") => {}
            Some("transaction") => options = options.prepared(false),
            Some(_) => return Err(bad("KOLO_POOLER", "use none, session or transaction")),
        }
        Ok(Self::Postgres { url: Zeroizing::new(url), options })
    }

    /// The folder its file is in, if it is a file.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(file) => file.parent(),
            Self::Postgres { .. } => None,
        }
    }

    /// Opens it.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(&self) -> Result<Opened, OpenError> {
        match self {
            Self::Sqlite(file) => {
                let ledger = Arc::new(SqliteLedger::connect(&file.display().to_string()).await?);
                let books = Books::Sqlite(ledger.clone());
                Ok(Opened { ledger: ledger.clone(), queue: ledger, books })
            }
            Self::Postgres { url, options } => {
                let ledger = PostgresLedger::connect_with(url, options.clone()).await?;
                let ledger = Arc::new(ledger);
                let books = Books::Postgres(ledger.clone());
                Ok(Opened { ledger: ledger.clone(), queue: ledger, books })
            }
        }
    }

    /// Brings its schema up to date; the versions that were applied.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn migrate(&self) -> Result<Vec<u32>, StoreError> {
        match self {
            Self::Sqlite(file) => SqliteLedger::migrate(&file.display().to_string()).await,
            Self::Postgres { url, options } => PostgresLedger::migrate(url, options).await,
        }
    }

    /// The statements of the migrations after version `after`, as a script.
    ///
    /// # Errors
    /// [`StoreError::Location`] for a schema name that is none.
    pub fn migrations_sql(&self, after: u32) -> Result<String, StoreError> {
        match self {
            Self::Sqlite(_) => {
                let steps = SqliteLedger::migrations().iter();
                let steps = steps.filter(|step| step.version() > after);
                Ok(steps
                    .map(|step| format!("-- {:04} {}\n{}", step.version(), step.name(), step.sql()))
                    .collect::<Vec<_>>()
                    .join("\n"))
            }
            Self::Postgres { options, .. } => PostgresLedger::migrations_sql(options, after),
        }
    }

    /// Checks the whole record, and changes nothing.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn check(&self) -> Result<CheckReport, OpenError> {
        match self {
            Self::Sqlite(file) => {
                let ledger = SqliteLedger::connect_existing(&file.display().to_string()).await?;
                let report = ledger.check().await;
                ledger.close().await;
                Ok(report?)
            }
            Self::Postgres { url, options } => {
                let options = options.clone().migrating(false);
                let ledger = PostgresLedger::connect_with(url, options).await?;
                let report = ledger.check().await;
                ledger.close().await;
                Ok(report?)
            }
        }
    }
}

/// Why a database could not be opened or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Reading it.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// `kolo-server ledger …`.
#[derive(Subcommand)]
pub enum LedgerCommand {
    /// Check that the books add up: every entry balances, every balance is what its entries come to, no
    /// gaps, every hold ended at most once, every command took effect once, the outbox corresponds to the
    /// books. Changes nothing; the server may run meanwhile. Ends with 1
    /// when a promise is broken, with 2 when the database cannot be read.
    Check {
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
}

/// The database the environment names.
fn named() -> Result<Database, ConfigError> {
    let get = |name: &str| std::env::var(name).ok();
    Database::from_env(get, &data_folder(get("KOLO_DATA")))
}

/// Runs `kolo-server migrate`: brings the schema up to date, or prints the statements that would.
pub async fn migrate(print: bool, after: u32) -> ExitCode {
    let database = match named() {
        Ok(database) => database,
        Err(error) => return failed(&error),
    };
    if print {
        return match database.migrations_sql(after) {
            // Who reads it may close its end early.
            Ok(script) => match std::io::stdout().write_all(script.as_bytes()) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => failed(&error),
            },
            Err(error) => failed(&error),
        };
    }
    match database.migrate().await {
        Ok(applied) if applied.is_empty() => {
            println!("the schema is up to date");
            ExitCode::SUCCESS
        }
        Ok(applied) => {
            let applied: Vec<String> = applied.iter().map(ToString::to_string).collect();
            println!("applied: {}", applied.join(", "));
            if matches!(database, Database::Postgres { .. }) {
                println!(
                    "repeat the grants of the role that runs the program: new tables have none"
                );
            }
            ExitCode::SUCCESS
        }
        Err(error) => failed(&error),
    }
}

/// Runs `kolo-server ledger …`.
pub async fn run(command: LedgerCommand) -> ExitCode {
    let LedgerCommand::Check { json } = command;
    let database = match named() {
        Ok(database) => database,
        Err(error) => return failed(&error),
    };
    match database.check().await {
        Ok(report) => {
            println!("{}", if json { as_json(&report) } else { as_text(&report) });
            if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => failed(&error),
    }
}

fn failed(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("{}", with_causes(error));
    ExitCode::from(2)
}

/// An error and what it comes from, each said once.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    for cause in causes.map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

fn as_text(report: &CheckReport) -> String {
    let mut text = format!(
        "{} entries, {} accounts, {} events",
        report.entries, report.accounts, report.events
    );
    if report.is_clean() {
        return text + ": everything adds up";
    }
    text += &format!("; broken promises: {}", report.findings.len());
    for finding in &report.findings {
        text += &format!("\n- {finding}");
    }
    text + "\nStop what writes, keep a copy of the database, and compare with the latest backup."
}

fn as_json(report: &CheckReport) -> String {
    let findings: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    serde_json::json!({
        "ok": report.is_clean(),
        "entries": report.entries,
        "accounts": report.accounts,
        "events": report.events,
        "findings": findings,
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Database, ConfigError> {
        let found = |name: &str| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        Database::from_env(found, Path::new("data"))
    }

    #[test]
    fn a_file_in_the_data_folder_unless_said_otherwise() {
        let file = |database| match database {
            Ok(Database::Sqlite(file)) => file,
            other => panic!("{other:?}"),
        };
        assert_eq!(file(read(&[])), PathBuf::from("data/kolo.sqlite"));
        assert_eq!(file(read(&[("DATABASE_URL", "sqlite://a/b.db")])), PathBuf::from("a/b.db"));
        assert_eq!(file(read(&[("DATABASE_URL", "sqlite:b.db")])), PathBuf::from("b.db"));
    }

    #[test]
    fn postgres_can_be_told_how() {
        let url = ("DATABASE_URL", "postgres://kolo:hunter2@db/kolo");
        let told =
            [url, ("KOLO_SCHEMA", "mine"), ("KOLO_MIGRATE", "off"), ("KOLO_POOLER", "transaction")];
        match read(&told).unwrap() {
            Database::Postgres { options, .. } => {
                let expected = PostgresOptions::default();
                let expected = expected.schema("mine").migrating(false).prepared(false);
                assert_eq!(options, expected);
            }
            other => panic!("{other:?}"),
        }
        assert!(!format!("{:?}", read(&[url]).unwrap()).contains("hunter2"));
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        let url = ("DATABASE_URL", "postgres://kolo:hunter2@db/kolo");
        let cases: [&[(&str, &str)]; 7] = [
            &[("KOLO_SCHEMA", "mine")],
            &[("DATABASE_URL", "sqlite://a.db"), ("KOLO_MIGRATE", "off")],
            &[("DATABASE_URL", "sqlite://")],
            &[("DATABASE_URL", "mysql://kolo:hunter2@db/kolo")],
            &[("DATABASE_URL", "kolo@hunter2/db")],
            &[url, ("KOLO_MIGRATE", "perhaps")],
            &[url, ("KOLO_POOLER", "statement")],
        ];
        for case in cases {
            let error = read(case).unwrap_err();
            assert_eq!(Some(error.name), case.last().map(|(name, _)| *name));
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
    }

    #[tokio::test]
    async fn a_check_creates_nothing_and_says_what_it_saw() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::Sqlite(folder.path().join("kolo.sqlite"));
        assert!(matches!(database.check().await, Err(OpenError::Store(_))));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(database.migrate().await.unwrap().len(), SqliteLedger::migrations().len());
        assert!(database.migrate().await.unwrap().is_empty());
        let report = database.check().await.unwrap();
        assert_eq!(as_text(&report), "0 entries, 0 accounts, 0 events: everything adds up");
        assert!(as_json(&report).contains("\"ok\":true"));
        assert!(database.migrations_sql(0).unwrap().contains("CREATE TABLE aggregates"));
        assert!(!database.migrations_sql(1).unwrap().contains("CREATE TABLE aggregates"));
    }
}
