//! What is played: people, circles, steps, and what must come of it.

mod circle;
mod file;
mod names;
mod step;
mod words;

use kolo_rules::{Amount, Rules};

pub use file::{Motion as MotionWord, Verb};
use names::{Names, Reader};
pub use step::{Actors, Role};
pub use words::{DECIMALS, Moment, Point};

use super::error::{At, ScenarioError};
use super::reason::Reason;

/// A scenario: read from a file, its names resolved. People and circles are numbered in the order of
/// the file.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it is called.
    pub title: String,
    /// What it shows.
    pub about: Option<String>,
    /// The asset's code.
    pub asset: String,
    /// When it begins: day 0 at midnight UTC, Unix seconds.
    pub begins_at: u64,
    /// The people in it.
    pub people: Vec<PersonPlan>,
    /// The circles in it.
    pub circles: Vec<CirclePlan>,
    pub(super) steps: Vec<StepPlan>,
    pub(super) expected: Vec<Expected>,
}

/// A person at the beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonPlan {
    /// Their name.
    pub name: String,
    /// What they have, in minor units.
    pub balance: Amount,
    /// The most their trustline lets them have, in minor units; `None` without a trustline.
    pub limit: Option<Amount>,
}

/// A circle at the beginning: it is founded empty, then the members come in in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CirclePlan {
    /// Its name.
    pub name: String,
    /// Who made it.
    pub organiser: usize,
    /// Who is invited and joins at the beginning, and at which turn where the order is fixed.
    pub members: Vec<(usize, Option<u32>)>,
    /// Its rules; the asset is the stage's to fill in.
    pub rules: Rules,
    /// Where it stands in the file.
    pub at: At,
}

/// A step as it is written, names resolved.
#[derive(Clone, Debug)]
pub(super) struct StepPlan {
    pub at: At,
    /// When; with the step before if it does not say.
    pub when: Option<Moment>,
    pub verb: Verb,
    /// Which circle it is about; only what is done in the world outside is about none.
    pub circle: Option<usize>,
    pub who: Actors,
    pub member: Actors,
    pub with: Option<usize>,
    pub alone: bool,
    pub amount: Option<Amount>,
    pub round: Option<u32>,
    pub until: Option<u8>,
    pub secret: Option<String>,
    pub turn: Option<u32>,
    pub valid_for_s: Option<u32>,
    pub motion: Option<MotionWord>,
    pub about: Option<usize>,
    pub newcomer: Option<usize>,
    pub proposal: Option<u32>,
    pub approve: bool,
    pub to: Option<Place>,
    pub limit: Option<Amount>,
    pub note: Option<String>,
    pub expect: Option<Expectation>,
}

/// Who or what holds money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A person.
    Person(usize),
    /// The vault of a circle.
    Vault(usize),
}

/// What a step says must come of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expectation {
    Accepted,
    Refused,
    Because(Reason),
}

/// Something that must be so at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Vault(usize, Amount),
    Person(Figure, usize, Amount),
}

/// A figure of a person's, at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Figure {
    Balance,
    Debts,
    Claims,
    Waiting,
    Deposits,
}

impl Figure {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Balance => "balance",
            Self::Debts => "debts",
            Self::Claims => "claims",
            Self::Waiting => "waiting",
            Self::Deposits => "deposits",
        }
    }
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// [`ScenarioError`]: says where, and what to write instead.
    pub fn from_toml(text: &str) -> Result<Self, ScenarioError> {
        let file: file::File = toml::from_str(text)
            .map_err(|error| ScenarioError::Unreadable(error.to_string().trim_end().to_owned()))?;
        let names = Names::of(&file, text)?;
        let reader = Reader { text, names: &names };
        let circles = file
            .circle
            .iter()
            .map(|circle| reader.circle(circle))
            .collect::<Result<Vec<_>, _>>()?;
        let steps = file
            .step
            .iter()
            .enumerate()
            .map(|(index, step)| reader.step(index + 1, step))
            .collect::<Result<Vec<_>, _>>()?;
        let people = file
            .people
            .0
            .iter()
            .map(|(name, person)| PersonPlan {
                name: name.clone(),
                balance: person.balance.0,
                limit: person.trustline.then(|| person.limit.map_or(Amount::MAX, |limit| limit.0)),
            })
            .collect();
        let begins_at = names::date(file.begins.as_deref(), &reader)?;
        let expected = reader.expected(&file.expect)?;
        let asset = names::asset(file.asset, &reader)?;
        let (title, about) = (file.title, file.about);
        Ok(Self { title, about, asset, begins_at, people, circles, steps, expected })
    }
}
