//! Money as whole minor units.

use core::fmt;

/// An amount in minor units of some asset (for USDC on Stellar: stroops, 10⁻⁷ USDC).
///
/// Signed, because a net claim may be negative; every operation is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(i64);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest amount there is.
    pub const MAX: Self = Self(i64::MAX);

    /// So many minor units.
    #[must_use]
    pub const fn new(minor_units: i64) -> Self {
        Self(minor_units)
    }

    /// The minor units in it.
    #[must_use]
    pub const fn minor_units(self) -> i64 {
        self.0
    }

    /// # Errors
    /// When the sum leaves the range of `i64`.
    pub fn checked_add(self, other: Self) -> Result<Self, AmountError> {
        self.0.checked_add(other.0).map(Self).ok_or(AmountError)
    }

    /// # Errors
    /// When the difference leaves the range of `i64`. A negative result is none.
    pub fn checked_sub(self, other: Self) -> Result<Self, AmountError> {
        self.0.checked_sub(other.0).map(Self).ok_or(AmountError)
    }

    /// # Errors
    /// When the product leaves the range of `i64`.
    pub fn checked_mul(self, factor: u32) -> Result<Self, AmountError> {
        self.0.checked_mul(i64::from(factor)).map(Self).ok_or(AmountError)
    }

    /// More than nothing?
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Exactly nothing?
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Parses plain decimal text ("10", "10.5") of an asset with `decimals` decimals.
    ///
    /// ASCII digits, and a point only between digits: no sign, blank, grouping, exponent or needless
    /// leading zero ("007"). Trailing zeros count as decimals, so that "10.50000000" is refused where
    /// there are seven.
    ///
    /// # Errors
    /// [`ParseAmountError`] says what is wrong with the text.
    pub fn parse(text: &str, decimals: u8) -> Result<Self, ParseAmountError> {
        let bytes = text.as_bytes();
        match bytes.first() {
            None => return Err(ParseAmountError::Empty),
            Some(b'+' | b'-') => return Err(ParseAmountError::Signed),
            Some(_) => {}
        }
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, fraction)) => (whole.as_bytes(), Some(fraction.as_bytes())),
            None => (bytes, None),
        };
        let well_formed = are_digits(whole)
            && fraction.is_none_or(are_digits)
            && (whole.len() == 1 || whole.first() != Some(&b'0'));
        if !well_formed {
            return Err(ParseAmountError::NotANumber);
        }
        let fraction = fraction.unwrap_or_default();
        let missing = usize::from(decimals)
            .checked_sub(fraction.len())
            .ok_or(ParseAmountError::TooManyDecimals)?;
        let padding = core::iter::repeat_n(&b'0', missing);
        let mut value = 0_i64;
        for digit in whole.iter().chain(fraction).chain(padding) {
            let digit = i64::from(digit.saturating_sub(b'0'));
            value = value
                .checked_mul(10)
                .and_then(|tens| tens.checked_add(digit))
                .ok_or(ParseAmountError::Overflow)?;
        }
        Ok(Self(value))
    }

    /// `Display`able exact form, e.g. "10.5"; trailing zeros dropped, at least `min_decimals` kept.
    ///
    /// Width and alignment of the format string are obeyed as for any number; precision is not, since
    /// it would show money that is not there.
    #[must_use]
    pub const fn display(self, decimals: u8, min_decimals: u8) -> DisplayAmount {
        DisplayAmount { amount: self, decimals, min_decimals }
    }
}

fn are_digits(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit)
}

/// See [`Amount::display`].
#[derive(Clone, Copy, Debug)]
pub struct DisplayAmount {
    amount: Amount,
    decimals: u8,
    min_decimals: u8,
}

/// 255 decimals, the point, and the 19 digits of an `i64` (at least one before the point).
const MAX_TEXT: usize = 255 + 1 + 19;

