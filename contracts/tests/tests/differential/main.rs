//! Random histories of all calls, played in the Soroban host and by the rules' engine at the same time:
//! what is accepted and what is refused, with which error, the state, and everybody's tokens must be the
//! same after every call, and what the circle announced must tell the same story.
//!
//! `KOLO_TEST_LONG=1` plays 10,000 histories. `KOLO_TEST_SEED` (a number) plays others than usual.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what the tests share stands outside of them"
)]
mod acts;
mod ask;
mod chapters;
mod model;
mod player;
mod replay;
mod tokens;
mod tries;

use std::cell::RefCell;

use kolo_contract_tests::World;
use kolo_rules::Circle;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use soroban_sdk::xdr::{ContractEvent, Limits, ReadXdr};

use crate::{
    acts::story,
    player::{Player, Tally},
    replay::Replay,
};

/// Histories of the normal run, and of the long one.
struct Size {
    normal: u32,
    long: u32,
}

/// Plays so many histories of up to so many acts; a failing one is made as short as it gets.
fn play(
    name: &str,
    size: &Size,
    acts: usize,
    built: bool,
    afterwards: impl Fn(&Player<'_>),
) -> Tally {
    let cases = if std::env::var_os("KOLO_TEST_LONG").is_some() { size.long } else { size.normal };
    let seed = std::env::var("KOLO_TEST_SEED").map_or(1, |seed| seed.parse().expect("a number"));
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 2_000,
        max_shrink_time: 120_000,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&u64::to_be_bytes(seed));
    bytes[8] = u8::try_from(name.len()).unwrap();
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let tally = RefCell::new(Tally::new());
    let outcome = TestRunner::new_with_rng(config, rng).run(&story(acts), |story| {
        let world = World::new();
        let mut player = Player::new(&world, &story, built);
        player.play(&story);
        afterwards(&player);
        for (what, times) in player.tally {
            *tally.borrow_mut().entry(what).or_insert(0) += times;
        }
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{name}, KOLO_TEST_SEED={seed}: {failure}");
    }
    tally.into_inner()
}

#[test]
fn contract_and_engine_agree_on_random_histories() {
    let tally = play("as Rust", &Size { normal: 160, long: 9_000 }, 200, false, |_| ());
    for (what, times) in &tally {
        println!("{times:6} {what}");
    }
    // The histories are worth something only if they get everywhere.
    let missing: Vec<_> =
        CALLS.iter().filter(|call| !tally.contains_key(&format!("{call} done"))).collect();
    assert!(missing.is_empty(), "never accepted: {missing:?}");
    let refusals = tally.keys().filter(|what| what.starts_with("refused: Contract")).count();
    assert!(refusals >= 50, "only {refusals} ways to be refused");
}

/// Every call but `upgrade`, which needs a code that is on the ledger.
const CALLS: [&str; 31] = [
    "Invite",
    "Revoke",
    "Join",
    "Request",
    "Approve",
    "Reject",
    "Leave",
    "Remove",
    "Start",
    "Cancel",
    "Commit",
    "Reveal",
    "Secure",
    "Proceed",
    "Contribute",
    "Payout",
    "Push",
    "Repay",
    "Bid",
    "ClaimInsurance",
    "Swap",
    "Exit",
    "Propose",
    "Vote",
    "Replace",
    "CompleteMove",
    "Object",
    "SignUpgrade",
    "Claim",
    "Sync",
    "ExtendTtl",
];

#[test]
fn the_built_contract_and_the_engine_agree_on_random_histories() {
    play("as wasm", &Size { normal: 40, long: 1_000 }, 120, true, |_| ());
}

/// Nothing but the rules, the events and the ledgers' close times.
#[test]
fn the_whole_history_is_rebuilt_from_its_events_alone() {
    play("from events", &Size { normal: 20, long: 200 }, 200, false, |player| {
        let mut replay = Replay::new(player.rules());
        for (closed_at, events) in &player.announced {
            let events: Vec<ContractEvent> = events
                .iter()
                .map(|bytes| ContractEvent::from_xdr(bytes, Limits::none()).unwrap())
                .collect();
            replay.follow(&events, *closed_at);
        }
        // Not byte for byte: the contract keeps room for what some row has had once.
        let state = player.state().map(|bytes| Circle::decode(&bytes).unwrap());
        assert_eq!(replay.circle(), state.as_ref());
    });
}
