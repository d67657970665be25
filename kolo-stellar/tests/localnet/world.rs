//! A network of one's own with everything set up on it.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use ed25519_dalek::{Signer, SigningKey};
use kolo_core::port::chain::{
    Assembled, ChainAddress, ChainEffect, ChainEventBody, Fate, PrepareError, PreparedTx, SignedTx,
    Submission,
};
use kolo_core::port::vault::{PublicKey, Signature};
use kolo_core::port::{ChainClient, Clock};
use kolo_core::{Asset, Timestamp};
use kolo_localnet::Localnet;
use kolo_rules::circle::{Motion, Security, Shortfall};
use kolo_rules::{Amount, Interval, Rules};
use kolo_stellar::setup::{Bootstrap, Deployment, Funder, bootstrap};
use kolo_stellar::{FnTransport, Operators, Rpc, StellarChainClient};
use sha2::{Digest, Sha256};

pub const START: u64 = 1_780_000_000;
pub const DAY: u64 = 86_400;
pub const SPONSOR: u8 = 201;
pub const FEES: u8 = 202;
pub const KEEPER: u8 = 203;
pub const ISSUER: u8 = 204;

pub fn key(n: u8) -> SigningKey {
    SigningKey::from_bytes(&[n; 32])
}

pub fn public(n: u8) -> PublicKey {
    PublicKey(key(n).verifying_key().to_bytes())
}

pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// USDC, whole units.
pub const fn usdc(units: i64) -> Amount {
    Amount::new(units * 10_000_000)
}

#[derive(Clone)]
pub struct Hands(Arc<AtomicU64>);

#[async_trait]
impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0.load(Ordering::SeqCst))
    }

    async fn sleep_until(&self, _: Timestamp) {}
}

pub struct World {
    pub net: Localnet,
    pub hands: Hands,
    pub rpc: Rpc,
    pub deployment: Deployment,
    pub client: StellarChainClient,
    /// What members of circles to come leave in the vault.
    pub security: Security,
    /// Whether they may pay ahead there.
    pub advance: bool,
}

pub fn wanted() -> Bootstrap {
    let operators =
        Operators { sponsor: public(SPONSOR), fees: public(FEES), keeper: public(KEEPER) };
    Bootstrap::new(operators, public(ISSUER))
}

pub fn in_process(net: &Localnet) -> Rpc {
    let net = net.clone();
    Rpc::new(FnTransport::new(move |request| {
        let net = net.clone();
        async move { Ok(net.rpc(request).await) }
    }))
}

impl World {
    pub async fn new() -> Self {
        Self::on(|clock| Localnet::builder().clock(Arc::new(clock)).start().unwrap()).await
    }

    /// On a network made for it.
    pub async fn on(start: impl FnOnce(Box<dyn Fn() -> u64 + Send + Sync>) -> Localnet) -> Self {
        let hands = Hands(Arc::new(AtomicU64::new(START)));
        let time = hands.clone();
        let net = start(Box::new(move || time.now().unix()));
        let rpc = in_process(&net);
        let funder = Funder::root_of(net.passphrase());
        let deployment = bootstrap(&rpc, &funder, &wanted()).await.unwrap();
        let client = StellarChainClient::connect(rpc.clone(), &deployment.config())
            .await
            .unwrap()
            .with_clock(Arc::new(hands.clone()));
        let security = Security::None;
        Self { net, hands, rpc, deployment, client, security, advance: false }
    }

    pub fn asset(&self) -> Asset {
        self.deployment.asset.clone()
    }

    pub fn address(&self, n: u8) -> ChainAddress {
        self.client.account_address(&public(n))
    }

    pub fn wait(&self, seconds: u64) {
        self.hands.0.fetch_add(seconds, Ordering::SeqCst);
    }

    pub fn sign(&self, tx: &PreparedTx) -> SignedTx {
        let all = (1..=20).chain([SPONSOR, FEES, KEEPER, ISSUER]);
        let signatures: Vec<(PublicKey, Signature)> = all
            .filter(|n| tx.signers.contains(&public(*n)))
            .map(|n| (public(n), signature(n, &tx.payload)))
            .collect();
        let Assembled::NeedsFeeBump(bump) = self.client.assemble(tx, &signatures).unwrap() else {
            panic!("the client wraps");
        };
        let outer = signature(FEES, &bump.payload);
        self.client.finish(&bump, &outer).unwrap()
    }

    pub async fn signed(&self, effect: &ChainEffect) -> Result<SignedTx, PrepareError> {
        let tx = self.prepared(effect).await?;
        Ok(self.sign(&tx))
    }

    /// With the consents of whoever else must give theirs.
    pub async fn prepared(&self, effect: &ChainEffect) -> Result<PreparedTx, PrepareError> {
        let tx = self.client.prepare(effect).await?;
        assert_eq!(self.client.verify(effect, &tx), Ok(()), "{effect:?}");
        let consents: Vec<(PublicKey, Signature)> = tx
            .authorisations
            .iter()
            .flat_map(|wanted| {
                let signer = (1..=20).filter(|n| public(*n) == wanted.signer);
                signer.map(|n| (wanted.signer, signature(n, &wanted.payload)))
            })
            .collect();
        let tx = self.client.authorise(effect, &tx, &consents).await?;
        assert_eq!(self.client.verify(effect, &tx), Ok(()), "{effect:?}");
        Ok(tx)
    }

