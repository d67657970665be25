//! The audit: whether what is stored still keeps the ledger's promises.
use std::fmt;

use kolo_core::TenantId;
use kolo_core::port::PortError;

use super::statement::{Db, Row};
use super::store::SqlLedger;
use crate::sql::DbError;

/// A promise that is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// An entry's debits and credits differ in an asset.
    Unbalanced {
        /// Whose.
        tenant: TenantId,
        /// The entry's id.
        entry: String,
        /// In which asset.
        asset: String,
    },
    /// An entry has fewer than two lines.
    TooFewLines {
        /// Whose.
        tenant: TenantId,
        /// The entry's id.
        entry: String,
    },
    /// An account's balance is not the sum of its postings, or not what its history leads to.
    Balance {
        /// Whose.
        tenant: TenantId,
        /// The account's name.
        account: String,
        /// The account's asset.
        asset: String,
    },
    /// Positions do not run from 1 without gaps.
    Gap {
        /// Whose.
        tenant: TenantId,
        /// `events` or `entries`.
        of: String,
    },
    /// A hold's state cannot come from ending it at most once.
    Hold {
        /// Whose.
        tenant: TenantId,
        /// The entry's id.
        entry: String,
    },
    /// An aggregate's version is not one it can have.
    Version {
        /// Whose.
        tenant: TenantId,
        /// The aggregate's kind.
        kind: String,
        /// The aggregate's id.
        id: String,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unbalanced { tenant, entry, asset } => {
                write!(f, "{tenant}: entry {entry} does not balance in {asset}")
            }
            Self::TooFewLines { tenant, entry } => {
                write!(f, "{tenant}: entry {entry} has fewer than two lines")
            }
            Self::Balance { tenant, account, asset } => {
                write!(
                    f,
                    "{tenant}: the balance of {account} ({asset}) is not what its entries come to"
                )
            }
            Self::Gap { tenant, of } => write!(f, "{tenant}: the positions of {of} have gaps"),
            Self::Hold { tenant, entry } => {
                write!(f, "{tenant}: hold {entry} did not end as a hold can")
            }
            Self::Version { tenant, kind, id } => {
                write!(f, "{tenant}: {kind} {id} has an impossible version")
            }
        }
    }
}

/// What [`SqlLedger::check`] saw, all of it at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// How many entries there are.
    pub entries: u64,
    /// How many accounts.
    pub accounts: u64,
    /// How many events.
    pub events: u64,
    /// Every broken promise.
    pub findings: Vec<Finding>,
}

impl CheckReport {
    /// Whether every promise is kept.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

impl<B> SqlLedger<B> {
    /// Reads the whole record and checks it: every entry balances, every balance is the sum of its
    /// postings and the end of its history, positions and versions have no gaps, every hold ended at
    /// most once. Takes time in proportion to
    /// the number of postings; commits go on meanwhile.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn check(&self) -> Result<CheckReport, PortError> {
        Ok(self.store.read(|db| Box::pin(report(db))).await?)
    }
}

type Found = fn(&mut Row) -> Result<Finding, DbError>;

