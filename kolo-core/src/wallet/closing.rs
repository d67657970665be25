//! An account that is needed no more, and one that carries its own reserves.
use kolo_rules::Amount;

use super::Wallets;
use crate::circle::postings::wallet;
use crate::circle::state::{Circle, Contract};
use crate::intent::state::Want;
use crate::invitation::state::Standing;
use crate::member::state::{Account, Member};
use crate::port::authorizer::{CommandName, CommandRequest};
use crate::port::chain::ChainAddress;
use crate::unit::Command;
use crate::{CommandContext, Error, IntentId, InvitationId, Kolo};

impl Wallets {
    /// Has the commanding member's account closed: the trustline goes, and the account is merged into
    /// `to`, or without it into the sponsor's. The reserves go back to whoever sponsored them; `to` gets
    /// XLM the member had brought along, the sponsor never does: the account stays open until it is said
    /// where it goes. The key stays: the account opens again, at the same address, with the next circle they
    /// create, join or buy a place in. Until then nobody can pay it.
    ///
    /// # Errors
    /// [`Error::WalletInUse`] while money is in it, a circle is not settled or something is under way;
    /// [`Error::NotReady`] when there is no open account; a port's failure.
    pub async fn close(
        &self,
        ctx: &CommandContext,
        to: Option<ChainAddress>,
    ) -> Result<IntentId, Error> {
        let id = ctx.member()?;
        let chain = &self.kolo.ports().chain;
        let to = to.unwrap_or_else(|| chain.account_address(&self.kolo.operator().sponsor));
        let request = CommandRequest::new(ctx, CommandName::CloseAccount);
        let want = Want::CloseAccount { member: id, to };
        let mut command = Command::asked(&self.kolo, ctx, request, &want).await?;
        if let Some(done) = command.replay()? {
            return Ok(done);
        }
        loop {
            let mut changes = command.changes();
            let mut member = self.kolo.member(id).await?;
            open(&member.state)?;
            if let Some(why) = self.kolo.still_needed(&member.state).await? {
                return Err(Error::WalletInUse { why });
            }
            member.state.account = Account::Closing;
            changes.write(&member)?;
            let intent = changes.want("close-account", want.clone(), None)?;
            if let Some(done) = command.commit(changes, intent).await? {
                return Ok(done);
            }
        }
    }

    /// Has the commanding member's account released from the operator's sponsorship: it carries its own
    /// reserves from then on (half an XLM each for the two of the account and the one of the trustline),
    /// and must hold them.
    ///
    /// # Errors
    /// [`Error::NotReady`] when there is no open account; a port's failure.
    pub async fn leave_sponsorship(&self, ctx: &CommandContext) -> Result<IntentId, Error> {
        let id = ctx.member()?;
        let request = CommandRequest::new(ctx, CommandName::LeaveSponsorship);
        let want = Want::LeaveSponsorship { member: id };
        let mut command = Command::asked(&self.kolo, ctx, request, &want).await?;
        if let Some(done) = command.replay()? {
            return Ok(done);
        }
        loop {
            let mut changes = command.changes();
            open(&self.kolo.member(id).await?.state)?;
            let intent = changes.want("leave-sponsorship", want.clone(), None)?;
            if let Some(done) = command.commit(changes, intent).await? {
                return Ok(done);
            }
        }
    }
}

fn open(member: &Member) -> Result<(), Error> {
    match member.account {
        Account::Open => Ok(()),
        Account::Closing => Err(Error::UnderWay),
        Account::None | Account::Opening => Err(Error::NotReady),
    }
}

impl Kolo {
    /// What a member's account is still needed for, if for anything. What is on the chain alone, the
    /// client looks at before it prepares the closing.
    pub(crate) async fn still_needed(
        &self,
        member: &Member,
    ) -> Result<Option<&'static str>, Error> {
        let account = wallet(member.id, self.asset());
        let balances = self.ports().ledger.balances(self.tenant(), &[account]).await?;
        let balance = balances.first().copied().unwrap_or_default();
        if balance.settled != Amount::ZERO {
            return Ok(Some("money is in it: send it elsewhere first"));
        }
        if balance.pending_out != Amount::ZERO {
            return Ok(Some("a payment is under way"));
        }
        for id in &member.circles {
            if is_open_for(&self.circle(*id).await?.state, member)? {
                return Ok(Some("a circle of theirs is not settled"));
            }
        }
        if !self.still_joining(member).await?.is_empty() {
            return Ok(Some("a circle they join is not settled"));
        }
        Ok(None)
    }

    /// The codes a member has used and not sat down by yet; they may sit there by now, and we not know.
    pub(crate) async fn still_joining(&self, member: &Member) -> Result<Vec<InvitationId>, Error> {
        let mut joining = Vec::new();
        for id in &member.joining {
            if self.invitation(*id).await?.state.standing == Standing::Taken(member.id) {
                joining.push(*id);
            }
        }
        Ok(joining)
    }
}

/// Whether a circle still wants something of the member, or has something for them.
fn is_open_for(circle: &Circle, member: &Member) -> Result<bool, Error> {
    // What one of other code has for them nobody can tell: it finds them at the same address again.
    if matches!(circle.contract, Contract::Failed | Contract::Foreign) {
        return Ok(false);
    }
    let mirror = circle.mirror()?;
    if circle.contract == Contract::Creating || !mirror.phase.is_over() {
        // Who has sold the seat, or was never let in, has no part in it.
        let sits = circle.seat_of(&member.address).is_some();
        return Ok(sits || circle.organiser == member.id || circle.is_waiting(&member.address));
    }
    let Some(index) = circle.seat_of(&member.address) else {
        return Ok(false);
    };
    let Some(seat) = mirror.seat(index) else {
        return Ok(false);
    };
    let waits = [seat.credit, seat.claimable, seat.uncovered, seat.pooled, seat.fees, seat.deposit];
    let owes = mirror.debt(index)?;
    Ok(owes.is_positive() || waits.iter().any(|amount| amount.is_positive()))
}
