//! In somebody else's database: their pool, their rights, their pooler, their schema.
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use kolo_core::port::ledger::Side;
use kolo_core::port::{Committed, Ledger};
use kolo_store::{PostgresLedger, PostgresOptions, StoreError};
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Row};

use crate::make::{account, aggregate, step, tenant};
use crate::proxy::Pooler;
use crate::support::{Place, RUNTIME, raw, try_raw};
use crate::upgrade::{OLD, WRONG, first_schema, goes_on};
use crate::views::{ANSWERS, write_one_of_each};

/// The schema that a place's URL names.
pub fn schema(place: &Place) -> &str {
    place.url().rsplit("%3D").next().expect("a schema")
}

/// The same database without a schema.
pub fn bare(place: &Place) -> &str {
    place.url().split('?').next().expect("a URL")
}

async fn pool(url: &str, most: u32) -> PgPool {
    PgPoolOptions::new().max_connections(most).connect(url).await.expect("a pool")
}

async fn count(pool: &PgPool, sql: &str) -> i64 {
    let row = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch_one(pool).await.expect(sql);
    row.get(0)
}

#[test]
fn replicas_that_start_at_once_migrate_once() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let name = format!("{}_new", schema(&place));
        let starts = (0..12).map(|_| {
            let options = PostgresOptions::default().schema(&name).connections(2);
            let url = bare(&place).to_owned();
            tokio::spawn(async move { PostgresLedger::connect_with(&url, options).await })
        });
        for (number, started) in join_all(starts).await.into_iter().enumerate() {
            let store = started.expect("no panic").expect("opened");
            let answer = store.commit(step(&format!("{number}"), &format!("of {number}"), 0)).await;
            assert!(matches!(answer, Ok(Committed::Now(_))), "{answer:?}");
            store.close().await;
        }
        let host = pool(bare(&place), 1).await;
        let applied = count(&host, &format!("SELECT count(*) FROM {name}.kolo_migrations")).await;
        assert_eq!(usize::try_from(applied).expect("small"), PostgresLedger::migrations().len());
    });
}

#[test]
fn a_role_without_rights_to_change_the_schema_runs_it() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let (name, role) = (format!("{}_grant", schema(&place)), format!("{}_app", schema(&place)));
        let options = PostgresOptions::default().schema(&name);
        let limited = bare(&place).replace("kolo@", &format!("{role}@"));
        raw(place.url(), &format!("CREATE ROLE {role} LOGIN")).await;
        // Nothing is there and nothing may be made.
        let error = PostgresLedger::connect_with(&limited, options.clone()).await.err();
        assert!(matches!(error, Some(StoreError::Refused { .. })), "{error:?}");
        let known = u64::from(PostgresLedger::migrations().last().expect("some").version());
        let asked = options.clone().migrating(false);
        match PostgresLedger::connect_with(bare(&place), asked).await.err() {
            Some(StoreError::Outdated { found: 0, known: k }) => assert_eq!(k, known),
            other => panic!("{other:?}"),
        }
        let applied = PostgresLedger::migrate(bare(&place), &options).await.expect("migrated");
        assert_eq!(applied.len(), PostgresLedger::migrations().len());
        assert!(PostgresLedger::migrate(bare(&place), &options).await.expect("again").is_empty());
        let grants = format!(
            "GRANT USAGE ON SCHEMA {name} TO {role}; \
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {name} TO {role}; \
             REVOKE INSERT, UPDATE, DELETE ON {name}.kolo_migrations FROM {role}; \
             GRANT USAGE ON ALL SEQUENCES IN SCHEMA {name} TO {role}"
        );
        raw(place.url(), &grants).await;
        let store = PostgresLedger::connect_with(&limited, options).await.expect("opened");
        store.commit(step("one", "ada", 0)).await.expect("committed");
        assert!(store.check().await.expect("readable").is_clean());
        let ddl = format!("CREATE TABLE {name}.mine (x int)");
        assert!(try_raw(&limited, &ddl).await.is_err(), "the role could change the schema");
        let forge = format!("DELETE FROM {name}.kolo_migrations WHERE version = 3");
        assert!(try_raw(&limited, &forge).await.is_err(), "the role could have it changed");
        let harm = format!("ALTER TABLE {name}.events DISABLE TRIGGER ALL");
        assert!(try_raw(&limited, &harm).await.is_err(), "the role could rewrite history");
    });
}

