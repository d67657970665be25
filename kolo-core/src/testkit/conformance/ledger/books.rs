//! Balances and statements.
use crate::port::ledger::{CommitError, EntryQuery, EntryStatus, Side};
use crate::port::{PortErrorKind, Retry};
use crate::testkit::conformance::LedgerSetup;
use crate::testkit::conformance::check::{assert_refused, balance, entry_ids, settled};
use crate::testkit::conformance::make::{
    With, account, command, entry, external, held, moved, posting, tenant, wallet,
};

/// Debits raise an account that grows on the debit side and lower one that grows on the credit side.
pub async fn balances_follow_the_normal_side(setup: &LedgerSetup) {
    let store = setup.open().await;
    store.now(command("k1").entry(moved("in", external(), wallet("ada"), 10))).await;
    assert_eq!(store.balance(&external()).await, settled(10));
    assert_eq!(store.balance(&wallet("ada")).await, settled(10));
    store.now(command("k2").entry(moved("out", wallet("ada"), external(), 4))).await;
    assert_eq!(store.balance(&external()).await, settled(6));
    assert_eq!(store.balance(&wallet("ada")).await, settled(6));
}

/// Holds count as inflow on the normal side and as outflow against it, and never as settled.
pub async fn holds_are_pending_on_either_side(setup: &LedgerSetup) {
    let store = setup.open().await;
    let both_ways = command("k1")
        .entry(held("in", external(), wallet("ada"), 10))
        .entry(held("out", wallet("ada"), external(), 4))
        .entry(held("more", wallet("ada"), external(), 1));
    store.now(both_ways).await;
    assert_eq!(store.balance(&external()).await, balance(0, 5, 10));
    assert_eq!(store.balance(&wallet("ada")).await, balance(0, 5, 10));
    store.now(command("k2").settle("in").void("more")).await;
    assert_eq!(store.balance(&external()).await, balance(10, 4, 0));
    assert_eq!(store.balance(&wallet("ada")).await, balance(10, 4, 0));
    store.now(command("k3").settle("out")).await;
    assert_eq!(store.balance(&external()).await, settled(6));
    assert_eq!(store.balance(&wallet("ada")).await, settled(6));
}

/// Without a guard an account may be overdrawn.
pub async fn an_unguarded_account_may_be_overdrawn(setup: &LedgerSetup) {
    let store = setup.open().await;
    store.now(command("k").entry(moved("out", wallet("ada"), external(), 4))).await;
    assert_eq!(store.balance(&wallet("ada")).await, settled(-4));
    assert_eq!(store.balance(&external()).await, settled(-4));
}

/// Balances come in the order asked for; zero for an account never used.
pub async fn balances_come_in_the_order_asked(setup: &LedgerSetup) {
    let store = setup.open().await;
    let main = tenant("main");
    let asked = [wallet("ben"), external(), wallet("ada"), wallet("ben")];
    let none = store.ledger.balances(&main, &asked).await.expect("balances");
    assert_eq!(none, [settled(0); 4]);
    let changes = command("k").entry(moved("e1", external(), wallet("ada"), 10)).entry(moved(
        "e2",
        wallet("ada"),
        wallet("ben"),
        3,
    ));
    store.now(changes).await;
    let balances = store.ledger.balances(&main, &asked).await.expect("balances");
    assert_eq!(balances, [settled(3), settled(10), settled(7), settled(3)]);
    assert!(store.ledger.balances(&main, &[]).await.expect("balances").is_empty());
}

/// Accounts of one name in two assets are two accounts.
pub async fn assets_are_apart(setup: &LedgerSetup) {
    let store = setup.open().await;
    let euros = |name: &str, normal| account(name, "EUR:G", normal);
    let changes = command("k").entry(moved("dollars", external(), wallet("ada"), 10)).entry(moved(
        "euros",
        euros("external", Side::Debit),
        euros("wallet/ada", Side::Credit),
        3,
    ));
    store.now(changes).await;
    assert_eq!(store.balance(&wallet("ada")).await, settled(10));
    assert_eq!(store.balance(&euros("wallet/ada", Side::Credit)).await, settled(3));
    assert_eq!(entry_ids(&store.entries(&wallet("ada")).await), ["dollars"]);
}

