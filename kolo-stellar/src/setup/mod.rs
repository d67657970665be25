//! Brings a network under one's own control (embedded, standalone) to where circles can be made:
//! the operator's accounts, a test asset with its contract, the circle's code, the factory.
//!
//! Everything is looked for first, so that doing it again finds what is there.
mod deploy;
mod funder;
mod operate;
mod steps;

use kolo_core::port::PortError;
use kolo_core::port::chain::ChainAddress;
use kolo_core::port::vault::PublicKey;
use kolo_core::{Asset, error_codes};
use stellar_xdr::{
    AccountId, CreateAccountOp, LedgerEntryData, LedgerKey, MuxedAccount, OperationBody, PaymentOp,
    ScAddress,
};

pub use deploy::{DeployPlan, DeployStep, Release, StepState, deploy, plan};
use funder::Site;
pub use funder::{Funder, SecretError};
pub use operate::{Operation, PUBLIC_PASSPHRASE, TESTNET_PASSPHRASE, operate, operate_on};
pub use steps::Codes;
pub(crate) use steps::code_key;
use steps::{Target, factory_salt};

use crate::address::{
    account_address, account_of, contract_address, deployed_id, sc_address, sha256,
};
use crate::config::{Network, Operators, StellarConfig, known_asset};
use crate::protocol;
use crate::read::account_key;
use crate::rpc::{NetworkInfo, Rpc, RpcError};

/// The circle's code, as built from `contracts/`.
pub const CIRCLE_WASM: &[u8] = include_bytes!("../../wasm/circle.wasm");

/// Every code of circles that was ever released, the newest first: what a circle of one of these says counts.
pub(crate) const RELEASED_CIRCLES: [&[u8]; 1] = [CIRCLE_WASM];

/// The rulebook's code, as built from `contracts/`: the circle's code asks for this one by its hash.
pub const RULEBOOK_WASM: &[u8] = include_bytes!("../../wasm/rulebook.wasm");

/// The factory's code, as built from `contracts/`.
pub const FACTORY_WASM: &[u8] = include_bytes!("../../wasm/factory.wasm");

/// Stroops of XLM in one XLM.
const XLM: i64 = 10_000_000;

/// What there shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bootstrap {
    /// The operator's accounts.
    pub operators: Operators,
    /// Who issues the test asset.
    pub issuer: PublicKey,
    /// The test asset's code.
    pub asset_code: String,
    /// What each operator's account is filled up to whenever it holds less than half, stroops of XLM.
    pub balance: i64,
}

impl Bootstrap {
    /// A test `USDC` of `issuer`, and 100,000 XLM for each operator's account.
    #[must_use]
    pub fn new(operators: Operators, issuer: PublicKey) -> Self {
        Self { operators, issuer, asset_code: "USDC".to_owned(), balance: 100_000 * XLM }
    }
}

/// What is there now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// The network's passphrase.
    pub passphrase: String,
    /// The test asset.
    pub asset: Asset,
    /// The asset's contract (`C…`).
    pub asset_contract: ChainAddress,
    /// The factory (`C…`).
    pub factory: ChainAddress,
    /// SHA-256 of the circle's code.
    pub circle_hash: [u8; 32],
    /// The operator's accounts.
    pub operators: Operators,
}

impl Deployment {
    /// The client's configuration for it, with the presets.
    #[must_use]
    pub fn config(&self) -> StellarConfig {
        StellarConfig::new(
            self.passphrase.clone(),
            vec![self.asset.clone()],
            self.factory.clone(),
            self.operators,
        )
    }

    /// Where this organiser's circle with this salt is, or will be.
    ///
    /// # Errors
    /// [`PortError`] when an address is none.
    pub fn circle_address(
        &self,
        organiser: &ChainAddress,
        salt: &[u8; 32],
    ) -> Result<ChainAddress, PortError> {
        let network = Network::try_new(&self.config())?;
        Ok(contract_address(&network.circle_id(&sc_address(organiser)?, salt)?))
    }
}

