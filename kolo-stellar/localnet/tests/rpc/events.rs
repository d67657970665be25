//! `getEvents`: nothing missed, nothing twice, nothing that was not asked for.

use serde_json::{Value, json};
use stellar_xdr::{ScAddress, ScVal};

use super::shapes::Kind::{Bool, Digits, Hash, List, Number, Text, Time};
use super::shapes::assert_shape;
use super::support::{Net, Person, base64, field, token, xdr};

/// A network with a token and people, and the ledger its story begins after.
struct Story {
    net: Net,
    people: [Person; 3],
    first: u64,
}

impl Story {
    async fn start() -> Self {
        let net = Net::start();
        let people = [net.person(1).await, net.person(2).await, net.person(3).await];
        net.invoke(&people[0], token::deploy()).await;
        let first = latest(&net).await + 1;
        Self { net, people, first }
    }

    async fn transfer(&self, from: usize, to: usize, amount: i128) -> String {
        let call = token::transfer(&self.net, &self.people[from], &self.people[to], amount);
        self.net.invoke(&self.people[from], call).await
    }

    /// All events of all pages of this size, from the first ledger on, and the last cursor.
    async fn all(&self, filters: Value, limit: usize) -> (Vec<Value>, String) {
        let mut found = Vec::new();
        let mut params = json!({
            "startLedger": self.first,
            "filters": filters,
            "pagination": { "limit": limit },
        });
        loop {
            let page = self.net.ask("getEvents", params).await;
            assert_shape(
                &page,
                &[
                    ("events", List),
                    ("cursor", Text),
                    ("latestLedger", Number),
                    ("oldestLedger", Number),
                    ("latestLedgerCloseTime", Digits),
                    ("oldestLedgerCloseTime", Digits),
                ],
            );
            let rows = page["events"].as_array().unwrap();
            assert!(rows.len() <= limit);
            found.extend(rows.iter().cloned());
            let cursor = page["cursor"].as_str().unwrap().to_owned();
            if rows.is_empty() {
                return (found, cursor);
            }
            params = json!({
                "filters": filters,
                "pagination": { "cursor": cursor, "limit": limit },
            });
        }
    }

    fn transfers(&self) -> Value {
        let transfer = base64(&ScVal::Symbol("transfer".try_into().unwrap()));
        json!([{
            "type": "contract",
            "contractIds": [token::address(&self.net)],
            "topics": [[transfer, "*", "*", "**"]],
        }])
    }
}

async fn latest(net: &Net) -> u64 {
    net.ask("getLatestLedger", json!({})).await["sequence"].as_u64().unwrap()
}

fn amount(event: &Value) -> i128 {
    match field::<ScVal>(event, "value") {
        ScVal::I128(parts) => i128::from(&parts),
        other => panic!("no amount: {other:?}"),
    }
}

#[tokio::test]
async fn an_event_says_everything_about_itself() {
    let story = Story::start().await;
    let hash = story.transfer(0, 1, 77).await;
    let (found, _) = story.all(story.transfers(), 10).await;
    let [event] = found.as_slice() else { panic!("{found:?}") };
    assert_shape(
        event,
        &[
            ("type", Text),
            ("ledger", Number),
            ("ledgerClosedAt", Time),
            ("contractId", Text),
            ("id", Text),
            ("operationIndex", Number),
            ("transactionIndex", Number),
            ("txHash", Hash),
            ("inSuccessfulContractCall", Bool),
            ("topic", List),
            ("value", Text),
        ],
    );
    let tx = story.net.get(&hash).await;
    assert_eq!(event["type"], "contract");
    assert_eq!(event["txHash"], hash);
    assert_eq!(event["ledger"], tx["ledger"]);
    assert_eq!(event["contractId"], token::address(&story.net));
    assert_eq!((&event["transactionIndex"], &event["operationIndex"]), (&json!(1), &json!(0)));
    assert_eq!(event["inSuccessfulContractCall"], true);
    // The id: ledger, transaction 1 and operation 0 in one number, and the event's own.
    let toid = (tx["ledger"].as_u64().unwrap() << 32) + (1 << 12);
    assert_eq!(event["id"], format!("{toid:019}-{:010}", 0));
    let topics: Vec<ScVal> =
        event["topic"].as_array().unwrap().iter().map(|t| xdr(t.as_str().unwrap())).collect();
    let address = |person: &Person| ScVal::Address(ScAddress::Account(person.account()));
    assert_eq!(topics[1..3], [address(&story.people[0]), address(&story.people[1])]);
    assert_eq!(amount(event), 77);
}

#[tokio::test]
async fn pages_of_any_size_give_every_event_once_in_order() {
    let story = Story::start().await;
    let mut amounts = Vec::new();
    for round in 1..=12_usize {
        amounts.push(i128::try_from(round).unwrap());
        story.transfer(round % 3, (round + 1) % 3, amounts[round - 1]).await;
        if round % 4 == 0 {
            story.net.0.close_ledger().await.unwrap();
        }
    }
    let (everything, _) = story.all(json!([]), 10_000).await;
    assert!(everything.len() > 12, "fees and refunds are events, too");
    let ids: Vec<_> = everything.iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    for limit in [1, 2, 3, 7, 100] {
        assert_eq!(story.all(json!([]), limit).await.0, everything, "by {limit}");
        let (transfers, _) = story.all(story.transfers(), limit).await;
        assert_eq!(transfers.iter().map(amount).collect::<Vec<_>>(), amounts, "by {limit}");
    }
}

