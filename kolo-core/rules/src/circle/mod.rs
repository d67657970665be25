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

mod codec;
mod contributing;
mod debts;
mod dissolving;
mod forming;
mod payout;
mod refusal;
mod reserve;
mod rules;
mod state;
mod sync;

pub use codec::MAX_ENCODED;
pub use contributing::{Contributed, Due};
pub use debts::Repaid;
pub use dissolving::VoteOutcome;
pub use forming::Joined;
pub use payout::{Payout, PayoutStatus};
pub use refusal::Refusal;
pub use rules::{Order, RULES_LEN, Rules, Shortfall};
pub use state::{Circle, Phase, Proposal, Seat, Turn};
pub use sync::Synced;

/// The most members a circle can have.
pub const MAX_MEMBERS: usize = 64;
