//! One circle as its contract runs it: the rules' engine, who sits where, who is invited.

use std::collections::BTreeMap;

use kolo_rules::circle::{Effect, Motion, Order, Phase, Readiness, Step};
use kolo_rules::{Amount, Circle, MAX_MEMBERS, Refusal, Rules};

use super::money::Purses;
use super::{sha256, sum};
use crate::simulation::act::{Call, Secret};
use crate::simulation::reason::Reason;
use crate::simulation::scenario::CirclePlan;
use crate::simulation::stage::Outcome;

/// Open invitations, and requests waiting, a circle may have at a time.
const MOST_WAITING: usize = 64;

/// One circle.
#[derive(Clone, Debug)]
pub struct Group {
    id: [u8; 32],
    rules: Rules,
    organiser: usize,
    /// `None` once everything is settled.
    circle: Option<Circle>,
    members: Vec<usize>,
    invitations: BTreeMap<usize, (Option<u32>, u64)>,
    requests: Vec<usize>,
    /// By seat: what they committed to, and what they revealed.
    commitments: BTreeMap<u8, Secret>,
    revealed: BTreeMap<u8, Secret>,
    /// Who is to replace somebody, and to whose address a seat is to be moved.
    replacing: Option<usize>,
    moving: Option<usize>,
}

/// A call under way.
struct Desk<'a> {
    group: &'a mut Group,
    purses: &'a mut Purses,
    /// The circle's number, whose vault it is.
    number: usize,
    now: u64,
}

impl Group {
    /// Founded and empty.
    pub fn new(plan: &CirclePlan, id: [u8; 32]) -> Self {
        Self {
            id,
            rules: plan.rules,
            organiser: plan.organiser,
            circle: Some(Circle::new()),
            members: Vec::new(),
            invitations: BTreeMap::new(),
            requests: Vec::new(),
            commitments: BTreeMap::new(),
            revealed: BTreeMap::new(),
            replacing: None,
            moving: None,
        }
    }

    pub const fn circle(&self) -> Option<&Circle> {
        self.circle.as_ref()
    }

    pub fn members(&self) -> &[usize] {
        &self.members
    }

    /// Does what is called. When it is refused, group and purses may be half changed and must be
    /// dropped.
    pub fn call(
        &mut self,
        number: usize,
        call: &Call,
        signers: &[usize],
        purses: &mut Purses,
        now: u64,
    ) -> Outcome {
        if !call.is_signed(self.organiser, signers) {
            return Err(Reason::NotSigned);
        }
        let mut desk = Desk { group: self, purses, number, now };
        desk.take(call)?;
        self.tidy();
        Ok(())
    }

    /// Nothing is left of a circle with nothing left to do.
    fn tidy(&mut self) {
        if self.circle.as_ref().is_some_and(Circle::is_finished) {
            self.circle = None;
            self.members.clear();
            self.started();
        }
    }

    fn started(&mut self) {
        self.invitations.clear();
        self.requests.clear();
    }

    fn running(&self) -> Result<&Circle, Reason> {
        self.circle.as_ref().ok_or(Reason::Rules(Refusal::Finished))
    }

    fn sits(&self, who: usize) -> Result<u8, Reason> {
        let seat = self.members.iter().position(|member| *member == who);
        seat.and_then(|seat| u8::try_from(seat).ok()).ok_or(Reason::Rules(Refusal::NotMember))
    }

    /// The seat, of a circle that is not settled.
    fn seat(&self, who: usize) -> Result<u8, Reason> {
        self.running()?;
        self.sits(who)
    }

    fn require_forming(&self) -> Outcome {
        let forming = self.running()?.phase == Phase::Forming;
        if forming { Ok(()) } else { Err(Refusal::NotForming.into()) }
    }

    fn require_stranger(&self, who: usize) -> Outcome {
        if self.sits(who).is_ok() { Err(Refusal::AlreadyMember.into()) } else { Ok(()) }
    }

    fn take_request(&mut self, who: usize) -> Outcome {
        let place = self.requests.iter().position(|waiting| *waiting == who);
        self.requests.remove(place.ok_or(Reason::NoRequest)?);
        Ok(())
    }

    fn step(&mut self, step: &Step, now: u64) -> Result<Effect, Reason> {
        let (after, effect) = self.running()?.after(&self.rules, step, &sha256, now)?;
        self.circle = Some(after);
        Ok(effect)
    }
}