/// Why the network could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The node did not answer.
    #[error("setting the network up: {0}")]
    Rpc(#[from] RpcError),
    /// Something given is not valid, or the node's answer is not.
    #[error("setting the network up: {0}")]
    Port(#[from] PortError),
    /// The network refused a step.
    #[error("setting the network up: {step} was refused: {reason}")]
    Refused {
        /// Which step.
        step: &'static str,
        /// The network's words.
        reason: String,
    },
    /// The node is on another network than was meant.
    #[error(
        "the node is on \"{found}\", not on \"{wanted}\": correct the passphrase or the RPC address"
    )]
    OtherNetwork {
        /// The passphrase the node says.
        found: String,
        /// The passphrase that was meant.
        wanted: String,
    },
    /// The committed build is not what its list of hashes says.
    #[error(
        "{file} is not the committed build (SHA-256 {found}): build the program from a clean checkout"
    )]
    OtherCode {
        /// Which file.
        file: &'static str,
        /// What its bytes hash to.
        found: String,
    },
    /// There is no such factory.
    #[error("there is no factory at {factory} on this network: correct the address")]
    NoFactory {
        /// Where it was looked for.
        factory: ChainAddress,
    },
    /// It costs real money there.
    #[error("this is the public network, where it costs real money: confirm that it is meant")]
    PublicNotConfirmed,
    /// What a step would cost.
    #[error(
        "setting the network up: {step} would cost {fee} XLM, more than the limit of {limit}: raise the limit or wait for a calmer hour"
    )]
    TooDear {
        /// Which step.
        step: &'static str,
        /// Its fee at most, XLM.
        fee: String,
        /// The limit, XLM.
        limit: String,
    },
    /// What was deployed is not what was meant.
    #[error(
        "{what} on the network is not what was deployed: distrust the node, and compare it with another"
    )]
    NotAsDeployed {
        /// What.
        what: String,
    },
    /// Test money is not issued where money is real.
    #[error("this is the public network: test dollars are not issued there; use a test network")]
    PublicNetwork,
    /// The account that pays does not exist.
    #[error(
        "the funding account {account} does not exist on this network: create it first (a test network's friendbot does)"
    )]
    NoAccount {
        /// Which.
        account: ChainAddress,
    },
    /// The account that pays has too little.
    #[error("the funding account {account} needs {needed} XLM and holds {held}: top it up")]
    TooPoor {
        /// Which.
        account: ChainAddress,
        /// What is needed, XLM.
        needed: String,
        /// What it may spend, XLM.
        held: String,
    },
    /// The network took a step and did not apply it in time.
    #[error(
        "setting the network up: {step} was not applied in time: is the network closing ledgers?"
    )]
    TimedOut {
        /// Which step.
        step: &'static str,
    },
}

error_codes! {
    SetupError {
        Refused = "setup.refused" Permanent:
            "the network refused a step of the set-up", "read its reason; what was made stays";
        OtherNetwork = "setup.other_network" Permanent:
            "the node is on another network than was meant",
            "correct the passphrase or the RPC address";
        OtherCode = "setup.other_code" Permanent:
            "the contracts in the program are not the committed build",
            "build the program from a clean checkout";
        NoFactory = "setup.no_factory" Permanent:
            "there is no factory at this address on this network", "correct the address";
        PublicNotConfirmed = "setup.public_not_confirmed" Permanent:
            "it is the public network, where it costs real money", "confirm that it is meant";
        TooDear = "setup.too_dear" Permanent:
            "a step would cost more than the limit", "raise the limit, or wait for a calmer hour";
        NotAsDeployed = "setup.not_as_deployed" Permanent:
            "what is on the network is not what was deployed",
            "distrust the node: compare it with another";
        PublicNetwork = "setup.public_network" Permanent:
            "test money is not issued on the public network", "use a test network";
        NoAccount = "setup.no_account" Permanent:
            "the funding account does not exist on this network",
            "create it first: a test network's friendbot does";
        TooPoor = "setup.too_poor" Permanent:
            "the funding account has too little", "top it up, then run it again";
        TimedOut = "setup.timed_out" Unknown:
            "a step was taken and not applied in time",
            "check that the network closes ledgers, then run it again";
    } within {
        Rpc = RpcError::code;
        Port = PortError::code;
    }
}

