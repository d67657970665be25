//! The worker against a chain that refuses, forgets and lies: nothing may be lost for ever.
mod between;
mod caps;
mod chain;
mod channels;
mod coins;
mod consents;
mod contract;
mod disbelief;
mod foreign;
mod forming;
mod gap;
mod handlers;
mod lives;
mod offers;
mod overtaken;
#[cfg(feature = "conversation")]
mod pages;
#[cfg(feature = "conversation")]
mod pages_raced;
#[cfg(feature = "conversation")]
mod pages_told;
mod people;
mod permission;
mod queueing;
mod receipts;
mod rehoused;
mod rent;
mod roles;
mod unbooked;
mod unpaid;
mod unread;
mod vaults;
mod wallets;

use std::sync::Arc;

use futures::executor::block_on;
use kolo_rules::circle::{Motion, Phase, Shortfall};
use kolo_rules::{Amount, Refusal};

use self::chain::{Answer, ScriptedChain};
use self::wallets::{Doorman, Sealer};
use super::Worker;
use crate::member::Register;
use crate::port::chain::{ChainAddress, ChainEffect, ChainEventBody, CircleChainEvent};
use crate::port::vault::{KeyName, PublicKey};
use crate::testkit::{ManualClock, MemoryVault, in_memory};
use crate::view::{CircleStage, Every, MemberView, NewCircle, Options};
use crate::{
    Asset, CircleId, CommandContext, Error, Kolo, OperatorKeys, Settings, TenantId, Timestamp,
};

const START: Timestamp = Timestamp::from_unix(1_800_000_000);
const DAY_S: u64 = 86_400;
/// The instalment.
const EACH: Amount = Amount::new(100_000_000);

struct World {
    kolo: Kolo,
    worker: Worker,
    chain: Arc<ScriptedChain>,
    clock: Arc<ManualClock>,
}

impl World {
    fn new() -> Self {
        Self::with(Settings::default())
    }

    fn with(settings: Settings) -> Self {
        let chain = Arc::new(ScriptedChain::default());
        let clock = Arc::new(ManualClock::new(START));
        let ports = in_memory(chain.clone(), Arc::new(MemoryVault::new(1)), clock.clone());
        let tenant = TenantId::default();
        let key = PublicKey([1; 32]);
        let receipts = KeyName::Operator("receipts".to_owned());
        let receipts = block_on(ports.vault.create(&tenant, &receipts)).unwrap();
        let operator =
            OperatorKeys { sponsor: key, fees: key, keeper: key, receipts, issuer: Some(key) };
        let kolo = Kolo::try_new(tenant, ports, asset(), operator, settings).unwrap();
        let kolo = kolo.with_key_export(Arc::new(Sealer), Arc::new(Doorman));
        let worker = Worker::without_chat(kolo.clone());
        Self { kolo, worker, chain, clock }
    }

    fn work(&self) {
        block_on(self.worker.tick(usize::MAX)).unwrap();
    }

    /// Works through what is due until `seconds` from now.
    fn pass(&self, seconds: u64) {
        use crate::port::Clock;
        let until = self.clock.now().plus(seconds);
        for _ in 0..10_000 {
            let tick = block_on(self.worker.tick(usize::MAX)).unwrap();
            let now = self.clock.now();
            if now >= until {
                return;
            }
            self.clock.set(tick.next.map_or(until, |next| next.clamp(now.plus(1), until)));
        }
        panic!("the worker never rests");
    }

    fn now(&self) -> Timestamp {
        self.kolo.now()
    }

    fn member(&self, name: &str) -> MemberView {
        let who = Register {
            external_id: Some(name.to_owned()),
            contact: None,
            name: name.to_owned(),
            phone: None,
        };
        let ctx = CommandContext::of_system(format!("register/{name}"));
        block_on(self.kolo.members().register(&ctx, who)).unwrap()
    }

    fn create(&self, organiser: &MemberView, key: &str) -> CircleId {
        self.create_of(organiser, key, 2)
    }

