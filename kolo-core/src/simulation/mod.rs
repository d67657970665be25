//! What would happen: whole stories of people and circles, played before anybody's money is in them.
//!
//! A [`Scenario`] is read from a file: people with balances, circles with rules, and steps: who does
//! what at which time, outsiders, the issuer and time itself included. [`play`] plays it on a
//! [`Stage`]: [`CoreStage`], which is the rules' engine the contract runs too, or any other, such as
//! the contracts on a network. The [`Report`] says of every step whether it was accepted, and why not,
//! with every balance after it, and at the end who owes and is owed what. It is text by `Display`, or
//! JSON by serde.
//!
//! ```
//! use kolo_core::simulation::{CoreStage, Scenario, play};
//!
//! let scenario = Scenario::from_toml(
//!     r#"
//!     title = "What if bola stops?"
//!     [people]
//!     ada = 100
//!     bola = 100
//!     [[circle]]
//!     name = "family"
//!     members = ["bola", "ada"]
//!     contribution = 10
//!     every = "7 days"
//!     shortfall = "short_pot"
//!     [[step]]
//!     do = "rotate"
//!     until = 1
//!     [[step]]
//!     do = "rotate"
//!     who = "everyone but bola"
//!     [expect.balances]
//!     ada = 90
//!     bola = 110
//!     "#,
//! )?;
//! let report = play(&scenario, &mut CoreStage::new(&scenario))?;
//! assert!(report.unmet.is_empty(), "{report}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod act;
mod core;
mod error;
mod play;
mod reason;
mod report;
mod scenario;
mod stage;
mod standing;
#[cfg(test)]
mod tests;

pub use act::{Act, Call, Secret};
pub use core::CoreStage;
pub use error::{At, PlayError, ScenarioError, StageError};
pub use play::play;
pub use reason::Reason;
pub use report::{CircleEnd, DebtLine, End, Figures, PersonEnd, Report, StepReport, Units};
pub use scenario::{CirclePlan, PersonPlan, Place, Scenario};
pub use stage::{CircleView, Outcome, Stage, View};
