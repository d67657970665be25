//! Work items: enqueued once ever, claimed by one at a time, lane by lane.
use std::collections::{BTreeMap, HashMap};

use crate::port::ledger::Record;
use crate::port::work::{ClaimedWork, Lease, NewWork, Release, WorkId};
use crate::{TenantId, Timestamp};

/// The work of all tenants.
#[derive(Default)]
pub(super) struct Queue {
    /// Items that are not done, in the order of enqueueing.
    open: BTreeMap<u64, Item>,
    /// Every name there ever was, with its place in that order.
    names: HashMap<(TenantId, WorkId), u64>,
    last_token: u64,
}

struct Item {
    tenant: TenantId,
    id: WorkId,
    queue: String,
    lane: Option<String>,
    due_at: Timestamp,
    /// `due_at`, or the moment of the last retry.
    ready: Timestamp,
    attempts: u32,
    /// Token and end of the lease, from a claim to the release.
    lease: Option<(u64, Timestamp)>,
    payload: Record,
}

impl Queue {
    pub(super) fn enqueue(&mut self, tenant: &TenantId, work: NewWork) {
        let name = (tenant.clone(), work.id.clone());
        if self.names.contains_key(&name) {
            return;
        }
        let number = u64::try_from(self.names.len()).unwrap_or(u64::MAX);
        self.names.insert(name, number);
        let item = Item {
            tenant: tenant.clone(),
            id: work.id,
            queue: work.queue,
            lane: work.lane,
            due_at: work.due_at,
            ready: work.due_at,
            attempts: 0,
            lease: None,
            payload: work.payload,
        };
        self.open.insert(number, item);
    }

    /// The item is done or no longer wanted.
    pub(super) fn finish(&mut self, tenant: &TenantId, work: &WorkId) {
        if let Some(number) = self.names.get(&(tenant.clone(), work.clone())) {
            self.open.remove(number);
        }
    }

    /// Whether the lease is still held at `now`.
    pub(super) fn holds(&self, lease: &Lease, now: Timestamp) -> bool {
        let stored = self.number(lease).and_then(|number| self.open.get(&number)?.lease);
        stored.is_some_and(|(_, until)| now < until)
    }

    pub(super) fn claim(
        &mut self,
        queues: &[&str],
        now: Timestamp,
        lease_s: u64,
        limit: usize,
    ) -> Vec<ClaimedWork> {
        let mut claimable: Vec<(Timestamp, u64)> = self
            .offered(queues)
            .filter(|(_, item)| item.ready <= now && item.lease.is_none_or(|(_, end)| end <= now))
            .map(|(number, item)| (item.ready, number))
            .collect();
        claimable.sort_unstable();
        claimable.truncate(limit);

        let mut claimed = Vec::with_capacity(claimable.len());
        for (_, number) in claimable {
            let Some(item) = self.open.get_mut(&number) else {
                continue;
            };
            self.last_token += 1;
            let until = now.plus(lease_s);
            item.lease = Some((self.last_token, until));
            item.attempts = item.attempts.saturating_add(1);
            claimed.push(item.claimed(self.last_token, until));
        }
        claimed
    }

    pub(super) fn renew(&mut self, lease: &Lease, now: Timestamp, lease_s: u64) -> Option<Lease> {
        let number = self.number(lease)?;
        let (_, until) = self.open.get_mut(&number)?.lease.as_mut()?;
        if *until <= now {
            return None;
        }
        *until = now.plus(lease_s).max(*until);
        Some(Lease { until: *until, ..lease.clone() })
    }

    pub(super) fn release(&mut self, lease: &Lease, how: Release) {
        let Some(number) = self.number(lease) else {
            return;
        };
        match how {
            Release::Done => drop(self.open.remove(&number)),
            Release::RetryAt(ready) => {
                if let Some(item) = self.open.get_mut(&number) {
                    item.lease = None;
                    item.ready = ready;
                }
            }
        }
    }

    pub(super) fn next_due(&self, queues: &[&str]) -> Option<Timestamp> {
        self.offered(queues)
            .map(|(_, item)| item.lease.map_or(item.ready, |(_, until)| until))
            .min()
    }

    /// Open items that are not behind another one in their lane.
    fn offered(&self, queues: &[&str]) -> impl Iterator<Item = (u64, &Item)> {
        let mut heads = BTreeMap::<_, (_, u64)>::new();
        let mut free = Vec::new();
        let wanted = |item: &Item| queues.contains(&item.queue.as_str());
        for (number, item) in self.open.iter().filter(|(_, item)| wanted(item)) {
            let Some(lane) = &item.lane else {
                free.push(*number);
                continue;
            };
            // A started item comes first, whatever is due.
            let rank = (item.attempts == 0, item.due_at);
            let place = (&item.tenant, &item.queue, lane);
            let head = heads.entry(place).or_insert((rank, *number));
            *head = (*head).min((rank, *number));
        }
        let numbers = free.into_iter().chain(heads.into_values().map(|(_, number)| number));
        numbers.filter_map(|number| Some((number, self.open.get(&number)?)))
    }

    /// The place of an item that is open and was claimed with this lease's token, last.
    fn number(&self, lease: &Lease) -> Option<u64> {
        let number = *self.names.get(&(lease.tenant.clone(), lease.work.clone()))?;
        let (token, _) = self.open.get(&number)?.lease?;
        (token == lease.token).then_some(number)
    }
}

impl Item {
    fn claimed(&self, token: u64, until: Timestamp) -> ClaimedWork {
        ClaimedWork {
            lease: Lease { tenant: self.tenant.clone(), work: self.id.clone(), token, until },
            queue: self.queue.clone(),
            lane: self.lane.clone(),
            due_at: self.due_at,
            attempts: self.attempts,
            payload: self.payload.clone(),
        }
    }
}
