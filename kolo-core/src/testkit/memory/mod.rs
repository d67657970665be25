//! The reference [`Ledger`] and [`WorkQueue`]: maps behind one mutex, simple enough to be seen right.
mod books;
mod commit;
mod queue;
mod statement;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use self::books::Books;
use self::queue::Queue;
use crate::port::ledger::{
    AccountId, AggregateId, Balance, ChangeSet, CommitError, Committed, EntryQuery, IndexKey,
    Record, Stored, StoredEntry, StoredEvent,
};
use crate::port::work::{ClaimedWork, Lease, Release};
use crate::port::{Ledger, PortError, PortErrorKind, Retry, WorkQueue};
use crate::{TenantId, Timestamp};

/// Ledger and work queue in memory. Clones share one store, so that a clone taken before a
/// "crash" is what a reopened database would be.
///
/// Every key is remembered for ever, whatever its retention.
#[derive(Clone, Default)]
pub struct MemoryLedger {
    state: Arc<Mutex<State>>,
}

/// All there is.
#[derive(Default)]
struct State {
    tenants: BTreeMap<TenantId, Tenant>,
    queue: Queue,
}

/// What one tenant has, but for its work.
#[derive(Default)]
struct Tenant {
    outcomes: HashMap<String, ([u8; 32], Record)>,
    aggregates: BTreeMap<AggregateId, Stored>,
    index: HashMap<IndexKey, AggregateId>,
    events: Vec<StoredEvent>,
    books: Books,
}

impl MemoryLedger {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing that holds the lock can stop half-way: changes are checked first and then applied
    /// without a fallible step, so that a poisoned lock guards a sound state.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T: Default>(&self, tenant: &TenantId, read: impl FnOnce(&Tenant) -> T) -> T {
        self.lock().tenants.get(tenant).map(read).unwrap_or_default()
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn commit(&self, changes: ChangeSet) -> Result<Committed, CommitError> {
        self.lock().commit(changes)
    }

    async fn outcome(
        &self,
        tenant: &TenantId,
        key: &str,
    ) -> Result<Option<([u8; 32], Record)>, PortError> {
        Ok(self.read(tenant, |t| t.outcomes.get(key).cloned()))
    }

    async fn load(
        &self,
        tenant: &TenantId,
        ids: &[AggregateId],
    ) -> Result<Vec<Option<Stored>>, PortError> {
        let state = self.lock();
        let tenant = state.tenants.get(tenant);
        let load = |id| tenant.and_then(|t| t.aggregates.get(id)).cloned();
        Ok(ids.iter().map(load).collect())
    }

    async fn list(
        &self,
        tenant: &TenantId,
        kind: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Stored>, PortError> {
        let from = AggregateId { kind: kind.to_owned(), id: after.unwrap_or_default().to_owned() };
        Ok(self.read(tenant, |t| {
            t.aggregates
                .range(from..)
                .map(|(_, stored)| stored)
                .take_while(|stored| stored.id.kind == kind)
                .filter(|stored| after.is_none_or(|after| stored.id.id.as_str() > after))
                .take(limit)
                .cloned()
                .collect()
        }))
    }

    async fn lookup(
        &self,
        tenant: &TenantId,
        keys: &[IndexKey],
    ) -> Result<Vec<Option<AggregateId>>, PortError> {
        let state = self.lock();
        let tenant = state.tenants.get(tenant);
        let lookup = |key| tenant.and_then(|t| t.index.get(key)).cloned();
        Ok(keys.iter().map(lookup).collect())
    }

    async fn balances(
        &self,
        tenant: &TenantId,
        accounts: &[AccountId],
    ) -> Result<Vec<Balance>, PortError> {
        let state = self.lock();
        let Some(tenant) = state.tenants.get(tenant) else {
            return Ok(vec![Balance::default(); accounts.len()]);
        };
        accounts.iter().map(|id| tenant.books.balance(id)).collect()
    }

    async fn entries(
        &self,
        tenant: &TenantId,
        query: &EntryQuery,
    ) -> Result<Vec<StoredEntry>, PortError> {
        let state = self.lock();
        state.tenants.get(tenant).map_or_else(|| Ok(Vec::new()), |t| t.books.entries(query))
    }

    async fn events_after(
        &self,
        tenant: &TenantId,
        position: u64,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, PortError> {
        // Positions count from 1 without gaps: the event after position p has index p.
        let skip = usize::try_from(position).unwrap_or(usize::MAX);
        Ok(self.read(tenant, |t| t.events.iter().skip(skip).take(limit).cloned().collect()))
    }
}

#[async_trait]
impl WorkQueue for MemoryLedger {
    async fn claim(
        &self,
        queues: &[&str],
        now: Timestamp,
        lease_s: u64,
        limit: usize,
    ) -> Result<Vec<ClaimedWork>, PortError> {
        Ok(self.lock().queue.claim(queues, now, lease_s, limit))
    }

    async fn renew(
        &self,
        lease: &Lease,
        now: Timestamp,
        lease_s: u64,
    ) -> Result<Option<Lease>, PortError> {
        Ok(self.lock().queue.renew(lease, now, lease_s))
    }

    async fn release(&self, lease: &Lease, how: Release) -> Result<(), PortError> {
        self.lock().queue.release(lease, how);
        Ok(())
    }

    async fn next_due(&self, queues: &[&str]) -> Result<Option<Timestamp>, PortError> {
        Ok(self.lock().queue.next_due(queues))
    }
}

/// A request no adapter accepts; the caller must change it.
fn invalid(context: String) -> PortError {
    PortError::new(PortErrorKind::Invalid, Retry::Permanent, context)
}
