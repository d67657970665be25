//! Lanes: one item at a time, in order.
use crate::port::work::{NewWork, Release};
use crate::testkit::conformance::LedgerSetup;
use crate::testkit::conformance::check::{ALL, ids, later};
use crate::testkit::conformance::make::{With, command, item, tenant};

const LANE: Option<&str> = Some("lane");

/// One after the other, in the order of (due time, enqueueing), each only once the one before is done.
pub async fn a_lane_works_in_order(setup: &LedgerSetup) {
    let store = setup.open().await;
    let set = command("k1")
        .work(item("third", LANE, later(9)))
        .work(item("first", LANE, later(1)))
        .work(item("second", LANE, later(1)));
    store.now(set).await;
    for expected in ["first", "second", "third"] {
        let claimed = store.claim_one(later(10)).await;
        assert_eq!(claimed.lease.work.0, expected);
        assert!(store.claim(later(10)).await.is_empty(), "{expected} is being worked on");
        store.now(command(expected).at(later(11)).consume(&claimed.lease)).await;
    }
}

/// The first of a lane is not due: those behind it cannot be either, and `next_due` names it.
pub async fn a_lane_waits_for_its_first(setup: &LedgerSetup) {
    let store = setup.open().await;
    store.now(command("k").work(item("a", LANE, later(5))).work(item("b", LANE, later(6)))).await;
    assert!(store.claim(later(4)).await.is_empty());
    assert_eq!(store.next_due().await, Some(later(5)));
    assert_eq!(ids(&store.claim(later(100)).await), ["a"]);
}

/// What was started blocks its lane through a retry, even against an item that is due earlier.
pub async fn a_started_item_blocks_its_lane(setup: &LedgerSetup) {
    let store = setup.open().await;
    store.now(command("k").work(item("a", LANE, later(0))).work(item("b", LANE, later(0)))).await;
    let a = store.claim_one(later(0)).await;
    store.work.release(&a.lease, Release::RetryAt(later(50))).await.expect("release");
    store.now(command("k2").work(item("urgent", LANE, later(0).minus(100)))).await;
    assert!(store.claim(later(49)).await.is_empty());
    assert_eq!(store.next_due().await, Some(later(50)));
    let a = store.claim_one(later(50)).await;
    assert_eq!((a.lease.work.0.as_str(), a.attempts), ("a", 2));
    store.work.release(&a.lease, Release::Done).await.expect("release");
    assert_eq!(ids(&store.claim(later(50)).await), ["urgent"]);
}

/// What was started blocks its lane also when its lease has run out: it is claimed again first.
pub async fn an_expired_item_blocks_its_lane(setup: &LedgerSetup) {
    let store = setup.open().await;
    store.now(command("k").work(item("a", LANE, later(9))).work(item("b", LANE, later(9)))).await;
    store.claim_one(later(10)).await;
    store.now(command("k2").work(item("urgent", LANE, later(0)))).await;
    assert!(store.claim(later(69)).await.is_empty());
    let again = store.claim_one(later(70)).await;
    assert_eq!((again.lease.work.0.as_str(), again.attempts), ("a", 2));
}

/// Other lanes, other queues' and other tenants' lanes of the same name, and items without a lane go on.
pub async fn lanes_do_not_wait_for_each_other(setup: &LedgerSetup) {
    let store = setup.open().await;
    let elsewhere = NewWork { queue: "timer".to_owned(), ..item("elsewhere", LANE, later(2)) };
    let set = command("k1")
        .work(item("a", LANE, later(0)))
        .work(item("behind a", LANE, later(0)))
        .work(item("other", Some("other"), later(1)))
        .work(elsewhere)
        .work(item("free", None, later(3)))
        .work(item("free too", None, later(4)));
    store.now(set).await;
    store.now(command("k2").by(&tenant("two")).work(item("theirs", LANE, later(5)))).await;
    let queues = ["intent", "timer"];
    let claimed = store.work.claim(&queues, later(9), 60, ALL).await.expect("claim");
    assert_eq!(ids(&claimed), ["a", "other", "elsewhere", "free", "free too", "theirs"]);
}

/// The lane of the empty name is a lane.
pub async fn the_empty_lane_is_a_lane(setup: &LedgerSetup) {
    let store = setup.open().await;
    let empty = Some("");
    store.now(command("k").work(item("a", empty, later(0))).work(item("b", empty, later(0)))).await;
    let claimed = store.claim_one(later(0)).await;
    assert_eq!(claimed.lane.as_deref(), Some(""));
}

/// Cancelling frees the lane, whether the item waited or was being worked on.
pub async fn cancelling_frees_the_lane(setup: &LedgerSetup) {
    let store = setup.open().await;
    let set =
        ["a", "b", "c"].iter().fold(command("k1"), |set, id| set.work(item(id, LANE, later(0))));
    store.now(set).await;
    store.now(command("k2").cancel("a")).await;
    assert_eq!(ids(&store.claim(later(0)).await), ["b"]);
    store.now(command("k3").cancel("b")).await;
    assert_eq!(ids(&store.claim(later(0)).await), ["c"]);
}
