//! Random histories, checked after every step: money is conserved, the bytes come back as the same
//! circle, what is said to be due and ready is taken, and in the end everybody has what is theirs.

use std::collections::{BTreeMap, BTreeSet};

use kolo_rules::circle::{MAX_ENCODED, Marks, Order, Phase, Step};
use kolo_rules::{Amount, Circle, Refusal, Rules};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::history::{Act, STRANGER, act, plain_rules, some_rules};
use crate::support::START;
use crate::world::{World, sha256};

/// Where a history begins: half of them with the first round.
#[derive(Clone, Copy, Debug)]
enum Beginning {
    Empty,
    Full,
    Ready,
}

fn beginning() -> impl Strategy<Value = Beginning> {
    prop_oneof![
        1 => Just(Beginning::Empty),
        1 => Just(Beginning::Full),
        2 => Just(Beginning::Ready),
    ]
}

fn begin(rules: Rules, beginning: Beginning) -> World {
    let mut world = World::new(rules, !matches!(beginning, Beginning::Empty));
    if matches!(beginning, Beginning::Ready) {
        world.get_ready(STRANGER);
    }
    world
}

fn play(rules: Rules, beginning: Beginning, acts: &[Act]) -> World {
    let mut world = begin(rules, beginning);
    for act in acts {
        // Refused is as good as accepted: `take` keeps the circle there was before.
        let _ = world.act(act);
        world.check();
    }
    world
}

/// The histories are worth something only if they get everywhere.
#[test]
fn random_histories_reach_every_phase_and_nearly_every_refusal() {
    let mut runner = TestRunner::deterministic();
    let histories = (some_rules(), beginning(), proptest::collection::vec(act(), 150));
    let (mut phases, mut refusals) = (BTreeSet::new(), BTreeSet::new());
    let mut done = BTreeMap::new();
    for _ in 0..300 {
        let (rules, beginning, acts) = histories.new_tree(&mut runner).unwrap().current();
        let mut world = begin(rules, beginning);
        for act in acts {
            let debts =
                (0..world.circle.len()).any(|seat| world.circle.debt(seat).unwrap().is_positive());
            let name = format!("{act:?}");
            let name = name.split(['(', ' ']).next().unwrap().to_owned();
            match world.act(&act) {
                Err(refusal) => _ = refusals.insert(refusal.code()),
                Ok(()) if matches!(act, Act::Repay(..)) && world.circle.phase.is_over() => {
                    *done.entry("repaid after the end".to_owned()).or_insert(0) += i32::from(debts);
                }
                // Mostly done by what carries them out after a vote; meant to be refused.
                Ok(())
                    if matches!(
                        act,
                        Act::Replace(_) | Act::CompleteMove(_) | Act::Draw | Act::PayAny(..)
                    ) => {}
                Ok(()) => *done.entry(name).or_insert(0) += 1,
            }
            phases.insert(world.circle.phase as u8);
        }
    }
    assert_eq!(phases.len(), Phase::ALL.len(), "{phases:?} {done:?}");
    let rare: Vec<_> = done.iter().filter(|(_, times)| **times < 5).collect();
    assert!(rare.is_empty() && done.len() > 28, "hardly ever accepted: {rare:?} of {done:?}");
    let elsewhere = [
        Refusal::BadRules,
        Refusal::BadEncoding,
        Refusal::Overflow,
        Refusal::AlreadyMember,
        Refusal::Finished,
        // A circle starts as it gets full.
        Refusal::Full,
        // Six members cannot owe so differently.
        Refusal::TooManyDebts,
    ];
    let expected = Refusal::ALL.iter().filter(|refusal| !elsewhere.contains(refusal));
    let missing: Vec<_> = expected.filter(|refusal| !refusals.contains(&refusal.code())).collect();
    assert!(missing.is_empty(), "never refused with {missing:?}");
}

