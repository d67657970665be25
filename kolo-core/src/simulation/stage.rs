//! Where a scenario is played.

use kolo_rules::{Amount, Circle};

use super::act::Act;
use super::error::StageError;
use super::reason::Reason;

/// Accepted, or refused; a refused act has changed nothing.
pub type Outcome = Result<(), Reason>;

/// Somewhere a scenario can be played: the rules' engine with a model of the asset
/// ([`super::CoreStage`]), or the contracts on a network.
///
/// A stage is made for one scenario: its people have their balances, its circles are founded and
/// empty.
pub trait Stage {
    /// Its name, for reports: `core`, `chain`.
    fn name(&self) -> &'static str;

    /// Sets the time (Unix seconds), which never goes back.
    ///
    /// # Errors
    /// [`StageError`].
    fn advance(&mut self, to: u64) -> Result<(), StageError>;

    /// Does it, or says why it was refused.
    ///
    /// # Errors
    /// [`StageError`] when the stage itself fails; a refusal is no error.
    fn act(&mut self, act: &Act) -> Result<Outcome, StageError>;

    /// How things stand.
    ///
    /// # Errors
    /// [`StageError`].
    fn look(&mut self) -> Result<View, StageError>;
}

/// How things stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// What every person has, in minor units, in the scenario's order; nothing without a trustline.
    pub balances: Vec<Amount>,
    /// The circles, in the scenario's order.
    pub circles: Vec<CircleView>,
}

/// How a circle stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircleView {
    /// Its state; `None` when it is over and everything is settled.
    pub state: Option<Box<Circle>>,
    /// Who sits where, by seat; nobody when everything is settled.
    pub members: Vec<usize>,
    /// What the vault holds, in minor units.
    pub vault: Amount,
}

impl CircleView {
    /// The seat of a person.
    #[must_use]
    pub fn seat(&self, person: usize) -> Option<u8> {
        let seat = self.members.iter().position(|member| *member == person)?;
        u8::try_from(seat).ok()
    }
}
