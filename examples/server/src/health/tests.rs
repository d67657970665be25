//! What a monitor is told.
use std::sync::Arc;

use kolo_core::member::Register;
use kolo_core::port::chain::ChainAddress;
use kolo_core::view::NewCircle;
use kolo_core::{Amount, AssetList, Caps, CommandContext, Timestamp};
use kolo_stellar::setup::test_dollars;
use kolo_store::MasterKey;

use super::*;
use crate::clock::{MovableClock, SystemEntropy};
use crate::config::MAX_RENT;
use crate::stack::{KeysPlan, NetworkPlan, Plan, settings};

async fn started(folder: &tempfile::TempDir, assets: AssetList) -> Stack {
    let plan = Plan {
        data: folder.path().to_owned(),
        database: crate::database::Database::Sqlite(folder.path().join("kolo.sqlite")),
        keys: KeysPlan::Here(MasterKey::from_bytes([7; 32])),
        key_page: None,
        clock: Arc::new(MovableClock::still(Timestamp::from_unix(1_767_603_600))),
        entropy: Arc::new(SystemEntropy),
        settings: settings(Caps::default(), 2),
        max_rent: MAX_RENT,
        assets,
        network: NetworkPlan::Embedded,
    };
    Stack::start(plan, &|_| ()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_well_is_told_and_what_is_not_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut stack = started(&folder, test_dollars()).await;

    let report = look(&stack, &Seen::default()).await.unwrap();
    assert!(report.ok, "{:?}", report.advice);
    let names: Vec<_> = report.chain.accounts.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["sponsor", "fees", "keeper"]);
    assert!(report.chain.accounts.iter().all(|it| it.spendable > Some(0)));
    assert!(report.chain.network.entries.iter().all(|it| it.there && it.as_built));
    assert_eq!((report.following.gaps.len(), report.dead_letters), (0, 0));

    // The asset's contract is there, and no factory of ours.
    let asset = stack.kolo.ports().chain.asset_contract(stack.kolo.asset()).unwrap();
    stack.factory = ChainAddress(stellar_strkey::Contract(asset).to_string().as_str().to_owned());
    let report = look(&stack, &Seen::default()).await.unwrap();
    assert!(!report.ok);
    let told = report.advice.iter().any(|it| it.contains("(alarm.not_there)"));
    assert!(told, "{:?}", report.advice);
}

/// Its members pay in what nobody looks for any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_circle_of_what_came_off_the_list_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let both = AssetList::parse("USDC:test:7:US dollar,EURC:test:7:Euro").unwrap();
    let stack = started(&folder, both).await;
    let who = Register::of_host("ada", "Ada");
    let ada = stack.kolo.members().register(&CommandContext::of_system("ada"), who).await.unwrap();
    let euro = stack.kolo.assets().by_code("EURC").unwrap().asset.clone();
    let ten = Amount::new(100_000_000);
    let wanted = NewCircle { asset: Some(euro.clone()), ..NewCircle::weekly("Traders", ten, 3) };
    let ctx = CommandContext::of_member(ada.id, "create");
    let circle = stack.kolo.circles().create(&ctx, wanted).await.unwrap().circle;
    stack.worker.tick(usize::MAX).await.unwrap();
    assert_eq!(look(&stack, &Seen::default()).await.unwrap().advice, [""; 0]);

    stack.network.as_ref().unwrap().stop().await.unwrap();
    drop(stack);
    let stack = started(&folder, test_dollars()).await;
    let report = look(&stack, &Seen::default()).await.unwrap();
    let told = format!(
        "the circle {circle} saves in {}, which is not on the list of assets: put it back",
        euro.key()
    );
    assert_eq!((report.ok, report.advice), (false, vec![told]));
    assert_eq!(report.unlisted, [Unlisted { circle, asset: euro.clone() }]);
    // Every circle is read for it: not each time somebody asks.
    let seen = Seen::default();
    let named = look(&stack, &seen).await.unwrap().unlisted;
    assert_eq!(named, [Unlisted { circle, asset: euro }]);
    let ctx = CommandContext::of_member(ada.id, "cancel");
    stack.kolo.circles().cancel(&ctx, circle).await.unwrap();
    stack.worker.tick(usize::MAX).await.unwrap();
    assert_eq!(look(&stack, &seen).await.unwrap().unlisted, named);
    assert_eq!(look(&stack, &Seen::default()).await.unwrap().unlisted, []);
}
