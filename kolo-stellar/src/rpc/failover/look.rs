//! Asking a node: which network it is on and how far it is, and everything else.
use std::time::{Duration, Instant};

use futures::future::{Either, select};
use futures_timer::Delay;
use serde_json::{Value, json};

use super::state::{Node, is_ahead};
use crate::rpc::NO_TRANSACTION;
use crate::rpc::transport::TransportError;

/// How long a look may take: a node that takes longer is not the one to ask.
const LOOK_TIMEOUT: Duration = Duration::from_secs(3);

/// What a look asks by; requests have numbers.
const LOOK_ID: &str = "look";

impl Node {
    /// Asks the node which network it is on and how far it is.
    pub async fn look(&self, passphrase: &str) {
        let look = std::pin::pin!(self.look_now(passphrase));
        let found = match select(look, Delay::new(LOOK_TIMEOUT)).await {
            Either::Left((found, _)) => found,
            Either::Right(_) => Err(TransportError::Timeout),
        };
        self.known().looked_at = Some(Instant::now());
        match found {
            Ok(()) => self.answered(),
            Err(error) => self.failed(&error),
        }
    }

    async fn look_now(&self, passphrase: &str) -> Result<(), TransportError> {
        let network = self.result("getNetwork", Value::Null).await?;
        let is_ours = network["passphrase"] == *passphrase;
        {
            let mut known = self.known();
            known.elsewhere = !is_ours;
            known.verified = false;
            known.protocol = network["protocolVersion"].as_u64().and_then(|v| v.try_into().ok());
        }
        if !is_ours {
            return Ok(());
        }
        let info = self.result("getTransaction", json!({ "hash": NO_TRANSACTION })).await?;
        let (ledger, closed_at) =
            (number(&info, "latestLedger"), number(&info, "latestLedgerCloseTime"));
        let ledger = ledger.and_then(|ledger| u32::try_from(ledger).ok());
        if ledger.is_none() || closed_at.is_none() {
            return Err(garbled("it does not say which ledger is its latest"));
        }
        let mut known = self.known();
        (known.ledger, known.closed_at) = (ledger, closed_at);
        known.verified = true;
        Ok(())
    }

    async fn result(&self, method: &'static str, params: Value) -> Result<Value, TransportError> {
        let mut request = json!({ "jsonrpc": "2.0", "id": LOOK_ID, "method": method });
        if !params.is_null() {
            request["params"] = params;
        }
        let mut answer = self.transport.call(request.clone()).await?;
        is_answer(&request, &answer)?;
        match answer.get_mut("result") {
            Some(result) => Ok(result.take()),
            None => Err(garbled("it refuses to say which network it is on")),
        }
    }

    /// Sends a request, and counts what came of it.
    pub async fn call(&self, request: &Value) -> Result<Value, TransportError> {
        let answer = self.transport.call(request.clone()).await;
        let answer = answer.and_then(|answer| is_answer(request, &answer).map(|()| answer));
        match &answer {
            Ok(_) => self.answered(),
            Err(error) => self.failed(error),
        }
        answer
    }
}

/// An absence counts from the answer's latest ledger on: one that is later than now dates it wrongly,
/// and a transaction that is taken for impossible may still be valid. Asked when no transaction is
/// meant, it is the node's word on how far it is.
pub(super) fn is_in_time(request: &Value, answer: &Value, now: u64) -> Result<(), TransportError> {
    let result = &answer["result"];
    let absent = request["method"] == "getTransaction"
        && request["params"]["hash"] != NO_TRANSACTION
        && result["status"] == "NOT_FOUND";
    let closed_at = number(result, "latestLedgerCloseTime");
    if absent && closed_at.is_none_or(|at| is_ahead(at, now)) {
        return Err(garbled("its latest ledger is later than the clock here"));
    }
    Ok(())
}

/// A number, also one that is text.
fn number(result: &Value, name: &str) -> Option<u64> {
    match &result[name] {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    }
}

/// Whether it answers this request: its id, and what the method's result cannot be without.
fn is_answer(request: &Value, answer: &Value) -> Result<(), TransportError> {
    if answer.get("id") != request.get("id") {
        return Err(garbled("it is the answer to another request"));
    }
    if answer.get("error").is_some_and(|error| !error.is_null()) {
        return Ok(());
    }
    let result = answer.get("result").and_then(Value::as_object);
    let result = result.ok_or_else(|| garbled("it has neither a result nor an error"))?;
    let method = request.get("method").and_then(Value::as_str).unwrap_or_default();
    match needed(method).iter().find(|name| !result.contains_key(**name)) {
        Some(missing) => Err(garbled(&format!("the result of {method} lacks {missing}"))),
        None => Ok(()),
    }
}

/// What a method's result has on every version of Stellar RPC.
fn needed(method: &str) -> &'static [&'static str] {
    match method {
        "getNetwork" => &["passphrase"],
        "getHealth" => &["status", "latestLedger", "oldestLedger"],
        "getLatestLedger" => &["sequence"],
        "getFeeStats" => &["sorobanInclusionFee", "inclusionFee"],
        "getLedgerEntries" | "simulateTransaction" => &["latestLedger"],
        "sendTransaction" => &["status"],
        "getTransaction" => &["status", "latestLedger", "latestLedgerCloseTime"],
        "getEvents" => &["events", "cursor", "latestLedger"],
        _ => &[],
    }
}

fn garbled(why: &str) -> TransportError {
    TransportError::Garbled(why.to_owned())
}
