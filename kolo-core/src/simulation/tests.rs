//! What is wrong with a file is said so that it can be mended; and plays that need no network.

use kolo_rules::{Amount, Refusal};

use super::*;

const PEOPLE: &str = r#"
title = "A test"
[people]
ada = 100
bola = "50.5"
"#;

const CIRCLE: &str = r#"
[[circle]]
name = "friends"
members = ["ada", "bola"]
contribution = 10
every = "7 days"
"#;

fn read(parts: &[&str]) -> Result<Scenario, ScenarioError> {
    Scenario::from_toml(&parts.concat())
}

fn played(parts: &[&str]) -> Report {
    let scenario = read(parts).unwrap();
    play(&scenario, &mut CoreStage::new(&scenario)).unwrap()
}

/// Every mistake, and what its message must say.
#[test]
fn mistakes_are_named_with_their_place_and_the_way_out() {
    let table: [(&[&str], &[&str]); 26] = [
        (&["title = \"A\"\n[people]\n\"a\\nb\" = 1"], &["[people]", "cannot be printed"]),
        (&["title = \"A\"\n[people]\nada = { limit = 0 }"], &["line 3", "trustline = false"]),
        (&["title = "], &["line 1"]),
        (&["title = \"A\""], &["missing field `people`"]),
        (&["title = \"A\"\nbanana = 1\n[people]"], &["line 2", "unknown field `banana`"]),
        (&["title = \"A\"\n[people]\nada = 10.5"], &["line 3", "write \"10.5\" in quotes"]),
        (&["title = \"A\"\n[people]\nada = \"1.00000001\""], &["line 3", "more decimals"]),
        (&["title = \"A\"\n[people]\nada = -1"], &["line 3", "no sign"]),
        (&["title = \"A\"\n[people]\nada = 1\nada = 2"], &["line 4", "duplicate key"]),
        (&["title = \"A\"\n[people]\nvault = 1"], &["line 3", "a word of the format"]),
        (&["title = \"A\"\n[people]\nada = { balance = 2, limit = 1 }"], &["below the balance"]),
        (&["title = \"A\"\nbegins = \"soon\"\n[people]"], &["line 2", "2026-01-01"]),
        (&["title = \"A\"\nasset = \"$\"\n[people]"], &["line 2", "letters and digits"]),
        (&[PEOPLE, CIRCLE, CIRCLE], &["line 13", "taken"]),
        (&[PEOPLE, CIRCLE, "colour = 1"], &["line 12", "unknown field `colour`", "late_fee"]),
        (&[PEOPLE, CIRCLE, "seats = 1"], &["friends", "`seats`"]),
        (&[PEOPLE, CIRCLE, "bond = 1"], &["friends", "`bond`", "random"]),
        (&[PEOPLE, CIRCLE, "grace = \"some\""], &["line 12", "2 days"]),
        (&[PEOPLE, CIRCLE, "order = \"chance\""], &["line 12", "random"]),
        (&[PEOPLE, CIRCLE, "turns = [\"ada\", \"bola\"]"], &["`turns`", "fixed"]),
        (&[PEOPLE, CIRCLE, "[[step]]\ndo = \"dance\""], &["line 13", "contribute"]),
        (&[PEOPLE, CIRCLE, "[[step]]\ndo = \"exit\""], &["line 12, step 1", "`who` is missing"]),
        (
            &[PEOPLE, CIRCLE, "[[step]]\ndo = \"exit\"\nwho = \"eve\""],
            &["line 12, step 1", "no person \"eve\"", "ada, bola"],
        ),
        (
            &[PEOPLE, CIRCLE, "[[step]]\ndo = \"exit\"\nwho = \"ada\"\namount = 1"],
            &["line 12, step 1", "`amount` means nothing"],
        ),
        (
            &[PEOPLE, CIRCLE, "[[step]]\ndo = \"payout\"\nexpect = \"sorry\""],
            &["line 12, step 1", "`expect`", "sorry"],
        ),
        (
            &[PEOPLE, CIRCLE, "[[step]]\ndo = \"mint\"\nwho = \"ada\"\namount = 0"],
            &["line 12, step 1", "more than zero"],
        ),
    ];
    for (parts, said) in table {
        let error = read(parts).unwrap_err();
        let text = error.to_string();
        for words in said {
            assert!(text.contains(words), "{parts:?}: {text:?} does not say {words:?}");
        }
        assert!(error.code().starts_with("scenario."), "{error:?}");
    }
}