/// Each rule: the rows that break it, and what such a row says.
const RULES: &[(&str, Found)] = &[
    (
        "SELECT e.tenant, e.id, p.asset FROM entries e \
         JOIN postings p ON p.tenant = e.tenant AND p.entry = e.position \
         GROUP BY e.tenant, e.id, p.asset \
         HAVING sum(CASE p.side WHEN 'debit' THEN p.amount ELSE -p.amount END) <> 0 \
         UNION SELECT e.tenant, e.id, p.asset FROM parts s \
         JOIN postings p ON p.tenant = s.tenant AND p.entry = s.entry AND p.line = s.line \
         JOIN entries e ON e.tenant = s.tenant AND e.position = s.entry \
         GROUP BY e.tenant, e.id, p.asset \
         HAVING sum(CASE p.side WHEN 'debit' THEN s.amount ELSE -s.amount END) <> 0",
        |row| {
            Ok(Finding::Unbalanced {
                tenant: row.tenant()?,
                entry: row.text()?,
                asset: row.text()?,
            })
        },
    ),
    (
        "SELECT e.tenant, e.id FROM entries e LEFT JOIN postings p \
         ON p.tenant = e.tenant AND p.entry = e.position \
         GROUP BY e.tenant, e.id HAVING count(p.line) < 2",
        |row| Ok(Finding::TooFewLines { tenant: row.tenant()?, entry: row.text()? }),
    ),
    (
        "SELECT a.tenant, a.name, a.asset FROM accounts a \
         LEFT JOIN postings p \
         ON p.tenant = a.tenant AND p.account = a.name AND p.asset = a.asset \
         LEFT JOIN entries e ON e.tenant = p.tenant AND e.position = p.entry \
         LEFT JOIN parts s ON s.tenant = p.tenant AND s.entry = p.entry AND s.line = p.line \
         GROUP BY a.tenant, a.name, a.asset, a.normal, a.settled, a.pending_in, a.pending_out \
         HAVING a.settled <> coalesce(sum(CASE WHEN e.status <> 'settled' THEN 0 \
             WHEN p.side = a.normal THEN coalesce(s.amount, p.amount) \
             ELSE -coalesce(s.amount, p.amount) END), 0) \
         OR a.pending_in <> coalesce(sum(CASE WHEN e.status = 'pending' AND p.side = a.normal \
             THEN p.amount ELSE 0 END), 0) \
         OR a.pending_out <> coalesce(sum(CASE WHEN e.status = 'pending' AND p.side <> a.normal \
             THEN p.amount ELSE 0 END), 0)",
        |row| {
            Ok(Finding::Balance { tenant: row.tenant()?, account: row.text()?, asset: row.text()? })
        },
    ),
    (
        // The history of an account: numbered without gaps, each step continuing the one before, and
        // the last one is the balance.
        "SELECT a.tenant, a.name, a.asset FROM accounts a LEFT JOIN movements m \
         ON m.tenant = a.tenant AND m.account = a.name AND m.asset = a.asset \
         AND m.version = a.movement \
         WHERE m.version IS NULL OR m.settled_after <> a.settled \
         OR m.pending_in_after <> a.pending_in OR m.pending_out_after <> a.pending_out \
         UNION SELECT tenant, account, asset FROM (\
             SELECT tenant, account, asset, version, \
             row_number() OVER steps AS number, \
             settled_after - settled AS settled_before, \
             lag(settled_after, 1, 0) OVER steps AS settled_was, \
             pending_in_after - pending_in AS in_before, \
             lag(pending_in_after, 1, 0) OVER steps AS in_was, \
             pending_out_after - pending_out AS out_before, \
             lag(pending_out_after, 1, 0) OVER steps AS out_was FROM movements \
             WINDOW steps AS (PARTITION BY tenant, account, asset ORDER BY version)) AS steps \
         WHERE version <> number OR settled_before <> settled_was OR in_before <> in_was \
         OR out_before <> out_was",
        |row| {
            Ok(Finding::Balance { tenant: row.tenant()?, account: row.text()?, asset: row.text()? })
        },
    ),
    (
        "SELECT tenant, 'events' FROM events GROUP BY tenant \
         HAVING min(position) <> 1 OR max(position) <> count(*) \
         UNION ALL SELECT tenant, 'entries' FROM entries GROUP BY tenant \
         HAVING min(position) <> 1 OR max(position) <> count(*)",
        |row| Ok(Finding::Gap { tenant: row.tenant()?, of: row.text()? }),
    ),
    (
        "SELECT tenant, id FROM entries WHERE (held_at IS NULL AND status <> 'settled') \
         OR (status = 'pending' AND effective_at <> held_at) \
         UNION SELECT e.tenant, e.id FROM entries e JOIN movements m \
         ON m.tenant = e.tenant AND m.entry = e.position \
         GROUP BY e.tenant, e.id, e.held_at, e.status, m.account, m.asset \
         HAVING sum(CASE WHEN m.step = 'ended' THEN 1 ELSE 0 END) \
         <> CASE WHEN e.held_at IS NOT NULL AND e.status <> 'pending' THEN 1 ELSE 0 END \
         OR sum(CASE WHEN m.step = 'ended' THEN 0 ELSE 1 END) <> 1 \
         UNION SELECT e.tenant, e.id FROM parts s \
         JOIN postings p ON p.tenant = s.tenant AND p.entry = s.entry AND p.line = s.line \
         JOIN entries e ON e.tenant = s.tenant AND e.position = s.entry \
         WHERE s.amount > p.amount OR e.held_at IS NULL OR e.status <> 'settled'",
        |row| Ok(Finding::Hold { tenant: row.tenant()?, entry: row.text()? }),
    ),
    ("SELECT tenant, kind, id FROM aggregates WHERE version < 1", |row| {
        Ok(Finding::Version { tenant: row.tenant()?, kind: row.text()?, id: row.text()? })
    }),
];

async fn report(db: &mut dyn Db) -> Result<CheckReport, DbError> {
    let mut report = CheckReport::default();
    let counts = "SELECT (SELECT count(*) FROM entries), (SELECT count(*) FROM accounts), \
                  (SELECT count(*) FROM events)";
    for mut row in db.run(counts, Vec::new()).await? {
        report.entries = row.unsigned()?;
        report.accounts = row.unsigned()?;
        report.events = row.unsigned()?;
    }
    for (sql, found) in RULES {
        for mut row in db.run(sql, Vec::new()).await? {
            let finding = found(&mut row)?;
            if !report.findings.contains(&finding) {
                report.findings.push(finding);
            }
        }
    }
    Ok(report)
}
