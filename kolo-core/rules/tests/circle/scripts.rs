//! Short histories by hand, each by rules of every kind: checked after every step like the random ones,
//! in memory and as the bytes a contract works on.

use std::collections::BTreeSet;

use kolo_rules::Rules;
use kolo_rules::circle::{Fee, Motion, Order, Phase, Premium, Security, Shortfall};

use crate::history::{Act, STRANGER};
use crate::support::{amount, rules};
use crate::world::World;

const PAYOUT: Act = Act::PayoutNext { delivered: true };
const KEPT: Act = Act::PayoutNext { delivered: false };

/// A round in which all pay: refused a second too early, and paid at its date.
const ROUND: [Act; 5] =
    [Act::EverybodyPays, Act::WaitForPayout(-1), PAYOUT, Act::WaitForPayout(0), PAYOUT];

/// Rules of every kind, of four members.
fn kinds() -> Vec<Rules> {
    let plain = Rules { contribution: amount(100), setup_period_s: 60, ..rules(4) };
    let auction = Rules { order: Order::Auction, bid_floor_bp: 6_500, bid_step_bp: 9_800, ..plain };
    let premium = Premium::PerInstalment(amount(4));
    let (fixed, once) = (Security::Fixed(amount(150)), Premium::Once(amount(30)));
    vec![
        plain,
        Rules { fee: Fee::BasisPoints(500), shortfall: Shortfall::Wait, ..plain },
        Rules { security: Security::Exposure, advance: true, ..plain },
        Rules { security: fixed, shortfall: Shortfall::Share, instalments_per_round: 2, ..plain },
        Rules { premium: once, advance: true, fee: Fee::Fixed(amount(3)), ..plain },
        Rules { premium, insurance_target: amount(16), ..plain },
        Rules { partial: true, advance: true, fee: Fee::Fixed(amount(3)), ..plain },
        Rules { security: fixed, premium: once, shortfall: Shortfall::Share, ..plain },
        Rules { order: Order::Random, bond: amount(7), ..plain },
        auction,
        Rules { security: fixed, premium: once, fee: Fee::BasisPoints(500), ..auction },
    ]
}

