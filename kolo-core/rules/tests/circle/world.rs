//! A circle with a vault and people around it, and where the tokens go with every step.

use std::cell::Cell;
use std::collections::BTreeMap;

use kolo_rules::circle::{
    Effect, Motion, Order, Packed, Payout, PayoutStatus, Phase, Readiness, Step, VoteOutcome,
};
use kolo_rules::{Amount, Circle, Refusal, Rules};
use sha2::{Digest, Sha256};

use crate::checks::check_settlement;
use crate::history::{Act, STRANGER};
use crate::support::{START, amount, encode};

/// SHA-256, as the callers of the engine have it.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A circle, its vault, and what everybody has paid and got.
pub struct World {
    pub rules: Rules,
    pub circle: Circle,
    pub now: u64,
    pub vault: i64,
    /// What who sits there has got, less what they have paid: from and to the vault, and directly.
    pub purses: Vec<i64>,
    /// The same of those who were replaced.
    pub gone: Vec<i64>,
    /// Sent unasked, less taken by the issuer.
    pub unasked: i64,
    /// The issuer has taken something.
    pub clawed: bool,
    /// What the insurance has put into pots.
    pub from_insurance: i64,
    /// What everybody paid as premium since they sit there.
    pub premiums: Vec<i64>,
    /// Who always does what is asked for as soon as it is.
    pub honest: Option<u8>,
    /// What bids left to all, had everybody paid: the winner, who took part, how much.
    pub left_to_all: Vec<(u8, Vec<u8>, i64)>,
    /// Whose due is looked at next.
    pub checked: Cell<u8>,
    /// The circle as a contract keeps it, from step to step.
    pub bytes: Vec<u8>,
    /// Payouts by round.
    payouts: BTreeMap<u8, u8>,
}

impl World {
    /// Before the first member, or just started by the last.
    pub fn new(rules: Rules, full: bool) -> Self {
        rules.validate().unwrap();
        let mut world = Self {
            rules,
            circle: Circle::new(),
            now: START,
            vault: 0,
            purses: Vec::new(),
            gone: Vec::new(),
            unasked: 0,
            clawed: false,
            from_insurance: 0,
            premiums: Vec::new(),
            honest: None,
            left_to_all: Vec::new(),
            checked: Cell::new(0),
            bytes: encode(&Circle::new()),
            payouts: BTreeMap::new(),
        };
        for turn in (1..=rules.seats).filter(|_| full) {
            world.act(&Act::Join(turn)).unwrap();
        }
        world
    }

    /// The circle becomes another one.
    pub fn replace_circle(&mut self, circle: Circle, now: u64) {
        self.bytes = encode(&circle);
        (self.circle, self.now) = (circle, now);
    }

    /// The same step on the circle's bytes, as a contract takes it, has the same outcome: on those it has
    /// kept, and on the fewest there can be.
    fn check_packed(&mut self, step: &Step, outcome: Result<(&Circle, Effect), &Refusal>) {
        for bytes in [encode(&self.circle), self.bytes.clone()] {
            let mut packed = Packed::new();
            packed.buffer(bytes.len()).copy_from_slice(&bytes);
            let mut open = packed.open().unwrap();
            let effect = open.apply(&self.rules, step, &sha256, self.now);
            assert_eq!(effect, outcome.map(|(_, effect)| effect).map_err(|refusal| *refusal));
            if let Ok((after, _)) = outcome {
                let bytes = open.close().unwrap();
                assert_eq!(Circle::decode(bytes).as_ref(), Ok(after));
                self.bytes = bytes.to_vec();
            }
        }
    }

