//! Wake-ups within the one process that writes.
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use futures::future::poll_immediate;
use kolo_core::port::Ledger;

use crate::make::{command, step, tenant};
use crate::support::{Place, RUNTIME};

#[test]
fn commits_wake_who_waits_for_them_and_many_are_one() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let store = place.open().await;
        let woken = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&woken);
        let wake_ups = store.wake_ups(move || {
            count.fetch_add(1, Ordering::SeqCst);
        });
        let pause = || tokio::time::sleep(Duration::from_millis(100));
        store.commit(command("quiet")).await.expect("committed");
        pause().await;
        assert_eq!(woken.load(Ordering::SeqCst), 0, "nobody waits for that");
        let since = Instant::now();
        for round in 0..100 {
            store.commit(step(&format!("{round}"), "ada", round)).await.expect("committed");
        }
        pause().await;
        let (often, most) = (woken.load(Ordering::SeqCst), since.elapsed().as_millis() / 10 + 1);
        assert!(often >= 1 && u128::from(often) <= most, "{often} of {most}");
        drop(wake_ups);
        store.commit(step("last", "bola", 0)).await.expect("committed");
        pause().await;
        assert_eq!(woken.load(Ordering::SeqCst), often);
    });
}

/// A request may be dropped once its commit is on the way.
#[test]
fn a_commit_whose_caller_has_gone_away_wakes_too() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let store = place.open().await;
        let woken = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&woken);
        let _wake_ups = store.wake_ups(move || {
            count.fetch_add(1, Ordering::SeqCst);
        });
        let mut commit = store.commit(step("one", "ada", 0));
        assert!(poll_immediate(commit.as_mut()).await.is_none(), "answered at once");
        drop(commit);
        let since = Instant::now();
        while woken.load(Ordering::SeqCst) == 0 {
            assert!(since.elapsed() < Duration::from_secs(20), "nobody is woken");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(store.outcome(&tenant(), "one").await.expect("readable").is_some());
    });
}