#[test]
fn the_migrations_can_be_run_by_other_tools() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let name = format!("{}_psql", schema(&place));
        let options = PostgresOptions::default().schema(&name).migrating(false);
        let script = PostgresLedger::migrations_sql(&options, 0).expect("a name");
        // Two of them take turns, as programs do.
        let begin = "BEGIN;\nSET LOCAL statement_timeout = 0;\nSELECT pg_advisory_xact_lock(";
        assert!(script.starts_with(begin), "{script}");
        // Whatever the session has of its own.
        let own = "CREATE TEMP TABLE kolo_migrations (x int); CREATE TEMP TABLE accounts (x int);";
        raw(bare(&place), &format!("{own} {script}")).await;
        let store = PostgresLedger::connect_with(bare(&place), options).await.expect("opened");
        store.commit(step("one", "ada", 0)).await.expect("committed");
        let bad = PostgresOptions::default().schema("x\"; DROP");
        assert!(matches!(
            PostgresLedger::migrations_sql(&bad, 0),
            Err(StoreError::Location { .. })
        ));
    });
}

#[test]
fn a_pooler_that_changes_connections_is_fine() {
    let place = Place::new();
    let pooler = Pooler::before(bare(&place), 3);
    RUNTIME.block_on(async {
        let name = format!("{}_pooled", schema(&place));
        let options = PostgresOptions::default().schema(&name).prepared(false);
        let stores = [
            Arc::new(
                PostgresLedger::connect_with(&pooler.url, options.clone()).await.expect("opened"),
            ),
            Arc::new(PostgresLedger::connect_with(&pooler.url, options).await.expect("opened")),
        ];
        let calls = (0..120_usize).map(|number| {
            let store = Arc::clone(&stores[number % 2]);
            tokio::spawn(async move {
                let id = format!("of {number}");
                store.commit(step(&format!("key {number}"), &id, 0)).await.expect("committed");
                let there = store.load(&tenant(), &[aggregate(&id)]).await.expect("readable");
                assert!(there[0].is_some());
            })
        });
        for call in join_all(calls).await {
            call.expect("no panic");
        }
        let report = stores[1].check().await.expect("readable");
        assert_eq!((report.events, report.findings), (120, vec![]));
        for store in stores {
            store.close().await;
        }
    });
    assert_eq!(pooler.free(), 3, "a connection is held for longer than its transaction");
}

/// launchbadge/sqlx#4393: hundreds of requests of the host are dropped in the middle, on the pool that
/// the store shares. What the store acknowledged is there, and what it did not is whole or absent.
#[test]
fn requests_dropped_in_the_middle_lose_no_acknowledged_write() {
    const CALLS: u64 = 400;
    let place = Place::new();
    RUNTIME.block_on(async {
        let host = pool(bare(&place), 6).await;
        let options = PostgresOptions::default().schema(schema(&place));
        let store = PostgresLedger::from_pool(host.clone(), options).await.expect("opened");
        let store = Arc::new(store);
        let calls = (0..CALLS).map(|call| {
            let (store, host) = (Arc::clone(&store), host.clone());
            tokio::spawn(async move {
                let patience = Duration::from_micros(call * 53 % 6000);
                // The host's own transaction, whose begin() may be cut anywhere.
                let begun = async {
                    let open = host.begin().await;
                    tokio::time::sleep(Duration::from_millis(2)).await;
                    drop(open);
                };
                tokio::time::timeout(patience, begun).await.ok();
                let name = format!("call {call}");
                let commit = store.commit(step(&name, &name, 0));
                // Some callers stay, the others leave at any moment.
                let stays = if call % 4 == 0 { Duration::from_secs(60) } else { patience * 8 };
                let answer = tokio::time::timeout(stays, commit).await;
                let main = tenant();
                let read = store.events_after(&main, 0, 1000);
                tokio::time::timeout(patience / 2, read).await.ok();
                matches!(answer, Ok(Ok(Committed::Now(_))))
            })
        });
        let acknowledged = join_all(calls).await;
        // Whatever was still under way has ended when a later commit has.
        store.commit(step("later", "later", 0)).await.expect("committed");
        let mut committed = 0;
        for (call, acknowledged) in acknowledged.into_iter().enumerate() {
            let name = format!("call {call}");
            let known = store.outcome(&tenant(), &name).await.expect("readable").is_some();
            if acknowledged.expect("no panic") {
                committed += 1;
                assert!(known, "{name} was acknowledged and is lost");
            }
            let wallet = account(&name, Side::Credit);
            let balance = store.balances(&tenant(), &[wallet]).await.expect("readable")[0];
            assert_eq!(balance.settled.minor_units(), i64::from(known), "{name}");
        }
        assert!(committed >= CALLS / 4, "{committed}: the test tests nothing");
        assert!(store.check().await.expect("readable").is_clean());
    });
}

