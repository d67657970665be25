//! Transactions and entries: sent, found, refused.

use std::time::{Duration, Instant};

use kolo_localnet::{Close, Localnet};
use serde_json::json;
use stellar_xdr::{
    LedgerEntryData, LedgerEntryExt, LedgerKey, LedgerKeyAccount, LedgerKeyTtl, SequenceNumber,
    TransactionEnvelope, TransactionMeta, TransactionResult, TransactionResultResult,
};

use super::shapes::Kind::{self, Base64, Bool, Digits, Hash, List, Number, Object, Text};
use super::shapes::assert_shape;
use super::support::{Net, Person, XLM, base64, create, field, payment, xdr};

const TRANSACTION: [(&str, Kind); 11] = [
    ("status", Text),
    ("txHash", Hash),
    ("applicationOrder", Number),
    ("feeBump", Bool),
    ("envelopeXdr", Base64),
    ("resultXdr", Base64),
    ("resultMetaXdr", Base64),
    ("diagnosticEventsXdr?", List),
    ("events", Object),
    ("ledger", Number),
    ("createdAt", Digits),
];

const RANGE: [(&str, Kind); 4] = [
    ("latestLedger", Number),
    ("latestLedgerCloseTime", Digits),
    ("oldestLedger", Number),
    ("oldestLedgerCloseTime", Digits),
];

#[tokio::test]
async fn a_payment_is_sent_and_found() {
    let net = Net::start();
    let (ann, ben) = (net.person(1).await, Person::number(2));
    net.succeed(&net.envelope(&ann, create(&ben, 20 * XLM)).await).await;
    let envelope = net.envelope(&ann, payment(&ben, 5 * XLM)).await;
    let hash = net.hash(&envelope);

    let before = net.get(&hash).await;
    assert_eq!(before["status"], "NOT_FOUND");
    assert_shape(
        &before,
        &[
            RANGE.as_slice(),
            &[
                ("status", Text),
                ("txHash", Hash),
                ("applicationOrder", Number),
                ("feeBump", Bool),
                ("events", Object),
                ("ledger", Number),
                ("createdAt", Digits),
            ],
        ]
        .concat(),
    );

    let sent = net.send(&envelope).await;
    assert_shape(
        &sent,
        &[
            ("status", Text),
            ("hash", Hash),
            ("latestLedger", Number),
            ("latestLedgerCloseTime", Digits),
        ],
    );
    assert_eq!((&sent["status"], &sent["hash"]), (&json!("PENDING"), &json!(hash)));

    let found = net.get(&hash).await;
    assert_shape(&found, &[RANGE.as_slice(), &TRANSACTION].concat());
    assert_eq!(found["status"], "SUCCESS");
    assert_eq!(found["txHash"], hash);
    assert_eq!((&found["applicationOrder"], &found["feeBump"]), (&json!(1), &json!(false)));
    assert_eq!(found["ledger"], found["latestLedger"]);
    assert_eq!(field::<TransactionEnvelope>(&found, "envelopeXdr"), envelope);
    let result: TransactionResult = field(&found, "resultXdr");
    assert_eq!(result.fee_charged, 100);
    assert!(matches!(result.result, TransactionResultResult::TxSuccess(_)));
    assert_eq!(net.account(&ben).await.balance, 25 * XLM);

    let again = net.send(&envelope).await;
    assert_eq!((&again["status"], &again["hash"]), (&json!("DUPLICATE"), &json!(hash)));
    assert_eq!(net.account(&ben).await.balance, 25 * XLM);
}

