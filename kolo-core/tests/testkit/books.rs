//! `check_books` passes sound books and finds what is wrong with others.
use async_trait::async_trait;
use futures::executor::block_on;
use kolo_core::port::ledger::{
    AccountId, AggregateId, Balance, ChangeSet, CommitError, Committed, EntryQuery, EntryStatus,
    IndexKey, JournalEntry, Record, Side, Stored, StoredEntry, StoredEvent,
};
use kolo_core::port::{Ledger, PortError};
use kolo_core::testkit::{Books, BooksError, MemoryLedger, check_books};
use kolo_core::{Amount, TenantId};

use crate::faulty::{account, deposit};

/// A ledger whose statements and balances are tampered with on their way out.
#[derive(Default)]
struct Lying {
    inner: MemoryLedger,
    entry: Option<fn(&AccountId, &mut JournalEntry)>,
    statement: Option<fn(&AccountId, &mut Vec<StoredEntry>)>,
    balance: Option<fn(&AccountId, &mut Balance)>,
}

#[async_trait]
impl Ledger for Lying {
    async fn commit(&self, changes: ChangeSet) -> Result<Committed, CommitError> {
        self.inner.commit(changes).await
    }

    async fn outcome(
        &self,
        tenant: &TenantId,
        key: &str,
    ) -> Result<Option<([u8; 32], Record)>, PortError> {
        self.inner.outcome(tenant, key).await
    }

    async fn load(
        &self,
        tenant: &TenantId,
        ids: &[AggregateId],
    ) -> Result<Vec<Option<Stored>>, PortError> {
        self.inner.load(tenant, ids).await
    }

    async fn list(
        &self,
        tenant: &TenantId,
        kind: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Stored>, PortError> {
        self.inner.list(tenant, kind, after, limit).await
    }

    async fn lookup(
        &self,
        tenant: &TenantId,
        keys: &[IndexKey],
    ) -> Result<Vec<Option<AggregateId>>, PortError> {
        self.inner.lookup(tenant, keys).await
    }

    async fn balances(
        &self,
        tenant: &TenantId,
        accounts: &[AccountId],
    ) -> Result<Vec<Balance>, PortError> {
        let mut balances = self.inner.balances(tenant, accounts).await?;
        if let Some(tamper) = self.balance {
            accounts
                .iter()
                .zip(&mut balances)
                .for_each(|(account, balance)| tamper(account, balance));
        }
        Ok(balances)
    }

    async fn entries(
        &self,
        tenant: &TenantId,
        query: &EntryQuery,
    ) -> Result<Vec<StoredEntry>, PortError> {
        let mut statement = self.inner.entries(tenant, query).await?;
        if let Some(tamper) = self.entry {
            statement.iter_mut().for_each(|stored| tamper(&query.account, &mut stored.entry));
        }
        if let Some(tamper) = self.statement {
            tamper(&query.account, &mut statement);
        }
        Ok(statement)
    }

    async fn events_after(
        &self,
        tenant: &TenantId,
        position: u64,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, PortError> {
        self.inner.events_after(tenant, position, limit).await
    }
}

/// Deposits of 3 and 5, and one of 7 that is only held; checked from Ada's account.
fn check(ledger: &Lying) -> Result<Books, BooksError> {
    let mut held = deposit("held", 7);
    held.entries[0].status = EntryStatus::Pending;
    for changes in [deposit("three", 3), deposit("five", 5), held] {
        assert!(block_on(ledger.commit(changes)).is_ok());
    }
    block_on(check_books(ledger, &TenantId::default(), &[account("ada", Side::Credit)]))
}

#[test]
fn sound_books_pass_with_their_sums() {
    let books = check(&Lying::default()).unwrap();
    let balance =
        Balance { settled: Amount::new(8), pending_out: Amount::ZERO, pending_in: Amount::new(7) };
    // The other account is found by the entries they share.
    let accounts = [account("ada", Side::Credit), account("external", Side::Debit)];
    assert_eq!(books.accounts, accounts.into_iter().map(|id| (id, balance)).collect());
    assert_eq!(books.entries, 3);
    assert_eq!(books.turnover, [("USDC:G".to_owned(), 8)].into_iter().collect());
}

#[test]
fn many_pages_are_read_to_their_end() {
    let ledger = MemoryLedger::new();
    for n in 0..450 {
        block_on(ledger.commit(deposit(&format!("e{n}"), 1))).unwrap();
    }
    let ada = [account("ada", Side::Credit)];
    let books = block_on(check_books(&ledger, &TenantId::default(), &ada)).unwrap();
    assert_eq!((books.entries, books.accounts[&ada[0]].settled), (450, Amount::new(450)));
}

#[test]
fn a_wrong_balance_is_found() {
    let ledger =
        Lying { balance: Some(|_, balance| balance.pending_in = Amount::ZERO), ..Lying::default() };
    let found = check(&ledger);
    assert!(matches!(found, Err(BooksError::Balance { entries, .. })
        if entries.pending_in == Amount::new(7)));
}

#[test]
fn a_wrong_balance_of_a_connected_account_is_found() {
    let ledger = Lying {
        balance: Some(|account, balance| {
            if account.name == "external" {
                balance.settled = Amount::ZERO;
            }
        }),
        ..Lying::default()
    };
    assert!(matches!(check(&ledger), Err(BooksError::Balance { account, .. })
        if account.name == "external"));
}

#[test]
fn an_entry_out_of_balance_is_found() {
    // Both sides are told the same untruth, and the balance that goes with it.
    let ledger = Lying {
        entry: Some(|_, entry| {
            if entry.id == "three" {
                entry.postings[0].amount = Amount::new(4);
            }
        }),
        balance: Some(|account, balance| {
            if account.name == "external" {
                balance.settled = Amount::new(9);
            }
        }),
        ..Lying::default()
    };
    assert!(matches!(check(&ledger), Err(BooksError::Unbalanced { entry, difference: 1, .. })
        if entry == "three"));
}

#[test]
fn statements_that_disagree_are_found() {
    let ledger = Lying {
        entry: Some(|account, entry| {
            if account.name == "ada" {
                entry.details = "other".to_owned();
            }
        }),
        ..Lying::default()
    };
    assert!(matches!(check(&ledger), Err(BooksError::Disagreement(_))));
}

#[test]
fn an_entry_missing_from_one_statement_is_found() {
    let ledger = Lying {
        statement: Some(|account, statement| {
            statement.retain(|stored| account.name == "ada" || stored.entry.id != "held");
        }),
        balance: Some(|account, balance| {
            if account.name == "external" {
                balance.pending_in = Amount::ZERO;
            }
        }),
        ..Lying::default()
    };
    assert!(matches!(check(&ledger), Err(BooksError::Disagreement(id)) if id == "held"));
}

#[test]
fn a_statement_out_of_order_is_found() {
    let ledger = Lying { statement: Some(|_, statement| statement.reverse()), ..Lying::default() };
    assert!(matches!(check(&ledger), Err(BooksError::Statement(_))));
}
