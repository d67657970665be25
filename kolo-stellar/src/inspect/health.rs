//! Is all well? One look, and what somebody should do something about.
use kolo_core::error_codes;
use kolo_core::port::chain::ChainAddress;
use serde::Serialize;

use super::{AccountStatus, NetworkStatus, accounts};
use crate::meter::Figures;
use crate::protocol::PROTOCOLS;
use crate::rpc::{NodeState, Rpc};
use crate::setup::SetupError;

/// From when on something is an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The latest ledger's age, seconds.
    pub ledger_age_s: u64,
    /// What an account should be able to spend at least, stroops of XLM.
    pub balance: i64,
    /// Ledgers something should still live (17,280 are a day).
    pub ledgers_left: u32,
    /// Failed calls in 10,000.
    pub error_rate_bp: u64,
    /// Settlement of 99 in 100, milliseconds.
    pub settlement_p99_ms: u64,
}

impl Default for Limits {
    /// A minute; 10 XLM; a week; 5 %; half a minute.
    fn default() -> Self {
        Self {
            ledger_age_s: 60,
            balance: 100_000_000,
            ledgers_left: 7 * 17_280,
            error_rate_bp: 500,
            settlement_p99_ms: 30_000,
        }
    }
}

/// What somebody should do something about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "alarm", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Alarm {
    /// The protocol is another than this program was made for.
    #[error(
        "protocol {protocol} is outside of what this version was made for ({} to {}): update it",
        PROTOCOLS.start(),
        PROTOCOLS.end()
    )]
    Protocol {
        /// Which.
        protocol: u32,
    },
    /// The node is behind.
    #[error("the latest ledger is {age_s} s old: the node is behind, or the network stands still")]
    Behind {
        /// How old its latest ledger is, seconds.
        age_s: u64,
    },
    /// A node is not well.
    #[error("the node {name} is not well ({why}): look after it, or replace it")]
    Node {
        /// Which.
        name: String,
        /// What it is.
        why: String,
    },
    /// Something is not there, or not what it should be.
    #[error("{what} is missing, archived or another than built: deploy it")]
    NotThere {
        /// What.
        what: String,
    },
    /// Something will be archived soon.
    #[error("{what} will be archived in {ledgers_left} ledgers: extend its life")]
    Expiring {
        /// What.
        what: String,
        /// Ledgers it still lives.
        ledgers_left: u32,
    },
    /// An account has too little.
    #[error("the {name} account {address} has too little XLM: top it up")]
    Balance {
        /// What it is for.
        name: String,
        /// Which.
        address: String,
    },
    /// Too many calls fail.
    #[error("{rate_bp} of 10,000 calls fail: look at the nodes and at the log")]
    Errors {
        /// How many in 10,000.
        rate_bp: u64,
    },
    /// Settlement takes long.
    #[error("settlement takes {p99_ms} ms (99 of 100): look at the nodes and at what is bid")]
    Slow {
        /// 99 of 100 took no longer, milliseconds.
        p99_ms: u64,
    },
}

error_codes! {
    Alarm {
        Protocol = "alarm.protocol" Permanent:
            "the network's protocol is outside of what this version was made for", "update Kolo";
        Behind = "alarm.behind" Temporary:
            "the node's latest ledger is old", "ask another node; look whether the network stands still";
        Node = "alarm.node" Temporary:
            "a node is not well", "look after it, or replace it";
        NotThere = "alarm.not_there" Permanent:
            "something of ours is missing on the network, archived, or another than built", "deploy it";
        Expiring = "alarm.expiring" Permanent:
            "something of ours will be archived soon", "extend its life";
        Balance = "alarm.balance" Permanent:
            "an account of the operator has too little XLM", "top it up";
        Errors = "alarm.errors" Temporary:
            "too many calls fail", "look at the nodes and at the log";
        Slow = "alarm.slow" Temporary:
            "settlement takes long", "look at the nodes and at what is bid";
    }
}

/// One look at everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    /// Age of the latest ledger, seconds.
    pub ledger_age_s: u64,
    /// The network, and what of ours is on it.
    pub network: NetworkStatus,
    /// The operator's accounts.
    pub accounts: Vec<AccountStatus>,
    /// What became of what was asked of the chain, where it is counted.
    pub figures: Option<Figures>,
    /// What somebody should do something about; empty when all is well.
    pub alarms: Vec<Alarm>,
}

/// Looks at the accounts, and holds everything against `limits`. `now` is Unix seconds.
///
/// # Errors
/// [`SetupError`] when no node answers.
pub async fn health(
    rpc: &Rpc,
    network: NetworkStatus,
    wanted: &[(String, ChainAddress)],
    figures: Option<Figures>,
    (limits, now): (&Limits, u64),
) -> Result<Health, SetupError> {
    let accounts = accounts(rpc, wanted).await?;
    let ledger_age_s = now.saturating_sub(network.closed_at);
    let mut alarms = of_network(&network, ledger_age_s, limits);
    for account in &accounts {
        if account.spendable.is_none_or(|held| held < limits.balance) {
            let (name, address) = (account.name.clone(), account.address.clone());
            alarms.push(Alarm::Balance { name, address });
        }
    }
    if let Some(figures) = &figures {
        let (rate_bp, p99_ms) = (figures.error_rate_bp(), figures.settlement.p99_ms);
        if rate_bp > limits.error_rate_bp {
            alarms.push(Alarm::Errors { rate_bp });
        }
        if p99_ms > limits.settlement_p99_ms {
            alarms.push(Alarm::Slow { p99_ms });
        }
    }
    Ok(Health { ledger_age_s, network, accounts, figures, alarms })
}

fn of_network(network: &NetworkStatus, age_s: u64, limits: &Limits) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    if !network.protocol_supported {
        alarms.push(Alarm::Protocol { protocol: network.protocol });
    }
    if age_s > limits.ledger_age_s {
        alarms.push(Alarm::Behind { age_s });
    }
    for node in &network.nodes {
        let why = match node.state {
            NodeState::Well | NodeState::Unknown => continue,
            NodeState::Elsewhere => "on another network".to_owned(),
            NodeState::Ahead => "its time is ahead".to_owned(),
            NodeState::Lagging => format!("{} s behind", node.behind_s),
            NodeState::Failing => node.last_error.clone().unwrap_or_else(|| "failing".to_owned()),
        };
        alarms.push(Alarm::Node { name: node.name.clone(), why });
    }
    for entry in &network.entries {
        let what = entry.what.clone();
        if !entry.there || !entry.as_built {
            alarms.push(Alarm::NotThere { what });
        } else if let Some(left) = entry.ledgers_left.filter(|left| *left < limits.ledgers_left) {
            alarms.push(Alarm::Expiring { what, ledgers_left: left });
        }
    }
    alarms
}
