//! What an adapter shows, read through its ports.
use futures::future::{join_all, try_join_all};
use kolo_core::port::ledger::{
    AccountId, AggregateId, Balance, EntryQuery, IndexKey, JournalEntry, Record, Side, Stored,
    StoredEvent,
};
use kolo_core::port::statement::{AsOf, Statement, StatementQuery};
use kolo_core::port::{Ledger, PortError, PortErrorKind, ReadModel, Retry, WorkQueue};
use kolo_core::{TenantId, Timestamp};

use super::draw::{AGGREGATES, NAMES};
use super::send::{QUEUES, accounts, after, name_of, one_of, tenants};

/// More than there is.
const ALL: usize = 10_000;

/// The size of small pages.
const PAGE: usize = 3;

/// What is so now, in answers of any length: read after every step.
#[derive(Debug, PartialEq)]
pub struct Now {
    tenants: Vec<NowOf>,
    /// Of each queue, and of both.
    due: Vec<Option<Timestamp>>,
}

#[derive(Debug, PartialEq)]
struct NowOf {
    loaded: Vec<Option<Stored>>,
    listed: Vec<Stored>,
    names: Vec<Option<AggregateId>>,
    events: Vec<StoredEvent>,
    balances: Vec<Balance>,
    outcomes: Vec<Option<([u8; 32], Record)>>,
}

impl Now {
    /// Of the outcomes, those of these keys.
    pub async fn of<L: Ledger + WorkQueue>(ledger: &L, keys: &[String]) -> Self {
        let all = tenants();
        let seen = all.iter().map(|tenant| NowOf::of(ledger, tenant, keys));
        let queues = [&QUEUES[..1], &QUEUES[1..], &QUEUES[..]];
        let due = queues.iter().map(|queues| ledger.next_due(queues));
        Self {
            tenants: try_join_all(seen).await.expect("readable"),
            due: try_join_all(due).await.expect("readable"),
        }
    }
}

impl NowOf {
    async fn of<L: Ledger>(
        ledger: &L,
        tenant: &TenantId,
        keys: &[String],
    ) -> Result<Self, PortError> {
        let ids: Vec<AggregateId> = (0..=AGGREGATES).map(one_of).collect();
        let names: Vec<IndexKey> = (0..NAMES).map(name_of).collect();
        let outcomes = keys.iter().map(|key| ledger.outcome(tenant, key));
        Ok(Self {
            loaded: ledger.load(tenant, &ids).await?,
            listed: ledger.list(tenant, "circle", None, ALL).await?,
            names: ledger.lookup(tenant, &names).await?,
            events: ledger.events_after(tenant, 0, ALL).await?,
            balances: ledger.balances(tenant, &accounts()).await?,
            outcomes: try_join_all(outcomes).await?,
        })
    }
}

/// All that there ever was, page by page: read when a store was opened again, and at the end.
#[derive(Debug, PartialEq)]
pub struct History(Vec<HistoryOf>);

#[derive(Debug, PartialEq)]
struct HistoryOf {
    listed: Vec<Stored>,
    events: Vec<StoredEvent>,
    /// As of each moment, by both times.
    balances: Vec<Vec<Balance>>,
    /// Their positions are each adapter's own.
    entries: Vec<Vec<JournalEntry>>,
    statements: Vec<Vec<Statement>>,
    /// What it answers about an account that grows on its other side.
    refusals: Vec<Option<(PortErrorKind, Retry)>>,
}

impl History {
    pub async fn of<L: Ledger + ReadModel>(ledger: &L) -> Self {
        let all = tenants();
        let seen = all.iter().map(|tenant| HistoryOf::of(ledger, tenant));
        Self(try_join_all(seen).await.expect("readable"))
    }
}

impl HistoryOf {
    async fn of<L: Ledger + ReadModel>(ledger: &L, tenant: &TenantId) -> Result<Self, PortError> {
        let accounts = accounts();
        let moments = [20, 40, 60].map(after);
        let times = moments.iter().flat_map(|at| [AsOf::Recorded(*at), AsOf::Effective(*at)]);
        let balances = times.map(|at| ledger.balances_at(tenant, &accounts, at));
        let entries = accounts.iter().map(|account| entries(ledger, tenant, account));
        let statements = accounts.iter().map(|account| statement(ledger, tenant, account));
        Ok(Self {
            listed: list(ledger, tenant).await?,
            events: events(ledger, tenant).await?,
            balances: try_join_all(balances).await?,
            entries: try_join_all(entries).await?,
            statements: try_join_all(statements).await?,
            refusals: refusals(ledger, tenant).await,
        })
    }
}

async fn list<L: Ledger>(ledger: &L, tenant: &TenantId) -> Result<Vec<Stored>, PortError> {
    let mut all: Vec<Stored> = Vec::new();
    loop {
        let after = all.last().map(|stored| stored.id.id.as_str());
        let page = ledger.list(tenant, "circle", after, PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

async fn events<L: Ledger>(ledger: &L, tenant: &TenantId) -> Result<Vec<StoredEvent>, PortError> {
    let mut all: Vec<StoredEvent> = Vec::new();
    loop {
        let last = all.last().map_or(0, |event| event.position);
        let page = ledger.events_after(tenant, last, PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

async fn entries<L: Ledger>(
    ledger: &L,
    tenant: &TenantId,
    account: &AccountId,
) -> Result<Vec<JournalEntry>, PortError> {
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let query = EntryQuery { account: account.clone(), before, limit: PAGE };
        let page = ledger.entries(tenant, &query).await?;
        let Some(last) = page.last() else {
            return Ok(all);
        };
        before = Some(last.position);
        all.extend(page.into_iter().map(|stored| stored.entry));
    }
}

/// Of a part of the time.
async fn statement<L: ReadModel>(
    ledger: &L,
    tenant: &TenantId,
    account: &AccountId,
) -> Result<Vec<Statement>, PortError> {
    let (from, until) = (after(10), after(70));
    let mut query =
        StatementQuery { account: account.clone(), from, until, after: None, limit: PAGE };
    let mut pages = Vec::new();
    loop {
        let page = ledger.statement(tenant, &query).await?;
        assert!(page.adds_up(), "{page:?}");
        query.after = page.next;
        pages.push(page);
        if query.after.is_none() {
            return Ok(pages);
        }
    }
}

async fn refusals<L: Ledger>(ledger: &L, tenant: &TenantId) -> Vec<Option<(PortErrorKind, Retry)>> {
    let mut others = accounts();
    for other in &mut others {
        other.normal = if other.normal == Side::Debit { Side::Credit } else { Side::Debit };
    }
    let asked = others.iter().map(|other| ledger.balances(tenant, std::slice::from_ref(other)));
    let answers = join_all(asked).await;
    answers.into_iter().map(|answer| answer.err().map(|error| (error.kind, error.retry))).collect()
}
