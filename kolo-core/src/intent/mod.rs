//! Chain intents: one effect wanted on the chain, brought about exactly once.
//!
//! ```text
//! queued ──prepare, verify, sign──▶ persisted ──submit──▶ confirmed
//!    │ │                             ▲ │  ▲                refused
//!    │ └──prepare──▶ consenting ─────┘ └──┘ same bytes, or a fee-bump around them
//!    └──────────refused
//! ```
//! A transaction that carries others' consents is stored before they are signed, since a consent is good
//! by itself: a later attempt uses the very same ones.
//!
//! What follows from which answer is one table ([`table`]). Calls nobody signs for run under whichever
//! channel account is free ([`channel`]).
//!
//! A second inner transaction for an intent is built only when the first is provably impossible: a
//! ledger closed after its max time, and it is not in a history that covers the time since, or its sequence
//! number was not used by then. Calls that anybody may make have another way out (see [`table`]).
mod behind;
mod channel;
mod consent;
pub(crate) mod effect;
mod ending;
mod outcome;
mod overtaken;
mod pool;
pub(crate) mod process;
mod rehouse;
mod settling;
pub(crate) mod state;
mod table;

pub(crate) use channel::Desk;
#[cfg(test)]
#[cfg(feature = "testkit")]
pub(crate) use channel::Standing;
pub use pool::{ChannelAccount, ChannelState};

#[cfg(test)]
mod tests;
