//! What the contracts say of their own events: the specification that each built wasm carries in its
//! section `contractspecv0` (SEP-48). Which values are in the topics and which in the data, what they are
//! called and of what type they are, is read from there and nowhere else.
use std::sync::LazyLock;

use stellar_xdr::{
    Limited, Limits, ReadXdr, ScSpecEntry, ScSpecEventParamLocationV0, ScSpecEventV0,
    ScSpecTypeDef, ScVal,
};

use crate::scval::{as_map, as_symbol, as_vec, field};
use crate::setup::{CIRCLE_WASM, FACTORY_WASM, RULEBOOK_WASM};

/// The section's name.
const SECTION: &str = "contractspecv0";

/// Bounds on its values: far more than there is.
const LIMITS: Limits = Limits { depth: 100, len: 1024 * 1024 };

/// Bytes before a wasm's first section.
const HEADER: usize = 8;

/// What the committed wasms say, in the order of their names. (That they can be read, a test holds.)
static EVENTS: LazyLock<Vec<ScSpecEventV0>> = LazyLock::new(|| {
    let wasms = [CIRCLE_WASM, RULEBOOK_WASM, FACTORY_WASM];
    let entries = wasms.into_iter().filter_map(section).flat_map(entries);
    let mut events: Vec<ScSpecEventV0> = entries
        .filter_map(|entry| match entry {
            ScSpecEntry::EventV0(event) => Some(event),
            _ => None,
        })
        .collect();
    // Several wasms may name the same event.
    events.sort_by(|a, b| a.name.cmp(&b.name));
    events.dedup_by(|a, b| a.prefix_topics == b.prefix_topics);
    events
});

/// Every event the contracts can emit.
pub(crate) fn events() -> &'static [ScSpecEventV0] {
    &EVENTS
}

/// The name an event goes by on the chain: its first topic.
pub(crate) fn name(event: &ScSpecEventV0) -> String {
    event.prefix_topics.first().map(|topic| topic.0.to_utf8_string_lossy()).unwrap_or_default()
}

/// The values of an event, by the names its contract gives them.
pub(super) struct Fields<'a>(Vec<(String, &'a ScVal)>);

impl<'a> Fields<'a> {
    /// Of an event of that name; `None` when topics or data are not what the specification says, to the
    /// last of them.
    pub fn of(event: &str, topics: &'a [ScVal], data: &'a ScVal) -> Option<Self> {
        let spec = events().iter().find(|spec| name(spec) == event)?;
        let map = as_map(data)?;
        let (mut topics, mut fields) = (topics.iter(), Vec::new());
        let mut in_data = 0_usize;
        for param in spec.params.iter() {
            let name = param.name.to_utf8_string_lossy();
            let value = match param.location {
                ScSpecEventParamLocationV0::TopicList => topics.next()?,
                ScSpecEventParamLocationV0::Data => {
                    in_data += 1;
                    field(map, &name)?
                }
            };
            if !is_of(value, &param.type_) {
                return None;
            }
            fields.push((name, value));
        }
        (topics.next().is_none() && map.len() == in_data).then_some(Self(fields))
    }

    /// The value of that name.
    pub fn get(&self, name: &str) -> Option<&'a ScVal> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }
}

/// Whether a value is of a type, of those that events have. A type that none has is none.
fn is_of(value: &ScVal, of: &ScSpecTypeDef) -> bool {
    use ScSpecTypeDef as T;
    match (of, value) {
        (T::Bool, ScVal::Bool(_))
        | (T::U32, ScVal::U32(_))
        | (T::U64, ScVal::U64(_))
        | (T::I128, ScVal::I128(_))
        | (T::Address, ScVal::Address(_))
        | (T::Option(_), ScVal::Void) => true,
        (T::Option(of), value) => is_of(value, &of.value_type),
        (T::BytesN(of), ScVal::Bytes(bytes)) => u32::try_from(bytes.len()) == Ok(of.n),
        (T::Vec(of), value) => as_vec(value)
            .is_some_and(|items| items.iter().all(|item| is_of(item, &of.element_type))),
        // An enum's case by its name, with what it holds.
        (T::Udt(_), value) => {
            as_vec(value).and_then(|v| v.first()).is_some_and(|case| as_symbol(case).is_some())
        }
        _ => false,
    }
}

/// The specification's entries; none when one of them cannot be read.
fn entries(section: &[u8]) -> Vec<ScSpecEntry> {
    let mut bytes = Limited::new(section, LIMITS);
    ScSpecEntry::read_xdr_iter(&mut bytes).collect::<Result<_, _>>().unwrap_or_default()
}

/// The contents of the custom section that holds it.
fn section(wasm: &[u8]) -> Option<&[u8]> {
    let mut rest = wasm.get(HEADER..)?;
    while let Some((kind, after)) = rest.split_first() {
        let (length, after) = leb128(after)?;
        let (contents, following) = after.split_at_checked(length)?;
        if *kind == 0 {
            let (length, named) = leb128(contents)?;
            let (name, contents) = named.split_at_checked(length)?;
            if name == SECTION.as_bytes() {
                return Some(contents);
            }
        }
        rest = following;
    }
    None
}

/// A number as wasm writes lengths: seven bits a byte, the lowest first.
fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut number = 0_usize;
    for (place, byte) in bytes.iter().take(5).enumerate() {
        let bits = usize::from(byte & 0x7F).checked_shl(u32::try_from(place * 7).ok()?)?;
        number |= bits;
        if byte & 0x80 == 0 {
            return Some((number, bytes.get(place + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_wasms_name_their_events() {
        let names: Vec<String> = events().iter().map(name).collect();
        assert_eq!(names.len(), 34, "{names:?}");
        for known in ["group_created", "contribution_made", "payout_made", "group_closed"] {
            assert!(names.iter().any(|name| name == known), "{known}");
        }
        assert!(names.iter().all(|name| !name.is_empty()));
    }

    #[test]
    fn what_is_no_wasm_has_no_specification() {
        for wasm in
            [&[][..], b"\0asm\x01\0\0\0", b"\0asm\x01\0\0\0\0\xFF\xFF\xFF\xFF\xFF\xFF", &[0; 40]]
        {
            assert_eq!(section(wasm), None);
        }
        assert_eq!(entries(&[1, 2, 3]), []);
    }
}
