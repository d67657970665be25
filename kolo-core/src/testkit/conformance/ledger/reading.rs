//! Aggregates, events and bytes as they come back.
use std::time::{Duration, Instant};

use crate::port::ledger::{AggregateId, AggregateWrite, ChangeSet, CommitError, IndexKey, Record};
use crate::testkit::conformance::LedgerSetup;
use crate::testkit::conformance::check::{ALL, assert_refused, later};
use crate::testkit::conformance::make::{With, circle, command, contact, item, record, tenant};

/// How long a reader waits for what others write.
const PATIENCE: Duration = Duration::from_secs(60);

/// Loaded in the order asked for, with `None` where there is none.
pub async fn aggregates_load_in_the_order_asked(setup: &LedgerSetup) {
    let store = setup.open().await;
    let set = command("k").state(circle("a"), 0, "a").state(circle("b"), 0, "b");
    store.now(set).await;
    let member = AggregateId { kind: "member".to_owned(), id: "a".to_owned() };
    let asked = [circle("b"), member, circle("a"), circle("c"), circle("b")];
    let main = tenant("main");
    let loaded = store.ledger.load(&main, &asked).await.expect("load");
    let ids: Vec<_> = loaded.iter().map(|s| s.as_ref().map(|s| s.id.id.as_str())).collect();
    assert_eq!(ids, [Some("b"), None, Some("a"), None, Some("b")]);
    assert!(store.ledger.load(&main, &[]).await.expect("load").is_empty());
}

/// Listed by kind in the byte order of their ids, page by page.
pub async fn aggregates_list_in_order(setup: &LedgerSetup) {
    let store = setup.open().await;
    let mut ids = ["b", "a", "é", "B", "aa", "a-", "10", "9", "ä", "z", "_"];
    let set = ids.iter().fold(command("k"), |set, id| set.state(circle(id), 0, id));
    let neighbours = ["circl", "circle-x", "circles"].into_iter().fold(set, |set, kind| {
        set.state(AggregateId { kind: kind.to_owned(), id: "m".to_owned() }, 0, "other")
    });
    store.now(neighbours).await;
    ids.sort_unstable();

    let main = tenant("main");
    for limit in [1, 2, 5, 100] {
        let mut read: Vec<String> = Vec::new();
        loop {
            let after = read.last().map(String::as_str);
            let page = store.ledger.list(&main, "circle", after, limit).await.expect("list");
            assert!(page.len() <= limit);
            if page.is_empty() {
                break;
            }
            read.extend(page.into_iter().map(|stored| stored.id.id));
            assert!(read.len() <= ids.len(), "the pages of {limit} never end");
        }
        assert_eq!(read, ids, "in pages of {limit}");
    }
    let after_none = store.ledger.list(&main, "circle", Some("ab"), 1).await.expect("list");
    assert_eq!(after_none[0].id, circle("b"));
    assert!(store.ledger.list(&main, "circle", None, 0).await.expect("list").is_empty());
    assert!(store.ledger.list(&main, "nothing", None, 5).await.expect("list").is_empty());
}

/// Events are numbered from 1 without gaps in commit order; what was refused or repeated takes none.
pub async fn events_are_gapless(setup: &LedgerSetup) {
    let store = setup.open().await;
    let two = command("k1").event(circle("a"), "first").event(circle("b"), "second");
    store.now(two.clone()).await;
    store.commit(two).await.expect("a repetition");
    let refused = command("k2").event(circle("a"), "lost").state(circle("a"), 9, "x");
    assert_refused!(store.commit(refused).await, CommitError::Conflict(_));
    store.now(command("k3")).await;
    store.now(command("k4").at(later(9)).event(circle("a"), "third")).await;
    let events = store.events(&tenant("main")).await;
    let read: Vec<_> = events.iter().map(|e| (e.position, e.record.kind.as_str())).collect();
    assert_eq!(read, [(1, "first"), (2, "second"), (3, "third")]);
    assert_eq!(events[1].aggregate, circle("b"));
    assert_eq!((events[1].recorded_at, events[2].recorded_at), (later(0), later(9)));
}

