//! Many circles' payouts side by side: a chain that queues one transaction of an account and closes ledgers
//! when it is told to.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;

use super::*;
use crate::Caps;
use crate::intent::Standing;
use crate::port::chain::{
    Assembled, ChainClient, ChainCursor, ChainEvents, CircleOnChain, Fate, FeeBump, LatestLedger,
    Mismatch, PrepareError, PreparedTx, SignedTx, Submission,
};
use crate::port::vault::Signature;
use crate::port::{Clock, PortError};
use crate::testkit::{FaultPlan, Faulty};

/// How long a transaction can be applied, seconds.
const VALID_S: u64 = 120;

#[derive(Default)]
struct Net {
    /// The accounts there are, and the sequence number each has used last.
    accounts: BTreeMap<ChainAddress, i64>,
    /// What each account has queued.
    queued: BTreeMap<ChainAddress, SignedTx>,
    applied: BTreeMap<String, ChainEffect>,
    /// Everything ever sent, by hash.
    sent: BTreeSet<String>,
    /// What prepared bytes are for.
    effects: BTreeMap<String, ChainEffect>,
    prepared: u64,
    closed_at: Option<Timestamp>,
    /// Its history reaches back to nothing.
    forgetful: bool,
    /// It takes everything and applies nothing.
    deaf: bool,
}

/// A [`ScriptedChain`] whose transactions wait for a ledger.
struct Queueing {
    scripted: Arc<ScriptedChain>,
    clock: Arc<ManualClock>,
    net: Mutex<Net>,
}

impl Queueing {
    fn net(&self) -> MutexGuard<'_, Net> {
        self.net.lock().unwrap()
    }

    /// Applies what is queued.
    fn close(&self) {
        let now = self.clock.now();
        let mut net = self.net();
        net.closed_at = Some(now);
        if net.deaf {
            return;
        }
        for (source, tx) in std::mem::take(&mut net.queued) {
            if now > tx.prepared.max_time {
                continue;
            }
            assert_eq!(net.accounts[&source] + 1, tx.prepared.sequence);
            net.accounts.insert(source, tx.prepared.sequence);
            let effect = net.effects[&tx.prepared.hash].clone();
            if let ChainEffect::OpenChannel { channel } = &effect {
                net.accounts.insert(channel.clone(), 0);
            }
            assert_eq!(net.applied.insert(tx.prepared.hash, effect), None);
        }
    }

    /// The payouts that were applied.
    fn payouts(&self) -> Vec<ChainEffect> {
        let call = |effect: &ChainEffect| match effect {
            ChainEffect::ByChannel { call, .. } => call.as_ref().clone(),
            other => other.clone(),
        };
        self.net().applied.values().map(call).filter(pays_out).collect()
    }

    /// Who has a payout queued.
    fn paying(&self) -> Vec<ChainAddress> {
        let net = self.net();
        let pays = |tx: &SignedTx| {
            !matches!(net.effects[&tx.prepared.hash], ChainEffect::OpenChannel { .. })
        };
        net.queued.iter().filter(|(_, tx)| pays(tx)).map(|(source, _)| source.clone()).collect()
    }
}

#[async_trait]
impl ChainClient for Queueing {
    fn account_address(&self, key: &PublicKey) -> ChainAddress {
        self.scripted.account_address(key)
    }

    fn asset_contract(&self, asset: &Asset) -> Result<[u8; 32], PortError> {
        self.scripted.asset_contract(asset)
    }

    fn circle_address(
        &self,
        by: &ChainAddress,
        salt: &[u8; 32],
    ) -> Result<ChainAddress, PortError> {
        self.scripted.circle_address(by, salt)
    }

    fn invitation_message(
        &self,
        of: &ChainAddress,
        to: &ChainAddress,
    ) -> Result<Vec<u8>, PortError> {
        self.scripted.invitation_message(of, to)
    }

    async fn prepare(&self, effect: &ChainEffect) -> Result<PreparedTx, PrepareError> {
        let tx = self.scripted.prepare(effect).await?;
        let source = match effect {
            ChainEffect::ByChannel { channel, .. } => channel.clone(),
            ChainEffect::OpenChannel { .. } => ChainAddress("GSPONSOR".to_owned()),
            _ => ChainAddress("GKEEPER".to_owned()),
        };
        let mut net = self.net();
        let Some(used) = net.accounts.get(&source).copied() else {
            return Err(PrepareError::NoSource(source));
        };
        net.prepared += 1;
        net.effects.insert(tx.hash.clone(), effect.clone());
        let max_time = self.clock.now().plus(VALID_S);
        Ok(PreparedTx { source, sequence: used + 1, max_time, ..tx })
    }

