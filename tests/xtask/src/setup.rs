//! What the tests need on this machine: found, or installed when that is possible without asking.
use std::process::{Command, Stdio};

use crate::run::{Failure, cargo, is_there, output, root, run};

/// The target the contracts are built for.
const WASM: &str = "wasm32v1-none";

/// The cargo-mutants whose output is understood.
const MUTANTS: &str = "^27";

/// The oldest Node.js that the official JavaScript SDK runs on (its `engines`).
const NODE: u32 = 20;

/// The wasm target of the toolchain in use: rustup does not add a missing one by itself.
pub fn wasm_target() -> Result<(), Failure> {
    let mut find = Command::new("rustc");
    find.current_dir(root()).args(["--print", "target-libdir", "--target", WASM]);
    let folder = String::from_utf8_lossy(&output(&mut find)?).trim().to_owned();
    if std::path::Path::new(&folder).is_dir() {
        return Ok(());
    }
    if !is_there("rustup") {
        let what = format!(
            "the Rust target {WASM} is missing and there is no rustup: install the target with your Rust"
        );
        return Err(Failure::Wrong(what));
    }
    run(Command::new("rustup").current_dir(root()).args(["target", "add", WASM]))
}

/// Chromium and its driver, for the test that clicks through the phone page.
pub fn browser() -> Result<(), Failure> {
    if is_there("chromium") && is_there("chromedriver") {
        return Ok(());
    }
    install("chromium and chromedriver", &["chromium", "chromium-driver"])
}

/// A PostgreSQL server's programs: the tests start one of their own.
pub fn postgres() -> Result<(), Failure> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found = debian.map(|version| version.path().join("bin/initdb"));
    let given = std::env::var_os("KOLO_POSTGRES_BIN").is_some();
    if given || is_there("initdb") || found.any(|initdb| initdb.exists()) {
        return Ok(());
    }
    install("a PostgreSQL server", &["postgresql"])
}

/// Node.js and npm, for the official JavaScript SDK.
pub fn node() -> Result<(), Failure> {
    if !is_there("node") || !is_there("npm") {
        install("Node.js and npm", &["nodejs", "npm"])?;
    }
    let version = output(Command::new("node").arg("--version"))?;
    let version = String::from_utf8_lossy(&version).trim().to_owned();
    let major = version.trim_start_matches('v').split('.').next().unwrap_or_default();
    if major.parse::<u32>().is_ok_and(|major| major >= NODE) {
        return Ok(());
    }
    Err(Failure::Wrong(format!(
        "Node.js {version} is too old for the Stellar SDK: install version {NODE} or later, your system's way"
    )))
}

/// cargo-mutants, for `cargo xtask mutants`: built from the registry where it is missing.
pub fn mutants() -> Result<(), Failure> {
    let mut find = cargo();
    find.args(["mutants", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    if find.status().is_ok_and(|status| status.success()) {
        return Ok(());
    }
    run(cargo().args(["install", "--locked", "cargo-mutants", "--version", MUTANTS]))
}

/// Debian packages, when we may install them.
fn install(what: &str, packages: &[&str]) -> Result<(), Failure> {
    let by_hand = format!("apt-get install --yes {}", packages.join(" "));
    let may = is_there("apt-get") && is_root();
    if !may {
        return Err(Failure::Wrong(format!(
            "{what} not found: install with `{by_hand}` as root, or your system's way"
        )));
    }
    eprintln!("xtask: installing {what}: {by_hand}");
    run(Command::new("apt-get").args(["update", "--quiet", "--quiet"]))?;
    let mut apt = Command::new("apt-get");
    apt.env("DEBIAN_FRONTEND", "noninteractive");
    run(apt.args(["install", "--yes", "--quiet", "--no-install-recommends"]).args(packages))
}

fn is_root() -> bool {
    let id = output(Command::new("id").arg("-u"));
    id.is_ok_and(|text| String::from_utf8_lossy(&text).trim() == "0")
}
