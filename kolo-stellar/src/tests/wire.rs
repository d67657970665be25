//! A network at the wire that keeps its own truth, and a node before it that says what the test wants.
//!
//! What was sent is decoded; whenever a second inner transaction of the intent comes, every one before it must
//! be dead in truth: not applied, and never to be.
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use kolo_core::Timestamp;
use kolo_core::port::Clock;
use kolo_core::testkit::ManualClock;
use serde_json::{Value, json};
use stellar_xdr::{
    FeeBumpTransactionInnerTx, Hash, HostFunction, LedgerEntryData, LedgerFootprint, OperationBody,
    Preconditions, ReadXdr, SorobanAuthorizationEntry, SorobanAuthorizedFunction,
    SorobanAuthorizedInvocation, SorobanCredentials, SorobanResources, SorobanResourcesExtV0,
    SorobanTransactionData, SorobanTransactionDataExt, Transaction, TransactionEnvelope,
    TransactionExt, TransactionResultResult, TransactionSignaturePayload,
    TransactionSignaturePayloadTaggedTransaction, WriteXdr,
};

use super::node::xdr;
use super::submit::{bumped, error_event, result};
use super::world::PASSPHRASE;
use crate::address::sha256;
use crate::rpc::{Rpc, Transport, TransportError, XDR_LIMITS};

/// What the node answers to a submission.
#[derive(Clone, Debug)]
pub enum Says {
    Status(&'static str),
    Refuses(TransactionResultResult),
    Error(i64),
    Nothing,
}

/// What becomes of the transaction, whatever the node says.
#[derive(Clone, Debug, PartialEq)]
pub enum Truth {
    /// In the next ledger.
    Taken,
    /// In a ledger, without effect.
    Fails(TransactionResultResult),
    Lost,
}

#[derive(Clone, Debug)]
pub struct Sent {
    pub inner: String,
    pub outer: String,
    pub fee: i64,
    /// What a call may use.
    pub data: Option<SorobanTransactionData>,
    sequence: i64,
    max_time: u64,
    pub at: u64,
}

/// A transaction in a ledger.
#[derive(Clone)]
struct Applied {
    sent: Sent,
    closed_at: u64,
    result: TransactionResultResult,
}

struct State {
    entries: Vec<LedgerEntryData>,
    sequence: i64,
    /// The answers to come; the last one stays.
    script: VecDeque<(Says, Truth)>,
    pending: Option<(Sent, TransactionResultResult)>,
    applied: Vec<Applied>,
    sent: Vec<Sent>,
    closed_at: u64,
    /// How far the node is behind in what it says of ledgers and transactions, seconds.
    lag_s: u64,
    /// The oldest close time the node has; what is older it does not find.
    oldest: u64,
    /// The least that got in lately, and what most stayed below.
    market: (i64, i64),
    /// What the simulations to come fail with; all after them go well.
    failing: VecDeque<Option<&'static str>>,
    simulated: u32,
    /// What the contract says to what fails.
    contract_error: Option<u32>,
}

/// Clones share everything.
#[derive(Clone)]
pub struct Wire {
    state: Arc<Mutex<State>>,
    clock: Arc<ManualClock>,
}

impl Wire {
    pub fn new(clock: Arc<ManualClock>, script: Vec<(Says, Truth)>) -> Self {
        let now = clock.now().unix();
        let state = State {
            entries: vec![],
            sequence: 41,
            script: script.into(),
            pending: None,
            applied: vec![],
            sent: vec![],
            closed_at: now,
            lag_s: 0,
            oldest: 1,
            market: (100, 100),
            failing: VecDeque::new(),
            simulated: 0,
            contract_error: None,
        };
        Self { state: Arc::new(Mutex::new(state)), clock }
    }

    pub fn rpc(&self) -> Rpc {
        Rpc::new(self.clone())
    }

    pub fn entry(&self, entry: LedgerEntryData) {
        self.lock().entries.push(entry);
    }

    /// The node shows ledgers so much later.
    pub fn lag(&self, seconds: u64) {
        self.lock().lag_s = seconds;
    }

    /// From now on the node has no history before that moment.
    pub fn forget_before(&self, moment: u64) {
        self.lock().oldest = moment;
    }

    pub fn market(&self, least: i64, most: i64) {
        self.lock().market = (least, most);
    }

    /// What the simulations to come fail with; `None`: nothing.
    pub fn simulations(&self, failing: Vec<Option<&'static str>>) {
        self.lock().failing = failing.into();
    }

    /// How many there were.
    pub fn simulated(&self) -> u32 {
        self.lock().simulated
    }

    /// What fails in a ledger fails with this contract's error.
    pub fn contract_error(&self, code: u32) {
        self.lock().contract_error = Some(code);
    }

    pub fn script(&self, script: Vec<(Says, Truth)>) {
        self.lock().script = script.into();
    }

    pub fn sent(&self) -> Vec<Sent> {
        self.lock().sent.clone()
    }

    /// The inner transactions that were sent, each once, in order.
    pub fn inners(&self) -> Vec<String> {
        let mut inners: Vec<String> = self.lock().sent.iter().map(|s| s.inner.clone()).collect();
        inners.dedup();
        inners
    }

