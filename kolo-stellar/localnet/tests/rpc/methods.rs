//! Each method against a network on which something happens.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use stellar_xdr::{
    GeneralizedTransactionSet, LedgerCloseMeta, LedgerEntryData, LedgerEntryExt, LedgerHeader,
    LedgerHeaderHistoryEntry, LedgerKey, LedgerKeyAccount, LedgerKeyTtl, Limits, SequenceNumber,
    TransactionEnvelope, TransactionMeta, TransactionResult, TransactionResultResult, WriteXdr,
};

use super::shapes::Kind::{self, Base64, Bool, Digits, Hash, List, Number, Object, Text};
use super::shapes::assert_shape;
use super::support::{Net, Person, XLM, base64, create, field, hex, payment, xdr};

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
async fn the_network_says_what_it_is() {
    let net = Net::with_retention(77);
    let health = net.ask("getHealth", json!({})).await;
    assert_shape(
        &health,
        &[
            ("status", Text),
            ("latestLedger", Number),
            ("latestLedgerCloseTime", Number),
            ("oldestLedger", Number),
            ("oldestLedgerCloseTime", Number),
            ("ledgerRetentionWindow", Number),
        ],
    );
    assert_eq!(health["status"], "healthy");
    assert_eq!(health["ledgerRetentionWindow"], 77);

    let network = net.ask("getNetwork", json!({})).await;
    assert_shape(
        &network,
        &[("passphrase", Text), ("protocolVersion", Number)],
    );
    assert_eq!(network["passphrase"], "Standalone Network ; February 2017");

    let version = net.ask("getVersionInfo", Value::Null).await;
    assert_shape(
        &version,
        &[
            ("version", Text),
            ("commitHash", Text),
            ("buildTimestamp", Text),
            ("captiveCoreVersion", Text),
            ("protocolVersion", Number),
        ],
    );
    assert_eq!(version["protocolVersion"], network["protocolVersion"]);
}

#[tokio::test]
async fn the_latest_ledger_hashes_to_its_id() {
    let net = Net::start();
    net.person(1).await;
    let latest = net.ask("getLatestLedger", json!({})).await;
    assert_shape(
        &latest,
        &[
            ("id", Hash),
            ("protocolVersion", Number),
            ("sequence", Number),
            ("closeTime", Digits),
            ("headerXdr", Base64),
            ("metadataXdr", Base64),
        ],
    );
    let header: LedgerHeader = field(&latest, "headerXdr");
    assert_eq!(
        latest["id"],
        hex(&Sha256::digest(header.to_xdr(Limits::none()).unwrap()))
    );
    assert_eq!(latest["sequence"], header.ledger_seq);
    assert_eq!(
        latest["closeTime"],
        header.scp_value.close_time.0.to_string()
    );
}

#[tokio::test]
async fn a_payment_is_sent_and_found() {
    let net = Net::start();
    let (ann, ben) = (net.person(1).await, Person::number(2));
    net.succeed(&net.envelope(&ann, create(&ben, 20 * XLM)).await)
        .await;
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
    assert_eq!(
        (&sent["status"], &sent["hash"]),
        (&json!("PENDING"), &json!(hash))
    );

    let found = net.get(&hash).await;
    assert_shape(&found, &[RANGE.as_slice(), &TRANSACTION].concat());
    assert_eq!(found["status"], "SUCCESS");
    assert_eq!(found["txHash"], hash);
    assert_eq!(
        (&found["applicationOrder"], &found["feeBump"]),
        (&json!(1), &json!(false))
    );
    assert_eq!(found["ledger"], found["latestLedger"]);
    assert_eq!(
        field::<TransactionEnvelope>(&found, "envelopeXdr"),
        envelope
    );
    let result: TransactionResult = field(&found, "resultXdr");
    assert_eq!(result.fee_charged, 100);
    assert!(matches!(
        result.result,
        TransactionResultResult::TxSuccess(_)
    ));
    assert_eq!(net.account(&ben).await.balance, 25 * XLM);

    let again = net.send(&envelope).await;
    assert_eq!(
        (&again["status"], &again["hash"]),
        (&json!("DUPLICATE"), &json!(hash))
    );
    assert_eq!(net.account(&ben).await.balance, 25 * XLM);
}