    /// Takes the step and moves the tokens it is about. A refusal leaves no trace.
    pub fn take(&mut self, step: &Step) -> Result<Effect, Refusal> {
        let insured = self.insured_of_others();
        let outcome = self.circle.after(&self.rules, step, &sha256, self.now);
        self.check_packed(step, outcome.as_ref().map(|(after, effect)| (after, *effect)));
        let (after, effect) = outcome?;
        let before = std::mem::replace(&mut self.circle, after);
        if self.circle.phase == Phase::Dissolved && before.phase == Phase::Active {
            check_settlement(&before, &self.circle);
        }
        match *step {
            Step::Commit { seat } => self.pay_in(seat, self.rules.bond),
            Step::Secure { seat, amount }
            | Step::Contribute { seat, amount, .. }
            | Step::Repay { seat, amount } => self.pay_in(seat, amount),
            Step::Leave { seat } => {
                assert_eq!(self.purses.remove(usize::from(seat)), 0);
                self.premiums.remove(usize::from(seat));
            }
            Step::Sync { balance } => self.unasked += balance.minor_units() - self.vault,
            _ => {}
        }
        match &effect {
            Effect::Joined(_) => {
                self.purses.push(0);
                self.premiums.push(0);
            }
            Effect::Delivered(parts) => {
                for (seat, part) in (0..self.circle.len()).zip(*parts) {
                    self.pay_out(seat, part);
                }
            }
            Effect::PaidOut(payout) if payout.dissolved => {}
            Effect::PaidOut(payout) => {
                self.pay_out(payout.seat, payout.amount);
                self.from_insurance += insured + payout.insured.minor_units();
                self.check_payout(&before, payout);
            }
            Effect::Swapped(swapped) => {
                self.direct(swapped.earlier, swapped.later, swapped.deposit);
            }
            Effect::Replaced(replaced) => {
                let Step::Replace { seat } = *step else { panic!("a replacement from elsewhere") };
                let price = replaced.price.minor_units() + replaced.deposit.minor_units();
                let place = usize::from(seat);
                self.gone.push(self.purses[place] + price);
                self.purses[place] = -price;
                self.premiums[place] = 0;
            }
            Effect::Synced(synced) => {
                self.vault += synced.surplus.minor_units() - synced.shortfall.minor_units();
                self.clawed |= synced.shortfall.is_positive();
            }
            _ => {}
        }
        Ok(effect)
    }

    fn pay_in(&mut self, seat: u8, paid: Amount) {
        self.vault += paid.minor_units();
        self.purses[usize::from(seat)] -= paid.minor_units();
    }

    fn pay_out(&mut self, seat: u8, paid: Amount) {
        self.vault -= paid.minor_units();
        self.purses[usize::from(seat)] += paid.minor_units();
    }

    fn direct(&mut self, from: u8, to: u8, paid: Amount) {
        self.purses[usize::from(from)] -= paid.minor_units();
        self.purses[usize::from(to)] += paid.minor_units();
    }

    /// It came back: the vault keeps it as a credit.
    fn return_undelivered(&mut self, seat: u8, amount: Amount) {
        if amount.is_positive() {
            self.pay_in(seat, amount);
            self.take(&Step::Credit { seat, amount }).unwrap();
        }
    }

    fn insured_of_others(&self) -> i64 {
        let recipient = self.circle.recipient(&self.rules, self.now).unwrap_or(STRANGER);
        let seats = (0..).zip(self.circle.seats());
        let others = seats.filter(|(seat, _): &(u8, _)| *seat != recipient);
        others.map(|(_, seat)| seat.insured.minor_units()).sum()
    }

    fn check_payout(&mut self, before: &Circle, payout: &Payout) {
        let twice = self.payouts.insert(payout.round, payout.seat);
        assert_eq!(twice, None, "round {} was paid out twice", payout.round);
        let rounds_of = self.payouts.values().filter(|seat| **seat == payout.seat);
        assert_eq!(rounds_of.count(), 1, "seat {} had the pot twice", payout.seat);
        assert_eq!(payout.round, before.current_round());
        let seats = (0..).zip(before.seats());
        let taking_part: Vec<u8> = seats
            .filter(|(_, seat)| !seat.has_left_by(before.rounds_paid))
            .map(|(i, _)| i)
            .collect();
        if let Some(bid) = before.bid.filter(|bid| bid.seat == payout.seat) {
            let pot = self.rules.pot(u8::try_from(taking_part.len()).unwrap()).unwrap();
            let left = pot.checked_sub(bid.amount).unwrap().minor_units();
            self.left_to_all.push((bid.seat, taking_part, left));
            assert!(self.clawed || payout.amount == bid.amount, "the winner takes the bid");
        }
        assert!(self.now >= before.payout_date(&self.rules, payout.round).unwrap());
        assert_eq!(self.circle.seat_of_turn(payout.round), Some(payout.seat));
    }

