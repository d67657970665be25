//! Who has set a factor up is told of it every day while it waits: a thief who deletes one message does not
//! delete the next.
use super::state::Page;
use crate::notice::Notice;
use crate::port::work::{ClaimedWork, Release};
use crate::unit::{Changes, Command, queue};
use crate::worker::timers::Timer;
use crate::{Error, Kolo, MemberId, Timestamp};

/// Between two reminders, seconds.
const EVERY_S: u64 = 86_400;

impl Kolo {
    /// In a day, or when it is good.
    pub(super) fn schedule_waiting(
        &self,
        changes: &mut Changes,
        member: MemberId,
        factor: u32,
        good_at: Timestamp,
    ) -> Result<(), Error> {
        let next = changes.now().plus(EVERY_S);
        // Past its time it waits for its member to be reached.
        let due = if changes.now() < good_at { next.min(good_at) } else { next };
        let id = format!("factor/{member}/{factor}/{}", due.unix());
        changes.enqueue(queue::TIMER, id, None, due, &Timer::FactorWaits { member, factor })
    }

    /// The member was reached with a notice of it: from the first one on it can become good. Only
    /// a chat tells.
    #[cfg(feature = "conversation")]
    pub(crate) async fn factor_told(&self, member: MemberId, factor: u32) -> Result<(), Error> {
        let ctx = self.on_own(format!("factor/{member}/{factor}/told"));
        let mut command = Command::begin(self, &ctx, "key_page.told", &()).await?;
        if command.replay::<()>()?.is_some() {
            return Ok(());
        }
        loop {
            let mut changes = command.changes();
            let mut page = self.page(member, changes.now()).await?;
            if !page.state.told(factor, changes.now()) {
                return Ok(());
            }
            changes.write(&page)?;
            if command.commit(changes, ()).await?.is_some() {
                return Ok(());
            }
        }
    }

    pub(crate) async fn factor_timer(
        &self,
        work: &ClaimedWork,
        member: MemberId,
        factor: u32,
    ) -> Result<(), Error> {
        let ctx = self.timer_context(work);
        let args = (member, factor);
        let mut command =
            Command::begin(self, &ctx, "timer.factor", &args).await?.consuming(&work.lease);
        loop {
            let mut changes = command.changes();
            let page: Page = self.page(member, changes.now()).await?.state;
            match page.waiting.filter(|waiting| waiting.factor == factor) {
                Some(waiting) => {
                    let good_at = waiting.good_at;
                    let replaces = page.has_had_one();
                    let told = Notice::FactorWaits { factor, good_at, replaces, reminder: true };
                    changes.notice(member, "factor", told)?;
                    self.schedule_waiting(&mut changes, member, factor, good_at)?;
                }
                None if page.factor == Some(factor) => {
                    changes.notice(member, "factor", Notice::FactorGood)?;
                }
                // Stopped, or another was set up.
                None => {
                    return Ok(self.ports().queue.release(&work.lease, Release::Done).await?);
                }
            }
            if command.commit(changes, ()).await?.is_some() {
                return Ok(());
            }
        }
    }
}
