//! A circle with a vault around it, random steps through it, and what must hold after each of them.

use std::collections::BTreeMap;

use kolo_rules::circle::{MAX_ENCODED, Order, Phase, Shortfall, VoteOutcome};
use kolo_rules::{Amount, Circle, Interval, Refusal, Rules};
use proptest::prelude::*;

use crate::support::{START, amount};

/// What somebody tries next. Seats are taken modulo the members, but for [`STRANGER`].
#[derive(Clone, Debug)]
pub enum Step {
    Wait(u64),
    Join(u8),
    Leave(u8),
    Start,
    Cancel,
    PayDue(u8),
    PayAny(u8, u8, i64),
    PayoutNext {
        delivered: bool,
    },
    PayoutAny(u8),
    /// So many percent of the debt.
    Repay(u8, i64, bool),
    Push(u8),
    Propose(u8),
    Vote(u8, bool),
    Claim(u8),
    Gift(i64),
    Clawback(i64),
}

/// A seat that nobody has.
const STRANGER: u8 = 12;

impl Step {
    /// The same by `who` it is; numbers beyond the members are mostly somebody who is there.
    fn by(&self, who: impl Fn(u8) -> u8) -> Self {
        match *self {
            Self::Leave(seat) => Self::Leave(who(seat)),
            Self::PayDue(seat) => Self::PayDue(who(seat)),
            Self::PayAny(seat, round, paid) => Self::PayAny(who(seat), round, paid),
            Self::Repay(seat, percent, delivered) => Self::Repay(who(seat), percent, delivered),
            Self::Push(seat) => Self::Push(who(seat)),
            Self::Propose(seat) => Self::Propose(who(seat)),
            Self::Vote(seat, yes) => Self::Vote(who(seat), yes),
            Self::Claim(seat) => Self::Claim(who(seat)),
            ref other => other.clone(),
        }
    }
}

pub fn step() -> impl Strategy<Value = Step> {
    let seat = || 0..=STRANGER;
    prop_oneof![
        6 => (0..20_u64).prop_map(Step::Wait),
        4 => (0..8_u8).prop_map(Step::Join),
        1 => seat().prop_map(Step::Leave),
        1 => Just(Step::Start),
        1 => (0..8_u8).prop_map(|n| if n == 0 { Step::Cancel } else { Step::Start }),
        16 => seat().prop_map(Step::PayDue),
        2 => (seat(), 0..8_u8, -5..40_i64).prop_map(|(s, r, a)| Step::PayAny(s, r, a)),
        8 => any::<bool>().prop_map(|delivered| Step::PayoutNext { delivered }),
        1 => (0..9_u8).prop_map(Step::PayoutAny),
        8 => (seat(), 0..110_i64, any::<bool>())
            .prop_map(|(seat, percent, delivered)| Step::Repay(seat, percent, delivered)),
        2 => seat().prop_map(Step::Push),
        1 => seat().prop_map(Step::Propose),
        5 => (seat(), 0..4_u8).prop_map(|(seat, n)| Step::Vote(seat, n > 0)),
        2 => seat().prop_map(Step::Claim),
        1 => (0..50_i64).prop_map(Step::Gift),
        1 => (0..60_i64).prop_map(Step::Clawback),
    ]
}

pub fn some_rules() -> impl Strategy<Value = Rules> {
    let interval = prop_oneof![
        (1..15_u32).prop_map(|days| Interval::Seconds(days * 86_400)),
        (1..3_u8).prop_map(Interval::Months),
    ];
    let choices = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (2..=6_u8, 1..=30_i64, 1..=3_u8, interval, 0..5_u32, choices).prop_map(
        |(seats, contribution, instalments_per_round, interval, grace_days, choices)| {
            let (fixed, wait, advance, all_needed) = choices;
            Rules {
                asset: [1; 32],
                seats,
                min_members: if all_needed { seats } else { 2 },
                contribution: Amount::new(contribution),
                instalments_per_round,
                interval,
                utc_offset_s: 3600,
                grace_s: grace_days * 86_400,
                order: if fixed { Order::Fixed } else { Order::Join },
                shortfall: if wait { Shortfall::Wait } else { Shortfall::ShortPot },
                advance,
                vote_period_s: 20 * 86_400,
            }
        },
    )
}

/// A circle, its vault, and who has got what out of it.
pub struct World {
    pub rules: Rules,
    pub circle: Circle,
    pub now: u64,
    pub vault: i64,
    /// Payouts per round.
    payouts: BTreeMap<u8, i64>,
}

