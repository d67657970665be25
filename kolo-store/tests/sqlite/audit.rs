//! The schema refuses to have history rewritten, and old keys are forgotten.
use kolo_core::Timestamp;
use kolo_core::port::ledger::{EntryStatus, Retention};
use kolo_core::port::{Committed, Ledger};

use crate::make::{NOW, command, deposit, step, tenant};
use crate::support::{Place, RUNTIME, try_raw};

/// A store with a settled entry, a hold, two events, then closed.
async fn written() -> Place {
    let place = Place::new();
    let store = place.open().await;
    store.commit(step("one", "ada", 0)).await.expect("committed");
    let mut two = step("two", "ada", 1);
    two.entries.push(deposit("held", "ada", EntryStatus::Pending));
    store.commit(two).await.expect("committed");
    let report = store.check().await.expect("readable");
    assert_eq!((report.entries, report.accounts, report.events), (3, 2, 2));
    assert!(report.is_clean());
    store.close().await;
    place
}

#[test]
fn history_cannot_be_rewritten() {
    let harms = [
        "UPDATE events SET bytes = x'00'",
        "DELETE FROM events",
        "INSERT INTO events SELECT tenant, 9, aggregate_kind, aggregate_id, record_kind, \
         schema_version, bytes, recorded_at FROM events LIMIT 1",
        "UPDATE entries SET kind = 'payout'",
        "UPDATE entries SET effective_at = 5 WHERE id = 'one'",
        "UPDATE entries SET status = 'pending' WHERE id = 'one'",
        "UPDATE entries SET status = 'voided' WHERE id = 'one'",
        "UPDATE entries SET held_at = NULL WHERE id = 'held'",
        "DELETE FROM entries",
        "UPDATE postings SET amount = 7",
        "UPDATE postings SET side = 'debit'",
        "DELETE FROM postings",
        "INSERT INTO parts VALUES ('main', 1, 0, 2)",
        "INSERT INTO postings VALUES ('main', 99, 0, 'ada', 'USDC:G', 'debit', 1)",
        "INSERT INTO postings VALUES ('main', 1, 5, 'nobody', 'USDC:G', 'debit', 1)",
        "INSERT INTO postings VALUES ('main', 1, 5, 'ada', 'USDC:G', 'debit', 0)",
        "UPDATE accounts SET normal = 'debit', movement = movement + 1",
        "UPDATE accounts SET settled = 9",
        "DELETE FROM accounts",
        "UPDATE aggregates SET version = 1",
        "DELETE FROM work",
        "UPDATE movements SET settled_after = 9",
        "DELETE FROM movements",
        // Not what the one before leads to: the balance, the version, the time.
        "INSERT INTO movements VALUES ('main', 'ada', 'USDC:G', 4, 1, 'settled', 1, 0, 0, 9, 1, 0, \
         NULL, 1, 1800000000, NULL, NULL)",
        "INSERT INTO movements VALUES ('main', 'ada', 'USDC:G', 5, 1, 'settled', 1, 0, 0, 3, 1, 0, \
         NULL, 1, 1800000000, NULL, NULL)",
        "INSERT INTO movements VALUES ('main', 'ada', 'USDC:G', 4, 1, 'settled', 1, 0, 0, 3, 1, 0, \
         NULL, 1, 5, NULL, NULL)",
        // Less than the guard asks: 2 settled, 3 held.
        "INSERT INTO movements VALUES ('main', 'ada', 'USDC:G', 4, 1, 'held', 0, 0, 3, 2, 1, 3, \
         0, 1, 1800000000, NULL, NULL)",
    ];
    RUNTIME.block_on(async {
        let place = written().await;
        for harm in harms {
            assert!(try_raw(&place.file(), harm).await.is_err(), "{harm}");
        }
        let right = "INSERT INTO movements VALUES ('main', 'ada', 'USDC:G', 4, 1, 'held', 0, 0, 3, \
                     2, 1, 3, -1, 1, 1800000000, NULL, NULL)";
        try_raw(&place.file(), right).await.expect("the same, with less asked for");
        let ended = "UPDATE entries SET status = 'voided' WHERE id = 'held'";
        try_raw(&place.file(), ended).await.expect("a hold may end");
        assert!(try_raw(&place.file(), ended).await.is_err(), "once");
    });
}

#[test]
fn keys_are_forgotten_after_ninety_days_unless_kept_for_ever() {
    const DAY: u64 = 24 * 60 * 60;
    let place = Place::new();
    RUNTIME.block_on(async {
        let store = place.open().await;
        let mut short = command("short");
        short.retention = Retention::NinetyDays;
        store.commit(short.clone()).await.expect("committed");
        store.commit(command("money")).await.expect("committed");
        assert_eq!(store.forget_commands(NOW.plus(90 * DAY)).await.expect("written"), 0);
        let again = store.commit(short).await.expect("committed");
        assert!(matches!(again, Committed::Before(_)));
        assert_eq!(store.forget_commands(NOW.plus(90 * DAY + 1)).await.expect("written"), 1);
        assert_eq!(store.forget_commands(Timestamp::from_unix(u64::MAX)).await.expect("w"), 0);
        assert_eq!(store.outcome(&tenant(), "short").await.expect("readable"), None);
        assert!(store.outcome(&tenant(), "money").await.expect("readable").is_some());
    });
}
