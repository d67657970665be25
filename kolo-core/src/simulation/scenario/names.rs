//! Who is who in the file, and where what stands.

use kolo_rules::Amount;

use super::file::{Expect, File, InOrder};
use super::words::Money;
use super::{Expected, Figure, Place};
use crate::simulation::error::{At, ScenarioError};

/// Words of the format, which can be nobody's name.
pub const EVERYONE: &str = "everyone";
const EVERYONE_BUT: &str = "everyone but ";
pub const VAULT: &str = "vault";
const RESERVED: [&str; 5] = [EVERYONE, "anyone", "nobody", "organiser", VAULT];

/// Day 0 when the file does not say: 2026-01-01.
const USUAL_BEGINNING: &str = "2026-01-01";

/// The names in a file.
pub struct Names {
    pub people: Vec<String>,
    pub circles: Vec<String>,
}

/// Reads parts of a file.
pub struct Reader<'a> {
    pub text: &'a str,
    pub names: &'a Names,
}

impl Names {
    pub fn of(file: &File, text: &str) -> Result<Self, ScenarioError> {
        let at = |line: usize, what: &str| At { line, what: what.to_owned() };
        let mut people = Vec::new();
        for (name, _) in &file.people.0 {
            let at = at(line_of_key(text, name), "[people]");
            check(&at, name, &people)?;
            people.push(name.clone());
        }
        let mut circles = Vec::new();
        for circle in &file.circle {
            let line = line_of(text, circle.span().start);
            let name = &circle.get_ref().name;
            check(&at(line, "[[circle]]"), name, &circles)?;
            circles.push(name.clone());
        }
        Ok(Self { people, circles })
    }
}

fn check(at: &At, name: &str, taken: &[String]) -> Result<(), ScenarioError> {
    let why = if taken.iter().any(|other| other == name) {
        "it is taken; choose another"
    } else if RESERVED.contains(&name) {
        "it is a word of the format; choose another"
    } else if name.trim().is_empty() || name.trim() != name {
        "it is empty, or begins or ends with a blank"
    } else if name.chars().any(char::is_control) {
        "it has a character that cannot be printed"
    } else if name.starts_with(EVERYONE_BUT) || name.starts_with("vault of ") {
        "it begins like a phrase of the format; choose another"
    } else {
        return Ok(());
    };
    Err(ScenarioError::BadName { at: at.clone(), name: name.to_owned(), why })
}

