//! When something is told, and why something was not done.
use serde::{Deserialize, Serialize};

/// When a reminder comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ReminderStage {
    /// 48 hours before the deadline.
    TwoDays,
    /// 24 hours before.
    OneDay,
    /// At the deadline (grace, if any, begins).
    Deadline,
    /// Grace is over.
    GraceOver,
}

/// Why the chain did not do it, in terms people can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Reason {
    /// The wallet on the chain holds too little.
    TooLittleMoney,
    /// The circle's rules: somebody was faster, a deadline passed, it is paid already.
    Rules,
    /// The circle is full, started, or over.
    Closed,
    /// The invitation is used or expired.
    Invitation,
    /// As many as can wait are waiting.
    Crowded,
    /// Whoever asked lost the office it needs before it was sent.
    Office,
    /// The network refused for a technical reason; the operator's log has it.
    Technical,
}
