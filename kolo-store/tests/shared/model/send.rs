//! What was drawn becomes change sets, by what the reference holds at that moment.
use std::collections::BTreeMap;

use futures::FutureExt;
use kolo_core::port::ledger::{
    AccountId, AggregateId, AggregateWrite, ChangeSet, Ending, EntryQuery, EntryStatus, Guard,
    HoldEnd, IndexKey, IndexWrite, JournalEntry, NewEvent, Posting, Resolution, Retention, Side,
};
use kolo_core::port::work::{Lease, NewWork, WorkId};
use kolo_core::port::{CommitError, Committed, Ledger};
use kolo_core::testkit::MemoryLedger;
use kolo_core::{Amount, TenantId, Timestamp};
use proptest::sample::Index;

use super::draw::{Drawn, End, Entry, Fault, Form, Key, TENANTS, Version, Work, lines};
use crate::make::{NOW, aggregate, record};

/// How many of the newest leases and holds are picked from.
const NEWEST: usize = 6;

/// The reference, and what of it the next commands aim at.
#[derive(Default)]
pub struct Aims {
    pub ledger: MemoryLedger,
    /// Every lease ever given, in an order that the stores share.
    pub leases: Vec<Lease>,
    keys: Vec<(TenantId, String)>,
    /// Every hold that was sent, committed or not.
    holds: Vec<(TenantId, JournalEntry)>,
    entries: usize,
}

/// A change set as it was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    pub set: ChangeSet,
    /// Which lease it consumes: each store has tokens of its own.
    pub lease: Option<usize>,
    /// What the reference answered.
    pub answer: String,
}

impl Aims {
    /// Sends it to the reference.
    pub fn send(&mut self, drawn: &Drawn) -> Sent {
        let lease = drawn.consumes.as_ref().and_then(|index| self.newest_lease(index));
        let mut set = self.command(drawn, lease);
        let tenant = set.tenant.clone();
        self.states(drawn, &mut set);
        for entry in &drawn.entries {
            let entry = self.entry(&tenant, entry);
            if entry.status == EntryStatus::Pending {
                self.holds.push((tenant.clone(), entry.clone()));
            }
            set.entries.push(entry);
        }
        for (index, end) in &drawn.ends {
            self.end(index, *end, &mut set);
        }
        for (account, minimum) in &drawn.guards {
            let account = accounts().swap_remove(*account);
            set.guards.push(Guard { account, minimum: Amount::new(*minimum) });
        }
        // Keys of what moves money are kept for ever: a few ask for less.
        let one_in = if set.moves_money() { 20 } else { 2 };
        if drawn.recorded_s.is_multiple_of(one_in) {
            set.retention = Retention::NinetyDays;
        }
        set.work = drawn.work.iter().map(|work| new_work(work, &set.key)).collect();
        set.cancel = drawn.cancel.iter().map(|number| WorkId(format!("work {number}"))).collect();
        let answer = self.ledger.commit(set.clone()).now_or_never().expect("in memory");
        Sent { set, lease, answer: told(&answer) }
    }

    fn newest_lease(&self, index: &Index) -> Option<usize> {
        let newest = self.leases.len().min(NEWEST);
        (newest > 0).then(|| self.leases.len() - 1 - index.index(newest))
    }

    fn command(&mut self, drawn: &Drawn, lease: Option<usize>) -> ChangeSet {
        let earlier = |index: &Index| {
            (!self.keys.is_empty()).then(|| self.keys[index.index(self.keys.len())].clone())
        };
        let (known, hash) = match &drawn.key {
            Key::New => (None, 1),
            Key::Again(index) => (earlier(index), 1),
            Key::Reused(index) => (earlier(index), 2),
        };
        let owner = lease.map_or_else(
            || tenants().swap_remove(drawn.tenant),
            |lease| self.leases[lease].tenant.clone(),
        );
        let (tenant, key) = known.unwrap_or_else(|| (owner, format!("key {}", self.keys.len())));
        self.keys.push((tenant.clone(), key.clone()));
        let outcome = record(&format!("outcome {}", self.keys.len()));
        let mut set = ChangeSet::new(tenant, key, [hash; 32], outcome, after(drawn.recorded_s));
        if drawn.recorded_s.is_multiple_of(2) {
            set.correlation = Some(format!("message {}", self.keys.len()));
        }
        set.consumes = lease.map(|lease| self.leases[lease].clone());
        set
    }

    fn states(&self, drawn: &Drawn, set: &mut ChangeSet) {
        let mut versions = BTreeMap::new();
        for (which, version) in &drawn.writes {
            let id = one_of(*which);
            let known = versions.entry(*which).or_insert_with(|| self.version(&set.tenant, &id));
            let expected = match version {
                Version::Right => *known,
                Version::Behind => known.saturating_sub(1),
                Version::Ahead => *known + 1,
            };
            *known = expected + 1;
            let state = record(&format!("{} {expected}", set.key));
            set.aggregates.push(AggregateWrite { id, expected, state });
        }
        for (name, owner) in &drawn.names {
            let key = name_of(*name);
            set.index.push(match owner {
                Some(owner) => IndexWrite::Claim(key, one_of(*owner)),
                None => IndexWrite::Release(key),
            });
        }
        for (number, of) in drawn.events.iter().enumerate() {
            let record = record(&format!("event {number} of {}", set.key));
            set.events.push(NewEvent { aggregate: one_of(*of), record });
        }
    }

