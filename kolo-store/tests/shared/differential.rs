//! Random change sets, many to a group, against the reference ledger: the same answers, the same
//! record. A failing seed is in the message and replays exactly.
use futures::future::join_all;
use kolo_core::port::ledger::{
    AggregateId, AggregateWrite, ChangeSet, EntryQuery, EntryStatus, Guard, IndexKey, IndexWrite,
    NewEvent, Posting, Resolution, Side,
};
use kolo_core::port::work::{Lease, NewWork, WorkId};
use kolo_core::port::{Ledger, WorkQueue};
use kolo_core::testkit::MemoryLedger;
use kolo_core::{Amount, Timestamp};

use crate::make::{NOW, account, aggregate, command, deposit, record, tenant};
use crate::support::{Place, RUNTIME, Store};

const SEEDS: u64 = 24;
const GROUPS: usize = 12;
const GROUP: usize = 16;

/// A small repeatable generator (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn one_in(&mut self, times: u64) -> bool {
        self.roll(times) == 0
    }
}

/// What the generator has to know to be right often enough.
struct World {
    dice: Dice,
    versions: [u64; 4],
    entries: u64,
    /// Of one item, the store's and the reference's: each has tokens of its own.
    leases: Vec<(Lease, Lease)>,
}

impl World {
    /// The same change set for the store and for the reference.
    fn change_set(&mut self, number: usize) -> [ChangeSet; 2] {
        let reused = self.dice.one_in(10);
        let number = if reused { number / 2 } else { number };
        let mut changes = command(&format!("key {number}"));
        if self.dice.one_in(15) {
            changes.request_hash = [9; 32];
        }
        // Some come when the lease of seven seconds is over.
        let group = u64::try_from(number / GROUP).expect("small");
        changes.recorded_at = NOW.plus(group * 5 + self.dice.roll(15));
        for _ in 0..self.dice.roll(3) {
            changes.aggregates.push(self.write());
        }
        for _ in 0..self.dice.roll(2) {
            changes.index.push(self.name());
        }
        for _ in 0..self.dice.roll(3) {
            let of = self.aggregate();
            changes
                .events
                .push(NewEvent { aggregate: of, record: record(&format!("event {number}")) });
        }
        self.books(&mut changes);
        self.queue(&mut changes, number);
        let mut theirs = changes.clone();
        if self.dice.one_in(3)
            && let Some((mine, their)) = self.leases.pop()
        {
            changes.consumes = Some(mine);
            theirs.consumes = Some(their);
        }
        [changes, theirs]
    }

    fn aggregate(&mut self) -> AggregateId {
        aggregate(&self.dice.roll(4).to_string())
    }

    /// Mostly the version that will be right if the ones before are accepted.
    fn write(&mut self) -> AggregateWrite {
        let which = usize::try_from(self.dice.roll(4)).expect("small");
        let version = &mut self.versions[which];
        let expected = version.saturating_sub(u64::from(self.dice.one_in(6)));
        *version = expected + 1;
        AggregateWrite {
            id: aggregate(&which.to_string()),
            expected,
            state: record(&format!("state {}", self.dice.roll(1000))),
        }
    }

    fn name(&mut self) -> IndexWrite {
        let key = IndexKey { index: "contact".to_owned(), value: self.dice.roll(5).to_string() };
        if self.dice.one_in(2) {
            IndexWrite::Release(key)
        } else {
            IndexWrite::Claim(key, self.aggregate())
        }
    }

    fn books(&mut self, changes: &mut ChangeSet) {
        for _ in 0..self.dice.roll(3) {
            self.entries += u64::from(!self.dice.one_in(12));
            let held = self.dice.one_in(2);
            let status = if held { EntryStatus::Pending } else { EntryStatus::Settled };
            let wallet = format!("wallet {}", self.dice.roll(3));
            let mut entry = deposit(&format!("entry {}", self.entries), &wallet, status);
            if self.dice.one_in(3) {
                flip(&mut entry.postings);
            }
            if self.dice.one_in(20) {
                entry.postings.pop();
            }
            changes.entries.push(entry);
        }
        if self.dice.one_in(3) {
            changes.resolutions.push(Resolution {
                entry: format!("entry {}", self.dice.roll(self.entries + 2)),
                settle: self.dice.one_in(2),
                chain_tx: self.dice.one_in(2).then(|| "ab".repeat(32)),
                effective_at: NOW.plus(self.dice.roll(100)),
            });
        }
        if self.dice.one_in(3) {
            changes.guards.push(Guard {
                account: account(&format!("wallet {}", self.dice.roll(3)), Side::Credit),
                minimum: Amount::new(0),
            });
        }
    }

    fn queue(&mut self, changes: &mut ChangeSet, number: usize) {
        if self.dice.one_in(2) {
            changes.work.push(NewWork {
                id: WorkId(format!("work {}", self.dice.roll(60))),
                queue: "timer".to_owned(),
                lane: self.dice.one_in(2).then(|| self.dice.roll(3).to_string()),
                due_at: NOW.plus(self.dice.roll(50)),
                payload: record(&format!("work {number}")),
            });
        }
        if self.dice.one_in(5) {
            changes.cancel.push(WorkId(format!("work {}", self.dice.roll(60))));
        }
    }
}

