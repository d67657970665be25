//! The contracts' wasm: built here, committed beside the client that embeds it.
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::run::{Failure, cargo, draw_cases, root, run};
use crate::setup;

/// Named alike where they are built and where they are committed.
const WASM: [&str; 3] = ["circle.wasm", "rulebook.wasm", "factory.wasm"];

/// The hash by which the circle knows its rulebook, in hexadecimal digits.
const RULEBOOK_HASH: &str = "contracts/circle/rulebook.sha256";

/// Builds and replaces the committed files.
pub fn replace() -> Result<(), Failure> {
    let rulebook = build_rulebook()?;
    write(root().join(RULEBOOK_HASH), rulebook.as_bytes())?;
    build_others()?;
    let mut sums = String::new();
    for name in WASM {
        let bytes = read(built_file(name))?;
        sums.push_str(&format!("{}  {name}\n", hash(&bytes)));
        write(committed_file(name), &bytes)?;
    }
    write(committed_file("SHA256SUMS"), sums.as_bytes())
}

/// Builds and compares with the committed files, byte for byte.
pub fn compare() -> Result<(), Failure> {
    let rulebook = build_rulebook()?;
    let known = read(root().join(RULEBOOK_HASH))?;
    if known != rulebook.as_bytes() {
        let what = format!(
            "{RULEBOOK_HASH} is not the hash of what contracts/rulebook builds ({rulebook}): run `cargo xtask contracts` and commit"
        );
        return Err(Failure::Wrong(what));
    }
    build_others()?;
    for name in WASM {
        let (new, old) = (read(built_file(name))?, read(committed_file(name))?);
        if new != old {
            let what = format!(
                "{name} is not what contracts/ builds ({} committed, {} built): run `cargo xtask contracts` and commit",
                hash(&old),
                hash(&new)
            );
            return Err(Failure::Wrong(what));
        }
        eprintln!("xtask: {name} {} bytes, sha256 {}", new.len(), hash(&new));
    }
    Ok(())
}

/// The contracts' own tests, in the Soroban host.
pub fn test(long: bool) -> Result<(), Failure> {
    let mut command = cargo();
    command.current_dir(root().join("contracts")).args([
        "test",
        "--locked",
        "--workspace",
        "--quiet",
    ]);
    draw_cases(&mut command, long);
    run(&mut command)
}

/// Builds the rulebook; its hash. The circle's code has that hash in it, and so comes after.
fn build_rulebook() -> Result<String, Failure> {
    setup::wasm_target()?;
    build(&["kolo-rulebook-wasm"])?;
    Ok(hash(&read(built_file("rulebook.wasm"))?))
}

fn build_others() -> Result<(), Failure> {
    build(&["kolo-circle-wasm", "kolo-factory-wasm"])
}

fn build(packages: &[&str]) -> Result<(), Failure> {
    let mut command = cargo();
    command.current_dir(root().join("contracts")).env_remove("CARGO_TARGET_DIR").args([
        "build",
        "--locked",
        "--release",
        "--target",
        "wasm32v1-none",
    ]);
    for package in packages {
        command.args(["--package", package]);
    }
    run(&mut command)
}

fn built_file(name: &str) -> PathBuf {
    root().join("contracts/target/wasm32v1-none/release").join(name)
}

/// Where a file of the wasm is committed.
pub fn committed_file(name: &str) -> PathBuf {
    root().join("kolo-stellar/wasm").join(name)
}

fn hash(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

fn read(path: PathBuf) -> Result<Vec<u8>, Failure> {
    std::fs::read(&path).map_err(|source| Failure::File { path, source })
}

fn write(path: PathBuf, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(&path, bytes).map_err(|source| Failure::File { path, source })
}
