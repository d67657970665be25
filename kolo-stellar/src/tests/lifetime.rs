//! Rent: only what is about to end, only entries of ours, only as long as planned.
use kolo_core::Timestamp;
use kolo_core::port::ChainClient;
use kolo_core::port::chain::{ChainEffect, PrepareError, PreparedTx};
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
    let data = SorobanTransactionData {
        ext: SorobanTransactionDataExt::V0,
        resources: SorobanResources {
            footprint: LedgerFootprint {
                read_only: vec![instance().to_key()].try_into().unwrap(),
                read_write: Default::default(),
            },
            instructions: 0,
            disk_read_bytes: 500,
            write_bytes: 0,
        },
        resource_fee: 200_000,
    };
    let answer = json!({
        "transactionData": xdr(&data), "minResourceFee": "200000", "latestLedger": LATEST,
    });
    node.result("simulateTransaction", answer);
    let client = client(&node);
    (node, client)
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
    let (node, client) = node(-5, i64::from(20 * DAY));
    // The script's answer has its entries where a prolongation has them.
    client.prepare(&circles()).await.unwrap_err();
    let (operation, footprint) = asked(&node);
    assert!(matches!(operation, OperationBody::RestoreFootprint(_)), "{operation:?}");
    assert_eq!(footprint.read_write.to_vec(), [instance().to_key()]);
    assert!(footprint.read_only.is_empty());
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

/// Rent has a ceiling of its own: what a call may cost says nothing about it.
#[tokio::test]
async fn rent_has_its_own_ceiling() {
    let (_, mut client) = node(50, 70);
    client.network.max_fee = 1;
    let tx = client.prepare(&circles()).await.unwrap();
    assert_eq!(tx.max_fee, 350_000 + 2 * 250);
    client.network.max_rent = 350_000;
    let error = client.prepare(&circles()).await.unwrap_err();
    assert_eq!(
        crate::fees::tests::ceiling_in(&error),
        kolo_core::port::chain::FeeCeiling { wanted: 350_500, ceiling: 350_000 }
    );
}