impl World {
    /// Before the first member, or just started by the last.
    pub fn new(rules: Rules, full: bool) -> Self {
        let circle = Circle::new();
        let mut world = Self { rules, circle, now: START, vault: 0, payouts: BTreeMap::new() };
        for turn in (1..=rules.seats).filter(|_| full) {
            world.act(&Step::Join(turn)).unwrap();
        }
        world
    }

    /// Does the step and moves the tokens it is about.
    pub fn act(&mut self, step: &Step) -> Result<(), Refusal> {
        let who = |seat: u8| match seat {
            STRANGER => seat,
            seat => seat % self.circle.len().max(1),
        };
        let step = step.by(who);
        let (rules, circle, now) = (&self.rules, &mut self.circle, self.now);
        match step {
            Step::Wait(days) => self.now += days * 86_400 + days % 3,
            Step::Join(turn) => {
                let turn = (rules.order == Order::Fixed).then_some(turn);
                circle.join(rules, turn, now)?;
            }
            Step::Leave(seat) => circle.leave(rules, seat)?,
            Step::Start => circle.start(rules, now)?,
            Step::Cancel => circle.cancel()?,
            Step::PayDue(seat) => {
                let due = circle.due(rules, seat, now)?;
                circle.contribute(rules, seat, due.round, due.amount, now)?;
                self.vault += due.amount.minor_units();
            }
            Step::PayAny(seat, round, paid) => {
                circle.contribute(rules, seat, round, amount(paid), now)?;
                self.vault += paid;
            }
            Step::PayoutNext { delivered } => {
                self.payout(self.circle.rounds_paid + 1, delivered)?;
            }
            Step::PayoutAny(round) => self.payout(round, true)?,
            Step::Repay(seat, percent, delivered) => self.repay(seat, percent, delivered)?,
            Step::Push(seat) => self.vault -= circle.push(seat)?.minor_units(),
            Step::Propose(seat) => {
                let outcome = circle.propose_dissolve(rules, seat, now)?;
                assert_eq!(outcome, VoteOutcome::Open, "nobody dissolves alone");
            }
            Step::Vote(seat, yes) => {
                let before = circle.clone();
                let outcome = circle.vote(rules, seat, yes, now)?;
                let passed = outcome == VoteOutcome::Passed;
                assert_eq!(passed, circle.phase == Phase::Dissolved);
                if passed {
                    check_settlement(&before, circle);
                }
            }
            Step::Claim(seat) => self.vault -= circle.claim(seat)?.minor_units(),
            Step::Gift(gift) => {
                circle.sync(amount(self.vault + gift))?;
                self.vault += gift;
            }
            Step::Clawback(taken) => {
                let left = (self.vault - taken).max(0);
                circle.sync(amount(left))?;
                self.vault = left;
            }
        }
        Ok(())
    }

    fn payout(&mut self, round: u8, delivered: bool) -> Result<(), Refusal> {
        let payout = self.circle.payout(&self.rules, round, self.now)?;
        let before = self.payouts.insert(round, payout.amount.minor_units());
        assert_eq!(before, None, "round {round} was paid out twice");
        if delivered {
            self.vault -= payout.amount.minor_units();
        } else {
            self.circle.credit(payout.seat, payout.amount)?;
        }
        Ok(())
    }

    fn repay(&mut self, seat: u8, percent: i64, delivered: bool) -> Result<(), Refusal> {
        let debt = self.circle.debt(seat)?.minor_units();
        let repaid = amount((debt * percent / 100).max(i64::from(percent > 0)));
        let owed = self.owed(seat);
        let parts = self.circle.repay(&self.rules, seat, repaid)?.to;
        self.vault += repaid.minor_units();
        for (creditor, part) in (0_u8..).zip(parts).filter(|(_, part)| part.is_positive()) {
            if delivered {
                self.vault -= part.minor_units();
            } else {
                self.circle.credit(creditor, part)?;
            }
        }
        if self.circle.phase != Phase::Dissolved {
            self.check_oldest_first(seat, &owed, repaid.minor_units());
        }
        Ok(())
    }

    /// Debts by round, oldest first.
    fn owed(&self, seat: u8) -> Vec<i64> {
        let rounds = 1..=self.circle.len();
        rounds
            .map(|round| self.circle.owed(&self.rules, seat, round).unwrap().minor_units())
            .collect()
    }

    fn check_oldest_first(&self, seat: u8, before: &[i64], repaid: i64) {
        let mut left = repaid;
        let expected: Vec<_> = before
            .iter()
            .map(|owed| {
                let part = left.min(*owed);
                left -= part;
                owed - part
            })
            .collect();
        assert_eq!(self.owed(seat), expected);
    }

