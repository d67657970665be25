//! Many at once on the same money, through two stores on one database.
use std::sync::Arc;

use futures::future::join_all;
use kolo_core::port::ledger::{Balance, EntryStatus, Guard, Side};
use kolo_core::port::{CommitError, Committed, Ledger};
use kolo_core::testkit::check_books;
use kolo_core::{Amount, TenantId};

use crate::contribution::{INSTALMENT, Seat, external, funding};
use crate::make::{account, command, deposit, tenant};
use crate::support::{Place, RUNTIME};

/// The 64 members of the largest circle.
fn everybody() -> Vec<Seat> {
    (0..64).map(|member| Seat::of(member, 7)).collect()
}

/// A hundred debits in flight at once against money for ten: ten happen, ninety are refused.
#[test]
fn a_hundred_debits_spend_what_there_is() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let stores = [Arc::new(place.open().await), Arc::new(place.open().await)];
        for number in 0..10 {
            let id = format!("fund {number}");
            let mut fund = command(&id);
            fund.entries.push(deposit(&id, "ada", EntryStatus::Settled));
            stores[0].commit(fund).await.expect("funded");
        }
        let debits = (0..100_usize).map(|number| {
            let store = Arc::clone(&stores[number % 2]);
            let id = format!("debit {number}");
            let mut changes = command(&id);
            let mut debit = deposit(&id, "ada", EntryStatus::Settled);
            for line in &mut debit.postings {
                line.side = if line.side == Side::Debit { Side::Credit } else { Side::Debit };
            }
            changes.entries.push(debit);
            let guard = Guard { account: account("ada", Side::Credit), minimum: Amount::ZERO };
            changes.guards.push(guard);
            tokio::spawn(async move { store.commit(changes).await })
        });
        let mut spent = 0;
        for answer in join_all(debits).await {
            match answer.expect("no panic") {
                Ok(answer) => {
                    assert!(matches!(answer, Committed::Now(_)), "{answer:?}");
                    spent += 1;
                }
                Err(CommitError::Guard { available, .. }) => {
                    assert_eq!(available, Amount::new(-1));
                }
                Err(other) => panic!("expected a guard, got {other:?}"),
            }
        }
        assert_eq!(spent, 10);
        let ada = account("ada", Side::Credit);
        let left = stores[1].balances(&tenant(), &[ada]).await.expect("readable");
        assert_eq!(left, [Balance::default()]);
        let report = stores[1].check().await.expect("readable");
        assert_eq!((report.entries, report.findings), (20, vec![]));
    });
}

/// Every member of a full circle contributes at the same moment: nobody waits for another's version.
#[test]
fn a_full_circle_contributes_at_once_without_a_conflict() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let stores = [Arc::new(place.open().await), Arc::new(place.open().await)];
        let mut seats = everybody();
        let members = i64::try_from(seats.len()).expect("few");
        stores[0].commit(funding("fund", &seats, 1)).await.expect("funded");
        let contributions = seats.iter_mut().enumerate().map(|(number, seat)| {
            let (store, changes) = (Arc::clone(&stores[number % 2]), seat.contribute());
            tokio::spawn(async move { store.commit(changes).await })
        });
        for answer in join_all(contributions).await {
            let answer = answer.expect("no panic").expect("no conflict");
            assert!(matches!(answer, Committed::Now(_)), "{answer:?}");
        }
        let main = TenantId::default();
        let pot = seats[0].pot();
        let balance = stores[0].balances(&main, &[pot]).await.expect("readable")[0];
        assert_eq!(balance.pending_in, Amount::new(members * INSTALMENT));
        // The money is held, so nobody can contribute it twice.
        for seat in &mut seats {
            let again = stores[1].commit(seat.contribute()).await;
            assert!(matches!(again, Err(CommitError::Guard { .. })), "{again:?}");
        }
        check_books(stores[1].as_ref(), &main, &[external()]).await.expect("the books add up");
        let report = stores[1].check().await.expect("readable");
        assert_eq!((report.events, report.findings), (128, vec![]));
    });
}
