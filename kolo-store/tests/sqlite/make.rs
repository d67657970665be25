//! Short ways to write down what a test commits.
use kolo_core::port::ChangeSet;
use kolo_core::port::ledger::{
    AccountId, AggregateId, AggregateWrite, EntryStatus, JournalEntry, NewEvent, Posting, Record,
    Side,
};
use kolo_core::port::work::{NewWork, WorkId};
use kolo_core::{Amount, TenantId, Timestamp};

pub const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

pub fn tenant() -> TenantId {
    TenantId::default()
}

pub fn record(text: &str) -> Record {
    Record { kind: "test".to_owned(), schema_version: 1, bytes: text.as_bytes().to_vec() }
}

pub fn aggregate(id: &str) -> AggregateId {
    AggregateId { kind: "circle".to_owned(), id: id.to_owned() }
}

pub fn account(name: &str, normal: Side) -> AccountId {
    AccountId { name: name.to_owned(), asset: "USDC:G".to_owned(), normal }
}

/// An entry that brings one unit from outside into `wallet`.
pub fn deposit(id: &str, wallet: &str, status: EntryStatus) -> JournalEntry {
    let line = |account, side| Posting { account, side, amount: Amount::new(1) };
    JournalEntry {
        id: id.to_owned(),
        kind: "deposit".to_owned(),
        status,
        postings: vec![
            line(account("external", Side::Debit), Side::Debit),
            line(account(wallet, Side::Credit), Side::Credit),
        ],
        effective_at: NOW,
        chain_tx: None,
        details: "{}".to_owned(),
    }
}

/// An entry that takes one unit of `wallet` outside.
#[allow(dead_code, reason = "not every test binary takes money out")]
pub fn withdrawal(id: &str, wallet: &str, status: EntryStatus) -> JournalEntry {
    let mut entry = deposit(id, wallet, status);
    let sides = [Side::Credit, Side::Debit];
    entry.postings.iter_mut().zip(sides).for_each(|(line, side)| line.side = side);
    entry
}

/// A change set that only remembers its key.
pub fn command(key: &str) -> ChangeSet {
    let mut hash = [0; 32];
    for (to, from) in hash.iter_mut().zip(key.bytes().cycle()) {
        *to = from;
    }
    ChangeSet::new(tenant(), key.to_owned(), hash, record(key), NOW)
}

/// A bit of everything: a version of `of`, an event, a deposit into the wallet of the same name, and
/// work.
pub fn step(key: &str, of: &str, expected: u64) -> ChangeSet {
    let mut changes = command(key);
    changes.aggregates.push(AggregateWrite { id: aggregate(of), expected, state: record(key) });
    changes.events.push(NewEvent { aggregate: aggregate(of), record: record(key) });
    changes.entries.push(deposit(key, of, EntryStatus::Settled));
    changes.work.push(NewWork {
        id: WorkId(key.to_owned()),
        queue: "outbound".to_owned(),
        lane: Some(of.to_owned()),
        due_at: NOW,
        payload: record(key),
    });
    changes
}
