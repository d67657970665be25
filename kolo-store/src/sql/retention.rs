//! Forgetting what need not be remembered.
use kolo_core::Timestamp;
use kolo_core::port::PortError;

use super::statement::{Db, seconds, values};
use super::store::SqlLedger;
use crate::sql::DbError;

/// How many keys one write forgets, so that commits need not wait long.
const AT_ONCE: i64 = 500;

impl<B> SqlLedger<B> {
    /// Forgets the keys and outcomes of commands whose 90 days were over at `now`; those that are
    /// kept for ever stay. Returns how many were forgotten.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn forget_commands(&self, now: Timestamp) -> Result<u64, PortError> {
        let now = seconds(now).unwrap_or(i64::MAX);
        let mut all = 0;
        loop {
            let forgotten = self.store.write(move |db| Box::pin(forget(db, now))).await?;
            if forgotten == 0 {
                return Ok(all);
            }
            all += forgotten;
        }
    }
}

async fn forget(db: &mut dyn Db, now: i64) -> Result<u64, DbError> {
    let gone = db
        .run(
            "DELETE FROM commands WHERE (tenant, key) IN (SELECT tenant, key FROM commands \
             WHERE keep_until < $1 LIMIT $2) RETURNING 1",
            values![now, AT_ONCE],
        )
        .await?;
    Ok(u64::try_from(gone.len()).unwrap_or(u64::MAX))
}
