//! The one writer: owns the writing connection and commits in groups.
//!
//! Callers send jobs; while one group is being made durable the next one gathers. No transaction
//! ever lives in a caller's future, so a caller that goes away leaves nothing half done: its job is
//! either not taken yet or carried through. Nobody is answered before the group is durable.
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::BoxFuture;
use kolo_core::port::{ChangeSet, CommitError, Committed, PortErrorKind, Retry};
use tokio::sync::{Notify, mpsc, oneshot};

use super::batch::{self, Batch};
use super::doubt;
use crate::sql::{Db, DbError, Fate, reached};

/// The most jobs that share one database transaction.
const GROUP: usize = 128;

/// The most bytes of one transaction, and those of one job more: what a statement carries has a limit, in
/// the database and in memory.
const GROUP_BYTES: usize = 8 * 1024 * 1024;

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

impl Commit {
    /// Whether somebody may wait for what is in it: events, work.
    fn is_awaited(&self) -> bool {
        !self.changes.work.is_empty() || !self.changes.events.is_empty()
    }
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
    /// How much the commits carry.
    bytes: usize,
    close: Option<oneshot::Sender<()>>,
}

impl Group {
    fn add(&mut self, job: Job) {
        match job {
            Job::Commit(commit) => {
                self.bytes = self.bytes.saturating_add(weight(&commit.changes));
                self.commits.push(*commit);
            }
            Job::Task(task) => self.tasks.push(task),
            Job::Close(reply) => self.close = Some(reply),
        }
    }

    fn len(&self) -> usize {
        self.commits.len() + self.tasks.len()
    }

    fn is_full(&self) -> bool {
        self.close.is_some() || self.len() >= GROUP || self.bytes >= GROUP_BYTES
    }

