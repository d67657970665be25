//! The reference read model.
use async_trait::async_trait;

use super::MemoryLedger;
use crate::port::ledger::{AccountId, Balance};
use crate::port::statement::{AsOf, Movement, Statement, StatementQuery};
use crate::port::{PortError, ReadModel};
use crate::{Amount, TenantId};

#[async_trait]
impl ReadModel for MemoryLedger {
    async fn balances_at(
        &self,
        tenant: &TenantId,
        accounts: &[AccountId],
        at: AsOf,
    ) -> Result<Vec<Balance>, PortError> {
        let state = self.lock();
        let Some(tenant) = state.tenants.get(tenant) else {
            return Ok(vec![Balance::default(); accounts.len()]);
        };
        accounts.iter().map(|id| Ok(as_of(tenant.books.movements(id)?, at))).collect()
    }

    async fn statement(
        &self,
        tenant: &TenantId,
        query: &StatementQuery,
    ) -> Result<Statement, PortError> {
        let state = self.lock();
        let (movements, latest) = match state.tenants.get(tenant) {
            Some(tenant) => (tenant.books.movements(&query.account)?, tenant.books.latest()),
            None => (&[][..], None),
        };
        let provisional = latest.is_none_or(|latest| latest < query.until);
        Ok(Statement { provisional, ..page(movements, query) })
    }
}

fn page(movements: &[Movement], query: &StatementQuery) -> Statement {
    let starts = |m: &&Movement| {
        m.recorded_at >= query.from && query.after.is_none_or(|after| m.version > after)
    };
    let period: Vec<_> = movements.iter().filter(starts).collect();
    let before = movements.iter().rev().find(|m| !starts(m));
    let opening = before.map_or_else(Balance::default, |last| last.balance);
    let mut left = period.into_iter().filter(|m| m.recorded_at < query.until);
    let page: Vec<_> = left.by_ref().take(query.limit.max(1)).cloned().collect();
    let more = left.next().is_some();
    Statement {
        opening,
        closing: page.last().map_or(opening, |last| last.balance),
        next: page.last().filter(|_| more).map(|last| last.version),
        movements: page,
        provisional: true,
    }
}

fn as_of(movements: &[Movement], at: AsOf) -> Balance {
    match at {
        AsOf::Recorded(at) => {
            let last = movements.iter().rev().find(|movement| movement.recorded_at <= at);
            last.map_or_else(Balance::default, |last| last.balance)
        }
        AsOf::Effective(at) => {
            let true_then = movements.iter().filter(|movement| movement.effective_at <= at);
            true_then.fold(Balance::default(), |sum, movement| more(sum, movement.change))
        }
    }
}

/// `a` + `b`; what leaves the range stays at its end, as no balance of the ledger ever does.
fn more(a: Balance, b: Balance) -> Balance {
    let sum = |a: Amount, b: Amount| Amount::new(a.minor_units().saturating_add(b.minor_units()));
    Balance {
        settled: sum(a.settled, b.settled),
        pending_out: sum(a.pending_out, b.pending_out),
        pending_in: sum(a.pending_in, b.pending_in),
    }
}

/// `a` − `b`, if it is in the range.
pub(super) fn less(a: Balance, b: Balance) -> Option<Balance> {
    let rest = |a: Amount, b: Amount| a.checked_sub(b).ok();
    Some(Balance {
        settled: rest(a.settled, b.settled)?,
        pending_out: rest(a.pending_out, b.pending_out)?,
        pending_in: rest(a.pending_in, b.pending_in)?,
    })
}
