//! What is known of each node, and which is asked first.
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::super::transport::{Transport, TransportError};

/// A node that is behind another by more than this is asked after it, seconds: some three ledgers.
const LAG_TOLERATED_S: u64 = 15;

/// How far a node's latest ledger may be ahead of the clock here, seconds.
const AHEAD_TOLERATED_S: u64 = 10;

/// How long a node rests after its first failure; doubles with every further one, up to the longest.
const REST: Duration = Duration::from_secs(5);
const LONGEST_REST: Duration = Duration::from_secs(300);

/// What a node is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NodeState {
    /// Not looked at yet.
    Unknown,
    /// Well.
    Well,
    /// Behind the others: asked after them.
    Lagging,
    /// Its latest ledger is later than now: asked after those. That it has not found a transaction
    /// counts for nothing.
    Ahead,
    /// It failed lately: asked when no other is left.
    Failing,
    /// On another network: never asked.
    Elsewhere,
}

/// What is known of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodeHealth {
    /// Its name: an URL's host, without what may hold a key.
    pub name: String,
    /// What it is to us.
    pub state: NodeState,
    /// Its latest ledger, by the last look.
    pub ledger: Option<u32>,
    /// When that closed, Unix seconds.
    pub closed_at: Option<u64>,
    /// How far it is behind the best, seconds, by the last look.
    pub behind_s: u64,
    /// Protocol version it says.
    pub protocol: Option<u32>,
    /// Requests sent to it.
    pub calls: u64,
    /// Of these, how many brought no answer.
    pub failures: u64,
    /// What the last of them was.
    pub last_error: Option<String>,
}

#[derive(Default)]
pub(super) struct Known {
    pub elsewhere: bool,
    /// When it named the right network last.
    pub verified: bool,
    pub looked_at: Option<Instant>,
    pub ledger: Option<u32>,
    pub closed_at: Option<u64>,
    pub protocol: Option<u32>,
    behind_s: u64,
    ahead: bool,
    calls: u64,
    failures: u64,
    in_a_row: u32,
    resting_until: Option<Instant>,
    last_error: Option<String>,
}

/// A node, and what is known of it.
pub(super) struct Node {
    name: String,
    pub transport: Arc<dyn Transport>,
    known: Mutex<Known>,
}

/// By class, then by how far behind; the configured order decides what is equal.
pub(super) type Rank = (u8, u64);

impl Node {
    pub fn new(name: String, transport: Arc<dyn Transport>) -> Self {
        Self { name, transport, known: Mutex::default() }
    }

    /// The same node, of which nothing is known.
    pub fn afresh(&self) -> Self {
        Self::new(self.name.clone(), self.transport.clone())
    }

    pub fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn is_due(&self, every: Duration) -> bool {
        let known = self.known();
        !known.is_resting() && known.looked_at.is_none_or(|at| at.elapsed() >= every)
    }

    pub fn is_resting(&self) -> bool {
        self.known().is_resting()
    }

    pub fn is_verified(&self) -> bool {
        self.known().verified
    }

    /// Why it cannot be asked.
    pub fn trouble(&self) -> TransportError {
        let known = self.known();
        if known.elsewhere {
            return TransportError::OtherNetwork;
        }
        let why = known.last_error.as_deref().unwrap_or("it does not answer");
        // It was asked which network it is on, nothing else: nothing of the request was sent.
        TransportError::Unreachable(format!("{}: {why}", self.name))
    }

    /// `None`: never.
    pub fn rank(&self) -> Option<Rank> {
        let known = self.known();
        match known.state() {
            NodeState::Elsewhere => None,
            NodeState::Well | NodeState::Unknown => Some((0, 0)),
            NodeState::Lagging => Some((1, known.behind_s)),
            NodeState::Ahead => Some((2, 0)),
            NodeState::Failing => Some((3, u64::from(known.in_a_row))),
        }
    }

    pub fn answered(&self) {
        let mut known = self.known();
        known.calls += 1;
        known.in_a_row = 0;
        known.resting_until = None;
    }

    pub fn failed(&self, error: &TransportError) {
        let mut known = self.known();
        known.calls += 1;
        known.failures += 1;
        let doubled = REST.saturating_mul(1 << known.in_a_row.min(16));
        known.in_a_row = known.in_a_row.saturating_add(1);
        known.resting_until = Some(Instant::now() + doubled.min(LONGEST_REST));
        known.last_error = Some(match error {
            // Said so by whoever tells of it.
            TransportError::Unreachable(why) => why.clone(),
            other => other.to_string(),
        });
        // Whoever answers there next has to name the network again.
        known.verified = false;
    }

    pub fn health(&self) -> NodeHealth {
        let known = self.known();
        NodeHealth {
            name: self.name.clone(),
            state: known.state(),
            ledger: known.ledger,
            closed_at: known.closed_at,
            behind_s: known.behind_s,
            protocol: known.protocol,
            calls: known.calls,
            failures: known.failures,
            last_error: known.last_error.clone(),
        }
    }
}

impl Known {
    fn is_resting(&self) -> bool {
        self.resting_until.is_some_and(|until| Instant::now() < until)
    }

    fn state(&self) -> NodeState {
        if self.elsewhere {
            NodeState::Elsewhere
        } else if self.in_a_row > 0 {
            NodeState::Failing
        } else if self.looked_at.is_none() {
            NodeState::Unknown
        } else if self.ahead {
            NodeState::Ahead
        } else if self.behind_s > LAG_TOLERATED_S {
            NodeState::Lagging
        } else {
            NodeState::Well
        }
    }
}

/// Whether a ledger that closed then is later than the clock here can explain.
pub(super) fn is_ahead(closed_at: u64, now: u64) -> bool {
    closed_at > now.saturating_add(AHEAD_TOLERATED_S)
}

/// Holds what the nodes said at one look against each other. By close times and not by numbers: a
/// node that claims a ledger far ahead would make all others look behind, but not past the clock.
pub(super) fn compare(nodes: &[Node], now: u64) {
    let said = |node: &Node| {
        let known = node.known();
        let usable = known.verified && known.in_a_row == 0;
        known.closed_at.filter(|_| usable)
    };
    let best = nodes.iter().filter_map(said).filter(|at| !is_ahead(*at, now)).max();
    for node in nodes {
        let Some(at) = said(node) else { continue };
        let mut known = node.known();
        known.ahead = is_ahead(at, now);
        known.behind_s = best.map_or(0, |best| best.saturating_sub(at));
    }
}
