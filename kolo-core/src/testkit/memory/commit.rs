//! One commit: everything is checked on a draft, then the draft is applied without a fallible step.
use std::collections::BTreeMap;

use super::books::Draft;
use super::{State, Tenant, invalid};
use crate::port::ledger::{
    AggregateId, AggregateWrite, ChangeSet, CommitError, Committed, IndexKey, IndexWrite, Record,
    Retention, Stored, StoredEvent,
};
use crate::port::work::Lease;

impl State {
    /// The checks in the order the port names, then all of the changes.
    pub(super) fn commit(&mut self, changes: ChangeSet) -> Result<Committed, CommitError> {
        if changes.moves_money() && changes.retention != Retention::Forever {
            let said = "a command that moves money may be forgotten: keep its key for ever";
            return Err(invalid(said.to_owned()).into());
        }
        let tenant = self.tenants.entry(changes.tenant.clone()).or_default();
        let holds = |lease: &&Lease| {
            lease.tenant == changes.tenant && self.queue.holds(lease, changes.recorded_at)
        };
        let held = changes.consumes.as_ref().filter(holds);
        if let Some((hash, outcome)) = tenant.outcomes.get(&changes.key) {
            if *hash != changes.request_hash {
                return Err(CommitError::KeyReused);
            }
            let outcome = outcome.clone();
            if let Some(lease) = held {
                self.queue.finish(&lease.tenant, &lease.work);
            }
            return Ok(Committed::Before(outcome));
        }
        if changes.consumes.is_some() && held.is_none() {
            return Err(CommitError::LeaseLost);
        }
        tenant.check_versions(&changes.aggregates)?;
        tenant.check_index(&changes.index)?;
        let mut draft = Draft::on(&tenant.books, &changes);
        for entry in &changes.entries {
            draft.enter(entry)?;
        }
        for resolution in &changes.resolutions {
            draft.resolve(resolution)?;
        }
        for end in &changes.endings {
            draft.end(end)?;
        }
        for guard in &changes.guards {
            draft.guard(guard)?;
        }
        let booked = draft.finish();

        tenant.books.apply(booked);
        let id = changes.tenant.clone();
        if let Some(lease) = held {
            self.queue.finish(&id, &lease.work);
        }
        for work in changes.work.iter().cloned() {
            self.queue.enqueue(&id, work);
        }
        for work in &changes.cancel {
            self.queue.finish(&id, work);
        }
        Ok(Committed::Now(tenant.apply(changes)))
    }
}

impl Tenant {
    fn check_versions(&self, writes: &[AggregateWrite]) -> Result<(), CommitError> {
        let mut written = BTreeMap::<&AggregateId, u64>::new();
        for write in writes {
            let stored = self.aggregates.get(&write.id).map_or(0, |stored| stored.version);
            let version = written.entry(&write.id).or_insert(stored);
            if *version != write.expected {
                return Err(CommitError::Conflict(write.id.clone()));
            }
            *version = write.expected.saturating_add(1);
        }
        Ok(())
    }

    fn check_index(&self, writes: &[IndexWrite]) -> Result<(), CommitError> {
        let mut written = BTreeMap::<&IndexKey, Option<&AggregateId>>::new();
        for write in writes {
            match write {
                IndexWrite::Claim(key, owner) => {
                    let holder = written.entry(key).or_insert_with(|| self.index.get(key));
                    if holder.is_some_and(|holder| holder != owner) {
                        return Err(CommitError::IndexTaken(key.clone()));
                    }
                    *holder = Some(owner);
                }
                IndexWrite::Release(key) => {
                    written.insert(key, None);
                }
            }
        }
        Ok(())
    }

    /// Everything but books and work; returns the outcome.
    fn apply(&mut self, changes: ChangeSet) -> Record {
        for AggregateWrite { id, expected, state } in changes.aggregates {
            let stored = Stored { id: id.clone(), version: expected.saturating_add(1), state };
            self.aggregates.insert(id, stored);
        }
        for write in changes.index {
            match write {
                IndexWrite::Claim(key, owner) => self.index.insert(key, owner),
                IndexWrite::Release(key) => self.index.remove(&key),
            };
        }
        for (position, event) in (self.next_position()..).zip(changes.events) {
            self.events.push(StoredEvent {
                position,
                aggregate: event.aggregate,
                record: event.record,
                recorded_at: changes.recorded_at,
            });
        }
        let outcome = changes.outcome;
        self.outcomes.insert(changes.key, (changes.request_hash, outcome.clone()));
        outcome
    }

    fn next_position(&self) -> u64 {
        self.events.last().map_or(1, |event| event.position.saturating_add(1))
    }
}
