//! A ledger where something else happens just before a commit.
use async_trait::async_trait;
use futures::future::BoxFuture;
use std::sync::{Arc, Mutex};

use crate::TenantId;
use crate::port::PortError;
use crate::port::ledger::{
    AccountId, AggregateId, Balance, ChangeSet, CommitError, Committed, EntryQuery, IndexKey,
    Ledger, Record, Stored, StoredEntry, StoredEvent,
};

type Happening = (fn(&str) -> bool, BoxFuture<'static, ()>);

/// Once, before the first commit under such a key.
pub(super) struct Between {
    inner: Arc<dyn Ledger>,
    what: Mutex<Option<Happening>>,
}

impl Between {
    pub fn new(
        inner: Arc<dyn Ledger>,
        before: fn(&str) -> bool,
        what: BoxFuture<'static, ()>,
    ) -> Self {
        Self { inner, what: Mutex::new(Some((before, what))) }
    }

    /// Whether it has happened.
    pub fn is_over(&self) -> bool {
        self.what.lock().unwrap().is_none()
    }
}

#[async_trait]
impl Ledger for Between {
    async fn commit(&self, changes: ChangeSet) -> Result<Committed, CommitError> {
        let what = self.what.lock().unwrap().take_if(|(before, _)| before(&changes.key));
        if let Some((_, what)) = what {
            what.await;
        }
        self.inner.commit(changes).await
    }

    async fn outcome(
        &self,
        tenant: &TenantId,
        key: &str,
    ) -> Result<Option<([u8; 32], Record)>, PortError> {
        self.inner.outcome(tenant, key).await
    }

    async fn load(
        &self,
        tenant: &TenantId,
        ids: &[AggregateId],
    ) -> Result<Vec<Option<Stored>>, PortError> {
        self.inner.load(tenant, ids).await
    }

    async fn list(
        &self,
        tenant: &TenantId,
        kind: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Stored>, PortError> {
        self.inner.list(tenant, kind, after, limit).await
    }

    async fn lookup(
        &self,
        tenant: &TenantId,
        keys: &[IndexKey],
    ) -> Result<Vec<Option<AggregateId>>, PortError> {
        self.inner.lookup(tenant, keys).await
    }

    async fn balances(
        &self,
        tenant: &TenantId,
        accounts: &[AccountId],
    ) -> Result<Vec<Balance>, PortError> {
        self.inner.balances(tenant, accounts).await
    }

    async fn entries(
        &self,
        tenant: &TenantId,
        query: &EntryQuery,
    ) -> Result<Vec<StoredEntry>, PortError> {
        self.inner.entries(tenant, query).await
    }

    async fn events_after(
        &self,
        tenant: &TenantId,
        position: u64,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, PortError> {
        self.inner.events_after(tenant, position, limit).await
    }
}
