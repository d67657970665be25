//! What one change set does, decided in memory: all of it or nothing.
use std::collections::HashMap;

use kolo_core::port::ledger::{AggregateId, IndexKey, IndexWrite};
use kolo_core::port::work::{Lease, WorkId};
use kolo_core::port::{ChangeSet, CommitError, Committed};

use super::account::{AccountKey, AccountState};
use super::book::{Book, Move};
use super::view::{EntryState, Heads, View, WorkState};
use super::writes::{NewEntry, Writes};
use crate::sql::DbError;
use crate::sql::seconds;

/// Decides a change set on top of `view`. Accepted: `view` and `writes` move on. Refused: neither.
pub(super) fn decide(
    view: &mut View,
    writes: &mut Writes,
    set: &ChangeSet,
) -> Result<Committed, CommitError> {
    let stored = view.commands.get(&(set.tenant.clone(), set.key.clone()));
    if let Some((hash, outcome)) = stored {
        if *hash != set.request_hash {
            return Err(CommitError::KeyReused);
        }
        let outcome = outcome.clone();
        if let Some(lease) = set.consumes.as_ref().filter(|lease| holds(view, set, lease)) {
            finish(view, writes, set, &lease.work);
        }
        return Ok(Committed::Before(outcome));
    }
    Draft::try_new(view, set)?.accept(view, writes);
    Ok(Committed::Now(set.outcome.clone()))
}

/// Whether the change set's lease is still good.
fn holds(view: &View, set: &ChangeSet, lease: &Lease) -> bool {
    lease.tenant == set.tenant
        && view
            .work
            .get(&(lease.tenant.clone(), lease.work.clone()))
            .is_some_and(|work| work.held(lease.token, set.recorded_at))
}

/// Marks a work item done if it is there and is not.
fn finish(view: &mut View, writes: &mut Writes, set: &ChangeSet, id: &WorkId) {
    let key = (set.tenant.clone(), id.clone());
    if let Some(work) = view.work.get_mut(&key)
        && !work.done
    {
        work.done = true;
        writes.done.insert(key);
    }
}

/// A change set that passed its checks, and what it leads to.
struct Draft<'a> {
    set: &'a ChangeSet,
    versions: HashMap<&'a AggregateId, u64>,
    index: HashMap<&'a IndexKey, Option<&'a AggregateId>>,
    book: Decided<'a>,
    heads: Heads,
}

/// What a [`Book`] came to.
struct Decided<'a> {
    entries: HashMap<&'a str, EntryState>,
    accounts: HashMap<AccountKey, AccountState>,
    moves: Vec<Move>,
    recorded_at: i64,
}

impl<'a> Draft<'a> {
    /// Checks in the order the port promises.
    fn try_new(view: &View, set: &'a ChangeSet) -> Result<Self, CommitError> {
        times_in_range(set)?;
        if set.consumes.as_ref().is_some_and(|lease| !holds(view, set, lease)) {
            return Err(CommitError::LeaseLost);
        }
        let (mut versions, mut index) = (HashMap::new(), HashMap::new());
        check_versions(&mut versions, view, set)?;
        check_index(&mut index, view, set)?;
        let mut book = Book::on(view, set);
        book.fill()?;
        let Book { heads, recorded_at, entries, accounts, moves, .. } = book;
        let book = Decided { entries, accounts, moves, recorded_at };
        Ok(Self { set, versions, index, book, heads })
    }

