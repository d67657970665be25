//! Drawing the order: commitments, reveals, bonds, and a fair shuffle.

use kolo_rules::circle::{Order, Phase, Readiness};
use kolo_rules::{Circle, Refusal, Rules};

use crate::support::{START, WEEK, active, amount, each, refused, rules, turns};
use crate::world::sha256;

const STEP: u64 = 3_600;

fn random(seats: u8) -> Rules {
    Rules { order: Order::Random, bond: amount(7), setup_period_s: 3_600, ..rules(seats) }
}

/// All have committed and revealed.
fn revealed(rules: &Rules) -> Circle {
    let mut circle = active(rules);
    for seat in 0..rules.seats {
        circle.commit(rules, seat, START).unwrap();
    }
    for seat in 0..rules.seats {
        circle.reveal(rules, seat, START).unwrap();
    }
    circle
}

#[test]
fn all_commit_all_reveal_and_the_order_is_drawn() {
    let rules = random(3);
    let mut circle = active(&rules);
    assert_eq!((circle.phase, turns(&circle)), (Phase::Committing, vec![0, 0, 0]));
    refused(&mut circle, Refusal::NotRevealing, |circle| circle.reveal(&rules, 0, START));
    assert_eq!(circle.commit(&rules, 0, START), Ok(Readiness::Waiting));
    refused(&mut circle, Refusal::AlreadyDone, |circle| circle.commit(&rules, 0, START));
    refused(&mut circle, Refusal::NotMember, |circle| circle.commit(&rules, 3, START));
    refused(&mut circle, Refusal::TooEarly, |circle| circle.proceed(&rules, START + STEP));
    assert_eq!(circle.commit(&rules, 1, START + STEP), Ok(Readiness::Waiting));
    // The time for the next step begins with it.
    assert_eq!(circle.commit(&rules, 2, START + STEP), Ok(Readiness::Reveal));
    assert_eq!((circle.phase, circle.liabilities()), (Phase::Revealing, Ok(amount(21))));
    assert_eq!(circle.ready_until(&rules), Some(START + 2 * STEP));
    refused(&mut circle, Refusal::NotCommitting, |circle| circle.commit(&rules, 0, START));
    let seed = [1; 32];
    assert_eq!(circle.reveal(&rules, 2, START + STEP), Ok(Readiness::Waiting));
    refused(&mut circle, Refusal::AlreadyDone, |circle| circle.reveal(&rules, 2, START + STEP));
    refused(&mut circle, Refusal::TooEarly, |circle| {
        circle.draw(&rules, &seed, &sha256, START + 2 * STEP)
    });
    assert_eq!(circle.reveal(&rules, 0, START + 2 * STEP), Ok(Readiness::Waiting));
    assert_eq!(circle.reveal(&rules, 1, START + 2 * STEP), Ok(Readiness::Draw));
    let now = START + 2 * STEP;
    assert_eq!(circle.draw(&rules, &seed, &sha256, now), Ok(Readiness::Active));
    let mut drawn = turns(&circle);
    drawn.sort_unstable();
    assert_eq!(drawn, [1, 2, 3]);
    assert_eq!((circle.phase, circle.deadline(&rules, 1)), (Phase::Active, Some(now + WEEK)));
    // Bonds go back.
    assert_eq!(each(&circle, |seat| seat.credit), [7, 7, 7]);
    refused(&mut circle, Refusal::NotGettingReady, |circle| circle.proceed(&rules, u64::MAX));
}

