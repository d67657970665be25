//! `xdrFormat: json`: the same as in base64, under the names Stellar RPC gives it.

use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use stellar_xdr::{
    ContractEvent, LedgerCloseMeta, LedgerEntry, LedgerEntryData, LedgerEntryExt,
    LedgerHeaderHistoryEntry, LedgerKey, LedgerKeyAccount, ReadXdr, ScVal, SequenceNumber,
    SorobanAuthorizationEntry, SorobanTransactionData, TransactionEnvelope, TransactionEvent,
    TransactionMeta, TransactionResult,
};

use super::support::{Net, XLM, base64, field, payment, token, xdr};

/// Asks in both formats.
async fn both(net: &Net, method: &str, mut params: Value) -> (Value, Value) {
    let plain = net.ask(method, params.clone()).await;
    params["xdrFormat"] = json!("json");
    (plain, net.ask(method, params).await)
}

/// One field says the same in both answers, and neither answer has the other's name for it.
#[track_caller]
fn same<T>(plain: &Value, spelt: &Value, (name, json_name): (&str, &str)) -> T
where
    T: ReadXdr + DeserializeOwned + Debug + PartialEq,
{
    assert!(plain.get(json_name).is_none(), "{json_name}: {plain}");
    assert!(!spelt[name].is_string() || spelt[name] == "", "{name}: {spelt}");
    let value: T = field(plain, name);
    assert_eq!(parsed::<T>(&spelt[json_name]), value, "{json_name}");
    value
}

/// The same of a field with a list; gives its length.
#[track_caller]
fn same_list<T>(plain: &Value, spelt: &Value) -> usize
where
    T: ReadXdr + DeserializeOwned + Debug + PartialEq,
{
    let (plain, spelt) = (plain.as_array().unwrap(), spelt.as_array().unwrap());
    let plain: Vec<T> = plain.iter().map(|one| xdr(one.as_str().unwrap())).collect();
    let spelt: Vec<T> = spelt.iter().map(parsed).collect();
    assert_eq!(plain, spelt);
    plain.len()
}

#[track_caller]
fn parsed<T: DeserializeOwned>(spelt: &Value) -> T {
    serde_json::from_value(spelt.clone()).unwrap_or_else(|error| panic!("{spelt}: {error}"))
}

#[tokio::test]
async fn a_transaction_is_spelt_out() {
    let net = Net::start();
    let (ann, ben) = (net.person(1).await, net.person(2).await);
    let hash = net.pay(&ann, &ben, 5 * XLM).await;
    let (plain, spelt) = both(&net, "getTransaction", json!({ "hash": hash })).await;
    same::<TransactionEnvelope>(&plain, &spelt, ("envelopeXdr", "envelopeJson"));
    same::<TransactionResult>(&plain, &spelt, ("resultXdr", "resultJson"));
    same::<TransactionMeta>(&plain, &spelt, ("resultMetaXdr", "resultMetaJson"));
    let (of_plain, of_spelt) = (&plain["events"], &spelt["events"]);
    let fees = same_list::<TransactionEvent>(
        &of_plain["transactionEventsXdr"],
        &of_spelt["transactionEventsJson"],
    );
    let transfers = same_list::<ContractEvent>(
        &of_plain["contractEventsXdr"][0],
        &of_spelt["contractEventsJson"][0],
    );
    assert!(fees > 0 && transfers == 1, "{of_spelt}");
    // As SEP-51 spells it, word for word.
    let tx = &spelt["envelopeJson"]["tx"]["tx"];
    assert_eq!(tx["source_account"], ann.address());
    assert_eq!(
        tx["operations"],
        json!([{ "source_account": null, "body": { "payment": {
            "destination": ben.address(), "asset": "native", "amount": "50000000",
        } } }])
    );
    assert_eq!(
        spelt["resultJson"],
        json!({
            "fee_charged": "100",
            "result": { "tx_success": [{ "op_inner": { "payment": "success" } }] },
            "ext": "v0",
        })
    );
    let unknown = json!({ "hash": "00".repeat(32) });
    let (plain, spelt) = both(&net, "getTransaction", unknown).await;
    assert_eq!(plain, spelt, "nothing is known in either");
}