/// An account grows on one side for ever: posting, guarding or reading it with the other is invalid.
pub async fn an_account_keeps_its_side(setup: &LedgerSetup) {
    let store = setup.open().await;
    let wrong = account("wallet/ada", "USDC:G", Side::Debit);
    let both = command("k0").entry(moved("e1", external(), wallet("ada"), 1)).entry(moved(
        "e2",
        external(),
        wrong.clone(),
        1,
    ));
    let invalid = |e: &crate::port::PortError| {
        e.kind == PortErrorKind::Invalid && e.retry == Retry::Permanent
    };
    assert_refused!(store.commit(both).await, CommitError::Port(e) if invalid(&e));
    store.now(command("k1").entry(moved("e", external(), wallet("ada"), 1))).await;
    let guarded = command("k2").guard(wrong.clone(), 0);
    assert_refused!(store.commit(guarded).await, CommitError::Port(e) if invalid(&e));
    let main = tenant("main");
    let asked = [wallet("ada"), wrong.clone()];
    assert_refused!(store.ledger.balances(&main, &asked).await, e if invalid(&e));
    let query = EntryQuery { account: wrong, before: None, limit: 5 };
    assert_refused!(store.ledger.entries(&main, &query).await, e if invalid(&e));
}

/// A balance that would leave the range is refused, with everything else of its commit.
pub async fn a_balance_stays_in_range(setup: &LedgerSetup) {
    let store = setup.open().await;
    store.now(command("k1").entry(moved("e1", external(), wallet("ada"), i64::MAX))).await;
    let more = command("k2").entry(moved("e2", external(), wallet("ada"), 1));
    assert_refused!(store.commit(more).await, CommitError::Port(e)
        if e.kind == PortErrorKind::Limited && e.retry == Retry::Permanent);
    assert_eq!(store.balance(&wallet("ada")).await, settled(i64::MAX));
    assert_eq!(store.entries(&wallet("ada")).await.len(), 1);
}

/// Entries come newest first, in the order they were written and not in that of their effect.
pub async fn entries_come_newest_first(setup: &LedgerSetup) {
    let store = setup.open().await;
    let mut early = moved("third", external(), wallet("ada"), 1);
    early.effective_at = crate::Timestamp::from_unix(1);
    let two = command("k1").entry(moved("first", external(), wallet("ada"), 1)).entry(moved(
        "second",
        external(),
        wallet("ada"),
        1,
    ));
    store.now(two).await;
    store.now(command("k2").entry(early)).await;
    store.now(command("k3").entry(moved("other", external(), wallet("ben"), 1))).await;
    let entries = store.entries(&wallet("ada")).await;
    assert_eq!(entry_ids(&entries), ["third", "second", "first"]);
    let rising = entries.windows(2).all(|pair| pair[0].position > pair[1].position);
    assert!(rising, "{entries:?}");
}

/// An entry is listed once however many of its lines are on the account, with its lines as written.
pub async fn an_entry_is_listed_once(setup: &LedgerSetup) {
    let store = setup.open().await;
    let lines = vec![
        posting(wallet("ada"), Side::Credit, 3),
        posting(external(), Side::Debit, 6),
        posting(wallet("ada"), Side::Credit, 4),
        posting(wallet("ada"), Side::Debit, 1),
    ];
    let mut written = entry("e", EntryStatus::Settled, lines);
    written.details = "{\"note\":\"a — ü 🙂\"}".to_owned();
    written.chain_tx = Some("ff".repeat(32));
    store.now(command("k").entry(written.clone())).await;
    let entries = store.entries(&wallet("ada")).await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].entry, written);
    assert_eq!(store.balance(&wallet("ada")).await, settled(6));
}

/// Pages are complete, without duplicates, and not moved by what is written meanwhile.
pub async fn entries_can_be_paged(setup: &LedgerSetup) {
    let store = setup.open().await;
    for i in 0..23 {
        let to = if i % 3 == 0 { wallet("ben") } else { wallet("ada") };
        let id = format!("e{i:02}");
        store.now(command(&id).entry(moved(&id, external(), to, 1))).await;
    }
    let all = store.entries(&wallet("ada")).await;
    assert_eq!(all.len(), 15);
    for limit in [1, 4, 15, 100] {
        let (mut read, mut before) = (Vec::new(), None);
        loop {
            let query = EntryQuery { account: wallet("ada"), before, limit };
            let page = store.ledger.entries(&tenant("main"), &query).await.expect("entries");
            assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            before = Some(last.position);
            read.extend(page);
            assert!(read.len() <= 100, "the pages of {limit} never end");
            let id = format!("later {limit} {}", read.len());
            store.now(command(&id).entry(moved(&id, external(), wallet("ada"), 1))).await;
        }
        let later = read.iter().filter(|stored| stored.entry.id.starts_with("later")).count();
        assert_eq!(read[later..], all[..], "in pages of {limit}");
    }
    let none = EntryQuery { account: wallet("ada"), before: None, limit: 0 };
    assert!(store.ledger.entries(&tenant("main"), &none).await.expect("entries").is_empty());
}
