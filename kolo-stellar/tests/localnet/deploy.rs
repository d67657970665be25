//! Deploying as an operator does, and looking after what is there.
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use kolo_core::Asset;
use kolo_core::port::chain::ChainAddress;
use kolo_localnet::Localnet;
use kolo_stellar::inspect::{self, Alarm, Limits, NetworkStatus};
use kolo_stellar::setup::{
    self, DeployPlan, Funder, PUBLIC_PASSPHRASE, Release, SetupError, StepState,
};
use kolo_stellar::{FnTransport, Rpc, TransportError};
use zeroize::Zeroizing;

use super::world::*;

/// One XLM in stroops.
const XLM: i64 = 10_000_000;

fn funder(n: u8) -> Funder {
    Funder::from_seed(&Zeroizing::new([n; 32]))
}

fn address(n: u8) -> ChainAddress {
    let key = stellar_strkey::ed25519::PublicKey(public(n).0);
    ChainAddress(key.to_string().as_str().to_owned())
}

/// A network where account 1 has so many XLM.
async fn network(passphrase: &str, xlm: i64) -> (Localnet, Rpc) {
    let net = Localnet::builder().passphrase(passphrase).start().unwrap();
    net.fund(address(1).0.parse().unwrap(), xlm * XLM).await.unwrap();
    let rpc = in_process(&net);
    (net, rpc)
}

fn release(net: &Localnet) -> Release {
    Release {
        passphrase: net.passphrase().to_owned(),
        assets: vec![asset("USDC"), asset("EURC")],
        factory: None,
        max_fee: 300 * XLM,
        public_confirmed: false,
    }
}

fn asset(code: &str) -> Asset {
    Asset { code: code.to_owned(), issuer: address(ISSUER).0, decimals: 7 }
}

fn states(plan: &DeployPlan) -> Vec<StepState> {
    plan.steps.iter().map(|step| step.state).collect()
}

#[tokio::test]
async fn a_dry_run_sends_nothing_and_says_what_would_be() {
    let (net, rpc) = network("Dry", 1_000).await;
    let before = net.latest().await.unwrap().sequence();
    let plan = setup::plan(&rpc, &public(1), &release(&net)).await.unwrap();
    assert_eq!(net.latest().await.unwrap().sequence(), before, "no ledger was needed");
    use StepState::{ComesWithIt, Missing};
    let wanted = [Missing, Missing, Missing, Missing, Missing, Missing, ComesWithIt];
    assert_eq!(states(&plan), wanted);
    let fees: Vec<bool> = plan.steps.iter().map(|step| step.max_fee.is_some()).collect();
    // The factory cannot be simulated before its code is there.
    assert_eq!(fees, [true, true, true, true, true, false, false]);
    assert!(plan.known_fees() > 100 * XLM && !plan.is_complete());
    assert_eq!(plan.payer_holds, Some(999 * XLM));
    let stranger = setup::plan(&rpc, &public(2), &release(&net)).await.unwrap();
    assert_eq!((stranger.payer_holds, stranger.known_fees()), (None, 0));
    assert_ne!(stranger.factory, plan.factory, "the payer deploys it");
}

/// The connection breaks again and again: every attempt goes on where the one before stopped.
#[tokio::test]
async fn an_interrupted_deployment_goes_on() {
    let (net, rpc) = network("Interrupted", 1_000).await;
    let release = release(&net);
    let planned = setup::plan(&rpc, &public(1), &release).await.unwrap();
    let mut attempts = 0;
    let done = loop {
        attempts += 1;
        assert!(attempts < 20, "it never gets done");
        let left = Arc::new(AtomicU32::new(1));
        let inner = net.clone();
        let breaking = Rpc::new(FnTransport::new(move |request: serde_json::Value| {
            let (net, left) = (inner.clone(), left.clone());
            async move {
                let sends = request["method"] == "simulateTransaction";
                let known = net.rpc(request).await;
                // The first transaction of an attempt is the last.
                if sends && left.load(Ordering::SeqCst) == 0 {
                    return Err(TransportError::Unreachable("gone".to_owned()));
                }
                if known["result"]["status"] == "PENDING" {
                    left.store(0, Ordering::SeqCst);
                }
                Ok(known)
            }
        }));
        match setup::deploy(&breaking, &funder(1), &release, &mut |_| ()).await {
            Ok(plan) => break plan,
            Err(SetupError::Rpc(_)) => {}
            Err(other) => panic!("{other}"),
        }
    };
    assert_eq!(attempts, 6, "six steps to send");
    assert!(done.is_complete());
    assert_eq!(done.factory, planned.factory);
    let before = net.latest().await.unwrap().sequence();
    let mut made = 0;
    setup::deploy(&rpc, &funder(1), &release, &mut |_| made += 1).await.unwrap();
    assert_eq!((made, net.latest().await.unwrap().sequence()), (0, before));
    // As the base of an upgrade: the codes are there, and the rulebook is published by that factory.
    let factory = Some(ChainAddress(done.factory.clone()));
    let upgrade = Release { factory, ..release };
    let plan = setup::deploy(&rpc, &funder(1), &upgrade, &mut |_| made += 1).await.unwrap();
    assert_eq!((plan.steps.len(), plan.is_complete(), made), (3, true, 0));
    assert_eq!(plan.steps.last().unwrap().subject, done.steps.last().unwrap().subject);
}

