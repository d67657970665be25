//! `cargo xtask bench …`: figures, each beside one it is compared with.
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::contracts::committed_file;
use crate::run::{Failure, cargo, root, run};
use crate::setup;

/// What is measured.
#[derive(Subcommand)]
pub enum Target {
    /// What each call of the committed contracts costs on the network, beside the least any contract
    /// could cost. Takes a minute or two.
    Contracts(Contracts),
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

/// Measures.
pub fn run_target(target: &Target) -> Result<(), Failure> {
    match target {
        Target::Contracts(contracts) => measure_contracts(contracts),
    }
}

fn measure_contracts(options: &Contracts) -> Result<(), Failure> {
    setup::wasm_target()?;
    // The floor of the targets owes nothing to our compiler flags; a second one is built with them.
    let target = target_dir();
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
fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("contracts/target"), PathBuf::from)
}
