//! Opening, and the advice given when it fails.
use kolo_core::port::{CommitError, Ledger, PortErrorKind, Retry};
use kolo_store::{SqliteLedger, StoreError};

use crate::make::{command, record, tenant};
use crate::support::{Place, RUNTIME, hold, raw, try_raw};
use crate::upgrade::{OLD, WRONG, first_schema, goes_on};
use crate::views::{ANSWERS, write_one_of_each};

async fn refusal(location: &str) -> StoreError {
    match SqliteLedger::connect(location).await {
        Ok(_) => panic!("{location} opened"),
        Err(error) => error,
    }
}

#[test]
fn opening_again_finds_everything() {
    let place = Place::new();
    RUNTIME.block_on(async {
        for number in 0..3 {
            let store = place.open().await;
            store.commit(command(&format!("{number}"))).await.expect("committed");
            store.close().await;
        }
        let store = SqliteLedger::connect(&format!("sqlite://{}", place.file())).await;
        let store = store.expect("the store opens");
        for number in 0..3 {
            let outcome = store.outcome(&tenant(), &format!("{number}")).await.expect("readable");
            assert_eq!(outcome.expect("there").1, record(&format!("{number}")));
        }
    });
}

#[test]
fn a_closed_store_says_so() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let store = place.open().await;
        store.close().await;
        store.close().await;
        let Err(CommitError::Port(error)) = store.commit(command("late")).await else {
            panic!("a closed store committed");
        };
        assert_eq!((error.kind, error.retry), (PortErrorKind::Unavailable, Retry::Permanent));
        let error = store.outcome(&tenant(), "late").await.expect_err("closed");
        assert_eq!(error.kind, PortErrorKind::Unavailable);
    });
}

#[test]
fn only_the_owner_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    RUNTIME.block_on(async {
        let store = place.open().await;
        store.commit(command("a")).await.expect("committed");
        for file in std::fs::read_dir(place.folder()).expect("a folder") {
            let file = file.expect("a file");
            let mode = file.metadata().expect("metadata").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{:?}", file.path());
        }
    });
}

#[test]
fn a_place_that_is_none_is_explained() {
    RUNTIME.block_on(async {
        for location in ["", "sqlite:", ":memory:", "sqlite::memory:", "postgres://host/db"] {
            let error = refusal(location).await;
            assert!(matches!(error, StoreError::Location { .. }), "{location}: {error}");
        }
    });
}

#[test]
fn a_folder_that_is_not_there_is_explained() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let missing = place.folder().join("missing/kolo.db");
        let missing = missing.to_str().expect("UTF-8");
        let error = refusal(missing).await;
        assert!(matches!(error, StoreError::NotWritable { .. }), "{error}");
        assert!(error.to_string().contains(missing), "{error}");
        let folder = place.folder().to_str().expect("UTF-8");
        let error = refusal(folder).await;
        assert!(matches!(error, StoreError::NotWritable { .. }), "{error}");
    });
}

#[test]
fn a_file_of_something_else_is_left_alone() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let letter = "Dear Ada, ".repeat(1000);
        std::fs::write(place.file(), &letter).expect("written");
        let error = refusal(&place.file()).await;
        assert!(matches!(error, StoreError::NotADatabase { .. }), "{error}");
        assert_eq!(std::fs::read_to_string(place.file()).expect("readable"), letter);
    });
}

#[test]
fn a_newer_schema_is_refused() {
    let place = Place::new();
    RUNTIME.block_on(async {
        place.open().await.close().await;
        raw(&place.file(), "INSERT INTO kolo_migrations VALUES (99, 'later', x'00')").await;
        let checksum = "UPDATE kolo_migrations SET checksum = zeroblob(32) WHERE version = 99";
        raw(&place.file(), checksum).await;
        let error = refusal(&place.file()).await;
        let newest = SqliteLedger::migrations().last().expect("some").version();
        let expected = u64::from(newest);
        let is_it = matches!(error, StoreError::TooNew { found: 99, known } if known == expected);
        assert!(is_it, "{error}");
    });
}

