//! What goes wrong by mistake or on purpose, over a port: each gets the network's own answer, and
//! nothing of it costs anybody anything.

use reqwest::StatusCode;
use serde_json::{Value, json};
use stellar_xdr::{
    Limits, ScVal, ScVec, TransactionEnvelope, TransactionResult, TransactionResultResult, WriteXdr,
};

use super::http::Port;
use super::support::{Net, Person, XLM, base64, field, payment, token};

/// Bytes of XDR that say a vector is in a vector is in a vector …
fn nested(depth: usize) -> String {
    let inner = ScVal::Vec(Some(ScVec(vec![ScVal::Void].try_into().unwrap())));
    let bytes = inner.to_xdr(Limits::none()).unwrap();
    // Its kind, that there is one, and how many it has: all but what is in it.
    let opening = &bytes[..bytes.len() - 4];
    data_encoding::BASE64.encode(&opening.repeat(depth))
}

async fn refusal(net: &Net, envelope: &TransactionEnvelope) -> TransactionResultResult {
    let sent = net.send(envelope).await;
    assert_eq!(sent["status"], "ERROR", "{sent}");
    field::<TransactionResult>(&sent, "errorResultXdr").result
}

#[tokio::test]
async fn transactions_that_must_not_pass_have_the_networks_codes() {
    let net = Net::still();
    let (ann, ben) = (net.person(1).await, net.person(2).await);
    let good = net.transaction(&ann, payment(&ben, 1)).await;
    let TransactionEnvelope::Tx(signed) = net.sign(&ann, good.clone()) else { panic!() };

    let other = Net::named("Public Global Stellar Network ; September 2015");
    let elsewhere = other.sign(&ann, good.clone());
    assert_eq!(refusal(&net, &elsewhere).await, TransactionResultResult::TxBadAuth);
    let mut broken = signed.clone();
    let mut bytes = broken.signatures[0].signature.0.to_vec();
    bytes[10] ^= 1;
    let mut signatures = broken.signatures.to_vec();
    signatures[0].signature = stellar_xdr::Signature(bytes.try_into().unwrap());
    broken.signatures = signatures.try_into().unwrap();
    let broken = TransactionEnvelope::Tx(broken);
    assert_eq!(refusal(&net, &broken).await, TransactionResultResult::TxBadAuth);
    let mut unsigned = signed.clone();
    unsigned.signatures = Vec::new().try_into().unwrap();
    let unsigned = TransactionEnvelope::Tx(unsigned);
    assert_eq!(refusal(&net, &unsigned).await, TransactionResultResult::TxBadAuth);
    let mut by_many = signed.clone();
    by_many.signatures = vec![signed.signatures[0].clone(); 20].try_into().unwrap();
    let by_many = TransactionEnvelope::Tx(by_many);
    assert_eq!(refusal(&net, &by_many).await, TransactionResultResult::TxBadAuthExtra);
    let mut empty = good.clone();
    empty.operations = Vec::new().try_into().unwrap();
    let empty = net.sign(&ann, empty);
    assert_eq!(refusal(&net, &empty).await, TransactionResultResult::TxMissingOperation);
    let mut nobodys = good.clone();
    nobodys.source_account = Person::number(9).muxed();
    let nobodys = net.sign(&Person::number(9), nobodys);
    assert_eq!(refusal(&net, &nobodys).await, TransactionResultResult::TxNoAccount);
    assert_eq!(net.account(&ann).await.balance, 10_000 * XLM, "nothing was charged");

    let good = TransactionEnvelope::Tx(signed);
    net.succeed(&good).await;
    assert_eq!(net.send(&good).await["status"], "DUPLICATE");
    net.0.close_ledger().await.unwrap();
    assert_eq!(refusal(&net, &good).await, TransactionResultResult::TxBadSeq, "replayed");
    assert_eq!(net.account(&ben).await.balance, 10_000 * XLM + 1, "paid once");
}

#[tokio::test]
async fn garbage_is_answered_in_stellar_rpcs_words() {
    let port = Port::open().await;
    let ann = port.net.person(1).await;
    let whole = base64(&port.net.envelope(&ann, token::deploy()).await);
    let half = &whole[..whole.len() / 8 * 4];
    let more = format!("{}AAAA", whole.trim_end_matches('='));
    let deep = nested(10_000);
    for transaction in ["", "AAAA", "not base64", "====", half, more.as_str(), deep.as_str()] {
        let params = json!({ "transaction": transaction });
        let expected = (-32_602, "invalid_xdr".to_owned());
        assert_eq!(port.net.refused("sendTransaction", params.clone()).await, expected);
        let simulated = port.net.ask("simulateTransaction", params).await;
        assert_eq!(simulated["error"], "Could not unmarshal transaction", "{transaction:.40}");
    }
    for (method, params) in [
        ("getLedgerEntries", json!({ "keys": [deep] })),
        ("getEvents", json!({ "startLedger": 1, "filters": [{ "topics": [[deep]] }] })),
    ] {
        assert_eq!(port.net.refused(method, params).await.0, -32_602, "{method}");
    }
    let request = |transaction: &str| {
        json!({
            "jsonrpc": "2.0", "id": 1, "method": "sendTransaction",
            "params": { "transaction": transaction },
        })
    };
    let large = port.post("/", request(&"A".repeat(10_000_000)).to_string()).await;
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let answer: Value = large.json().await.unwrap();
    assert_eq!(answer["error"]["message"], "http: request body too large");
    let below = port.post("/", request(&"A".repeat(500_000)).to_string()).await;
    let answer: Value = below.json().await.unwrap();
    assert_eq!(answer["error"]["message"], "invalid_xdr");
    assert_eq!(port.net.ask("getHealth", json!({})).await["status"], "healthy");
}
