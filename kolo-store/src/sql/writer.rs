//! The one writer: owns the writing connection and commits in groups.
//!
//! Callers send jobs; while one group is being made durable the next one gathers. No transaction
//! ever lives in a caller's future, so a caller that goes away leaves nothing half done: its job is
//! either not taken yet or carried through. Nobody is answered before the group is durable.
use std::future::Future;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::BoxFuture;
use kolo_core::port::{ChangeSet, CommitError, Committed, PortErrorKind, Retry};
use tokio::sync::{mpsc, oneshot};

use super::{batch, doubt};
use crate::sql::Db;
use crate::sql::{DbError, reached};

/// The most jobs that share one database transaction.
const GROUP: usize = 128;

/// The longest that a group's statements, or its commit, may take before its connection is given up.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// How many jobs may wait before callers do.
pub(crate) const WAITING: usize = 1024;

/// Opens the writing connection, at first and after it was lost.
#[async_trait]
pub(crate) trait OpenWriter: Send + Sync {
    async fn open(&self) -> Result<Box<dyn Db>, DbError>;
}

/// Something to do in a group's transaction.
pub(crate) enum Job {
    Commit(Box<Commit>),
    Task(Box<dyn Task>),
    /// Finish what came before, then stop.
    Close(oneshot::Sender<()>),
}

pub(crate) struct Commit {
    pub changes: ChangeSet,
    pub reply: oneshot::Sender<Result<Committed, CommitError>>,
}

/// A write that is not a commit. It may be run again if its group is undone.
#[async_trait]
pub(crate) trait Task: Send {
    async fn run(&mut self, db: &mut dyn Db) -> Result<(), DbError>;

    /// Tells the caller, after the transaction ended.
    fn settle(self: Box<Self>, group: Result<(), DbError>);
}

/// A [`Task`] from a function.
pub(crate) struct Write<T, F> {
    work: F,
    answer: Option<T>,
    reply: oneshot::Sender<Result<T, DbError>>,
}

impl<T, F> Write<T, F> {
    pub fn new(work: F, reply: oneshot::Sender<Result<T, DbError>>) -> Self {
        Self { work, answer: None, reply }
    }
}

#[async_trait]
impl<T, F> Task for Write<T, F>
where
    T: Send + 'static,
    F: for<'a> FnMut(&'a mut dyn Db) -> BoxFuture<'a, Result<T, DbError>> + Send,
{
    async fn run(&mut self, db: &mut dyn Db) -> Result<(), DbError> {
        self.answer = Some((self.work)(db).await?);
        Ok(())
    }

    fn settle(self: Box<Self>, group: Result<(), DbError>) {
        let Self { answer, reply, .. } = *self;
        let answer = group.and_then(|()| answer.ok_or_else(unanswered));
        // The caller may have gone away; what was done stays done.
        reply.send(answer).ok();
    }
}

fn unanswered() -> DbError {
    DbError::new(
        PortErrorKind::Other,
        Retry::Unknown,
        "a write ended without an answer: please report this",
    )
}

/// What one transaction is for.
#[derive(Default)]
struct Group {
    commits: Vec<Commit>,
    tasks: Vec<Box<dyn Task>>,
    close: Option<oneshot::Sender<()>>,
}

impl Group {
    fn add(&mut self, job: Job) {
        match job {
            Job::Commit(commit) => self.commits.push(*commit),
            Job::Task(task) => self.tasks.push(task),
            Job::Close(reply) => self.close = Some(reply),
        }
    }

    fn len(&self) -> usize {
        self.commits.len() + self.tasks.len()
    }

    fn settle(self, answers: Answers) {
        for (commit, answer) in self.commits.into_iter().zip(answers) {
            commit.reply.send(answer).ok();
            reached();
        }
        for task in self.tasks {
            task.settle(Ok(()));
            reached();
        }
    }

    fn fail(self, error: &DbError) {
        for commit in self.commits {
            commit.reply.send(Err(error.clone().into())).ok();
        }
        for task in self.tasks {
            task.settle(Err(error.clone()));
        }
    }

    /// The same jobs, each in a group of its own.
    fn split(self) -> Vec<Self> {
        let commits = self
            .commits
            .into_iter()
            .map(|commit| Self { commits: vec![commit], ..Self::default() });
        let tasks =
            self.tasks.into_iter().map(|task| Self { tasks: vec![task], ..Self::default() });
        commits.chain(tasks).collect()
    }
}

/// What became of the commits of a group, in their order.
pub(super) type Answers = Vec<Result<Committed, CommitError>>;

/// Why a group's transaction did not end well.
enum Failed {
    /// Undone: nothing happened.
    Undone(DbError),
    /// Undone with the connection: it may work on another one.
    Lost(DbError),
    /// The database did not say whether it is durable, and cannot be asked.
    InDoubt(DbError),
}

/// Why a transaction did not end well.
enum Broken {
    Before(DbError),
    /// At its commit: what it would have answered.
    AtCommit(DbError, Answers),
}

/// The writer's loop; ends when it is told to or nobody can send any more.
pub(crate) struct Writer {
    opener: Box<dyn OpenWriter>,
    db: Option<Box<dyn Db>>,
    jobs: mpsc::Receiver<Job>,
}

impl Writer {
    pub fn new(opener: Box<dyn OpenWriter>, db: Box<dyn Db>, jobs: mpsc::Receiver<Job>) -> Self {
        Self { opener, db: Some(db), jobs }
    }

