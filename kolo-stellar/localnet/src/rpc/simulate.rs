//! `simulateTransaction`: what a contract transaction would do, and what it needs.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stellar_xdr::{
    FeeBumpTransactionInnerTx, Memo, Operation, OperationBody, ScVal, SorobanAuthorizationEntry,
    TransactionEnvelope, TransactionExt,
};

use super::format::{Format, Name, XdrFields};
use super::jsonrpc::RpcError;
use super::{meta, wire};
use crate::model::{AuthMode, RestorePreamble, SimulateOptions, Simulation, StateChange};
use crate::network::Localnet;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SimulateRequest {
    transaction: String,
    resource_config: Option<ResourceConfig>,
    auth_mode: Option<String>,
    use_upgraded_auth: Option<bool>,
    xdr_format: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceConfig {
    instruction_leeway: Option<u32>,
}

/// Stellar RPC answers a failed simulation with a result that has an `error`, not with a
/// JSON-RPC error.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SimulateAnswer {
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Footprint and resources, and diagnostic events where there are any.
    #[serde(flatten)]
    xdr: XdrFields,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_resource_fee: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    results: Vec<XdrFields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    restore_preamble: Option<RestoreAnswer>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    state_changes: Vec<ChangeRow>,
    latest_ledger: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RestoreAnswer {
    #[serde(flatten)]
    xdr: XdrFields,
    min_resource_fee: String,
}

#[derive(Serialize)]
struct ChangeRow {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    xdr: XdrFields,
}

/// `simulateTransaction`.
pub(super) async fn simulate(
    network: &Localnet,
    request: SimulateRequest,
) -> Result<SimulateAnswer, RpcError> {
    let prepared = Format::parse(request.xdr_format.as_deref()).and_then(|format| {
        prepare(&request).map(|(envelope, options)| (format, envelope, options))
    });
    match prepared {
        Ok((format, envelope, options)) => {
            answer(network.simulate(envelope, options).await?, format)
        }
        Err(why) => Ok(SimulateAnswer { error: Some(why), ..SimulateAnswer::default() }),
    }
}

/// Checks what Stellar RPC checks before it asks the host.
fn prepare(request: &SimulateRequest) -> Result<(TransactionEnvelope, SimulateOptions), String> {
    let envelope: TransactionEnvelope =
        wire::decode(&request.transaction).map_err(|_| "Could not unmarshal transaction")?;
    let [operation] = meta::operations(&envelope) else {
        return Err("Transaction contains more than one operation".into());
    };
    if *memo(&envelope) != Memo::None {
        return Err(
            "Transaction contains a memo. Soroban transactions do not support memos.".into()
        );
    }
    let auth = auth_mode(operation, request.auth_mode.as_deref().unwrap_or_default())?;
    let wants_footprint = !matches!(operation.body, OperationBody::InvokeHostFunction(_));
    if wants_footprint && !has_soroban_data(&envelope) {
        return Err("To perform a SimulateTransaction for ExtendFootprintTtl or RestoreFootprint \
                    operations, SorobanTransactionData must be provided"
            .into());
    }
    let leeway = request.resource_config.as_ref().and_then(|config| config.instruction_leeway);
    let options = SimulateOptions {
        auth,
        instruction_leeway: leeway.unwrap_or_default(),
        address_v2: request.use_upgraded_auth.unwrap_or_default(),
    };
    Ok((envelope, options))
}

fn auth_mode(operation: &Operation, asked: &str) -> Result<AuthMode, String> {
    let mode = match asked {
        "" => AuthMode::Auto,
        "enforce" => AuthMode::Enforce,
        "record" => AuthMode::Record,
        "record_allow_nonroot" => AuthMode::RecordAllowNonroot,
        _ => {
            return Err("optional 'authMode' must be one of enforce,record,record_allow_nonroot \
                        when included"
                .into());
        }
    };
    match &operation.body {
        OperationBody::InvokeHostFunction(invoke) => {
            let records = matches!(mode, AuthMode::Record | AuthMode::RecordAllowNonroot);
            if records && !invoke.auth.is_empty() {
                return Err(format!("cannot set authMode to '{asked}' with an auth footprint"));
            }
            Ok(mode)
        }
        OperationBody::ExtendFootprintTtl(_) | OperationBody::RestoreFootprint(_) => {
            if mode == AuthMode::Auto {
                Ok(mode)
            } else {
                Err("cannot set authMode with non-InvokeHostFunction operations".into())
            }
        }
        other => Err(format!("transaction contains unsupported operation type: {}", other.name())),
    }
}

fn memo(envelope: &TransactionEnvelope) -> &Memo {
    match envelope {
        TransactionEnvelope::TxV0(v0) => &v0.tx.memo,
        TransactionEnvelope::Tx(v1) => &v1.tx.memo,
        TransactionEnvelope::TxFeeBump(bump) => {
            let FeeBumpTransactionInnerTx::Tx(inner) = &bump.tx.inner_tx;
            &inner.tx.memo
        }
    }
}

fn has_soroban_data(envelope: &TransactionEnvelope) -> bool {
    let ext = match envelope {
        TransactionEnvelope::TxV0(_) => return false,
        TransactionEnvelope::Tx(v1) => &v1.tx.ext,
        TransactionEnvelope::TxFeeBump(bump) => {
            let FeeBumpTransactionInnerTx::Tx(inner) = &bump.tx.inner_tx;
            &inner.tx.ext
        }
    };
    matches!(ext, TransactionExt::V1(_))
}

const TRANSACTION_DATA: Name = ("transactionData", "transactionDataJson");

fn answer(simulation: Simulation, format: Format) -> Result<SimulateAnswer, RpcError> {
    let mut xdr = format.fields();
    if let Some(data) = &simulation.transaction_data {
        xdr.put(TRANSACTION_DATA, data)?;
    }
    xdr.put_list(("events", "eventsJson"), &simulation.events)?;
    let result = simulation.result.as_ref().map(|value| result(value, &simulation.auth, format));
    let restores = simulation.restore_preamble.as_ref().map(|preamble| restore(preamble, format));
    let changes = simulation.state_changes.iter().filter_map(|row| change(row, format));
    let fee = simulation.min_resource_fee;
    Ok(SimulateAnswer {
        xdr,
        min_resource_fee: (fee != 0).then(|| fee.to_string()),
        results: result.transpose()?.into_iter().collect(),
        restore_preamble: restores.transpose()?,
        state_changes: changes.collect::<Result<_, _>>()?,
        latest_ledger: simulation.latest_ledger,
        error: simulation.error,
    })
}

/// What the call returned, and who has to have signed for it.
fn result(
    value: &ScVal,
    auth: &[SorobanAuthorizationEntry],
    format: Format,
) -> Result<XdrFields, RpcError> {
    let mut xdr = format.fields();
    xdr.put_list(("auth", "authJson"), auth)?;
    xdr.put(("xdr", "returnValueJson"), value)?;
    if format == Format::Base64 {
        xdr.or("auth", Vec::<Value>::new());
    }
    Ok(xdr)
}

fn restore(preamble: &RestorePreamble, format: Format) -> Result<RestoreAnswer, RpcError> {
    let mut xdr = format.fields();
    xdr.put(TRANSACTION_DATA, &preamble.transaction_data)?;
    Ok(RestoreAnswer { xdr, min_resource_fee: preamble.min_resource_fee.to_string() })
}

/// One changed entry; `None` for one that is neither before nor after.
fn change(change: &StateChange, format: Format) -> Option<Result<ChangeRow, RpcError>> {
    let kind = match (&change.before, &change.after) {
        (None, Some(_)) => "created",
        (Some(_), Some(_)) => "updated",
        (Some(_), None) => "deleted",
        (None, None) => return None,
    };
    let row = || {
        let mut xdr = format.fields();
        xdr.put(("key", "keyJson"), &change.key)?;
        for (name, entry) in
            [(("before", "beforeJson"), &change.before), (("after", "afterJson"), &change.after)]
        {
            if let Some(entry) = entry {
                xdr.put(name, entry)?;
            }
            xdr.or(name.0, Value::Null);
        }
        Ok(ChangeRow { kind, xdr })
    };
    Some(row())
}
