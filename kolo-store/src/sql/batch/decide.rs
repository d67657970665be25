//! What one change set does, decided in memory: all of it or nothing.
use std::collections::HashMap;

use kolo_core::Timestamp;
use kolo_core::port::ledger::{
    AccountId, AggregateId, EntryStatus, IndexKey, IndexWrite, JournalEntry, Posting, Side,
};
use kolo_core::port::work::{Lease, WorkId};
use kolo_core::port::{ChangeSet, CommitError, Committed};

use super::account::{AccountKey, AccountState, out_of_range};
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
    entries: HashMap<&'a str, EntryState>,
    accounts: HashMap<AccountKey, AccountState>,
    heads: Heads,
}

impl<'a> Draft<'a> {
    /// Checks in the order the port promises.
    fn try_new(view: &View, set: &'a ChangeSet) -> Result<Self, CommitError> {
        let mut draft = Self {
            set,
            versions: HashMap::new(),
            index: HashMap::new(),
            entries: HashMap::new(),
            accounts: HashMap::new(),
            heads: view.heads.get(&set.tenant).copied().unwrap_or_default(),
        };
        times_in_range(set)?;
        if set.consumes.as_ref().is_some_and(|lease| !holds(view, set, lease)) {
            return Err(CommitError::LeaseLost);
        }
        draft.check_versions(view)?;
        draft.check_index(view)?;
        for entry in &set.entries {
            draft.enter(view, entry)?;
        }
        for end in &set.resolutions {
            draft.end_hold(
                view,
                &end.entry,
                end.settle,
                end.chain_tx.as_ref(),
                end.effective_at,
            )?;
        }
        draft.check_figures()?;
        draft.check_guards(view)?;
        Ok(draft)
    }

    fn check_versions(&mut self, view: &View) -> Result<(), CommitError> {
        for write in &self.set.aggregates {
            let stored = || {
                view.versions
                    .get(&(self.set.tenant.clone(), write.id.clone()))
                    .copied()
                    .unwrap_or(0)
            };
            let present = self.versions.get(&write.id).copied().unwrap_or_else(stored);
            if write.expected != present {
                return Err(CommitError::Conflict(write.id.clone()));
            }
            self.versions.insert(&write.id, present.saturating_add(1));
        }
        Ok(())
    }

    fn check_index(&mut self, view: &View) -> Result<(), CommitError> {
        for write in &self.set.index {
            match write {
                IndexWrite::Release(key) => {
                    self.index.insert(key, None);
                }
                IndexWrite::Claim(key, claimant) => {
                    let stored = view.index.get(&(self.set.tenant.clone(), key.clone()));
                    let owner = match self.index.get(key) {
                        Some(decided) => *decided,
                        None => stored,
                    };
                    if owner.is_some_and(|owner| owner != claimant) {
                        return Err(CommitError::IndexTaken(key.clone()));
                    }
                    self.index.insert(key, Some(claimant));
                }
            }
        }
        Ok(())
    }

    fn enter(&mut self, view: &View, entry: &'a JournalEntry) -> Result<(), CommitError> {
        if entry.status == EntryStatus::Voided {
            let text = format!("journal entry {} cannot be written as voided", entry.id);
            return Err(DbError::invalid(text).into());
        }
        if !balances(&entry.postings) {
            return Err(CommitError::Unbalanced(entry.id.clone()));
        }
        let stored = view.entries.contains_key(&(self.set.tenant.clone(), entry.id.clone()));
        if stored || self.entries.contains_key(entry.id.as_str()) {
            return Err(CommitError::DuplicateEntry(entry.id.clone()));
        }
        for posting in &entry.postings {
            self.account(view, &posting.account)?.count(posting, entry.status, 1);
        }
        self.heads.entry = self.heads.entry.saturating_add(1);
        let state = EntryState {
            position: self.heads.entry,
            status: entry.status,
            effective_at: entry.effective_at,
            chain_tx: entry.chain_tx.clone(),
            postings: entry.postings.clone(),
        };
        self.entries.insert(&entry.id, state);
        Ok(())
    }

