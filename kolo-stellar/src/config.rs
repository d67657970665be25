//! What the client must know about the network and the operator, checked once.
use kolo_core::Asset;
use kolo_core::port::PortError;
use kolo_core::port::chain::ChainAddress;
use kolo_core::port::vault::PublicKey;
use stellar_xdr::{AccountId, ContractId, ScAddress, Transaction};

use crate::address::{
    account_of, asset_contract_id, contract_id, deployed_id, invalid, sha256, to_xdr, xdr_asset,
};
use crate::lifetime;
use crate::setup::RELEASED_CIRCLES;

/// The operator's accounts; their keys are in the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operators {
    /// Pays the reserves of members' accounts.
    pub sponsor: PublicKey,
    /// Pays every fee, by fee-bumps.
    pub fees: PublicKey,
    /// Source of the calls nobody signs for (payout, push, claim).
    pub keeper: PublicKey,
}

/// The network, our contracts on it, and the operator's limits.
#[derive(Clone, Debug)]
pub struct StellarConfig {
    /// The network's passphrase.
    pub passphrase: String,
    /// The assets circles may save in: 1 to [`MAX_ASSETS`].
    pub assets: Vec<Asset>,
    /// Our factory (`C…`).
    pub factory: ChainAddress,
    /// The operator's accounts.
    pub operators: Operators,
    /// The most one transaction may cost, stroops of XLM, resource fee included.
    pub max_fee: i64,
    /// The same for one that pays the rent of what all circles share ([`ChainEffect::Prolong`] without a
    /// circle), which is most for their code; of it no more than [`Self::max_fee`] is bid for the place in a
    /// ledger. A circle's own rent is under [`Self::max_fee`]. The network takes no more than some 429 XLM in
    /// one.
    ///
    /// [`ChainEffect::Prolong`]: kolo_core::port::chain::ChainEffect::Prolong
    pub max_rent: i64,
    /// How long a prepared transaction may be sent, in seconds of the network's time.
    pub validity_s: u64,
    /// The ledger to follow events from, e.g. that of the factory's deployment; `None`: the oldest
    /// the node has.
    pub start_ledger: Option<u32>,
    /// Instructions added to what a simulation took.
    pub instruction_leeway: u32,
    /// Codes of circles the operator vouches for besides the released ones: SHA-256 of their wasm. Circles of
    /// any other code are not followed.
    pub circle_codes: Vec<[u8; 32]>,
}

/// Assets one `getEvents` filter can follow (`contractIds` holds five).
pub const MAX_ASSETS: usize = 5;

impl StellarConfig {
    /// With the presets: a fee ceiling of 5 XLM, 400 XLM for rent, two minutes of validity, 3 million
    /// instructions of leeway.
    #[must_use]
    pub fn new(
        passphrase: impl Into<String>,
        assets: Vec<Asset>,
        factory: ChainAddress,
        operators: Operators,
    ) -> Self {
        Self {
            passphrase: passphrase.into(),
            assets,
            factory,
            operators,
            max_fee: 50_000_000,
            max_rent: 4_000_000_000,
            validity_s: 120,
            start_ledger: None,
            instruction_leeway: 3_000_000,
            circle_codes: Vec::new(),
        }
    }
}

/// A configured asset in all its forms.
#[derive(Clone, Debug)]
pub(crate) struct KnownAsset {
    pub asset: Asset,
    pub xdr: stellar_xdr::Asset,
    pub contract: ContractId,
}

/// The configuration, parsed.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    pub id: [u8; 32],
    pub assets: Vec<KnownAsset>,
    pub factory: ContractId,
    pub operators: Operators,
    pub max_fee: i64,
    pub max_rent: i64,
    pub validity_s: u64,
    pub start_ledger: Option<u32>,
    pub instruction_leeway: u32,
    /// Of circles whose word counts.
    pub circle_codes: Vec<[u8; 32]>,
}

impl Network {
    pub fn try_new(config: &StellarConfig) -> Result<Self, PortError> {
        if config.assets.is_empty() || config.assets.len() > MAX_ASSETS {
            return Err(invalid(format!("configure 1 to {MAX_ASSETS} assets")));
        }
        if config.max_fee <= 0 || config.max_rent <= 0 || config.validity_s == 0 {
            return Err(invalid("max_fee, max_rent and validity_s must be more than nothing"));
        }
        let id = sha256(config.passphrase.as_bytes());
        let assets =
            config.assets.iter().map(|asset| known_asset(id, asset)).collect::<Result<_, _>>()?;
        Ok(Self {
            id,
            assets,
            factory: contract_id(&config.factory)?,
            operators: config.operators,
            max_fee: config.max_fee,
            max_rent: config.max_rent,
            validity_s: config.validity_s,
            start_ledger: config.start_ledger,
            instruction_leeway: config.instruction_leeway,
            circle_codes: RELEASED_CIRCLES
                .iter()
                .map(|wasm| sha256(wasm))
                .chain(config.circle_codes.iter().copied())
                .collect(),
        })
    }

    /// The most this transaction may cost: only for rent of what all circles share it is not `max_fee`, and
    /// then it is what the rent itself takes and `max_fee`, within `max_rent`.
    pub fn ceiling(&self, tx: &Transaction) -> i64 {
        match lifetime::shared_rent(self, tx) {
            Some(rent) => rent.saturating_add(self.max_fee).min(self.max_rent),
            None => self.max_fee,
        }
    }

    pub fn asset_by_contract(&self, contract: &ContractId) -> Option<&KnownAsset> {
        self.assets.iter().find(|known| known.contract == *contract)
    }

    /// As the factory: deployer = factory, salt = SHA-256(organiser's `ScAddress` ‖ salt).
    pub fn circle_id(
        &self,
        organiser: &ScAddress,
        salt: &[u8; 32],
    ) -> Result<ContractId, PortError> {
        let mut preimage = to_xdr(organiser)?;
        preimage.extend_from_slice(salt);
        deployed_id(self.id, ScAddress::Contract(self.factory.clone()), sha256(&preimage))
    }

    pub fn sponsor(&self) -> AccountId {
        account_of(self.operators.sponsor.0)
    }

    pub fn fees(&self) -> AccountId {
        account_of(self.operators.fees.0)
    }

    pub fn keeper(&self) -> AccountId {
        account_of(self.operators.keeper.0)
    }
}

pub(crate) fn known_asset(network_id: [u8; 32], asset: &Asset) -> Result<KnownAsset, PortError> {
    let xdr = xdr_asset(asset)?;
    let contract = asset_contract_id(network_id, &xdr)?;
    Ok(KnownAsset { asset: asset.clone(), xdr, contract })
}