#[test]
fn who_does_not_reveal_goes_last_and_loses_the_bond() {
    let rules = random(5);
    let mut circle = active(&rules);
    for seat in [0, 1, 3, 4] {
        circle.commit(&rules, seat, START).unwrap();
    }
    let late = START + STEP + 1;
    refused(&mut circle, Refusal::TimeOver, |circle| circle.commit(&rules, 2, late));
    assert_eq!(circle.proceed(&rules, late), Ok(Readiness::Reveal));
    refused(&mut circle, Refusal::NoCommitment, |circle| circle.reveal(&rules, 2, late));
    circle.reveal(&rules, 4, late).unwrap();
    circle.reveal(&rules, 1, late).unwrap();
    let over = late + STEP + 1;
    refused(&mut circle, Refusal::TimeOver, |circle| circle.reveal(&rules, 0, over));
    assert_eq!(circle.proceed(&rules, over), Ok(Readiness::Draw));
    circle.draw(&rules, &[1; 32], &sha256, over).unwrap();
    let drawn = turns(&circle);
    // 1 and 4 first, in whatever order; then 0, 2 and 3 as they joined.
    assert_eq!((drawn[0], drawn[2], drawn[3], drawn[1] + drawn[4]), (3, 4, 5, 1 + 2));
    // The bonds of 0 and 3, 14, for 1 and 4; 2 paid none.
    assert_eq!(each(&circle, |seat| seat.credit), [0, 14, 0, 0, 14]);
}

#[test]
fn if_nobody_reveals_it_is_the_order_of_joining_and_bonds_go_back() {
    let rules = random(3);
    let mut circle = active(&rules);
    circle.commit(&rules, 1, START).unwrap();
    circle.proceed(&rules, START + STEP + 1).unwrap();
    let over = START + 2 * STEP + 2;
    assert_eq!(circle.proceed(&rules, over), Ok(Readiness::Draw));
    circle.draw(&rules, &[1; 32], &sha256, over).unwrap();
    assert_eq!((turns(&circle), each(&circle, |seat| seat.credit)), (vec![1, 2, 3], vec![0, 7, 0]));
    // Nobody even commits: there is nothing to wait for.
    let mut circle = active(&rules);
    let over = START + STEP + 1;
    assert_eq!(circle.proceed(&rules, over), Ok(Readiness::Draw));
    circle.draw(&rules, &[1; 32], &sha256, over).unwrap();
    assert_eq!((turns(&circle), circle.phase), (vec![1, 2, 3], Phase::Active));
}

/// The bytes that decide are SHA-256(seed ‖ counter): another implementation must draw the same.
#[test]
fn a_draw_can_be_checked_by_hand() {
    let rules = random(3);
    let mut circle = revealed(&rules);
    let seed = [9; 32];
    circle.draw(&rules, &seed, &sha256, START).unwrap();
    let bytes = sha256(&[&seed[..], &[0; 4]].concat());
    // A place of three, bytes from 255 on skipped; then a place of two.
    let mut order = [0, 1, 2];
    let mut fair = bytes.iter();
    let third = usize::from(*fair.find(|byte| **byte < 255).unwrap()) % 3;
    order.swap(2, third);
    let second = usize::from(*fair.next().unwrap()) % 2;
    order.swap(1, second);
    let drawn: Vec<_> = (1..=3).map(|turn| circle.seat_of_turn(turn).unwrap()).collect();
    assert_eq!(drawn, order);
}

#[test]
fn every_order_is_equally_likely() {
    let rules = random(4);
    let circle = revealed(&rules);
    let mut times = std::collections::BTreeMap::new();
    for number in 0..6_000_u32 {
        let mut circle = circle.clone();
        circle.draw(&rules, &sha256(&number.to_be_bytes()), &sha256, START).unwrap();
        *times.entry(turns(&circle)).or_insert(0) += 1;
    }
    // 24 orders, 250 times each, σ = √(250 · 23 / 24) = 15.5: within five of them.
    assert_eq!(times.len(), 24);
    for (order, times) in times {
        assert!((173..=327).contains(&times), "{order:?} came {times} times");
    }
}

#[test]
fn every_turn_is_equally_likely_for_the_64th() {
    let rules = random(64);
    let circle = revealed(&rules);
    let mut times = [0; 65];
    for number in 0..3_200_u32 {
        let mut circle = circle.clone();
        circle.draw(&rules, &sha256(&number.to_be_bytes()), &sha256, START).unwrap();
        times[usize::from(turns(&circle)[63])] += 1;
    }
    // 50 times each, σ = 7: within five of them.
    assert!(times[1..].iter().all(|times| (15..=85).contains(times)), "{times:?}");
}
