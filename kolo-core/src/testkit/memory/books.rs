//! Double-entry books: accounts, entries, holds.
use std::collections::BTreeMap;

use super::invalid;
use super::statement::less;
use crate::port::ledger::{
    AccountId, Balance, ChangeSet, CommitError, Ending, EntryQuery, EntryStatus, Guard, HoldEnd,
    JournalEntry, Posting, Resolution, Side, StoredEntry,
};
use crate::port::statement::{Movement, Step};
use crate::port::{PortError, PortErrorKind, Retry};
use crate::{Amount, Timestamp};

/// Name and asset: what identifies an account, whatever side a caller believes it grows on.
type AccountKey = (String, String);

/// The books of one tenant.
#[derive(Default)]
pub(super) struct Books {
    accounts: BTreeMap<AccountKey, Account>,
    /// By position: the order in which they were written.
    entries: BTreeMap<u64, JournalEntry>,
    positions: BTreeMap<String, u64>,
    /// Every change of an account's balance, oldest first.
    movements: BTreeMap<AccountKey, Vec<Movement>>,
    /// When the latest entry was recorded.
    latest: Option<Timestamp>,
    /// Positions of the entries with a posting on the account, oldest first.
    statements: BTreeMap<AccountKey, Vec<u64>>,
}

#[derive(Clone, Copy)]
struct Account {
    normal: Side,
    balance: Balance,
}

/// Checked changes to the books, ready to apply.
pub(super) struct Booked {
    accounts: BTreeMap<AccountKey, Account>,
    entries: Vec<JournalEntry>,
    /// When all of it is recorded.
    recorded_at: Timestamp,
    resolved: BTreeMap<u64, JournalEntry>,
    movements: Vec<(AccountKey, Movement)>,
}

impl Books {
    pub(super) fn balance(&self, id: &AccountId) -> Result<Balance, PortError> {
        Ok(self.account(id)?.map_or_else(Balance::default, |account| account.balance))
    }

    pub(super) fn entries(&self, query: &EntryQuery) -> Result<Vec<StoredEntry>, PortError> {
        self.account(&query.account)?;
        let positions = self.statements.get(&key_of(&query.account));
        Ok(positions
            .into_iter()
            .flatten()
            .rev()
            .filter(|position| query.before.is_none_or(|before| **position < before))
            .filter_map(|position| Some((*position, self.entries.get(position)?.clone())))
            .map(|(position, entry)| StoredEntry { position, entry })
            .take(query.limit)
            .collect())
    }

    pub(super) fn apply(&mut self, booked: Booked) {
        self.accounts.extend(booked.accounts);
        for entry in booked.resolved.values() {
            let ended = self.movements.values_mut().flatten();
            ended
                .filter(|m| m.entry == entry.id)
                .for_each(|m| m.chain_tx.clone_from(&entry.chain_tx));
        }
        self.entries.extend(booked.resolved);
        for (key, movement) in booked.movements {
            self.movements.entry(key).or_default().push(movement);
        }
        if !booked.entries.is_empty() {
            self.latest = Some(booked.recorded_at);
        }
        for entry in booked.entries {
            let position = self.entries.last_key_value().map_or(1, |(last, _)| last + 1);
            for posting in &entry.postings {
                let statement = self.statements.entry(key_of(&posting.account)).or_default();
                if statement.last() != Some(&position) {
                    statement.push(position);
                }
            }
            self.positions.insert(entry.id.clone(), position);
            self.entries.insert(position, entry);
        }
    }

    /// When what a change set moves is recorded: all of it at one moment, so that balances as of any
    /// moment sum to zero; never before the latest entry, nor before the last movement of an account it
    /// touches.
    fn moment(&self, changes: &ChangeSet) -> Timestamp {
        let whole = changes.resolutions.iter().map(|end| &end.entry);
        let ended = whole.chain(changes.endings.iter().map(|end| &end.entry));
        let ended = ended.filter_map(|id| self.entries.get(self.positions.get(id)?));
        let touched = changes.entries.iter().chain(ended).flat_map(|entry| &entry.postings);
        touched
            .filter_map(|line| self.movements.get(&key_of(&line.account))?.last())
            .map(|last| last.recorded_at)
            .chain(self.latest)
            .fold(changes.recorded_at, Ord::max)
    }

    /// When the latest entry was recorded.
    pub(super) const fn latest(&self) -> Option<Timestamp> {
        self.latest
    }

    /// An account's movements, oldest first.
    pub(super) fn movements(&self, id: &AccountId) -> Result<&[Movement], PortError> {
        self.account(id)?;
        Ok(self.movements.get(&key_of(id)).map_or(&[], Vec::as_slice))
    }

    /// The account, if it was ever posted to.
    fn account(&self, id: &AccountId) -> Result<Option<Account>, PortError> {
        match self.accounts.get(&key_of(id)) {
            Some(account) if account.normal != id.normal => Err(wrong_side(id)),
            account => Ok(account.copied()),
        }
    }
}

