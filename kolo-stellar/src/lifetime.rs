//! Rent: what of a circle, or of what all circles share, is about to be archived, and the transaction that
//! prolongs it.
//!
//! The network's own operation does it, not a call: no code is loaded or run, so that what is paid is the rent
//! and little else. It names only entries of ours, and only those that end soon. What is archived already is
//! restored first, by an operation of its own, and prolonged another day.
use kolo_core::Timestamp;
use kolo_core::port::PortError;
use kolo_core::port::chain::{ChainAddress, Mismatch, PrepareError};
use stellar_xdr::{
    AccountId, ContractExecutable, ContractId, ExtendFootprintTtlOp, ExtensionPoint, Hash,
    LedgerEntryData, LedgerFootprint, LedgerKey, LedgerKeyContractCode, Operation, OperationBody,
    RestoreFootprintOp, ScAddress, ScVal, SorobanResources, SorobanTransactionData,
    SorobanTransactionDataExt, Transaction, TransactionExt, VecM,
};

use crate::address::{contract_id, deployed_id, invalid, sha256};
use crate::client::StellarChainClient;
use crate::config::{Network, known_asset};
use crate::read::{PENDING, STATE, balance_key, data_key, instance_key};
use crate::rpc::EntryInfo;
use crate::setup::{CIRCLE_WASM, RULEBOOK_WASM};

/// A ledger closes about this often, seconds.
const LEDGER_S: u64 = 5;

/// Ledgers in a day, at that.
const DAY: u32 = 17_280;

/// Whatever has fewer ledgers left goes along with what is due.
const WITHIN: u32 = 35 * DAY;

/// A circle's entry is prolonged to so many ledgers from now, as the contracts do.
const CIRCLES: u32 = 120 * DAY;

/// What all share: its rent is dear, and must fit one transaction.
const SHARED: u32 = 60 * DAY;

/// Whose rent is paid, and by which account's transaction.
#[derive(Clone, Debug)]
pub(crate) struct Rent {
    pub source: AccountId,
    pub circle: Option<ContractId>,
    pub asset: ContractId,
}

impl Rent {
    pub fn of(
        network: &Network,
        circle: Option<&ChainAddress>,
        asset: &kolo_core::Asset,
    ) -> Result<Self, PortError> {
        Ok(Self {
            source: network.keeper(),
            circle: circle.map(contract_id).transpose()?,
            asset: known_asset(network.id, asset)?.contract,
        })
    }

    /// To so many ledgers from now.
    const fn extend_to(&self) -> u32 {
        if self.circle.is_some() { CIRCLES } else { SHARED }
    }

    /// The entries it is about, but for codes, which have no owner.
    fn entries(&self, network: &Network) -> Result<Vec<LedgerKey>, PortError> {
        let Some(circle) = &self.circle else {
            let rulebook = rulebook(network)?;
            return Ok([&network.factory, &rulebook, &self.asset].map(instance_key).to_vec());
        };
        let holder = ScAddress::Contract(circle.clone());
        Ok(vec![
            instance_key(circle),
            data_key(circle, STATE),
            data_key(circle, PENDING),
            balance_key(&self.asset, &holder)?,
        ])
    }
}

/// The factory deploys it under its code's hash.
fn rulebook(network: &Network) -> Result<ContractId, PortError> {
    let deployer = ScAddress::Contract(network.factory.clone());
    deployed_id(network.id, deployer, sha256(RULEBOOK_WASM))
}

impl StellarChainClient {
    /// When the first of what it needs will be archived.
    pub(crate) async fn ends_at(&self, rent: &Rent) -> Result<Option<Timestamp>, PortError> {
        let latest = self.latest_ledger().await?;
        let found = self.kept(rent).await?;
        let first = found.iter().filter_map(|entry| entry.live_until).min();
        Ok(first.map(|until| match until.checked_sub(latest.sequence) {
            Some(left) => latest.closed_at.plus(u64::from(left).saturating_mul(LEDGER_S)),
            None => Timestamp::from_unix(0),
        }))
    }

