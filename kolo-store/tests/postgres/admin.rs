//! What an operator meets: migrations that have to wait, and errors that say what to do.
use std::time::Duration;

use kolo_core::port::{CommitError, Ledger};
use kolo_store::{PostgresLedger, PostgresOptions, StoreError};
use sqlx::{Connection, PgConnection};

use crate::hosting::{bare, schema};
use crate::make::{step, tenant};
use crate::proxy::Pooler;
use crate::support::{
    Place, RUNTIME, UNDO_SPANS, blocked, hold_turn, number, raw, turn, until_blocked,
};
use crate::texts::are_refused;
use crate::upgrade::{first_schema, goes_on};

#[test]
fn a_test_leaves_nothing_on_the_server() {
    let (place, other) = (Place::new(), Place::new());
    let name = schema(&place).to_owned();
    let left = format!(
        "SELECT (SELECT count(*) FROM pg_namespace \
         WHERE nspname = '{name}' OR starts_with(nspname::text, '{name}_')) \
         + (SELECT count(*) FROM pg_roles WHERE starts_with(rolname::text, '{name}_'))"
    );
    RUNTIME.block_on(async {
        place.open().await.commit(step("one", "ada", 0)).await.expect("committed");
        let more = format!(
            "CREATE SCHEMA {name}_more; CREATE ROLE {name}_app LOGIN SUPERUSER; \
             GRANT SELECT ON ALL TABLES IN SCHEMA {name} TO {name}_app"
        );
        raw(place.url(), &more).await;
        assert_eq!(number(other.url(), &left).await, 3);
    });
    drop(place);
    RUNTIME.block_on(async { assert_eq!(number(other.url(), &left).await, 0) });
}

/// A report reads a table for longer than a migration waits for it.
#[test]
fn a_migration_outlasts_a_long_reader() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let hex = |hex: &str| format!("'\\x{hex}'");
        raw(place.url(), &first_schema(PostgresLedger::migrations(), "BYTEA", hex)).await;
        let mut reader = PgConnection::connect(place.url()).await.expect("connected");
        let report = "BEGIN; SELECT count(*) FROM accounts";
        sqlx::raw_sql(report).execute(&mut reader).await.expect("read");
        let url = place.url().to_owned();
        let opening = tokio::spawn(async move { PostgresLedger::connect(&url).await });
        for _ in 0..3 {
            until_blocked(&place).await;
            // As if its patience were over.
            raw(place.url(), &format!("SELECT pg_cancel_backend(pid) {}", blocked(&place))).await;
        }
        assert!(!opening.is_finished());
        sqlx::raw_sql("ROLLBACK").execute(&mut reader).await.expect("ended");
        goes_on(opening.await.expect("no panic").expect("opened")).await;
    });
}

/// A server's or a role's limit for single requests is none for what reads or changes everything.
#[test]
fn limits_of_statements_end_no_migration_and_no_check() {
    const LIMIT: Duration = Duration::from_secs(1);
    let place = Place::new();
    RUNTIME.block_on(async {
        let hex = |hex: &str| format!("'\\x{hex}'");
        raw(place.url(), &first_schema(PostgresLedger::migrations(), "BYTEA", hex)).await;
        let url = format!("{}%20-c%20statement_timeout%3D1s", place.url());
        let begun = format!(
            "SELECT max(extract(epoch FROM xact_start) * 1000)::bigint {}",
            blocked(&place)
        );
        let mut reader = PgConnection::connect(place.url()).await.expect("connected");
        let report = "BEGIN; SELECT count(*) FROM accounts";
        sqlx::raw_sql(report).execute(&mut reader).await.expect("read");
        let limited = url.clone();
        let opening = tokio::spawn(async move { PostgresLedger::connect(&limited).await });
        until_blocked(&place).await;
        let before = number(place.url(), &begun).await;
        tokio::time::sleep(2 * LIMIT).await;
        until_blocked(&place).await;
        assert_eq!(number(place.url(), &begun).await, before, "it began anew");
        sqlx::raw_sql("ROLLBACK").execute(&mut reader).await.expect("ended");
        let store = opening.await.expect("no panic").expect("opened");

        let lock = "BEGIN; LOCK TABLE events IN ACCESS EXCLUSIVE MODE";
        sqlx::raw_sql(lock).execute(&mut reader).await.expect("locked");
        let checking = tokio::spawn(async move { store.check().await });
        until_blocked(&place).await;
        tokio::time::sleep(2 * LIMIT).await;
        sqlx::raw_sql("ROLLBACK").execute(&mut reader).await.expect("ended");
        checking.await.expect("no panic").expect("readable");
    });
}

