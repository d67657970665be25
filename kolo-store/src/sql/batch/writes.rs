//! What a batch writes, gathered so that each table takes one statement for all change sets.
use std::collections::{BTreeMap, BTreeSet};

use kolo_core::TenantId;
use kolo_core::port::ChangeSet;
use kolo_core::port::ledger::{
    AggregateId, AggregateWrite, EntryStatus, IndexKey, JournalEntry, NewEvent, Posting, Record,
    Retention,
};
use kolo_core::port::work::{NewWork, WorkId};

use super::account::{AccountKey, side_name};
use super::book::Move;
use super::facts::position_number;
use super::view::{Key, View};
use crate::sql::DbError;
use crate::sql::{Bulk, Value, seconds, values};

/// Seconds of the 90 days for which a command's key is remembered at least.
const NINETY_DAYS: i64 = 90 * 24 * 60 * 60;

/// Rows to write. What only names a key is written as the [`View`] has it at the end of the batch.
#[derive(Default)]
pub(super) struct Writes {
    commands: Vec<Vec<Value>>,
    aggregates: BTreeMap<Key<AggregateId>, Record>,
    events: Vec<Vec<Value>>,
    /// What is new, up to its payload's bytes.
    work: Vec<(Key<WorkId>, Vec<Value>)>,
    movements: Vec<Vec<Value>>,
    pub index: BTreeSet<Key<IndexKey>>,
    pub entries: Vec<NewEntry>,
    pub ended: BTreeSet<Key<String>>,
    pub accounts: BTreeSet<Key<AccountKey>>,
    pub done: BTreeSet<Key<WorkId>>,
}

/// What of a new entry never changes again.
pub(super) struct NewEntry {
    key: Key<String>,
    position: u64,
    kind: String,
    held_at: Option<i64>,
    details: String,
    recorded_at: i64,
    command: String,
    correlation: Option<String>,
    postings: Vec<Posting>,
}

impl NewEntry {
    pub fn new(set: &ChangeSet, entry: &JournalEntry, position: u64, recorded_at: i64) -> Self {
        let held = entry.status == EntryStatus::Pending;
        Self {
            key: (set.tenant.clone(), entry.id.clone()),
            position,
            kind: entry.kind.clone(),
            held_at: held.then(|| seconds(entry.effective_at)).flatten(),
            details: entry.details.clone(),
            recorded_at,
            command: set.key.clone(),
            correlation: set.correlation.clone(),
            postings: entry.postings.clone(),
        }
    }
}

impl Writes {
    pub fn command(&mut self, set: &ChangeSet) {
        let recorded_at = seconds(set.recorded_at);
        let keep_until = match set.retention {
            Retention::Forever => None,
            Retention::NinetyDays => recorded_at.map(|at| at.saturating_add(NINETY_DAYS)),
        };
        self.commands.push(values![
            &set.tenant,
            &set.key,
            set.request_hash.as_slice(),
            &set.outcome.kind,
            set.outcome.schema_version,
            set.outcome.bytes.as_slice(),
            recorded_at,
            keep_until,
        ]);
    }

    pub fn aggregate(&mut self, tenant: &TenantId, write: &AggregateWrite) {
        let key = (tenant.clone(), write.id.clone());
        self.aggregates.insert(key, write.state.clone());
    }

    pub fn event(&mut self, set: &ChangeSet, event: &NewEvent, position: u64) {
        self.events.push(values![
            &set.tenant,
            i64::try_from(position).ok(),
            &event.aggregate.kind,
            &event.aggregate.id,
            &event.record.kind,
            event.record.schema_version,
            event.record.bytes.as_slice(),
            seconds(set.recorded_at),
        ]);
    }

    /// A movement whose figures were checked to fit.
    pub fn movement(&mut self, set: &ChangeSet, moved: &Move) {
        let (name, asset) = &moved.account;
        let (Some(before), Some(after)) = (moved.before.figures(), moved.after.figures()) else {
            return;
        };
        let [settled, pending_in, pending_out] = after;
        let change = |index: usize| after[index].checked_sub(before[index]);
        self.movements.push(values![
            &set.tenant,
            name,
            asset,
            moved.after.version,
            i64::try_from(moved.entry).ok(),
            moved.step,
            change(0),
            change(1),
            change(2),
            settled,
            pending_in,
            pending_out,
            moved.minimum,
            moved.effective_at,
            moved.after.recorded_at,
            &set.key,
            &set.correlation,
        ]);
    }

    pub fn work(&mut self, set: &ChangeSet, work: &NewWork) {
        let row = values![
            &set.tenant,
            &work.id.0,
            &work.queue,
            &work.lane,
            seconds(work.due_at),
            seconds(work.due_at),
            &work.payload.kind,
            work.payload.schema_version,
            work.payload.bytes.as_slice(),
        ];
        self.work.push(((set.tenant.clone(), work.id.clone()), row));
    }

