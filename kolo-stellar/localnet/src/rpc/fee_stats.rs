//! `getFeeStats`: what inclusion cost lately, as nearest-rank percentiles.

use serde::Serialize;

/// Fees of one kind over the ledgers looked at, in stroops per operation.
///
/// Written as Stellar RPC does: fees and the number of transactions as strings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FeeDistribution {
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
    #[must_use]
    pub fn of(mut fees: Vec<u64>, ledger_count: u32) -> Self {
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
