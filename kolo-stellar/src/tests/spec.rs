//! What the wasm says of itself can be used by other programs: every type that is spoken of is there.
use stellar_xdr::{ScSpecEntry, ScSpecTypeDef as T, ScSpecUdtUnionCaseV0};

use crate::events::spec::{entries, section};
use crate::setup::{CIRCLE_WASM, FACTORY_WASM, RULEBOOK_WASM};

#[test]
fn every_type_a_contract_speaks_of_is_in_its_specification() {
    for (name, wasm) in
        [("circle", CIRCLE_WASM), ("rulebook", RULEBOOK_WASM), ("factory", FACTORY_WASM)]
    {
        let entries = entries(section(wasm).unwrap());
        let defined: Vec<_> = entries.iter().filter_map(defines).collect();
        let mut spoken_of = Vec::new();
        for of in entries.iter().flat_map(speaks_of) {
            named_in(of, &mut spoken_of);
        }
        assert!(entries.len() > 5, "{name}: its specification is read");
        for of in spoken_of {
            assert!(defined.contains(&of), "{name} speaks of {of}, which nobody can look up");
        }
    }
}

fn defines(entry: &ScSpecEntry) -> Option<String> {
    Some(match entry {
        ScSpecEntry::UdtStructV0(it) => it.name.to_utf8_string_lossy(),
        ScSpecEntry::UdtUnionV0(it) => it.name.to_utf8_string_lossy(),
        ScSpecEntry::UdtEnumV0(it) => it.name.to_utf8_string_lossy(),
        ScSpecEntry::UdtErrorEnumV0(it) => it.name.to_utf8_string_lossy(),
        _ => return None,
    })
}

fn speaks_of(entry: &ScSpecEntry) -> Vec<&T> {
    match entry {
        ScSpecEntry::FunctionV0(it) => {
            it.inputs.iter().map(|input| &input.type_).chain(it.outputs.iter()).collect()
        }
        ScSpecEntry::UdtStructV0(it) => it.fields.iter().map(|field| &field.type_).collect(),
        ScSpecEntry::UdtUnionV0(it) => it
            .cases
            .iter()
            .flat_map(|case| match case {
                ScSpecUdtUnionCaseV0::TupleV0(case) => case.type_.iter().collect(),
                ScSpecUdtUnionCaseV0::VoidV0(_) => Vec::new(),
            })
            .collect(),
        ScSpecEntry::EventV0(it) => it.params.iter().map(|param| &param.type_).collect(),
        _ => Vec::new(),
    }
}

fn named_in(of: &T, names: &mut Vec<String>) {
    let parts: Vec<&T> = match of {
        T::Udt(it) => return names.push(it.name.to_utf8_string_lossy()),
        T::Option(it) => vec![&it.value_type],
        T::Vec(it) => vec![&it.element_type],
        T::Map(it) => vec![&it.key_type, &it.value_type],
        T::Tuple(it) => it.value_types.iter().collect(),
        T::Result(it) => vec![&it.ok_type, &it.error_type],
        _ => return,
    };
    for part in parts {
        named_in(part, names);
    }
}
