//! From delivery to channel over the reference store, with a desk of canned answers.
use std::sync::Arc;

use async_trait::async_trait;
use futures::FutureExt;
use kolo_rules::Amount;
use kolo_rules::circle::Phase;

use super::*;
use crate::conversation::fake::{FakeDesk, NOW, ONE, asset, circle, contact, member};
use crate::notice::Notice;
use crate::port::ChainClient;
use crate::port::chain::{
    Assembled, BalancesOnChain, ChainAddress, ChainCursor, ChainEffect, ChainEvents, CircleOnChain,
    Fate, FeeBump, LatestLedger, Mismatch, PrepareError, PreparedTx, SignedTx, Submission,
};
use crate::port::channel::Capabilities;
use crate::port::ledger::AggregateId;
use crate::port::vault::{PublicKey, Signature};
use crate::testkit::{ManualClock, MemoryLedger, MemoryVault, RecordingChannel, SeededEntropy};
use crate::{Asset, OperatorKeys, Ports, Settings, TenantId, Timestamp};

struct World {
    kolo: Kolo,
    clock: ManualClock,
    desk: FakeDesk,
    channel: RecordingChannel,
    worker: ConversationWorker,
}

impl World {
    fn new(desk: FakeDesk, channel: RecordingChannel) -> Self {
        let store = Arc::new(MemoryLedger::new());
        let clock = ManualClock::new(NOW);
        let ports = Ports {
            ledger: store.clone(),
            queue: store,
            chain: Arc::new(NoChain),
            vault: Arc::new(MemoryVault::new(1)),
            clock: Arc::new(clock.clone()),
            entropy: Arc::new(SeededEntropy::new(1)),
        };
        let key = PublicKey([1; 32]);
        let operator =
            OperatorKeys { sponsor: key, fees: key, keeper: key, receipts: key, issuer: Some(key) };
        let kolo =
            Kolo::try_new(TenantId::default(), ports, asset(), operator, Settings::default())
                .unwrap();
        let worker = ConversationWorker::new(vec![Arc::new(channel.clone())]);
        Self { kolo, clock, desk, channel, worker }
    }

    fn of_ada() -> Self {
        let desk = FakeDesk::of_ada().with(circle("Market Women", Phase::Active));
        Self::new(desk, RecordingChannel::new("web"))
    }

    fn receive(&self, id: &str, text: &str) {
        now(receive(&self.kolo, inbound(id, text))).expect("stored");
    }

    /// Works what is due until nothing is; returns how many items were.
    fn work(&self) -> usize {
        let mut worked = 0;
        loop {
            let claimed = self.claim();
            if claimed.is_empty() {
                return worked;
            }
            for work in &claimed {
                now(self.worker.work_at(&self.kolo, &self.desk, work)).expect("worked");
                worked += 1;
            }
        }
    }

    fn claim(&self) -> Vec<ClaimedWork> {
        let queue = &self.kolo.ports().queue;
        now(queue.claim(&queue::ALL, self.kolo.now(), 60, 10)).expect("claimed")
    }

    fn texts(&self) -> Vec<String> {
        self.channel.sent().into_iter().map(|message| message.text).collect()
    }

    fn tell(&self, to: &str, notice: Notice) {
        let ctx = CommandContext::of_system(format!("event/{to}"));
        let mut command = now(Command::begin(&self.kolo, &ctx, "event", &())).expect("begun");
        let mut changes = command.changes();
        changes.notice(member(to).id, "received", notice).expect("a notice");
        now(command.commit(changes, ())).expect("committed");
    }
}

fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("nothing waits")
}

fn inbound(id: &str, text: &str) -> InboundMessage {
    InboundMessage {
        id: id.to_owned(),
        from: contact("Ada"),
        name: Some("Ada".to_owned()),
        phone: None,
        text: text.to_owned(),
        button: None,
    }
}

fn received() -> Notice {
    Notice::MoneyReceived { amount: 5 * ONE, balance: 105 * ONE, tx: "ab12cd34ef".to_owned() }
}

#[test]
fn a_message_delivered_three_times_is_answered_once() {
    let world = World::of_ada();
    for name in ["Ada", "Ada O.", "Ada"] {
        let message = InboundMessage { name: Some(name.to_owned()), ..inbound("m1", "balance") };
        now(receive(&world.kolo, message)).expect("stored");
        world.work();
    }
    assert_eq!(world.texts().len(), 1);
    assert!(world.texts()[0].contains("100.00 USDC"));
}

