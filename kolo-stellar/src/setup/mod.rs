//! Brings a network under one's own control (embedded, standalone) to where circles can be made:
//! the operator's accounts, a test asset with its contract, the circle's code, the factory.
//!
//! Everything is looked for first, so that doing it again finds what is there. Not for the public
//! network: there an operator deploys by hand and configures what [`Deployment`] says here.
mod funder;
mod operate;

use kolo_core::port::PortError;
use kolo_core::port::chain::ChainAddress;
use kolo_core::port::vault::PublicKey;
use kolo_core::{Asset, error_codes};
use stellar_xdr::{
    AccountId, BytesM, ContractExecutable, ContractId, ContractIdPreimage,
    ContractIdPreimageFromAddress, CreateAccountOp, CreateContractArgs, CreateContractArgsV2, Hash,
    HostFunction, LedgerEntryData, LedgerKey, LedgerKeyContractCode, MuxedAccount, OperationBody,
    PaymentOp, ScAddress, ScVal, Uint256,
};

pub use funder::Funder;
use funder::Site;
pub use operate::{Operation, operate};

use crate::address::{
    account_address, account_of, contract_address, deployed_id, invalid, sc_address, sha256,
};
use crate::config::{KnownAsset, Network, Operators, StellarConfig, known_asset};
use crate::read::{account_key, instance_key};
use crate::rpc::{Rpc, RpcError};
use crate::scval::{address, bytes, vec};

/// The circle's code, as built from `contracts/`.
pub const CIRCLE_WASM: &[u8] = include_bytes!("../../wasm/circle.wasm");

/// Every code of circles that was ever released, the newest first: what a circle of one of these says counts.
pub(crate) const RELEASED_CIRCLES: [&[u8]; 1] = [CIRCLE_WASM];

/// The rulebook's code, as built from `contracts/`: the circle's code asks for this one by its hash.
pub const RULEBOOK_WASM: &[u8] = include_bytes!("../../wasm/rulebook.wasm");

/// The factory's code, as built from `contracts/`.
pub const FACTORY_WASM: &[u8] = include_bytes!("../../wasm/factory.wasm");

/// What the factory's address is derived from, besides the codes and the asset.
const FACTORY_DOMAIN: &[u8] = b"kolo:factory:1";

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
    let salt = factory_salt(sha256(FACTORY_WASM), circle_hash, &asset_contract);
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

/// From the codes and the asset: another code, another factory.
fn factory_salt(factory_hash: [u8; 32], circle_hash: [u8; 32], asset: &ContractId) -> [u8; 32] {
    sha256(&[FACTORY_DOMAIN, &factory_hash, &circle_hash, &asset.0.0].concat())
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
    let passphrase = rpc.network().await?.passphrase;
    let plan = planned(&passphrase, funder, wanted)?;
    let site = Site { rpc, funder, network_id: sha256(passphrase.as_bytes()) };
    let issuer = account_of(wanted.issuer.0);
    let known = known_asset(site.network_id, &plan.asset)?;

    site.fund(wanted, &issuer).await?;
    site.deploy_asset(&known).await?;
    let circle_hash = site.upload("the circle's code", CIRCLE_WASM).await?;
    let rulebook_hash = site.upload("the rulebook's code", RULEBOOK_WASM).await?;
    let factory_hash = site.upload("the factory's code", FACTORY_WASM).await?;
    site.deploy_factory(factory_hash, [circle_hash, rulebook_hash], &known.contract).await?;
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
        for account in accounts {
            let balance = found.iter().find_map(|entry| match &entry.data {
                LedgerEntryData::Account(entry) if entry.account_id == account => {
                    Some(entry.balance)
                }
                _ => None,
            });
            match balance {
                None => operations.push(OperationBody::CreateAccount(CreateAccountOp {
                    destination: account,
                    starting_balance: wanted.balance,
                })),
                Some(balance) if balance < wanted.balance / 2 => {
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
        self.apply("funding the operator's accounts", operations).await
    }

    async fn deploy_asset(&self, asset: &KnownAsset) -> Result<(), SetupError> {
        if self.exists(instance_key(&asset.contract)).await? {
            return Ok(());
        }
        let function = HostFunction::CreateContract(CreateContractArgs {
            contract_id_preimage: ContractIdPreimage::Asset(asset.xdr.clone()),
            executable: ContractExecutable::StellarAsset,
        });
        self.call("deploying the asset's contract", function).await
    }

    async fn upload(&self, step: &'static str, wasm: &[u8]) -> Result<[u8; 32], SetupError> {
        let hash = sha256(wasm);
        let key = LedgerKey::ContractCode(LedgerKeyContractCode { hash: Hash(hash) });
        if !self.exists(key).await? {
            let code = BytesM::try_from(wasm).map_err(|_| invalid("the code is too large"))?;
            self.call(step, HostFunction::UploadContractWasm(code)).await?;
        }
        Ok(hash)
    }

    async fn deploy_factory(
        &self,
        factory_hash: [u8; 32],
        [circle_hash, rulebook_hash]: [[u8; 32]; 2],
        asset: &ContractId,
    ) -> Result<(), SetupError> {
        let salt = factory_salt(factory_hash, circle_hash, asset);
        let deployer = ScAddress::Account(self.funder.account());
        let id = deployed_id(self.network_id, deployer.clone(), salt)?;
        if self.exists(instance_key(&id)).await? {
            return Ok(());
        }
        let assets = vec(vec![address(&ScAddress::Contract(asset.clone()))])?;
        let arguments: Vec<ScVal> = vec![bytes(&circle_hash)?, bytes(&rulebook_hash)?, assets];
        let function = HostFunction::CreateContractV2(CreateContractArgsV2 {
            contract_id_preimage: ContractIdPreimage::Address(ContractIdPreimageFromAddress {
                address: deployer,
                salt: Uint256(salt),
            }),
            executable: ContractExecutable::Wasm(Hash(factory_hash)),
            constructor_args: arguments
                .try_into()
                .map_err(|_| invalid("too many constructor arguments"))?,
        });
        self.call("deploying the factory", function).await
    }

    async fn exists(&self, key: LedgerKey) -> Result<bool, SetupError> {
        Ok(!self.rpc.ledger_entries(&[key]).await?.is_empty())
    }
}
