//! What is enqueued, when it is claimed, and in which order.
use std::collections::BTreeSet;

use crate::port::ledger::ChangeSet;
use crate::port::work::{ClaimedWork, NewWork, Release, WorkId};
use crate::testkit::conformance::LedgerSetup;
use crate::testkit::conformance::check::{ALL, QUEUES, ids, later};
use crate::testkit::conformance::make::{With, command, item, record, tenant};

/// An item comes with all that was enqueued, its lease and its count of claims.
pub async fn a_claim_tells_everything(setup: &LedgerSetup) {
    let store = setup.open().await;
    let new = NewWork {
        id: WorkId("w — ü".to_owned()),
        queue: "timer".to_owned(),
        lane: Some("cir_x".to_owned()),
        due_at: later(3),
        payload: record("remind", vec![0, 255]),
    };
    store.now(command("k").work(new.clone())).await;
    let claimed = store.work.claim(&["timer"], later(10), 60, 5).await.expect("claim");
    let [claimed] = claimed.try_into().expect("one item");
    let ClaimedWork { lease, queue, lane, due_at, attempts, payload } = claimed;
    assert_eq!((lease.tenant, lease.work, lease.until), (tenant("main"), new.id, later(70)));
    assert_eq!((queue, lane, payload), (new.queue, new.lane, new.payload));
    assert_eq!((due_at, attempts), (later(3), 1));
}

/// An id that waits, was claimed, is done or was cancelled is not enqueued again.
pub async fn an_item_is_enqueued_once_ever(setup: &LedgerSetup) {
    let store = setup.open().await;
    let items = |set: ChangeSet| {
        let at = |id| NewWork { payload: record("again", id), ..item(id, None, later(0)) };
        ["waits", "claimed", "done", "cancelled"].into_iter().fold(set, |set, id| set.work(at(id)))
    };
    let first = command("k1")
        .work(item("waits", None, later(100)))
        .work(item("claimed", None, later(1)))
        .work(item("done", None, later(0)))
        .work(item("cancelled", None, later(100)))
        .cancel("cancelled");
    store.now(first).await;
    let done = store.claim_one(later(0)).await;
    store.work.release(&done.lease, Release::Done).await.expect("release");
    let claimed = store.claim_one(later(1)).await;
    store.now(items(command("k2"))).await;
    assert!(store.claim(later(50)).await.is_empty());
    store.work.release(&claimed.lease, Release::Done).await.expect("release");
    let left = store.claim_one(later(100)).await;
    assert_eq!(left.payload, record("work", "waits"));
}

/// Twice in one change set is once.
pub async fn an_item_is_enqueued_once_within_a_commit(setup: &LedgerSetup) {
    let store = setup.open().await;
    let twice = command("k").work(item("w", None, later(0))).work(item("w", None, later(9)));
    store.now(twice).await;
    assert_eq!(store.claim_one(later(9)).await.due_at, later(0));
}

/// Nothing is claimed before it is due.
pub async fn an_item_waits_until_it_is_due(setup: &LedgerSetup) {
    let store = setup.open().await;
    store.now(command("k").work(item("w", None, later(10)))).await;
    assert!(store.claim(later(9)).await.is_empty());
    assert_eq!(ids(&store.claim(later(10)).await), ["w"]);
}

/// Claims come in the order of (due time, enqueueing), over queues and tenants alike.
pub async fn claims_come_by_due_time(setup: &LedgerSetup) {
    let store = setup.open().await;
    let one = command("k1")
        .work(item("d", None, later(4)))
        .work(item("b", None, later(2)))
        .work(item("c", None, later(2)));
    store.now(one).await;
    let timer = NewWork { queue: "timer".to_owned(), ..item("c2", None, later(3)) };
    let two = command("k2").by(&tenant("two")).work(item("a", None, later(1))).work(timer);
    store.now(two).await;
    let queues = ["timer", "intent"];
    let claimed = store.work.claim(&queues, later(9), 60, ALL).await.expect("claim");
    assert_eq!(ids(&claimed), ["a", "b", "c", "c2", "d"]);
}

/// At most `limit` are claimed, the earliest due first; what is left waits for the next claim.
pub async fn a_claim_keeps_to_its_limit(setup: &LedgerSetup) {
    let store = setup.open().await;
    let set =
        (0..5).fold(command("k"), |set, i| set.work(item(&format!("w{i}"), None, later(5 - i))));
    store.now(set).await;
    let claim = async |limit| store.work.claim(QUEUES, later(9), 60, limit).await.expect("claim");
    assert!(claim(0).await.is_empty());
    assert_eq!(ids(&claim(2).await), ["w4", "w3"]);
    assert_eq!(ids(&claim(2).await), ["w2", "w1"]);
    assert_eq!(ids(&claim(2).await), ["w0"]);
    assert!(claim(2).await.is_empty());
}

