//! Empty stores to measure.
use std::sync::Arc;

use kolo_store::{PostgresLedger, SqliteLedger};
use tempfile::TempDir;

use crate::failure::Failure;
use crate::server::Server;
use crate::yardstick::said;

/// A new store in a schema of its own.
pub async fn postgres(server: &Server, schema: &str) -> Result<Arc<PostgresLedger>, Failure> {
    sql(server, &format!("CREATE SCHEMA {schema}"))?;
    Ok(Arc::new(PostgresLedger::connect(&server.url(schema)).await?))
}

/// Removes it again.
pub async fn drop_postgres(
    server: &Server,
    schema: &str,
    store: Arc<PostgresLedger>,
) -> Result<(), Failure> {
    store.close().await;
    sql(server, &format!("DROP SCHEMA {schema} CASCADE"))
}

/// A new store in a file of its own, gone with the folder.
pub async fn sqlite() -> Result<(TempDir, Arc<SqliteLedger>), Failure> {
    let folder = tempfile::tempdir().map_err(Failure::Io)?;
    let file = folder.path().join("kolo.db");
    let store = SqliteLedger::connect(&file.to_string_lossy()).await?;
    Ok((folder, Arc::new(store)))
}

/// Runs a statement.
pub fn sql(server: &Server, statement: &str) -> Result<(), Failure> {
    let mut command = std::process::Command::new(server.program("psql"));
    command.arg("--host").arg(server.folder()).args(["--username", "kolo", "--quiet"]);
    said(command.args(["--no-psqlrc", "--dbname", "postgres", "--command", statement])).map(drop)
}
