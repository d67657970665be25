//! Amounts as people type them in a chat: exact, or a reason they can act on.
//!
//! The text is brought into the strict form of [`kolo_rules::Amount::parse`], which alone decides
//! the value: no floating point, nothing rounded. What could mean two things is never guessed.
use std::cmp::Reverse;

use kolo_rules::{Amount, ParseAmountError};

use crate::{AllowedAsset, Asset, AssetList};

/// The most a chat accepts in one go, in whole units; a slip of the finger is likelier beyond it.
pub const LARGEST_WHOLE: u32 = 1_000_000;

/// Why a text is not taken for an amount.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AmountProblem {
    /// Nothing was typed.
    Empty,
    /// Below zero.
    Negative,
    /// `1e9`.
    Scientific,
    /// Digits of another script, such as `٣`.
    OtherDigits,
    /// More decimals than the asset has.
    TooManyDecimals {
        /// How many it has.
        most: u8,
    },
    /// Exactly nothing.
    Zero,
    /// More than a million whole units.
    TooLarge,
    /// `1.000` or `1,00`: it could be either of two; both in a form that is accepted.
    Ambiguous {
        /// With the mark as a thousands separator.
        grouped: String,
        /// With the mark as a decimal point.
        pointed: String,
    },
    /// Another currency than the one saved in, as typed.
    OtherCurrency(String),
    /// Anything else.
    NotANumber,
}

const UNITS: [&str; 8] = ["usdc", "usd", "us$", "dollars", "dollar", "bucks", "buck", "$"];

/// Other money people may mean; a letter code counts only as a word of its own.
const CURRENCIES: [&str; 44] = [
    "₦",
    "€",
    "£",
    "¥",
    "₵",
    "₹",
    "₽",
    "₩",
    "₱",
    "₿",
    "ngn",
    "naira",
    "kes",
    "ksh",
    "kshs",
    "sh",
    "shilling",
    "shillings",
    "ugx",
    "tzs",
    "ghs",
    "cedi",
    "cedis",
    "zar",
    "rand",
    "r",
    "xof",
    "xaf",
    "cfa",
    "fcfa",
    "eur",
    "euro",
    "euros",
    "gbp",
    "pound",
    "pounds",
    "inr",
    "rupees",
    "btc",
    "sats",
    "xlm",
    "n",
    "birr",
    "etb",
];

/// Whether a word could be meant as an amount (right or wrong): it begins like one.
#[must_use]
pub fn looks_like_amount(word: &str) -> bool {
    let mut rest = word.trim_start_matches(['-', '+', '−', '–', '.', ',']);
    if let Some(after) = CURRENCIES
        .iter()
        .filter(|c| !c.is_ascii())
        .chain(&["us$", "$"])
        .find_map(|c| strip_prefix_caseless(rest, c))
    {
        rest = after;
    }
    rest.chars().next().is_some_and(char::is_numeric)
        || CURRENCIES.iter().any(|c| {
            strip_prefix_caseless(rest, c)
                .is_some_and(|after| after.starts_with(|c: char| c.is_ascii_digit()))
        })
}

/// Whether a word is a unit people add to an amount (`usdc`, `dollars`, another currency).
#[must_use]
pub fn is_unit(word: &str) -> bool {
    let word = word.to_lowercase();
    UNITS.contains(&word.as_str()) || (CURRENCIES.contains(&word.as_str()) && word.len() > 1)
}

