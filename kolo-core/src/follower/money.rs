//! Money that came or went without a circle: payments from and to the outside.
use kolo_rules::Amount;

use crate::circle::postings::{Details, Move, purse, wallet};
use crate::circle::state::Circle;
use crate::notice::Notice;
use crate::port::chain::{ChainAddress, ChainEvent};
use crate::port::ledger::{EntryStatus, Resolution};
use crate::unit::{Changes, Command};
use crate::{Asset, Error, Kolo, MemberId};

impl Kolo {
    /// A payment between wallets or with the outside, booked once. What a circle moves is booked
    /// from the circle's own events, which say why; what moved in or out of its vault without it is looked
    /// at.
    pub(super) async fn apply_transfer(
        &self,
        event: &ChainEvent,
        asset: &Asset,
        from: Option<&ChainAddress>,
        to: Option<&ChainAddress>,
        amount: Amount,
    ) -> Result<(), Error> {
        if asset != self.asset() {
            // Whatever its issuer calls it, it is not what people save in here.
            return Ok(());
        }
        let look = match self.vault_of(from, to).await? {
            None => None,
            Some(circle) => match self.look_for(&circle, from, to, event) {
                Some(look) => Some(look),
                None => return Ok(()),
            },
        };
        let sender = self.member_at(from).await?;
        let receiver = self.member_at(to).await?;
        // A wallet that was taken from a balance has what led to it.
        let counted = self.counted_in([sender, receiver], event.ledger).await?;
        let fresh = |member: &MemberId| counted.get(member) != Some(&true);
        let (sender, receiver) = (sender.filter(fresh), receiver.filter(fresh));
        let moves = sender != receiver && amount.is_positive();
        if look.is_none() && !moves {
            return Ok(());
        }
        let ctx = self.chain_context(&event.id);
        let mut command = Command::begin(self, &ctx, "chain.transfer", &event.id).await?;
        if command.replay::<()>()?.is_some() {
            return Ok(());
        }
        loop {
            let mut changes = command.changes();
            if let Some(look) = &look {
                look.enqueue(&mut changes)?;
            }
            if moves {
                self.book_transfer(&mut changes, event, (sender, receiver), amount).await?;
            }
            if command.commit(changes, ()).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// The circle whose vault is one of the two, if one is.
    async fn vault_of(
        &self,
        from: Option<&ChainAddress>,
        to: Option<&ChainAddress>,
    ) -> Result<Option<Circle>, Error> {
        for party in [from, to].into_iter().flatten() {
            if let Some(circle) = self.circle_at(party).await? {
                return Ok(Some(circle.state));
            }
        }
        Ok(None)
    }

    async fn book_transfer(
        &self,
        changes: &mut Changes,
        event: &ChainEvent,
        (sender, receiver): (Option<MemberId>, Option<MemberId>),
        amount: Amount,
    ) -> Result<(), Error> {
        let paid = match sender.zip(receiver) {
            Some(two) => self.settle_offer(changes, two, amount, settled(event)).await?,
            None => false,
        };
        if !paid {
            let asset = self.asset();
            let (from, to) = (purse(sender, asset), purse(receiver, asset));
            let kind = match (sender, receiver) {
                (None, _) => "deposit",
                (_, None) => "withdrawal",
                _ => "transfer",
            };
            let (status, details) = (EntryStatus::Settled, &Details::default());
            let (id, tx) = (format!("transfer/{}", event.id), Some(event.tx.clone()));
            let at = event.closed_at;
            let moved = Move { id, kind, from, to, amount, status, at, tx, details };
            changes.set.entries.push(moved.entry());
        }
        self.tell_of_transfer(changes, event, sender, receiver, amount).await
    }

    async fn tell_of_transfer(
        &self,
        changes: &mut Changes,
        event: &ChainEvent,
        sender: Option<MemberId>,
        receiver: Option<MemberId>,
        amount: Amount,
    ) -> Result<(), Error> {
        let tx = event.tx.clone();
        let minor = amount.minor_units();
        if let Some(to) = receiver {
            let balance = self.settled(to).await?.saturating_add(minor);
            changes.notice(
                to,
                "in",
                Notice::MoneyReceived { amount: minor, balance, tx: tx.clone() },
            )?;
        }
        if let Some(from) = sender {
            let balance = self.settled(from).await?.saturating_sub(minor);
            changes.notice(from, "out", Notice::MoneySent { amount: minor, balance, tx })?;
        }
        Ok(())
    }

    async fn settled(&self, member: MemberId) -> Result<i64, Error> {
        let account = wallet(member, self.asset());
        let balances = self.ports().ledger.balances(self.tenant(), &[account]).await?;
        Ok(balances.first().copied().unwrap_or_default().settled.minor_units())
    }

    pub(super) async fn member_at(
        &self,
        address: Option<&ChainAddress>,
    ) -> Result<Option<MemberId>, Error> {
        let Some(address) = address else {
            return Ok(None);
        };
        let id = self.find("address", &address.0).await?;
        Ok(id.and_then(|id| id.parse().ok()))
    }
}

/// The end of a hold for what this event has paid.
fn settled(event: &ChainEvent) -> impl FnOnce(String) -> Resolution + Send + use<> {
    let (chain_tx, effective_at) = (Some(event.tx.clone()), event.closed_at);
    move |entry| Resolution { entry, settle: true, chain_tx, effective_at }
}
