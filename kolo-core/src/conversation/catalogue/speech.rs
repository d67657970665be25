//! Amounts, dates and intervals as they are shown.
use jiff::tz::Offset;
use kolo_rules::{Amount, Interval};

use super::member::newcomer_words;
use crate::conversation::words::Words;
use crate::view::{Every, NewcomerView, VoteOn};
use crate::{Asset, Money, Timestamp};

/// What the words depend on besides the language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speech {
    /// What the amounts are of that are not said to be of another asset.
    pub asset: Asset,
    /// Offset of the dates shown from UTC, in seconds.
    pub utc_offset_s: i32,
}

impl Speech {
    /// The same of another asset.
    #[must_use]
    pub fn of(&self, asset: &Asset) -> Self {
        Self { asset: asset.clone(), ..*self }
    }

    /// `12.50 USDC`.
    pub(super) fn money(&self, amount: Amount) -> String {
        Money { amount, asset: self.asset.clone() }.to_string()
    }

    /// `Mon 3 Feb 2025, 14:00`, by this offset.
    pub(super) fn date(&self, at: Timestamp) -> String {
        date(at, self.utc_offset_s)
    }
}

/// `Mon 3 Feb 2025, 14:00`; by UTC when the offset is none that exists.
pub(super) fn date(at: Timestamp, utc_offset_s: i32) -> String {
    let seconds = i64::try_from(at.unix()).unwrap_or(i64::MAX);
    let Ok(moment) = jiff::Timestamp::from_second(seconds) else {
        return "?".to_owned();
    };
    let offset = Offset::from_seconds(utc_offset_s).unwrap_or(Offset::UTC);
    moment.to_zoned(offset.to_time_zone()).strftime("%a %-d %b %Y, %H:%M").to_string()
}

/// `every week`.
pub(super) fn every(interval: Interval) -> Words {
    const DAY_S: u32 = 86_400;
    match interval {
        Interval::Months(months) => Words::new("every-months").count("count", months),
        Interval::Seconds(seconds) if seconds % (7 * DAY_S) == 0 => {
            Words::new("every-weeks").count("count", seconds / (7 * DAY_S))
        }
        Interval::Seconds(seconds) if seconds % DAY_S == 0 => {
            Words::new("every-days").count("count", seconds / DAY_S)
        }
        Interval::Seconds(seconds) if seconds % 3600 == 0 => {
            Words::new("every-hours").count("count", seconds / 3600)
        }
        Interval::Seconds(seconds) => Words::new("every-seconds").count("count", seconds),
        // Intervals this version does not know are not offered by it either.
        _ => Words::new("every-months").count("count", 1_u32),
    }
}

/// The interval of a new circle as the rules keep it.
pub(super) fn interval(every: Every) -> Interval {
    match every {
        Every::Days(days) => Interval::Seconds(u32::from(days).saturating_mul(86_400)),
        Every::Month => Interval::Months(1),
        Every::Seconds(seconds) => Interval::Seconds(seconds),
    }
}

/// What the network knows a movement by, shortened: the beginning of the transaction's hash.
pub(super) fn reference(tx: &str) -> String {
    crate::conversation::clean::clip(tx, 8).to_owned()
}

/// What a vote is about, within a sentence.
pub(super) fn matter(
    group: &str,
    on: VoteOn,
    about: &str,
    newcomer: Option<&NewcomerView>,
) -> Words {
    let (who, end) = newcomer_words(newcomer);
    let on = match on {
        VoteOn::Dissolve => "dissolve",
        VoteOn::Expel => "expel",
        VoteOn::Replace => "replace",
        VoteOn::Move => "move",
    };
    Words::new("vote-matter")
        .name("name", group)
        .text("on", on)
        .name("about", about)
        .flag("known", newcomer.is_some())
        .name("newcomer", &who)
        .text("end", end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_the_weekday_of_the_circles_offset() {
        // 2025-02-03T23:30:00Z is a Monday; an hour further east it is Tuesday.
        let at = Timestamp::from_unix(1_738_625_400);
        assert_eq!(date(at, 0), "Mon 3 Feb 2025, 23:30");
        assert_eq!(date(at, 3600), "Tue 4 Feb 2025, 00:30");
        assert_eq!(date(Timestamp::from_unix(u64::MAX), 0), "?");
        assert_eq!(date(at, i32::MAX), "Mon 3 Feb 2025, 23:30");
    }
}
