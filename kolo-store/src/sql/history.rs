//! The port [`ReadModel`] on a [`SqlLedger`]: past balances, statements.
use async_trait::async_trait;
use kolo_core::port::ledger::{AccountId, Balance};
use kolo_core::port::statement::{AsOf, Movement, Statement, StatementQuery, Step};
use kolo_core::port::{PortError, ReadModel};
use kolo_core::{Amount, TenantId, Timestamp};

use crate::sql::DbError;
use crate::sql::effective::effective_by;
use crate::sql::read::{balances, rows_of};
use crate::sql::store::SqlLedger;
use crate::sql::{Db, Row, seconds, values};

#[async_trait]
impl<B: 'static> ReadModel for SqlLedger<B> {
    async fn balances_at(
        &self,
        tenant: &TenantId,
        accounts: &[AccountId],
        at: AsOf,
    ) -> Result<Vec<Balance>, PortError> {
        let (tenant, accounts) = (tenant.clone(), accounts.to_vec());
        let found = self
            .store
            .read(move |db| Box::pin(async move { balances_at(db, &tenant, &accounts, at).await }));
        Ok(found.await?)
    }

    async fn statement(
        &self,
        tenant: &TenantId,
        query: &StatementQuery,
    ) -> Result<Statement, PortError> {
        let (tenant, query) = (tenant.clone(), query.clone());
        let found = self
            .store
            .read(move |db| Box::pin(async move { statement(db, &tenant, &query).await }));
        Ok(found.await?)
    }
}

async fn balances_at(
    db: &mut dyn Db,
    tenant: &TenantId,
    accounts: &[AccountId],
    at: AsOf,
) -> Result<Vec<Balance>, DbError> {
    // Refuses an account named with its other side.
    balances(db, tenant, accounts).await?;
    let mut found = Vec::with_capacity(accounts.len());
    for account in accounts {
        found.push(match at {
            AsOf::Recorded(at) => {
                let last = recorded_by(db, tenant, account, moment(at), true).await?;
                balance_after(db, tenant, account, last).await?
            }
            AsOf::Effective(at) => effective_by(db, tenant, account, moment(at)).await?,
        });
    }
    Ok(found)
}

