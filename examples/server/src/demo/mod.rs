//! `kolo-server demo`: a whole rotation through the very path real messages take, on virtual time.
//!
//! Inbound message → conversation → core → ledger → signed envelope → Soroban host → event → ledger →
//! reply. It ends with a table, and with success only if books and chain agree to the stroop and
//! everyone had exactly one payout.
mod people;
mod player;
mod report;
mod story;

use std::process::ExitCode;
use std::sync::Arc;

use kolo_core::{Caps, Timestamp};
use kolo_store::MasterKey;

use crate::clock::{MovableClock, SystemEntropy};
use crate::config::MAX_RENT;
use crate::stack::{Plan, Stack, StackError};
use player::Player;
pub use player::spell;
pub use report::Report;

/// Monday, 5 January 2026, 09:00 UTC: where virtual time begins.
const START: u64 = 1_767_603_600;

/// What to play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemoOptions {
    /// 2..=20.
    pub members: u8,
    /// Varies people, amounts and intervals (keys and codes are new every time).
    pub seed: u64,
    /// JSON instead of a transcript.
    pub json: bool,
}

/// Why the story could not be told to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// The stack did not start.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// A temporary folder.
    #[error("no temporary folder: {0}")]
    Folder(#[from] std::io::Error),
    /// The core.
    #[error(transparent)]
    Core(#[from] kolo_core::Error),
    /// The embedded network.
    #[error(transparent)]
    Network(#[from] kolo_localnet::NetworkError),
    /// The chat.
    #[error(transparent)]
    Chat(#[from] crate::chat::ChatError),
    /// Something expected was not said.
    #[error("{who} was expected to read {what:?}, the last message was: {last:?}")]
    NotSaid {
        /// On whose phone.
        who: String,
        /// What was looked for.
        what: &'static str,
        /// What is there.
        last: String,
    },
    /// The circle did not get where it should be.
    #[error("the circle {0}")]
    Stuck(&'static str),
    /// No randomness for the throw-away key.
    #[error("the system has no randomness")]
    Randomness,
}

/// Plays and prints; the exit code says whether everything agrees.
pub async fn run(options: &DemoOptions) -> ExitCode {
    match play(options).await {
        Ok(report) => {
            if options.json {
                println!("{}", report.json());
            } else {
                println!("{}", report.table());
            }
            if report.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("the demo could not be played to its end: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Plays the story in a temporary folder and returns what came of it.
///
/// # Errors
/// [`DemoError`].
pub async fn play(options: &DemoOptions) -> Result<Report, DemoError> {
    let folder = tempfile::tempdir()?;
    let mut key = [0u8; 32];
    getrandom::fill(&mut key).map_err(|_| DemoError::Randomness)?;
    let plan = Plan {
        data: folder.path().to_owned(),
        database: folder.path().join("kolo.sqlite"),
        master_key: MasterKey::from_bytes(key),
        clock: Arc::new(MovableClock::still(Timestamp::from_unix(START))),
        entropy: Arc::new(SystemEntropy),
        caps: Caps::default(),
        // One circle: nothing to send side by side.
        channels: 0,
        max_rent: MAX_RENT,
    };
    let stack = Stack::start(plan, &|step| eprintln!("· {step}")).await?;
    let cast = people::cast(options.members, options.seed);
    let mut player = Player::new(&stack, !options.json);
    let circle = story::tell(&mut player, &cast).await?;
    report::settle_accounts(&stack, &cast, circle, player.said(), player.turn_ms()).await
}
