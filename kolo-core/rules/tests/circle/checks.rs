//! What holds after every step, and at the very end.

use kolo_rules::circle::{MAX_ENCODED, Marks, PayoutStatus, Phase, Step};
use kolo_rules::{Amount, Circle, vote};

use crate::support::amount;
use crate::world::{World, sha256};

impl World {
    pub fn check(&self) {
        let circle = &self.circle;
        assert_eq!(circle.liabilities(), Ok(amount(self.vault)), "the vault holds what it owes");
        assert_eq!(circle.audit(), Ok(()));
        self.check_conservation();
        self.check_bytes();
        self.check_votes();
        self.check_due();
        self.check_status();
        if circle.is_finished() {
            assert_eq!(self.vault, 0, "finished with money in the vault");
        }
    }

    /// Nothing comes from nowhere. All that people paid in, and strangers sent, was paid out or is in
    /// the vault. And by the circle's own books: what was paid for rounds, and what the insurance put
    /// in, was received or is held. (Once dissolved, those books are closed.)
    fn check_conservation(&self) {
        let people: i64 = self.purses.iter().chain(&self.gone).sum();
        assert_eq!(people + self.vault, self.unasked, "tokens came from nowhere");
        if self.clawed || self.circle.phase == Phase::Dissolved {
            return;
        }
        let sum = |of: fn(&kolo_rules::Seat) -> Amount| -> i64 {
            self.circle.seats().iter().map(|seat| of(seat).minor_units()).sum()
        };
        let (paid, received) = (sum(|seat| seat.paid), sum(|seat| seat.received));
        let ahead = sum(|seat| seat.ahead);
        assert_eq!(paid + self.from_insurance, received + ahead, "paid and received differ");
    }

    fn check_bytes(&self) {
        let mut buf = vec![0xaa; MAX_ENCODED];
        let length = self.circle.encode(&mut buf).unwrap();
        assert_eq!(Circle::decode(&buf[..length]).as_ref(), Ok(&self.circle));
    }

    fn check_votes(&self) {
        for open in self.circle.open_proposals() {
            assert_eq!(open.yes & open.no, 0, "for and against");
            assert_eq!((open.yes | open.no) & !open.electorate, 0, "a vote of nobody");
            if open.passed_at == 0 && self.now <= open.expires_at {
                let silent = |seat: &kolo_rules::Seat| seat.marks.has(Marks::EXPELLED);
                let seats = (0..).zip(self.circle.seats()).filter(|(_, seat)| silent(seat));
                let silent = seats.fold(0, |all, (index, _): (u32, _)| all | 1_u64 << index);
                let lost = open.electorate & !open.yes & (open.no | silent);
                let size = open.electorate_size();
                assert!(!vote::passes(open.yes.count_ones(), size), "passed, and still open");
                assert!(
                    !vote::is_impossible(lost.count_ones(), size),
                    "impossible, and still open"
                );
            }
        }
    }

    /// What is said to be due is taken, and a unit more is not: of one member after the other.
    fn check_due(&self) {
        if self.circle.phase != Phase::Active {
            return;
        }
        let seat = self.checked.get();
        self.checked.set((seat + 1) % self.circle.len());
        let due = self.circle.due(&self.rules, seat, self.now).unwrap();
        let pay = |more: i64| {
            let amount = due.amount.checked_add(amount(more)).unwrap();
            let step = Step::Contribute { seat, round: due.round, amount };
            self.circle.after(&self.rules, &step, &sha256, self.now).is_ok()
        };
        assert_eq!(pay(0), due.amount.is_positive());
        assert!(!pay(1));
        assert_eq!(pay(-1), self.rules.partial && due.amount > amount(1));
        assert!(self.rules.advance || !due.advance);
        assert_eq!(due.late_after, due.deadline + u64::from(self.rules.grace_s));
    }

