//! `cargo xtask bench …`: figures, each beside one it is compared with.
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Args, Subcommand};

use crate::contracts::committed_file;
use crate::run::{Failure, cargo, program, root, run, target_dir};
use crate::setup;

/// What is measured.
#[derive(Subcommand)]
pub enum Target {
    /// What each call of the committed contracts costs on the network, beside the least any contract
    /// could cost. Takes a minute or two.
    Contracts(Contracts),
    /// How soon the embedded network is ready, and how many payments and calls it takes a second, beside
    /// raw signature checks and the contract host alone. Takes a minute, once it is built.
    Localnet(Localnet),
    /// How many whole contributions the ledger commits a second on PostgreSQL and on SQLite, beside pgbench
    /// and cala-ledger on the same server. Takes some ten minutes, once it is built.
    Store(Store),
}

/// How the contracts are measured.
#[derive(Args)]
pub struct Contracts {
    /// JSON on stdout instead of tables.
    #[arg(long, conflicts_with = "trace")]
    json: bool,
    /// Also where the instructions of contributions and payouts go.
    #[arg(long)]
    trace: bool,
    /// Members of the circles, 3 to 64.
    #[arg(long, default_value = "3,12,20,64")]
    members: String,
    /// Another circle's wasm than the committed one.
    #[arg(long)]
    circle: Option<PathBuf>,
}

/// How the embedded network is measured.
#[derive(Args)]
pub struct Localnet {
    /// JSON on stdout instead of tables.
    #[arg(long)]
    json: bool,
    /// How many rounds, of which the fastest counts.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

/// How the ledger is measured.
#[derive(Args)]
pub struct Store {
    /// JSON on stdout instead of tables.
    #[arg(long)]
    json: bool,
    /// How many rounds, of which the median counts.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// Whether everything works, in a minute: one round, one second each, 20,000 accounts, growth up to
    /// 100,000 entries. No figure of it means anything.
    #[arg(long, conflicts_with_all = ["rounds", "seconds"])]
    quick: bool,
    /// Without cala-ledger, which has 300 crates of its own to build.
    #[arg(long)]
    without_peer: bool,
    /// Only what a commit costs as the journal grows from ten thousand entries to so many, tenfold at each
    /// step; ten million take an hour or two and some ten gigabytes.
    #[arg(long, value_name = "ENTRIES", num_args = 0..=1, default_missing_value = "10000000")]
    growth: Option<u64>,
    /// Where the growth is drawn.
    #[arg(long, default_value = "growth.svg", requires = "growth")]
    plot: PathBuf,
}

/// Measures.
pub fn run_target(target: &Target) -> Result<(), Failure> {
    match target {
        Target::Contracts(contracts) => measure_contracts(contracts),
        Target::Localnet(localnet) => measure_localnet(localnet),
        Target::Store(store) => measure_store(store),
    }
}

fn measure_contracts(options: &Contracts) -> Result<(), Failure> {
    setup::wasm_target()?;
    // The floor of the targets owes nothing to our compiler flags; a second one is built with them.
    let target = contracts_target();
    let (plain, alike) = (target.join("floor"), target.clone());
    build_floor(&plain, true)?;
    build_floor(&alike, false)?;

    let circle = options.circle.clone().unwrap_or_else(|| committed_file("circle.wasm"));
    let mut command = cargo();
    command
        .current_dir(root().join("contracts"))
        .args(["run", "--locked", "--release", "--quiet", "--package", "kolo-contract-bench"])
        .arg("--target-dir")
        .arg(&target)
        .arg("--")
        .arg("--circle")
        .arg(std::path::absolute(&circle).unwrap_or(circle))
        .arg("--rulebook")
        .arg(committed_file("rulebook.wasm"))
        .arg("--factory")
        .arg(committed_file("factory.wasm"))
        .arg("--floor")
        .arg(floor_file(&plain))
        .arg("--floor-alike")
        .arg(floor_file(&alike))
        .args(["--members", &options.members]);
    if options.json {
        command.arg("--json");
    }
    if options.trace {
        command.arg("--trace");
    }
    run(&mut command)
}

fn measure_localnet(options: &Localnet) -> Result<(), Failure> {
    let build = ["build", "--locked", "--release", "--quiet"];
    run(cargo().args(build).args(["-p", "kolo-localnet", "-p", "kolo-localnet-bench"]))?;
    let built = target_dir().join("release");
    let mut command = Command::new(built.join(program("kolo-localnet-bench")));
    command
        .arg("--program")
        .arg(built.join(program("kolo-localnet")))
        .arg("--wasm")
        .arg(root().join("kolo-stellar/wasm"))
        .args(["--rounds", &options.rounds.to_string()]);
    if options.json {
        command.arg("--json");
    }
    run(&mut command)
}

fn measure_store(options: &Store) -> Result<(), Failure> {
    setup::postgres()?;
    let build = ["build", "--locked", "--release", "--quiet"];
    run(cargo().args(build).args(["-p", "kolo-store-bench"]))?;
    let built = target_dir().join("release");
    let mut command = Command::new(built.join(program("kolo-store-bench")));
    if options.quick {
        command.args(["--rounds", "1", "--seconds", "1", "--accounts", "20000"]);
    } else {
        command
            .args(["--rounds", &options.rounds.to_string()])
            .args(["--seconds", &options.seconds.to_string()]);
    }
    if options.json {
        command.arg("--json");
    }
    if let Some(entries) = options.growth {
        let entries = if options.quick { entries.min(100_000) } else { entries };
        command.args(["--growth", &entries.to_string()]).arg("--plot").arg(&options.plot);
    } else if !options.without_peer {
        // Its dependencies cannot be locked beside ours: a workspace of its own.
        let manifest = root().join("kolo-store/bench/cala/Cargo.toml");
        run(cargo()
            .args(build)
            .arg("--manifest-path")
            .arg(manifest)
            .arg("--target-dir")
            .arg(target_dir()))?;
        command.arg("--peer").arg(built.join(program("kolo-store-bench-cala")));
    }
    run(&mut command)
}

fn build_floor(target: &Path, plain: bool) -> Result<(), Failure> {
    let mut command = cargo();
    if plain {
        // Empty, but there: it takes the place of every configured flag.
        command.env("CARGO_ENCODED_RUSTFLAGS", "");
    }
    command
        .current_dir(root().join("contracts"))
        .args(["build", "--locked", "--release", "--quiet", "--package", "kolo-floor-wasm"])
        .args(["--target", WASM_TARGET, "--target-dir"])
        .arg(target);
    run(&mut command)
}

fn floor_file(target: &Path) -> PathBuf {
    target.join(WASM_TARGET).join("release/floor.wasm")
}

const WASM_TARGET: &str = "wasm32v1-none";

/// Where the contracts are built.
fn contracts_target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("contracts/target"), PathBuf::from)
}
