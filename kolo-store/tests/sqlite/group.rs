//! Commits that share a database transaction.
use std::sync::Arc;

use futures::future::join_all;
use kolo_core::port::ledger::Side;
use kolo_core::port::{CommitError, Committed, Ledger, PortErrorKind};
use kolo_core::testkit::check_books;

use crate::make::{account, aggregate, step, tenant};
use crate::support::{Place, RUNTIME, raw};
use crate::texts::are_refused;

#[test]
fn a_conflict_fails_alone() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let store = place.open().await;
        let commits = (0..200).map(|number| {
            // Every second one expects a version that is not there.
            let changes = step(&format!("key {number}"), &format!("of {number}"), number % 2);
            store.commit(changes)
        });
        let answers = join_all(commits).await;
        for (number, answer) in answers.into_iter().enumerate() {
            if number % 2 == 0 {
                assert!(matches!(answer, Ok(Committed::Now(_))), "{number}: {answer:?}");
            } else {
                let conflict = matches!(&answer, Err(CommitError::Conflict(id))
                    if *id == aggregate(&format!("of {number}")));
                assert!(conflict, "{number}: {answer:?}");
            }
        }
        let report = store.check().await.expect("readable");
        assert_eq!((report.events, report.findings), (100, vec![]));
    });
}

/// What only the database itself refuses undoes the whole group; the others are carried through.
#[test]
fn what_the_database_refuses_fails_alone() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let store = place.open().await;
        raw(
            &place.file(),
            "CREATE TRIGGER poison BEFORE INSERT ON commands \
            WHEN NEW.key = 'key 13' BEGIN SELECT RAISE(ABORT, 'poison'); END",
        )
        .await;
        let commits = (0..40)
            .map(|number| store.commit(step(&format!("key {number}"), &format!("of {number}"), 0)));
        for (number, answer) in join_all(commits).await.into_iter().enumerate() {
            match answer {
                Ok(_) => assert_ne!(number, 13),
                Err(CommitError::Port(error)) => {
                    assert_eq!((number, error.kind), (13, PortErrorKind::Invalid));
                }
                Err(error) => panic!("{error}"),
            }
        }
        let poisoned = store.load(&tenant(), &[aggregate("of 13")]).await.expect("readable");
        assert_eq!(poisoned, [None]);
        let report = store.check().await.expect("readable");
        assert_eq!((report.events, report.findings), (39, vec![]));
    });
}

#[test]
fn texts_that_not_every_database_keeps_are_refused() {
    let place = Place::new();
    RUNTIME.block_on(async { are_refused(place.open().await).await });
}

/// Two stores on one file, as two processes would have: neither loses the other's writes.
#[test]
fn two_writers_take_turns() {
    let place = Place::new();
    RUNTIME.block_on(async {
        let stores = [Arc::new(place.open().await), Arc::new(place.open().await)];
        let workers = (0..8_usize).map(|worker| {
            let store = Arc::clone(&stores[worker % 2]);
            tokio::spawn(async move {
                for number in 0..20 {
                    let key = format!("{worker}/{number}");
                    loop {
                        let hot = store.load(&tenant(), &[aggregate("hot")]).await.expect("read");
                        let version = hot[0].as_ref().map_or(0, |stored| stored.version);
                        match store.commit(step(&key, "hot", version)).await {
                            Ok(_) => break,
                            Err(CommitError::Conflict(_)) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                }
            })
        });
        for worker in join_all(workers).await {
            worker.expect("no worker panics");
        }
        for store in &stores {
            let hot = store.load(&tenant(), &[aggregate("hot")]).await.expect("readable");
            assert_eq!(hot[0].as_ref().map(|stored| stored.version), Some(160));
            let report = store.check().await.expect("readable");
            assert_eq!((report.events, report.findings), (160, vec![]));
            let wallet = account("hot", Side::Credit);
            check_books(store.as_ref(), &tenant(), &[wallet]).await.expect("the books add up");
        }
    });
}
