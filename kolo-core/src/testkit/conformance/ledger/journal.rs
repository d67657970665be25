//! Which entries are let into the books, and how holds end.
use crate::Amount;
use crate::port::ledger::{CommitError, Ending, EntryStatus, Posting, Resolution, Side};
use crate::port::{PortErrorKind, Retry};
use crate::testkit::conformance::LedgerSetup;
use crate::testkit::conformance::check::{assert_refused, balance, later, settled};
use crate::testkit::conformance::make::{
    With, account, command, entry, external, held, moved, posting, wallet,
};

async fn is_unbalanced(setup: &LedgerSetup, postings: Vec<Posting>) {
    let store = setup.open().await;
    for status in [EntryStatus::Settled, EntryStatus::Pending] {
        let changes = command("k").entry(entry("e", status, postings.clone()));
        assert_refused!(store.commit(changes).await, CommitError::Unbalanced(id) if id == "e");
    }
    assert!(store.entries(&external()).await.is_empty());
    assert_eq!(store.balance(&wallet("ada")).await, settled(0));
}

/// Debits and credits differ: refused.
pub async fn an_entry_must_balance(setup: &LedgerSetup) {
    let lines = vec![posting(external(), Side::Debit, 5), posting(wallet("ada"), Side::Credit, 4)];
    is_unbalanced(setup, lines).await;
    let same_side =
        vec![posting(external(), Side::Debit, 5), posting(wallet("ada"), Side::Debit, 5)];
    is_unbalanced(setup, same_side).await;
}

/// Balanced over all assets is not enough: each must balance.
pub async fn an_entry_must_balance_in_each_asset(setup: &LedgerSetup) {
    let euros = account("external", "EUR:G", Side::Debit);
    let lines = vec![posting(euros, Side::Debit, 5), posting(wallet("ada"), Side::Credit, 5)];
    is_unbalanced(setup, lines).await;
}

/// Sums beyond an `i64` are still compared.
pub async fn an_entry_must_balance_beyond_the_range(setup: &LedgerSetup) {
    let lines = vec![
        posting(external(), Side::Debit, i64::MAX),
        posting(external(), Side::Debit, i64::MAX),
        posting(external(), Side::Debit, 4),
        posting(wallet("ada"), Side::Credit, 2),
    ];
    is_unbalanced(setup, lines).await;
}

/// No line, or one line: refused.
pub async fn an_entry_has_two_lines(setup: &LedgerSetup) {
    is_unbalanced(setup, vec![]).await;
    is_unbalanced(setup, vec![posting(external(), Side::Debit, 5)]).await;
}

/// Amounts of zero or less are refused, also where they balance.
pub async fn amounts_are_positive(setup: &LedgerSetup) {
    for amount in [0, -5] {
        let lines = vec![
            posting(external(), Side::Debit, amount),
            posting(wallet("ada"), Side::Credit, amount),
        ];
        is_unbalanced(setup, lines).await;
    }
}

/// An entry of several lines and assets is taken if it balances in each.
pub async fn an_entry_may_have_many_lines(setup: &LedgerSetup) {
    let store = setup.open().await;
    let euros = |name: &str| account(name, "EUR:G", Side::Credit);
    let lines = vec![
        posting(external(), Side::Debit, 7),
        posting(wallet("ada"), Side::Credit, 3),
        posting(euros("wallet/ada"), Side::Debit, 2),
        posting(wallet("ben"), Side::Credit, 4),
        posting(euros("fees"), Side::Credit, 2),
    ];
    let written = entry("e", EntryStatus::Settled, lines);
    store.now(command("k").entry(written.clone())).await;
    let wanted = [(wallet("ada"), 3), (wallet("ben"), 4), (euros("wallet/ada"), -2)];
    for (id, amount) in wanted {
        assert_eq!(store.balance(&id).await, settled(amount), "{id:?}");
        assert_eq!(store.entries(&id).await[0].entry, written);
    }
}

/// An entry's id is used once, whether earlier or in the same change set.
pub async fn an_entry_is_booked_once(setup: &LedgerSetup) {
    let store = setup.open().await;
    let deposit = |amount| moved("e", external(), wallet("ada"), amount);
    let twice = command("k1").entry(deposit(5)).entry(deposit(5));
    assert_refused!(store.commit(twice).await, CommitError::DuplicateEntry(id) if id == "e");
    store.now(command("k2").entry(deposit(5))).await;
    for amount in [5, 6] {
        let again = command("k3").entry(deposit(amount));
        assert_refused!(store.commit(again).await, CommitError::DuplicateEntry(id) if id == "e");
    }
    assert_eq!(store.balance(&wallet("ada")).await, settled(5));
    assert_eq!(store.entries(&wallet("ada")).await.len(), 1);
}

