//! The audit finds every broken promise, each broken behind the store's back. Shared by both databases.
use kolo_core::port::Ledger;
use kolo_core::port::ledger::{AggregateWrite, EntryStatus, NewEvent, Record};
use kolo_core::port::work::{NewWork, WorkId};
use kolo_store::{Finding, OutboxFault};

use crate::contribution::{Seat, funding};
use crate::make::{NOW, aggregate, command, deposit, step, tenant};
use crate::support::{Place, RUNTIME, blob, harm};

/// The offer whose taker has money on hold.
const OFFER: &str = "off_a";
/// The intent that it was accepted with.
const TAKEN: &str = "int_taken";
/// The chain's events are applied up to this ledger.
const THROUGH: u32 = 100;

/// Contributions at every stage, by their intents' ids.
struct Story {
    /// Asked for.
    open: String,
    /// Its event was applied, it is still looked up.
    paid: String,
    refused: String,
    /// It is in a ledger whose events are still to come.
    confirmed: String,
    /// The seats of the same.
    seats: [String; 4],
}

fn json(kind: &str, text: String) -> Record {
    Record { kind: kind.to_owned(), schema_version: 1, bytes: text.into_bytes() }
}

fn offer_of(hold: &str) -> String {
    format!(r#"{{"circle":"cir_x","standing":{{"Accepted":"{TAKEN}"}},"hold":{hold}}}"#)
}

/// An offer that was accepted: one of the two has money on hold.
fn accepted() -> kolo_core::port::ChangeSet {
    let mut changes = command("taken");
    let id = |kind: &str, id: &str| {
        let mut of = aggregate(id);
        kind.clone_into(&mut of.kind);
        of
    };
    let states = [
        ("offer", OFFER, offer_of(&format!(r#""hold/{OFFER}""#))),
        ("intent", TAKEN, r#"{"want":{"TakeOffer":{}},"progress":"Queued"}"#.to_owned()),
        ("follower", "main", format!(r#"{{"through":{THROUGH}}}"#)),
    ];
    for (kind, name, state) in states {
        let id = id(kind, name);
        changes.aggregates.push(AggregateWrite { id, expected: 0, state: json(kind, state) });
    }
    let record = json("intent.wanted", "{}".to_owned());
    changes.events.push(NewEvent { aggregate: id("intent", TAKEN), record });
    changes.work.push(NewWork {
        id: WorkId(format!("intent/{TAKEN}")),
        queue: "intent".to_owned(),
        lane: None,
        due_at: NOW,
        payload: json("intent", "{}".to_owned()),
    });
    changes.entries.push(deposit(&format!("hold/{OFFER}"), "ada", EntryStatus::Pending));
    changes
}

/// A store with a bit of everything in it, closed.
async fn written() -> (Place, Story) {
    let place = Place::new();
    let store = place.open().await;
    store.commit(step("one", "ada", 0)).await.expect("committed");
    let mut two = step("two", "ada", 1);
    two.entries.push(deposit("held", "ada", EntryStatus::Pending));
    store.commit(two).await.expect("committed");
    let mut seats: Vec<Seat> = (0..4).map(|member| Seat::of(member, 0)).collect();
    store.commit(funding("fund", &seats, 1)).await.expect("committed");
    let mut intents = Vec::new();
    for seat in &mut seats {
        let changes = seat.contribute();
        let item = &changes.work[0].id.0;
        intents.push(item.strip_prefix("intent/").expect("an intent").to_owned());
        store.commit(changes).await.expect("committed");
    }
    for changes in [seats[1].paid(), seats[2].refused(), seats[3].confirmed(THROUGH + 1)] {
        store.commit(changes).await.expect("committed");
    }
    store.commit(accepted()).await.expect("committed");
    let report = store.check().await.expect("readable");
    assert_eq!((report.entries, report.findings), (12, vec![]));
    store.close().await;
    let [open, paid, refused, confirmed] = intents.try_into().expect("four");
    let names: Vec<String> =
        seats.iter().map(|seat| format!("{}/{}", seat.circle, seat.member)).collect();
    let seats = names.try_into().expect("four");
    (place, Story { open, paid, refused, confirmed, seats })
}

/// A way to break a promise, and all that must be found then.
type Case = (String, Vec<Finding>);

fn case(harm: impl Into<String>, found: impl IntoIterator<Item = Finding>) -> Case {
    (harm.into(), found.into_iter().collect())
}

fn unbalanced(entry: &str) -> Finding {
    let asset = "USDC:G".to_owned();
    Finding::Unbalanced { tenant: tenant(), entry: entry.to_owned(), asset }
}

fn balance(account: &str) -> Finding {
    let (account, asset) = (account.to_owned(), "USDC:G".to_owned());
    Finding::Balance { tenant: tenant(), account, asset }
}

fn gap(of: &str) -> Finding {
    Finding::Gap { tenant: tenant(), of: of.to_owned() }
}

fn hold(entry: &str) -> Finding {
    Finding::Hold { tenant: tenant(), entry: entry.to_owned() }
}

fn twice(key: &str) -> Finding {
    Finding::Command { tenant: tenant(), key: key.to_owned() }
}

fn outbox(item: &str, fault: OutboxFault) -> Finding {
    Finding::Outbox { tenant: tenant(), item: item.to_owned(), fault }
}

fn check_all(cases: fn(&Story) -> Vec<Case>) {
    RUNTIME.block_on(async {
        let (_, story) = written().await;
        for (sql, mut expected) in cases(&story) {
            let (place, _) = written().await;
            harm(&place.location(), &sql).await;
            let mut found = place.open().await.check().await.expect("readable").findings;
            let order = |finding: &Finding| format!("{finding:?}");
            found.sort_by_key(order);
            expected.sort_by_key(order);
            assert_eq!(found, expected, "{sql}");
        }
    });
}

#[test]
fn every_broken_promise_of_the_books_is_found() {
    check_all(|_| {
        vec![
            case(
                "UPDATE postings SET amount = 2 WHERE entry = 1 AND line = 0; \
                 UPDATE accounts SET settled = settled + 1, movement = movement + 1 \
                 WHERE name = 'external' AND asset = 'USDC:G'",
                [unbalanced("one"), balance("external")],
            ),
            case(
                "DELETE FROM postings WHERE entry = 1",
                [
                    Finding::TooFewLines { tenant: tenant(), entry: "one".to_owned() },
                    balance("ada"),
                    balance("external"),
                ],
            ),
            case("UPDATE accounts SET settled = settled + 1 WHERE name = 'ada'", [balance("ada")]),
            case("UPDATE accounts SET pending_in = 0 WHERE name = 'ada'", [balance("ada")]),
            case(
                "UPDATE movements SET settled = 2, settled_after = 2 \
                 WHERE account = 'ada' AND version = 1",
                [balance("ada")],
            ),
            case(
                "DELETE FROM movements WHERE account = 'ada' AND version = 2",
                [balance("ada"), gap("movements of ada (USDC:G)")],
            ),
            case("UPDATE movements SET step = 'ended' WHERE entry = 3", [hold("held")]),
            case("INSERT INTO parts VALUES ('main', 3, 0, 2), ('main', 3, 1, 2)", [hold("held")]),
            case("UPDATE entries SET effective_at = 5 WHERE id = 'held'", [hold("held")]),
            case("DELETE FROM events WHERE position = 1", [gap("events")]),
            case(
                "UPDATE entries SET position = 99 WHERE id = 'held'",
                [
                    gap("entries"),
                    Finding::TooFewLines { tenant: tenant(), entry: "held".to_owned() },
                    balance("ada"),
                    balance("external"),
                    twice("two"),
                ],
            ),
            case(
                "INSERT INTO spans VALUES ('main', 'ada', 'USDC:G', 64, 64, 1, 2)",
                [balance("ada")],
            ),
        ]
    });
}

#[test]
fn a_command_that_took_effect_otherwise_than_once_is_found() {
    check_all(|_| {
        vec![
            case("DELETE FROM commands WHERE key = 'one'", [twice("one")]),
            case("UPDATE commands SET keep_until = recorded_at WHERE key = 'one'", [twice("one")]),
            // Its entry is another command's.
            case("UPDATE entries SET command = 'two' WHERE id = 'one'", [twice("two")]),
            // Carried out again, later on.
            case(
                "UPDATE entries SET command = 'one' WHERE id = 'held'; \
                 UPDATE movements SET command = 'one' WHERE entry = 3",
                [twice("one")],
            ),
        ]
    });
}

/// Another state of an aggregate.
fn set(kind: &str, id: &str, state: &str) -> String {
    let state = blob(state);
    format!("UPDATE aggregates SET bytes = {state} WHERE kind = '{kind}' AND id = '{id}'")
}

const REFUSED: &str = r#"{"progress":{"Refused":{"contract_code":null,"reason":"late"}}}"#;

#[test]
fn an_intent_without_its_item_and_its_events_is_found() {
    use OutboxFault as F;
    check_all(|story| {
        let Story { open, paid, refused, confirmed, seats } = story;
        vec![
            case(format!("DELETE FROM work WHERE id = 'intent/{open}'"), [outbox(open, F::NoItem)]),
            case(
                format!("DELETE FROM aggregates WHERE id = '{open}'"),
                [
                    outbox(open, F::NoIntent),
                    outbox(&seats[0], F::Waiting),
                    outbox(&format!("hold/{open}"), F::HoldLeft),
                ],
            ),
            case(
                "UPDATE events SET record_kind = 'nothing' WHERE record_kind = 'intent.finished'",
                [outbox(refused, F::Events), outbox(confirmed, F::Events)],
            ),
            case(
                format!(
                    "UPDATE events SET record_kind = 'intent.wanted', aggregate_kind = 'intent', \
                     aggregate_id = '{open}' WHERE position = 1"
                ),
                [outbox(open, F::Events)],
            ),
            case(
                format!("UPDATE work SET done = 1 WHERE id = 'intent/{paid}'"),
                [outbox(paid, F::Item), outbox(paid, F::Events)],
            ),
            case(
                format!("UPDATE work SET done = 0 WHERE id = 'intent/{refused}'"),
                [outbox(refused, F::Item), outbox(refused, F::Events)],
            ),
            case(set("intent", open, "{"), [outbox(open, F::Unreadable)]),
            case(set("seat", &seats[1], "{"), [outbox(&seats[1], F::Unreadable)]),
            case(set("offer", OFFER, "{"), [outbox(OFFER, F::Unreadable)]),
        ]
    });
}

#[test]
fn a_hold_that_nothing_ends_or_that_ended_too_early_is_found() {
    use OutboxFault as F;
    check_all(|story| {
        let Story { open, refused, confirmed, seats, .. } = story;
        let over = format!("UPDATE work SET done = 1 WHERE id = 'intent/{TAKEN}'");
        let waits = format!(r#"{{"pending":{{"intent":"{refused}","hold":"hold/{refused}"}}}}"#);
        let applied = set("follower", "main", r#"{"through":101}"#);
        let circle = seats[3].split_once('/').expect("a circle").0;
        let unread = blob(r#"{"unread":true}"#);
        let unread = format!(
            "INSERT INTO aggregates VALUES ('main', 'circle', '{circle}', 1, 'circle', 2, {unread})"
        );
        let left = || outbox(&format!("hold/{OFFER}"), F::HoldLeft);
        vec![
            case(set("intent", open, REFUSED), [outbox(open, F::Item), outbox(open, F::HoldLeft)]),
            case(
                set("intent", refused, r#"{"progress":"Queued"}"#),
                [outbox(refused, F::Item), outbox(refused, F::HoldGone)],
            ),
            // The chain has done it, and nobody knows which hold is meant.
            case(set("seat", &seats[3], r#"{"pending":null}"#), [outbox(confirmed, F::HoldLeft)]),
            // The chain has done it, its events are all applied; unless its circle is still to be read.
            case(applied.clone(), [outbox(confirmed, F::Unbooked)]),
            case(applied + "; " + &unread, []),
            case(set("seat", &seats[2], &waits), [outbox(&seats[2], F::Waiting)]),
            case(set("offer", OFFER, &offer_of("null")), [outbox(OFFER, F::HoldLeft)]),
            case(
                set("intent", TAKEN, REFUSED) + "; " + &over,
                [outbox(TAKEN, F::Events), outbox(OFFER, F::HoldLeft)],
            ),
            case(
                set("intent", TAKEN, r#"{"progress":{"Confirmed":{"ledger":100}}}"#) + "; " + &over,
                [outbox(TAKEN, F::Events), outbox(OFFER, F::Unbooked)],
            ),
            case(format!("DELETE FROM aggregates WHERE id = '{OFFER}'"), [left()]),
            case(
                format!("UPDATE aggregates SET id = 'off_b' WHERE id = '{OFFER}'"),
                [left(), outbox("off_b", F::Waiting)],
            ),
        ]
    });
}
