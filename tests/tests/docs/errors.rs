//! `docs/errors.md` is what the code says: generated from the errors' codes, and compared.
//!
//! `cargo xtask errors` writes it.
mod contracts;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use kolo_core::id::IdError;
use kolo_core::port::chain::{FeeCeiling, Mismatch, PrepareError, TooFarAhead};
use kolo_core::port::{CommitError, PortError, PortErrorKind, Retry};
use kolo_core::receipt::ReceiptError;
use kolo_core::simulation::{PlayError, ScenarioError, StageError};
use kolo_core::{
    AssetListError, AssetsDiffer, Error, ErrorCode, amount_code, parse_amount_code, refusal_code,
};
use kolo_rules::{Amount, AmountError, ParseAmountError, Refusal};
use kolo_stellar::UnknownProtocol;
use kolo_stellar::inspect::Alarm;
use kolo_stellar::rescue::RescueError;
use kolo_stellar::rpc::{HttpTransportError, RpcError, TransportError};
use kolo_stellar::setup::{SecretError, SetupError};
use kolo_stellar::wallet::KeyError;
use kolo_store::remote::{AccessTokenError, RemoteVaultError};
use kolo_store::{MasterKeyError, StoreError, VaultError};

use crate::repository::{files, read, root};

/// The generated page.
const PAGE: &str = "docs/errors.md";

/// Codes that were given out once and are used no more: they stay unused.
const RETIRED: &[&str] = &[];

/// Where the SDK's errors are declared; the embedded network answers with Stellar's own codes, and the
/// testkit and the reference bot are programs with texts.
const SOURCES: [&str; 4] =
    ["kolo-core/src", "kolo-core/rules/src", "kolo-store/src", "kolo-stellar/src"];

/// A table of the page: its title, the types in it, their codes.
struct Area {
    title: &'static str,
    types: Vec<(&'static str, Vec<Row>)>,
}

/// A line of a table.
struct Row {
    code: String,
    happened: String,
    advice: String,
    retry: &'static str,
}

macro_rules! area {
    ($title:literal: $($type:ident),*) => {
        Area { title: $title, types: vec![$((stringify!($type), rows($type::CODES))),*] }
    };
}

fn areas() -> Vec<Area> {
    let mut ports = area!("Ports": CommitError, PrepareError, Mismatch, FeeCeiling, TooFarAhead);
    // Its kind is its code.
    ports.types.insert(0, ("PortError", rows(PortErrorKind::CODES)));
    let amounts = Area {
        title: "Amounts and identifiers",
        types: vec![
            ("ParseAmountError", amounts()),
            ("AmountError", Vec::new()),
            ("IdError", rows(IdError::CODES)),
        ],
    };
    vec![
        area!("Commands": Error),
        area!("Allowed assets": AssetListError, AssetsDiffer),
        Area { title: "Rules of a circle", types: vec![("Refusal", refusals())] },
        amounts,
        ports,
        area!("Receipts": ReceiptError),
        area!("Scenarios": ScenarioError, PlayError, StageError),
        area!("Store": StoreError),
        area!("Key vault": VaultError, MasterKeyError, RemoteVaultError, AccessTokenError),
        area!("Stellar RPC": RpcError, TransportError, HttpTransportError, SetupError, SecretError, UnknownProtocol, Alarm),
        area!("A member's own key": KeyError, RescueError),
    ]
}

fn rows(codes: &[ErrorCode]) -> Vec<Row> {
    let row = |code: &ErrorCode| Row {
        code: code.code.to_owned(),
        happened: code.happened.to_owned(),
        advice: code.advice.to_owned(),
        retry: match code.retry {
            None => "the error says",
            Some(Retry::Permanent) => "no",
            Some(Retry::Temporary) => "later",
            Some(Retry::Unknown) => "look first",
            Some(_) => panic!("a new class of retries: give it a word"),
        },
    };
    codes.iter().map(row).collect()
}

/// Their advice is one text for what happened and what to do.
fn row_of(code: &str, text: &str) -> Row {
    let (happened, advice) = text.split_once("; ").unwrap_or((text, "look at the circle's status"));
    let (happened, advice) = (happened.to_owned(), advice.to_owned());
    Row { code: code.to_owned(), happened, advice, retry: "" }
}

fn refusals() -> Vec<Row> {
    Refusal::ALL.iter().map(|refusal| refusal_row(*refusal)).collect()
}

fn refusal_row(refusal: Refusal) -> Row {
    row_of(refusal_code(refusal), refusal.advice())
}

fn amounts() -> Vec<Row> {
    use ParseAmountError as E;
    // Each from a text that is refused so: a sixth reason would be looked for here.
    let refused = [
        ("", E::Empty),
        ("ten", E::NotANumber),
        ("-1", E::Signed),
        ("1.23", E::TooManyDecimals),
        ("99999999999999999999", E::Overflow),
    ];
    for (text, error) in refused {
        assert_eq!(Amount::parse(text, 1), Err(error));
    }
    refused.iter().map(|(_, error)| row_of(parse_amount_code(*error), &error.to_string())).collect()
}

fn page() -> String {
    let mut page = "# Errors

Every error the SDK shows has a code, which never changes meaning and is never used for another error. In Rust:
`error.code()`. Made from the source by `cargo xtask errors`; do not edit it by hand.

*Again?* says whether the same call makes sense again: *no*; *later* (it did not happen); *look first* (it may have happened:
never repeat it blindly). Every command can be repeated under its own idempotency key.
"
    .to_owned();
    for area in areas() {
        let lines: Vec<&Row> = area.types.iter().flat_map(|(_, rows)| rows).collect();
        let again = lines.iter().any(|row| !row.retry.is_empty());
        let (head, rule) = if again { (" again? |", "---|") } else { ("", "") };
        write!(page, "\n## {}\n\n| code | what happened | what to do |{head}\n", area.title)
            .unwrap();
        writeln!(page, "|---|---|---|{rule}").unwrap();
        for Row { code, happened, advice, retry } in lines {
            let last = if again { format!(" {retry} |") } else { String::new() };
            writeln!(page, "| `{code}` | {happened} | {advice} |{last}").unwrap();
        }
    }
    page + &contracts::section()
}

/// Every code in use, with the type it is of.
fn codes() -> Vec<(String, &'static str)> {
    let all = areas();
    let of = |(name, rows): &(&'static str, Vec<Row>)| {
        rows.iter().map(|row| (row.code.clone(), *name)).collect::<Vec<_>>()
    };
    all.iter().flat_map(|area| area.types.iter().flat_map(of)).collect()
}

/// The codes a page names in its tables.
fn named(page: &str) -> BTreeSet<&str> {
    page.lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|it| it.0)
        .collect()
}

