//! How often a second, and ratios: exact, rounded down, so that nothing passes by rounding.
use std::fmt;
use std::time::Duration;

/// Counts the time that one core works for this process, all its threads together: on a machine that
/// does nothing else, the time that passes.
pub struct Stopwatch(Duration);

impl Stopwatch {
    pub fn start() -> Self {
        Self(worked())
    }

    pub fn elapsed(&self) -> Duration {
        worked().saturating_sub(self.0)
    }
}

fn worked() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = Duration::from_secs(u64::try_from(time.tv_sec).unwrap_or(0));
    seconds.saturating_add(Duration::from_nanos(u64::try_from(time.tv_nsec).unwrap_or(0)))
}

/// So many in so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub times: u64,
    pub took: Duration,
}

impl Rate {
    /// Whole ones a second.
    pub fn per_second(self) -> u64 {
        let took = self.took.as_nanos().max(1);
        u64::try_from(u128::from(self.times) * 1_000_000_000 / took).unwrap_or(u64::MAX)
    }

    /// The faster of two measurements of the same thing: what else the machine did is not ours.
    pub fn faster(self, other: Self) -> Self {
        if other.per_second() > self.per_second() { other } else { self }
    }

    /// One of each, one after the other.
    pub fn then(self, other: Self) -> Self {
        let each = |rate: Self| rate.took / u32::try_from(rate.times.max(1)).unwrap_or(u32::MAX);
        Self { times: 1, took: each(self).saturating_add(each(other)) }
    }

    /// As a part of `reference`.
    pub fn part_of(self, reference: Self) -> Ratio {
        let own = u128::from(self.times) * reference.took.as_nanos() * 1_000;
        let whole = u128::from(reference.times) * self.took.as_nanos();
        Ratio(u64::try_from(own / whole.max(1)).unwrap_or(u64::MAX))
    }
}

/// Thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ratio(pub u64);

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1_000, self.0 % 1_000)
    }
}

/// Digits in groups of three.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(times: u64, millis: u64) -> Rate {
        Rate { times, took: Duration::from_millis(millis) }
    }

    #[test]
    fn rates_are_counted_by_the_second() {
        assert_eq!(rate(300, 100).per_second(), 3_000);
        assert_eq!(rate(1, 3).per_second(), 333);
        assert_eq!(rate(10, 5).faster(rate(10, 4)), rate(10, 4));
        assert_eq!(rate(10, 4).faster(rate(10, 5)), rate(10, 4));
    }

    #[test]
    fn a_ratio_is_never_rounded_in_our_favour() {
        // 7 a second of 10 a second, whatever they were counted over.
        assert_eq!(rate(14, 2_000).part_of(rate(10, 1_000)), Ratio(700));
        assert_eq!(rate(69_999, 1_000).part_of(rate(100_000, 1_000)), Ratio(699));
        assert_eq!(rate(10, 20).then(rate(5, 15)), rate(1, 5));
        assert_eq!(Ratio(1_007).to_string(), "1.007");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(999), "999");
    }
}