/// The books as they would be.
pub(super) struct Draft<'a> {
    books: &'a Books,
    changes: &'a ChangeSet,
    booked: Booked,
}

impl<'a> Draft<'a> {
    pub(super) fn on(books: &'a Books, changes: &'a ChangeSet) -> Self {
        let booked = Booked {
            accounts: BTreeMap::new(),
            entries: Vec::new(),
            recorded_at: books.moment(changes),
            resolved: BTreeMap::new(),
            movements: Vec::new(),
        };
        Self { books, changes, booked }
    }

    pub(super) fn finish(self) -> Booked {
        self.booked
    }

    /// A new entry.
    pub(super) fn enter(&mut self, entry: &JournalEntry) -> Result<(), CommitError> {
        if !is_balanced(&entry.postings) {
            return Err(CommitError::Unbalanced(entry.id.clone()));
        }
        let known = self.books.positions.contains_key(&entry.id);
        if known || self.booked.entries.iter().any(|earlier| earlier.id == entry.id) {
            return Err(CommitError::DuplicateEntry(entry.id.clone()));
        }
        if matches!(entry.status, EntryStatus::Voided | EntryStatus::Expired) {
            return Err(invalid(format!(
                "journal entry {} is new and ended: write it settled or pending",
                entry.id
            ))
            .into());
        }
        let held = entry.status == EntryStatus::Pending;
        let step = if held { Step::Held } else { Step::Settled };
        self.moving(entry, step, |draft| {
            draft.post(&entry.postings, entry.status, Amount::checked_add)
        })?;
        self.booked.entries.push(entry.clone());
        Ok(())
    }

    /// Ends a hold wholly.
    pub(super) fn resolve(&mut self, resolution: &Resolution) -> Result<(), CommitError> {
        let Resolution { entry, settle, chain_tx, effective_at } = resolution;
        let (position, mut hold) = self.pending(entry)?;
        let status = if *settle { EntryStatus::Settled } else { EntryStatus::Voided };
        hold.chain_tx = chain_tx.clone().or(hold.chain_tx);
        hold.effective_at = *effective_at;
        let settles = if *settle { hold.postings.clone() } else { Vec::new() };
        self.end_hold(position, hold, status, settles)
    }

    /// Ends a hold in part, or because its time is over.
    pub(super) fn end(&mut self, end: &HoldEnd) -> Result<(), CommitError> {
        let (position, mut hold) = self.pending(&end.entry)?;
        hold.chain_tx = end.chain_tx.clone().or(hold.chain_tx);
        hold.effective_at = end.effective_at;
        match &end.ending {
            Ending::Expired => self.end_hold(position, hold, EntryStatus::Expired, Vec::new()),
            Ending::Part(amounts) => {
                let settles = part(&hold.postings, amounts)
                    .ok_or_else(|| CommitError::Unbalanced(end.entry.clone()))?;
                self.end_hold(position, hold, EntryStatus::Settled, settles)
            }
        }
    }

    /// A hold that has not ended, whether stored or written earlier in this change set, and its position
    /// if it is stored.
    fn pending(&self, id: &str) -> Result<(Option<u64>, JournalEntry), CommitError> {
        let position = self.books.positions.get(id).copied();
        let entry = match position {
            Some(position) if self.booked.resolved.contains_key(&position) => None,
            Some(position) => self.books.entries.get(&position).cloned(),
            None => self.booked.entries.iter().find(|e| e.id == id).cloned(),
        };
        let held = entry.filter(|entry| entry.status == EntryStatus::Pending);
        Ok((position, held.ok_or_else(|| CommitError::NotPending(id.to_owned()))?))
    }

    fn end_hold(
        &mut self,
        position: Option<u64>,
        mut entry: JournalEntry,
        status: EntryStatus,
        settles: Vec<Posting>,
    ) -> Result<(), CommitError> {
        self.moving(&entry.clone(), Step::Ended, |draft| {
            draft.post(&entry.postings, EntryStatus::Pending, Amount::checked_sub)?;
            draft.post(&settles, EntryStatus::Settled, Amount::checked_add)
        })?;
        entry.status = status;
        if status == EntryStatus::Settled {
            entry.postings = settles;
        }
        match position {
            Some(position) => drop(self.booked.resolved.insert(position, entry)),
            None => {
                let written = self.booked.entries.iter_mut().filter(|e| e.id == entry.id);
                written.for_each(|written| *written = entry.clone());
                let moved = self.booked.movements.iter_mut().map(|(_, movement)| movement);
                moved
                    .filter(|movement| movement.entry == entry.id)
                    .for_each(|movement| movement.chain_tx.clone_from(&entry.chain_tx));
            }
        }
        Ok(())
    }

