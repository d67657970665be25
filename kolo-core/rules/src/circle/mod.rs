//! The rotating circle: its rules, its state, and every step it can take.
//!
//! Members are seats here (index = order of joining); who sits there is the caller's business: the
//! contract keeps addresses, the server keeps member ids. Every step either succeeds, or refuses
//! with a [`Refusal`] and changes nothing. `now` is always the ledger's close time in Unix seconds.
//!
//! | step | in phase | then |
//! |---|---|---|
//! | [`join`](Circle::join) | Forming | Active when it takes the last seat |
//! | [`leave`](Circle::leave) | Forming | |
//! | [`start`](Circle::start) | Forming | Active |
//! | [`cancel`](Circle::cancel) | Forming | Cancelled |
//! | [`contribute`](Circle::contribute) | Active | |
//! | [`payout`](Circle::payout) | Active | Completed after the last round |
//! | [`propose_dissolve`](Circle::propose_dissolve), [`vote`](Circle::vote) | Active | Dissolved when it passes |
//! | [`repay`](Circle::repay), [`credit`](Circle::credit) | Active, Completed, Dissolved | |
//! | [`claim`](Circle::claim) | Dissolved | |
//! | [`push`](Circle::push), [`sync`](Circle::sync) | any | |
//!
//! Tokens come in with `contribute` and `repay`; they go out with what `payout`, `repay`, `push` and
//! `claim` return. Between steps the vault holds exactly [`liabilities`](Circle::liabilities).

mod auction;
mod audit;
mod closing;
mod codec;
mod contributing;
mod debts;
mod dissolving;
mod forming;
mod insurance;
mod leaving;
mod needs;
mod packed;
mod payout;
mod phase;
mod ready;
mod refusal;
mod rows;
mod rules;
mod seat;
mod sharing;
mod state;
mod step;
mod sum;
mod sync;
mod voting;

pub use codec::MAX_ENCODED;
pub use contributing::{Contributed, Due};
pub use debts::{Debt, MAX_DEBTS, Repaid};
pub use forming::Joined;
pub use leaving::{Replaced, Swapped};
pub use packed::Packed;
pub use payout::{Payout, PayoutStatus};
pub use phase::Phase;
pub use ready::{Readiness, Sha256};
pub use refusal::Refusal;
pub use rows::{Rows, Store};
pub use rules::{Fee, Order, Premium, RULES_LEN, Rules, Security, Shortfall};
pub use seat::{Marks, Seat};
pub use state::{Bid, Circle};
pub use step::{Effect, Step};
pub use sync::Synced;
pub use voting::{Motion, Proposal, VoteOutcome};

/// Turn = position in the payout order, 1-based. 0 = not fixed yet.
pub type Turn = u8;

/// The most members a circle can have.
pub const MAX_MEMBERS: usize = 64;
