//! The steps that are done on the bytes themselves: each is exactly the engine's, or none; and in a
//! cycle without trouble hardly any is left to the engine.

use kolo_rules::circle::{Order, Packed, Phase, Premium, RULES_LEN, Security, plain};
use kolo_rules::{Amount, Circle, Interval, Rules};
use proptest::prelude::*;

use crate::history::{Act, STRANGER, act, plain_rules, some_rules};
use crate::properties::{Beginning, begin, beginning};
use crate::support::{GRACE, START, WEEK, amount, encode, rules};
use crate::world::World;

/// What [`plain`] did with a circle's bytes; the engine has done the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    Left,
}

fn contribute(
    bytes: &mut [u8],
    rules: &Rules,
    (seat, round, amount): (u8, u32, i128),
    now: u64,
) -> Outcome {
    let before = bytes.to_vec();
    if !plain::contribute(bytes, &rules.encode(), seat, round, amount, now) {
        assert_eq!(bytes, before, "left to the engine, and changed");
        return Outcome::Left;
    }
    let (round, amount) =
        (u8::try_from(round).unwrap(), Amount::new(i64::try_from(amount).unwrap()));
    let mut circle = Circle::decode(&before).unwrap();
    let paid = circle.contribute(rules, seat, round, amount, now).unwrap();
    assert_eq!((paid.instalments, paid.late), (amount, false));
    assert_eq!(Circle::decode(bytes), Ok(circle));
    let on_engine = on_engine(&before, |circle| {
        circle.contribute(rules, seat, round, amount, now).unwrap();
    });
    assert_eq!(on_engine, bytes);
    Outcome::Done
}

fn payout(bytes: &mut [u8], rules: &Rules, round: u32, now: u64) -> Outcome {
    let before = bytes.to_vec();
    let Some(paid) = plain::payout(bytes, &rules.encode(), round, now) else {
        assert_eq!(bytes, before, "left to the engine, and changed");
        return Outcome::Left;
    };
    let round = u8::try_from(round).unwrap();
    let mut circle = Circle::decode(&before).unwrap();
    let payout = circle.payout(rules, round, now).unwrap();
    assert_eq!((paid.seat, paid.amount), (payout.seat, payout.amount));
    assert!(payout.dividend.is_zero() && payout.insured.is_zero());
    assert!(!payout.completed && !payout.dissolved);
    assert_eq!(Ok(paid.others), circle.liabilities());
    assert_eq!(Circle::decode(bytes), Ok(circle));
    let on_engine = on_engine(&before, |circle| {
        let _ = circle.payout(rules, round, now).unwrap();
    });
    assert_eq!(on_engine, bytes);
    Outcome::Done
}

/// Of steps: done on the bytes, and left to the engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    done: u32,
    left: u32,
}

impl Count {
    fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Done => self.done += 1,
            Outcome::Left => self.left += 1,
        }
    }
}

/// When a member pays, of an instalment's period.
#[derive(Clone, Copy, Debug)]
enum Habit {
    /// In its first second.
    AtOnce,
    /// In its last second.
    AtLast,
    /// In the last second before it is late, when the next one has opened: both.
    InGrace,
}