    /// Makes it so.
    fn accept(self, view: &mut View, writes: &mut Writes) {
        let set = self.set;
        let tenant = &set.tenant;
        let outcome = (set.request_hash, set.outcome.clone());
        view.commands.insert((tenant.clone(), set.key.clone()), outcome);
        writes.command(set);
        for write in &set.aggregates {
            writes.aggregate(tenant, write);
        }
        for (id, version) in self.versions {
            view.versions.insert((tenant.clone(), id.clone()), version);
        }
        for (key, owner) in self.index {
            let key = (tenant.clone(), key.clone());
            match owner {
                Some(owner) => view.index.insert(key.clone(), owner.clone()),
                None => view.index.remove(&key),
            };
            writes.index.insert(key);
        }
        for entry in &set.entries {
            if let Some(state) = self.book.entries.get(entry.id.as_str()) {
                let (position, at) = (state.position, self.book.recorded_at);
                writes.entries.push(NewEntry::new(set, entry, position, at));
            }
        }
        for end in &set.resolutions {
            writes.ended.insert((tenant.clone(), end.entry.clone()));
        }
        for end in &set.endings {
            writes.ended.insert((tenant.clone(), end.entry.clone()));
        }
        for (id, state) in self.book.entries {
            view.entries.insert((tenant.clone(), id.to_owned()), state);
        }
        for moved in self.book.moves {
            writes.movement(set, &moved);
        }
        for (key, state) in self.book.accounts {
            let key = (tenant.clone(), key);
            view.accounts.insert(key.clone(), state);
            writes.accounts.insert(key);
        }
        let mut heads = self.heads;
        for event in &set.events {
            heads.event = heads.event.saturating_add(1);
            writes.event(set, event, heads.event);
        }
        view.heads.insert(tenant.clone(), heads);
        queue(view, writes, set);
    }
}

fn check_versions<'a>(
    versions: &mut HashMap<&'a AggregateId, u64>,
    view: &View,
    set: &'a ChangeSet,
) -> Result<(), CommitError> {
    for write in &set.aggregates {
        let stored = || {
            let key = (set.tenant.clone(), write.id.clone());
            view.versions.get(&key).copied().unwrap_or(0)
        };
        let present = versions.get(&write.id).copied().unwrap_or_else(stored);
        if write.expected != present {
            return Err(CommitError::Conflict(write.id.clone()));
        }
        versions.insert(&write.id, present.saturating_add(1));
    }
    Ok(())
}

fn check_index<'a>(
    index: &mut HashMap<&'a IndexKey, Option<&'a AggregateId>>,
    view: &View,
    set: &'a ChangeSet,
) -> Result<(), CommitError> {
    for write in &set.index {
        match write {
            IndexWrite::Release(key) => {
                index.insert(key, None);
            }
            IndexWrite::Claim(key, claimant) => {
                let stored = view.index.get(&(set.tenant.clone(), key.clone()));
                let owner = match index.get(key) {
                    Some(decided) => *decided,
                    None => stored,
                };
                if owner.is_some_and(|owner| owner != claimant) {
                    return Err(CommitError::IndexTaken(key.clone()));
                }
                index.insert(key, Some(claimant));
            }
        }
    }
    Ok(())
}

/// Completes what was consumed, enqueues what is new, cancels what is unwanted.
fn queue(view: &mut View, writes: &mut Writes, set: &ChangeSet) {
    if let Some(lease) = &set.consumes {
        finish(view, writes, set, &lease.work);
    }
    for work in &set.work {
        let key = (set.tenant.clone(), work.id.clone());
        if let std::collections::hash_map::Entry::Vacant(place) = view.work.entry(key) {
            place.insert(WorkState::default());
            writes.work(set, work);
        }
    }
    for id in &set.cancel {
        finish(view, writes, set, id);
    }
}

/// Refuses moments the database's numbers cannot hold.
fn times_in_range(set: &ChangeSet) -> Result<(), DbError> {
    let entries = set.entries.iter().map(|entry| entry.effective_at);
    let ends = set.resolutions.iter().map(|end| end.effective_at);
    let parts = set.endings.iter().map(|end| end.effective_at);
    let work = set.work.iter().map(|work| work.due_at);
    let mut all =
        std::iter::once(set.recorded_at).chain(entries).chain(ends).chain(parts).chain(work);
    if all.all(|time| seconds(time).is_some()) {
        Ok(())
    } else {
        Err(DbError::invalid("a moment beyond the database's range: use at most 2^63 − 1 seconds"))
    }
}
