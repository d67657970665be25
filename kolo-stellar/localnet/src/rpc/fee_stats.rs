//! `getFeeStats`: what inclusion cost lately, as nearest-rank percentiles.

use serde::Serialize;
use stellar_xdr::{SorobanTransactionMetaExt, TransactionMeta};

use super::jsonrpc::RpcError;
use super::meta;
use crate::model::TxRecord;
use crate::network::Localnet;

/// Ledgers looked at for each kind of fee, as Stellar RPC is set up by default.
const CONTRACT_LEDGERS: u32 = 50;
const CLASSIC_LEDGERS: u32 = 10;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FeeStats {
    soroban_inclusion_fee: FeeDistribution,
    inclusion_fee: FeeDistribution,
    latest_ledger: u32,
}

/// `getFeeStats`.
pub(super) async fn fee_stats(network: &Localnet) -> Result<FeeStats, RpcError> {
    let latest = network.latest().await?.sequence();
    let first = |ledgers: u32| latest.saturating_add(1).saturating_sub(ledgers);
    let records = network.transactions(first(CONTRACT_LEDGERS)..=latest, None, usize::MAX).await?;
    let (mut contract, mut classic) = (Vec::new(), Vec::new());
    for record in &records {
        match inclusion_fee(record) {
            Some(Fee::Contract(fee)) => contract.push(fee),
            Some(Fee::Classic(fee)) if record.ledger >= first(CLASSIC_LEDGERS) => classic.push(fee),
            _ => {}
        }
    }
    Ok(FeeStats {
        soroban_inclusion_fee: FeeDistribution::of(contract, CONTRACT_LEDGERS.min(latest)),
        inclusion_fee: FeeDistribution::of(classic, CLASSIC_LEDGERS.min(latest)),
        latest_ledger: latest,
    })
}

enum Fee {
    Contract(u64),
    Classic(u64),
}

/// What a transaction paid for getting in: without resources, or per operation.
fn inclusion_fee(record: &TxRecord) -> Option<Fee> {
    let charged = u64::try_from(record.result.fee_charged).ok()?;
    let operations = meta::operations(&record.envelope);
    if operations.iter().any(meta::is_contract_operation) {
        let TransactionMeta::V4(meta) = &record.meta else {
            return None;
        };
        let SorobanTransactionMetaExt::V1(fees) = &meta.soroban_meta.as_ref()?.ext else {
            return None;
        };
        let resources = fees
            .total_non_refundable_resource_fee_charged
            .checked_add(fees.total_refundable_resource_fee_charged)?;
        return charged.checked_sub(u64::try_from(resources).ok()?).map(Fee::Contract);
    }
    charged.checked_div(u64::try_from(operations.len()).ok()?).map(Fee::Classic)
}

/// Fees of one kind over the ledgers looked at, in stroops per operation.
///
/// Written as Stellar RPC does: fees and the number of transactions as strings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FeeDistribution {
    max: String,
    min: String,
    mode: String,
    p10: String,
    p20: String,
    p30: String,
    p40: String,
    p50: String,
    p60: String,
    p70: String,
    p80: String,
    p90: String,
    p95: String,
    p99: String,
    transaction_count: String,
    ledger_count: u32,
}

impl FeeDistribution {
    /// The distribution of these fees; all zero where there are none.
    fn of(mut fees: Vec<u64>, ledger_count: u32) -> Self {
        fees.sort_unstable();
        let rank = |percent: usize| {
            let rank = (percent * fees.len()).div_ceil(100);
            fees.get(rank.saturating_sub(1)).copied().unwrap_or_default().to_string()
        };
        Self {
            max: rank(100),
            min: rank(0),
            mode: mode(&fees).to_string(),
            p10: rank(10),
            p20: rank(20),
            p30: rank(30),
            p40: rank(40),
            p50: rank(50),
            p60: rank(60),
            p70: rank(70),
            p80: rank(80),
            p90: rank(90),
            p95: rank(95),
            p99: rank(99),
            transaction_count: fees.len().to_string(),
            ledger_count: if fees.is_empty() { 0 } else { ledger_count },
        }
    }
}

/// The value that occurs most often in a sorted list; the smallest of several.
fn mode(sorted: &[u64]) -> u64 {
    let mut best = (0, 0);
    for run in sorted.chunk_by(|a, b| a == b) {
        if run.len() > best.0 {
            best = (run.len(), run.first().copied().unwrap_or_default());
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_rank() {
        // Ten fees: p10 is the 1st, p50 the 5th, p90 the 9th, p95 and p99 the 10th.
        let stats =
            FeeDistribution::of(vec![300, 100, 200, 100, 400, 500, 600, 700, 800, 1_000], 4);
        assert_eq!((stats.min.as_str(), stats.max.as_str()), ("100", "1000"));
        assert_eq!(stats.mode, "100");
        assert_eq!((stats.p10.as_str(), stats.p50.as_str()), ("100", "400"));
        assert_eq!((stats.p90.as_str(), stats.p99.as_str()), ("800", "1000"));
        assert_eq!((stats.transaction_count.as_str(), stats.ledger_count), ("10", 4));
    }

    #[test]
    fn no_fees_are_all_zero() {
        let stats = FeeDistribution::of(vec![], 50);
        assert_eq!((stats.max.as_str(), stats.p50.as_str(), stats.ledger_count), ("0", "0", 0));
        assert_eq!(stats.transaction_count, "0");
    }
}
