//! Brings a database's schema up to date: forward only, checksummed, safe to run twice.
use sha2::{Digest, Sha256};

use crate::error::StoreError;
use crate::sql::DbError;
use crate::sql::{Db, values};

/// One step of the schema. Once released it never changes.
pub(crate) struct Migration {
    pub version: u32,
    pub name: &'static str,
    pub sql: &'static str,
}

impl Migration {
    fn checksum(&self) -> [u8; 32] {
        Sha256::digest(self.sql).into()
    }
}

/// Applies what is missing, in one transaction, while nobody else can. `table` creates the table
/// `kolo_migrations (version, name, checksum)` unless it is there.
pub(crate) async fn migrate(
    db: &mut dyn Db,
    table: &str,
    migrations: &[Migration],
) -> Result<(), StoreError> {
    db.begin().await.map_err(port)?;
    let result = apply(db, table, migrations).await;
    match result {
        Ok(()) => db.commit().await.map_err(port),
        Err(error) => {
            db.rollback().await.map_err(port)?;
            Err(error)
        }
    }
}

async fn apply(db: &mut dyn Db, table: &str, migrations: &[Migration]) -> Result<(), StoreError> {
    db.script(table).await.map_err(port)?;
    let applied = applied(db).await.map_err(port)?;
    let known = migrations.last().map_or(0, |migration| migration.version);
    if let Some((found, _)) = applied.last().filter(|(found, _)| *found > known) {
        return Err(StoreError::TooNew { found: (*found).into(), known: known.into() });
    }
    for migration in migrations {
        match applied.iter().find(|(version, _)| *version == migration.version) {
            Some((_, checksum)) if *checksum == migration.checksum() => {}
            Some(_) => {
                return Err(StoreError::Diverged { version: migration.version.into() });
            }
            None => step(db, migration).await.map_err(port)?,
        }
    }
    Ok(())
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

fn port(error: DbError) -> StoreError {
    StoreError::Port(error.into())
}
