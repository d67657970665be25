//! Text → [`Command`]: deterministic, without case, tolerant of emoji, punctuation and blanks.
//!
//! A table of phrases names the command; the words behind it are its arguments. Nothing here looks
//! at anything but the text.
mod person;
mod phrases;

use super::amount::{is_unit, looks_like_amount};
use super::clean;
use super::command::{Command, GroupWords, Target};
use super::interval;
use person::{appointee, invitee, person};
use phrases::{FILLERS, PHRASES, Verb};

/// The longest text that is read, in characters.
pub const TEXT_MAX: usize = 1_000;

/// What the text asks for.
#[must_use]
pub fn parse(text: &str) -> Command {
    if text.chars().nth(TEXT_MAX).is_some() {
        return Command::TooLong;
    }
    let text = clean::typed(text);
    if let Some(answer) = thumb(&text) {
        return answer;
    }
    let words: Vec<Word<'_>> = text.split(' ').map(Word::new).filter(Word::is_something).collect();
    if words.iter().all(|word| word.key.is_empty()) {
        return Command::Empty;
    }
    read(&words)
}

/// Brings a label or a name into the form in which two of them are compared.
#[must_use]
pub fn comparable(text: &str) -> String {
    let text = clean::typed(text);
    let keys: Vec<String> =
        text.split(' ').map(|w| Word::new(w).key).filter(|k| !k.is_empty()).collect();
    keys.join(" ")
}

/// A typed word: as it is, and bare of case and of punctuation at its ends.
struct Word<'a> {
    raw: &'a str,
    key: String,
}

impl<'a> Word<'a> {
    fn new(raw: &'a str) -> Self {
        let key = raw.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        Self { raw, key: key.replace('’', "'") }
    }

    /// Not only punctuation: an emoji may be part of a name, a lone dash is not.
    fn is_something(&self) -> bool {
        !self.key.is_empty() || self.raw.chars().any(|c| !c.is_ascii() && !c.is_whitespace())
    }
}

