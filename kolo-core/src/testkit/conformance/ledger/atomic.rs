//! All of a change set or none: a change set that touches everything fails in each possible way.
use crate::Amount;
use crate::port::ledger::{ChangeSet, CommitError, EntryStatus, Side};
use crate::port::work::Lease;
use crate::port::{PortErrorKind, Retry};
use crate::testkit::conformance::check::{assert_refused, balance, ids, later, settled};
use crate::testkit::conformance::make::{
    With, account, circle, command, contact, entry, external, held, item, moved, posting, wallet,
};
use crate::testkit::conformance::{LedgerHandles, LedgerSetup};

/// A store with something of everything, and a claimed item.
async fn prepared(setup: &LedgerSetup) -> (LedgerHandles, Lease) {
    let store = setup.open().await;
    store
        .now(
            command("before")
                .state(circle("old"), 0, "old")
                .claim(contact("old"), circle("old"))
                .event(circle("old"), "opened")
                .entry(moved("deposit", external(), wallet("ada"), 100))
                .entry(held("hold", wallet("ada"), wallet("ben"), 30))
                .entry(held("spent hold", wallet("ada"), wallet("ben"), 1))
                .void("spent hold")
                .work(item("claimed", None, later(0)))
                .work(item("waiting", None, later(1_000))),
        )
        .await;
    let lease = store.claim_one(later(0)).await.lease;
    (store, lease)
}

/// A change set that touches everything and would succeed.
fn everything(lease: &Lease) -> ChangeSet {
    command("all")
        .consume(lease)
        .state(circle("old"), 1, "newer")
        .state(circle("new"), 0, "new")
        .free(contact("old"))
        .claim(contact("new"), circle("new"))
        .event(circle("old"), "changed")
        .event(circle("new"), "opened")
        .entry(moved("fee", wallet("ada"), external(), 10))
        .settle("hold")
        .guard(wallet("ada"), 60)
        .work(item("next", None, later(10)))
        .cancel("waiting")
}

/// `spoil` makes the change set fail; nothing of it may be visible, and unspoilt it still succeeds.
async fn fails_whole(
    setup: &LedgerSetup,
    spoil: impl FnOnce(ChangeSet) -> ChangeSet,
    expected: impl FnOnce(&CommitError) -> bool,
) {
    let (store, lease) = prepared(setup).await;
    let before = store.snapshot("all").await;
    let error = store.commit(spoil(everything(&lease))).await.expect_err("it is refused");
    assert!(expected(&error), "refused as {error:?}");
    assert_eq!(store.snapshot("all").await, before);

    store.now(everything(&lease)).await;
    assert_eq!(store.version(&circle("old")).await, 2);
    assert_eq!(store.version(&circle("new")).await, 1);
    assert_eq!(store.owner(&contact("old")).await, None);
    assert_eq!(store.owner(&contact("new")).await, Some(circle("new")));
    assert_eq!(store.balance(&wallet("ada")).await, settled(60));
    assert_eq!(store.balance(&wallet("ben")).await, settled(30));
    assert_eq!(store.events(&lease.tenant).await.len(), 3);
    assert_eq!(ids(&store.claim(later(5_000)).await), ["next"]);
}

/// A stale version changes nothing.
pub async fn nothing_of_a_conflict_remains(setup: &LedgerSetup) {
    let spoil = |set: ChangeSet| set.state(circle("other"), 4, "x");
    fails_whole(setup, spoil, |e| matches!(e, CommitError::Conflict(id) if *id == circle("other")))
        .await;
}

/// A taken name changes nothing.
pub async fn nothing_of_a_taken_name_remains(setup: &LedgerSetup) {
    let spoil = |set: ChangeSet| set.claim(contact("new"), circle("old"));
    let taken = |e: &CommitError| matches!(e, CommitError::IndexTaken(k) if *k == contact("new"));
    fails_whole(setup, spoil, taken).await;
}

/// A reused key changes nothing, not even the item it would have completed.
pub async fn nothing_of_a_reused_key_remains(setup: &LedgerSetup) {
    let spoil = |mut set: ChangeSet| {
        set.key = "before".to_owned();
        set
    };
    fails_whole(setup, spoil, |e| matches!(e, CommitError::KeyReused)).await;
}

