//! Loads what the change sets of a batch refer to: every question depends on the change sets alone, so
//! that all of them can be asked at once.
use std::collections::{BTreeMap, BTreeSet, HashMap};

use kolo_core::port::ChangeSet;
use kolo_core::port::ledger::{AccountId, AggregateId, EntryStatus, IndexKey, IndexWrite, Posting};
use kolo_core::port::work::WorkId;
use kolo_core::{Amount, TenantId};

use super::account::{AccountKey, account, account_state, accounts_of, side_of};
use super::view::{EntryState, Heads, Key, View, WorkState};
use crate::sql::{Db, DbError, Question, Row, Value, ask, values};

/// What is there, and at whose turn it was read where the database has turns. A server that does not
/// write says none: it may be behind, and what it has is no reason to refuse a commit.
pub(super) async fn load(
    db: &mut dyn Db,
    sets: &[&ChangeSet],
) -> Result<(View, Option<i64>), DbError> {
    let mut questions = vec![
        commands(sets),
        versions(sets),
        names(sets),
        entries(sets),
        holds(sets),
        accounts(sets),
        work(sets),
        heads(sets),
    ];
    let asked = db.turn();
    let in_turns = asked.is_some();
    questions.extend(asked);
    let mut answers = db.ask_all(questions).await?.into_iter();
    let mut next = || answers.next().unwrap_or_default().into_iter();
    let mut view = View {
        commands: next().map(command).collect::<Result<_, _>>()?,
        versions: next().map(version).collect::<Result<_, _>>()?,
        index: next().map(name).collect::<Result<_, _>>()?,
        entries: next().map(entry).collect::<Result<_, _>>()?,
        ..View::default()
    };
    hold_lines(next(), &mut view)?;
    for row in next() {
        let (key, state) = account(row)?;
        view.accounts.insert(key, state);
    }
    view.work = next().map(work_state).collect::<Result<_, _>>()?;
    view.heads = next().map(head).collect::<Result<_, _>>()?;
    let turn = next().next().map(|mut row| row.int()).transpose()?;
    if in_turns && turn.is_none() {
        return Err(DbError::no_turn());
    }
    Ok((view, turn))
}

/// What all sets refer to, once each, with the tenant in front.
fn all<'a, T: Ord + 'a, I: Iterator<Item = T>>(
    sets: &[&'a ChangeSet],
    of: impl Fn(&'a ChangeSet) -> I,
) -> BTreeSet<(&'a TenantId, T)> {
    sets.iter().flat_map(|set| of(set).map(|item| (&set.tenant, item))).collect()
}

fn commands(sets: &[&ChangeSet]) -> Question {
    let keys = all(sets, |set| std::iter::once(&set.key));
    Question {
        columns: "tenant, key",
        kinds: "tt",
        rows: keys.iter().map(|(tenant, key)| values![*tenant, *key]).collect(),
        statement: "SELECT tenant, key, hash, record_kind, schema_version, bytes FROM @commands \
                    WHERE (tenant, key) IN (SELECT tenant, key FROM wanted)",
        answer: "ttbtib",
    }
}

type Command = (Key<String>, ([u8; 32], kolo_core::port::ledger::Record));

fn command(mut row: Row) -> Result<Command, DbError> {
    Ok(((row.tenant()?, row.text()?), (row.array()?, row.record()?)))
}

fn versions(sets: &[&ChangeSet]) -> Question {
    let ids = all(sets, |set| set.aggregates.iter().map(|write| &write.id));
    Question {
        columns: "tenant, kind, id",
        kinds: "ttt",
        rows: ids.iter().map(|(tenant, id)| values![*tenant, &id.kind, &id.id]).collect(),
        statement: "SELECT tenant, kind, id, version FROM @aggregates \
                    WHERE (tenant, kind, id) IN (SELECT tenant, kind, id FROM wanted)",
        answer: "ttti",
    }
}

fn version(mut row: Row) -> Result<(Key<AggregateId>, u64), DbError> {
    let tenant = row.tenant()?;
    let id = AggregateId { kind: row.text()?, id: row.text()? };
    Ok(((tenant, id), row.unsigned()?))
}

fn names(sets: &[&ChangeSet]) -> Question {
    let keys = all(sets, |set| {
        set.index.iter().map(|write| match write {
            IndexWrite::Claim(key, _) | IndexWrite::Release(key) => key,
        })
    });
    Question {
        columns: "tenant, name, value",
        kinds: "ttt",
        rows: keys.iter().map(|(tenant, key)| values![*tenant, &key.index, &key.value]).collect(),
        statement: "SELECT tenant, name, value, aggregate_kind, aggregate_id FROM @index_names \
                    WHERE (tenant, name, value) IN (SELECT tenant, name, value FROM wanted)",
        answer: "ttttt",
    }
}

fn name(mut row: Row) -> Result<(Key<IndexKey>, AggregateId), DbError> {
    let tenant = row.tenant()?;
    let key = IndexKey { index: row.text()?, value: row.text()? };
    Ok(((tenant, key), AggregateId { kind: row.text()?, id: row.text()? }))
}

/// The ids of the holds that are to end.
fn ending<'a>(sets: &[&'a ChangeSet]) -> BTreeSet<(&'a TenantId, &'a String)> {
    all(sets, |set| {
        let wholly = set.resolutions.iter().map(|end| &end.entry);
        wholly.chain(set.endings.iter().map(|end| &end.entry))
    })
}

