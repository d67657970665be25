//! What an answer must look like: the names of its fields and the kind of each value.

use serde_json::Value;

/// Fails unless the object has exactly these fields, each of its kind. A name that ends in `?`
/// may be missing.
#[track_caller]
pub fn assert_shape(value: &Value, fields: &[(&str, Kind)]) {
    let object = value.as_object().unwrap_or_else(|| panic!("no object: {value}"));
    for (name, kind) in fields {
        let (name, optional) = name.strip_suffix('?').map_or((*name, false), |name| (name, true));
        match object.get(name) {
            Some(found) => assert!(kind.fits(found), "{name} is no {kind:?}: {found}"),
            None => assert!(optional, "{name} is missing: {value}"),
        }
    }
    for name in object.keys() {
        let known = fields.iter().any(|(field, _)| field.trim_end_matches('?') == name);
        assert!(known, "{name} is too much: {value}");
    }
}

#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A JSON number without sign or fraction.
    Number,
    /// The same as a string.
    Digits,
    /// 64 lower-case hex digits.
    Hash,
    /// Base64 that is not empty.
    Base64,
    /// `2026-11-21T12:00:00Z`.
    Time,
    Text,
    Bool,
    List,
    Object,
}

impl Kind {
    fn fits(self, value: &Value) -> bool {
        let text = |test: fn(&str) -> bool| value.as_str().is_some_and(test);
        match self {
            Self::Number => value.is_u64(),
            Self::Digits => text(|s| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit())),
            Self::Hash => {
                text(|s| s.len() == 64 && s.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
            }
            Self::Base64 => {
                text(|s| !s.is_empty() && data_encoding::BASE64.decode(s.as_bytes()).is_ok())
            }
            Self::Time => text(|s| {
                let pattern = "dddd-dd-ddTdd:dd:ddZ";
                s.len() == pattern.len()
                    && s.bytes().zip(pattern.bytes()).all(|(b, p)| match p {
                        b'd' => b.is_ascii_digit(),
                        _ => b == p,
                    })
            }),
            Self::Text => value.is_string(),
            Self::Bool => value.is_boolean(),
            Self::List => value.is_array(),
            Self::Object => value.is_object(),
        }
    }
}