fn read(words: &[Word<'_>]) -> Command {
    if let Some(number) = menu_digit(words) {
        return Command::Number(number);
    }
    let mut from = 0;
    loop {
        let rest = words.get(from..).unwrap_or_default();
        if let Some((verb, used)) = longest_phrase(rest) {
            return command(verb, rest.get(used..).unwrap_or_default(), from > 0);
        }
        match rest.first() {
            Some(word) if word.key.is_empty() || is_filler(word) => from += 1,
            _ => return Command::Unknown,
        }
    }
}

fn is_filler(word: &Word<'_>) -> bool {
    FILLERS.split(' ').any(|filler| filler == word.key)
}

fn longest_phrase(words: &[Word<'_>]) -> Option<(Verb, usize)> {
    let mut best: Option<(Verb, usize)> = None;
    for (verb, phrases) in PHRASES {
        for phrase in phrases.split('|') {
            let count = phrase.split(' ').count();
            let fits = words.len() >= count
                && phrase.split(' ').zip(words).all(|(expected, word)| word.key == expected);
            if fits && best.is_none_or(|(_, length)| count > length) {
                best = Some((*verb, count));
            }
        }
    }
    best
}

fn command(verb: Verb, rest: &[Word<'_>], polite: bool) -> Command {
    let words = trimmed(rest);
    match verb {
        Verb::Greeting if words.is_empty() => Command::Greeting,
        Verb::Greeting => match read(words) {
            Command::Unknown | Command::Number(_) | Command::Yes | Command::No => Command::Greeting,
            more => more,
        },
        Verb::Balance => Command::Balance,
        Verb::History => Command::History,
        Verb::Help => Command::Help,
        // An answer must be an answer and nothing else: "yes but only 5" is none.
        Verb::Yes if words.is_empty() && !polite => Command::Yes,
        Verb::No if words.is_empty() && !polite => Command::No,
        Verb::More if words.is_empty() => Command::More,
        Verb::Cancel if words.is_empty() => Command::Cancel,
        Verb::Yes | Verb::No | Verb::More | Verb::Cancel => Command::Unknown,
        Verb::Register => Command::Register { name: joined(rest) },
        Verb::CreateGroup => Command::CreateGroup(group_words(rest)),
        Verb::Join => Command::Join { code: code(words) },
        Verb::Invite => Command::Invite(invitee(words)),
        Verb::GroupCode => Command::GroupCode(group(words)),
        Verb::Requests => Command::Requests(group(words)),
        Verb::Approve => Command::Approve(person(words)),
        // Alone it is an answer, as it always was.
        Verb::Reject if words.is_empty() && !polite => Command::No,
        Verb::Reject => Command::Reject(person(words)),
        Verb::TakeBack => Command::TakeBack(group(words)),
        Verb::Remove => Command::Remove(person(words)),
        Verb::Expel => Command::Expel(person(words)),
        Verb::Move => Command::Move(person(words)),
        Verb::Swap => Command::Swap(person(words)),
        Verb::SellPlace => Command::SellPlace(person(words)),
        Verb::Offers => Command::Offers,
        Verb::MyKey => Command::MyKey,
        Verb::StopKey => Command::StopKey,
        Verb::AcceptOffer => Command::AcceptOffer(joined(words)),
        Verb::DeclineOffer => Command::DeclineOffer(joined(words)),
        Verb::WithdrawOffer => Command::WithdrawOffer(joined(words)),
        Verb::Role => appointee(words),
        Verb::Roles => Command::Roles(group(words)),
        Verb::AcceptRole => Command::AcceptRole(group(words)),
        Verb::DeclineRole => Command::DeclineRole(group(words)),
        Verb::LayDownRole => Command::LayDownRole(group(words)),
        Verb::Object => Command::Vote { approve: Some(false), target: group(words) },
        Verb::Revoke => Command::Revoke { code: code(words) },
        Verb::Receipt => Command::Receipt { number: code(words) },
        Verb::GroupStatus => Command::GroupStatus(group(words)),
        Verb::Contribute => Command::Contribute(target(words)),
        Verb::Repay => Command::Repay(target(words)),
        Verb::Start => Command::Start(group(words)),
        Verb::Leave => Command::Leave(group(words)),
        Verb::CancelGroup => Command::CancelGroup(group(words)),
        Verb::Dissolve => Command::Dissolve(group(words)),
        Verb::Vote => vote(words),
        Verb::Bid => Command::Bid(target(words)),
        Verb::TestMoney => Command::TestMoney { amount: joined(words) },
    }
}

/// Without fillers at both ends.
fn trimmed<'w, 'a>(words: &'w [Word<'a>]) -> &'w [Word<'a>] {
    let says_something = |w: &Word<'_>| !is_filler(w) && !w.key.is_empty();
    let from = words.iter().position(says_something).unwrap_or(words.len());
    let to = words.iter().rposition(says_something).map_or(from, |last| last + 1);
    words.get(from..to).unwrap_or_default()
}

fn joined(words: &[Word<'_>]) -> Option<String> {
    let text = words.iter().map(|w| w.raw).collect::<Vec<_>>().join(" ");
    let text = text.trim_matches(|c: char| {
        matches!(c, '"' | '\'' | '“' | '”' | ':' | ',' | '.' | '!' | '?' | ' ')
    });
    (!text.is_empty()).then(|| text.to_owned())
}

/// `1`, `1.`, `#1`, `option 1`.
fn menu_digit(words: &[Word<'_>]) -> Option<u16> {
    let word = match words {
        [word] => word,
        [option, word] if option.key == "option" || option.key == "number" => word,
        _ => return None,
    };
    let marks_only =
        word.raw.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ')' | '(' | '#'));
    let is_digits = word.key.bytes().all(|b| b.is_ascii_digit());
    (marks_only && is_digits && word.key.len() <= 3).then(|| word.key.parse().ok())?
}

/// A thumb or a tick alone is an answer.
fn thumb(text: &str) -> Option<Command> {
    let mut chars = text.chars();
    let answer = match chars.next()? {
        '\u{1f44d}' | '\u{2705}' | '\u{1f44c}' => Command::Yes,
        '\u{1f44e}' | '\u{274c}' => Command::No,
        _ => return None,
    };
    let skin_tones_only = chars.all(|c| matches!(c, '\u{1f3fb}'..='\u{1f3ff}'));
    skin_tones_only.then_some(answer)
}

fn code(words: &[Word<'_>]) -> Option<String> {
    let words: Vec<&Word<'_>> =
        words.iter().filter(|w| !matches!(w.key.as_str(), "code" | "group" | "")).collect();
    // A code may be typed with blanks between its groups.
    let text: String = words.iter().map(|w| w.key.as_str()).collect();
    let text = text.to_uppercase();
    (!text.is_empty()).then(|| clean::clip(&text, 64).to_owned())
}

/// A group's name and nothing else.
fn group(words: &[Word<'_>]) -> Target {
    Target { figure: None, group: joined(words) }
}

/// A figure with its unit, wherever it stands first, and the rest as the group's name.
fn target(words: &[Word<'_>]) -> Target {
    let Some(at) = words.iter().position(|w| is_figure(w)) else {
        return Target { figure: None, group: joined(words) };
    };
    let mut end = at + 1;
    // A phone number may be typed in groups; an amount may have its unit behind it.
    while words.get(end).is_some_and(|w| is_figure(w) || is_unit(&w.key)) {
        end += 1;
    }
    let mut from = at;
    if at > 0 && words.get(at - 1).is_some_and(|w| is_unit(&w.key)) {
        from = at - 1;
    }
    let figure =
        words.get(from..end).map(|w| w.iter().map(|w| w.raw).collect::<Vec<_>>().join(" "));
    let before = words.get(..from).unwrap_or_default();
    let after = words.get(end..).unwrap_or_default();
    let group =
        if trimmed(after).is_empty() { joined(trimmed(before)) } else { joined(trimmed(after)) };
    Target { figure, group }
}

fn is_figure(word: &Word<'_>) -> bool {
    looks_like_amount(word.raw) || looks_like_amount(word.raw.trim_start_matches(['+', '(']))
}

fn vote(words: &[Word<'_>]) -> Command {
    let (approve, rest) = match words.first().map(|w| w.key.as_str()) {
        Some("yes" | "y" | "approve") => (Some(true), words.get(1..)),
        Some("no" | "n" | "reject" | "against") => (Some(false), words.get(1..)),
        _ => (None, Some(words)),
    };
    // Which of several, by its number.
    let rest = trimmed(rest.unwrap_or_default());
    let is_number = |w: &&Word<'_>| !w.key.is_empty() && w.key.bytes().all(|b| b.is_ascii_digit());
    let figure = rest.first().filter(is_number).map(|word| word.key.clone());
    let rest = rest.get(usize::from(figure.is_some())..).unwrap_or_default();
    Command::Vote { approve, target: Target { figure, group: joined(trimmed(rest)) } }
}

/// `Market Women 10 weekly 5`, `Market Women, 10 USDC every week, 5 members, short pot`.
fn group_words(words: &[Word<'_>]) -> GroupWords {
    let keys: Vec<&str> = words.iter().map(|w| w.key.as_str()).collect();
    let Some(found) = interval::find_in_line(&keys) else {
        let name = trimmed_name(words);
        return GroupWords { name, ..GroupWords::default() };
    };
    let head = words.get(..found.from).unwrap_or_default();
    let tail = words.get(found.to..).unwrap_or_default();
    let (name, amount) = name_and_amount(head);
    let tail_keys: Vec<&str> = tail.iter().map(|w| w.key.as_str()).collect();
    // What follows "payout" is not the number of places.
    let before_payout = tail.iter().take_while(|w| !interval::PAYOUT.contains(&w.key.as_str()));
    let seats =
        before_payout.into_iter().find(|w| looks_like_amount(w.raw)).map(|w| w.raw.to_owned());
    GroupWords {
        name,
        amount,
        every: Some(found.every),
        seats,
        order: interval::order(&tail_keys),
        payout: interval::payout(&tail_keys),
        shortfall: interval::shortfall(&tail_keys),
        advance: tail_keys.contains(&"advance"),
    }
}

fn name_and_amount(head: &[Word<'_>]) -> (Option<String>, Option<String>) {
    let mut end = head.len();
    while end > 0 && head.get(end - 1).is_some_and(|w| is_unit(&w.key)) {
        end -= 1;
    }
    let is_amount = end > 0 && head.get(end - 1).is_some_and(|w| looks_like_amount(w.raw));
    if !is_amount {
        return (trimmed_name(head), None);
    }
    let mut from = end - 1;
    let is_bare = head.get(from).is_some_and(|w| w.raw.starts_with(|c: char| c.is_ascii_digit()));
    if is_bare && from > 0 && head.get(from - 1).is_some_and(|w| is_unit(&w.key)) {
        from -= 1;
    }
    let amount = head
        .get(from..)
        .unwrap_or_default()
        .iter()
        .map(|w| w.raw.trim_end_matches(','))
        .collect::<Vec<_>>();
    (trimmed_name(head.get(..from).unwrap_or_default()), Some(amount.join(" ")))
}

/// A name keeps its words, but not what introduces it (`called Market Women`).
fn trimmed_name(words: &[Word<'_>]) -> Option<String> {
    let from = usize::from(
        words.first().is_some_and(|w| matches!(w.key.as_str(), "called" | "named" | "name")),
    );
    joined(words.get(from..).unwrap_or_default())
}

#[cfg(test)]
mod tests;
