//! The worker: what happens without anybody's command. `run` for a process of its own, `tick` for hosts
//! with cron, a job queue or a function that is called.
pub(crate) mod lifetimes;
pub(crate) mod readiness;
pub(crate) mod reminders;
pub(crate) mod timers;
pub(crate) mod vaults;

mod following;
mod handlers;
mod letters;
mod nudge;
mod unlisted;

use std::future::Future;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::{Either, join, join_all, select};

#[cfg(feature = "conversation")]
use crate::conversation::ConversationWorker;
use crate::events::{EventHandler, EventKind};
#[cfg(feature = "conversation")]
use crate::port::MessageChannel;
use crate::port::work::{ClaimedWork, Release};
use crate::unit::queue;
use crate::{Error, Kolo, Timestamp};
use following::Following;
use handlers::Registered;
use nudge::Nudge;

pub use letters::DeadLetter;
pub use unlisted::Unlisted;

/// Items worked on at the same time.
const AT_ONCE: usize = 16;

/// Pages of events applied before work is looked at again.
const PAGES_AT_ONCE: usize = 8;

/// Longest wait between looks at the chain, seconds: a ledger closes about every five.
const POLL_S: u64 = 2;

/// Longest wait before a failing item is tried again, seconds.
const LONGEST_RETRY_S: u64 = 300;

