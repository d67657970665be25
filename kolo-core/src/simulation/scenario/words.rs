//! How amounts, times and parts are written in a scenario: for people, and exact.

use std::fmt;

use kolo_rules::{Amount, Interval};
use serde::de::{self, Deserialize, Deserializer, Visitor};

/// Decimals of every Stellar asset.
pub const DECIMALS: u8 = 7;

const MINUTE_S: u64 = 60;
const HOUR_S: u64 = 60 * MINUTE_S;
const DAY_S: u64 = 24 * HOUR_S;

/// Money: text with at most seven decimals, or a whole number. Never a float, which could not hold it
/// exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money(pub Amount);

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MoneyVisitor).map(Self)
    }
}

struct MoneyVisitor;

impl Visitor<'_> for MoneyVisitor {
    type Value = Amount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an amount: text such as \"10.5\", or a whole number such as 10")
    }

    fn visit_i64<E: de::Error>(self, units: i64) -> Result<Amount, E> {
        self.visit_str(&units.to_string())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Amount, E> {
        Amount::parse(text, DECIMALS).map_err(|why| {
            E::custom(format!("the amount {text:?}: {why}; there are {DECIMALS} decimals"))
        })
    }

    fn visit_f64<E: de::Error>(self, float: f64) -> Result<Amount, E> {
        Err(E::custom(format!(
            "amounts are no floating-point numbers, which are not exact: write \"{float}\" in quotes"
        )))
    }
}

/// A part in hundredths of a percent: `"2.5%"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasisPoints(pub u16);

impl TryFrom<String> for BasisPoints {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.strip_suffix('%')
            .and_then(|number| Amount::parse(number.trim_end(), 2).ok())
            .and_then(|part| u16::try_from(part.minor_units()).ok())
            .filter(|part| *part <= 10_000)
            .map(Self)
            .ok_or_else(|| format!("{text:?} is no part; write 0% to 100%, such as \"2.5%\""))
    }
}

/// A late fee: an amount, or a part in percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeeWord {
    /// The same for every late instalment.
    Fixed(Amount),
    /// A part of what was not paid.
    Part(BasisPoints),
}

impl<'de> Deserialize<'de> for FeeWord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FeeVisitor)
    }
}

struct FeeVisitor;

impl Visitor<'_> for FeeVisitor {
    type Value = FeeWord;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an amount such as \"0.5\", or a part such as \"2%\"")
    }

    fn visit_i64<E: de::Error>(self, units: i64) -> Result<FeeWord, E> {
        MoneyVisitor.visit_i64(units).map(FeeWord::Fixed)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<FeeWord, E> {
        if text.ends_with('%') {
            return BasisPoints::try_from(text.to_owned()).map(FeeWord::Part).map_err(E::custom);
        }
        MoneyVisitor.visit_str(text).map(FeeWord::Fixed)
    }

    fn visit_f64<E: de::Error>(self, float: f64) -> Result<FeeWord, E> {
        MoneyVisitor.visit_f64(float).map(FeeWord::Fixed)
    }
}

/// What each member leaves as security: an amount, or `"exposure"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DepositWord {
    /// The same for all.
    Fixed(Amount),
    /// All that is still to be paid after the turn.
    Exposure,
}

impl<'de> Deserialize<'de> for DepositWord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DepositVisitor)
    }
}

struct DepositVisitor;

impl Visitor<'_> for DepositVisitor {
    type Value = DepositWord;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an amount such as \"50\", or \"exposure\"")
    }

    fn visit_i64<E: de::Error>(self, units: i64) -> Result<DepositWord, E> {
        MoneyVisitor.visit_i64(units).map(DepositWord::Fixed)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<DepositWord, E> {
        if text == "exposure" {
            return Ok(DepositWord::Exposure);
        }
        MoneyVisitor.visit_str(text).map(DepositWord::Fixed)
    }

    fn visit_f64<E: de::Error>(self, float: f64) -> Result<DepositWord, E> {
        MoneyVisitor.visit_f64(float).map(DepositWord::Fixed)
    }
}

/// A length of time in seconds: `"2 days 3 hours"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length(pub u32);

