//! Waking those who wait for what is committed.
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinHandle};

use super::store::SqlLedger;

/// Between two calls, so that many commits are one.
pub(crate) const EVERY: Duration = Duration::from_millis(10);

/// Wakes whoever waits in this process.
pub(crate) type Wake = Arc<dyn Fn() + Send + Sync>;

/// Keeps somebody awake: see [`SqlLedger::wake_ups`]. It ends when this is dropped.
#[derive(Debug)]
#[must_use = "the wake-ups end when this is dropped"]
pub struct WakeUps(Vec<AbortHandle>);

impl WakeUps {
    /// And by these.
    pub(crate) fn and(mut self, tasks: impl IntoIterator<Item = JoinHandle<()>>) -> Self {
        self.0.extend(tasks.into_iter().map(|task| task.abort_handle()));
        self
    }

    /// Within this process, which is enough where no other writes to the database.
    pub(crate) fn within(runtime: &Handle, committed: Arc<Notify>, wake: Wake) -> Self {
        Self(Vec::new()).and([runtime.spawn(async move {
            loop {
                committed.notified().await;
                wake();
                tokio::time::sleep(EVERY).await;
            }
        })])
    }
}

impl Drop for WakeUps {
    fn drop(&mut self) {
        self.0.iter().for_each(AbortHandle::abort);
    }
}

impl<B> SqlLedger<B> {
    /// Calls `wake` soon after something was committed that somebody may wait for (events, work), by this
    /// ledger or, on PostgreSQL, by that of another process that has asked for wake-ups too; at most every
    /// 10 ms for each of them. Once for each ledger, by who works on its queue:
    /// `ledger.wake_ups(move || worker.nudge())`.
    ///
    /// It is a courtesy: a wake-up may be lost with its line, and one may come for nothing. Who waits looks
    /// from time to time in any case. No commit waits for it: on PostgreSQL a NOTIFY would have each commit
    /// take a lock that all databases of the server share, so it is sent after the commits, by a connection
    /// of its own, one for many of them. Another connection listens. Both are beside the pool, and are made
    /// again when they are lost. Behind a pooler in transaction mode (`PostgresOptions::prepared(false)`) nobody
    /// can listen: there only this ledger's own commits wake.
    pub fn wake_ups(&self, wake: impl Fn() + Send + Sync + 'static) -> WakeUps {
        self.store.wake_ups(Arc::new(wake))
    }
}
