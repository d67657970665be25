//! Events a handler could not be brought to take: listed, and handed to it again on request.
use serde::{Deserialize, Serialize};

use super::handlers::Due;
use crate::port::Retry;
use crate::port::work::ClaimedWork;
use crate::record::{Aggregate, Loaded};
use crate::unit::Command;
use crate::{CommandContext, Error, Kolo, Timestamp};

/// So often a handler fails before an event is set aside: after an hour of waits that grow to five
/// minutes.
const GIVE_UP_AFTER: u32 = 20;

/// So often when it says that trying again is of no use.
const GIVE_UP_PERMANENT_AFTER: u32 = 3;

/// Letters read in one go.
const PAGE: usize = 100;

/// An event that a handler has failed on too often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Under which name the handler is registered.
    pub handler: String,
    /// The event: `Kolo::events(position - 1, 1)` reads it.
    pub position: u64,
    /// What it failed with last.
    pub error: String,
    /// How often it was tried, replays included.
    pub attempts: u32,
    /// When it was set aside.
    pub given_up_at: Timestamp,
    /// How often it was handed out anew.
    pub replays: u32,
    /// Handed out anew, and not given up since.
    pub replayed: bool,
}

/// Kept under the handler's name and the position.
impl Aggregate for DeadLetter {
    const KIND: &'static str = "dead-letter";
}

/// Whether an event that failed with this is to be set aside.
pub(super) fn is_hopeless(error: &Error, attempts: u32) -> bool {
    match error {
        Error::Port(error) if error.retry == Retry::Permanent => {
            attempts >= GIVE_UP_PERMANENT_AFTER
        }
        _ => attempts >= GIVE_UP_AFTER,
    }
}

impl DeadLetter {
    fn key(handler: &str, position: u64) -> String {
        // Of one length: they are listed in this order.
        format!("{handler}/{position:020}")
    }
}

impl Kolo {
    /// Events that handlers have failed on too often and that wait to be looked at, by handler and
    /// position: at most `limit`. All of a handler's others went on without them.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, Error> {
        let (mut letters, mut after) = (Vec::new(), None);
        loop {
            let page = self.list::<DeadLetter>(after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(letters) };
            after = Some(last.id.id.clone());
            let waiting = page.into_iter().map(|letter| letter.state).filter(|l| !l.replayed);
            letters.extend(waiting.take(limit.saturating_sub(letters.len())));
            if letters.len() >= limit {
                return Ok(letters);
            }
        }
    }

    /// Hands a dead letter to its handler again, after whatever waits for that. `false`: there is none of
    /// that handler and position that waits. By the host's own command
    /// ([`CommandContext::of_system`]).
    ///
    /// # Errors
    /// [`Error::NotAllowed`] for a member's command; the store's failure.
    pub async fn replay_dead_letter(
        &self,
        ctx: &CommandContext,
        handler: &str,
        position: u64,
    ) -> Result<bool, Error> {
        let args = (handler, position);
        let mut command = Command::begin(self, ctx, "dead_letter.replay", &args).await?;
        if let Some(done) = command.replay()? {
            return Ok(done);
        }
        loop {
            let mut changes = command.changes();
            let found = self.load::<DeadLetter>(DeadLetter::key(handler, position)).await?;
            let waits = found.filter(|letter| !letter.state.replayed);
            let is_there = waits.is_some();
            if let Some(mut letter) = waits {
                letter.state.replayed = true;
                letter.state.replays = letter.state.replays.saturating_add(1);
                let queue = self.handler_queue(handler);
                let id = format!("{queue}/{position}/{}", letter.state.replays);
                let (lane, now) = (Some(handler.to_owned()), changes.now());
                changes.enqueue(&queue, id, lane, now, &Due { position })?;
                changes.write(&letter)?;
            }
            if let Some(done) = command.commit(changes, is_there).await? {
                return Ok(done);
            }
        }
    }

    /// Ends the work on an event and keeps it as a dead letter.
    pub(super) async fn give_up(
        &self,
        work: &ClaimedWork,
        handler: &str,
        position: u64,
        error: &Error,
    ) -> Result<(), Error> {
        let mut ctx = CommandContext::of_system(format!("dead-letter/{}", work.lease.work.0));
        ctx.tenant = self.tenant().clone();
        let command = Command::begin(self, &ctx, "dead_letter.keep", &position).await?;
        let mut command = command.consuming(&work.lease);
        loop {
            let mut changes = command.changes();
            let key = DeadLetter::key(handler, position);
            let before = self.load::<DeadLetter>(&key).await?;
            let tried = before.as_ref().map_or(0, |letter| letter.state.attempts);
            let letter = DeadLetter {
                handler: handler.to_owned(),
                position,
                error: error.to_string(),
                attempts: tried.saturating_add(work.attempts),
                given_up_at: changes.now(),
                replays: before.as_ref().map_or(0, |letter| letter.state.replays),
                replayed: false,
            };
            changes.write(&match before {
                Some(before) => Loaded { state: letter, ..before },
                None => Loaded::fresh(&key, letter),
            })?;
            if command.commit(changes, ()).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// A handler's own queue in the store, which other brands may share.
    pub(super) fn handler_queue(&self, handler: &str) -> String {
        format!("event/{}/{handler}", self.tenant())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::is_kept_as;

    #[test]
    fn a_dead_letter_is_kept_as_it_was() {
        let letter = DeadLetter {
            handler: "mail".to_owned(),
            position: 42,
            error: "the post office is closed".to_owned(),
            attempts: 20,
            given_up_at: Timestamp::from_unix(1_800_000_000),
            replays: 1,
            replayed: true,
        };
        is_kept_as(&letter, include_str!("golden/dead-letter-1.json"));
    }
}