    pub async fn attempt(&self, effect: &ChainEffect) -> Result<Fate, PrepareError> {
        let signed = self.signed(effect).await?;
        let submission = self.client.submit(&signed).await?;
        assert_eq!(submission, Submission::Accepted, "{effect:?}");
        Ok(self.client.look_up(&signed).await?)
    }

    pub async fn apply(&self, effect: &ChainEffect) {
        match self.attempt(effect).await {
            Ok(Fate::Confirmed { .. }) => {}
            other => panic!("{effect:?}: {other:?}"),
        }
    }

    /// The contract's number of why an effect is refused.
    pub async fn refusal(&self, effect: &ChainEffect) -> Option<u32> {
        match self.signed(effect).await {
            Err(PrepareError::Refused(refused)) => refused.contract_code,
            other => panic!("{effect:?}: {other:?}"),
        }
    }

    pub async fn balance(&self, n: u8) -> Amount {
        let address = self.address(n);
        self.client.balance(&address, &self.asset()).await.unwrap()
    }

    /// Opens an account and gives it money.
    pub async fn open(&self, n: u8, money: Amount) {
        let owner = self.address(n);
        self.apply(&ChainEffect::OpenAccount { owner: owner.clone(), asset: self.asset() }).await;
        if money.is_positive() {
            self.apply(&self.pay(ISSUER, n, money)).await;
        }
    }

    pub fn pay(&self, from: u8, to: u8, amount: Amount) -> ChainEffect {
        ChainEffect::Pay {
            from: self.address(from),
            to: self.address(to),
            asset: self.asset(),
            amount,
        }
    }

    pub fn rules(&self, seats: u8) -> Rules {
        let asset = self.client.asset_contract(&self.asset()).unwrap();
        Rules {
            shortfall: Shortfall::ShortPot,
            vote_period_s: 604_800,
            security: self.security,
            advance: self.advance,
            setup_period_s: if self.security == Security::None { 0 } else { 604_800 },
            ..Rules::new(asset, seats, usdc(10), Interval::Seconds(604_800))
        }
    }

    /// A proposal to dissolve.
    pub fn dissolving(&self, circle: &ChainAddress, n: u8) -> ChainEffect {
        ChainEffect::Propose {
            circle: circle.clone(),
            member: self.address(n),
            motion: Motion::Dissolve,
            subject: None,
            newcomer: None,
        }
    }

    /// Members 1 (the organiser) to `seats`, each with 100 USDC, in a circle that has started.
    pub async fn circle(&self, seats: u8) -> ChainAddress {
        for n in 1..=seats {
            self.open(n, usdc(100)).await;
        }
        let circle = self.create(seats, [7; 32]).await;
        for n in 2..=seats {
            self.join(&circle, n, seats).await;
        }
        circle
    }

    pub async fn create(&self, seats: u8, salt: [u8; 32]) -> ChainAddress {
        let organiser = self.address(1);
        let circle = self.client.circle_address(&organiser, &salt).unwrap();
        self.apply(&ChainEffect::CreateCircle {
            organiser,
            salt,
            rules: self.rules(seats),
            organiser_turn: Some(1),
        })
        .await;
        circle
    }

    pub fn invite(&self, circle: &ChainAddress, invitation: u8) -> ChainEffect {
        ChainEffect::Invite {
            circle: circle.clone(),
            organiser: self.address(1),
            key: public(invitation),
            turn: None,
            expires_at: self.hands.now().plus(DAY),
        }
    }

    /// The invitation's key is 100 more than the member's.
    pub fn joining(&self, circle: &ChainAddress, member: u8, seats: u8) -> ChainEffect {
        let joiner = self.address(member);
        let message = self.client.invitation_message(circle, &joiner).unwrap();
        ChainEffect::Join {
            circle: circle.clone(),
            member: joiner,
            rules_hash: sha256(&self.rules(seats).encode()),
            turn: None,
            key: public(100 + member),
            signature: Signature(key(100 + member).sign(&message).to_bytes()),
        }
    }

    pub async fn join(&self, circle: &ChainAddress, member: u8, seats: u8) {
        self.apply(&self.invite(circle, 100 + member)).await;
        self.apply(&self.joining(circle, member, seats)).await;
    }

    pub fn contribute(&self, circle: &ChainAddress, member: u8, round: u8) -> ChainEffect {
        ChainEffect::Contribute {
            circle: circle.clone(),
            member: self.address(member),
            round,
            amount: usdc(10),
        }
    }

    /// Everything since the beginning, by pages of `limit`.
    pub async fn history(&self, limit: usize) -> Vec<ChainEventBody> {
        let mut cursor = None;
        let mut seen: Vec<(String, ChainEventBody)> = vec![];
        loop {
            let page = self.client.events_after(cursor.as_ref(), limit).await.unwrap();
            assert_eq!(page.gap, None);
            assert!(page.events.len() <= limit);
            for event in page.events {
                let last = seen.last().map(|(id, _)| id.clone()).unwrap_or_default();
                assert!(event.id > last, "{} after {last}", event.id);
                seen.push((event.id, event.body));
            }
            if !page.more {
                return seen.into_iter().map(|(_, body)| body).collect();
            }
            cursor = Some(page.next);
        }
    }
}

pub fn signature(n: u8, payload: &[u8]) -> Signature {
    Signature(key(n).sign(&sha256(payload)).to_bytes())
}