/// A busy tenant or queue does not hold up who is due earlier.
pub async fn claims_are_fair(setup: &LedgerSetup) {
    let store = setup.open().await;
    let flood =
        (0..50).fold(command("k1"), |set, i| set.work(item(&format!("w{i}"), None, later(10 + i))));
    store.now(flood).await;
    store.now(command("k2").by(&tenant("quiet")).work(item("q", None, later(12)))).await;
    let claimed = store.work.claim(QUEUES, later(100), 60, 5).await.expect("claim");
    assert_eq!(ids(&claimed), ["w0", "w1", "w2", "q", "w3"]);
}

/// Only the queues asked for; none asked, none claimed.
pub async fn queues_are_apart(setup: &LedgerSetup) {
    let store = setup.open().await;
    let timer = NewWork { queue: "timer".to_owned(), ..item("t", None, later(0)) };
    store.now(command("k").work(item("i", None, later(1))).work(timer)).await;
    let work = &store.work;
    assert!(work.claim(&[], later(9), 60, 5).await.expect("claim").is_empty());
    assert!(work.claim(&["outbound"], later(9), 60, 5).await.expect("claim").is_empty());
    assert_eq!(work.next_due(&["intent"]).await.expect("next_due"), Some(later(1)));
    assert_eq!(work.next_due(&["outbound"]).await.expect("next_due"), None);
    assert_eq!(work.next_due(&[]).await.expect("next_due"), None);
    assert_eq!(work.next_due(&["intent", "timer"]).await.expect("next_due"), Some(later(0)));
    let timers = work.claim(&["timer", "timer"], later(9), 60, 5).await.expect("claim");
    assert_eq!(ids(&timers), ["t"]);
}

/// The next moment something can be claimed: an item's due time, or the end of a lease.
pub async fn the_next_moment_is_known(setup: &LedgerSetup) {
    let store = setup.open().await;
    assert_eq!(store.next_due().await, None);
    store.now(command("k").work(item("a", None, later(30))).work(item("b", None, later(5)))).await;
    assert_eq!(store.next_due().await, Some(later(5)));
    let b = store.claim_one(later(10)).await;
    assert_eq!(store.next_due().await, Some(later(30)));
    let a = store.claim_one(later(30)).await;
    assert_eq!(store.next_due().await, Some(later(70)), "when the lease on b ends");
    store.work.release(&b.lease, Release::RetryAt(later(40))).await.expect("release");
    assert_eq!(store.next_due().await, Some(later(40)));
    store.work.release(&a.lease, Release::Done).await.expect("release");
    store.now(command("k2").cancel("b")).await;
    assert_eq!(store.next_due().await, None);
}

/// Whatever `next_due` says can be claimed at that moment, and nothing before it.
pub async fn the_next_moment_is_right(setup: &LedgerSetup) {
    let store = setup.open().await;
    let set = (0..6).fold(command("k"), |set, i| {
        let lane = (i % 2 == 0).then_some("lane");
        set.work(item(&format!("w{i}"), lane, later(7 * (6 - i))))
    });
    store.now(set).await;
    let mut claimed = 0;
    while let Some(next) = store.next_due().await {
        assert!(store.claim(next.minus(1)).await.is_empty(), "nothing before {next:?}");
        let now = store.claim(next).await;
        assert!(!now.is_empty(), "something at {next:?}");
        for work in now {
            claimed += 1;
            assert!(claimed <= 18, "{work:?} comes again and again");
            // Every item is retried once and then left to expire once before it is done.
            let how = match work.attempts {
                1 => Release::RetryAt(next.plus(3)),
                2 => continue,
                _ => Release::Done,
            };
            store.work.release(&work.lease, how).await.expect("release");
        }
    }
    assert_eq!(claimed, 18);
}

/// Many workers at once never hold the same item, nor two items of one lane.
pub async fn an_item_has_one_worker(setup: &LedgerSetup) {
    let store = setup.open().await;
    let set = (0..60).fold(command("k"), |set, i| {
        let lane = (i % 3 == 0).then(|| format!("lane {}", i % 4));
        set.work(item(&format!("w{i:02}"), lane.as_deref(), later(0)))
    });
    store.now(set).await;
    let claimed = setup
        .at_once(8, |_| {
            let store = store.clone();
            async move {
                let mut mine = Vec::new();
                for _ in 0..12 {
                    mine.extend(store.work.claim(QUEUES, later(1), 60, 3).await.expect("claim"));
                }
                mine
            }
        })
        .await;
    let claimed: Vec<_> = claimed.into_iter().flatten().collect();
    // 40 without a lane, and the first of each of the four lanes.
    assert_eq!(claimed.len(), 44);
    let distinct: BTreeSet<_> = ids(&claimed).into_iter().collect();
    assert_eq!(distinct.len(), 44);
    let lanes: BTreeSet<_> = claimed.iter().filter_map(|c| c.lane.as_deref()).collect();
    assert_eq!(lanes.len(), 4);
}
