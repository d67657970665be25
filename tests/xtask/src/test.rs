//! `cargo xtask test`: everything a fresh clone needs to know that it works.
use crate::run::{Failure, Parts, cargo, draw_cases, is_there, run};
use crate::{arrows, contracts, javascript, setup};

/// Sets up, then tests. `long` adds what takes longer than a few minutes.
pub fn test(long: bool) -> Result<(), Failure> {
    let mut parts = Parts::default();
    parts.part("set up", || {
        setup::wasm_target()?;
        setup::browser()?;
        setup::postgres()?;
        setup::node()
    })?;
    parts.part("who may know whom", arrows::check)?;
    parts.part("contracts: committed wasm = built wasm", contracts::compare)?;
    parts.part("contracts: tests", || contracts::test(long))?;
    parts.part("every feature alone compiles", features)?;
    parts.part("tests", || tests(long))?;
    parts.part("the official JavaScript SDK", javascript::story)?;
    parts.part("doc tests", || {
        run(cargo().args(["test", "--locked", "--workspace", "--all-features", "--doc", "--quiet"]))
    })?;
    parts.print();
    Ok(())
}

fn tests(long: bool) -> Result<(), Failure> {
    let all = ["--locked", "--workspace", "--all-features"];
    let mut command = cargo();
    draw_cases(&mut command, long);
    if !is_there("cargo-nextest") {
        return run(command.args(["test", "--all-targets", "--no-fail-fast"]).args(all));
    }
    // A process per test, except where all tests of a binary share one database server.
    command.args(["nextest", "run", "--no-fail-fast", "-E", "not binary(postgres)"]).args(all);
    run(&mut command)?;
    let mut postgres = cargo();
    draw_cases(&mut postgres, long);
    run(postgres.args(["test", "--no-fail-fast", "--test", "postgres"]).args(all))
}

/// Features are for leaving things out: each subset must build, without a warning.
fn features() -> Result<(), Failure> {
    for (package, features) in [
        ("kolo-rules", &["--no-default-features"][..]),
        ("kolo-core", &["--no-default-features"]),
        ("kolo-core", &["--no-default-features", "--features", "testkit"]),
        ("kolo-store", &["--no-default-features"]),
        ("kolo-store", &["--no-default-features", "--features", "sqlite"]),
        ("kolo-store", &["--no-default-features", "--features", "postgres"]),
        ("kolo-stellar", &["--no-default-features"]),
    ] {
        let mut command = cargo();
        command.args(["clippy", "--locked", "--quiet", "--package", package]).args(features);
        run(command.args(["--", "-D", "warnings"]))?;
    }
    Ok(())
}
