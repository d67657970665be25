//! What is asked of nodes for events, and how their answers move the cursor.
use kolo_core::Timestamp;
use kolo_core::port::ChainClient;
use kolo_core::port::chain::{ChainCursor, ChainEventBody, LostHistory};
use serde_json::{Value, json};
use stellar_xdr::{ScAddress, ScMap, ScMapEntry, ScVal};

use super::node::{Node, Say, xdr};
use super::world::*;

pub(super) fn sym(name: &str) -> ScVal {
    ScVal::Symbol(name.to_owned().try_into().unwrap())
}

pub(super) fn who(n: u8) -> ScVal {
    ScVal::Address(ScAddress::Account(account(n)))
}

pub(super) fn contract_val(n: u8) -> ScVal {
    ScVal::Address(contract(n).0.parse().unwrap())
}

pub(super) fn map(fields: &[(&str, ScVal)]) -> ScVal {
    let mut entries: Vec<ScMapEntry> =
        fields.iter().map(|(name, val)| ScMapEntry { key: sym(name), val: val.clone() }).collect();
    entries.sort_by(|a, b| a.key.cmp(&b.key));
    ScVal::Map(Some(ScMap(entries.try_into().unwrap())))
}

pub(super) fn vec(items: &[ScVal]) -> ScVal {
    crate::scval::vec(items.to_vec()).unwrap()
}

pub(super) fn id(ledger: u64, event: u32) -> String {
    format!("{:019}-{event:010}", (ledger << 32) | 4096)
}

fn end_of(ledger: u64) -> String {
    format!("{:019}-{:010}", (ledger << 32) | 0xFFFF_FFFF, u32::MAX)
}

pub(super) fn event(contract: &str, topics: &[ScVal], value: &ScVal) -> Value {
    let topics: Vec<String> = topics.iter().map(xdr).collect();
    json!({
        "type": "contract", "ledger": 120, "ledgerClosedAt": "2026-11-21T12:11:38Z",
        "contractId": contract, "id": id(120, 0), "txHash": "ab".repeat(32),
        "inSuccessfulContractCall": true, "topic": topics, "value": xdr(value),
    })
}

pub(super) fn page(events: &[Value], cursor: &str, latest: u32) -> Value {
    json!({ "events": events, "cursor": cursor, "latestLedger": latest })
}

pub(super) async fn decoded(event: Value) -> ChainEventBody {
    let node = Node::default();
    node.result("getEvents", page(&[event], &id(120, 0), 120));
    let cursor = ChainCursor(id(100, 0));
    let events = client(&node).events_after(Some(&cursor), 10).await.unwrap().events;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].closed_at, Timestamp::from_unix(1_795_263_098));
    assert_eq!(events[0].ledger, 120);
    assert_eq!(events[0].tx, "ab".repeat(32));
    events[0].body.clone()
}

pub(super) fn asset_contract() -> String {
    crate::address::contract_address(&client(&Node::default()).network.assets[0].contract).0
}

/// What a host lists is held against this, also through what counts the calls.
#[test]
fn the_assets_followed_are_the_configured_ones() {
    let client = client(&Node::default());
    assert_eq!(client.assets(), Some(vec![usdc()]));
    let watched = crate::Meter::new().watch(std::sync::Arc::new(client));
    assert_eq!(watched.assets(), Some(vec![usdc()]));
}

#[tokio::test]
async fn the_filters_fit_what_a_node_accepts() {
    let node = Node::default();
    node.result("getEvents", page(&[], &end_of(120), 120));
    node.result("getHealth", health(1, 120));
    client(&node).events_after(None, 10).await.unwrap();
    let asked = node.asked("getEvents");
    assert_eq!(asked[0]["startLedger"], 1);
    assert_eq!(asked[0]["pagination"], json!({ "limit": 10 }));
    let mut topics = 0;
    for question in &asked {
        let filters = question["filters"].as_array().unwrap();
        assert!(filters.len() <= 5);
        for filter in filters {
            let list = filter["topics"].as_array().unwrap();
            assert!((1..=5).contains(&list.len()));
            assert!(list.iter().all(|topic| topic[1] == "**"));
            topics += list.len();
        }
    }
    assert_eq!((asked.len(), topics), (2, 1 + 4 + 33));
    let filters = &asked[0]["filters"];
    assert_eq!(filters[0]["contractIds"], json!([contract(99).0]));
    assert_eq!(filters[1]["contractIds"], json!([asset_contract()]));
}

fn health(oldest: u32, latest: u32) -> Value {
    json!({
        "status": "healthy", "oldestLedger": oldest, "latestLedger": latest,
        "ledgerRetentionWindow": 100,
    })
}

