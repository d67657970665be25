//! Several nodes at the wire: dead, behind, on another network, talking rubbish.
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kolo_core::port::ChainClient;
use kolo_core::port::chain::{Fate, Submission};
use kolo_localnet::Localnet;
use kolo_stellar::rpc::{EventsFrom, TransactionStatus};
use kolo_stellar::{
    Failover, HttpTransport, NodeState, Rpc, RpcError, StellarChainClient, Transport,
    TransportError,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::world::*;

/// What a node says to a request: the body of an HTTP answer, or nothing, for ever.
type Says = Box<dyn Fn(Value) -> Option<String> + Send + Sync>;

/// A node at the wire whose mind can be changed, and which counts what it is asked.
#[derive(Clone)]
pub struct Wire {
    url: String,
    says: Arc<Mutex<Says>>,
    asked: Arc<AtomicUsize>,
}

impl Wire {
    pub async fn start(says: impl Fn(Value) -> Option<String> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/key-in-the-path", listener.local_addr().unwrap());
        let says: Arc<Mutex<Says>> = Arc::new(Mutex::new(Box::new(says)));
        let wire = Self { url, says, asked: Arc::default() };
        let served = wire.clone();
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                tokio::spawn(served.clone().serve(socket));
            }
        });
        wire
    }

    fn now_says(&self, says: impl Fn(Value) -> Option<String> + Send + Sync + 'static) {
        *self.says.lock().unwrap() = Box::new(says);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    async fn serve(self, mut socket: TcpStream) {
        let Some(request) = request(&mut socket).await else { return };
        self.asked.fetch_add(1, Ordering::SeqCst);
        let said = (self.says.lock().unwrap())(request);
        let Some(body) = said else {
            return std::future::pending().await;
        };
        let head = format!(
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let _ = socket.write_all(head.as_bytes()).await;
        let _ = socket.write_all(body.as_bytes()).await;
    }
}

/// The JSON of one HTTP request.
async fn request(socket: &mut TcpStream) -> Option<Value> {
    let mut read = Vec::new();
    loop {
        let mut part = [0; 65_536];
        let count = socket.read(&mut part).await.ok().filter(|count| *count > 0)?;
        read.extend_from_slice(&part[..count]);
        let text = String::from_utf8_lossy(&read);
        if let Some((_, body)) = text.split_once("\r\n\r\n")
            && let Ok(request) = serde_json::from_str(body)
        {
            return Some(request);
        }
    }
}

/// A node that is well: of `net`.
pub fn well(net: &Localnet) -> impl Fn(Value) -> Option<String> + Send + Sync + 'static {
    let net = net.clone();
    move |request| Some(on(&net, request).to_string())
}

fn on(net: &Localnet, request: Value) -> Value {
    let net = net.clone();
    std::thread::spawn(move || waited_for(net.rpc(request))).join().unwrap()
}

/// Runs a future of the network's on a thread of its own.
fn waited_for<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

pub fn failover(net: &Localnet, clock: &Hands, nodes: &[&Wire]) -> Failover {
    let named = nodes.iter().map(|wire| {
        let limits = (Duration::from_millis(1_500), 100_000);
        let node = HttpTransport::with_limits(&wire.url, limits.0, limits.1).unwrap();
        (node.name(), Arc::new(node) as Arc<dyn Transport>)
    });
    let clock = clock.clone();
    Failover::new(net.passphrase(), named.collect())
        .with_clock(Duration::from_millis(50), move || kolo_core::port::Clock::now(&clock).unix())
}

async fn states(rpc: &Rpc) -> Vec<NodeState> {
    tokio::time::sleep(Duration::from_millis(60)).await;
    rpc.nodes().await.into_iter().map(|node| node.state).collect()
}

/// An answer in the node's name with some of its result changed.
pub fn altered(
    net: &Localnet,
    change: impl Fn(&mut Value) + Send + Sync + 'static,
) -> impl Fn(Value) -> Option<String> + Send + Sync + 'static {
    let net = net.clone();
    move |request| {
        let mut answer = on(&net, request);
        change(&mut answer);
        Some(answer.to_string())
    }
}

