//! How many commits a second a store makes, on one hot account and on many, against the disk's own
//! pace: one durable write after the other.
use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kolo_core::port::Ledger;
use kolo_core::port::ledger::{
    AccountId, ChangeSet, EntryStatus, Guard, JournalEntry, Posting, Record, Side,
};
use kolo_core::{Amount, TenantId, Timestamp};
use kolo_store::SqliteLedger;

const WRITES: u32 = 200;
const COMMITS: u32 = 6400;
const CALLERS: u32 = 64;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("kolo-throughput-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let disk = per_second(WRITES, durable_writes(&folder.join("disk"))?);
    println!("durable writes, one by one: {disk} a second");
    for (name, accounts) in [("one hot account", 1), ("64 accounts", 64)] {
        let path = folder.join(format!("{accounts}.db"));
        let ledger = SqliteLedger::connect(&path.to_string_lossy()).await?;
        let pace = per_second(COMMITS, commits(Arc::new(ledger), accounts).await?);
        println!(
            "commits, {CALLERS} callers, {name}: {pace} a second, {} % of that",
            pace * 100 / disk.max(1)
        );
    }
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

fn per_second(count: u32, took: Duration) -> u128 {
    u128::from(count) * 1_000_000 / took.as_micros().max(1)
}

fn durable_writes(path: &std::path::Path) -> std::io::Result<Duration> {
    let mut file = File::create(path)?;
    let start = Instant::now();
    for _ in 0..WRITES {
        file.write_all(&[1; 4096])?;
        file.sync_data()?;
    }
    Ok(start.elapsed())
}

async fn commits(
    ledger: Arc<SqliteLedger>,
    accounts: u32,
) -> Result<Duration, Box<dyn std::error::Error>> {
    let start = Instant::now();
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let ledger = Arc::clone(&ledger);
            tokio::spawn(async move {
                for number in 0..COMMITS / CALLERS {
                    let wallet = format!("wallet/{}", caller % accounts);
                    ledger.commit(deposit(&format!("{caller}/{number}"), &wallet)).await?;
                }
                Ok::<_, kolo_core::port::CommitError>(())
            })
        })
        .collect();
    for caller in callers {
        caller.await??;
    }
    Ok(start.elapsed())
}

fn deposit(key: &str, wallet: &str) -> ChangeSet {
    let line =
        |name: &str, side| Posting { account: account(name, side), side, amount: Amount::new(1) };
    let outcome =
        Record { kind: "deposited".to_owned(), schema_version: 1, bytes: key.as_bytes().to_vec() };
    let now = Timestamp::from_unix(1_800_000_000);
    let mut changes = ChangeSet::new(TenantId::default(), key.to_owned(), [0; 32], outcome, now);
    changes.entries.push(JournalEntry {
        id: key.to_owned(),
        kind: "deposit".to_owned(),
        status: EntryStatus::Settled,
        postings: vec![line("external", Side::Debit), line(wallet, Side::Credit)],
        effective_at: now,
        chain_tx: None,
        details: "{}".to_owned(),
    });
    changes.guards.push(Guard { account: account(wallet, Side::Credit), minimum: Amount::new(1) });
    changes
}

fn account(name: &str, normal: Side) -> AccountId {
    AccountId { name: name.to_owned(), asset: "USDC:G".to_owned(), normal }
}