    fn verify(&self, effect: &ChainEffect, tx: &PreparedTx) -> Result<(), Mismatch> {
        self.scripted.verify(effect, tx)
    }

    fn assemble(
        &self,
        tx: &PreparedTx,
        by: &[(PublicKey, Signature)],
    ) -> Result<Assembled, PortError> {
        self.scripted.assemble(tx, by)
    }

    fn finish(&self, bump: &FeeBump, signature: &Signature) -> Result<SignedTx, PortError> {
        self.scripted.finish(bump, signature)
    }

    fn bump_again(&self, tx: &SignedTx) -> Result<FeeBump, PortError> {
        self.scripted.bump_again(tx)
    }

    async fn submit(&self, tx: &SignedTx) -> Result<Submission, PortError> {
        let (mut net, prepared) = (self.net(), &tx.prepared);
        net.sent.insert(tx.hash.clone());
        if self.clock.now() > prepared.max_time {
            return Ok(Submission::TooLate);
        }
        if net.accounts.get(&prepared.source).is_none_or(|used| *used >= prepared.sequence) {
            return Ok(Submission::BadSequence);
        }
        if let Some(other) = net.queued.get(&prepared.source) {
            assert_eq!(other.hash, tx.hash, "two transactions of one channel at once");
        }
        net.queued.insert(prepared.source.clone(), tx.clone());
        Ok(Submission::Accepted)
    }

    async fn look_up(&self, tx: &SignedTx) -> Result<Fate, PortError> {
        let net = self.net();
        if net.applied.contains_key(&tx.hash) {
            return Ok(Fate::Confirmed { ledger: 1, closed_at: self.clock.now(), fee: 7 });
        }
        Ok(Fate::NotFound {
            latest_closed_at: net.closed_at.unwrap_or(START),
            latest_ledger: 1,
            history_covers: !net.forgetful,
        })
    }

    async fn events_after(
        &self,
        cursor: Option<&ChainCursor>,
        limit: usize,
    ) -> Result<ChainEvents, PortError> {
        self.scripted.events_after(cursor, limit).await
    }

    async fn latest(&self) -> Result<LatestLedger, PortError> {
        self.scripted.latest().await
    }

    async fn balance(&self, of: &ChainAddress, asset: &Asset) -> Result<Amount, PortError> {
        self.scripted.balance(of, asset).await
    }

    async fn circle(
        &self,
        circle: &ChainAddress,
        asset: &Asset,
    ) -> Result<Option<CircleOnChain>, PortError> {
        self.scripted.circle(circle, asset).await
    }
}

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
    Kolo::new(TenantId::default(), ports, asset(), kolo.operator().clone(), kolo.settings().clone())
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

#[test]
fn a_channel_whose_transaction_may_be_applied_is_not_used_again() {
    // It takes everything, applies nothing, and later cannot tell what became of it.
    let market = Market::new(2, 1);
    market.chain.net().deaf = true;
    market.chain.net().forgetful = true;
    for _ in 0..200 {
        market.ledger();
    }
    let held = |market: &Market| {
        market
            .standings()
            .iter()
            .filter(|standing| matches!(standing, Standing::Held { .. }))
            .count()
    };
    assert_eq!(held(&market), 1, "{:?}", market.standings());
    let payouts = |market: &Market| {
        let net = market.chain.net();
        net.sent.iter().filter(|hash| pays_out(&net.effects[*hash])).count()
    };
    assert_eq!(payouts(&market), 1, "nothing was built anew");

    // A node whose history reaches back proves it impossible: built anew, and applied.
    market.chain.net().forgetful = false;
    market.chain.net().queued.clear();
    market.chain.net().deaf = false;
    for _ in 0..200 {
        market.ledger();
    }
    market.check_paid_once();
    assert!(market.is_at_rest(), "{:?}", market.standings());
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
            Kolo::new(TenantId::default(), ports.clone(), asset(), operator.clone(), settings)
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
