//! EV-1 to EV-6: stored, read in order, and handed to each handler once.
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::executor::block_on;
use futures::future::join;
use kolo_rules::Amount;

use super::{DAY_S, EACH, World, pays};
use crate::events::{CircleEvent, EventHandler, EventKind, Happened};
use crate::port::chain::{ChainAddress, ChainEventBody, CircleChainEvent};
use crate::port::{PortError, PortErrorKind, Retry};
use crate::worker::Worker;
use crate::{CircleId, CommandContext, Error};

/// The six that are named.
const NAMED: [EventKind; 6] = [
    EventKind::GroupCreated,
    EventKind::ParticipantJoined,
    EventKind::ContributionMade,
    EventKind::PayoutMade,
    EventKind::GroupClosed,
    EventKind::RefundClaimed,
];

/// Remembers what it was given; fails or hangs while it is told to.
#[derive(Default)]
struct Recorder {
    seen: Mutex<Vec<CircleEvent>>,
    tries: Mutex<Vec<u64>>,
    fails: AtomicBool,
    hangs: AtomicBool,
}

impl Recorder {
    fn seen(&self) -> Vec<CircleEvent> {
        self.seen.lock().unwrap().clone()
    }

    fn ids(&self) -> Vec<String> {
        self.seen().into_iter().map(|event| event.id).collect()
    }
}

#[async_trait]
impl EventHandler for Recorder {
    async fn handle(&self, event: &CircleEvent) -> Result<(), PortError> {
        self.tries.lock().unwrap().push(event.position);
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if self.fails.load(Ordering::SeqCst) {
            let what = "the test wants it so";
            return Err(PortError::new(PortErrorKind::Unavailable, Retry::Temporary, what));
        }
        self.seen.lock().unwrap().push(event.clone());
        Ok(())
    }
}

impl World {
    /// A worker as of a process that has just started.
    fn worker_with(&self, handlers: &[(&str, &Arc<Recorder>)]) -> Worker {
        handlers.iter().fold(Worker::without_chat(self.kolo.clone()), |worker, (name, handler)| {
            worker.on_event(name, &NAMED, (*handler).clone()).unwrap()
        })
    }

    /// All six: a circle of two that is dissolved in its second round.
    fn a_whole_life(&self) -> CircleId {
        let (circle, ada, bola) = self.active("one");
        self.contributes(circle, &ada, 1);
        self.contributes(circle, &bola, 1);
        self.pass(7 * DAY_S);
        let (recipient, amount) = (ada.address.clone(), Amount::new(2 * EACH.minor_units()));
        self.emit(
            circle,
            CircleChainEvent::PayoutMade { recipient, round: 1, amount, credited: false },
        );
        self.contributes(circle, &bola, 2);
        let (electorate, expires_at) = (2, self.now().plus(DAY_S));
        let (member, proposal) = (ada.address.clone(), 1);
        let proposed = CircleChainEvent::ProposalMade {
            member,
            proposal,
            motion: kolo_rules::circle::Motion::Dissolve,
            subject: None,
            newcomer: None,
            electorate,
            expires_at,
        };
        self.emit(circle, proposed);
        let member = bola.address.clone();
        self.emit(circle, CircleChainEvent::VoteCast { member, proposal, approve: true });
        self.emit(circle, CircleChainEvent::GroupClosed { reason: 2 });
        let member = bola.address.clone();
        self.emit(circle, CircleChainEvent::RefundClaimed { member, amount: EACH });
        circle
    }
}

fn tick(worker: &Worker) {
    block_on(worker.tick(usize::MAX)).unwrap();
}

#[test]
fn each_of_the_six_reaches_a_handler_once_and_in_order_over_restarts() {
    let world = World::new();
    let circle = world.a_whole_life();
    let recorder = Arc::new(Recorder::default());
    // One event at a time, by a worker that is gone after it.
    for _ in 0..20 {
        block_on(world.worker_with(&[("books", &recorder)]).tick(1)).unwrap();
    }
    tick(&world.worker_with(&[("books", &recorder)]));
    let seen = recorder.seen();
    let kinds: Vec<_> = seen.iter().map(CircleEvent::kind).collect();
    use EventKind as K;
    let expected = [
        K::ParticipantJoined,
        K::GroupCreated,
        K::ParticipantJoined,
        K::ContributionMade,
        K::ContributionMade,
        K::PayoutMade,
        K::ContributionMade,
        K::GroupClosed,
        K::RefundClaimed,
    ];
    assert_eq!(kinds, expected);
    assert!(seen.windows(2).all(|pair| pair[0].position < pair[1].position));
    let address = world.address(circle);
    assert!(seen.iter().all(|event| event.circle == circle && event.contract == address));
    assert_eq!(recorder.tries.lock().unwrap().len(), seen.len(), "called once for each");
    let Happened::InCircle(CircleChainEvent::PayoutMade { amount, round, .. }) = &seen[5].what
    else {
        panic!("{:?}", seen[5]);
    };
    assert_eq!((amount.minor_units(), *round), (2 * EACH.minor_units(), 1));

    // The same, read by a cursor in pages of two records.
    let (mut read, mut after) = (Vec::new(), 0);
    loop {
        let page = block_on(world.kolo.events(after, 2)).unwrap();
        after = page.next;
        read.extend(page.events.into_iter().filter(|event| NAMED.contains(&event.kind())));
        if !page.more {
            break;
        }
    }
    assert_eq!(read, seen);
}

