//! Money as whole minor units.

/// An amount in minor units of some asset (for USDC on Stellar: stroops, 10⁻⁷ USDC).
///
/// Signed, because a net claim may be negative; every operation is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(i64);

/// A result left the range of `i64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmountError;

/// Why a text is not an amount. Strict: the API's parser, never the chat's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseAmountError { Empty, NotANumber, Signed, TooManyDecimals, Overflow }

impl Amount {
    pub const ZERO: Self = Self(0);
    pub const MAX: Self = Self(i64::MAX);
    pub const fn new(minor_units: i64) -> Self { Self(minor_units) }
    pub const fn minor_units(self) -> i64 { self.0 }
    pub fn checked_add(self, other: Self) -> Result<Self, AmountError> { self.0.checked_add(other.0).map(Self).ok_or(AmountError) }
    pub fn checked_sub(self, other: Self) -> Result<Self, AmountError> { self.0.checked_sub(other.0).map(Self).ok_or(AmountError) }
    pub fn checked_mul(self, factor: u32) -> Result<Self, AmountError> { self.0.checked_mul(i64::from(factor)).map(Self).ok_or(AmountError) }
    pub const fn is_positive(self) -> bool { self.0 > 0 }
    pub const fn is_zero(self) -> bool { self.0 == 0 }
    /// Parses plain decimal text ("10", "10.5") of an asset with `decimals` decimals.
    pub fn parse(_text: &str, _decimals: u8) -> Result<Self, ParseAmountError> { todo!() }
    /// `Display`able exact form, e.g. "10.5"; trailing zeros dropped, at least `min_decimals` kept.
    pub fn display(self, decimals: u8, min_decimals: u8) -> DisplayAmount { DisplayAmount { amount: self, decimals, min_decimals } }
}
/// See [`Amount::display`].
#[derive(Clone, Copy, Debug)]
pub struct DisplayAmount { amount: Amount, decimals: u8, min_decimals: u8 }
impl core::fmt::Display for DisplayAmount { fn fmt(&self, _f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result { let _ = (self.amount, self.decimals, self.min_decimals); todo!() } }
