//! Several processes on one database, lost connections, and history that stays.
use std::sync::Arc;

use futures::future::join_all;
use kolo_core::port::ledger::EntryStatus;
use kolo_core::port::{CommitError, Ledger, PortErrorKind};
use kolo_store::{PostgresLedger, PostgresOptions, StoreError};

use crate::make::{NOW, aggregate, command, step, tenant, withdrawal};
use crate::support::{Place, RUNTIME, raw, try_raw};

#[test]
fn two_writers_take_turns() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let stores = [Arc::new(place.open().await), Arc::new(place.open().await)];
        let workers = (0..8_usize).map(|worker| {
            let store = Arc::clone(&stores[worker % 2]);
            tokio::spawn(async move {
                for number in 0..20 {
                    let key = format!("{worker}/{number}");
                    loop {
                        let hot = store.load(&tenant(), &[aggregate("hot")]).await.expect("read");
                        let version = hot[0].as_ref().map_or(0, |stored| stored.version);
                        match store.commit(step(&key, "hot", version)).await {
                            Ok(_) => break,
                            Err(CommitError::Conflict(_)) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                }
            })
        });
        for worker in join_all(workers).await {
            worker.expect("no worker panics");
        }
        for store in &stores {
            let report = store.check().await.expect("readable");
            assert_eq!((report.events, report.findings), (160, vec![]));
        }
    });
}

#[test]
fn what_the_database_refuses_fails_alone() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let store = place.open().await;
        let poison = "CREATE TRIGGER poison BEFORE INSERT ON commands FOR EACH ROW \
                      WHEN (NEW.key = 'key 13') EXECUTE FUNCTION kolo_refuse('poison')";
        raw(place.url(), poison).await;
        let commits = (0..40)
            .map(|number| store.commit(step(&format!("key {number}"), &format!("of {number}"), 0)));
        for (number, answer) in join_all(commits).await.into_iter().enumerate() {
            match answer {
                Ok(_) => assert_ne!(number, 13),
                Err(CommitError::Port(error)) => {
                    assert_eq!((number, error.kind), (13, PortErrorKind::Invalid));
                }
                Err(error) => panic!("{error}"),
            }
        }
        let report = store.check().await.expect("readable");
        assert_eq!((report.events, report.findings), (39, vec![]));
    });
}

#[test]
fn lost_connections_are_replaced() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let store = place.open().await;
        store.commit(command("before")).await.expect("committed");
        // The store's connections are the ones that look for tables in this schema.
        let schema = place.url().rsplit("%3D").next().expect("a schema");
        let kill = format!(
            "DO $$ BEGIN IF (SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
             WHERE pid <> pg_backend_pid() AND application_name = 'kolo {schema}') = 0 \
             THEN RAISE EXCEPTION 'no connection to lose'; END IF; END $$"
        );
        raw(place.url(), &kill).await;
        let mut answers = Vec::new();
        for _ in 0..3 {
            answers.push(store.commit(command("after")).await);
        }
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        assert!(store.outcome(&tenant(), "after").await.expect("readable").is_some());
    });
}