#[tokio::test]
async fn pages_are_spelt_out() {
    let net = Net::start();
    let (ann, ben) = (net.person(1).await, net.person(2).await);
    net.invoke(&ann, token::deploy()).await;
    net.invoke(&ann, token::transfer(&net, &ann, &ben, 7)).await;
    let from = json!({ "startLedger": 1 });

    let (plain, spelt) = both(&net, "getTransactions", from.clone()).await;
    let rows = plain["transactions"].as_array().unwrap().iter();
    for (plain, spelt) in rows.zip(spelt["transactions"].as_array().unwrap()) {
        same::<TransactionEnvelope>(plain, spelt, ("envelopeXdr", "envelopeJson"));
        same::<TransactionMeta>(plain, spelt, ("resultMetaXdr", "resultMetaJson"));
        assert_eq!(plain["createdAt"], spelt["createdAt"]);
    }

    let (plain, spelt) = both(&net, "getLedgers", from.clone()).await;
    let rows = plain["ledgers"].as_array().unwrap().iter();
    for (plain, spelt) in rows.zip(spelt["ledgers"].as_array().unwrap()) {
        let header = ("headerXdr", "headerJson");
        let header = same::<LedgerHeaderHistoryEntry>(plain, spelt, header);
        assert_eq!(plain["sequence"], header.header.ledger_seq);
        same::<LedgerCloseMeta>(plain, spelt, ("metadataXdr", "metadataJson"));
        assert_eq!((&spelt["headerXdr"], &spelt["metadataXdr"]), (&json!(""), &json!("")));
    }

    let (plain, spelt) = both(&net, "getEvents", from).await;
    let (rows, spelt) = (plain["events"].as_array().unwrap(), spelt["events"].as_array().unwrap());
    assert_eq!(rows.len(), spelt.len());
    for (plain, spelt) in rows.iter().zip(spelt) {
        same_list::<ScVal>(&plain["topic"], &spelt["topicJson"]);
        same::<ScVal>(plain, spelt, ("value", "valueJson"));
    }
    assert!(spelt.iter().any(|event| event["valueJson"] == json!({ "i128": "7" })), "{spelt:?}");
}

#[tokio::test]
async fn entries_are_spelt_out() {
    let net = Net::start();
    let ann = net.person(1).await;
    let key = LedgerKey::Account(LedgerKeyAccount { account_id: ann.account() });
    let (plain, spelt) = both(&net, "getLedgerEntries", json!({ "keys": [base64(&key)] })).await;
    let (plain, spelt) = (&plain["entries"][0], &spelt["entries"][0]);
    assert_eq!(same::<LedgerKey>(plain, spelt, ("key", "keyJson")), key);
    same::<LedgerEntryData>(plain, spelt, ("xdr", "dataJson"));
    same::<LedgerEntryExt>(plain, spelt, ("extXdr", "extJson"));
    assert_eq!(spelt["keyJson"], json!({ "account": { "account_id": ann.address() } }));
    assert_eq!(spelt["dataJson"]["account"]["balance"], (10_000 * XLM).to_string());
}

#[tokio::test]
async fn a_refusal_is_spelt_out() {
    let net = Net::start();
    let ann = net.person(1).await;
    let mut tx = net.transaction(&ann, payment(&ann, 1)).await;
    tx.seq_num = SequenceNumber(1);
    let envelope = json!({ "transaction": base64(&net.sign(&ann, tx)) });
    let (plain, spelt) = both(&net, "sendTransaction", envelope).await;
    same::<TransactionResult>(&plain, &spelt, ("errorResultXdr", "errorResultJson"));
    let result = &spelt["errorResultJson"]["result"];
    assert_eq!((&spelt["status"], result), (&json!("ERROR"), &json!("tx_bad_seq")));
}

#[tokio::test]
async fn a_simulation_is_spelt_out() {
    let net = Net::start();
    let ann = net.person(1).await;
    net.invoke(&ann, token::deploy()).await;
    let fresh = net.person(2).await;
    let call = net.envelope(&ann, token::transfer(&net, &ann, &fresh, 3)).await;
    let (plain, spelt) =
        both(&net, "simulateTransaction", json!({ "transaction": base64(&call) })).await;
    let data = ("transactionData", "transactionDataJson");
    same::<SorobanTransactionData>(&plain, &spelt, data);
    let (of_plain, of_spelt) = (&plain["results"][0], &spelt["results"][0]);
    same::<ScVal>(of_plain, of_spelt, ("xdr", "returnValueJson"));
    assert_eq!(of_spelt["returnValueJson"], "void");
    let signed = same_list::<SorobanAuthorizationEntry>(&of_plain["auth"], &of_spelt["authJson"]);
    assert_eq!(signed, 1);
    let changes = plain["stateChanges"].as_array().unwrap().iter();
    for (plain, spelt) in changes.zip(spelt["stateChanges"].as_array().unwrap()) {
        same::<LedgerKey>(plain, spelt, ("key", "keyJson"));
        same::<LedgerEntry>(plain, spelt, ("before", "beforeJson"));
        same::<LedgerEntry>(plain, spelt, ("after", "afterJson"));
        assert!(spelt["before"].is_null() && spelt["after"].is_null(), "{spelt}");
    }
}
