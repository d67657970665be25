//! What the network says about itself, its ledgers and its fees.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use stellar_xdr::{
    GeneralizedTransactionSet, LedgerCloseMeta, LedgerHeader, LedgerHeaderHistoryEntry, Limits,
    WriteXdr,
};

use super::shapes::Kind::{Base64, Digits, Hash, List, Number, Object, Text};
use super::shapes::assert_shape;
use super::support::{Net, field, hex};

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
    assert_shape(&network, &[("passphrase", Text), ("protocolVersion", Number)]);
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
    assert_eq!(latest["id"], hex(&Sha256::digest(header.to_xdr(Limits::none()).unwrap())));
    assert_eq!(latest["sequence"], header.ledger_seq);
    assert_eq!(latest["closeTime"], header.scp_value.close_time.0.to_string());
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
    assert_eq!(code, -32_602, "the real one, too, refuses to go beyond the latest: {message}");
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
    let LedgerCloseMeta::V2(meta) = field(row, "metadataXdr") else { panic!("not V2") };
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
        &[("sorobanInclusionFee", Object), ("inclusionFee", Object), ("latestLedger", Number)],
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
