//! What a Prometheus server collects: the chain client's counts, the contracts' functions, the log, and the
//! look of [`crate::health`] in numbers. Text as OpenMetrics 1.0 has it.
use std::sync::atomic::AtomicU64;

use kolo_stellar::Figures;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::health::Report;
use crate::logs::LogCounts;

/// What the answer is.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Labels = Vec<(&'static str, String)>;

/// Everything as text. Without `report` (no node or no database answers) the counts are there all the same,
/// and `kolo_up` is 0.
///
/// # Errors
/// None that is known: writing to a text does not fail.
pub fn text(
    figures: &Figures,
    logs: &LogCounts,
    report: Option<&Report>,
) -> Result<String, std::fmt::Error> {
    let mut page = Page(Registry::with_prefix("kolo"));
    let up = u64::from(report.is_some());
    page.gauge("up", "Whether the network and the database answered", up);
    of_calls(&mut page, figures);
    of_transactions(&mut page, figures);
    let complaints = logs.counts().into_iter().map(|((level, name), count)| {
        (vec![("level", level.as_str().to_lowercase()), ("crate", name)], count)
    });
    page.counters("log_events", "Warnings and errors in the log", complaints);
    if let Some(report) = report {
        of_network(&mut page, report);
        of_following(&mut page, report);
    }
    let mut text = String::new();
    encode(&mut text, &page.0)?;
    Ok(text)
}

fn of_calls(page: &mut Page, figures: &Figures) {
    page.counter(
        "chain_calls",
        "Questions and submissions to the chain that could fail",
        figures.calls,
    );
    let errors = [
        ("temporary", figures.temporary_errors),
        ("unknown", figures.unknown_errors),
        ("permanent", figures.permanent_errors),
    ];
    page.counters("chain_call_errors", "Of these, the failed ones", each("kind", errors));
    let refusals =
        [("simulation", figures.refused_before_sending), ("verification", figures.mismatches)];
    page.counters(
        "chain_refused_before_sending",
        "Refused by simulation, or bytes that were not what was wanted: nothing was signed",
        each("by", refusals),
    );
}

fn of_transactions(page: &mut Page, figures: &Figures) {
    let outcomes = [
        ("accepted", figures.accepted),
        ("not_now", figures.not_now),
        ("refused", figures.refused),
    ];
    page.counters(
        "chain_submissions",
        "Submissions, by the node's answer",
        each("outcome", outcomes),
    );
    let ends = figures.ends.iter().flat_map(|(name, ends)| {
        let end = |outcome: &str, count| {
            (vec![("function", name.clone()), ("outcome", outcome.to_owned())], count)
        };
        [end("confirmed", ends.confirmed), end("failed", ends.failed)]
    });
    page.counters(
        "chain_transactions",
        "Transactions in a ledger, by the contract's function or the operation",
        ends,
    );
    let fees = u64::try_from(figures.fees).unwrap_or(0);
    page.counter("chain_fees_stroops", "Fees of these, stroops of XLM", fees);
    let settlement = figures.settlement;
    let times = [("0.5", settlement.p50_ms), ("0.99", settlement.p99_ms), ("1", settlement.max_ms)];
    page.gauges(
        "chain_settlement_milliseconds",
        "From the first acceptance to the knowledge of being applied, of the latest 1,000",
        each("quantile", times),
    );
}

fn of_network(page: &mut Page, report: &Report) {
    let (chain, ok) = (&report.chain, u64::from(report.ok));
    page.gauge("healthy", "1 when nobody needs to do anything", ok);
    let ledger = u64::from(chain.network.ledger);
    page.gauge("chain_ledger", "The latest ledger", ledger);
    page.gauge("chain_ledger_age_seconds", "Its age", chain.ledger_age_s);
    let balances = chain.accounts.iter().map(|account| {
        let held = u64::try_from(account.spendable.unwrap_or(0)).unwrap_or(0);
        (vec![("account", account.name.clone())], held)
    });
    page.gauges(
        "chain_account_spendable_stroops",
        "What an operator's account can spend, stroops of XLM",
        balances,
    );
    let lives = chain.network.entries.iter().filter_map(|entry| {
        Some((vec![("entry", entry.what.clone())], u64::from(entry.ledgers_left?)))
    });
    page.gauges("chain_entry_ledgers_left", "Ledgers until what was deployed is archived", lives);
}

fn of_following(page: &mut Page, report: &Report) {
    let following = &report.following;
    let open = following.gaps.iter().filter(|gap| gap.filled_at.is_none()).count();
    page.gauge(
        "chain_followed_ledger",
        "Every event up to this ledger was applied",
        following.through.into(),
    );
    let all = following.gaps.len();
    page.gauge("chain_gaps", "Lost stretches of history", number(all));
    page.gauge("chain_gaps_open", "Of these, not filled yet", number(open));
    let unbooked = number(following.unbooked.len());
    page.gauge("unbooked_payments", "Payments the books have no room for", unbooked);
    let letters = number(report.dead_letters);
    page.gauge("dead_letters", "Events a handler failed on, up to 1,000", letters);
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn each<const N: usize>(
    label: &'static str,
    values: [(&str, u64); N],
) -> impl Iterator<Item = (Labels, u64)> {
    values.map(|(name, value)| (vec![(label, name.to_owned())], value)).into_iter()
}

/// What is collected at one moment. The values are whole numbers: money is among them.
struct Page(Registry);

impl Page {
    fn counter(&mut self, name: &str, help: &str, value: u64) {
        let counter = Counter::<u64>::default();
        counter.inc_by(value);
        self.0.register(name, help, counter);
    }

    fn counters(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (Labels, u64)>,
    ) {
        let family = Family::<Labels, Counter>::default();
        for (labels, value) in values {
            family.get_or_create(&labels).inc_by(value);
        }
        self.0.register(name, help, family);
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        let gauge = Gauge::<u64, AtomicU64>::default();
        gauge.set(value);
        self.0.register(name, help, gauge);
    }

    fn gauges(&mut self, name: &str, help: &str, values: impl IntoIterator<Item = (Labels, u64)>) {
        let family = Family::<Labels, Gauge<u64, AtomicU64>>::default();
        for (labels, value) in values {
            family.get_or_create(&labels).set(value);
        }
        self.0.register(name, help, family);
    }
}

#[cfg(test)]
mod tests {
    use kolo_stellar::Ends;

    use super::*;

    #[test]
    fn what_was_counted_is_told_though_nobody_answers() {
        let mut figures = Figures { fees: 9_007_199_254_740_993, ..Figures::default() };
        figures.ends.insert("contribute".to_owned(), Ends { confirmed: 3, failed: 1 });
        let text = text(&figures, &LogCounts::default(), None).unwrap();
        let lines: Vec<_> = text.lines().collect();
        for wanted in [
            "kolo_up 0",
            r#"kolo_chain_transactions_total{function="contribute",outcome="confirmed"} 3"#,
            r#"kolo_chain_transactions_total{function="contribute",outcome="failed"} 1"#,
            // More than a float has room for.
            "kolo_chain_fees_stroops_total 9007199254740993",
        ] {
            assert!(lines.contains(&wanted), "no {wanted} in {text}");
        }
        assert!(!text.contains("kolo_healthy"), "nobody knows: {text}");
    }
}