#[test]
fn history_cannot_be_rewritten() {
    let harms = [
        "UPDATE events SET record_kind = 'x'",
        "DELETE FROM events",
        "TRUNCATE events",
        "INSERT INTO events SELECT tenant, 9, aggregate_kind, aggregate_id, record_kind, \
         schema_version, bytes, recorded_at FROM events LIMIT 1",
        "UPDATE entries SET kind = 'payout'",
        "UPDATE entries SET status = 'voided' WHERE id = 'one'",
        "DELETE FROM entries",
        "UPDATE postings SET amount = 7",
        "DELETE FROM postings",
        "INSERT INTO parts VALUES ('main', 1, 0, 2)",
        // What settles of a hold balances too.
        "INSERT INTO parts VALUES ('main', 2, 0, 1)",
        // The books would not: one line more, one line less of two.
        "INSERT INTO postings VALUES ('main', 1, 5, 'ada', 'USDC:G', 'debit', 1)",
        "INSERT INTO postings VALUES ('main', 1, 5, 'ada', 'USDC:G', 'debit', 2), \
         ('main', 1, 6, 'external', 'USDC:G', 'credit', 1)",
        "INSERT INTO postings VALUES ('main', 1, 5, 'nobody', 'USDC:G', 'debit', 1)",
        "INSERT INTO postings VALUES ('main', 1, 5, 'ada', 'USDC:G', 'debit', 0)",
        "UPDATE accounts SET settled = 9",
        "DELETE FROM accounts",
        "UPDATE aggregates SET version = 1",
        "DELETE FROM work",
        "UPDATE movements SET settled_after = 9",
        "DELETE FROM movements",
        "TRUNCATE movements",
        "UPDATE kolo_turns SET number = number",
        "UPDATE kolo_turns SET number = number - 1",
        "DELETE FROM kolo_turns",
        // Not what the one before leads to: the balance, the version, the time.
        "INSERT INTO movements VALUES ('main', 'ada', 'USDC:G', 3, 1, 'settled', 1, 0, 0, 9, 0, 1, \
         NULL, 1, 1800000000, NULL, NULL)",
        "INSERT INTO movements VALUES ('main', 'ada', 'USDC:G', 4, 1, 'settled', 1, 0, 0, 2, 0, 1, \
         NULL, 1, 1800000000, NULL, NULL)",
        "INSERT INTO movements VALUES ('main', 'ada', 'USDC:G', 3, 1, 'settled', 1, 0, 0, 2, 0, 1, \
         NULL, 1, 5, NULL, NULL)",
        // Less than the guard asks: 1 settled, 1 held, and one more held.
        "INSERT INTO movements VALUES ('main', 'ada', 'USDC:G', 3, 1, 'held', 0, 0, 1, 1, 0, 2, \
         0, 1, 1800000000, NULL, NULL)",
    ];
    let place = Place::new();
    RUNTIME.block_on(async {
        let store = place.open().await;
        let mut changes = step("one", "ada", 0);
        changes.entries.push(withdrawal("held", "ada", EntryStatus::Pending));
        store.commit(changes).await.expect("committed");
        for harm in harms {
            assert!(try_raw(place.url(), harm).await.is_err(), "{harm}");
        }
        let right = "INSERT INTO movements VALUES ('main', 'ada', 'USDC:G', 3, 1, 'held', 0, 0, 1, \
                     1, 0, 2, -1, 1, 1800000000, NULL, NULL)";
        try_raw(place.url(), right).await.expect("the same, with less asked for");
        let ended = "UPDATE entries SET status = 'voided' WHERE id = 'held'";
        try_raw(place.url(), ended).await.expect("a hold may end");
        assert!(try_raw(place.url(), ended).await.is_err(), "once");
    });
}

/// Somebody took the row that orders the writers: nobody writes, whichever way.
#[test]
fn without_a_turn_nothing_is_written() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let url = place.url();
        place.open().await.close().await;
        raw(url, "DROP TRIGGER turns_stay ON kolo_turns; DELETE FROM kolo_turns").await;
        for prepared in [true, false] {
            let options = PostgresOptions::default().prepared(prepared);
            let store = PostgresLedger::connect_with(url, options).await.expect("the store opens");
            match store.commit(step("one", "ada", 0)).await {
                Err(CommitError::Port(error)) => {
                    assert_eq!(error.kind, PortErrorKind::Unavailable);
                    assert!(error.to_string().contains("kolo_turns"), "{error}");
                }
                other => panic!("{other:?}"),
            }
            assert!(store.outcome(&tenant(), "one").await.expect("readable").is_none());
            assert!(store.forget_commands(NOW).await.is_err(), "a write without a turn");
        }
        raw(url, "INSERT INTO kolo_turns VALUES (1, 7)").await;
        place.open().await.commit(step("one", "ada", 0)).await.expect("committed");
    });
}

#[test]
fn refusals_are_explained_without_the_password() {
    let place = Place::new();
    RUNTIME.block_on(async {
        place.open().await.close().await;
        let newer = "INSERT INTO kolo_migrations VALUES (99, 'later', \
                     decode(repeat('00', 32), 'hex'))";
        raw(place.url(), newer).await;
        let error = place.try_open().await.err().expect("refused");
        let newest = PostgresLedger::migrations().last().expect("some").version();
        let expected = u64::from(newest);
        let is_it = matches!(error, StoreError::TooNew { found: 99, known } if known == expected);
        assert!(is_it, "{error}");

        let nobody = "postgres://kolo:hunter2@127.0.0.1:1/kolo";
        let missing = place.url().replace("/postgres?", "/missing?");
        for url in [nobody, "postgres://kolo:hunter2@host:port", &missing] {
            let error = PostgresLedger::connect(url).await.err().expect("refused");
            let said = format!("{error} {error:?}");
            assert!(!said.contains("hunter2"), "{said}");
            match error {
                StoreError::Unreachable { .. } => assert_eq!(url, nobody),
                StoreError::Refused { .. } => assert_eq!(url, missing),
                StoreError::Location { .. } => assert!(url.ends_with(":port")),
                error => panic!("{error}"),
            }
        }
    });
}
