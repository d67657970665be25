//! Tenants never meet.
use crate::port::ledger::{CommitError, EntryQuery};
use crate::testkit::conformance::LedgerSetup;
use crate::testkit::conformance::check::{ALL, QUEUES, assert_refused, later, settled};
use crate::testkit::conformance::make::{
    With, circle, command, contact, external, held, item, moved, record, tenant, wallet,
};

/// The same keys, names, ids and accounts in two tenants are different things, in every read.
pub async fn tenants_read_apart(setup: &LedgerSetup) {
    let store = setup.open().await;
    let (one, two, none) = (tenant("one"), tenant("two"), tenant("none"));
    for (owner, amount, text) in [(&one, 5, "1"), (&two, 7, "2")] {
        let mut changes = command("k")
            .by(owner)
            .state(circle("a"), 0, text)
            .claim(contact("x"), circle(text))
            .event(circle(text), text)
            .entry(moved("e", external(), wallet("ada"), amount))
            .work(item("w", Some("lane"), later(0)));
        changes.outcome = record("done", text);
        store.now(changes).await;
    }
    let ledger = &store.ledger;
    for (owner, amount, text) in [(&one, 5, "1"), (&two, 7, "2")] {
        let (_, outcome) = ledger.outcome(owner, "k").await.expect("outcome").expect("stored");
        assert_eq!(outcome, record("done", text));
        let loaded = ledger.load(owner, &[circle("a")]).await.expect("load");
        assert_eq!(loaded[0].as_ref().expect("stored").state, record("state", text));
        assert_eq!(ledger.list(owner, "circle", None, ALL).await.expect("list").len(), 1);
        let owners = ledger.lookup(owner, &[contact("x")]).await.expect("lookup");
        assert_eq!(owners, [Some(circle(text))]);
        let balances = ledger.balances(owner, &[wallet("ada")]).await.expect("balances");
        assert_eq!(balances, [settled(amount)]);
        let query = EntryQuery { account: wallet("ada"), before: None, limit: ALL };
        assert_eq!(ledger.entries(owner, &query).await.expect("entries").len(), 1);
        let events = store.events(owner).await;
        assert_eq!((events.len(), events[0].position), (1, 1));
        assert_eq!(events[0].aggregate, circle(text));
    }
    assert_eq!(ledger.outcome(&none, "k").await.expect("outcome"), None);
    assert_eq!(ledger.load(&none, &[circle("a")]).await.expect("load"), [None]);
    assert!(ledger.list(&none, "circle", None, ALL).await.expect("list").is_empty());
    assert_eq!(ledger.lookup(&none, &[contact("x")]).await.expect("lookup"), [None]);
    assert_eq!(ledger.balances(&none, &[wallet("ada")]).await.expect("balances"), [settled(0)]);
    assert!(store.events(&none).await.is_empty());
}

/// No commit changes another tenant: not its versions, names, holds, accounts or work.
pub async fn tenants_write_apart(setup: &LedgerSetup) {
    let store = setup.open().await;
    let two = tenant("two");
    let mine = command("k1")
        .state(circle("a"), 0, "mine")
        .claim(contact("old"), circle("a"))
        .entry(moved("deposit", external(), wallet("ada"), 9))
        .entry(held("hold", external(), wallet("ada"), 1))
        .event(circle("a"), "opened")
        .work(item("w", None, later(0)));
    store.now(mine).await;
    let before = store.snapshot("k1").await;

    let theirs = |key: &str| command(key).by(&two);
    let stale = theirs("k2").state(circle("a"), 1, "theirs");
    assert_refused!(store.commit(stale).await, CommitError::Conflict(_));
    assert_refused!(store.commit(theirs("k3").settle("hold")).await, CommitError::NotPending(_));
    let guarded = theirs("k4").guard(wallet("ada"), 1);
    assert_refused!(store.commit(guarded).await, CommitError::Guard { .. });
    let all = theirs("k1")
        .free(contact("old"))
        .event(circle("a"), "opened")
        .entry(moved("deposit", external(), wallet("ada"), 100))
        .cancel("w");
    store.now(all).await;
    assert_eq!(store.snapshot("k1").await, before);
}

/// Work is claimed over all tenants, each item under its own; a lease completes only its own
/// tenant's item.
pub async fn tenants_work_apart(setup: &LedgerSetup) {
    let store = setup.open().await;
    let (one, two) = (tenant("one"), tenant("two"));
    store.now(command("k").by(&one).work(item("w", Some("l"), later(1)))).await;
    store.now(command("k").by(&two).work(item("w", Some("l"), later(0)))).await;
    let claimed = store.work.claim(QUEUES, later(5), 60, ALL).await.expect("claim");
    let owners: Vec<_> = claimed.iter().map(|c| c.lease.tenant.as_str()).collect();
    assert_eq!(owners, ["two", "one"]);

    let mut forged = claimed[0].lease.clone();
    forged.tenant = one.clone();
    let foreign = command("k2").by(&one).at(later(6)).consume(&claimed[0].lease);
    assert_refused!(store.commit(foreign).await, CommitError::LeaseLost);
    if forged.token != claimed[1].lease.token {
        let set = command("k3").by(&one).at(later(6)).consume(&forged);
        assert_refused!(store.commit(set).await, CommitError::LeaseLost);
    }
    store.now(command("k4").by(&two).at(later(6)).consume(&claimed[0].lease)).await;
    let left = store.claim_one(later(500)).await;
    assert_eq!((left.lease.tenant, left.attempts), (one, 2));
}
