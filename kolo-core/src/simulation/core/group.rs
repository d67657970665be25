//! One circle as its contract runs it: the rules' engine, who sits where, who is invited.

use std::collections::BTreeMap;

use kolo_rules::circle::{Effect, Order, Phase, Readiness, Step};
use kolo_rules::{Amount, Circle, Refusal, Rules};

use super::money::Purses;
use super::sha256;
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
    pub rules: Rules,
    organiser: usize,
    /// `None` once everything is settled.
    pub circle: Option<Circle>,
    pub members: Vec<usize>,
    invitations: BTreeMap<usize, (Option<u32>, u64)>,
    requests: Vec<usize>,
    /// By seat: what they committed to, and what they revealed.
    commitments: BTreeMap<u8, Secret>,
    revealed: BTreeMap<u8, Secret>,
    /// Who is to replace somebody, and to whose address a seat is to be moved.
    pub replacing: Option<usize>,
    pub moving: Option<usize>,
}

/// A call under way.
pub struct Desk<'a> {
    pub group: &'a mut Group,
    pub purses: &'a mut Purses,
    /// The circle's number, whose vault it is.
    pub number: usize,
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
        desk.tidy()
    }

    fn started(&mut self) {
        self.invitations.clear();
        self.requests.clear();
    }

    pub fn running(&self) -> Result<&Circle, Reason> {
        self.circle.as_ref().ok_or(Reason::Rules(Refusal::Finished))
    }

    pub fn sits(&self, who: usize) -> Result<u8, Reason> {
        let seat = self.members.iter().position(|member| *member == who);
        seat.and_then(|seat| u8::try_from(seat).ok()).ok_or(Reason::Rules(Refusal::NotMember))
    }

    /// The seat, of a circle that is not settled.
    pub fn seat(&self, who: usize) -> Result<u8, Reason> {
        self.running()?;
        self.sits(who)
    }

    fn require_forming(&self) -> Outcome {
        let forming = self.running()?.phase == Phase::Forming;
        if forming { Ok(()) } else { Err(Refusal::NotForming.into()) }
    }

    pub fn require_stranger(&self, who: usize) -> Outcome {
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
            Call::Join { member, turn } => {
                self.group.require_forming()?;
                self.group.require_stranger(member)?;
                // A request of theirs is answered with that.
                let _ = self.group.take_request(member);
                if self.redeem(member)? != turn {
                    return Err(Refusal::OtherTurn.into());
                }
                self.take_seat(member, turn)
            }
            Call::Request { member } => self.request(member),
            Call::Approve { member, turn } => {
                self.group.running()?;
                self.group.take_request(member)?;
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
                let effect = self.settle(&Step::Proceed)?;
                self.go_on(&effect)
            }
            ref later => self.take_money(later),
        }
    }

    pub fn step(&mut self, step: &Step) -> Result<Effect, Reason> {
        self.group.step(step, self.now)
    }

    /// Nothing is left of a circle with nothing left to do and nothing to share.
    fn tidy(&mut self) -> Outcome {
        let Some(circle) = self.group.circle.as_mut().filter(|circle| circle.is_finished()) else {
            return Ok(());
        };
        let shared = circle.share_leftover(self.purses.vault(self.number))?;
        if shared.is_nothing() {
            self.group.circle = None;
            self.group.members.clear();
            self.group.started();
        }
        Ok(())
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

    pub fn pay_in(&mut self, who: usize, amount: Amount) -> Outcome {
        self.purses.pay_in(who, self.number, amount)
    }
}

fn turn_of(turn: Option<u32>) -> Result<Option<u8>, Reason> {
    turn.map(u8::try_from).transpose().map_err(|_| Reason::Rules(Refusal::BadTurn))
}
