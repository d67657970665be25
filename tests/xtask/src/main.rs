//! `cargo xtask …`: what the project does to itself.
mod arrows;
mod bench;
mod contracts;
mod run;
mod setup;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Kolo's own tasks.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Set up what the tests need, then run all of them.
    Test {
        /// Also what takes longer than a few minutes.
        #[arg(long)]
        long: bool,
    },
    /// Build the contracts and replace the committed wasm.
    Contracts,
    /// Measure.
    Bench {
        /// What.
        #[command(subcommand)]
        target: bench::Target,
    },
    /// Check which crate may know which (part of `test`).
    Arrows,
}

fn main() -> ExitCode {
    let done = match Cli::parse().task {
        Task::Test { long } => test::test(long),
        Task::Contracts => contracts::replace(),
        Task::Bench { target } => bench::run_target(&target),
        Task::Arrows => arrows::check(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}
