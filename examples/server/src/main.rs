//! The reference bot. `kolo-server` serves the phone page; `kolo-server demo` plays a whole circle.
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use kolo_server::chain::{self, ChainCommand};
use kolo_server::config::{self, ConfigError, parse_interval};
use kolo_server::database::{self, LedgerCommand};
use kolo_server::demo::{self, DemoOptions, Elsewhere, Place};
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
        /// Play it in real time on a test network elsewhere: the address of its Stellar RPC; several times
        /// for several nodes. KOLO_FUND_SECRET is the secret key of the account that pays.
        #[arg(long, value_name = "URL", requires = "passphrase")]
        rpc: Vec<String>,
        /// The passphrase of that network.
        #[arg(long, value_name = "TEXT", requires = "rpc")]
        passphrase: Option<String>,
        /// Between two contributions there: 20s, 5m, 1h.
        #[arg(long, default_value = "20s", requires = "rpc", value_parser = parse_interval)]
        interval: u32,
    },
    /// Deploy on a network, and look after it: docs/guide/stellar.md.
    #[command(subcommand)]
    Chain(ChainCommand),
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
    /// Bring the database's schema up to date, or print the statements that would: DATABASE_URL and
    /// KOLO_SCHEMA say where. Needs the right to change the schema, which the server itself does not.
    Migrate {
        /// Print the statements instead of running them.
        #[arg(long)]
        print: bool,
        /// Only those after this version of the schema.
        #[arg(long, default_value_t = 0, requires = "print")]
        after: u32,
    },
    /// Look after the books in the database that DATABASE_URL names.
    #[command(subcommand)]
    Ledger(LedgerCommand),
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

/// Where the demo is played. The secret is read once.
fn place(
    rpc: Vec<String>,
    passphrase: Option<String>,
    interval_s: u32,
) -> Result<Place, ConfigError> {
    let Some(passphrase) = passphrase else { return Ok(Place::Embedded) };
    let funder = Box::new(config::funder(|name| std::env::var(name).ok())?);
    Ok(Place::Elsewhere(Elsewhere { rpc, passphrase, interval_s, funder }))
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match Cli::parse().command {
        Some(Command::Demo { members, seed, json, rpc, passphrase, interval }) => {
            let place = match place(rpc, passphrase, interval) {
                Ok(place) => place,
                Err(error) => {
                    eprintln!("{error}");
                    return ExitCode::FAILURE;
                }
            };
            demo::run(&DemoOptions { members, seed, json }, place).await
        }
        Some(Command::Chain(command)) => chain::run(command).await,
        Some(Command::Simulate { file, on, json }) => simulate::run(&file, on, json),
        Some(Command::Migrate { print, after }) => database::migrate(print, after).await,
        Some(Command::Ledger(command)) => database::run(command).await,
        Some(Command::VerifyReceipt { file, key }) => receipt::run(file.as_deref(), key.as_deref()),
        Some(Command::Rescue(args)) => rescue::run(args).await,
        None => web::run().await,
    }
}
