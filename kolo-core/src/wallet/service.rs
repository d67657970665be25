//! Balances, history, test money.
use std::cmp::Reverse;

use kolo_rules::Amount;

use crate::circle::postings::{Details, wallet};
use crate::intent::state::Want;
use crate::member::state::Member;
use crate::port::authorizer::{CommandName, CommandRequest};
use crate::port::ledger::{EntryQuery, EntryStatus, Side, StoredEntry};
use crate::unit::Command;
use crate::view::{HistoryLine, HistoryPage, WalletView};
use crate::{Asset, CommandContext, Error, IntentId, Kolo, MemberId};

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

    /// The books and the chain, side by side (W-2), of the usual asset.
    ///
    /// # Errors
    /// [`Error::NoSuchMember`]; a port's failure of the ledger (the chain's only leaves `on_chain` empty).
    pub async fn balance(&self, member: MemberId) -> Result<WalletView, Error> {
        let member = self.kolo.member(member).await?.state;
        self.of(&member, self.kolo.asset()).await
    }

    /// The same of one of [`Wallets::balances`].
    ///
    /// # Errors
    /// [`Error::AssetNotAllowed`]; as [`Wallets::balance`].
    pub async fn balance_in(&self, member: MemberId, asset: &Asset) -> Result<WalletView, Error> {
        let member = self.kolo.member(member).await?.state;
        if !self.kolo.held_by(&member).contains(asset) {
            self.kolo.allowed(asset)?;
        }
        self.of(&member, asset).await
    }

    /// The same of every asset the member's account may hold, the usual one first: those on the host's list,
    /// and those that were on it.
    ///
    /// # Errors
    /// As [`Wallets::balance`].
    pub async fn balances(&self, member: MemberId) -> Result<Vec<WalletView>, Error> {
        let member = self.kolo.member(member).await?.state;
        let mut all = Vec::new();
        for asset in self.kolo.held_by(&member) {
            all.push(self.of(&member, &asset).await?);
        }
        Ok(all)
    }

    async fn of(&self, member: &Member, asset: &Asset) -> Result<WalletView, Error> {
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

    /// What moved, newest first (W-4), whatever it was of.
    ///
    /// # Errors
    /// [`Error::NoSuchMember`]; a port's failure.
    pub async fn history(
        &self,
        member: MemberId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<HistoryPage, Error> {
        let member = self.kolo.member(member).await?.state;
        let limit = limit.clamp(1, PAGE_MAX);
        let mut lines = Vec::new();
        for asset in self.kolo.held_by(&member) {
            let account = wallet(member.id, &asset);
            let query = EntryQuery { account, before, limit: limit.saturating_add(1) };
            let found = self.kolo.ports().ledger.entries(self.kolo.tenant(), &query).await?;
            lines.extend(found.iter().map(|entry| line(entry, &query, &asset)));
        }
        // Positions are the record's own: one order over all accounts.
        lines.sort_by_key(|line| Reverse(line.position));
        let more = lines.len() > limit;
        lines.truncate(limit);
        let next = lines.last().filter(|_| more).map(|last| last.position);
        Ok(HistoryPage { lines, next })
    }

    /// Test money of the usual asset, from the issuer of a test network, to the commanding member
    /// (1 ≤ amount ≤ settings). Opens the account on the chain when it is the first money.
    ///
    /// # Errors
    /// [`Error::NotAvailable`] on a real network; [`Error::OutOfBounds`]; [`Error::CapReached`].
    pub async fn test_money(
        &self,
        ctx: &CommandContext,
        amount: Amount,
    ) -> Result<IntentId, Error> {
        self.test_money_in(ctx, self.kolo.asset(), amount).await
    }

    /// The same of one of the allowed assets that the operator issues.
    ///
    /// # Errors
    /// [`Error::AssetNotAllowed`]; [`Error::NotAvailable`] for one that is not the operator's, too; as
    /// [`Wallets::test_money`].
    pub async fn test_money_in(
        &self,
        ctx: &CommandContext,
        asset: &Asset,
        amount: Amount,
    ) -> Result<IntentId, Error> {
        let id = ctx.member()?;
        if !self.kolo.is_test_money(asset)? {
            return Err(Error::NotAvailable);
        }
        let most = self.kolo.settings().test_money_max;
        let amount = amount.minor_units();
        if !(1..=most).contains(&amount) {
            let max = u64::try_from(most).unwrap_or(0);
            return Err(Error::OutOfBounds { field: "amount", min: 1, max });
        }
        // What was asked is compared as it was when there was one asset; what is wanted names it.
        let other = Some(asset.clone()).filter(|asset| asset != self.kolo.asset());
        let asked = Want::TestMoney { member: id, amount, asset: other };
        let want = Want::TestMoney { member: id, amount, asset: Some(asset.clone()) };
        let request =
            CommandRequest::new(ctx, CommandName::TestMoney).moving(Amount::new(amount)).of(asset);
        let mut command = Command::asked(&self.kolo, ctx, request, &asked).await?;
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

impl Kolo {
    /// Whether an allowed asset is the operator's own to give away.
    fn is_test_money(&self, asset: &Asset) -> Result<bool, Error> {
        let asset = &self.allowed(asset)?.asset;
        let Some(issuer) = self.operator().issuer else { return Ok(false) };
        // Where there is test money, the usual asset is some.
        let issuer = self.ports().chain.account_address(&issuer);
        Ok(asset == self.asset() || issuer.0 == asset.issuer)
    }
}

/// An entry as the owner of the account sees it.
fn line(stored: &StoredEntry, query: &EntryQuery, asset: &Asset) -> HistoryLine {
    let entry = &stored.entry;
    let details: Details = serde_json::from_str(&entry.details).unwrap_or_default();
    let moved = entry.postings.iter().filter(|posting| posting.account == query.account);
    let amount = moved.fold(Amount::ZERO, |sum, posting| match posting.side {
        Side::Credit => sum.checked_add(posting.amount).unwrap_or(sum),
        Side::Debit => sum.checked_sub(posting.amount).unwrap_or(sum),
    });
    HistoryLine {
        position: stored.position,
        asset: asset.clone(),
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