    fn create_of(&self, organiser: &MemberView, key: &str, seats: u8) -> CircleId {
        let wanted = NewCircle {
            name: "Market".to_owned(),
            asset: None,
            seats,
            contribution: EACH,
            instalments_per_round: 1,
            every: Every::Days(7),
            grace_hours: 0,
            shortfall: Shortfall::ShortPot,
            advance: false,
            options: Options::default(),
        };
        let ctx = CommandContext::of_member(organiser.id, key);
        block_on(self.kolo.circles().create(&ctx, wanted)).unwrap().circle
    }

    fn address(&self, circle: CircleId) -> ChainAddress {
        block_on(self.kolo.circles().status(circle)).unwrap().summary.address
    }

    fn emit(&self, circle: CircleId, event: CircleChainEvent) {
        let circle = self.address(circle);
        self.chain.emit(self.now(), ChainEventBody::Circle { circle, event });
    }

    fn joins(&self, circle: CircleId, member: &MemberView, seat: u8) {
        let (member, turn) = (member.address.clone(), seat + 1);
        self.emit(circle, CircleChainEvent::ParticipantJoined { member, seat, turn });
    }

    /// A circle of two whose organiser sits in it, on the chain.
    fn forming(&self, organiser: &MemberView, key: &str) -> CircleId {
        self.forming_of(organiser, key, 2)
    }

    fn forming_of(&self, organiser: &MemberView, key: &str, seats: u8) -> CircleId {
        let circle = self.create_of(organiser, key, seats);
        self.work();
        self.joins(circle, organiser, 0);
        let created = ChainEventBody::GroupCreated {
            circle: self.address(circle),
            organiser: organiser.address.clone(),
            rules: block_on(self.kolo.circles().status(circle)).unwrap().summary.rules,
        };
        self.chain.emit(self.now(), created);
        self.work();
        circle
    }

    /// Two members, started now.
    fn active(&self, key: &str) -> (CircleId, MemberView, MemberView) {
        let (ada, bola) = (self.member("Ada"), self.member("Bola"));
        let circle = self.forming(&ada, key);
        self.joins(circle, &bola, 1);
        self.work();
        (circle, ada, bola)
    }

    fn contributes(&self, circle: CircleId, member: &MemberView, round: u8) {
        let member = member.address.clone();
        let event = CircleChainEvent::ContributionMade { member, round, amount: EACH, late: false };
        self.emit(circle, event);
    }
}

fn asset() -> Asset {
    Asset { code: "USDC".to_owned(), issuer: "GISSUER".to_owned(), decimals: 7 }
}

fn opens(effect: &ChainEffect) -> bool {
    matches!(effect, ChainEffect::OpenAccount { .. })
}

fn creates(effect: &ChainEffect) -> bool {
    matches!(effect, ChainEffect::CreateCircle { .. })
}

fn pays_out(effect: &ChainEffect) -> bool {
    matches!(effect, ChainEffect::Payout { .. })
}

fn pays(effect: &ChainEffect) -> bool {
    matches!(effect, ChainEffect::Pay { .. })
}

fn pushes(effect: &ChainEffect) -> bool {
    matches!(effect, ChainEffect::Push { .. })
}

fn claims(effect: &ChainEffect) -> bool {
    matches!(effect, ChainEffect::Claim { .. })
}

#[test]
fn an_account_that_could_not_be_opened_is_opened_with_the_next_wish() {
    let world = World::new();
    let ada = world.member("Ada");
    world.chain.answer(opens, Some(Answer::Refuse(None)));
    let ask = |key: &str| {
        let ctx = CommandContext::of_member(ada.id, key);
        block_on(world.kolo.wallets().test_money(&ctx, Amount::new(5))).unwrap()
    };
    let first = ask("first");
    world.pass(600);
    assert!(block_on(world.kolo.circles().is_settled(first)).unwrap(), "it waits for ever");

    world.chain.answer(opens, None);
    let second = ask("second");
    world.pass(60);
    assert!(block_on(world.kolo.circles().is_settled(second)).unwrap());
    assert_eq!((world.chain.count(opens), world.chain.count(pays)), (1, 1));
}

