//! Many commits in one database transaction.
//!
//! 1. [`load`](facts::load): everything the change sets refer to, asked at once for all of them;
//! 2. [`decide`](decide::decide): each change set in turn, in memory, on top of the ones accepted
//!    before it: a refused one leaves no trace, so that a conflict in one does not fail the others;
//! 3. [`Batch::write`]: what was accepted, written at once for all of them.
//!
//! What was loaded must not change until it is written. Either the caller holds the write transaction
//! from before the first step until after the last; or the database counts turns, and writes nothing
//! when somebody else had one since. The schema's constraints and triggers check it all once more.
mod account;
mod book;
mod decide;
mod facts;
mod view;
mod writes;

use kolo_core::port::{ChangeSet, CommitError, Committed};

use writes::Writes;

pub(crate) use account::account_rows;
pub(crate) use facts::{entry_status, load_postings};

use crate::sql::{Bulk, Db, DbError};

/// What change sets come to.
pub(crate) struct Batch {
    /// In the order of the change sets.
    pub answers: Vec<Result<Committed, CommitError>>,
    writes: Vec<Bulk>,
    turn: Option<i64>,
}

impl Batch {
    /// Loads and decides.
    pub async fn decide(db: &mut dyn Db, sets: &[&ChangeSet]) -> Result<Self, DbError> {
        let (mut view, turn) = facts::load(db, sets).await?;
        let mut writes = Writes::default();
        let answers = sets.iter().map(|set| decide::decide(&mut view, &mut writes, set)).collect();
        Ok(Self { answers, writes: writes.into_bulks(&view)?, turn })
    }

    /// Whether there is nothing to write.
    pub fn is_read_only(&self) -> bool {
        self.writes.iter().all(|bulk| bulk.rows.is_empty())
    }

    /// Writes it, unless the turn has passed on; says whether it did.
    pub async fn write(&mut self, db: &mut dyn Db) -> Result<bool, DbError> {
        db.write_all(std::mem::take(&mut self.writes), self.turn).await
    }
}

/// Applies change sets in the transaction that is open; answers in their order.
pub(crate) async fn commit_all(
    db: &mut dyn Db,
    sets: &[&ChangeSet],
) -> Result<Vec<Result<Committed, CommitError>>, DbError> {
    let mut batch = Batch::decide(db, sets).await?;
    if batch.is_read_only() || batch.write(db).await? {
        return Ok(batch.answers);
    }
    Err(DbError::corrupt("a turn passed on within its transaction: please report this"))
}