proptest! {
    #[test]
    fn every_history_keeps_the_books_and_comes_to_an_end(
        rules in some_rules(),
        beginning in beginning(),
        acts in proptest::collection::vec(act(), 1..150),
    ) {
        let mut world = play(rules, beginning, &acts);
        world.finish();
        // Nobody who was always in time has lost more than the premiums they paid.
        if world.clawed || world.rules.order == Order::Auction {
            return Ok(());
        }
        for ((seat, purse), premium) in
            world.circle.seats().iter().zip(&world.purses).zip(&world.premiums)
        {
            let forfeited = seat.marks.has(Marks::COMMITTED) && !seat.marks.has(Marks::REVEALED);
            prop_assert!(forfeited || seat.late > 0 || *purse >= -*premium, "{:?} got {}", seat, purse);
        }
    }

    /// Without fees, premiums and bids nobody gains or loses anything, whatever happened, once all
    /// have paid what they owe.
    #[test]
    fn in_the_end_everybody_has_got_what_they_paid(
        rules in plain_rules(),
        acts in proptest::collection::vec(act(), 1..150),
    ) {
        let strangers = |act: &Act| matches!(act, Act::Gift(_) | Act::Clawback(_));
        let acts: Vec<_> = acts.into_iter().filter(|act| !strangers(act)).collect();
        let mut world = play(rules, Beginning::Ready, &acts);
        world.finish();
        for purse in world.purses.iter().chain(&world.gone) {
            prop_assert_eq!(*purse, 0, "{:?} {:?}", world.purses, world.gone);
        }
    }

    /// States and rules that do not belong together, or that nobody could have reached.
    #[test]
    fn nothing_panics_on_states_of_strangers(
        rules in some_rules(),
        other_rules in some_rules(),
        acts in proptest::collection::vec(act(), 1..60),
        changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..4),
        (seat, round, money) in (0..8_u8, 0..8_u8, prop_oneof![-5..200_i64, any::<i64>()]),
        now in prop_oneof![START..2 * START, any::<u64>()],
    ) {
        let mut world = World::new(rules, true);
        for act in &acts {
            let _ = world.act(act);
        }
        let mut bytes = vec![0; MAX_ENCODED];
        let length = world.circle.encode(&mut bytes).unwrap();
        bytes.truncate(length);
        for (place, byte) in changes {
            bytes[place % length] = byte;
        }
        if let Ok(circle) = Circle::decode(&bytes) {
            try_everything(&circle, &rules, seat, round, money, now);
            try_everything(&circle, &other_rules, seat, round, money, now);
        }
    }
}

/// Every step by somebody, at some time.
fn try_everything(circle: &Circle, rules: &Rules, seat: u8, round: u8, money: i64, now: u64) {
    let amount = Amount::new(money);
    let other = seat.wrapping_add(1) % circle.len().max(1);
    let motion = kolo_rules::circle::Motion::ALL[usize::from(round) % 4];
    let _ = (circle.due(rules, seat, now), circle.payout_status(rules, now), circle.is_finished());
    let _ = (circle.owed(seat, round), circle.payout_date(rules, round), circle.debt(seat));
    let _ = (circle.need(rules, seat, round), circle.paid_for(rules, seat, round));
    let _ = (circle.in_arrears(rules, seat, now), circle.pot_now(rules));
    let proposal = circle.open_proposals().next().map_or(1, |open| open.id);
    let steps = [
        Step::Join { turn: None },
        Step::Join { turn: Some(round) },
        Step::Leave { seat },
        Step::Start,
        Step::Cancel,
        Step::Commit { seat },
        Step::Reveal { seat },
        Step::Proceed,
        Step::Draw { seed: [round; 32] },
        Step::Secure { seat, amount },
        Step::Contribute { seat, round, amount },
        Step::Payout { round },
        Step::Payout { round: circle.rounds_paid.wrapping_add(1) },
        Step::Push { seat },
        Step::Credit { seat, amount },
        Step::Repay { seat, amount },
        Step::Bid { seat, round: circle.rounds_paid.wrapping_add(1), amount },
        Step::ClaimInsurance { seat, round, defaulter: other, amount },
        Step::Swap { a: seat, b: other },
        Step::Exit { seat },
        Step::Propose { seat, motion, subject: other },
        Step::Vote { seat, proposal, approve: money > 0 },
        Step::Replace { seat },
        Step::CompleteMove { seat },
        Step::Object { seat },
        Step::Claim { seat },
        Step::Sync { balance: amount },
    ];
    for step in steps {
        if let Ok((after, _)) = circle.after(rules, &step, &sha256, now) {
            let _ = (after.liabilities(), after.audit());
        }
    }
}
