//! The state in a folder: a network that ends without warning goes on where it was.

use std::path::Path;

use kolo_localnet::store::DiskStore;
use kolo_localnet::{Localnet, StartError, StoreError};
use serde_json::{Value, json};

use super::support::{Net, Person, XLM, base64, payment, token};

pub fn open(folder: &Path) -> Net {
    let store = DiskStore::open(folder).unwrap();
    Net(Localnet::builder().store(Box::new(store)).start().unwrap())
}

/// Everything a client can read of a network.
async fn readings(net: &Net) -> Vec<Value> {
    vec![
        net.ask("getHealth", json!({})).await,
        net.ask("getLatestLedger", json!({})).await,
        net.ask("getLedgers", json!({ "startLedger": 1, "pagination": { "limit": 200 } })).await,
        net.ask("getTransactions", json!({ "startLedger": 1 })).await,
        net.ask("getEvents", json!({ "startLedger": 1, "pagination": { "limit": 10_000 } })).await,
        net.ask("getFeeStats", json!({})).await,
    ]
}

async fn live(net: &Net) -> (Person, Person) {
    let (ann, ben) = (net.person(1).await, net.person(2).await);
    net.invoke(&ann, token::deploy()).await;
    net.invoke(&ann, token::transfer(net, &ann, &ben, 5)).await;
    net.pay(&ben, &ann, 3 * XLM).await;
    (ann, ben)
}

#[tokio::test]
async fn a_network_goes_on_where_its_files_are() {
    let (folder, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let net = open(folder.path());
    let (ann, ben) = live(&net).await;
    // The files as they are while the network runs: what the end of the machine would leave.
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    let before = readings(&net).await;
    let again = open(copy.path());
    assert_eq!(readings(&again).await, before);
    assert_eq!(again.account(&ann).await, net.account(&ann).await);
    assert_eq!(again.account(&ben).await, net.account(&ben).await);

    // The next ledger continues the chain, and contracts still work.
    let last = net.0.latest().await.unwrap().header;
    again.invoke(&ann, token::transfer(&again, &ann, &ben, 7)).await;
    let ledgers = again.0.ledgers(last.header.ledger_seq + 1..=u32::MAX, 1).await.unwrap();
    assert_eq!(ledgers[0].header.previous_ledger_hash, last.hash);
    assert_eq!(ledgers[0].header.ledger_seq, last.header.ledger_seq + 1);
}

#[tokio::test]
async fn a_stopped_network_can_be_opened_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let net = open(folder.path());
    live(&net).await;
    let before = readings(&net).await;
    net.0.stop().await.unwrap();
    assert_eq!(net.refused("getHealth", json!({})).await.0, -32_603);
    assert_eq!(readings(&open(folder.path())).await, before);
}

#[tokio::test]
async fn another_passphrase_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let net = open(folder.path());
    net.0.stop().await.unwrap();
    let store = DiskStore::open(folder.path()).unwrap();
    let other = Localnet::builder().passphrase("Another").store(Box::new(store)).start();
    let error = other.expect_err("the store holds another network");
    let refused = matches!(
        error,
        StartError::OtherNetwork { .. } | StartError::Store(StoreError::OtherNetwork { .. })
    );
    assert!(refused, "{error:?}");
    assert!(error.to_string().contains("another folder"), "{error}");
}

#[tokio::test]
async fn an_envelope_of_yesterday_is_not_applied_again() {
    let folder = tempfile::tempdir().unwrap();
    let net = open(folder.path());
    let (ann, ben) = live(&net).await;
    let envelope = net.envelope(&ann, payment(&ben, XLM)).await;
    net.succeed(&envelope).await;
    net.0.stop().await.unwrap();
    let net = open(folder.path());
    let before = net.account(&ben).await.balance;
    let sent = net.ask("sendTransaction", json!({ "transaction": base64(&envelope) })).await;
    assert!(["DUPLICATE", "ERROR"].contains(&sent["status"].as_str().unwrap()), "{sent}");
    assert_eq!(net.account(&ben).await.balance, before);
}