#[test]
fn times_that_make_no_sense_stop_the_play() {
    let back = "[[step]]\nat = \"day 3\"\ndo = \"wait\"\n[[step]]\nat = \"day 2\"\ndo = \"wait\"";
    let table = [
        (back, "day 2, before the step before it, at day 3"),
        ("[[step]]\nat = \"round 3 due\"\ndo = \"payout\"", "a round that there is not"),
        ("[[step]]\nat = \"setup over\"\ndo = \"proceed\"", "not between start and first round"),
    ];
    for (steps, said) in table {
        let scenario = read(&[PEOPLE, CIRCLE, steps]).unwrap();
        let error = play(&scenario, &mut CoreStage::new(&scenario)).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
        assert_eq!(error.code(), "scenario.time");
    }
}

#[test]
fn what_is_not_as_expected_is_said() {
    let steps = "[[step]]\ndo = \"payout\"\nexpect = \"accepted\"\n\
                 [[step]]\ndo = \"push\"\nmember = \"ada\"\nexpect = \"TooEarly\"\n\
                 [expect.balances]\nada = 99\n[expect.vaults]\nfriends = 1";
    let report = played(&[PEOPLE, CIRCLE, steps]);
    let told = [
        "line 12, step 1: the pot of round 1 is paid out: expected accepted, was REFUSED: TooEarly",
        "line 15, step 2: the credit of ada is delivered: expected refused: TooEarly, was REFUSED: NoCredit",
        "at the end: the vault of friends: expected 1, is 0",
        "at the end: balance of ada: expected 99, is 100",
    ];
    assert_eq!(report.unmet.len(), told.len(), "{:?}", report.unmet);
    for (unmet, told) in report.unmet.iter().zip(told) {
        assert!(unmet.starts_with(told), "{unmet}");
    }
    assert!(report.to_string().contains("NOT AS EXPECTED: at the end: balance of ada"));
}

#[test]
fn a_refused_step_says_why_with_the_contracts_number() {
    let report = played(&[PEOPLE, CIRCLE, "[[step]]\ndo = \"payout\""]);
    let step = report.steps.last().unwrap();
    assert_eq!((step.accepted, step.reason), (Some(false), Some(Reason::Rules(Refusal::TooEarly))));
    let json = serde_json::to_value(step).unwrap();
    assert_eq!(json["reason"]["name"], "TooEarly");
    assert_eq!(json["reason"]["code"], 140);
    assert_eq!(json["balances"]["bola"], "50.5000000");
}

/// A stage on which every payment out of a person's purse loses a unit.
struct Leaky(CoreStage, i64);

impl Stage for Leaky {
    fn name(&self) -> &'static str {
        "leaky"
    }

    fn advance(&mut self, to: u64) -> Result<(), StageError> {
        self.0.advance(to)
    }

    fn act(&mut self, act: &Act) -> Result<Outcome, StageError> {
        if matches!(act, Act::Call { call: Call::Contribute { .. }, .. }) {
            self.1 += 1;
        }
        self.0.act(act)
    }

    fn look(&mut self) -> Result<View, StageError> {
        let mut view = self.0.look()?;
        let purse = &mut view.balances[0];
        *purse = Amount::new(purse.minor_units() - self.1);
        Ok(view)
    }
}

#[test]
fn money_that_vanishes_is_noticed() {
    let steps = "[[step]]\ndo = \"contribute\"\nwho = \"ada\"";
    let scenario = read(&[PEOPLE, CIRCLE, steps]).unwrap();
    let error = play(&scenario, &mut Leaky(CoreStage::new(&scenario), 0)).unwrap_err();
    assert_eq!(error.code(), "simulation.unsound");
    assert!(error.to_string().starts_with("line 12, step 1: the money does not add up"), "{error}");
}

#[test]
fn two_plays_that_differ_are_told_apart() {
    let of = |amount: u32| {
        let step = format!("[[step]]\ndo = \"mint\"\nwho = \"ada\"\namount = {amount}");
        played(&[PEOPLE, CIRCLE, &step])
    };
    assert_eq!(of(1).difference(&of(1)), None);
    let difference = of(1).difference(&of(2)).unwrap();
    assert!(difference.contains("ada 101") && difference.contains("ada 102"), "{difference}");
}