    /// Does what is tried, with tokens.
    pub fn act(&mut self, act: &Act) -> Result<(), Refusal> {
        let len = self.circle.len().max(1);
        let who = |seat: u8| if seat == STRANGER { seat } else { seat % len };
        match *act {
            Act::Wait(days) => self.wait_until(self.now + days * 86_400 + days % 3),
            Act::WaitForPayout(offset) => self.wait_for_payout(offset),
            Act::Join(turn) => {
                let turn = (self.rules.order == Order::Fixed).then_some(turn);
                self.take(&Step::Join { turn })?;
            }
            Act::Leave(seat) => _ = self.take(&Step::Leave { seat: who(seat) })?,
            Act::Start => _ = self.take(&Step::Start)?,
            Act::Cancel => _ = self.take(&Step::Cancel)?,
            Act::Commit(seat) => _ = self.take(&Step::Commit { seat: who(seat) })?,
            Act::Reveal(seat) => self.ready(&Step::Reveal { seat: who(seat) })?,
            Act::Proceed => self.ready(&Step::Proceed)?,
            Act::Draw => _ = self.take(&Step::Draw { seed: [3; 32] })?,
            Act::Secure(seat) => self.secure(who(seat))?,
            Act::Commitments(but) => self.commit_all(but),
            Act::GetReady(but) => self.get_ready(but),
            Act::PayDue(seat) => self.pay(who(seat), 100)?,
            Act::EverybodyPays => {
                for seat in 0..self.circle.len() {
                    // Nothing may be due.
                    let _ = self.pay(seat, 100);
                }
            }
            Act::PayPart(seat, percent) => self.pay(who(seat), percent)?,
            Act::PayAny(seat, round, paid) => {
                self.contribute(who(seat), round, amount(paid))?;
            }
            Act::PayoutNext { delivered } => {
                self.payout(self.circle.current_round(), delivered)?;
            }
            Act::PayoutAny(round) => self.payout(round, true)?,
            Act::Repay(seat, percent, delivered) => self.repay(who(seat), percent, delivered)?,
            Act::TopUp(seat) => self.top_up(who(seat))?,
            Act::Push(seat) => _ = self.take(&Step::Push { seat: who(seat) })?,
            Act::Bid(seat, percent) => self.bid(who(seat), percent)?,
            Act::Insure(seat, defaulter, percent) => {
                self.insure(who(seat), who(defaulter), percent)?;
            }
            Act::Claim(seat) => _ = self.take(&Step::Claim { seat: who(seat) })?,
            Act::Gift(gift) => {
                self.take(&Step::Sync { balance: amount(self.vault + gift) })?;
            }
            Act::Clawback(taken) => {
                let balance = amount((self.vault - taken).max(0));
                self.take(&Step::Sync { balance })?;
            }
            ref other => self.change_members(other, who)?,
        }
        Ok(())
    }

    fn change_members(&mut self, act: &Act, who: impl Fn(u8) -> u8) -> Result<(), Refusal> {
        match *act {
            Act::Swap(a, b) => _ = self.take(&Step::Swap { a: who(a), b: who(b) })?,
            Act::Exit(seat) => _ = self.take(&Step::Exit { seat: who(seat) })?,
            Act::Propose(seat, motion, subject) => {
                self.propose(who(seat), motion, who(subject))?;
            }
            Act::Vote(seat, motion, approve) => {
                let open = self.circle.open_proposals().find(|open| open.motion == motion);
                let proposal = open.map_or(77, |open| open.id);
                self.take(&Step::Vote { seat: who(seat), proposal, approve })?;
            }
            Act::Carry(motion, subject) => self.carry(motion, who(subject))?,
            Act::CarryOut(seat, n) => self.carry_out(who(seat), n)?,
            Act::Replace(seat) => _ = self.take(&Step::Replace { seat: who(seat) })?,
            Act::CompleteMove(seat) => _ = self.take(&Step::CompleteMove { seat: who(seat) })?,
            Act::Object(seat) => _ = self.take(&Step::Object { seat: who(seat) })?,
            ref other => panic!("nobody knows how to {other:?}"),
        }
        Ok(())
    }

    fn wait_for_payout(&mut self, offset: i64) {
        if let PayoutStatus::NotBefore { at, .. } | PayoutStatus::Waiting { at, .. } =
            self.circle.payout_status(&self.rules, self.now)
        {
            self.wait_until(at.checked_add_signed(offset).unwrap());
        }
    }

