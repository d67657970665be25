//! Keeping alive what live circles need: on a chain where entries are archived unless their rent is paid, a
//! circle's own entries, and the code and contracts all circles share.
//!
//! | what | looked at | prolonged |
//! |---|---|---|
//! | a circle's entries, until it is finished | when less than [`THRESHOLD_S`] will be left by what is known, within [`LOOK_EVERY_S`] in any case | when less than that is left |
//! | what all share | once in each [`LOOK_EVERY_S`] in which a circle's timer falls; daily while any of it is archived | the same |
//!
//! What could not be prolonged, whatever the reason, keeps no account from payouts: it is given up and looked at
//! another day.
//!
//! A look is a reading. What is prolonged is what is about to end, once a day at most for each; members' calls
//! that pay the rent in passing leave nothing to do here. Without circles there are no timers, and no cost.
use super::timers::Timer;
use crate::circle::state::Contract;
use crate::intent::state::Want;
use crate::port::work::{ClaimedWork, Release};
use crate::unit::{Changes, Command, queue};
use crate::{CircleId, CommandContext, Error, IntentId, Kolo, Timestamp};

const DAY_S: u64 = 86_400;

/// With less than this left an entry is prolonged, seconds.
const THRESHOLD_S: u64 = 30 * DAY_S;

/// The longest time between looks, seconds: ledgers may close faster than they are planned to.
const LOOK_EVERY_S: u64 = 14 * DAY_S;

impl Kolo {
    /// From its first event on, until the circle is finished.
    pub(crate) fn schedule_lifetime(
        &self,
        changes: &mut Changes,
        circle: CircleId,
    ) -> Result<(), Error> {
        let due = changes.now().plus(LOOK_EVERY_S);
        let timer = Timer::Lifetime { circle: Some(circle) };
        changes.enqueue(queue::TIMER, format!("lifetime/{circle}"), None, due, &timer)
    }

    /// After rent that could not be paid: a circle has its timer, what all share is looked at the next day.
    pub(crate) fn schedule_lifetime_again(
        changes: &mut Changes,
        circle: Option<CircleId>,
        refused: IntentId,
    ) -> Result<(), Error> {
        if circle.is_some() {
            return Ok(());
        }
        let due = changes.now().plus(DAY_S);
        let timer = Timer::Lifetime { circle };
        changes.enqueue(queue::TIMER, format!("lifetime/again/{refused}"), None, due, &timer)
    }

    pub(super) async fn lifetime_timer(
        &self,
        work: &ClaimedWork,
        circle: Option<CircleId>,
    ) -> Result<(), Error> {
        let release = match circle {
            Some(circle) => match self.look_after(circle).await? {
                Some(next) => Release::RetryAt(next),
                None => Release::Done,
            },
            None => {
                let ends_at = self.ports().chain.lifetime(None, self.asset()).await?;
                self.prolong(None, ends_at, None).await?;
                Release::Done
            }
        };
        Ok(self.ports().queue.release(&work.lease, release).await?)
    }

    /// When it is to be looked at again; `None`: never.
    async fn look_after(&self, id: CircleId) -> Result<Option<Timestamp>, Error> {
        let circle = self.circle(id).await?.state;
        let now = self.now();
        if circle.mirror()?.is_finished() {
            return Ok(None);
        }
        if circle.contract != Contract::Live {
            return Ok(Some(now.plus(LOOK_EVERY_S)));
        }
        let ends_at = self.ports().chain.lifetime(Some(&circle.address), &circle.asset).await?;
        let window = now.unix() / LOOK_EVERY_S;
        self.prolong(Some(id), ends_at, Some(window)).await?;
        Ok(Some(next_look(ends_at, now)))
    }

    /// Once a day for each; `window`: that in which what all share is looked at, too.
    async fn prolong(
        &self,
        circle: Option<CircleId>,
        ends_at: Option<Timestamp>,
        window: Option<u64>,
    ) -> Result<(), Error> {
        let now = self.now();
        let ends_soon = ends_at.is_some_and(|at| at <= now.plus(THRESHOLD_S));
        let (what, day) = (name(circle), now.unix() / DAY_S);
        let mut ctx = CommandContext::of_system(format!("lifetime/{what}/{day}"));
        ctx.tenant = self.tenant().clone();
        let mut command = Command::begin(self, &ctx, "lifetime", &what).await?;
        if command.replay::<()>()?.is_some() {
            return Ok(());
        }
        let mut changes = command.changes();
        changes.forgettable();
        if ends_soon {
            let tenant = self.tenant().as_str().as_bytes().to_vec();
            let id = IntentId::derive(&[&tenant, b"prolong", what.as_bytes(), &day.to_be_bytes()]);
            changes.want_as(id, Want::Prolong { circle }, None)?;
        }
        if circle.is_none() && ends_at.is_some_and(|at| at <= now) {
            // One transaction may not restore all of it. A circle has its timer.
            let id = format!("lifetime/archived/{day}");
            let tomorrow = now.plus(DAY_S);
            changes.enqueue(queue::TIMER, id, None, tomorrow, &Timer::Lifetime { circle })?;
        }
        if let Some(window) = window {
            let shared = Timer::Lifetime { circle: None };
            let id = format!("lifetime/shared/{window}");
            changes.enqueue(queue::TIMER, id, None, now, &shared)?;
        }
        // `None`: another worker looked, too.
        command.commit(changes, ()).await.map(drop)
    }
}

fn name(circle: Option<CircleId>) -> String {
    circle.map_or_else(|| "shared".to_owned(), |circle| circle.to_string())
}

/// When less than the threshold will be left, not before a day and not after [`LOOK_EVERY_S`].
fn next_look(ends_at: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let (earliest, latest) = (now.plus(DAY_S), now.plus(LOOK_EVERY_S));
    let due = ends_at
        .map_or(latest, |at| Timestamp::from_unix(at.unix().saturating_sub(THRESHOLD_S)).plus(1));
    due.clamp(earliest, latest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_look_is_when_it_is_due_and_never_far_off() {
        let now = Timestamp::from_unix(1_000 * DAY_S);
        // (days left) → days until the next look.
        for (left, expected) in [
            (None, 14),
            (Some(0), 1),
            (Some(30), 1),
            (Some(40), 10),
            (Some(44), 14),
            (Some(180), 14),
        ] {
            let found = next_look(left.map(|days| now.plus(days * DAY_S)), now);
            let days = (found.unix() - now.unix()) / DAY_S;
            assert_eq!(days, expected, "{left:?}");
        }
    }
}
