//! Scenarios on both stages: the committed ones with the figures worked out in them, and the model of
//! the asset held against the network.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what the tests share stands outside of them"
)]

#[path = "simulate/random.rs"]
mod random;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use kolo_core::simulation::{CoreStage, Reason, Report, Scenario, play};
use kolo_server::simulate::{ChainStage, circle_ids};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    let path = repository().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The committed scenarios: name and text.
fn scenarios() -> Vec<(String, String)> {
    let folder = repository().join("examples/scenarios");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut named: Vec<(String, String)> = files
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    named.sort();
    named
}

/// Played on both stages, which agree in everything: what is accepted, why not, every balance, every
/// circle's state.
fn on_both(name: &str, text: &str) -> Report {
    let scenario = Scenario::from_toml(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let ids = circle_ids(&scenario).unwrap();
    let core = play(&scenario, &mut CoreStage::with_ids(&scenario, &ids));
    let core = core.unwrap_or_else(|error| panic!("{name}: {error}"));
    let chain = play(&scenario, &mut ChainStage::start(&scenario).unwrap());
    let chain = chain.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(core.difference(&chain), None, "{name}");
    assert_eq!((core.on, chain.on), ("core", "chain"));
    chain
}

#[test]
fn every_scenario_ends_as_worked_out_by_hand_on_core_and_on_chain() {
    let scenarios = scenarios();
    assert!(scenarios.len() >= 12, "{} scenarios", scenarios.len());
    for (name, text) in &scenarios {
        assert!(text.contains("\n# By hand: "), "{name} has no figures worked out");
        let report = on_both(name, text);
        assert!(report.unmet.is_empty(), "{name}: {:#?}", report.unmet);
        // Nobody's balance and no step is left without a word on what is expected.
        let balances = text.split("[expect.balances]").nth(1).unwrap_or_default();
        for person in &report.end.people {
            let named =
                balances.lines().any(|line| line.starts_with(&format!("{} = ", person.name)));
            assert!(named, "{name} expects no balance of {}", person.name);
        }
        let (steps, expected) =
            (text.matches("[[step]]").count(), text.matches("\nexpect = ").count());
        assert_eq!(steps, expected, "{name}: a step without `expect`");
    }
}

/// Every word of the format is used by some committed scenario, or by the tests below.
#[test]
fn every_command_is_played() {
    let mut used = BTreeSet::new();
    let texts = scenarios().into_iter().map(|(_, text)| text);
    for text in texts.chain([PURSES.to_owned()]) {
        for line in text.lines() {
            if let Some(verb) = line.strip_prefix("do = ") {
                used.insert(verb.trim_matches('"').to_owned());
            }
        }
    }
    let guide = read("docs/guide/simulate.md");
    let table = guide.split("## What can be done").nth(1).unwrap();
    let table = table.split("\n## ").next().unwrap();
    let mut listed = BTreeSet::new();
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let first = row.split('|').nth(1).unwrap();
        listed.extend(first.split('`').skip(1).step_by(2).map(str::to_owned));
    }
    assert!(listed.len() >= 35, "{listed:?}");
    assert_eq!(used, listed, "played, and listed in the guide");
}

/// What payments, trustlines, freezing and taking back answer, in every order of what can be wrong.
const PURSES: &str = include_str!("simulate/purses.toml");

#[test]
fn the_model_of_the_asset_answers_as_the_network_does() {
    let report = on_both("purses.toml", PURSES);
    assert!(report.unmet.is_empty(), "{:#?}", report.unmet);
    let reasons: BTreeSet<String> =
        report.steps.iter().filter_map(|step| step.reason).map(Reason::name).collect();
    for name in ["NoTrustline", "Frozen", "BalanceTooLow", "LimitReached", "BadLimit"] {
        assert!(reasons.contains(name), "{name} is never answered: {reasons:?}");
    }
}

/// The contracts' own errors are the reasons of a play, with the same names and numbers.
#[test]
fn reasons_are_the_contracts_errors() {
    for line in read("contracts/common/src/error.rs").lines() {
        let Some((name, code)) = line.trim().strip_suffix(',').and_then(|it| it.split_once(" = "))
        else {
            continue;
        };
        let Ok(code) = code.parse::<u32>() else { continue };
        // What a scenario cannot bring about: it has no keys, no salts, no other assets or codes.
        let unreachable = [1, 3, 4, 5, 8, 20, 30, 31, 199].contains(&code);
        let reason = Reason::from_code(code);
        assert_eq!(reason.is_none(), unreachable, "{name} = {code}");
        assert!(reason.is_none_or(|reason| reason.name() == name), "{name} = {code}");
    }
}

fn simulate(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kolo-server"));
    command.current_dir(repository()).arg("simulate").args(arguments).output().unwrap()
}

#[test]
fn the_command_prints_the_guides_table_and_succeeds() {
    let output = simulate(&["examples/scenarios/02-member-two-stops.toml", "--on", "both"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    let guide = read("docs/guide/simulate.md");
    let block = guide.split("```text\n").nth(1).unwrap().split("\n```").next().unwrap();
    let mut rest = printed.lines();
    for line in block.lines().filter(|line| *line != "…") {
        let line = line.replace("played on core", "played on chain");
        assert!(rest.any(|printed| printed == line), "the guide shows {line:?}, not printed there");
    }
    assert_eq!(rest.next(), None, "the guide ends before the output does");
}

#[test]
fn the_command_prints_json() {
    let output = simulate(&["examples/scenarios/01-three-in-turn.toml", "--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed.trim_end(), include_str!("simulate/three-in-turn.json").trim_end());
}

#[test]
fn the_command_fails_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let output = simulate(&["no/such.toml"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("no/such.toml") && said.contains("examples/scenarios"), "{said}");

    let output = simulate(&[&write("float.toml", "title = \"A\"\n[people]\nada = 10.5\n")]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("line 3") && said.contains("in quotes"), "{said}");

    let text = read("examples/scenarios/01-three-in-turn.toml");
    let other = text.replace("friends = 0\n", "friends = 1\n");
    assert_ne!(text, other);
    let output = simulate(&[&write("other.toml", &other)]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("NOT AS EXPECTED: at the end: the vault of friends"), "{said}");
}