    /// The statements, those that others refer to first: accounts, then entries, then postings. None
    /// changes what another one writes, so that a database may run them as one.
    pub fn into_bulks(mut self, view: &View) -> Result<Vec<Bulk>, DbError> {
        let mut bulks = vec![self.aggregates(view)?];
        bulks.extend(self.names(view));
        bulks.push(self.accounts(view)?);
        bulks.extend(self.books(view)?);
        bulks.push(Bulk {
            head: "INSERT INTO @events (tenant, position, aggregate_kind, aggregate_id, \
                   record_kind, schema_version, bytes, recorded_at)",
            kinds: "titttibi",
            rows: self.events,
            tail: "",
        });
        bulks.extend(work_and_done(self.work, self.done));
        bulks.push(Bulk {
            head: "INSERT INTO @commands (tenant, key, hash, record_kind, schema_version, bytes, \
                   recorded_at, keep_until)",
            kinds: "ttbtibii",
            rows: self.commands,
            tail: "",
        });
        Ok(bulks)
    }

    fn aggregates(&mut self, view: &View) -> Result<Bulk, DbError> {
        let mut rows = Vec::new();
        for (key, state) in std::mem::take(&mut self.aggregates) {
            let version = view.versions.get(&key).copied().unwrap_or(0);
            rows.push(values![
                &key.0,
                &key.1.kind,
                &key.1.id,
                position_number(version)?,
                &state.kind,
                state.schema_version,
                state.bytes.as_slice(),
            ]);
        }
        Ok(Bulk {
            head: "INSERT INTO @aggregates (tenant, kind, id, version, record_kind, \
                   schema_version, bytes)",
            kinds: "tttitib",
            rows,
            tail: " ON CONFLICT (tenant, kind, id) DO UPDATE SET version = excluded.version, \
                   record_kind = excluded.record_kind, schema_version = excluded.schema_version, \
                   bytes = excluded.bytes",
        })
    }

    fn names(&self, view: &View) -> [Bulk; 2] {
        let (mut claimed, mut freed) = (Vec::new(), Vec::new());
        for key in &self.index {
            let (tenant, name) = key;
            match view.index.get(key) {
                Some(owner) => {
                    claimed.push(values![tenant, &name.index, &name.value, &owner.kind, &owner.id]);
                }
                None => freed.push(values![tenant, &name.index, &name.value]),
            }
        }
        [
            Bulk {
                head: "WITH wanted (tenant, name, value) AS (",
                kinds: "ttt",
                rows: freed,
                tail: ") DELETE FROM @index_names \
                       WHERE (tenant, name, value) IN (SELECT tenant, name, value FROM wanted)",
            },
            Bulk {
                head: "INSERT INTO @index_names (tenant, name, value, aggregate_kind, aggregate_id)",
                kinds: "ttttt",
                rows: claimed,
                tail: " ON CONFLICT (tenant, name, value) DO UPDATE SET \
                       aggregate_kind = excluded.aggregate_kind, \
                       aggregate_id = excluded.aggregate_id",
            },
        ]
    }

    fn accounts(&self, view: &View) -> Result<Bulk, DbError> {
        let mut rows = Vec::new();
        for key in &self.accounts {
            let (tenant, (name, asset)) = key;
            let state = view.accounts.get(key).ok_or_else(lost)?;
            let [settled, pending_in, pending_out] = state.figures().ok_or_else(lost)?;
            rows.push(values![
                tenant,
                name,
                asset,
                side_name(state.normal),
                settled,
                pending_in,
                pending_out,
                state.version,
                state.recorded_at,
            ]);
        }
        Ok(Bulk {
            head: "INSERT INTO @accounts (tenant, name, asset, normal, settled, pending_in, \
                   pending_out, movement, recorded_at)",
            kinds: "ttttiiiii",
            rows,
            tail: " ON CONFLICT (tenant, name, asset) DO UPDATE SET settled = excluded.settled, \
                   pending_in = excluded.pending_in, pending_out = excluded.pending_out, \
                   movement = excluded.movement, recorded_at = excluded.recorded_at",
        })
    }

    /// Entries, what is in them, and what they moved.
    fn books(&mut self, view: &View) -> Result<[Bulk; 5], DbError> {
        let (mut entries, mut postings) = (Vec::new(), Vec::new());
        for entry in &self.entries {
            entries.push(entry_row(entry, view)?);
            posting_rows(entry, &mut postings)?;
        }
        Ok([
            Bulk {
                head: "INSERT INTO @entries (tenant, position, id, kind, status, expired, \
                       effective_at, held_at, chain_tx, details, recorded_at, command, correlation)",
                kinds: "titttiiittitt",
                rows: entries,
                tail: "",
            },
            Bulk {
                head: "INSERT INTO @postings (tenant, entry, line, account, asset, side, amount)",
                kinds: "tiittti",
                rows: postings,
                tail: "",
            },
            Bulk {
                head: "INSERT INTO @movements (tenant, account, asset, version, entry, step, \
                       settled, pending_in, pending_out, settled_after, pending_in_after, \
                       pending_out_after, minimum, effective_at, recorded_at, command, correlation)",
                kinds: "tttiitiiiiiiiiitt",
                rows: std::mem::take(&mut self.movements),
                tail: "",
            },
            self.ended(view)?,
            self.parts(view)?,
        ])
    }

