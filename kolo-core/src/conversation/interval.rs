//! "weekly", "every two weeks", "10 days": how often, as people say it.
use kolo_rules::circle::{Order, Shortfall};

use crate::view::Every;

/// The longest interval in days, by the product.
pub const DAYS_MAX: u16 = 90;

/// An interval among words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// How often.
    pub every: Every,
    /// Its first word.
    pub from: usize,
    /// Behind its last word.
    pub to: usize,
}

/// The last interval in a line of words; only the forms that cannot be a part of a name
/// (`weekly`, `every 10 days`).
pub(super) fn find(words: &[&str]) -> Option<Found> {
    (0..words.len()).rev().find_map(|from| {
        let rest = words.get(from..)?;
        let (every, used) = adverb(rest).or_else(|| phrase(rest))?;
        Some(Found { every, from, to: from + used })
    })
}

/// An answer to "how often?": also `week`, `2 weeks`, `10 days`.
pub(super) fn answer(words: &[&str]) -> Option<Every> {
    if let Some(found) = find(words) {
        return Some(found.every);
    }
    let (every, used) = span(words)?;
    (used == words.len()).then_some(every)
}

/// Leads in how often a pot is paid out.
pub(super) const PAYOUT: [&str; 3] = ["payout", "payouts", "pot"];

/// The interval of the payments in a line that may say how often pots are paid out as well.
pub(super) fn find_in_line(words: &[&str]) -> Option<Found> {
    let end = words.iter().rposition(|word| PAYOUT.contains(word));
    let before = end.and_then(|end| words.get(..end)).and_then(find);
    before.or_else(|| find(words))
}

/// How often pots are paid out, when a line says so: `payout weekly`, `pot every 2 weeks`.
pub(super) fn payout(words: &[&str]) -> Option<Every> {
    let at = words.iter().rposition(|word| PAYOUT.contains(word))?;
    answer(words.get(at + 1..)?)
}

/// What a line says about who gets which turn.
pub(super) fn order(words: &[&str]) -> Option<Order> {
    words.iter().find_map(|word| match *word {
        "draw" | "lot" | "lottery" | "ballot" | "random" => Some(Order::Random),
        "fixed" | "order" | "list" => Some(Order::Fixed),
        "auction" | "bids" | "bidding" => Some(Order::Auction),
        "joining" => Some(Order::Join),
        _ => None,
    })
}

/// What a line says about a pot that is short.
pub(super) fn shortfall(words: &[&str]) -> Option<Shortfall> {
    if words.contains(&"short") {
        Some(Shortfall::ShortPot)
    } else if words.contains(&"wait") {
        Some(Shortfall::Wait)
    } else {
        None
    }
}

fn adverb(words: &[&str]) -> Option<(Every, usize)> {
    let every = match *words.first()? {
        "daily" | "everyday" => Every::Days(1),
        "weekly" => Every::Days(7),
        "biweekly" | "bi-weekly" | "fortnightly" => Every::Days(14),
        "monthly" => Every::Month,
        _ => return None,
    };
    Some((every, 1))
}

/// `every week`, `per month`, `every 10 days`, `every other week`.
fn phrase(words: &[&str]) -> Option<(Every, usize)> {
    if !matches!(*words.first()?, "every" | "per" | "each" | "a") {
        return None;
    }
    let (every, used) = span(words.get(1..)?)?;
    Some((every, used + 1))
}

/// `week`, `2 weeks`, `other week`, `10 days`, `month`.
fn span(words: &[&str]) -> Option<(Every, usize)> {
    let (count, used) = match *words.first()? {
        "other" | "two" | "second" => (2, 1),
        "three" => (3, 1),
        "four" => (4, 1),
        "one" | "a" => (1, 1),
        word => match word.parse::<u16>() {
            Ok(count) => (count, 1),
            Err(_) => (1, 0),
        },
    };
    let days = match *words.get(used)? {
        "day" | "days" => count,
        "week" | "weeks" => count.checked_mul(7)?,
        "fortnight" | "fortnights" => count.checked_mul(14)?,
        "month" | "months" if count == 1 => return Some((Every::Month, used + 1)),
        _ => return None,
    };
    (1..=DAYS_MAX).contains(&days).then_some((Every::Days(days), used + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_understood() {
        for (text, every) in [
            ("weekly", Some(Every::Days(7))),
            ("week", Some(Every::Days(7))),
            ("every week", Some(Every::Days(7))),
            ("every 2 weeks", Some(Every::Days(14))),
            ("every other week", Some(Every::Days(14))),
            ("two weeks", Some(Every::Days(14))),
            ("fortnightly", Some(Every::Days(14))),
            ("daily", Some(Every::Days(1))),
            ("10 days", Some(Every::Days(10))),
            ("90 days", Some(Every::Days(90))),
            ("month", Some(Every::Month)),
            ("once a month", Some(Every::Month)),
            ("91 days", None),
            ("0 days", None),
            ("2 months", None),
            ("99999 weeks", None),
            ("sometimes", None),
            ("10", None),
            ("", None),
        ] {
            let words: Vec<&str> = text.split(' ').collect();
            assert_eq!(answer(&words), every, "{text:?}");
        }
    }
}
