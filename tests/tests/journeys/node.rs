//! A node with the faults real ones have: no events of classic payments, and history only for so long.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use kolo_localnet::Localnet;
use kolo_stellar::{FnTransport, Operators, Rpc, StellarChainClient, StellarConfig};
use serde_json::{Value, json};
use stellar_xdr::{Limits, ReadXdr, ScAddress, ScVal};

use crate::world::World;

#[derive(Clone, Default)]
pub struct Node {
    /// The first ledger it has, when that is not the network's first.
    oldest: Arc<AtomicU32>,
    /// Payments between accounts have no events.
    silent: Arc<AtomicBool>,
}

impl Node {
    /// The world's own network, seen through such a node from now on.
    pub fn over(world: &mut World) -> Self {
        let node = Self::default();
        node.take(world);
        node
    }

    /// As [`Node::over`], after a restart.
    pub fn take(&self, world: &mut World) {
        let (network, node) = (world.network().clone(), self.clone());
        let transport = FnTransport::new(move |request| {
            let (network, node) = (network.clone(), node.clone());
            async move { Ok(node.answer(&network, request).await) }
        });
        let (kolo, operator) = (&world.stack.kolo, world.stack.kolo.operator());
        let operators =
            Operators { sponsor: operator.sponsor, fees: operator.fees, keeper: operator.keeper };
        let passphrase = world.network().passphrase().to_owned();
        let (assets, factory) = (vec![kolo.asset().clone()], world.stack.factory.clone());
        let config = StellarConfig::new(passphrase, assets, factory, operators);
        let client = StellarChainClient::try_new(Rpc::new(transport), &config).unwrap();
        world.over(Arc::new(client));
    }

    pub fn silence(&self, silent: bool) {
        self.silent.store(silent, Ordering::SeqCst);
    }

    /// Forgets all that has happened up to now; from the next ledger on it knows again.
    pub async fn forget(&self, world: &World) {
        let latest = world.network().latest().await.unwrap().sequence();
        self.oldest.store(latest + 1, Ordering::SeqCst);
    }

    /// Another node, which has it all.
    pub fn remember(&self) {
        self.oldest.store(0, Ordering::SeqCst);
    }

    async fn answer(&self, network: &Localnet, request: Value) -> Value {
        let (oldest, method) = (self.oldest.load(Ordering::SeqCst), request["method"].clone());
        if method == "getEvents" && asked_from(&request["params"]) < u64::from(oldest) {
            let message = "startLedger must be within the ledger range";
            let error = json!({ "code": -32600, "message": message });
            return json!({ "jsonrpc": "2.0", "id": request["id"], "error": error });
        }
        let mut answer = network.rpc(request).await;
        let result = &mut answer["result"];
        if method == "getHealth" && result["oldestLedger"].as_u64() < Some(u64::from(oldest)) {
            result["oldestLedger"] = json!(oldest);
        }
        if method == "getEvents"
            && self.silent.load(Ordering::SeqCst)
            && let Some(events) = result["events"].as_array_mut()
        {
            events.retain(|event| !is_between_accounts(event));
        }
        answer
    }
}

/// The ledger a question begins with.
fn asked_from(params: &Value) -> u64 {
    match params["pagination"]["cursor"].as_str() {
        Some(cursor) => cursor.split('-').next().unwrap().parse::<u64>().unwrap() >> 32,
        None => params["startLedger"].as_u64().unwrap(),
    }
}

/// Whether its topics name accounts and no contract: a classic payment.
fn is_between_accounts(event: &Value) -> bool {
    let topics = event["topic"].as_array().unwrap();
    let mut parties = topics.iter().filter_map(|topic| {
        match ScVal::from_xdr_base64(topic.as_str().unwrap(), Limits::none()).unwrap() {
            ScVal::Address(address) => Some(address),
            _ => None,
        }
    });
    let is_transfer = ["transfer", "mint", "burn"].iter().any(|name| {
        let name = ScVal::Symbol((*name).try_into().unwrap());
        ScVal::from_xdr_base64(topics[0].as_str().unwrap(), Limits::none()).unwrap() == name
    });
    is_transfer && parties.all(|party| matches!(party, ScAddress::Account(_)))
}