impl TryFrom<String> for Length {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        seconds(&text).and_then(|seconds| u32::try_from(seconds).ok()).map(Self).ok_or_else(|| {
            format!("{text:?} is no length of time; write \"2 days\", \"12 hours\" or \"1 day 1 second\"")
        })
    }
}

/// From one deadline to the next: a length of time, or calendar months.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Every(pub Interval);

impl TryFrom<String> for Every {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let months = match text.split_once(' ') {
            Some((number, "month" | "months")) => Some(number.parse().map(Interval::Months)),
            _ => None,
        };
        match months {
            Some(Ok(months)) => Ok(Self(months)),
            Some(Err(_)) => Err(format!("{text:?}: there are 1 to 255 months")),
            None => Length::try_from(text).map(|length| Self(Interval::Seconds(length.0))),
        }
    }
}

/// An offset from UTC in seconds: `"+01:00"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UtcOffset(pub i32);

impl TryFrom<String> for UtcOffset {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (sign, rest) = match text.split_at_checked(1) {
            Some(("+", rest)) => (1, rest),
            Some(("-", rest)) => (-1, rest),
            _ => (0, ""),
        };
        let clock = (sign != 0 && rest.len() == 5).then(|| clock(rest)).flatten();
        let offset = clock.and_then(|seconds| i32::try_from(seconds).ok());
        offset.map(|seconds| Self(sign * seconds)).ok_or_else(|| {
            format!("{text:?} is no offset from UTC; write \"+01:00\" or \"-05:00\"")
        })
    }
}

/// A point in a circle's round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// When its first instalment can be paid.
    Opens,
    /// Its payout date: the deadline of its last instalment.
    Due,
    /// The first second in which what is missing of it is late.
    Late,
    /// The first second in which it is paid out though nobody covers what is missing.
    Short,
}

/// When a step happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// So many seconds after the beginning of the scenario: `"day 3"`, `"day 3 14:30"`.
    SinceBeginning(u64),
    /// So many seconds after the step before: `"+2 days"`.
    Later(u64),
    /// `"round 3 due"`, `"round 3 late + 1 hour"`, `"round 3 due - 1 second"`.
    Round {
        /// Which round, from 1.
        round: u8,
        /// What of it.
        point: Point,
        /// So many seconds after that; negative: before.
        offset_s: i64,
    },
    /// `"setup over"`: the first second after the time of the present step before the first round.
    SetupOver,
}

impl TryFrom<String> for Moment {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        moment(text.trim()).ok_or_else(|| {
            format!(
                "{text:?} is no time; write \"day 3\", \"day 3 14:30\", \"+2 days\" (after the step \
                 before), \"round 3 opens\", \"round 3 due\", \"round 3 late\", \"round 3 short\" (each \
                 perhaps with \"+ 1 hour\" or \"- 1 second\"), or \"setup over\""
            )
        })
    }
}

fn moment(text: &str) -> Option<Moment> {
    if text == "setup over" {
        return Some(Moment::SetupOver);
    }
    if let Some(length) = text.strip_prefix('+') {
        return seconds(length.trim()).map(Moment::Later);
    }
    if let Some(rest) = text.strip_prefix("day ") {
        let (day, time) = rest.split_once(' ').unwrap_or((rest, "00:00"));
        let day: u64 = day.parse().ok()?;
        return Some(Moment::SinceBeginning(day.checked_mul(DAY_S)?.checked_add(clock(time)?)?));
    }
    let mut words = text.strip_prefix("round ")?.splitn(3, ' ');
    let round = words.next()?.parse().ok()?;
    let point = match words.next()? {
        "opens" => Point::Opens,
        "due" => Point::Due,
        "late" => Point::Late,
        "short" => Point::Short,
        _ => return None,
    };
    let offset_s = match words.next().map(|rest| rest.split_at_checked(1)) {
        None => 0,
        Some(Some(("+", rest))) => i64::try_from(seconds(rest.trim())?).ok()?,
        Some(Some(("-", rest))) => 0 - i64::try_from(seconds(rest.trim())?).ok()?,
        Some(_) => return None,
    };
    Some(Moment::Round { round, point, offset_s })
}