    fn end_hold(
        &mut self,
        view: &View,
        id: &'a str,
        settle: bool,
        chain_tx: Option<&String>,
        effective_at: Timestamp,
    ) -> Result<(), CommitError> {
        let stored = || view.entries.get(&(self.set.tenant.clone(), id.to_owned())).cloned();
        let mut state = self
            .entries
            .get(id)
            .cloned()
            .or_else(stored)
            .filter(|state| state.status == EntryStatus::Pending)
            .ok_or_else(|| CommitError::NotPending(id.to_owned()))?;
        state.status = if settle { EntryStatus::Settled } else { EntryStatus::Voided };
        for posting in &state.postings {
            let account = self.account(view, &posting.account)?;
            account.count(posting, EntryStatus::Pending, -1);
            account.count(posting, state.status, 1);
        }
        state.effective_at = effective_at;
        state.chain_tx = chain_tx.cloned().or(state.chain_tx);
        self.entries.insert(id, state);
        Ok(())
    }

    /// The account as this change set has it so far, to be changed.
    fn account(
        &mut self,
        view: &View,
        account: &AccountId,
    ) -> Result<&mut AccountState, CommitError> {
        let key = (account.name.clone(), account.asset.clone());
        let stored = || {
            view.accounts
                .get(&(self.set.tenant.clone(), key.clone()))
                .copied()
                .unwrap_or(AccountState::unused(account.normal))
        };
        let state = self.accounts.entry(key.clone()).or_insert_with(stored);
        state.same_side(account)?;
        Ok(state)
    }

    fn check_figures(&self) -> Result<(), CommitError> {
        let beyond = |(_, state): &(&AccountKey, &AccountState)| state.figures().is_none();
        match self.accounts.iter().filter(beyond).map(|(key, _)| key).min() {
            Some(key) => Err(out_of_range(key)),
            None => Ok(()),
        }
    }

    fn check_guards(&self, view: &View) -> Result<(), CommitError> {
        for guard in &self.set.guards {
            let account = &guard.account;
            let key = (account.name.clone(), account.asset.clone());
            let state = self
                .accounts
                .get(&key)
                .or_else(|| view.accounts.get(&(self.set.tenant.clone(), key.clone())))
                .copied()
                .unwrap_or(AccountState::unused(account.normal));
            state.same_side(account)?;
            let available = state.available().ok_or_else(|| out_of_range(&key))?;
            if available < guard.minimum {
                return Err(CommitError::Guard { account: account.clone(), available });
            }
        }
        Ok(())
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
            if let Some(state) = self.entries.get(entry.id.as_str()) {
                writes.entries.push(NewEntry::new(set, entry, state.position));
            }
        }
        for end in &set.resolutions {
            writes.ended.insert((tenant.clone(), end.entry.clone()));
        }
        for (id, state) in self.entries {
            view.entries.insert((tenant.clone(), id.to_owned()), state);
        }
        for (key, mut state) in self.accounts {
            state.version = state.version.saturating_add(1);
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

/// At least two lines, every amount positive, and per asset as much on the left as on the right.
fn balances(postings: &[Posting]) -> bool {
    let mut sums: HashMap<&str, i128> = HashMap::new();
    for posting in postings {
        let amount = i128::from(posting.amount.minor_units());
        *sums.entry(&posting.account.asset).or_default() += match posting.side {
            Side::Debit => amount,
            Side::Credit => -amount,
        };
    }
    postings.len() >= 2
        && postings.iter().all(|posting| posting.amount.is_positive())
        && sums.values().all(|sum| *sum == 0)
}

/// Refuses moments the database's numbers cannot hold.
fn times_in_range(set: &ChangeSet) -> Result<(), DbError> {
    let entries = set.entries.iter().map(|entry| entry.effective_at);
    let ends = set.resolutions.iter().map(|end| end.effective_at);
    let work = set.work.iter().map(|work| work.due_at);
    let mut all = std::iter::once(set.recorded_at).chain(entries).chain(ends).chain(work);
    if all.all(|time| seconds(time).is_some()) {
        Ok(())
    } else {
        Err(DbError::invalid("a moment beyond the database's range: use at most 2^63 − 1 seconds"))
    }
}
