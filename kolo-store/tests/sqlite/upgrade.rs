//! A database of the first schema, with history in it, brought up to date. Shared with the PostgreSQL
//! tests: the statements are the same.
use kolo_core::Timestamp;
use kolo_core::port::ledger::{AccountId, Balance, Side};
use kolo_core::port::statement::{AsOf, ReadModel, Statement, StatementQuery, Step};
use kolo_core::port::{ChangeSet, Ledger};
use kolo_store::{Migration, SqlLedger};

use crate::make::{NOW, account, command, deposit, tenant};

/// The first schema, as the program that made it left it, with: 10 in, 3 out on hold, 2 out that were
/// on hold, 1 out that was voided, before it was over; last written at 400.
pub fn first_schema(migrations: &[Migration], bytes: &str, hex: fn(&str) -> String) -> String {
    let first = &migrations[0];
    let checksum: String = first.checksum().iter().map(|byte| format!("{byte:02x}")).collect();
    let checksum = hex(&checksum);
    format!(
        "CREATE TABLE kolo_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, \
         checksum {bytes} NOT NULL); {} \
         INSERT INTO kolo_migrations VALUES (1, 'ledger', {checksum}); \
         INSERT INTO commands VALUES \
         ('main', 'void', {checksum}, 'test', 1, {checksum}, 400, NULL); \
         INSERT INTO accounts (tenant, name, asset, normal, settled, pending_in, pending_out, version) \
         VALUES ('main', 'ada', 'USDC:G', 'credit', 8, 0, 3, 6), \
         ('main', 'external', 'USDC:G', 'debit', 8, 0, 3, 6); \
         INSERT INTO entries VALUES \
         ('main', 1, 'in', 'deposit', 'settled', 100, NULL, 'ab', '{{}}', 101), \
         ('main', 2, 'held', 'withdrawal', 'pending', 200, 200, NULL, '{{}}', 201), \
         ('main', 3, 'sent', 'withdrawal', 'settled', 350, 300, 'cd', '{{}}', 301), \
         ('main', 4, 'kept', 'withdrawal', 'voided', 450, 400, NULL, '{{}}', 299); \
         INSERT INTO postings VALUES \
         ('main', 1, 0, 'external', 'USDC:G', 'debit', 10), \
         ('main', 1, 1, 'ada', 'USDC:G', 'credit', 10), \
         ('main', 2, 0, 'ada', 'USDC:G', 'debit', 3), \
         ('main', 2, 1, 'external', 'USDC:G', 'credit', 3), \
         ('main', 3, 0, 'ada', 'USDC:G', 'debit', 2), \
         ('main', 3, 1, 'external', 'USDC:G', 'credit', 2), \
         ('main', 4, 0, 'ada', 'USDC:G', 'debit', 1), \
         ('main', 4, 1, 'external', 'USDC:G', 'credit', 1);",
        first.sql()
    )
}

/// What makes books of the first schema wrong: a balance that its entries do not come to, an account
/// that no entry is on.
pub const WRONG: [&str; 2] = [
    "UPDATE accounts SET settled = 9, version = version + 1 WHERE name = 'ada'",
    "INSERT INTO accounts VALUES ('main', 'nobody', 'USDC:G', 'credit', 0, 0, 0, 1)",
];

/// What a program of the first schema says in its commits and claims.
pub const OLD: [&str; 5] = [
    "SELECT tenant, key, request_hash, record_kind, schema_version, bytes FROM commands",
    "SELECT tenant, name, asset, normal, settled, pending_in, pending_out, version FROM accounts",
    "UPDATE accounts SET settled = 8, version = version + 1 WHERE name = 'ada'",
    "SELECT tenant, id, done, claims, leased_until FROM work",
    "UPDATE work SET claims = claims + 1",
];

fn ada() -> AccountId {
    account("ada", Side::Credit)
}

async fn statement<B: 'static>(store: &SqlLedger<B>) -> Statement {
    let (from, until) = (Timestamp::from_unix(0), NOW.plus(1));
    let query = StatementQuery { account: ada(), from, until, after: None, limit: 100 };
    let told = store.statement(&tenant(), &query).await.expect("a statement");
    assert!(told.adds_up(), "{told:?}");
    told
}

/// What the opened store must say of it, and that it goes on.
pub async fn goes_on<B: 'static>(store: SqlLedger<B>) {
    let report = store.check().await.expect("readable");
    assert_eq!((report.entries, report.findings), (4, vec![]));
    let told = statement(&store).await;
    let steps: Vec<_> = told.movements.iter().map(|m| (m.entry.as_str(), m.step)).collect();
    assert_eq!(
        steps,
        [
            ("in", Step::Settled),
            ("held", Step::Held),
            ("kept", Step::Held),
            ("sent", Step::Held),
            ("sent", Step::Ended),
            ("kept", Step::Ended),
        ]
    );
    // A hold is not over before its end took effect, nor later than anything was written.
    let times: Vec<_> = told.movements.iter().map(|m| m.recorded_at.unix()).collect();
    assert_eq!(times, [101, 201, 299, 301, 350, 400]);
    let now = store.balances(&tenant(), &[ada()]).await.expect("readable")[0];
    assert_eq!(told.closing, now);
    let at = AsOf::Recorded(Timestamp::from_unix(150));
    let then = store.balances_at(&tenant(), &[ada()], at).await.expect("readable");
    let ten = Balance { settled: kolo_core::Amount::new(10), ..Balance::default() };
    assert_eq!(then, [ten]);

    let mut changes: ChangeSet = command("next");
    changes.recorded_at = Timestamp::from_unix(420);
    changes.entries.push(deposit("next", "ada", kolo_core::port::ledger::EntryStatus::Settled));
    changes.resolutions.push(kolo_core::port::ledger::Resolution {
        entry: "held".to_owned(),
        settle: true,
        chain_tx: None,
        effective_at: NOW,
    });
    store.commit(changes).await.expect("committed");
    let told = statement(&store).await;
    assert_eq!(told.closing.settled.minor_units(), 6);
    let last = told.movements.last().expect("some").recorded_at;
    assert_eq!(last.unix(), 420, "what comes next is dated as it is written");
    assert!(store.check().await.expect("readable").is_clean());
}
