//! What one change set does to the books, decided in memory.
use std::collections::HashMap;

use kolo_core::port::CommitError;
use kolo_core::port::ledger::{
    AccountId, ChangeSet, Ending, EntryStatus, HoldEnd, JournalEntry, Posting, Resolution, Side,
};
use kolo_core::{Amount, Timestamp};

use super::account::{AccountKey, AccountState, out_of_range};
use super::view::{EntryState, Heads, View};
use crate::sql::{DbError, seconds};

/// The books as they would be.
pub(super) struct Book<'v, 'a> {
    view: &'v View,
    set: &'a ChangeSet,
    /// The last entry.
    pub heads: Heads,
    /// When all of it is recorded, seconds: never before the last entry, nor before the last movement
    /// of an account it touches.
    pub recorded_at: i64,
    pub entries: HashMap<&'a str, EntryState>,
    pub accounts: HashMap<AccountKey, AccountState>,
    /// In the order in which they happen.
    pub moves: Vec<Move>,
}

/// One change of an account's balance.
pub(super) struct Move {
    pub account: AccountKey,
    pub entry: u64,
    pub step: &'static str,
    pub before: AccountState,
    pub after: AccountState,
    pub effective_at: Option<i64>,
    /// What a guard asks to be available after it.
    pub minimum: Option<i64>,
}

impl<'v, 'a> Book<'v, 'a> {
    pub fn on(view: &'v View, set: &'a ChangeSet) -> Self {
        let heads = view.heads.get(&set.tenant).copied().unwrap_or_default();
        let at = seconds(set.recorded_at).unwrap_or(i64::MAX).max(heads.recorded_at);
        // At one moment on all of them: balances as of any moment sum to zero.
        let recorded_at = touched(view, set).map(|account| account.recorded_at).fold(at, i64::max);
        let (entries, accounts) = (HashMap::new(), HashMap::new());
        Self { view, set, heads, recorded_at, entries, accounts, moves: Vec::new() }
    }

    /// Checks in the order the port promises: entries, holds, guards.
    pub fn fill(&mut self) -> Result<(), CommitError> {
        for entry in &self.set.entries {
            self.enter(entry)?;
        }
        for end in &self.set.resolutions {
            self.resolve(end)?;
        }
        for end in &self.set.endings {
            self.end(end)?;
        }
        self.check_figures()?;
        self.check_guards()
    }

    fn enter(&mut self, entry: &'a JournalEntry) -> Result<(), CommitError> {
        if matches!(entry.status, EntryStatus::Voided | EntryStatus::Expired) {
            let text = format!("journal entry {} cannot be written as ended", entry.id);
            return Err(DbError::invalid(text).into());
        }
        if !balances(&entry.postings) {
            return Err(CommitError::Unbalanced(entry.id.clone()));
        }
        let stored = self.view.entries.contains_key(&(self.set.tenant.clone(), entry.id.clone()));
        if stored || self.entries.contains_key(entry.id.as_str()) {
            return Err(CommitError::DuplicateEntry(entry.id.clone()));
        }
        self.heads.entry = self.heads.entry.saturating_add(1);
        self.heads.recorded_at = self.recorded_at;
        let state = EntryState {
            position: self.heads.entry,
            status: entry.status,
            effective_at: entry.effective_at,
            chain_tx: entry.chain_tx.clone(),
            postings: entry.postings.clone(),
            parts: None,
        };
        let step = if entry.status == EntryStatus::Pending { "held" } else { "settled" };
        let lines = entry.postings.iter().map(|line| (line, line.amount, entry.status, 1));
        self.book(self.heads.entry, step, entry.effective_at, lines)?;
        self.entries.insert(&entry.id, state);
        Ok(())
    }

    fn resolve(&mut self, end: &'a Resolution) -> Result<(), CommitError> {
        let mut state = self.pending(&end.entry)?;
        state.status = if end.settle { EntryStatus::Settled } else { EntryStatus::Voided };
        state.chain_tx = end.chain_tx.clone().or(state.chain_tx);
        state.effective_at = end.effective_at;
        self.end_hold(&end.entry, state)
    }

    fn end(&mut self, end: &'a HoldEnd) -> Result<(), CommitError> {
        let mut state = self.pending(&end.entry)?;
        match &end.ending {
            Ending::Expired => state.status = EntryStatus::Expired,
            Ending::Part(amounts) if is_part(&state.postings, amounts) => {
                state.status = EntryStatus::Settled;
                state.parts = Some(amounts.clone());
            }
            Ending::Part(_) => return Err(CommitError::Unbalanced(end.entry.clone())),
        }
        state.chain_tx = end.chain_tx.clone().or(state.chain_tx);
        state.effective_at = end.effective_at;
        self.end_hold(&end.entry, state)
    }

    /// A hold that has not ended.
    fn pending(&self, id: &str) -> Result<EntryState, CommitError> {
        let stored = || self.view.entries.get(&(self.set.tenant.clone(), id.to_owned())).cloned();
        let state = self.entries.get(id).cloned().or_else(stored);
        state
            .filter(|state| state.status == EntryStatus::Pending)
            .ok_or_else(|| CommitError::NotPending(id.to_owned()))
    }

