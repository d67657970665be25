//! Leases: who may finish an item, and until when.
use crate::port::ledger::{CommitError, Committed};
use crate::port::work::{Lease, Release, WorkId};
use crate::testkit::conformance::check::{QUEUES, assert_refused, ids, later};
use crate::testkit::conformance::make::{With, circle, command, item, record, tenant};
use crate::testkit::conformance::{LedgerHandles, LedgerSetup};

/// A store with one item, claimed at 0 until 60.
async fn claimed(setup: &LedgerSetup) -> (LedgerHandles, Lease) {
    let store = setup.open().await;
    store.now(command("enqueue").work(item("w", None, later(0)))).await;
    let lease = store.claim_one(later(0)).await.lease;
    assert_eq!(lease.until, later(60));
    (store, lease)
}

/// Neither a commit, nor a renewal, nor a release does anything with this lease.
async fn is_lost(store: &LedgerHandles, lease: &Lease, now: u64) {
    let before = store.next_due().await;
    let set = command("lost").at(later(now)).consume(lease).state(circle("lost"), 0, "x");
    assert_refused!(store.commit(set).await, CommitError::LeaseLost);
    assert_eq!(store.version(&circle("lost")).await, 0);
    assert_eq!(store.work.renew(lease, later(now), 1_000).await.expect("renew"), None);
    store.work.release(lease, Release::RetryAt(later(0))).await.expect("release");
    store.work.release(lease, Release::Done).await.expect("release");
    assert_eq!(store.next_due().await, before);
}

/// A commit completes the item it consumes.
pub async fn a_commit_completes_its_item(setup: &LedgerSetup) {
    let (store, lease) = claimed(setup).await;
    store.now(command("k").at(later(59)).consume(&lease).state(circle("a"), 0, "x")).await;
    assert_eq!(store.next_due().await, None);
    assert!(store.claim(later(5_000)).await.is_empty());
    assert_eq!(store.version(&circle("a")).await, 1);
    is_lost(&store, &lease, 59).await;
}

/// A refused commit leaves the item with who holds it.
pub async fn a_refused_commit_keeps_the_lease(setup: &LedgerSetup) {
    let (store, lease) = claimed(setup).await;
    let refused = command("k").consume(&lease).state(circle("a"), 5, "x");
    assert_refused!(store.commit(refused).await, CommitError::Conflict(_));
    assert!(store.claim(later(1)).await.is_empty());
    store.now(command("k").at(later(2)).consume(&lease)).await;
    assert_eq!(store.next_due().await, None);
}

/// A repeated command completes the item that repeats it.
pub async fn a_repetition_completes_its_item(setup: &LedgerSetup) {
    let (store, lease) = claimed(setup).await;
    store.now(command("k")).await;
    let again = store.commit(command("k").at(later(1)).consume(&lease)).await.expect("repeated");
    assert_eq!(again, Committed::Before(record("done", "k")));
    assert_eq!(store.next_due().await, None);
}

/// A repeated command is answered although its lease is lost, and leaves the item to its new holder.
pub async fn a_repetition_needs_no_lease(setup: &LedgerSetup) {
    let (store, lease) = claimed(setup).await;
    store.now(command("k")).await;
    let newer = store.claim_one(later(60)).await.lease;
    let again = store.commit(command("k").at(later(61)).consume(&lease)).await.expect("repeated");
    assert_eq!(again, Committed::Before(record("done", "k")));
    assert_eq!(store.next_due().await, Some(later(120)));
    store.now(command("k2").at(later(62)).consume(&newer)).await;
}

/// When a lease has run out somebody else gets the item, with a new token and one more attempt; the
/// old lease is worth nothing.
pub async fn an_expired_lease_is_taken_over(setup: &LedgerSetup) {
    let (store, old) = claimed(setup).await;
    assert!(store.claim(later(59)).await.is_empty());
    let new = store.claim_one(later(60)).await;
    assert_eq!((new.attempts, new.due_at), (2, later(0)));
    assert_eq!(new.lease.until, later(120));
    assert_ne!(new.lease.token, old.token);
    is_lost(&store, &old, 61).await;
    is_lost(&store, &old, 1).await;
    store.now(command("k").at(later(61)).consume(&new.lease)).await;
    assert_eq!(store.next_due().await, None);
}

/// A lease ends at its time even when nobody took over; only giving the item back still works.
pub async fn a_lease_ends_by_itself(setup: &LedgerSetup) {
    let (store, lease) = claimed(setup).await;
    let late = command("k").at(later(60)).consume(&lease);
    assert_refused!(store.commit(late).await, CommitError::LeaseLost);
    assert_eq!(store.work.renew(&lease, later(60), 60).await.expect("renew"), None);
    store.work.release(&lease, Release::RetryAt(later(500))).await.expect("release");
    assert_eq!(store.next_due().await, Some(later(500)));
}

/// Renewing moves the end and keeps the token; the copy with the old end is as good.
pub async fn a_lease_can_be_renewed(setup: &LedgerSetup) {
    let (store, lease) = claimed(setup).await;
    let renewed = store.work.renew(&lease, later(50), 60).await.expect("renew").expect("held");
    assert_eq!(renewed, Lease { until: later(110), ..lease.clone() });
    assert!(store.claim(later(109)).await.is_empty());
    assert_eq!(store.next_due().await, Some(later(110)));
    let shorter = store.work.renew(&lease, later(60), 1).await.expect("renew").expect("held");
    assert_eq!(shorter.until, later(110), "a lease is never shortened");
    store.now(command("k").at(later(109)).consume(&lease)).await;
    assert_eq!(store.next_due().await, None);
}

