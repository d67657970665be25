//! What is refused before it reaches a group, on all databases: texts that not every one of them can keep,
//! and effects on money whose command could be forgotten.
use kolo_core::port::ChangeSet;
use kolo_core::port::ledger::{AccountId, AggregateId, IndexWrite, Retention};

use crate::sql::DbError;

/// The most bytes of a text that is part of a key. A row of an index holds two such texts, and 2,700
/// bytes on PostgreSQL.
const KEY_MAX: usize = 1000;

/// Refuses a change set that moves money and whose key is not kept for ever: once it is forgotten, the same
/// command would move it again. And one with a text that is too long for a key, or has a NUL in it, which
/// PostgreSQL has no way to write.
pub(crate) fn check(set: &ChangeSet) -> Result<(), DbError> {
    if set.moves_money() && set.retention != Retention::Forever {
        return Err(DbError::invalid(
            "a command that moves money may be forgotten: keep its key for ever",
        ));
    }
    let keys = keys(set);
    if keys.iter().any(|text| text.len() > KEY_MAX) {
        return Err(DbError::invalid(format!(
            "a text is too long for a key: use at most {KEY_MAX} bytes"
        )));
    }
    if keys.iter().chain(&others(set)).any(|text| text.contains('\0')) {
        return Err(DbError::invalid("a text has a NUL in it: leave that out"));
    }
    Ok(())
}

/// The texts by which rows are found.
fn keys(set: &ChangeSet) -> Vec<&str> {
    let mut keys = vec![set.key.as_str()];
    keys.extend(set.aggregates.iter().flat_map(|write| aggregate(&write.id)));
    keys.extend(set.index.iter().flat_map(|write| match write {
        IndexWrite::Claim(key, _) | IndexWrite::Release(key) => [key.index.as_str(), &key.value],
    }));
    let postings = set.entries.iter().flat_map(|entry| &entry.postings);
    let guarded = set.guards.iter().map(|guard| &guard.account);
    let accounts = postings.map(|posting| &posting.account).chain(guarded);
    keys.extend(accounts.flat_map(|AccountId { name, asset, .. }| [name.as_str(), asset]));
    keys.extend(set.entries.iter().map(|entry| entry.id.as_str()));
    keys.extend(set.resolutions.iter().map(|end| end.entry.as_str()));
    keys.extend(set.endings.iter().map(|end| end.entry.as_str()));
    let consumed = set.consumes.iter().map(|lease| &lease.work);
    let works = consumed.chain(set.work.iter().map(|work| &work.id)).chain(&set.cancel);
    keys.extend(works.map(|id| id.0.as_str()));
    keys.extend(set.work.iter().map(|work| work.queue.as_str()));
    keys.extend(set.work.iter().filter_map(|work| work.lane.as_deref()));
    keys
}

/// All other texts.
fn others(set: &ChangeSet) -> Vec<&str> {
    let mut texts = vec![set.outcome.kind.as_str()];
    texts.extend(set.correlation.as_deref());
    texts.extend(set.aggregates.iter().map(|write| write.state.kind.as_str()));
    texts.extend(set.index.iter().flat_map(|write| match write {
        IndexWrite::Claim(_, owner) => aggregate(owner).to_vec(),
        IndexWrite::Release(_) => Vec::new(),
    }));
    texts.extend(set.events.iter().flat_map(|event| aggregate(&event.aggregate)));
    texts.extend(set.events.iter().map(|event| event.record.kind.as_str()));
    texts.extend(set.entries.iter().flat_map(|entry| [entry.kind.as_str(), &entry.details]));
    texts.extend(set.entries.iter().filter_map(|entry| entry.chain_tx.as_deref()));
    texts.extend(set.resolutions.iter().filter_map(|end| end.chain_tx.as_deref()));
    texts.extend(set.endings.iter().filter_map(|end| end.chain_tx.as_deref()));
    texts.extend(set.work.iter().map(|work| work.payload.kind.as_str()));
    texts
}

fn aggregate(id: &AggregateId) -> [&str; 2] {
    [&id.kind, &id.id]
}
