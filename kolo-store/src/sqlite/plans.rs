//! No statement of a commit, a read, the queue or the vault reads a whole table.
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::future::join_all;
use kolo_core::port::ledger::{
    Ending, EntryQuery, EntryStatus, Guard, HoldEnd, IndexKey, IndexWrite, Resolution, Side,
};
use kolo_core::port::statement::{AsOf, StatementQuery};
use kolo_core::port::vault::{Digest, KeyName};
use kolo_core::port::work::Release;
use kolo_core::port::{KeyVault, Ledger, ReadModel, WorkQueue};
use kolo_core::{Amount, Timestamp};

use super::open::Opener;
use crate::sql::DbError;
use crate::sql::store::{Pool, Store};
use crate::sql::writer::OpenWriter;
use crate::sql::{Db, Row, Value};
use crate::{MasterKey, MasterKeys, SqlLedger, Sqlite, SqliteLedger, StoreVault};

#[path = "../../tests/sqlite/make.rs"]
mod make;

use make::{NOW, account, aggregate, deposit, step, tenant};

/// The tables, and the other names that statements give them.
const TABLES: [&str; 21] = [
    "aggregates",
    "index_names",
    "commands",
    "events",
    "accounts",
    "entries",
    "postings",
    "work",
    "vault_keys",
    "movements",
    "parts",
    "spans",
    "a",
    "e",
    "f",
    "l",
    "m",
    "o",
    "p",
    "s",
    "w",
];

/// Tables that are read as a whole, and by which statement.
type Scans = Arc<Mutex<Vec<String>>>;

/// Asks SQLite for the plan of everything it runs.
struct Watched {
    db: Box<dyn Db>,
    scans: Scans,
}

#[async_trait]
impl Db for Watched {
    async fn run(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, DbError> {
        let plan = self.db.run(&format!("EXPLAIN QUERY PLAN {sql}"), Vec::new()).await;
        for mut row in plan.unwrap_or_default() {
            let (_, _, _, step) = (row.int()?, row.int()?, row.int()?, row.text()?);
            let scanned = step.strip_prefix("SCAN ").unwrap_or_default();
            if TABLES.contains(&scanned.split(' ').next().unwrap_or_default()) {
                self.scans.lock().unwrap().push(format!("{step}: {sql}"));
            }
        }
        self.db.run(sql, values).await
    }

    async fn script(&mut self, sql: &str) -> Result<(), DbError> {
        self.db.script(sql).await
    }

    async fn begin(&mut self) -> Result<(), DbError> {
        self.db.begin().await
    }

    async fn snapshot(&mut self) -> Result<(), DbError> {
        self.db.snapshot().await
    }

    async fn commit(&mut self) -> Result<(), DbError> {
        self.db.commit().await
    }

    async fn rollback(&mut self) -> Result<(), DbError> {
        self.db.rollback().await
    }

    fn give_up(self: Box<Self>) {
        self.db.give_up();
    }

    async fn close(self: Box<Self>) {
        self.db.close().await;
    }
}

/// Opens watched connections, to read and to write.
#[derive(Clone)]
struct Watch {
    file: String,
    scans: Scans,
}

#[async_trait]
impl OpenWriter for Watch {
    async fn open(&self) -> Result<Box<dyn Db>, DbError> {
        let db = Opener::of(self.file.as_ref()).open().await?;
        let scans = Arc::clone(&self.scans);
        Ok(Box::new(Watched { db, scans }))
    }
}

#[async_trait]
impl Pool for Watch {
    async fn acquire(&self) -> Result<Box<dyn Db>, DbError> {
        self.open().await
    }

    async fn close(&self) {}
}

#[tokio::test]
async fn no_statement_reads_a_whole_table() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kolo.db").to_str().unwrap().to_owned();
    SqliteLedger::connect(&file).await.unwrap().close().await;
    let scans = Scans::default();
    let watch = Watch { file, scans: Arc::clone(&scans) };
    let writing = watch.open().await.unwrap();
    let store = Store::start(Box::new(watch.clone()), writing, Arc::new(watch));
    let ledger = SqlLedger::<Sqlite>::on(store);

    commit_everything(&ledger).await;
    read_everything(&ledger).await;
    work_on_everything(&ledger).await;
    sign_and_rotate(&ledger).await;

    let scans = scans.lock().unwrap().clone();
    assert!(scans.iter().all(|scan| scan.contains("DISTINCT master_key")), "{scans:#?}");
}