    /// The commits are durable; the tasks are, or something is to be said of them. Who waits for what was
    /// committed is woken, also when the caller has gone away meanwhile.
    fn settle(self, answers: Answers, tasks: &Result<(), DbError>, committed: &Notify) {
        for (commit, answer) in self.commits.into_iter().zip(answers) {
            if commit.is_awaited() && matches!(answer, Ok(Committed::Now(_))) {
                committed.notify_one();
            }
            commit.reply.send(answer).ok();
            reached();
        }
        for task in self.tasks {
            task.settle(tasks.clone());
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

    /// The same jobs in two groups; tasks apart from commits, whose groups are the faster ones.
    fn halves(mut self) -> [Self; 2] {
        let mut other = Self::default();
        if self.commits.is_empty() {
            other.tasks = self.tasks.split_off(self.tasks.len() / 2);
        } else if self.tasks.is_empty() {
            other.commits = self.commits.split_off(self.commits.len() / 2);
        } else {
            other.tasks = std::mem::take(&mut self.tasks);
        }
        [self, other]
    }
}

/// About how many bytes a change set takes on the way: those of what may be long in it.
fn weight(set: &ChangeSet) -> usize {
    let records = set.aggregates.iter().map(|write| &write.state);
    let records = records.chain(set.events.iter().map(|event| &event.record));
    let records = records.chain(set.work.iter().map(|work| &work.payload));
    let bytes = records.chain([&set.outcome]).map(|record| record.bytes.len());
    bytes.chain(set.entries.iter().map(|entry| entry.details.len())).sum()
}

/// What became of the commits of a group, in their order.
pub(super) type Answers = Vec<Result<Committed, CommitError>>;

/// Why a group's transaction did not end well.
enum Failed {
    /// Nothing happened: somebody else wrote meanwhile.
    Stale,
    /// Undone: nothing happened.
    Undone(DbError),
    /// Undone with the connection: it may work on another one.
    Lost(DbError),
    /// The database did not say whether it is durable, and cannot be asked.
    InDoubt(DbError),
}

/// Why a transaction did not end well.
enum Broken {
    /// Undone: the turn had passed on.
    Stale,
    Before(DbError),
    /// At its commit: what it would have answered.
    AtCommit(DbError, Answers),
}

/// The writer's loop; ends when it is told to or nobody can send any more.
pub(crate) struct Writer {
    opener: Box<dyn OpenWriter>,
    db: Option<Box<dyn Db>>,
    jobs: mpsc::Receiver<Job>,
    /// Something was committed that somebody may wait for.
    committed: Arc<Notify>,
}

impl Writer {
    pub fn new(
        opener: Box<dyn OpenWriter>,
        db: Box<dyn Db>,
        jobs: mpsc::Receiver<Job>,
        committed: Arc<Notify>,
    ) -> Self {
        Self { opener, db: Some(db), jobs, committed }
    }

    pub async fn run(mut self) {
        while let Some(job) = self.jobs.recv().await {
            reached();
            let mut group = Group::default();
            group.add(job);
            while !group.is_full() {
                match self.jobs.try_recv() {
                    Ok(job) => group.add(job),
                    Err(_) => break,
                }
            }
            let close = group.close.take();
            if group.len() > 0 {
                self.work(group).await;
            }
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

    /// Carries a group through: at a turn where the database has that, else, or when somebody else had
    /// one meanwhile, in a transaction that keeps the others out. One whose connection was lost is tried
    /// once more; one that is undone by something that a single job may have brought in is halved until
    /// only the guilty ones fail.
    async fn work(&mut self, group: Group) {
        let jobs = group.len();
        let Some((group, failed)) = self.attempt(group, true).await else {
            return;
        };
        let again = match failed {
            Failed::Stale => self.attempt(group, false).await,
            Failed::Lost(error) => {
                tracing::warn!(%error.context, code = error.code.as_deref(), jobs, "a connection was lost: again");
                self.attempt(group, false).await
            }
            failed => Some((group, failed)),
        };
        let Some((group, failed)) = again else {
            return;
        };
        let error = failed.into_error();
        if jobs > 1 && error.retry != Retry::Unknown && may_be_one_job(&error) {
            tracing::warn!(%error.context, code = error.code.as_deref(), jobs, "a group was undone: it is halved");
            for half in group.halves() {
                Box::pin(self.work(half)).await;
            }
        } else {
            tracing::warn!(%error.context, code = error.code.as_deref(), jobs, "a group of writes failed");
            group.fail(&error);
        }
    }

    /// One try. Gives the group back when it failed.
    async fn attempt(&mut self, mut group: Group, in_turns: bool) -> Option<(Group, Failed)> {
        let mut db = match self.connection().await {
            Ok(db) => db,
            Err(error) => return Some((group, Failed::Undone(error))),
        };
        let done = if in_turns && group.tasks.is_empty() && db.in_turns() {
            let sets: Vec<_> = group.commits.iter().map(|commit| &commit.changes).collect();
            at_a_turn(db.as_mut(), &sets).await
        } else {
            transaction(db.as_mut(), &mut group).await
        };
        match done {
            Ok(answers) => {
                self.db = Some(db);
                group.settle(answers, &Ok(()), &self.committed);
                None
            }
            Err(Broken::Stale) => {
                self.db = Some(db);
                Some((group, Failed::Stale))
            }
            Err(Broken::Before(error)) => {
                // The database rolls back what a lost connection had begun.
                let rolled_back = within("the roll-back", db.rollback()).await.is_ok();
                if rolled_back && error.fate != Fate::Elsewhere {
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
        let unknown = "it may or may not have happened: look before trying again";
        match doubt::happened(self.opener.as_ref(), &sought).await {
            Some((true, db)) => {
                tracing::warn!(%error.context, code = error.code.as_deref(), jobs, "a commit was not answered: it had happened");
                self.db = Some(db);
                // Somebody else may have carried out the same commands: that says nothing of the rest.
                group.settle(answers, &Err(error.unknown(unknown)), &self.committed);
                None
            }
            Some((false, db)) => {
                tracing::warn!(%error.context, code = error.code.as_deref(), jobs, "a commit was not answered: it had not happened");
                self.db = Some(db);
                Some((group, Failed::Lost(error)))
            }
            None => Some((group, Failed::InDoubt(error.unknown(unknown)))),
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
    fn into_error(self) -> DbError {
        match self {
            Self::Undone(error) | Self::Lost(error) | Self::InDoubt(error) => error,
            Self::Stale => DbError::new(
                PortErrorKind::Unavailable,
                Retry::Temporary,
                "another process writes to the database: try again",
            ),
        }
    }
}

/// Two messages: what the group needs is read at a turn, and what it comes to is written if nobody else
/// had one since. The second is a transaction of its own.
async fn at_a_turn(db: &mut dyn Db, sets: &[&ChangeSet]) -> Result<Answers, Broken> {
    let decided = within("what a group needs", Batch::decide(db, sets));
    let mut batch = decided.await.map_err(Broken::Before)?;
    if batch.is_read_only() {
        return Ok(batch.answers);
    }
    match within("a group of writes", batch.write(db)).await {
        Ok(true) => Ok(batch.answers),
        Ok(false) => Err(Broken::Stale),
        Err(error) => match (error.fate, error.kind) {
            (Fate::Undone, PortErrorKind::Unavailable) => Err(Broken::Stale),
            (Fate::Undone | Fate::Elsewhere, _) => Err(Broken::Before(error)),
            (Fate::Unsaid, _) => Err(Broken::AtCommit(error, batch.answers)),
        },
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
    let answers =
        if sets.is_empty() { Answers::new() } else { batch::commit_all(db, &sets).await? };
    for task in &mut group.tasks {
        task.run(db).await?;
    }
    Ok(answers)
}

/// Whether the content of a single job can be the reason, rather than the database's state.
fn may_be_one_job(error: &DbError) -> bool {
    match error.kind {
        PortErrorKind::Invalid | PortErrorKind::Corrupt => error.fate != Fate::Elsewhere,
        PortErrorKind::Other => error.fate == Fate::Undone,
        _ => false,
    }
}