#[test]
fn a_payout_that_was_refused_is_tried_again() {
    let world = World::new();
    let (circle, ada, bola) = world.active("one");
    for member in [&ada, &bola] {
        world.contributes(circle, member, 1);
    }
    // The vault is short, the keeper has no money: whatever it is, it may pass.
    world.chain.answer(pays_out, Some(Answer::Refuse(Some(24))));
    world.pass(7 * DAY_S + 600);
    assert_eq!(world.chain.count(pays_out), 0);
    world.chain.answer(pays_out, None);
    world.pass(DAY_S);
    assert_eq!(world.chain.count(pays_out), 1);
}

#[test]
fn one_circle_does_not_hold_up_the_payouts_of_others() {
    for answer in [Answer::Impossible, Answer::Refuse(Some(Refusal::TooEarly.code()))] {
        let world = World::new();
        let (first, ada, bola) = world.active("one");
        let (second, ..) = world.active("two");
        for (circle, member) in [(first, &ada), (first, &bola), (second, &ada), (second, &bola)] {
            world.contributes(circle, member, 1);
        }
        world.chain.answer_of(world.address(first), answer);
        world.pass(7 * DAY_S + 3_600);
        let paid: Vec<_> = world.chain.done().into_iter().filter(pays_out).collect();
        assert_eq!(paid, [ChainEffect::Payout { circle: world.address(second), round: 1 }]);
    }
}

/// Everything paid in, the first round's pot kept as Ada's credit.
fn with_a_credit(world: &World) -> (CircleId, MemberView, MemberView) {
    let (circle, ada, bola) = world.active("one");
    for member in [&ada, &bola] {
        world.contributes(circle, member, 1);
    }
    world.pass(7 * DAY_S);
    let (recipient, amount) = (ada.address.clone(), Amount::new(200_000_000));
    let event = CircleChainEvent::PayoutMade { recipient, round: 1, amount, credited: true };
    world.emit(circle, event);
    world.work();
    (circle, ada, bola)
}

#[test]
fn a_credit_is_pushed_every_day_until_it_arrives() {
    let world = World::new();
    let (circle, ada, _) = with_a_credit(&world);
    world.pass(DAY_S - 60);
    assert_eq!(world.chain.count(pushes), 0);
    world.chain.answer(pushes, Some(Answer::Refuse(Some(23))));
    world.pass(DAY_S);
    world.chain.answer(pushes, None);
    world.pass(DAY_S);
    assert_eq!(world.chain.count(pushes), 1);
    let event = CircleChainEvent::CreditPushed {
        member: ada.address.clone(),
        amount: Amount::new(200_000_000),
    };
    world.emit(circle, event);
    world.pass(7 * DAY_S);
    assert_eq!(world.chain.count(pushes), 1);
}

/// A share of what was left over is a credit nobody has tried to deliver.
#[test]
fn a_credit_from_a_surplus_is_pushed_too() {
    let world = World::new();
    let (circle, ada, bola) = world.active("one");
    let nothing = Amount::ZERO;
    let synced = CircleChainEvent::Synced { surplus: Amount::new(11), shortfall: nothing };
    world.emit(circle, synced);
    world.emit(
        circle,
        CircleChainEvent::ProposalMade {
            member: ada.address.clone(),
            proposal: 1,
            motion: Motion::Dissolve,
            subject: None,
            newcomer: None,
            electorate: 2,
            expires_at: world.now().plus(DAY_S),
        },
    );
    world.contributes(circle, &bola, 1);
    let (member, proposal) = (bola.address.clone(), 1);
    world.emit(circle, CircleChainEvent::VoteCast { member, proposal, approve: true });
    world.emit(circle, CircleChainEvent::GroupClosed { reason: 2 });
    // Bola's payment and both shares of the surplus are claims; the first try fails.
    world.chain.answer(claims, Some(Answer::Refuse(Some(23))));
    world.pass(60);
    assert_eq!(world.chain.count(claims), 0);
    world.chain.answer(claims, None);
    world.pass(DAY_S);
    assert_eq!(world.chain.count(claims), 2, "what could not be delivered is tried another day");
    let late = CircleChainEvent::Synced { surplus: Amount::new(4), shortfall: nothing };
    world.emit(circle, late);
    world.pass(60);
    assert_eq!(world.chain.count(pushes), 2);
}

