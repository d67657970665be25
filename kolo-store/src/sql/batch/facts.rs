//! Loads what the change sets of a batch refer to.
use std::collections::{BTreeSet, HashMap};

use kolo_core::port::ChangeSet;
use kolo_core::port::ledger::{AccountId, AggregateId, EntryStatus, IndexKey, IndexWrite, Posting};
use kolo_core::port::work::WorkId;
use kolo_core::{Amount, TenantId};

use super::account::{AccountKey, account_rows, side_of};
use super::view::{EntryState, Heads, Key, View, WorkState};
use crate::sql::DbError;
use crate::sql::{Db, Row, Value, matching, values};

pub(super) async fn load(db: &mut dyn Db, sets: &[&ChangeSet]) -> Result<View, DbError> {
    let mut view = View::default();
    load_commands(db, sets, &mut view).await?;
    load_versions(db, sets, &mut view).await?;
    load_index(db, sets, &mut view).await?;
    load_entries(db, sets, &mut view).await?;
    load_accounts(db, sets, &mut view).await?;
    load_work(db, sets, &mut view).await?;
    load_heads(db, sets, &mut view).await?;
    Ok(view)
}

/// What all sets refer to, once each, with the tenant in front.
fn all<'a, T: Ord + 'a, I: Iterator<Item = T>>(
    sets: &[&'a ChangeSet],
    of: impl Fn(&'a ChangeSet) -> I,
) -> BTreeSet<(&'a TenantId, T)> {
    sets.iter().flat_map(|set| of(set).map(|item| (&set.tenant, item))).collect()
}

async fn load_commands(
    db: &mut dyn Db,
    sets: &[&ChangeSet],
    view: &mut View,
) -> Result<(), DbError> {
    let keys = all(sets, |set| std::iter::once(&set.key));
    let rows = matching(
        db,
        "tenant, key",
        keys.iter().map(|(tenant, key)| values![*tenant, *key]).collect(),
        "SELECT tenant, key, request_hash, record_kind, schema_version, bytes \
         FROM commands WHERE (tenant, key) IN (SELECT tenant, key FROM wanted)",
    )
    .await?;
    for mut row in rows {
        let key = (row.tenant()?, row.text()?);
        view.commands.insert(key, (row.array()?, row.record()?));
    }
    Ok(())
}

async fn load_versions(
    db: &mut dyn Db,
    sets: &[&ChangeSet],
    view: &mut View,
) -> Result<(), DbError> {
    let ids = all(sets, |set| set.aggregates.iter().map(|write| &write.id));
    let rows = matching(
        db,
        "tenant, kind, id",
        ids.iter().map(|(tenant, id)| values![*tenant, &id.kind, &id.id]).collect(),
        "SELECT tenant, kind, id, version FROM aggregates \
         WHERE (tenant, kind, id) IN (SELECT tenant, kind, id FROM wanted)",
    )
    .await?;
    for mut row in rows {
        let tenant = row.tenant()?;
        let id = AggregateId { kind: row.text()?, id: row.text()? };
        view.versions.insert((tenant, id), row.unsigned()?);
    }
    Ok(())
}

async fn load_index(db: &mut dyn Db, sets: &[&ChangeSet], view: &mut View) -> Result<(), DbError> {
    let keys = all(sets, |set| {
        set.index.iter().map(|write| match write {
            IndexWrite::Claim(key, _) | IndexWrite::Release(key) => key,
        })
    });
    let rows = matching(
        db,
        "tenant, name, value",
        keys.iter().map(|(tenant, key)| values![*tenant, &key.index, &key.value]).collect(),
        "SELECT tenant, name, value, aggregate_kind, aggregate_id \
         FROM index_names WHERE (tenant, name, value) IN (SELECT tenant, name, value FROM wanted)",
    )
    .await?;
    for mut row in rows {
        let tenant = row.tenant()?;
        let key = IndexKey { index: row.text()?, value: row.text()? };
        let owner = AggregateId { kind: row.text()?, id: row.text()? };
        view.index.insert((tenant, key), owner);
    }
    Ok(())
}

async fn load_entries(
    db: &mut dyn Db,
    sets: &[&ChangeSet],
    view: &mut View,
) -> Result<(), DbError> {
    let ending = all(sets, |set| {
        let wholly = set.resolutions.iter().map(|end| &end.entry);
        wholly.chain(set.endings.iter().map(|end| &end.entry))
    });
    let mut ids = all(sets, |set| set.entries.iter().map(|entry| &entry.id));
    ids.extend(&ending);
    let rows = matching(
        db,
        "tenant, id",
        ids.iter().map(|(tenant, id)| values![*tenant, *id]).collect(),
        "SELECT tenant, id, position, status, expired, effective_at, chain_tx \
         FROM entries WHERE (tenant, id) IN (SELECT tenant, id FROM wanted)",
    )
    .await?;
    let mut holds = HashMap::new();
    for mut row in rows {
        let key = (row.tenant()?, row.text()?);
        let state = EntryState {
            position: row.unsigned()?,
            status: entry_status(&mut row)?,
            effective_at: row.time()?,
            chain_tx: row.maybe_text()?,
            postings: Vec::new(),
            parts: None,
        };
        if state.status == EntryStatus::Pending && ending.contains(&(&key.0, &key.1)) {
            holds.insert((key.0.clone(), state.position), key.clone());
        }
        view.entries.insert(key, state);
    }
    for (position, postings) in load_postings(db, holds.keys()).await? {
        let state = holds.get(&position).and_then(|key| view.entries.get_mut(key));
        if let Some(state) = state {
            state.postings = postings;
        }
    }
    Ok(())
}

/// The postings of entries named by their positions, in the order in which they were written.
pub(crate) async fn load_postings<'a>(
    db: &mut dyn Db,
    positions: impl Iterator<Item = &'a (TenantId, u64)> + Send,
) -> Result<HashMap<(TenantId, u64), Vec<Posting>>, DbError> {
    let mut keys: Vec<Vec<Value>> = Vec::new();
    for (tenant, position) in positions {
        keys.push(values![tenant, position_number(*position)?]);
    }
    // The join is crossed so that SQLite looks each wanted entry up instead of reading them all.
    let rows = matching(
        db,
        "tenant, entry",
        keys,
        "SELECT p.tenant, p.entry, p.account, p.asset, a.normal, p.side, \
         coalesce((SELECT s.amount FROM parts s WHERE s.tenant = p.tenant AND s.entry = p.entry \
             AND s.line = p.line), p.amount) \
         FROM wanted CROSS JOIN postings p CROSS JOIN accounts a \
         WHERE p.tenant = wanted.tenant AND p.entry = wanted.entry \
         AND a.tenant = p.tenant AND a.name = p.account AND a.asset = p.asset \
         ORDER BY p.tenant, p.entry, p.line",
    )
    .await?;
    let mut found: HashMap<_, Vec<Posting>> = HashMap::new();
    for mut row in rows {
        let key = (row.tenant()?, row.unsigned()?);
        found.entry(key).or_default().push(posting(&mut row)?);
    }
    Ok(found)
}

fn posting(row: &mut Row) -> Result<Posting, DbError> {
    Ok(Posting {
        account: AccountId {
            name: row.text()?,
            asset: row.text()?,
            normal: side_of(&row.text()?)?,
        },
        side: side_of(&row.text()?)?,
        amount: Amount::new(row.int()?),
    })
}

/// The columns `status` and `expired`.
pub(crate) fn entry_status(row: &mut Row) -> Result<EntryStatus, DbError> {
    let (name, expired) = (row.text()?, row.int()? != 0);
    match name.as_str() {
        "settled" => Ok(EntryStatus::Settled),
        "pending" => Ok(EntryStatus::Pending),
        "voided" if expired => Ok(EntryStatus::Expired),
        "voided" => Ok(EntryStatus::Voided),
        _ => Err(DbError::corrupt("the database holds an entry status that is none")),
    }
}

/// A position as the database's number.
pub(super) fn position_number(position: u64) -> Result<i64, DbError> {
    i64::try_from(position).map_err(|_| DbError::invalid("a position beyond the database's range"))
}

async fn load_accounts(
    db: &mut dyn Db,
    sets: &[&ChangeSet],
    view: &mut View,
) -> Result<(), DbError> {
    let named = sets.iter().flat_map(|set| {
        let postings = set.entries.iter().flat_map(|entry| &entry.postings);
        let guards = set.guards.iter().map(|guard| &guard.account);
        postings.map(|posting| &posting.account).chain(guards).map(|account| (&set.tenant, account))
    });
    let held = view.entries.iter().flat_map(|((tenant, _), entry)| {
        entry.postings.iter().map(move |line| (tenant, &line.account))
    });
    let keys: BTreeSet<(&TenantId, AccountKey)> = named
        .chain(held)
        .map(|(tenant, account)| (tenant, (account.name.clone(), account.asset.clone())))
        .collect();
    let found = account_rows(db, keys.iter().map(|(tenant, key)| (*tenant, key))).await?;
    view.accounts.extend(found);
    Ok(())
}

async fn load_work(db: &mut dyn Db, sets: &[&ChangeSet], view: &mut View) -> Result<(), DbError> {
    let ids = all(sets, |set| {
        let consumed = set.consumes.iter().map(|lease| &lease.work);
        let wanted = set.work.iter().map(|work| &work.id);
        consumed.chain(wanted).chain(&set.cancel)
    });
    let rows = matching(
        db,
        "tenant, id",
        ids.iter().map(|(tenant, id)| values![*tenant, &id.0]).collect(),
        "SELECT tenant, id, done, claims, leased_until FROM work \
         WHERE (tenant, id) IN (SELECT tenant, id FROM wanted)",
    )
    .await?;
    for mut row in rows {
        let key: Key<WorkId> = (row.tenant()?, WorkId(row.text()?));
        let state = WorkState {
            done: row.int()? != 0,
            token: row.unsigned()?,
            leased_until: row.maybe_time()?,
        };
        view.work.insert(key, state);
    }
    Ok(())
}

async fn load_heads(db: &mut dyn Db, sets: &[&ChangeSet], view: &mut View) -> Result<(), DbError> {
    let tenants: BTreeSet<&TenantId> = sets
        .iter()
        .filter(|set| !set.events.is_empty() || !set.entries.is_empty())
        .map(|set| &set.tenant)
        .collect();
    for tenant in tenants {
        let rows = db
            .run(
                "SELECT coalesce((SELECT max(position) FROM events WHERE tenant = $1), 0), \
                 coalesce((SELECT max(position) FROM entries WHERE tenant = $1), 0)",
                values![tenant],
            )
            .await?;
        for mut row in rows {
            let heads = Heads { event: row.unsigned()?, entry: row.unsigned()? };
            view.heads.insert(tenant.clone(), heads);
        }
    }
    Ok(())
}
