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

/// Every wasm that was ever released, the newest first: circles keep the code they were made with, so an
/// event of a later form never takes the place of an earlier one. A new release is put in front (and its
/// circle among [`crate::setup::RELEASED_CIRCLES`]).
const RELEASED: [&[u8]; 3] = [CIRCLE_WASM, RULEBOOK_WASM, FACTORY_WASM];

/// What they say, in the order of the events' names. (That they can be read, a test holds.)
static EVENTS: LazyLock<Vec<ScSpecEventV0>> = LazyLock::new(|| forms(&RELEASED));

/// The forms of events in those wasms, each once: an event that has changed has several.
fn forms(wasms: &[&[u8]]) -> Vec<ScSpecEventV0> {
    let mut forms: Vec<ScSpecEventV0> = Vec::new();
    for entry in wasms.iter().filter_map(|wasm| section(wasm)).flat_map(entries) {
        match entry {
            // Several wasms may name the same event.
            ScSpecEntry::EventV0(event) if !forms.contains(&event) => forms.push(event),
            _ => {}
        }
    }
    forms.sort_by_key(name);
    forms
}

/// The name of every event the contracts can emit, once.
pub(crate) fn names() -> Vec<String> {
    let mut names: Vec<String> = EVENTS.iter().map(name).collect();
    names.dedup();
    names
}

/// Every form of every event.
#[cfg(test)]
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
    /// Of an event of that name; `None` when topics or data are not what a specification says, to the last of
    /// them.
    pub fn of(event: &str, topics: &'a [ScVal], data: &'a ScVal) -> Option<Self> {
        Self::among(&EVENTS, event, topics, data)
    }

    fn among(
        forms: &[ScSpecEventV0],
        event: &str,
        topics: &'a [ScVal],
        data: &'a ScVal,
    ) -> Option<Self> {
        let mut forms = forms.iter().filter(|form| name(form) == event);
        forms.find_map(|form| Self::by(form, topics, data))
    }

    fn by(spec: &ScSpecEventV0, topics: &'a [ScVal], data: &'a ScVal) -> Option<Self> {
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
    use stellar_xdr::{ScMap, ScMapEntry, ScSpecEventParamV0};

    use super::*;
    use crate::scval::symbol;

    #[test]
    fn the_committed_wasms_name_their_events() {
        let names = names();
        assert_eq!(names.len(), 34, "{names:?}");
        for known in ["group_created", "contribution_made", "payout_made", "group_closed"] {
            assert!(names.iter().any(|name| name == known), "{known}");
        }
        assert!(names.iter().all(|name| !name.is_empty()));
    }

    /// Symbols are enough for a map of one more value.
    fn data(form: &ScSpecEventV0, more: &[&str]) -> ScVal {
        let known = form.params.iter().map(|param| param.name.to_utf8_string_lossy());
        let mut names: Vec<String> =
            known.chain(more.iter().map(|&name| name.to_owned())).collect();
        names.sort();
        let entry = |name: &String| ScMapEntry {
            key: ScVal::Symbol(symbol(name).unwrap()),
            val: ScVal::U32(7),
        };
        let entries: Vec<ScMapEntry> = names.iter().map(entry).collect();
        ScVal::Map(Some(ScMap(entries.try_into().unwrap())))
    }

    #[test]
    fn an_event_of_an_older_release_is_read_beside_its_newer_form() {
        let old = events().iter().find(|form| name(form) == "proposal_rejected").unwrap().clone();
        let mut params = old.params.to_vec();
        let added = "zzz".try_into().unwrap();
        params.push(ScSpecEventParamV0 { name: added, ..params[0].clone() });
        let new = ScSpecEventV0 { params: params.try_into().unwrap(), ..old.clone() };
        let (event, forms) = (name(&old), [new, old.clone()]);
        for (more, known) in [(&[][..], true), (&["zzz"], true), (&["zzz", "zzzz"], false)] {
            let data = data(&old, more);
            let fields = Fields::among(&forms, &event, &[], &data);
            assert_eq!(fields.is_some(), known, "{more:?}");
            let has = fields.is_some_and(|fields| fields.get("zzz").is_some());
            assert_eq!(has, known && !more.is_empty(), "{more:?}");
        }
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
