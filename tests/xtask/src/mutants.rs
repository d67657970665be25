//! `cargo xtask mutants`: is there a test for every line of the engine? cargo-mutants changes one thing
//! at a time and runs the tests; a change that no test notices (a mutant that is missed) is a gap.
//!
//! In two passes, since random histories take a minute where the tables take a second: all mutants
//! against the quick tests, then those that were missed against all tests.
use std::path::PathBuf;

use crate::run::{Failure, cargo, output, root, status};
use crate::setup;

/// Whose mutants, tested by its own tests.
const PACKAGE: &str = "kolo-rules";

/// Tests that take many times longer than all others, and nearly never notice what no other does.
const SLOW: [&str; 2] = ["random_histories_reach_every", "large_circles_come_to_an_end"];

/// Random histories per test in the first pass; the second takes as many as the tests say.
const QUICK_CASES: &str = "8";

/// cargo-mutants went to its end: all caught, some missed, or some never ended.
const ENDED: [i32; 3] = [0, 2, 3];

/// Tests the mutants. `arguments` go to the first pass as they are: `--file`, `--shard 1/8`, `--iterate`.
pub fn run(arguments: &[String]) -> Result<(), Failure> {
    setup::mutants()?;
    let quick = Pass { name: "quick", thorough: false };
    quick.test(arguments)?;
    let again = quick.lines("missed")?;
    let thorough = Pass { name: "thorough", thorough: true };
    if !again.is_empty() {
        thorough.leave_out_all_but(&again)?;
        thorough.test(&["--iterate".to_owned()])?;
    }
    summarise(&quick, (!again.is_empty()).then_some(&thorough))
}

/// One run over some mutants, in a folder of its own.
struct Pass {
    name: &'static str,
    thorough: bool,
}

impl Pass {
    fn test(&self, arguments: &[String]) -> Result<(), Failure> {
        let path = self.folder();
        let mut command = cargo();
        command.args(["mutants", "--package", PACKAGE, "--no-times", "--output"]).arg(&path);
        command.args(arguments);
        std::fs::create_dir_all(&path).map_err(|source| Failure::File { path, source })?;
        // The same histories for all; and for a mutant it is enough that one fails.
        command.env("PROPTEST_RNG_SEED", "1").env("PROPTEST_MAX_SHRINK_ITERS", "0");
        command.env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1");
        // Nobody reads why they fail.
        command.env("RUST_BACKTRACE", "0");
        // It tests in a copy, which builds in a folder of its own.
        command.env_remove("CARGO_TARGET_DIR");
        if !self.thorough {
            command.env("PROPTEST_CASES", QUICK_CASES).args(["--", "--tests", "--"]);
            command.args(SLOW.iter().flat_map(|name| ["--skip", name]));
        }
        let ended = status(&mut command)?;
        if ended.code().is_some_and(|code| ENDED.contains(&code)) {
            return Ok(());
        }
        Err(Failure::Wrong(format!("cargo-mutants ended with {ended}: its own output says why")))
    }

    /// As if all others had been caught before: `--iterate` tests the rest. (`--re` would do, but for
    /// mutants that delete a field, which it does not choose from.)
    fn leave_out_all_but(&self, names: &[String]) -> Result<(), Failure> {
        let all = output(cargo().args(["mutants", "--package", PACKAGE, "--list"]))?;
        let all = String::from_utf8_lossy(&all);
        let others = all.lines().filter(|name| !names.iter().any(|again| again == name));
        let text: String = others.flat_map(|name| [name, "\n"]).collect();
        let path = self.file("previously_caught");
        let written = path.parent().map_or(Ok(()), |folder| {
            // What an earlier run caught is asked again.
            if folder.exists() {
                std::fs::remove_dir_all(folder)?;
            }
            std::fs::create_dir_all(folder)?;
            std::fs::write(&path, text)
        });
        written.map_err(|source| Failure::File { path, source })
    }

    fn folder(&self) -> PathBuf {
        root().join("target/mutants").join(self.name)
    }

    /// Where the mutants of which this became are named, one a line.
    fn file(&self, outcome: &str) -> PathBuf {
        self.folder().join("mutants.out").join(outcome).with_extension("txt")
    }

    fn lines(&self, outcome: &str) -> Result<Vec<String>, Failure> {
        let path = self.file(outcome);
        let text =
            std::fs::read_to_string(&path).map_err(|source| Failure::File { path, source })?;
        Ok(text.lines().map(str::to_owned).collect())
    }
}

fn summarise(quick: &Pass, thorough: Option<&Pass>) -> Result<(), Failure> {
    let mut missed = quick.lines("missed")?;
    let caught = quick.lines("caught")?.len();
    let mut timeouts = quick.lines("timeout")?;
    let unviable = quick.lines("unviable")?.len();
    let mut caught_late = 0;
    if let Some(pass) = thorough {
        missed = pass.lines("missed")?;
        caught_late = pass.lines("caught")?.len();
        timeouts.extend(pass.lines("timeout")?);
    }
    println!("\nmutants of {PACKAGE}");
    let all = caught + caught_late + missed.len() + timeouts.len() + unviable;
    for (outcome, number) in [
        ("tested", all),
        ("caught by the quick tests", caught),
        ("caught by all tests", caught_late),
        ("never ended", timeouts.len()),
        ("did not compile", unviable),
        ("missed", missed.len()),
    ] {
        println!("{number:>6}  {outcome}");
    }
    for name in &missed {
        println!("missed: {name}");
    }
    if missed.is_empty() {
        return Ok(());
    }
    let what = "a missed mutant wants a test, or less code; one that changes nothing that can be seen is \
                named with its reason in .cargo/mutants.toml";
    Err(Failure::Wrong(what.to_owned()))
}
