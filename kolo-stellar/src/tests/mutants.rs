//! Every leaf of every transaction, and what is around it, is changed by a walk that knows nothing of
//! what it changes: each mutant is refused, but for the few that stand below with the reason why they
//! can do no harm.
use std::collections::{BTreeMap, BTreeSet};

use kolo_core::port::ChainClient;
use kolo_core::port::chain::{ChainEffect, PreparedTx};
use serde_json::{Value, json};
use stellar_xdr::{Limits, ReadXdr, TransactionSignaturePayload, WriteXdr};

use super::lifetime;
use super::two::{prepared as prepared_by_two, replace, swap};
use super::world::*;
use crate::StellarChainClient;
use crate::address::sha256;
use crate::rpc::XDR_LIMITS;

/// What passes, and why nobody loses by it. "… of …": the list itself, not what is in it, of that effect.
const HARMLESS: [(&str, &str); 12] = [
    ("tx.fee", "less than what was offered: it can only take longer; more is refused as `fee`"),
    ("tx.cond.time.min_time", "good for a shorter time, or from a moment that has passed"),
    (
        "tx.operations of OpenAccount",
        "opening an account that is there already creates none: if it is not there, it fails",
    ),
    (
        "tx.operations of CloseAccount",
        "closing one without a trustline gives none up: if there is one, the merge fails",
    ),
    (
        "tx.operations of LeaveSponsorship",
        "one without a trustline has none to take over: if there is one, the sponsor goes on carrying it",
    ),
    (SOROBAN_EXT, "archived entries it would restore: at most it fails, within the fee ceiling"),
    ("tx.ext.v1.resource_fee", "a part of the fee, which has its ceiling"),
    ("tx.ext.v1.resources.instructions", "a budget: with too little it fails and moves nothing"),
    ("tx.ext.v1.resources.disk_read_bytes", "a budget: with too little it fails and moves nothing"),
    ("tx.ext.v1.resources.write_bytes", "a budget: with too little it fails and moves nothing"),
    (READ_ONLY, "entries it may touch, not what it does: without one it needs it fails"),
    (READ_WRITE, "entries it may touch, not what it does: without one it needs it fails"),
];

const SOROBAN_EXT: &str = "tx.ext.v1.ext";
const READ_ONLY: &str = "tx.ext.v1.resources.footprint.read_only";
const READ_WRITE: &str = "tx.ext.v1.resources.footprint.read_write";

/// A payload with one thing in it changed: where, and what it has become.
type Mutant = (String, Value);

/// All that can be made of a value by changing one thing in it.
fn mutants(value: &Value) -> Vec<Mutant> {
    let mut all = Vec::new();
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                for (path, changed) in mutants(field) {
                    let mut fields = fields.clone();
                    fields.insert(name.clone(), changed);
                    all.push((join(name, &path), Value::Object(fields)));
                }
            }
            if fields.len() == 1 {
                all.extend(other_arms().map(|arm| (String::new(), arm)));
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                for (path, changed) in mutants(item) {
                    let mut items = items.clone();
                    items[place] = changed;
                    all.push((path, Value::Array(items)));
                }
                let mut fewer = items.clone();
                fewer.remove(place);
                all.push((String::new(), Value::Array(fewer)));
                let mut more = items.clone();
                more.push(item.clone());
                all.push((String::new(), Value::Array(more)));
            }
        }
        leaf => all.extend(others(leaf).into_iter().map(|other| (String::new(), other))),
    }
    all
}

fn join(name: &str, path: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{name}.{path}") }
}

/// Other arms of whatever union it may be; those that do not fit are sorted out later.
fn other_arms() -> impl Iterator<Item = Value> {
    let credentials = json!({ "address": {
        "address": address(3).0, "nonce": "1", "signature_expiration_ledger": 1, "signature": "void",
    } });
    let arms = [
        json!("inflation"),
        json!("none"),
        json!("v0"),
        json!("void"),
        json!("native"),
        json!("source_account"),
        json!({ "u32": 987_654 }),
        json!({ "text": "x" }),
        json!({ "v1": { "archived_soroban_entries": [0] } }),
        json!({ "v1": [0] }),
        credentials,
    ];
    arms.into_iter()
}

/// Other values of the same kind, as far as a leaf shows what kind that is.
fn others(leaf: &Value) -> Vec<Value> {
    match leaf {
        Value::Bool(yes) => vec![json!(!yes)],
        Value::Null => vec![json!(address(3).0), json!(7), json!("x")],
        Value::Number(number) => {
            let number = number.as_u64().unwrap();
            [number.checked_add(1), number.checked_sub(1)]
                .into_iter()
                .flatten()
                .map(Value::from)
                .collect()
        }
        Value::String(text) => others_of(text),
        Value::Array(_) | Value::Object(_) => vec![],
    }
}