/// Money out instead of in.
fn flip(postings: &mut [Posting]) {
    for posting in postings {
        posting.side = match posting.side {
            Side::Debit => Side::Credit,
            Side::Credit => Side::Debit,
        };
    }
}

#[test]
fn random_change_sets_do_what_the_reference_does() {
    let mut refused = 0;
    for seed in 0..SEEDS {
        let place = Place::new();
        refused += RUNTIME.block_on(async { play(&place.open().await, seed).await });
    }
    let all = usize::try_from(SEEDS).expect("small") * GROUPS * GROUP;
    assert!((all / 10..all * 9 / 10).contains(&refused), "{refused} of {all} were refused");
}

/// Returns how many change sets were refused.
async fn play(store: &Store, seed: u64) -> usize {
    let reference = MemoryLedger::new();
    let mut world = World { dice: Dice(seed), versions: [0; 4], entries: 0, leases: Vec::new() };
    let mut refused = 0;
    for group in 0..GROUPS {
        let sets: Vec<_> =
            (0..GROUP).map(|number| world.change_set(group * GROUP + number)).collect();
        // Sent in this order, hence decided in this order, many to a transaction.
        let answers = join_all(sets.iter().map(|[mine, _]| store.commit(mine.clone()))).await;
        for ([_, set], answer) in sets.into_iter().zip(answers) {
            let expected = reference.commit(set.clone()).await;
            assert_eq!(format!("{answer:?}"), format!("{expected:?}"), "seed {seed}: {set:#?}");
            refused += usize::from(answer.is_err());
        }
        world.leases = claim_the_same(store, &reference, group, seed).await;
        assert_same(store, &reference, &mut world, seed).await;
    }
    assert_eq!(store.check().await.expect("readable").findings, [], "seed {seed}");
    refused
}

async fn claim_the_same(
    store: &Store,
    reference: &MemoryLedger,
    group: usize,
    seed: u64,
) -> Vec<(Lease, Lease)> {
    let now: Timestamp = NOW.plus(u64::try_from(group).expect("small") * 5);
    let due = store.next_due(&["timer"]).await.expect("readable");
    assert_eq!(due, reference.next_due(&["timer"]).await.expect("readable"), "seed {seed}");
    let mine = store.claim(&["timer"], now, 7, 3).await.expect("claimed");
    let theirs = reference.claim(&["timer"], now, 7, 3).await.expect("claimed");
    let ids = |claimed: &[kolo_core::port::work::ClaimedWork]| -> Vec<_> {
        let told = claimed.iter().map(|work| (work.lease.work.clone(), work.attempts));
        told.collect()
    };
    assert_eq!(ids(&mine), ids(&theirs), "seed {seed}");
    let leases = mine.into_iter().zip(theirs);
    leases.map(|(mine, theirs)| (mine.lease, theirs.lease)).collect()
}

async fn assert_same(store: &Store, reference: &MemoryLedger, world: &mut World, seed: u64) {
    let main = tenant();
    let mine = store.list(&main, "circle", None, 10).await.expect("readable");
    let theirs = reference.list(&main, "circle", None, 10).await.expect("readable");
    assert_eq!(mine, theirs, "seed {seed}");
    world.versions = [0; 4];
    for stored in mine {
        let which: usize = stored.id.id.parse().expect("a number");
        world.versions[which] = stored.version;
    }
    let mine = store.events_after(&main, 0, 1000).await.expect("readable");
    assert_eq!(mine, reference.events_after(&main, 0, 1000).await.expect("readable"));
    let accounts: Vec<_> = (0..3)
        .map(|number| account(&format!("wallet {number}"), Side::Credit))
        .chain([account("external", Side::Debit)])
        .collect();
    let mine = store.balances(&main, &accounts).await.expect("readable");
    assert_eq!(mine, reference.balances(&main, &accounts).await.expect("readable"), "seed {seed}");
    let query = EntryQuery { account: accounts[3].clone(), before: None, limit: 1000 };
    let mine = store.entries(&main, &query).await.expect("readable");
    let theirs = reference.entries(&main, &query).await.expect("readable");
    let bare = |entries: Vec<kolo_core::port::ledger::StoredEntry>| -> Vec<_> {
        entries.into_iter().map(|stored| stored.entry).collect()
    };
    assert_eq!(bare(mine), bare(theirs), "seed {seed}");
    let names: Vec<_> = (0..5)
        .map(|value| IndexKey { index: "contact".to_owned(), value: value.to_string() })
        .collect();
    let mine = store.lookup(&main, &names).await.expect("readable");
    assert_eq!(mine, reference.lookup(&main, &names).await.expect("readable"), "seed {seed}");
}
