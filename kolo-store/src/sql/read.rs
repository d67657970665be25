//! The ledger's queries, for every database.
use std::collections::HashMap;

use kolo_core::TenantId;
use kolo_core::port::ledger::{
    AccountId, AggregateId, Balance, EntryQuery, IndexKey, JournalEntry, Record, Stored,
    StoredEntry, StoredEvent,
};

use crate::sql::DbError;
use crate::sql::batch::{account_rows, entry_status, load_postings};
use crate::sql::{Db, Question, Row, ask, values};

pub(crate) async fn outcome(
    db: &mut dyn Db,
    tenant: &TenantId,
    key: &str,
) -> Result<Option<([u8; 32], Record)>, DbError> {
    let rows = db
        .run(
            "SELECT hash, record_kind, schema_version, bytes \
             FROM commands WHERE tenant = $1 AND key = $2",
            values![tenant, key],
        )
        .await?;
    let first = rows.into_iter().next();
    first.map(|mut row| Ok((row.array()?, row.record()?))).transpose()
}

pub(crate) async fn load(
    db: &mut dyn Db,
    tenant: &TenantId,
    ids: &[AggregateId],
) -> Result<Vec<Option<Stored>>, DbError> {
    let question = Question {
        columns: "tenant, kind, id",
        kinds: "ttt",
        rows: ids.iter().map(|id| values![tenant, &id.kind, &id.id]).collect(),
        statement: "SELECT kind, id, version, record_kind, schema_version, bytes FROM @aggregates \
                    WHERE (tenant, kind, id) IN (SELECT tenant, kind, id FROM wanted)",
        answer: "ttitib",
    };
    let rows = ask(db, question).await?;
    let mut found = HashMap::new();
    for row in rows {
        let stored = aggregate(row)?;
        found.insert(stored.id.clone(), stored);
    }
    Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
}

pub(crate) async fn list(
    db: &mut dyn Db,
    tenant: &TenantId,
    kind: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Stored>, DbError> {
    // The empty text is a valid id, so "from the first" cannot be said with "after ''".
    let from_first = i64::from(after.is_none());
    let rows = db
        .run(
            "SELECT kind, id, version, record_kind, schema_version, bytes FROM aggregates \
             WHERE tenant = $1 AND kind = $2 AND (id > $3 OR $4 = 1) ORDER BY id LIMIT $5",
            values![tenant, kind, after.unwrap_or_default(), from_first, rows_of(limit)],
        )
        .await?;
    rows.into_iter().map(aggregate).collect()
}

fn aggregate(mut row: Row) -> Result<Stored, DbError> {
    Ok(Stored {
        id: AggregateId { kind: row.text()?, id: row.text()? },
        version: row.unsigned()?,
        state: row.record()?,
    })
}

pub(crate) async fn lookup(
    db: &mut dyn Db,
    tenant: &TenantId,
    keys: &[IndexKey],
) -> Result<Vec<Option<AggregateId>>, DbError> {
    let question = Question {
        columns: "tenant, name, value",
        kinds: "ttt",
        rows: keys.iter().map(|key| values![tenant, &key.index, &key.value]).collect(),
        statement: "SELECT name, value, aggregate_kind, aggregate_id FROM @index_names \
                    WHERE (tenant, name, value) IN (SELECT tenant, name, value FROM wanted)",
        answer: "tttt",
    };
    let rows = ask(db, question).await?;
    let mut found = HashMap::new();
    for mut row in rows {
        let key = IndexKey { index: row.text()?, value: row.text()? };
        let owner = AggregateId { kind: row.text()?, id: row.text()? };
        found.insert(key, owner);
    }
    Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
}

pub(crate) async fn balances(
    db: &mut dyn Db,
    tenant: &TenantId,
    accounts: &[AccountId],
) -> Result<Vec<Balance>, DbError> {
    let keys: Vec<_> =
        accounts.iter().map(|account| (account.name.clone(), account.asset.clone())).collect();
    let rows = account_rows(db, keys.iter().map(|key| (tenant, key))).await?;
    let found: HashMap<_, _> = rows.into_iter().map(|((_, key), state)| (key, state)).collect();
    accounts
        .iter()
        .zip(keys)
        .map(|(account, key)| match found.get(&key) {
            Some(state) => {
                state.same_side(account)?;
                state.balance()
            }
            None => Ok(Balance::default()),
        })
        .collect()
}

pub(crate) async fn entries(
    db: &mut dyn Db,
    tenant: &TenantId,
    query: &EntryQuery,
) -> Result<Vec<StoredEntry>, DbError> {
    balances(db, tenant, std::slice::from_ref(&query.account)).await?;
    let before =
        query.before.map_or(i64::MAX, |position| i64::try_from(position).unwrap_or(i64::MAX));
    let rows = db
        .run(
            "SELECT position, id, kind, status, expired, effective_at, chain_tx, details \
             FROM entries \
             WHERE tenant = $1 AND position IN (SELECT DISTINCT entry FROM postings \
             WHERE tenant = $1 AND account = $2 AND asset = $3 AND entry < $4 \
             ORDER BY entry DESC LIMIT $5) ORDER BY position DESC",
            values![
                tenant,
                &query.account.name,
                &query.account.asset,
                before,
                rows_of(query.limit)
            ],
        )
        .await?;
    let mut found = Vec::with_capacity(rows.len());
    for mut row in rows {
        found.push(StoredEntry {
            position: row.unsigned()?,
            entry: JournalEntry {
                id: row.text()?,
                kind: row.text()?,
                status: entry_status(&mut row)?,
                effective_at: row.time()?,
                chain_tx: row.maybe_text()?,
                details: row.text()?,
                postings: Vec::new(),
            },
        });
    }
    let positions: Vec<_> = found.iter().map(|entry| (tenant.clone(), entry.position)).collect();
    let mut postings = load_postings(db, positions.iter()).await?;
    for (stored, position) in found.iter_mut().zip(&positions) {
        stored.entry.postings = postings.remove(position).unwrap_or_default();
    }
    Ok(found)
}

pub(crate) async fn events_after(
    db: &mut dyn Db,
    tenant: &TenantId,
    position: u64,
    limit: usize,
) -> Result<Vec<StoredEvent>, DbError> {
    let after = i64::try_from(position).unwrap_or(i64::MAX);
    let rows = db
        .run(
            "SELECT position, aggregate_kind, aggregate_id, record_kind, schema_version, bytes, \
             recorded_at FROM events WHERE tenant = $1 AND position > $2 \
             ORDER BY position LIMIT $3",
            values![tenant, after, rows_of(limit)],
        )
        .await?;
    rows.into_iter()
        .map(|mut row| {
            Ok(StoredEvent {
                position: row.unsigned()?,
                aggregate: AggregateId { kind: row.text()?, id: row.text()? },
                record: row.record()?,
                recorded_at: row.time()?,
            })
        })
        .collect()
}

/// A limit as the database's number.
pub(crate) fn rows_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
