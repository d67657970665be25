//! How long ledger entries live. A lifetime is never a deadline: an archived entry can always be
//! restored by whoever uses it next, so these numbers only decide who pays the rent, and when.
//!
//! Mainnet gives a new persistent entry 120 days and lets nobody prolong one beyond 180.

/// Ledgers per day, at the five seconds a ledger is planned to take.
const DAY: u32 = 17_280;

/// An entry with fewer ledgers than this left is prolonged when it is used.
pub const THRESHOLD: u32 = 30 * DAY;

/// An entry is prolonged to this many ledgers from now.
pub const EXTEND_TO: u32 = 120 * DAY;
