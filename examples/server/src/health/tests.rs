//! What a monitor is told.
use std::sync::Arc;

use kolo_core::port::chain::ChainAddress;
use kolo_core::{Caps, Timestamp};
use kolo_store::MasterKey;

use super::*;
use crate::clock::{MovableClock, SystemEntropy};
use crate::config::MAX_RENT;
use crate::stack::{NetworkPlan, Plan, settings};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_well_is_told_and_what_is_not_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan {
        data: folder.path().to_owned(),
        database: crate::database::Database::Sqlite(folder.path().join("kolo.sqlite")),
        master_key: MasterKey::from_bytes([7; 32]),
        clock: Arc::new(MovableClock::still(Timestamp::from_unix(1_767_603_600))),
        entropy: Arc::new(SystemEntropy),
        settings: settings(Caps::default(), 2),
        max_rent: MAX_RENT,
        network: NetworkPlan::Embedded,
    };
    let mut stack = Stack::start(plan, &|_| ()).await.unwrap();

    let report = look(&stack).await.unwrap();
    assert!(report.ok, "{:?}", report.advice);
    let names: Vec<_> = report.chain.accounts.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["sponsor", "fees", "keeper"]);
    assert!(report.chain.accounts.iter().all(|it| it.spendable > Some(0)));
    assert!(report.chain.network.entries.iter().all(|it| it.there && it.as_built));
    assert_eq!((report.following.gaps.len(), report.dead_letters), (0, 0));

    // The asset's contract is there, and no factory of ours.
    let asset = stack.kolo.ports().chain.asset_contract(stack.kolo.asset()).unwrap();
    stack.factory = ChainAddress(stellar_strkey::Contract(asset).to_string().as_str().to_owned());
    let report = look(&stack).await.unwrap();
    assert!(!report.ok);
    let told = report.advice.iter().any(|it| it.contains("(alarm.not_there)"));
    assert!(told, "{:?}", report.advice);
}