#[test]
fn what_happens_later_is_handed_out_in_the_same_tick() {
    let world = World::new();
    let (circle, ada, _) = world.active("one");
    let recorder = Arc::new(Recorder::default());
    let worker = world.worker_with(&[("books", &recorder)]);
    tick(&worker);
    let before = recorder.seen().len();
    world.contributes(circle, &ada, 1);
    tick(&worker);
    let seen = recorder.seen();
    assert_eq!(seen.len(), before + 1);
    assert_eq!(seen.last().unwrap().kind(), EventKind::ContributionMade);
}

#[test]
fn a_failing_handler_is_tried_later_and_holds_up_nobody() {
    let world = World::new();
    let (circle, ada, bola) = world.active("one");
    world.contributes(circle, &ada, 1);
    world.contributes(circle, &bola, 1);
    let (failing, other) = (Arc::new(Recorder::default()), Arc::new(Recorder::default()));
    failing.fails.store(true, Ordering::SeqCst);
    let worker = world.worker_with(&[("failing", &failing), ("other", &other)]);
    tick(&worker);
    assert_eq!(other.seen().len(), 5, "the other has them all");
    assert_eq!(failing.tries.lock().unwrap().len(), 1, "the first blocks what comes after it");
    let vault = block_on(world.kolo.circles().status(circle)).unwrap().vault;
    assert_eq!(vault.minor_units(), 2 * EACH.minor_units(), "and the worker goes on");

    // Most of an hour of failing: later and later, at most every five minutes.
    for _ in 0..55 {
        world.clock.advance(60);
        tick(&worker);
    }
    let tries = failing.tries.lock().unwrap().len();
    assert!((15..20).contains(&tries), "{tries}");
    assert_eq!(block_on(world.kolo.dead_letters(10)).unwrap(), [], "it may pass");
    failing.fails.store(false, Ordering::SeqCst);
    world.clock.advance(301);
    tick(&world.worker_with(&[("failing", &failing), ("other", &other)]));
    assert_eq!(failing.seen(), other.seen());
    assert_eq!(other.tries.lock().unwrap().len(), 5);
}

/// Fails on one event for as long as it is told to.
#[derive(Default)]
struct Picky {
    recorder: Recorder,
    dislikes: Mutex<Option<u64>>,
}

#[async_trait]
impl EventHandler for Picky {
    async fn handle(&self, event: &CircleEvent) -> Result<(), PortError> {
        if *self.dislikes.lock().unwrap() == Some(event.position) {
            let what = "this one, never";
            return Err(PortError::new(PortErrorKind::Invalid, Retry::Permanent, what));
        }
        self.recorder.handle(event).await
    }
}