fn entries(sets: &[&ChangeSet]) -> Question {
    let mut ids = all(sets, |set| set.entries.iter().map(|entry| &entry.id));
    ids.extend(ending(sets));
    Question {
        columns: "tenant, id",
        kinds: "tt",
        rows: ids.iter().map(|(tenant, id)| values![*tenant, *id]).collect(),
        statement: "SELECT tenant, id, position, status, expired, effective_at, chain_tx \
                    FROM @entries WHERE (tenant, id) IN (SELECT tenant, id FROM wanted)",
        answer: "ttitiit",
    }
}

fn entry(mut row: Row) -> Result<(Key<String>, EntryState), DbError> {
    let key = (row.tenant()?, row.text()?);
    let state = EntryState {
        position: row.unsigned()?,
        status: entry_status(&mut row)?,
        effective_at: row.time()?,
        chain_tx: row.maybe_text()?,
        postings: Vec::new(),
        parts: None,
    };
    Ok((key, state))
}

/// The lines of the holds that may end, each with its account. The joins are crossed so that SQLite
/// looks each wanted entry up instead of reading them all.
fn holds(sets: &[&ChangeSet]) -> Question {
    Question {
        columns: "tenant, id",
        kinds: "tt",
        rows: ending(sets).iter().map(|(tenant, id)| values![*tenant, *id]).collect(),
        statement: "SELECT e.tenant, e.id, p.line, p.side, p.amount, p.account, p.asset, a.normal, \
                    a.settled, a.pending_in, a.pending_out, a.movement, a.recorded_at \
                    FROM wanted CROSS JOIN @entries e CROSS JOIN @postings p CROSS JOIN @accounts a \
                    WHERE e.tenant = wanted.tenant AND e.id = wanted.id AND e.status = 'pending' \
                    AND p.tenant = e.tenant AND p.entry = e.position \
                    AND a.tenant = p.tenant AND a.name = p.account AND a.asset = p.asset",
        answer: "ttititttiiiii",
    }
}

fn hold_lines(rows: impl Iterator<Item = Row>, view: &mut View) -> Result<(), DbError> {
    let mut lines: BTreeMap<(Key<String>, i64), Posting> = BTreeMap::new();
    for mut row in rows {
        let (key, line) = ((row.tenant()?, row.text()?), row.int()?);
        let (side, amount) = (side_of(&row.text()?)?, Amount::new(row.int()?));
        let (name, asset) = (row.text()?, row.text()?);
        let state = account_state(&mut row)?;
        view.accounts.insert((key.0.clone(), (name.clone(), asset.clone())), state);
        let account = AccountId { name, asset, normal: state.normal };
        lines.insert((key, line), Posting { account, side, amount });
    }
    for ((key, _), posting) in lines {
        if let Some(state) = view.entries.get_mut(&key) {
            state.postings.push(posting);
        }
    }
    Ok(())
}