    /// Day by day, which is the shortest interval there is here: who is honest pays what has opened.
    pub fn wait_until(&mut self, end: u64) {
        if self.honest.is_none() {
            self.now = self.now.max(end);
        }
        while self.now < end {
            self.be_honest();
            self.now = end.min(self.now + 86_400);
        }
        self.be_honest();
    }

    pub fn be_honest(&mut self) {
        let Some(seat) = self.honest else { return };
        while let Ok(due) = self.circle.due(&self.rules, seat, self.now)
            && due.amount.is_positive()
            && !due.advance
        {
            self.contribute(seat, due.round, due.amount).unwrap();
        }
        // Losses shared at the end.
        if let Ok(amount) = self.circle.debt(seat)
            && amount.is_positive()
        {
            self.take(&Step::Repay { seat, amount }).unwrap();
        }
    }

    /// A step before the first round; the draw follows when it is time.
    fn ready(&mut self, step: &Step) -> Result<(), Refusal> {
        let effect = self.take(step)?;
        if effect == Effect::Ready(Readiness::Draw) {
            let seed = sha256(&self.now.to_be_bytes());
            self.take(&Step::Draw { seed })?;
        }
        Ok(())
    }

    fn secure(&mut self, seat: u8) -> Result<(), Refusal> {
        let amount = self.circle.entry_due(&self.rules, seat)?;
        self.take(&Step::Secure { seat, amount })?;
        if let kolo_rules::circle::Premium::Once(premium) = self.rules.premium {
            self.premiums[usize::from(seat)] += premium.minor_units();
        }
        Ok(())
    }

    /// Everybody commits, but for one.
    fn commit_all(&mut self, but: u8) {
        for seat in (0..self.circle.len()).filter(|seat| *seat != but) {
            // May not be wanted.
            let _ = self.take(&Step::Commit { seat });
        }
    }

    /// Commits, reveals, pays deposits: whoever has not, but for one.
    pub fn get_ready(&mut self, but: u8) {
        self.commit_all(but);
        for seat in (0..self.circle.len()).filter(|seat| *seat != but) {
            let _ = self.ready(&Step::Reveal { seat });
        }
        for seat in (0..self.circle.len()).filter(|seat| *seat != but) {
            let _ = self.secure(seat);
        }
    }

    /// So many percent of what is due.
    pub fn pay(&mut self, seat: u8, percent: i64) -> Result<(), Refusal> {
        let due = self.circle.due(&self.rules, seat, self.now)?;
        let part = due.amount.minor_units() * percent / 100;
        self.contribute(seat, due.round, amount(part))
    }

    fn contribute(&mut self, seat: u8, round: u8, amount: Amount) -> Result<(), Refusal> {
        let Effect::Contributed(paid) = self.take(&Step::Contribute { seat, round, amount })?
        else {
            panic!("a contribution did something else");
        };
        let parts = [paid.instalments, paid.premium, paid.fees].map(Amount::minor_units);
        assert_eq!(parts.iter().sum::<i64>(), amount.minor_units());
        self.premiums[usize::from(seat)] += paid.premium.minor_units();
        Ok(())
    }

    fn payout(&mut self, round: u8, delivered: bool) -> Result<(), Refusal> {
        let Effect::PaidOut(payout) = self.take(&Step::Payout { round })? else {
            panic!("a payout did something else");
        };
        if !delivered {
            self.return_undelivered(payout.seat, payout.amount);
        }
        Ok(())
    }

    pub fn repay(&mut self, seat: u8, percent: i64, delivered: bool) -> Result<(), Refusal> {
        let debt = self.circle.debt(seat)?.minor_units();
        let repaid = amount((debt * percent / 100).max(i64::from(percent > 0)));
        let owed = self.owed(seat);
        let Effect::Delivered(to) = self.take(&Step::Repay { seat, amount: repaid })? else {
            panic!("a repayment did something else");
        };
        for (creditor, part) in (0..self.circle.len()).zip(to).filter(|_| !delivered) {
            self.return_undelivered(creditor, part);
        }
        self.check_oldest_first(seat, &owed, repaid.minor_units());
        Ok(())
    }

