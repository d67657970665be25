//! Strangers' requests, mutated at random: always a JSON-RPC answer, never a panic, never a
//! change. With `KOLO_TEST_LONG` each is played for a minute.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};
use stellar_xdr::ScVal;

use super::support::{Net, Person, base64, payment, token};

/// Codes a client's mistake may get; -32603 would be a mistake of ours.
const MISTAKES: [i64; 4] = [-32_700, -32_600, -32_601, -32_602];

fn config(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

/// Once, or for a minute in the long run.
fn play(mut round: impl FnMut()) {
    let end = Instant::now() + Duration::from_secs(60);
    round();
    while std::env::var_os("KOLO_TEST_LONG").is_some() && Instant::now() < end {
        round();
    }
}

#[test]
fn mutated_requests_get_answers() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (net, requests) = runtime.block_on(templates());
    let before = runtime.block_on(net.ask("getLatestLedger", json!({})));
    let mut runner = TestRunner::new(config(3_000));
    let case = (0..requests.len(), proptest::collection::vec(mutation(), 1..5));
    let ask = |(template, mutations): (usize, Vec<Mutation>)| {
        let mut request = requests[template].clone();
        for mutation in &mutations {
            mutation.apply(&mut request);
        }
        let answer = runtime.block_on(net.0.rpc(request.clone()));
        check(&request, &answer)
    };
    play(|| runner.run(&case, ask).unwrap());
    assert_eq!(runtime.block_on(net.ask("getLatestLedger", json!({}))), before);
}

#[test]
fn mutated_envelopes_get_answers() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let net = Net::start();
    let envelopes = runtime.block_on(envelopes(&net));
    let mut runner = TestRunner::new(config(2_000));
    let flips = proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4);
    let case = (0..envelopes.len(), any::<bool>(), flips);
    let ask = |(template, sends, flips): (usize, bool, Vec<(prop::sample::Index, u8)>)| {
        let mut bytes = data_encoding::BASE64.decode(envelopes[template].as_bytes()).unwrap();
        for (at, mask) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= mask;
        }
        let transaction = data_encoding::BASE64.encode(&bytes);
        let method = if sends { "sendTransaction" } else { "simulateTransaction" };
        let params = json!({ "transaction": transaction });
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answer = runtime.block_on(net.0.rpc(request.clone()));
        check(&request, &answer)
    };
    play(|| runner.run(&case, ask).unwrap());
    assert_eq!(runtime.block_on(net.ask("getHealth", json!({})))["status"], "healthy");
}

fn check(request: &Value, answer: &Value) -> Result<(), TestCaseError> {
    let answers = match answer {
        Value::Array(answers) => answers.as_slice(),
        Value::Null => {
            let notifies = request.get("id").is_none_or(Value::is_null);
            prop_assert!(notifies, "not answered: {request}");
            return Ok(());
        }
        one => std::slice::from_ref(one),
    };
    for answer in answers {
        prop_assert_eq!(&answer["jsonrpc"], "2.0");
        let error = &answer["error"]["code"];
        let known = error.as_i64().is_some_and(|code| MISTAKES.contains(&code));
        prop_assert!(answer.get("result").is_some() != known, "{request} got {answer}");
    }
    Ok(())
}

/// A network and a valid request for each method; none of them changes anything.
async fn templates() -> (Net, Vec<Value>) {
    let net = Net::still();
    let (ann, ben) = (net.person(1).await, net.person(2).await);
    net.invoke(&ann, token::deploy()).await;
    let hash = net.pay(&ann, &ben, 1).await;
    let symbol = base64(&ScVal::Symbol("transfer".try_into().unwrap()));
    let call = base64(&net.envelope(&ann, token::transfer(&net, &ann, &ben, 1)).await);
    let key = base64(&stellar_xdr::LedgerKey::Account(stellar_xdr::LedgerKeyAccount {
        account_id: ann.account(),
    }));
    let events = json!({
        "startLedger": 1,
        "endLedger": 9,
        "filters": [{
            "type": "contract",
            "contractIds": [token::address(&net)],
            "topics": [[symbol, "*", "**"]],
        }],
        "pagination": { "limit": 10 },
        "xdrFormat": "base64",
    });
    let on = json!({ "pagination": { "cursor": "0000000012884905984-0000000000", "limit": 2 } });
    let page = json!({ "startLedger": 1, "pagination": { "limit": 3 }, "xdrFormat": "json" });
    let simulated = json!({
        "transaction": call,
        "resourceConfig": { "instructionLeeway": 1 },
        "authMode": "record",
    });
    let methods = [
        ("getHealth", json!({})),
        ("getNetwork", json!({})),
        ("getVersionInfo", json!({})),
        ("getLatestLedger", json!({})),
        ("getFeeStats", json!({})),
        ("getLedgers", page.clone()),
        ("getTransactions", page),
        ("getTransactions", json!({ "pagination": { "cursor": "8589938689" } })),
        ("getLedgerEntries", json!({ "keys": [key] })),
        ("getTransaction", json!({ "hash": hash })),
        ("sendTransaction", json!({ "transaction": "AAAA" })),
        ("simulateTransaction", simulated),
        ("getEvents", events),
        ("getEvents", on),
    ];
    let requests = methods.map(
        |(method, params)| json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }),
    );
    let batch = Value::Array(requests.to_vec());
    (net, requests.into_iter().chain([batch]).collect())
}

