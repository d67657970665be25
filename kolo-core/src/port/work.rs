//! The work queue: outbox, inbox and timers in one, filled only by commits.
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::PortError;
use super::ledger::Record;
use crate::{TenantId, Timestamp};

/// Names a work item; unique per tenant for ever, so that nothing is enqueued twice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkId(pub String);

/// A work item to enqueue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWork {
    /// Its name.
    pub id: WorkId,
    /// Which queue: `inbound`, `outbound`, `intent`, `timer`.
    pub queue: String,
    /// Items of one lane (tenant × queue × lane) are worked one at a time, in the order of
    /// (`due_at`, enqueueing); an item that was claimed once blocks its lane until it is done.
    pub lane: Option<String>,
    /// Not before this moment.
    pub due_at: Timestamp,
    /// What to do.
    pub payload: Record,
}

/// The right to work on an item until `until`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Whose.
    pub tenant: TenantId,
    /// Which item.
    pub work: WorkId,
    /// Changes with every claim.
    pub token: u64,
    /// When it ends unless renewed.
    pub until: Timestamp,
}

/// A claimed item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedWork {
    /// The lease.
    pub lease: Lease,
    /// Which queue.
    pub queue: String,
    /// Which lane.
    pub lane: Option<String>,
    /// When it was due.
    pub due_at: Timestamp,
    /// How often it was claimed, this time included.
    pub attempts: u32,
    /// What to do.
    pub payload: Record,
}

/// What becomes of a released item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// Done without a change set.
    Done,
    /// Try again at that moment.
    RetryAt(Timestamp),
}

/// Claims and gives back work. Time comes from the caller.
#[async_trait]
pub trait WorkQueue: Send + Sync {
    /// Claims up to `limit` due items of these queues for `lease_s` seconds, of any tenant, fairly by
    /// due time. Two workers never hold the same item, nor two items of one lane.
    async fn claim(
        &self,
        queues: &[&str],
        now: Timestamp,
        lease_s: u64,
        limit: usize,
    ) -> Result<Vec<ClaimedWork>, PortError>;

    /// Extends a lease that is still held; `None` when it is lost.
    async fn renew(
        &self,
        lease: &Lease,
        now: Timestamp,
        lease_s: u64,
    ) -> Result<Option<Lease>, PortError>;

    /// Gives an item back; nothing happens when the lease is lost.
    async fn release(&self, lease: &Lease, how: Release) -> Result<(), PortError>;

    /// When the next unclaimed item of these queues is (or becomes) claimable, or the next lease
    /// runs out; `None` when there is nothing. A moment in the past means now.
    async fn next_due(&self, queues: &[&str]) -> Result<Option<Timestamp>, PortError>;
}