/// Pages of events are complete and without duplicates.
pub async fn events_can_be_paged(setup: &LedgerSetup) {
    let store = setup.open().await;
    for i in 0..5 {
        let key = format!("k{i}");
        store.now(command(&key).event(circle("a"), "x").event(circle("a"), "y")).await;
    }
    let main = tenant("main");
    for limit in [1, 3, 10, 50] {
        let mut read = Vec::new();
        loop {
            let from = read.last().copied().unwrap_or(0);
            let page = store.ledger.events_after(&main, from, limit).await.expect("events");
            assert!(page.len() <= limit);
            if page.is_empty() {
                break;
            }
            read.extend(page.iter().map(|event| event.position));
            assert!(read.len() <= 10, "the pages of {limit} never end");
        }
        assert_eq!(read, (1..=10).collect::<Vec<_>>(), "in pages of {limit}");
    }
    assert!(store.ledger.events_after(&main, 0, 0).await.expect("events").is_empty());
    assert!(store.ledger.events_after(&main, 99, 5).await.expect("events").is_empty());
}

/// A reader that follows while many write misses no event and gets none twice.
pub async fn events_are_not_skipped_under_load(setup: &LedgerSetup) {
    let store = setup.open().await;
    let main = tenant("main");
    let read = setup
        .at_once(5, |thread| {
            let (store, main) = (store.clone(), main.clone());
            async move {
                let mut read: Vec<u64> = Vec::new();
                if thread > 0 {
                    for turn in 0..10 {
                        let key = format!("{thread}/{turn}");
                        store.now(command(&key).event(circle(&key), "x")).await;
                    }
                    return read;
                }
                let start = Instant::now();
                while read.len() < 40 {
                    assert!(start.elapsed() < PATIENCE, "after a minute: {read:?}");
                    let from = read.last().copied().unwrap_or(0);
                    let page = store.ledger.events_after(&main, from, 7).await.expect("events");
                    read.extend(page.iter().map(|event| event.position));
                }
                read
            }
        })
        .await;
    assert_eq!(read[0], (1..=40).collect::<Vec<_>>());
    let mut keys: Vec<_> =
        store.events(&main).await.into_iter().map(|event| event.aggregate.id).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 40);
}

/// Records come back byte for byte: empty, not UTF-8, a megabyte, any schema version.
pub async fn records_are_opaque(setup: &LedgerSetup) {
    let store = setup.open().await;
    let main = tenant("main");
    let large: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    for (n, bytes) in [vec![], vec![0, 0xff, 0xfe, 0], large].into_iter().enumerate() {
        let key = format!("k{n}");
        let kind = "circle.started — ü 🙂".to_owned();
        let opaque = Record { kind, schema_version: u32::MAX, bytes };
        let mut changes = command(&key).event(circle(&key), "x").work(item(&key, None, later(0)));
        changes.outcome = opaque.clone();
        changes.events[0].record = opaque.clone();
        changes.work[0].payload = opaque.clone();
        let write = AggregateWrite { id: circle(&key), expected: 0, state: opaque.clone() };
        changes.aggregates.push(write);
        store.now(changes).await;

        let (_, outcome) = store.ledger.outcome(&main, &key).await.expect("outcome").expect("one");
        assert!(outcome == opaque, "the outcome of {n}");
        assert!(store.stored(&circle(&key)).await.expect("stored").state == opaque, "state {n}");
        let events = store.events(&main).await;
        assert!(events.last().expect("an event").record == opaque, "the event of {n}");
        let claimed = store.claim_one(later(0)).await;
        assert!(claimed.payload == opaque, "the work of {n}");
    }
}

/// Texts are exact: case, blanks, length up to 512 bytes; the empty text is one too.
pub async fn texts_are_exact(setup: &LedgerSetup) {
    let store = setup.open().await;
    let long = "é".repeat(256);
    let texts = ["", "a", "A", " a", "a ", "a%", "a_", "e\u{301}", "é", "'\"\\;--", long.as_str()];
    for (n, text) in texts.iter().enumerate() {
        let mut changes: ChangeSet = command(text).state(circle(text), 0, text);
        changes.request_hash = [7; 32];
        changes.outcome = record(text, n.to_string());
        store.now(changes.claim(contact(text), circle(text))).await;
    }
    let main = tenant("main");
    for (n, text) in texts.iter().enumerate() {
        let outcome = store.ledger.outcome(&main, text).await.expect("outcome");
        assert_eq!(outcome, Some(([7; 32], record(text, n.to_string()))), "{text:?}");
        assert_eq!(
            store.stored(&circle(text)).await.expect("stored").state,
            record("state", *text)
        );
        assert_eq!(store.owner(&contact(text)).await, Some(circle(text)));
    }
    let listed = store.ledger.list(&main, "circle", None, ALL).await.expect("list");
    assert_eq!(listed.len(), texts.len());
    let other = IndexKey { index: String::new(), value: "a".to_owned() };
    assert_eq!(store.owner(&other).await, None);
}
