//! What is taken for absent, and what is not: a payment that one node does not know is not made again.
use super::failover::*;
use super::world::*;
use kolo_core::port::ChainClient;
use kolo_core::port::chain::{Fate, SignedTx};
use kolo_localnet::Localnet;
use kolo_stellar::{Rpc, StellarChainClient};
use serde_json::{Value, json};
use stellar_xdr::{LedgerKey, LedgerKeyAccount, Limits, WriteXdr};

/// A node that has not heard of a transaction proves nothing while another knows it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn absence_is_not_proven_by_one_node_against_another() {
    let world = World::new().await;
    let signed = paid(&world).await;
    let forgetful = forgetful(&world).await;
    let good = Wire::start(well(&world.net)).await;
    let alone = Rpc::new(failover(&world.net, &world.hands, &[&forgetful]));
    let alone = StellarChainClient::try_new(alone, &world.deployment.config()).unwrap();
    let fate = alone.look_up(&signed).await.unwrap();
    assert!(matches!(fate, Fate::NotFound { history_covers: true, .. }), "{fate:?}");
    let both = Rpc::new(failover(&world.net, &world.hands, &[&forgetful, &good]));
    let both = StellarChainClient::try_new(both, &world.deployment.config()).unwrap();
    assert!(matches!(both.look_up(&signed).await.unwrap(), Fate::Confirmed { .. }));
}

/// A payment that was applied, and can be applied no more.
async fn paid(world: &World) -> SignedTx {
    let signed = unsent(world).await;
    world.client.submit(&signed).await.unwrap();
    world.wait(600);
    world.net.close_ledger().await.unwrap();
    signed
}

/// A payment that is signed and not sent.
async fn unsent(world: &World) -> SignedTx {
    world.open(1, usdc(10)).await;
    world.open(2, usdc(0)).await;
    world.signed(&world.pay(1, 2, usdc(4))).await.unwrap()
}

/// A node whose close times are ahead of the clock makes a valid transaction look too late.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn absence_is_not_proven_by_a_node_of_the_future() {
    let world = World::new().await;
    let signed = unsent(&world).await;
    let ahead = Wire::start(altered(&world.net, |answer| {
        if answer["result"]["latestLedgerCloseTime"].is_string() {
            answer["result"]["latestLedgerCloseTime"] = json!("4102444800");
        }
    }))
    .await;
    let good = Wire::start(well(&world.net)).await;
    let down = Wire::start(|_| Some("gone".to_owned())).await;
    for (what, nodes) in [("alone", vec![&ahead]), ("the other is down", vec![&down, &ahead])] {
        let rpc = Rpc::new(failover(&world.net, &world.hands, &nodes));
        let client = StellarChainClient::try_new(rpc, &world.deployment.config()).unwrap();
        let undecided = client.look_up(&signed).await;
        assert!(undecided.is_err(), "{what}: {undecided:?}");
        assert!(client.latest().await.is_ok(), "{what}: it may be read");
    }
    let both = Rpc::new(failover(&world.net, &world.hands, &[&ahead, &good]));
    let both = StellarChainClient::try_new(both, &world.deployment.config()).unwrap();
    let fate = both.look_up(&signed).await.unwrap();
    let Fate::NotFound { latest_closed_at, .. } = fate else { panic!("{fate:?}") };
    assert!(latest_closed_at <= signed.prepared.max_time, "by the node that is in time");
    world.client.submit(&signed).await.unwrap();
    assert_eq!((world.balance(1).await, world.balance(2).await), (usdc(6), usdc(4)));
}

/// The node that cannot be asked may be the one that knows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn absence_is_not_proven_while_a_node_cannot_be_asked() {
    let world = World::new().await;
    let signed = unsent(&world).await;
    world.wait(600);
    world.net.close_ledger().await.unwrap();
    let other = Localnet::builder().passphrase("Another Network").start().unwrap();
    let good = Wire::start(well(&world.net)).await;
    let too = Wire::start(well(&world.net)).await;
    for (what, second, decided) in [
        ("well", &too, true),
        ("down", &Wire::start(|_| Some("gone".to_owned())).await, false),
        ("elsewhere", &Wire::start(well(&other)).await, false),
    ] {
        let rpc = Rpc::new(failover(&world.net, &world.hands, &[&good, second]));
        let client = StellarChainClient::try_new(rpc, &world.deployment.config()).unwrap();
        let fate = client.look_up(&signed).await.unwrap();
        let Fate::NotFound { history_covers, source_sequence, .. } = fate else {
            panic!("{what}: {fate:?}")
        };
        assert_eq!((history_covers, source_sequence), (decided, None), "{what}");
    }
}

