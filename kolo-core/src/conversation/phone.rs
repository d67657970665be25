//! Phone numbers as people type them → E.164.
use phonenumber::country::Id;

/// Why a text is not taken for a phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PhoneProblem {
    /// No country: it begins without `+`, and no region is set.
    NoCountry,
    /// Not a number that exists in its country.
    NotValid,
}

/// Reads `+234 803 123 4567`, or `0803 123 4567` when a default region (`NG`) is given.
///
/// # Errors
/// [`PhoneProblem`] says what to ask for.
pub fn parse(text: &str, region: Option<&str>) -> Result<String, PhoneProblem> {
    let text = super::clean::typed(text);
    let mut number: String = text.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    let strange = text.chars().any(|c| !c.is_ascii_digit() && !" +-().".contains(c));
    if strange || number.rfind('+').is_some_and(|at| at > 0) || !(6..=18).contains(&number.len()) {
        return Err(PhoneProblem::NotValid);
    }
    if let Some(rest) = number.strip_prefix("00") {
        number = format!("+{rest}");
    }
    let region = region.and_then(|region| region.to_ascii_uppercase().parse::<Id>().ok());
    if !number.starts_with('+') && region.is_none() {
        return Err(PhoneProblem::NoCountry);
    }
    let parsed = phonenumber::parse(region, &number).map_err(|_| PhoneProblem::NotValid)?;
    if !parsed.is_valid() {
        return Err(PhoneProblem::NotValid);
    }
    Ok(parsed.format().mode(phonenumber::Mode::E164).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_international_and_local_numbers() {
        for (text, region, e164) in [
            ("+2348031234567", None, "+2348031234567"),
            ("+234 803 123 4567", None, "+2348031234567"),
            ("00234 803-123-4567", None, "+2348031234567"),
            ("+254 (712) 345678", None, "+254712345678"),
            ("0803 123 4567", Some("NG"), "+2348031234567"),
            ("0712345678", Some("ke"), "+254712345678"),
        ] {
            assert_eq!(parse(text, region).as_deref(), Ok(e164), "{text:?}");
        }
    }

    #[test]
    fn asks_or_refuses() {
        for (text, region, why) in [
            ("08031234567", None, PhoneProblem::NoCountry),
            ("08031234567", Some("nowhere"), PhoneProblem::NoCountry),
            ("123", None, PhoneProblem::NotValid),
            ("+1", None, PhoneProblem::NotValid),
            ("+2348", None, PhoneProblem::NotValid),
            ("+99999999999", None, PhoneProblem::NotValid),
            ("+234803+1234567", None, PhoneProblem::NotValid),
            ("Ada", None, PhoneProblem::NotValid),
            ("+٢٣٤٨٠٣١٢٣٤٥٦٧", None, PhoneProblem::NotValid),
            ("", None, PhoneProblem::NotValid),
        ] {
            assert_eq!(parse(text, region), Err(why), "{text:?}");
        }
    }
}
