//! Rent: what of a circle, or of what all circles share, is about to be archived, and the transaction that
//! prolongs it.
//!
//! The network's own operation does it, not a call: no code is loaded or run, so that what is paid is the rent
//! and little else. It names only entries of ours, and only those that end soon. What is archived already is
//! restored first, by an operation of its own, as much of it as fits one transaction, and prolonged another day.
//!
//! Codes have no owner, and members may vote their circle another one: a circle's rent covers no code, and that
//! of what all share covers those this software carries, by their hashes, whatever an instance names.
use kolo_core::Timestamp;
use kolo_core::port::PortError;
use kolo_core::port::chain::{ChainAddress, Mismatch, PrepareError};
use stellar_xdr::{
    AccountId, ContractId, ExtendFootprintTtlOp, ExtensionPoint, Hash, LedgerFootprint, LedgerKey,
    LedgerKeyContractCode, Operation, OperationBody, RestoreFootprintOp, ScAddress,
    SorobanResources, SorobanTransactionData, SorobanTransactionDataExt, Transaction,
    TransactionExt, VecM,
};

use crate::address::{contract_id, deployed_id, invalid, sha256, to_xdr};
use crate::client::StellarChainClient;
use crate::config::{Network, known_asset};
use crate::read::{PENDING, STATE, balance_key, data_key, instance_key};
use crate::rpc::EntryInfo;
use crate::setup::{CIRCLE_WASM, FACTORY_WASM, RULEBOOK_WASM};

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

/// Entries of so many bytes together are restored by one transaction, which writes them whole: of the 132,096
/// bytes the public network lets one write, less what is around them. Our rulebook's code fits, all our codes
/// do not.
const RESTORED: usize = 120_000;

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

    /// The entries it is about.
    fn entries(&self, network: &Network) -> Result<Vec<LedgerKey>, PortError> {
        let Some(circle) = &self.circle else {
            return shared(network, [&self.asset]);
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

/// What all circles in these assets share: contracts and our codes.
fn shared<'a>(
    network: &Network,
    assets: impl IntoIterator<Item = &'a ContractId>,
) -> Result<Vec<LedgerKey>, PortError> {
    let rulebook = rulebook(network)?;
    let contracts = [&network.factory, &rulebook].map(instance_key);
    let assets = assets.into_iter().map(instance_key);
    let code = |wasm| LedgerKey::ContractCode(LedgerKeyContractCode { hash: Hash(sha256(wasm)) });
    let codes = [CIRCLE_WASM, RULEBOOK_WASM, FACTORY_WASM].map(code);
    Ok(contracts.into_iter().chain(assets).chain(codes).collect())
}

/// What a transaction pays for rent of what all circles share; `None`: it is none, or for anything beside.
pub(crate) fn shared_rent(network: &Network, tx: &Transaction) -> Option<i64> {
    use OperationBody as B;
    let [Operation { body: B::ExtendFootprintTtl(_) | B::RestoreFootprint(_), .. }] =
        tx.operations.as_slice()
    else {
        return None;
    };
    let TransactionExt::V1(data) = &tx.ext else {
        return None;
    };
    let footprint = &data.resources.footprint;
    let ours = shared(network, network.assets.iter().map(|known| &known.contract)).ok()?;
    let mut named = footprint.read_only.iter().chain(footprint.read_write.iter());
    named.all(|key| ours.contains(key)).then_some(data.resource_fee)
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

    /// What there is of it.
    async fn kept(&self, rent: &Rent) -> Result<Vec<EntryInfo>, PortError> {
        Ok(self.rpc.ledger_entries(&rent.entries(&self.network)?).await?)
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
            return Ok(with_footprint(body, VecM::default(), keys(fitting(archived)?)?));
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

/// Those of them that are restored together; the others are still archived when it is looked at again.
fn fitting(archived: Vec<EntryInfo>) -> Result<Vec<EntryInfo>, PortError> {
    let (mut taken, mut bytes) = (Vec::new(), 0_usize);
    for entry in archived {
        let more = bytes.saturating_add(to_xdr(&entry.data)?.len());
        if taken.is_empty() || more <= RESTORED {
            bytes = more;
            taken.push(entry);
        }
    }
    Ok(taken)
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

/// Exactly one of the two operations, on entries of ours, and nothing else.
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
    same(named.iter().all(|key| ours.contains(key)), "footprint")
}