#[test]
fn what_a_handler_fails_on_too_often_is_listed_and_can_be_replayed() {
    let world = World::new();
    world.a_whole_life();
    world.work();
    let events = block_on(world.kolo.events(0, 1_000)).unwrap().events;
    let wanted: Vec<_> = events.iter().filter(|event| NAMED.contains(&event.kind())).collect();
    let bad = wanted[2].position;
    let (picky, other) = (Arc::new(Picky::default()), Arc::new(Recorder::default()));
    *picky.dislikes.lock().unwrap() = Some(bad);
    let worker = world.worker_with(&[("other", &other)]).on_event("picky", &NAMED, picky.clone());
    let worker = worker.unwrap();
    for _ in 0..40 {
        tick(&worker);
        world.clock.set(world.now().plus(300));
    }
    assert_eq!(other.seen().len(), wanted.len(), "the other one has all of them");
    let all: Vec<u64> = wanted.iter().map(|event| event.position).collect();
    let others: Vec<u64> = all.iter().copied().filter(|position| *position != bad).collect();
    let heard =
        || -> Vec<u64> { picky.recorder.seen().iter().map(|event| event.position).collect() };
    assert_eq!(heard(), others, "what follows goes on");

    let letters = || block_on(world.kolo.dead_letters(10)).unwrap();
    let found = letters();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].handler.as_str(), found[0].position, found[0].attempts),
        ("picky", bad, 3)
    );
    assert!(found[0].error.contains("this one, never"), "{}", found[0].error);

    let replay = |key: &str, position| {
        let ctx = CommandContext::of_system(key);
        block_on(world.kolo.replay_dead_letter(&ctx, "picky", position)).unwrap()
    };
    assert!(!replay("nothing there", bad + 1));
    // In vain the first time.
    assert!(replay("once", bad));
    assert_eq!(letters(), []);
    for _ in 0..40 {
        tick(&worker);
        world.clock.set(world.now().plus(300));
    }
    assert_eq!((letters().len(), letters()[0].attempts, letters()[0].replays), (1, 6, 1));

    *picky.dislikes.lock().unwrap() = None;
    assert!(replay("twice", bad));
    assert!(replay("twice", bad), "the same command");
    tick(&worker);
    tick(&worker);
    assert_eq!(letters(), []);
    assert_eq!(heard(), [others, vec![bad]].concat(), "once, after the others");
}

/// A handler that panics has failed, like any other: the worker and the other handlers go on.
#[test]
fn a_handler_that_panics_stops_nobody() {
    struct Panics;

    #[async_trait]
    impl EventHandler for Panics {
        async fn handle(&self, _: &CircleEvent) -> Result<(), PortError> {
            panic!("a host's mistake")
        }
    }

    let world = World::new();
    let (circle, ada, _) = world.active("one");
    world.contributes(circle, &ada, 1);
    let recorder = Arc::new(Recorder::default());
    let worker = world.worker_with(&[("recorder", &recorder)]);
    let worker = worker.on_event("panics", &NAMED, Arc::new(Panics)).unwrap();
    tick(&worker);
    assert_eq!(recorder.seen().len(), 4);
}

#[test]
fn two_workers_at_once_call_a_handler_once_for_each_event() {
    let world = World::new();
    world.a_whole_life();
    let recorder = Arc::new(Recorder::default());
    let workers = [0, 1].map(|_| world.worker_with(&[("books", &recorder)]));
    let (one, two) = block_on(join(workers[0].tick(usize::MAX), workers[1].tick(usize::MAX)));
    one.unwrap();
    two.unwrap();
    workers.iter().for_each(tick);
    let mut count = BTreeMap::new();
    for id in recorder.ids() {
        *count.entry(id).or_insert(0) += 1;
    }
    assert_eq!(count.len(), 9);
    assert!(count.values().all(|times| *times == 1), "{count:?}");
}

/// It is cut off after its time, and neither the other handler nor a payment waits for it.
#[test]
fn a_handler_that_hangs_delays_no_payment() {
    let world = World::new();
    let (circle, ada, _) = world.active("one");
    world.contributes(circle, &ada, 1);
    let (hanging, other) = (Arc::new(Recorder::default()), Arc::new(Recorder::default()));
    hanging.hangs.store(true, Ordering::SeqCst);
    let worker = world.worker_with(&[("hanging", &hanging), ("other", &other)]);
    let clock = world.clock.clone();
    let (stop, stopped) = futures::channel::oneshot::channel::<()>();
    let watch = async {
        // Neither waits: both are done while the first is still being called.
        while other.seen().len() < 4 {
            futures::future::ready(()).await;
            yield_now().await;
        }
        assert_eq!(hanging.tries.lock().unwrap().len(), 1);
        let vault = world.kolo.circles().status(circle).await.unwrap().vault;
        assert_eq!(vault, EACH);
        hanging.hangs.store(false, Ordering::SeqCst);
        while hanging.seen().len() < 4 {
            clock.advance(1);
            yield_now().await;
        }
        stop.send(()).unwrap();
    };
    let run = worker.run(async move { stopped.await.unwrap() });
    block_on(join(run, watch));
    assert_eq!(hanging.seen(), other.seen());
    assert_eq!(hanging.tries.lock().unwrap().len(), 5, "the one that was cut off came again");
}

/// What is in hand is finished, what is behind it is left to the next process.
#[test]
fn a_worker_that_is_to_stop_stops_with_events_left() {
    let world = World::new();
    let (circle, ..) = world.active("one");
    for proposal in 1..=60 {
        world.emit(circle, CircleChainEvent::ProposalRejected { proposal });
    }
    let recorder = Arc::new(Recorder::default());
    let worker = Worker::without_chat(world.kolo.clone());
    let worker = worker.on_event("all", EventKind::ALL, recorder.clone()).unwrap();
    world.work();
    block_on(worker.run(std::future::ready(())));
    let some = recorder.seen().len();
    assert!((1..60).contains(&some), "{some}");
    tick(&worker);
    assert_eq!(recorder.seen().len(), 63);
    assert_eq!(recorder.tries.lock().unwrap().len(), 63);
}