/// What is retried comes back at its time, with one more attempt, for a new lease.
pub async fn an_item_can_be_retried(setup: &LedgerSetup) {
    let (store, lease) = claimed(setup).await;
    store.work.release(&lease, Release::RetryAt(later(30))).await.expect("release");
    is_lost(&store, &lease, 1).await;
    assert!(store.claim(later(29)).await.is_empty());
    let again = store.claim_one(later(30)).await;
    assert_eq!((again.attempts, again.due_at), (2, later(0)));
    assert_eq!(again.payload, record("work", "w"));
    assert_ne!(again.lease.token, lease.token);
    is_lost(&store, &lease, 31).await;
    // A moment in the past means at once.
    store.work.release(&again.lease, Release::RetryAt(later(1))).await.expect("release");
    assert_eq!(store.claim_one(later(31)).await.attempts, 3);
}

/// A retried item queues by its new time.
pub async fn a_retry_queues_by_its_new_time(setup: &LedgerSetup) {
    let (store, lease) = claimed(setup).await;
    store.now(command("k").work(item("x", None, later(20))).work(item("y", None, later(40)))).await;
    store.work.release(&lease, Release::RetryAt(later(30))).await.expect("release");
    assert_eq!(ids(&store.claim(later(50)).await), ["x", "w", "y"]);
}

/// Released as done, an item never comes back.
pub async fn an_item_can_be_done_without_a_commit(setup: &LedgerSetup) {
    let (store, lease) = claimed(setup).await;
    store.work.release(&lease, Release::Done).await.expect("release");
    assert_eq!(store.next_due().await, None);
    is_lost(&store, &lease, 1).await;
    assert!(store.claim(later(5_000)).await.is_empty());
}

/// Cancelled before it is claimed, an item never comes; unknown and done ones are ignored.
pub async fn waiting_work_can_be_cancelled(setup: &LedgerSetup) {
    let (store, lease) = claimed(setup).await;
    store.work.release(&lease, Release::Done).await.expect("release");
    store.now(command("k1").work(item("x", None, later(0))).work(item("y", None, later(0)))).await;
    store.now(command("k2").cancel("x").cancel("w").cancel("unknown").cancel("x")).await;
    assert_eq!(ids(&store.claim(later(0)).await), ["y"]);
    store.now(command("k3").work(item("unknown", None, later(0)))).await;
    assert_eq!(ids(&store.claim(later(0)).await), ["unknown"], "cancelling enqueues nothing");
}

/// Cancelled while it waits for a retry, an item never comes back.
pub async fn retried_work_can_be_cancelled(setup: &LedgerSetup) {
    let (store, lease) = claimed(setup).await;
    store.work.release(&lease, Release::RetryAt(later(30))).await.expect("release");
    store.now(command("k").cancel("w")).await;
    assert_eq!(store.next_due().await, None);
}

/// Cancelled while it is worked on, an item is lost to its worker.
pub async fn claimed_work_can_be_cancelled(setup: &LedgerSetup) {
    let (store, lease) = claimed(setup).await;
    store.now(command("k").at(later(1)).cancel("w")).await;
    is_lost(&store, &lease, 2).await;
    assert_eq!(store.next_due().await, None);
}

/// Enqueued and cancelled in one change set: never comes. Consumed and cancelled: done.
pub async fn cancelling_comes_last(setup: &LedgerSetup) {
    let (store, lease) = claimed(setup).await;
    let set = command("k").consume(&lease).work(item("x", None, later(0))).cancel("x").cancel("w");
    store.now(set).await;
    assert_eq!(store.next_due().await, None);
}

/// An item that was never claimed, or never enqueued, has no lease.
pub async fn a_lease_cannot_be_made_up(setup: &LedgerSetup) {
    let store = setup.open().await;
    store.now(command("k").work(item("w", None, later(0)))).await;
    for (work, token) in [("w", 0), ("w", 1), ("unknown", 1)] {
        let work = WorkId(work.to_owned());
        let lease = Lease { tenant: tenant("main"), work, token, until: later(60) };
        is_lost(&store, &lease, 1).await;
    }
    assert_eq!(store.claim_one(later(1)).await.attempts, 1);
}

/// Of many who commit with one lease under keys of their own, one succeeds.
pub async fn a_lease_is_used_once_by_many_at_once(setup: &LedgerSetup) {
    let (store, lease) = claimed(setup).await;
    let used = setup
        .at_once(8, |i| {
            let (store, lease) = (store.clone(), lease.clone());
            async move {
                match store.commit(command(&format!("k{i}")).consume(&lease)).await {
                    Ok(_) => true,
                    Err(CommitError::LeaseLost) => false,
                    Err(other) => panic!("expected a lost lease, got {other:?}"),
                }
            }
        })
        .await;
    assert_eq!(used.iter().filter(|used| **used).count(), 1);
}

/// A claim gives each item a token of its own time: no token comes twice for an item.
pub async fn tokens_do_not_repeat(setup: &LedgerSetup) {
    let store = setup.open().await;
    store.now(command("k").work(item("w", None, later(0)))).await;
    let mut tokens = Vec::new();
    for i in 0..6 {
        let claimed = store.work.claim(QUEUES, later(60 * i), 60, 1).await.expect("claim");
        tokens.push(claimed[0].lease.token);
        if i % 2 == 0 {
            let lease = &claimed[0].lease;
            store.work.release(lease, Release::RetryAt(later(0))).await.expect("release");
        }
    }
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!(tokens.len(), 6);
}
