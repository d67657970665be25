//! `kolo-server simulate FILE`: what would happen if.

mod chain;

use std::path::Path;
use std::process::ExitCode;

pub use chain::{ChainStage, circle_ids};
use clap::ValueEnum;
use kolo_core::simulation::{CoreStage, PlayError, Report, Scenario, ScenarioError, play};

/// Where a scenario is played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum On {
    /// The rules' engine, at once.
    #[default]
    Core,
    /// The contracts, in a Stellar network in this process.
    Chain,
    /// Both, which must agree.
    Both,
}

/// Why a scenario was not played to its end as it should be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulateError {
    /// The file cannot be read.
    #[error("{file}: {source}; is the path right? Examples are in examples/scenarios")]
    File {
        /// Which file.
        file: String,
        /// Why not.
        source: std::io::Error,
    },
    /// The scenario cannot be read.
    #[error("{file}: {source}")]
    Scenario {
        /// Which file.
        file: String,
        /// Where, and what to write instead.
        source: ScenarioError,
    },
    /// The play ended before its end.
    #[error("{file}: {source}")]
    Play {
        /// Which file.
        file: String,
        /// Why.
        source: PlayError,
    },
    /// Engine and contract do not agree: a bug of Kolo's.
    #[error("{file}: core and chain differ: {difference}; please report this with the file")]
    Differ {
        /// Which file.
        file: String,
        /// Where first.
        difference: String,
    },
}

/// Runs the command: prints the report; fails when the scenario cannot be played, when something is not
/// as it expects, or when core and chain differ.
#[must_use]
pub fn run(file: &Path, on: On, json: bool) -> ExitCode {
    let report = match simulate(file, on) {
        Ok(report) => report,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    if json {
        match serde_json::to_string_pretty(&report) {
            Ok(text) => println!("{text}"),
            Err(error) => {
                eprintln!("the report cannot be written: {error}");
                return ExitCode::FAILURE;
            }
        }
    } else {
        print!("{report}");
    }
    if report.unmet.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Plays the scenario in a file. On both stages the report is that of the chain.
///
/// # Errors
/// [`SimulateError`].
pub fn simulate(file: &Path, on: On) -> Result<Report, SimulateError> {
    let name = || file.display().to_string();
    let text = std::fs::read_to_string(file)
        .map_err(|source| SimulateError::File { file: name(), source })?;
    let scenario = Scenario::from_toml(&text)
        .map_err(|source| SimulateError::Scenario { file: name(), source })?;
    let failed = |source| SimulateError::Play { file: name(), source };
    let on_core = || {
        let mut stage = CoreStage::with_ids(&scenario, &circle_ids(&scenario)?);
        play(&scenario, &mut stage)
    };
    let on_chain = || play(&scenario, &mut ChainStage::start(&scenario)?);
    match on {
        On::Core => on_core().map_err(failed),
        On::Chain => on_chain().map_err(failed),
        On::Both => {
            let (core, chain) = (on_core().map_err(failed)?, on_chain().map_err(failed)?);
            match core.difference(&chain) {
                Some(difference) => Err(SimulateError::Differ { file: name(), difference }),
                None => Ok(chain),
            }
        }
    }
}
