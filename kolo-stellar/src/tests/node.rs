//! A node that answers from a script.
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::{Value, json};
use stellar_xdr::{LedgerEntryData, Limits, WriteXdr};

use crate::rpc::{Rpc, Transport, TransportError};

/// What the node says: a result, or an error object's code and message.
#[derive(Clone, Debug)]
pub enum Say {
    Result(Value),
    Error(i64, &'static str),
    Nothing,
}

#[derive(Default)]
struct Script {
    /// And until which ledger they live, where they do not for ever.
    entries: Vec<(LedgerEntryData, Option<u32>)>,
    answers: HashMap<&'static str, VecDeque<Say>>,
    asked: Vec<(String, Value)>,
}

/// Clones share the script.
#[derive(Clone, Default)]
pub struct Node(Arc<Mutex<Script>>);

impl Node {
    pub fn rpc(&self) -> Rpc {
        Rpc::new(self.clone())
    }

    pub fn entry(&self, entry: LedgerEntryData) -> &Self {
        self.0.lock().unwrap().entries.push((entry, None));
        self
    }

    pub fn living(&self, entry: LedgerEntryData, until: u32) -> &Self {
        self.0.lock().unwrap().entries.push((entry, Some(until)));
        self
    }

    /// The next answer to `method`; the last one is repeated.
    pub fn say(&self, method: &'static str, say: Say) -> &Self {
        let mut script = self.0.lock().unwrap();
        script.answers.entry(method).or_default().push_back(say);
        drop(script);
        self
    }

    pub fn result(&self, method: &'static str, result: Value) -> &Self {
        self.say(method, Say::Result(result))
    }

    /// From now on the only answer to `method`.
    pub fn instead(&self, method: &'static str, result: Value) -> &Self {
        self.0.lock().unwrap().answers.insert(method, VecDeque::from([Say::Result(result)]));
        self
    }

    /// The parameters of every call of `method` so far.
    pub fn asked(&self, method: &str) -> Vec<Value> {
        let script = self.0.lock().unwrap();
        let calls = script.asked.iter().filter(|(name, _)| name == method);
        calls.map(|(_, params)| params.clone()).collect()
    }
}

impl Script {
    fn answer(&mut self, method: &str, params: &Value) -> Say {
        if let Some(queue) = self.answers.get_mut(method) {
            return match queue.len() {
                0 => panic!("nothing to say to {method}"),
                1 => queue[0].clone(),
                _ => queue.pop_front().unwrap(),
            };
        }
        match method {
            "getLedgerEntries" => Say::Result(self.lookup(params)),
            "getLatestLedger" => Say::Result(json!({ "sequence": 100, "closeTime": "1000000" })),
            "getFeeStats" => Say::Result(json!({
                "sorobanInclusionFee": { "p90": "250" }, "inclusionFee": { "p90": "100" },
            })),
            other => panic!("the script does not know {other}"),
        }
    }

    fn lookup(&self, params: &Value) -> Value {
        let keys = params["keys"].as_array().unwrap();
        let found: Vec<Value> = self
            .entries
            .iter()
            .map(|(entry, until)| (xdr(&entry.to_key()), xdr(entry), until))
            .filter(|(key, ..)| keys.contains(&json!(key)))
            .map(|(key, entry, until)| {
                json!({
                    "key": key, "xdr": entry, "lastModifiedLedgerSeq": 5,
                    "liveUntilLedgerSeq": until,
                })
            })
            .collect();
        json!({ "entries": found, "latestLedger": 100 })
    }
}

pub fn xdr(value: &impl WriteXdr) -> String {
    value.to_xdr_base64(Limits::none()).unwrap()
}

#[async_trait]
impl Transport for Node {
    async fn call(&self, request: Value) -> Result<Value, TransportError> {
        let method = request["method"].as_str().unwrap().to_owned();
        let mut script = self.0.lock().unwrap();
        script.asked.push((method.clone(), request["params"].clone()));
        let id = request["id"].clone();
        match script.answer(&method, &request["params"]) {
            Say::Result(result) => Ok(json!({ "jsonrpc": "2.0", "id": id, "result": result })),
            Say::Error(code, message) => Ok(json!({
                "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message },
            })),
            Say::Nothing => Err(TransportError::Timeout),
        }
    }
}
