//! How fast the ledger commits, beside what the same database server does in the same minutes.
//!
//! `cargo xtask bench store` builds what is needed and runs this. The rules of measuring:
//!
//! - one PostgreSQL server of its own, as it comes, every commit on the disk before it is answered;
//! - the yardstick is pgbench's TPC-B-like script with 8 and with 16 clients, the better of both;
//! - ours are whole contributions as the domain commits them (see `contribution.rs`), sent through the
//!   port by tasks that each wait for their answer; a commit that is refused ends the bench;
//! - everything in rounds, each with its own yardstick and a store that was empty before; a ratio is the
//!   median of the rounds' ratios, a rate the median of their rates;
//! - the waiting times at half of the peak are counted from when a commit was due, not from when a
//!   caller got round to sending it.
#![allow(unreachable_pub, reason = "a program of several files")]

#[path = "../../tests/shared/contribution.rs"]
mod contribution;
mod drive;
mod failure;
mod figures;
mod growth;
mod lookups;
mod peer;
mod plot;
mod report;
mod rounds;
#[path = "../../tests/postgres/server.rs"]
mod server;
mod store;
mod yardstick;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tokio::runtime::Runtime;

use crate::failure::Failure;
use crate::growth::Growth;
use crate::lookups::Lookups;
use crate::report::Report;
use crate::rounds::Rounds;
use crate::server::Server;

/// Measures the ledger.
#[derive(Parser)]
#[command(name = "kolo-store-bench")]
struct Cli {
    /// The program that drives the other ledger; without it that part is left out.
    #[arg(long)]
    peer: Option<PathBuf>,
    /// How many rounds, of which the median counts.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Accounts among which balances are looked up.
    #[arg(long, default_value_t = 1_000_000)]
    accounts: u64,
    /// Only what a commit costs as the journal grows up to so many entries.
    #[arg(long)]
    growth: Option<u64>,
    /// Where the plot of the growth is written.
    #[arg(long, default_value = "growth.svg")]
    plot: PathBuf,
    /// JSON instead of tables.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<(), Failure> {
    let runtime = Runtime::new().map_err(Failure::Io)?;
    let server = Server::start().map_err(Failure::Io)?;
    let time = Duration::from_secs(cli.seconds);
    if let Some(entries) = cli.growth {
        let growth = Growth::measure(&runtime, &server, entries, cli.rounds, time)?;
        plot::draw(&growth, &cli.plot)?;
        return print(cli.json, &growth.to_json(), || growth.print());
    }
    let rounds = Rounds::measure(&runtime, &server, cli.peer.as_deref(), cli.rounds, time)?;
    let lookups = Lookups::measure(&runtime, &server, cli.accounts, cli.rounds, time)?;
    let report = Report { rounds, lookups };
    print(cli.json, &report.to_json(), || report.print())
}

fn print(json: bool, value: &serde_json::Value, tables: impl FnOnce()) -> Result<(), Failure> {
    if json {
        println!("{}", serde_json::to_string_pretty(value)?);
    } else {
        tables();
    }
    Ok(())
}
