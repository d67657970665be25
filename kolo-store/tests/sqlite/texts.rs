//! Which texts a store takes: the same on every database. Shared with the PostgreSQL tests.
use kolo_core::TenantId;
use kolo_core::port::ledger::{IndexKey, IndexWrite};
use kolo_core::port::{ChangeSet, CommitError, Ledger, PortErrorKind};
use kolo_store::SqlLedger;

use crate::make::{aggregate, step};

/// The longest text of a key.
const LONGEST: usize = 1000;

/// So many letters that no database makes fewer of them.
fn letters(number: usize, seed: u64) -> String {
    let mut state = seed;
    let next = |_| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'0' + u8::try_from(state >> 58).expect("six bits"))
    };
    (0..number).map(next).collect()
}

type Put = fn(&mut ChangeSet, &str);

/// Where texts of keys are.
const KEYS: [Put; 9] = [
    |set, text| set.key = text.to_owned(),
    |set, text| set.aggregates[0].id.kind = text.to_owned(),
    |set, text| set.aggregates[0].id.id = text.to_owned(),
    |set, text| set.entries[0].id = text.to_owned(),
    |set, text| set.entries[0].postings[1].account.name = text.to_owned(),
    |set, text| {
        let postings = set.entries[0].postings.iter_mut();
        postings.for_each(|line| line.account.asset = text.to_owned());
    },
    |set, text| set.work[0].id.0 = text.to_owned(),
    |set, text| set.work[0].queue = text.to_owned(),
    |set, text| set.work[0].lane = Some(text.to_owned()),
];

/// Where other texts are.
const OTHERS: [Put; 5] = [
    |set, text| set.entries[0].details = text.to_owned(),
    |set, text| set.entries[0].chain_tx = Some(text.to_owned()),
    |set, text| set.outcome.kind = text.to_owned(),
    |set, text| set.events[0].aggregate.id = text.to_owned(),
    |set, text| set.correlation = Some(text.to_owned()),
];

async fn refused<B: 'static>(store: &SqlLedger<B>, set: ChangeSet) {
    match store.commit(set).await {
        Err(CommitError::Port(error)) => assert_eq!(error.kind, PortErrorKind::Invalid, "{error}"),
        other => panic!("{other:?}"),
    }
}

/// A text that is too long for a key, or has a NUL in it, is refused; the longest ones are kept, all at
/// once.
pub async fn are_refused<B: 'static>(store: SqlLedger<B>) {
    for put in KEYS.iter().chain(&OTHERS) {
        let mut set = step("nul", "ada", 0);
        put(&mut set, "a\0b");
        refused(&store, set).await;
    }
    for put in KEYS {
        let mut set = step("long", "ada", 0);
        put(&mut set, &letters(LONGEST + 1, 1));
        refused(&store, set).await;
    }
    let mut longest = step("longest", "ada", 0);
    longest.tenant = TenantId::try_new(&"t".repeat(32)).expect("a tenant");
    for (put, seed) in KEYS.iter().zip(1..) {
        put(&mut longest, &letters(LONGEST, seed));
    }
    for put in OTHERS {
        put(&mut longest, &letters(20 * LONGEST, 77));
    }
    let (index, value) = (letters(LONGEST, 21), letters(LONGEST, 22));
    longest.index.push(IndexWrite::Claim(IndexKey { index, value }, aggregate("ada")));
    let tenant = longest.tenant.clone();
    let key = longest.key.clone();
    store.commit(longest).await.expect("committed");
    assert!(store.outcome(&tenant, &key).await.expect("readable").is_some());
    let report = store.check().await.expect("readable");
    assert_eq!((report.entries, report.findings), (1, vec![]));
}