fn moved_back(seconds: u64) -> impl Fn(&mut Value) + Send + Sync + 'static {
    move |answer: &mut Value| {
        let result = &mut answer["result"];
        for name in ["latestLedgerCloseTime", "closeTime"] {
            if let Some(at) = result[name].as_str().and_then(|at| at.parse::<u64>().ok()) {
                result[name] = json!((at - seconds).to_string());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_cannot_answer_is_passed_over() {
    let world = World::new().await;
    let good = Wire::start(well(&world.net)).await;
    let other = Localnet::builder().passphrase("Another Network").start().unwrap();
    let bad: Vec<(&str, Wire, NodeState)> = vec![
        ("silent", Wire::start(|_| None).await, NodeState::Failing),
        ("no JSON", Wire::start(|_| Some("<html>".to_owned())).await, NodeState::Failing),
        ("huge", Wire::start(|_| Some("x".repeat(100_001))).await, NodeState::Failing),
        (
            "deep",
            Wire::start(|_| Some(format!("{{\"result\":{}", "[".repeat(50_000)))).await,
            NodeState::Failing,
        ),
        (
            "another request's",
            Wire::start(altered(&world.net, |answer| answer["id"] = json!(4_711))).await,
            NodeState::Failing,
        ),
        (
            "without a result",
            Wire::start(altered(&world.net, |answer| answer["result"] = Value::Null)).await,
            NodeState::Failing,
        ),
        ("another network's", Wire::start(well(&other)).await, NodeState::Elsewhere),
        ("behind", Wire::start(altered(&world.net, moved_back(60))).await, NodeState::Lagging),
        (
            "in the future",
            Wire::start(altered(&world.net, |answer| {
                if answer["result"]["latestLedgerCloseTime"].is_string() {
                    answer["result"]["latestLedgerCloseTime"] = json!("4102444800");
                }
            }))
            .await,
            NodeState::Ahead,
        ),
    ];
    for (what, wire, state) in &bad {
        let rpc = Rpc::new(failover(&world.net, &world.hands, &[wire, &good]));
        let latest = rpc.latest_ledger().await.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(latest.sequence, world.client.latest().await.unwrap().sequence, "{what}");
        let found = states(&rpc).await;
        assert_eq!(found, [*state, NodeState::Well], "{what}");
        let asked = wire.asked();
        rpc.latest_ledger().await.unwrap();
        assert!(wire.asked() <= asked + 2, "{what}: looked at, but not asked");
        for node in rpc.nodes().await {
            assert!(!format!("{node:?}").contains("key-in-the-path"), "{what}: {node:?}");
        }
    }
    let wires: Vec<&Wire> = bad.iter().map(|(_, wire, _)| wire).collect();
    let rpc = Rpc::new(failover(&world.net, &world.hands, &wires[..7]));
    let error = rpc.latest_ledger().await.unwrap_err();
    assert!(matches!(error, RpcError::Transport(_)), "{error}");
    assert!(!error.to_string().contains("key-in-the-path"), "{error}");
}

/// The preferred node dies, the other one is asked; it comes back, and is asked again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_preferred_node_is_asked_again_when_it_is_well() {
    let world = World::new().await;
    let (first, second) =
        (Wire::start(well(&world.net)).await, Wire::start(well(&world.net)).await);
    let rpc = Rpc::new(failover(&world.net, &world.hands, &[&first, &second]));
    rpc.latest_ledger().await.unwrap();
    first.now_says(|_| Some("gone".to_owned()));
    rpc.latest_ledger().await.unwrap();
    assert_eq!(states(&rpc).await, [NodeState::Failing, NodeState::Well]);
    let before = first.asked();
    for _ in 0..5 {
        rpc.latest_ledger().await.unwrap();
    }
    assert_eq!(first.asked(), before, "it rests");
    first.now_says(well(&world.net));
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(states(&rpc).await, [NodeState::Well, NodeState::Well]);
    let before = first.asked();
    rpc.latest_ledger().await.unwrap();
    assert!(first.asked() > before, "it is preferred again");
}

/// A node that has turned into one of another network is not asked any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_network_is_looked_at_again_and_again() {
    let world = World::new().await;
    let wire = Wire::start(well(&world.net)).await;
    let rpc = Rpc::new(failover(&world.net, &world.hands, &[&wire]));
    rpc.latest_ledger().await.unwrap();
    let other = Localnet::builder().passphrase("Another Network").start().unwrap();
    wire.now_says(well(&other));
    assert_eq!(states(&rpc).await, [NodeState::Elsewhere]);
    let error = rpc.latest_ledger().await.unwrap_err();
    assert!(error.to_string().contains("configured network"), "{error}");
    wire.now_says(well(&world.net));
    assert_eq!(states(&rpc).await, [NodeState::Well]);
    rpc.latest_ledger().await.unwrap();
}

/// The first node takes the bytes and its answer is lost. The second one gets the same bytes; it is
/// one transaction, and its money moves once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_bytes_through_two_nodes_are_one_payment() {
    let world = World::new().await;
    world.open(1, usdc(10)).await;
    world.open(2, usdc(0)).await;
    let signed = world.signed(&world.pay(1, 2, usdc(4))).await.unwrap();
    let net = world.net.clone();
    let losing = Wire::start(move |request| {
        let lost = request["method"] == "sendTransaction";
        let answer = on(&net, request).to_string();
        (!lost).then_some(answer)
    })
    .await;
    let good = Wire::start(well(&world.net)).await;
    let rpc = Rpc::new(failover(&world.net, &world.hands, &[&losing, &good]));
    let client = StellarChainClient::try_new(rpc, &world.deployment.config()).unwrap();
    assert_eq!(client.submit(&signed).await.unwrap(), Submission::Accepted);
    assert!(matches!(client.look_up(&signed).await.unwrap(), Fate::Confirmed { .. }));
    assert_eq!((world.balance(1).await, world.balance(2).await), (usdc(6), usdc(4)));

    // Alone, it may have arrived: that is what is reported, though the other was never reached.
    let gone = Wire::start(|_| Some("gone".to_owned())).await;
    let rpc = Rpc::new(failover(&world.net, &world.hands, &[&losing, &gone]));
    let error = rpc.send(&signed.envelope).await.unwrap_err();
    assert!(matches!(error, RpcError::Transport(TransportError::Timeout)), "{error}");
}

