//! Strangers' text made harmless: what is typed, and what is shown to others.

/// The longest name shown to others, in characters.
pub const NAME_MAX: usize = 60;

/// A name in one line, without control characters, direction overrides, invisible characters and
/// the characters that format text in a chat; at most [`NAME_MAX`] characters. May be empty.
#[must_use]
pub fn name(text: &str) -> String {
    line(text, NAME_MAX)
}

/// As [`name`], at most `max` characters.
#[must_use]
pub fn line(text: &str, max: usize) -> String {
    let plain: String = text.chars().filter(|c| !matches!(c, '*' | '_' | '~' | '`')).collect();
    let clean = typed(&plain);
    clip(&clean, max).trim_end().to_owned()
}

/// Typed text in one line: hidden characters dropped, any run of blanks made one blank, trimmed.
#[must_use]
pub fn typed(text: &str) -> String {
    let mut clean = String::with_capacity(text.len().min(4096));
    let mut gap = false;
    for c in text.chars() {
        if c.is_whitespace() {
            gap = true;
        } else if is_hidden(c)
            || (is_joiner(c) && clean.chars().next_back().is_none_or(|p| p.is_ascii()))
        {
            // A joiner has a meaning between letters of other scripts and parts of an emoji only.
        } else {
            if gap && !clean.is_empty() {
                clean.push(' ');
            }
            gap = false;
            clean.push(c);
        }
    }
    clean
}

/// The first `max` characters.
#[must_use]
pub fn clip(text: &str, max: usize) -> &str {
    text.char_indices().nth(max).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Control characters, direction overrides, invisible characters, keycap and variation marks, tags, and what
/// is for private use: marks of our own among it.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{20e3}'
            | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_could_deceive() {
        for (raw, shown) in [
            ("Ada", "Ada"),
            ("  Ada \n  Obi ", "Ada Obi"),
            ("*Ada*_~`", "Ada"),
            ("Ada\u{202e}lort", "Adalort"),
            ("A\u{0}\u{7}da\u{200b}", "Ada"),
            ("A\u{200d}da", "Ada"),
            ("A\u{e000}d\u{e0f1}a\u{f8ff}", "Ada"),
            ("\u{1f469}\u{200d}\u{1f33e} Farm", "\u{1f469}\u{200d}\u{1f33e} Farm"),
            ("Ọlá", "Ọlá"),
            ("\u{202e}*_", ""),
        ] {
            assert_eq!(name(raw), shown, "{raw:?}");
        }
        assert_eq!(name(&"é".repeat(100)).chars().count(), NAME_MAX);
    }

    #[test]
    fn keycaps_become_digits() {
        assert_eq!(typed("1\u{fe0f}\u{20e3}"), "1");
    }
}
