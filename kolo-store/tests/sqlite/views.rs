//! The views for reporting, on what the program stores. Shared with the PostgreSQL tests.
use kolo_core::port::ledger::{AggregateWrite, EntryStatus, NewEvent, Record};
use kolo_core::port::work::{NewWork, WorkId};
use kolo_core::port::{ChangeSet, Ledger};
use kolo_store::SqlLedger;

use crate::make::{NOW, command, deposit, withdrawal};

/// A circle and a receipt as the program writes them: its own golden samples.
const CIRCLE: &str = include_str!("../../../kolo-core/src/circle/golden/circle-2.json");
const RECEIPT: &str = include_str!("../../../kolo-core/src/receipt/golden.json");

const MEMBER: &str = r#"{"id":"mem_h2pmusmnebmuf4hp7bqi3f5zna","external_id":null,"name":"Ada",
    "phone":"+2348030000001","contact":{"channel":"web","address":"ada"},"key":"00","address":"GADA",
    "account":"Open","circles":[],"registered_at":1800000000}"#;

/// What is asked of each view, and the rows that must come: one text each.
pub const ANSWERS: &[(&str, &[&str])] = &[
    (
        "SELECT name || ' ' || phone || ' ' || channel || '/' || contact || ' ' || address || ' ' \
         || account || ' ' || CAST(registered_at AS TEXT) || coalesce(external_id, '') FROM users",
        &["Ada +2348030000001 web/ada GADA open 1800000000"],
    ),
    (
        "SELECT g.name || ' by ' || u.name || ' ' || g.asset_code || ' ' || g.contract || ' ' \
         || g.contract_state || ' ' || CAST(g.members AS TEXT) || ' ' \
         || CAST(g.asset_decimals + g.created_at AS TEXT) || coalesce(g.diverged, '') \
         FROM groups g JOIN users u ON u.tenant = g.tenant AND u.id = g.organiser_id",
        &["Market Women by Ada USDC CCIRCLE live 2 1800000007"],
    ),
    (
        "SELECT u.name || ' ' || CAST(w.settled AS TEXT) || '-' || CAST(w.pending_out AS TEXT) || '=' \
         || CAST(w.available AS TEXT) FROM wallets w \
         JOIN users u ON u.tenant = w.tenant AND u.id = w.user_id",
        &["Ada 2-1=1"],
    ),
    (
        "SELECT kind || ' ' || normal || ' ' || CAST(accounts AS TEXT) || ' ' \
         || CAST(settled AS TEXT) || ' ' || CAST(pending_out AS TEXT) || ' ' \
         || CAST(pending_in AS TEXT) FROM chart_of_accounts ORDER BY kind",
        &["external debit 1 2 1 0", "wallet credit 1 2 1 0"],
    ),
    (
        "SELECT id || ' ' || status || ' ' || side || ' ' || CAST(settled_amount AS TEXT) || ' ' \
         || coalesce(group_id, '-') || ' ' || coalesce(CAST(round AS TEXT), '-') || ' ' || command \
         || ' ' || correlation FROM transactions WHERE account LIKE 'wallet/%' ORDER BY position",
        &[
            "in settled credit 1 cir_x 2 money message 1",
            "more settled credit 1 - - money message 1",
            "held pending debit 0 - - money message 1",
            "late expired debit 0 - - money message 1",
        ],
    ),
    (
        "SELECT kind || ' ' || address || ' ' || coalesce(CAST(proposal AS TEXT), '-') || ' ' \
         || CAST(approved AS TEXT) || ' ' || chain_tx || ' ' || CAST(decided_at AS TEXT) \
         FROM approvals ORDER BY position",
        &[
            "vote G1 4 1 ab 7",
            "vote G2 4 0 ab 7",
            "place G3 - 1 ab 7",
            "place G4 - 0 ab 7",
            "code G5 - 1 ab 7",
        ],
    ),
    (
        "SELECT number || ' ' || kind || ' ' || party || ' ' || CAST(round AS TEXT) || ' ' \
         || CAST(amount AS TEXT) || ' ' || CAST(credited AS TEXT) || ' ' || group_name FROM receipts",
        &["RG3Z-E5X2-AMF9-NA23 payout GADA 2 300000000 0 Friends"],
    ),
    (
        "SELECT id || ' ' || contact || ' ' || state || ' ' || CAST(attempts AS TEXT) \
         FROM notifications_log",
        &["hello web/ada waiting 0"],
    ),
];

fn json(kind: &str, schema_version: u32, text: &str) -> Record {
    Record { kind: kind.to_owned(), schema_version, bytes: text.as_bytes().to_vec() }
}

/// Writes one of each.
pub async fn write_one_of_each<B: 'static>(store: &SqlLedger<B>) {
    let mut people = command("people");
    let id = |kind: &str| {
        let (kind, id) = (kind.to_owned(), format!("the {kind}"));
        kolo_core::port::ledger::AggregateId { kind, id }
    };
    let mut member = id("member");
    member.id = "mem_h2pmusmnebmuf4hp7bqi3f5zna".to_owned();
    for (id, version, text) in
        [(member, 1, MEMBER), (id("circle"), 2, CIRCLE), (id("receipt"), 1, RECEIPT)]
    {
        let state = json(&id.kind, version, text);
        people.aggregates.push(AggregateWrite { id, expected: 0, state });
    }
    for (kind, what) in [
        ("vote_cast", r#"{"member":"G1","proposal":4,"approve":true}"#),
        ("vote_cast", r#"{"member":"G2","proposal":4,"approve":false}"#),
        ("participant_joined", r#"{"member":"G3","seat":2,"turn":3}"#),
        ("join_rejected", r#"{"member":"G4"}"#),
        ("upgrade_signed", r#"{"member":"G5","wasm":"00"}"#),
        // Nobody's decision.
        ("payout_made", r#"{"recipient":"G1","round":1,"amount":5,"credited":false}"#),
    ] {
        let body = format!(
            r#"{{"id":"1","contract":"C","tx":"ab","at":7,"what":{{"in_circle":{{"{kind}":{what}}}}}}}"#
        );
        let record = json(&format!("circle.{kind}"), 2, &body);
        people.events.push(NewEvent { aggregate: id("circle"), record });
    }
    people.work.push(NewWork {
        id: WorkId("hello".to_owned()),
        queue: "outbound".to_owned(),
        lane: Some("web/ada".to_owned()),
        due_at: NOW,
        payload: json("outbound", 1, "{}"),
    });
    store.commit(people).await.expect("committed");
    store.commit(money()).await.expect("committed");
}

fn money() -> ChangeSet {
    const WALLET: &str = "wallet/mem_h2pmusmnebmuf4hp7bqi3f5zna";
    let mut money = command("money");
    money.correlation = Some("message 1".to_owned());
    let mut first = deposit("in", WALLET, EntryStatus::Settled);
    first.details = r#"{"circle":"cir_x","round":2}"#.to_owned();
    money.entries.push(first);
    money.entries.push(deposit("more", WALLET, EntryStatus::Settled));
    money.entries.push(withdrawal("held", WALLET, EntryStatus::Pending));
    money.entries.push(withdrawal("late", WALLET, EntryStatus::Pending));
    money.endings.push(kolo_core::port::ledger::HoldEnd {
        entry: "late".to_owned(),
        ending: kolo_core::port::ledger::Ending::Expired,
        chain_tx: None,
        effective_at: NOW,
    });
    money
}