/// The outer hash is looked up at a node that is up to date, the inner one at a node that is behind:
/// only what both have seen is ruled out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_rule_out_only_what_both_have_seen() {
    let world = World::new().await;
    world.open(1, usdc(10)).await;
    world.open(2, usdc(0)).await;
    let signed = world.signed(&world.pay(1, 2, usdc(4))).await.unwrap();
    world.wait(600);
    world.net.close_ledger().await.unwrap();
    let latest = world.client.latest().await.unwrap().closed_at.unix();
    let outer = signed.hash.clone();
    let net = world.net.clone();
    let dying = Arc::new(AtomicBool::new(false));
    let dies = dying.clone();
    let fresh = Wire::start(move |request| {
        if dies.load(Ordering::SeqCst) {
            return Some("gone".to_owned());
        }
        let last = request["params"]["hash"] == outer.as_str();
        dies.store(last, Ordering::SeqCst);
        Some(on(&net, request).to_string())
    })
    .await;
    let behind = Wire::start(altered(&world.net, moved_back(590))).await;
    let rpc = Rpc::new(failover(&world.net, &world.hands, &[&fresh, &behind]));
    let client = StellarChainClient::try_new(rpc, &world.deployment.config()).unwrap();
    let fate = client.look_up(&signed).await.unwrap();
    let Fate::NotFound { latest_closed_at, .. } = fate else { panic!("{fate:?}") };
    assert!(dying.load(Ordering::SeqCst), "both were asked");
    assert_eq!(latest_closed_at.unix(), latest - 590);
    assert!(latest_closed_at <= signed.prepared.max_time, "nothing is built anew yet");
}

