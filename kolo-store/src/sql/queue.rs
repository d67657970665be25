//! The work queue's statements, for every database.
use kolo_core::Timestamp;
use kolo_core::port::work::{ClaimedWork, Lease, Release, WorkId};

use crate::sql::DbError;
use crate::sql::read::rows_of;
use crate::sql::{Db, Row, Value, seconds, values};

/// True for the one item `w` its lane offers: the started one, else the first by due time and order
/// of enqueueing. Items without a lane are always offered.
const OFFERED: &str = "(w.lane IS NULL OR w.token > 0 OR (\
    NOT EXISTS (SELECT 1 FROM work o WHERE o.tenant = w.tenant AND o.queue = w.queue \
        AND o.lane = w.lane AND o.done = 0 AND o.token > 0) \
    AND NOT EXISTS (SELECT 1 FROM work o WHERE o.tenant = w.tenant AND o.queue = w.queue \
        AND o.lane = w.lane AND o.done = 0 AND (o.due_at, o.seq) < (w.due_at, w.seq))))";

/// `$1, $2` for `count` queues.
fn list(count: usize) -> String {
    let names: Vec<String> = (1..=count).map(|number| format!("${number}")).collect();
    names.join(", ")
}

/// An item `w` of the queues `$1 …` that can be claimed at `now`, the value after them.
fn ready(queues: &[String]) -> String {
    let now = queues.len() + 1;
    format!(
        "w.queue IN ({}) AND w.done = 0 AND w.ready_at <= ${now} \
         AND (w.leased_until IS NULL OR w.leased_until <= ${now}) AND {OFFERED}",
        list(queues.len())
    )
}

/// Whether a claim would find something.
pub(crate) async fn is_ready(
    db: &mut dyn Db,
    queues: &[String],
    now: Timestamp,
) -> Result<bool, DbError> {
    if queues.is_empty() {
        return Ok(false);
    }
    let sql = format!("SELECT 1 FROM work w WHERE {} LIMIT 1", ready(queues));
    let mut arguments: Vec<Value> = queues.iter().map(Value::from).collect();
    arguments.push(moment(now).into());
    Ok(!db.run(&sql, arguments).await?.is_empty())
}

pub(crate) async fn claim(
    db: &mut dyn Db,
    queues: &[String],
    now: Timestamp,
    lease_s: u64,
    limit: usize,
) -> Result<Vec<ClaimedWork>, DbError> {
    if queues.is_empty() || limit == 0 {
        return Ok(Vec::new());
    }
    let mut arguments: Vec<Value> = queues.iter().map(Value::from).collect();
    let next = queues.len();
    let (until, most) = (next + 2, next + 3);
    let lease_end = moment(now.plus(lease_s));
    arguments.extend(values![moment(now), lease_end, rows_of(limit)]);
    let sql = format!(
        "UPDATE work SET token = token + 1, leased_until = ${until} WHERE seq IN (\
         SELECT w.seq FROM work w WHERE {} \
         ORDER BY w.ready_at, w.seq LIMIT ${most}) \
         RETURNING ready_at, seq, tenant, id, token, queue, lane, due_at, record_kind, \
         schema_version, bytes",
        ready(queues)
    );
    let rows = db.run(&sql, arguments).await?;
    let mut claimed = Vec::with_capacity(rows.len());
    for mut row in rows {
        claimed.push(((row.int()?, row.int()?), claimed_work(&mut row, lease_end)?));
    }
    claimed.sort_by_key(|(order, _)| *order);
    Ok(claimed.into_iter().map(|(_, work)| work).collect())
}

fn claimed_work(row: &mut Row, lease_end: i64) -> Result<ClaimedWork, DbError> {
    let tenant = row.tenant()?;
    let work = WorkId(row.text()?);
    let claims: u32 = row.unsigned()?;
    Ok(ClaimedWork {
        lease: Lease { tenant, work, token: claims.into(), until: time(lease_end) },
        queue: row.text()?,
        lane: row.maybe_text()?,
        due_at: row.time()?,
        attempts: claims,
        payload: row.record()?,
    })
}

pub(crate) async fn renew(
    db: &mut dyn Db,
    lease: &Lease,
    now: Timestamp,
    lease_s: u64,
) -> Result<Option<Lease>, DbError> {
    let until = moment(now.plus(lease_s));
    let rows = db
        .run(
            "UPDATE work SET leased_until = CASE WHEN leased_until < $1 THEN $1 ELSE leased_until \
             END WHERE tenant = $2 AND id = $3 AND token = $4 AND done = 0 \
             AND leased_until > $5 RETURNING leased_until",
            values![until, &lease.tenant, &lease.work.0, token(lease), moment(now)],
        )
        .await?;
    let Some(mut row) = rows.into_iter().next() else {
        return Ok(None);
    };
    Ok(Some(Lease { until: row.time()?, ..lease.clone() }))
}

pub(crate) async fn release(db: &mut dyn Db, lease: &Lease, how: Release) -> Result<(), DbError> {
    let key = values![&lease.tenant, &lease.work.0, token(lease)];
    let held = "WHERE tenant = $1 AND id = $2 AND token = $3 AND leased_until IS NOT NULL";
    match how {
        Release::Done => {
            let sql = format!(
                "UPDATE work SET done = 1, leased_until = NULL, bytes = substr(bytes, 1, 0) {held}"
            );
            db.run(&sql, key).await?;
        }
        Release::RetryAt(at) => {
            let sql = format!("UPDATE work SET leased_until = NULL, ready_at = $4 {held}");
            let mut arguments = key;
            arguments.push(moment(at).into());
            db.run(&sql, arguments).await?;
        }
    }
    Ok(())
}

pub(crate) async fn next_due(
    db: &mut dyn Db,
    queues: &[String],
) -> Result<Option<Timestamp>, DbError> {
    if queues.is_empty() {
        return Ok(None);
    }
    let sql = format!(
        "SELECT min(coalesce(w.leased_until, w.ready_at)) FROM work w \
         WHERE w.queue IN ({}) AND w.done = 0 AND {OFFERED}",
        list(queues.len())
    );
    let rows = db.run(&sql, queues.iter().map(Value::from).collect()).await?;
    match rows.into_iter().next() {
        Some(mut row) => row.maybe_time(),
        None => Ok(None),
    }
}

/// A moment as the database's number; beyond its range it is the end of time.
fn moment(time: Timestamp) -> i64 {
    seconds(time).unwrap_or(i64::MAX)
}

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_unix(seconds.unsigned_abs())
}

/// A lease's token as the database's number; no claim ever has the token −1.
fn token(lease: &Lease) -> i64 {
    i64::try_from(lease.token).unwrap_or(-1)
}