fn scripts() -> Vec<Vec<Act>> {
    use Act as A;
    let all_but_2 = [A::PayDue(0), A::PayDue(1), A::PayDue(3)];
    let then = |first: &[Act], second: &[Act]| [first, second].concat();
    vec![
        vec![],
        then(&ROUND, &[A::PayoutAny(1), A::PayoutAny(3)]),
        // One does not pay, and repays; the recipient cannot receive.
        then(&all_but_2, &[A::WaitForPayout(-1), PAYOUT, A::WaitForPayout(0), KEPT, A::Push(0)]),
        then(&all_but_2, &[A::WaitForPayout(0), PAYOUT, A::Repay(2, 40, true), A::TopUp(2)]),
        then(&all_but_2, &[A::PayPart(2, 30), A::WaitForPayout(0), PAYOUT, A::Repay(2, 70, false)]),
        // One has paid a single unit of the next round, too.
        vec![A::EverybodyPays, A::PayPart(1, 1), A::WaitForPayout(0), PAYOUT, A::EverybodyPays],
        // Two rounds are paid and due; the second is asked for first.
        vec![A::EverybodyPays, A::Wait(7), A::EverybodyPays, A::Wait(7), A::PayoutAny(2), PAYOUT],
        // Nobody asks for the payout until two more rounds are late.
        vec![A::EverybodyPays, A::Wait(20), PAYOUT, A::EverybodyPays, PAYOUT, PAYOUT],
        vec![A::EverybodyPays, A::Wait(8), PAYOUT, PAYOUT],
        // Paid ahead, and somebody leaves who had paid ahead too.
        [&[A::PayDue(3), A::PayDue(3), A::PayDue(1), A::Exit(3)], &ROUND[..]].concat(),
        then(&ROUND, &[A::EverybodyPays, A::Exit(2), A::WaitForPayout(0), PAYOUT]),
        // The insurance steps in by hand; for who pays after all.
        then(&all_but_2, &[A::WaitForPayout(0), A::Insure(0, 2, 10), A::PayDue(2), PAYOUT]),
        then(&all_but_2[..2], &[A::Wait(9), A::Insure(0, 3, 5), A::Insure(1, 2, 5), PAYOUT]),
        // Sent unasked, taken by the issuer: before a round, and while it is paid for.
        then(&[A::EverybodyPays, A::Clawback(70), A::Gift(5)], &ROUND),
        then(&ROUND, &[A::PayDue(1), A::Clawback(130), A::EverybodyPays, A::WaitForPayout(0)]),
        then(&ROUND, &[A::Gift(60), A::EverybodyPays]),
        // Bids, and the bidder's own arrears.
        vec![A::EverybodyPays, A::Bid(2, 90), A::Bid(1, 70), A::WaitForPayout(0), PAYOUT],
        vec![A::EverybodyPays, A::Bid(3, 80), A::Wait(16), PAYOUT, A::EverybodyPays, PAYOUT],
        // Votes: before the pot, after it, while it is theirs.
        then(&ROUND, &[A::Carry(Motion::Expel, 0), A::EverybodyPays]),
        vec![A::EverybodyPays, A::Carry(Motion::Expel, 0), A::WaitForPayout(0), PAYOUT],
        then(&[A::Carry(Motion::Expel, 2)], &ROUND),
        then(&ROUND, &[A::Carry(Motion::Replace, 1), A::CarryOut(1, 1)]),
        then(&[A::Carry(Motion::Move, 1), A::CarryOut(1, 2)], &ROUND),
        then(&[A::Swap(0, 3), A::Swap(1, 2)], &ROUND),
        // Ended early, in the middle of a round that one is late with.
        [&ROUND[..], &all_but_2, &[A::Wait(9), A::Carry(Motion::Dissolve, 0), A::Claim(1)]]
            .concat(),
        then(&all_but_2, &[A::WaitForPayout(0), KEPT, A::Carry(Motion::Dissolve, 0)]),
    ]
}

#[test]
fn every_script_by_rules_of_every_kind() {
    let (mut done, mut ends) = (BTreeSet::new(), BTreeSet::new());
    for rules in kinds() {
        for (number, script) in scripts().into_iter().enumerate() {
            let mut world = World::new(rules, true);
            world.get_ready(STRANGER);
            assert_eq!(world.circle.phase, Phase::Active);
            // What the script leaves to be done: all pay what is due in each week until it is over.
            let week = [Act::EverybodyPays, Act::Wait(7), Act::EverybodyPays, PAYOUT];
            let rest = week.iter().cycle().take(if number == 0 { 36 } else { 20 });
            for (place, act) in script.iter().enumerate() {
                if world.act(act).is_ok() {
                    done.insert((number, place));
                }
                world.check();
            }
            for act in rest {
                let _ = world.act(act);
            }
            if number == 0 {
                // Who all keep their promise get back what they paid, premiums too.
                let purses = world.purses.iter().zip(world.circle.seats());
                let left = purses.map(|(purse, seat)| purse + seat.credit.minor_units());
                assert_eq!(left.collect::<Vec<_>>(), [0; 4], "{rules:?}");
            }
            world.finish();
            ends.insert(world.circle.phase as u8);
        }
    }
    // Each step is taken by some rules, but for payouts of another round, or tried too early.
    for (number, script) in scripts().into_iter().enumerate() {
        for (place, act) in script.into_iter().enumerate() {
            let payout = matches!(act, Act::PayoutNext { .. } | Act::PayoutAny(_));
            assert!(payout || done.contains(&(number, place)), "nowhere done: {act:?} of {number}");
        }
    }
    assert_eq!(ends.len(), 2, "completed and dissolved");
}