/// The postings of entries named by their positions, in the order in which they were written.
pub(crate) async fn load_postings<'a>(
    db: &mut dyn Db,
    positions: impl Iterator<Item = &'a (TenantId, u64)> + Send,
) -> Result<HashMap<(TenantId, u64), Vec<Posting>>, DbError> {
    let mut rows: Vec<Vec<Value>> = Vec::new();
    for (tenant, position) in positions {
        rows.push(values![tenant, position_number(*position)?]);
    }
    let question = Question {
        columns: "tenant, entry",
        kinds: "ti",
        rows,
        statement: "SELECT p.tenant, p.entry, p.account, p.asset, a.normal, p.side, \
             coalesce((SELECT s.amount FROM @parts s WHERE s.tenant = p.tenant \
                 AND s.entry = p.entry AND s.line = p.line), p.amount), p.line \
             FROM wanted CROSS JOIN @postings p CROSS JOIN @accounts a \
             WHERE p.tenant = wanted.tenant AND p.entry = wanted.entry \
             AND a.tenant = p.tenant AND a.name = p.account AND a.asset = p.asset",
        answer: "tittttii",
    };
    let mut lines = BTreeMap::new();
    for mut row in ask(db, question).await? {
        let key = (row.tenant()?, row.unsigned()?);
        let posting = posting(&mut row)?;
        lines.insert((key, row.int()?), posting);
    }
    let mut found: HashMap<_, Vec<Posting>> = HashMap::new();
    for ((key, _), posting) in lines {
        found.entry(key).or_default().push(posting);
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

/// The accounts that are named; those of holds come with [`holds`].
fn accounts(sets: &[&ChangeSet]) -> Question {
    let named = sets.iter().flat_map(|set| {
        let postings = set.entries.iter().flat_map(|entry| &entry.postings);
        let guards = set.guards.iter().map(|guard| &guard.account);
        postings.map(|posting| &posting.account).chain(guards).map(|account| (&set.tenant, account))
    });
    let keys: BTreeSet<(&TenantId, AccountKey)> = named
        .map(|(tenant, account)| (tenant, (account.name.clone(), account.asset.clone())))
        .collect();
    accounts_of(keys.iter().map(|(tenant, key)| (*tenant, key)))
}

fn work(sets: &[&ChangeSet]) -> Question {
    let ids = all(sets, |set| {
        let consumed = set.consumes.iter().map(|lease| &lease.work);
        let wanted = set.work.iter().map(|work| &work.id);
        consumed.chain(wanted).chain(&set.cancel)
    });
    Question {
        columns: "tenant, id",
        kinds: "tt",
        rows: ids.iter().map(|(tenant, id)| values![*tenant, &id.0]).collect(),
        statement: "SELECT tenant, id, done, token, leased_until FROM @work \
                    WHERE (tenant, id) IN (SELECT tenant, id FROM wanted)",
        answer: "ttiii",
    }
}

fn work_state(mut row: Row) -> Result<(Key<WorkId>, WorkState), DbError> {
    let key = (row.tenant()?, WorkId(row.text()?));
    let state = WorkState {
        done: row.int()? != 0,
        token: row.unsigned()?,
        leased_until: row.maybe_time()?,
    };
    Ok((key, state))
}

fn heads(sets: &[&ChangeSet]) -> Question {
    let tenants: BTreeSet<&TenantId> = sets.iter().map(|set| &set.tenant).collect();
    Question {
        columns: "tenant",
        kinds: "t",
        rows: tenants.iter().map(|tenant| values![*tenant]).collect(),
        statement: "SELECT tenant, \
             coalesce((SELECT max(e.position) FROM @events e WHERE e.tenant = wanted.tenant), 0), \
             coalesce((SELECT max(e.position) FROM @entries e WHERE e.tenant = wanted.tenant), 0), \
             coalesce((SELECT e.recorded_at FROM @entries e WHERE e.tenant = wanted.tenant \
                 ORDER BY e.position DESC LIMIT 1), 0) \
             FROM wanted",
        answer: "tiii",
    }
}

fn head(mut row: Row) -> Result<(TenantId, Heads), DbError> {
    let tenant = row.tenant()?;
    let heads = Heads { event: row.unsigned()?, entry: row.unsigned()?, recorded_at: row.int()? };
    Ok((tenant, heads))
}