#[tokio::test]
async fn the_events_of_a_transaction_are_those_of_its_meta() {
    let net = Net::start();
    let (ann, ben) = (net.person(1).await, net.person(2).await);
    let found = net.get(&net.pay(&ann, &ben, XLM).await).await;
    let TransactionMeta::V4(meta) = field(&found, "resultMetaXdr") else {
        panic!("not V4")
    };
    let of_transaction: Vec<_> = meta.events.iter().map(base64).collect();
    assert!(!of_transaction.is_empty(), "a fee is an event");
    assert_eq!(
        found["events"]["transactionEventsXdr"],
        json!(of_transaction)
    );
    let of_operations: Vec<Vec<_>> = meta
        .operations
        .iter()
        .map(|op| op.events.iter().map(base64).collect())
        .collect();
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
    assert!(
        matches!(result.result, TransactionResultResult::TxBadSeq),
        "{result:?}"
    );
    assert_eq!(net.get(&net.hash(&refused)).await["status"], "NOT_FOUND");

    let too_much = net.envelope(&ann, payment(&ben, 1_000_000 * XLM)).await;
    assert_eq!(net.send(&too_much).await["status"], "PENDING");
    let found = net.get(&net.hash(&too_much)).await;
    assert_eq!(found["status"], "FAILED");
    let result: TransactionResult = field(&found, "resultXdr");
    assert!(
        matches!(result.result, TransactionResultResult::TxFailed(_)),
        "{result:?}"
    );
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
    let key = |person: &Person| {
        LedgerKey::Account(LedgerKeyAccount {
            account_id: person.account(),
        })
    };
    let keys: Vec<_> = people.iter().map(|person| base64(&key(person))).collect();
    let answer = net.ask("getLedgerEntries", json!({ "keys": keys })).await;
    assert_shape(&answer, &[("entries", List), ("latestLedger", Number)]);
    let entries = answer["entries"].as_array().unwrap();
    let found: Vec<_> = entries
        .iter()
        .map(|entry| entry["key"].as_str().unwrap())
        .collect();
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
    assert_eq!(
        net.ask("getLedgerEntries", json!({ "keys": [] })).await["entries"],
        json!([])
    );
}

#[tokio::test]
async fn keys_that_cannot_be_asked_for_are_refused() {
    let net = Net::start();
    let ttl = LedgerKey::Ttl(LedgerKeyTtl {
        key_hash: stellar_xdr::Hash([0; 32]),
    });
    for (keys, why) in [
        (json!([base64(&ttl)]), "ttl"),
        (json!(["AAAA"]), "index 0"),
        (
            json!(vec![base64(&ttl); 201]),
            "exceeds maximum supported (200)",
        ),
        (json!("AAAA"), ""),
        (json!([1]), ""),
    ] {
        let (code, message) = net
            .refused("getLedgerEntries", json!({ "keys": keys }))
            .await;
        assert_eq!(code, -32_602);
        assert!(message.contains(why), "{message}");
    }
}