    fn top_up(&mut self, seat: u8) -> Result<(), Refusal> {
        let covered = self.circle.seat(seat).ok_or(Refusal::NotMember)?.covered;
        let amount = self.circle.debt(seat)?.checked_add(covered).unwrap();
        self.take(&Step::Repay { seat, amount })?;
        Ok(())
    }

    /// What the seat owes for each round, to members and to the insurance.
    fn owed(&self, seat: u8) -> Vec<i64> {
        let is_out = self.circle.seat(seat).is_some_and(|seat| seat.left_after != 0);
        let of = |round: u8| {
            let about = |debt: &&kolo_rules::circle::Debt| {
                debt.debtor == seat && (debt.first..=debt.last).contains(&round)
            };
            let debt = self.circle.debts().iter().find(about);
            let to_member = debt.map_or(Amount::ZERO, |debt| debt.to_member);
            let to_fund = debt.map_or(Amount::ZERO, |debt| debt.to_fund);
            assert_eq!(self.circle.owed(seat, round), to_member);
            let void = is_out && !self.circle.is_won_by_bid(round);
            to_fund.minor_units() + if void { 0 } else { to_member.minor_units() }
        };
        (1..=self.circle.len()).map(of).collect()
    }

    fn check_oldest_first(&self, seat: u8, before: &[i64], repaid: i64) {
        let mut left = repaid;
        let expected = before.iter().map(|owed| {
            let part = left.min(*owed);
            left -= part;
            owed - part
        });
        assert_eq!(self.owed(seat), expected.collect::<Vec<_>>());
    }

    pub fn bid(&mut self, seat: u8, percent: i64) -> Result<(), Refusal> {
        let pot = self.rules.pot(self.circle.len())?.minor_units();
        let (round, amount) = (self.circle.current_round(), amount(pot * percent / 100));
        self.take(&Step::Bid { seat, round, amount })?;
        Ok(())
    }

    fn insure(&mut self, seat: u8, defaulter: u8, percent: i64) -> Result<(), Refusal> {
        let amount = amount(self.rules.contribution.minor_units() * percent / 100);
        let round = if percent == 7 { 77 } else { self.circle.current_round() };
        self.take(&Step::ClaimInsurance { seat, round, defaulter, amount })?;
        Ok(())
    }

    fn propose(&mut self, seat: u8, motion: Motion, subject: u8) -> Result<(), Refusal> {
        let effect = self.take(&Step::Propose { seat, motion, subject })?;
        let alone = self.circle.seats().iter().filter(|seat| seat.is_full_member()).count() < 2;
        let passed = effect == Effect::Voted(VoteOutcome::Passed);
        assert!(!passed || alone || self.circle.phase != Phase::Dissolved, "dissolved alone");
        Ok(())
    }

    fn carry(&mut self, motion: Motion, subject: u8) -> Result<(), Refusal> {
        let full = |seat: &u8| self.circle.seat(*seat).unwrap().is_full_member();
        let voters: Vec<u8> = (0..self.circle.len()).filter(full).collect();
        let mut effect = None;
        for seat in voters {
            let step = match effect {
                None => Step::Propose { seat, motion, subject },
                Some(Effect::Voted(VoteOutcome::Open)) => {
                    Step::Vote { seat, proposal: self.circle.proposals, approve: true }
                }
                Some(_) => break,
            };
            effect = Some(self.take(&step)?);
        }
        Ok(())
    }

    fn carry_out(&mut self, seat: u8, n: u8) -> Result<(), Refusal> {
        let open: Vec<_> = self.circle.open_proposals().copied().collect();
        for passed in open.into_iter().filter(|open| open.passed_at != 0) {
            let seat = if n == 0 { seat } else { passed.subject };
            if passed.motion == Motion::Replace {
                // Who is replaced has settled everything before.
                let _ = self.take(&Step::Push { seat });
                let _ = self.pay(seat, 100);
                let _ = self.repay(seat, 100, true);
                self.take(&Step::Replace { seat })?;
            } else {
                let delay = u64::from(self.rules.vote_period_s) * u64::from(n) / 2 + 1;
                self.wait_until(self.now + delay);
                self.take(&Step::CompleteMove { seat })?;
            }
        }
        Ok(())
    }
}
