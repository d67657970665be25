//! Plays a scenario on a stage, step by step, and looks at the money after each.

mod calls;
mod ending;
mod rounds;
mod telling;
mod times;

use std::collections::BTreeMap;

use kolo_rules::{Amount, Circle, Refusal};

use super::act::{Act, Call};
use super::error::{At, PlayError, ScenarioError};
use super::report::{Figures, Report, StepReport, Units};
use super::scenario::{Expectation, Place, Scenario, StepPlan};
use super::stage::{Outcome, Stage, View};

/// How long an invitation is good if the step does not say: longer than anybody takes.
const INVITATION_S: u64 = 365 * 86_400;

/// Plays a scenario on a stage made for it.
///
/// Steps that are refused are part of the play; [`Report::unmet`] says which expectations of the
/// scenario are not met.
///
/// # Errors
/// [`PlayError`]: a step makes no sense where it stands, the stage failed, or money appeared or vanished.
pub fn play(scenario: &Scenario, stage: &mut dyn Stage) -> Result<Report, PlayError> {
    let view = stage.look()?;
    let mut play = Play {
        report: Report::new(scenario, stage.name()),
        known: vec![None; scenario.circles.len()],
        taken: vec![0; scenario.circles.len()],
        offers: BTreeMap::new(),
        now: scenario.begins_at,
        number: 0,
        part: 0,
        scenario,
        stage,
        view,
    };
    play.remember();
    play.begin()?;
    for (index, step) in scenario.steps.iter().enumerate() {
        play.step(index + 1, step)?;
    }
    play.end()?;
    Ok(play.report)
}

/// A play under way.
struct Play<'a> {
    scenario: &'a Scenario,
    stage: &'a mut dyn Stage,
    now: u64,
    view: View,
    /// The last state that was seen of each circle.
    known: Vec<Option<Box<Circle>>>,
    /// What was clawed back from each vault and the books have not taken note of yet.
    taken: Vec<i128>,
    /// The turn that was last offered to whom in which circle.
    offers: BTreeMap<(usize, usize), Option<u32>>,
    report: Report,
    /// The step, and how many of its parts were played.
    number: usize,
    part: usize,
}