#[tokio::test]
async fn money_is_there_within_five_seconds() {
    let close = Close::Every(Duration::from_secs(1));
    let net = Net(Localnet::builder().close(close).start().unwrap());
    let (ann, ben) = (net.person(1).await, net.person(2).await);
    for _ in 0..2 {
        let envelope = net.envelope(&ann, payment(&ben, 1)).await;
        let sent = Instant::now();
        assert_eq!(net.send(&envelope).await["status"], "PENDING");
        while net.get(&net.hash(&envelope)).await["status"] != "SUCCESS" {
            assert!(sent.elapsed() < Duration::from_secs(5), "too late");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    assert_eq!(net.account(&ben).await.balance, 10_000 * XLM + 2);
}

#[tokio::test]
async fn the_events_of_a_transaction_are_those_of_its_meta() {
    let net = Net::start();
    let (ann, ben) = (net.person(1).await, net.person(2).await);
    let found = net.get(&net.pay(&ann, &ben, XLM).await).await;
    let TransactionMeta::V4(meta) = field(&found, "resultMetaXdr") else { panic!("not V4") };
    let of_transaction: Vec<_> = meta.events.iter().map(base64).collect();
    assert!(!of_transaction.is_empty(), "a fee is an event");
    assert_eq!(found["events"]["transactionEventsXdr"], json!(of_transaction));
    let of_operations: Vec<Vec<_>> =
        meta.operations.iter().map(|op| op.events.iter().map(base64).collect()).collect();
    assert_eq!(of_operations.len(), 1);
    assert_eq!(found["events"]["contractEventsXdr"], json!(of_operations));
}

#[tokio::test]
async fn what_the_network_refuses_or_fails_is_told_apart() {
    let net = Net::start();
    let (ann, ben) = (net.person(1).await, net.person(2).await);
    let mut tx = net.transaction(&ann, payment(&ben, XLM)).await;
    tx.seq_num = SequenceNumber(tx.seq_num.0 + 1);
    let refused = net.sign(&ann, tx);
    let sent = net.send(&refused).await;
    assert_shape(
        &sent,
        &[
            ("status", Text),
            ("hash", Hash),
            ("errorResultXdr", Base64),
            ("diagnosticEventsXdr?", List),
            ("latestLedger", Number),
            ("latestLedgerCloseTime", Digits),
        ],
    );
    assert_eq!(sent["status"], "ERROR");
    let result: TransactionResult = field(&sent, "errorResultXdr");
    assert!(matches!(result.result, TransactionResultResult::TxBadSeq), "{result:?}");
    assert_eq!(net.get(&net.hash(&refused)).await["status"], "NOT_FOUND");

    let too_much = net.envelope(&ann, payment(&ben, 1_000_000 * XLM)).await;
    assert_eq!(net.send(&too_much).await["status"], "PENDING");
    let found = net.get(&net.hash(&too_much)).await;
    assert_eq!(found["status"], "FAILED");
    let result: TransactionResult = field(&found, "resultXdr");
    assert!(matches!(result.result, TransactionResultResult::TxFailed(_)), "{result:?}");
}

#[tokio::test]
async fn a_fee_bump_is_found_by_both_hashes() {
    let net = Net::start();
    let (ann, ben) = (net.person(1).await, net.person(2).await);
    let inner = net.envelope(&ann, payment(&ben, XLM)).await;
    let outer = net.fee_bump(&ben, &inner);
    net.succeed(&outer).await;
    for hash in [net.hash(&inner), net.hash(&outer)] {
        let found = net.get(&hash).await;
        assert_eq!(found["status"], "SUCCESS");
        assert_eq!(found["feeBump"], true);
        assert_eq!(found["txHash"], hash, "the hash that was asked for");
        assert_eq!(field::<TransactionEnvelope>(&found, "envelopeXdr"), outer);
    }
}

#[tokio::test]
async fn entries_come_in_the_order_asked() {
    let net = Net::start();
    let people = [net.person(1).await, Person::number(99), net.person(2).await];
    let key =
        |person: &Person| LedgerKey::Account(LedgerKeyAccount { account_id: person.account() });
    let keys: Vec<_> = people.iter().map(|person| base64(&key(person))).collect();
    let answer = net.ask("getLedgerEntries", json!({ "keys": keys })).await;
    assert_shape(&answer, &[("entries", List), ("latestLedger", Number)]);
    let entries = answer["entries"].as_array().unwrap();
    let found: Vec<_> = entries.iter().map(|entry| entry["key"].as_str().unwrap()).collect();
    assert_eq!(found, [&keys[0], &keys[2]]);
    for entry in entries {
        assert_shape(
            entry,
            &[
                ("key", Base64),
                ("xdr", Base64),
                ("lastModifiedLedgerSeq", Number),
                ("extXdr", Base64),
            ],
        );
        assert_eq!(field::<LedgerEntryExt>(entry, "extXdr"), LedgerEntryExt::V0);
        let data: LedgerEntryData = field(entry, "xdr");
        assert!(matches!(data, LedgerEntryData::Account(a) if a.balance == 10_000 * XLM));
    }
    assert_eq!(net.ask("getLedgerEntries", json!({ "keys": [] })).await["entries"], json!([]));
}

#[tokio::test]
async fn keys_that_cannot_be_asked_for_are_refused() {
    let net = Net::start();
    let ttl = LedgerKey::Ttl(LedgerKeyTtl { key_hash: stellar_xdr::Hash([0; 32]) });
    for (keys, why) in [
        (json!([base64(&ttl)]), "ledger ttl entries cannot be queried directly"),
        (json!(["AAAA"]), "cannot unmarshal key value AAAA at index 0"),
        (json!(vec![base64(&ttl); 201]), "exceeds maximum supported (200)"),
        (json!("AAAA"), ""),
        (json!([1]), ""),
    ] {
        let (code, message) = net.refused("getLedgerEntries", json!({ "keys": keys })).await;
        assert_eq!(code, -32_602);
        assert!(message.contains(why), "{message}");
    }
}

#[tokio::test]
async fn transactions_come_page_by_page() {
    let net = Net::start();
    let (ann, ben) = (net.person(1).await, net.person(2).await);
    let mut sent = Vec::new();
    let first = net.ask("getLatestLedger", json!({})).await["sequence"].as_u64().unwrap() + 1;
    for amount in 1..=5 {
        sent.push(net.pay(&ann, &ben, amount).await);
        net.0.close_ledger().await.unwrap();
    }
    for limit in [1, 2, 3, 5, 200] {
        let mut found = Vec::new();
        let mut params = json!({ "startLedger": first, "pagination": { "limit": limit } });
        loop {
            let page = net.ask("getTransactions", params).await;
            assert_shape(
                &page,
                &[
                    ("transactions", List),
                    ("latestLedger", Number),
                    ("latestLedgerCloseTimestamp", Number),
                    ("oldestLedger", Number),
                    ("oldestLedgerCloseTimestamp", Number),
                    ("cursor", Digits),
                ],
            );
            let rows = page["transactions"].as_array().unwrap();
            assert!(rows.len() <= limit);
            for row in rows {
                let mut fields = TRANSACTION;
                fields[10] = ("createdAt", Number);
                assert_shape(row, &fields);
                found.push(row["txHash"].as_str().unwrap().to_owned());
            }
            params = json!({ "pagination": { "limit": limit, "cursor": page["cursor"] } });
            if rows.is_empty() {
                break;
            }
        }
        assert_eq!(found, sent, "by {limit}");
        // What happens later is found from where the last page ended.
        sent.push(net.pay(&ann, &ben, 7).await);
        let page = net.ask("getTransactions", params).await;
        assert_eq!(page["transactions"].as_array().unwrap().len(), 1);
        assert_eq!(page["transactions"][0]["txHash"], *sent.last().unwrap());
    }
}

#[tokio::test]
async fn pages_that_cannot_be_given_are_refused() {
    let net = Net::start();
    for method in ["getTransactions", "getLedgers"] {
        for (params, code) in [
            (json!({}), -32_600),
            (json!({ "startLedger": 1_000 }), -32_600),
            (json!({ "startLedger": 1, "pagination": { "cursor": "1" } }), -32_600),
            (json!({ "startLedger": 1, "pagination": { "limit": 201 } }), -32_600),
            (json!({ "pagination": { "cursor": "one" } }), -32_602),
            (json!({ "pagination": { "cursor": "-1" } }), -32_602),
            (json!({ "startLedger": -1 }), -32_602),
            (json!({ "startLedger": 1, "xdrFormat": "xml" }), -32_600),
        ] {
            let (found, message) = net.refused(method, params.clone()).await;
            assert_eq!(found, code, "{method} {params}: {message}");
        }
    }
}

#[tokio::test]
async fn other_formats_hashes_and_envelopes_are_refused() {
    let net = Net::start();
    let ann = net.person(1).await;
    let envelope = base64(&net.envelope(&ann, payment(&ann, 1)).await);
    for (method, params) in [
        ("getTransaction", json!({ "hash": "ab".repeat(32), "xdrFormat": "xml" })),
        ("getTransaction", json!({ "hash": "ab" })),
        ("getTransaction", json!({})),
        ("sendTransaction", json!({ "transaction": "AAAA" })),
        ("sendTransaction", json!({ "transaction": envelope, "xdrFormat": "xml" })),
        ("getLedgerEntries", json!({ "keys": [], "xdrFormat": "xml" })),
        ("getEvents", json!({ "startLedger": 1, "xdrFormat": "xml" })),
    ] {
        let (code, message) = net.refused(method, params.clone()).await;
        assert_eq!(code, -32_602, "{method} {params}: {message}");
    }
    for (hash, words) in [
        ("ab".to_owned(), "unexpected hash length (2)"),
        ("xb".repeat(32), "incorrect hash: encoding/hex: invalid byte: U+0078 'x'"),
    ] {
        assert_eq!(net.refused("getTransaction", json!({ "hash": hash })).await.1, words);
    }
    assert_eq!(net.refused("getTransactionz", json!({})).await.0, -32_601);
    assert_eq!(net.refused("getHealth", json!([])).await.0, -32_602);
    let unchanged: TransactionEnvelope = xdr(&envelope);
    assert_eq!(net.get(&net.hash(&unchanged)).await["status"], "NOT_FOUND");
}
