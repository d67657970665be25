//! Whether a ledger's books add up.
use std::collections::{BTreeMap, BTreeSet};

use crate::port::ledger::{
    AccountId, Balance, EntryQuery, EntryStatus, JournalEntry, Side, StoredEntry,
};
use crate::port::{Ledger, PortError};
use crate::{Amount, TenantId};

/// How many entries are read at a time.
const PAGE: usize = 200;

/// What [`check_books`] found in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Books {
    /// Every account that was asked for or is connected to one by an entry.
    pub accounts: BTreeMap<AccountId, Balance>,
    /// How many entries there are.
    pub entries: usize,
    /// Per asset, all settled debits, which are all settled credits.
    pub turnover: BTreeMap<String, i128>,
}

/// What is wrong with the books.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BooksError {
    /// An entry does not balance by itself.
    #[error("entry {entry} is out of balance by {difference} minor units of {asset}")]
    Unbalanced {
        /// Which entry.
        entry: String,
        /// In which asset.
        asset: String,
        /// Debits minus credits.
        difference: i128,
    },
    /// An entry has fewer than two lines, or one of nothing or less.
    #[error("entry {0} has fewer than two lines or an amount that is not positive")]
    Malformed(String),
    /// A statement is not in order, or has an entry twice or without the account.
    #[error("the statement of {0:?} is not in order, or has an entry twice or a stranger's")]
    Statement(AccountId),
    /// Two statements show one entry differently, or only one of them shows it.
    #[error("entry {0} is not the same in the statements of all its accounts")]
    Disagreement(String),
    /// A balance is not what the entries add up to.
    #[error("{account:?} has {stored:?}, its entries add up to {entries:?}")]
    Balance {
        /// Which account.
        account: AccountId,
        /// What the ledger says.
        stored: Balance,
        /// What its entries say.
        entries: Balance,
    },
    /// Sums leave the range of an amount.
    #[error("the entries of {0:?} add up to more than an amount can hold")]
    Range(AccountId),
    /// The ledger could not be read.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Reads the statements of these accounts, and of every account connected to them by an entry, and
/// checks that each entry balances, that statements agree, that every balance is the sum of its
/// entries, and with that: Σ debits = Σ credits in each asset.
///
/// Nothing may be committed meanwhile: the pages are not one snapshot.
///
/// # Errors
/// [`BooksError`] names the first thing that is wrong.
pub async fn check_books(
    ledger: &dyn Ledger,
    tenant: &TenantId,
    accounts: &[AccountId],
) -> Result<Books, BooksError> {
    let mut books = Books::default();
    let mut entries = BTreeMap::<u64, (JournalEntry, BTreeSet<AccountId>)>::new();
    let mut open: Vec<AccountId> = accounts.to_vec();
    while let Some(account) = open.pop() {
        if books.accounts.contains_key(&account) {
            continue;
        }
        let statement = statement(ledger, tenant, &account).await?;
        let balance = sum(&account, &statement)?;
        let stored = ledger.balances(tenant, std::slice::from_ref(&account)).await?;
        if stored != [balance] {
            let stored = stored.first().copied().unwrap_or_default();
            return Err(BooksError::Balance { account, stored, entries: balance });
        }
        for StoredEntry { position, entry } in statement {
            open.extend(entry.postings.iter().map(|posting| posting.account.clone()));
            let (known, seen) =
                entries.entry(position).or_insert_with(|| (entry.clone(), BTreeSet::new()));
            if *known != entry {
                return Err(BooksError::Disagreement(entry.id));
            }
            seen.insert(account.clone());
        }
        books.accounts.insert(account, balance);
    }
    books.entries = entries.len();
    for (entry, seen) in entries.into_values() {
        if entry.postings.iter().any(|posting| !seen.contains(&posting.account)) {
            return Err(BooksError::Disagreement(entry.id));
        }
        for (asset, debits) in debits(&entry)? {
            *books.turnover.entry(asset).or_default() +=
                if entry.status == EntryStatus::Settled { debits } else { 0 };
        }
    }
    Ok(books)
}

/// All pages of one account.
async fn statement(
    ledger: &dyn Ledger,
    tenant: &TenantId,
    account: &AccountId,
) -> Result<Vec<StoredEntry>, BooksError> {
    let mut statement: Vec<StoredEntry> = Vec::new();
    loop {
        let before = statement.last().map(|stored| stored.position);
        let query = EntryQuery { account: account.clone(), before, limit: PAGE };
        let page = ledger.entries(tenant, &query).await?;
        if page.is_empty() {
            return Ok(statement);
        }
        for stored in page {
            let last = statement.last().map(|stored| stored.position);
            let concerned = stored.entry.postings.iter().any(|p| p.account == *account);
            if !concerned || last.is_some_and(|last| stored.position >= last) {
                return Err(BooksError::Statement(account.clone()));
            }
            statement.push(stored);
        }
    }
}

/// What an account's entries add up to.
fn sum(account: &AccountId, statement: &[StoredEntry]) -> Result<Balance, BooksError> {
    let (mut settled, mut pending_out, mut pending_in) = (0_i128, 0_i128, 0_i128);
    for StoredEntry { entry, .. } in statement {
        for posting in entry.postings.iter().filter(|posting| posting.account == *account) {
            let amount = i128::from(posting.amount.minor_units());
            match (entry.status, posting.side == account.normal) {
                (EntryStatus::Settled, true) => settled += amount,
                (EntryStatus::Settled, false) => settled -= amount,
                (EntryStatus::Pending, true) => pending_in += amount,
                (EntryStatus::Pending, false) => pending_out += amount,
                (EntryStatus::Voided | EntryStatus::Expired, _) => {}
            }
        }
    }
    let amount =
        |sum| i64::try_from(sum).map(Amount::new).map_err(|_| BooksError::Range(account.clone()));
    Ok(Balance {
        settled: amount(settled)?,
        pending_out: amount(pending_out)?,
        pending_in: amount(pending_in)?,
    })
}

/// Per asset the debits of an entry, which must be its credits.
fn debits(entry: &JournalEntry) -> Result<BTreeMap<String, i128>, BooksError> {
    // Of a hold that settled in part, a line may have settled nothing.
    let malformed = entry.postings.iter().any(|posting| posting.amount < Amount::ZERO);
    if malformed || entry.postings.len() < 2 {
        return Err(BooksError::Malformed(entry.id.clone()));
    }
    let mut sums = BTreeMap::<String, (i128, i128)>::new();
    for posting in &entry.postings {
        let (debits, credits) = sums.entry(posting.account.asset.clone()).or_default();
        let amount = i128::from(posting.amount.minor_units());
        match posting.side {
            Side::Debit => *debits += amount,
            Side::Credit => *credits += amount,
        }
    }
    for (asset, (debits, credits)) in &sums {
        if debits != credits {
            return Err(BooksError::Unbalanced {
                entry: entry.id.clone(),
                asset: asset.clone(),
                difference: debits - credits,
            });
        }
    }
    Ok(sums.into_iter().map(|(asset, (debits, _))| (asset, debits)).collect())
}
