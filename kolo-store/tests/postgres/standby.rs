//! A server that only reads: what a program may meet after a failover, when its connections lead to a
//! replica that has not become the leader yet, and lags behind.
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use kolo_core::port::ledger::Side;
use kolo_core::port::{CommitError, Committed, Ledger, PortErrorKind, Retry};
use kolo_store::PostgresLedger;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection, Row};

use crate::make::{account, step, tenant};
use crate::proxy::{Cut, Cutter};
use crate::support::{Place, RUNTIME, raw};

/// Nobody's user id: PostgreSQL refuses to run as root.
const NOBODY: u32 = 65_534;

/// A replica of the tests' server, which ends with it.
struct Standby {
    url: String,
    _guard: Child,
}

fn unprivileged(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder);
    if folder.metadata().expect("metadata").uid() == NOBODY {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

impl Standby {
    async fn of(place: &Place) -> Self {
        let mut leader = PgConnection::connect(place.url()).await.expect("connected");
        let asked = "SELECT setting FROM pg_config WHERE name = 'BINDIR'";
        let row = sqlx::query(asked).fetch_one(&mut leader).await.expect("told");
        let programs: PathBuf = row.get::<String, _>(0).into();
        // The other tests write meanwhile: what the copy needs stays until it has it.
        let keep = ["ALTER SYSTEM SET wal_keep_size = '2GB'", "SELECT pg_reload_conf()"];
        for sql in keep {
            sqlx::raw_sql(sql).execute(&mut leader).await.expect(sql);
        }
        let from = PgConnectOptions::from_str(place.url()).expect("a URL");
        let folder = tempfile::tempdir().expect("a folder").keep();
        if folder.metadata().expect("metadata").uid() == 0 {
            chown(&folder, Some(NOBODY), Some(NOBODY)).expect("given away");
        }
        let host = from.get_socket().map_or_else(
            || from.get_host().to_owned(),
            |socket| socket.to_str().expect("UTF-8").to_owned(),
        );
        let (port, user) = (from.get_port(), from.get_username());
        let copied = unprivileged(&programs.join("pg_basebackup"), &folder)
            .args(["-D", "data", "-R", "-X", "stream", "-c", "fast", "--no-sync"])
            .args(["-d", &format!("host={host} port={port} user={user}")])
            .output()
            .expect("pg_basebackup runs");
        assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
        let script = "\"$0\" -D data -k \"$PWD\" -p 5432 -c listen_addresses= -c max_connections=1000 >log 2>&1 & server=$!; \
            cat >/dev/null; kill -QUIT $server; wait $server; rm -rf \"$PWD\"";
        let postgres = programs.join("postgres");
        let guard = unprivileged(Path::new("sh"), &folder)
            .args(["-c", script, postgres.to_str().expect("UTF-8")])
            .stdin(Stdio::piped())
            .spawn()
            .expect("the standby starts");
        let socket = folder.to_str().expect("UTF-8").replace('/', "%2F");
        let (_, settings) = place.url().split_once('?').expect("settings");
        let url = format!("postgres://{user}@{socket}/postgres?{settings}");
        let mut tries = 0;
        while PgConnection::connect(&url).await.is_err() {
            tries += 1;
            let log = || std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            assert!(tries < 900, "no standby: {}", log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Self { url, _guard: guard }
    }
}

/// What is not on a replica yet has happened nevertheless: no doubt is resolved there.
#[test]
fn a_doubt_is_not_resolved_on_a_replica() {
    let place = Place::new();
    let line = Cutter::before(place.url());
    RUNTIME.block_on(async {
        let store = Arc::new(PostgresLedger::connect(&line.url).await.expect("the store opens"));
        store.commit(step("first", "ada", 0)).await.expect("committed");
        let standby = Standby::of(&place).await;
        raw(&standby.url, "SELECT pg_wal_replay_pause()").await;

        line.arm(Cut::AfterCommit);
        line.then_lead_to(&standby.url);
        let cut = Arc::clone(&store);
        let cut = tokio::spawn(async move { cut.commit(step("second", "ada", 1)).await });
        tokio::time::sleep(Duration::from_millis(1200)).await;
        assert!(!cut.is_finished(), "it was resolved by a server that cannot know");
        line.lead_to(place.url());
        let answer = cut.await.expect("no panic");
        assert!(matches!(answer, Ok(Committed::Now(_))), "{answer:?}");
        let wallet = account("ada", Side::Credit);
        let balance = store.balances(&tenant(), &[wallet]).await.expect("readable")[0];
        assert_eq!(balance.settled.minor_units(), 2);
        assert!(store.check().await.expect("readable").is_clean());
    });
}

/// What a replica has not heard of yet is no reason to refuse a commit for good.
#[test]
fn a_replica_that_is_behind_refuses_nothing_for_good() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let leader = place.open().await;
        leader.commit(step("first", "ada", 0)).await.expect("committed");
        let standby = Standby::of(&place).await;
        let store = PostgresLedger::connect(&standby.url).await.expect("the store opens");
        raw(&standby.url, "SELECT pg_wal_replay_pause()").await;
        leader.commit(step("second", "ada", 1)).await.expect("committed");
        // The replica still has version 1.
        match store.commit(step("third", "ada", 2)).await {
            Err(CommitError::Port(error)) => {
                assert_eq!(
                    (error.kind, error.retry),
                    (PortErrorKind::Unavailable, Retry::Temporary)
                );
            }
            other => panic!("{other:?}"),
        }
        leader.commit(step("third", "ada", 2)).await.expect("committed");
    });
}

/// Who is connected to a replica reads, and is told at the first commit.
#[test]
fn a_replica_takes_no_commits() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let leader = place.open().await;
        leader.commit(step("first", "ada", 0)).await.expect("committed");
        let standby = Standby::of(&place).await;
        let store = PostgresLedger::connect(&standby.url).await.expect("the store opens");
        assert!(store.outcome(&tenant(), "first").await.expect("readable").is_some());
        match store.commit(step("second", "ada", 1)).await {
            Err(CommitError::Port(error)) => {
                assert_eq!(
                    (error.kind, error.retry),
                    (PortErrorKind::Unavailable, Retry::Temporary)
                );
                assert!(error.to_string().contains("only reads"), "{error}");
            }
            other => panic!("{other:?}"),
        }
        leader.commit(step("second", "ada", 1)).await.expect("committed");
    });
}
