//! The reference bot. `kolo-server` serves the phone page; `kolo-server demo` plays a whole circle.
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use kolo_server::demo::{self, DemoOptions};
use kolo_server::simulate::{self, On};
use kolo_server::{receipt, rescue, web};

/// Group savings in a chat: the reference bot, on embedded defaults.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Play a whole circle, from the first "hi" to the last payout, and check books against chain.
    Demo {
        /// How many people.
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(2..=20))]
        members: u8,
        /// Varies who they are and what they save; the same seed tells the same story.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Print one JSON object instead of the transcript.
        #[arg(long)]
        json: bool,
    },
    /// Play a scenario: what would happen if. The format is in docs/guide/simulate.md.
    Simulate {
        /// The scenario, a TOML file; see examples/scenarios.
        file: PathBuf,
        /// Where it is played.
        #[arg(long, value_enum, default_value_t)]
        on: On,
        /// Print one JSON object instead of the table.
        #[arg(long)]
        json: bool,
    },
    /// Check a receipt's file; needs no server and no network.
    VerifyReceipt {
        /// The file; standard input when it is left out or `-`.
        file: Option<PathBuf>,
        /// The operator's public key for receipts, in hexadecimal. Without it only the file's own
        /// key is used, and remains to be compared.
        #[arg(long)]
        key: Option<String>,
    },
    /// With a member's own key, any fee payer and any node, without the operator: see what is due and
    /// owed, pay, vote, leave, take everything out.
    Rescue(rescue::RescueArgs),
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match Cli::parse().command {
        Some(Command::Demo { members, seed, json }) => {
            demo::run(&DemoOptions { members, seed, json }).await
        }
        Some(Command::Simulate { file, on, json }) => simulate::run(&file, on, json),
        Some(Command::VerifyReceipt { file, key }) => receipt::run(file.as_deref(), key.as_deref()),
        Some(Command::Rescue(args)) => rescue::run(args).await,
        None => web::run().await,
    }
}