/// A lost lease changes nothing.
pub async fn nothing_of_a_lost_lease_remains(setup: &LedgerSetup) {
    let spoil = |mut set: ChangeSet| {
        if let Some(lease) = &mut set.consumes {
            lease.token ^= 1;
        }
        set
    };
    fails_whole(setup, spoil, |e| matches!(e, CommitError::LeaseLost)).await;
}

/// An unbalanced entry changes nothing.
pub async fn nothing_of_an_unbalanced_entry_remains(setup: &LedgerSetup) {
    let lines =
        || vec![posting(external(), Side::Debit, 5), posting(wallet("ben"), Side::Credit, 6)];
    let spoil = |set: ChangeSet| set.entry(entry("bad", EntryStatus::Settled, lines()));
    fails_whole(setup, spoil, |e| matches!(e, CommitError::Unbalanced(id) if id == "bad")).await;
}

/// An entry that exists changes nothing.
pub async fn nothing_of_a_duplicate_entry_remains(setup: &LedgerSetup) {
    let spoil = |set: ChangeSet| set.entry(moved("deposit", external(), wallet("ben"), 1));
    let duplicate =
        |e: &CommitError| matches!(e, CommitError::DuplicateEntry(id) if id == "deposit");
    fails_whole(setup, spoil, duplicate).await;
}

/// A hold that has ended changes nothing.
pub async fn nothing_of_an_ended_hold_remains(setup: &LedgerSetup) {
    let spoil = |set: ChangeSet| set.settle("spent hold");
    let ended = |e: &CommitError| matches!(e, CommitError::NotPending(id) if id == "spent hold");
    fails_whole(setup, spoil, ended).await;
}

/// A guard that fails changes nothing, and says what would be available.
pub async fn nothing_of_a_failed_guard_remains(setup: &LedgerSetup) {
    // 100 deposited − 10 fee − 30 settled hold = 60.
    let spoil = |set: ChangeSet| set.guard(wallet("ada"), 61);
    let short = |e: &CommitError| {
        matches!(e, CommitError::Guard { account, available }
            if *account == wallet("ada") && *available == Amount::new(60))
    };
    fails_whole(setup, spoil, short).await;
}

/// An account used with its other side changes nothing.
pub async fn nothing_of_a_wrong_side_remains(setup: &LedgerSetup) {
    let wrong = || account("wallet/ada", "USDC:G", Side::Debit);
    let spoil = |set: ChangeSet| set.entry(moved("bad", external(), wrong(), 1));
    fails_whole(setup, spoil, is_invalid).await;
}

fn is_invalid(error: &CommitError) -> bool {
    matches!(error, CommitError::Port(port)
        if port.kind == PortErrorKind::Invalid && port.retry == Retry::Permanent)
}

/// Of several things that are wrong, the one that is checked first is reported:
/// key, lease, versions, index, entries, holds, guards.
pub async fn checks_come_in_their_order(setup: &LedgerSetup) {
    let (store, lease) = prepared(setup).await;
    let mut stale = lease.clone();
    stale.token ^= 1;
    let guard = || everything(&lease).guard(wallet("ada"), 1_000);
    let hold = || guard().settle("spent hold");
    let entry = || hold().entry(moved("deposit", external(), wallet("ben"), 1));
    let index = || entry().claim(contact("new"), circle("old"));
    let version = || index().state(circle("other"), 4, "x");
    let lost = || version().consume(&stale);
    let key = || ChangeSet { key: "before".to_owned(), ..lost() };
    assert_refused!(store.commit(key()).await, CommitError::KeyReused);
    assert_refused!(store.commit(lost()).await, CommitError::LeaseLost);
    assert_refused!(store.commit(version()).await, CommitError::Conflict(_));
    assert_refused!(store.commit(index()).await, CommitError::IndexTaken(_));
    assert_refused!(store.commit(entry()).await, CommitError::DuplicateEntry(_));
    assert_refused!(store.commit(hold()).await, CommitError::NotPending(_));
    assert_refused!(store.commit(guard()).await, CommitError::Guard { .. });
    assert_eq!(store.balance(&wallet("ada")).await, balance(100, 30, 0));
}