/// The hazard itself, by hand: a connection comes back in the middle of a transaction.
#[test]
fn a_connection_in_somebody_elses_transaction_is_not_written_on() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let host = pool(bare(&place), 4).await;
        let options = PostgresOptions::default().schema(schema(&place));
        PostgresLedger::migrate(bare(&place), &options).await.expect("migrated");
        let mut lent = Vec::new();
        for _ in 0..4 {
            lent.push(host.acquire().await.expect("lent"));
        }
        for (number, connection) in lent.iter_mut().enumerate() {
            let left = format!("BEGIN; CREATE TABLE {}.left_{number} (x int)", schema(&place));
            sqlx::raw_sql(AssertSqlSafe(left)).execute(&mut **connection).await.expect("begun");
        }
        drop(lent);
        let store = PostgresLedger::from_pool(host.clone(), options).await.expect("opened");
        store.commit(step("one", "ada", 0)).await.expect("committed");
        store.close().await;
        let there = PostgresLedger::connect(place.url()).await.expect("opened");
        assert!(there.outcome(&tenant(), "one").await.expect("readable").is_some());
        let left = format!(
            "SELECT count(*) FROM pg_tables WHERE schemaname = '{}' AND tablename LIKE 'left%'",
            schema(&place)
        );
        let other = pool(bare(&place), 1).await;
        assert_eq!(count(&other, &left).await, 0, "their transaction was committed with ours");
    });
}

#[test]
fn a_database_of_the_first_schema_is_brought_up_to_date() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let hex = |hex: &str| format!("'\\x{hex}'");
        let migrations = PostgresLedger::migrations();
        raw(place.url(), &first_schema(migrations, "BYTEA", hex)).await;
        for sql in OLD {
            try_raw(place.url(), sql).await.expect(sql);
        }
        let store = place.open().await;
        // A program of the first schema that still runs changes nothing any more.
        for sql in OLD {
            assert!(try_raw(place.url(), sql).await.is_err(), "{sql}");
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
            let hex = |hex: &str| format!("'\\x{hex}'");
            raw(place.url(), &first_schema(PostgresLedger::migrations(), "BYTEA", hex)).await;
            raw(place.url(), wrong).await;
            let error = place.try_open().await.err().expect("refused");
            assert!(error.to_string().contains("ledger check"), "{error}");
            for sql in OLD {
                try_raw(place.url(), sql).await.expect(sql);
            }
        });
    }
}

/// A role that may read the views and nothing else.
#[test]
fn the_views_for_reporting_say_what_is_stored() {
    use sqlx::Connection;
    let place = Place::new();
    RUNTIME.block_on(async {
        write_one_of_each(&place.open().await).await;
        let (name, role) = (schema(&place), format!("{}_reports", schema(&place)));
        let grants = format!(
            "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA {name} TO {role}; \
             GRANT SELECT ON users, groups, wallets, chart_of_accounts, transactions, approvals, receipts, \
             notifications_log TO {role}"
        );
        raw(place.url(), &grants).await;
        let limited = place.url().replace("kolo@", &format!("{role}@"));
        let mut reader = sqlx::PgConnection::connect(&limited).await.expect("connected");
        for (sql, answers) in ANSWERS {
            let rows = sqlx::query(AssertSqlSafe(*sql)).fetch_all(&mut reader).await.expect(sql);
            let told: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
            assert_eq!(told, *answers, "{sql}");
        }
        let plan = sqlx::query("EXPLAIN SELECT * FROM approvals");
        let plan = plan.fetch_all(&mut reader).await.expect("planned");
        let steps: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
        let passes = steps.iter().filter(|step| step.contains(" on events")).count();
        assert_eq!(passes, 1, "one pass over the events: {steps:?}");
        let keys = sqlx::query("SELECT * FROM vault_keys").fetch_all(&mut reader).await;
        assert!(keys.is_err(), "a report could read the vault");
    });
}

