//! A node that lies, a stranger who meddles, an answer that is lost: nothing is paid unasked, and nobody hides
//! a member's circles.
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use kolo_core::Timestamp;
use kolo_core::port::chain::{ChainAddress, ChainEffect};
use kolo_core::port::{ChainClient, Clock};
use kolo_rules::Amount;
use kolo_stellar::rescue::{Rescue, RescueError};
use kolo_stellar::{FnTransport, Rpc};
use serde_json::{Value, json};
use stellar_xdr::{
    AccountId, ContractDataDurability, ContractExecutable, ContractId, Hash, LedgerEntryData,
    LedgerKey, LedgerKeyContractData, Limits, ReadXdr, ScAddress, ScVal, TransactionResult,
    TransactionResultExt, TransactionResultResult, WriteXdr,
};

use super::rescue::{PAYER, secret};
use super::world::*;

/// A node that changes what is asked and what is answered.
fn meddling(
    world: &World,
    asked: impl Fn(&mut Value) + Send + Sync + 'static,
    answered: impl Fn(&Value, &mut Value) + Send + Sync + 'static,
) -> Rpc {
    let net = world.net.clone();
    let (asked, answered) = (Arc::new(asked), Arc::new(answered));
    Rpc::new(FnTransport::new(move |mut request: Value| {
        let (net, asked, answered) = (net.clone(), asked.clone(), answered.clone());
        async move {
            asked(&mut request);
            let mut answer = net.rpc(request.clone()).await;
            answered(&request, &mut answer);
            Ok(answer)
        }
    }))
}

/// A node that repeats its first answer to what `is_frozen`.
fn frozen(world: &World, is_frozen: impl Fn(&Value) -> bool + Send + Sync + 'static) -> Rpc {
    let first: Mutex<HashMap<String, Value>> = Mutex::default();
    meddling(
        world,
        |_| {},
        move |request, answer| {
            if is_frozen(request) {
                let key = format!("{}{}", request["method"], request["params"]["keys"]);
                *answer = first.lock().unwrap().entry(key).or_insert(answer.clone()).clone();
            }
        },
    )
}

/// The question for a circle's state: its instance, its state and its balance.
fn asks_for_state(request: &Value) -> bool {
    request["params"]["keys"].as_array().is_some_and(|keys| keys.len() == 3)
}

async fn rescue_at(world: &World, rpc: Rpc, n: u8) -> Rescue {
    let passphrase = world.net.passphrase().to_owned();
    Rescue::connect(rpc, passphrase, secret(n), Some(secret(PAYER))).await.unwrap()
}

fn instance_key(circle: &ChainAddress) -> String {
    let contract: ContractId = circle.0.parse().unwrap();
    let key = LedgerKey::ContractData(LedgerKeyContractData {
        contract: ScAddress::Contract(contract),
        key: ScVal::LedgerKeyContractInstance,
        durability: ContractDataDurability::Persistent,
    });
    key.to_xdr_base64(Limits::none()).unwrap()
}

/// The outcome of a contribution was lost, so it is asked for again: the next one is not paid for that.
#[tokio::test]
async fn paying_again_pays_nothing_ahead_unless_asked_to() {
    let world = World { advance: true, ..World::new().await.with_payer().await };
    let circle = world.circle(3).await;
    let rescue = world.rescue(1).await;
    rescue.contribute(&circle).await.unwrap();
    let again = rescue.contribute(&circle).await.unwrap_err();
    let is_ahead = matches!(again, RescueError::Ahead { round: 2, amount } if amount == usdc(10));
    assert!(is_ahead, "{again}");
    assert_eq!(world.vault(&circle).await, usdc(10));
    rescue.contribute_ahead(&circle).await.unwrap();
    assert_eq!(world.vault(&circle).await, usdc(20));
    let due = rescue.report(&circle).await.unwrap().due.unwrap();
    assert_eq!((due.round, due.advance), (3, true));
}

