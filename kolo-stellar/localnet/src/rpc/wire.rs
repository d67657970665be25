//! XDR in base64, hashes in hex and times as Stellar RPC writes them.

use data_encoding::HEXLOWER;
use stellar_xdr::{Limits, ReadXdr, WriteXdr};

use super::jsonrpc::RpcError;

/// No XDR that a client sends may be larger than this, in bytes (as in Stellar RPC).
const MAX_XDR: usize = 1024 * 1024;
/// No XDR that a client sends may be nested deeper than this; far above what a transaction needs.
const MAX_DEPTH: u32 = 500;

/// The text is not the base64 of the XDR that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotXdr;

/// Reads base64 that a client sent.
pub(super) fn decode<T: ReadXdr>(base64: &str) -> Result<T, NotXdr> {
    T::from_xdr_base64(base64, Limits { depth: MAX_DEPTH, len: MAX_XDR }).map_err(|_| NotXdr)
}

/// Writes base64.
///
/// # Errors
/// [`RpcError::internal`] if the value cannot be expressed in XDR.
pub(super) fn encode(value: &impl WriteXdr) -> Result<String, RpcError> {
    value.to_xdr_base64(Limits::none()).map_err(|error| RpcError::internal(error.to_string()))
}

/// A hash in hex.
pub(super) fn hex(hash: &[u8; 32]) -> String {
    HEXLOWER.encode(hash)
}

/// Reads a hash in hex.
///
/// # Errors
/// [`RpcError::invalid_params`] if it is not 64 hex digits.
pub(super) fn parse_hash(text: &str) -> Result<[u8; 32], RpcError> {
    if text.len() != 64 {
        return Err(RpcError::invalid_params(format!("unexpected hash length ({})", text.len())));
    }
    let hash = data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes());
    hash.ok().and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| {
        let wrong = text.bytes().map(char::from).find(|digit| !digit.is_ascii_hexdigit());
        let wrong = wrong.unwrap_or_default();
        RpcError::invalid_params(format!(
            "incorrect hash: encoding/hex: invalid byte: U+{:04X} '{wrong}'",
            u32::from(wrong)
        ))
    })
}

/// A close time (Unix seconds) as RFC 3339 in UTC, like `2026-11-21T12:00:00Z`.
pub(crate) fn rfc3339(seconds: u64) -> String {
    const DAY: u64 = 86_400;
    let (year, month, day) = civil(seconds / DAY);
    let rest = seconds % DAY;
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of a day since 1970-01-01 (Gregorian; the arithmetic counts years from
/// March, so that the leap day is a year's last).
fn civil(days: u64) -> (u64, u64, u64) {
    const DAYS_TO_1970: u64 = 719_468;
    const DAYS_OF_400_YEARS: u64 = 146_097;
    let days = days.saturating_add(DAYS_TO_1970);
    let (era, day_of_era) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc3339() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (1_795_262_400, "2026-11-21T12:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(seconds), text);
        }
        assert!(rfc3339(u64::MAX).ends_with('Z'));
    }

    #[test]
    fn hashes_are_64_hex_digits() {
        assert_eq!(parse_hash(&hex(&[0xAB; 32])), Ok([0xAB; 32]));
        assert_eq!(parse_hash(&"AB".repeat(32)), Ok([0xAB; 32]));
        for wrong in ["", "ab", &"zz".repeat(32), &"é".repeat(32), &"ab".repeat(33)] {
            assert_eq!(parse_hash(wrong).unwrap_err().code, -32_602, "{wrong}");
        }
    }

    #[test]
    fn xdr_of_strangers_is_bounded() {
        use stellar_xdr::{ScVal, ScVec};
        let mut deep = ScVal::Void;
        for _ in 0..400 {
            deep = ScVal::Vec(Some(ScVec(vec![deep].try_into().unwrap())));
        }
        assert_eq!(decode::<ScVal>(&encode(&deep).unwrap()), Err(NotXdr));
        assert_eq!(decode::<ScVal>("not base64"), Err(NotXdr));
        assert_eq!(decode::<ScVal>(&encode(&ScVal::Void).unwrap()), Ok(ScVal::Void));
    }
}
