//! Many circles' payouts side by side: a chain that queues one transaction of an account and closes ledgers
//! when it is told to.
use std::sync::Mutex;

use super::queueing::{Net, Queueing};
use super::*;
use crate::Caps;
use crate::intent::Standing;
use crate::port::chain::{ChainClient, Fate, Refused};
use crate::testkit::{FaultPlan, Faulty};

/// Circles whose first round is paid in and due, on a chain that closes ledgers by hand.
struct Market {
    world: World,
    chain: Arc<Queueing>,
    circles: Vec<ChainAddress>,
}

impl Market {
    fn new(circles: usize, channels: u16) -> Self {
        let caps = Caps { circles_per_member_per_day: 100, ..Caps::default() };
        let mut world = World::with(Settings { channels, caps, ..Settings::default() });
        let mut made = Vec::new();
        for number in 0..circles {
            let (circle, ada, bola) = world.active(&format!("circle {number}"));
            world.contributes(circle, &ada, 1);
            world.contributes(circle, &bola, 1);
            made.push(world.address(circle));
        }
        world.work();
        let accounts = ["GKEEPER", "GSPONSOR"].map(|name| (ChainAddress(name.to_owned()), 0));
        let net = Net { accounts: accounts.into(), ..Net::default() };
        let (scripted, clock) = (world.chain.clone(), world.clock.clone());
        let chain = Arc::new(Queueing { scripted, clock, net: Mutex::new(net) });
        world.kolo = with_chain(&world.kolo, chain.clone());
        world.worker = Worker::without_chat(world.kolo.clone());
        world.clock.set(START.plus(7 * DAY_S));
        Self { world, chain, circles: made }
    }

    /// Works, and a ledger closes.
    fn ledger(&self) {
        self.world.work();
        self.chain.close();
        self.world.clock.set(self.world.now().plus(5));
    }

    fn standings(&self) -> Vec<Standing> {
        block_on(self.world.kolo.pool()).unwrap()
    }

    fn is_at_rest(&self) -> bool {
        self.standings()
            .iter()
            .all(|standing| !matches!(standing, Standing::Held { .. } | Standing::Opening))
    }

    /// Every circle's payout was applied, once.
    fn check_paid_once(&self) {
        let mut paid: Vec<_> = self.chain.payouts();
        paid.sort_by_key(|effect| format!("{effect:?}"));
        let mut due: Vec<_> = self
            .circles
            .iter()
            .cloned()
            .map(|circle| ChainEffect::Payout { circle, round: 1 })
            .collect();
        due.sort_by_key(|effect| format!("{effect:?}"));
        assert_eq!(paid, due);
    }
}

fn with_chain(kolo: &Kolo, chain: Arc<dyn ChainClient>) -> Kolo {
    let ports = crate::Ports { chain, ..kolo.ports().clone() };
    Kolo::try_new(
        TenantId::default(),
        ports,
        asset(),
        kolo.operator().clone(),
        kolo.settings().clone(),
    )
    .unwrap()
}

#[test]
fn payouts_go_side_by_side_each_by_an_account_of_its_own() {
    let market = Market::new(16, 3);
    market.ledger();
    assert_eq!(market.chain.payouts().len(), 1, "the keeper begins while channels are opened");
    let mut most = 1;
    for _ in 0..12 {
        market.world.work();
        most = most.max(market.chain.paying().len());
        market.ledger();
    }
    assert_eq!(most, 4, "the keeper and three channels at once");
    market.check_paid_once();
    assert!(market.is_at_rest(), "{:?}", market.standings());
    let opened = market.chain.net().accounts.len() - 2;
    assert_eq!(opened, 3, "no more than configured");
}