    /// Holds that were there before this batch and ended in it.
    fn ended(&self, view: &View) -> Result<Bulk, DbError> {
        let new: BTreeSet<&Key<String>> = self.entries.iter().map(|entry| &entry.key).collect();
        let mut rows = Vec::new();
        for key in self.ended.iter().filter(|key| !new.contains(key)) {
            let state = view.entries.get(key).ok_or_else(lost)?;
            rows.push(values![
                &key.0,
                &key.1,
                status_name(state.status),
                expired(state.status),
                seconds(state.effective_at),
                &state.chain_tx,
            ]);
        }
        Ok(Bulk {
            head: "WITH wanted (tenant, id, status, expired, effective_at, chain_tx) AS (",
            kinds: "tttiit",
            rows,
            tail: ") UPDATE @entries SET status = wanted.status, expired = wanted.expired, \
                   effective_at = wanted.effective_at, chain_tx = wanted.chain_tx FROM wanted \
                   WHERE entries.tenant = wanted.tenant AND entries.id = wanted.id",
        })
    }

    /// What settled of the lines of holds that settled in part.
    fn parts(&self, view: &View) -> Result<Bulk, DbError> {
        let mut rows = Vec::new();
        for key in &self.ended {
            let state = view.entries.get(key).ok_or_else(lost)?;
            for (line, part) in (0_i64..).zip(state.parts.iter().flatten()) {
                let entry = position_number(state.position)?;
                rows.push(values![&key.0, entry, line, part.minor_units()]);
            }
        }
        Ok(Bulk {
            head: "INSERT INTO @parts (tenant, entry, line, amount)",
            kinds: "tiii",
            rows,
            tail: "",
        })
    }
}

/// New work, done already where one batch enqueued and finished it, and older work that is done now.
fn work_and_done(
    work: Vec<(Key<WorkId>, Vec<Value>)>,
    mut done: BTreeSet<Key<WorkId>>,
) -> [Bulk; 2] {
    let mut rows = Vec::with_capacity(work.len());
    for (key, mut row) in work {
        let over = done.remove(&key);
        if over {
            row.pop();
            row.push(Value::Bytes(Vec::new()));
        }
        row.push(i64::from(over).into());
        rows.push(row);
    }
    [
        Bulk {
            head: "INSERT INTO @work (tenant, id, queue, lane, due_at, ready_at, record_kind, \
                   schema_version, bytes, done)",
            kinds: "ttttiitibi",
            rows,
            tail: "",
        },
        Bulk {
            head: "WITH wanted (tenant, id) AS (",
            kinds: "tt",
            rows: done.iter().map(|(tenant, id)| values![tenant, &id.0]).collect(),
            tail: ") UPDATE @work SET done = 1, leased_until = NULL, bytes = substr(bytes, 1, 0) \
                   WHERE (tenant, id) IN (SELECT tenant, id FROM wanted)",
        },
    ]
}

fn entry_row(entry: &NewEntry, view: &View) -> Result<Vec<Value>, DbError> {
    let state = view.entries.get(&entry.key).ok_or_else(lost)?;
    Ok(values![
        &entry.key.0,
        position_number(entry.position)?,
        &entry.key.1,
        &entry.kind,
        status_name(state.status),
        expired(state.status),
        seconds(state.effective_at),
        entry.held_at,
        &state.chain_tx,
        &entry.details,
        entry.recorded_at,
        &entry.command,
        &entry.correlation,
    ])
}

fn posting_rows(entry: &NewEntry, rows: &mut Vec<Vec<Value>>) -> Result<(), DbError> {
    for (line, posting) in (0_i64..).zip(&entry.postings) {
        rows.push(values![
            &entry.key.0,
            position_number(entry.position)?,
            line,
            &posting.account.name,
            &posting.account.asset,
            side_name(posting.side),
            posting.amount.minor_units(),
        ]);
    }
    Ok(())
}

const fn status_name(status: EntryStatus) -> &'static str {
    match status {
        EntryStatus::Settled => "settled",
        EntryStatus::Pending => "pending",
        EntryStatus::Voided | EntryStatus::Expired => "voided",
    }
}

/// Why a voided hold is.
fn expired(status: EntryStatus) -> i64 {
    i64::from(status == EntryStatus::Expired)
}

/// A batch wants to write what it never decided: a fault of this crate.
fn lost() -> DbError {
    DbError::corrupt("the batch lost a row it decided on: please report this")
}
