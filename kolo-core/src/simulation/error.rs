//! Why a scenario cannot be read or played.

use std::fmt;

use crate::error_codes;

/// Where in a scenario's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// The line, from 1.
    pub line: usize,
    /// What stands there: `step 3`, `circle "family"`.
    pub what: String,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, {}", self.line, self.what)
    }
}

/// A scenario that cannot be read or played: where, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// No TOML, an unknown key, or a value of the wrong form; the text shows the line.
    #[error("{0}")]
    Unreadable(String),
    /// A name that nobody and nothing has.
    #[error("{at}: there is no {kind} {name:?}; there are {known}")]
    UnknownName {
        /// Where.
        at: At,
        /// `person` or `circle`.
        kind: &'static str,
        /// The name.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A name that cannot be given, or twice.
    #[error("{at}: {name:?} cannot be a name here: {why}")]
    BadName {
        /// Where.
        at: At,
        /// The name.
        name: String,
        /// Why not.
        why: &'static str,
    },
    /// A field that is missing, or has no meaning here.
    #[error("{at}: `{field}` {why}")]
    Field {
        /// Where.
        at: At,
        /// Which field.
        field: &'static str,
        /// What is wrong, and what to write.
        why: String,
    },
    /// Rules by which no circle can be run.
    #[error("{at}: {why}")]
    Rules {
        /// Where.
        at: At,
        /// What is wrong, and what to write.
        why: String,
    },
    /// A time that has no meaning, or is before the step before.
    #[error("{at}: `at` {why}")]
    Time {
        /// Where.
        at: At,
        /// What is wrong, and what to write.
        why: String,
    },
}

error_codes! {
    ScenarioError {
        Unreadable = "scenario.unreadable" Permanent:
            "the file is no TOML, or a key or value is of the wrong form", "mend the line it shows";
        UnknownName = "scenario.unknown_name" Permanent:
            "a person or circle is named that is not in the file", "use one of the names it lists";
        BadName = "scenario.bad_name" Permanent:
            "a name is empty, taken, or a word of the format", "choose another name";
        Field = "scenario.field" Permanent:
            "a field is missing, or has no meaning for what is done", "write what it says";
        Rules = "scenario.rules" Permanent:
            "no circle can be run by these rules", "change the rule it names";
        Time = "scenario.time" Permanent:
            "a time has no meaning there, or is before that of the step before",
            "put the steps in the order of their times";
    }
}

/// What the play needs could not be done: the stage itself failed, not somebody's step.
#[derive(Debug, thiserror::Error)]
#[error("{context}")]
pub struct StageError {
    /// What was tried, and the stage's words.
    pub context: String,
    /// What caused it.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl StageError {
    /// With what was tried.
    #[must_use]
    pub fn new(context: impl Into<String>) -> Self {
        Self { context: context.into(), source: None }
    }

    /// With what caused it.
    #[must_use]
    pub fn because(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }
}

error_codes! {
    struct StageError = "simulation.stage" Temporary:
        "the stage a scenario is played on failed", "read what it says, and play again";
}

/// Why a play ended before its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlayError {
    /// The scenario makes no sense there.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The stage failed.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// Money appeared or vanished, or a vault holds less than its circle owes: a bug of Kolo's.
    #[error("{at}: the money does not add up: {why}; please report this with the scenario")]
    Unsound {
        /// After which step.
        at: At,
        /// What does not add up.
        why: String,
    },
}

error_codes! {
    PlayError {
        Unsound = "simulation.unsound" Permanent:
            "after a step the money does not add up", "report it, with the scenario";
    } within {
        Scenario = ScenarioError::code;
        Stage = |error: &StageError| error.code();
    }
}
