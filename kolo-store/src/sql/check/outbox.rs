//! Whether the outbox and the books correspond: see [`SqlLedger::check`](crate::SqlLedger::check).
//!
//! The records are read as the program writes them (JSON), page by page, so that the size of the record
//! does not matter; what is looked up beside is what is under way, which is little.
use kolo_core::TenantId;
use serde_json::Value;

use super::Findings;
use super::finding::{Finding, OutboxFault as Fault};
use crate::sql::{Db, DbError, Row, values};

/// Records read at a time.
const PAGE: usize = 500;

pub(super) async fn check(db: &mut dyn Db, findings: &mut Findings) -> Result<(), DbError> {
    items(db, findings).await?;
    intents(db, findings).await?;
    offers(db, findings).await?;
    seats(db, findings).await?;
    holds(db, findings).await
}

/// An intent, its item and its events are there together; its item is done when an event says it is over.
async fn items(db: &mut dyn Db, findings: &mut Findings) -> Result<(), DbError> {
    const SQL: &str = "SELECT tenant, id, CAST(sum(intents) AS BIGINT), CAST(sum(items) AS BIGINT), \
        CAST(sum(done) AS BIGINT), CAST(sum(wanted) AS BIGINT), CAST(sum(finished) AS BIGINT) FROM (\
        SELECT tenant, id, 1 AS intents, 0 AS items, 0 AS done, 0 AS wanted, 0 AS finished \
        FROM aggregates WHERE kind = 'intent' \
        UNION ALL SELECT tenant, substr(id, 8), 0, 1, done, 0, 0 FROM work \
        WHERE queue = 'intent' AND id LIKE 'intent/%' \
        UNION ALL SELECT tenant, aggregate_id, 0, 0, 0, \
        CASE WHEN record_kind = 'intent.wanted' THEN 1 ELSE 0 END, \
        CASE WHEN record_kind = 'intent.finished' THEN 1 ELSE 0 END FROM events \
        WHERE aggregate_kind = 'intent' AND record_kind IN ('intent.wanted', 'intent.finished')\
        ) AS parts GROUP BY tenant, id \
        HAVING sum(intents) <> 1 OR sum(items) <> 1 OR sum(wanted) <> 1 OR sum(finished) <> sum(done)";
    for mut row in db.run(SQL, Vec::new()).await? {
        let (tenant, item) = (row.tenant()?, row.text()?);
        let [intents, items, done, wanted, finished] =
            [row.int()?, row.int()?, row.int()?, row.int()?, row.int()?];
        let faults = [
            (intents == 0, Fault::NoIntent),
            (intents > 0 && items == 0, Fault::NoItem),
            (intents > 0 && items > 0 && (wanted != 1 || finished != done), Fault::Events),
        ];
        for (_, fault) in faults.into_iter().filter(|(broken, _)| *broken) {
            findings.add(Finding::Outbox { tenant: tenant.clone(), item: item.clone(), fault });
        }
    }
    Ok(())
}

/// Each intent against its item and its hold.
async fn intents(db: &mut dyn Db, findings: &mut Findings) -> Result<(), DbError> {
    const SQL: &str = "SELECT a.tenant, a.id, a.bytes, w.done, e.status FROM aggregates a \
        LEFT JOIN work w ON w.tenant = a.tenant AND w.id = 'intent/' || a.id \
        LEFT JOIN entries e ON e.tenant = a.tenant AND e.id = 'hold/' || a.id \
        WHERE a.kind = 'intent' AND (a.tenant, a.kind, a.id) > ($1, 'intent', $2) \
        ORDER BY a.tenant, a.kind, a.id LIMIT $3";
    let mut pages = Pages::of(SQL);
    while let Some(page) = pages.next(db).await? {
        for (record, mut row) in page {
            let (done, hold) = (row.maybe_int()?, row.maybe_text()?);
            let Some(stage) = record.state.as_ref().and_then(|state| Stage::of(&state["progress"]))
            else {
                findings.add(record.fault(Fault::Unreadable));
                continue;
            };
            if done.is_some_and(|done| (done == 1) != stage.is_over()) {
                findings.add(record.fault(Fault::Item));
            }
            let fault = match (hold.as_deref(), stage) {
                (Some("voided"), Stage::Open) => Some(Fault::HoldGone),
                (Some("pending"), Stage::Dropped) => Some(Fault::HoldLeft),
                (Some("pending"), Stage::Done(ledger)) => late(db, &record, ledger).await?,
                _ => None,
            };
            if let Some(fault) = fault {
                findings.add(record.fault(fault));
            }
        }
    }
    Ok(())
}

