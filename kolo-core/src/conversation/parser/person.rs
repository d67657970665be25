//! Who is meant, in commands about a person: `Bola`, `2`, `Bola from Market Women`,
//! `Bola to +234 803 123 4567`, `Bola turn 3`.
use super::super::command::{Command, RoleWord, Target, Whom};
use super::{Word, is_figure, joined, target, trimmed};
use crate::CircleId;
use crate::circle::Office;

/// Leads in a group behind a person.
const OF_GROUP: [&str; 3] = ["from", "in", "of"];

/// Digits of the shortest phone number: fewer are a number in a list.
const PHONE_DIGITS: usize = 7;

/// A person, and what is said of them.
pub(super) fn person(words: &[Word<'_>]) -> Whom {
    let (words, turn) = without_turn(words);
    let (words, group) = without_group(words);
    let (who, phone) = without_phone(words);
    Whom { who: joined(who), phone, turn, group }
}

/// `+234… Market Women turn 3`: here the words are the group's.
pub(super) fn invitee(words: &[Word<'_>]) -> Whom {
    let (words, turn) = without_turn(words);
    let Target { figure, group } = target(words);
    Whom { who: None, phone: figure, turn, group }
}

/// `Bola TREASURER`, `Bola as secretary in Market Women`, `Bola MEMBER Market Women`.
pub(super) fn appointee(words: &[Word<'_>]) -> Command {
    let (words, group) = without_group(words);
    // The first that is an office, behind a name: what follows may be a group's name.
    let is_role = |word: &Word<'_>| role_word(&word.key).is_some();
    let at = words.iter().skip(1).position(is_role).map(|at| at + 1);
    let at = at.or_else(|| words.first().is_some_and(is_role).then_some(0));
    let Some((at, role)) = at.and_then(|at| Some((at, role_word(&words.get(at)?.key)?))) else {
        return Command::Role { whom: Whom { group, ..person(words) }, role: None };
    };
    let who = match words.get(..at).unwrap_or_default() {
        [who @ .., to] if matches!(to.key.as_str(), "to" | "as" | "is" | "be") => who,
        who => who,
    };
    let behind = || joined(trimmed(words.get(at + 1..).unwrap_or_default()));
    let whom = Whom { who: joined(trimmed(who)), group: group.or_else(behind), ..Whom::default() };
    Command::Role { whom, role: Some(role) }
}

fn role_word(key: &str) -> Option<RoleWord> {
    Some(RoleWord::Office(match key {
        "chairman" | "chair" | "chairwoman" | "chairlady" | "chairperson" => Office::Chairman,
        "secretary" => Office::Secretary,
        "treasurer" => Office::Treasurer,
        "member" | "none" => return Some(RoleWord::Member),
        _ => return None,
    }))
}

/// `… turn 3`, at the end.
fn without_turn<'w, 'a>(words: &'w [Word<'a>]) -> (&'w [Word<'a>], Option<String>) {
    let [before @ .., turn, number] = words else {
        return (words, None);
    };
    let is_number = number.key.bytes().all(|b| b.is_ascii_digit()) && !number.key.is_empty();
    if !matches!(turn.key.as_str(), "turn" | "place" | "no") || !is_number {
        return (words, None);
    }
    (trimmed(before), Some(number.key.clone()))
}

/// A group's id at the end (buttons name it so), or what follows the last "from" or "in".
fn without_group<'w, 'a>(words: &'w [Word<'a>]) -> (&'w [Word<'a>], Option<String>) {
    if let [before @ .., last] = words
        && last.key.parse::<CircleId>().is_ok()
    {
        return (before, Some(last.key.clone()));
    }
    let at = words.iter().rposition(|word| OF_GROUP.contains(&word.key.as_str()));
    let Some(at) = at.filter(|at| *at + 1 < words.len()) else {
        return (words, None);
    };
    let group = joined(words.get(at + 1..).unwrap_or_default());
    (trimmed(words.get(..at).unwrap_or_default()), group)
}

/// A phone number, and who is named besides.
fn without_phone<'w, 'a>(words: &'w [Word<'a>]) -> (&'w [Word<'a>], Option<String>) {
    let Some(at) = words.iter().position(|word| is_figure(word)) else {
        return (words, None);
    };
    let figures = words.get(at..).unwrap_or_default();
    let digits = figures.iter().flat_map(|word| word.raw.chars()).filter(char::is_ascii_digit);
    if digits.count() < PHONE_DIGITS {
        return (words, None);
    }
    let phone = figures.iter().take_while(|word| is_figure(word)).map(|word| word.raw);
    let phone = phone.collect::<Vec<_>>().join(" ");
    let before = words.get(..at).unwrap_or_default();
    let before = match before {
        [who @ .., to] if matches!(to.key.as_str(), "to" | "at" | "on") => who,
        who => who,
    };
    (trimmed(before), Some(phone))
}