/// A whole cycle of a full circle in which everybody pays in time: its contributions and payouts.
fn cycle(rules: &Rules, habit: Habit) -> (Count, Count) {
    let mut world = World::new(*rules, true);
    world.get_ready(u8::MAX);
    assert_eq!(world.circle.phase, Phase::Active);
    let (mut contributions, mut payouts) = (Count::default(), Count::default());
    let start = world.circle.started_at;
    let after = |number: u32| rules.interval.after(start, number, rules.utc_offset_s).unwrap();
    let mut bytes = world.bytes.clone();
    let per_round = u32::from(rules.instalments_per_round);
    for round in 1..=rules.seats {
        for number in (u32::from(round) - 1) * per_round..u32::from(round) * per_round {
            let now = match habit {
                Habit::AtOnce => after(number),
                Habit::AtLast => after(number + 1) - 1,
                Habit::InGrace => after(number + 1) + u64::from(rules.grace_s),
            };
            let circle = Circle::decode(&bytes).unwrap();
            for seat in 0..rules.seats {
                let due = circle.due(rules, seat, now).unwrap();
                if due.round != round || due.amount.is_zero() {
                    continue;
                }
                let amount = i128::from(due.amount.minor_units());
                let (encoded, number) = (rules.encode(), u32::from(round));
                // Some are compared with the engine's, which takes its time.
                let outcome = if seat < 3 {
                    contribute(&mut bytes, rules, (seat, number, amount), now)
                } else if plain::contribute(&mut bytes, &encoded, seat, number, amount, now) {
                    Outcome::Done
                } else {
                    Outcome::Left
                };
                contributions.add(outcome);
                if outcome == Outcome::Left {
                    bytes = on_engine(&bytes, |circle| {
                        circle.contribute(rules, seat, round, due.amount, now).unwrap();
                    });
                }
            }
        }
        let now = match habit {
            Habit::InGrace => after(u32::from(round) * per_round) + u64::from(rules.grace_s),
            _ => after(u32::from(round) * per_round),
        };
        let outcome = payout(&mut bytes, rules, u32::from(round), now);
        payouts.add(outcome);
        if outcome == Outcome::Left {
            bytes = on_engine(&bytes, |circle| {
                let _ = circle.payout(rules, round, now).unwrap();
            });
        }
    }
    assert_eq!(Circle::decode(&bytes).unwrap().phase, Phase::Completed);
    (contributions, payouts)
}

/// The bytes after a step of the engine, as a contract takes it.
fn on_engine(bytes: &[u8], step: impl FnOnce(&mut Circle<&mut Packed>)) -> Vec<u8> {
    let mut packed = Packed::new();
    packed.buffer(bytes.len()).copy_from_slice(bytes);
    let mut circle = packed.open().unwrap();
    step(&mut circle);
    circle.close().unwrap().to_vec()
}

/// A draw, bonds, and deposits.
fn with_all(rules: Rules) -> Rules {
    Rules {
        order: Order::Random,
        bond: amount(5),
        security: Security::Exposure,
        setup_period_s: 3 * 86_400,
        ..rules
    }
}

/// Weekly and monthly, plain and with all that is paid in before: so many payments of everybody in each
/// round are done on the bytes, and all payouts but the last.
fn check_cycles(seats: u8, per_round: u8, habit: Habit, payments: u32) {
    let n = u32::from(seats);
    for interval in [Interval::Seconds(7 * 86_400), Interval::Months(1)] {
        let plain = Rules { interval, instalments_per_round: per_round, ..rules(seats) };
        for rules in [plain, with_all(plain)] {
            let (contributions, payouts) = cycle(&rules, habit);
            let expected = Count { done: n * n * payments, left: 0 };
            assert_eq!(contributions, expected, "{habit:?} {rules:?}");
            assert_eq!(payouts, Count { done: n - 1, left: 1 }, "{habit:?} {rules:?}");
        }
    }
}

#[test]
fn in_time_all_but_the_last_payout_is_plain() {
    for seats in [3, 12, 20] {
        for habit in [Habit::AtOnce, Habit::AtLast, Habit::InGrace] {
            check_cycles(seats, 1, habit, 1);
        }
        check_cycles(seats, 3, Habit::AtOnce, 3);
        check_cycles(seats, 3, Habit::AtLast, 3);
        // Who pays when the next has opened pays both.
        check_cycles(seats, 3, Habit::InGrace, 2);
    }
}

#[test]
fn in_the_largest_circle_too() {
    check_cycles(64, 1, Habit::AtLast, 1);
    check_cycles(64, 3, Habit::AtLast, 3);
}

