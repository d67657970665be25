//! From a step to acts, with what it leaves open filled in as it would be right.

use kolo_rules::circle::Motion;
use kolo_rules::{Amount, Circle, Refusal, Rules};
use sha2::{Digest, Sha256};

use super::{INVITATION_S, Play, countable};
use crate::simulation::act::{Act, Call, Secret};
use crate::simulation::error::PlayError;
use crate::simulation::scenario::{Actors, MotionWord, Place, Role, StepPlan, Verb};

impl Play<'_> {
    /// Does what a step says.
    pub fn take(&mut self, step: &StepPlan) -> Result<(), PlayError> {
        match (step.verb.role(), step.verb) {
            (Role::Nobody, _) => Ok(()),
            (Role::World, _) => self.take_in_world(step),
            (_, Verb::Rotate) => self.rotate(step),
            (_, Verb::GetReady) => self.get_ready(step),
            _ => self.take_in_circle(step),
        }
    }

    fn take_in_world(&mut self, step: &StepPlan) -> Result<(), PlayError> {
        let amount = step.amount.unwrap_or(Amount::ZERO);
        for place in self.places(&step.who, step) {
            let act = match (step.verb, place, step.to) {
                (Verb::Send, Place::Person(from), Some(to)) => Act::Send { from, to, amount },
                (Verb::Trustline, Place::Person(who), _) => {
                    Act::Trustline { who, limit: step.limit }
                }
                (Verb::Mint, to, _) => Act::Mint { to, amount },
                (Verb::Freeze | Verb::Unfreeze, place, _) => {
                    Act::Freeze { place, frozen: step.verb == Verb::Freeze }
                }
                (Verb::Clawback, from, _) => Act::Clawback { from, amount },
                _ => continue,
            };
            let _ = self.act(step, &act)?;
        }
        Ok(())
    }

    fn take_in_circle(&mut self, step: &StepPlan) -> Result<(), PlayError> {
        let Some(circle) = step.circle else { return Ok(()) };
        for (signers, about) in self.signings(step, circle) {
            let call = self.call(step, circle, about)?;
            let _ = self.act(step, &Act::Call { circle, signers, call })?;
        }
        Ok(())
    }

    /// Who signs, and whom it is about, for every time the step is done.
    fn signings(&self, step: &StepPlan, circle: usize) -> Vec<(Vec<usize>, usize)> {
        let organiser = self.scenario.circles.get(circle).map_or(0, |plan| plan.organiser);
        let (who, about) = (self.people(&step.who, step), self.people(&step.member, step));
        let usual = match step.verb.role() {
            Role::Organiser | Role::OrganiserAbout => vec![organiser],
            _ => Vec::new(),
        };
        let each = |who: Vec<usize>| who.into_iter().map(|one| (vec![one], one)).collect();
        match step.verb.role() {
            Role::Both => {
                let second = step.with.filter(|_| !step.alone);
                let both = |one: usize| std::iter::once(one).chain(second).collect();
                who.into_iter().map(|one| (both(one), one)).collect()
            }
            _ if !about.is_empty() => {
                let signers = if who.is_empty() {
                    vec![usual]
                } else {
                    who.into_iter().map(|one| vec![one]).collect()
                };
                let pairs = |signer: Vec<usize>| {
                    about.iter().map(move |about| (signer.clone(), *about)).collect::<Vec<_>>()
                };
                signers.into_iter().flat_map(pairs).collect()
            }
            Role::Organiser | Role::Anyone if who.is_empty() => vec![(usual, organiser)],
            _ => each(who),
        }
    }

    /// The people among the actors.
    pub fn people(&self, actors: &Actors, step: &StepPlan) -> Vec<usize> {
        let people = self.places(actors, step).into_iter().filter_map(|place| match place {
            Place::Person(person) => Some(person),
            Place::Vault(_) => None,
        });
        people.collect()
    }

    fn places(&self, actors: &Actors, step: &StepPlan) -> Vec<Place> {
        match actors {
            Actors::Unnamed => Vec::new(),
            Actors::Named(places) => places.clone(),
            Actors::EveryoneBut(but) => {
                let view = step.circle.and_then(|circle| self.view.circles.get(circle));
                let members = view.map(|view| view.members.as_slice()).unwrap_or_default();
                let members = members.iter().filter(|member| !but.contains(member));
                members.map(|member| Place::Person(*member)).collect()
            }
        }
    }

    /// The call about `member`, with the figures the step leaves open.
    fn call(&self, step: &StepPlan, circle: usize, member: usize) -> Result<Call, PlayError> {
        let Some(plan) = self.scenario.circles.get(circle) else { return Ok(Call::Sync) };
        let seat = self.view.circles.get(circle).and_then(|view| view.seat(member));
        let desk =
            Desk { step, rules: &plan.rules, state: self.state(circle), seat, now: self.now };
        Ok(match step.verb {
            Verb::Invite => {
                let valid_for_s = step.valid_for_s.map_or(INVITATION_S, u64::from);
                let expires_at = self.now.saturating_add(valid_for_s);
                Call::Invite { member, turn: step.turn, expires_at }
            }
            Verb::Revoke => Call::Revoke { member },
            Verb::Join => {
                let offered = self.offers.get(&(circle, member)).copied().flatten();
                Call::Join { member, turn: step.turn.or(offered) }
            }
            Verb::Request => Call::Request { member },
            Verb::Approve => Call::Approve { member, turn: step.turn },
            Verb::Reject => Call::Reject { member },
            Verb::Leave => Call::Leave { member },
            Verb::Remove => Call::Remove { member },
            Verb::Start => Call::Start,
            Verb::Cancel => Call::Cancel,
            Verb::Commit => Call::Commit { member, secret: self.secret(step, member) },
            Verb::Reveal => Call::Reveal { member, secret: self.secret(step, member) },
            Verb::Proceed => Call::Proceed,
            Verb::Payout => Call::Payout { round: desk.round() },
            Verb::Push => Call::Push { member },
            Verb::Claim => Call::Claim { member },
            Verb::Exit => Call::Exit { member },
            Verb::CompleteMove => Call::CompleteMove { member },
            Verb::Object => Call::Object { member },
            Verb::Swap => {
                let with = step.with.unwrap_or(member);
                let turns = [member, with].map(|who| self.turn(circle, who));
                Call::Swap { a: member, b: with, turns }
            }
            Verb::Propose => Call::Propose {
                member,
                motion: motion(step.motion),
                subject: step.about,
                newcomer: step.newcomer,
            },
            Verb::Vote => {
                let latest = desk.state.map_or(0, |state| state.proposals);
                let proposal = step.proposal.unwrap_or(latest);
                Call::Vote { member, proposal, approve: step.approve }
            }
            _ => self.paying_call(&desk, circle, member)?,
        })
    }

    /// The calls that name an amount.
    fn paying_call(
        &self,
        desk: &Desk<'_>,
        circle: usize,
        member: usize,
    ) -> Result<Call, PlayError> {
        let step = desk.step;
        Ok(match step.verb {
            Verb::Secure => Call::Secure { member, amount: desk.amount(Desk::entry_due)? },
            Verb::Contribute => {
                let due = desk.figure(|state, seat| state.due(desk.rules, seat, desk.now))?;
                let usual = due.as_ref().map_or(desk.rules.contribution, |due| due.amount);
                let round = due.map_or_else(|| desk.round(), |due| u32::from(due.round));
                let amount = step.amount.unwrap_or(usual);
                Call::Contribute { member, round: step.round.unwrap_or(round), amount }
            }
            Verb::Repay => Call::Repay { member, amount: desk.amount(Desk::debt)? },
            Verb::Bid => {
                let amount = step.amount.unwrap_or(Amount::ZERO);
                Call::Bid { member, round: desk.round(), amount }
            }
            Verb::ClaimInsurance => {
                let defaulter = step.about.unwrap_or(member);
                let view = self.view.circles.get(circle);
                let seat = view.and_then(|view| view.seat(defaulter));
                let amount = Desk { seat, ..*desk }.amount(Desk::loss)?;
                Call::ClaimInsurance { member, round: desk.round(), defaulter, amount }
            }
            Verb::Replace => {
                let newcomer = step.with.unwrap_or(member);
                let turn = step.turn.unwrap_or_else(|| self.turn(circle, member));
                let price = desk.amount(Desk::price)?;
                Call::Replace { leaver: member, newcomer, turn, price }
            }
            _ => Call::Sync,
        })
    }

    /// The turn of a member, which those sign for who change or sell it; 0 of who has none.
    fn turn(&self, circle: usize, member: usize) -> u32 {
        let seat = self.view.circles.get(circle).and_then(|view| view.seat(member));
        let row = self.state(circle).zip(seat).and_then(|(state, seat)| state.seat(seat));
        row.map_or(0, |row| u32::from(row.turn))
    }

    /// What a member draws with: made of words, by default their name.
    fn secret(&self, step: &StepPlan, member: usize) -> Secret {
        self.secret_of(step.secret.as_deref().unwrap_or_else(|| self.name(member)))
    }

    pub fn secret_of(&self, words: &str) -> Secret {
        Secret(Sha256::digest(format!("kolo:simulation:secret:{words}")).into())
    }
}

