//! Codes that people read out and type.

/// Letters and digits nobody confuses when reading them out (no 0/O, 1/I/L, U).
pub(crate) const ALPHABET: &[u8; 30] = b"23456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A letter for every two bytes, without noticeable bias.
pub(crate) fn letters(bytes: &[u8]) -> impl Iterator<Item = u8> {
    bytes.chunks_exact(2).map(|pair| {
        let number = u16::from_be_bytes([pair[0], pair[1]]);
        ALPHABET[usize::from(number) % ALPHABET.len()]
    })
}

/// How a typed code is looked up: upper case, without blanks and dashes.
pub(crate) fn normalise(text: &str) -> String {
    text.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .take(32)
        .collect()
}
