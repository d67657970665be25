//! A store, whatever database it is on: jobs go to the writer, reads to the pool.
use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use futures::future::BoxFuture;
use kolo_core::port::{ChangeSet, CommitError, Committed, PortErrorKind, Retry};
use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc, oneshot};

use crate::sql::Db;
use crate::sql::DbError;
use crate::sql::wake::{Wake, WakeUps};
use crate::sql::writer::{Commit, Job, OpenWriter, WAITING, Write, Writer};

/// Lends connections to read with.
#[async_trait]
pub(crate) trait Pool: Send + Sync {
    async fn acquire(&self) -> Result<Box<dyn Db>, DbError>;

    /// One in a transaction that reads one state of the database throughout.
    async fn snapshot(&self) -> Result<Box<dyn Db>, DbError> {
        let mut db = self.acquire().await?;
        match db.snapshot().await {
            Ok(()) => Ok(db),
            Err(error) => {
                // It may be in the middle of a transaction.
                db.give_up();
                Err(error)
            }
        }
    }

    /// See [`SqlLedger::wake_ups`].
    fn wake_ups(&self, runtime: &Handle, committed: Arc<Notify>, wake: Wake) -> WakeUps {
        WakeUps::within(runtime, committed, wake)
    }

    async fn close(&self);
}

/// See the module. Cheap to share.
pub(crate) struct Store {
    jobs: mpsc::Sender<Job>,
    pool: Arc<dyn Pool>,
    runtime: Handle,
    /// Something was committed that somebody may wait for.
    committed: Arc<Notify>,
}

impl Store {
    /// Starts the writer on the tokio runtime this is called in.
    pub fn start(
        opener: Box<dyn OpenWriter>,
        writing: Box<dyn Db>,
        pool: Arc<dyn Pool>,
    ) -> Arc<Self> {
        let (jobs, waiting) = mpsc::channel(WAITING);
        let runtime = Handle::current();
        let committed = Arc::default();
        runtime.spawn(Writer::new(opener, writing, waiting, Arc::clone(&committed)).run());
        Arc::new(Self { jobs, pool, runtime, committed })
    }

    pub async fn commit(&self, changes: ChangeSet) -> Result<Committed, CommitError> {
        super::limits::check(&changes)?;
        let (reply, answer) = oneshot::channel();
        let job = Job::Commit(Box::new(Commit { changes, reply }));
        self.jobs.send(job).await.map_err(|_| closed())?;
        answer.await.map_err(|_| gone())?
    }

    /// Calls `wake` soon after a commit.
    pub fn wake_ups(&self, wake: Wake) -> WakeUps {
        self.pool.wake_ups(&self.runtime, Arc::clone(&self.committed), wake)
    }

    /// A write that is not a commit, in the writer's transaction. It may run twice if its group is
    /// undone, so it keeps no state of its own.
    pub async fn write<T, F>(&self, work: F) -> Result<T, DbError>
    where
        T: Send + 'static,
        F: for<'a> FnMut(&'a mut dyn Db) -> BoxFuture<'a, Result<T, DbError>> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Job::Task(Box::new(Write::new(work, reply)));
        self.jobs.send(job).await.map_err(|_| closed())?;
        answer.await.map_err(|_| gone())?
    }

    /// Reads one state of the database. Runs on the store's own runtime, so that any executor can
    /// wait for it and a caller that goes away leaves no connection in the middle of something.
    pub async fn read<T, F>(&self, query: F) -> Result<T, DbError>
    where
        T: Send + 'static,
        F: for<'a> FnOnce(&'a mut dyn Db) -> BoxFuture<'a, Result<T, DbError>> + Send + 'static,
    {
        let pool = Arc::clone(&self.pool);
        let reading = self.runtime.spawn(async move {
            let mut db = pool.snapshot().await?;
            let answer = query(db.as_mut()).await;
            if let Err(error) = db.rollback().await {
                tracing::warn!(%error.context, "a reading connection is given up");
                db.give_up();
            }
            answer
        });
        reading.await.map_err(|error| {
            DbError::new(
                PortErrorKind::Unavailable,
                Retry::Temporary,
                "a read was cut off: the tokio runtime is shutting down",
            )
            .because(error)
        })?
    }

    /// Finishes what was sent before, then closes every connection.
    pub async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.jobs.send(Job::Close(reply)).await.is_ok() {
            closed.await.ok();
        }
        let pool = Arc::clone(&self.pool);
        let closing = self.runtime.spawn(async move { pool.close().await });
        closing.await.ok();
    }
}

/// A ledger on the database that `B` names.
pub struct SqlLedger<B> {
    pub(crate) store: Arc<Store>,
    backend: PhantomData<fn() -> B>,
}

impl<B> SqlLedger<B> {
    pub(crate) const fn on(store: Arc<Store>) -> Self {
        Self { store, backend: PhantomData }
    }

    /// Finishes the commits that are under way and closes every connection. Later calls fail with
    /// a [`PortErrorKind::Unavailable`] error, and so do those of a vault on this ledger. A ledger
    /// that is merely dropped loses no acknowledged commit either.
    pub async fn close(&self) {
        self.store.close().await;
    }
}

fn closed() -> DbError {
    DbError::new(PortErrorKind::Unavailable, Retry::Permanent, "the store is closed: open it again")
}

/// The writer went away with the job.
fn gone() -> DbError {
    DbError::new(
        PortErrorKind::Unavailable,
        Retry::Unknown,
        "the store was shut down meanwhile: look whether it happened",
    )
}
