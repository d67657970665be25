//! Rent: only what is about to end, only entries of ours, only as long as planned.
use kolo_core::Timestamp;
use kolo_core::port::chain::{ChainEffect, PrepareError, PreparedTx};
use kolo_core::port::{ChainClient, PortErrorKind};
use serde_json::json;
use stellar_xdr::{
    ContractDataEntry, ContractExecutable, ContractId, ExtensionPoint, Hash, LedgerEntryData,
    LedgerFootprint, LedgerKey, OperationBody, ScAddress, ScContractInstance, ScVal,
    SorobanResources, SorobanTransactionData, SorobanTransactionDataExt, Transaction,
    TransactionExt,
};

use super::node::{Node, xdr};
use super::verify::{Change, changed, decoded};
use super::world::*;
use crate::StellarChainClient;
use crate::address::sha256;

/// What the script's latest ledger is.
const LATEST: u32 = 100;
const DAY: u32 = 17_280;

fn circles() -> ChainEffect {
    ChainEffect::Prolong { circle: Some(contract(50)), asset: usdc() }
}

fn entry(key: ScVal, val: ScVal) -> LedgerEntryData {
    LedgerEntryData::ContractData(ContractDataEntry {
        ext: ExtensionPoint::V0,
        contract: ScAddress::Contract(ContractId(Hash([50; 32]))),
        key,
        durability: stellar_xdr::ContractDataDurability::Persistent,
        val,
    })
}

fn instance() -> LedgerEntryData {
    let executable = ContractExecutable::Wasm(Hash([9; 32]));
    let instance = ScContractInstance { executable, storage: None };
    entry(ScVal::LedgerKeyContractInstance, ScVal::ContractInstance(instance))
}

/// A node with a circle whose instance and state end in so many ledgers.
fn node(instance_left: i64, state_left: i64) -> (Node, StellarChainClient) {
    let node = Node::default();
    node.entry(account_entry(KEEPER, 41)).entry(account_entry(CHANNEL, 41));
    let until = |left: i64| u32::try_from(i64::from(LATEST) + left).unwrap();
    node.living(instance(), until(instance_left));
    node.living(entry(ScVal::U32(4), ScVal::U32(0)), until(state_left));
    node.result("simulateTransaction", answer(&instance()));
    let client = client(&node);
    (node, client)
}

/// A circle whose entries end soon.
pub fn ending() -> (Node, StellarChainClient) {
    node(50, 70)
}

/// A circle whose instance is archived.
pub fn archived() -> (Node, StellarChainClient, ChainEffect) {
    let (node, client) = node(-5, i64::from(20 * DAY));
    let footprint = LedgerFootprint {
        read_only: Default::default(),
        read_write: vec![instance().to_key()].try_into().unwrap(),
    };
    node.instead("simulateTransaction", simulated(footprint));
    (node, client, circles())
}

/// To a simulation of that entry's prolongation.
fn answer(prolonged: &LedgerEntryData) -> serde_json::Value {
    simulated(LedgerFootprint {
        read_only: vec![prolonged.to_key()].try_into().unwrap(),
        read_write: Default::default(),
    })
}

fn simulated(footprint: LedgerFootprint) -> serde_json::Value {
    let data = SorobanTransactionData {
        ext: SorobanTransactionDataExt::V0,
        resources: SorobanResources {
            footprint,
            instructions: 0,
            disk_read_bytes: 500,
            write_bytes: 0,
        },
        resource_fee: 200_000,
    };
    json!({ "transactionData": xdr(&data), "minResourceFee": "200000", "latestLedger": LATEST })
}