#[tokio::test]
async fn the_cursor_moves_on_without_events_and_knows_whether_there_is_more() {
    let node = Node::default();
    let joined = event(&contract(50).0, &[sym("group_closed")], &map(&[("reason", ScVal::U32(1))]));
    // Two questions each time; what one of them has not been answered yet is not passed over.
    node.result("getEvents", page(&[], &end_of(110), 120));
    node.result("getEvents", page(std::slice::from_ref(&joined), &id(120, 0), 120));
    node.result("getEvents", page(&[joined], &id(120, 0), 120));
    node.result("getEvents", page(&[], &end_of(120), 120));
    node.result("getEvents", page(&[], &end_of(120), 120));
    let client = client(&node);
    let start = ChainCursor(id(100, 3));

    let first = client.events_after(Some(&start), 1).await.unwrap();
    assert_eq!((first.events.len(), first.more, first.gap), (0, true, None));
    assert_eq!(first.through, 110, "every event of ledger 110 was asked for");
    assert_eq!(first.next.0, end_of(110));
    let second = client.events_after(Some(&first.next), 1).await.unwrap();
    assert_eq!((second.events.len(), second.more), (1, true), "a full page");
    assert_eq!(second.through, 119, "ledger 120 may hold more");
    let third = client.events_after(Some(&second.next), 1).await.unwrap();
    assert_eq!((third.events.len(), third.more), (0, false), "the tip");

    let asked: Vec<Value> = node
        .asked("getEvents")
        .into_iter()
        .map(|params| params["pagination"]["cursor"].clone())
        .collect();
    let cursors = [id(100, 3), end_of(110), id(120, 0)];
    let twice: Vec<_> = cursors.iter().flat_map(|cursor| [cursor, cursor]).collect();
    assert_eq!(asked.iter().collect::<Vec<_>>(), twice);
}

#[expect(clippy::unnecessary_wraps, reason = "as the port has it")]
fn lost(from: u32, to: u32) -> Option<LostHistory> {
    Some(LostHistory { from, to })
}

#[tokio::test]
async fn lost_history_is_a_gap_and_nothing_else_is() {
    let too_old = Say::Error(-32600, "startLedger must be within the ledger range: 50 - 120");
    for (cursor, start, gap) in [
        (id(30, 0), 50, lost(30, 49)),
        (end_of(48), 50, lost(49, 49)),
        (id(49, 0), 50, lost(49, 49)),
        // Everything up to 49 has been seen: nothing is lost.
        (end_of(49), 50, None),
    ] {
        let node = Node::default();
        node.say("getEvents", too_old.clone());
        node.result("getEvents", page(&[], &end_of(120), 120));
        node.result("getHealth", health(50, 120));
        let events =
            client(&node).events_after(Some(&ChainCursor(cursor.clone())), 10).await.unwrap();
        assert_eq!(events.gap, gap, "{cursor}");
        assert_eq!(node.asked("getEvents")[1]["startLedger"], start, "{cursor}");
        assert_eq!(events.next.0, end_of(120));
    }
}

#[tokio::test]
async fn a_lagging_node_makes_no_gap_and_moves_no_cursor() {
    let node = Node::default();
    node.say("getEvents", Say::Error(-32600, "startLedger must be within the ledger range"));
    node.result("getHealth", health(50, 119));
    let cursor = ChainCursor(end_of(120));
    let events = client(&node).events_after(Some(&cursor), 10).await.unwrap();
    assert_eq!((events.next, events.more, events.gap), (cursor, false, None));
}

#[tokio::test]
async fn a_start_the_node_no_longer_has_is_a_gap() {
    for (start, from, gap) in [(Some(10), 50, lost(10, 49)), (Some(60), 60, None), (None, 50, None)]
    {
        let node = Node::default();
        node.result("getEvents", page(&[], &end_of(120), 120));
        node.result("getHealth", health(50, 120));
        let mut client = client(&node);
        client.network.start_ledger = start;
        let events = client.events_after(None, 10).await.unwrap();
        assert_eq!(events.gap, gap);
        assert_eq!(node.asked("getEvents")[0]["startLedger"], from);
    }
}

#[tokio::test]
async fn a_cursor_that_is_none_and_a_refusal_in_range_are_errors() {
    let node = Node::default();
    let bad = ChainCursor("yesterday".to_owned());
    assert!(client(&node).events_after(Some(&bad), 10).await.is_err());
    node.say("getEvents", Say::Error(-32602, "filter 1 invalid"));
    node.result("getHealth", health(50, 120));
    let cursor = ChainCursor(id(100, 0));
    assert!(client(&node).events_after(Some(&cursor), 10).await.is_err());
}
