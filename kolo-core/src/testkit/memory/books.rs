//! Double-entry books: accounts, entries, holds.
use std::collections::BTreeMap;

use super::invalid;
use crate::Amount;
use crate::port::ledger::{
    AccountId, Balance, CommitError, EntryQuery, EntryStatus, Guard, JournalEntry, Posting,
    Resolution, Side, StoredEntry,
};
use crate::port::{PortError, PortErrorKind, Retry};

/// Name and asset: what identifies an account, whatever side a caller believes it grows on.
type AccountKey = (String, String);

/// The books of one tenant.
#[derive(Default)]
pub(super) struct Books {
    accounts: BTreeMap<AccountKey, Account>,
    /// By position: the order in which they were written.
    entries: BTreeMap<u64, JournalEntry>,
    positions: BTreeMap<String, u64>,
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
    resolved: BTreeMap<u64, JournalEntry>,
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
        self.entries.extend(booked.resolved);
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
    booked: Booked,
}

impl<'a> Draft<'a> {
    pub(super) fn on(books: &'a Books) -> Self {
        let booked =
            Booked { accounts: BTreeMap::new(), entries: Vec::new(), resolved: BTreeMap::new() };
        Self { books, booked }
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
        if entry.status == EntryStatus::Voided {
            return Err(invalid(format!(
                "journal entry {} is new and voided: write it settled or pending",
                entry.id
            ))
            .into());
        }
        self.post(&entry.postings, entry.status, Amount::checked_add)?;
        self.booked.entries.push(entry.clone());
        Ok(())
    }

    /// Ends a hold, whether stored or written earlier in this change set.
    pub(super) fn resolve(&mut self, resolution: &Resolution) -> Result<(), CommitError> {
        let not_pending = || CommitError::NotPending(resolution.entry.clone());
        let position = self.books.positions.get(&resolution.entry).copied();
        let mut entry = match position {
            Some(position) if self.booked.resolved.contains_key(&position) => None,
            Some(position) => self.books.entries.get(&position).cloned(),
            None => self.booked.entries.iter().find(|e| e.id == resolution.entry).cloned(),
        }
        .filter(|entry| entry.status == EntryStatus::Pending)
        .ok_or_else(not_pending)?;

        self.post(&entry.postings, EntryStatus::Pending, Amount::checked_sub)?;
        entry.status = EntryStatus::Voided;
        if resolution.settle {
            entry.status = EntryStatus::Settled;
            self.post(&entry.postings, EntryStatus::Settled, Amount::checked_add)?;
        }
        entry.effective_at = resolution.effective_at;
        entry.chain_tx = resolution.chain_tx.clone().or(entry.chain_tx);
        match position {
            Some(position) => drop(self.booked.resolved.insert(position, entry)),
            None => {
                let written = self.booked.entries.iter_mut().filter(|e| e.id == entry.id);
                written.for_each(|written| *written = entry.clone());
            }
        }
        Ok(())
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
                (EntryStatus::Voided, _) => continue,
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
