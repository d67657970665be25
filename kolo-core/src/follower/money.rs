//! Money that came or went without a circle: payments from and to the outside.
use kolo_rules::Amount;

use super::circle::cannot_be;
use crate::circle::postings::{Details, Move, purse, wallet};
use crate::circle::state::Circle;
use crate::notice::Notice;
use crate::port::chain::{ChainAddress, ChainEvent, ChainEventBody};
use crate::port::ledger::{EntryStatus, Resolution};
use crate::unit::{Changes, Command};
use crate::worker::vaults::Look;
use crate::{Error, Kolo, MemberId};

/// What came of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Booked {
    /// It is in the books, or does not belong there.
    Done,
    /// It was set aside.
    NoRoom,
}

/// A payment as its event tells it.
struct Paid<'a> {
    from: Option<&'a ChainAddress>,
    to: Option<&'a ChainAddress>,
    amount: Amount,
}

impl Kolo {
    /// A payment between wallets or with the outside, booked once. What a circle moves is booked
    /// from the circle's own events, which say why; what moved in or out of its vault without it is looked
    /// at. One the books have no room for is set aside.
    pub(super) async fn transfer(&self, event: &ChainEvent) -> Result<Booked, Error> {
        let ChainEventBody::Transfer { asset, from, to, amount } = &event.body else {
            return Ok(Booked::Done);
        };
        if asset != self.asset() {
            // Whatever its issuer calls it, it is not what people save in here.
            return Ok(Booked::Done);
        }
        let paid = Paid { from: from.as_ref(), to: to.as_ref(), amount: *amount };
        let look = match self.vault_of(event, &paid).await? {
            None => None,
            Some(circle) => match self.look_for(&circle, paid.from, paid.to, event) {
                Some(look) => Some(look),
                None => return Ok(Booked::Done),
            },
        };
        match self.apply_transfer(event, &paid, look.as_ref()).await {
            Err(error) if cannot_be(&error) => {
                self.set_transfer_aside(event, look.as_ref(), &error).await?;
                Ok(Booked::NoRoom)
            }
            done => done.map(|()| Booked::Done),
        }
    }

    async fn apply_transfer(
        &self,
        event: &ChainEvent,
        paid: &Paid<'_>,
        look: Option<&Look>,
    ) -> Result<(), Error> {
        let Paid { from, to, amount } = *paid;
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
            if let Some(look) = look {
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

    /// The circle whose vault is one of the two, if one is. One of other code is a stranger like others.
    async fn vault_of(&self, event: &ChainEvent, paid: &Paid<'_>) -> Result<Option<Circle>, Error> {
        for party in [paid.from, paid.to].into_iter().flatten() {
            let Some(circle) = self.circle_at(party).await? else { continue };
            let other = circle.state.other_code.as_ref();
            if !other.is_some_and(|other| other.since.is_before(event)) {
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
