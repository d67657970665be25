//! What happened: a text by `Display`, JSON by serde.

mod text;

use std::fmt;

use kolo_rules::Amount;
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::reason::Reason;
use super::scenario::{DECIMALS, Scenario};

/// Money in a report. In JSON a string with all seven decimals, in a text without needless zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Units(pub Amount);

impl fmt::Display for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display(DECIMALS, 0).fmt(f)
    }
}

impl Serialize for Units {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.display(DECIMALS, DECIMALS))
    }
}

/// Amounts by name, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures(pub Vec<(String, Units)>);

impl Serialize for Figures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, amount) in &self.0 {
            map.serialize_entry(name, amount)?;
        }
        map.end()
    }
}

/// What happened in a play.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// The scenario's title.
    pub title: String,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The asset's code.
    pub asset: String,
    /// Where it was played: `core`, `chain`.
    pub on: &'static str,
    /// Day 0, RFC 3339.
    pub begins: String,
    /// Everything that was done, in order.
    pub steps: Vec<StepReport>,
    /// How it ended.
    pub end: End,
    /// What the scenario expected and what came otherwise; empty when all is as it says.
    pub unmet: Vec<String>,
}

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct StepReport {
    /// The step of the file, from 1; 0 is the beginning.
    pub step: usize,
    /// Which part of a step that is more than one thing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<usize>,
    /// When, RFC 3339.
    pub time: String,
    /// When, counted from the beginning.
    pub day: String,
    /// What, in words.
    pub what: String,
    /// The step's own note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whether it was accepted; nothing where there was nothing to accept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<bool>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What every person has now.
    pub balances: Figures,
    /// What every vault holds now.
    pub vaults: Figures,
    /// Every circle's encoded state, for comparisons.
    #[serde(skip)]
    pub states: Vec<Option<Vec<u8>>>,
}

/// How a play ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct End {
    /// The people.
    pub people: Vec<PersonEnd>,
    /// The circles.
    pub circles: Vec<CircleEnd>,
    /// Who owes what to whom.
    pub debts: Vec<DebtLine>,
}

/// A person at the end.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PersonEnd {
    /// Their name.
    pub name: String,
    /// What they had at the beginning.
    pub had: Units,
    /// What they have.
    pub has: Units,
    /// The difference.
    pub change: Units,
    /// What they owe, in all circles.
    pub debts: Units,
    /// What others owe them.
    pub claims: Units,
    /// What waits in vaults to be pushed to them or claimed by them.
    pub waiting: Units,
    /// Their security in vaults.
    pub deposits: Units,
}

/// A circle at the end.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct CircleEnd {
    /// Its name.
    pub name: String,
    /// Where it is in its life; `settled` when nothing is left to do.
    pub phase: &'static str,
    /// Rounds paid out, unless it is settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rounds_paid: Option<u8>,
    /// What the vault holds.
    pub vault: Units,
    /// What the vault must hold.
    pub owes: Units,
    /// The reserve in it.
    pub reserve: Units,
    /// The insurance in it.
    pub insurance: Units,
}

/// A debt at the end.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct DebtLine {
    /// In which circle.
    pub circle: String,
    /// Who owes.
    pub debtor: String,
    /// To whom.
    pub creditor: String,
    /// For which round; none for fees, and for what is owed to several together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round: Option<u8>,
    /// How much.
    pub amount: Units,
}

impl Report {
    pub(super) fn new(scenario: &Scenario, on: &'static str) -> Self {
        let begins = i64::try_from(scenario.begins_at).ok();
        let begins = begins.and_then(|unix| jiff::Timestamp::from_second(unix).ok());
        Self {
            title: scenario.title.clone(),
            about: scenario.about.clone(),
            asset: scenario.asset.clone(),
            on,
            begins: begins.map_or_else(String::new, |time| time.to_string()),
            steps: Vec::new(),
            end: End::default(),
            unmet: Vec::new(),
        }
    }

    /// Where two plays of a scenario first differ, wherever they were played; `None` when everything is
    /// the same: what was accepted, why not, every balance, every circle's state, and the end.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<String> {
        let told = |report: &Self, step: &StepReport| {
            let (balances, vaults) = (text::line(&step.balances), text::line(&step.vaults));
            format!("on {}: {}; {balances} | {vaults}", report.on, step.result())
        };
        for (one, two) in self.steps.iter().zip(&other.steps) {
            if one != two {
                let states = if one.states == two.states { "" } else { "; the states differ" };
                let (first, second) = (told(self, one), told(other, two));
                let number = one.number();
                return Some(format!("step {number}, {}: {first}, {second}{states}", one.what));
            }
        }
        if self.steps.len() != other.steps.len() {
            let (one, two) = (self.steps.len(), other.steps.len());
            return Some(format!("{} did {one} things, {} did {two}", self.on, other.on));
        }
        (self.end != other.end).then(|| "the end".to_owned())
    }
}

impl StepReport {
    /// `3`, or `3.2` for a part of a step.
    #[must_use]
    pub fn number(&self) -> String {
        match self.part {
            Some(part) => format!("{}.{part}", self.step),
            None => self.step.to_string(),
        }
    }

    /// What came of it, in words.
    #[must_use]
    pub fn result(&self) -> String {
        match (self.accepted, self.reason) {
            (None, _) => "-".to_owned(),
            (Some(true), _) => "accepted".to_owned(),
            (Some(false), None) => "refused".to_owned(),
            (Some(false), Some(reason)) => match reason.code() {
                Some(code) => format!("REFUSED: {} ({code}): {}", reason.name(), reason.advice()),
                None => format!("REFUSED: {}: {}", reason.name(), reason.advice()),
            },
        }
    }
}
