//! What a call of the built contracts costs on the network, beside the least any contract could cost.
//!
//! `cargo xtask bench contracts` builds what is needed and runs this. The rules of measuring:
//!
//! - the built wasm, in the host the network runs, called as the network calls it: entries as bytes,
//!   modules parsed before and kept, a budget of the network's own prices;
//! - members are classic accounts with trustlines who source their own transactions: no signature is
//!   verified inside the call;
//! - every measured call finds a copy of the same ledger; nothing of one measurement is left for the
//!   next;
//! - beside it the floor, a contract that does nothing but `require_auth` (paying in), one transfer
//!   and one persistent write, with the same credentials and lifetimes.
#![allow(unreachable_pub, reason = "a program of several files")]

mod cycle;
mod entries;
mod failure;
mod floor;
mod group;
mod ledger;
mod network;
mod ratio;
mod report;
mod target;
mod trace;
mod world;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, value_parser};

use crate::{
    failure::Failure,
    group::Wasm,
    report::{Report, Size},
};

/// Measures the contracts.
#[derive(Parser)]
#[command(name = "kolo-contract-bench")]
struct Cli {
    /// The circle's wasm.
    #[arg(long)]
    circle: PathBuf,
    /// The rulebook's wasm.
    #[arg(long)]
    rulebook: PathBuf,
    /// The factory's wasm.
    #[arg(long)]
    factory: PathBuf,
    /// The floor's wasm, built with the compiler's defaults.
    #[arg(long)]
    floor: PathBuf,
    /// The floor's wasm, built like the circle's.
    #[arg(long)]
    floor_alike: PathBuf,
    /// Members of the circles.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "3,12,20,64",
        value_parser = value_parser!(u8).range(3..=64)
    )]
    members: Vec<u8>,
    /// JSON instead of tables.
    #[arg(long, conflicts_with = "trace")]
    json: bool,
    /// Also where the instructions of contributions and payouts go.
    #[arg(long)]
    trace: bool,
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
    let (circle, rulebook) = (read(&cli.circle)?, read(&cli.rulebook)?);
    let wasm = Wasm { circle, rulebook, factory: read(&cli.factory)? };
    let mut sizes = vec![];
    for members in cli.members.iter().copied() {
        let rows = entries::measure(&wasm, members)?;
        sizes.push(Size { members, rows, cycle: cycle::play(&wasm, members)? });
    }
    let report = Report {
        circle_bytes: wasm.circle.len(),
        rulebook_bytes: wasm.rulebook.len(),
        factory_bytes: wasm.factory.len(),
        floor: floor::measure(&read(&cli.floor)?)?,
        floor_alike: floor::measure(&read(&cli.floor_alike)?)?,
        sizes,
    };
    if cli.json {
        println!("{}", report.to_json()?);
        return Ok(());
    }
    report.print();
    if cli.trace {
        report.print_traces();
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|source| Failure::File { path: path.to_owned(), source })
}
