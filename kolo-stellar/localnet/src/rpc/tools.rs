//! What tests do to a network, on a port: time, snapshots, trouble. JSON-RPC 2.0, like the rest, but
//! at a path of its own and only where it was asked for.

use serde::Deserialize;
use serde_json::{Value, json};
use stellar_xdr::{LedgerKey, LedgerKeyAccount, ScAddress, TransactionResultResult};

use super::jsonrpc::{self, RpcError, params as read};
use super::wire;
use crate::model::{ClosedLedger, SendFault, SnapshotId};
use crate::network::Localnet;

/// Answers a request, or a batch of them.
pub(super) async fn answer(network: &Localnet, request: Value) -> Option<Value> {
    jsonrpc::answer(request, |method, params| call(network, method, params)).await
}

async fn call(
    network: &Localnet,
    method: String,
    params: Option<Value>,
) -> Result<Value, RpcError> {
    match method.as_str() {
        "closeLedger" => Ok(closed(&network.close_ledger().await?)),
        "advanceLedgers" => {
            let Advance { count } = read(params)?;
            Ok(closed(&network.advance_ledgers(count).await?))
        }
        "advanceTime" => {
            let AdvanceTime { seconds } = read(params)?;
            Ok(closed(&network.advance_time(seconds).await?))
        }
        "snapshot" => Ok(json!({ "snapshot": network.snapshot().await?.0 })),
        "revert" => {
            let Revert { snapshot } = read(params)?;
            let latest = network.revert(SnapshotId(snapshot)).await?;
            Ok(json!({ "ledger": latest.sequence(), "closeTime": latest.close_time().to_string() }))
        }
        "freeze" => Ok(closed(&network.freeze(read::<Keys>(params)?.parse()?).await?)),
        "thaw" => Ok(closed(&network.thaw(read::<Keys>(params)?.parse()?).await?)),
        "disturbNextSend" => {
            network.disturb_next_send(read::<Disturb>(params)?.fault.into()).await?;
            Ok(json!({}))
        }
        unknown => Err(RpcError::method_not_found(unknown)),
    }
}

#[derive(Deserialize)]
struct Advance {
    count: u32,
}

#[derive(Deserialize)]
struct AdvanceTime {
    seconds: u64,
}

#[derive(Deserialize)]
struct Revert {
    snapshot: u64,
}

/// Accounts by their addresses, anything else by its ledger key in base64.
#[derive(Deserialize)]
struct Keys {
    keys: Vec<String>,
}

impl Keys {
    fn parse(self) -> Result<Vec<LedgerKey>, RpcError> {
        self.keys.iter().map(|text| parse_key(text)).collect()
    }
}

fn parse_key(text: &str) -> Result<LedgerKey, RpcError> {
    if let Ok(ScAddress::Account(account_id)) = text.parse() {
        return Ok(LedgerKey::Account(LedgerKeyAccount { account_id }));
    }
    wire::decode(text).map_err(|wire::NotXdr| {
        let shown: String = text.chars().take(64).collect();
        RpcError::invalid_params(format!(
            "{shown:?} is no key: expected an account (G…) or the base64 of a LedgerKey"
        ))
    })
}

#[derive(Deserialize)]
struct Disturb {
    fault: Fault,
}

/// [`SendFault`] in JSON: a word, or `{"refuse": "tx_bad_seq"}` with a result as SEP-51 spells it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Fault {
    TryAgainLater,
    Lose,
    NoAnswer,
    Refuse(TransactionResultResult),
}

impl From<Fault> for SendFault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::TryAgainLater => Self::TryAgainLater,
            Fault::Lose => Self::Lose,
            Fault::NoAnswer => Self::NoAnswer,
            Fault::Refuse(result) => Self::Refuse(result),
        }
    }
}

fn closed(ledger: &ClosedLedger) -> Value {
    json!({ "ledger": ledger.sequence(), "closeTime": ledger.close_time().to_string() })
}