/// The id of a voided hold is used up.
pub async fn a_voided_entry_keeps_its_id(setup: &LedgerSetup) {
    let store = setup.open().await;
    store.now(command("k1").entry(held("e", external(), wallet("ada"), 5))).await;
    store.now(command("k2").void("e")).await;
    let again = command("k3").entry(moved("e", external(), wallet("ada"), 5));
    assert_refused!(store.commit(again).await, CommitError::DuplicateEntry(_));
}

/// Nothing is written voided.
pub async fn a_new_entry_is_not_voided(setup: &LedgerSetup) {
    let store = setup.open().await;
    let mut voided = moved("e", external(), wallet("ada"), 5);
    voided.status = EntryStatus::Voided;
    let refused = store.commit(command("k").entry(voided)).await;
    assert_refused!(refused, CommitError::Port(e)
        if e.kind == PortErrorKind::Invalid && e.retry == Retry::Permanent);
}

/// A hold that settles counts from then on, once.
pub async fn a_hold_settles_once(setup: &LedgerSetup) {
    let store = setup.open().await;
    store.now(command("k1").entry(moved("deposit", external(), wallet("ada"), 10))).await;
    store.now(command("k2").entry(held("e", wallet("ada"), wallet("ben"), 4))).await;
    assert_eq!(store.balance(&wallet("ada")).await, balance(10, 4, 0));
    assert_eq!(store.balance(&wallet("ben")).await, balance(0, 0, 4));
    store.now(command("k3").settle("e")).await;
    for again in [command("k4").settle("e"), command("k5").void("e")] {
        assert_refused!(store.commit(again).await, CommitError::NotPending(id) if id == "e");
    }
    assert_eq!(store.balance(&wallet("ada")).await, settled(6));
    assert_eq!(store.balance(&wallet("ben")).await, settled(4));
}

/// A hold that is voided never counted, and cannot settle any more.
pub async fn a_hold_is_voided_once(setup: &LedgerSetup) {
    let store = setup.open().await;
    store.now(command("k1").entry(held("e", wallet("ada"), wallet("ben"), 4))).await;
    store.now(command("k2").void("e")).await;
    for again in [command("k3").settle("e"), command("k4").void("e")] {
        assert_refused!(store.commit(again).await, CommitError::NotPending(id) if id == "e");
    }
    assert_eq!(store.balance(&wallet("ada")).await, settled(0));
    assert_eq!(store.balance(&wallet("ben")).await, settled(0));
}

/// What is unknown, or settled from the start, is no hold.
pub async fn only_a_hold_can_be_resolved(setup: &LedgerSetup) {
    let store = setup.open().await;
    store.now(command("k1").entry(moved("e", external(), wallet("ada"), 4))).await;
    for id in ["e", "nothing"] {
        for set in [command("k2").settle(id), command("k3").void(id)] {
            assert_refused!(store.commit(set).await, CommitError::NotPending(named) if named == id);
        }
    }
    assert_eq!(store.balance(&wallet("ada")).await, settled(4));
}

/// A hold may be written and resolved in one change set, but only once.
pub async fn a_hold_may_end_in_its_own_commit(setup: &LedgerSetup) {
    let store = setup.open().await;
    let hold = || held("e", external(), wallet("ada"), 4);
    let twice = command("k1").entry(hold()).settle("e").void("e");
    assert_refused!(store.commit(twice).await, CommitError::NotPending(_));
    store.now(command("k2").entry(hold()).settle("e")).await;
    assert_eq!(store.balance(&wallet("ada")).await, settled(4));
    store.now(command("k3").entry(held("f", external(), wallet("ada"), 1))).await;
    let twice = command("k4").settle("f").settle("f");
    assert_refused!(store.commit(twice).await, CommitError::NotPending(_));
    assert_eq!(store.balance(&wallet("ada")).await, balance(4, 0, 1));
}

