//! Random histories, checked after every step: money is conserved, a refusal changes nothing, the
//! bytes come back as the same circle, and what is due agrees with a count instalment by instalment.

use std::collections::BTreeSet;

use kolo_rules::circle::{MAX_ENCODED, Phase};
use kolo_rules::{Amount, Circle, Refusal, Rules};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::support::START;
use crate::world::{Step, World, some_rules, step};

/// Three histories of four begin with a circle that has just started.
fn often() -> impl Strategy<Value = bool> {
    proptest::bool::weighted(0.75)
}

/// The histories are worth something only if they get everywhere.
#[test]
fn random_histories_reach_every_phase_and_nearly_every_refusal() {
    let mut runner = TestRunner::deterministic();
    let histories = (some_rules(), often(), proptest::collection::vec(step(), 150));
    let (mut phases, mut refusals, mut repaid_late) = (BTreeSet::new(), BTreeSet::new(), 0);
    for _ in 0..250 {
        let (rules, full, steps) = histories.new_tree(&mut runner).unwrap().current();
        let mut world = World::new(rules, full);
        for step in steps {
            let debts = world.circle.seats().iter().map(|seat| seat.debt).max();
            match world.act(&step) {
                Err(refusal) => _ = refusals.insert(refusal.code()),
                Ok(()) if matches!(step, Step::Repay(..)) => {
                    let dissolved = world.circle.phase == Phase::Dissolved;
                    repaid_late += u32::from(dissolved && debts > Some(Amount::ZERO));
                }
                Ok(()) => {}
            }
            phases.insert(world.circle.phase as u8);
        }
    }
    assert_eq!(phases.len(), 5);
    assert!(repaid_late > 5, "hardly anybody repaid after dissolving");
    let elsewhere = [
        Refusal::BadRules,
        Refusal::BadEncoding,
        Refusal::Overflow,
        Refusal::AlreadyMember,
        Refusal::Finished,
        // A circle starts as it gets full.
        Refusal::Full,
    ];
    let expected = Refusal::ALL.iter().filter(|refusal| !elsewhere.contains(refusal));
    let missing: Vec<_> = expected.filter(|refusal| !refusals.contains(&refusal.code())).collect();
    assert!(missing.is_empty(), "never refused with {missing:?}");
}

/// Every step by somebody, at some time.
fn try_everything(circle: &Circle, rules: &Rules, seat: u8, round: u8, money: i64, now: u64) {
    let money = Amount::new(money);
    let _ = (circle.due(rules, seat, now), circle.payout_status(rules, now), circle.is_finished());
    let _ = (circle.owed(rules, seat, round), circle.payout_date(rules, round));
    type Attempt<'a> = &'a dyn Fn(&mut Circle) -> Result<(), Refusal>;
    let steps: [Attempt<'_>; 15] = [
        &|circle| circle.join(rules, Some(round), now).map(drop),
        &|circle| circle.join(rules, None, now).map(drop),
        &|circle| circle.leave(rules, seat),
        &|circle| circle.start(rules, now),
        &|circle| circle.cancel(),
        &|circle| circle.contribute(rules, seat, round, money, now).map(drop),
        &|circle| {
            let due = circle.due(rules, seat, now)?;
            circle.contribute(rules, seat, due.round, due.amount, now).map(drop)
        },
        &|circle| circle.payout(rules, circle.rounds_paid.wrapping_add(1), now).map(drop),
        &|circle| circle.credit(seat, money),
        &|circle| circle.push(seat).map(drop),
        &|circle| circle.repay(rules, seat, money).map(drop),
        &|circle| circle.propose_dissolve(rules, seat, now).map(drop),
        &|circle| circle.vote(rules, seat, money > Amount::ZERO, now).map(drop),
        &|circle| circle.claim(seat).map(drop),
        &|circle| circle.sync(money).map(drop),
    ];
    for (number, step) in steps.into_iter().enumerate() {
        let mut after = circle.clone();
        if step(&mut after).is_err() {
            assert_eq!(after, *circle, "step {number} was refused, but changed something");
        }
    }
}

proptest! {
    #[test]
    fn every_history_keeps_the_books(
        rules in some_rules(),
        full in often(),
        steps in proptest::collection::vec(step(), 1..150),
    ) {
        let mut world = World::new(rules, full);
        for step in steps {
            let before = world.circle.clone();
            if world.act(&step).is_err() {
                prop_assert_eq!(&world.circle, &before, "refused, but changed: {:?}", step);
            }
            world.check();
        }
    }

    #[test]
    fn a_circle_left_alone_by_defaulters_still_pays_everybody_once(
        rules in some_rules(),
        payers in proptest::collection::vec(any::<bool>(), 6 * 6 * 3),
    ) {
        let mut world = World::new(rules, true);
        let mut payers = payers.into_iter();
        let instalments = u32::from(rules.seats) * u32::from(rules.instalments_per_round);
        for number in 0..instalments {
            world.now = world.now.max(world.circle.deadline(&rules, number).unwrap());
            for seat in 0..rules.seats {
                if payers.next().unwrap() {
                    // May be paid in advance, or nothing may be due.
                    let _ = world.act(&Step::PayDue(seat));
                }
            }
            world.check();
        }
        world.now = world.circle.deadline(&rules, instalments + 1).unwrap();
        world.now += u64::from(rules.grace_s) + 1;
        for _ in 0..rules.seats {
            world.act(&Step::PayoutNext { delivered: true }).unwrap();
            world.check();
        }
        prop_assert_eq!(world.circle.phase, Phase::Completed);
        prop_assert_eq!(world.vault, 0);
        // Everybody repays: nobody has lost or won anything but their own missing instalments.
        for seat in 0..rules.seats {
            if world.circle.debt(seat).unwrap().is_positive() {
                world.act(&Step::Repay(seat, 100, true)).unwrap();
                world.check();
            }
        }
        prop_assert!(world.circle.is_finished());
        for seat in world.circle.seats() {
            prop_assert_eq!(seat.paid, seat.received);
        }
    }

    /// States and rules that do not belong together, or that nobody could have reached.
    #[test]
    fn nothing_panics_on_states_of_strangers(
        rules in some_rules(),
        other_rules in some_rules(),
        steps in proptest::collection::vec(step(), 1..60),
        changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..4),
        (seat, round, money) in (0..8_u8, 0..8_u8, prop_oneof![-5..200_i64, any::<i64>()]),
        now in prop_oneof![START..2 * START, any::<u64>()],
    ) {
        let mut world = World::new(rules, true);
        for step in &steps {
            let _ = world.act(step);
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
