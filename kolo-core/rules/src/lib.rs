//! The arithmetic and policies of group savings: `no_std`, no dependencies, and no allocation but
//! for [`circle::Packed`] (feature `alloc`, on by default).
//!
//! Every figure a member ever sees, what is due, who is paid, what comes back, is computed here, and
//! only here: the Soroban contract and the server link this same crate, so there is no second opinion.
//!
//! A circle of two, who each pay 10 a week and each get the pot of 20 once:
//!
//! ```
//! use kolo_rules::circle::Phase;
//! use kolo_rules::{Amount, Circle, Interval, Refusal, Rules};
//!
//! const WEEK: u32 = 7 * 86_400;
//! let asset = [0; 32];
//! let rules = Rules {
//!     vote_period_s: 2 * 86_400,
//!     ..Rules::new(asset, 2, Amount::parse("10", 7)?, Interval::Seconds(WEEK))
//! };
//! rules.validate()?;
//!
//! let mut now = 1_800_000_000;
//! let mut circle = Circle::new();
//! circle.join(&rules, None, now)?;
//! circle.join(&rules, None, now)?;
//! for round in 1..=2 {
//!     for seat in 0..2 {
//!         let due = circle.due(&rules, seat, now)?;
//!         circle.contribute(&rules, seat, due.round, due.amount, now)?;
//!     }
//!     assert_eq!(circle.payout(&rules, round, now), Err(Refusal::TooEarly));
//!     now += u64::from(WEEK);
//!     let payout = circle.payout(&rules, round, now)?;
//!     assert_eq!(payout.amount.display(7, 2).to_string(), "20.00");
//! }
//! assert_eq!(circle.phase, Phase::Completed);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;

#[cfg(test)]
extern crate std;

pub mod amount;
pub mod circle;
pub mod schedule;
pub mod split;
pub mod vote;

pub use amount::{Amount, AmountError, ParseAmountError};
pub use circle::{Circle, MAX_MEMBERS, Refusal, Rules, Seat};
pub use schedule::Interval;
