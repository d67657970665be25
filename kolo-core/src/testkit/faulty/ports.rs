//! The ports, each call under the plan.
use async_trait::async_trait;

use super::Faulty;
use crate::port::chain::{
    Assembled, BalancesOnChain, ChainAddress, ChainClient, ChainCursor, ChainEffect, ChainEvents,
    CircleOnChain, Fate, FeeBump, LatestLedger, Mismatch, PrepareError, PreparedTx, SignedTx,
    Submission,
};
use crate::port::channel::{Capabilities, OutboundMessage};
use crate::port::ledger::{
    AccountId, AggregateId, Balance, ChangeSet, CommitError, Committed, EntryQuery, IndexKey,
    Record, Stored, StoredEntry, StoredEvent,
};
use crate::port::vault::{Digest, KeyName, PublicKey, Signature};
use crate::port::work::{ClaimedWork, Lease, Release};
use crate::port::{KeyVault, Ledger, MessageChannel, PortError, WorkQueue};
use crate::{Amount, Asset, TenantId, Timestamp};

#[async_trait]
impl<P: Ledger + ?Sized> Ledger for Faulty<P> {
    async fn commit(&self, changes: ChangeSet) -> Result<Committed, CommitError> {
        self.plan.call("commit", self.inner.commit(changes)).await
    }

    async fn outcome(
        &self,
        tenant: &TenantId,
        key: &str,
    ) -> Result<Option<([u8; 32], Record)>, PortError> {
        self.plan.call("outcome", self.inner.outcome(tenant, key)).await
    }

    async fn load(
        &self,
        tenant: &TenantId,
        ids: &[AggregateId],
    ) -> Result<Vec<Option<Stored>>, PortError> {
        self.plan.call("load", self.inner.load(tenant, ids)).await
    }

    async fn list(
        &self,
        tenant: &TenantId,
        kind: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Stored>, PortError> {
        self.plan.call("list", self.inner.list(tenant, kind, after, limit)).await
    }

    async fn lookup(
        &self,
        tenant: &TenantId,
        keys: &[IndexKey],
    ) -> Result<Vec<Option<AggregateId>>, PortError> {
        self.plan.call("lookup", self.inner.lookup(tenant, keys)).await
    }

    async fn balances(
        &self,
        tenant: &TenantId,
        accounts: &[AccountId],
    ) -> Result<Vec<Balance>, PortError> {
        self.plan.call("balances", self.inner.balances(tenant, accounts)).await
    }

    async fn entries(
        &self,
        tenant: &TenantId,
        query: &EntryQuery,
    ) -> Result<Vec<StoredEntry>, PortError> {
        self.plan.call("entries", self.inner.entries(tenant, query)).await
    }

    async fn events_after(
        &self,
        tenant: &TenantId,
        position: u64,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, PortError> {
        let events = self.inner.events_after(tenant, position, limit);
        self.plan.call("events_after", events).await
    }
}

#[async_trait]
impl<P: WorkQueue + ?Sized> WorkQueue for Faulty<P> {
    async fn claim(
        &self,
        queues: &[&str],
        now: Timestamp,
        lease_s: u64,
        limit: usize,
    ) -> Result<Vec<ClaimedWork>, PortError> {
        self.plan.call("claim", self.inner.claim(queues, now, lease_s, limit)).await
    }

    async fn renew(
        &self,
        lease: &Lease,
        now: Timestamp,
        lease_s: u64,
    ) -> Result<Option<Lease>, PortError> {
        self.plan.call("renew", self.inner.renew(lease, now, lease_s)).await
    }

    async fn release(&self, lease: &Lease, how: Release) -> Result<(), PortError> {
        self.plan.call("release", self.inner.release(lease, how)).await
    }

    async fn next_due(&self, queues: &[&str]) -> Result<Option<Timestamp>, PortError> {
        self.plan.call("next_due", self.inner.next_due(queues)).await
    }
}

#[async_trait]
impl<P: MessageChannel + ?Sized> MessageChannel for Faulty<P> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn send(&self, message: &OutboundMessage) -> Result<(), PortError> {
        self.plan.call("send", self.inner.send(message)).await
    }
}

#[async_trait]
impl<P: KeyVault + ?Sized> KeyVault for Faulty<P> {
    async fn create(&self, tenant: &TenantId, name: &KeyName) -> Result<PublicKey, PortError> {
        self.plan.call("create", self.inner.create(tenant, name)).await
    }