/// The footprint that was asked to be simulated.
fn asked(node: &Node) -> (OperationBody, LedgerFootprint) {
    use stellar_xdr::ReadXdr;
    let asked = node.asked("simulateTransaction");
    let envelope = asked.last().unwrap()["transaction"].as_str().unwrap();
    let limits = crate::rpc::XDR_LIMITS;
    match stellar_xdr::TransactionEnvelope::from_xdr_base64(envelope, limits).unwrap() {
        stellar_xdr::TransactionEnvelope::Tx(envelope) => {
            let TransactionExt::V1(data) = envelope.tx.ext else { panic!("no footprint") };
            (envelope.tx.operations[0].body.clone(), data.resources.footprint)
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn only_what_ends_soon_is_prolonged() {
    let (long, soon) = (i64::from(100 * DAY), i64::from(20 * DAY));
    let state = entry(ScVal::U32(4), ScVal::Void).to_key();
    for (instance_left, state_left, expected) in [
        (soon, long, vec![instance().to_key()]),
        (long, soon, vec![state.clone()]),
        (soon, soon, vec![instance().to_key(), state.clone()]),
    ] {
        let (node, client) = node(instance_left, state_left);
        let tx = client.prepare(&circles()).await.unwrap();
        assert_eq!(tx.source, address(KEEPER));
        let (operation, footprint) = asked(&node);
        let OperationBody::ExtendFootprintTtl(extend) = operation else { panic!("{operation:?}") };
        assert_eq!(extend.extend_to, 120 * DAY);
        assert_eq!(footprint.read_only.to_vec(), expected);
        assert!(footprint.read_write.is_empty());
    }
    let (_, client) = node(long, long);
    let error = client.prepare(&circles()).await.unwrap_err();
    assert!(matches!(error, PrepareError::AlreadyDone), "{error}");
}

#[tokio::test]
async fn what_is_archived_is_restored_first() {
    let (node, client, effect) = archived();
    let tx = client.prepare(&effect).await.unwrap();
    assert_eq!(client.verify(&effect, &tx), Ok(()));
    let (operation, footprint) = asked(&node);
    assert!(matches!(operation, OperationBody::RestoreFootprint(_)), "{operation:?}");
    assert_eq!(footprint.read_write.to_vec(), [instance().to_key()]);
    assert!(footprint.read_only.is_empty());
    let prepared = decoded(&tx);
    assert_eq!(prepared.operations[0].body, operation);
    let TransactionExt::V1(data) = &prepared.ext else { panic!("no footprint") };
    assert_eq!(data.resources.footprint, footprint);
    // A node that names the entries where a prolongation has them is refused.
    node.instead("simulateTransaction", answer(&instance()));
    let error = client.prepare(&effect).await.unwrap_err();
    let PrepareError::Port(error) = error else { panic!("{error}") };
    assert_eq!(error.kind, PortErrorKind::Denied);
    assert!(error.context.contains("footprint"), "{error}");
}

#[tokio::test]
async fn the_first_to_end_says_when() {
    let at = |seconds| Some(Timestamp::from_unix(seconds));
    for (instance_left, state_left, expected) in
        [(50, 70, at(1_000_000 + 250)), (70, 50, at(1_000_000 + 250)), (-1, 50, at(0))]
    {
        let (_, client) = node(instance_left, state_left);
        let found = client.lifetime(Some(&contract(50)), &usdc()).await.unwrap();
        assert_eq!(found, expected, "{instance_left} {state_left}");
    }
    // Nothing is there of another one.
    let (_, client) = node(50, 70);
    assert_eq!(client.lifetime(Some(&contract(51)), &usdc()).await.unwrap(), None);
}

#[tokio::test]
async fn every_field_of_a_prolongation_is_checked() {
    let (_, client) = node(50, 70);
    let effect = circles();
    let tx: PreparedTx = client.prepare(&effect).await.unwrap();
    assert_eq!(client.verify(&effect, &tx), Ok(()));
    let operation = |t: &mut Transaction, body: OperationBody, source: Option<u8>| {
        let source_account = source.map(|n| account(n).into());
        let operation = stellar_xdr::Operation { source_account, body };
        t.operations = vec![operation].try_into().unwrap();
    };
    let footprint = |t: &mut Transaction, read: Vec<LedgerKey>, write: Vec<LedgerKey>| {
        let TransactionExt::V1(data) = &mut t.ext else { panic!("no footprint") };
        data.resources.footprint = LedgerFootprint {
            read_only: read.try_into().unwrap(),
            read_write: write.try_into().unwrap(),
        };
    };
    let extend = |extend_to| {
        let ext = ExtensionPoint::V0;
        OperationBody::ExtendFootprintTtl(stellar_xdr::ExtendFootprintTtlOp { ext, extend_to })
    };
    let stranger = crate::read::instance_key(&ContractId(Hash([3; 32])));
    let ours = instance().to_key();
    let changes: &[Change<'_, Transaction>] = &[
        ("source", &|t| t.source_account = account(3).into()),
        ("operation source", &|t| operation(t, extend(120 * DAY), Some(3))),
        ("how long", &|t| operation(t, extend(180 * DAY), None)),
        ("kind of operation", &|t| operation(t, OperationBody::Inflation, None)),
        ("footprint", &|t| footprint(t, vec![stranger.clone()], vec![])),
        ("footprint", &|t| footprint(t, vec![], vec![])),
        ("footprint", &|t| footprint(t, vec![ours.clone()], vec![ours.clone()])),
        ("contract resources", &|t| t.ext = TransactionExt::V0),
    ];
    for (field, change) in changes {
        let error = client.verify(&effect, &changed(&tx, change)).unwrap_err();
        assert_eq!(error.field, *field);
    }
    // Neither another circle's, nor what all share, nor by another account.
    for other in [
        ChainEffect::Prolong { circle: Some(contract(51)), asset: usdc() },
        ChainEffect::Prolong { circle: None, asset: usdc() },
        ChainEffect::ByChannel { channel: address(CHANNEL), call: Box::new(circles()) },
    ] {
        assert!(client.verify(&other, &tx).is_err(), "{other:?}");
    }
    let by = ChainEffect::ByChannel { channel: address(CHANNEL), call: Box::new(circles()) };
    let tx = client.prepare(&by).await.unwrap();
    assert_eq!((tx.source.clone(), client.verify(&by, &tx)), (address(CHANNEL), Ok(())));
    assert_eq!(decoded(&tx).operations.len(), 1);
}

/// A circle's members may vote it another code: whatever it runs, nobody but its users pays for that.
#[tokio::test]
async fn a_strangers_code_is_neither_named_nor_signed_for() {
    let (node, client) = node(50, 70);
    node.living(code([9; 32]), LATEST + 50);
    let tx = client.prepare(&circles()).await.unwrap();
    let (_, footprint) = asked(&node);
    let is_code = |key: &LedgerKey| matches!(key, LedgerKey::ContractCode(_));
    assert!(!footprint.read_only.iter().any(is_code), "{footprint:?}");
    // Its end is not the circle's either.
    let ends_at = client.lifetime(Some(&contract(50)), &usdc()).await.unwrap();
    assert_eq!(ends_at, Some(Timestamp::from_unix(1_000_000 + 250)));
    let name = |days: u32, codes: Vec<[u8; 32]>| {
        changed(&tx, &move |t: &mut Transaction| {
            let extend = stellar_xdr::ExtendFootprintTtlOp {
                ext: ExtensionPoint::V0,
                extend_to: days * DAY,
            };
            let body = OperationBody::ExtendFootprintTtl(extend);
            let operation = stellar_xdr::Operation { source_account: None, body };
            t.operations = vec![operation].try_into().unwrap();
            let TransactionExt::V1(data) = &mut t.ext else { panic!("no footprint") };
            let keys: Vec<_> = codes.iter().map(|hash| code(*hash).to_key()).collect();
            data.resources.footprint.read_only = keys.try_into().unwrap();
        })
    };
    let ours = sha256(crate::setup::CIRCLE_WASM);
    for codes in [vec![[9; 32]], vec![ours]] {
        let error = client.verify(&circles(), &name(120, codes)).unwrap_err();
        assert_eq!(error.field, "footprint", "a circle's rent covers no code");
    }
    let shared = ChainEffect::Prolong { circle: None, asset: usdc() };
    assert_eq!(client.verify(&shared, &name(60, vec![ours])), Ok(()));
    for codes in [vec![[9; 32]], vec![ours, [9; 32]]] {
        let error = client.verify(&shared, &name(60, codes)).unwrap_err();
        assert_eq!(error.field, "footprint", "what all share has our codes alone");
    }
}

fn code(hash: [u8; 32]) -> LedgerEntryData {
    LedgerEntryData::ContractCode(stellar_xdr::ContractCodeEntry {
        ext: stellar_xdr::ContractCodeEntryExt::V0,
        hash: Hash(hash),
        code: vec![0].try_into().unwrap(),
    })
}

/// A circle's rent is under the ceiling of every transaction; only what all share has one of its own.
#[tokio::test]
async fn only_the_rent_of_what_all_share_has_its_own_ceiling() {
    use kolo_core::port::chain::FeeCeiling;
    let (_, mut client) = node(50, 70);
    (client.network.max_fee, client.network.max_rent) = (350_499, 4_000_000_000);
    let error = client.prepare(&circles()).await.unwrap_err();
    let expected = FeeCeiling { wanted: 350_500, ceiling: 350_499 };
    assert_eq!(crate::fees::tests::ceiling_in(&error), expected);
    client.network.max_fee = 350_500;
    assert_eq!(client.prepare(&circles()).await.unwrap().max_fee, 350_500);

    let shared = ChainEffect::Prolong { circle: None, asset: usdc() };
    let (_, mut client) = sharing();
    client.network.max_fee = 500;
    assert_eq!(client.prepare(&shared).await.unwrap().max_fee, 350_500);
    client.network.max_rent = 350_499;
    let error = client.prepare(&shared).await.unwrap_err();
    let expected = FeeCeiling { wanted: 350_500, ceiling: 350_499 };
    assert_eq!(crate::fees::tests::ceiling_in(&error), expected);
}

/// However high the rent may be: for its place in a ledger no more is bid than for a call's.
#[tokio::test]
async fn the_bid_for_rent_is_no_higher_than_for_a_call() {
    let shared = ChainEffect::Prolong { circle: None, asset: usdc() };
    let (_, mut client) = sharing();
    client.network.max_fee = 40_000;
    let tx = client.prepare(&shared).await.unwrap();
    let mut signed = finished(&client, &client.sign_inner(&tx, &signatures(&tx)).unwrap());
    let mut bids = vec![signed.prepared.max_fee - 350_000];
    while let Ok(bump) = client.bump_again(&signed) {
        signed = finished(&client, &bump);
        bids.push(signed.prepared.max_fee - 350_000);
    }
    assert_eq!(bids, [500, 5_000, 40_000]);
}

/// A node with our circle's code, which ends soon.
pub fn sharing() -> (Node, StellarChainClient) {
    let ours = code(sha256(crate::setup::CIRCLE_WASM));
    let node = Node::default();
    node.entry(account_entry(KEEPER, 41)).entry(account_entry(CHANNEL, 41));
    node.living(ours.clone(), LATEST + 50);
    node.result("simulateTransaction", answer(&ours));
    let client = client(&node);
    (node, client)
}