#[test]
fn without_channels_the_keeper_sends_one_after_the_other() {
    let market = Market::new(3, 0);
    for paid in 1..=3 {
        market.world.work();
        assert_eq!(market.chain.paying(), [ChainAddress("GKEEPER".to_owned())]);
        market.ledger();
        for _ in 0..8 {
            market.world.work();
            market.world.clock.set(market.world.now().plus(5));
        }
        assert!(market.chain.payouts().len() >= paid);
    }
    market.check_paid_once();
    assert_eq!(market.chain.net().accounts.len(), 2);
}

fn held(market: &Market) -> usize {
    let is_held = |standing: &&Standing| matches!(standing, Standing::Held { .. });
    market.standings().iter().filter(is_held).count()
}

/// The payouts that were ever sent, each once.
fn sent_payouts(market: &Market) -> usize {
    let net = market.chain.net();
    let pays = |hash: &&String| match &net.effects[*hash] {
        ChainEffect::ByChannel { call, .. } => pays_out(call),
        other => pays_out(other),
    };
    net.sent.iter().filter(pays).count()
}

#[test]
fn a_channel_whose_transaction_may_be_applied_is_not_used_again() {
    // It takes everything, applies nothing, and cannot tell what became of it.
    let market = Market::new(2, 1);
    market.chain.net().deaf = true;
    market.chain.net().forgetful = true;
    for _ in 0..24 {
        market.ledger();
    }
    assert_eq!((held(&market), sent_payouts(&market)), (1, 1), "{:?}", market.standings());

    // After its max time the account's sequence number proves that it never was: built anew, and applied.
    for _ in 0..10 {
        market.ledger();
    }
    market.chain.net().deaf = false;
    for _ in 0..200 {
        market.ledger();
    }
    market.check_paid_once();
    assert!(market.is_at_rest(), "{:?}", market.standings());
}

/// It was applied, and no node can tell: after its max time it is tried anew, which the contract refuses.
#[test]
fn lost_history_blocks_no_channel_and_pays_nobody_twice() {
    let market = Market::new(6, 2);
    market.chain.net().forgetful = true;
    for _ in 0..400 {
        market.ledger();
    }
    market.check_paid_once();
    assert!(market.is_at_rest(), "{:?}", market.standings());
}

/// What fails in a ledger has used its sequence number too: a node that offers it again is behind.
#[test]
fn a_failed_transactions_sequence_number_is_kept() {
    let market = Market::new(1, 1);
    let refused = Refused { contract_code: None, reason: "failed".to_owned() };
    market.chain.net().fails = Some(Fate::Failed { refused, outdated: false, fee: 7 });
    for _ in 0..4 {
        market.ledger();
    }
    assert!(!market.chain.net().failed.is_empty());
    let used = block_on(market.world.kolo.channel_used(0)).unwrap();
    assert_eq!(used, market.chain.net().accounts[&ChainAddress("GKEEPER".to_owned())]);
}

/// A node that has not seen it opened: neither is it given up, nor does it forget what it has used.
#[test]
fn a_channel_is_missing_only_in_a_ledger_later_than_its_opening() {
    let market = Market::new(16, 1);
    market.chain.net().stale_at = Some(START.plus(7 * DAY_S));
    for _ in 0..10 {
        market.ledger();
    }
    let opens = |effect: &ChainEffect| matches!(effect, ChainEffect::OpenChannel { .. });
    assert_eq!(market.world.chain.count(opens), 1, "{:?}", market.standings());
    market.chain.net().stale_at = None;
    for _ in 0..60 {
        market.ledger();
    }
    market.check_paid_once();
}

