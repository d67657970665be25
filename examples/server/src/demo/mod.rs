//! `kolo-server demo`: a whole rotation through the very path real messages take, on virtual time; or in
//! real time on any network that speaks Stellar RPC.
//!
//! Inbound message → conversation → core → ledger → signed envelope → Soroban host → event → ledger →
//! reply. It ends with a table, and with success only if books and chain agree to the stroop and
//! everyone had exactly one payout.
mod people;
mod player;
mod report;
mod story;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use kolo_core::{Caps, Settings, Timestamp};
use kolo_stellar::setup::Funder;
use kolo_stellar::{Failover, HttpTransportError, Rpc};
use kolo_store::MasterKey;

use crate::clock::{MovableClock, SystemEntropy};
use crate::config::{ConfigError, MAX_RENT};
use crate::database::Database;
use crate::stack::{NetworkPlan, Plan, Stack, StackError, settings};
pub use player::spell;
use player::{Pace, Player};
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
    /// A variable that names the database.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A temporary folder.
    #[error("no temporary folder: {0}")]
    Folder(#[from] std::io::Error),
    /// The core.
    #[error(transparent)]
    Core(#[from] kolo_core::Error),
    /// The address of a node.
    #[error(transparent)]
    Node(#[from] HttpTransportError),
    /// The chat.
    #[error(transparent)]
    Chat(#[from] crate::chat::ChatError),
    /// The circle did not get where it should be.
    #[error("the circle {0}")]
    Stuck(&'static str),
    /// No randomness for the throw-away key.
    #[error("the system has no randomness")]
    Randomness,
}

/// Where the story is played.
pub enum Place {
    /// On an embedded network, on virtual time.
    Embedded,
    /// On a test network elsewhere, in real time.
    Elsewhere(Elsewhere),
}

/// A test network elsewhere.
pub struct Elsewhere {
    /// Addresses of its nodes: the first that is well is asked.
    pub rpc: Vec<String>,
    /// Which network is meant.
    pub passphrase: String,
    /// Between two contributions, seconds.
    pub interval_s: u32,
    /// Who pays.
    pub funder: Box<Funder>,
}

/// Plays and prints; the exit code says whether everything agrees.
pub async fn run(options: &DemoOptions, place: Place) -> ExitCode {
    match play(options, place).await {
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

/// A database for one story: a file in its folder, or in the PostgreSQL database that the environment
/// names a schema of its own, which stays to be looked at.
fn stage(folder: &Path) -> Result<Database, DemoError> {
    let mut database = Database::from_env(|name| std::env::var(name).ok(), folder)?;
    match &mut database {
        Database::Sqlite(file) => *file = folder.join("kolo.sqlite"),
        Database::Postgres { options, .. } => {
            let mut number = [0u8; 4];
            getrandom::fill(&mut number).map_err(|_| DemoError::Randomness)?;
            let schema = format!("kolo_demo_{:08x}", u32::from_be_bytes(number));
            eprintln!("· this story's tables are in the schema {schema} and stay there");
            *options = options.clone().schema(&schema).migrating(true);
        }
    }
    Ok(database)
}

/// Plays the story in a temporary folder and returns what came of it.
///
/// # Errors
/// [`DemoError`].
pub async fn play(options: &DemoOptions, place: Place) -> Result<Report, DemoError> {
    let folder = tempfile::tempdir()?;
    let mut key = [0u8; 32];
    getrandom::fill(&mut key).map_err(|_| DemoError::Randomness)?;
    let mut cast = people::cast(options.members, options.seed);
    // One circle: nothing to send side by side.
    let usual = settings(Caps::default(), 0);
    let (pace, clock, settings, network) = match place {
        Place::Embedded => {
            let clock = MovableClock::still(Timestamp::from_unix(START));
            (Pace::Moved, clock, usual, NetworkPlan::Embedded)
        }
        Place::Elsewhere(Elsewhere { rpc, passphrase, interval_s, funder }) => {
            // What is a day elsewhere takes an interval here.
            cast.every = "daily";
            let settings = Settings { day_s: interval_s, ..usual };
            let rpc = Rpc::new(Failover::of_urls(passphrase.clone(), &rpc)?);
            let network = NetworkPlan::Elsewhere { rpc, passphrase, funder };
            (Pace::Real, MovableClock::running(0), settings, network)
        }
    };
    let plan = Plan {
        data: folder.path().to_owned(),
        database: stage(folder.path())?,
        master_key: MasterKey::from_bytes(key),
        clock: Arc::new(clock),
        entropy: Arc::new(SystemEntropy),
        settings,
        max_rent: MAX_RENT,
        network,
    };
    let stack = Stack::start(plan, &|step| eprintln!("· {step}")).await?;
    let mut player = Player::new(&stack, pace, !options.json);
    let circle = story::tell(&mut player, &cast).await?;
    report::settle_accounts(&stack, &cast, circle, player.said(), player.turn_ms()).await
}