/// Resolving shows in the entry: status, time and, when given, chain transaction. Nothing else.
pub async fn a_resolved_hold_shows_how_it_ended(setup: &LedgerSetup) {
    let store = setup.open().await;
    let mut hold = held("settles", external(), wallet("ada"), 4);
    hold.details = r#"{"circle":"cir_x","round":1}"#.to_owned();
    let mut sent = held("voids", external(), wallet("ada"), 3);
    sent.chain_tx = Some("aa".to_owned());
    let resent = held("resent", external(), wallet("ada"), 2);
    let written = [hold.clone(), sent.clone(), resent.clone()];
    store.now(written.into_iter().fold(command("k1"), With::entry)).await;
    let positions: Vec<_> = store.entries(&external()).await.iter().map(|e| e.position).collect();

    let end = |entry: &str, settle, chain_tx: Option<&str>| Resolution {
        entry: entry.to_owned(),
        settle,
        chain_tx: chain_tx.map(str::to_owned),
        effective_at: later(60),
    };
    let mut changes = command("k2");
    changes.resolutions = vec![
        end("settles", true, Some("bb")),
        end("voids", false, None),
        end("resent", true, None),
    ];
    store.now(changes).await;

    hold.status = EntryStatus::Settled;
    hold.chain_tx = Some("bb".to_owned());
    hold.effective_at = later(60);
    sent.status = EntryStatus::Voided;
    sent.effective_at = later(60);
    let mut resent = resent;
    resent.status = EntryStatus::Settled;
    resent.effective_at = later(60);
    let listed = store.entries(&external()).await;
    let entries: Vec<_> = listed.iter().map(|stored| stored.entry.clone()).collect();
    assert_eq!(entries, [resent, sent, hold]);
    assert_eq!(listed.iter().map(|e| e.position).collect::<Vec<_>>(), positions);
}

/// Of a hold that ends in part, that part settles and the rest is let go; it has ended. The entry shows
/// what settled of each line.
pub async fn a_hold_may_settle_in_part(setup: &LedgerSetup) {
    let store = setup.open().await;
    let lines = || {
        vec![
            posting(external(), Side::Debit, 10),
            posting(wallet("ada"), Side::Credit, 7),
            posting(wallet("bisi"), Side::Credit, 3),
        ]
    };
    store.now(command("k1").entry(entry("e", EntryStatus::Pending, lines()))).await;
    let part = [6, 6, 0].map(Amount::new).to_vec();
    store.now(command("k2").end("e", Ending::Part(part.clone()))).await;
    assert_eq!(store.balance(&wallet("ada")).await, settled(6));
    assert_eq!(store.balance(&wallet("bisi")).await, settled(0));
    assert_eq!(store.balance(&external()).await, settled(6));
    for set in [command("k3").settle("e"), command("k4").end("e", Ending::Part(part))] {
        assert_refused!(store.commit(set).await, CommitError::NotPending(id) if id == "e");
    }
    let mut shown = entry("e", EntryStatus::Settled, lines());
    shown.effective_at = later(60);
    for (line, amount) in shown.postings.iter_mut().zip([6, 6, 0]) {
        line.amount = Amount::new(amount);
    }
    let listed = store.entries(&wallet("ada")).await;
    assert_eq!(listed.into_iter().map(|stored| stored.entry).collect::<Vec<_>>(), [shown]);
}

/// A part of a hold balances, is more than nothing and on no line more than the hold. A refused part
/// leaves the hold as it was.
pub async fn a_part_balances_and_is_within_the_hold(setup: &LedgerSetup) {
    let store = setup.open().await;
    store.now(command("k1").entry(held("e", external(), wallet("ada"), 4))).await;
    for part in [vec![3, 2], vec![5, 5], vec![0, 0], vec![-1, -1], vec![2], vec![2, 2, 0], vec![]] {
        let part: Vec<_> = part.into_iter().map(Amount::new).collect();
        let set = command("k2").end("e", Ending::Part(part));
        assert_refused!(store.commit(set).await, CommitError::Unbalanced(id) if id == "e");
    }
    assert_eq!(store.balance(&wallet("ada")).await, balance(0, 0, 4));
    let all = [4, 4].map(Amount::new).to_vec();
    store.now(command("k3").end("e", Ending::Part(all))).await;
    assert_eq!(store.balance(&wallet("ada")).await, settled(4));
}

/// A hold whose time is over never happened, and says why. Nothing is written expired.
pub async fn a_hold_expires_once(setup: &LedgerSetup) {
    let store = setup.open().await;
    store.now(command("k1").entry(held("e", external(), wallet("ada"), 4))).await;
    store.now(command("k2").end("e", Ending::Expired)).await;
    assert_eq!(store.balance(&wallet("ada")).await, settled(0));
    let listed = store.entries(&wallet("ada")).await;
    assert_eq!(listed[0].entry.status, EntryStatus::Expired);
    assert_eq!(listed[0].entry.effective_at, later(60));
    for set in [command("k3").settle("e"), command("k4").end("e", Ending::Expired)] {
        assert_refused!(store.commit(set).await, CommitError::NotPending(id) if id == "e");
    }
    let mut new = held("f", external(), wallet("ada"), 4);
    new.status = EntryStatus::Expired;
    let refused = store.commit(command("k5").entry(new)).await;
    assert_refused!(refused, CommitError::Port(e) if e.kind == PortErrorKind::Invalid);
}