/// Longest name of a handler, bytes.
const HANDLER_NAME_MAX: usize = 64;

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
    handlers: Vec<Registered>,
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
            handlers: Vec::new(),
        }
    }

    /// A worker that also converses over these channels.
    #[cfg(feature = "conversation")]
    #[must_use]
    pub fn new(kolo: Kolo, channels: Vec<Arc<dyn MessageChannel>>) -> Self {
        let chat = Some(Arc::new(ConversationWorker::new(channels)));
        Self { kolo, chat, nudge: Arc::default(), handlers: Vec::new() }
    }

    /// Something came in: a sleeping [`Worker::run`] of this worker or a clone looks at once.
    pub fn nudge(&self) {
        self.nudge.nudge();
    }

    /// Has `handler` called for every event of these kinds (see [`EventHandler`]), from the first there
    /// ever was. `name` (1 to 64 of `a-z`, `0-9`, `-`) is what its cursor is kept under: the same after
    /// a restart and in every process. Registered again, the name gets the new handler.
    ///
    /// # Errors
    /// [`Error::BadText`] for the name.
    pub fn on_event(
        mut self,
        name: &str,
        kinds: &[EventKind],
        handler: Arc<dyn EventHandler>,
    ) -> Result<Self, Error> {
        let fits = (1..=HANDLER_NAME_MAX).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !fits {
            return Err(Error::BadText { field: "handler name", max: HANDLER_NAME_MAX });
        }
        self.handlers.retain(|there| there.name != name);
        let (name, kinds, nudge) = (name.to_owned(), kinds.to_vec(), Arc::default());
        self.handlers.push(Registered { name, kinds, handler, nudge });
        Ok(self)
    }

    /// Follows the chain, works and calls handlers until nothing is due, or `budget` items (and as many
    /// events of each handler) are handled.
    ///
    /// # Errors
    /// The store's failure. Everything claimed is claimable again when its lease runs out.
    pub async fn tick(&self, budget: usize) -> Result<Tick, Error> {
        // Side by side: a slow handler delays no payment.
        let (worked, before) =
            join(self.work(budget, &mut Following::always()), self.hand_out(budget)).await;
        let handled = worked?;
        // And what has just happened.
        let after = self.hand_out(budget.saturating_sub(before)).await;
        let queues: Vec<String> = self.handlers.iter().map(|h| h.queue(&self.kolo)).collect();
        let all: Vec<&str> =
            self.queues().iter().copied().chain(queues.iter().map(String::as_str)).collect();
        let next = self.kolo.ports().queue.next_due(&all).await?;
        Ok(Tick { handled: handled + before + after, next })
    }

    /// Calls the handlers, each on its own; how many events they were given.
    async fn hand_out(&self, budget: usize) -> usize {
        let handlers = self.handlers.iter().map(|handler| handler.tick(&self.kolo, budget));
        join_all(handlers).await.into_iter().sum()
    }

    /// Follows the chain and works; how many items were handled.
    async fn work(&self, budget: usize, following: &mut Following) -> Result<usize, Error> {
        let mut handled = 0;
        while handled < budget {
            let behind = following.is_due(self.kolo.now()) && self.follow().await;
            let ports = self.kolo.ports();
            let limit = AT_ONCE.min(budget - handled);
            let lease_s = self.kolo.settings().lease_s;
            let claimed = ports.queue.claim(self.queues(), self.kolo.now(), lease_s, limit).await?;
            if claimed.is_empty() && !behind {
                break;
            }
            handled += claimed.len();
            if behind || claimed.iter().any(|work| work.queue == queue::INTENT) {
                following.expect_more();
            }
            join_all(claimed.iter().map(|work| self.handle(work))).await;
        }
        Ok(handled)
    }

    /// Works until `shutdown` resolves; what is in hand is finished first.
    pub async fn run(&self, shutdown: impl Future<Output = ()> + Send) {
        let shutdown = shutdown.shared();
        // Each handler on its own: one that is slow keeps neither the others nor payments.
        let handlers: Vec<_> = self
            .handlers
            .iter()
            .map(|handler| self.hand_out_until(handler, shutdown.clone()))
            .collect();
        join(self.work_until(shutdown.clone()), join_all(handlers)).await;
    }

    async fn work_until(&self, mut shutdown: impl Future<Output = ()> + Unpin) {
        self.kolo.warn_of_unlisted().await;
        let mut following = Following::sparingly();
        loop {
            if let Err(error) = self.work(usize::MAX, &mut following).await {
                tracing::error!(%error, "the worker could not read its queue");
            }
            for handler in &self.handlers {
                handler.nudge.nudge();
            }
            let next = self.next_due(self.queues()).await;
            let Some(still) = self.rest(next, &self.nudge, shutdown).await else { return };
            shutdown = still;
        }
    }

    async fn hand_out_until(
        &self,
        handler: &Registered,
        mut shutdown: impl Future<Output = ()> + Unpin,
    ) {
        let queue = handler.queue(&self.kolo);
        loop {
            let handled = handler.tick(&self.kolo, AT_ONCE).await;
            if handled == AT_ONCE {
                // There are more. Once it has said stop it must not be asked again.
                match (&mut shutdown).now_or_never() {
                    Some(()) => return,
                    None => continue,
                }
            }
            let next = self.next_due(&[&queue]).await;
            let Some(still) = self.rest(next, &handler.nudge, shutdown).await else { return };
            shutdown = still;
        }
    }

    /// Until something is due, or a nudge; `None`: it is time to stop.
    async fn rest<S: Future<Output = ()> + Unpin>(
        &self,
        next: Option<Timestamp>,
        nudge: &Nudge,
        shutdown: S,
    ) -> Option<S> {
        let clock = &self.kolo.ports().clock;
        // Asked once: a clock that is moved between two questions would turn the bounds around.
        let now = clock.now();
        let latest = now.plus(POLL_S);
        let until = next.map_or(latest, |next| next.clamp(now.plus(1), latest));
        let nudged = std::pin::pin!(nudge.wait());
        let rest = select(clock.sleep_until(until), nudged);
        match select(rest, shutdown).await {
            Either::Left((_, still)) => Some(still),
            Either::Right(_) => None,
        }
    }

    /// When these queues will have work; unknown when they cannot be read.
    async fn next_due(&self, queues: &[&str]) -> Option<Timestamp> {
        self.kolo.ports().queue.next_due(queues).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the queue could not be read");
            None
        })
    }

    /// Applies new events, a few pages of them: while much is to be caught up with, people are still
    /// answered. Trouble with the chain must not stop what needs no chain. `true`: there is more.
    async fn follow(&self) -> bool {
        for _ in 0..PAGES_AT_ONCE {
            match Box::pin(self.kolo.follow()).await {
                Ok(true) => {}
                Ok(false) => {
                    self.compare().await;
                    return false;
                }
                Err(error) => {
                    tracing::warn!(%error, "the chain's events could not be followed now");
                    return false;
                }
            }
        }
        true
    }

    /// What no event says, balances do.
    async fn compare(&self) {
        if let Err(error) = Box::pin(self.kolo.compare_wallets()).await {
            tracing::warn!(%error, "wallets could not be compared with the chain now");
        }
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
            queue::INTENT => Box::pin(self.kolo.process_intent(work)).await,
            queue::TIMER => Box::pin(self.kolo.process_timer(work)).await,
            _ => Box::pin(self.converse(work)).await,
        };
        let Err(error) = done else { return };
        if matches!(error, Error::LeaseLost) {
            tracing::debug!(work = work.lease.work.0, "somebody else has it now");
            return;
        }
        let retry = retry_at(self.kolo.now(), work.attempts);
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

/// When something that has failed so often is tried again: later and later.
fn retry_at(now: Timestamp, attempts: u32) -> Timestamp {
    now.plus((1_u64 << attempts.min(9)).min(LONGEST_RETRY_S))
}

#[cfg(test)]
#[cfg(feature = "testkit")]
mod tests;
