//! Ratios to the floor, exactly: thousandths, rounded up, so that nothing passes by rounding.

use std::fmt;

/// Thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ratio(u64);

impl Ratio {
    #[must_use]
    pub const fn thousandths(thousandths: u64) -> Self {
        Self(thousandths)
    }

    /// How many times `floor`; the highest ratio there is to a floor of nothing.
    #[must_use]
    pub fn of(value: u64, floor: u64) -> Self {
        let thousandths = u128::from(value) * 1_000;
        match floor {
            0 => Self(u64::MAX),
            _ => Self(u64::try_from(thousandths.div_ceil(u128::from(floor))).unwrap_or(u64::MAX)),
        }
    }

    #[must_use]
    pub const fn as_thousandths(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1_000, self.0 % 1_000)
    }
}

/// Digits in groups of three.
#[must_use]
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

    #[test]
    fn a_ratio_is_never_rounded_in_our_favour() {
        assert_eq!(Ratio::of(1_350, 1_000), Ratio::thousandths(1_350));
        // 1,350.0007 thousandths.
        assert!(Ratio::of(1_350_001, 1_000_000) > Ratio::thousandths(1_350));
        assert_eq!(Ratio::of(0, 7), Ratio::thousandths(0));
        assert_eq!(Ratio::of(1, 0), Ratio::thousandths(u64::MAX));
        assert_eq!(Ratio::of(u64::MAX, 1), Ratio::thousandths(u64::MAX));
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(Ratio::of(3, 2).to_string(), "1.500");
        assert_eq!(Ratio::of(1_007, 1_000).to_string(), "1.007");
        let shown: Vec<_> = [0, 999, 1_000, 54_752, 1_234_567].map(grouped).into();
        assert_eq!(shown, ["0", "999", "1,000", "54,752", "1,234,567"]);
    }
}