/// A call being made: what is known of the circle and of the seat it is about.
struct Desk<'a> {
    step: &'a StepPlan,
    rules: &'a Rules,
    state: Option<&'a Circle>,
    seat: Option<u8>,
    now: u64,
}

impl Desk<'_> {
    /// The round the step names, or the current one.
    fn round(&self) -> u32 {
        let current = self.state.map_or(1, |state| u32::from(state.current_round()));
        self.step.round.unwrap_or(current)
    }

    /// The amount the step names, or the one that is right; nothing where there is no such.
    fn amount(
        &self,
        right: impl Fn(&Self, &Circle, u8) -> Result<Amount, Refusal>,
    ) -> Result<Amount, PlayError> {
        if let Some(amount) = self.step.amount {
            return Ok(amount);
        }
        let figure = self.figure(|state, seat| right(self, state, seat))?;
        Ok(figure.unwrap_or(Amount::ZERO))
    }

    /// A figure of the seat's; `None` where there is no seat, or the phase is another.
    fn figure<T>(
        &self,
        of: impl FnOnce(&Circle, u8) -> Result<T, Refusal>,
    ) -> Result<Option<T>, PlayError> {
        let Some((state, seat)) = self.state.zip(self.seat) else { return Ok(None) };
        match of(state, seat) {
            Err(Refusal::Overflow) => countable(&self.step.at, Err(Refusal::Overflow)).map(Some),
            other => Ok(other.ok()),
        }
    }

    fn entry_due(&self, state: &Circle, seat: u8) -> Result<Amount, Refusal> {
        state.entry_due(self.rules, seat)
    }

    fn debt(&self, state: &Circle, seat: u8) -> Result<Amount, Refusal> {
        state.debt(seat)
    }

    /// What the insurance may pay for the seat in this round.
    fn loss(&self, state: &Circle, seat: u8) -> Result<Amount, Refusal> {
        let round = u8::try_from(self.round()).map_err(|_| Refusal::WrongRound)?;
        let need = state.need(self.rules, seat, round)?;
        let paid = state.paid_for(self.rules, seat, round)?;
        let deposit = state.seat(seat).map_or(Amount::ZERO, |row| row.deposit);
        let missing = need.checked_sub(paid)?;
        Ok(missing.checked_sub(missing.min(deposit))?.min(state.fund))
    }

    /// What a newcomer pays for the seat: its net claim and its deposit.
    fn price(&self, state: &Circle, seat: u8) -> Result<Amount, Refusal> {
        let row = state.seat(seat).ok_or(Refusal::NotMember)?;
        Ok(row.paid.checked_sub(row.received)?.checked_add(row.deposit)?)
    }
}

const fn motion(word: Option<MotionWord>) -> Motion {
    match word {
        Some(MotionWord::Expel) => Motion::Expel,
        Some(MotionWord::Replace) => Motion::Replace,
        Some(MotionWord::Move) => Motion::Move,
        Some(MotionWord::Dissolve) | None => Motion::Dissolve,
    }
}