/// Reads `10`, `10.50`, `1,000`, `5k`, `$10`, `10 usdc` of an asset with `decimals` decimals.
///
/// # Errors
/// [`AmountProblem`] says what to tell the person.
pub fn parse(text: &str, decimals: u8) -> Result<Amount, AmountProblem> {
    let text = super::clean::typed(text).to_lowercase();
    let mut body = text.as_str();
    if body.is_empty() {
        return Err(AmountProblem::Empty);
    }
    if body.chars().any(|c| c.is_numeric() && !c.is_ascii_digit()) {
        return Err(AmountProblem::OtherDigits);
    }
    for unit in UNITS {
        body = body.strip_prefix(unit).unwrap_or(body).trim();
        body = body.strip_suffix(unit).unwrap_or(body).trim();
    }
    if let Some(currency) = other_currency(body) {
        return Err(AmountProblem::OtherCurrency(currency.to_owned()));
    }
    if body.starts_with(['-', '−', '–']) {
        let rest = body.trim_start_matches(['-', '−', '–', ' ', '$']);
        let is_number = rest.starts_with(|c: char| c.is_ascii_digit());
        return Err(if is_number { AmountProblem::Negative } else { AmountProblem::NotANumber });
    }
    if is_scientific(body) {
        return Err(AmountProblem::Scientific);
    }
    let (number, factor) = multiplier(body);
    let plain = ungroup(number).map_err(|why| match why {
        AmountProblem::Ambiguous { grouped, pointed } => {
            let suffix = body.get(number.len()..).unwrap_or_default().trim_start();
            AmountProblem::Ambiguous {
                grouped: format!("{grouped}{suffix}"),
                pointed: format!("{pointed}{suffix}"),
            }
        }
        why => why,
    })?;
    let amount = Amount::parse(&plain, decimals).map_err(|why| problem(why, decimals))?;
    let amount = amount.checked_mul(factor).map_err(|_| AmountProblem::TooLarge)?;
    if amount.is_zero() {
        return Err(AmountProblem::Zero);
    }
    let unit = 10_i64.checked_pow(u32::from(decimals)).map(Amount::new);
    let largest = unit.and_then(|unit| unit.checked_mul(LARGEST_WHOLE).ok());
    if largest.is_some_and(|largest| amount > largest) {
        return Err(AmountProblem::TooLarge);
    }
    Ok(amount)
}

/// The same where people save in several assets: an amount of `asset`, with its code or without one, but
/// with no other's. Where there is no choice, as [`parse`].
///
/// # Errors
/// As [`parse`]; [`AmountProblem::OtherCurrency`] for the unit of another asset.
pub fn parse_of(text: &str, asset: &Asset, assets: &AssetList) -> Result<Amount, AmountProblem> {
    if !assets.are_several() {
        return parse(text, asset.decimals);
    }
    let text = super::clean::typed(text).to_lowercase();
    let Some((unit, rest)) = split_unit(&text, assets) else {
        return parse(&text, asset.decimals);
    };
    let second = split_unit(rest, assets).map(|(unit, _)| unit);
    let other = [Some(unit), second].into_iter().flatten().find(|unit| !is_of(unit, asset, assets));
    if let Some(other) = other {
        return Err(AmountProblem::OtherCurrency(other.to_owned()));
    }
    let amount = parse(rest, asset.decimals);
    amount.map_err(|problem| with_unit(problem, &asset.code))
}

/// The one of several assets whose unit an amount has, if it has one.
#[must_use]
pub fn unit_in<'a>(text: &str, assets: &'a AssetList) -> Option<&'a AllowedAsset> {
    if !assets.are_several() {
        return None;
    }
    let text = super::clean::typed(text).to_lowercase();
    let (before, figure) = text.split_at(text.find(|c: char| c.is_ascii_digit())?);
    // The word before the figure and the one behind it: what comes then may be a rhythm.
    let after = figure.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ','));
    let after = after.split(' ').find(|word| !word.is_empty() && !is_power(word));
    let words = [before.trim(), after.unwrap_or_default()];
    let fits =
        |allowed: &&AllowedAsset| words.iter().any(|word| is_of(word, &allowed.asset, assets));
    let mut fitting = assets.iter().filter(fits);
    fitting.next().filter(|_| fitting.next().is_none())
}

/// Whether people call it dollars.
#[must_use]
pub fn is_dollars(asset: &Asset) -> bool {
    asset.code.to_uppercase().starts_with("USD")
}

const EUROS: [&str; 4] = ["euros", "euro", "eur", "€"];