/// What was read before a migration is not written after it.
#[test]
fn a_migration_takes_its_turn() {
    let place = Place::new();
    RUNTIME.block_on(async {
        place.open().await.close().await;
        let undone = "DELETE FROM kolo_migrations WHERE version = 3; DROP VIEW users, groups, wallets, \
                      chart_of_accounts, transactions, approvals, receipts, notifications_log; \
                      DROP FUNCTION kolo_json, kolo_details";
        raw(place.url(), undone).await;
        let before = turn(&place).await;
        let mut held = hold_turn(&place).await;
        let url = place.url().to_owned();
        let opening = tokio::spawn(async move { PostgresLedger::connect(&url).await });
        until_blocked(&place).await;
        sqlx::raw_sql("ROLLBACK").execute(&mut held).await.expect("released");
        opening.await.expect("no panic").expect("opened");
        assert_eq!(turn(&place).await, before + 1);
    });
}

/// A host's own tool takes no turn: a movement that is being written is in the spans all the same.
#[test]
fn spans_miss_no_movement_that_is_being_written() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let store = place.open().await;
        for number in 0..64 {
            store.commit(step(&format!("{number}"), "ada", number)).await.expect("committed");
        }
        let harmless = format!("{UNDO_SPANS}; DELETE FROM kolo_migrations WHERE version = 4");
        raw(place.url(), &harmless).await;
        let mut writer = PgConnection::connect(place.url()).await.expect("connected");
        // As if the 64th movements came just now.
        let late = "SET session_replication_role = replica; BEGIN; \
                    UPDATE movements SET effective_at = 5 WHERE version = 64";
        sqlx::raw_sql(late).execute(&mut writer).await.expect("written");
        let url = place.url().to_owned();
        let spans = PostgresLedger::migrations().last().expect("the fourth").sql();
        let tool = tokio::spawn(async move { raw(&url, &format!("BEGIN; {spans}; COMMIT")).await });
        until_blocked(&place).await;
        sqlx::raw_sql("COMMIT").execute(&mut writer).await.expect("committed");
        tool.await.expect("no panic");
        let missed = "SELECT count(*) FROM movements m LEFT JOIN spans s ON s.tenant = m.tenant \
                      AND s.account = m.account AND s.asset = m.asset AND s.version = m.version \
                      AND s.earliest = 5 WHERE m.version = 64 AND s.version IS NULL";
        assert_eq!(number(place.url(), missed).await, 0);
        assert!(number(place.url(), "SELECT count(*) FROM spans").await > 0);
    });
}

