//! The rotating circle: its rules, its state, and every step it can take.
//!
//! Members are seats here (index = order of joining); who sits there is the caller's business: the
//! contract keeps addresses, the server keeps member ids. A step that is refused with a [`Refusal`] may
//! leave the circle it was tried on half changed, to be dropped, as a contract drops everything it wrote
//! before it failed; [`Circle::after`] keeps the one before. `now` is always the ledger's close time in
//! Unix seconds.
//!
//! | step | in phase | then |
//! |---|---|---|
//! | [`join`](Circle::join) | Forming | the next phase when it takes the last seat |
//! | [`leave`](Circle::leave) | Forming | |
//! | [`start`](Circle::start) | Forming | Committing, Securing or Active |
//! | [`cancel`](Circle::cancel) | Forming | Cancelled |
//! | [`commit`](Circle::commit) | Committing | Revealing when all have |
//! | [`reveal`](Circle::reveal) | Revealing | the draw when all have |
//! | [`draw`](Circle::draw) | Revealing | Securing or Active |
//! | [`secure`](Circle::secure) | Securing | Active when all have |
//! | [`proceed`](Circle::proceed) | Committing, Revealing, Securing | the next phase; Cancelled from Securing |
//! | [`contribute`](Circle::contribute) | Active | |
//! | [`bid`](Circle::bid), [`claim_insurance`](Circle::claim_insurance) | Active | |
//! | [`payout`](Circle::payout) | Active | Completed after the last round |
//! | [`swap`](Circle::swap), [`exit`](Circle::exit), [`replace`](Circle::replace) | Active | |
//! | [`propose`](Circle::propose), [`vote`](Circle::vote) | Active | Dissolved when that passes |
//! | [`complete_move`](Circle::complete_move), [`object`](Circle::object) | Active | |
//! | [`repay`](Circle::repay), [`credit`](Circle::credit) | Active, Completed, Dissolved | |
//! | [`claim`](Circle::claim) | Completed, Dissolved | |
//! | [`push`](Circle::push), [`sync`](Circle::sync) | any | |
//!
//! Tokens come in with `commit` (the bond), `secure`, `contribute` and `repay`; they go out with what
//! `payout`, `repay`, `push` and `claim` return. What passes with `swap` and `replace` goes directly from
//! one person to the other. Between steps the vault holds exactly [`liabilities`](Circle::liabilities).
//!
//! The two steps that an ordinary round is made of can also be taken on a circle's bytes as they are:
//! [`plain`].

mod auction;
mod audit;
mod closing;
#[cfg_attr(not(feature = "alloc"), allow(dead_code, reason = "some of it is for `Packed` alone"))]
mod codec;
mod contributing;
mod debts;
mod dissolving;
mod forming;
mod insurance;
mod leaving;
mod needs;
#[cfg(feature = "alloc")]
mod packed;
mod payout;
mod phase;
pub mod plain;
mod ready;
mod refusal;
mod rows;
mod rules;
mod rules_bytes;
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
#[cfg(feature = "alloc")]
pub use packed::Packed;
pub use payout::{Payout, PayoutStatus};
pub use phase::Phase;
pub use ready::{Readiness, Sha256};
pub use refusal::Refusal;
pub use rows::{Rows, Store};
pub use rules::{Fee, Order, Premium, Rules, Security, Shortfall};
pub use rules_bytes::RULES_LEN;
pub use seat::{Marks, Place, Seat};
pub use state::{Bid, Circle};
pub use step::{Effect, Step};
pub use sync::Synced;
pub use voting::{Motion, Proposal, VoteOutcome};

/// Turn = position in the payout order, 1-based. 0 = not fixed yet.
pub type Turn = u8;

/// The most members a circle can have.
pub const MAX_MEMBERS: usize = 64;