/// The last payout of each of these cycles is the engine's; and what carries a premium.
#[test]
fn premiums_are_left_to_the_engine() {
    let premium = Premium::PerInstalment(amount(1));
    // Twelve a round: two rounds fill the fund.
    let rules = Rules { premium, insurance_target: amount(24), ..rules(12) };
    let (contributions, payouts) = cycle(&rules, Habit::AtLast);
    assert_eq!(contributions, Count { done: 10 * 12, left: 2 * 12 });
    assert_eq!(payouts, Count { done: 11, left: 1 });
    let once = Premium::Once(amount(3));
    let rules =
        Rules { premium: once, insurance_target: amount(0), setup_period_s: 86_400, ..rules };
    let (contributions, payouts) = cycle(&rules, Habit::AtLast);
    assert_eq!(contributions, Count { done: 12 * 12, left: 0 });
    assert_eq!(payouts, Count { done: 11, left: 1 });
}

#[test]
fn an_auction_is_left_to_the_engine_but_for_contributions() {
    let rules =
        Rules { order: Order::Auction, bid_floor_bp: 6_500, bid_step_bp: 9_800, ..rules(12) };
    let (contributions, payouts) = cycle(&rules, Habit::AtOnce);
    assert_eq!(contributions, Count { done: 12 * 12, left: 0 });
    assert_eq!(payouts, Count { done: 0, left: 12 });
}

/// Three who may pay in advance, and have paid for round 1.
fn full() -> (Rules, Vec<u8>) {
    let rules = Rules { advance: true, ..rules(3) };
    let bytes = on_engine(&World::new(rules, true).bytes, |circle| {
        for seat in 0..3 {
            circle.contribute(&rules, seat, 1, amount(10), START).unwrap();
        }
    });
    (rules, bytes)
}

/// Whether a contribution to round 2 and the first payout are done on the bytes.
fn are_plain(rules: &Rules, bytes: &[u8]) -> (bool, bool) {
    let contributed = contribute(&mut bytes.to_vec(), rules, (0, 2, 10), START);
    let paid = payout(&mut bytes.to_vec(), rules, 1, START + WEEK);
    (contributed == Outcome::Done, paid == Outcome::Done)
}

#[test]
fn what_is_not_an_active_circle_with_all_columns_is_left() {
    let (rules, bytes) = full();
    assert_eq!(are_plain(&rules, &bytes), (true, true));
    // A newer version; completed, dissolved.
    for (place, byte) in [(0, 3), (1, 2), (1, 3)] {
        let mut bytes = bytes.clone();
        bytes[place] = byte;
        assert_eq!(are_plain(&rules, &bytes), (false, false), "byte {place} = {byte}");
    }
    // Nobody has received anything.
    let fewest = encode(&Circle::decode(&bytes).unwrap());
    assert_eq!(are_plain(&rules, &fewest), (true, false));
}

#[test]
fn a_full_pot_is_plain_until_somebody_is_late_with_the_next() {
    let (rules, bytes) = full();
    let next = START + 2 * WEEK + GRACE;
    for (now, expected) in [
        (START + WEEK - 1, Outcome::Left),
        (START + WEEK, Outcome::Done),
        (START + 2 * WEEK, Outcome::Done),
        (next, Outcome::Done),
        (next + 1, Outcome::Left),
    ] {
        assert_eq!(payout(&mut bytes.clone(), &rules, 1, now), expected, "{now}");
    }
}

#[test]
fn who_leaves_is_left_to_the_engine() {
    let (rules, bytes) = full();
    let mut bytes = on_engine(&bytes, |circle| circle.exit(&rules, 2, START).map(drop).unwrap());
    assert_eq!(are_plain(&rules, &bytes), (true, false));
    assert_eq!(contribute(&mut bytes, &rules, (2, 2, 10), START), Outcome::Left);
    // Round 3 is the leaver's.
    assert_eq!(contribute(&mut bytes, &rules, (0, 2, 10), START), Outcome::Done);
    assert_eq!(contribute(&mut bytes, &rules, (0, 3, 10), START), Outcome::Left);
}

#[test]
fn what_was_lost_or_is_owed_is_left_to_the_engine() {
    let (rules, bytes) = full();
    let lost = on_engine(&bytes, |circle| circle.sync(amount(29)).map(drop).unwrap());
    assert_eq!(are_plain(&rules, &lost), (true, false));
    let owed = on_engine(&World::new(rules, true).bytes, |circle| {
        let late = START + WEEK + GRACE + 1;
        circle.contribute(&rules, 0, 1, amount(10), START).unwrap();
        circle.contribute(&rules, 1, 1, amount(10), START).unwrap();
        circle.payout(&rules, 1, late).map(drop).unwrap();
        for seat in 0..3 {
            circle.contribute(&rules, seat, 2, amount(10), late).unwrap();
        }
    });
    assert_eq!(payout(&mut owed.clone(), &rules, 2, START + 2 * WEEK), Outcome::Left);
}

