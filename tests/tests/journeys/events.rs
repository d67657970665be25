//! EV-1 to EV-6: emitted by the contract, decoded, stored, and a handler is called once.
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use kolo_core::events::{CircleEvent, EventHandler, EventKind};
use kolo_core::port::{PortError, PortErrorKind, Retry};
use kolo_core::view::CircleStage;
use kolo_rules::circle::Phase;

use crate::world::{DAY, World};

/// A host's own table of what it has heard; fails as often as it is told to.
#[derive(Default)]
struct Host {
    heard: Mutex<Vec<CircleEvent>>,
    failures_left: AtomicU32,
}

#[async_trait]
impl EventHandler for Host {
    async fn handle(&self, event: &CircleEvent) -> Result<(), PortError> {
        let left = &self.failures_left;
        if left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok() {
            let what = "the host's own database is away";
            return Err(PortError::new(PortErrorKind::Unavailable, Retry::Temporary, what));
        }
        self.heard.lock().unwrap().push(event.clone());
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_event_of_a_circle_is_emitted_decoded_stored_and_handled_once() {
    let mut world = World::new().await;
    let (host, flaky) = (Arc::new(Host::default()), Arc::new(Host::default()));
    flaky.failures_left.store(7, Ordering::SeqCst);
    let register = |world: &mut World| {
        world.on_event("host", host.clone());
        world.on_event("flaky", flaky.clone());
    };
    register(&mut world);
    let (ada, bola) = (world.person("Ada", 100).await, world.person("Bola", 100).await);
    let people = [ada.clone(), bola.clone()];
    let circle = world.group("CREATE GROUP Friends 10 weekly 2", &people).await;
    world = world.restart().await;
    register(&mut world);
    for payer in &people {
        world.contribute(payer).await;
    }
    world.pass(7 * DAY + 60).await;
    world.contribute(&bola).await;
    world = world.restart().await;
    // Two workers at once, as in two processes.
    register(&mut world);
    for who in &people {
        world.say(who, if *who == ada { "DISSOLVE" } else { "VOTE YES" }).await;
        let yes = world.message(who, "YES");
        world.receive(yes).await;
        futures::future::join(world.tick(usize::MAX), world.tick(usize::MAX)).await;
        world.step().await;
    }
    world.pass(DAY).await;
    let status = world.status(circle).await;
    assert_eq!(status.summary.stage, CircleStage::OnChain(Phase::Dissolved));

    let heard = host.heard.lock().unwrap().clone();
    let kinds: BTreeSet<_> = heard.iter().map(CircleEvent::kind).collect();
    for kind in [
        EventKind::GroupCreated,
        EventKind::ParticipantJoined,
        EventKind::ContributionMade,
        EventKind::PayoutMade,
        EventKind::GroupClosed,
        EventKind::RefundClaimed,
    ] {
        assert!(kinds.contains(&kind), "no {kind} in {kinds:?}");
    }
    let ids: BTreeSet<_> = heard.iter().map(|event| &event.id).collect();
    assert_eq!(ids.len(), heard.len(), "each once");
    assert!(heard.iter().all(|event| event.circle == circle));
    assert!(heard.windows(2).all(|pair| pair[0].position < pair[1].position), "in order");
    let stored = world.kolo.events(0, 1_000).await.unwrap();
    assert_eq!((stored.events, stored.more), (heard.clone(), false), "all that is stored");
    assert_eq!(*flaky.heard.lock().unwrap(), heard, "whoever failed has got them all the same");
}
