//! What accountants ask the durable record: balances as of a moment, and statements that add up.
//!
//! Every change of an account's balance is a [`Movement`] with the balance after it, numbered from 1
//! without gaps. Movements are never changed, and a tenant's books are never dated back: a new entry is
//! recorded no earlier than the latest one, whatever the clock of who writes it says. So a statement says
//! the same for ever once an entry was recorded at or after its period's end; until then it is
//! [provisional](Statement::provisional).
use async_trait::async_trait;
use kolo_rules::Amount;

use super::PortError;
use super::ledger::{AccountId, Balance};
use crate::{TenantId, Timestamp};

/// By which time a past balance is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    /// What the books said at that moment: everything recorded until then. That may still grow while no
    /// entry of the tenant was recorded after it, as a [provisional](Statement::provisional) statement
    /// may: a statement until the next second tells.
    Recorded(Timestamp),
    /// What was true at that moment, as far as the books know now: everything that took effect until
    /// then, whenever it was recorded.
    Effective(Timestamp),
}

/// What happened to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It was written settled.
    Settled,
    /// It was written as a hold.
    Held,
    /// The hold ended: settled wholly or in part, voided, expired.
    Ended,
}

/// One change of an account's balance. An entry with several lines on an account moves it once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// The account's version with this movement: 1, 2, 3, ….
    pub version: u64,
    /// The entry.
    pub entry: String,
    /// The entry's kind.
    pub kind: String,
    /// What happened to it.
    pub step: Step,
    /// By how much each figure changed; any of them may be negative.
    pub change: Balance,
    /// The account's balance after it.
    pub balance: Balance,
    /// When it took effect.
    pub effective_at: Timestamp,
    /// When it was recorded: no earlier than the account's movement before it, and than the tenant's
    /// latest entry then.
    pub recorded_at: Timestamp,
    /// The idempotency key of the command that recorded it; `None` where that was not kept.
    pub command: Option<String>,
    /// What started that command, e.g. a message's id.
    pub correlation: Option<String>,
    /// The chain transaction that proves the entry, as far as known now.
    pub chain_tx: Option<String>,
    /// The entry's small facts (JSON text).
    pub details: String,
}

/// Which page of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementQuery {
    /// Of which account.
    pub account: AccountId,
    /// Recorded at or after this moment.
    pub from: Timestamp,
    /// Recorded before this moment.
    pub until: Timestamp,
    /// Continue after this version ([`Statement::next`]); `None` = from the first of the period.
    pub after: Option<u64>,
    /// At most this many movements, at least one.
    pub limit: usize,
}

/// A page of a statement. In every figure, opening + the sum of the changes = closing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The balance before the page's first movement.
    pub opening: Balance,
    /// Oldest first.
    pub movements: Vec<Movement>,
    /// The balance after the page's last movement; on the last page, the period's closing balance.
    pub closing: Balance,
    /// The cursor of the next page, whose opening is this page's closing; `None` on the last one.
    pub next: Option<u64>,
    /// Whether something may still be recorded in the period: no entry of the tenant was recorded at or
    /// after its end yet.
    pub provisional: bool,
}

impl Statement {
    /// Whether it adds up: every running balance, and the closing one.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        let mut balance = self.opening;
        for movement in &self.movements {
            match plus(balance, movement.change) {
                Some(sum) if sum == movement.balance => balance = sum,
                _ => return false,
            }
        }
        balance == self.closing
    }
}

fn plus(a: Balance, b: Balance) -> Option<Balance> {
    let sum = |a: Amount, b: Amount| a.checked_add(b).ok();
    Some(Balance {
        settled: sum(a.settled, b.settled)?,
        pending_out: sum(a.pending_out, b.pending_out)?,
        pending_in: sum(a.pending_in, b.pending_in)?,
    })
}

/// Questions about the past of accounts; optional for an adapter.
///
/// Guarantees: each answer is of one state of the record. No call reads across tenants. An account never
/// used has balance zero and an empty statement; one named with its other side is refused
/// ([`PortErrorKind::Invalid`](super::PortErrorKind::Invalid)).
#[async_trait]
pub trait ReadModel: Send + Sync {
    /// Balances as of a moment, in the order asked for.
    async fn balances_at(
        &self,
        tenant: &TenantId,
        accounts: &[AccountId],
        at: AsOf,
    ) -> Result<Vec<Balance>, PortError>;

    /// A page of an account's statement.
    async fn statement(
        &self,
        tenant: &TenantId,
        query: &StatementQuery,
    ) -> Result<Statement, PortError>;
}
