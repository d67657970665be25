//! A process that commits is killed at random moments, again and again.
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use futures::executor::block_on;
use kolo_core::port::ledger::{EntryStatus, Resolution, Side};
use kolo_core::port::{CommitError, Ledger};
use kolo_core::testkit::check_books;
use kolo_store::SqliteLedger;

use crate::make::{NOW, account, aggregate, deposit, record, step, tenant};
use crate::support::Place;

/// Names the database to a child; the parent has none.
const CHILD: &str = "KOLO_STORE_CRASH_CHILD";
const KILLS: u32 = 15;
const WORKERS: u32 = 6;

/// What was acknowledged is there, wholly; what is there is whole.
#[test]
fn a_killed_process_loses_nothing_it_acknowledged() {
    if let Ok(file) = std::env::var(CHILD) {
        commit_for_ever(&file);
    }
    let place = Place::new();
    let mut acknowledged = BTreeSet::new();
    for round in 0..KILLS {
        let mut child = spawn(&place.file(), round);
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        // Only once it is at work is it killed, some moment later.
        let first = lines.by_ref().map_while(Result::ok).find_map(|line| key_of(&line));
        acknowledged.insert(first.expect("the child commits"));
        let rest = thread::spawn(move || {
            let lines = lines.map_while(Result::ok);
            lines.filter_map(|line| key_of(&line)).collect::<Vec<_>>()
        });
        thread::sleep(random_moment());
        child.kill().expect("it is killed");
        child.wait().expect("it is gone");
        acknowledged.extend(rest.join().expect("the lines are read"));
        block_on(verify(&place, &acknowledged));
    }
    assert!(acknowledged.len() > 100, "{} commits are a poor test", acknowledged.len());
}

fn spawn(file: &str, round: u32) -> Child {
    let myself = std::env::current_exe().expect("this test's program");
    Command::new(myself)
        .args(["--exact", "crash::a_killed_process_loses_nothing_it_acknowledged", "--nocapture"])
        .env(CHILD, file)
        .env("KOLO_STORE_CRASH_ROUND", round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the child starts")
}

/// A whole line `ack <key>.`; a line that the kill cut short is no acknowledgement we know of.
fn key_of(line: &str) -> Option<String> {
    let (_, key) = line.split_once("ack ")?;
    key.strip_suffix('.').map(str::to_owned)
}

fn random_moment() -> Duration {
    let mut byte = [0];
    getrandom::fill(&mut byte).expect("randomness");
    Duration::from_micros(u64::from(byte[0]) * 900)
}

async fn verify(place: &Place, acknowledged: &BTreeSet<String>) {
    let store = place.open().await;
    let report = store.check().await.expect("readable");
    assert_eq!(report.findings, []);
    for key in acknowledged {
        let outcome = store.outcome(&tenant(), key).await.expect("readable");
        assert_eq!(outcome.expect("acknowledged, hence there").1, record(key));
    }
    let mut commits = 0;
    for worker in 0..WORKERS {
        let name = format!("worker {worker}");
        let wallet = account(&name, Side::Credit);
        let stored = store.load(&tenant(), &[aggregate(&name)]).await.expect("readable");
        let version = stored[0].as_ref().map_or(0, |stored| stored.version);
        let balance = store.balances(&tenant(), &[wallet]).await.expect("readable")[0];
        assert_eq!(balance.settled.minor_units().unsigned_abs(), version, "{name}");
        commits += version;
    }
    let events = store.events_after(&tenant(), 0, usize::MAX).await.expect("readable");
    let positions: Vec<u64> = events.iter().map(|event| event.position).collect();
    assert_eq!(positions, (1..=commits).collect::<Vec<_>>());
    assert!(commits >= u64::try_from(acknowledged.len()).expect("few"));
    let seed = account("external", Side::Debit);
    check_books(&store, &tenant(), &[seed]).await.expect("the books add up");
    store.close().await;
}

#[tokio::main]
async fn commit_for_ever(file: &str) {
    let store = SqliteLedger::connect(file).await.expect("the store opens");
    let store = Arc::new(store);
    let round = std::env::var("KOLO_STORE_CRASH_ROUND").expect("a round");
    let workers = (0..WORKERS).map(|worker| {
        let (store, round) = (Arc::clone(&store), round.clone());
        tokio::spawn(async move { work(&store, &round, worker).await })
    });
    futures::future::join_all(workers).await;
    unreachable!("the workers never end");
}

/// Every step also ends, one way or the other, the hold the step before opened.
async fn work(store: &SqliteLedger, round: &str, worker: u32) {
    let name = format!("worker {worker}");
    let stored = store.load(&tenant(), &[aggregate(&name)]).await.expect("readable");
    let mut version = stored[0].as_ref().map_or(0, |stored| stored.version);
    let mut hold: Option<String> = None;
    loop {
        let key = format!("{round}/{worker}/{version}");
        let mut changes = step(&key, &name, version);
        let held = format!("hold {key}");
        changes.entries.push(deposit(&held, "held", EntryStatus::Pending));
        changes.resolutions.extend(hold.take().map(|entry| Resolution {
            entry,
            settle: version.is_multiple_of(2),
            chain_tx: Some("ab".repeat(32)),
            effective_at: NOW,
        }));
        match store.commit(changes).await {
            Ok(_) => {}
            Err(CommitError::Port(error)) => panic!("{error}"),
            Err(error) => panic!("{error}"),
        }
        let mut out = std::io::stdout().lock();
        writeln!(out, "ack {key}.").and_then(|()| out.flush()).expect("the parent listens");
        drop(out);
        hold = Some(held);
        version += 1;
    }
}
