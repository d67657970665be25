//! What it costs to be taken into a ledger, and what we would bid.
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::fees::BASE_FEE;
use crate::rpc::Rpc;
use crate::setup::SetupError;

/// Inclusion fees paid lately, stroops of XLM per operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FeeLevel {
    /// The least.
    #[serde(deserialize_with = "number")]
    pub min: i64,
    /// Half stayed below.
    #[serde(deserialize_with = "number")]
    pub p50: i64,
    /// 90 of 100 stayed below: what is bid, as far as the ceiling goes.
    #[serde(deserialize_with = "number")]
    pub p90: i64,
    /// 99 of 100 stayed below.
    #[serde(deserialize_with = "number")]
    pub p99: i64,
    /// The most.
    #[serde(deserialize_with = "number")]
    pub max: i64,
}

/// Fees now, and the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FeeReport {
    /// Of contract calls.
    pub contracts: FeeLevel,
    /// Of everything else.
    pub payments: FeeLevel,
    /// What a contract call would bid now, stroops of XLM; where the ceiling leaves less, all it leaves, as
    /// long as others get in for less.
    pub bid_contracts: i64,
    /// What another operation would bid now, likewise.
    pub bid_payments: i64,
    /// The least that is bid.
    pub floor: i64,
    /// The most one transaction may cost, resources included, stroops of XLM; one that pays the rent of what
    /// all circles share has another ([`StellarConfig::max_rent`](crate::StellarConfig)).
    pub ceiling: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stats {
    soroban_inclusion_fee: FeeLevel,
    inclusion_fee: FeeLevel,
}

/// Fees paid lately, and what is bid with this ceiling
/// ([`StellarConfig::max_fee`](crate::StellarConfig)).
///
/// # Errors
/// [`SetupError`] when the node does not answer.
pub async fn fees(rpc: &Rpc, ceiling: i64) -> Result<FeeReport, SetupError> {
    let stats: Stats = rpc.request("getFeeStats", Value::Null).await?;
    Ok(FeeReport {
        contracts: stats.soroban_inclusion_fee,
        payments: stats.inclusion_fee,
        bid_contracts: stats.soroban_inclusion_fee.p90.max(BASE_FEE),
        bid_payments: stats.inclusion_fee.p90.max(BASE_FEE),
        floor: BASE_FEE,
        ceiling,
    })
}

/// Numbers of 64 bits come as text, and from some nodes as numbers.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let wrong = || serde::de::Error::custom("no number of stroops");
    match Value::deserialize(deserializer)? {
        Value::String(text) => text.parse().map_err(|_| wrong()),
        other => other.as_i64().ok_or_else(wrong),
    }
}
