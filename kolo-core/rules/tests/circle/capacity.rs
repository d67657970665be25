//! As many debts as a circle keeps apart, and one more.

use kolo_rules::circle::{MAX_DEBTS, Order, Payout, Phase, Step};
use kolo_rules::{Circle, Rules};

use crate::history::STRANGER;
use crate::support::{GRACE, active, amount, rules};
use crate::world::World;

fn partial(seats: u8, order: Order) -> Rules {
    let (floor, step) = if order == Order::Auction { (6_500, 9_800) } else { (0, 0) };
    Rules { order, partial: true, bid_floor_bp: floor, bid_step_bp: step, ..rules(seats) }
}

/// Of the others than the recipient, whose turn it is, the last `short` ones pay a part, which is another
/// one than in the round before, so that each owes a debt of its own; all the rest is paid. Then comes
/// the payout.
fn play(circle: &mut Circle, rules: &Rules, round: u8, short: usize) -> Payout {
    let date = pay(circle, rules, round, short);
    let payout = circle.payout(rules, round, date).unwrap();
    assert_eq!(payout.seat, round - 1);
    payout
}

/// What comes before the payout, and when that is.
fn pay(circle: &mut Circle, rules: &Rules, round: u8, short: usize) -> u64 {
    let opened = circle.payout_date(rules, round - 1).unwrap_or(circle.started_at) + GRACE + 1;
    let others = (0..rules.seats).rev().filter(|seat| seat + 1 != round);
    for (place, seat) in others.enumerate() {
        let paid = if place < short { 8 + i64::from(round % 2) } else { 10 };
        circle.contribute(rules, seat, round, amount(paid), opened).unwrap();
    }
    circle.contribute(rules, round - 1, round, amount(10), opened).unwrap();
    circle.payout_date(rules, round).unwrap() + GRACE + 1
}

/// Twenty who owe something else in each round: (20 − 1) · 20 debts.
#[test]
fn twenty_members_come_to_the_end_whatever_they_owe() {
    let rules = partial(20, Order::Join);
    let mut circle = active(&rules);
    for round in 1..=20 {
        assert!(!play(&mut circle, &rules, round, 19).dissolved, "round {round}");
    }
    assert_eq!((circle.phase, circle.debts().len()), (Phase::Completed, 19 * 20));
}

/// (order, seats, rounds, short in each of them, short in the next, whether there is room for that): of 32,
/// as many debts may be divided by what is paid back; in an auction by dividends again.
#[test]
fn a_round_is_paid_out_exactly_while_there_is_room_for_what_it_may_leave() {
    let table = [
        (Order::Join, 32, 12, 28, 16, true),
        // 336 + 16 + 32 = 384 debts; with one more who is short it would be 385.
        (Order::Join, 32, 12, 28, 17, false),
        // Nobody is short; but what is paid back may divide 30 · 12 debts.
        (Order::Join, 32, 12, 29, 0, true),
        (Order::Join, 32, 12, 30, 0, false),
        // 19 · 18 + 2 · 21 = 384.
        (Order::Auction, 21, 18, 19, 0, true),
        (Order::Auction, 21, 18, 19, 1, false),
    ];
    for (order, seats, rounds, short, next, room) in table {
        let rules = partial(seats, order);
        let mut circle = active(&rules);
        for round in 1..=rounds {
            assert!(!play(&mut circle, &rules, round, short).dissolved);
        }
        assert_eq!(circle.debts().len(), short * usize::from(rounds));
        let now = pay(&mut circle, &rules, rounds + 1, next);
        // In memory and as bytes.
        let mut world = World::new(rules, true);
        world.vault = circle.liabilities().unwrap().minor_units();
        world.replace_circle(circle, now);
        world.take(&Step::Payout { round: rounds + 1 }).unwrap();
        let phase = if room { Phase::Active } else { Phase::Dissolved };
        assert_eq!(world.circle.phase, phase, "{order:?}: {short} · {rounds}, then {next}");
        assert!(world.circle.debts().len() <= MAX_DEBTS);
    }
}

/// Nobody is refused a payout for want of room: half of 64 owe something else each round.
#[test]
fn a_circle_without_room_is_dissolved_and_never_stuck() {
    let rules = partial(64, Order::Join);
    let mut circle = active(&rules);
    let dissolved = (1..=64).find(|round| play(&mut circle, &rules, *round, 24).dissolved);
    // 24 · 12 + 24 + 64 = 376; a round later it is 400.
    assert_eq!((dissolved, circle.phase), (Some(14), Phase::Dissolved));
}

/// A contract keeps rows and debts as bytes: also those far behind.
#[test]
fn the_bytes_of_a_large_circle_take_the_same_steps() {
    let rules = partial(40, Order::Join);
    let mut world = World::new(rules, true);
    world.get_ready(STRANGER);
    for round in 1..=2 {
        for seat in 0..40_u8 {
            let percent = if seat % 2 == 0 { 100 } else { 70 + 10 * i64::from(round) };
            world.pay(seat, percent).unwrap();
        }
        let date = world.circle.payout_date(&rules, round).unwrap();
        world.wait_until(date + GRACE + 1);
        world.take(&Step::Payout { round }).unwrap();
        world.check();
    }
    world.repay(39, 50, true).unwrap();
    world.repay(1, 100, true).unwrap();
    world.check();
    // 20 of the first round, 19 of the second, which was seat 1's; one is repaid.
    assert_eq!(world.circle.debts().len(), 20 + 19 - 1);
}