impl fmt::Display for DisplayAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [b'0'; MAX_TEXT];
        let mut rest = self.amount.0.unsigned_abs();
        let mut write = text.iter_mut().rev();
        let mut length = 0_usize;
        let mut push = |byte: u8| {
            if let Some(slot) = write.next() {
                *slot = byte;
                length += 1;
            }
        };
        // From the right: decimals (the zeros at the end left out), the point, whole units.
        let mut shown = false;
        for position in (1..=self.decimals).rev() {
            let digit = last_digit(&mut rest);
            shown |= digit != b'0' || position <= self.min_decimals;
            if shown {
                push(digit);
            }
        }
        if shown {
            push(b'.');
        }
        push(last_digit(&mut rest));
        while rest > 0 {
            push(last_digit(&mut rest));
        }
        let written = text.get(MAX_TEXT - length..).unwrap_or_default();
        let written = core::str::from_utf8(written).map_err(|_| fmt::Error)?;
        f.pad_integral(self.amount.0 >= 0, "", written)
    }
}

/// Takes the last decimal digit off `value`, as ASCII.
fn last_digit(value: &mut u64) -> u8 {
    let digit = u8::try_from(*value % 10).unwrap_or(0);
    *value /= 10;
    b'0' + digit
}

/// A result left the range of `i64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmountError;

impl fmt::Display for AmountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the amount is too large to calculate with; use smaller amounts")
    }
}

impl core::error::Error for AmountError {}

/// Why a text is not an amount. Strict: the API's parser, never the chat's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseAmountError {
    /// There is no text.
    Empty,
    /// Anything but ASCII digits with at most one point between them.
    NotANumber,
    /// It starts with `+` or `-`.
    Signed,
    /// More decimals than the asset has.
    TooManyDecimals,
    /// More than an `i64` of minor units holds.
    Overflow,
}

impl fmt::Display for ParseAmountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the amount is empty; write digits, such as 10 or 10.5",
            Self::NotANumber => "not an amount; write digits with at most one point, such as 10.5",
            Self::Signed => "an amount has no sign; leave out the + or -",
            Self::TooManyDecimals => "more decimals than the asset has; use fewer",
            Self::Overflow => "the amount is too large; use a smaller one",
        })
    }
}

