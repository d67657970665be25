//! Steps that stand for many: getting ready, and rounds as they go when people pay on time.

use kolo_rules::Circle;
use kolo_rules::circle::{Marks, PayoutStatus, Phase};

use super::{Play, countable};
use crate::simulation::act::{Act, Call};
use crate::simulation::error::PlayError;
use crate::simulation::scenario::{Actors, StepPlan};

impl Play<'_> {
    /// Everybody named does what comes before the first round: commits, reveals, pays in.
    pub fn get_ready(&mut self, step: &StepPlan) -> Result<(), PlayError> {
        let Some(circle) = step.circle else { return Ok(()) };
        for phase in [Phase::Committing, Phase::Revealing, Phase::Securing] {
            for member in self.willing(step) {
                let Some(call) = self.readiness(step, circle, member, phase)? else { continue };
                let _ = self.act(step, &Act::Call { circle, signers: vec![member], call })?;
            }
        }
        Ok(())
    }

    /// What is still to be done by the member in this phase, if that is the circle's.
    fn readiness(
        &self,
        step: &StepPlan,
        circle: usize,
        member: usize,
        phase: Phase,
    ) -> Result<Option<Call>, PlayError> {
        let Some((plan, state)) = self.scenario.circles.get(circle).zip(self.state(circle)) else {
            return Ok(None);
        };
        let seat = self.view.circles.get(circle).and_then(|view| view.seat(member));
        let Some(seat) = seat.filter(|_| state.phase == phase) else { return Ok(None) };
        let marks = state.seat(seat).map(|row| row.marks).unwrap_or_default();
        let secret = self.secret_of(self.name(member));
        Ok(match phase {
            Phase::Committing if !marks.has(Marks::COMMITTED) => {
                Some(Call::Commit { member, secret })
            }
            Phase::Revealing if marks.has(Marks::COMMITTED) && !marks.has(Marks::REVEALED) => {
                Some(Call::Reveal { member, secret })
            }
            Phase::Securing => {
                let amount = countable(&step.at, state.entry_due(&plan.rules, seat))?;
                (!amount.is_zero()).then_some(Call::Secure { member, amount })
            }
            _ => None,
        })
    }

    /// Rounds go on until one is paid out, or the last: everybody named pays what is due as soon as it
    /// can be paid, and every pot is paid out as soon as the rules let it go.
    pub fn rotate(&mut self, step: &StepPlan) -> Result<(), PlayError> {
        let Some(circle) = step.circle else { return Ok(()) };
        let Some(plan) = self.scenario.circles.get(circle) else { return Ok(()) };
        let rules = &plan.rules;
        while let Some(state) = self.state(circle).filter(|state| state.phase == Phase::Active) {
            let until = step.until.unwrap_or_else(|| state.len());
            if state.rounds_paid >= until {
                break;
            }
            // A pot that is complete goes first; who is behind pays before a short one does.
            let complete = matches!(
                state.payout_status(rules, self.now),
                PayoutStatus::Ready { short, .. } if short.is_zero()
            );
            if !complete {
                self.pay_all_due(step, circle)?;
            }
            let Some(state) = self.state(circle) else { break };
            let wait_until = match state.payout_status(rules, self.now) {
                PayoutStatus::Ready { round, .. } => {
                    let call = Call::Payout { round: round.into() };
                    let act = Act::Call { circle, signers: Vec::new(), call };
                    if self.act(step, &act)?.is_err() {
                        break;
                    }
                    continue;
                }
                PayoutStatus::NotBefore { at, .. } | PayoutStatus::Waiting { at, .. } => at,
                _ => break,
            };
            let opens = self.next_opening(circle, state);
            self.advance(&step.at, opens.map_or(wait_until, |opens| opens.min(wait_until)))?;
        }
        Ok(())
    }

    fn pay_all_due(&mut self, step: &StepPlan, circle: usize) -> Result<(), PlayError> {
        let Some(plan) = self.scenario.circles.get(circle) else { return Ok(()) };
        for member in self.willing(step) {
            // One instalment after the other, until nothing is due or one is refused.
            loop {
                let seat = self.view.circles.get(circle).and_then(|view| view.seat(member));
                let Some((state, seat)) = self.state(circle).zip(seat) else { break };
                let due = countable(&step.at, state.due(&plan.rules, seat, self.now))?;
                if due.amount.is_zero() || due.advance {
                    break;
                }
                let (round, amount) = (u32::from(due.round), due.amount);
                let call = Call::Contribute { member, round, amount };
                if self.act(step, &Act::Call { circle, signers: vec![member], call })?.is_err() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// When the next instalment can be paid.
    fn next_opening(&self, circle: usize, state: &Circle) -> Option<u64> {
        let rules = &self.scenario.circles.get(circle)?.rules;
        let all = u32::from(state.len()) * u32::from(rules.instalments_per_round);
        (1..all).filter_map(|number| state.deadline(rules, number)).find(|at| *at > self.now)
    }

    /// Those of whom the step speaks, everyone if it names nobody.
    fn willing(&self, step: &StepPlan) -> Vec<usize> {
        match &step.who {
            Actors::Unnamed => self.people(&Actors::EveryoneBut(Vec::new()), step),
            named => self.people(named, step),
        }
    }
}