#[tokio::test]
async fn a_follower_goes_on_where_it_ended() {
    let story = Story::start().await;
    story.transfer(0, 1, 1).await;
    let (_, mut cursor) = story.all(story.transfers(), 1).await;
    for amount_sent in [5, 6, 7] {
        story.net.0.close_ledger().await.unwrap();
        story.transfer(1, 2, amount_sent).await;
        let page = story
            .net
            .ask(
                "getEvents",
                json!({ "filters": story.transfers(), "pagination": { "cursor": cursor } }),
            )
            .await;
        let amounts: Vec<_> = page["events"].as_array().unwrap().iter().map(amount).collect();
        assert_eq!(amounts, [amount_sent]);
        page["cursor"].as_str().unwrap().clone_into(&mut cursor);
    }
}

#[tokio::test]
async fn filters_take_what_fits_and_leave_the_rest() {
    let story = Story::start().await;
    for (from, to, amount) in [(0, 1, 10), (1, 2, 20), (0, 2, 30)] {
        story.transfer(from, to, amount).await;
    }
    let transfer = base64(&ScVal::Symbol("transfer".try_into().unwrap()));
    let person = |n: usize| base64(&ScVal::Address(ScAddress::Account(story.people[n].account())));
    let other = stellar_strkey::Contract([1; 32]).to_string().to_string();
    for (filters, expected) in [
        (json!([{ "topics": [[transfer, person(0), "**"]] }]), vec![10, 30]),
        (json!([{ "topics": [[transfer, "*", person(2), "*"]] }]), vec![20, 30]),
        (json!([{ "topics": [[transfer, "*", person(2)]] }]), vec![]),
        (
            json!([{ "topics": [[transfer, person(1), "**"], ["*", "*", person(1), "*"]] }]),
            vec![10, 20],
        ),
        (
            json!([
                { "topics": [[transfer, person(0), person(2), "*"]] },
                { "topics": [[transfer, person(0), person(1), "*"]] },
            ]),
            vec![10, 30],
        ),
        (json!([{ "contractIds": [other], "topics": [[transfer, "**"]] }]), vec![]),
        (json!([{ "type": "system", "topics": [[transfer, "**"]] }]), vec![]),
        (json!([{ "type": "system,contract", "topics": [[transfer, "**"]] }]), vec![10, 20, 30]),
    ] {
        let (found, _) = story.all(filters.clone(), 2).await;
        assert_eq!(found.iter().map(amount).collect::<Vec<_>>(), expected, "{filters}");
    }
}

#[tokio::test]
async fn a_range_ends_before_its_end() {
    let story = Story::start().await;
    for amount in 1..=4 {
        story.transfer(0, 1, amount).await;
    }
    let first = story.first;
    for (start, end, expected) in [
        (first, first + 2, vec![1, 2]),
        (first + 1, first + 3, vec![2, 3]),
        (first + 2, first + 100, vec![3, 4]),
        (first + 2, first + 2, vec![]),
        (first + 2, first + 1, vec![]),
    ] {
        let params =
            json!({ "startLedger": start, "endLedger": end, "filters": story.transfers() });
        let page = story.net.ask("getEvents", params).await;
        let found: Vec<_> = page["events"].as_array().unwrap().iter().map(amount).collect();
        assert_eq!(found, expected, "{start}..{end}");
    }
}

#[tokio::test]
async fn ranges_and_filters_that_make_no_sense_are_refused() {
    let story = Story::start().await;
    let cursor = "0000000000000000000-0000000000";
    for (params, code) in [
        (json!({}), -32_602),
        (json!({ "startLedger": 0 }), -32_602),
        (json!({ "startLedger": 1_000_000 }), -32_600),
        (json!({ "pagination": { "cursor": cursor } }), -32_600),
        (json!({ "startLedger": 1, "pagination": { "cursor": cursor } }), -32_602),
        (json!({ "endLedger": 5, "pagination": { "cursor": cursor } }), -32_602),
        (json!({ "startLedger": 1, "pagination": { "limit": 10_001 } }), -32_602),
        (json!({ "pagination": { "cursor": "yesterday" } }), -32_602),
        (json!({ "startLedger": 1, "filters": vec![json!({}); 6] }), -32_602),
        (json!({ "startLedger": 1, "filters": [{ "topics": [["AAAA!"]] }] }), -32_602),
        (json!({ "startLedger": "1" }), -32_602),
    ] {
        let (found, message) = story.net.refused("getEvents", params.clone()).await;
        assert_eq!(found, code, "{params}: {message}");
    }
}

#[tokio::test]
async fn what_is_no_longer_kept_is_out_of_range() {
    let net = Net::with_retention(3);
    let (ann, ben) = (net.person(1).await, net.person(2).await);
    let hash = net.pay(&ann, &ben, 1).await;
    for _ in 0..5 {
        net.0.close_ledger().await.unwrap();
    }
    let health = net.ask("getHealth", json!({})).await;
    let oldest = health["oldestLedger"].as_u64().unwrap();
    assert_eq!(health["latestLedger"].as_u64().unwrap() - oldest, 2);
    assert_eq!(net.get(&hash).await["status"], "NOT_FOUND");
    net.ask("getEvents", json!({ "startLedger": oldest })).await;
    let (code, message) = net.refused("getEvents", json!({ "startLedger": oldest - 1 })).await;
    assert_eq!(code, -32_600);
    assert!(message.contains(&format!("{oldest} - ")), "{message}");
    assert_eq!(net.account(&ann).await.balance, 100_000_000_000 - 1 - 100);
}
