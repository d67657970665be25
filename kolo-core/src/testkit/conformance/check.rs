//! Short ways to look at a store.
use super::make::{NOW, circle, contact, external, tenant, wallet};
use super::setup::LedgerHandles;
use crate::port::ledger::{
    AccountId, AggregateId, Balance, ChangeSet, CommitError, Committed, EntryQuery, IndexKey,
    Record, Stored, StoredEntry, StoredEvent,
};
use crate::port::work::ClaimedWork;
use crate::{Amount, TenantId, Timestamp};

/// Asserts that a result is a certain error.
macro_rules! assert_refused {
    ($result:expr, $pattern:pat $(if $guard:expr)? $(,)?) => {
        match $result {
            Err($pattern) $(if $guard)? => {}
            other => panic!("expected {}, got {other:?}", stringify!($pattern $(if $guard)?)),
        }
    };
}
pub(super) use assert_refused;

/// The queue every item of the cases is in, unless it says otherwise.
pub(super) const QUEUES: &[&str] = &["intent"];
/// Longer than there are items in any case.
pub(super) const ALL: usize = 10_000;

/// Everything of tenant `main` that a failed commit of a case could have touched.
#[derive(Debug, PartialEq)]
pub(super) struct Snapshot {
    aggregates: Vec<Stored>,
    index: Vec<Option<AggregateId>>,
    balances: Vec<Balance>,
    entries: Vec<StoredEntry>,
    events: Vec<StoredEvent>,
    outcome: Option<([u8; 32], Record)>,
    next_due: Option<Timestamp>,
}

impl LedgerHandles {
    /// Commits what must succeed for the first time.
    pub(super) async fn now(&self, changes: ChangeSet) {
        let outcome = changes.outcome.clone();
        let committed = self.ledger.commit(changes).await.expect("the commit succeeds");
        assert_eq!(committed, Committed::Now(outcome));
    }

    pub(super) async fn commit(&self, changes: ChangeSet) -> Result<Committed, CommitError> {
        self.ledger.commit(changes).await
    }

    pub(super) async fn version(&self, id: &AggregateId) -> u64 {
        self.stored(id).await.map_or(0, |stored| stored.version)
    }

    pub(super) async fn stored(&self, id: &AggregateId) -> Option<Stored> {
        let ids = std::slice::from_ref(id);
        let mut loaded = self.ledger.load(&tenant("main"), ids).await.expect("load");
        assert_eq!(loaded.len(), 1);
        loaded.remove(0)
    }

    pub(super) async fn owner(&self, key: &IndexKey) -> Option<AggregateId> {
        let keys = std::slice::from_ref(key);
        let mut found = self.ledger.lookup(&tenant("main"), keys).await.expect("lookup");
        assert_eq!(found.len(), 1);
        found.remove(0)
    }

    pub(super) async fn balance(&self, account: &AccountId) -> Balance {
        let accounts = std::slice::from_ref(account);
        let mut found = self.ledger.balances(&tenant("main"), accounts).await.expect("balances");
        assert_eq!(found.len(), 1);
        found.remove(0)
    }

    /// All entries of an account, newest first.
    pub(super) async fn entries(&self, account: &AccountId) -> Vec<StoredEntry> {
        let query = EntryQuery { account: account.clone(), before: None, limit: ALL };
        self.ledger.entries(&tenant("main"), &query).await.expect("entries")
    }

    pub(super) async fn events(&self, tenant: &TenantId) -> Vec<StoredEvent> {
        self.ledger.events_after(tenant, 0, ALL).await.expect("events")
    }

    /// Claims all there is for a minute.
    pub(super) async fn claim(&self, now: Timestamp) -> Vec<ClaimedWork> {
        self.work.claim(QUEUES, now, 60, ALL).await.expect("claim")
    }

    /// Claims the one item there must be, for a minute.
    pub(super) async fn claim_one(&self, now: Timestamp) -> ClaimedWork {
        let mut claimed = self.claim(now).await;
        assert_eq!(ids(&claimed).len(), 1, "{claimed:?}");
        claimed.remove(0)
    }

    pub(super) async fn next_due(&self) -> Option<Timestamp> {
        self.work.next_due(QUEUES).await.expect("next_due")
    }

    pub(super) async fn snapshot(&self, key: &str) -> Snapshot {
        let main = tenant("main");
        Snapshot {
            aggregates: self.ledger.list(&main, &circle("").kind, None, ALL).await.expect("list"),
            index: self
                .ledger
                .lookup(&main, &[contact("old"), contact("new")])
                .await
                .expect("lookup"),
            balances: self
                .ledger
                .balances(&main, &[external(), wallet("ada"), wallet("ben")])
                .await
                .expect("balances"),
            entries: self.entries(&external()).await,
            events: self.events(&main).await,
            outcome: self.ledger.outcome(&main, key).await.expect("outcome"),
            next_due: self.next_due().await,
        }
    }
}

/// Names of claimed items, in the order they came.
pub(super) fn ids(claimed: &[ClaimedWork]) -> Vec<&str> {
    claimed.iter().map(|claimed| claimed.lease.work.0.as_str()).collect()
}

/// Names of entries, in the order they came.
pub(super) fn entry_ids(entries: &[StoredEntry]) -> Vec<&str> {
    entries.iter().map(|stored| stored.entry.id.as_str()).collect()
}

pub(super) fn settled(settled: i64) -> Balance {
    balance(settled, 0, 0)
}

pub(super) fn balance(settled: i64, pending_out: i64, pending_in: i64) -> Balance {
    Balance {
        settled: Amount::new(settled),
        pending_out: Amount::new(pending_out),
        pending_in: Amount::new(pending_in),
    }
}

/// A minute, ten minutes … after the start.
pub(super) const fn later(seconds: u64) -> Timestamp {
    NOW.plus(seconds)
}
