//! Random histories, checked after every step: money is conserved, the bytes come back as the same
//! circle, what is said to be due and ready is taken, and in the end everybody has what is theirs.

use std::collections::{BTreeMap, BTreeSet};

use kolo_rules::circle::{MAX_ENCODED, Marks, Motion, Order, Phase, Step};
use kolo_rules::{Amount, Circle, Refusal, Rules};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::history::{Act, STRANGER, act, auction_rules, plain_rules, some_rules};
use crate::support::START;
use crate::world::{World, sha256};

/// Where a history begins: half of them with the first round.
#[derive(Clone, Copy, Debug)]
pub enum Beginning {
    Empty,
    Full,
    Ready,
}

pub fn beginning() -> impl Strategy<Value = Beginning> {
    prop_oneof![
        1 => Just(Beginning::Empty),
        1 => Just(Beginning::Full),
        2 => Just(Beginning::Ready),
    ]
}

pub fn begin(rules: Rules, beginning: Beginning) -> World {
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
        // Asked for by who takes signatures, not by a step.
        Refusal::OtherTurn,
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

    /// In auctions who wins leaves the rest of the pot to all who take part, and nothing else changes
    /// hands, once all have paid what they owe.
    #[test]
    fn in_the_end_everybody_has_an_equal_part_of_what_bids_left(
        rules in auction_rules(),
        acts in proptest::collection::vec(act(), 1..150),
    ) {
        let strangers = |act: &Act| matches!(act, Act::Gift(_) | Act::Clawback(_));
        let acts: Vec<_> = acts.into_iter().filter(|act| !strangers(act)).collect();
        let mut world = play(rules, Beginning::Ready, &acts);
        world.finish();
        let mut expected = vec![0; world.purses.len()];
        // Dissolving undoes what bids have moved, too.
        if world.circle.phase == Phase::Completed {
            for (winner, taking_part, left) in &world.left_to_all {
                expected[usize::from(*winner)] -= left;
                for seat in taking_part {
                    expected[usize::from(*seat)] += left / i64::try_from(taking_part.len()).unwrap();
                }
            }
        }
        for (purse, expected) in world.purses.iter().zip(&expected) {
            prop_assert!((purse - expected).abs() < 1_000, "{:?} {:?}", world.purses, expected);
        }
        prop_assert!(world.gone.iter().all(|gone| *gone == 0));
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.div_ceil(8)))]

    /// Whatever all the others do: who pays what is due before it is late is never said to be late,
    /// never pays a fee, and gets back all but premiums, once the others have paid what they owe.
    #[test]
    fn who_keeps_the_promise_is_not_worse_off(
        rules in some_rules(),
        seat in 0..6_u8,
        acts in proptest::collection::vec(act(), 1..150),
    ) {
        let seat = seat % rules.seats;
        let mut world = begin(rules, Beginning::Ready);
        world.honest = Some(seat);
        world.be_honest();
        for act in acts {
            // Not by their own hand, and nothing that is sold or taken by others.
            let about = |other: u8| other % rules.seats == seat;
            let theirs = match act {
                Act::Swap(a, b) => about(a) || about(b),
                Act::Exit(other)
                | Act::Replace(other)
                | Act::Carry(_, other)
                | Act::Propose(_, _, other) => about(other),
                Act::Clawback(_) => true,
                _ => false,
            };
            if !theirs {
                let _ = world.act(&act);
                world.be_honest();
                let member = world.circle.seat(seat).unwrap();
                prop_assert_eq!((member.late, member.fees), (0, Amount::ZERO));
            }
        }
        world.finish();
        if rules.order != Order::Auction {
            let (purse, premium) =
                (world.purses[usize::from(seat)], world.premiums[usize::from(seat)]);
            prop_assert!(purse >= -premium, "{} of {:?}", seat, world.purses);
        }
    }

    /// As many members as there can be, who pay what they like: all ends in order, or by being
    /// dissolved when there are more debts than are kept apart.
    #[test]
    fn large_circles_come_to_an_end(
        rules in some_rules(),
        seats in 16..=64_u8,
        seed: u64,
    ) {
        let mut world = World::new(Rules { seats, ..rules }, true);
        world.get_ready(STRANGER);
        let mut chance = seed | 1;
        let mut percent = || {
            // As good as any for choosing who pays what (xorshift).
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            i64::try_from(chance % 160).unwrap()
        };
        while world.circle.phase == Phase::Active {
            for seat in 0..seats {
                let _ = match percent() {
                    0..40 => world.pay(seat, percent()),
                    40..45 => world.repay(seat, percent(), false),
                    45..47 => world.bid(seat, 70),
                    47..48 => world.take(&Step::Exit { seat }).map(drop),
                    48..100 => Ok(()),
                    _ => world.pay(seat, 100),
                };
            }
            let _ = world.act(&Act::WaitForPayout(0));
            let _ = world.act(&Act::PayoutNext { delivered: true });
            prop_assert_eq!(world.circle.audit(), Ok(()));
            prop_assert_eq!(world.circle.liabilities(), Ok(Amount::new(world.vault)));
        }
        world.finish();
    }
}

/// Every step by somebody, at some time.
fn try_everything(circle: &Circle, rules: &Rules, seat: u8, round: u8, money: i64, now: u64) {
    let amount = Amount::new(money);
    let other = seat.wrapping_add(1) % circle.len().max(1);
    let motion = Motion::ALL[usize::from(round) % 4];
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
