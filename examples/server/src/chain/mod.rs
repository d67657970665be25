//! `kolo-server chain`: deploying on a network, and looking after it. The work is `kolo_stellar`'s
//! ([`kolo_stellar::setup`], [`kolo_stellar::inspect`]); here are arguments and words.
mod args;
mod show;

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use kolo_core::port::chain::ChainAddress;
use kolo_core::port::vault::PublicKey;
use kolo_stellar::inspect::{self, Limits};
use kolo_stellar::setup::{self, DeployPlan, Release, SetupError};
use kolo_stellar::{Failover, HttpTransportError, Rpc};
use serde::Serialize;
use serde_json::json;

pub use args::ChainCommand;
use args::{AccountArgs, DeployArgs, NetworkArgs};

use crate::config::{self, ConfigError};

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// An argument.
    #[error("{0}")]
    Argument(String),
    /// A variable.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The address of a node.
    #[error(transparent)]
    Node(#[from] HttpTransportError),
    /// The network.
    #[error(transparent)]
    Setup(#[from] SetupError),
}

/// What a command found: whether all is well, and how it is shown.
struct Found {
    well: bool,
    text: String,
    json: serde_json::Value,
}

impl Found {
    fn new(well: bool, text: String, value: &impl Serialize) -> Result<Self, ChainError> {
        let json = serde_json::to_value(value)
            .map_err(|error| ChainError::Argument(format!("cannot be shown as JSON: {error}")))?;
        Ok(Self { well, text, json })
    }
}

/// Carries it out and prints what it found; the exit code is 0 if all is well.
pub async fn run(command: ChainCommand) -> ExitCode {
    let json = command.network().json;
    let found = match &command {
        ChainCommand::Deploy(args) => deploying(args).await,
        ChainCommand::Status { network, accounts } => status(network, accounts).await,
        ChainCommand::Fees { network, ceiling } => fees(network, *ceiling).await,
        ChainCommand::Accounts { network, accounts } => balances(network, accounts).await,
    };
    match found {
        Ok(found) => {
            if json {
                println!("{}", found.json);
            } else {
                println!("{}", found.text);
            }
            if found.well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            if json {
                println!("{}", json!({ "ok": false, "error": error.to_string() }));
            }
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

impl NetworkArgs {
    fn rpc(&self) -> Result<Rpc, ChainError> {
        let urls = self.urls()?;
        Ok(Rpc::new(Failover::of_urls(self.passphrase()?, &urls)?))
    }
}

async fn deploying(args: &DeployArgs) -> Result<Found, ChainError> {
    let release = release(args)?;
    let rpc = args.network.rpc()?;
    if args.dry_run {
        let plan = setup::plan(&rpc, &payer(args)?, &release).await?;
        let json = json!({ "dry_run": true, "sent": 0, "plan": &plan });
        return Found::new(true, show::dry_run(&plan, args), &json);
    }
    let funder = config::funder(|name| std::env::var(name).ok())?;
    let mut made = Vec::new();
    let plan = setup::deploy(&rpc, &funder, &release, &mut |what| {
        eprintln!("· made {what}");
        made.push(what.to_owned());
    })
    .await?;
    let json = json!({ "dry_run": false, "made": made, "plan": &plan });
    Found::new(plan.is_complete(), show::deployed(&plan, made.len()), &json)
}

fn release(args: &DeployArgs) -> Result<Release, ChainError> {
    Ok(Release {
        passphrase: args.network.passphrase()?.to_owned(),
        assets: if args.factory.is_some() { Vec::new() } else { args.network.assets()? },
        factory: args.factory.clone().map(ChainAddress),
        max_fee: args.max_fee,
        public_confirmed: args.confirm_public,
    })
}

/// Who would pay: named, or the owner of the secret.
fn payer(args: &DeployArgs) -> Result<PublicKey, ChainError> {
    match &args.from {
        Some(address) => stellar_strkey::ed25519::PublicKey::from_string(address)
            .map(|key| PublicKey(key.0))
            .map_err(|_| ChainError::Argument(format!("--from: {address:?} is no account (G…)"))),
        None => match config::funder(|name| std::env::var(name).ok()) {
            Ok(funder) => Ok(funder.public_key()),
            Err(error) => Err(ChainError::Argument(format!(
                "a dry run must know who would pay: name the account with --from G…, or set {error}"
            ))),
        },
    }
}

async fn status(network: &NetworkArgs, accounts: &AccountArgs) -> Result<Found, ChainError> {
    let rpc = network.rpc()?;
    let factory = accounts.factory.clone().map(ChainAddress);
    let assets = network.assets().unwrap_or_default();
    let found = inspect::status(&rpc, network.passphrase()?, factory.as_ref(), &assets).await?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let limits = Limits { balance: accounts.low, ..Limits::default() };
    let named = accounts.named();
    let health = inspect::health(&rpc, found, &named, None, (&limits, now)).await?;
    Found::new(health.alarms.is_empty(), show::health(&health), &health)
}

async fn fees(network: &NetworkArgs, ceiling: i64) -> Result<Found, ChainError> {
    let rpc = network.rpc()?;
    let report = inspect::fees(&rpc, ceiling).await?;
    Found::new(true, show::fees(&report), &report)
}

async fn balances(network: &NetworkArgs, accounts: &AccountArgs) -> Result<Found, ChainError> {
    let named = accounts.named();
    if named.is_empty() {
        let why = "name the accounts: --sponsor G… --fees G… --keeper G…";
        return Err(ChainError::Argument(why.to_owned()));
    }
    let found = inspect::accounts(&network.rpc()?, &named).await?;
    let low = accounts.low;
    let well = found.iter().all(|account| account.spendable.is_some_and(|held| held >= low));
    Found::new(well, show::accounts(&found, low), &json!({ "ok": well, "accounts": &found }))
}

/// Whether the payer holds what is known of the fees.
fn can_pay(plan: &DeployPlan) -> bool {
    plan.payer_holds.is_some_and(|held| held >= plan.known_fees())
}