/// What is wrong with the hold of a payment that was done on the chain: its event finds it by the seat, and
/// must not have come yet.
async fn late(db: &mut dyn Db, intent: &Stored, ledger: u64) -> Result<Option<Fault>, DbError> {
    let state = intent.state.as_ref().unwrap_or(&Value::Null);
    let want = state["want"].as_object().and_then(|want| want.values().next());
    let want = want.unwrap_or(&Value::Null);
    let (circle, member) = (text(&want["circle"]), text(&want["member"]));
    let seat = look_up(db, &intent.tenant, "seat", &format!("{circle}/{member}")).await?;
    let known = seat.is_some_and(|seat| text(&seat["pending"]["intent"]) == intent.id);
    if !known {
        return Ok(Some(Fault::HoldLeft));
    }
    let unbooked = is_applied(db, &intent.tenant, ledger, circle).await?;
    Ok(unbooked.then_some(Fault::Unbooked))
}

/// Whether all events of that ledger are applied, as far as they are of this circle.
async fn is_applied(
    db: &mut dyn Db,
    tenant: &TenantId,
    ledger: u64,
    circle: &str,
) -> Result<bool, DbError> {
    let follower = look_up(db, tenant, "follower", "main").await?;
    let through = follower.and_then(|follower| follower["through"].as_u64()).unwrap_or(0);
    if ledger == 0 || through < ledger {
        return Ok(false);
    }
    // One that a gap has left unread is booked from what is read of it later.
    let circle = look_up(db, tenant, "circle", circle).await?;
    Ok(circle.is_none_or(|circle| circle["unread"] != Value::Bool(true)))
}

/// Each offer against the hold of what one of the two pays.
async fn offers(db: &mut dyn Db, findings: &mut Findings) -> Result<(), DbError> {
    const SQL: &str = "SELECT a.tenant, a.id, a.bytes, e.status FROM aggregates a \
        LEFT JOIN entries e ON e.tenant = a.tenant AND e.id = 'hold/' || a.id \
        WHERE a.kind = 'offer' AND (a.tenant, a.kind, a.id) > ($1, 'offer', $2) \
        ORDER BY a.tenant, a.kind, a.id LIMIT $3";
    let mut pages = Pages::of(SQL);
    while let Some(page) = pages.next(db).await? {
        for (record, mut row) in page {
            let is_open = row.maybe_text()?.as_deref() == Some("pending");
            let Some(state) = &record.state else {
                findings.add(record.fault(Fault::Unreadable));
                continue;
            };
            let fault = match (is_open, state["hold"].is_string()) {
                (false, false) => None,
                (false, true) => Some(Fault::Waiting),
                (true, false) => Some(Fault::HoldLeft),
                (true, true) => accepted(db, &record.tenant, state).await?,
            };
            if let Some(fault) = fault {
                findings.add(record.fault(fault));
            }
        }
    }
    Ok(())
}

/// What is wrong with an offer that holds money: its intent ends the hold.
async fn accepted(
    db: &mut dyn Db,
    tenant: &TenantId,
    offer: &Value,
) -> Result<Option<Fault>, DbError> {
    let intent = look_up(db, tenant, "intent", text(&offer["standing"]["Accepted"])).await?;
    match intent.as_ref().and_then(|intent| Stage::of(&intent["progress"])) {
        Some(Stage::Open) => Ok(None),
        Some(Stage::Done(ledger)) => {
            let late = is_applied(db, tenant, ledger, text(&offer["circle"])).await?;
            Ok(late.then_some(Fault::Unbooked))
        }
        Some(Stage::Dropped) | None => Ok(Some(Fault::HoldLeft)),
    }
}

/// Each seat that waits for a payment waits for one that is under way.
async fn seats(db: &mut dyn Db, findings: &mut Findings) -> Result<(), DbError> {
    const SQL: &str = "SELECT a.tenant, a.id, a.bytes FROM aggregates a \
        WHERE a.kind = 'seat' AND (a.tenant, a.kind, a.id) > ($1, 'seat', $2) \
        ORDER BY a.tenant, a.kind, a.id LIMIT $3";
    const HELD: &str = "SELECT 1 FROM entries e JOIN aggregates a ON a.tenant = e.tenant \
        WHERE e.tenant = $1 AND e.id = $2 AND e.status = 'pending' \
        AND a.kind = 'intent' AND a.id = $3";
    let mut pages = Pages::of(SQL);
    while let Some(page) = pages.next(db).await? {
        for (record, _) in page {
            let Some(state) = &record.state else {
                findings.add(record.fault(Fault::Unreadable));
                continue;
            };
            let pending = &state["pending"];
            if pending.is_null() {
                continue;
            }
            let (hold, intent) = (text(&pending["hold"]), text(&pending["intent"]));
            if db.run(HELD, values![&record.tenant, hold, intent]).await?.is_empty() {
                findings.add(record.fault(Fault::Waiting));
            }
        }
    }
    Ok(())
}