/// A stranger's contract has copied a circle's rules, keeps an account where the asset is, and names the
/// victim in an event.
#[tokio::test]
async fn a_strangers_contract_hides_no_circle() {
    let world = World::new().await.with_payer().await;
    let circle = world.circle(2).await;
    let trap = ContractId(Hash([66; 32]));
    let (theirs, ours) = (ChainAddress(trap.to_string()), circle.clone());
    let (their_key, our_key) = (instance_key(&theirs), instance_key(&ours));
    let (asked_for, asked_as) = (their_key.clone(), our_key.clone());
    let account: AccountId = world.address(1).0.parse().unwrap();
    let is_trap = Arc::new(Mutex::new(false));
    let seen = is_trap.clone();
    let name = theirs.0.clone();
    let rpc = meddling(
        &world,
        move |request| {
            let keys = &mut request["params"]["keys"];
            *seen.lock().unwrap() = keys[0] == json!(asked_for);
            if keys[0] == json!(asked_for) {
                keys[0] = json!(asked_as);
            }
        },
        move |_, answer| {
            if let Some(events) = answer.pointer_mut("/result/events").and_then(Value::as_array_mut)
                && let Some(mut event) = events.first().cloned()
            {
                event["contractId"] = json!(name);
                events.push(event);
            }
            if *is_trap.lock().unwrap() {
                as_trap(&mut answer["result"]["entries"][0]["xdr"], &account);
            }
        },
    );
    let rescue = rescue_at(&world, rpc, 2).await;
    let found = rescue.find().await.unwrap();
    assert_eq!(found.circles, std::slice::from_ref(&circle));
    assert_eq!(found.unknown.len(), 1, "{found:?}");
    assert_eq!((&found.unknown[0].circle, found.failed.len()), (&theirs, 0));
    let error = rescue.report(&theirs).await.unwrap_err();
    assert!(matches!(error, RescueError::UnknownCode { .. }), "{error}");
    // Not even when its code is trusted does it become a failure of the node.
    let trusting = rescue.trusting([7; 32]);
    let error = trusting.report(&theirs).await.unwrap_err();
    assert!(matches!(error, RescueError::NoCircle(_)), "{error}");
    assert_eq!(trusting.find().await.unwrap().circles, [circle]);
}

fn as_trap(entry: &mut Value, account: &AccountId) {
    let data = LedgerEntryData::from_xdr_base64(entry.as_str().unwrap(), Limits::none());
    let LedgerEntryData::ContractData(mut data) = data.unwrap() else { panic!("no instance") };
    let ScVal::ContractInstance(instance) = &mut data.val else { panic!("no instance") };
    instance.executable = ContractExecutable::Wasm(Hash([7; 32]));
    let mut storage = instance.storage.clone().unwrap().to_vec();
    for kept in &mut storage {
        if kept.key == ScVal::U32(2) {
            kept.val = ScVal::Address(ScAddress::Account(account.clone()));
        }
    }
    instance.storage = Some(storage.try_into().unwrap());
    let data = LedgerEntryData::ContractData(data);
    *entry = json!(data.to_xdr_base64(Limits::none()).unwrap());
}

#[tokio::test]
async fn a_circle_that_cannot_be_read_hides_no_other() {
    let world = World::new().await.with_payer().await;
    let circle = world.circle(2).await;
    let other = world.create(3, [8; 32]).await;
    let key = instance_key(&other);
    let rpc = meddling(
        &world,
        |_| {},
        move |request, answer| {
            if request["params"]["keys"][0] == json!(key) {
                *answer = json!({
                    "jsonrpc": "2.0", "id": 1, "error": { "code": -32603, "message": "broken" },
                });
            }
        },
    );
    let found = rescue_at(&world, rpc, 1).await.find().await.unwrap();
    assert_eq!(found.circles, [circle]);
    let [(failed, RescueError::Port(_))] = found.failed.as_slice() else { panic!("{found:?}") };
    assert_eq!(*failed, other);
}

/// Between the question for the oldest ledger and the search from it, that ledger has gone.
#[tokio::test]
async fn a_search_from_a_ledger_that_is_gone_begins_again() {
    let world = World::new().await.with_payer().await;
    world.net.advance_ledgers(200_000).await.unwrap();
    let circle = world.circle(2).await;
    let health = Mutex::new(0);
    let rpc = meddling(
        &world,
        |_| {},
        move |request, answer| {
            let mut asked = health.lock().unwrap();
            if request["method"] == "getHealth" && *asked == 0 {
                *asked += 1;
                let oldest = answer["result"]["oldestLedger"].as_u64().unwrap();
                answer["result"]["oldestLedger"] = json!(oldest - 10);
            }
        },
    );
    let found = rescue_at(&world, rpc, 1).await.find().await.unwrap();
    assert_eq!(found.circles, [circle]);
}

