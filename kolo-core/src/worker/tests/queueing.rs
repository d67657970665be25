//! A chain that queues one transaction of an account and closes ledgers when it is told to.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;

use super::*;
use crate::port::chain::{
    Assembled, BalancesOnChain, ChainClient, ChainCursor, ChainEvents, CircleOnChain, Fate,
    FeeBump, LatestLedger, Mismatch, PrepareError, PreparedTx, Refused, SignedTx, Submission,
};
use crate::port::vault::Signature;
use crate::port::{Clock, PortError};

/// How long a transaction can be applied, seconds.
const VALID_S: u64 = 120;

#[derive(Default)]
pub(super) struct Net {
    /// The accounts there are, and the sequence number each has used last.
    pub accounts: BTreeMap<ChainAddress, i64>,
    /// What each account has queued.
    pub queued: BTreeMap<ChainAddress, SignedTx>,
    pub applied: BTreeMap<String, ChainEffect>,
    /// Everything ever sent, by hash.
    pub sent: BTreeSet<String>,
    /// What prepared bytes are for.
    pub effects: BTreeMap<String, ChainEffect>,
    pub prepared: u64,
    pub closed_at: Option<Timestamp>,
    /// Its history reaches back to nothing.
    pub forgetful: bool,
    /// It takes everything and applies nothing.
    pub deaf: bool,
    /// A node that is so far behind answers what accounts there are.
    pub stale_at: Option<Timestamp>,
    /// What is applied fails from now on.
    pub fails: Option<Fate>,
    pub failed: BTreeMap<String, Fate>,
}

/// A [`ScriptedChain`] whose transactions wait for a ledger.
pub(super) struct Queueing {
    pub scripted: Arc<ScriptedChain>,
    pub clock: Arc<ManualClock>,
    pub net: Mutex<Net>,
}

impl Queueing {
    pub fn net(&self) -> MutexGuard<'_, Net> {
        self.net.lock().unwrap()
    }

    /// Applies what is queued.
    pub fn close(&self) {
        let now = self.clock.now();
        let mut net = self.net();
        net.closed_at = Some(now);
        if net.deaf {
            net.queued.retain(|_, tx| now <= tx.prepared.max_time);
            return;
        }
        for (source, tx) in std::mem::take(&mut net.queued) {
            if now > tx.prepared.max_time {
                continue;
            }
            assert_eq!(net.accounts[&source] + 1, tx.prepared.sequence);
            net.accounts.insert(source, tx.prepared.sequence);
            if let Some(fate) = net.fails.clone() {
                net.failed.insert(tx.hash, fate);
                continue;
            }
            let effect = net.effects[&tx.prepared.hash].clone();
            if let ChainEffect::OpenChannel { channel } = &effect {
                net.accounts.insert(channel.clone(), 0);
            }
            assert_eq!(net.applied.insert(tx.prepared.hash, effect), None);
        }
    }

    /// The payouts that were applied.
    pub fn payouts(&self) -> Vec<ChainEffect> {
        let call = |effect: &ChainEffect| match effect {
            ChainEffect::ByChannel { call, .. } => call.as_ref().clone(),
            other => other.clone(),
        };
        self.net().applied.values().map(call).filter(pays_out).collect()
    }

    /// As the contract and the network: a round is paid once, an account opened once.
    fn refuse_done(&self, effect: &ChainEffect) -> Result<(), PrepareError> {
        let call = match effect {
            ChainEffect::OpenChannel { channel } => {
                let there = self.net().accounts.contains_key(channel);
                return if there { Err(PrepareError::AlreadyDone) } else { Ok(()) };
            }
            ChainEffect::ByChannel { call, .. } => call.as_ref(),
            other => other,
        };
        if !self.payouts().contains(call) {
            return Ok(());
        }
        let (contract_code, reason) = (Some(Refusal::RoundPaidOut.code()), "paid".to_owned());
        Err(PrepareError::Refused(Refused { contract_code, reason }))
    }

    /// Who has a payout queued.
    pub fn paying(&self) -> Vec<ChainAddress> {
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

    fn assets(&self) -> Option<Vec<Asset>> {
        self.scripted.assets()
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

    fn knows_code(&self, wasm: &[u8; 32]) -> bool {
        self.scripted.knows_code(wasm)
    }

    fn message_payload(&self, message: &[u8]) -> Result<Vec<u8>, PortError> {
        self.scripted.message_payload(message)
    }

    async fn prepare(&self, effect: &ChainEffect) -> Result<PreparedTx, PrepareError> {
        self.refuse_done(effect)?;
        let tx = self.scripted.prepare(effect).await?;
        let source = match effect {
            ChainEffect::ByChannel { channel, .. } => channel.clone(),
            ChainEffect::OpenChannel { .. } => ChainAddress("GSPONSOR".to_owned()),
            _ => ChainAddress("GKEEPER".to_owned()),
        };
        let mut net = self.net();
        let is_channel = matches!(effect, ChainEffect::ByChannel { .. });
        if let Some(as_of) = net.stale_at.filter(|_| is_channel) {
            return Err(PrepareError::NoSource { account: source, as_of });
        }
        let Some(used) = net.accounts.get(&source).copied() else {
            return Err(PrepareError::NoSource { account: source, as_of: self.clock.now() });
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
        if let Some(fate) = net.failed.get(&tx.hash) {
            return Ok(fate.clone());
        }
        if net.applied.contains_key(&tx.hash) && !net.forgetful {
            return Ok(Fate::Confirmed { ledger: 1, closed_at: self.clock.now(), fee: 7 });
        }
        Ok(Fate::NotFound {
            latest_closed_at: net.closed_at.unwrap_or(START),
            latest_ledger: 1,
            history_covers: !net.forgetful,
            source_sequence: net.accounts.get(&tx.prepared.source).copied(),
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

    async fn balances(
        &self,
        of: &[ChainAddress],
        asset: &Asset,
    ) -> Result<BalancesOnChain, PortError> {
        self.scripted.balances(of, asset).await
    }

    async fn lifetime(
        &self,
        circle: Option<&ChainAddress>,
        asset: &Asset,
    ) -> Result<Option<Timestamp>, PortError> {
        self.scripted.lifetime(circle, asset).await
    }

    async fn circle(
        &self,
        circle: &ChainAddress,
        asset: &Asset,
    ) -> Result<Option<CircleOnChain>, PortError> {
        self.scripted.circle(circle, asset).await
    }
}
