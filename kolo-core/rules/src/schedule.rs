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
                let local = i64::try_from(start).ok()?.checked_add(i64::from(utc_offset_s))?;
                let (month, day) = month_and_day(local.div_euclid(DAY_S));
                let month = month.checked_add(i64::from(count) * i64::from(months))?;
                let first = days_before(month);
                let length = days_before(month + 1) - first;
                let days = first + day.min(length - 1);
                let seconds = days.checked_mul(DAY_S)?.checked_add(local.rem_euclid(DAY_S))?;
                u64::try_from(seconds.checked_sub(i64::from(utc_offset_s))?).ok()
            }
        }
    }

    /// How many whole intervals have passed from `start` until `now`: the largest `count` for which
    /// [`Interval::after`] is not later than `now`. Zero before the start.
    #[must_use]
    #[inline]
    pub fn elapsed(self, start: u64, now: u64, utc_offset_s: i32) -> u32 {
        let Some(passed) = now.checked_sub(start) else {
            return 0;
        };
        match self {
            Self::Seconds(seconds) => {
                let count = passed.checked_div(u64::from(seconds)).unwrap_or(0);
                u32::try_from(count).unwrap_or(u32::MAX)
            }
            Self::Months(months) => months_elapsed(months, start, now, utc_offset_s),
        }
    }
}

/// [`Interval::elapsed`] of months; `now` is not before `start`. In a contract its code is there once.
#[inline(never)]
fn months_elapsed(months: u8, start: u64, now: u64, utc_offset_s: i32) -> u32 {
    let local = |time: u64| {
        let time = i64::try_from(time).unwrap_or(i64::MAX).saturating_add(i64::from(utc_offset_s));
        (time.div_euclid(DAY_S), time.rem_euclid(DAY_S))
    };
    let ((start, start_second), (today, second)) = (local(start), local(now));
    let ((first_month, start_day), (month, day)) = (month_and_day(start), month_and_day(today));
    let passed = month.wrapping_sub(first_month);
    let count = passed.checked_div(i64::from(months)).unwrap_or(0);
    let is_whole = passed.checked_rem(i64::from(months)) == Some(0);
    // In the last month the day may not have come yet: the same one, or the month's last.
    let is_last_day = || month_and_day(today.saturating_add(1)).0 != month;
    let has_come = day > start_day || second >= start_second && (day == start_day || is_last_day());
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    if is_whole && !has_come { count.saturating_sub(1) } else { count }
}

// Months are numbered through: twelve times the year plus 0 (March) to 11 (February of the next
// year). A year that begins in March has its leap day at the very end, where it disturbs nothing.

