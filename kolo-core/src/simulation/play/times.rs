//! When a step happens.

use kolo_rules::circle::Shortfall;

use super::Play;
use crate::simulation::error::{PlayError, ScenarioError};
use crate::simulation::scenario::{Moment, Point, StepPlan};

const DAY_S: u64 = 86_400;

impl Play<'_> {
    /// The time a step names, in Unix seconds.
    pub fn time(&self, step: &StepPlan, when: Moment) -> Result<u64, PlayError> {
        let wrong = |why: &str| -> PlayError {
            ScenarioError::Time { at: step.at.clone(), why: why.to_owned() }.into()
        };
        let too_late = || wrong("is beyond all time; choose an earlier one");
        match when {
            Moment::SinceBeginning(seconds) => {
                self.scenario.begins_at.checked_add(seconds).ok_or_else(too_late)
            }
            Moment::Later(seconds) => self.now.checked_add(seconds).ok_or_else(too_late),
            Moment::SetupOver => {
                let (plan, known) = self.known_circle(step)?;
                let end = known.ready_until(&plan.rules);
                let end =
                    end.ok_or_else(|| wrong("the circle is not between start and first round"))?;
                Ok(end.saturating_add(1))
            }
            Moment::Round { round, point, offset_s } => {
                let (plan, known) = self.known_circle(step)?;
                if !known.phase.has_started() {
                    return Err(wrong("names a round, but the first round has not begun by then"));
                }
                if round == 0 || round > known.len() {
                    return Err(wrong("names a round that there is not"));
                }
                let per_round = u32::from(plan.rules.instalments_per_round);
                let last = u32::from(round) * per_round;
                let waits = u32::from(plan.rules.shortfall == Shortfall::Wait);
                let number = match point {
                    Point::Opens => last - per_round,
                    Point::Due | Point::Late => last,
                    Point::Short => last + waits,
                };
                let deadline = known.deadline(&plan.rules, number).ok_or_else(too_late)?;
                let grace = match point {
                    Point::Late | Point::Short => u64::from(plan.rules.grace_s) + 1,
                    Point::Opens | Point::Due => 0,
                };
                let time = deadline.checked_add(grace).ok_or_else(too_late)?;
                time.checked_add_signed(offset_s).ok_or_else(too_late)
            }
        }
    }

    /// The circle of a step as it was last seen, to read its calendar from.
    fn known_circle(
        &self,
        step: &StepPlan,
    ) -> Result<(&crate::simulation::CirclePlan, &kolo_rules::Circle), PlayError> {
        let found = step.circle.and_then(|circle| {
            let known = self.known.get(circle)?.as_deref()?;
            Some((self.scenario.circles.get(circle)?, known))
        });
        found.ok_or_else(|| {
            let why = "names a circle's time: say which `circle`".to_owned();
            ScenarioError::Time { at: step.at.clone(), why }.into()
        })
    }

    /// `day 3`, `day 3 14:30`, `day 3 14:30:05`.
    pub fn day(&self, unix: u64) -> String {
        let since = unix.saturating_sub(self.scenario.begins_at);
        let (day, rest) = (since / DAY_S, since % DAY_S);
        let (hours, minutes, seconds) = (rest / 3_600, rest / 60 % 60, rest % 60);
        match (rest, seconds) {
            (0, _) => format!("day {day}"),
            (_, 0) => format!("day {day} {hours:02}:{minutes:02}"),
            _ => format!("day {day} {hours:02}:{minutes:02}:{seconds:02}"),
        }
    }
}