#[test]
fn whom_the_insurance_has_helped_is_left_to_the_engine() {
    let once = Premium::Once(amount(5));
    let rules = Rules { premium: once, setup_period_s: 60, advance: true, ..rules(3) };
    let mut world = World::new(rules, true);
    world.get_ready(STRANGER);
    let late = START + WEEK + GRACE + 1;
    let bytes = on_engine(&world.bytes, |circle| {
        for seat in 0..2 {
            circle.contribute(&rules, seat, 1, amount(10), START).unwrap();
        }
        circle.claim_insurance(&rules, 0, 1, 2, amount(7), late).unwrap();
        circle.contribute(&rules, 2, 1, amount(3), late).unwrap();
    });
    // All is paid for round 1.
    assert_eq!(contribute(&mut bytes.clone(), &rules, (2, 1, 7), late), Outcome::Left);
    let bytes = on_engine(&bytes, |circle| {
        circle.contribute(&rules, 2, 2, amount(10), late).unwrap();
    });
    assert_eq!(payout(&mut bytes.clone(), &rules, 1, late), Outcome::Left);
}

#[test]
fn what_is_too_large_to_add_up_is_left() {
    let (rules, bytes) = full();
    for many in 1..=3 {
        let mut bytes = bytes.clone();
        for row in bytes[55..].chunks_mut(25).take(many) {
            row[1..9].copy_from_slice(&i64::MAX.to_le_bytes());
        }
        let paid = plain::payout(&mut bytes, &rules.encode(), 1, START + WEEK);
        let others = paid.map(|paid| paid.others.minor_units());
        assert_eq!(others, (many == 1).then_some(i64::MAX - 10), "{many} of three");
    }
}

#[test]
fn the_end_of_time_is_late() {
    let second = Interval::Seconds(1);
    let rules = Rules { contribution: amount(1 << 40), interval: second, ..rules(3) };
    let mut bytes = World::new(rules, true).bytes;
    assert_eq!(contribute(&mut bytes, &rules, (0, 1, 1 << 40), u64::MAX), Outcome::Left);
    assert_eq!(contribute(&mut bytes, &rules, (0, 1, 1 << 40), START), Outcome::Done);
}

/// Times around every deadline of the circle, and its grace.
fn times(circle: &Circle, rules: &Rules) -> Vec<u64> {
    let last = u32::from(circle.len()) * u32::from(rules.instalments_per_round) + 1;
    let deadlines = (0..=last).filter_map(|number| circle.deadline(rules, number));
    let around = |at: u64| [at - 1, at, at + 1];
    let grace = u64::from(rules.grace_s);
    deadlines.flat_map(|at| around(at).into_iter().chain(around(at + grace + 1))).collect()
}

/// Every seat's contributions and all payouts, some of them right, at some of these times. How many were
/// done on the bytes.
fn try_all(bytes: &[u8], rules: &Rules, times: &[u64]) -> (u32, u32) {
    let circle = Circle::decode(bytes).unwrap();
    let (mut contributions, mut payouts) = (Count::default(), Count::default());
    let instalment = i128::from(rules.contribution.minor_units());
    for now in times {
        for seat in (0..circle.len()).chain([circle.len(), u8::MAX]) {
            let due = circle.due(rules, seat, *now);
            let amount = due.map_or(instalment, |due| i128::from(due.amount.minor_units()));
            let round = due.map_or(1, |due| u32::from(due.round));
            let payments = [
                (round, amount),
                (round, amount + 1),
                (round, amount - 1),
                (round, instalment),
                (u32::from(circle.current_round()), instalment),
                (u32::from(circle.current_round()) + 1, instalment),
                (round, 1),
                (round, amount + (1 << 64)),
                (round, 0),
                (round, -amount),
                (round + 1, amount),
                (round + 1, instalment),
                (round.saturating_sub(1), amount),
                (round + 256, amount),
                (u32::MAX, amount),
            ];
            for (round, amount) in payments {
                let mut bytes = bytes.to_vec();
                contributions.add(contribute(&mut bytes, rules, (seat, round, amount), *now));
            }
        }
        let round = u32::from(circle.current_round());
        for round in [round, round + 1, round - 1, round + 256, u32::MAX] {
            payouts.add(payout(&mut bytes.to_vec(), rules, round, *now));
        }
    }
    (contributions.done, payouts.done)
}