/// What a reader has under the names of the database's own functions and types.
#[test]
fn a_readers_search_path_changes_no_view() {
    use sqlx::Connection;
    let place = Place::new();
    RUNTIME.block_on(async {
        let store = place.open().await;
        write_one_of_each(&store).await;
        let mut odd = step("odd", "odd", 0);
        odd.entries[0].details = "{not JSON".to_owned();
        store.commit(odd).await.expect("committed");
        let name = schema(&place);
        let lies = format!(
            "CREATE SCHEMA {name}_lies; CREATE DOMAIN {name}_lies.jsonb AS text; \
             CREATE FUNCTION {name}_lies.convert_from(bytea, text) RETURNS text LANGUAGE sql \
             AS $$ SELECT '{{\"name\": \"Mallory\"}}' $$"
        );
        raw(place.url(), &lies).await;
        let mut reader = sqlx::PgConnection::connect(place.url()).await.expect("connected");
        let path = format!("SET search_path TO {name}_lies, {name}, pg_catalog");
        sqlx::raw_sql(AssertSqlSafe(path)).execute(&mut reader).await.expect("set");
        let row = sqlx::query("SELECT name FROM users").fetch_one(&mut reader).await.expect("read");
        assert_eq!(row.get::<String, _>(0), "Ada");
        let odd = "SELECT count(*) FROM transactions WHERE command = 'odd' AND group_id IS NULL";
        let row = sqlx::query(odd).fetch_one(&mut reader).await.expect("read");
        assert!(row.get::<i64, _>(0) > 0);
    });
}

/// Books that were made before the schema had a name of its own are not left behind.
#[test]
fn books_in_another_schema_are_not_left_behind() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let store = place.open().await;
        store.commit(step("one", "ada", 0)).await.expect("committed");
        store.close().await;
        // A role whose search path leads there, as the first program found its tables.
        let (name, role) = (schema(&place).to_owned(), format!("{}_first", schema(&place)));
        let made = format!(
            "CREATE ROLE {role} LOGIN SUPERUSER; ALTER ROLE {role} SET search_path = {name}"
        );
        raw(place.url(), &made).await;
        let url = bare(&place).replace("kolo@", &format!("{role}@"));
        let error = PostgresLedger::connect(&url).await.err();
        match &error {
            Some(StoreError::OtherSchema { found, schema }) => {
                assert_eq!((found, schema.as_str()), (&name, "kolo"));
            }
            other => panic!("{other:?}"),
        }
        assert!(PostgresLedger::migrate(&url, &PostgresOptions::default()).await.is_err());
        for options in [
            PostgresOptions::default().schema(&name),
            PostgresOptions::default().schema_of_connection(),
        ] {
            let store = PostgresLedger::connect_with(&url, options).await.expect("opened");
            assert!(store.outcome(&tenant(), "one").await.expect("readable").is_some());
            store.close().await;
        }
        // Another one of that name may be meant, too.
        let other = PostgresOptions::default().schema(&format!("{name}_other"));
        let store = PostgresLedger::connect_with(&url, other).await.expect("opened");
        assert!(store.outcome(&tenant(), "one").await.expect("readable").is_none());
    });
}

/// A URL that sets a search path is obeyed, and not overruled silently.
#[test]
fn a_search_path_and_a_schema_are_not_guessed_between() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let both = PostgresOptions::default().schema("mine");
        let error = PostgresLedger::connect_with(place.url(), both).await.err();
        assert!(matches!(error, Some(StoreError::Location { .. })), "{error:?}");
        let store = PostgresLedger::connect_with(place.url(), PostgresOptions::default()).await;
        store.expect("opened").commit(step("one", "ada", 0)).await.expect("committed");
        let rows = format!("SELECT count(*) FROM {}.commands", schema(&place));
        assert_eq!(count(&pool(bare(&place), 1).await, &rows).await, 1);
    });
}

