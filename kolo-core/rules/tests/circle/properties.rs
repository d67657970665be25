//! Random histories, checked after every step: money is conserved, a refusal changes nothing, the
//! bytes come back as the same circle, and what is due agrees with a count instalment by instalment.

use std::collections::BTreeSet;

use kolo_rules::circle::Phase;
use kolo_rules::{Amount, Refusal};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::world::{Step, World, some_rules, step};

/// Three histories of four begin with a circle that has just started.
fn often() -> impl Strategy<Value = bool> {
    proptest::bool::weighted(0.75)
}

/// The histories are worth something only if they get everywhere.
#[test]
fn random_histories_reach_every_phase_and_nearly_every_refusal() {
    let mut runner = TestRunner::deterministic();
    let histories = (
        some_rules(),
        often(),
        proptest::collection::vec(step(), 150),
    );
    let (mut phases, mut refusals, mut repaid_late) = (BTreeSet::new(), BTreeSet::new(), 0);
    for _ in 0..400 {
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
    let expected = Refusal::ALL
        .iter()
        .filter(|refusal| !elsewhere.contains(refusal));
    let missing: Vec<_> = expected
        .filter(|refusal| !refusals.contains(&refusal.code()))
        .collect();
    assert!(missing.is_empty(), "never refused with {missing:?}");
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
}