/// Mostly what people in a circle should do, so that there is something to be plain.
fn mostly_paying() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => act(),
        2 => Just(Act::EverybodyPays),
        2 => (0..6_u8).prop_map(Act::PayDue),
        1 => (0..6_u8, 1..100_i64).prop_map(|(seat, part)| Act::PayPart(seat, part)),
        2 => (0..2_i64).prop_map(Act::WaitForPayout),
        2 => any::<bool>().prop_map(|delivered| Act::PayoutNext { delivered }),
    ]
}

fn keep_trying(rules: Rules, beginning: Beginning, acts: &[Act]) {
    let mut world = begin(rules, beginning);
    for (turn, act) in acts.iter().enumerate() {
        let _ = world.act(act);
        let times = times(&world.circle, &rules);
        // Another few with every act.
        let some = times.iter().skip(turn * 5 % 11).step_by(11).copied().chain([world.now]);
        let some: Vec<u64> = some.collect();
        try_all(&world.bytes, &rules, &some);
        try_all(&encode(&world.circle), &rules, &[world.now]);
    }
}

proptest! {
    #[test]
    fn what_is_done_on_the_bytes_is_what_the_engine_does(
        rules in prop_oneof![some_rules(), plain_rules()],
        beginning in beginning(),
        acts in proptest::collection::vec(mostly_paying(), 1..40),
    ) {
        keep_trying(rules, beginning, &acts);
    }

    /// Whatever the bytes are, none is added, and nothing panics.
    #[test]
    fn no_bytes_are_too_strange(
        rules in some_rules(),
        noise in proptest::collection::vec(any::<u8>(), 0..300),
        strange_rules in proptest::collection::vec(any::<u8>(), RULES_LEN),
        (acts, cut) in (proptest::collection::vec(mostly_paying(), 0..8), any::<usize>()),
        changes in proptest::collection::vec((0..300_usize, any::<u8>()), 0..4),
        (seat, round, money) in (0..8_u8, 0..8_u32, any::<i128>()),
        now in prop_oneof![START..2 * START, any::<u64>()],
    ) {
        let mut world = begin(rules, Beginning::Ready);
        for act in &acts {
            let _ = world.act(act);
        }
        let mut near = world.bytes;
        for (place, byte) in changes {
            let length = near.len();
            near[place % length] = byte;
        }
        let cut = near[..cut % near.len()].to_vec();
        let mut large = near.clone();
        large[2] = u8::MAX;
        let mut active = noise.clone();
        for (byte, plain) in active.iter_mut().zip([2, 1]) {
            *byte = plain;
        }
        let mut strange_rules: [u8; RULES_LEN] = strange_rules.try_into().unwrap();
        strange_rules[0] = 2;
        let instalment = i128::from(rules.contribution.minor_units());
        for bytes in [noise, near, cut, large, active] {
            for rules in [rules.encode(), strange_rules] {
                for (round, money) in [(round, money), (round, instalment)] {
                    let mut after = bytes.clone();
                    let done = plain::contribute(&mut after, &rules, seat, round, money, now);
                    prop_assert!(done || after == bytes);
                    prop_assert_eq!(after.len(), bytes.len());
                }
                let mut after = bytes.clone();
                let paid = plain::payout(&mut after, &rules, round, now);
                prop_assert!(paid.is_some() || after == bytes);
                prop_assert_eq!(after.len(), bytes.len());
            }
        }
    }
}
