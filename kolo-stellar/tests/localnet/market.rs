//! Several circles under two workers of processes of their own, on a network that closes ledgers by hand.
use std::sync::Arc;
use std::time::Duration;

use kolo_core::member::Register;
use kolo_core::port::Clock;
use kolo_core::port::chain::{Assembled, ChainAddress, ChainEffect, Fate};
use kolo_core::port::ledger::{AccountId, Side};
use kolo_core::port::vault::{Digest, PublicKey, Signature};
use kolo_core::testkit::{ManualClock, MemoryVault, check_books, in_memory};
use kolo_core::view::{Every, MemberView, NewCircle, Options};
use kolo_core::worker::Worker;
use kolo_core::{Amount, Caps, CircleId, CommandContext, Kolo, Settings, TenantId, Timestamp};
use kolo_localnet::{Close, Localnet};
use kolo_rules::circle::Shortfall;
use kolo_stellar::Rpc;
use kolo_stellar::setup::operate;

use super::world::{START, in_process, usdc};

pub struct Market {
    pub net: Localnet,
    pub rpc: Rpc,
    pub clock: Arc<ManualClock>,
    pub kolo: Kolo,
    pub workers: [Worker; 2],
    pub factory: ChainAddress,
    pub members: [MemberView; 2],
    pub circles: Vec<CircleId>,
}

