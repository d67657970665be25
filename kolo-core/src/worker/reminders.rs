//! Reminders: 48 hours before a deadline, 24 hours before, at it, and when grace is over. None to
//! whoever has paid; none at night.
use kolo_rules::{Circle as Mirror, Rules};

use super::timers::{Timer, is_active};
use crate::circle::state::Seat;
use crate::notice::{Notice, ReminderStage};
use crate::port::work::{ClaimedWork, Release};
use crate::unit::{Changes, Command, queue};
use crate::{CircleId, Error, Kolo, Timestamp};

const HOUR_S: u64 = 3_600;
const DAY_S: u64 = 24 * HOUR_S;

/// Nobody is woken: no reminder from 21:00 to 07:00 in the circle's own time.
const QUIET_FROM_S: u64 = 21 * HOUR_S;
const QUIET_TO_S: u64 = 7 * HOUR_S;

const STAGES: [ReminderStage; 4] = [
    ReminderStage::TwoDays,
    ReminderStage::OneDay,
    ReminderStage::Deadline,
    ReminderStage::GraceOver,
];

/// When a stage of an instalment's reminders falls; `None`: it has no such stage, because the
/// instalment opens later than that, or there is no grace.
fn moment(
    mirror: &Mirror,
    rules: &Rules,
    instalment: u32,
    stage: ReminderStage,
) -> Option<Timestamp> {
    let deadline = mirror.deadline(rules, instalment)?;
    let opens = match instalment {
        0 | 1 => mirror.started_at,
        _ => mirror.deadline(rules, instalment - 1)?,
    };
    let wanted = match stage {
        ReminderStage::TwoDays => deadline.checked_sub(2 * DAY_S)?,
        ReminderStage::OneDay => deadline.checked_sub(DAY_S)?,
        ReminderStage::Deadline => deadline,
        ReminderStage::GraceOver if rules.grace_s > 0 => {
            deadline.checked_add(u64::from(rules.grace_s))?.checked_add(1)?
        }
        ReminderStage::GraceOver => return None,
    };
    if wanted <= opens {
        return None;
    }
    let before = !matches!(stage, ReminderStage::GraceOver);
    let at = outside_quiet_hours(wanted, rules.utc_offset_s, before);
    (at > opens).then(|| Timestamp::from_unix(at))
}

/// Moves a moment out of the night: to the evening before when it must not be later, else to the
/// next morning.
fn outside_quiet_hours(at: u64, utc_offset_s: i32, earlier: bool) -> u64 {
    let local = at.saturating_add_signed(i64::from(utc_offset_s)) % DAY_S;
    let into_night = match local {
        QUIET_FROM_S.. => local - QUIET_FROM_S,
        ..QUIET_TO_S => local + DAY_S - QUIET_FROM_S,
        _ => return at,
    };
    let night = DAY_S - QUIET_FROM_S + QUIET_TO_S;
    if earlier { at - into_night.saturating_add(1).min(at) } else { at + (night - into_night) }
}

/// The next reminder after (instalment, stage). Of those missed meanwhile (nobody worked for a while)
/// it is the latest: what the earlier ones would say is no longer true.
fn next(
    mirror: &Mirror,
    rules: &Rules,
    after: Option<(u32, ReminderStage)>,
    now: Timestamp,
) -> Option<(u32, ReminderStage, Timestamp)> {
    let last = u32::from(mirror.len()).saturating_mul(u32::from(rules.instalments_per_round));
    let (first, done) = match after {
        Some((instalment, stage)) => {
            (instalment, STAGES.iter().position(|s| *s == stage).map_or(0, |at| at + 1))
        }
        None => (1, 0),
    };
    let told = after.and_then(|(instalment, stage)| moment(mirror, rules, instalment, stage));
    let mut missed = None;
    let stages = (first..=last)
        .flat_map(|i| STAGES.iter().skip(if i == first { done } else { 0 }).map(move |s| (i, *s)));
    for (instalment, stage) in stages {
        match moment(mirror, rules, instalment, stage) {
            Some(at) if at > now => return missed.or(Some((instalment, stage, at))),
            Some(at) if told.is_none_or(|told| at > told) => missed = Some((instalment, stage, at)),
            _ => {}
        }
    }
    missed
}

impl Kolo {
    /// Plans the next reminder after this one (`None`: the first).
    pub(crate) fn schedule_reminder(
        &self,
        changes: &mut Changes,
        circle: CircleId,
        mirror: &Mirror,
        rules: &Rules,
        after: Option<(u32, ReminderStage)>,
    ) -> Result<(), Error> {
        let Some((instalment, stage, at)) = next(mirror, rules, after, changes.now()) else {
            return Ok(());
        };
        let id = format!("remind/{circle}/{instalment}/{stage:?}");
        changes.enqueue(queue::TIMER, id, None, at, &Timer::Reminder { circle, instalment, stage })
    }