async fn envelopes(net: &Net) -> Vec<String> {
    let (ann, ben) = (net.person(1).await, net.person(2).await);
    net.invoke(&ann, token::deploy()).await;
    let pay = net.envelope(&ann, payment(&Person::number(2), 1)).await;
    let bump = net.fee_bump(&ben, &pay);
    let call = net.transaction(&ann, token::transfer(net, &ann, &ben, 1)).await;
    let simulated = net.simulate(&net.sign(&ann, call.clone())).await;
    let call = net.sign(&ann, super::support::with_resources(call, &simulated));
    vec![base64(&pay), base64(&bump), base64(&call)]
}

/// One change somewhere in a JSON value.
#[derive(Debug, Clone)]
struct Mutation {
    /// Which way down, at each level.
    path: Vec<prop::sample::Index>,
    change: Change,
}

#[derive(Debug, Clone)]
enum Change {
    Replace(Value),
    Remove,
    Repeat,
    Wrap,
    /// Overwrite one character of a string, or move a number.
    Nudge(prop::sample::Index, char, i64),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let change = prop_oneof![
        3 => odd_value().prop_map(Change::Replace),
        1 => Just(Change::Remove),
        1 => Just(Change::Repeat),
        1 => Just(Change::Wrap),
        3 => (any::<prop::sample::Index>(), any::<char>(), any::<i64>())
            .prop_map(|(at, char, by)| Change::Nudge(at, char, by)),
    ];
    (proptest::collection::vec(any::<prop::sample::Index>(), 0..6), change)
        .prop_map(|(path, change)| Mutation { path, change })
}

fn odd_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop_oneof!["\\*{1,2}", "[0-9]{1,20}", "[0-9]{19}-[0-9]{10}", "[A-Za-z0-9+/]{0,40}={0,2}"]
            .prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!(u32::MAX)),
        Just(Value::from("x".repeat(100_000))),
        Just(Value::Array(vec![json!("*"); 300])),
    ]
}

impl Mutation {
    fn apply(&self, root: &mut Value) {
        let mut at = root;
        for step in &self.path {
            let size = match &*at {
                Value::Array(items) => items.len(),
                Value::Object(fields) => fields.len(),
                _ => 0,
            };
            if size == 0 {
                break;
            }
            let step = step.index(size);
            at = match at {
                Value::Array(items) => &mut items[step],
                Value::Object(fields) => fields.values_mut().nth(step).unwrap(),
                _ => unreachable!("it has parts"),
            };
        }
        self.change.apply(at);
    }
}

impl Change {
    fn apply(&self, value: &mut Value) {
        match self {
            Self::Replace(new) => *value = new.clone(),
            Self::Remove => match value {
                Value::Object(fields) => {
                    let first = fields.keys().next().cloned();
                    first.map(|name| fields.remove(&name));
                }
                Value::Array(items) => drop(items.pop()),
                other => *other = Value::Null,
            },
            Self::Repeat => *value = Value::Array(vec![value.clone(); 3]),
            Self::Wrap => {
                *value = Value::Object(Map::from_iter([("pagination".into(), value.clone())]));
            }
            Self::Nudge(at, char, by) => match value {
                Value::String(text) => {
                    let mut chars: Vec<_> = text.chars().collect();
                    if !chars.is_empty() {
                        let at = at.index(chars.len());
                        chars[at] = *char;
                    }
                    *text = chars.into_iter().collect();
                }
                Value::Number(number) => {
                    *value = json!(number.as_i64().unwrap_or_default().wrapping_add(*by));
                }
                _ => {}
            },
        }
    }
}