/// `14:30` or `14:30:05`, in seconds since midnight.
fn clock(text: &str) -> Option<u64> {
    let parts: Vec<&str> = text.split(':').collect();
    let number = |part: &str, below: u64| -> Option<u64> {
        let number: u64 = part.parse().ok()?;
        (part.len() == 2 && number < below).then_some(number)
    };
    let (hours, minutes, rest) = match parts[..] {
        [hours, minutes] => (number(hours, 24)?, number(minutes, 60)?, 0),
        [hours, minutes, rest] => (number(hours, 24)?, number(minutes, 60)?, number(rest, 60)?),
        _ => return None,
    };
    Some(hours * HOUR_S + minutes * MINUTE_S + rest)
}

/// `2 days 3 hours`, in seconds.
fn seconds(text: &str) -> Option<u64> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let pairs = words.chunks_exact(2);
    if words.is_empty() || !pairs.remainder().is_empty() {
        return None;
    }
    let mut sum = 0_u64;
    for pair in pairs {
        let unit = match pair.get(1)?.trim_end_matches('s') {
            "second" => 1,
            "minute" => MINUTE_S,
            "hour" => HOUR_S,
            "day" => DAY_S,
            "week" => 7 * DAY_S,
            _ => return None,
        };
        let number: u64 = pair.first()?.parse().ok()?;
        sum = sum.checked_add(number.checked_mul(unit)?)?;
    }
    Some(sum)
}

macro_rules! from_text {
    ($($name:ident)*) => {
        $(impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::try_from(text).map_err(de::Error::custom)
            }
        })*
    };
}

from_text! { BasisPoints Length Every UtcOffset Moment }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_people_say_them() {
        let round = |point, offset_s| Some(Moment::Round { round: 3, point, offset_s });
        let table = [
            ("day 0", Some(Moment::SinceBeginning(0))),
            ("day 3", Some(Moment::SinceBeginning(3 * 86_400))),
            // 3 × 86,400 + 14 × 3,600 + 30 × 60 = 311,400.
            ("day 3 14:30", Some(Moment::SinceBeginning(311_400))),
            ("day 3 14:30:05", Some(Moment::SinceBeginning(311_405))),
            ("+2 days 3 hours", Some(Moment::Later(183_600))),
            ("+ 1 second", Some(Moment::Later(1))),
            ("round 3 opens", round(Point::Opens, 0)),
            ("round 3 due - 1 second", round(Point::Due, -1)),
            ("round 3 late + 1 hour", round(Point::Late, 3_600)),
            ("round 3 short", round(Point::Short, 0)),
            ("setup over", Some(Moment::SetupOver)),
            ("", None),
            ("3", None),
            ("day three", None),
            ("day 3 24:00", None),
            ("day 3 1:00", None),
            ("day 18446744073709551615", None),
            ("+2", None),
            ("+2 fortnights", None),
            ("round 3", None),
            ("round 300 due", None),
            ("round 3 due 1 second", None),
            ("round 3 done", None),
        ];
        for (text, expected) in table {
            assert_eq!(moment(text), expected, "{text:?}");
        }
    }

    #[test]
    fn intervals_parts_and_offsets() {
        let every = |text: &str| Every::try_from(text.to_owned()).ok().map(|every| every.0);
        assert_eq!(every("1 month"), Some(Interval::Months(1)));
        assert_eq!(every("1 week"), Some(Interval::Seconds(604_800)));
        assert_eq!(every("300 months"), None);
        assert_eq!(every("monthly"), None);
        let part = |text: &str| BasisPoints::try_from(text.to_owned()).ok().map(|part| part.0);
        assert_eq!(
            (part("2.5%"), part("100%"), part("65 %")),
            (Some(250), Some(10_000), Some(6_500))
        );
        assert_eq!(
            (part("2.555%"), part("101%"), part("5"), part("-1%")),
            (None, None, None, None)
        );
        let offset = |text: &str| UtcOffset::try_from(text.to_owned()).ok().map(|it| it.0);
        assert_eq!((offset("+01:00"), offset("-05:30")), (Some(3_600), Some(-19_800)));
        assert_eq!((offset("01:00"), offset("+1"), offset("")), (None, None, None));
    }
}
