//! Brings a database's schema up to date: forward only, checksummed, safe to run twice and from
//! several processes at once.
use std::time::Duration;

use kolo_core::port::{PortErrorKind, Retry};
use sha2::{Digest, Sha256};

use crate::error::StoreError;
use crate::sql::{Db, DbError, values};

/// How often a process that has to migrate tries to get its turn: each try waits for the lock as
/// long as the database lets it (10 s on PostgreSQL, 5 s on SQLite).
const TURNS: u32 = 30;

/// One step of the schema. Once released it never changes; later steps only go forward.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    pub(crate) version: u32,
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

impl Migration {
    /// Its number; they count from 1.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// What it is about, in a word.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its statements, for the first schema of the search path.
    #[must_use]
    pub const fn sql(&self) -> &'static str {
        self.sql
    }

    /// SHA-256 of its statements, as remembered in `kolo_migrations`.
    #[must_use]
    pub fn checksum(&self) -> [u8; 32] {
        Sha256::digest(self.sql).into()
    }
}

/// How a kind of database keeps track of its migrations.
pub(crate) struct Catalog {
    /// All of them, in order.
    pub migrations: &'static [Migration],
    /// A row if `kolo_migrations` is there, none if it is not.
    pub present: &'static str,
    /// Makes a place for the tables, and `kolo_migrations (version, name, checksum)`, unless there.
    pub create: String,
}

impl Catalog {
    fn known(&self) -> u64 {
        self.migrations.last().map_or(0, |migration| migration.version.into())
    }
}

/// Looks first, without writing: where nothing is missing no right to change the schema is needed.
/// What is missing is applied in one transaction, while nobody else can, or refused unless
/// `migrating`. Returns the versions that were applied.
pub(crate) async fn migrate(
    db: &mut dyn Db,
    catalog: &Catalog,
    migrating: bool,
) -> Result<Vec<u32>, StoreError> {
    if missing(db, catalog).await?.is_empty() {
        return Ok(Vec::new());
    }
    if !migrating {
        let found = found(db, catalog).await?;
        return Err(StoreError::Outdated { found, known: catalog.known() });
    }
    let mut turns = TURNS;
    loop {
        let done = apply(db, catalog).await;
        if done.is_err() {
            db.rollback().await.ok();
        }
        turns -= 1;
        match done {
            Err(StoreError::Port(error)) if is_busy(error.kind, error.retry) && turns > 0 => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            done => return done,
        }
    }
}

/// Whether somebody is in the way, who may go away.
fn is_busy(kind: PortErrorKind, retry: Retry) -> bool {
    kind == PortErrorKind::Unavailable && retry == Retry::Temporary
}

/// All that is missing, in one transaction.
async fn apply(db: &mut dyn Db, catalog: &Catalog) -> Result<Vec<u32>, StoreError> {
    db.begin_migration().await.map_err(port)?;
    db.script(&catalog.create).await.map_err(held_up)?;
    // Another process may have been faster.
    let missing = compare(&applied(db).await.map_err(port)?, catalog)?;
    let mut done = Vec::with_capacity(missing.len());
    for migration in missing {
        step(db, migration).await.map_err(held_up)?;
        done.push(migration.version);
    }
    db.commit().await.map_err(port)?;
    Ok(done)
}

async fn missing(
    db: &mut dyn Db,
    catalog: &Catalog,
) -> Result<Vec<&'static Migration>, StoreError> {
    let applied = seen(db, catalog).await.map_err(port)?;
    compare(&applied, catalog)
}

async fn found(db: &mut dyn Db, catalog: &Catalog) -> Result<u64, StoreError> {
    let applied = seen(db, catalog).await.map_err(port)?;
    Ok(applied.last().map_or(0, |(version, _)| (*version).into()))
}

/// What is applied, looked up in a transaction that only reads.
async fn seen(db: &mut dyn Db, catalog: &Catalog) -> Result<Vec<(u32, [u8; 32])>, DbError> {
    db.snapshot().await?;
    let looked = look(db, catalog).await;
    db.rollback().await?;
    looked
}

async fn look(db: &mut dyn Db, catalog: &Catalog) -> Result<Vec<(u32, [u8; 32])>, DbError> {
    if db.run(catalog.present, Vec::new()).await?.is_empty() {
        return Ok(Vec::new());
    }
    applied(db).await
}

fn compare(
    applied: &[(u32, [u8; 32])],
    catalog: &Catalog,
) -> Result<Vec<&'static Migration>, StoreError> {
    let known = catalog.known();
    if let Some((found, _)) = applied.last().filter(|(found, _)| u64::from(*found) > known) {
        return Err(StoreError::TooNew { found: (*found).into(), known });
    }
    let mut missing = Vec::new();
    for migration in catalog.migrations {
        match applied.iter().find(|(version, _)| *version == migration.version) {
            Some((_, checksum)) if *checksum == migration.checksum() => {}
            Some(_) => {
                return Err(StoreError::Diverged { version: migration.version.into() });
            }
            None => missing.push(migration),
        }
    }
    Ok(missing)
}

async fn applied(db: &mut dyn Db) -> Result<Vec<(u32, [u8; 32])>, DbError> {
    let sql = "SELECT version, checksum FROM kolo_migrations ORDER BY version";
    let rows = db.run(sql, Vec::new()).await?;
    rows.into_iter().map(|mut row| Ok((row.unsigned()?, row.array()?))).collect()
}

async fn step(db: &mut dyn Db, migration: &Migration) -> Result<(), DbError> {
    tracing::info!(version = migration.version, name = migration.name, "migrating the store");
    db.script(migration.sql).await?;
    db.run(
        "INSERT INTO kolo_migrations (version, name, checksum) VALUES ($1, $2, $3)",
        values![migration.version, migration.name, migration.checksum().as_slice()],
    )
    .await?;
    Ok(())
}

/// PostgreSQL's code of a lock that did not become free in time.
const LOCKED: &str = "55P03";

/// A table is changed when nobody is using it, not even to read.
fn held_up(mut error: DbError) -> StoreError {
    if error.code.as_deref() == Some(LOCKED) {
        "the schema cannot be changed while a long transaction reads or writes its tables: end that \
         (pg_stat_activity names it), then start again"
            .clone_into(&mut error.context);
    }
    port(error)
}

fn port(error: DbError) -> StoreError {
    StoreError::Port(error.into())
}
