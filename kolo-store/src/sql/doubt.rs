//! What became of a commit that was not answered: the line may have been cut after it was sent.
//!
//! Nothing is repeated blindly. The keys of the commands are in the same transaction as all the rest,
//! so they tell. They are looked up in a transaction that writes: it begins only when the one in doubt
//! has ended, whichever way, because that one had the same lock.
use std::time::Duration;

use kolo_core::port::ledger::Record;
use kolo_core::port::{ChangeSet, Committed};

use super::writer::{Answers, OpenWriter};
use crate::sql::{Db, DbError, Question, ask, values};

/// Waits between looks; the sum is how long a database may be away before the callers are told that
/// it is unknown.
const WAITS_MS: [u64; 10] = [0, 50, 100, 250, 500, 1000, 2000, 4000, 8000, 8000];

/// Commands that were to become durable: tenant, key, hash and outcome.
pub(super) type Sought<'a> = Vec<(&'a ChangeSet, &'a Record)>;

/// The commands of a group whose keys tell whether it happened.
pub(super) fn sought<'a>(sets: &[&'a ChangeSet], answers: &'a Answers) -> Sought<'a> {
    let new = |(set, answer): (&&'a ChangeSet, &'a Result<Committed, _>)| match answer {
        Ok(Committed::Now(outcome)) => Some((*set, outcome)),
        _ => None,
    };
    sets.iter().zip(answers).filter_map(new).collect()
}

/// Whether the group with these commands is durable, and the connection that says so. `None` when
/// there is no key to look for or the database does not come back.
pub(super) async fn happened(
    opener: &dyn OpenWriter,
    sought: &Sought<'_>,
) -> Option<(bool, Box<dyn Db>)> {
    if sought.is_empty() {
        return None;
    }
    for wait in WAITS_MS {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        let Ok(mut db) = opener.open().await else {
            continue;
        };
        match look(db.as_mut(), sought).await {
            Ok(all) => return Some((all, db)),
            Err(error) => {
                tracing::warn!(%error.context, "a commit in doubt cannot be looked up yet");
                db.give_up();
            }
        }
    }
    None
}

async fn look(db: &mut dyn Db, sought: &Sought<'_>) -> Result<bool, DbError> {
    db.begin().await?;
    let question = Question {
        columns: "tenant, key",
        kinds: "tt",
        rows: sought.iter().map(|(set, _)| values![&set.tenant, &set.key]).collect(),
        statement: "SELECT tenant, key, hash, record_kind, schema_version, bytes FROM @commands \
                    WHERE (tenant, key) IN (SELECT tenant, key FROM wanted)",
        answer: "ttbtib",
    };
    let rows = ask(db, question).await?;
    // What is still on its way to the server comes too late from here on: the turn has passed on.
    db.commit().await?;
    let mut stored = Vec::with_capacity(rows.len());
    for mut row in rows {
        let key = (row.tenant()?, row.text()?);
        let hash: [u8; 32] = row.array()?;
        stored.push((key, hash, row.record()?));
    }
    // Somebody else may have committed one of these commands meanwhile, with another outcome.
    Ok(sought.iter().all(|(set, outcome)| {
        stored.iter().any(|((tenant, key), hash, record)| {
            (tenant, key, hash, record) == (&set.tenant, &set.key, &set.request_hash, *outcome)
        })
    }))
}
