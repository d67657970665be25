//! The contracts' own numbers, read from their source: `contracts/` is another workspace.
use std::fmt::Write;

use kolo_rules::Refusal;

use super::{Row, refusal_row};
use crate::repository::read;

/// Where they are declared.
const SOURCE: &str = "contracts/common/src/error.rs";

/// What to do, by number; 100 to 199 are the rules'.
const ADVICE: [(u32, &str); 22] = [
    (1, "never answered: have the organiser sign"),
    (2, "use an amount that fits 64 bits of minor units"),
    (3, "choose an asset of the factory's allow-list"),
    (4, "choose an asset issued on Stellar"),
    (5, "show the circle's rules again and accept their hash"),
    (6, "ask the organiser for a new invitation"),
    (7, "ask the organiser for a new invitation"),
    (8, "give both the invitation's key and its signature, or neither"),
    (9, "revoke one first"),
    (20, "take it as done: the group with this salt is there"),
    (21, "add money to the wallet first"),
    (22, "open a trustline, or ask the issuer"),
    (23, "open or widen the trustline, then `push` or `claim` again: nothing is lost"),
    (24, "call `sync`, then again"),
    (25, "look at the token's own error; sign the transfer with the call"),
    (26, "reveal the very secret that was committed to"),
    (27, "see who waits; they may have taken their request back"),
    (28, "ask again when the organiser has answered some"),
    (29, "name whom it is about, and for a new person or address that one too"),
    (30, "collect the missing signatures, or wait until the delay is over"),
    (
        31,
        "call it less deeply, and check the signature of the invitation; else another version of the circle's code is needed",
    ),
    (199, "never answered: upgrade"),
];

struct Number {
    number: u32,
    name: String,
    happened: String,
}

/// The part of the page about numbers on the chain.
pub fn section() -> String {
    let mut text = "
## Numbers on the chain

A contract answers a refused call with a number; nothing has changed then, but for the fee. 10 to 13 are the token's own.

| number | name | code | what happened | what to do |
|---|---|---|---|---|
"
    .to_owned();
    for Number { number, name, happened } in declared() {
        let (code, happened, advice) = match Refusal::from_code(number) {
            Some(refusal) => {
                let Row { code, happened, advice, .. } = refusal_row(refusal);
                (format!("`{code}`"), happened, advice)
            }
            None => (String::new(), happened, advice(number).to_owned()),
        };
        writeln!(text, "| {number} | `{name}` | {code} | {happened} | {advice} |").unwrap();
    }
    text
}

fn advice(number: u32) -> &'static str {
    let found = ADVICE.iter().find(|(of, _)| *of == number);
    found.unwrap_or_else(|| panic!("{number} of {SOURCE} has no advice: add it to this test")).1
}

/// The variants of the contracts' error and the comments on them (no documentation: that would be in the
/// wasm).
fn declared() -> Vec<Number> {
    let source = read(SOURCE);
    let body = source.split_once("pub enum Error {").unwrap().1.split_once("\n}").unwrap().0;
    let mut found = Vec::new();
    let mut about = String::new();
    for line in body.lines().map(str::trim) {
        // Plain comments there: documentation would be in the wasm.
        if let Some(doc) = line.strip_prefix("//") {
            about.push_str(doc.trim_start_matches('/'));
        } else if let Some((name, number)) = line.trim_end_matches(',').split_once(" = ") {
            let happened = uncapitalised(std::mem::take(&mut about).trim().trim_end_matches('.'));
            found.push(Number { number: number.parse().unwrap(), name: name.to_owned(), happened });
        }
    }
    found
}

fn uncapitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(chars).collect()
}

#[test]
fn the_contracts_have_all_numbers_of_the_rules_and_those_with_advice() {
    let numbers: Vec<u32> = declared().iter().map(|it| it.number).collect();
    let mut expected: Vec<u32> = ADVICE.iter().map(|(number, _)| *number).collect();
    expected.extend(Refusal::ALL.iter().map(|refusal| refusal.code()));
    expected.sort_unstable();
    assert_eq!(numbers, expected);
    for Number { number, name, .. } in declared() {
        if let Some(refusal) = Refusal::from_code(number) {
            assert_eq!(format!("{refusal:?}"), name);
        }
    }
}
