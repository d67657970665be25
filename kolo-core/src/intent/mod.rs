//! Chain intents: one effect wanted on the chain, brought about exactly once.
//!
//! ```text
//! queued ──prepare, verify, sign──▶ persisted ──submit──▶ confirmed
//!    │                                 │  ▲                refused
//!    └──────────refused                └──┘ same bytes, or a fee-bump around them
//! ```
//! A second inner transaction for an intent is built only when the first is provably impossible: a
//! ledger closed after its max time, and it is not in a history that covers the time since.
pub(crate) mod effect;
mod outcome;
pub(crate) mod process;
pub(crate) mod state;
