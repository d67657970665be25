//! Guards: what must remain.
use crate::Amount;
use crate::port::ledger::CommitError;
use crate::testkit::conformance::LedgerSetup;
use crate::testkit::conformance::check::{assert_refused, balance, settled};
use crate::testkit::conformance::make::{With, command, external, held, moved, wallet};

/// What counts is the balance after the whole change set, whatever the order of its entries.
pub async fn a_guard_looks_at_the_result(setup: &LedgerSetup) {
    let store = setup.open().await;
    let through = command("k1")
        .entry(moved("out", wallet("ada"), external(), 8))
        .entry(moved("in", external(), wallet("ada"), 10))
        .guard(wallet("ada"), 2);
    store.now(through).await;
    let short = command("k2")
        .guard(wallet("ada"), 0)
        .entry(moved("in2", external(), wallet("ada"), 1))
        .entry(moved("out2", wallet("ada"), external(), 4));
    assert_refused!(store.commit(short).await, CommitError::Guard { account, available }
        if account == wallet("ada") && available == Amount::new(-1));
    assert_eq!(store.balance(&wallet("ada")).await, settled(2));
}

/// Held money is not available; expected money is not yet.
pub async fn a_guard_counts_outflows_and_not_inflows(setup: &LedgerSetup) {
    let store = setup.open().await;
    let set = command("k1")
        .entry(moved("in", external(), wallet("ada"), 10))
        .entry(held("out", wallet("ada"), wallet("ben"), 7))
        .entry(held("soon", external(), wallet("ada"), 50));
    store.now(set).await;
    let too_much =
        command("k2").entry(held("out2", wallet("ada"), wallet("ben"), 4)).guard(wallet("ada"), 0);
    assert_refused!(store.commit(too_much).await, CommitError::Guard { available, .. }
        if available == Amount::new(-1));
    let enough =
        command("k3").entry(held("out2", wallet("ada"), wallet("ben"), 3)).guard(wallet("ada"), 0);
    store.now(enough).await;
    assert_eq!(store.balance(&wallet("ada")).await, balance(10, 10, 50));
    // Voiding one hold lets another in, within the same commit.
    let swap = command("k4")
        .void("out")
        .entry(held("out3", wallet("ada"), wallet("ben"), 7))
        .guard(wallet("ada"), 0);
    store.now(swap).await;
}

/// A guard holds for an account the change set does not touch, and for one never used.
pub async fn a_guard_needs_no_posting(setup: &LedgerSetup) {
    let store = setup.open().await;
    store.now(command("k1").entry(moved("in", external(), wallet("ada"), 10))).await;
    store.now(command("k2").guard(wallet("ada"), 10).guard(wallet("new"), 0)).await;
    assert_refused!(store.commit(command("k3").guard(wallet("ada"), 11)).await,
        CommitError::Guard { available, .. } if available == Amount::new(10));
    assert_refused!(store.commit(command("k4").guard(wallet("new"), 1)).await,
        CommitError::Guard { available, .. } if available == Amount::ZERO);
}

/// Of several guards each must hold; the first that does not is reported. A minimum may be negative.
pub async fn every_guard_must_hold(setup: &LedgerSetup) {
    let store = setup.open().await;
    let overdrawn = |key| {
        command(key).entry(moved(key, wallet("ada"), wallet("ben"), 5)).guard(wallet("ada"), -5)
    };
    let set = overdrawn("k1").guard(wallet("ben"), 6).guard(wallet("cy"), 1);
    assert_refused!(store.commit(set).await, CommitError::Guard { account, .. }
        if account == wallet("ben"));
    store.now(overdrawn("k2").guard(wallet("ben"), 5)).await;
}

/// A hundred debits at once of money for ten: exactly ten succeed.
pub async fn money_is_spent_once_by_many_at_once(setup: &LedgerSetup) {
    let store = setup.open().await;
    store.now(command("fund").entry(moved("fund", external(), wallet("ada"), 100))).await;
    let spent = setup
        .at_once(10, |thread| {
            let store = store.clone();
            async move {
                let mut spent = 0;
                for turn in 0..10 {
                    let id = format!("{thread}/{turn}");
                    let debit = command(&id)
                        .entry(moved(&id, wallet("ada"), wallet("ben"), 10))
                        .guard(wallet("ada"), 0);
                    match store.commit(debit).await {
                        Ok(_) => spent += 1,
                        Err(CommitError::Guard { available, .. }) => {
                            assert_eq!(available, Amount::new(-10));
                        }
                        Err(other) => panic!("expected a guard, got {other:?}"),
                    }
                }
                spent
            }
        })
        .await;
    assert_eq!(spent.iter().sum::<i32>(), 10);
    assert_eq!(store.balance(&wallet("ada")).await, settled(0));
    assert_eq!(store.balance(&wallet("ben")).await, settled(100));
    assert_eq!(store.entries(&wallet("ben")).await.len(), 10);
}