fn others_of(text: &str) -> Vec<Value> {
    let mut all: Vec<Value> = other_arms().collect();
    if let Ok(number) = text.parse::<i128>() {
        all.extend([number + 1, number - 1].map(|number| json!(number.to_string())));
    }
    if text.len().is_multiple_of(2)
        && text.bytes().all(|b| b.is_ascii_hexdigit())
        && !text.is_empty()
    {
        for place in [0, text.len() - 1] {
            let mut bytes = text.as_bytes().to_vec();
            bytes[place] = if bytes[place] == b'0' { b'1' } else { b'0' };
            all.push(json!(String::from_utf8(bytes).unwrap()));
        }
    }
    all.extend([json!(address(3).0), json!(contract(3).0), json!(format!("{text}x"))]);
    let mut shorter = text.to_owned();
    shorter.pop();
    all.push(json!(shorter));
    all
}

/// Those that are payloads at all, and others than the original.
fn payloads(tx: &PreparedTx) -> Vec<(String, Vec<u8>)> {
    let payload = TransactionSignaturePayload::from_xdr(&tx.payload, XDR_LIMITS).unwrap();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (path, mutant) in mutants(&serde_json::to_value(&payload).unwrap()) {
        let Ok(mutant) = serde_json::from_value::<TransactionSignaturePayload>(mutant) else {
            continue;
        };
        let Ok(bytes) = mutant.to_xdr(Limits::none()) else { continue };
        if bytes != tx.payload && seen.insert(bytes.clone()) {
            found.push((path.trim_start_matches("tagged_transaction.").to_owned(), bytes));
        }
    }
    found
}

/// The line of the list above that a place belongs to.
fn why_harmless(effect: &ChainEffect, path: &str) -> Option<&'static str> {
    let kind = format!("{effect:?}");
    let is = |known: &str| {
        if let Some((list, of)) = known.split_once(" of ") {
            return path == list && kind.starts_with(of);
        }
        path == known || path.strip_prefix(known).is_some_and(|rest| rest.starts_with('.'))
    };
    HARMLESS.iter().map(|(known, _)| *known).find(|known| is(known))
}

/// Where the walk got to; what passed though it must not; what passed and may.
#[derive(Default)]
struct Walk {
    places: BTreeMap<String, usize>,
    passed: BTreeSet<String>,
    harmless: BTreeSet<&'static str>,
}

impl Walk {
    fn over(&mut self, client: &StellarChainClient, effect: &ChainEffect, tx: &PreparedTx) {
        assert_eq!(client.verify(effect, tx), Ok(()), "{effect:?}");
        for (path, payload) in payloads(tx) {
            *self.places.entry(path.clone()).or_default() += 1;
            let hash = data_encoding::HEXLOWER.encode(&sha256(&payload));
            let mutant = PreparedTx { payload, hash, ..tx.clone() };
            if client.verify(effect, &mutant).is_ok() {
                match why_harmless(effect, &path) {
                    Some(known) => drop(self.harmless.insert(known)),
                    None => drop(self.passed.insert(format!("{path} of {effect:?}"))),
                }
            }
        }
    }
}

#[tokio::test]
async fn no_leaf_of_any_transaction_can_be_changed_but_for_what_is_listed() {
    let mut walk = Walk::default();
    for effect in effects() {
        let (_, client) = ready(&effect);
        let tx = client.prepare(&effect).await.unwrap();
        walk.over(&client, &effect, &tx);
    }
    for effect in [swap(), replace()] {
        let (client, tx) = prepared_by_two(&effect).await;
        walk.over(&client, &effect, &tx);
    }
    let (_, client, restoring) = lifetime::archived();
    let tx = client.prepare(&restoring).await.unwrap();
    walk.over(&client, &restoring, &tx);
    assert!(walk.passed.is_empty(), "signed though changed: {:#?}", walk.passed);
    let total: usize = walk.places.values().sum();
    assert!(total > 4_000, "{total} mutants");
    for place in [
        "network_id",
        "tx.source_account",
        "tx.fee",
        "tx.seq_num",
        "tx.cond.time.min_time",
        "tx.cond.time.max_time",
        "tx.memo",
        "tx.operations.source_account",
        "tx.operations.body.payment.destination",
        "tx.operations.body.payment.amount",
        "tx.operations.body.create_account.destination",
        "tx.operations.body.change_trust.limit",
        "tx.operations.body.account_merge",
        "tx.operations.body.revoke_sponsorship.ledger_entry.account.account_id",
        "tx.operations.body.extend_footprint_ttl.extend_to",
        "tx.operations.body.begin_sponsoring_future_reserves.sponsored_id",
        "tx.operations.body.invoke_host_function.host_function.invoke_contract.contract_address",
        "tx.operations.body.invoke_host_function.host_function.invoke_contract.function_name",
        "tx.operations.body.invoke_host_function.auth.credentials",
        "tx.operations.body.invoke_host_function.auth.root_invocation.function.contract_fn.function_name",
    ] {
        assert!(walk.places.contains_key(place), "never changed: {place}: {:#?}", walk.places);
    }
    let stale: Vec<_> =
        HARMLESS.iter().filter(|(known, _)| !walk.harmless.contains(known)).collect();
    assert!(stale.is_empty(), "listed, but refused: {stale:#?}");
}