#[test]
fn a_conversation_goes_on_from_message_to_message() {
    let world = World::of_ada();
    world.receive("m0", "hi");
    world.receive("m1", "contribute");
    world.receive("m2", "yes");
    world.work();
    assert_eq!(world.desk.ordered(), ["contribute 1 100000000 Market Women"]);
    let texts = world.texts();
    assert_eq!(texts.len(), 2, "the yes is answered by its outcome: {texts:?}");
    assert!(texts[1].contains("YES or NO"));
    // The world is slow: after a moment they hear so, once.
    world.clock.advance(3);
    world.work();
    assert!(world.texts()[2].contains("Working on it"), "{:?}", world.texts());
    world.clock.advance(3_600);
    assert_eq!(world.work(), 0);
}

#[test]
fn what_settles_within_a_moment_needs_no_word_in_between() {
    let world = World::of_ada();
    world.receive("m1", "test money 5");
    world.work();
    world.desk.state().settled = true;
    world.tell("Ada", received());
    world.work();
    world.clock.advance(3);
    world.work();
    let texts = world.texts();
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(
        texts[0]
            .starts_with("You received *5.00 USDC*. You now have 105.00 USDC. Reference ab12cd34")
    );
}

#[test]
fn a_turn_that_died_before_its_commit_is_repeated_to_the_same_end() {
    let world = World::of_ada();
    world.receive("m1", "contribute");
    world.work();
    world.receive("m2", "yes");
    // Claimed, the service called, and the process gone: the turn's change set never came.
    let claimed = world.claim();
    let stored = now(world.kolo.load::<Session>("web/Ada")).expect("read").expect("there");
    let yes = inbound("m2", "yes");
    let turn = world.worker.dialogue.turn(&world.desk, stored.state, &yes, NOW);
    assert!(now(turn).expect("a turn").after.is_some());
    world.clock.advance(61);
    world.work();
    assert_eq!(world.desk.ordered().len(), 1, "{:?}", world.desk.ordered());
    // Whoever still holds the old lease can change nothing.
    let late = now(world.worker.work_at(&world.kolo, &world.desk, &claimed[0]));
    assert!(late.is_ok() || matches!(late, Err(Error::LeaseLost)));
    assert_eq!(world.desk.ordered().len(), 1);
}

#[test]
fn a_broken_service_is_tried_again_and_then_owned_up_to() {
    let world = World::of_ada();
    world.receive("m1", "test money 5");
    world.desk.state().refuse =
        Some(|| PortError::new(PortErrorKind::Unavailable, Retry::Temporary, "the ledger").into());
    for attempt in 1..=TURN_ATTEMPTS {
        let claimed = world.claim();
        assert_eq!((claimed.len(), claimed[0].attempts), (1, attempt));
        let worked = now(world.worker.work_at(&world.kolo, &world.desk, &claimed[0]));
        assert_eq!(worked.is_err(), attempt < TURN_ATTEMPTS);
        world.clock.advance(61);
    }
    world.work();
    assert!(world.texts()[0].contains("Something is wrong on our side"), "{:?}", world.texts());
}

#[test]
fn strange_senders_are_refused_and_long_texts_not_kept() {
    let world = World::of_ada();
    for (id, address) in [("", "Ada"), ("m1", ""), ("m\n1", "Ada"), ("m1", &"x".repeat(201))] {
        let message = InboundMessage { from: contact(address), ..inbound(id, "hi") };
        assert!(matches!(now(receive(&world.kolo, message)), Err(Error::BadText { .. })));
    }
    world.receive("m0", "hi");
    world.work();
    world.receive("m1", &"🎉".repeat(10_000));
    let claimed = world.claim();
    assert!(claimed[0].payload.bytes.len() < 5_000);
    now(world.worker.work_at(&world.kolo, &world.desk, &claimed[0])).expect("worked");
    world.work();
    assert!(world.texts()[1].contains("too long"));
}

#[test]
fn channels_without_buttons_get_numbers_and_numbers_are_understood() {
    let plain =
        RecordingChannel::with_capabilities("web", Capabilities { buttons: 0, text: 4_096 });
    let world = World::new(FakeDesk::of_ada().with(circle("Market Women", Phase::Active)), plain);
    world.receive("m1", "contribute");
    world.work();
    let sent = world.channel.sent();
    assert!(sent[0].text.ends_with("1. YES\n2. NO") && sent[0].buttons.is_empty(), "{sent:?}");
    world.receive("m2", "1");
    world.work();
    assert_eq!(world.desk.ordered().len(), 1);
}