    /// Reminds whoever owes the instalment now and has nothing on its way, and plans the next.
    pub(super) async fn reminder_timer(
        &self,
        work: &ClaimedWork,
        circle: CircleId,
        instalment: u32,
        stage: ReminderStage,
    ) -> Result<(), Error> {
        let ctx = self.timer_context(work);
        let args = (circle, instalment, stage);
        let mut command =
            Command::begin(self, &ctx, "timer.reminder", &args).await?.consuming(&work.lease);
        loop {
            let found = self.circle(circle).await?.state;
            let (mirror, rules) = (found.mirror()?, found.rules()?);
            if !is_active(&mirror) {
                return Ok(self.ports().queue.release(&work.lease, Release::Done).await?);
            }
            let mut changes = command.changes();
            let following = next(&mirror, &rules, Some((instalment, stage)), changes.now());
            let overtaken = following.is_some_and(|(.., at)| at <= changes.now());
            for place in (0..mirror.len()).filter(|_| !overtaken) {
                let Some(member) = found.holder(place).and_then(|holder| holder.member) else {
                    continue;
                };
                // At the very deadline the next instalment opens; who paid this one owes only that.
                let asked_at = mirror.deadline(&rules, instalment).unwrap_or_default();
                let asked_at = self.now().unix().min(asked_at.saturating_sub(1));
                let due = mirror.due(&rules, place, asked_at)?;
                let seat = self.load::<Seat>(Seat::key(circle, member)).await?;
                let on_its_way = seat.is_some_and(|seat| seat.state.pending.is_some());
                if !due.amount.is_positive() || due.advance || on_its_way {
                    continue;
                }
                let notice = Notice::Reminder {
                    circle,
                    name: found.name.clone(),
                    stage,
                    round: due.round,
                    amount: due.amount.minor_units(),
                    deadline: Timestamp::from_unix(due.deadline),
                    late_after: Timestamp::from_unix(due.late_after),
                };
                changes.notice(member, "reminder", notice)?;
            }
            self.schedule_reminder(
                &mut changes,
                circle,
                &mirror,
                &rules,
                Some((instalment, stage)),
            )?;
            if command.commit(changes, ()).await?.is_some() {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MORNING: u64 = 10 * DAY_S + 7 * HOUR_S;

    #[test]
    fn of_missed_reminders_only_the_latest_is_made_up_for() {
        use ReminderStage as S;
        let weekly = kolo_rules::Interval::Seconds(604_800);
        let rules = Rules::new([1; 32], 2, kolo_rules::Amount::new(100), weekly);
        // Started at noon of day 10: deadlines at noon of days 17 and 24.
        let noon = |day: u64| day * DAY_S + 12 * HOUR_S;
        let mut mirror = Mirror::new();
        for _ in 0..2 {
            mirror.join(&rules, None, noon(10)).unwrap();
        }
        // (after, now) → the next and when it was, or will be, due.
        let cases = [
            (None, noon(10), (1, S::TwoDays, noon(15))),
            (Some((1, S::TwoDays)), noon(15), (1, S::OneDay, noon(16))),
            (Some((1, S::TwoDays)), noon(16) + 1, (1, S::OneDay, noon(16))),
            (Some((1, S::TwoDays)), noon(17) + 60, (1, S::Deadline, noon(17))),
            (Some((1, S::TwoDays)), noon(20), (1, S::GraceOver, noon(18) + 1)),
            (Some((1, S::GraceOver)), noon(20), (2, S::TwoDays, noon(22))),
            (Some((1, S::TwoDays)), noon(23) + 60, (2, S::OneDay, noon(23))),
        ];
        for (after, now, expected) in cases {
            let found = next(&mirror, &rules, after, Timestamp::from_unix(now));
            let found = found.map(|(instalment, stage, at)| (instalment, stage, at.unix()));
            assert_eq!(found, Some(expected), "{after:?} {now}");
        }
        let done = next(&mirror, &rules, Some((2, S::GraceOver)), Timestamp::from_unix(noon(26)));
        assert_eq!(done, None);
    }

    #[test]
    fn nobody_is_reminded_at_night() {
        // (wanted, offset, earlier) → sent; times on day 10.
        let cases = [
            (10 * DAY_S + 12 * HOUR_S, 0, true, 10 * DAY_S + 12 * HOUR_S),
            (10 * DAY_S + 21 * HOUR_S - 1, 0, true, 10 * DAY_S + 21 * HOUR_S - 1),
            (10 * DAY_S + 21 * HOUR_S, 0, true, 10 * DAY_S + 21 * HOUR_S - 1),
            (10 * DAY_S + 3 * HOUR_S, 0, true, 9 * DAY_S + 21 * HOUR_S - 1),
            (10 * DAY_S + 3 * HOUR_S, 0, false, MORNING),
            (9 * DAY_S + 23 * HOUR_S, 0, false, MORNING),
            (MORNING, 0, false, MORNING),
            // 05:00 UTC is 08:00 in Nairobi.
            (10 * DAY_S + 5 * HOUR_S, 3 * 3_600, true, 10 * DAY_S + 5 * HOUR_S),
            // 19:00 UTC is 22:00 in Nairobi: sent at 20:59:59 there.
            (10 * DAY_S + 19 * HOUR_S, 3 * 3_600, true, 10 * DAY_S + 18 * HOUR_S - 1),
        ];
        for (wanted, offset, earlier, sent) in cases {
            assert_eq!(outside_quiet_hours(wanted, offset, earlier), sent, "{wanted} {offset}");
        }
    }
}
