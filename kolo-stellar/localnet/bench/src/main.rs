//! How fast the embedded network is, beside what it could be at most.
//!
//! `cargo xtask bench localnet` builds what is needed and runs this. The rules of measuring:
//!
//! - library calls on a network in memory, with mainnet's limits and instant close: every transaction
//!   is signed, checked, applied and recorded in a ledger of its own before the next is sent;
//! - on one core, where the system lets us choose, by the time that it works for us;
//! - payments beside bare checks of as many signatures; calls beside the contract host alone, which gets the
//!   same bytes and is asked for nothing but the result and, as by the network, for diagnostic events: no
//!   envelope, no signature, no fee, no record. Without those events it is shown, too;
//! - the host alone is `invoke_host_function`, which the network calls as well: it reads the XDR of function,
//!   resources, authorisations and entries, and writes that of the result, the changes and the events. What
//!   it is given was written beforehand, and what it answers is dropped unread; contracts are parsed before;
//! - in rounds, of which the fastest counts, for each figure by itself: what else the machine does is
//!   not measured.
#![allow(unreachable_pub, reason = "a program of several files")]

mod bare;
mod circle;
mod failure;
mod rate;
mod ready;
mod report;
mod speed;
mod world;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use crate::circle::Wasm;
use crate::failure::Failure;
use crate::ready::Ready;
use crate::report::Report;
use crate::speed::Speed;

/// Measures the embedded network.
#[derive(Parser)]
#[command(name = "kolo-localnet-bench")]
struct Cli {
    /// The program whose readiness is measured.
    #[arg(long)]
    program: PathBuf,
    /// The folder of the contracts' wasm.
    #[arg(long)]
    wasm: PathBuf,
    /// How many rounds.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
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
    let code = |name: &str| read(&cli.wasm.join(name));
    let wasm = Wasm {
        circle: code("circle.wasm")?,
        rulebook: code("rulebook.wasm")?,
        factory: code("factory.wasm")?,
    };
    let pinned = pin();
    let ready = Ready::measure(&cli.program)?;
    let report = Report { pinned, ready, speed: Speed::measure(&wasm, cli.rounds)? };
    if cli.json {
        println!("{}", report.to_json()?);
    } else {
        report.print();
    }
    Ok(())
}

/// Keeps this process and what it starts on the first core it may use; whether that was possible.
#[cfg(target_os = "linux")]
fn pin() -> bool {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
    let Ok(allowed) = sched_getaffinity(None) else { return false };
    let Some(first) = (0..CpuSet::MAX_CPU).find(|cpu| allowed.is_set(*cpu)) else { return false };
    let mut one = CpuSet::new();
    one.set(first);
    sched_setaffinity(None, &one).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn pin() -> bool {
    false
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|source| Failure::File { path: path.to_owned(), source })
}