/// Two programs that reach one schema by different search paths take turns all the same.
#[test]
fn one_schema_has_one_turn_whatever_the_search_path() {
    let place = Place::new();
    RUNTIME.block_on(async {
        place.open().await.close().await;
        raw(place.url(), &format!("CREATE SCHEMA {}_before", schema(&place))).await;
        let path = format!("search_path%3D{}", schema(&place));
        let other =
            place.url().replace(&path, &format!("search_path%3D{0}_before,{0}", schema(&place)));
        let stores = [
            Arc::new(place.open().await),
            Arc::new(PostgresLedger::connect(&other).await.expect("opened")),
        ];
        let calls = (0..100_usize).map(|number| {
            let store = Arc::clone(&stores[number % 2]);
            let name = format!("of {number}");
            tokio::spawn(async move { store.commit(step(&name, &name, 0)).await })
        });
        for call in join_all(calls).await {
            call.expect("no panic").expect("committed");
        }
        let report = stores[0].check().await.expect("readable");
        assert_eq!((report.events, report.findings), (100, vec![]));
    });
}

/// Whatever the server's defaults for transactions are.
#[test]
fn defaults_of_the_server_change_nothing() {
    let place = Place::new();
    RUNTIME.block_on(async {
        place.open().await.close().await;
        let watch = "CREATE TABLE seen (durable text); \
            CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$ \
            BEGIN INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$; \
            CREATE TRIGGER watch AFTER INSERT ON commands FOR EACH STATEMENT EXECUTE FUNCTION see()";
        raw(place.url(), watch).await;
        let odd = format!(
            "{}%20-c%20default_transaction_isolation%3Dserializable\
             %20-c%20default_transaction_read_only%3Don%20-c%20synchronous_commit%3Doff",
            place.url()
        );
        let repeatable =
            format!("{}%20-c%20default_transaction_isolation%3Drepeatable%5C%20read", place.url());
        let stores = [
            Arc::new(PostgresLedger::connect(&odd).await.expect("opened")),
            Arc::new(PostgresLedger::connect(&repeatable).await.expect("opened")),
        ];
        let calls = (0..60_usize).map(|number| {
            let store = Arc::clone(&stores[number % 2]);
            let name = format!("of {number}");
            tokio::spawn(async move {
                store.commit(step(&name, &name, 0)).await.expect("committed");
                tokio::time::sleep(Duration::from_millis(1)).await;
                store.commit(step(&format!("again {number}"), &name, 1)).await.expect("committed");
            })
        });
        for call in join_all(calls).await {
            call.expect("no panic");
        }
        let report = stores[1].check().await.expect("readable");
        assert_eq!((report.events, report.findings), (120, vec![]));
        let host = pool(place.url(), 1).await;
        assert_eq!(count(&host, "SELECT count(*) FROM seen WHERE durable <> 'on'").await, 0);
        assert!(count(&host, "SELECT count(*) FROM seen").await > 0);
    });
}

/// A host's own tables may have the names of the views: they stay the host's.
#[test]
fn views_leave_a_hosts_tables_alone() {
    let place = Place::new();
    RUNTIME.block_on(async {
        raw(place.url(), "CREATE TABLE users (mine int); INSERT INTO users VALUES (7)").await;
        let store = place.open().await;
        store.commit(step("one", "ada", 0)).await.expect("committed");
        let host = pool(place.url(), 1).await;
        assert_eq!(count(&host, "SELECT mine::bigint FROM users").await, 7);
        // And what an entry says of itself need not be JSON.
        let mut odd = step("odd", "ada", 1);
        odd.entries[0].details = "{not JSON".to_owned();
        store.commit(odd).await.expect("committed");
        assert_eq!(count(&host, "SELECT count(*) FROM transactions WHERE round IS NULL").await, 4);
        // A table of the ledger's own name is another matter, and said.
        raw(
            place.url(),
            &format!(
                "CREATE SCHEMA {0}_full; CREATE TABLE {0}_full.events (x int)",
                schema(&place)
            ),
        )
        .await;
        let full = PostgresOptions::default().schema(&format!("{}_full", schema(&place)));
        let error = PostgresLedger::connect_with(bare(&place), full).await.err();
        let said = error.as_ref().map(ToString::to_string).unwrap_or_default();
        assert!(said.contains("a schema of its own"), "{error:?}");
    });
}
