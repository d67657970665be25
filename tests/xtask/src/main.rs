//! `cargo xtask …`: what the project does to itself.
mod arrows;
mod bench;
mod contracts;
mod javascript;
mod mutants;
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
    /// Write `docs/errors.md` from the errors' codes (the tests compare it).
    Errors,
    /// Measure.
    Bench {
        /// What.
        #[command(subcommand)]
        target: bench::Target,
    },
    /// Change one thing of the engine at a time, and see whether a test notices. Takes an hour or two.
    Mutants {
        /// What cargo-mutants is told too: `-- --file debts.rs`, `-- --shard 1/8`, `-- --iterate`.
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Check which crate may know which (part of `test`).
    Arrows,
    /// Drive the embedded network with the official JavaScript SDK (part of `test`).
    Javascript,
}

fn errors() -> Result<(), run::Failure> {
    let mut test = run::cargo();
    test.env("KOLO_WRITE_DOCS", "1");
    test.args(["test", "--locked", "--quiet", "-p", "kolo-tests", "--test", "docs"]);
    run::run(test.args(["--", "the_page_is_what_the_code_says"]))
}

fn main() -> ExitCode {
    let done = match Cli::parse().task {
        Task::Test { long } => test::test(long),
        Task::Contracts => contracts::replace(),
        Task::Errors => errors(),
        Task::Bench { target } => bench::run_target(&target),
        Task::Mutants { arguments } => mutants::run(&arguments),
        Task::Arrows => arrows::check(),
        Task::Javascript => javascript::story(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}