/// What [`bootstrap`] makes on the network of this passphrase, without making it.
///
/// # Errors
/// [`PortError`] when the asset's code is none.
pub fn planned(
    passphrase: &str,
    funder: &Funder,
    wanted: &Bootstrap,
) -> Result<Deployment, PortError> {
    let network_id = sha256(passphrase.as_bytes());
    let issuer = account_address(&account_of(wanted.issuer.0)).0;
    let asset = Asset { code: wanted.asset_code.clone(), issuer, decimals: 7 };
    let asset_contract = known_asset(network_id, &asset)?.contract;
    let circle_hash = sha256(CIRCLE_WASM);
    let salt = factory_salt(sha256(FACTORY_WASM), circle_hash, &[&asset_contract]);
    let factory = deployed_id(network_id, ScAddress::Account(funder.account()), salt)?;
    Ok(Deployment {
        passphrase: passphrase.to_owned(),
        asset,
        asset_contract: contract_address(&asset_contract),
        factory: contract_address(&factory),
        circle_hash,
        operators: wanted.operators,
    })
}

/// Makes what is missing of `wanted`, paid and deployed by `funder`, which on a standalone network
/// is [`Funder::root_of`] its passphrase.
///
/// # Errors
/// [`SetupError`]; what was made before it stays and is found by the next attempt.
pub async fn bootstrap(
    rpc: &Rpc,
    funder: &Funder,
    wanted: &Bootstrap,
) -> Result<Deployment, SetupError> {
    let NetworkInfo { passphrase, protocol_version } = rpc.network().await?;
    protocol::check(protocol_version)?;
    let plan = planned(&passphrase, funder, wanted)?;
    let site = Site::new(rpc, &passphrase, funder);
    let issuer = account_of(wanted.issuer.0);
    let known = known_asset(site.network_id, &plan.asset)?;

    site.fund(wanted, &issuer).await?;
    let steps = Codes::built()?.steps(&Target {
        network_id: site.network_id,
        payer: funder.account(),
        assets: vec![known],
        factory: None,
    })?;
    site.run(&steps, &mut |_| ()).await?;
    Ok(plan)
}

impl Site<'_> {
    /// Creates the accounts that are missing and fills up those that run low.
    async fn fund(&self, wanted: &Bootstrap, issuer: &AccountId) -> Result<(), SetupError> {
        let operators = wanted.operators;
        let mut accounts: Vec<AccountId> = [operators.sponsor, operators.fees, operators.keeper]
            .iter()
            .map(|key| account_of(key.0))
            .collect();
        accounts.push(issuer.clone());
        accounts.dedup();
        let keys: Vec<LedgerKey> = accounts.iter().map(account_key).collect();
        let found = self.rpc.ledger_entries(&keys).await?;
        let mut operations = vec![];
        let mut sum = 0_i64;
        for account in accounts {
            let balance = found.iter().find_map(|entry| match &entry.data {
                LedgerEntryData::Account(entry) if entry.account_id == account => {
                    Some(entry.balance)
                }
                _ => None,
            });
            match balance {
                None => {
                    sum = sum.saturating_add(wanted.balance);
                    operations.push(OperationBody::CreateAccount(CreateAccountOp {
                        destination: account,
                        starting_balance: wanted.balance,
                    }));
                }
                Some(balance) if balance < wanted.balance / 2 => {
                    sum = sum.saturating_add(wanted.balance.saturating_sub(balance));
                    operations.push(OperationBody::Payment(PaymentOp {
                        destination: MuxedAccount::from(account),
                        asset: stellar_xdr::Asset::Native,
                        amount: wanted.balance.saturating_sub(balance),
                    }));
                }
                Some(_) => {}
            }
        }
        if operations.is_empty() {
            return Ok(());
        }
        self.can_spend(sum).await?;
        self.apply("funding the operator's accounts", operations).await
    }
}