#[tokio::test]
async fn transactions_come_page_by_page() {
    let net = Net::start();
    let (ann, ben) = (net.person(1).await, net.person(2).await);
    let mut sent = Vec::new();
    let first = net.ask("getLatestLedger", json!({})).await["sequence"]
        .as_u64()
        .unwrap()
        + 1;
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
async fn ledgers_come_page_by_page_and_chain() {
    let net = Net::start();
    let (ann, ben) = (net.person(1).await, net.person(2).await);
    for amount in 1..=6 {
        net.pay(&ann, &ben, amount).await;
    }
    let range = net.ask("getHealth", json!({})).await;
    let oldest = range["oldestLedger"].as_u64().unwrap();
    let latest = range["latestLedger"].as_u64().unwrap();
    let mut params = json!({ "startLedger": oldest, "pagination": { "limit": 2 } });
    let mut previous: Option<LedgerHeaderHistoryEntry> = None;
    let mut expected = oldest;
    while expected <= latest {
        let page = net.ask("getLedgers", params).await;
        assert_shape(
            &page,
            &[
                ("ledgers", List),
                ("latestLedger", Number),
                ("latestLedgerCloseTime", Number),
                ("oldestLedger", Number),
                ("oldestLedgerCloseTime", Number),
                ("cursor", Digits),
            ],
        );
        for row in page["ledgers"].as_array().unwrap() {
            assert_eq!(row["sequence"], expected);
            previous = Some(check_ledger(row, previous.as_ref()));
            expected += 1;
        }
        assert_eq!(page["cursor"], (expected - 1).to_string());
        params = json!({ "pagination": { "limit": 2, "cursor": page["cursor"] } });
    }
    assert_eq!(expected, latest + 1);
    let (code, message) = net.refused("getLedgers", params).await;
    assert_eq!(
        code, -32_602,
        "the real one, too, refuses to go beyond the latest: {message}"
    );
}

fn check_ledger(
    row: &Value,
    previous: Option<&LedgerHeaderHistoryEntry>,
) -> LedgerHeaderHistoryEntry {
    assert_shape(
        row,
        &[
            ("hash", Hash),
            ("sequence", Number),
            ("ledgerCloseTime", Digits),
            ("headerXdr", Base64),
            ("metadataXdr", Base64),
        ],
    );
    let header: LedgerHeaderHistoryEntry = field(row, "headerXdr");
    assert_eq!(row["hash"], hex(&header.hash.0));
    let LedgerCloseMeta::V2(meta) = field(row, "metadataXdr") else {
        panic!("not V2")
    };
    assert_eq!(meta.ledger_header, header);
    if let Some(previous) = previous {
        assert_eq!(header.header.previous_ledger_hash, previous.hash);
        let set: &GeneralizedTransactionSet = &meta.tx_set;
        let hash: [u8; 32] = Sha256::digest(set.to_xdr(Limits::none()).unwrap()).into();
        assert_eq!(header.header.scp_value.tx_set_hash.0, hash);
        assert_eq!(meta.tx_processing.len(), 1);
        assert!(!meta.tx_processing[0].fee_processing.0.is_empty());
    }
    header
}

#[tokio::test]
async fn fees_are_counted_per_operation() {
    let net = Net::start();
    let (ann, ben) = (net.person(1).await, net.person(2).await);
    net.pay(&ann, &ben, 1).await;
    let stats = net.ask("getFeeStats", json!({})).await;
    assert_shape(
        &stats,
        &[
            ("sorobanInclusionFee", Object),
            ("inclusionFee", Object),
            ("latestLedger", Number),
        ],
    );
    for kind in ["sorobanInclusionFee", "inclusionFee"] {
        let mut fields: Vec<_> = [
            "max",
            "min",
            "mode",
            "p10",
            "p20",
            "p30",
            "p40",
            "p50",
            "p60",
            "p70",
            "p80",
            "p90",
            "p95",
            "p99",
            "transactionCount",
        ]
        .map(|name| (name, Digits))
        .into();
        fields.push(("ledgerCount", Number));
        assert_shape(&stats[kind], &fields);
    }
    // Friendbot twice and the payment, each at the base fee of 100 stroops.
    assert_eq!(stats["inclusionFee"]["transactionCount"], "3");
    assert_eq!(stats["inclusionFee"]["p50"], "100");
    assert_eq!(stats["sorobanInclusionFee"]["transactionCount"], "0");
}

#[tokio::test]
async fn pages_that_cannot_be_given_are_refused() {
    let net = Net::start();
    for method in ["getTransactions", "getLedgers"] {
        for (params, code) in [
            (json!({}), -32_600),
            (json!({ "startLedger": 1_000 }), -32_600),
            (
                json!({ "startLedger": 1, "pagination": { "cursor": "1" } }),
                -32_600,
            ),
            (
                json!({ "startLedger": 1, "pagination": { "limit": 201 } }),
                -32_600,
            ),
            (json!({ "pagination": { "cursor": "one" } }), -32_602),
            (json!({ "pagination": { "cursor": "-1" } }), -32_602),
            (json!({ "startLedger": -1 }), -32_602),
            (json!({ "startLedger": 1, "xdrFormat": "json" }), -32_602),
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
        (
            "getTransaction",
            json!({ "hash": "ab".repeat(32), "xdrFormat": "json" }),
        ),
        (
            "getTransaction",
            json!({ "hash": "ab".repeat(32), "xdrFormat": "xml" }),
        ),
        ("getTransaction", json!({ "hash": "ab" })),
        ("getTransaction", json!({})),
        ("sendTransaction", json!({ "transaction": "AAAA" })),
        (
            "sendTransaction",
            json!({ "transaction": envelope, "xdrFormat": "json" }),
        ),
        (
            "simulateTransaction",
            json!({ "transaction": envelope, "xdrFormat": "json" }),
        ),
        (
            "getLedgerEntries",
            json!({ "keys": [], "xdrFormat": "json" }),
        ),
        (
            "getEvents",
            json!({ "startLedger": 1, "xdrFormat": "json" }),
        ),
    ] {
        let (code, message) = net.refused(method, params.clone()).await;
        assert_eq!(code, -32_602, "{method} {params}: {message}");
    }
    assert_eq!(net.refused("getTransactionz", json!({})).await.0, -32_601);
    assert_eq!(net.refused("getHealth", json!([])).await.0, -32_602);
    let unchanged: TransactionEnvelope = xdr(&envelope);
    assert_eq!(net.get(&net.hash(&unchanged)).await["status"], "NOT_FOUND");
}