/// New tables have none of the grants on those of before.
#[test]
fn rights_that_a_migration_left_out_are_said_at_once() {
    let place = Place::new();
    RUNTIME.block_on(async {
        place.open().await.close().await;
        let (name, role) = (schema(&place), format!("{}_late", schema(&place)));
        let before = format!(
            "{UNDO_SPANS}; DELETE FROM kolo_migrations WHERE version = 4; CREATE ROLE {role} LOGIN; \
             GRANT USAGE ON SCHEMA {name} TO {role}; \
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {name} TO {role}; \
             REVOKE DELETE, UPDATE ON index_names FROM {role}"
        );
        raw(place.url(), &before).await;
        place.open().await.close().await;
        let limited = place.url().replace("kolo@", &format!("{role}@"));
        let Some(StoreError::Refused { source, .. }) = PostgresLedger::connect(&limited).await.err()
        else {
            panic!("it would stop at the 64th movement of an account");
        };
        let grants = format!(
            "GRANT UPDATE, DELETE ON {name}.index_names TO {role}; \
             GRANT SELECT, INSERT ON {name}.spans TO {role}"
        );
        assert!(source.context.ends_with(&grants), "{source}");
        raw(place.url(), &grants).await;
        let store = PostgresLedger::connect(&limited).await.expect("opened");
        for number in 0..65 {
            store.commit(step(&format!("{number}"), "ada", number)).await.expect("committed");
        }
        assert!(number(place.url(), "SELECT count(*) FROM spans").await > 0, "nothing is tested");
        assert!(store.check().await.expect("readable").is_clean());
    });
}

#[test]
fn a_role_that_only_reads_checks_the_books_and_writes_nothing() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let store = place.open().await;
        store.commit(step("one", "ada", 0)).await.expect("committed");
        let (name, role) = (schema(&place), format!("{}_reads", schema(&place)));
        let grants = format!(
            "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA {name} TO {role}; \
             GRANT SELECT ON ALL TABLES IN SCHEMA {name} TO {role}"
        );
        raw(place.url(), &grants).await;
        let limited = place.url().replace("kolo@", &format!("{role}@"));
        let reader = PostgresLedger::connect(&limited).await.expect("opened");
        let report = reader.check().await.expect("readable");
        assert_eq!((report.events, report.findings), (1, vec![]));
        let error = reader.commit(step("two", "ada", 1)).await.expect_err("it may not");
        assert!(matches!(error, CommitError::Port(_)), "{error}");
        assert_eq!(store.events_after(&tenant(), 0, 9).await.expect("readable").len(), 1);
    });
}

#[test]
fn a_schema_of_another_program_is_named() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let store = place.open().await;
        raw(place.url(), "ALTER TABLE commands RENAME COLUMN hash TO newer").await;
        let error = store.commit(step("one", "ada", 0)).await.expect_err("it is another one");
        assert!(error.to_string().contains("program and schema differ"), "{error}");
    });
}

#[test]
fn a_pooler_that_forgets_prepared_statements_is_named() {
    let place = Place::new();
    let pooler = Pooler::before(bare(&place), 3);
    RUNTIME.block_on(async {
        place.open().await.close().await;
        let options = PostgresOptions::default().schema(schema(&place));
        let mut said = None;
        for number in 0..20 {
            match PostgresLedger::connect_with(&pooler.url, options.clone()).await {
                Ok(store) => {
                    let answer = store.commit(step(&format!("{number}"), "ada", number)).await;
                    said = answer.err().map(|error: CommitError| error.to_string());
                }
                Err(error) => said = Some(error.to_string()),
            }
            if said.is_some() {
                break;
            }
        }
        let said = said.expect("statements of one connection were found on another");
        assert!(said.contains("KOLO_POOLER=transaction"), "{said}");
    });
}

#[test]
fn a_database_that_cannot_write_every_name_is_refused() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let name = format!("{}_latin", schema(&place));
        let create =
            format!("CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
        raw(bare(&place), &create).await;
        let (server, _) = bare(&place).rsplit_once('/').expect("a database");
        let error = PostgresLedger::connect(&format!("{server}/{name}")).await.err();
        raw(bare(&place), &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        let said = error.expect("refused").to_string();
        assert!(said.contains("LATIN1") && said.contains("UTF8"), "{said}");
    });
}

#[test]
fn texts_that_not_every_database_keeps_are_refused() {
    let place = Place::new();
    RUNTIME.block_on(async { are_refused(place.open().await).await });
}