/// The month a day (since 1970) is in, and how many days of that month were before it.
#[inline(never)]
fn month_and_day(day: i64) -> (i64, i64) {
    let day = day + EPOCH;
    let era = day.div_euclid(ERA_DAYS);
    let day_of_era = day.rem_euclid(ERA_DAYS);
    // A year number that may be one too small on a year's first days, then corrected.
    let mut year = day_of_era * ERA_YEARS / ERA_DAYS;
    if days_before_year(year + 1) <= day_of_era {
        year += 1;
    }
    let day_of_year = day_of_era - days_before_year(year);
    // Five months from March, and from August, have 153 days: 31, 30, 31, 30, 31.
    let month = (5 * day_of_year + 2) / 153;
    ((era * ERA_YEARS + year) * 12 + month, day_of_year - days_before_month(month))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Unix seconds, from `date -u -d '… UTC' +%s`.
    const JAN_31_2026: u64 = 1_769_817_600;
    const FEB_28_2026: u64 = 1_772_236_800;
    const MAR_31_2026: u64 = 1_774_915_200;
    const APR_30_2026: u64 = 1_777_507_200;
    const JAN_31_2027: u64 = 1_801_353_600;
    const DEC_31_2027: u64 = 1_830_211_200;
    const JAN_31_2028: u64 = 1_832_889_600;
    const FEB_29_2028: u64 = 1_835_395_200;
    const MAR_31_2028: u64 = 1_838_073_600;
    const FEB_29_2000: u64 = 951_782_400;
    const MAY_29_2021: u64 = 1_622_246_400;
    const FEB_28_2001: u64 = 983_318_400;
    const FEB_28_2100: u64 = 4_107_456_000;
    const FEB_29_2096: u64 = 3_981_312_000;
    const HOUR: i32 = 3600;

    #[test]
    fn months_keep_their_day_or_end_on_the_last() {
        let table = [
            (JAN_31_2026, 1, 0, JAN_31_2026),
            (JAN_31_2026, 1, 1, FEB_28_2026),
            // From the anchor: the short February does not shorten March.
            (JAN_31_2026, 1, 2, MAR_31_2026),
            (JAN_31_2026, 1, 3, APR_30_2026),
            (JAN_31_2026, 1, 12, JAN_31_2027),
            (JAN_31_2026, 12, 1, JAN_31_2027),
            (JAN_31_2026, 3, 1, APR_30_2026),
            // 2028 is a leap year.
            (JAN_31_2028, 1, 1, FEB_29_2028),
            (JAN_31_2028, 1, 2, MAR_31_2028),
            (DEC_31_2027, 1, 1, JAN_31_2028),
            (DEC_31_2027, 2, 1, FEB_29_2028),
            // 2000 was one, 2100 is none.
            (FEB_29_2000, 12, 1, FEB_28_2001),
            (FEB_29_2096, 48, 1, FEB_28_2100),
            // 255 months are 21 years and 3 months: 29 May 2021.
            (FEB_29_2000, 255, 1, MAY_29_2021),
        ];
        for (start, months, count, expected) in table {
            let reached = Interval::Months(months).after(start, count, 0);
            assert_eq!(reached, Some(expected), "{start} + {count}·{months} months");
        }
    }

    #[test]
    fn the_day_is_that_of_the_fixed_offset() {
        // 30 Jan 23:30 UTC is 31 Jan 00:30 at +1: a month later 28 Feb 00:30 local, 27 Feb 23:30 UTC.
        let start = JAN_31_2026 - 1800;
        let february = Interval::Months(1).after(start, 1, HOUR);
        assert_eq!(february, Some(FEB_28_2026 - 1800));
        let march = Interval::Months(1).after(start, 2, HOUR);
        assert_eq!(march, Some(MAR_31_2026 - 1800));
        // At UTC it is the 30th, which March has: 30 Mar 23:30.
        assert_eq!(Interval::Months(1).after(start, 2, 0), Some(MAR_31_2026 - 1800));
        // 1 Feb 00:30 UTC is 31 Jan 12:30 at −12: local 28 Feb 12:30 is 1 Mar 00:30 UTC.
        let start = JAN_31_2026 + 86_400 + 1800;
        let february = Interval::Months(1).after(start, 1, -12 * HOUR);
        assert_eq!(february, Some(FEB_28_2026 + 86_400 + 1800));
    }

    #[test]
    fn the_first_of_january_1970_has_months_too() {
        // 31 + 28 days.
        assert_eq!(Interval::Months(2).after(0, 1, 0), Some(59 * 86_400));
        // 31 Dec 1969, 23:00 local: a month later 31 Jan 23:00 local.
        assert_eq!(Interval::Months(1).after(0, 1, -HOUR), Some(31 * 86_400));
    }

    #[test]
    fn seconds_are_just_added() {
        assert_eq!(Interval::Seconds(7 * 86_400).after(1_000, 3, HOUR), Some(1_815_400));
        assert_eq!(Interval::Seconds(1).after(u64::MAX, 0, 0), Some(u64::MAX));
        assert_eq!(Interval::Seconds(1).after(u64::MAX, 1, 0), None);
        assert_eq!(Interval::Months(1).after(u64::MAX, 0, 0), None);
        assert_eq!(Interval::Months(255).after(u64::MAX / 2, u32::MAX, HOUR), None);
    }

    #[test]
    fn whole_intervals_that_have_passed() {
        let month = Interval::Months(1);
        assert_eq!(month.elapsed(JAN_31_2026, JAN_31_2026 - 1, 0), 0);
        assert_eq!(month.elapsed(JAN_31_2026, FEB_28_2026 - 1, 0), 0);
        assert_eq!(month.elapsed(JAN_31_2026, FEB_28_2026, 0), 1);
        assert_eq!(month.elapsed(JAN_31_2026, MAR_31_2026 - 1, 0), 1);
        assert_eq!(month.elapsed(JAN_31_2026, MAR_31_2026, 0), 2);
        assert_eq!(Interval::Seconds(10).elapsed(100, 119, 0), 1);
        assert_eq!(Interval::Seconds(10).elapsed(100, 120, 0), 2);
        assert_eq!(Interval::Seconds(10).elapsed(100, 99, 0), 0);
        assert_eq!(Interval::Seconds(1).elapsed(0, u64::MAX, 0), u32::MAX);
    }

    /// From the last days of a month, which other months do not have, over more than four years.
    #[test]
    fn months_that_end_early_have_passed_on_their_last_day() {
        for (days, offset) in (0..6).flat_map(|days| [(days, -HOUR), (days, 0), (days, HOUR)]) {
            let start = JAN_31_2026 - days * 43_200;
            for (months, count) in (1..=3).flat_map(|months| (1..50).map(move |n| (months, n))) {
                let interval = Interval::Months(months);
                let reached = interval.after(start, count, offset).unwrap();
                assert_eq!(interval.elapsed(start, reached, offset), count);
                assert_eq!(interval.elapsed(start, reached + 1, offset), count);
                assert_eq!(interval.elapsed(start, reached - 1, offset), count - 1);
            }
        }
    }

    /// Day by day, with the rule for leap years as it is taught.
    #[test]
    fn five_centuries_of_days_agree_with_the_calendar() {
        let (mut year, mut month, mut day) = (1970_i64, 0_usize, 0_i64);
        for since_1970 in 0..500 * 366 {
            let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
            let february = if leap { 29 } else { 28 };
            let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            let number = year * 12 + i64::try_from(month).unwrap() - 2;
            assert_eq!(month_and_day(since_1970), (number, day), "day {since_1970}");
            assert_eq!(days_before(number), since_1970 - day);
            day += 1;
            if day == lengths[month] {
                (month, day) = (month + 1, 0);
            }
            if month == 12 {
                (year, month) = (year + 1, 0);
            }
        }
    }

    fn interval() -> impl Strategy<Value = Interval> {
        prop_oneof![
            (1..=u8::MAX).prop_map(Interval::Months),
            (1..=u32::MAX).prop_map(Interval::Seconds)
        ]
    }

    proptest! {
        #[test]
        fn elapsed_is_the_inverse_of_after(
            interval in interval(),
            start in 0..20_000_000_000_u64,
            count in 0..20_000_u32,
            before in 1..86_400_u64,
            offset in -14 * HOUR..=14 * HOUR,
        ) {
            let reached = interval.after(start, count, offset).unwrap();
            prop_assert_eq!(interval.elapsed(start, reached, offset), count);
            let next = interval.after(start, count + 1, offset).unwrap();
            prop_assert!(next > reached, "deadlines grow");
            prop_assert_eq!(interval.elapsed(start, next - 1, offset), count);
            let earlier = next.saturating_sub(before);
            let elapsed = interval.elapsed(start, earlier, offset);
            prop_assert!(earlier < start || interval.after(start, elapsed, offset).unwrap() <= earlier);
            prop_assert!(interval.after(start, elapsed + 1, offset).unwrap() > earlier);
        }

        #[test]
        fn no_time_panics(
            interval in interval(), start: u64, now: u64, count: u32, offset: i32,
        ) {
            if let Some(reached) = interval.after(start, count, offset) {
                prop_assert!(reached >= start);
            }
            let elapsed = interval.elapsed(start, now, offset);
            if let Some(reached) = interval.after(start, elapsed, offset) {
                prop_assert!(elapsed == 0 || reached <= now);
            }
        }
    }
}