/// What is out is told when the next step fails.
#[tokio::test]
async fn what_was_collected_before_a_failure_is_told() {
    let world = World::new().await.with_payer().await;
    let circle = world.circle(2).await;
    for n in 1..=2 {
        world.rescue(n).await.contribute(&circle).await.unwrap();
    }
    world.pass(7 * DAY).await;
    let rescue = rescue_at(&world, frozen(&world, asks_for_state), 1).await;
    let error = rescue.collect(&circle).await.unwrap_err();
    let RescueError::Partly { settled, because } = &error else { panic!("{error}") };
    assert!(matches!(**because, RescueError::Refused(_)), "{error}");
    let [settled] = settled.as_slice() else { panic!("{error}") };
    assert!(error.to_string().contains(&settled.hash), "{error}");
    assert_eq!((world.balance(1).await, error.code()), (usdc(110), "rescue.partly"));
}

/// A node that shows the same pot for ever, and says each time that it was paid out.
#[tokio::test]
async fn a_node_that_repeats_itself_is_not_followed_for_ever() {
    let world = World::new().await.with_payer().await;
    let circle = world.circle(2).await;
    for n in 1..=2 {
        world.rescue(n).await.contribute(&circle).await.unwrap();
    }
    world.pass(7 * DAY).await;
    let rpc = frozen(&world, |request| {
        let repeated = ["simulateTransaction", "sendTransaction", "getTransaction"];
        asks_for_state(request) || repeated.iter().any(|method| request["method"] == **method)
    });
    let rescue = rescue_at(&world, rpc, 1).await;
    let collecting = tokio::time::timeout(Duration::from_secs(60), rescue.collect(&circle)).await;
    assert_eq!(collecting.unwrap().unwrap().len(), 4);
    assert_eq!(world.balance(1).await, usdc(110), "once");
}

#[tokio::test]
async fn nodes_that_disagree_are_not_believed() {
    let world = World::new().await.with_payer().await;
    let circle = world.circle(2).await;
    let honest = world.rescue(1).await.witnessed_by(world.rpc.clone()).await.unwrap();
    let stale = frozen(&world, asks_for_state);
    let doubted = world.rescue(1).await.witnessed_by(stale).await.unwrap();
    doubted.report(&circle).await.unwrap();
    honest.contribute(&circle).await.unwrap();
    let error = doubted.report(&circle).await.unwrap_err();
    assert!(matches!(error, RescueError::NodesDisagree("the circle's state")), "{error}");

    let (key, account) = (instance_key(&circle), world.address(1).0.parse().unwrap());
    let liar = meddling(
        &world,
        |_| {},
        move |request, answer| {
            if request["params"]["keys"][0] == json!(key) {
                as_trap(&mut answer["result"]["entries"][0]["xdr"], &account);
            }
        },
    );
    let doubted = world.rescue(2).await.witnessed_by(liar).await.unwrap();
    for error in [
        doubted.contribute(&circle).await.unwrap_err(),
        doubted.vote(&circle, 1, true).await.unwrap_err(),
    ] {
        assert!(matches!(error, RescueError::NodesDisagree("the contract")), "{error}");
    }
    assert_eq!(world.vault(&circle).await, usdc(10));
    // What one of them hides the other shows.
    let hiding = meddling(
        &world,
        |_| {},
        |_, answer| {
            if let Some(events) = answer.pointer_mut("/result/events") {
                *events = json!([]);
            }
        },
    );
    let rescue = rescue_at(&world, hiding, 2).await;
    assert_eq!(rescue.find().await.unwrap().circles, []);
    let rescue = rescue.witnessed_by(world.rpc.clone()).await.unwrap();
    assert_eq!(rescue.find().await.unwrap().circles, [circle]);
    let elsewhere = meddling(
        &world,
        |_| {},
        |_, answer| {
            if let Some(passphrase) = answer.pointer_mut("/result/passphrase") {
                *passphrase = json!("another network");
            }
        },
    );
    let refused = rescue.witnessed_by(elsewhere).await.err().unwrap();
    assert!(matches!(refused, RescueError::OtherNetwork { .. }), "{refused}");
}

