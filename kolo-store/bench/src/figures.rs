//! Rates, ratios and waiting times: whole numbers, rounded down, so that nothing passes by rounding.
use std::fmt;
use std::time::Duration;

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

    /// Nanoseconds of each.
    pub fn each(self) -> Duration {
        self.took / u32::try_from(self.times.max(1)).unwrap_or(u32::MAX)
    }
}

/// Thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ratio(pub u64);

impl Ratio {
    /// A rate as a part of another.
    pub fn of(rate: u64, reference: u64) -> Self {
        Self(rate.saturating_mul(1_000) / reference.max(1))
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{:03}", self.0 / 1_000, self.0 % 1_000))
    }
}

/// The one in the middle; of two, the lower. `None` of nothing.
pub fn median<T: Copy + Ord>(figures: impl IntoIterator<Item = T>) -> Option<T> {
    let mut figures: Vec<T> = figures.into_iter().collect();
    figures.sort_unstable();
    figures.get(figures.len().saturating_sub(1) / 2).copied()
}

/// What 95 of 100 did not exceed.
pub fn p95(mut waits: Vec<Duration>) -> Duration {
    waits.sort_unstable();
    let rank = (waits.len() * 95).div_ceil(100).max(1) - 1;
    waits.get(rank).copied().unwrap_or_default()
}

/// Milliseconds with three digits behind the point.
pub fn millis(time: Duration) -> String {
    let micros = time.as_micros();
    format!("{}.{:03}", micros / 1_000, micros % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_ratios_are_rounded_down() {
        let rate = Rate { times: 1, took: Duration::from_millis(3) };
        assert_eq!(rate.per_second(), 333);
        assert_eq!(
            Rate { times: 4, took: Duration::from_millis(10) }.each(),
            Duration::from_micros(2_500)
        );
        assert_eq!(Ratio::of(1_999, 1_000).to_string(), "1.999");
        assert_eq!(Ratio::of(2, 3), Ratio(666));
        assert_eq!(format!("{:>7}", Ratio(666)), "  0.666");
    }

    #[test]
    fn the_middle_and_the_tail() {
        assert_eq!(median([3, 1, 2]), Some(2));
        assert_eq!(median([4, 1, 2, 3]), Some(2));
        assert_eq!(median::<u8>([]), None);
        let waits = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(p95(waits), Duration::from_millis(95));
        assert_eq!(p95(vec![Duration::from_millis(7)]), Duration::from_millis(7));
        assert_eq!(p95(Vec::new()), Duration::ZERO);
        assert_eq!(millis(Duration::from_micros(1_042)), "1.042");
    }
}
