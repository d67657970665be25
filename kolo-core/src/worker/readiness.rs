//! Keeping what has a time of its own: the steps before the first round, and moves of seats.
use kolo_rules::Rules;
use kolo_rules::circle::{Circle as Mirror, Marks, Motion, Phase};

use super::timers::Timer;
use crate::intent::state::Want;
use crate::port::chain::ChainAddress;
use crate::port::work::{ClaimedWork, Release};
use crate::unit::{Changes, Command, queue};
use crate::{CircleId, Error, Kolo, MemberId, Timestamp};

/// From a refused call to the next attempt, seconds.
const AGAIN_S: u64 = 600;

impl Kolo {
    /// For the moment after the last second of the present step.
    pub(crate) fn schedule_proceed(
        &self,
        changes: &mut Changes,
        circle: CircleId,
        mirror: &Mirror,
        rules: &Rules,
    ) -> Result<(), Error> {
        let Some(end) = mirror.ready_until(rules) else {
            return Ok(());
        };
        let id = format!("proceed/{circle}/{:?}", mirror.phase);
        let due = Timestamp::from_unix(end).plus(1);
        changes.enqueue(queue::TIMER, id, None, due, &Timer::Proceed { circle })
    }

    pub(crate) fn schedule_proceed_again(
        &self,
        changes: &mut Changes,
        circle: CircleId,
    ) -> Result<(), Error> {
        let due = changes.now().plus(AGAIN_S);
        let id = format!("proceed/{circle}/{}", due.unix());
        changes.enqueue(queue::TIMER, id, None, due, &Timer::Proceed { circle })
    }

    pub(super) async fn proceed_timer(
        &self,
        work: &ClaimedWork,
        circle: CircleId,
    ) -> Result<(), Error> {
        let found = self.circle(circle).await?.state;
        let end = found.mirror()?.ready_until(&found.rules()?);
        let want = end.filter(|end| self.now().unix() > *end).map(|_| Want::Proceed { circle });
        self.keep(work, "timer.proceed", want).await
    }

    /// Again a while after a refusal; the timer finds out whether there is still something to do.
    pub(crate) fn schedule_reveal(
        &self,
        changes: &mut Changes,
        circle: CircleId,
        member: MemberId,
    ) -> Result<(), Error> {
        let due = changes.now().plus(AGAIN_S);
        let id = format!("reveal/{circle}/{member}/{}", due.unix());
        changes.enqueue(queue::TIMER, id, None, due, &Timer::Reveal { circle, member })
    }

    pub(super) async fn reveal_timer(
        &self,
        work: &ClaimedWork,
        circle: CircleId,
        member: MemberId,
    ) -> Result<(), Error> {
        let found = self.circle(circle).await?.state;
        let mirror = found.mirror()?;
        let seat = found.seat_of_member(member).and_then(|seat| mirror.seat(seat));
        let open = mirror.phase == Phase::Revealing
            && seat.is_some_and(|seat| {
                seat.marks.has(Marks::COMMITTED) && !seat.marks.has(Marks::REVEALED)
            });
        self.keep(work, "timer.reveal", open.then_some(Want::Reveal { circle, member })).await
    }

    /// For the moment after the delay of a move that has passed.
    pub(crate) fn schedule_move(
        &self,
        changes: &mut Changes,
        circle: CircleId,
        whose: &ChainAddress,
        due: Timestamp,
    ) -> Result<(), Error> {
        let id = format!("move/{circle}/{whose}/{}", due.unix());
        let timer = Timer::CompleteMove { circle, whose: whose.clone() };
        changes.enqueue(queue::TIMER, id, None, due, &timer)
    }

    pub(crate) fn schedule_move_again(
        &self,
        changes: &mut Changes,
        circle: CircleId,
        whose: &ChainAddress,
    ) -> Result<(), Error> {
        let due = changes.now().plus(AGAIN_S);
        self.schedule_move(changes, circle, whose, due)
    }

    pub(super) async fn move_timer(
        &self,
        work: &ClaimedWork,
        circle: CircleId,
        whose: &ChainAddress,
    ) -> Result<(), Error> {
        let found = self.circle(circle).await?.state;
        let (mirror, rules, now) = (found.mirror()?, found.rules()?, self.now().unix());
        let possible = found
            .seat_of(whose)
            .is_some_and(|seat| mirror.clone().complete_move(&rules, seat, now).is_ok());
        let want = possible.then(|| Want::CompleteMove { circle, whose: whose.clone() });
        self.keep(work, "timer.move", want).await
    }

    /// A timer that wants one effect, or nothing any more.
    async fn keep(&self, work: &ClaimedWork, name: &str, want: Option<Want>) -> Result<(), Error> {
        let Some(want) = want else {
            return Ok(self.ports().queue.release(&work.lease, Release::Done).await?);
        };
        let ctx = self.timer_context(work);
        let mut command = Command::begin(self, &ctx, name, &want).await?.consuming(&work.lease);
        loop {
            let mut changes = command.changes();
            changes.want("keep", want.clone(), None)?;
            if command.commit(changes, ()).await?.is_some() {
                return Ok(());
            }
        }
    }
}

/// The seat about to be moved, and when: of a move that has passed.
pub(crate) fn passed_move(mirror: &Mirror, rules: &Rules) -> Option<(u8, Timestamp)> {
    let passed =
        mirror.open_proposals().find(|open| open.motion == Motion::Move && open.passed_at != 0)?;
    let delay = u64::from(rules.move_delay_s()).saturating_add(1);
    Some((passed.subject, Timestamp::from_unix(passed.passed_at.saturating_add(delay))))
}
