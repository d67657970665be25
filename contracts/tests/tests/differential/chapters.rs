//! What several people do one after the other, and what happens around them.
use kolo_rules::circle::{Motion, Order, PayoutStatus, Phase, Premium};

use crate::{
    acts::{Signing, Try, Who},
    ask::{Ask, Invitee, ORGANISER},
    model::UPGRADE_DELAY_S,
    player::{PECULIAR, Player},
};

impl Player<'_> {
    pub fn phase(&self) -> Option<Phase> {
        self.model.circle.as_ref().map(|circle| circle.phase)
    }

    pub fn lead_on(&mut self, number: usize) {
        match self.phase() {
            Some(Phase::Forming) if number % 25 == 24 => self.fill_up(1, number),
            Some(phase) if phase.is_getting_ready() => {
                let end = self.model.circle.as_ref().and_then(|c| c.ready_until(&self.model.rules));
                if end.is_some_and(|end| self.now() > end) {
                    let _ = self.attempt(&Try::Proceed, Signing::Properly);
                } else {
                    self.get_ready(u8::try_from(number % 8).unwrap());
                }
            }
            _ => {}
        }
    }

    pub fn pay_out(&mut self, but: u8) {
        if self.phase() != Some(Phase::Active) {
            return;
        }
        for seat in self.seats_but(but) {
            let _ = self.attempt(&Try::Pay(seat, 100), Signing::Properly);
        }
        if self.model.rules.order == Order::Auction && but > 0 {
            let percent = 64 + i64::from(but) * 4;
            let _ = self.attempt(&Try::Bid(but, percent), Signing::Properly);
            let _ = self.attempt(&Try::Bid(but + 1, percent * 97 / 100), Signing::Properly);
        }
        if let Some(PayoutStatus::NotBefore { at, .. } | PayoutStatus::Waiting { at, .. }) = self
            .model
            .circle
            .as_ref()
            .map(|circle| circle.payout_status(&self.model.rules, self.now()))
        {
            self.wait_until(at);
        }
        if self.model.rules.premium != Premium::None && but < 6 {
            let percent = 5 + 10 * i64::from(but);
            let _ = self.attempt(&Try::Insure(but + 1, but, percent), Signing::Properly);
        }
        let _ = self.attempt(&Try::Payout(0), Signing::Properly);
    }

    pub fn wait_for_moment(&self, nth: u8, offset: i64) {
        let now = self.now();
        let mut moments: Vec<u64> = self
            .moments()
            .into_iter()
            .filter_map(|moment| moment.checked_add_signed(offset))
            .filter(|moment| *moment > now)
            .collect();
        moments.sort_unstable();
        moments.dedup();
        if !moments.is_empty() {
            self.wait_until(moments[usize::from(nth / 2) % moments.len()]);
        }
    }

    /// The last seconds of everything that has an end.
    pub fn moments(&self) -> Vec<u64> {
        let Some(circle) = &self.model.circle else { return vec![] };
        let rules = &self.model.rules;
        let (grace, vote) = (u64::from(rules.grace_s), u64::from(rules.vote_period_s));
        let instalments = u32::from(circle.len()) * u32::from(rules.instalments_per_round) + 1;
        let mut moments: Vec<u64> = circle.ready_until(rules).into_iter().collect();
        for deadline in (1..=instalments).filter_map(|number| circle.deadline(rules, number)) {
            moments.extend([deadline, deadline + grace]);
        }
        for open in circle.open_proposals() {
            moments.push(open.expires_at);
            if open.passed_at > 0 {
                let delay = u64::from(rules.move_delay_s());
                moments.extend([vote, delay, delay + vote].map(|after| open.passed_at + after));
            }
        }
        if let PayoutStatus::NotBefore { at, .. } | PayoutStatus::Waiting { at, .. } =
            circle.payout_status(rules, self.now())
        {
            moments.push(at);
        }
        moments.extend(self.model.invitations.values().map(|(_, expires_at)| *expires_at));
        moments.extend(self.model.signatures.values().map(|(_, at)| at + UPGRADE_DELAY_S));
        moments
    }

    pub fn fill_up(&mut self, odd: u8, first: usize) {
        let mut guests: Vec<usize> = (0..8).map(|number| 1 + (number + first) % 8).collect();
        if odd.is_multiple_of(4) {
            guests.insert(usize::from(odd) % 3, PECULIAR[usize::from(odd) % 3]);
        }
        for who in guests {
            let Some(circle) = &self.model.circle else { return };
            if circle.phase != Phase::Forming {
                return;
            }
            let free = (1..=self.model.rules.seats).find(|t| circle.seat_of_turn(*t).is_none());
            let turn = free.filter(|_| self.model.rules.order == Order::Fixed).map(u32::from);
            self.let_in(who, turn, (who + first + usize::from(odd)) % 3);
        }
    }

    /// By an invitation of an address, or of a key, or as they ask to.
    pub fn let_in(&mut self, who: usize, turn: Option<u32>, way: usize) {
        let (expires_at, key) = (self.now() + 86_400, (way == 1).then_some((0, true)));
        let invitee = if way == 1 { Invitee::Key(0) } else { Invitee::Person(who) };
        let (first, second) = if way == 2 {
            (Ask::Request { who, right_rules: true }, Ask::Approve { who, turn })
        } else {
            let join = Ask::Join { who, right_rules: true, turn, key };
            (Ask::Invite { invitee, turn, expires_at }, join)
        };
        let _ = self.ask(&first, Signing::Properly);
        let _ = self.ask(&second, Signing::Properly);
    }

    pub fn get_ready(&mut self, but: u8) {
        for what in [Try::Commit, |who| Try::Reveal(who, true), |who| Try::Secure(who, 0)] {
            for seat in self.seats_but(but) {
                // What is not wanted now is not asked for.
                if self.phase().is_some_and(|phase| what(seat).is_apt(phase)) {
                    let _ = self.attempt(&what(seat), Signing::Properly);
                }
            }
        }
    }

    pub fn carry(&mut self, motion: u32, about: Who, to: Who) {
        let subject = (motion > 0).then_some(about);
        let newcomer = (motion > 1).then_some(to);
        let before = self.model.circle.as_ref().map_or(0, |circle| circle.proposals);
        for seat in self.seats_but(u8::MAX) {
            if self.phase() != Some(Phase::Active) {
                return;
            }
            let Some(circle) = &self.model.circle else { return };
            let open = circle.open_proposals().find(|open| open.id > before).copied();
            let what = match open {
                None if circle.proposals == before => Try::Propose(seat, motion, subject, newcomer),
                Some(open) if open.passed_at == 0 => Try::Vote(seat, 0, true),
                _ => return,
            };
            let _ = self.attempt(&what, Signing::Properly);
        }
    }

    pub fn carry_out(&mut self, halves: u8) {
        let Some(circle) = &self.model.circle else { return };
        let open: Vec<_> = circle.open_proposals().filter(|o| o.passed_at > 0).copied().collect();
        for passed in open {
            if passed.motion == Motion::Replace {
                for settle in [Try::Push(passed.subject), Try::Pay(passed.subject, 100)] {
                    let _ = self.attempt(&settle, Signing::Properly);
                }
                let _ = self.attempt(&Try::Repay(passed.subject, 100), Signing::Properly);
                let newcomer = self.model.newcomer(2).unwrap_or(3);
                let newcomer = 100 + u8::try_from(newcomer).unwrap();
                let what = Try::Replace(passed.subject, newcomer, 0);
                let _ = self.attempt(&what, Signing::Properly);
            } else {
                let period = u64::from(self.model.rules.move_delay_s());
                self.wait_until(self.now() + period * u64::from(halves) / 2 + 1);
                let _ = self.attempt(&Try::CompleteMove(passed.subject), Signing::Properly);
            }
        }
    }

    pub fn freeze(&mut self, who: Who, frozen: bool) {
        let who = self.who(who);
        if self.model.purses[who].limit.is_some() {
            self.group.world.authorise(&self.people[who].address, !frozen);
            self.model.purses[who].frozen = frozen;
        }
    }

    pub fn give(&mut self, gift: i64) {
        let giver = &self.model.purses[ORGANISER];
        if self.model.vault_frozen || giver.frozen || giver.balance < gift {
            return;
        }
        let organiser = &self.people[ORGANISER];
        let world = self.group.world;
        let transfer = world.transfer(&organiser.address, &self.group.address, gift);
        world.call(Some(organiser), &transfer).unwrap();
        self.model.purses[ORGANISER].balance -= gift;
        self.model.vault += gift;
    }
}
