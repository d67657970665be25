//! Balances, history, test money.
use kolo_rules::Amount;

use crate::circle::postings::{Details, wallet};
use crate::intent::state::Want;
use crate::port::authorizer::{CommandName, CommandRequest};
use crate::port::ledger::{EntryQuery, EntryStatus, Side, StoredEntry};
use crate::unit::Command;
use crate::view::{HistoryLine, HistoryPage, WalletView};
use crate::{CommandContext, Error, IntentId, Kolo, MemberId};

/// Longest page of history.
const PAGE_MAX: usize = 100;

/// See [`Kolo::wallets`].
pub struct Wallets {
    pub(super) kolo: Kolo,
}

impl Wallets {
    pub(crate) fn new(kolo: Kolo) -> Self {
        Self { kolo }
    }

    /// The books and the chain, side by side (W-2).
    ///
    /// # Errors
    /// [`Error::NoSuchMember`]; a port's failure of the ledger (the chain's only leaves `on_chain` empty).
    pub async fn balance(&self, member: MemberId) -> Result<WalletView, Error> {
        let member = self.kolo.member(member).await?.state;
        let asset = self.kolo.asset();
        let ports = self.kolo.ports();
        let account = wallet(member.id, asset);
        let balances = ports.ledger.balances(self.kolo.tenant(), &[account]).await?;
        let balance = balances.first().copied().unwrap_or_default();
        Ok(WalletView {
            asset: asset.clone(),
            settled: balance.settled,
            available: balance.settled.checked_sub(balance.pending_out).unwrap_or(Amount::ZERO),
            pending_out: balance.pending_out,
            on_chain: ports.chain.balance(&member.address, asset).await.ok(),
        })
    }

    /// What moved, newest first (W-4).
    ///
    /// # Errors
    /// [`Error::NoSuchMember`]; a port's failure.
    pub async fn history(
        &self,
        member: MemberId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<HistoryPage, Error> {
        let member = self.kolo.member(member).await?.state.id;
        let limit = limit.clamp(1, PAGE_MAX);
        let account = wallet(member, self.kolo.asset());
        let query = EntryQuery { account, before, limit: limit.saturating_add(1) };
        let mut found = self.kolo.ports().ledger.entries(self.kolo.tenant(), &query).await?;
        let more = found.len() > limit;
        found.truncate(limit);
        let lines: Vec<_> = found.iter().map(|entry| line(entry, &query)).collect();
        let next = lines.last().filter(|_| more).map(|last| last.position);
        Ok(HistoryPage { lines, next })
    }

    /// Test dollars from the issuer of a test network, to the commanding member (1 ≤ amount ≤ settings).
    /// Opens the account on the chain when it is the first money.
    ///
    /// # Errors
    /// [`Error::NotAvailable`] on a real network; [`Error::OutOfBounds`]; [`Error::CapReached`].
    pub async fn test_money(
        &self,
        ctx: &CommandContext,
        amount: Amount,
    ) -> Result<IntentId, Error> {
        let id = ctx.member()?;
        if self.kolo.operator().issuer.is_none() {
            return Err(Error::NotAvailable);
        }
        let most = self.kolo.settings().test_money_max;
        let amount = amount.minor_units();
        if !(1..=most).contains(&amount) {
            let max = u64::try_from(most).unwrap_or(0);
            return Err(Error::OutOfBounds { field: "amount", min: 1, max });
        }
        let want = Want::TestMoney { member: id, amount };
        let request = CommandRequest::new(ctx, CommandName::TestMoney).moving(Amount::new(amount));
        let mut command = Command::asked(&self.kolo, ctx, request, &want).await?;
        if let Some(done) = command.replay()? {
            return Ok(done);
        }
        loop {
            let mut changes = command.changes();
            let mut member = self.kolo.member(id).await?;
            self.kolo.have_account_opened(&mut changes, &mut member).await?;
            changes.write(&member)?;
            let intent = changes.want("test-money", want.clone(), None)?;
            if let Some(done) = command.commit(changes, intent).await? {
                return Ok(done);
            }
        }
    }
}

/// An entry as the owner of the account sees it.
fn line(stored: &StoredEntry, query: &EntryQuery) -> HistoryLine {
    let entry = &stored.entry;
    let details: Details = serde_json::from_str(&entry.details).unwrap_or_default();
    let moved = entry.postings.iter().filter(|posting| posting.account == query.account);
    let amount = moved.fold(Amount::ZERO, |sum, posting| match posting.side {
        Side::Credit => sum.checked_add(posting.amount).unwrap_or(sum),
        Side::Debit => sum.checked_sub(posting.amount).unwrap_or(sum),
    });
    HistoryLine {
        position: stored.position,
        at: entry.effective_at,
        kind: entry.kind.clone(),
        amount,
        pending: entry.status == EntryStatus::Pending,
        voided: matches!(entry.status, EntryStatus::Voided | EntryStatus::Expired),
        circle: details.name,
        round: details.round,
        tx: entry.chain_tx.clone(),
    }
}
