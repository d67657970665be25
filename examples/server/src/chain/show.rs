//! What the commands found, in words.
use kolo_core::{Amount, Timestamp};
use kolo_stellar::NodeState;
use kolo_stellar::inspect::{AccountStatus, EntryStatus, FeeReport, Health, NetworkStatus};
use kolo_stellar::setup::{DeployPlan, DeployStep, PUBLIC_PASSPHRASE, StepState};

use super::args::DeployArgs;
use super::can_pay;
use crate::demo::spell;

/// Ledgers of a day, at one every five seconds.
const LEDGERS_A_DAY: u32 = 17_280;

fn xlm(stroops: i64) -> String {
    format!("{} XLM", Amount::new(stroops).display(7, 2))
}

/// What would be sent.
pub(super) fn dry_run(plan: &DeployPlan, args: &DeployArgs) -> String {
    let mut lines = vec!["Dry run: nothing was sent.".to_owned()];
    lines.extend(head(plan));
    lines.extend(plan.steps.iter().map(step));
    if plan.is_complete() {
        lines.push("Nothing is left to do.".to_owned());
        return lines.join("\n");
    }
    let open = plan.steps.iter().any(|step| {
        step.state == StepState::Missing && step.max_fee.is_none() && plan.payer_holds.is_some()
    });
    let more = if open { ", and what is known only after the first steps" } else { "" };
    lines.push(format!("It costs {} at most{more}.", xlm(plan.known_fees())));
    if plan.payer_holds.is_none() {
        lines.push(
            "The payer has no account here yet, so nothing could be simulated: create it first."
                .to_owned(),
        );
    } else if !can_pay(plan) {
        lines.push("The payer has too little for that: top it up first.".to_owned());
    }
    if plan.passphrase == PUBLIC_PASSPHRASE && !args.confirm_public {
        lines.push("This is the public network: sending it takes --confirm-public.".to_owned());
    }
    lines.join("\n")
}

/// What was made.
pub(super) fn deployed(plan: &DeployPlan, made: usize) -> String {
    let mut lines: Vec<_> = head(plan);
    lines.extend(plan.steps.iter().map(step));
    lines.push(match made {
        0 => "Everything was there already; nothing was sent.".to_owned(),
        1 => "One step was made; all of it is there and is the committed build.".to_owned(),
        made => format!("{made} steps were made; all of it is there and is the committed build."),
    });
    lines.join("\n")
}

fn head(plan: &DeployPlan) -> Vec<String> {
    let holds = plan
        .payer_holds
        .map_or("no account there".to_owned(), |held| format!("can spend {}", xlm(held)));
    vec![
        format!("Network   {} (protocol {})", plan.passphrase, plan.protocol),
        format!("Payer     {} ({holds})", plan.payer),
        format!("Factory   {}", plan.factory),
    ]
}

fn step(step: &DeployStep) -> String {
    let state = match (step.state, step.max_fee) {
        (StepState::There, _) => "there".to_owned(),
        (StepState::ComesWithIt, _) => "comes with the factory".to_owned(),
        (StepState::Missing, Some(fee)) => format!("to be made, {} at most", xlm(fee)),
        (StepState::Missing, None) => "to be made, its cost is not known yet".to_owned(),
    };
    format!("  {}: {state}\n      {}", step.what, step.subject)
}

/// Everything at one look.
pub(super) fn health(health: &Health) -> String {
    let network = &health.network;
    let mut lines = network_lines(network, health.ledger_age_s);
    lines.extend(network.entries.iter().map(entry));
    lines.extend(health.accounts.iter().map(account));
    if health.alarms.is_empty() {
        lines.push("All is well.".to_owned());
    } else {
        lines.push("To do:".to_owned());
        lines.extend(health.alarms.iter().map(|alarm| format!("  {alarm}")));
    }
    lines.join("\n")
}

fn network_lines(network: &NetworkStatus, age_s: u64) -> Vec<String> {
    let supported =
        if network.protocol_supported { "" } else { ", which this version was not made for" };
    let closed = spell(Timestamp::from_unix(network.closed_at));
    let mut lines = vec![
        format!("Network   {}", network.passphrase),
        format!("Protocol  {}{supported}", network.protocol),
        format!(
            "Ledger    {}, closed {closed} ({age_s} s ago); history from {}",
            network.ledger, network.oldest_ledger
        ),
    ];
    lines.extend(network.nodes.iter().map(|node| {
        let state = match node.state {
            NodeState::Well => "well",
            NodeState::Lagging => "behind",
            NodeState::Ahead => "its time is ahead",
            NodeState::Failing => "failing",
            NodeState::Elsewhere => "on another network",
            _ => "not looked at yet",
        };
        let error = node.last_error.as_deref().filter(|_| node.state == NodeState::Failing);
        let why = error.map_or(String::new(), |error| format!(": {error}"));
        format!("Node      {} {state}{why}", node.name)
    }));
    lines
}

fn entry(entry: &EntryStatus) -> String {
    let state = match (entry.there, entry.as_built, entry.ledgers_left) {
        (false, ..) => "missing or archived".to_owned(),
        (true, false, _) => "another than this build's".to_owned(),
        (true, true, Some(left)) => {
            format!("there, lives {left} more ledgers (some {} days)", left / LEDGERS_A_DAY)
        }
        (true, true, None) => "there".to_owned(),
    };
    format!("  {}: {state}\n      {}", entry.what, entry.subject)
}

/// Fees.
pub(super) fn fees(report: &FeeReport) -> String {
    let line = |name: &str, level: &kolo_stellar::inspect::FeeLevel, bid: i64| {
        format!(
            "{name:<16} {:>9} {:>9} {:>9} {:>9} {:>9}   {bid}",
            level.min, level.p50, level.p90, level.p99, level.max
        )
    };
    [
        "Inclusion fees paid lately, stroops of XLM an operation:".to_owned(),
        format!(
            "{:<16} {:>9} {:>9} {:>9} {:>9} {:>9}   we bid",
            "", "least", "p50", "p90", "p99", "most"
        ),
        line("contract calls", &report.contracts, report.bid_contracts),
        line("everything else", &report.payments, report.bid_payments),
        format!(
            "We bid the p90, {} at least; where that is too much, all the ceiling leaves, as long as others get in for less. One transaction costs {} at most, resources included; beyond that it waits. The rent of what all circles share has its own ceiling, KOLO_MAX_RENT.",
            report.floor,
            xlm(report.ceiling)
        ),
    ]
    .join("\n")
}

/// Accounts.
pub(super) fn accounts(found: &[AccountStatus], low: i64) -> String {
    let mut lines: Vec<_> = found.iter().map(account).collect();
    let poor = found.iter().filter(|it| it.spendable.is_none_or(|held| held < low)).count();
    lines.push(match poor {
        0 => format!("Each can spend {} or more.", xlm(low)),
        _ => format!("{poor} cannot spend {}: top up.", xlm(low)),
    });
    lines.join("\n")
}

fn account(account: &AccountStatus) -> String {
    let holds = match (account.balance, account.spendable) {
        (Some(balance), Some(spendable)) => {
            format!("holds {}, of which it can spend {}", xlm(balance), xlm(spendable))
        }
        _ => "there is no such account".to_owned(),
    };
    format!("  {:<8} {holds}\n      {}", account.name, account.address)
}