/// Whether a unit is one of this asset's. What is the code of one on the list is of that
/// one alone, whatever else people call so.
pub(super) fn is_of(unit: &str, asset: &Asset, assets: &AssetList) -> bool {
    let unit = unit.to_lowercase();
    if let Some(listed) = assets.by_code(&unit) {
        return listed.asset == *asset;
    }
    let code = asset.code.to_lowercase();
    let is_euros = code.starts_with("eur");
    unit == code
        || (is_dollars(asset) && UNITS.contains(&unit.as_str()) && unit != "usdc")
        || (is_euros && EUROS.contains(&unit.as_str()))
}

/// A thousand or a million.
fn is_power(word: &str) -> bool {
    matches!(word, "k" | "m")
}

/// A unit at either end of an amount in small letters, and what is left.
fn split_unit<'a>(text: &'a str, assets: &AssetList) -> Option<(&'a str, &'a str)> {
    let codes = assets.iter().map(|allowed| allowed.asset.code.to_lowercase());
    let known = UNITS.iter().chain(&EUROS).map(|unit| (*unit).to_owned());
    let mut units: Vec<String> = codes.chain(known).collect();
    // The longest first: `usd` begins `usdc`.
    units.sort_by_key(|unit| Reverse(unit.len()));
    units.iter().find_map(|unit| {
        let front = text.strip_prefix(unit.as_str());
        let front = front.and_then(|rest| Some((text.get(..unit.len())?, rest.trim())));
        let back = text.strip_suffix(unit.as_str());
        let back = back.and_then(|rest| Some((text.get(rest.len()..)?, rest.trim())));
        front.or(back)
    })
}

/// What is asked back keeps the unit that was given.
fn with_unit(problem: AmountProblem, code: &str) -> AmountProblem {
    match problem {
        AmountProblem::Ambiguous { grouped, pointed } => AmountProblem::Ambiguous {
            grouped: format!("{grouped} {code}"),
            pointed: format!("{pointed} {code}"),
        },
        problem => problem,
    }
}

fn problem(why: ParseAmountError, decimals: u8) -> AmountProblem {
    match why {
        ParseAmountError::Empty => AmountProblem::Empty,
        ParseAmountError::TooManyDecimals => AmountProblem::TooManyDecimals { most: decimals },
        ParseAmountError::Overflow => AmountProblem::TooLarge,
        ParseAmountError::Signed => AmountProblem::Negative,
        _ => AmountProblem::NotANumber,
    }
}

fn strip_prefix_caseless<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| text.get(prefix.len()..))?
}

/// The other currency in front of or behind a number, as typed.
fn other_currency(body: &str) -> Option<&str> {
    let head =
        body.split(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | ' ' | '-')).next()?;
    let tail =
        body.rsplit(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | ' ' | '-')).next()?;
    [head, tail].into_iter().find(|word| CURRENCIES.contains(word))
}

/// Digits, an `e`, digits.
fn is_scientific(body: &str) -> bool {
    body.split_once('e').is_some_and(|(mantissa, exponent)| {
        let exponent = exponent.trim_start_matches(['+', '-']);
        mantissa.starts_with(|c: char| c.is_ascii_digit())
            && !exponent.is_empty()
            && exponent.bytes().all(|b| b.is_ascii_digit())
    })
}

/// Takes a `k` (thousand) or `m` (million) off the end.
fn multiplier(body: &str) -> (&str, u32) {
    if let Some(number) = body.strip_suffix('k') {
        (number.trim_end(), 1_000)
    } else if let Some(number) = body.strip_suffix('m') {
        (number.trim_end(), 1_000_000)
    } else {
        (body, 1)
    }
}

/// Takes thousands separators out; asks where one could be a decimal point.
fn ungroup(number: &str) -> Result<String, AmountProblem> {
    let known = number.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',' | b' '));
    if !known || !number.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(AmountProblem::NotANumber);
    }
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (number, None),
    };
    for mark in [',', ' '] {
        if whole.contains(mark) {
            if !is_grouped(whole, mark) {
                return Err(either(number, mark));
            }
            let whole: String = whole.split(mark).collect();
            return match fraction {
                Some(fraction) if fraction.bytes().all(|b| b.is_ascii_digit()) => {
                    Ok(format!("{whole}.{fraction}"))
                }
                Some(_) => Err(AmountProblem::NotANumber),
                None => Ok(whole),
            };
        }
    }
    if is_grouped(number, '.') {
        return Err(either(number, '.'));
    }
    Ok(number.to_owned())
}

