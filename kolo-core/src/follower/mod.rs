//! Follows the chain: every event is applied to circles, books and people once, under its own id.
//!
//! The cursor is saved after a page; an event that comes again finds its id used and does nothing.
//! Two followers at once are harmless for the same reason.
mod books;
mod circle;
mod compare;
mod fill;
mod fill_books;
mod foreign;
mod found;
mod gap;
mod keeping;
mod money;
mod news;
mod seats;
mod tell;
mod unannounced;
mod unbooked;
mod unknown;
mod unread;

pub use gap::{Following, Gap};
pub use unbooked::Unbooked;
pub use unknown::{RawEvent, RawEventPage};

use serde::{Deserialize, Serialize};

use crate::port::chain::{ChainCursor, ChainEvent, ChainEventBody, LatestLedger, LostHistory};
use crate::record::{Aggregate, Loaded};
use crate::unit::Command;
use crate::{CommandContext, Error, Kolo, Timestamp};

/// Events asked for at a time.
const PAGE: usize = 100;

/// Aggregate `follower`: where we are in the chain's history.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Follower {
    cursor: ChainCursor,
    /// The ledger of the latest event applied: as far as the chain has come for certain.
    #[serde(default)]
    seen: Option<LatestLedger>,
    /// Every event of ledgers up to this one is applied.
    #[serde(default)]
    through: u32,
    /// Gaps that were filled: what turns up of them later is told, not booked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lost: Vec<LostHistory>,
    /// The latest ledger a circle was read from: its money is counted up to there.
    #[serde(default)]
    read_to: u32,
    /// Circles could not be read: they are again, then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unread_at: Option<Timestamp>,
}

impl Follower {
    /// The latest ledger of which something is in the books.
    fn known(&self) -> u32 {
        self.applied().max(self.read_to)
    }

    /// The latest ledger of which an event was applied.
    fn applied(&self) -> u32 {
        let seen = self.seen.map_or(0, |seen| seen.sequence);
        self.through.max(seen)
    }
}

impl Aggregate for Follower {
    const KIND: &'static str = "follower";
}

/// The one follower of a tenant.
const MAIN: &str = "main";

impl Kolo {
    /// Applies the next page of events; `true` when there may be more at once.
    ///
    /// # Errors
    /// A port's failure: nothing is lost, the next call goes on where this one stopped.
    pub(crate) async fn follow(&self) -> Result<bool, Error> {
        // What is rare or large is boxed, here and below: each level of a call adds its callees' sizes to its own.
        let here = self.load::<Follower>(MAIN).await?;
        let here = Box::pin(self.read_again(here)).await?;
        let cursor = here.as_ref().map(|follower| &follower.state.cursor);
        let page = self.ports().chain.events_after(cursor, PAGE).await?;
        let mut lost = here.as_ref().map_or_else(Vec::new, |follower| follower.state.lost.clone());
        let known = lost.clone();
        let mut read_to = here.as_ref().map_or(0, |follower| follower.state.read_to);
        let mut unread_at = here.as_ref().and_then(|follower| follower.state.unread_at);
        if let Some(gap) = page.gap {
            // Never skipped in silence, and nothing later is applied before it.
            let filled = Box::pin(self.fill_gap(here.as_ref(), gap)).await?;
            lost.push(gap);
            read_to = read_to.max(filled.read_to);
            unread_at = unread_at.or_else(|| self.again_at(&filled));
        }
        for event in &page.events {
            if known.iter().any(|lost| lost.contains(event.ledger)) {
                Box::pin(self.apply_late(event)).await?;
            } else {
                Box::pin(self.apply(event)).await?;
            }
        }
        let last = page.events.last();
        let seen = last
            .map(|event| LatestLedger { sequence: event.ledger, closed_at: event.closed_at })
            .or_else(|| here.as_ref().and_then(|follower| follower.state.seen));
        let was_through = here.as_ref().map_or(0, |follower| follower.state.through);
        let through = page.through.max(was_through);
        let moves = cursor != Some(&page.next);
        if moves || through > was_through || page.gap.is_some() {
            let cursor = page.next;
            let to = Follower { cursor, seen, through, lost, read_to, unread_at };
            self.move_cursor(here, to).await?;
        }
        // A page that leads nowhere is no reason to ask again at once.
        Ok(page.more && moves)
    }

    /// The ledger of the latest event that was applied.
    /// `None` before any, and until the next one when it was not kept yet.
    pub(crate) async fn seen_ledger(&self) -> Result<Option<LatestLedger>, Error> {
        Ok(self.load::<Follower>(MAIN).await?.and_then(|follower| follower.state.seen))
    }

    async fn apply(&self, event: &ChainEvent) -> Result<(), Error> {
        match &event.body {
            ChainEventBody::GroupCreated { circle, organiser, rules } => {
                self.apply_created(event, circle, organiser, rules).await
            }
            ChainEventBody::Circle { circle, event: what } => {
                self.apply_circle(event, circle, what).await
            }
            ChainEventBody::Transfer { .. } => self.transfer(event).await.map(drop),
            ChainEventBody::Unknown { contract, ours, raw } => {
                self.keep_unknown(event, contract, *ours, raw).await
            }
        }
    }

    async fn move_cursor(
        &self,
        here: Option<Loaded<Follower>>,
        state: Follower,
    ) -> Result<(), Error> {
        // With the version: an operator may have set the cursor back.
        let version = here.as_ref().map_or(0, |here| here.version);
        let ctx = self.chain_context(&format!("cursor/{version}/{}", state.cursor.0));
        let mut command = Command::begin(self, &ctx, "follower.move", &state.cursor).await?;
        let mut changes = command.changes();
        let moved = match here {
            Some(here) => Loaded { state, ..here },
            None => Loaded::fresh(&MAIN, state),
        };
        changes.write(&moved)?;
        changes.forgettable();
        // `None`: another follower was here; its cursor is as good.
        command.commit(changes, ()).await.map(drop)
    }

    /// The command context of an event: its id is the idempotency key.
    fn chain_context(&self, id: &str) -> CommandContext {
        let mut ctx = CommandContext::of_system(format!("chain/{id}"));
        ctx.tenant = self.tenant().clone();
        ctx
    }
}

#[cfg(test)]
mod tests;
