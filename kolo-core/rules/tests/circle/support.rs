//! What the tests share: sample rules, circles brought to a certain point, short ways to say things.

use kolo_rules::circle::{Contributed, MAX_ENCODED, Motion, Payout, Phase, Shortfall, VoteOutcome};
use kolo_rules::{Amount, Circle, Interval, Refusal, Rules};

/// When the sample circles start. All others times are said relative to it.
pub const START: u64 = 1_800_000_000;
/// The interval of the sample rules.
pub const WEEK: u64 = 7 * 86_400;
/// The grace of the sample rules.
pub const GRACE: u64 = 86_400;
/// How long a vote is open by the sample rules.
pub const VOTE: u64 = 3 * 86_400;

/// `seats` members, 10 a week, one instalment a round, a day of grace, short pot, no advance.
pub fn rules(seats: u8) -> Rules {
    let week = Interval::Seconds(u32::try_from(WEEK).unwrap());
    Rules {
        utc_offset_s: 3600,
        grace_s: u32::try_from(GRACE).unwrap(),
        shortfall: Shortfall::ShortPot,
        vote_period_s: u32::try_from(VOTE).unwrap(),
        ..Rules::new([7; 32], seats, Amount::new(10), week)
    }
}

pub fn amount(minor_units: i64) -> Amount {
    Amount::new(minor_units)
}

/// A full circle, active since [`START`].
pub fn active(rules: &Rules) -> Circle {
    let mut circle = Circle::new();
    for _ in 0..rules.seats {
        circle.join(rules, None, START).unwrap();
    }
    circle
}

/// A full circle whose deposits and entry premiums are paid in, active since [`START`].
pub fn secured(rules: &Rules) -> Circle {
    let mut circle = active(rules);
    for seat in 0..rules.seats {
        let due = circle.entry_due(rules, seat).unwrap();
        if due.is_positive() {
            circle.secure(rules, seat, due, START).unwrap();
        }
    }
    assert_eq!(circle.phase, Phase::Active);
    circle
}

/// Everybody named pays what is due.
pub fn pay(circle: &mut Circle, rules: &Rules, seats: &[u8], now: u64) {
    for &seat in seats {
        pay_due(circle, rules, seat, now).unwrap();
    }
}

pub fn pay_due(
    circle: &mut Circle,
    rules: &Rules,
    seat: u8,
    now: u64,
) -> Result<Contributed, Refusal> {
    let due = circle.due(rules, seat, now)?;
    circle.contribute(rules, seat, due.round, due.amount, now)
}

/// The named members pay for `round` a second after it opened; it is paid out as early as possible.
pub fn play_round(circle: &mut Circle, rules: &Rules, round: u8, payers: &[u8]) -> Payout {
    let opened = START + u64::from(round - 1) * WEEK * u64::from(rules.instalments_per_round);
    pay(circle, rules, payers, opened + 1);
    let date = circle.payout_date(rules, round).unwrap();
    let patience = match rules.shortfall {
        Shortfall::Wait => WEEK,
        _ => 0,
    };
    let at = if payers.len() == circle.seats().len() { date } else { date + patience + GRACE + 1 };
    circle.payout(rules, round, at).unwrap()
}

/// A step that must be refused. What it did to the circle it was tried on is dropped, as
/// [`Circle::after`] and a contract do.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(
    circle: &mut Circle,
    refusal: Refusal,
    step: impl FnOnce(&mut Circle) -> Result<T, Refusal>,
) {
    assert_eq!(step(&mut circle.clone()).unwrap_err(), refusal);
}

/// Opens a vote to dissolve.
pub fn propose_dissolve(
    circle: &mut Circle,
    rules: &Rules,
    seat: u8,
    now: u64,
) -> Result<VoteOutcome, Refusal> {
    circle.propose(rules, seat, Motion::Dissolve, 0, now)
}

/// Everybody whose vote is needed votes for it, the lower seats first; it passes.
pub fn decide(circle: &mut Circle, rules: &Rules, motion: Motion, subject: u8, now: u64) {
    let full: Vec<u8> =
        (0..circle.len()).filter(|seat| circle.seat(*seat).unwrap().is_full_member()).collect();
    let mut voters = full.into_iter();
    let mut outcome = circle.propose(rules, voters.next().unwrap(), motion, subject, now).unwrap();
    while outcome == VoteOutcome::Open {
        let id = circle.proposals;
        outcome = circle.vote(rules, voters.next().unwrap(), id, true, now).unwrap();
    }
    assert_eq!(outcome, VoteOutcome::Passed);
}

/// As few bytes as the circle can be.
pub fn encode(circle: &Circle) -> Vec<u8> {
    let mut buf = vec![0xaa; MAX_ENCODED];
    let length = circle.encode(&mut buf).unwrap();
    buf.truncate(length);
    buf
}

/// What every seat owes.
pub fn debts(circle: &Circle) -> Vec<i64> {
    (0..circle.len()).map(|seat| circle.debt(seat).unwrap().minor_units()).collect()
}

/// One value of every seat.
pub fn each(circle: &Circle, value: impl Fn(&kolo_rules::Seat) -> Amount) -> Vec<i64> {
    circle.seats().iter().map(|seat| value(seat).minor_units()).collect()
}

pub fn turns(circle: &Circle) -> Vec<u8> {
    circle.seats().iter().map(|seat| seat.turn).collect()
}
