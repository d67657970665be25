//! The audit: whether what is stored still keeps the ledger's promises.
//!
//! | module | is |
//! |---|---|
//! | `books` | what the books promise by themselves |
//! | `outbox` | what the outbox and the books promise each other |
//! | `finding` | what can be found |
mod books;
mod finding;
mod outbox;

use std::collections::HashSet;

use kolo_core::port::PortError;

use super::statement::Db;
use super::store::SqlLedger;
use crate::sql::DbError;
pub use finding::{Finding, OutboxFault};

/// What [`SqlLedger::check`] saw, all of it at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// How many entries there are.
    pub entries: u64,
    /// How many accounts.
    pub accounts: u64,
    /// How many events.
    pub events: u64,
    /// Every broken promise, each once.
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
    /// Reads the whole record and checks it. Takes time in proportion to what is stored; commits go on
    /// meanwhile.
    ///
    /// **The books**: every entry balances, every balance is the sum of its postings and the end of its
    /// history, positions and movements have no gaps, every hold ended at most once, and what a command
    /// recorded is what one command records once, under a key that is kept for ever. (Of an aggregate only
    /// the present version is kept: that it only rises, the database sees to.)
    ///
    /// **The outbox and the books**, in both directions. An *intent* is what the program wants of the chain;
    /// its *item* in the outbox is `intent/…`, the *hold* of what it pays `hold/…`:
    ///
    /// - each intent has its item, and one event that says it was wanted; each such item and event has its
    ///   intent;
    /// - an intent is over exactly when its item is done, and exactly then one event says so: an intent that
    ///   is not over is still worked on;
    /// - each open hold has an intent that is not over, or one that was done on the chain and whose event is
    ///   still to come; who waits for it (the member's seat, the offer of two members) knows of it, since
    ///   that is where the event finds it. Whoever waits for a hold waits for one that is open;
    /// - what ended without the chain holds nothing any more; what may still happen on the chain has not had
    ///   its hold given back;
    /// - a payment that the outbox calls done, in a ledger all of whose events are applied, holds nothing any
    ///   more: it is in the books, or its hold was given back because a gap in the chain's history, or other
    ///   code in the circle, had it booked in another way.
    ///
    /// One thing it cannot see: a payment that the outbox calls done without a ledger of its own (what was
    /// wanted was there already, or the program of then noted none) may still come, as far as it knows; a
    /// hold that such a one leaves behind for ever is no finding.
    ///
    /// Holds under other names are a host's own: of these only the books are checked.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn check(&self) -> Result<CheckReport, PortError> {
        Ok(self.store.read(|db| Box::pin(report(db))).await?)
    }
}

/// What was found, each once.
#[derive(Default)]
struct Findings {
    list: Vec<Finding>,
    known: HashSet<Finding>,
}

impl Findings {
    fn add(&mut self, finding: Finding) {
        if self.known.insert(finding.clone()) {
            self.list.push(finding);
        }
    }
}

async fn report(db: &mut dyn Db) -> Result<CheckReport, DbError> {
    let mut report = CheckReport::default();
    db.unhurried().await?;
    let counts = "SELECT (SELECT count(*) FROM entries), (SELECT count(*) FROM accounts), \
                  (SELECT count(*) FROM events)";
    for mut row in db.run(counts, Vec::new()).await? {
        report.entries = row.unsigned()?;
        report.accounts = row.unsigned()?;
        report.events = row.unsigned()?;
    }
    let mut findings = Findings::default();
    for (sql, found) in books::RULES {
        for mut row in db.run(sql, Vec::new()).await? {
            findings.add(found(&mut row)?);
        }
    }
    outbox::check(db, &mut findings).await?;
    report.findings = findings.list;
    Ok(report)
}