#[test]
fn the_page_is_what_the_code_says() {
    let (new, path) = (page(), root().join(PAGE));
    let old = std::fs::read_to_string(&path).unwrap_or_default();
    let known = named(&new);
    let is_lost = |code: &&str| !known.contains(code) && !RETIRED.contains(code);
    let lost: Vec<&str> = named(&old).into_iter().filter(is_lost).collect();
    assert!(lost.is_empty(), "codes that are gone must be named in RETIRED of this test: {lost:?}");
    if std::env::var_os("KOLO_WRITE_DOCS").is_some() {
        return std::fs::write(&path, new).unwrap();
    }
    assert!(old == new, "{PAGE} is not what the errors say: run `cargo xtask errors`, commit it");
}

#[test]
fn no_code_is_used_twice_or_again() {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for (code, of) in codes() {
        let (area, what) = code.split_once('.').unwrap_or_else(|| panic!("{code}: area.what"));
        let plain = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        };
        assert!(plain(area) && plain(what), "{code}: area.what, in lower case");
        assert!(!RETIRED.contains(&code.as_str()), "{code} of {of} was retired: choose another");
        if let Some(other) = seen.insert(code.clone(), of) {
            panic!("{code} is used by {other} and by {of}");
        }
    }
    // Both overflow the same range, and say the same.
    assert_eq!(amount_code(AmountError), parse_amount_code(ParseAmountError::Overflow));
}

#[test]
fn a_code_is_that_of_the_error_passed_on() {
    let timeout = || PortError::new(PortErrorKind::Timeout, Retry::Unknown, "the ledger");
    assert_eq!(Error::from(timeout()).code(), "port.timeout");
    assert_eq!(Error::Refused(Refusal::AlreadyStarted).code(), "circle.already_started");
    let rpc = SetupError::Rpc(RpcError::Transport(TransportError::RateLimited));
    assert_eq!(rpc.code(), "rpc.rate_limited");
    assert_eq!(StoreError::Port(timeout()).code(), "port.timeout");
}

/// An error type that is in no table would have no codes, or codes nobody can look up.
#[test]
fn every_error_type_is_in_a_table() {
    let all = areas();
    let there: BTreeSet<&str> =
        all.iter().flat_map(|area| area.types.iter().map(|(name, _)| *name)).collect();
    let mut found = BTreeSet::new();
    for file in SOURCES.iter().flat_map(|folder| files(folder, "rs")) {
        if !file.contains("/testkit/") && !file.contains("/tests") {
            found.extend(error_types(&read(&file)));
        }
    }
    assert_eq!(found, there.iter().map(|name| (*name).to_owned()).collect());
}

/// The public error types declared in a source.
fn error_types(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut derived = false;
    for line in source.lines() {
        derived |= line.starts_with("#[derive(") && line.contains("thiserror::Error");
        let declared = line.strip_prefix("pub enum ").or_else(|| line.strip_prefix("pub struct "));
        let implemented = line.strip_prefix("impl ").and_then(|rest| rest.split_once("Error for "));
        let name = match (declared, implemented) {
            (Some(name), _) if std::mem::take(&mut derived) => name,
            (_, Some((of, name))) if of.is_empty() || of.ends_with("::") || of == "Std" => name,
            _ => continue,
        };
        let name: String = name.chars().take_while(char::is_ascii_alphanumeric).collect();
        let is_public =
            ["enum", "struct"].iter().any(|kind| source.contains(&format!("pub {kind} {name}")));
        if is_public {
            found.push(name);
        }
    }
    found
}

#[test]
fn error_types_are_found_in_a_source() {
    let source = "
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OneError {}
pub enum NoError {}
pub enum TwoError {}
impl core::error::Error for TwoError {}
pub struct ThreeError(u8);
impl StdError for ThreeError {}
impl From<OneError> for FourError {}
struct Private;
impl StdError for Private {}
#[derive(Clone, thiserror::Error)]
#[error(\"x\")]
pub struct FiveError;
";
    assert_eq!(error_types(source), ["OneError", "TwoError", "ThreeError", "FiveError"]);
}