#[test]
fn a_changed_migration_is_refused() {
    let place = Place::new();
    RUNTIME.block_on(async {
        place.open().await.close().await;
        raw(&place.file(), "UPDATE kolo_migrations SET checksum = zeroblob(32)").await;
        let error = refusal(&place.file()).await;
        assert!(matches!(error, StoreError::Diverged { version: 1 }), "{error}");
    });
}

#[test]
fn a_locked_file_is_explained_and_opens_later() {
    let place = Place::new();
    RUNTIME.block_on(async {
        place.open().await.close().await;
        let lock = hold(&place.file()).await;
        let error = refusal(&place.file()).await;
        assert!(matches!(error, StoreError::Locked { .. }), "{error}");
        drop(lock);
        place.open().await.commit(command("later")).await.expect("committed");
    });
}

/// A lock that another process holds for too long fails the commit, and nothing of it happens.
#[test]
fn a_commit_that_cannot_get_the_lock_did_not_happen() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let store = place.open().await;
        let lock = hold(&place.file()).await;
        let Err(CommitError::Port(error)) = store.commit(command("a")).await else {
            panic!("committed in spite of the lock");
        };
        assert_eq!((error.kind, error.retry), (PortErrorKind::Unavailable, Retry::Temporary));
        drop(lock);
        assert_eq!(store.outcome(&tenant(), "a").await.expect("readable"), None);
        store.commit(command("a")).await.expect("committed");
    });
}

#[test]
fn a_database_of_the_first_schema_is_brought_up_to_date() {
    let place = Place::new();
    RUNTIME.block_on(async {
        std::fs::write(place.file(), "").expect("an empty file");
        let hex = |hex: &str| format!("x'{hex}'");
        raw(&place.file(), &first_schema(SqliteLedger::migrations(), "BLOB", hex)).await;
        for sql in OLD {
            try_raw(&place.file(), sql).await.expect(sql);
        }
        let store = place.open().await;
        // A program of the first schema that still runs changes nothing any more.
        for sql in OLD {
            assert!(try_raw(&place.file(), sql).await.is_err(), "{sql}");
        }
        goes_on(store).await;
    });
}

/// Books that are wrong stay as they are, for the program that made them.
#[test]
fn a_first_schema_that_does_not_add_up_is_left_alone() {
    for wrong in WRONG {
        let place = Place::new();
        RUNTIME.block_on(async {
            std::fs::write(place.file(), "").expect("an empty file");
            let hex = |hex: &str| format!("x'{hex}'");
            raw(&place.file(), &first_schema(SqliteLedger::migrations(), "BLOB", hex)).await;
            raw(&place.file(), wrong).await;
            let error = refusal(&place.file()).await;
            assert!(error.to_string().contains("ledger check"), "{error}");
            for sql in OLD {
                try_raw(&place.file(), sql).await.expect(sql);
            }
        });
    }
}

#[test]
fn the_views_for_reporting_say_what_is_stored() {
    use sqlx::{AssertSqlSafe, Connection, Row};
    let place = Place::new();
    RUNTIME.block_on(async {
        write_one_of_each(&place.open().await).await;
        let url = format!("sqlite://{}", place.file());
        let mut reader = sqlx::SqliteConnection::connect(&url).await.expect("opened");
        for (sql, answers) in ANSWERS {
            let rows = sqlx::query(AssertSqlSafe(*sql)).fetch_all(&mut reader).await.expect(sql);
            let told: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
            assert_eq!(told, *answers, "{sql}");
        }
        let plan = sqlx::query("EXPLAIN QUERY PLAN SELECT * FROM approvals");
        let plan = plan.fetch_all(&mut reader).await.expect("planned");
        let steps: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
        assert_eq!(steps, ["SCAN events"], "one pass over the events");
    });
}
