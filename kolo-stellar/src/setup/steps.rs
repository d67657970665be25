//! What is uploaded and deployed, in order, each step looked for before it is made.
use kolo_core::port::PortError;
use kolo_core::port::chain::ChainAddress;
use stellar_xdr::{
    AccountId, BytesM, ContractExecutable, ContractId, ContractIdPreimage,
    ContractIdPreimageFromAddress, CreateContractArgs, CreateContractArgsV2, Hash, HostFunction,
    InvokeContractArgs, LedgerEntryData, LedgerKey, LedgerKeyContractCode, ScAddress, ScVal,
    Uint256,
};

use super::funder::Site;
use super::{CIRCLE_WASM, FACTORY_WASM, RULEBOOK_WASM, SetupError};
use crate::address::{contract_address, deployed_id, invalid, sha256};
use crate::config::KnownAsset;
use crate::read::instance_key;
use crate::rpc::EntryInfo;
use crate::scval::{address, bytes, symbol, vec};

/// What the factory's address is derived from, besides the codes and the assets.
const FACTORY_DOMAIN: &[u8] = b"kolo:factory:1";

/// The hashes of the committed build, one file a line.
const SUMS: &str = include_str!("../../wasm/SHA256SUMS");

/// The codes of the committed build, held against the list of their hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Codes {
    /// SHA-256 of the circle's code.
    pub circle: [u8; 32],
    /// SHA-256 of the rulebook's code.
    pub rulebook: [u8; 32],
    /// SHA-256 of the factory's code.
    pub factory: [u8; 32],
}

impl Codes {
    /// Those in this program.
    ///
    /// # Errors
    /// [`SetupError::OtherCode`] for a file that is not the committed one, and when the circle's code asks
    /// for another rulebook than this one.
    pub fn built() -> Result<Self, SetupError> {
        let rulebook = listed("rulebook.wasm", RULEBOOK_WASM)?;
        let circle = listed("circle.wasm", CIRCLE_WASM)?;
        // The circle's code has the hash of its rulebook's in it.
        if !asks_for(CIRCLE_WASM, &rulebook) {
            return Err(other_code("circle.wasm", circle));
        }
        Ok(Self { circle, rulebook, factory: listed("factory.wasm", FACTORY_WASM)? })
    }

    /// Where the factory publishes this rulebook.
    pub(crate) fn rulebook_at(
        &self,
        network_id: [u8; 32],
        factory: &ContractId,
    ) -> Result<ContractId, PortError> {
        deployed_id(network_id, ScAddress::Contract(factory.clone()), self.rulebook)
    }

    /// The steps that bring them to `target`.
    pub(super) fn steps(&self, target: &Target) -> Result<Vec<Step>, PortError> {
        let mut steps = vec![
            upload("the circle's code", CIRCLE_WASM)?,
            upload("the rulebook's code", RULEBOOK_WASM)?,
        ];
        let factory = match &target.factory {
            Some(factory) => factory.clone(),
            None => {
                steps.push(upload("the factory's code", FACTORY_WASM)?);
                for asset in &target.assets {
                    steps.push(deploy_asset(asset));
                }
                let (step, factory) = self.deploy_factory(target)?;
                steps.push(step);
                factory
            }
        };
        // A new factory has published it by itself: then there is nothing to do.
        steps.push(self.publish(target.network_id, &factory)?);
        Ok(steps)
    }

    fn deploy_factory(&self, target: &Target) -> Result<(Step, ContractId), PortError> {
        let assets: Vec<_> = target.assets.iter().map(|asset| &asset.contract).collect();
        let salt = factory_salt(self.factory, self.circle, &assets);
        let deployer = ScAddress::Account(target.payer.clone());
        let id = deployed_id(target.network_id, deployer.clone(), salt)?;
        let allowed = assets.iter().map(|id| address(&ScAddress::Contract((*id).clone())));
        let arguments: Vec<ScVal> =
            vec![bytes(&self.circle)?, bytes(&self.rulebook)?, vec(allowed.collect())?];
        let function = HostFunction::CreateContractV2(CreateContractArgsV2 {
            contract_id_preimage: ContractIdPreimage::Address(ContractIdPreimageFromAddress {
                address: deployer,
                salt: Uint256(salt),
            }),
            executable: ContractExecutable::Wasm(Hash(self.factory)),
            constructor_args: arguments
                .try_into()
                .map_err(|_| invalid("too many constructor arguments"))?,
        });
        let proof = Proof::Instance(id.clone(), ContractExecutable::Wasm(Hash(self.factory)));
        Ok((Step { what: "the factory", proof, function }, id))
    }

    fn publish(&self, network_id: [u8; 32], factory: &ContractId) -> Result<Step, PortError> {
        let id = self.rulebook_at(network_id, factory)?;
        let function = HostFunction::InvokeContract(InvokeContractArgs {
            contract_address: ScAddress::Contract(factory.clone()),
            function_name: symbol("publish")?,
            args: vec![bytes(&self.rulebook)?]
                .try_into()
                .map_err(|_| invalid("too many arguments"))?,
        });
        let proof = Proof::Instance(id, ContractExecutable::Wasm(Hash(self.rulebook)));
        Ok(Step { what: "the rulebook, published by the factory", proof, function })
    }
}

/// Whether a circle's code asks for the rulebook of this hash: it has it in it, as it is.
pub(crate) fn asks_for(circle: &[u8], rulebook: &[u8; 32]) -> bool {
    circle.windows(rulebook.len()).any(|window| window == rulebook)
}

