//! Fault injection: repeatable, honest about what happened, and survivable.
use std::sync::Arc;

use async_trait::async_trait;
use futures::executor::block_on;
use kolo_core::port::channel::{Contact, OutboundMessage};
use kolo_core::port::ledger::{
    AccountId, ChangeSet, EntryStatus, JournalEntry, Posting, Record, Side,
};
use kolo_core::port::work::{NewWork, WorkId};
use kolo_core::port::{
    ChainClient, CommitError, Committed, Ledger, MessageChannel, PortError, Retry, WorkQueue,
};
use kolo_core::testkit::conformance::{LedgerFactory, LedgerHandles};
use kolo_core::testkit::{Fault, FaultPlan, Faulty, MemoryLedger, RecordingChannel, check_books};
use kolo_core::{Amount, TenantId, Timestamp};

const NOW: Timestamp = Timestamp::from_unix(1_000);

pub fn record(text: &str) -> Record {
    Record { kind: "test".to_owned(), schema_version: 1, bytes: text.as_bytes().to_vec() }
}

pub fn account(name: &str, normal: Side) -> AccountId {
    AccountId { name: name.to_owned(), asset: "USDC:G".to_owned(), normal }
}

/// A deposit for Ada as a command of its own.
pub fn deposit(id: &str, amount: i64) -> ChangeSet {
    let posting =
        |name, side| Posting { account: account(name, side), side, amount: Amount::new(amount) };
    let mut changes = ChangeSet::new(TenantId::default(), id.to_owned(), [0; 32], record(id), NOW);
    changes.entries.push(JournalEntry {
        id: id.to_owned(),
        kind: "deposit".to_owned(),
        status: EntryStatus::Settled,
        postings: vec![posting("external", Side::Debit), posting("ada", Side::Credit)],
        effective_at: NOW,
        chain_tx: None,
        details: "{}".to_owned(),
    });
    changes
}

fn retry_of(error: &CommitError) -> Option<Retry> {
    match error {
        CommitError::Port(error) => Some(error.retry),
        _ => None,
    }
}

/// Without faults the wrapper is the adapter.
mod transparent {
    use super::*;

    #[derive(Default)]
    struct Wrapped(MemoryLedger);

    #[async_trait]
    impl LedgerFactory for Wrapped {
        async fn open(&self) -> LedgerHandles {
            let ledger: Arc<dyn Ledger> = Arc::new(self.0.clone());
            let work: Arc<dyn WorkQueue> = Arc::new(self.0.clone());
            let plan = FaultPlan::seeded(1, 0, 0);
            LedgerHandles {
                ledger: Arc::new(Faulty::new(ledger, plan.clone())),
                work: Arc::new(Faulty::new(work, plan)),
            }
        }
    }

    mod ledger {
        kolo_core::ledger_conformance! { factory = super::Wrapped::default() }
    }

    mod work {
        kolo_core::work_conformance! { factory = super::Wrapped::default() }
    }
}

#[test]
fn before_means_it_did_not_happen_and_after_that_it_did() {
    let plan = FaultPlan::scripted([(0, Fault::Before), (2, Fault::After)]);
    let ledger = Faulty::new(Arc::new(MemoryLedger::new()), plan.clone());
    let outcome = |key| block_on(ledger.inner().outcome(&TenantId::default(), key)).unwrap();

    let error = block_on(ledger.commit(deposit("a", 1))).unwrap_err();
    assert_eq!(retry_of(&error), Some(Retry::Temporary));
    assert_eq!(outcome("a"), None);

    let committed = block_on(ledger.commit(deposit("a", 1))).unwrap();
    assert_eq!(committed, Committed::Now(record("a")));

    let error = block_on(ledger.commit(deposit("b", 1))).unwrap_err();
    assert_eq!(retry_of(&error), Some(Retry::Unknown));
    assert_eq!(outcome("b"), Some(([0; 32], record("b"))));

    let again = block_on(ledger.commit(deposit("b", 1))).unwrap();
    assert_eq!(again, Committed::Before(record("b")));
    assert_eq!(plan.injected(), [(0, Fault::Before), (2, Fault::After)]);
    assert_eq!(plan.calls(), 4);
}

#[test]
fn a_refusal_is_not_hidden_by_a_lost_answer() {
    let plan = FaultPlan::scripted([(0, Fault::After)]);
    let ledger = Faulty::new(Arc::new(MemoryLedger::new()), plan);
    let refused = block_on(ledger.commit(deposit("a", 0)));
    assert!(matches!(refused, Err(CommitError::Unbalanced(id)) if id == "a"));
}