impl Market {
    /// With Ada and Bola, who have money.
    pub async fn new(channels: u16) -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::from_unix(START)));
        let time = clock.clone();
        let net = Localnet::builder()
            .clock(Arc::new(move || time.now().unix()))
            .close(Close::Every(Duration::from_secs(86_400)))
            .start()
            .unwrap();
        let rpc = in_process(&net);
        let vault = Arc::new(MemoryVault::new(1));
        let (closing, tenant) = (net.clone(), TenantId::default());
        let closer = tokio::spawn(async move {
            loop {
                closing.close_ledger().await.unwrap();
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        let operation = operate(rpc.clone(), vault.as_ref(), &tenant).await.unwrap();
        closer.abort();
        let client = Arc::new(operation.client.with_clock(clock.clone()));
        let ports = in_memory(client, vault, clock.clone());
        let caps = Caps { circles_per_member_per_day: 100, ..Caps::default() };
        let settings = Settings { channels, caps, ..Settings::default() };
        let process = || {
            let (assets, operator) = (operation.assets.clone(), operation.operator.clone());
            Kolo::try_new(tenant.clone(), ports.clone(), assets, operator, settings.clone())
                .unwrap()
        };
        let kolo = process();
        let workers = [kolo.clone(), process()].map(Worker::without_chat);
        let members = [member(&kolo, "Ada").await, member(&kolo, "Bola").await];
        let factory = operation.deployment.factory;
        let market = Self { net, rpc, clock, kolo, workers, factory, members, circles: vec![] };
        for member in &market.members {
            let ctx = CommandContext::of_member(member.id, format!("money {}", member.id));
            market.kolo.wallets().test_money(&ctx, usdc(1_000)).await.unwrap();
        }
        market.settle().await;
        market
    }

    /// Both work at the same time, then a ledger closes.
    pub async fn ledger(&self) -> usize {
        let [one, two] = &self.workers;
        let (one, two) = tokio::join!(one.tick(1_000), two.tick(1_000));
        self.net.close_ledger().await.unwrap();
        self.clock.advance(5);
        one.unwrap().handled + two.unwrap().handled
    }

    /// Until nothing is left to do now.
    pub async fn settle(&self) {
        let mut idle = 0;
        for _ in 0..400 {
            idle = if self.ledger().await == 0 { idle + 1 } else { 0 };
            // What waits for a ledger looks again within half a minute.
            if idle == 8 {
                return;
            }
        }
        panic!("the workers never rest");
    }

    /// A circle of two by Ada, in whose invitation nobody has joined.
    pub async fn form(&mut self) -> CircleId {
        let key = format!("circle {}", self.circles.len());
        let wanted = NewCircle {
            name: key.clone(),
            asset: None,
            seats: 2,
            contribution: usdc(10),
            instalments_per_round: 1,
            every: Every::Days(7),
            grace_hours: 0,
            shortfall: Shortfall::ShortPot,
            advance: false,
            options: Options::default(),
        };
        let ctx = CommandContext::of_member(self.members[0].id, key);
        let circle = self.kolo.circles().create(&ctx, wanted).await.unwrap().circle;
        self.circles.push(circle);
        self.settle().await;
        circle
    }

    /// Circles that have started, with the first round paid in.
    pub async fn fill(&mut self, circles: usize) {
        let service = self.kolo.circles();
        for number in 0..circles {
            let circle = self.form().await;
            let ctx = |who: usize, what: &str| {
                CommandContext::of_member(self.members[who].id, format!("{what} {number}"))
            };
            let invited = service.invite(&ctx(0, "invite"), circle, None).await.unwrap();
            self.settle().await;
            let hash = service.status(circle).await.unwrap().summary.rules_hash;
            service.join(&ctx(1, "join"), &invited.0.code, hash).await.unwrap();
            self.settle().await;
            for who in 0..2 {
                let paid = format!("pay {who}");
                service.contribute(&ctx(who, &paid), circle, 1, usdc(10)).await.unwrap();
            }
            self.settle().await;
        }
    }

    /// Books balance, and say what the chain says.
    pub async fn check(&self) {
        for member in &self.members {
            let wallet = self.kolo.wallets().balance(member.id).await.unwrap();
            assert_eq!(Some(wallet.settled), wallet.on_chain, "{}", member.name);
            assert_eq!(wallet.pending_out, Amount::ZERO, "a hold of {} is left", member.name);
        }
        let asset = self.kolo.asset().key();
        let external = AccountId { name: "external".to_owned(), asset, normal: Side::Debit };
        let ledger = self.kolo.ports().ledger.as_ref();
        check_books(ledger, self.kolo.tenant(), &[external]).await.unwrap();
        for circle in &self.circles {
            assert_eq!(self.kolo.circles().reconcile(*circle).await.unwrap(), []);
        }
    }

    /// By a key of the vault, without the workers.
    pub async fn apply(&self, effect: &ChainEffect) {
        let ports = self.kolo.ports();
        let tx = ports.chain.prepare(effect).await.unwrap();
        let mut signatures: Vec<(PublicKey, Signature)> = vec![];
        for key in &tx.signers {
            let digest = Digest::Sha256;
            let by = ports.vault.sign(self.kolo.tenant(), key, digest, &tx.payload).await.unwrap();
            signatures.push((*key, by));
        }
        let Assembled::NeedsFeeBump(bump) = ports.chain.assemble(&tx, &signatures).unwrap() else {
            panic!("the client wraps");
        };
        let tenant = self.kolo.tenant();
        let by = ports.vault.sign(tenant, &bump.signer, Digest::Sha256, &bump.payload).await;
        let signed = ports.chain.finish(&bump, &by.unwrap()).unwrap();
        ports.chain.submit(&signed).await.unwrap();
        self.net.close_ledger().await.unwrap();
        let fate = ports.chain.look_up(&signed).await.unwrap();
        assert!(matches!(fate, Fate::Confirmed { .. }), "{fate:?}");
    }

    pub async fn address(&self, circle: CircleId) -> ChainAddress {
        self.kolo.circles().status(circle).await.unwrap().summary.address
    }
}

async fn member(kolo: &Kolo, name: &str) -> MemberView {
    let who = Register {
        external_id: Some(name.to_owned()),
        contact: None,
        name: name.to_owned(),
        phone: None,
    };
    let ctx = CommandContext::of_system(format!("register/{name}"));
    kolo.members().register(&ctx, who).await.unwrap()
}