    /// Posts, and notes what moved on each account of the entry.
    fn moving(
        &mut self,
        entry: &JournalEntry,
        step: Step,
        post: impl FnOnce(&mut Self) -> Result<(), PortError>,
    ) -> Result<(), CommitError> {
        let mut before: Vec<(&AccountId, Balance)> = Vec::new();
        for Posting { account, .. } in &entry.postings {
            if !before.iter().any(|(known, _)| key_of(known) == key_of(account)) {
                before.push((account, self.account(account)?.balance));
            }
        }
        post(self)?;
        for (id, before) in before {
            let balance = self.account(id)?.balance;
            let (version, recorded_at) = self.next_movement(id);
            let movement = Movement {
                version,
                entry: entry.id.clone(),
                kind: entry.kind.clone(),
                step,
                change: less(balance, before).ok_or_else(|| out_of_range(id))?,
                balance,
                effective_at: entry.effective_at,
                recorded_at,
                command: Some(self.changes.key.clone()),
                correlation: self.changes.correlation.clone(),
                chain_tx: entry.chain_tx.clone(),
                details: entry.details.clone(),
            };
            self.booked.movements.push((key_of(id), movement));
        }
        Ok(())
    }

    /// The version and the recorded time of an account's next movement: neither goes back.
    fn next_movement(&self, id: &AccountId) -> (u64, Timestamp) {
        let key = key_of(id);
        let drafted = self.booked.movements.iter().rev().find(|(moved, _)| *moved == key);
        let last = drafted
            .map(|(_, movement)| movement)
            .or_else(|| self.books.movements.get(&key).and_then(|all| all.last()));
        let now = self.booked.recorded_at;
        last.map_or((1, now), |last| (last.version + 1, last.recorded_at.max(now)))
    }

    pub(super) fn guard(&self, guard: &Guard) -> Result<(), CommitError> {
        let balance = self.account(&guard.account)?.balance;
        let available = balance
            .settled
            .checked_sub(balance.pending_out)
            .map_err(|_| out_of_range(&guard.account))?;
        if available < guard.minimum {
            return Err(CommitError::Guard { account: guard.account.clone(), available });
        }
        Ok(())
    }

    /// Adds postings to the balances, or takes them off again.
    fn post(
        &mut self,
        postings: &[Posting],
        status: EntryStatus,
        change: fn(Amount, Amount) -> Result<Amount, kolo_rules::AmountError>,
    ) -> Result<(), PortError> {
        for Posting { account: id, side, amount } in postings {
            let mut account = self.account(id)?;
            let balance = &mut account.balance;
            let with_the_grain = *side == id.normal;
            let (figure, amount) = match (status, with_the_grain) {
                (EntryStatus::Settled, true) => (&mut balance.settled, *amount),
                (EntryStatus::Settled, false) => {
                    (&mut balance.settled, Amount::new(-amount.minor_units()))
                }
                (EntryStatus::Pending, true) => (&mut balance.pending_in, *amount),
                (EntryStatus::Pending, false) => (&mut balance.pending_out, *amount),
                (EntryStatus::Voided | EntryStatus::Expired, _) => continue,
            };
            *figure = change(*figure, amount).map_err(|_| out_of_range(id))?;
            self.booked.accounts.insert(key_of(id), account);
        }
        Ok(())
    }

    fn account(&self, id: &AccountId) -> Result<Account, PortError> {
        match self.booked.accounts.get(&key_of(id)) {
            Some(account) if account.normal != id.normal => Err(wrong_side(id)),
            Some(account) => Ok(*account),
            None => {
                let new = Account { normal: id.normal, balance: Balance::default() };
                Ok(self.books.account(id)?.unwrap_or(new))
            }
        }
    }
}

/// The lines of a hold that settle when these amounts of it do; `None` when that is no part of it.
fn part(lines: &[Posting], amounts: &[Amount]) -> Option<Vec<Posting>> {
    let fits = lines.len() == amounts.len()
        && lines.iter().zip(amounts).all(|(line, part)| {
            *part == Amount::ZERO || (part.is_positive() && *part <= line.amount)
        });
    let settled = |(line, part): (&Posting, &Amount)| Posting { amount: *part, ..line.clone() };
    let lines: Vec<_> = lines.iter().zip(amounts).map(settled).collect();
    let some = lines.iter().filter(|line| line.amount.is_positive());
    (fits && is_balanced(&some.cloned().collect::<Vec<_>>())).then_some(lines)
}

/// At least two lines, each more than nothing, and per asset as much on the left as on the right.
fn is_balanced(postings: &[Posting]) -> bool {
    let mut sums = BTreeMap::<&str, i128>::new();
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

fn key_of(id: &AccountId) -> AccountKey {
    (id.name.clone(), id.asset.clone())
}

fn wrong_side(id: &AccountId) -> PortError {
    invalid(format!(
        "account {} in {} grows on its other side: use the side it was first used with",
        id.name, id.asset
    ))
}

fn out_of_range(id: &AccountId) -> PortError {
    PortError::new(
        PortErrorKind::Limited,
        Retry::Permanent,
        format!("a balance of account {} in {} leaves the range: book less", id.name, id.asset),
    )
}
