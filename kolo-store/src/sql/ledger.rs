//! The ports [`Ledger`] and [`WorkQueue`] on a [`SqlLedger`].
use async_trait::async_trait;
use kolo_core::port::ledger::{
    AccountId, AggregateId, Balance, EntryQuery, IndexKey, Record, Stored, StoredEntry, StoredEvent,
};
use kolo_core::port::work::{ClaimedWork, Lease, Release};
use kolo_core::port::{ChangeSet, CommitError, Committed, Ledger, PortError, WorkQueue};
use kolo_core::{TenantId, Timestamp};

use super::{queue, read};
use crate::sql::store::SqlLedger;

#[async_trait]
impl<B: 'static> Ledger for SqlLedger<B> {
    async fn commit(&self, changes: ChangeSet) -> Result<Committed, CommitError> {
        self.store.commit(changes).await
    }

    async fn outcome(
        &self,
        tenant: &TenantId,
        key: &str,
    ) -> Result<Option<([u8; 32], Record)>, PortError> {
        let (tenant, key) = (tenant.clone(), key.to_owned());
        let found = self
            .store
            .read(move |db| Box::pin(async move { read::outcome(db, &tenant, &key).await }));
        Ok(found.await?)
    }

    async fn load(
        &self,
        tenant: &TenantId,
        ids: &[AggregateId],
    ) -> Result<Vec<Option<Stored>>, PortError> {
        let (tenant, ids) = (tenant.clone(), ids.to_vec());
        let found =
            self.store.read(move |db| Box::pin(async move { read::load(db, &tenant, &ids).await }));
        Ok(found.await?)
    }

    async fn list(
        &self,
        tenant: &TenantId,
        kind: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Stored>, PortError> {
        let (tenant, kind) = (tenant.clone(), kind.to_owned());
        let after = after.map(str::to_owned);
        let found = self.store.read(move |db| {
            Box::pin(async move { read::list(db, &tenant, &kind, after.as_deref(), limit).await })
        });
        Ok(found.await?)
    }

    async fn lookup(
        &self,
        tenant: &TenantId,
        keys: &[IndexKey],
    ) -> Result<Vec<Option<AggregateId>>, PortError> {
        let (tenant, keys) = (tenant.clone(), keys.to_vec());
        let found = self
            .store
            .read(move |db| Box::pin(async move { read::lookup(db, &tenant, &keys).await }));
        Ok(found.await?)
    }

    async fn balances(
        &self,
        tenant: &TenantId,
        accounts: &[AccountId],
    ) -> Result<Vec<Balance>, PortError> {
        let (tenant, accounts) = (tenant.clone(), accounts.to_vec());
        let found = self
            .store
            .read(move |db| Box::pin(async move { read::balances(db, &tenant, &accounts).await }));
        Ok(found.await?)
    }

    async fn entries(
        &self,
        tenant: &TenantId,
        query: &EntryQuery,
    ) -> Result<Vec<StoredEntry>, PortError> {
        let (tenant, query) = (tenant.clone(), query.clone());
        let found = self
            .store
            .read(move |db| Box::pin(async move { read::entries(db, &tenant, &query).await }));
        Ok(found.await?)
    }

    async fn events_after(
        &self,
        tenant: &TenantId,
        position: u64,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, PortError> {
        let tenant = tenant.clone();
        let found = self.store.read(move |db| {
            Box::pin(async move { read::events_after(db, &tenant, position, limit).await })
        });
        Ok(found.await?)
    }
}

#[async_trait]
impl<B: 'static> WorkQueue for SqlLedger<B> {
    async fn claim(
        &self,
        queues: &[&str],
        now: Timestamp,
        lease_s: u64,
        limit: usize,
    ) -> Result<Vec<ClaimedWork>, PortError> {
        let queues = owned(queues);
        // Workers ask often, and mostly there is nothing: whoever writes is not disturbed for that.
        let asked = queues.clone();
        let waits = self
            .store
            .read(move |db| Box::pin(async move { queue::is_ready(db, &asked, now).await }));
        if limit == 0 || !waits.await? {
            return Ok(Vec::new());
        }
        let claimed = self.store.write(move |db| {
            let queues = queues.clone();
            Box::pin(async move { queue::claim(db, &queues, now, lease_s, limit).await })
        });
        Ok(claimed.await?)
    }

    async fn renew(
        &self,
        lease: &Lease,
        now: Timestamp,
        lease_s: u64,
    ) -> Result<Option<Lease>, PortError> {
        let lease = lease.clone();
        let renewed = self.store.write(move |db| {
            let lease = lease.clone();
            Box::pin(async move { queue::renew(db, &lease, now, lease_s).await })
        });
        Ok(renewed.await?)
    }

    async fn release(&self, lease: &Lease, how: Release) -> Result<(), PortError> {
        let lease = lease.clone();
        let released = self.store.write(move |db| {
            let lease = lease.clone();
            Box::pin(async move { queue::release(db, &lease, how).await })
        });
        Ok(released.await?)
    }

    async fn next_due(&self, queues: &[&str]) -> Result<Option<Timestamp>, PortError> {
        let queues = owned(queues);
        let due =
            self.store.read(move |db| Box::pin(async move { queue::next_due(db, &queues).await }));
        Ok(due.await?)
    }
}

fn owned(queues: &[&str]) -> Vec<String> {
    queues.iter().map(|&queue| queue.to_owned()).collect()
}