/// A node that is well but for events, which it refuses with this code.
fn without_events(
    net: &Localnet,
    code: i64,
) -> impl Fn(Value) -> Option<String> + Send + Sync + 'static {
    let net = net.clone();
    move |request| {
        if request["method"] != "getEvents" {
            return Some(on(&net, request).to_string());
        }
        let error = json!({ "code": code, "message": "startLedger must be within the range" });
        Some(json!({ "jsonrpc": "2.0", "id": request["id"], "error": error }).to_string())
    }
}

/// A node with a short history refuses what another still has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_is_asked_of_whoever_has_it() {
    let world = World::new().await;
    world.open(1, usdc(10)).await;
    let short = Wire::start(without_events(&world.net, -32600)).await;
    let good = Wire::start(well(&world.net)).await;
    let rpc = Rpc::new(failover(&world.net, &world.hands, &[&short, &good]));
    let client = StellarChainClient::try_new(rpc, &world.deployment.config()).unwrap();
    let page = client.events_after(None, 100).await.unwrap();
    assert_eq!(page.events.len(), world.history(100).await.len());
    assert!(!page.events.is_empty() && page.gap.is_none());
    let nobody = Rpc::new(failover(&world.net, &world.hands, &[&short]));
    let client = StellarChainClient::try_new(nobody, &world.deployment.config()).unwrap();
    assert!(client.events_after(None, 100).await.is_err());
    // What the request is to blame for is said by the first.
    let rpc = Rpc::new(failover(&world.net, &world.hands, &[&good, &short]));
    let refused = rpc.transaction("no hash").await.unwrap_err();
    assert!(matches!(refused, RpcError::Refused { .. }), "{refused}");
    let info = rpc.transaction(&"0".repeat(64)).await.unwrap();
    assert_eq!(info.status, TransactionStatus::NotFound);
}

/// One node no longer has the history; the other may, and cannot be asked: that is no loss.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_is_not_lost_while_a_node_could_not_be_asked() {
    let world = World::new().await;
    world.open(1, usdc(10)).await;
    let cursor = world.client.events_after(None, 1).await.unwrap().next;
    let short = Wire::start(without_events(&world.net, -32600)).await;
    let long = Wire::start(without_events(&world.net, -32600)).await;
    let rpc = Rpc::new(failover(&world.net, &world.hands, &[&short, &long]));
    let from = EventsFrom::Cursor(cursor.0);
    let refused = rpc.events(&from, &json!([]), 10).await.unwrap_err();
    assert!(matches!(refused, RpcError::Refused { .. }), "both lack it: {refused}");

    let other = Localnet::builder().passphrase("Another Network").start().unwrap();
    let net = world.net.clone();
    let busy = move |request: Value| match request["method"] == "getEvents" {
        true => Some("busy".to_owned()),
        false => Some(on(&net, request).to_string()),
    };
    long.now_says(busy);
    let error = rpc.events(&from, &json!([]), 10).await.unwrap_err();
    assert!(matches!(error, RpcError::Transport(TransportError::NotJson(_))), "{error}");
    let error = rpc.events(&from, &json!([]), 10).await.unwrap_err();
    assert!(matches!(error, RpcError::Transport(_)), "it rests: {error}");
    for (what, long) in [
        ("internal error", Wire::start(without_events(&world.net, -32603)).await),
        ("elsewhere", Wire::start(well(&other)).await),
    ] {
        let rpc = Rpc::new(failover(&world.net, &world.hands, &[&short, &long]));
        let error = rpc.events(&from, &json!([]), 10).await.unwrap_err();
        assert!(matches!(error, RpcError::Transport(_)), "{what}: {error}");
        let error: kolo_core::port::PortError = error.into();
        assert_eq!(error.retry, kolo_core::port::Retry::Temporary, "{what}");
    }
}

/// What is told of a node that is gone names it, and says what to do once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_gone_is_told_of_in_one_sentence() {
    let rpc = Rpc::new(Failover::of_urls("Network", &["http://127.0.0.1:9/key"]).unwrap());
    let told = rpc.network().await.unwrap_err().to_string();
    assert!(told.contains("127.0.0.1:9: ") && !told.contains("key"), "{told}");
    assert_eq!(told.matches("not reachable").count(), 1, "{told}");
    assert_eq!(told.matches("check the RPC address").count(), 1, "{told}");
}