    /// A payout works if and only if it is said to be ready, and is said to be at a time to come otherwise.
    fn check_status(&self) {
        let round = self.circle.current_round();
        let step = Step::Payout { round };
        let after = self.circle.after(&self.rules, &step, &sha256, self.now);
        let status = self.circle.payout_status(&self.rules, self.now);
        let ready = matches!(status, PayoutStatus::Ready { .. });
        assert_eq!(after.is_ok(), ready, "{status:?}");
        if let PayoutStatus::NotBefore { at, .. } | PayoutStatus::Waiting { at, .. } = status {
            assert!(at > self.now);
        }
    }

    /// Everything is played to its end: whoever can do something does it, and in the end nothing is
    /// left in the vault, and nobody owes anything.
    pub fn finish(&mut self) {
        let month_s = 31 * 86_400;
        for _ in 0..400 {
            let phase = self.circle.phase;
            match phase {
                Phase::Forming if self.circle.is_empty() => {
                    let _ = self.take(&Step::Join { turn: self.first_turn() }).unwrap();
                }
                Phase::Forming => _ = self.take(&Step::Cancel).unwrap(),
                Phase::Committing | Phase::Revealing | Phase::Securing => {
                    self.wait_until(self.now + month_s);
                    let _ = self.act(&crate::history::Act::Proceed);
                }
                Phase::Active => {
                    self.wait_until(self.now + month_s);
                    let _ = self.take(&Step::Payout { round: self.circle.current_round() });
                }
                _ => break,
            }
        }
        assert!(self.circle.phase.is_over(), "{:?} does not end", self.circle.phase);
        self.check();
        for seat in 0..self.circle.len() {
            let amount = self.circle.debt(seat).unwrap();
            if amount.is_positive() {
                self.take(&Step::Repay { seat, amount }).unwrap();
                self.check();
            }
        }
        for seat in 0..self.circle.len() {
            let _ = (self.take(&Step::Push { seat }), self.take(&Step::Claim { seat }));
        }
        self.check();
        if self.circle.is_empty() {
            // What strangers sent to a circle that was given up without members stays where it is.
            return;
        }
        assert_eq!(self.vault, 0, "something is left that nobody gets");
        assert!(self.circle.is_finished());
    }

    fn first_turn(&self) -> Option<u8> {
        (self.rules.order == kolo_rules::circle::Order::Fixed).then_some(1)
    }
}

/// Net settlement: all that was there is claimable, in proportion of what is missing; what is missing is
/// owed by those who have had more than they paid.
pub fn check_settlement(before: &Circle, after: &Circle) {
    let minor = |amount: Amount| amount.minor_units();
    let nets = after.seats().iter().map(|seat| minor(seat.paid) - minor(seat.received));
    let nets: Vec<i64> = nets.collect();
    let claims: i64 = nets.iter().filter(|net| **net > 0).sum();
    let common = before.held().unwrap().checked_add(before.reserve).unwrap();
    let mut value = minor(common.checked_add(before.fund).unwrap());
    for (place, ((net, old), new)) in nets.iter().zip(before.seats()).zip(after.seats()).enumerate()
    {
        let used = minor(old.deposit).min((-net).max(0));
        value += used;
        assert_eq!(minor(new.credit) - minor(old.credit), minor(old.deposit) - used);
        let debt = after.debt(u8::try_from(place).unwrap()).unwrap();
        assert_eq!(minor(debt), (-net).max(0) - used);
    }
    let claimable: i64 = after.seats().iter().map(|seat| minor(seat.claimable)).sum();
    let uncovered: i64 = after.seats().iter().map(|seat| minor(seat.uncovered)).sum();
    assert_eq!((claimable, uncovered), (value, (claims - value).max(0)));
    for (net, seat) in nets.into_iter().zip(after.seats()) {
        let (claimable, uncovered) = (minor(seat.claimable), minor(seat.uncovered));
        if value <= claims {
            // The same part of every claim, to a unit: claimable / net = value / claims.
            assert_eq!(claimable + uncovered, net.max(0));
            let difference = i128::from(claimable) * i128::from(claims)
                - i128::from(net.max(0)) * i128::from(value);
            assert!(difference.abs() < i128::from(claims.max(1)));
        } else {
            assert!(claimable >= net && uncovered == 0);
        }
    }
}