    pub fn check(&self) {
        let circle = &self.circle;
        assert_eq!(circle.liabilities(), Ok(amount(self.vault)), "the vault holds what it owes");
        self.check_seats();
        self.check_due();
        let mut buf = vec![0xaa; MAX_ENCODED];
        let length = circle.encode(&mut buf).unwrap();
        assert_eq!(Circle::decode(&buf[..length]).as_ref(), Ok(circle));
        if circle.is_finished() {
            assert_eq!(circle.seats().iter().map(|s| s.debt).max().unwrap_or_default(), amount(0));
        }
    }

    fn check_seats(&self) {
        let circle = &self.circle;
        let c = self.rules.contribution.minor_units();
        for (seat, member) in (0_u8..).zip(circle.seats()) {
            let amounts = [member.paid, member.received, member.credit, member.claimable];
            let others = [member.uncovered, member.debt, member.lost, circle.reserve];
            assert!(amounts.iter().chain(&others).all(|amount| *amount >= Amount::ZERO));
            let running = matches!(circle.phase, Phase::Active | Phase::Completed);
            if running {
                assert_eq!(self.owed(seat).iter().sum::<i64>(), member.debt.minor_units());
                // Paid = instalments + repayments of what was missing for others' rounds.
                let m = i64::from(self.rules.instalments_per_round);
                let paid_out = (1..=circle.rounds_paid).filter(|round| *round != member.turn);
                let missing: i64 =
                    paid_out.map(|round| (m - i64::from(member.paid_in(round))) * c).sum();
                let instalments: i64 = member.instalments.iter().map(|i| i64::from(*i)).sum();
                let repaid = missing - member.debt.minor_units();
                assert_eq!(member.paid.minor_units(), instalments * c + repaid);
                assert!(circle.rounds_paid >= member.turn || member.received.is_zero());
            }
        }
        if circle.phase == Phase::Completed {
            assert_eq!(self.payouts.len(), circle.seats().len());
        }
    }

    /// What is due, counted instalment by instalment.
    fn check_due(&self) {
        if self.circle.phase != Phase::Active {
            return;
        }
        let m = u32::from(self.rules.instalments_per_round);
        for (seat, member) in (0_u8..).zip(self.circle.seats()) {
            let due = self.circle.due(&self.rules, seat, self.now).unwrap();
            let open_unpaid = |round: u8| {
                let before = u32::from(round - 1) * m;
                let unpaid = u32::from(member.paid_in(round))..m;
                let opened =
                    |i: &u32| self.circle.deadline(&self.rules, before + i).unwrap() <= self.now;
                i64::try_from(unpaid.filter(opened).count()).unwrap()
            };
            let mut rounds = self.circle.rounds_paid + 1..=self.circle.len();
            let expected = rounds.find(|round| open_unpaid(*round) > 0);
            match expected {
                Some(round) => {
                    let open = open_unpaid(round) * self.rules.contribution.minor_units();
                    assert_eq!((due.round, due.amount.minor_units()), (round, open));
                    assert!(!due.advance);
                }
                None if due.advance => assert_eq!(due.amount, self.rules.contribution),
                None => assert_eq!(due.amount, Amount::ZERO),
            }
            assert!(self.rules.advance || !due.advance);
            assert_eq!(due.late_after, due.deadline + u64::from(self.rules.grace_s));
        }
    }
}

/// Net settlement: all that was there is claimable, nobody's loss is larger than their claim.
fn check_settlement(before: &Circle, after: &Circle) {
    let minor = |amount: Amount| amount.minor_units();
    let value = before.held.iter().copied().map(minor).sum::<i64>() + minor(before.reserve);
    let nets = before.seats().iter().map(|seat| minor(seat.paid) - minor(seat.received));
    let nets: Vec<i64> = nets.collect();
    let claims: i64 = nets.iter().filter(|net| **net > 0).sum();
    let claimable: i64 = after.seats().iter().map(|seat| minor(seat.claimable)).sum();
    let uncovered: i64 = after.seats().iter().map(|seat| minor(seat.uncovered)).sum();
    assert_eq!((claimable, uncovered), (value, (claims - value).max(0)));
    for ((net, seat), old) in nets.into_iter().zip(after.seats()).zip(before.seats()) {
        assert_eq!(minor(seat.debt), (-net).max(0));
        assert_eq!(seat.credit, old.credit);
        let (claimable, uncovered) = (minor(seat.claimable), minor(seat.uncovered));
        if value <= claims {
            // The same part of every claim, to a unit: claimable / net = value / claims.
            assert_eq!(claimable + uncovered, net.max(0));
            assert!((claimable * claims - net.max(0) * value).abs() < claims.max(1));
        } else {
            assert!(claimable >= net && uncovered == 0);
        }
    }
}