#[test]
fn a_member_without_a_contact_hears_nothing_and_nothing_is_stuck() {
    let world = World::of_ada();
    let mut silent = member("Silent");
    silent.contact = None;
    world.desk.state().members.push(silent);
    world.tell("Silent", received());
    assert_eq!(world.work(), 1);
    assert!(world.texts().is_empty());
    assert_eq!(now(world.kolo.ports().queue.next_due(&queue::ALL)).expect("read"), None);
}

#[test]
fn a_message_for_an_unknown_channel_waits_for_it() {
    let world = World::of_ada();
    let mut abroad = member("Abroad");
    abroad.contact = Some(Contact { channel: "pigeon".to_owned(), address: "1".to_owned() });
    world.desk.state().members.push(abroad);
    world.tell("Abroad", received());
    let notice = world.claim();
    now(world.worker.work_at(&world.kolo, &world.desk, &notice[0])).expect("worked");
    let message = world.claim();
    assert!(matches!(
        now(world.worker.work_at(&world.kolo, &world.desk, &message[0])),
        Err(Error::Port(PortError { retry: Retry::Temporary, .. }))
    ));
}

#[test]
fn the_session_is_stored_with_the_reply() {
    let world = World::of_ada();
    world.receive("m1", "hi");
    world.work();
    let id = AggregateId { kind: "session".to_owned(), id: "web/Ada".to_owned() };
    let ledger = &world.kolo.ports().ledger;
    let stored =
        now(ledger.load(world.kolo.tenant(), &[id])).expect("read").remove(0).expect("there");
    assert_eq!((stored.version, stored.state.schema_version), (1, 1));
}

/// No test of the conversation comes near the chain.
struct NoChain;

#[async_trait]
impl ChainClient for NoChain {
    fn account_address(&self, _: &PublicKey) -> ChainAddress {
        unreachable!()
    }
    fn assets(&self) -> Option<Vec<Asset>> {
        None
    }
    fn asset_contract(&self, _: &Asset) -> Result<[u8; 32], PortError> {
        unreachable!()
    }
    fn circle_address(&self, _: &ChainAddress, _: &[u8; 32]) -> Result<ChainAddress, PortError> {
        unreachable!()
    }
    fn knows_code(&self, _: &[u8; 32]) -> bool {
        unreachable!()
    }
    fn invitation_message(&self, _: &ChainAddress, _: &ChainAddress) -> Result<Vec<u8>, PortError> {
        unreachable!()
    }
    fn message_payload(&self, _: &[u8]) -> Result<Vec<u8>, PortError> {
        unreachable!()
    }
    async fn prepare(&self, _: &ChainEffect) -> Result<PreparedTx, PrepareError> {
        unreachable!()
    }
    fn verify(&self, _: &ChainEffect, _: &PreparedTx) -> Result<(), Mismatch> {
        unreachable!()
    }
    fn assemble(
        &self,
        _: &PreparedTx,
        _: &[(PublicKey, Signature)],
    ) -> Result<Assembled, PortError> {
        unreachable!()
    }
    fn finish(&self, _: &FeeBump, _: &Signature) -> Result<SignedTx, PortError> {
        unreachable!()
    }
    fn bump_again(&self, _: &SignedTx) -> Result<FeeBump, PortError> {
        unreachable!()
    }
    async fn submit(&self, _: &SignedTx) -> Result<Submission, PortError> {
        unreachable!()
    }
    async fn look_up(&self, _: &SignedTx) -> Result<Fate, PortError> {
        unreachable!()
    }
    async fn events_after(
        &self,
        _: Option<&ChainCursor>,
        _: usize,
    ) -> Result<ChainEvents, PortError> {
        unreachable!()
    }
    async fn latest(&self) -> Result<LatestLedger, PortError> {
        unreachable!()
    }
    async fn balance(&self, _: &ChainAddress, _: &Asset) -> Result<Amount, PortError> {
        unreachable!()
    }
    async fn lifetime(
        &self,
        _: Option<&ChainAddress>,
        _: &Asset,
    ) -> Result<Option<Timestamp>, PortError> {
        unreachable!()
    }
    async fn balances(&self, _: &[ChainAddress], _: &Asset) -> Result<BalancesOnChain, PortError> {
        unreachable!()
    }
    async fn circle(
        &self,
        _: &ChainAddress,
        _: &Asset,
    ) -> Result<Option<CircleOnChain>, PortError> {
        unreachable!()
    }
}
