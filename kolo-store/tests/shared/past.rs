//! Past balances by effective time, of an account with a long history in which not everything was recorded
//! in the order in which it took effect. Shared by both databases.
use kolo_core::port::ledger::{Balance, EntryStatus, Resolution, Side};
use kolo_core::port::statement::{AsOf, Movement, ReadModel, StatementQuery};
use kolo_core::port::{ChangeSet, Ledger};
use kolo_core::{Amount, Timestamp};
use kolo_store::Finding;

use crate::make::{NOW, account, command, deposit, tenant, withdrawal};
use crate::support::{Place, RUNTIME, Store, UNDO_SPANS, harm};

/// Entries of the history; more than the runs of the middle size have movements.
const ENTRIES: u64 = 3_640;
/// Of them in one commit.
const AT_ONCE: u64 = 364;

/// When an entry took effect: one in 40 long before it was recorded, one in 50 later than that.
fn effective(number: u64) -> Timestamp {
    let at = match number {
        number if number % 40 == 7 => number.saturating_sub(number % 1_700),
        number if number % 50 == 9 => number + 300,
        number => number,
    };
    NOW.plus(10 * at)
}

fn entries(first: u64) -> ChangeSet {
    let mut changes = command(&format!("from {first}"));
    changes.recorded_at = NOW.plus(10 * (first + AT_ONCE));
    for number in first..first + AT_ONCE {
        let id = format!("entry {number}");
        let mut entry = match number % 3 {
            0 => deposit(&id, "ada", EntryStatus::Settled),
            1 => withdrawal(&id, "ada", EntryStatus::Settled),
            _ => withdrawal(&id, "ada", EntryStatus::Pending),
        };
        entry.effective_at = effective(number);
        changes.resolutions.extend((number % 6 == 5).then(|| Resolution {
            entry: id,
            settle: number % 12 == 5,
            chain_tx: None,
            effective_at: entry.effective_at.plus(400),
        }));
        changes.entries.push(entry);
    }
    changes
}

async fn history(store: &Store) -> Vec<Movement> {
    let ada = account("ada", Side::Credit);
    let (from, until) = (Timestamp::from_unix(0), NOW.plus(1_000_000));
    let query = StatementQuery { account: ada, from, until, after: None, limit: usize::MAX };
    store.statement(&tenant(), &query).await.expect("a statement").movements
}

/// What all movements that took effect by then come to, one by one.
fn summed(history: &[Movement], at: Timestamp) -> Balance {
    let (mut settled, mut pending_out, mut pending_in) = (0, 0, 0);
    for movement in history.iter().filter(|movement| movement.effective_at <= at) {
        settled += movement.change.settled.minor_units();
        pending_out += movement.change.pending_out.minor_units();
        pending_in += movement.change.pending_in.minor_units();
    }
    let amount = Amount::new;
    Balance {
        settled: amount(settled),
        pending_out: amount(pending_out),
        pending_in: amount(pending_in),
    }
}

async fn agrees(store: &Store, history: &[Movement]) {
    let ada = [account("ada", Side::Credit)];
    for moment in (0..=30).map(|step| NOW.plus(step * 1_301)).chain([Timestamp::from_unix(0)]) {
        let at = AsOf::Effective(moment);
        let told = store.balances_at(&tenant(), &ada, at).await.expect("readable");
        assert_eq!(told, [summed(history, moment)], "{moment:?}");
    }
}

#[test]
fn a_balance_by_effective_time_is_the_sum_of_what_took_effect() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let store = place.open().await;
        for first in (0..ENTRIES).step_by(usize::try_from(AT_ONCE).expect("small")) {
            store.commit(entries(first)).await.expect("committed");
        }
        let told = history(&store).await;
        assert!(told.len() > 64 * 64, "{} movements", told.len());
        agrees(&store, &told).await;
        assert!(store.check().await.expect("readable").is_clean());
        store.close().await;

        // What is there when the migration comes is taken in by it.
        let again = format!("{UNDO_SPANS}; DELETE FROM kolo_migrations WHERE version = 4");
        harm(&place.location(), &again).await;
        let store = place.open().await;
        agrees(&store, &told).await;
        assert!(store.check().await.expect("readable").is_clean());
        store.close().await;

        // And who says otherwise of movements than they are, is found.
        let wrong = "UPDATE spans SET latest = latest + 1 WHERE size = 4096 AND account = 'ada'";
        harm(&place.location(), wrong).await;
        let found = place.open().await.check().await.expect("readable").findings;
        let (account, asset) = ("ada".to_owned(), "USDC:G".to_owned());
        assert_eq!(found, [Finding::Balance { tenant: tenant(), account, asset }]);
    });
}
