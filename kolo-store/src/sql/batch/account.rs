//! An account's balance while postings are applied to it.
use kolo_core::port::CommitError;
use kolo_core::port::ledger::{AccountId, Balance, EntryStatus, Side};
use kolo_core::port::{PortErrorKind, Retry};
use kolo_core::{Amount, TenantId};

use crate::sql::DbError;
use crate::sql::{Db, Question, Row, ask, values};

/// Figures are wide here, so that only the end of a change set has to fit the database.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AccountState {
    pub normal: Side,
    pub settled: i128,
    pub pending_in: i128,
    pub pending_out: i128,
    /// How often the balance changed; 0 = never used.
    pub version: i64,
    /// When it changed last.
    pub recorded_at: i64,
}

/// An account's key in the books: name and asset.
pub(crate) type AccountKey = (String, String);

impl AccountState {
    pub const fn unused(normal: Side) -> Self {
        Self { normal, settled: 0, pending_in: 0, pending_out: 0, version: 0, recorded_at: 0 }
    }

    /// Counts a line in (`times` = 1) or out again (−1) as an entry of that status does.
    pub fn count(&mut self, side: Side, amount: Amount, status: EntryStatus, times: i128) {
        let amount = times * i128::from(amount.minor_units());
        let grows = side == self.normal;
        match (status, grows) {
            (EntryStatus::Settled, true) => self.settled += amount,
            (EntryStatus::Settled, false) => self.settled -= amount,
            (EntryStatus::Pending, true) => self.pending_in += amount,
            (EntryStatus::Pending, false) => self.pending_out += amount,
            (EntryStatus::Voided | EntryStatus::Expired, _) => {}
        }
    }

    /// The figures as the database keeps them.
    pub fn figures(&self) -> Option<[i64; 3]> {
        Some([
            i64::try_from(self.settled).ok()?,
            i64::try_from(self.pending_in).ok()?,
            i64::try_from(self.pending_out).ok()?,
        ])
    }

    /// Settled − pending outflows.
    pub fn available(&self) -> Option<Amount> {
        i64::try_from(self.settled - self.pending_out).ok().map(Amount::new)
    }

    pub fn balance(&self) -> Result<Balance, DbError> {
        let [settled, pending_in, pending_out] =
            self.figures().ok_or_else(|| DbError::corrupt("a stored balance is out of range"))?;
        Ok(Balance {
            settled: Amount::new(settled),
            pending_in: Amount::new(pending_in),
            pending_out: Amount::new(pending_out),
        })
    }

    /// Refuses another normal side than the one the account has had from the first.
    pub fn same_side(&self, account: &AccountId) -> Result<(), DbError> {
        if self.normal == account.normal {
            return Ok(());
        }
        Err(DbError::invalid(format!(
            "account {} ({}) grows on the {} side: name it with that normal side",
            account.name,
            account.asset,
            side_name(self.normal)
        )))
    }
}

/// The error of a balance beyond what an amount can hold.
pub(crate) fn out_of_range(account: &AccountKey) -> CommitError {
    DbError::new(
        PortErrorKind::Limited,
        Retry::Permanent,
        format!("the balance of {} ({}) would leave the range of amounts", account.0, account.1),
    )
    .into()
}

pub(crate) const fn side_name(side: Side) -> &'static str {
    match side {
        Side::Debit => "debit",
        Side::Credit => "credit",
    }
}

pub(crate) fn side_of(name: &str) -> Result<Side, DbError> {
    match name {
        "debit" => Ok(Side::Debit),
        "credit" => Ok(Side::Credit),
        _ => Err(DbError::corrupt("the database holds a side that is none")),
    }
}

/// The accounts of these keys that have been used.
pub(crate) async fn account_rows<'a>(
    db: &mut dyn Db,
    keys: impl Iterator<Item = (&'a TenantId, &'a AccountKey)> + Send,
) -> Result<Vec<((TenantId, AccountKey), AccountState)>, DbError> {
    let rows = ask(db, accounts_of(keys)).await?;
    rows.into_iter().map(account).collect()
}

/// Asks for the accounts of these keys.
pub(super) fn accounts_of<'a>(
    keys: impl Iterator<Item = (&'a TenantId, &'a AccountKey)>,
) -> Question {
    Question {
        columns: "tenant, name, asset",
        kinds: "ttt",
        rows: keys.map(|(tenant, (name, asset))| values![tenant, name, asset]).collect(),
        statement: "SELECT tenant, name, asset, normal, settled, pending_in, pending_out, movement, \
                    recorded_at FROM @accounts \
                    WHERE (tenant, name, asset) IN (SELECT tenant, name, asset FROM wanted)",
        answer: "ttttiiiii",
    }
}

/// A row of [`accounts_of`].
pub(super) fn account(mut row: Row) -> Result<((TenantId, AccountKey), AccountState), DbError> {
    let key = (row.tenant()?, (row.text()?, row.text()?));
    Ok((key, account_state(&mut row)?))
}

/// Its columns from `normal` on.
pub(super) fn account_state(row: &mut Row) -> Result<AccountState, DbError> {
    Ok(AccountState {
        normal: side_of(&row.text()?)?,
        settled: row.int()?.into(),
        pending_in: row.int()?.into(),
        pending_out: row.int()?.into(),
        version: row.int()?,
        recorded_at: row.int()?,
    })
}
