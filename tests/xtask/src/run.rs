//! Running other programs, and how long it took.
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

/// Why a task failed; the text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A program failed; its own output says why.
    #[error("`{0}` failed")]
    Command(String),
    /// A program could not be started.
    #[error("`{program}` could not be started ({source}): install it")]
    Start {
        /// Which.
        program: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Something is not as it must be.
    #[error("{0}")]
    Wrong(String),
}

/// The repository.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Where the workspace is built.
pub fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// What a built program's file is called here.
pub fn program(name: &str) -> String {
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}

/// The cargo that runs us.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Makes tests draw the same cases in every run, so that a red run is about the change and not about
/// luck; `long` draws new ones, and far more where a test knows how.
pub fn draw_cases(tests: &mut Command, long: bool) {
    if long {
        tests.env("KOLO_TEST_LONG", "1");
    } else if std::env::var_os(SEED).is_none() {
        tests.env(SEED, "20");
    }
}

/// The variable from which property tests take their seed.
const SEED: &str = "PROPTEST_RNG_SEED";

/// Runs it with its output shown.
pub fn run(command: &mut Command) -> Result<(), Failure> {
    let status = status(command)?;
    if status.success() { Ok(()) } else { Err(Failure::Command(show(command))) }
}

/// Runs it with its output shown, and returns how it ended.
pub fn status(command: &mut Command) -> Result<ExitStatus, Failure> {
    let shown = show(command);
    eprintln!("xtask: {shown}");
    command.status().map_err(|source| Failure::Start { program: shown, source })
}

/// Runs it and returns what it printed.
pub fn output(command: &mut Command) -> Result<Vec<u8>, Failure> {
    let shown = show(command);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| Failure::Start { program: shown.clone(), source })?;
    if output.status.success() { Ok(output.stdout) } else { Err(Failure::Command(shown)) }
}

/// Whether a program can be started.
pub fn is_there(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Times the parts of a task.
#[derive(Default)]
pub struct Parts(Vec<(&'static str, u64)>);

impl Parts {
    /// Does one part.
    pub fn part(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        eprintln!("\nxtask: ── {name} ──");
        let began = Instant::now();
        let done = work();
        self.0.push((name, began.elapsed().as_secs()));
        if done.is_err() {
            self.print();
        }
        done
    }

    /// Prints the minutes of each part.
    pub fn print(&self) {
        eprintln!("\nxtask: minutes and seconds");
        for (name, seconds) in &self.0 {
            eprintln!("{:>4}:{:02}  {name}", seconds / 60, seconds % 60);
        }
    }
}

fn show(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|arg| arg.to_string_lossy().into_owned()));
    words.join(" ")
}
