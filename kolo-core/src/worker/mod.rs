//! The worker: what happens without anybody's command. `run` for a process of its own, `tick` for hosts
//! with cron, a job queue or a function that is called.
pub(crate) mod readiness;
pub(crate) mod reminders;
pub(crate) mod timers;

mod nudge;

use std::future::Future;
use std::sync::Arc;

use futures::future::{Either, join_all, select};

#[cfg(feature = "conversation")]
use crate::conversation::ConversationWorker;
#[cfg(feature = "conversation")]
use crate::port::MessageChannel;
use crate::port::work::{ClaimedWork, Release};
use crate::unit::queue;
use crate::{Error, Kolo, Timestamp};
use nudge::Nudge;

/// Items worked on at the same time.
const AT_ONCE: usize = 16;

/// Pages of events applied before work is looked at again.
const PAGES_AT_ONCE: usize = 8;

/// Longest wait between looks at the chain, seconds: a ledger closes about every five.
const POLL_S: u64 = 2;

/// Longest wait before a failing item is tried again, seconds.
const LONGEST_RETRY_S: u64 = 300;

/// What a tick did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// Work items handled.
    pub handled: usize,
    /// When there will be work again (by what is known now); `None` = nothing is planned.
    pub next: Option<Timestamp>,
}

/// Works on behalf of a [`Kolo`].
#[derive(Clone)]
pub struct Worker {
    kolo: Kolo,
    #[cfg(feature = "conversation")]
    chat: Option<Arc<ConversationWorker>>,
    nudge: Arc<Nudge>,
}

impl Worker {
    /// A worker for the chain and the timers only: the host reads events instead of chatting.
    #[must_use]
    pub fn without_chat(kolo: Kolo) -> Self {
        Self {
            kolo,
            #[cfg(feature = "conversation")]
            chat: None,
            nudge: Arc::default(),
        }
    }

    /// A worker that also converses over these channels.
    #[cfg(feature = "conversation")]
    #[must_use]
    pub fn new(kolo: Kolo, channels: Vec<Arc<dyn MessageChannel>>) -> Self {
        let chat = Some(Arc::new(ConversationWorker::new(channels)));
        Self { kolo, chat, nudge: Arc::default() }
    }

    /// Something came in: a sleeping [`Worker::run`] of this worker or a clone looks at once.
    pub fn nudge(&self) {
        self.nudge.nudge();
    }

    /// Follows the chain and works until nothing is due, or `budget` items are handled.
    ///
    /// # Errors
    /// The store's failure. Everything claimed is claimable again when its lease runs out.
    pub async fn tick(&self, budget: usize) -> Result<Tick, Error> {
        let mut handled = 0;
        while handled < budget {
            let behind = self.follow().await;
            let ports = self.kolo.ports();
            let limit = AT_ONCE.min(budget - handled);
            let lease_s = self.kolo.settings().lease_s;
            let claimed = ports.queue.claim(self.queues(), self.kolo.now(), lease_s, limit).await?;
            if claimed.is_empty() && !behind {
                break;
            }
            handled += claimed.len();
            join_all(claimed.iter().map(|work| self.handle(work))).await;
        }
        let next = self.kolo.ports().queue.next_due(self.queues()).await?;
        Ok(Tick { handled, next })
    }

    /// Ticks until `shutdown` resolves; the item in hand is finished first.
    pub async fn run(&self, shutdown: impl Future<Output = ()> + Send) {
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            let next = match self.tick(usize::MAX).await {
                Ok(tick) => tick.next,
                Err(error) => {
                    tracing::error!(%error, "the worker could not read its queue");
                    None
                }
            };
            let clock = &self.kolo.ports().clock;
            // Asked once: a clock that is moved between two questions would turn the bounds around.
            let now = clock.now();
            let latest = now.plus(POLL_S);
            let until = next.map_or(latest, |next| next.clamp(now.plus(1), latest));
            let nudged = std::pin::pin!(self.nudge.wait());
            let rest = select(clock.sleep_until(until), nudged);
            match select(rest, shutdown).await {
                Either::Left((_, still)) => shutdown = still,
                Either::Right(_) => return,
            }
        }
    }

    /// Applies new events, a few pages of them: while much is to be caught up with, people are still
    /// answered. Trouble with the chain must not stop what needs no chain. `true`: there is more.
    async fn follow(&self) -> bool {
        for _ in 0..PAGES_AT_ONCE {
            match self.kolo.follow().await {
                Ok(true) => {}
                Ok(false) => return false,
                Err(error) => {
                    tracing::warn!(%error, "the chain's events could not be followed now");
                    return false;
                }
            }
        }
        true
    }

    fn queues(&self) -> &'static [&'static str] {
        #[cfg(feature = "conversation")]
        if self.chat.is_some() {
            return &queue::ALL;
        }
        &queue::WITHOUT_CHAT
    }

    async fn handle(&self, work: &ClaimedWork) {
        if work.lease.tenant != *self.kolo.tenant() {
            // Never worked on with another tenant's records and keys.
            return self.give_back(work, self.kolo.now().plus(POLL_S)).await;
        }
        let done = match work.queue.as_str() {
            queue::INTENT => self.kolo.process_intent(work).await,
            queue::TIMER => self.kolo.process_timer(work).await,
            _ => self.converse(work).await,
        };
        let Err(error) = done else { return };
        if matches!(error, Error::LeaseLost) {
            tracing::debug!(work = work.lease.work.0, "somebody else has it now");
            return;
        }
        let wait = 1u64 << work.attempts.min(9);
        let retry = self.kolo.now().plus(wait.min(LONGEST_RETRY_S));
        tracing::warn!(work = work.lease.work.0, attempts = work.attempts, %error, "will be tried again");
        self.give_back(work, retry).await;
    }

    async fn give_back(&self, work: &ClaimedWork, retry: Timestamp) {
        let release = Release::RetryAt(retry);
        if let Err(error) = self.kolo.ports().queue.release(&work.lease, release).await {
            tracing::warn!(work = work.lease.work.0, %error, "could not be given back; its lease will run out");
        }
    }

    async fn converse(&self, work: &ClaimedWork) -> Result<(), Error> {
        #[cfg(feature = "conversation")]
        if let Some(chat) = &self.chat {
            return chat.work(&self.kolo, work).await;
        }
        // A host without a chat reads events: nobody is waiting for the notice.
        Ok(self.kolo.ports().queue.release(&work.lease, Release::Done).await?)
    }
}

#[cfg(test)]
#[cfg(feature = "testkit")]
mod tests;