/// Has forgotten the transaction, and says that it has all of history.
async fn forgetful(world: &World) -> Wire {
    Wire::start(altered(&world.net, |answer| {
        let result = &mut answer["result"];
        if result["status"] == "SUCCESS" {
            result["status"] = json!("NOT_FOUND");
        }
    }))
    .await
}

/// The honest node is behind: it does not know the transaction yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn absence_is_not_proven_while_a_node_is_behind() {
    let world = World::new().await;
    let signed = paid(&world).await;
    let max_time = signed.prepared.max_time.unix();
    for (what, closed_at, decided) in
        [("in time", max_time, false), ("after it was over", max_time + 1, true)]
    {
        let behind = Wire::start(altered(&world.net, move |answer| {
            let result = &mut answer["result"];
            if result["status"] == "SUCCESS" {
                result["status"] = json!("NOT_FOUND");
            }
            if result["latestLedgerCloseTime"].is_string() {
                result["latestLedgerCloseTime"] = json!(closed_at.to_string());
            }
        }))
        .await;
        let rpc =
            Rpc::new(failover(&world.net, &world.hands, &[&forgetful(&world).await, &behind]));
        let client = StellarChainClient::try_new(rpc, &world.deployment.config()).unwrap();
        let fate = client.look_up(&signed).await.unwrap();
        let Fate::NotFound { history_covers, source_sequence, .. } = fate else {
            panic!("{what}: {fate:?}")
        };
        assert_eq!((history_covers, source_sequence), (decided, None), "{what}");
    }
}

/// Where history is lost the sequence number tells: the highest any node knows of, once all are asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unused_sequence_number_is_no_single_nodes_word() {
    let world = World::new().await;
    let signed = unsent(&world).await;
    let account = LedgerKey::Account(LedgerKeyAccount {
        account_id: signed.prepared.source.0.parse().unwrap(),
    });
    let keys = [account.to_xdr_base64(Limits::none()).unwrap()];
    let asked = json!({
        "jsonrpc": "2.0", "id": 1, "method": "getLedgerEntries", "params": { "keys": keys },
    });
    let before = world.net.rpc(asked).await["result"]["entries"].clone();
    world.client.submit(&signed).await.unwrap();
    world.wait(600);
    world.net.close_ledger().await.unwrap();

    let lost = |answer: &mut Value| {
        let result = &mut answer["result"];
        if result["status"] == "SUCCESS" {
            result["status"] = json!("NOT_FOUND");
        }
        if result["oldestLedgerCloseTime"].is_string() {
            result["oldestLedgerCloseTime"] = result["latestLedgerCloseTime"].clone();
        }
    };
    // Has the accounts as they were, and says that they are of the latest ledger.
    let stale = Wire::start(altered(&world.net, move |answer| {
        lost(answer);
        if answer["result"]["entries"].is_array() {
            answer["result"]["entries"] = before.clone();
        }
    }))
    .await;
    let good = Wire::start(altered(&world.net, lost)).await;
    let silent = Wire::start(altered(&world.net, move |answer| {
        lost(answer);
        if answer["result"]["entries"].is_array() {
            *answer = json!({ "jsonrpc": "2.0", "id": answer["id"], "result": null });
        }
    }))
    .await;
    let sequence = signed.prepared.sequence;
    for (what, nodes, expected) in [
        ("one is the network's word", vec![&stale], Some(sequence - 1)),
        ("the highest counts", vec![&stale, &good], Some(sequence)),
        ("all must answer", vec![&stale, &silent], None),
    ] {
        let rpc = Rpc::new(failover(&world.net, &world.hands, &nodes));
        let client = StellarChainClient::try_new(rpc, &world.deployment.config()).unwrap();
        let fate = client.look_up(&signed).await.unwrap();
        let Fate::NotFound { history_covers, source_sequence, .. } = fate else {
            panic!("{what}: {fate:?}")
        };
        assert_eq!((history_covers, source_sequence), (false, expected), "{what}");
    }
}