/// Stands.
struct Still(Timestamp);

#[async_trait]
impl Clock for Still {
    fn now(&self) -> Timestamp {
        self.0
    }

    async fn sleep_until(&self, _: Timestamp) {}
}

#[tokio::test]
async fn a_node_at_another_time_is_not_believed() {
    let world = World::new().await.with_payer().await;
    let circle = world.circle(2).await;
    let now = world.client.latest().await.unwrap().closed_at.unix();
    let to = world.address(2);
    for (clock, is_near) in [(now - 700, false), (now + 700, false), (now + 500, true)] {
        let clock = Arc::new(Still(Timestamp::from_unix(clock)));
        let rescue = world.rescue(1).await.with_clock(clock);
        let outcomes = [
            rescue.report(&circle).await.map(drop),
            rescue.contribute(&circle).await.map(drop),
            rescue.send_money(&world.asset(), &to, usdc(1)).await.map(drop),
        ];
        for outcome in outcomes {
            let is_refused = matches!(outcome, Err(RescueError::WrongTime { .. }));
            assert_eq!((outcome.is_ok(), is_refused), (is_near, !is_near), "{outcome:?}");
        }
        let moved = if is_near { (usdc(10), usdc(101)) } else { (Amount::ZERO, usdc(100)) };
        assert_eq!((world.vault(&circle).await, world.balance(2).await), moved);
    }
}

/// What the member is shown is what is signed; without a yes nothing is.
#[tokio::test]
async fn each_step_is_shown_before_it_is_signed() {
    let world = World::new().await.with_payer().await;
    let circle = world.circle(2).await;
    let shown: Arc<Mutex<Vec<ChainEffect>>> = Arc::default();
    for answer in [false, true] {
        let seen = shown.clone();
        let asset = world.asset();
        let rescue = world.rescue(1).await.asking(move |effect, of| {
            assert_eq!(*of, asset);
            seen.lock().unwrap().push(effect.clone());
            answer
        });
        let outcome = rescue.contribute(&circle).await;
        assert_eq!(outcome.is_ok(), answer, "{outcome:?}");
        let declined = matches!(outcome, Err(RescueError::Declined));
        assert_eq!(declined, !answer);
        let paid = if answer { usdc(10) } else { Amount::ZERO };
        assert_eq!(world.vault(&circle).await, paid);
    }
    let wanted = world.contribute(&circle, 1, 1);
    assert_eq!(*shown.lock().unwrap(), [wanted.clone(), wanted]);
}

/// It was applied, and the node denies it: whoever believes that pays again.
#[tokio::test]
async fn a_node_that_denies_a_payment_is_not_believed() {
    let world = World::new().await.with_payer().await;
    world.open(1, usdc(10)).await;
    world.open(2, usdc(0)).await;
    let denies = |status: &'static str| {
        move |request: &Value, answer: &mut Value| {
            let result = &mut answer["result"];
            if request["method"] == "getTransaction" && result["status"] == "SUCCESS" {
                result["status"] = json!(status);
                result["latestLedgerCloseTime"] = json!("4102444800");
            }
        }
    };
    let refuses = move |request: &Value, answer: &mut Value| {
        if request["method"] == "sendTransaction" {
            answer["result"]["status"] = json!("ERROR");
            answer["result"]["errorResultXdr"] = json!(bad_auth());
        }
    };
    for (paid, node) in [
        (1, meddling(&world, |_| {}, denies("NOT_FOUND"))),
        (2, meddling(&world, |_| {}, denies("FAILED"))),
        (3, meddling(&world, |_| {}, refuses)),
    ] {
        let rescue = rescue_at(&world, node, 1).await;
        let rescue = rescue.witnessed_by(world.rpc.clone()).await.unwrap();
        let settled = rescue.send_money(&world.asset(), &world.address(2), usdc(1)).await.unwrap();
        assert!(settled.ledger > 0, "{paid}");
        assert_eq!((world.balance(1).await, world.balance(2).await), (usdc(10 - paid), usdc(paid)));
    }
}

fn bad_auth() -> String {
    let result = TransactionResult {
        fee_charged: 0,
        result: TransactionResultResult::TxBadAuth,
        ext: TransactionResultExt::V0,
    };
    result.to_xdr_base64(Limits::none()).unwrap()
}