    async fn sign(
        &self,
        tenant: &TenantId,
        key: &PublicKey,
        digest: Digest,
        payload: &[u8],
    ) -> Result<Signature, PortError> {
        self.plan.call("sign", self.inner.sign(tenant, key, digest, payload)).await
    }

    async fn rotate(&self) -> Result<u64, PortError> {
        self.plan.call("rotate", self.inner.rotate()).await
    }
}

#[async_trait]
impl<P: ChainClient + ?Sized> ChainClient for Faulty<P> {
    fn account_address(&self, key: &PublicKey) -> ChainAddress {
        self.inner.account_address(key)
    }

    fn assets(&self) -> Option<Vec<Asset>> {
        self.inner.assets()
    }

    fn asset_contract(&self, asset: &Asset) -> Result<[u8; 32], PortError> {
        self.inner.asset_contract(asset)
    }

    fn circle_address(
        &self,
        organiser: &ChainAddress,
        salt: &[u8; 32],
    ) -> Result<ChainAddress, PortError> {
        self.inner.circle_address(organiser, salt)
    }

    fn knows_code(&self, wasm: &[u8; 32]) -> bool {
        self.inner.knows_code(wasm)
    }

    fn invitation_message(
        &self,
        circle: &ChainAddress,
        joiner: &ChainAddress,
    ) -> Result<Vec<u8>, PortError> {
        self.inner.invitation_message(circle, joiner)
    }

    fn message_payload(&self, message: &[u8]) -> Result<Vec<u8>, PortError> {
        self.inner.message_payload(message)
    }

    async fn prepare(&self, effect: &ChainEffect) -> Result<PreparedTx, PrepareError> {
        self.plan.call("prepare", self.inner.prepare(effect)).await
    }

    fn verify(&self, effect: &ChainEffect, tx: &PreparedTx) -> Result<(), Mismatch> {
        self.inner.verify(effect, tx)
    }

    async fn authorise(
        &self,
        effect: &ChainEffect,
        tx: &PreparedTx,
        signatures: &[(PublicKey, Signature)],
    ) -> Result<PreparedTx, PrepareError> {
        self.plan.call("authorise", self.inner.authorise(effect, tx, signatures)).await
    }

    fn assemble(
        &self,
        tx: &PreparedTx,
        signatures: &[(PublicKey, Signature)],
    ) -> Result<Assembled, PortError> {
        self.inner.assemble(tx, signatures)
    }

    fn finish(&self, bump: &FeeBump, signature: &Signature) -> Result<SignedTx, PortError> {
        self.inner.finish(bump, signature)
    }

    fn bump_again(&self, tx: &SignedTx) -> Result<FeeBump, PortError> {
        self.inner.bump_again(tx)
    }

    async fn submit(&self, tx: &SignedTx) -> Result<Submission, PortError> {
        self.plan.call("submit", self.inner.submit(tx)).await
    }

    async fn look_up(&self, tx: &SignedTx) -> Result<Fate, PortError> {
        self.plan.call("look_up", self.inner.look_up(tx)).await
    }

    async fn events_after(
        &self,
        cursor: Option<&ChainCursor>,
        limit: usize,
    ) -> Result<ChainEvents, PortError> {
        self.plan.call("events_after", self.inner.events_after(cursor, limit)).await
    }

    async fn latest(&self) -> Result<LatestLedger, PortError> {
        self.plan.call("latest", self.inner.latest()).await
    }

    async fn balance(&self, address: &ChainAddress, asset: &Asset) -> Result<Amount, PortError> {
        self.plan.call("balance", self.inner.balance(address, asset)).await
    }

    async fn lifetime(
        &self,
        circle: Option<&ChainAddress>,
        asset: &Asset,
    ) -> Result<Option<Timestamp>, PortError> {
        self.plan.call("lifetime", self.inner.lifetime(circle, asset)).await
    }

    async fn balances(
        &self,
        addresses: &[ChainAddress],
        asset: &Asset,
    ) -> Result<BalancesOnChain, PortError> {
        self.plan.call("balances", self.inner.balances(addresses, asset)).await
    }

    async fn circle(
        &self,
        circle: &ChainAddress,
        asset: &Asset,
    ) -> Result<Option<CircleOnChain>, PortError> {
        self.plan.call("circle", self.inner.circle(circle, asset)).await
    }
}