    pub async fn run(mut self) {
        while let Some(job) = self.jobs.recv().await {
            reached();
            let mut group = Group::default();
            group.add(job);
            while group.close.is_none() && group.len() < GROUP {
                match self.jobs.try_recv() {
                    Ok(job) => group.add(job),
                    Err(_) => break,
                }
            }
            let close = group.close.take();
            self.work(group).await;
            if let Some(reply) = close {
                self.close().await;
                reply.send(()).ok();
                return;
            }
        }
        self.close().await;
    }

    async fn close(&mut self) {
        if let Some(db) = self.db.take() {
            db.close().await;
        }
    }

    /// Carries a group through. One whose connection was lost is tried once more; when it is undone by
    /// something that one job may have brought in, each job gets a transaction of its own, so that only
    /// the guilty one fails.
    async fn work(&mut self, group: Group) {
        let Some((group, failed)) = self.attempt(group).await else {
            return;
        };
        let again = match failed {
            Failed::Lost(error) => {
                tracing::warn!(%error.context, jobs = group.len(), "a connection was lost: again");
                self.attempt(group).await
            }
            failed => Some((group, failed)),
        };
        let Some((group, failed)) = again else {
            return;
        };
        match failed {
            Failed::Undone(error) if group.len() > 1 && may_be_one_job(&error) => {
                let jobs = group.len();
                tracing::warn!(%error.context, jobs, "a group was undone; each is tried alone");
                for single in group.split() {
                    if let Some((single, failed)) = self.attempt(single).await {
                        single.fail(failed.error());
                    }
                }
            }
            failed => {
                let error = failed.error();
                tracing::warn!(%error.context, jobs = group.len(), "a group of writes failed");
                group.fail(error);
            }
        }
    }

    /// One transaction. Gives the group back when it failed.
    async fn attempt(&mut self, mut group: Group) -> Option<(Group, Failed)> {
        let mut db = match self.connection().await {
            Ok(db) => db,
            Err(error) => return Some((group, Failed::Undone(error))),
        };
        match transaction(db.as_mut(), &mut group).await {
            Ok(answers) => {
                self.db = Some(db);
                group.settle(answers);
                None
            }
            Err(Broken::Before(error)) => {
                // The database rolls back what a lost connection had begun.
                if within("the roll-back", db.rollback()).await.is_ok() {
                    self.db = Some(db);
                    return Some((group, Failed::Undone(error)));
                }
                db.give_up();
                Some((group, Failed::Lost(error)))
            }
            Err(Broken::AtCommit(error, answers)) => {
                db.give_up();
                self.look(group, answers, error).await
            }
        }
    }

    /// Finds out by the commands' keys what became of a group whose commit was not answered.
    async fn look(
        &mut self,
        group: Group,
        answers: Answers,
        error: DbError,
    ) -> Option<(Group, Failed)> {
        let jobs = group.len();
        let sets: Vec<&ChangeSet> = group.commits.iter().map(|commit| &commit.changes).collect();
        let sought = doubt::sought(&sets, &answers);
        match doubt::happened(self.opener.as_ref(), &sought).await {
            Some((true, db)) => {
                tracing::warn!(%error.context, jobs, "a commit was not answered: it had happened");
                self.db = Some(db);
                group.settle(answers);
                None
            }
            Some((false, db)) => {
                tracing::warn!(%error.context, jobs, "a commit was not answered: it had not happened");
                self.db = Some(db);
                Some((group, Failed::Lost(error)))
            }
            None => {
                let error = error
                    .unknown("the commit may or may not have happened: look before trying again");
                Some((group, Failed::InDoubt(error)))
            }
        }
    }

    async fn connection(&mut self) -> Result<Box<dyn Db>, DbError> {
        match self.db.take() {
            Some(db) => Ok(db),
            None => self.opener.open().await,
        }
    }
}

impl Failed {
    const fn error(&self) -> &DbError {
        match self {
            Self::Undone(error) | Self::Lost(error) | Self::InDoubt(error) => error,
        }
    }
}

async fn transaction(db: &mut dyn Db, group: &mut Group) -> Result<Answers, Broken> {
    let filled = within("a group of writes", async {
        db.begin().await?;
        fill(db, group).await
    });
    let answers = filled.await.map_err(Broken::Before)?;
    match within("a commit", db.commit()).await {
        Ok(()) => Ok(answers),
        Err(error) => Err(Broken::AtCommit(error, answers)),
    }
}

/// A line may break without either end being told.
async fn within<T>(
    what: &str,
    work: impl Future<Output = Result<T, DbError>>,
) -> Result<T, DbError> {
    match tokio::time::timeout(ANSWER_WITHIN, work).await {
        Ok(answer) => answer,
        Err(_) => Err(DbError::new(
            PortErrorKind::Timeout,
            Retry::Temporary,
            format!("the database did not answer {what} in time: check it and the network"),
        )),
    }
}

/// The commits as one batch, then the tasks. All of them are concurrent: any order is right.
async fn fill(db: &mut dyn Db, group: &mut Group) -> Result<Answers, DbError> {
    let sets: Vec<&ChangeSet> = group.commits.iter().map(|commit| &commit.changes).collect();
    let answers = batch::commit_all(db, &sets).await?;
    for task in &mut group.tasks {
        task.run(db).await?;
    }
    Ok(answers)
}

/// Whether the content of a single job can be the reason, rather than the database's state.
fn may_be_one_job(error: &DbError) -> bool {
    matches!(error.kind, PortErrorKind::Invalid | PortErrorKind::Corrupt | PortErrorKind::Other)
}