async fn commit_everything(ledger: &SqliteLedger) {
    for round in 0..2 {
        let commits = (0..5).map(|number| {
            let name = format!("of {number}");
            let mut changes = step(&format!("{round}/{number}"), &name, round);
            let hold = |round: u64| format!("hold {round}/{number}");
            changes.entries.push(deposit(&hold(round), &name, EntryStatus::Pending));
            changes.resolutions.extend((round > 0).then(|| Resolution {
                entry: hold(round - 1),
                settle: true,
                chain_tx: None,
                effective_at: NOW,
            }));
            let part = |round: u64| format!("part {round}/{number}");
            changes.entries.push(deposit(&part(round), &name, EntryStatus::Pending));
            changes.endings.extend((round > 0).then(|| HoldEnd {
                entry: part(round - 1),
                ending: Ending::Part(vec![Amount::new(1), Amount::new(1)]),
                chain_tx: None,
                effective_at: NOW,
            }));
            let key = IndexKey { index: "contact".to_owned(), value: name.clone() };
            changes.index.push(match round {
                0 => IndexWrite::Claim(key, aggregate(&name)),
                _ => IndexWrite::Release(key),
            });
            changes
                .guards
                .push(Guard { account: account(&name, Side::Credit), minimum: Amount::new(1) });
            ledger.commit(changes)
        });
        for answer in join_all(commits).await {
            answer.unwrap();
        }
    }
}

async fn read_everything(ledger: &SqliteLedger) {
    let ids: Vec<_> = (0..3).map(|number| aggregate(&format!("of {number}"))).collect();
    assert!(ledger.load(&tenant(), &ids).await.unwrap().iter().all(Option::is_some));
    assert_eq!(ledger.list(&tenant(), "circle", Some("of 1"), 2).await.unwrap().len(), 2);
    let wallets: Vec<_> =
        (0..3).map(|number| account(&format!("of {number}"), Side::Credit)).collect();
    ledger.balances(&tenant(), &wallets).await.unwrap();
    for at in [AsOf::Recorded(NOW), AsOf::Effective(NOW)] {
        ledger.balances_at(&tenant(), &wallets, at).await.unwrap();
    }
    let (from, until) = (Timestamp::from_unix(0), NOW.plus(1));
    let period = StatementQuery { account: wallets[0].clone(), from, until, after: None, limit: 3 };
    assert_eq!(ledger.statement(&tenant(), &period).await.unwrap().movements.len(), 3);
    let query = EntryQuery { account: wallets[0].clone(), before: None, limit: 3 };
    assert_eq!(ledger.entries(&tenant(), &query).await.unwrap().len(), 3);
    let keys: Vec<_> = (0..3)
        .map(|number| IndexKey { index: "contact".to_owned(), value: format!("of {number}") })
        .collect();
    ledger.lookup(&tenant(), &keys).await.unwrap();
    assert_eq!(ledger.events_after(&tenant(), 3, 4).await.unwrap().len(), 4);
    assert!(ledger.outcome(&tenant(), "0/0").await.unwrap().is_some());
    ledger.forget_commands(Timestamp::from_unix(u64::MAX)).await.unwrap();
}

async fn work_on_everything(ledger: &SqliteLedger) {
    let queues = ["outbound", "timer"];
    let claimed = ledger.claim(&queues, NOW, 60, 3).await.unwrap();
    assert_eq!(claimed.len(), 3);
    ledger.next_due(&queues).await.unwrap();
    ledger.renew(&claimed[0].lease, NOW, 60).await.unwrap();
    ledger.release(&claimed[0].lease, Release::Done).await.unwrap();
    ledger.release(&claimed[1].lease, Release::RetryAt(NOW)).await.unwrap();
    let mut consuming = step("consuming", "consuming", 0);
    consuming.consumes = Some(claimed[2].lease.clone());
    consuming.cancel = vec![claimed[1].lease.work.clone()];
    ledger.commit(consuming).await.unwrap();
}

async fn sign_and_rotate(ledger: &SqliteLedger) {
    let keys = MasterKeys::new(MasterKey::from_bytes([1; 32]));
    let vault = StoreVault::try_new(ledger, keys).await.unwrap();
    for name in ["a", "b", "c"] {
        let name = KeyName::Operator(name.to_owned());
        let key = vault.create(&tenant(), &name).await.unwrap();
        vault.sign(&tenant(), &key, Digest::Raw, b"x").await.unwrap();
    }
    assert_eq!(vault.rotate().await.unwrap(), 3);
}