fn listed(file: &'static str, wasm: &[u8]) -> Result<[u8; 32], SetupError> {
    let hash = sha256(wasm);
    let hex = data_encoding::HEXLOWER.encode(&hash);
    let is_listed = SUMS.lines().any(|line| {
        line.split_once(char::is_whitespace)
            .is_some_and(|(sum, name)| sum == hex && name.trim() == file)
    });
    if is_listed { Ok(hash) } else { Err(other_code(file, hash)) }
}

fn other_code(file: &'static str, hash: [u8; 32]) -> SetupError {
    SetupError::OtherCode { file, found: data_encoding::HEXLOWER.encode(&hash) }
}

/// From the codes and the assets: another code, another factory.
pub(super) fn factory_salt(
    factory_hash: [u8; 32],
    circle_hash: [u8; 32],
    assets: &[&ContractId],
) -> [u8; 32] {
    let mut preimage = [FACTORY_DOMAIN, &factory_hash, &circle_hash].concat();
    for asset in assets {
        preimage.extend_from_slice(&asset.0.0);
    }
    sha256(&preimage)
}

/// Where the codes go.
pub(super) struct Target {
    pub network_id: [u8; 32],
    /// Who deploys the factory.
    pub payer: AccountId,
    /// What circles of a new factory may save in.
    pub assets: Vec<KnownAsset>,
    /// A factory that is there already.
    pub factory: Option<ContractId>,
}

/// One thing that shall be there.
pub(super) struct Step {
    pub what: &'static str,
    pub proof: Proof,
    pub function: HostFunction,
}

/// By what a step is known to be done.
pub(super) enum Proof {
    /// A code under its hash.
    Code([u8; 32]),
    /// A contract that runs this.
    Instance(ContractId, ContractExecutable),
}

impl Proof {
    pub fn key(&self) -> LedgerKey {
        match self {
            Self::Code(hash) => code_key(*hash),
            Self::Instance(id, _) => instance_key(id),
        }
    }

    /// What it is known by: a hash or an address.
    pub fn subject(&self) -> String {
        match self {
            Self::Code(hash) => data_encoding::HEXLOWER.encode(hash),
            Self::Instance(id, _) => contract_address(id).0,
        }
    }

    pub fn contract(&self) -> Option<ChainAddress> {
        match self {
            Self::Code(_) => None,
            Self::Instance(id, _) => Some(contract_address(id)),
        }
    }

    /// Whether the entry under its key is what it should be.
    pub fn is_met_by(&self, entry: &EntryInfo) -> bool {
        match (self, &entry.data) {
            (Self::Code(hash), LedgerEntryData::ContractCode(code)) => sha256(&code.code) == *hash,
            (Self::Instance(_, runs), LedgerEntryData::ContractData(data)) => {
                matches!(&data.val, ScVal::ContractInstance(there) if there.executable == *runs)
            }
            _ => false,
        }
    }
}

pub(crate) fn code_key(hash: [u8; 32]) -> LedgerKey {
    LedgerKey::ContractCode(LedgerKeyContractCode { hash: Hash(hash) })
}

fn upload(what: &'static str, wasm: &[u8]) -> Result<Step, PortError> {
    let code = BytesM::try_from(wasm).map_err(|_| invalid("the code is too large"))?;
    let proof = Proof::Code(sha256(wasm));
    Ok(Step { what, proof, function: HostFunction::UploadContractWasm(code) })
}

fn deploy_asset(asset: &KnownAsset) -> Step {
    let executable = ContractExecutable::StellarAsset;
    let function = HostFunction::CreateContract(CreateContractArgs {
        contract_id_preimage: ContractIdPreimage::Asset(asset.xdr.clone()),
        executable: executable.clone(),
    });
    let proof = Proof::Instance(asset.contract.clone(), executable);
    Step { what: "the asset's contract", proof, function }
}

impl Site<'_> {
    /// What is there of the steps' entries, by their order; what is there must be what it should be.
    pub async fn found(&self, steps: &[Step]) -> Result<Vec<Option<EntryInfo>>, SetupError> {
        let keys: Vec<_> = steps.iter().map(|step| step.proof.key()).collect();
        let found = self.rpc.ledger_entries(&keys).await?;
        let mut there = Vec::new();
        for (step, key) in steps.iter().zip(&keys) {
            let entry = found.iter().find(|entry| entry.key == *key);
            if entry.is_some_and(|entry| !step.proof.is_met_by(entry)) {
                let what = format!("{} ({})", step.what, step.proof.subject());
                return Err(SetupError::NotAsDeployed { what });
            }
            there.push(entry.cloned());
        }
        Ok(there)
    }

    /// Makes what is missing, one after the other, telling `done` of each; then looks that all is there.
    pub async fn run(
        &self,
        steps: &[Step],
        done: &mut (dyn FnMut(&Step) + Send),
    ) -> Result<(), SetupError> {
        let there = self.found(steps).await?;
        let mut made = false;
        for (step, _) in steps.iter().zip(there).filter(|(_, there)| there.is_none()) {
            // What an earlier step has brought with it.
            if made && self.found(std::slice::from_ref(step)).await?.iter().all(Option::is_some) {
                continue;
            }
            self.call(step.what, step.function.clone()).await?;
            made = true;
            done(step);
        }
        if !made {
            return Ok(());
        }
        let there = self.found(steps).await?;
        match steps.iter().zip(there).find(|(_, there)| there.is_none()) {
            Some((step, _)) => {
                let what = format!("{} ({})", step.what, step.proof.subject());
                Err(SetupError::NotAsDeployed { what })
            }
            None => Ok(()),
        }
    }
}