impl core::error::Error for ParseAmountError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::{format, string::ToString};

    use super::*;

    #[test]
    fn plain_decimal_text_is_an_amount() {
        // (text, decimals, minor units)
        let table = [
            ("0", 7, 0),
            ("1", 7, 10_000_000),
            ("10.5", 7, 105_000_000),
            ("0.0000001", 7, 1),
            ("1.000", 7, 10_000_000),
            ("1.000", 3, 1_000),
            ("0.50", 2, 50),
            ("12", 0, 12),
            // 2^63 − 1 with seven decimals and with none.
            ("922337203685.4775807", 7, i64::MAX),
            ("9223372036854775807", 0, i64::MAX),
            // Nothing is nothing, whatever the decimals.
            ("0", 255, 0),
        ];
        for (text, decimals, minor_units) in table {
            assert_eq!(Amount::parse(text, decimals), Ok(Amount::new(minor_units)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_its_reason() {
        use ParseAmountError as E;
        let table = [
            ("", 7, E::Empty),
            ("+1", 7, E::Signed),
            ("-1", 7, E::Signed),
            ("-", 7, E::Signed),
            ("-5", 7, E::Signed),
            ("1e9", 7, E::NotANumber),
            ("0x10", 7, E::NotANumber),
            (" 1", 7, E::NotANumber),
            ("1 ", 7, E::NotANumber),
            ("1 000", 7, E::NotANumber),
            ("1,000", 7, E::NotANumber),
            ("1_000", 7, E::NotANumber),
            ("1'000", 7, E::NotANumber),
            ("1.", 7, E::NotANumber),
            (".5", 7, E::NotANumber),
            (".", 7, E::NotANumber),
            ("1.2.3", 7, E::NotANumber),
            ("1.-5", 7, E::NotANumber),
            ("007", 7, E::NotANumber),
            ("00", 7, E::NotANumber),
            ("٣", 7, E::NotANumber),
            ("１", 7, E::NotANumber),
            ("🙂", 7, E::NotANumber),
            ("NaN", 7, E::NotANumber),
            ("inf", 7, E::NotANumber),
            ("1\u{0}", 7, E::NotANumber),
            ("10.12345678", 7, E::TooManyDecimals),
            ("10.50000000", 7, E::TooManyDecimals),
            ("1.0", 0, E::TooManyDecimals),
            // One stroop more than 2^63 − 1, with seven decimals and with none.
            ("922337203685.4775808", 7, E::Overflow),
            ("9223372036854775808", 0, E::Overflow),
            ("1", 19, E::Overflow),
            ("1", 255, E::Overflow),
            ("99999999999999999999999999", 7, E::Overflow),
        ];
        for (text, decimals, error) in table {
            assert_eq!(Amount::parse(text, decimals), Err(error), "{text:?}");
        }
        let endless = "9".repeat(10_000);
        assert_eq!(Amount::parse(&endless, 7), Err(E::Overflow));
    }

    #[test]
    fn amounts_are_shown_exactly() {
        // (minor units, decimals, at least so many shown, text)
        let table = [
            (105_000_000, 7, 0, "10.5"),
            (105_000_000, 7, 2, "10.50"),
            (100_000_000, 7, 0, "10"),
            (100_000_000, 7, 2, "10.00"),
            (1, 7, 2, "0.0000001"),
            (0, 7, 2, "0.00"),
            (0, 0, 2, "0"),
            (7, 0, 0, "7"),
            // No more decimals than the asset has.
            (150, 2, 9, "1.50"),
            (-105_000_000, 7, 2, "-10.50"),
            (-1, 2, 2, "-0.01"),
            (i64::MAX, 7, 0, "922337203685.4775807"),
            (i64::MIN, 7, 0, "-922337203685.4775808"),
            (i64::MIN, 0, 0, "-9223372036854775808"),
            (3, 20, 0, "0.00000000000000000003"),
        ];
        for (minor_units, decimals, min_decimals, text) in table {
            let shown = Amount::new(minor_units).display(decimals, min_decimals);
            assert_eq!(shown.to_string(), text);
        }
        let widest = Amount::new(i64::MIN).display(255, 255).to_string();
        assert_eq!(widest.len(), "-0.".len() + 255);
        assert!(widest.ends_with("0009223372036854775808"));
    }

    #[test]
    fn columns_line_up() {
        let amount = Amount::new(-105_000_000).display(7, 2);
        assert_eq!(format!("{amount:>9}|{amount:<9}|{amount:9}"), "   -10.50|-10.50   |   -10.50");
        assert_eq!(format!("{amount:.1}"), "-10.50", "precision must not hide money");
    }

    #[test]
    fn arithmetic_never_wraps() {
        let one = Amount::new(1);
        assert_eq!(Amount::MAX.checked_add(one), Err(AmountError));
        assert_eq!(Amount::new(i64::MIN).checked_sub(one), Err(AmountError));
        assert_eq!(Amount::MAX.checked_mul(2), Err(AmountError));
        assert_eq!(Amount::new(3).checked_sub(Amount::new(5)), Ok(Amount::new(-2)));
        assert_eq!(Amount::new(3).checked_mul(5), Ok(Amount::new(15)));
    }

    proptest! {
        #[test]
        fn what_is_shown_parses_to_the_same(
            minor_units in 0..=i64::MAX, decimals: u8, min_decimals: u8,
        ) {
            let amount = Amount::new(minor_units);
            let text = amount.display(decimals, min_decimals).to_string();
            prop_assert_eq!(Amount::parse(&text, decimals), Ok(amount));
        }

        #[test]
        fn what_parses_is_shown_the_same(
            whole in "0|[1-9][0-9]{0,10}", fraction in "[0-9]{0,6}[1-9]",
        ) {
            let text = format!("{whole}.{fraction}");
            let amount = Amount::parse(&text, 7).unwrap();
            prop_assert_eq!(amount.display(7, 0).to_string(), text);
        }

        #[test]
        fn no_text_panics(text in ".{0,30}", decimals: u8) {
            if let Ok(amount) = Amount::parse(&text, decimals) {
                prop_assert!(amount >= Amount::ZERO);
            }
        }
    }
}