    fn version(&self, tenant: &TenantId, id: &AggregateId) -> u64 {
        let ids = [id.clone()];
        let found = self.ledger.load(tenant, &ids).now_or_never().expect("in memory");
        found.expect("readable")[0].as_ref().map_or(0, |stored| stored.version)
    }

    fn entry(&mut self, tenant: &TenantId, drawn: &Entry) -> JournalEntry {
        self.entries += usize::from(!drawn.twice);
        let mut accounts = accounts();
        // It has a side once it was used: on its first use any is the right one.
        let other_side = matches!(drawn.form, Form::Wrong(Fault::OtherSide));
        if other_side && self.is_used(tenant, &accounts[0]) {
            accounts[0].normal = Side::Debit;
        }
        let posting = |(account, debit, amount): (usize, bool, i64)| Posting {
            account: accounts[account].clone(),
            side: if debit { Side::Debit } else { Side::Credit },
            amount: Amount::new(amount),
        };
        JournalEntry {
            id: format!("entry {}", self.entries),
            kind: "deposit".to_owned(),
            status: match (&drawn.form, drawn.held) {
                (Form::Wrong(Fault::BornEnded), _) => EntryStatus::Voided,
                (_, true) => EntryStatus::Pending,
                (_, false) => EntryStatus::Settled,
            },
            postings: lines(&drawn.form).into_iter().map(posting).collect(),
            effective_at: after(drawn.effective_s),
            chain_tx: drawn.effective_s.is_multiple_of(3).then(|| "cd".repeat(32)),
            details: format!(r#"{{"round":{}}}"#, drawn.effective_s),
        }
    }

    fn is_used(&self, tenant: &TenantId, account: &AccountId) -> bool {
        let query = EntryQuery { account: account.clone(), before: None, limit: 1 };
        let found = self.ledger.entries(tenant, &query).now_or_never().expect("in memory");
        !found.expect("readable").is_empty()
    }

    fn end(&self, index: &Index, end: End, set: &mut ChangeSet) {
        let of_tenant = self.holds.iter().rev().filter(|(tenant, _)| *tenant == set.tenant);
        let holds: Vec<&JournalEntry> = of_tenant.map(|(_, hold)| hold).take(NEWEST).collect();
        if holds.is_empty() {
            return;
        }
        let hold = holds[index.index(holds.len())];
        let entry =
            if matches!(end, End::Unknown) { "nobody's".to_owned() } else { hold.id.clone() };
        let chain_tx = hold.chain_tx.is_none().then(|| "ab".repeat(32));
        let effective_at = hold.effective_at.plus(7);
        let whole = |settle| Resolution {
            entry: entry.clone(),
            settle,
            chain_tx: chain_tx.clone(),
            effective_at,
        };
        let in_part = |quarters: i64| {
            let quarter = |line: &Posting| line.amount.minor_units().saturating_mul(quarters) / 4;
            hold.postings.iter().map(|line| Amount::new(quarter(line))).collect::<Vec<_>>()
        };
        let ending = match end {
            End::Settle | End::Unknown => return set.resolutions.push(whole(true)),
            End::Void => return set.resolutions.push(whole(false)),
            End::Expire => Ending::Expired,
            End::Quarters(quarters) => Ending::Part(in_part(quarters)),
            End::TooFewLines => Ending::Part(in_part(4)[1..].to_vec()),
        };
        set.endings.push(HoldEnd {
            entry: entry.clone(),
            ending,
            chain_tx: chain_tx.clone(),
            effective_at,
        });
    }
}

/// An answer, by its kind where each adapter has words of its own.
pub fn told(answer: &Result<Committed, CommitError>) -> String {
    match answer {
        Err(CommitError::Port(error)) => format!("Port({:?}, {:?})", error.kind, error.retry),
        answer => format!("{answer:?}"),
    }
}

pub fn after(seconds: u64) -> Timestamp {
    NOW.plus(seconds)
}

pub fn tenants() -> Vec<TenantId> {
    let name = |number| TenantId::try_new(&format!("tenant-{number}")).expect("a name");
    (0..TENANTS).map(name).collect()
}

/// By the numbers that are drawn.
pub fn accounts() -> Vec<AccountId> {
    let account = |(name, asset, normal): (&str, &str, Side)| AccountId {
        name: name.to_owned(),
        asset: asset.to_owned(),
        normal,
    };
    let all = [
        ("wallet/ada", "USDC:G", Side::Credit),
        ("wallet/bola", "USDC:G", Side::Credit),
        ("wallet/chi", "USDC:G", Side::Credit),
        ("external", "USDC:G", Side::Debit),
        ("wallet/ada", "NGN:G", Side::Credit),
        ("external", "NGN:G", Side::Debit),
        ("hoard", "MAX:G", Side::Credit),
        ("external", "MAX:G", Side::Debit),
    ];
    all.into_iter().map(account).collect()
}

pub fn one_of(aggregates: usize) -> AggregateId {
    aggregate(&aggregates.to_string())
}

pub fn name_of(number: usize) -> IndexKey {
    IndexKey { index: "contact".to_owned(), value: number.to_string() }
}

pub const QUEUES: [&str; 2] = ["timer", "outbound"];

fn new_work(work: &Work, key: &str) -> NewWork {
    NewWork {
        id: WorkId(format!("work {}", work.number)),
        queue: QUEUES[usize::from(work.outbound)].to_owned(),
        lane: work.lane.map(|lane| format!("lane {lane}")),
        due_at: after(work.due_s),
        payload: record(&format!("work of {key}")),
    }
}
