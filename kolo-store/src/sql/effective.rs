//! A balance as of a moment, by the time things took effect.
//!
//! Movements are numbered in the order of their recording. Mostly they took effect in that order too, but
//! none need have: what is late, or was dated ahead, is anywhere. So a balance by effective time is a sum,
//! and the spans (migration 4) keep it short: a run of 64, 64² or 64³ movements that took effect by the
//! moment as a whole is the difference of two running balances; one that did not at all is nothing; and
//! only one that the moment divides is looked into. Of an account whose movements took effect in order
//! that is one run of each size, and the few that are in no run yet: some 400 rows at most, and one for each
//! 262,144 movements, however long its history. Each movement out of order may add the runs it is in.
use kolo_core::port::ledger::{AccountId, Balance};
use kolo_core::{Amount, TenantId};

use super::history::last_version;
use crate::sql::{Db, DbError, values};

/// How many movements there are in a run, the longest first; each is made of whole runs of the next.
const SIZES: [i64; 3] = [64 * 64 * 64, 64 * 64, 64];

/// Settled, pending outflows, pending inflows; wide, so that only their end has to fit.
type Sums = [i128; 3];

pub(super) async fn effective_by(
    db: &mut dyn Db,
    tenant: &TenantId,
    account: &AccountId,
    at: i64,
) -> Result<Balance, DbError> {
    let mut sums = Sums::default();
    // What is still to be looked into: after a version, up to a version.
    let mut left = vec![(0, last_version(db, tenant, account).await?)];
    let of = Of { tenant, account, at };
    for size in SIZES {
        let mut divided = Vec::new();
        for (after, last) in left {
            let whole = last - last % size;
            of.runs(db, size, (after, whole), &mut sums, &mut divided).await?;
            if whole < last {
                divided.push((whole, last));
            }
        }
        left = divided;
    }
    for range in left {
        of.movements(db, range, &mut sums).await?;
    }
    let figure = |sum: i128| i64::try_from(sum).map(Amount::new);
    match sums.map(figure) {
        [Ok(settled), Ok(pending_out), Ok(pending_in)] => {
            Ok(Balance { settled, pending_out, pending_in })
        }
        _ => Err(DbError::corrupt("a past balance is out of range")),
    }
}

/// What is asked.
struct Of<'a> {
    tenant: &'a TenantId,
    account: &'a AccountId,
    at: i64,
}

impl Of<'_> {
    /// Adds the runs of this size that are in as a whole; those that the moment divides are left.
    async fn runs(
        &self,
        db: &mut dyn Db,
        size: i64,
        (after, last): (i64, i64),
        sums: &mut Sums,
        divided: &mut Vec<(i64, i64)>,
    ) -> Result<(), DbError> {
        const SQL: &str = "SELECT s.version, s.latest, l.settled_after, l.pending_out_after, \
            l.pending_in_after, coalesce(f.settled_after, 0), coalesce(f.pending_out_after, 0), \
            coalesce(f.pending_in_after, 0) FROM spans s \
            JOIN movements l ON l.tenant = s.tenant AND l.account = s.account \
            AND l.asset = s.asset AND l.version = s.version \
            LEFT JOIN movements f ON f.tenant = s.tenant AND f.account = s.account \
            AND f.asset = s.asset AND f.version = s.version - s.size \
            WHERE s.tenant = $1 AND s.account = $2 AND s.asset = $3 AND s.size = $4 \
            AND s.version > $5 AND s.version <= $6 AND s.earliest <= $7 ORDER BY s.version";
        if after >= last {
            return Ok(());
        }
        let Self { tenant, account, at } = *self;
        let asked = values![tenant, &account.name, &account.asset, size, after, last, at];
        for mut row in db.run(SQL, asked).await? {
            let (version, latest) = (row.int()?, row.int()?);
            if latest > at {
                divided.push((version - size, version));
                continue;
            }
            for sum in sums.iter_mut() {
                *sum += i128::from(row.int()?);
            }
            for sum in sums.iter_mut() {
                *sum -= i128::from(row.int()?);
            }
        }
        Ok(())
    }

    /// Adds the movements that are in, of a run of the smallest size or less.
    async fn movements(
        &self,
        db: &mut dyn Db,
        (after, last): (i64, i64),
        sums: &mut Sums,
    ) -> Result<(), DbError> {
        const SQL: &str = "SELECT settled, pending_out, pending_in FROM movements \
            WHERE tenant = $1 AND account = $2 AND asset = $3 \
            AND version > $4 AND version <= $5 AND effective_at <= $6";
        let Self { tenant, account, at } = *self;
        let asked = values![tenant, &account.name, &account.asset, after, last, at];
        for mut row in db.run(SQL, asked).await? {
            for sum in sums.iter_mut() {
                *sum += i128::from(row.int()?);
            }
        }
        Ok(())
    }
}