#[test]
fn a_seed_fails_the_same_calls_at_about_the_rate_asked() {
    let run = |seed| {
        let plan = FaultPlan::seeded(seed, 100, 50);
        for _ in 0..2_000 {
            let _ = block_on(plan.call("test", async { Ok::<_, PortError>(()) }));
        }
        plan.injected()
    };
    let faults = run(7);
    assert_eq!(run(7), faults);
    assert_ne!(run(8), faults);
    let count = |wanted| faults.iter().filter(|(_, fault)| *fault == wanted).count();
    assert!((150..=250).contains(&count(Fault::Before)), "{}", count(Fault::Before));
    assert!((60..=140).contains(&count(Fault::After)), "{}", count(Fault::After));
}

#[test]
fn a_suspended_plan_neither_fails_nor_counts() {
    let plan = FaultPlan::seeded(1, 1_000, 0);
    let call = || block_on(plan.call("test", async { Ok::<_, PortError>(1) }));
    assert!(call().is_err());
    plan.activate(false);
    assert_eq!(call().unwrap(), 1);
    plan.activate(true);
    assert!(call().is_err());
    assert_eq!(plan.calls(), 2);
}

/// Who repeats a command under its key after every fault, and works by lease, does everything once.
#[test]
fn everything_happens_once_through_faults() {
    for seed in 0..5 {
        let plan = FaultPlan::seeded(seed, 200, 200);
        let store = Faulty::new(Arc::new(MemoryLedger::new()), plan.clone());
        for n in 0..20_i64 {
            let id = format!("pay {n}");
            let mut changes = deposit(&format!("order {n}"), 1);
            changes.work.push(NewWork {
                id: WorkId(id.clone()),
                queue: "intent".to_owned(),
                lane: Some("lane".to_owned()),
                due_at: NOW,
                payload: record(&id),
            });
            while block_on(store.commit(changes.clone())).is_err() {}
        }
        // Every item pays 10 when it is worked on; a lost claim or commit is made good after its lease.
        let (mut now, mut rounds) = (NOW, 0);
        while block_on(store.inner().next_due(&["intent"])).unwrap().is_some() {
            rounds += 1;
            assert!(rounds < 1_000, "seed {seed} does not come to an end");
            let Ok(claimed) = block_on(store.claim(&["intent"], now, 30, 5)) else {
                now = now.plus(31);
                continue;
            };
            for work in claimed {
                let mut changes = deposit(&work.lease.work.0, 10);
                changes.consumes = Some(work.lease);
                changes.recorded_at = now;
                let _ = block_on(store.commit(changes));
            }
            now = now.plus(31);
        }
        assert!(plan.injected().len() > 10, "{:?}", plan.injected());
        let (main, ada) = (TenantId::default(), [account("ada", Side::Credit)]);
        let books = block_on(check_books(&**store.inner(), &main, &ada)).unwrap();
        assert_eq!(books.accounts[&ada[0]].settled, Amount::new(20 + 20 * 10), "seed {seed}");
        assert_eq!(books.entries, 40);
    }
}

#[test]
fn a_message_whose_answer_was_lost_is_sent_once() {
    let plan = FaultPlan::scripted([(0, Fault::Before), (1, Fault::After)]);
    let channel = Faulty::new(Arc::new(RecordingChannel::new("web")), plan);
    let message = OutboundMessage {
        id: "1".to_owned(),
        to: Contact { channel: channel.name().to_owned(), address: "ada".to_owned() },
        text: "hi".to_owned(),
        buttons: Vec::new(),
    };
    let send = || block_on(channel.send(&message));
    assert_eq!(send().unwrap_err().retry, Retry::Temporary);
    assert!(channel.inner().sent().is_empty());
    assert_eq!(send().unwrap_err().retry, Retry::Unknown);
    assert_eq!(channel.inner().sent(), std::slice::from_ref(&message));
    send().unwrap();
    assert_eq!(channel.inner().sent().len(), 1);
}

/// The wrapper is every port, also around a trait object.
#[test]
fn a_faulty_port_is_a_port() {
    fn is_a_chain<P: ChainClient + ?Sized>() -> &'static str {
        std::any::type_name::<P>()
    }
    assert!(is_a_chain::<Faulty<dyn ChainClient>>().contains("Faulty"));
}