impl Reader<'_> {
    pub fn at(&self, offset: usize, what: impl Into<String>) -> At {
        At { line: line_of(self.text, offset), what: what.into() }
    }

    pub fn person(&self, at: &At, name: &str) -> Result<usize, ScenarioError> {
        find(&self.names.people, name)
            .ok_or_else(|| unknown(at, "person", name, &self.names.people))
    }

    pub fn circle_named(&self, at: &At, name: &str) -> Result<usize, ScenarioError> {
        find(&self.names.circles, name)
            .ok_or_else(|| unknown(at, "circle", name, &self.names.circles))
    }

    /// `everyone`, `everyone but ada`: who is left out, `None` when it is no such phrase.
    pub fn everyone_but(&self, at: &At, name: &str) -> Result<Option<Vec<usize>>, ScenarioError> {
        if name == EVERYONE {
            return Ok(Some(Vec::new()));
        }
        let Some(names) = name.strip_prefix(EVERYONE_BUT) else {
            return Ok(None);
        };
        let names = names.split(',').flat_map(|part| part.split(" and "));
        names.map(|name| self.person(at, name.trim())).collect::<Result<_, _>>().map(Some)
    }

    /// A person, `vault`, or `vault of family`.
    pub fn place(
        &self,
        at: &At,
        name: &str,
        circle: Option<usize>,
    ) -> Result<Place, ScenarioError> {
        if let Some(circle) = name.strip_prefix("vault of ") {
            return self.circle_named(at, circle).map(Place::Vault);
        }
        match circle {
            Some(circle) if name == VAULT => Ok(Place::Vault(circle)),
            None if name == VAULT => Err(ScenarioError::Field {
                at: at.clone(),
                field: "circle",
                why: "is missing: say which circle's vault, or write \"vault of NAME\"".to_owned(),
            }),
            _ => self.person(at, name).map(Place::Person),
        }
    }

    pub fn expected(&self, expect: &Expect) -> Result<Vec<Expected>, ScenarioError> {
        let mut all = Vec::new();
        for (name, money) in &expect.vaults.0 {
            let at = At { line: line_of_key(self.text, name), what: "[expect.vaults]".to_owned() };
            all.push(Expected::Vault(self.circle_named(&at, name)?, money.0));
        }
        let mut of_people = |figure: Figure, what: &str, entries: &InOrder<Money>| {
            for (name, money) in &entries.0 {
                let line = line_of_last_key(self.text, name);
                let at = At { line, what: what.to_owned() };
                all.push(Expected::Person(figure, self.person(&at, name)?, money.0));
            }
            Ok::<(), ScenarioError>(())
        };
        of_people(Figure::Balance, "[expect.balances]", &expect.balances)?;
        of_people(Figure::Debts, "[expect.debts]", &expect.debts)?;
        of_people(Figure::Claims, "[expect.claims]", &expect.claims)?;
        of_people(Figure::Waiting, "[expect.waiting]", &expect.waiting)?;
        of_people(Figure::Deposits, "[expect.deposits]", &expect.deposits)?;
        Ok(all)
    }
}

/// Day 0 in Unix seconds.
pub fn date(text: Option<&str>, reader: &Reader<'_>) -> Result<u64, ScenarioError> {
    let text = text.unwrap_or(USUAL_BEGINNING);
    let midnight = text.parse::<jiff::civil::Date>().ok();
    let midnight = midnight.and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC).ok());
    let seconds =
        midnight.and_then(|midnight| u64::try_from(midnight.timestamp().as_second()).ok());
    seconds.ok_or_else(|| ScenarioError::Field {
        at: At { line: line_of_key(reader.text, "begins"), what: "the beginning".to_owned() },
        field: "begins",
        why: format!("{text:?} is no date since 1970; write it like \"{USUAL_BEGINNING}\""),
    })
}

/// The asset's code.
pub fn asset(code: Option<String>, reader: &Reader<'_>) -> Result<String, ScenarioError> {
    let code = code.unwrap_or_else(|| "USDC".to_owned());
    if (1..=12).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(code);
    }
    Err(ScenarioError::Field {
        at: At { line: line_of_key(reader.text, "asset"), what: "the beginning".to_owned() },
        field: "asset",
        why: format!("{code:?} is no code of an asset; write 1 to 12 letters and digits"),
    })
}

pub fn zero_is_missing(amount: Option<Money>) -> Amount {
    amount.map_or(Amount::ZERO, |money| money.0)
}

fn find(names: &[String], name: &str) -> Option<usize> {
    names.iter().position(|other| other == name)
}

fn unknown(at: &At, kind: &'static str, name: &str, known: &[String]) -> ScenarioError {
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    ScenarioError::UnknownName { at: at.clone(), kind, name: name.to_owned(), known }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// The first line that gives this key a value.
fn line_of_key(text: &str, key: &str) -> usize {
    let found = text.lines().position(|line| gives(line, key));
    found.map_or(1, |index| index + 1)
}

fn line_of_last_key(text: &str, key: &str) -> usize {
    let count = text.lines().count();
    let found = text.lines().rev().position(|line| gives(line, key));
    found.map_or(1, |index| count - index)
}

fn gives(line: &str, key: &str) -> bool {
    line.split_once('=').is_some_and(|(name, _)| name.trim().trim_matches(['"', '\'']) == key)
}
