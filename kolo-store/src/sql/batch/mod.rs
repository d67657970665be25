//! Many commits in one database transaction.
//!
//! 1. [`load`](facts::load): everything the change sets refer to, in a few statements for all of them;
//! 2. [`decide`](decide::decide): each change set in turn, in memory, on top of the ones accepted
//!    before it: a refused one leaves no trace, so that a conflict in one does not fail the others;
//! 3. [`flush`](Writes::flush): what was accepted, in a few statements for all of them.
//!
//! The caller holds the write transaction from before the first step until after the last, so what
//! was loaded cannot change meanwhile; the schema's constraints and triggers check it all once more.
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

use crate::sql::Db;
use crate::sql::DbError;

/// Applies change sets in the transaction that is open; answers in their order.
pub(crate) async fn commit_all(
    db: &mut dyn Db,
    sets: &[&ChangeSet],
) -> Result<Vec<Result<Committed, CommitError>>, DbError> {
    let mut view = facts::load(db, sets).await?;
    let mut writes = Writes::default();
    let answers = sets.iter().map(|set| decide::decide(&mut view, &mut writes, set)).collect();
    writes.flush(db, &view).await?;
    Ok(answers)
}