/// The last version recorded by a moment (`inclusive`), or before it; 0: none was. The times on an
/// account never go back, so a few look-ups by version find it, however long the history.
async fn recorded_by(
    db: &mut dyn Db,
    tenant: &TenantId,
    account: &AccountId,
    at: i64,
    inclusive: bool,
) -> Result<i64, DbError> {
    let (mut low, mut high) = (0, last_version(db, tenant, account).await?);
    // Every movement up to `low` is in, every one after `high` is not.
    while low < high {
        let middle = low + (high - low + 1) / 2;
        let recorded = recorded_at(db, tenant, account, middle).await?;
        if recorded < at || (inclusive && recorded == at) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    Ok(low)
}

/// The number of the account's latest movement; 0: there is none.
pub(super) async fn last_version(
    db: &mut dyn Db,
    tenant: &TenantId,
    account: &AccountId,
) -> Result<i64, DbError> {
    let sql = "SELECT movement FROM accounts WHERE tenant = $1 AND name = $2 AND asset = $3";
    let rows = db.run(sql, values![tenant, &account.name, &account.asset]).await?;
    rows.into_iter().next().map_or(Ok(0), |mut row| row.int())
}

async fn recorded_at(
    db: &mut dyn Db,
    tenant: &TenantId,
    account: &AccountId,
    version: i64,
) -> Result<i64, DbError> {
    let sql = "SELECT recorded_at FROM movements \
               WHERE tenant = $1 AND account = $2 AND asset = $3 AND version = $4";
    one(db, sql, tenant, account, version).await?.int()
}

async fn balance_after(
    db: &mut dyn Db,
    tenant: &TenantId,
    account: &AccountId,
    version: i64,
) -> Result<Balance, DbError> {
    if version == 0 {
        return Ok(Balance::default());
    }
    let sql = "SELECT settled_after, pending_out_after, pending_in_after FROM movements \
               WHERE tenant = $1 AND account = $2 AND asset = $3 AND version = $4";
    figures(&mut one(db, sql, tenant, account, version).await?)
}

async fn one(
    db: &mut dyn Db,
    sql: &str,
    tenant: &TenantId,
    account: &AccountId,
    number: i64,
) -> Result<Row, DbError> {
    let rows = db.run(sql, values![tenant, &account.name, &account.asset, number]).await?;
    let row = rows.into_iter().next();
    row.ok_or_else(|| DbError::corrupt("an account's history has a gap: run the ledger's check"))
}

async fn statement(
    db: &mut dyn Db,
    tenant: &TenantId,
    query: &StatementQuery,
) -> Result<Statement, DbError> {
    let account = &query.account;
    balances(db, tenant, std::slice::from_ref(account)).await?;
    let before = recorded_by(db, tenant, account, moment(query.from), false).await?;
    let after = query.after.map_or(0, |after| i64::try_from(after).unwrap_or(i64::MAX));
    let last = recorded_by(db, tenant, account, moment(query.until), false).await?;
    let (first, last) = (before.max(after.min(last)), last);
    let opening = balance_after(db, tenant, account, first).await?;
    let limit = rows_of(query.limit.max(1));
    let rows = db
        .run(
            "SELECT m.version, e.id, e.kind, m.step, m.settled, m.pending_out, m.pending_in, \
             m.settled_after, m.pending_out_after, m.pending_in_after, m.effective_at, \
             m.recorded_at, m.command, m.correlation, e.chain_tx, e.details \
             FROM movements m JOIN entries e ON e.tenant = m.tenant AND e.position = m.entry \
             WHERE m.tenant = $1 AND m.account = $2 AND m.asset = $3 \
             AND m.version > $4 AND m.version <= $5 ORDER BY m.version LIMIT $6",
            values![tenant, &account.name, &account.asset, first, last, limit],
        )
        .await?;
    let movements: Vec<Movement> = rows.into_iter().map(movement).collect::<Result<_, _>>()?;
    let latest = "SELECT recorded_at FROM entries WHERE tenant = $1 ORDER BY position DESC LIMIT 1";
    let latest = match db.run(latest, values![tenant]).await?.into_iter().next() {
        Some(mut row) => row.int()?,
        None => 0,
    };
    let end = movements.last();
    let more = |end: &&Movement| i64::try_from(end.version).is_ok_and(|version| version < last);
    Ok(Statement {
        opening,
        closing: end.map_or(opening, |end| end.balance),
        next: end.filter(more).map(|end| end.version),
        movements,
        provisional: latest < moment(query.until),
    })
}

fn movement(mut row: Row) -> Result<Movement, DbError> {
    Ok(Movement {
        version: row.unsigned()?,
        entry: row.text()?,
        kind: row.text()?,
        step: match row.text()?.as_str() {
            "settled" => Step::Settled,
            "held" => Step::Held,
            "ended" => Step::Ended,
            _ => return Err(DbError::corrupt("the database holds a step that is none")),
        },
        change: figures(&mut row)?,
        balance: figures(&mut row)?,
        effective_at: row.time()?,
        recorded_at: row.time()?,
        command: row.maybe_text()?,
        correlation: row.maybe_text()?,
        chain_tx: row.maybe_text()?,
        details: row.text()?,
    })
}

/// Settled, pending outflows, pending inflows.
fn figures(row: &mut Row) -> Result<Balance, DbError> {
    let mut amount = || row.int().map(Amount::new);
    Ok(Balance { settled: amount()?, pending_out: amount()?, pending_in: amount()? })
}

/// A moment as the database's number; beyond its range it is the end of time.
fn moment(time: Timestamp) -> i64 {
    seconds(time).unwrap_or(i64::MAX)
}