/// Every commit of every process wakes every worker.
#[test]
fn however_often_a_worker_is_woken_it_asks_the_chain_once_a_second() {
    let world = World::new();
    world.work();
    let worker = Worker::without_chat(world.kolo.clone());
    let (stop, stopped) = futures::channel::oneshot::channel::<()>();
    let ada = world.member("Ada");
    let before = world.chain.times_asked();
    let watch = async {
        for second in 1..=3 {
            for _ in 0..100 {
                worker.nudge();
                yield_now().await;
            }
            assert_eq!(world.chain.times_asked() - before, second);
            world.clock.advance(1);
        }
        let ctx = CommandContext::of_member(ada.id, "money");
        world.kolo.wallets().test_money(&ctx, Amount::new(5)).await.unwrap();
        worker.nudge();
        while world.chain.count(pays) == 0 {
            yield_now().await;
        }
        stop.send(()).unwrap();
    };
    block_on(join(worker.run(async move { stopped.await.unwrap() }), watch));
    // At once, when it was given something to do.
    assert!(world.chain.times_asked() - before > 4);
}

async fn yield_now() {
    let mut yielded = false;
    futures::future::poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

#[test]
fn a_handler_needs_a_name_to_be_found_again_by() {
    let world = World::new();
    for name in ["", "Mail", "e mail", "a/b", &"x".repeat(65)] {
        let worker = Worker::without_chat(world.kolo.clone());
        let refused = worker.on_event(name, EventKind::ALL, Arc::new(Recorder::default()));
        assert!(matches!(refused.err(), Some(Error::BadText { .. })), "{name}");
    }
}

/// Every kind can be stored and read back: nothing is lost on the way to a handler.
#[test]
fn every_kind_of_event_is_read_as_it_was_told() {
    let world = World::new();
    let (circle, ada, bola) = world.active("one");
    let (member, nothing) = (ada.address.clone(), Amount::ZERO);
    let key = crate::port::vault::PublicKey([3; 32]);
    let told = [
        CircleChainEvent::InvitationAdded {
            key: Some(key),
            address: None,
            turn: Some(2),
            expires_at: world.now(),
        },
        CircleChainEvent::InvitationRevoked { key: None, address: Some(member.clone()) },
        CircleChainEvent::GroupStarted {
            started_at: world.now(),
            order: vec![member.clone(), bola.address.clone()],
        },
        CircleChainEvent::Synced { surplus: Amount::new(i64::MAX / 4), shortfall: nothing },
        CircleChainEvent::DebtRepaid {
            member: member.clone(),
            amount: Amount::new(1),
            credited: vec![bola.address],
        },
        CircleChainEvent::CreditPushed { member: member.clone(), amount: Amount::new(2) },
        CircleChainEvent::ProposalRejected { proposal: 7 },
        CircleChainEvent::ParticipantLeft { member, removed: true },
    ];
    let before = block_on(world.kolo.events(0, 1_000)).unwrap().next;
    for event in &told {
        world.emit(circle, event.clone());
    }
    world.work();
    let page = block_on(world.kolo.events(before, 1_000)).unwrap();
    let read: Vec<_> = page.events.into_iter().map(|event| event.what).collect();
    assert_eq!(read, told.map(Happened::InCircle));
    let said = |contract: &ChainAddress, ours| {
        let (contract, raw) = (contract.clone(), "of another version".to_owned());
        world.chain.emit(world.now(), ChainEventBody::Unknown { contract, ours, raw });
    };
    // Of a circle of ours, of the factory, and of anybody.
    said(&world.address(circle), false);
    said(&ChainAddress("CFACTORY".to_owned()), true);
    said(&ChainAddress("CANYBODY".to_owned()), false);
    world.work();
    assert!(block_on(world.kolo.events(page.next, 1_000)).unwrap().events.is_empty());
    let raw = || block_on(world.kolo.unknown_events(page.next, 1_000)).unwrap();
    let contracts: Vec<_> = raw().events.into_iter().map(|event| event.contract).collect();
    assert_eq!(contracts, [world.address(circle), ChainAddress("CFACTORY".to_owned())]);
    assert!(raw().events.iter().all(|event| event.raw == "of another version"));
    world.chain.tell_again();
    world.work();
    assert_eq!(raw().events.len(), 2, "each is kept once");
}
