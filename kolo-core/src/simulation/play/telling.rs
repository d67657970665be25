//! Acts in words.

use kolo_rules::Amount;
use kolo_rules::circle::Motion;

use super::Play;
use crate::simulation::act::{Act, Call};
use crate::simulation::report::Units;
use crate::simulation::scenario::{Place, StepPlan};

impl Play<'_> {
    pub fn tell(&self, act: &Act) -> String {
        match act {
            Act::Call { circle, signers, call } => self.tell_call(*circle, signers, call),
            Act::Send { from, to, amount } => {
                format!("{} sends {} to {}", self.name(*from), Units(*amount), self.place(*to))
            }
            Act::Mint { to, amount } => {
                format!("the issuer makes {} for {}", Units(*amount), self.place(*to))
            }
            Act::Trustline { who, limit: None } => {
                format!("{} removes their trustline", self.name(*who))
            }
            Act::Trustline { who, limit: Some(limit) } => {
                let limit = if *limit == Amount::MAX {
                    "any amount".to_owned()
                } else {
                    Units(*limit).to_string()
                };
                format!("{} sets their trustline to {limit}", self.name(*who))
            }
            Act::Freeze { place, frozen } => {
                let word = if *frozen { "freezes" } else { "unfreezes" };
                format!("the issuer {word} {}", self.place(*place))
            }
            Act::Clawback { from, amount } => {
                format!("the issuer takes {} back from {}", Units(*amount), self.place(*from))
            }
        }
    }

    /// Who has taken their seats at the beginning.
    pub fn tell_beginning(&self, circle: usize) -> String {
        let Some(plan) = self.scenario.circles.get(circle) else { return String::new() };
        let members: Vec<&str> = plan.members.iter().map(|(who, _)| self.name(*who)).collect();
        if members.is_empty() {
            return format!("{} opens the circle {}", self.name(plan.organiser), plan.name);
        }
        let organiser = self.name(plan.organiser);
        format!("{organiser} opens the circle {}; {} join", plan.name, members.join(", "))
    }

    pub fn tell_nothing(&self, step: &StepPlan) -> String {
        match step.verb {
            crate::simulation::scenario::Verb::Wait => "time passes".to_owned(),
            verb => format!("nobody has anything to do for {:?}", verb.word()),
        }
    }

    fn place(&self, place: Place) -> String {
        match place {
            Place::Person(person) => self.name(person).to_owned(),
            Place::Vault(circle) => {
                let name = self.scenario.circles.get(circle).map_or("a circle", |plan| &plan.name);
                format!("the vault of {name}")
            }
        }
    }

    fn tell_call(&self, circle: usize, signers: &[usize], call: &Call) -> String {
        let plan = self.scenario.circles.get(circle);
        let organiser = plan.map_or(0, |plan| plan.organiser);
        let done = self.tell_bare(call, organiser);
        let within = match plan {
            Some(plan) if self.scenario.circles.len() > 1 => format!(" in {}", plan.name),
            _ => String::new(),
        };
        let names: Vec<&str> = signers.iter().map(|signer| self.name(*signer)).collect();
        let must = call.must_sign(organiser);
        if must.iter().all(|one| signers.contains(one)) {
            return match names.first() {
                Some(name) if must.is_empty() => format!("{done}{within}, called by {name}"),
                _ => format!("{done}{within}"),
            };
        }
        format!("{done}{within}, signed only by {}", names.join(" and "))
    }

    fn tell_bare(&self, call: &Call, organiser: usize) -> String {
        let (name, organiser) = (|who: usize| self.name(who), self.name(organiser));
        match call {
            Call::Invite { member, turn, .. } => {
                format!("{organiser} invites {}{}", name(*member), at_turn(*turn))
            }
            Call::Revoke { member } => {
                format!("{organiser} takes back the invitation of {}", name(*member))
            }
            Call::Join { member, turn } => format!("{} joins{}", name(*member), at_turn(*turn)),
            Call::Request { member } => format!("{} asks to join", name(*member)),
            Call::Approve { member, turn } => {
                format!("{organiser} lets {} in{}", name(*member), at_turn(*turn))
            }
            Call::Reject { member } => format!("{organiser} turns {} down", name(*member)),
            Call::Leave { member } => format!("{} leaves", name(*member)),
            Call::Remove { member } => format!("{organiser} removes {}", name(*member)),
            Call::Start => format!("{organiser} starts the circle"),
            Call::Cancel => format!("{organiser} cancels the circle"),
            Call::Commit { member, .. } => format!("{} commits to a secret", name(*member)),
            Call::Reveal { member, .. } => format!("the secret of {} is revealed", name(*member)),
            Call::Secure { member, amount } => {
                format!("{} pays in {} before the first round", name(*member), Units(*amount))
            }
            Call::Proceed => "the circle goes on without those who are missing".to_owned(),
            later => self.tell_running(later),
        }
    }

    fn tell_running(&self, call: &Call) -> String {
        let name = |who: &usize| self.name(*who);
        match call {
            Call::Contribute { member, round, amount } => {
                format!("{} pays {} for round {round}", name(member), Units(*amount))
            }
            Call::Payout { round } => format!("the pot of round {round} is paid out"),
            Call::Push { member } => format!("the credit of {} is delivered", name(member)),
            Call::Repay { member, amount } => {
                format!("{} repays {}", name(member), Units(*amount))
            }
            Call::Bid { member, round, amount } => {
                format!("{} bids {} for the pot of round {round}", name(member), Units(*amount))
            }
            Call::ClaimInsurance { member, round, defaulter, amount } => format!(
                "{} has the insurance pay {} for {} in round {round}",
                name(member),
                Units(*amount),
                name(defaulter)
            ),
            Call::Swap { a, b, .. } => format!("{} and {} swap turns", name(a), name(b)),
            Call::Exit { member } => format!("{} leaves after this round", name(member)),
            Call::Propose { member, motion, subject, newcomer } => {
                let subject = subject.as_ref().map(name);
                let motion = tell_motion(*motion, subject, newcomer.as_ref().map(name));
                format!("{} proposes {motion}", name(member))
            }
            Call::Vote { member, proposal, approve } => {
                let word = if *approve { "for" } else { "against" };
                format!("{} votes {word} proposal {proposal}", name(member))
            }
            Call::Replace { leaver, newcomer, price, .. } => format!(
                "{} takes the seat of {} over for {}",
                name(newcomer),
                name(leaver),
                Units(*price)
            ),
            Call::CompleteMove { member } => {
                format!("the seat of {} moves to the new address", name(member))
            }
            Call::Object { member } => {
                format!("{} objects to the move of their seat", name(member))
            }
            Call::Claim { member } => format!("what {} can claim is paid out", name(member)),
            Call::Sync => "the books are made to agree with the vault".to_owned(),
            other => format!("{other:?}"),
        }
    }
}

fn at_turn(turn: Option<u32>) -> String {
    turn.map_or_else(String::new, |turn| format!(" at turn {turn}"))
}

fn tell_motion(motion: Motion, subject: Option<&str>, newcomer: Option<&str>) -> String {
    let (subject, newcomer) = (subject.unwrap_or("nobody"), newcomer.unwrap_or("nobody"));
    match motion {
        Motion::Dissolve => "to dissolve the circle".to_owned(),
        Motion::Expel => format!("to expel {subject}"),
        Motion::Replace => format!("to let {newcomer} buy the seat of {subject}"),
        _ => format!("to move the seat of {subject} to {newcomer}"),
    }
}
