//! Another ledger on the same server: cala-ledger's `post_transaction`, driven by a program of its own,
//! whose dependencies cannot be locked beside ours.
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::drive::Where;
use crate::failure::Failure;
use crate::server::Server;
use crate::store::sql;
use crate::yardstick::said;

/// Postings a second.
pub fn posted(
    server: &Server,
    program: &Path,
    place: Where,
    callers: u64,
    time: Duration,
    round: u32,
) -> Result<u64, Failure> {
    let database =
        format!("peer_{round}_{}", if place == Where::Spread { "spread" } else { "hot" });
    sql(server, &format!("CREATE DATABASE {database}"))?;
    let folder = server.folder().to_string_lossy().replace('/', "%2F");
    let mut command = Command::new(program);
    command.args(["--url", &format!("postgres://kolo@{folder}/{database}")]).args([
        "--callers",
        &callers.to_string(),
        "--seconds",
        &time.as_secs().to_string(),
    ]);
    if place == Where::OneCircle {
        command.arg("--hot");
    }
    let said = said(&mut command)?;
    sql(server, &format!("DROP DATABASE {database} WITH (FORCE)"))?;
    let figure = said.trim().parse().ok();
    figure.ok_or_else(|| Failure::Unread { program: program.display().to_string(), said })
}
