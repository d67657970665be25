//! Short ways to write down what a case commits.
use sha2::{Digest, Sha256};

use crate::port::ledger::{
    AccountId, AggregateId, AggregateWrite, ChangeSet, Ending, EntryStatus, Guard, HoldEnd,
    IndexKey, IndexWrite, JournalEntry, NewEvent, Posting, Record, Resolution, Side,
};
use crate::port::work::{Lease, NewWork, WorkId};
use crate::{Amount, TenantId, Timestamp};

/// When every case begins.
pub(super) const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

pub(super) fn tenant(name: &str) -> TenantId {
    TenantId::try_new(name).expect("a valid tenant")
}

pub(super) fn record(kind: &str, bytes: impl Into<Vec<u8>>) -> Record {
    Record { kind: kind.to_owned(), schema_version: 1, bytes: bytes.into() }
}

pub(super) fn circle(id: &str) -> AggregateId {
    AggregateId { kind: "circle".to_owned(), id: id.to_owned() }
}

pub(super) fn contact(value: &str) -> IndexKey {
    IndexKey { index: "contact".to_owned(), value: value.to_owned() }
}

pub(super) fn account(name: &str, asset: &str, normal: Side) -> AccountId {
    AccountId { name: name.to_owned(), asset: asset.to_owned(), normal }
}

/// What we owe somebody: grows on the credit side.
pub(super) fn wallet(name: &str) -> AccountId {
    account(&format!("wallet/{name}"), "USDC:G", Side::Credit)
}

/// What lies outside: grows on the debit side.
pub(super) fn external() -> AccountId {
    account("external", "USDC:G", Side::Debit)
}

pub(super) fn posting(account: AccountId, side: Side, amount: i64) -> Posting {
    Posting { account, side, amount: Amount::new(amount) }
}

pub(super) fn entry(id: &str, status: EntryStatus, postings: Vec<Posting>) -> JournalEntry {
    JournalEntry {
        id: id.to_owned(),
        kind: "test".to_owned(),
        status,
        postings,
        effective_at: NOW,
        chain_tx: None,
        details: "{}".to_owned(),
    }
}

/// Money out of `from` (debited) into `to` (credited).
pub(super) fn moved(id: &str, from: AccountId, to: AccountId, amount: i64) -> JournalEntry {
    let postings = vec![posting(from, Side::Debit, amount), posting(to, Side::Credit, amount)];
    entry(id, EntryStatus::Settled, postings)
}

/// The same as a hold.
pub(super) fn held(id: &str, from: AccountId, to: AccountId, amount: i64) -> JournalEntry {
    JournalEntry { status: EntryStatus::Pending, ..moved(id, from, to, amount) }
}

pub(super) fn item(id: &str, lane: Option<&str>, due_at: Timestamp) -> NewWork {
    NewWork {
        id: WorkId(id.to_owned()),
        queue: "intent".to_owned(),
        lane: lane.map(str::to_owned),
        due_at,
        payload: record("work", id),
    }
}

/// A change set of tenant `main` that so far only remembers its key.
pub(super) fn command(key: &str) -> ChangeSet {
    let hash = Sha256::digest(key.as_bytes()).into();
    ChangeSet::new(tenant("main"), key.to_owned(), hash, record("done", key), NOW)
}

/// Adds to a change set, one thing at a time.
pub(super) trait With: Sized {
    fn by(self, tenant: &TenantId) -> Self;
    fn at(self, recorded_at: Timestamp) -> Self;
    fn state(self, id: AggregateId, expected: u64, bytes: &str) -> Self;
    fn claim(self, key: IndexKey, owner: AggregateId) -> Self;
    fn free(self, key: IndexKey) -> Self;
    fn event(self, aggregate: AggregateId, kind: &str) -> Self;
    fn entry(self, entry: JournalEntry) -> Self;
    fn settle(self, entry: &str) -> Self;
    fn void(self, entry: &str) -> Self;
    fn end(self, entry: &str, ending: Ending) -> Self;
    fn guard(self, account: AccountId, minimum: i64) -> Self;
    fn work(self, work: NewWork) -> Self;
    fn cancel(self, work: &str) -> Self;
    fn consume(self, lease: &Lease) -> Self;
}

impl With for ChangeSet {
    fn by(mut self, tenant: &TenantId) -> Self {
        self.tenant = tenant.clone();
        self
    }

    fn at(mut self, recorded_at: Timestamp) -> Self {
        self.recorded_at = recorded_at;
        self
    }

    fn state(mut self, id: AggregateId, expected: u64, bytes: &str) -> Self {
        let state = record("state", bytes);
        self.aggregates.push(AggregateWrite { id, expected, state });
        self
    }

    fn claim(mut self, key: IndexKey, owner: AggregateId) -> Self {
        self.index.push(IndexWrite::Claim(key, owner));
        self
    }

    fn free(mut self, key: IndexKey) -> Self {
        self.index.push(IndexWrite::Release(key));
        self
    }

    fn event(mut self, aggregate: AggregateId, kind: &str) -> Self {
        let record = record(kind, kind);
        self.events.push(NewEvent { aggregate, record });
        self
    }

    fn entry(mut self, entry: JournalEntry) -> Self {
        self.entries.push(entry);
        self
    }

    fn settle(mut self, entry: &str) -> Self {
        self.resolutions.push(resolution(entry, true));
        self
    }

    fn void(mut self, entry: &str) -> Self {
        self.resolutions.push(resolution(entry, false));
        self
    }

    fn end(mut self, entry: &str, ending: Ending) -> Self {
        let (entry, effective_at) = (entry.to_owned(), NOW.plus(60));
        self.endings.push(HoldEnd { entry, ending, chain_tx: None, effective_at });
        self
    }

    fn guard(mut self, account: AccountId, minimum: i64) -> Self {
        self.guards.push(Guard { account, minimum: Amount::new(minimum) });
        self
    }

    fn work(mut self, work: NewWork) -> Self {
        self.work.push(work);
        self
    }

    fn cancel(mut self, work: &str) -> Self {
        self.cancel.push(WorkId(work.to_owned()));
        self
    }

    fn consume(mut self, lease: &Lease) -> Self {
        self.consumes = Some(lease.clone());
        self
    }
}

fn resolution(entry: &str, settle: bool) -> Resolution {
    Resolution { entry: entry.to_owned(), settle, chain_tx: None, effective_at: NOW.plus(60) }
}
