//! The macros' lists have every case there is.
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use kolo_core::testkit::conformance::{LEDGER_CASES, READ_MODEL_CASES, VAULT_CASES, WORK_CASES};

/// The public cases in these files.
fn written(files: impl IntoIterator<Item = PathBuf>) -> BTreeSet<String> {
    let mut cases = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap_or_default();
        assert!(!text.is_empty(), "{}", file.display());
        let names = text.lines().filter_map(|line| line.strip_prefix("pub async fn "));
        cases.extend(names.filter_map(|line| line.split('(').next()).map(str::to_owned));
    }
    cases
}

#[test]
fn no_case_is_left_out() {
    let suites = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/testkit/conformance");
    let folder = |name: &str| {
        let entries = fs::read_dir(suites.join(name)).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
    };
    let lists = [
        (LEDGER_CASES, written(folder("ledger"))),
        (WORK_CASES, written(folder("work"))),
        (READ_MODEL_CASES, written([suites.join("statement.rs")])),
        (VAULT_CASES, written([suites.join("vault.rs")])),
    ];
    for (listed, written) in lists {
        assert_eq!(listed.iter().map(ToString::to_string).collect::<BTreeSet<_>>(), written);
        assert_eq!(listed.len(), written.len(), "a case is listed twice");
    }
}
