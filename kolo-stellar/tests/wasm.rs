//! What the embedded wasm says about itself, where explorers look for it (SEP-46).
#![allow(clippy::expect_used, reason = "a test: a surprise ends it")]
use std::collections::BTreeMap;
use std::io::Cursor;

use kolo_stellar::setup::{CIRCLE_WASM, FACTORY_WASM, RULEBOOK_WASM};
use stellar_xdr::{Limited, Limits, ReadXdr, ScMetaEntry};
use wasmparser::{Parser, Payload};

#[test]
fn each_contract_names_itself_and_the_version_it_was_released_with() {
    for (wasm, name) in [
        (CIRCLE_WASM, "Kolo circle"),
        (RULEBOOK_WASM, "Kolo rulebook"),
        (FACTORY_WASM, "Kolo factory"),
    ] {
        let meta = meta_of(wasm);
        let said = |key: &str| meta.get(key).map(String::as_str);
        assert_eq!(said("name"), Some(name));
        assert_eq!(said("binver"), Some(env!("CARGO_PKG_VERSION")), "{name}");
        assert!(said("desc").is_some_and(|desc| desc.contains("circle")), "{name}: {meta:?}");
    }
}

/// The entries of all sections of that name, as if they were one. A key said twice ends the test.
fn meta_of(wasm: &[u8]) -> BTreeMap<String, String> {
    let mut meta = BTreeMap::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::CustomSection(section) = payload.expect("wasm") else { continue };
        if section.name() != "contractmetav0" {
            continue;
        }
        let mut entries = Limited::new(Cursor::new(section.data()), Limits::none());
        for entry in ScMetaEntry::read_xdr_iter(&mut entries) {
            let ScMetaEntry::ScMetaV0(entry) = entry.expect("an entry");
            let earlier = meta.insert(entry.key.to_string(), entry.val.to_string());
            assert_eq!(earlier, None, "{} is said twice", entry.key);
        }
    }
    meta
}