/// `1,000` or `12,000,000`: one to three digits, not beginning with 0, then groups of three.
fn is_grouped(text: &str, mark: char) -> bool {
    let mut groups = text.split(mark);
    let digits = |group: &str| group.bytes().all(|b| b.is_ascii_digit());
    let first = groups.next().unwrap_or_default();
    let rest: Vec<&str> = groups.collect();
    (1..=3).contains(&first.len())
        && digits(first)
        && !first.starts_with('0')
        && !rest.is_empty()
        && rest.iter().all(|group| group.len() == 3 && digits(group))
}

/// Both readings of one mark; not a number when there is only one reading or none.
fn either(number: &str, mark: char) -> AmountProblem {
    let digits_only = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match number.split_once(mark) {
        Some((whole, fraction)) if mark != ' ' && digits_only(whole) && digits_only(fraction) => {
            AmountProblem::Ambiguous {
                grouped: format!("{whole}{fraction}"),
                pointed: shortest(whole, fraction),
            }
        }
        Some(_) if mark == '.' => AmountProblem::Ambiguous {
            grouped: number.split(mark).collect(),
            pointed: number.split(mark).next().unwrap_or_default().to_owned(),
        },
        _ => AmountProblem::NotANumber,
    }
}

/// `1` and `000` → `1`; `1` and `50` → `1.50`, which no longer looks grouped.
fn shortest(whole: &str, fraction: &str) -> String {
    let fraction = fraction.trim_end_matches('0');
    match fraction.len() {
        0 => whole.to_owned(),
        1 => format!("{whole}.{fraction}0"),
        3 => format!("{whole}.{fraction}0"),
        _ => format!("{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: i64 = 10_000_000;

    #[test]
    fn accepts_what_people_type() {
        for (text, stroops) in [
            ("10", 10 * ONE),
            ("10.50", 105_000_000),
            ("0.5", 5_000_000),
            ("0.500", 5_000_000),
            ("10.1234567", 101_234_567),
            ("1,000", 1_000 * ONE),
            ("1,000,000", 1_000_000 * ONE),
            ("1,000.50", 10_005_000_000),
            ("1 000", 1_000 * ONE),
            ("5k", 5_000 * ONE),
            ("5K", 5_000 * ONE),
            ("1.5k", 1_500 * ONE),
            ("1m", 1_000_000 * ONE),
            ("$10", 10 * ONE),
            ("$ 10", 10 * ONE),
            ("10$", 10 * ONE),
            ("US$10", 10 * ONE),
            ("10 usdc", 10 * ONE),
            ("10USDC", 10 * ONE),
            ("10 dollars", 10 * ONE),
            ("  10  ", 10 * ONE),
            ("1\u{fe0f}\u{20e3}", ONE),
        ] {
            assert_eq!(parse(text, 7), Ok(Amount::new(stroops)), "{text:?}");
        }
    }

    #[test]
    fn refuses_with_a_reason_of_its_own() {
        use AmountProblem as P;
        let other = |text: &str| P::OtherCurrency(text.to_owned());
        for (text, why) in [
            ("", P::Empty),
            ("   ", P::Empty),
            ("-5", P::Negative),
            ("−5", P::Negative),
            ("$-5", P::Negative),
            ("-$5", P::Negative),
            ("1e9", P::Scientific),
            ("1E9", P::Scientific),
            ("1e-9", P::Scientific),
            ("2.5e3", P::Scientific),
            ("٣", P::OtherDigits),
            ("１０", P::OtherDigits),
            ("½", P::OtherDigits),
            ("10.12345678", P::TooManyDecimals { most: 7 }),
            ("0", P::Zero),
            ("0.00", P::Zero),
            ("0k", P::Zero),
            ("1000001", P::TooLarge),
            ("99999999999999999999999", P::TooLarge),
            ("922337203685477m", P::TooLarge),
            ("₦5,000", other("₦")),
            ("5000 naira", other("naira")),
            ("KES 500", other("kes")),
            ("ksh500", other("ksh")),
            ("€10", other("€")),
            ("10 eur", other("eur")),
            ("ten", P::NotANumber),
            ("10 apples", P::NotANumber),
            ("+10", P::NotANumber),
            (".5", P::NotANumber),
            ("10.", P::NotANumber),
            ("1.2.3", P::NotANumber),
            ("007", P::NotANumber),
            ("0x10", P::NotANumber),
            ("10%", P::NotANumber),
            ("--", P::NotANumber),
            ("1/2", P::NotANumber),
            ("\u{1f4b0}", P::NotANumber),
            ("1;DROP", P::NotANumber),
        ] {
            assert_eq!(parse(text, 7), Err(why), "{text:?}");
        }
    }

    #[test]
    fn asks_when_it_could_be_two_amounts() {
        for (text, grouped, pointed) in [
            ("1.000", "1000", "1"),
            ("1.500", "1500", "1.50"),
            ("10.125", "10125", "10.1250"),
            ("1,00", "100", "1"),
            ("1,5", "15", "1.50"),
            ("1.000.000", "1000000", "1"),
            ("1.000k", "1000k", "1k"),
        ] {
            let Err(AmountProblem::Ambiguous { grouped: g, pointed: p }) = parse(text, 7) else {
                panic!("{text:?} must ask, not {:?}", parse(text, 7));
            };
            assert_eq!((g.as_str(), p.as_str()), (grouped, pointed), "{text:?}");
            // Both readings must be typeable.
            assert!(parse(&g, 7).is_ok() && parse(&p, 7).is_ok(), "{text:?}");
        }
    }

    fn listed(text: &str) -> AssetList {
        AssetList::parse(text).unwrap()
    }

    /// What is one listed asset's code is no other's, whatever people call that one.
    #[test]
    fn a_unit_that_is_a_listed_code_is_of_that_asset_alone() {
        let ten = Amount::new(10 * ONE);
        for (list, of, typed, expected) in [
            ("USDC:G:7:Coin,USD:G:7:Dollar", "USDC", "10 USD", None),
            ("USDC:G:7:Coin,USD:G:7:Dollar", "USD", "10 USD", Some("USD")),
            ("USDC:G:7:Coin,USD:G:7:Dollar", "USD", "10 USDC", None),
            ("USDC:G:7:Coin,USD:G:7:Dollar", "USDC", "10 USDC", Some("USDC")),
            ("EURC:G:7:Coin,EUR:G:7:Euro", "EURC", "10 eur", None),
            ("EURC:G:7:Coin,EUR:G:7:Euro", "EUR", "eur 10", Some("EUR")),
            ("EURC:G:7:Euro,USDC:G:7:Dollar", "EURC", "10 eur", Some("EURC")),
            ("EURC:G:7:Euro,USDC:G:7:Dollar", "USDC", "10 usd", Some("USDC")),
        ] {
            let list = listed(list);
            let asset = &list.by_code(of).unwrap().asset;
            let found = parse_of(typed, asset, &list);
            match expected {
                Some(_) => assert_eq!(found, Ok(ten), "{typed} of {of}"),
                None => assert!(
                    matches!(found, Err(AmountProblem::OtherCurrency(_))),
                    "{typed} of {of}: {found:?}"
                ),
            }
            if let Some(code) = expected {
                let unit = unit_in(typed, &list).map(|allowed| allowed.asset.code.as_str());
                assert_eq!(unit, Some(code), "{typed}");
            }
        }
    }

    #[test]
    fn tells_amounts_from_words() {
        for word in ["10", "-5", "$5", "₦500", "٣", "1e9", "5k", "ksh500", "1.000"] {
            assert!(looks_like_amount(word), "{word:?}");
        }
        for word in ["Market", "weekly", "", "$", "-", "R", "naira"] {
            assert!(!looks_like_amount(word), "{word:?}");
        }
    }
}