    /// What there is of it: its entries, then the codes they name.
    async fn kept(&self, rent: &Rent) -> Result<Vec<EntryInfo>, PortError> {
        let mut found = self.rpc.ledger_entries(&rent.entries(&self.network)?).await?;
        let mut codes: Vec<[u8; 32]> = found.iter().filter_map(code_of).collect();
        let shared = sha256(CIRCLE_WASM);
        if rent.circle.is_none() {
            codes.push(shared);
        } else {
            // All circles' own code is prolonged for all of them.
            codes.retain(|hash| *hash != shared);
        }
        codes.sort_unstable();
        codes.dedup();
        if !codes.is_empty() {
            let key = |hash| LedgerKey::ContractCode(LedgerKeyContractCode { hash: Hash(hash) });
            let keys: Vec<LedgerKey> = codes.into_iter().map(key).collect();
            found.extend(self.rpc.ledger_entries(&keys).await?);
        }
        Ok(found)
    }

    /// The one operation, and the footprint it is about.
    pub(crate) async fn rent_operation(
        &self,
        rent: &Rent,
        ledger: u32,
    ) -> Result<(Operation, SorobanTransactionData), PrepareError> {
        let found = self.kept(rent).await?;
        let until = |entry: &EntryInfo| entry.live_until.unwrap_or(u32::MAX);
        let (archived, live): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|entry| until(entry) < ledger);
        let keys = |entries: Vec<EntryInfo>| -> Result<VecM<LedgerKey>, PortError> {
            let keys: Vec<LedgerKey> = entries.into_iter().map(|entry| entry.key).collect();
            keys.try_into().map_err(|_| invalid("too many entries"))
        };
        if !archived.is_empty() {
            let body =
                OperationBody::RestoreFootprint(RestoreFootprintOp { ext: ExtensionPoint::V0 });
            return Ok(with_footprint(body, VecM::default(), keys(archived)?));
        }
        let soon = ledger.saturating_add(WITHIN);
        let due: Vec<_> = live.into_iter().filter(|entry| until(entry) < soon).collect();
        if due.is_empty() {
            return Err(PrepareError::AlreadyDone);
        }
        let body = OperationBody::ExtendFootprintTtl(ExtendFootprintTtlOp {
            ext: ExtensionPoint::V0,
            extend_to: rent.extend_to(),
        });
        Ok(with_footprint(body, keys(due)?, VecM::default()))
    }
}

fn with_footprint(
    body: OperationBody,
    read_only: VecM<LedgerKey>,
    read_write: VecM<LedgerKey>,
) -> (Operation, SorobanTransactionData) {
    let resources = SorobanResources {
        footprint: LedgerFootprint { read_only, read_write },
        instructions: 0,
        disk_read_bytes: 0,
        write_bytes: 0,
    };
    let ext = SorobanTransactionDataExt::V0;
    let data = SorobanTransactionData { ext, resources, resource_fee: 0 };
    (Operation { source_account: None, body }, data)
}

/// The code an instance runs.
fn code_of(entry: &EntryInfo) -> Option<[u8; 32]> {
    let LedgerEntryData::ContractData(data) = &entry.data else {
        return None;
    };
    match &data.val {
        ScVal::ContractInstance(instance) => match &instance.executable {
            ContractExecutable::Wasm(Hash(hash)) => Some(*hash),
            _ => None,
        },
        _ => None,
    }
}

/// Exactly one of the two operations, on entries of ours and on codes, and nothing else.
pub(crate) fn check(network: &Network, rent: &Rent, tx: &Transaction) -> Result<(), Mismatch> {
    let mismatch = |field: &str| Mismatch { field: field.to_owned() };
    let same = |equal: bool, field: &str| if equal { Ok(()) } else { Err(mismatch(field)) };
    let [operation] = tx.operations.as_slice() else {
        return Err(mismatch("number of operations"));
    };
    same(operation.source_account.is_none(), "operation source")?;
    let TransactionExt::V1(data) = &tx.ext else {
        return Err(mismatch("contract resources"));
    };
    let footprint = &data.resources.footprint;
    let (named, others) = match &operation.body {
        OperationBody::ExtendFootprintTtl(extend) => {
            same(extend.extend_to == rent.extend_to(), "how long")?;
            (&footprint.read_only, &footprint.read_write)
        }
        OperationBody::RestoreFootprint(_) => (&footprint.read_write, &footprint.read_only),
        _ => return Err(mismatch("kind of operation")),
    };
    same(others.is_empty() && !named.is_empty(), "footprint")?;
    let ours = rent.entries(network).map_err(|_| mismatch("effect"))?;
    let fits = |key: &LedgerKey| matches!(key, LedgerKey::ContractCode(_)) || ours.contains(key);
    same(named.iter().all(fits), "footprint")
}