#[tokio::test]
async fn what_must_not_be_sent_is_not() {
    let (net, rpc) = network("Careful", 100).await;
    let before = net.latest().await.unwrap().sequence();
    let try_it = async |release: &Release, n: u8| {
        setup::deploy(&rpc, &funder(n), release, &mut |_| ()).await.unwrap_err()
    };
    let wanted = release(&net);
    let poor = try_it(&wanted, 1).await;
    assert!(matches!(poor, SetupError::TooPoor { .. }), "{poor}");
    let nobody = try_it(&wanted, 2).await;
    assert!(matches!(nobody, SetupError::NoAccount { .. }), "{nobody}");
    let elsewhere = Release { passphrase: "Another".to_owned(), ..wanted.clone() };
    let elsewhere = try_it(&elsewhere, 1).await;
    assert!(matches!(elsewhere, SetupError::OtherNetwork { .. }), "{elsewhere}");
    let lost = Release { factory: Some(ChainAddress(lost_contract())), ..wanted.clone() };
    let lost = try_it(&lost, 1).await;
    assert!(matches!(lost, SetupError::NoFactory { .. }), "{lost}");
    net.fund(address(3).0.parse().unwrap(), 1_000 * XLM).await.unwrap();
    let before = before.max(net.latest().await.unwrap().sequence());
    let dear = try_it(&Release { max_fee: XLM, ..wanted }, 3).await;
    assert!(matches!(dear, SetupError::TooDear { .. }), "{dear}");
    assert_eq!(net.latest().await.unwrap().sequence(), before, "no ledger was needed");
}

fn lost_contract() -> String {
    stellar_strkey::Contract([9; 32]).to_string().as_str().to_owned()
}

#[tokio::test]
async fn the_public_network_must_be_meant() {
    let (net, rpc) = network(PUBLIC_PASSPHRASE, 1_000).await;
    let wanted = release(&net);
    let error = setup::deploy(&rpc, &funder(1), &wanted, &mut |_| ()).await.unwrap_err();
    assert!(matches!(error, SetupError::PublicNotConfirmed), "{error}");
    let meant = Release { public_confirmed: true, ..wanted };
    assert!(setup::deploy(&rpc, &funder(1), &meant, &mut |_| ()).await.unwrap().is_complete());
}

async fn look(rpc: &Rpc, net: &Localnet, factory: &str) -> NetworkStatus {
    let factory = ChainAddress(factory.to_owned());
    let assets = [asset("USDC")];
    inspect::status(rpc, net.passphrase(), Some(&factory), &assets).await.unwrap()
}

#[tokio::test]
async fn what_needs_somebody_is_said() {
    let (net, rpc) = network("Looked after", 1_000).await;
    let plan = setup::plan(&rpc, &public(1), &release(&net)).await.unwrap();
    let missing = look(&rpc, &net, &plan.factory).await;
    assert_eq!(missing.entries.len(), 6);
    assert!(missing.entries.iter().all(|entry| !entry.there && !entry.as_built));
    setup::deploy(&rpc, &funder(1), &release(&net), &mut |_| ()).await.unwrap();
    let there = look(&rpc, &net, &plan.factory).await;
    assert!(there.entries.iter().all(|entry| entry.there && entry.as_built), "{there:#?}");
    assert!(there.protocol_supported);

    let accounts = [("sponsor".to_owned(), address(1)), ("keeper".to_owned(), address(2))];
    let (limits, now) = (Limits::default(), there.closed_at + 5);
    let health = inspect::health(&rpc, there.clone(), &accounts, None, (&limits, now)).await;
    let health = health.unwrap();
    let low = Alarm::Balance { name: "keeper".to_owned(), address: address(2).0 };
    assert_eq!(health.alarms, [low]);
    assert_eq!((health.ledger_age_s, health.accounts[1].balance), (5, None));

    // A node of another age, a protocol of another time.
    let strange = NetworkStatus { protocol: 31, protocol_supported: false, ..there.clone() };
    let later = there.closed_at + 61;
    let health = inspect::health(&rpc, strange, &[], None, (&limits, later)).await.unwrap();
    assert_eq!(health.alarms, [Alarm::Protocol { protocol: 31 }, Alarm::Behind { age_s: 61 }]);

    // Another contract where the factory is said to be.
    let usdc = &there.entries.last().unwrap().subject;
    let wrong = look(&rpc, &net, usdc).await;
    assert!(wrong.entries[3].there && !wrong.entries[3].as_built);
    let error = inspect::status(&rpc, "Another", None, &[]).await.unwrap_err();
    assert!(matches!(error, SetupError::OtherNetwork { .. }), "{error}");

    // Nobody touches it: it is about to be archived, then it is.
    let left = there.entries.iter().filter_map(|entry| entry.ledgers_left).min().unwrap();
    net.advance_ledgers(left - 10).await.unwrap();
    let old = look(&rpc, &net, &plan.factory).await;
    let health = inspect::health(&rpc, old.clone(), &[], None, (&limits, old.closed_at)).await;
    let alarms = health.unwrap().alarms;
    assert!(alarms.iter().any(|alarm| matches!(alarm, Alarm::Expiring { .. })), "{alarms:?}");
    net.advance_ledgers(20).await.unwrap();
    let archived = look(&rpc, &net, &plan.factory).await;
    assert!(archived.entries.iter().any(|entry| !entry.there), "{archived:#?}");
}
