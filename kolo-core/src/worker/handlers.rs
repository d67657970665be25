//! Hands events to the host's handlers.
//!
//! Each handler has a cursor of its own and a queue of its own. What is behind the cursor becomes
//! work, in the change set that moves the cursor; the queue then sees to it that one process at a time
//! has an event, that they come in order, and that a failing one is tried again, until it is set aside
//! (`letters.rs`). Nothing here shares a lane with payments or with another handler.
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::{Either, select};
use serde::{Deserialize, Serialize};

use super::letters::is_hopeless;
use super::nudge::Nudge;
use super::retry_at;
use crate::events::{CircleEvent, EventHandler, EventKind, EventPage};
use crate::port::work::{ClaimedWork, Release};
use crate::port::{PortError, PortErrorKind, Retry};
use crate::record::{self, Aggregate, Loaded};
use crate::unit::Command;
use crate::{CommandContext, Error, Kolo, Timestamp};

/// Records looked at in one go.
const PAGE: usize = 256;

/// So many records without anything for the handler are worth writing down.
const SKIP_AT: u64 = 64;

/// How long a handler may take, seconds; then the event counts as failed and is tried again.
const LIMIT_S: u64 = 30;

/// How long an event is a process's own, seconds: longer than a handler may take.
const LEASE_S: u64 = 2 * LIMIT_S;

/// Aggregate `handler`: how far a handler's work has been laid out.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Cursor {
    position: u64,
}

impl Aggregate for Cursor {
    const KIND: &'static str = "handler";
}

/// Payload of a handler's queue.
#[derive(Serialize, Deserialize)]
pub(super) struct Due {
    pub position: u64,
}

/// A handler with its name and what it wants to hear of.
#[derive(Clone)]
pub(super) struct Registered {
    pub name: String,
    pub kinds: Vec<EventKind>,
    pub handler: Arc<dyn EventHandler>,
    /// Wakes its own loop.
    pub nudge: Arc<Nudge>,
}

impl Registered {
    pub fn queue(&self, kolo: &Kolo) -> String {
        kolo.handler_queue(&self.name)
    }

    /// Lays out and handles until nothing is due, or `budget` events are handled; how many were.
    pub async fn tick(&self, kolo: &Kolo, budget: usize) -> usize {
        let (mut handled, queue) = (0, self.queue(kolo));
        while handled < budget {
            let more = match self.lay_out(kolo).await {
                Ok(more) => more,
                Err(error) => {
                    tracing::warn!(handler = self.name, %error, "its events could not be read now");
                    false
                }
            };
            let claimed = kolo.ports().queue.claim(&[&queue], kolo.now(), LEASE_S, 1).await;
            let claimed = claimed.unwrap_or_else(|error| {
                tracing::warn!(handler = self.name, %error, "its queue could not be read now");
                Vec::new()
            });
            if claimed.is_empty() && !more {
                break;
            }
            for work in &claimed {
                handled += 1;
                self.work(kolo, work).await;
            }
        }
        handled
    }

    /// Makes work of the next page of events; `true` when there may be more.
    async fn lay_out(&self, kolo: &Kolo) -> Result<bool, Error> {
        let loaded = kolo.load::<Cursor>(&self.name).await?;
        let cursor = loaded.unwrap_or_else(|| Loaded::fresh(&self.name, Cursor { position: 0 }));
        let EventPage { events, next, more } = kolo.events(cursor.state.position, PAGE).await?;
        let wanted: Vec<_> =
            events.iter().filter(|event| self.kinds.contains(&event.kind())).collect();
        let skipped = next.saturating_sub(cursor.state.position);
        if wanted.is_empty() && skipped < SKIP_AT {
            return Ok(false);
        }
        let key = format!("handler/{}/{}/{next}", self.name, cursor.version);
        let mut ctx = CommandContext::of_system(key);
        ctx.tenant = kolo.tenant().clone();
        let mut command = Command::begin(kolo, &ctx, "handler.lay_out", &next).await?;
        let mut changes = command.changes();
        changes.forgettable();
        let queue = self.queue(kolo);
        for event in wanted {
            let position = event.position;
            // Due in the order of commits, and in the past: two processes' clocks cannot reorder them.
            let due = Timestamp::from_unix(position).min(changes.now());
            let id = format!("{queue}/{position}");
            changes.enqueue(&queue, id, Some(self.name.clone()), due, &Due { position })?;
        }
        changes.write(&Loaded { state: Cursor { position: next }, ..cursor })?;
        // `None`: another process laid the same events out.
        command.commit(changes, ()).await?;
        Ok(more)
    }

    async fn work(&self, kolo: &Kolo, work: &ClaimedWork) {
        let (event, attempts) = (&work.lease.work.0, work.attempts);
        let release = match self.handle(kolo, work).await {
            Ok(()) => Release::Done,
            Err((Some(position), error)) if is_hopeless(&error, attempts) => {
                tracing::error!(event, attempts, %error, "the handler failed too often: a dead letter now");
                match kolo.give_up(work, &self.name, position, &error).await {
                    Ok(()) => return,
                    Err(error) => {
                        tracing::warn!(event, %error, "it could not be set aside now");
                        Release::RetryAt(retry_at(kolo.now(), attempts))
                    }
                }
            }
            Err((_, error)) => {
                tracing::warn!(event, attempts, %error, "the handler failed; it will be tried again");
                Release::RetryAt(retry_at(kolo.now(), attempts))
            }
        };
        if let Err(error) = kolo.ports().queue.release(&work.lease, release).await {
            tracing::warn!(event = work.lease.work.0, %error, "could not be ended; its lease will run out");
        }
    }

    /// The event's position comes with an error, where it is known.
    async fn handle(&self, kolo: &Kolo, work: &ClaimedWork) -> Result<(), (Option<u64>, Error)> {
        let due: Due = record::decode(&work.payload, 1).map_err(|error| (None, error))?;
        let handled = self.handle_at(kolo, due.position).await;
        handled.map_err(|error| (Some(due.position), error))
    }

    async fn handle_at(&self, kolo: &Kolo, position: u64) -> Result<(), Error> {
        let page = kolo.events(position.saturating_sub(1), 1).await?;
        let event = page.events.into_iter().find(|event| event.position == position);
        let event = event.ok_or_else(|| Error::Stored {
            what: format!("event {position}"),
            why: "it is not there: restore the database".to_owned(),
        })?;
        self.in_time(kolo, &event).await
    }

    /// A handler that hangs has failed: its queue goes on, and the worker can be stopped.
    async fn in_time(&self, kolo: &Kolo, event: &CircleEvent) -> Result<(), Error> {
        let limit = kolo.ports().clock.sleep_until(kolo.now().plus(LIMIT_S));
        let handled = AssertUnwindSafe(self.handler.handle(event)).catch_unwind();
        match select(Box::pin(handled), limit).await {
            Either::Left((Ok(done), _)) => Ok(done?),
            Either::Left((Err(_), _)) => {
                let what = format!("{} panicked: see its message on standard error", self.name);
                Err(PortError::new(PortErrorKind::Other, Retry::Unknown, what).into())
            }
            Either::Right(_) => {
                let what = format!("{} took more than {LIMIT_S} s: make it shorter", self.name);
                Err(PortError::new(PortErrorKind::Timeout, Retry::Unknown, what).into())
            }
        }
    }
}