/// Waiting for a channel, however long, is no attempt: it is looked for every other second, and trouble after
/// that ends nothing at once.
#[test]
fn waiting_for_a_channel_counts_as_no_attempt() {
    let market = Market::new(8, 1);
    market.chain.net().deaf = true;
    // One of eight is under way, by the keeper; the channel's opening is, too.
    for _ in 0..20 {
        market.world.work();
        market.chain.close();
        market.world.clock.set(market.world.now().plus(2));
    }
    assert_eq!(sent_payouts(&market), 1);
    // Then what they have is applied, and the adapter cannot do the next ones.
    market.chain.net().deaf = false;
    market.world.chain.answer(
        |effect| !matches!(effect, ChainEffect::OpenChannel { .. }),
        Some(Answer::Impossible),
    );
    for _ in 0..20 {
        market.ledger();
    }
    let ends = |market: &Market| {
        let ledger = &market.world.kolo.ports().ledger;
        let all = block_on(ledger.events_after(market.world.kolo.tenant(), 0, 10_000)).unwrap();
        let refused = all.iter().filter(|event| {
            let body = String::from_utf8_lossy(&event.record.bytes);
            event.record.kind == "intent.finished" && body.contains("Refused")
        });
        refused.count()
    };
    assert_eq!(ends(&market), 0, "twenty waits are no twenty attempts");
    market.world.chain.answer(pays_out, None);
    for _ in 0..60 {
        market.ledger();
    }
    market.check_paid_once();
}

#[test]
fn a_pool_that_cannot_grow_goes_on_with_what_it_has() {
    let market = Market::new(4, 2);
    market.world.chain.answer(
        |effect| matches!(effect, ChainEffect::OpenChannel { .. }),
        Some(Answer::Refuse(None)),
    );
    for _ in 0..30 {
        market.ledger();
    }
    market.check_paid_once();
    assert_eq!(market.chain.net().accounts.len(), 2);
    assert!(market.is_at_rest());
}

#[test]
fn a_channel_whose_account_is_gone_is_opened_again() {
    let market = Market::new(12, 1);
    let channels = |market: &Market| {
        let net = market.chain.net();
        let channel = |address: &&ChainAddress| address.0 != "GKEEPER" && address.0 != "GSPONSOR";
        net.accounts.keys().filter(channel).cloned().collect::<Vec<_>>()
    };
    while channels(&market).is_empty() {
        market.ledger();
    }
    assert!(market.chain.payouts().len() < 11, "there is more to be paid");
    let [gone] = channels(&market).try_into().unwrap();
    // The network was reset, say.
    let mut net = market.chain.net();
    net.accounts.remove(&gone);
    net.queued.remove(&gone);
    drop(net);
    for _ in 0..60 {
        market.ledger();
    }
    market.check_paid_once();
    assert_eq!(channels(&market), [gone], "the same key, the same account");
}

/// Two workers of processes of their own, on a store and a chain that fail before and after they did it.
#[test]
fn two_workers_on_ports_that_fail_pay_each_circle_once_and_lose_no_channel() {
    for seed in 0..12 {
        let market = Market::new(9, 3);
        let plan = FaultPlan::seeded(seed, 60, 60);
        let ports = market.world.kolo.ports().clone();
        let ports = crate::Ports {
            ledger: Arc::new(Faulty::new(ports.ledger.clone(), plan.clone())),
            queue: Arc::new(Faulty::new(ports.queue.clone(), plan.clone())),
            chain: Arc::new(Faulty::new(ports.chain.clone(), plan.clone())),
            ..ports
        };
        let operator = market.world.kolo.operator().clone();
        let kolo = |_| {
            let settings = market.world.kolo.settings().clone();
            Kolo::try_new(TenantId::default(), ports.clone(), asset(), operator.clone(), settings)
                .unwrap()
        };
        let workers = [0, 1].map(kolo).map(Worker::without_chat);
        for _ in 0..400 {
            // What fails here is claimed again when its lease has run out.
            let _ = block_on(futures::future::join(workers[0].tick(40), workers[1].tick(40)));
            market.chain.close();
            market.world.clock.set(market.world.now().plus(5));
        }
        assert!(!plan.injected().is_empty());
        plan.activate(false);
        for _ in 0..60 {
            market.ledger();
        }
        market.check_paid_once();
        assert!(market.is_at_rest(), "seed {seed}: {:?}", market.standings());
    }
}
