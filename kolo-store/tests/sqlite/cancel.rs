//! Callers that go away in the middle.
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use kolo_core::port::ledger::Side;
use kolo_core::port::{Committed, Ledger, WorkQueue};
use kolo_store::SqliteLedger;

use crate::make::{NOW, account, aggregate, command, step, tenant};
use crate::support::{Place, RUNTIME};

const CALLS: u64 = 600;

fn name(call: u64) -> String {
    format!("call {call}")
}

/// Polls a call a few times or for a moment, then drops it: somewhere between not sent and done.
async fn give_up<F: Future>(call: u64, future: F) {
    if call.is_multiple_of(3) {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..=call % 4 {
            if future.as_mut().poll(&mut context).is_ready() {
                break;
            }
        }
    } else {
        let patience = Duration::from_micros(call * 37 % 4000);
        tokio::time::timeout(patience, future).await.ok();
    }
}

/// Each dropped call either happened wholly or not at all.
async fn all_or_nothing(store: &SqliteLedger, call: u64) -> bool {
    let name = name(call);
    let known = store.outcome(&tenant(), &name).await.expect("readable").is_some();
    let stored = store.load(&tenant(), &[aggregate(&name)]).await.expect("readable");
    let wallet = account(&name, Side::Credit);
    let balance = store.balances(&tenant(), &[wallet]).await.expect("readable")[0];
    assert_eq!(stored[0].is_some(), known, "{name}");
    assert_eq!(balance.settled.minor_units(), i64::from(known), "{name}");
    known
}

#[test]
fn calls_that_are_dropped_leave_nothing_half_done() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let store = Arc::new(place.open().await);
        let calls = (0..CALLS).map(|call| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let changes = step(&name(call), &name(call), 0);
                give_up(call, store.commit(changes)).await;
                give_up(call + 1, store.events_after(&tenant(), 0, 1000)).await;
                give_up(call + 2, store.claim(&["none"], NOW, 60, 1)).await;
            })
        });
        futures::future::join_all(calls).await;
        // Later commits are fine, and a commit that comes after sees the end of those before.
        store.commit(command("later")).await.expect("committed");
        let mut happened = 0;
        for call in 0..CALLS {
            happened += u64::from(all_or_nothing(&store, call).await);
        }
        assert!(happened > 0, "no call got through: the test tests nothing");
        let report = store.check().await.expect("readable");
        assert_eq!((report.entries, report.findings), (happened, vec![]));
        repeat_all(&store, happened).await;
    });
}

/// Whoever was cut off asks again with the same key, and everything happens exactly once.
async fn repeat_all(store: &SqliteLedger, happened: u64) {
    let mut before = 0;
    for call in 0..CALLS {
        let changes = step(&name(call), &name(call), 0);
        if let Committed::Before(_) = store.commit(changes).await.expect("committed") {
            before += 1;
        }
    }
    assert_eq!(before, happened);
    let report = store.check().await.expect("readable");
    assert_eq!((report.entries, report.events), (CALLS, CALLS));
    assert!(report.is_clean());
}
