//! What is called while the circle runs, and after.

use kolo_rules::circle::{Effect, Motion, Step};
use kolo_rules::{Amount, MAX_MEMBERS, Refusal};

use super::group::Desk;
use super::sum;
use crate::simulation::act::Call;
use crate::simulation::reason::Reason;
use crate::simulation::stage::Outcome;

impl Desk<'_> {
    /// What moves money while the circle runs, and after.
    pub(super) fn take_money(&mut self, call: &Call) -> Outcome {
        match *call {
            Call::Contribute { member, round, amount } => {
                let seat = self.group.seat(member)?;
                self.step(&Step::Contribute { seat, round: round_of(round)?, amount })?;
                self.pay_in(member, amount)
            }
            Call::Payout { round } => self.payout(round),
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
                self.bear_shortfall()?;
                let effect = self.step(&Step::Push { seat })?;
                self.deliver_or_refuse(member, &effect)
            }
            Call::Claim { member } => {
                let seat = self.group.seat(member)?;
                self.bear_shortfall()?;
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
                self.bear_shortfall()?;
                self.step(&Step::ClaimInsurance { seat, round, defaulter, amount })?;
            }
            Call::Swap { a, b, turns } => return self.swap([a, b], turns),
            Call::Exit { member } => {
                let seat = self.group.seat(member)?;
                self.settle(&Step::Exit { seat })?;
            }
            Call::Propose { member, motion, subject, newcomer } => {
                return self.propose(member, motion, subject, newcomer);
            }
            Call::Vote { member, proposal, approve } => {
                let seat = self.group.seat(member)?;
                self.settle(&Step::Vote { seat, proposal, approve })?;
            }
            Call::Replace { leaver, newcomer, turn, price } => {
                self.require_turn(leaver, turn)?;
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

    fn payout(&mut self, round: u32) -> Outcome {
        match self.settle(&Step::Payout { round: round_of(round)? })? {
            Effect::PaidOut(payout) if payout.dissolved => Ok(()),
            Effect::PaidOut(payout) => self.pay_or_credit(payout.seat, payout.amount),
            _ => Err(Refusal::WrongRound.into()),
        }
    }

    /// A step that pays a pot or ends the circle. Nobody's part is made up of what is others': all bear
    /// first what an issuer took.
    pub(super) fn settle(&mut self, step: &Step) -> Result<Effect, Reason> {
        let before = self.group.running()?.clone();
        let effect = self.step(step)?;
        let circle = self.group.running()?;
        let pot = match effect {
            Effect::PaidOut(payout) => payout.amount,
            _ => Amount::ZERO,
        };
        let owed = circle.liabilities()?.checked_add(pot).map_err(|_| Refusal::Overflow)?;
        let shares = pot.is_positive() || circle.phase.is_over();
        if !shares || self.purses.vault(self.number) >= owed {
            return Ok(effect);
        }
        self.group.circle = Some(before);
        self.bear_shortfall()?;
        self.step(step)
    }

    fn bear_shortfall(&mut self) -> Outcome {
        let balance = self.purses.vault(self.number);
        if let Some(circle) = &mut self.group.circle {
            circle.bear_shortfall(balance)?;
        }
        Ok(())
    }

    fn swap(&mut self, [a, b]: [usize; 2], turns: [u32; 2]) -> Outcome {
        let (first, second) = (self.group.seat(a)?, self.group.sits(b)?);
        self.require_turn(a, turns[0])?;
        self.require_turn(b, turns[1])?;
        self.bear_shortfall()?;
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
        self.settle(&Step::Propose { seat, motion, subject }).map(|_| ())
    }

    fn replace(&mut self, leaver: usize, newcomer: usize, price: Amount) -> Outcome {
        let seat = self.group.seat(leaver)?;
        if self.group.replacing != Some(newcomer) {
            return Err(Refusal::NoProposal.into());
        }
        self.group.require_stranger(newcomer)?;
        self.bear_shortfall()?;
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

    /// The member's turn still is the one that was agreed to.
    fn require_turn(&self, who: usize, turn: u32) -> Outcome {
        let seat = self.group.seat(who)?;
        let turn = u8::try_from(turn).map_err(|_| Reason::Rules(Refusal::OtherTurn))?;
        Ok(self.group.running()?.require_turn(seat, turn)?)
    }

    fn give(&mut self, seat: u8, to: usize) {
        if let Some(member) = self.group.members.get_mut(usize::from(seat)) {
            *member = to;
        }
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
