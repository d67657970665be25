//! pgbench, the yardstick: what PostgreSQL's own people measure their server with.
use std::process::Command;
use std::time::Duration;

use crate::failure::Failure;
use crate::server::Server;

/// Branches: as many as the most clients, as pgbench advises.
const SCALE: &str = "16";

/// How many clients it is asked with.
pub const CLIENTS: [u32; 2] = [8, 16];

/// Makes its tables.
pub fn prepare(server: &Server) -> Result<(), Failure> {
    run(server, &["--initialize", "--quiet", "--scale", SCALE]).map(drop)
}

/// Transactions a second of the TPC-B-like script.
pub fn tpcb(server: &Server, clients: u32, time: Duration) -> Result<u64, Failure> {
    let (clients, time) = (clients.to_string(), time.as_secs().to_string());
    let said = run(
        server,
        &[
            "--builtin",
            "tpcb-like",
            "--no-vacuum",
            "--client",
            &clients,
            "--jobs",
            "2",
            "--time",
            &time,
        ],
    )?;
    let figure = said.lines().find_map(|line| line.strip_prefix("tps = "));
    let whole = figure.and_then(|figure| figure.split('.').next()?.parse().ok());
    whole.ok_or_else(|| Failure::Unread { program: "pgbench".to_owned(), said })
}

fn run(server: &Server, arguments: &[&str]) -> Result<String, Failure> {
    let mut command = Command::new(server.program("pgbench"));
    command.arg("--host").arg(server.folder()).args(["--username", "kolo"]).args(arguments);
    said(command.arg("postgres"))
}

/// Runs a program and returns what it printed.
pub fn said(command: &mut Command) -> Result<String, Failure> {
    let output = command.output().map_err(Failure::Io)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let program = command.get_program().to_string_lossy().into_owned();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(Failure::Program { program, said })
}