    /// How many inner transactions had their effect.
    pub fn effects(&self) -> usize {
        let success =
            |a: &&Applied| matches!(a.result, TransactionResultResult::TxFeeBumpInnerSuccess(_));
        self.lock().applied.iter().filter(success).count()
    }

    /// A ledger closes, with what was taken.
    pub fn close(&self) {
        let now = self.clock.now().unix();
        let mut state = self.lock();
        state.closed_at = now;
        let Some((sent, result)) = state.pending.take() else { return };
        if now <= sent.max_time && sent.sequence == state.sequence + 1 {
            state.sequence = sent.sequence;
            state.applied.push(Applied { sent, closed_at: now, result });
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl State {
    fn answer(&mut self, method: &str, params: &Value, now: u64) -> Result<Value, Value> {
        let seen = self.closed_at.saturating_sub(self.lag_s);
        match method {
            "getLedgerEntries" => Ok(self.lookup(params)),
            "getLatestLedger" => Ok(json!({ "sequence": 100, "closeTime": seen.to_string() })),
            "getFeeStats" => Ok(json!({
                "sorobanInclusionFee": { "p90": "100", "min": "100" },
                "inclusionFee": {
                    "min": self.market.0.to_string(), "p90": self.market.1.to_string(),
                },
            })),
            "getEvents" => Ok(json!({ "events": [], "cursor": "0", "latestLedger": 100 })),
            "getTransaction" => Ok(self.transaction(params["hash"].as_str().unwrap(), seen)),
            "simulateTransaction" => Ok(self.simulate(params["transaction"].as_str().unwrap())),
            "sendTransaction" => self.send(params["transaction"].as_str().unwrap(), now),
            "getHealth" => Ok(json!({
                "status": "healthy", "latestLedger": 100, "oldestLedger": 1,
                "ledgerRetentionWindow": 1_000,
            })),
            other => Err(json!({ "code": -32601, "message": format!("no method {other}") })),
        }
    }

    fn lookup(&self, params: &Value) -> Value {
        let keys = params["keys"].as_array().unwrap();
        let found: Vec<Value> = self
            .entries
            .iter()
            .map(|entry| match entry.clone() {
                LedgerEntryData::Account(mut account) => {
                    account.seq_num.0 = self.sequence;
                    LedgerEntryData::Account(account)
                }
                other => other,
            })
            .map(|entry| (xdr(&entry.to_key()), xdr(&entry)))
            .filter(|(key, _)| keys.contains(&json!(key)))
            .map(|(key, entry)| json!({ "key": key, "xdr": entry, "lastModifiedLedgerSeq": 5 }))
            .collect();
        json!({ "entries": found, "latestLedger": 100 })
    }

    /// What it finds: nothing that closed after what it has seen, nothing before its history.
    fn transaction(&self, hash: &str, seen: u64) -> Value {
        let mut answer = json!({
            "status": "NOT_FOUND", "latestLedger": 100, "latestLedgerCloseTime": seen.to_string(),
            "oldestLedger": 1, "oldestLedgerCloseTime": self.oldest.to_string(),
        });
        let found = self.applied.iter().find(|applied| {
            let is_it = applied.sent.outer == hash || applied.sent.inner == hash;
            is_it && (self.oldest..=seen).contains(&applied.closed_at)
        });
        if let Some(applied) = found {
            let success =
                matches!(applied.result, TransactionResultResult::TxFeeBumpInnerSuccess(_));
            answer["status"] = json!(if success { "SUCCESS" } else { "FAILED" });
            answer["ledger"] = json!(99);
            answer["createdAt"] = json!(applied.closed_at.to_string());
            answer["resultXdr"] = json!(result(applied.result.clone()));
            let errors: Vec<_> =
                self.contract_error.iter().map(|code| error_event(*code)).collect();
            answer["diagnosticEventsXdr"] = json!(errors);
        }
        answer
    }

    /// A call under the source's own signature. Each simulation finds more to do than the one before it, and
    /// from the second on an archived entry.
    fn simulate(&mut self, envelope: &str) -> Value {
        self.simulated += 1;
        if let Some(Some(words)) = self.failing.pop_front() {
            return json!({ "error": words, "latestLedger": 100 });
        }
        let envelope = TransactionEnvelope::from_xdr_base64(envelope, XDR_LIMITS).unwrap();
        let TransactionEnvelope::Tx(envelope) = envelope else { panic!("wrapped") };
        let OperationBody::InvokeHostFunction(op) = &envelope.tx.operations[0].body else {
            panic!("no call");
        };
        let HostFunction::InvokeContract(args) = &op.host_function else { panic!("no contract's") };
        let auth = SorobanAuthorizationEntry {
            credentials: SorobanCredentials::SourceAccount,
            root_invocation: SorobanAuthorizedInvocation {
                function: SorobanAuthorizedFunction::ContractFn(args.clone()),
                sub_invocations: Default::default(),
            },
        };
        json!({
            "transactionData": xdr(&simulated_data(self.simulated)), "latestLedger": 100,
            "minResourceFee": (200_000 * self.simulated).to_string(),
            "results": [{ "auth": [xdr(&auth)], "xdr": "AAAAAQ==" }],
        })
    }

    fn send(&mut self, envelope: &str, now: u64) -> Result<Value, Value> {
        let sent = decode(envelope, now);
        for earlier in &self.sent {
            let dead = self.closed_at > earlier.max_time
                || self.applied.iter().any(|applied| {
                    applied.sent.inner == earlier.inner
                        && !matches!(
                            applied.result,
                            TransactionResultResult::TxFeeBumpInnerSuccess(_)
                        )
                });
            let applied = self.applied.iter().any(|applied| {
                applied.sent.inner == earlier.inner
                    && matches!(applied.result, TransactionResultResult::TxFeeBumpInnerSuccess(_))
            });
            assert!(
                earlier.inner == sent.inner || (dead && !applied),
                "a second inner transaction while the first can have its effect"
            );
        }
        self.sent.push(sent.clone());
        let (says, truth) = match self.script.len() {
            1 => self.script[0].clone(),
            _ => self.script.pop_front().unwrap(),
        };
        // The queue has it already: what becomes of it is settled.
        let queued = self.pending.as_ref().is_some_and(|(queued, _)| queued.inner == sent.inner);
        match truth {
            _ if queued => {}
            Truth::Taken => {
                let success = stellar_xdr::InnerTransactionResultResult::TxSuccess(
                    vec![].try_into().unwrap(),
                );
                self.pending = Some((sent, bumped(success)));
            }
            Truth::Fails(result) => self.pending = Some((sent, result)),
            Truth::Lost => {}
        }
        match says {
            Says::Status(status) => Ok(json!({ "status": status, "hash": "", "latestLedger": 1 })),
            Says::Refuses(outer) => Ok(json!({
                "status": "ERROR", "errorResultXdr": result(outer), "hash": "", "latestLedger": 1,
            })),
            Says::Error(code) => Err(json!({ "code": code, "message": "as the test says" })),
            Says::Nothing => Err(Value::Null),
        }
    }
}

/// What the simulation of that number tells of resources.
pub fn simulated_data(number: u32) -> SorobanTransactionData {
    let archived_soroban_entries = vec![0].try_into().unwrap();
    let key = |n| crate::read::account_key(&super::world::account(n));
    SorobanTransactionData {
        ext: match number {
            1 => SorobanTransactionDataExt::V0,
            _ => SorobanTransactionDataExt::V1(SorobanResourcesExtV0 { archived_soroban_entries }),
        },
        resources: SorobanResources {
            footprint: LedgerFootprint {
                read_only: vec![key(7)].try_into().unwrap(),
                read_write: vec![key(8)].try_into().unwrap(),
            },
            instructions: 1_000_000 * number,
            disk_read_bytes: 500 * number,
            write_bytes: 600 * number,
        },
        resource_fee: i64::from(200_000 * number),
    }
}

fn decode(envelope: &str, at: u64) -> Sent {
    let envelope = TransactionEnvelope::from_xdr_base64(envelope, XDR_LIMITS).unwrap();
    let TransactionEnvelope::TxFeeBump(bump) = envelope else { panic!("not wrapped") };
    let FeeBumpTransactionInnerTx::Tx(inner) = bump.tx.inner_tx.clone();
    let Transaction { seq_num, cond: Preconditions::Time(bounds), .. } = &inner.tx else {
        panic!("no time bounds");
    };
    use TransactionSignaturePayloadTaggedTransaction as Tagged;
    Sent {
        sequence: seq_num.0,
        max_time: bounds.max_time.0,
        inner: hash(Tagged::Tx(inner.tx.clone())),
        fee: bump.tx.fee,
        data: match &inner.tx.ext {
            TransactionExt::V1(data) => Some(data.clone()),
            TransactionExt::V0 => None,
        },
        outer: hash(Tagged::TxFeeBump(bump.tx)),
        at,
    }
}

fn hash(tagged_transaction: TransactionSignaturePayloadTaggedTransaction) -> String {
    let network_id = Hash(sha256(PASSPHRASE.as_bytes()));
    let payload = TransactionSignaturePayload { network_id, tagged_transaction };
    data_encoding::HEXLOWER.encode(&sha256(&payload.to_xdr(XDR_LIMITS).unwrap()))
}

#[async_trait]
impl Transport for Wire {
    async fn call(&self, request: Value) -> Result<Value, TransportError> {
        let method = request["method"].as_str().unwrap().to_owned();
        let (id, now) = (request["id"].clone(), self.clock.now().unix());
        match self.lock().answer(&method, &request["params"], now) {
            Ok(result) => Ok(json!({ "jsonrpc": "2.0", "id": id, "result": result })),
            Err(Value::Null) => Err(TransportError::Timeout),
            Err(error) => Ok(json!({ "jsonrpc": "2.0", "id": id, "error": error })),
        }
    }
}

/// Where the tests' time begins.
pub const START: Timestamp = Timestamp::from_unix(1_800_000_000);