/// Each open hold has an intent or an offer; what these know of it, see there.
async fn holds(db: &mut dyn Db, findings: &mut Findings) -> Result<(), DbError> {
    const SQL: &str = "SELECT e.tenant, e.id FROM entries e \
        WHERE e.status = 'pending' AND e.id LIKE 'hold/%' AND NOT EXISTS (\
        SELECT 1 FROM aggregates a WHERE a.tenant = e.tenant \
        AND a.kind IN ('intent', 'offer') AND a.id = substr(e.id, 6))";
    for mut row in db.run(SQL, Vec::new()).await? {
        let (tenant, item) = (row.tenant()?, row.text()?);
        findings.add(Finding::Outbox { tenant, item, fault: Fault::HoldLeft });
    }
    Ok(())
}

/// How far an intent is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It may still happen.
    Open,
    /// It happened, in this ledger (0: not known in which).
    Done(u64),
    /// It did not happen, or how it did is known without its events.
    Dropped,
}

impl Stage {
    fn of(progress: &Value) -> Option<Self> {
        let (name, body) = match progress {
            Value::String(name) => (name.as_str(), &Value::Null),
            Value::Object(named) => {
                named.iter().next().map(|(name, body)| (name.as_str(), body))?
            }
            _ => return None,
        };
        match name {
            "Queued" | "Consenting" | "Persisted" => Some(Self::Open),
            "Confirmed" => Some(Self::Done(body["ledger"].as_u64().unwrap_or(0))),
            "AlreadyDone" => Some(Self::Done(0)),
            "Overtaken" | "Refused" | "NotAllowed" => Some(Self::Dropped),
            _ => None,
        }
    }

    fn is_over(self) -> bool {
        self != Self::Open
    }
}

/// A record of the program's.
struct Stored {
    tenant: TenantId,
    id: String,
    /// `None`: it is no JSON.
    state: Option<Value>,
}

impl Stored {
    fn fault(&self, fault: Fault) -> Finding {
        Finding::Outbox { tenant: self.tenant.clone(), item: self.id.clone(), fault }
    }
}

/// The answer to a statement that goes on after a tenant and an id, page by page.
struct Pages {
    sql: &'static str,
    after: Option<(String, String)>,
}

impl Pages {
    fn of(sql: &'static str) -> Self {
        Self { sql, after: Some((String::new(), String::new())) }
    }

    /// The records of the next page, each with the rest of its row; `None` after the last one.
    async fn next(&mut self, db: &mut dyn Db) -> Result<Option<Vec<(Stored, Row)>>, DbError> {
        let Some((tenant, id)) = self.after.take() else { return Ok(None) };
        let limit = i64::try_from(PAGE).unwrap_or(i64::MAX);
        let rows = db.run(self.sql, values![&tenant, &id, limit]).await?;
        let mut page = Vec::with_capacity(rows.len());
        for mut row in rows {
            let (tenant, id, bytes) = (row.tenant()?, row.text()?, row.bytes()?);
            let state = serde_json::from_slice(&bytes).ok();
            page.push((Stored { tenant, id, state }, row));
        }
        if page.len() == PAGE {
            let last = page.last().map(|(last, _)| last);
            self.after = last.map(|last| (last.tenant.as_str().to_owned(), last.id.clone()));
        }
        Ok(Some(page))
    }
}

async fn look_up(
    db: &mut dyn Db,
    tenant: &TenantId,
    kind: &str,
    id: &str,
) -> Result<Option<Value>, DbError> {
    let sql = "SELECT bytes FROM aggregates WHERE tenant = $1 AND kind = $2 AND id = $3";
    let rows = db.run(sql, values![tenant, kind, id]).await?;
    let Some(mut row) = rows.into_iter().next() else { return Ok(None) };
    Ok(serde_json::from_slice(&row.bytes()?).ok())
}

/// The text of a value that is one.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