#[test]
fn a_circle_that_is_there_already_did_not_fail() {
    let world = World::new();
    let ada = world.member("Ada");
    world.chain.answer(creates, Some(Answer::Refuse(Some(20))));
    let circle = world.forming(&ada, "one");
    let stage = block_on(world.kolo.circles().status(circle)).unwrap().summary.stage;
    assert_eq!(stage, CircleStage::OnChain(Phase::Forming));
}

/// Time that does not stand still between two questions.
struct Hasty(std::sync::atomic::AtomicU64);

#[async_trait::async_trait]
impl crate::port::Clock for Hasty {
    fn now(&self) -> Timestamp {
        START.plus(self.0.fetch_add(2, std::sync::atomic::Ordering::SeqCst))
    }

    async fn sleep_until(&self, _: Timestamp) {
        std::future::pending::<()>().await;
    }
}

#[test]
fn a_clock_that_is_moved_meanwhile_does_not_stop_the_worker() {
    let world = World::new();
    let mut ports = world.kolo.ports().clone();
    ports.clock = Arc::new(Hasty(0.into()));
    let operator = world.kolo.operator().clone();
    let kolo =
        Kolo::try_new(TenantId::default(), ports, asset(), operator, Settings::default()).unwrap();
    let ada = world.member("Ada");
    let ctx = CommandContext::of_member(ada.id, "money");
    block_on(kolo.wallets().test_money(&ctx, Amount::new(5))).unwrap();
    block_on(Worker::without_chat(kolo).run(std::future::ready(())));
    world.work();
    assert_eq!(world.chain.count(pays), 1);
}

#[test]
fn tenants_do_not_act_for_each_other() {
    let world = World::new();
    let ada = world.member("Ada");
    let ctx = CommandContext::of_member(ada.id, "money");
    block_on(world.kolo.wallets().test_money(&ctx, Amount::new(5))).unwrap();

    let (ports, operator) = (world.kolo.ports().clone(), world.kolo.operator().clone());
    let brand = TenantId::try_new("brand").unwrap();
    let other = Kolo::try_new(brand, ports, asset(), operator, Settings::default()).unwrap();
    let command = block_on(other.wallets().test_money(&ctx, Amount::new(5)));
    assert!(matches!(command, Err(Error::NotAllowed)), "{command:?}");
    let worker = Worker::without_chat(other);
    block_on(worker.tick(1)).unwrap();
    assert_eq!(world.chain.done(), []);
    world.pass(60);
    assert_eq!(world.chain.count(pays), 1);
}

#[test]
fn the_place_of_a_code_that_died_is_free_again() {
    let world = World::new();
    let (ada, bola) = (world.member("Ada"), world.member("Bola"));
    let circle = world.forming(&ada, "one");
    let invite = |key: &str| {
        let ctx = CommandContext::of_member(ada.id, key);
        block_on(world.kolo.circles().invite(&ctx, circle, None))
    };
    // Each tells the chain's answer to the invitation it has just made.
    let added = || {
        let done = world.chain.done();
        let Some(ChainEffect::Invite { key, expires_at, .. }) = done.last().cloned() else {
            panic!("{done:?}");
        };
        let (key, address, turn) = (Some(key), None, None);
        let event = CircleChainEvent::InvitationAdded { key, address, turn, expires_at };
        world.emit(circle, event);
        world.work();
        key
    };
    invite("first").unwrap();
    world.work();
    added();
    assert!(matches!(invite("second"), Err(Error::NoPlaceLeft)));

    // It expires.
    world.pass(15 * DAY_S);
    invite("third").unwrap();
    world.work();
    let key = added();

    // The organiser takes it back, with a wallet of their own.
    world.emit(circle, CircleChainEvent::InvitationRevoked { key, address: None });
    world.work();
    let (fourth, _) = invite("fourth").unwrap();
    world.work();
    added();

    // The chain refuses it when it is used.
    let summary = block_on(world.kolo.circles().status(circle)).unwrap().summary;
    world.chain.answer(|effect| matches!(effect, ChainEffect::Join { .. }), {
        Some(Answer::Refuse(Some(6)))
    });
    let ctx = CommandContext::of_member(bola.id, "join");
    block_on(world.kolo.circles().join(&ctx, &fourth.code, summary.rules_hash)).unwrap();
    world.pass(60);
    invite("fifth").unwrap();
}

