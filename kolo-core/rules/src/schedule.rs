//! When things are due: UTC seconds plus a fixed offset kept in the rules.

const DAY_S: i64 = 86_400;
/// The calendar repeats after 400 years.
const ERA_YEARS: i64 = 400;
const ERA_DAYS: i64 = 146_097;
/// Days from 1 March of the year 0 to 1 January 1970.
const EPOCH: i64 = 719_468;

/// The contribution interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Interval {
    /// A fixed number of seconds, ≥ 1 (the product's bounds in days are the server's).
    Seconds(u32),
    /// Calendar months (≥ 1): the same day of the month and time of day as the start, in the rules'
    /// offset; the month's last day when it has no such day (31 Jan → 28 Feb → 31 Mar).
    Months(u8),
}

impl Interval {
    /// `start` (Unix seconds) plus `count` intervals. `None` when that leaves the range of time.
    ///
    /// Always counted from the start, so that a short month does not shorten the later ones.
    #[must_use]
    pub fn after(self, start: u64, count: u32, utc_offset_s: i32) -> Option<u64> {
        match self {
            Self::Seconds(seconds) => {
                start.checked_add(u64::from(seconds).checked_mul(u64::from(count))?)
            }
            Self::Months(months) => {
                let local = i64::try_from(start)
                    .ok()?
                    .checked_add(i64::from(utc_offset_s))?;
                let (month, day) = month_and_day(local.div_euclid(DAY_S));
                let month = month.checked_add(i64::from(count) * i64::from(months))?;
                let first = days_before(month);
                let length = days_before(month + 1) - first;
                let days = first + day.min(length - 1);
                let seconds = days
                    .checked_mul(DAY_S)?
                    .checked_add(local.rem_euclid(DAY_S))?;
                u64::try_from(seconds.checked_sub(i64::from(utc_offset_s))?).ok()
            }
        }
    }

    /// How many whole intervals have passed from `start` until `now`: the largest `count` for which
    /// [`Interval::after`] is not later than `now`. Zero before the start.
    #[must_use]
    pub fn elapsed(self, start: u64, now: u64, utc_offset_s: i32) -> u32 {
        let Some(passed) = now.checked_sub(start) else {
            return 0;
        };
        match self {
            Self::Seconds(seconds) => {
                let count = passed.checked_div(u64::from(seconds)).unwrap_or(0);
                u32::try_from(count).unwrap_or(u32::MAX)
            }
            Self::Months(months) => {
                let month_of = |time: u64| {
                    let time = i64::try_from(time).unwrap_or(i64::MAX);
                    let local = time.saturating_add(i64::from(utc_offset_s));
                    month_and_day(local.div_euclid(DAY_S)).0
                };
                let months_passed = month_of(now) - month_of(start);
                let count = months_passed.checked_div(i64::from(months)).unwrap_or(0);
                let count = u32::try_from(count).unwrap_or(u32::MAX);
                // In the last month the day may not have come yet.
                match self.after(start, count, utc_offset_s) {
                    Some(reached) if reached <= now => count,
                    _ => count.saturating_sub(1),
                }
            }
        }
    }
}

// Months are numbered through: twelve times the year plus 0 (March) to 11 (February of the next
// year). A year that begins in March has its leap day at the very end, where it disturbs nothing.

/// The month a day (since 1970) is in, and how many days of that month were before it.
fn month_and_day(day: i64) -> (i64, i64) {
    let day = day + EPOCH;
    let era = day.div_euclid(ERA_DAYS);
    let day_of_era = day.rem_euclid(ERA_DAYS);
    // A year number that may be one too large on a year's last days, then corrected.
    let mut year = day_of_era * ERA_YEARS / ERA_DAYS;
    if days_before_year(year + 1) <= day_of_era {
        year += 1;
    } else if days_before_year(year) > day_of_era {
        year -= 1;
    }
    let day_of_year = day_of_era - days_before_year(year);
    // Five months from March, and from August, have 153 days: 31, 30, 31, 30, 31.
    let month = (5 * day_of_year + 2) / 153;
    (
        (era * ERA_YEARS + year) * 12 + month,
        day_of_year - days_before_month(month),
    )
}

/// Days (since 1970) before the first of a month numbered as above.
fn days_before(month: i64) -> i64 {
    let year = month.div_euclid(12);
    let era = year.div_euclid(ERA_YEARS);
    let days = era * ERA_DAYS + days_before_year(year.rem_euclid(ERA_YEARS));
    days + days_before_month(month.rem_euclid(12)) - EPOCH
}

/// Days of an era before its year 0..=400.
fn days_before_year(year: i64) -> i64 {
    365 * year + year / 4 - year / 100 + year / ERA_YEARS
}

/// Days of a March-based year before its month 0..=11.
fn days_before_month(month: i64) -> i64 {
    (153 * month + 2) / 5
}