impl Play<'_> {
    /// Everybody who is a member from the beginning is invited and joins.
    fn begin(&mut self) -> Result<(), PlayError> {
        for (circle, plan) in self.scenario.circles.iter().enumerate() {
            for (member, turn) in plan.members.iter().copied() {
                let invite = Call::Invite { member, turn, expires_at: self.now + INVITATION_S };
                let join = Call::Join { member, turn };
                for (signer, call) in [(plan.organiser, invite), (member, join)] {
                    let act = Act::Call { circle, signers: vec![signer], call };
                    if let Err(reason) = self.stage.act(&act)? {
                        let why = format!(
                            "{} cannot join at the beginning: {}",
                            self.name(member),
                            reason.advice()
                        );
                        return Err(ScenarioError::Rules { at: plan.at.clone(), why }.into());
                    }
                }
            }
            let what = self.tell_beginning(circle);
            self.look(&plan.at, 0)?;
            self.note(what, Some(Ok(())), None);
        }
        Ok(())
    }

    fn step(&mut self, number: usize, step: &StepPlan) -> Result<(), PlayError> {
        (self.number, self.part) = (number, 0);
        if let Some(when) = step.when {
            let time = self.time(step, when)?;
            self.advance(&step.at, time)?;
        }
        let before = self.report.steps.len();
        self.take(step)?;
        if self.part == 0 {
            let what = self.tell_nothing(step);
            self.note(what, None, None);
        }
        let parts = self.report.steps.get_mut(before..).unwrap_or_default();
        if let Some(first) = parts.first_mut() {
            first.note.clone_from(&step.note);
        }
        if let [only] = parts {
            only.part = None;
        }
        self.check_expectation(step, before);
        Ok(())
    }

    /// Goes on to a time, which is not before the present.
    fn advance(&mut self, at: &At, to: u64) -> Result<(), PlayError> {
        if to < self.now {
            let (then, now) = (self.day(to), self.day(self.now));
            let why = format!("is {then}, before the step before it, at {now}: put it earlier");
            return Err(ScenarioError::Time { at: at.clone(), why }.into());
        }
        self.now = to;
        self.stage.advance(to)?;
        Ok(())
    }

    /// Has the stage do it, looks at what came of it, and writes it down.
    fn act(&mut self, step: &StepPlan, act: &Act) -> Result<Outcome, PlayError> {
        let what = self.tell(act);
        let before = self.view.clone();
        let outcome = self.stage.act(act)?;
        let made = if outcome.is_ok() { made_by(act) } else { 0 };
        if outcome.is_ok() {
            self.follow(act);
        }
        self.look(&step.at, made)?;
        if outcome.is_err() && self.view != before {
            let why = format!("refused ({what}), and yet something changed");
            return Err(PlayError::Unsound { at: step.at.clone(), why });
        }
        self.part += 1;
        self.note(what, Some(outcome), Some(self.part));
        Ok(outcome)
    }

    /// What the vault may lack from now on, and which turn is offered.
    fn follow(&mut self, act: &Act) {
        match act {
            Act::Clawback { from: Place::Vault(circle), amount } => {
                if let Some(taken) = self.taken.get_mut(*circle) {
                    *taken += i128::from(amount.minor_units());
                }
            }
            Act::Call { circle, call: Call::Invite { member, turn, .. }, .. } => {
                self.offers.insert((*circle, *member), *turn);
            }
            _ => {}
        }
    }

    /// Looks at the stage. Money has only changed hands, but for what was `made`, and every vault holds
    /// what its circle owes, but for what was clawed back.
    fn look(&mut self, at: &At, made: i128) -> Result<(), PlayError> {
        let after = self.stage.look()?;
        let (before_sum, after_sum) = (total(&self.view), total(&after));
        let unsound = |why: String| PlayError::Unsound { at: at.clone(), why };
        if before_sum + made != after_sum {
            return Err(unsound(format!(
                "there were {before_sum} minor units, {made} were made, and there are {after_sum}"
            )));
        }
        let circles = self.scenario.circles.iter().zip(&after.circles);
        for ((circle, view), taken) in circles.zip(&mut self.taken) {
            let owed = view.state.as_ref().map_or(Ok(Amount::ZERO), |state| state.liabilities());
            let owed = owed.map_err(|error| unsound(error.to_string()))?;
            let lacks = i128::from(owed.minor_units()) - i128::from(view.vault.minor_units());
            if lacks > *taken {
                let (vault, owed) = (Units(view.vault), Units(owed));
                return Err(unsound(format!("{} holds {vault} and owes {owed}", circle.name)));
            }
            // What the books have taken note of is no excuse any more.
            *taken = lacks.max(0);
        }
        self.view = after;
        self.remember();
        Ok(())
    }

    fn remember(&mut self) {
        for (known, view) in self.known.iter_mut().zip(&self.view.circles) {
            if view.state.is_some() {
                known.clone_from(&view.state);
            }
        }
    }

    fn note(&mut self, what: String, outcome: Option<Outcome>, part: Option<usize>) {
        let named = |amounts: &mut dyn Iterator<Item = (&String, Amount)>| {
            Figures(amounts.map(|(name, amount)| (name.clone(), Units(amount))).collect())
        };
        let people = self.scenario.people.iter().map(|person| &person.name);
        let circles = self.scenario.circles.iter().map(|circle| &circle.name);
        let vaults = self.view.circles.iter().map(|circle| circle.vault);
        let states = self.view.circles.iter().map(|circle| {
            let state = circle.state.as_deref()?;
            let mut bytes = vec![0; kolo_rules::circle::MAX_ENCODED];
            let length = state.encode(&mut bytes).ok()?;
            bytes.truncate(length);
            Some(bytes)
        });
        let report = StepReport {
            step: self.number,
            part,
            time: time_text(self.now),
            day: self.day(self.now),
            what,
            note: None,
            accepted: outcome.map(|outcome| outcome.is_ok()),
            reason: outcome.and_then(Result::err),
            balances: named(&mut people.zip(self.view.balances.iter().copied())),
            vaults: named(&mut circles.zip(vaults)),
            states: states.collect(),
        };
        self.report.steps.push(report);
    }

    fn check_expectation(&mut self, step: &StepPlan, before: usize) {
        let Some(expected) = step.expect else { return };
        let parts = self.report.steps.get(before..).unwrap_or_default();
        let met = |part: &StepReport| match expected {
            Expectation::Accepted => part.accepted == Some(true),
            Expectation::Refused => part.accepted == Some(false),
            Expectation::Because(reason) => part.reason == Some(reason),
        };
        let expected = match expected {
            Expectation::Accepted => "accepted".to_owned(),
            Expectation::Refused => "refused".to_owned(),
            Expectation::Because(reason) => format!("refused: {}", reason.name()),
        };
        let wrong: Vec<String> = parts
            .iter()
            .filter(|part| !met(part))
            .map(|part| {
                format!("{}: {}: expected {expected}, was {}", step.at, part.what, part.result())
            })
            .collect();
        self.report.unmet.extend(wrong);
    }

    fn state(&self, circle: usize) -> Option<&Circle> {
        self.view.circles.get(circle)?.state.as_deref()
    }

    fn name(&self, person: usize) -> &str {
        self.scenario.people.get(person).map_or("somebody", |person| &person.name)
    }
}

/// What an act that was accepted makes, or takes out of the world, in minor units.
fn made_by(act: &Act) -> i128 {
    match act {
        Act::Mint { amount, .. } => i128::from(amount.minor_units()),
        Act::Clawback { amount, .. } => -i128::from(amount.minor_units()),
        _ => 0,
    }
}

fn total(view: &View) -> i128 {
    let vaults = view.circles.iter().map(|circle| circle.vault);
    let all = view.balances.iter().copied().chain(vaults);
    all.map(|amount| i128::from(amount.minor_units())).sum()
}

/// RFC 3339, or the number of seconds where that ends.
fn time_text(unix: u64) -> String {
    let time = i64::try_from(unix).ok().and_then(|unix| jiff::Timestamp::from_second(unix).ok());
    time.map_or_else(|| unix.to_string(), |time| time.to_string())
}

/// A sum that cannot be counted is none that a circle could have.
fn countable<T>(at: &At, figure: Result<T, Refusal>) -> Result<T, PlayError> {
    figure.map_err(|why| PlayError::Unsound { at: at.clone(), why: why.to_string() })
}