    /// Takes the hold's lines off what is pending, and settles what settles of them.
    fn end_hold(&mut self, id: &'a str, state: EntryState) -> Result<(), CommitError> {
        let held = state.postings.iter();
        let held = held.map(|line| (line, line.amount, EntryStatus::Pending, -1));
        let settles = state.postings.iter().enumerate().map(|(number, line)| {
            let part = state.parts.as_ref().and_then(|parts| parts.get(number));
            (line, part.copied().unwrap_or(line.amount), state.status, 1)
        });
        self.book(state.position, "ended", state.effective_at, held.chain(settles))?;
        self.entries.insert(id, state);
        Ok(())
    }

    /// Counts lines into their accounts, and notes what moved on each of them.
    fn book<'l>(
        &mut self,
        entry: u64,
        step: &'static str,
        effective_at: Timestamp,
        lines: impl Iterator<Item = (&'l Posting, Amount, EntryStatus, i128)>,
    ) -> Result<(), CommitError> {
        let mut touched: Vec<(AccountKey, AccountState)> = Vec::new();
        for (line, amount, status, times) in lines {
            let key = (line.account.name.clone(), line.account.asset.clone());
            let account = self.account(&line.account)?;
            if !touched.iter().any(|(known, _)| *known == key) {
                touched.push((key, *account));
            }
            account.count(line.side, amount, status, times);
        }
        for (key, before) in touched {
            let Some(account) = self.accounts.get_mut(&key) else {
                continue;
            };
            account.version = account.version.saturating_add(1);
            account.recorded_at = account.recorded_at.max(self.recorded_at);
            self.moves.push(Move {
                account: key,
                entry,
                step,
                before,
                after: *account,
                effective_at: seconds(effective_at),
                minimum: None,
            });
        }
        Ok(())
    }

    /// The account as this change set has it so far, to be changed.
    fn account(&mut self, account: &AccountId) -> Result<&mut AccountState, CommitError> {
        let key = (account.name.clone(), account.asset.clone());
        let stored = || {
            self.view
                .accounts
                .get(&(self.set.tenant.clone(), key.clone()))
                .copied()
                .unwrap_or(AccountState::unused(account.normal))
        };
        let state = self.accounts.entry(key.clone()).or_insert_with(stored);
        state.same_side(account)?;
        Ok(state)
    }

    /// Every balance on the way fits the database.
    fn check_figures(&self) -> Result<(), CommitError> {
        let beyond = self.moves.iter().filter(|moved| moved.after.figures().is_none());
        match beyond.map(|moved| &moved.account).min() {
            Some(key) => Err(out_of_range(key)),
            None => Ok(()),
        }
    }

    /// What a guard asks goes with the last movement of its account, for the database to check again.
    fn check_guards(&mut self) -> Result<(), CommitError> {
        for guard in &self.set.guards {
            let account = &guard.account;
            let key = (account.name.clone(), account.asset.clone());
            let stored = self.view.accounts.get(&(self.set.tenant.clone(), key.clone()));
            let state = self.accounts.get(&key).or(stored).copied();
            let state = state.unwrap_or(AccountState::unused(account.normal));
            state.same_side(account)?;
            let available = state.available().ok_or_else(|| out_of_range(&key))?;
            if available < guard.minimum {
                return Err(CommitError::Guard { account: account.clone(), available });
            }
            let last = self.moves.iter_mut().rev().find(|moved| moved.account == key);
            if let Some(moved) = last {
                let asked = guard.minimum.minor_units();
                moved.minimum = Some(moved.minimum.map_or(asked, |other| other.max(asked)));
            }
        }
        Ok(())
    }
}

/// The accounts that a change set books on, as far as they were used before.
fn touched<'v>(view: &'v View, set: &'v ChangeSet) -> impl Iterator<Item = &'v AccountState> {
    let whole = set.resolutions.iter().map(|end| &end.entry);
    let ended = whole.chain(set.endings.iter().map(|end| &end.entry));
    let ended = ended.filter_map(|id| view.entries.get(&(set.tenant.clone(), id.clone())));
    let new = set.entries.iter().flat_map(|entry| &entry.postings);
    new.chain(ended.flat_map(|hold| &hold.postings)).filter_map(|line| {
        let key = (line.account.name.clone(), line.account.asset.clone());
        view.accounts.get(&(set.tenant.clone(), key))
    })
}

/// At least two lines, every amount positive, and per asset as much on the left as on the right.
fn balances(postings: &[Posting]) -> bool {
    let lines = postings.iter().map(|line| (line, line.amount));
    postings.len() >= 2
        && postings.iter().all(|posting| posting.amount.is_positive())
        && is_even(lines)
}

/// Whether these amounts of a hold's lines are a part of it: they balance, something settles, and no
/// line more than was held.
fn is_part(postings: &[Posting], amounts: &[Amount]) -> bool {
    let lines = || postings.iter().zip(amounts.iter().copied());
    postings.len() == amounts.len()
        && lines().all(|(line, part)| part >= Amount::ZERO && part <= line.amount)
        && lines().any(|(_, part)| part.is_positive())
        && is_even(lines())
}

fn is_even<'a>(lines: impl Iterator<Item = (&'a Posting, Amount)>) -> bool {
    let mut sums: HashMap<&str, i128> = HashMap::new();
    for (line, amount) in lines {
        let amount = i128::from(amount.minor_units());
        *sums.entry(&line.account.asset).or_default() += match line.side {
            Side::Debit => amount,
            Side::Credit => -amount,
        };
    }
    sums.values().all(|sum| *sum == 0)
}
