//! What the commands are given.
use clap::{Args, Subcommand};
use kolo_core::port::chain::ChainAddress;
use kolo_core::{Amount, Asset};
use kolo_stellar::setup::{PUBLIC_PASSPHRASE, TESTNET_PASSPHRASE};

use super::ChainError;

/// A public node of the test network.
const TESTNET_RPC: &str = "https://soroban-testnet.stellar.org";

/// Circle's USDC, by network.
const USDC_PUBLIC: &str = "USDC:GA5ZSEJYB37JRC5AVCIA5MOP4RHTM335X2KGX3IHOJAPP5RE34K4KZVN";
const USDC_TESTNET: &str = "USDC:GBBD47IF6LWK7P7MDEVSCWR7DPUWV3NY3DTQEVFL4NAT4AQH3ZLLFLA5";

/// Stroops of XLM have seven decimals.
const DECIMALS: u8 = 7;

/// What can be done with a network.
#[derive(Subcommand)]
pub enum ChainCommand {
    /// Upload the contracts' code and deploy the factory; goes on where it was interrupted.
    Deploy(DeployArgs),
    /// The network, what was deployed there and how long it lives, nodes, accounts. Exit code 1 when
    /// somebody should do something.
    Status {
        /// Which network.
        #[command(flatten)]
        network: NetworkArgs,
        /// What is looked at besides.
        #[command(flatten)]
        accounts: AccountArgs,
    },
    /// What it costs to be taken into a ledger, and what would be bid.
    Fees {
        /// Which network.
        #[command(flatten)]
        network: NetworkArgs,
        /// The most one transaction may cost, XLM.
        #[arg(long, value_name = "XLM", default_value = "5", value_parser = stroops)]
        ceiling: i64,
    },
    /// What the operator's accounts hold. Exit code 1 when one is low or missing.
    Accounts {
        /// Which network.
        #[command(flatten)]
        network: NetworkArgs,
        /// The accounts.
        #[command(flatten)]
        accounts: AccountArgs,
    },
}

impl ChainCommand {
    pub(super) const fn network(&self) -> &NetworkArgs {
        match self {
            Self::Deploy(args) => &args.network,
            Self::Status { network, .. }
            | Self::Fees { network, .. }
            | Self::Accounts { network, .. } => network,
        }
    }
}

/// A network by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum NetworkName {
    /// The public test network.
    Testnet,
    /// The public network, where money is real.
    Mainnet,
}

/// Which network, and how it is reached.
#[derive(Args)]
pub struct NetworkArgs {
    /// Which network.
    #[arg(long, value_enum, required_unless_present = "passphrase", conflicts_with = "passphrase")]
    network: Option<NetworkName>,
    /// The passphrase of another network.
    #[arg(long, value_name = "TEXT")]
    passphrase: Option<String>,
    /// A node's Stellar RPC; several times for several nodes. The test network has a public one.
    #[arg(long, value_name = "URL")]
    rpc: Vec<String>,
    /// An asset circles may save in; several times for several. Circle's USDC on networks with a name.
    #[arg(long, value_name = "CODE:ISSUER")]
    asset: Vec<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

impl NetworkArgs {
    pub(super) fn passphrase(&self) -> Result<&str, ChainError> {
        match (&self.passphrase, self.network) {
            (Some(passphrase), _) => Ok(passphrase),
            (None, Some(NetworkName::Testnet)) => Ok(TESTNET_PASSPHRASE),
            (None, Some(NetworkName::Mainnet)) => Ok(PUBLIC_PASSPHRASE),
            (None, None) => Err(wrong("name the network: --network or --passphrase")),
        }
    }

    pub(super) fn urls(&self) -> Result<Vec<String>, ChainError> {
        if !self.rpc.is_empty() {
            return Ok(self.rpc.clone());
        }
        match self.network {
            Some(NetworkName::Testnet) => Ok(vec![TESTNET_RPC.to_owned()]),
            _ => Err(wrong("name a node with --rpc URL: this network has no public one")),
        }
    }

    pub(super) fn assets(&self) -> Result<Vec<Asset>, ChainError> {
        let usual = match self.network {
            Some(NetworkName::Testnet) => Some(USDC_TESTNET),
            Some(NetworkName::Mainnet) => Some(USDC_PUBLIC),
            None => None,
        };
        let named: Vec<&str> = match self.asset.as_slice() {
            [] => usual.into_iter().collect(),
            named => named.iter().map(String::as_str).collect(),
        };
        if named.is_empty() {
            return Err(wrong("name what circles may save in: --asset CODE:ISSUER"));
        }
        named.into_iter().map(asset).collect()
    }
}

/// What `chain deploy` is given.
#[derive(Args)]
pub struct DeployArgs {
    /// Which network.
    #[command(flatten)]
    pub network: NetworkArgs,
    /// A factory that is there: upload this build's code and have that factory publish its rulebook, so
    /// that its circles can be upgraded to it.
    #[arg(long, value_name = "C…")]
    pub factory: Option<String>,
    /// Send nothing; say what would be sent and what it would cost.
    #[arg(long)]
    pub dry_run: bool,
    /// Who would pay, for a dry run without a secret.
    #[arg(long, value_name = "G…", requires = "dry_run")]
    pub from: Option<String>,
    /// The most one step may cost, XLM.
    #[arg(long, value_name = "XLM", default_value = "300", value_parser = stroops)]
    pub max_fee: i64,
    /// Needed on the public network: it costs real money there.
    #[arg(long)]
    pub confirm_public: bool,
}

/// What is looked at besides the network.
#[derive(Args)]
pub struct AccountArgs {
    /// The factory.
    #[arg(long, value_name = "C…")]
    pub factory: Option<String>,
    /// The account that pays the reserves of members' accounts.
    #[arg(long, value_name = "G…")]
    sponsor: Option<String>,
    /// The account that pays the fees.
    #[arg(long, value_name = "G…")]
    fees: Option<String>,
    /// The account of the calls nobody signs.
    #[arg(long, value_name = "G…")]
    keeper: Option<String>,
    /// What each should be able to spend at least, XLM.
    #[arg(long, value_name = "XLM", default_value = "10", value_parser = stroops)]
    pub low: i64,
}

impl AccountArgs {
    pub(super) fn named(&self) -> Vec<(String, ChainAddress)> {
        [("sponsor", &self.sponsor), ("fees", &self.fees), ("keeper", &self.keeper)]
            .into_iter()
            .filter_map(|(name, address)| {
                Some((name.to_owned(), ChainAddress(address.as_ref()?.clone())))
            })
            .collect()
    }
}

fn asset(text: &str) -> Result<Asset, ChainError> {
    let (code, issuer) = text
        .split_once(':')
        .ok_or_else(|| wrong(&format!("--asset: {text:?} is not of the form CODE:ISSUER")))?;
    Ok(Asset { code: code.to_owned(), issuer: issuer.to_owned(), decimals: DECIMALS })
}

/// XLM as stroops, more than nothing.
fn stroops(text: &str) -> Result<i64, String> {
    let amount = Amount::parse(text, DECIMALS).map_err(|error| error.to_string())?;
    if amount.is_positive() {
        Ok(amount.minor_units())
    } else {
        Err("it must be more than nothing".to_owned())
    }
}

fn wrong(why: &str) -> ChainError {
    ChainError::Argument(why.to_owned())
}