/// An organiser with the key in hand can be there first, with rules of their own.
#[test]
fn a_circle_with_other_rules_on_the_chain_takes_nobody_in() {
    let world = World::new();
    let ada = world.member("Ada");
    let circle = world.create(&ada, "one");
    world.work();
    let mut rules = block_on(world.kolo.circles().status(circle)).unwrap().summary.rules;
    rules.contribution = Amount::new(1);
    let (address, organiser) = (world.address(circle), ada.address.clone());
    world
        .chain
        .emit(world.now(), ChainEventBody::GroupCreated { circle: address, organiser, rules });
    world.work();
    let stage = block_on(world.kolo.circles().status(circle)).unwrap().summary.stage;
    assert_eq!(stage, CircleStage::Failed);
    let ctx = CommandContext::of_member(ada.id, "invite");
    let invited = block_on(world.kolo.circles().invite(&ctx, circle, None));
    assert!(matches!(invited, Err(Error::NoSuchCircle)), "{invited:?}");
}

/// More pages of events than are applied in one go.
#[test]
fn a_long_history_is_caught_up_with_in_one_tick() {
    let world = World::new();
    let (circle, ada, _) = world.active("one");
    for _ in 0..1_000 {
        world.chain.emit(world.now(), chain::elsewhere());
    }
    world.contributes(circle, &ada, 1);
    world.work();
    assert_eq!(block_on(world.kolo.circles().status(circle)).unwrap().vault, EACH);
}

/// Ada's money: what is hers and what she can spend.
fn purse(world: &World, member: &MemberView) -> (Amount, Amount) {
    let wallet = block_on(world.kolo.wallets().balance(member.id)).unwrap();
    (wallet.settled, wallet.available)
}

#[test]
fn a_hold_ends_with_what_it_was_for() {
    for answer in [Answer::Impossible, Answer::Refuse(Some(21)), Answer::Refuse(None)] {
        let world = World::new();
        let (circle, ada, _) = world.active("one");
        let (asset, to) = (asset(), Some(ada.address.clone()));
        let gift = ChainEventBody::Transfer { asset, from: None, to, amount: EACH };
        world.chain.emit(world.now(), gift);
        world.work();
        let contribute = |key: &str| {
            let ctx = CommandContext::of_member(ada.id, key);
            block_on(world.kolo.circles().contribute(&ctx, circle, 1, EACH))
        };
        world.chain.answer(|effect| matches!(effect, ChainEffect::Contribute { .. }), Some(answer));
        contribute("first").unwrap();
        assert_eq!(purse(&world, &ada), (EACH, Amount::ZERO));
        world.pass(3_600);
        assert_eq!(purse(&world, &ada), (EACH, EACH), "the hold stays");

        // Again, and this time it works: paid once, by the event alone, however often that comes.
        world.chain.answer(opens, None);
        contribute("second").unwrap();
        assert!(matches!(
            contribute("third"),
            Err(Error::UnderWay | Error::InsufficientFunds { .. })
        ));
        world.work();
        assert_eq!(purse(&world, &ada), (EACH, Amount::ZERO), "held until the chain says so");
        world.contributes(circle, &ada, 1);
        world.work();
        assert_eq!(purse(&world, &ada), (Amount::ZERO, Amount::ZERO));
        let vault = block_on(world.kolo.circles().status(circle)).unwrap().vault;
        assert_eq!(vault, EACH);
    }
}