impl Desk<'_> {
    /// Before the start.
    fn take(&mut self, call: &Call) -> Outcome {
        match *call {
            Call::Invite { member, turn, expires_at } => self.invite(member, turn, expires_at),
            Call::Revoke { member } => {
                self.group.require_forming()?;
                self.group.invitations.remove(&member).ok_or(Reason::NoInvitation)?;
                Ok(())
            }
            Call::Join { member } => {
                self.group.require_forming()?;
                self.group.require_stranger(member)?;
                let turn = self.redeem(member)?;
                self.take_seat(member, turn)
            }
            Call::Request { member } => self.request(member),
            Call::Approve { member, turn } => {
                self.group.running()?;
                self.group.take_request(member)?;
                self.group.require_stranger(member)?;
                self.take_seat(member, turn)
            }
            Call::Reject { member } => self.group.take_request(member),
            Call::Leave { member } => {
                self.group.require_forming()?;
                if self.group.sits(member).is_err() && self.group.take_request(member).is_ok() {
                    return Ok(());
                }
                self.vacate(member)
            }
            Call::Remove { member } => {
                self.group.require_forming()?;
                self.vacate(member)
            }
            Call::Start => {
                self.step(&Step::Start)?;
                self.group.started();
                Ok(())
            }
            Call::Cancel => self.step(&Step::Cancel).map(|_| ()),
            ref later => self.take_getting_ready(later),
        }
    }

    /// Between the start and the first round.
    fn take_getting_ready(&mut self, call: &Call) -> Outcome {
        match *call {
            Call::Commit { member, secret } => {
                let seat = self.group.seat(member)?;
                self.step(&Step::Commit { seat })?;
                self.pay_in(member, self.group.rules.bond)?;
                self.group.commitments.insert(seat, secret);
                Ok(())
            }
            Call::Reveal { member, secret } => {
                let seat = self.group.seat(member)?;
                let effect = self.step(&Step::Reveal { seat })?;
                if self.group.commitments.get(&seat) != Some(&secret) {
                    return Err(Reason::BadSecret);
                }
                self.group.revealed.insert(seat, secret);
                self.go_on(&effect)
            }
            Call::Secure { member, amount } => {
                let seat = self.group.seat(member)?;
                let effect = self.step(&Step::Secure { seat, amount })?;
                self.pay_in(member, amount)?;
                self.go_on(&effect)
            }
            Call::Proceed => {
                let effect = self.step(&Step::Proceed)?;
                self.go_on(&effect)
            }
            ref later => self.take_money(later),
        }
    }

    /// What moves money while the circle runs, and after.
    fn take_money(&mut self, call: &Call) -> Outcome {
        match *call {
            Call::Contribute { member, round, amount } => {
                let seat = self.group.seat(member)?;
                self.step(&Step::Contribute { seat, round: round_of(round)?, amount })?;
                self.pay_in(member, amount)
            }
            Call::Payout { round } => {
                self.group.running()?;
                let effect = self.step(&Step::Payout { round: round_of(round)? })?;
                match effect {
                    Effect::PaidOut(payout) if !payout.dissolved => {
                        self.pay_or_credit(payout.seat, payout.amount)
                    }
                    _ => Ok(()),
                }
            }
            Call::Repay { member, amount } => {
                let seat = self.group.seat(member)?;
                let effect = self.step(&Step::Repay { seat, amount })?;
                self.pay_in(member, amount)?;
                for (creditor, part) in (0..self.group.running()?.len()).zip(parts(&effect)) {
                    if part.is_positive() {
                        self.pay_or_credit(creditor, part)?;
                    }
                }
                Ok(())
            }
            Call::Push { member } => {
                let seat = self.group.seat(member)?;
                let effect = self.step(&Step::Push { seat })?;
                self.deliver_or_refuse(member, &effect)
            }
            Call::Claim { member } => {
                let seat = self.group.seat(member)?;
                let effect = self.step(&Step::Claim { seat })?;
                self.deliver_or_refuse(member, &effect)
            }
            Call::Sync => {
                self.group.running()?;
                let balance = self.purses.vault(self.number);
                self.step(&Step::Sync { balance }).map(|_| ())
            }
            ref later => self.take_among_members(later),
        }
    }

    /// What members ask of each other.
    fn take_among_members(&mut self, call: &Call) -> Outcome {
        match *call {
            Call::Bid { member, round, amount } => {
                let seat = self.group.seat(member)?;
                self.step(&Step::Bid { seat, round: round_of(round)?, amount })?;
            }
            Call::ClaimInsurance { member, round, defaulter, amount } => {
                let (seat, defaulter) = (self.group.seat(member)?, self.group.sits(defaulter)?);
                let round = round_of(round)?;
                self.step(&Step::ClaimInsurance { seat, round, defaulter, amount })?;
            }
            Call::Swap { a, b } => return self.swap(a, b),
            Call::Exit { member } => {
                let seat = self.group.seat(member)?;
                self.step(&Step::Exit { seat })?;
            }
            Call::Propose { member, motion, subject, newcomer } => {
                return self.propose(member, motion, subject, newcomer);
            }
            Call::Vote { member, proposal, approve } => {
                let seat = self.group.seat(member)?;
                self.step(&Step::Vote { seat, proposal, approve })?;
            }
            Call::Replace { leaver, newcomer, price } => {
                return self.replace(leaver, newcomer, price);
            }
            Call::CompleteMove { member } => {
                let seat = self.group.seat(member)?;
                self.step(&Step::CompleteMove { seat })?;
                let to = self.group.moving.take().ok_or(Reason::Rules(Refusal::NoProposal))?;
                self.group.require_stranger(to)?;
                self.give(seat, to);
            }
            Call::Object { member } => {
                let seat = self.group.seat(member)?;
                self.step(&Step::Object { seat })?;
                self.group.moving = None;
            }
            _ => return Err(Reason::BadMotion),
        }
        Ok(())
    }

    fn step(&mut self, step: &Step) -> Result<Effect, Reason> {
        self.group.step(step, self.now)
    }

    fn invite(&mut self, member: usize, turn: Option<u32>, expires_at: u64) -> Outcome {
        self.group.require_forming()?;
        if expires_at < self.now {
            return Err(Reason::InvitationExpired);
        }
        match (self.group.rules.order, turn_of(turn)?) {
            (Order::Fixed, Some(turn)) if (1..=self.group.rules.seats).contains(&turn) => {
                if self.group.running()?.seat_of_turn(turn).is_some() {
                    return Err(Refusal::TurnTaken.into());
                }
            }
            (Order::Fixed, _) | (_, Some(_)) => return Err(Refusal::BadTurn.into()),
            (_, None) => {}
        }
        self.group.require_stranger(member)?;
        let now = self.now;
        self.group.invitations.retain(|_, (_, expires_at)| now <= *expires_at);
        self.group.invitations.insert(member, (turn, expires_at));
        let full = self.group.invitations.len() > MOST_WAITING;
        if full { Err(Reason::TooManyInvitations) } else { Ok(()) }
    }

    fn redeem(&mut self, member: usize) -> Result<Option<u32>, Reason> {
        let invitation = self.group.invitations.remove(&member);
        let (turn, expires_at) = invitation.ok_or(Reason::NoInvitation)?;
        if self.now > expires_at { Err(Reason::InvitationExpired) } else { Ok(turn) }
    }

    fn request(&mut self, member: usize) -> Outcome {
        self.group.require_forming()?;
        self.group.require_stranger(member)?;
        if self.group.requests.contains(&member) {
            return Err(Refusal::AlreadyDone.into());
        }
        if self.group.requests.len() >= MOST_WAITING {
            return Err(Reason::TooManyRequests);
        }
        self.group.requests.push(member);
        Ok(())
    }

    fn take_seat(&mut self, who: usize, turn: Option<u32>) -> Outcome {
        let effect = self.step(&Step::Join { turn: turn_of(turn)? })?;
        self.group.members.push(who);
        if matches!(effect, Effect::Joined(joined) if joined.started) {
            self.group.started();
        }
        Ok(())
    }

    fn vacate(&mut self, who: usize) -> Outcome {
        let seat = self.group.seat(who)?;
        self.step(&Step::Leave { seat })?;
        self.group.members.remove(usize::from(seat));
        Ok(())
    }

    fn go_on(&mut self, effect: &Effect) -> Outcome {
        if *effect != Effect::Ready(Readiness::Draw) {
            return Ok(());
        }
        let mut drawn = self.group.id.to_vec();
        for secret in self.group.revealed.values() {
            drawn.extend(secret.0);
        }
        self.step(&Step::Draw { seed: sha256(&drawn) }).map(|_| ())
    }

    fn swap(&mut self, a: usize, b: usize) -> Outcome {
        let (first, second) = (self.group.seat(a)?, self.group.sits(b)?);
        let effect = self.step(&Step::Swap { a: first, b: second })?;
        let Effect::Swapped(swapped) = effect else { return Ok(()) };
        let (payer, payee) = if swapped.earlier == first { (a, b) } else { (b, a) };
        self.purses.pass_on(payer, payee, swapped.deposit)
    }

    fn propose(
        &mut self,
        member: usize,
        motion: Motion,
        subject: Option<usize>,
        newcomer: Option<usize>,
    ) -> Outcome {
        let seat = self.group.seat(member)?;
        let subject = match (subject, motion) {
            (None, Motion::Dissolve) => 0,
            (None, _) | (Some(_), Motion::Dissolve) => return Err(Reason::BadMotion),
            (Some(subject), _) => self.group.sits(subject)?,
        };
        let lets_in = matches!(motion, Motion::Replace | Motion::Move);
        match newcomer {
            Some(newcomer) if lets_in => {
                self.group.require_stranger(newcomer)?;
                let slot = if motion == Motion::Replace {
                    &mut self.group.replacing
                } else {
                    &mut self.group.moving
                };
                *slot = Some(newcomer);
            }
            None if !lets_in => {}
            _ => return Err(Reason::BadMotion),
        }
        self.step(&Step::Propose { seat, motion, subject }).map(|_| ())
    }

    fn replace(&mut self, leaver: usize, newcomer: usize, price: Amount) -> Outcome {
        let seat = self.group.seat(leaver)?;
        if self.group.replacing != Some(newcomer) {
            return Err(Refusal::NoProposal.into());
        }
        self.group.require_stranger(newcomer)?;
        let effect = self.step(&Step::Replace { seat })?;
        let Effect::Replaced(sold) = effect else { return Ok(()) };
        let overflow = |_| Reason::Rules(Refusal::Overflow);
        let net = sold.price.checked_add(sold.deposit).map_err(overflow)?;
        if net != price {
            return Err(Refusal::WrongAmount.into());
        }
        if net < Amount::ZERO {
            let back = Amount::ZERO.checked_sub(net).map_err(overflow)?;
            self.purses.pass_on(leaver, newcomer, back)?;
        } else {
            self.purses.pass_on(newcomer, leaver, net)?;
        }
        self.group.replacing = None;
        self.give(seat, newcomer);
        Ok(())
    }

    fn give(&mut self, seat: u8, to: usize) {
        if let Some(member) = self.group.members.get_mut(usize::from(seat)) {
            *member = to;
        }
    }

    fn pay_in(&mut self, who: usize, amount: Amount) -> Outcome {
        self.purses.pay_in(who, self.number, amount)
    }

    fn pay_or_credit(&mut self, seat: u8, amount: Amount) -> Outcome {
        let who = self.group.members.get(usize::from(seat)).copied();
        let who = who.ok_or(Reason::Rules(Refusal::NotMember))?;
        if !self.purses.deliver(self.number, who, amount)? {
            self.step(&Step::Credit { seat, amount })?;
        }
        Ok(())
    }

    fn deliver_or_refuse(&mut self, who: usize, effect: &Effect) -> Outcome {
        let amount = sum(&parts(effect))?;
        let delivered = self.purses.deliver(self.number, who, amount)?;
        if delivered { Ok(()) } else { Err(Reason::Undeliverable) }
    }
}

/// What an effect delivers, by seat.
fn parts(effect: &Effect) -> [Amount; MAX_MEMBERS] {
    match effect {
        Effect::Delivered(parts) => *parts,
        _ => [Amount::ZERO; MAX_MEMBERS],
    }
}

fn round_of(round: u32) -> Result<u8, Reason> {
    u8::try_from(round).map_err(|_| Reason::Rules(Refusal::WrongRound))
}

fn turn_of(turn: Option<u32>) -> Result<Option<u8>, Reason> {
    turn.map(u8::try_from).transpose().map_err(|_| Reason::Rules(Refusal::BadTurn))
}
