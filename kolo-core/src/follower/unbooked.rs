//! Payments the books have no room for: kept with all they say, named to the operator, booked on request.
//!
//! An account counts no more than an `i64` does. Whoever brings one there, by a token of which there is more
//! than that, keeps nobody else waiting: the payment is set aside, and what comes after it goes on.
use serde::{Deserialize, Serialize};

use super::money::Booked;
use crate::port::chain::{ChainAddress, ChainEvent, ChainEventBody};
use crate::record::{Aggregate, Loaded};
use crate::unit::Command;
use crate::worker::vaults::Look;
use crate::{Asset, Error, Kolo, Timestamp};

/// Read in one go.
const PAGE: usize = 100;

/// A payment that is on the chain, and for which an account has no room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unbooked {
    /// The chain's own id of its event.
    pub id: String,
    /// In which ledger.
    pub ledger: u32,
    /// When that closed.
    pub at: Timestamp,
    /// The chain transaction (hex hash).
    pub tx: String,
    /// What was paid.
    pub asset: Asset,
    /// By whom; `None`: issued.
    pub from: Option<ChainAddress>,
    /// To whom; `None`: redeemed.
    pub to: Option<ChainAddress>,
    /// How much, minor units.
    pub amount: i64,
    /// Why it is not in the books.
    pub why: String,
    /// When it was set aside.
    pub set_aside_at: Timestamp,
    /// It is in the books by now.
    pub booked: bool,
}

/// Kept under the event's id: in the order of the chain.
impl Aggregate for Unbooked {
    const KIND: &'static str = "unbooked";
}

impl Unbooked {
    fn of(event: &ChainEvent, why: &Error, set_aside_at: Timestamp) -> Option<Self> {
        let ChainEventBody::Transfer { asset, from, to, amount } = event.body.clone() else {
            return None;
        };
        Some(Self {
            id: event.id.clone(),
            ledger: event.ledger,
            at: event.closed_at,
            tx: event.tx.clone(),
            asset,
            from,
            to,
            amount: amount.minor_units(),
            why: why.to_string(),
            set_aside_at,
            booked: false,
        })
    }

    fn event(&self) -> ChainEvent {
        let (asset, from, to) = (self.asset.clone(), self.from.clone(), self.to.clone());
        let amount = kolo_rules::Amount::new(self.amount);
        ChainEvent {
            id: self.id.clone(),
            ledger: self.ledger,
            closed_at: self.at,
            tx: self.tx.clone(),
            body: ChainEventBody::Transfer { asset, from, to, amount },
        }
    }
}

impl Kolo {
    /// Books a payment that was set aside ([`Following::unbooked`](crate::events::Following::unbooked)), now that there is
    /// room: somebody has paid out of the account, or the operator has taken from it what never was money.
    /// `true`: it is in the books. `false`: there is still no room, or no such payment.
    ///
    /// # Errors
    /// A port's failure.
    pub async fn book_again(&self, id: &str) -> Result<bool, Error> {
        let Some(waiting) = self.load::<Unbooked>(id).await? else { return Ok(false) };
        if waiting.state.booked {
            return Ok(true);
        }
        if self.transfer(&waiting.state.event()).await? == Booked::NoRoom {
            return Ok(false);
        }
        // Also when a wallet was brought to its balance meanwhile, which has the payment in it.
        self.is_booked(id).await?;
        Ok(true)
    }

    /// Those that wait.
    pub(super) async fn unbooked(&self) -> Result<Vec<Unbooked>, Error> {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = self.list::<Unbooked>(after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(found) };
            after = Some(last.id.id.clone());
            found.extend(page.into_iter().map(|one| one.state).filter(|one| !one.booked));
        }
    }

    /// Keeps a payment for which there is no room; the vault it may have come to is looked at all the same.
    pub(super) async fn set_transfer_aside(
        &self,
        event: &ChainEvent,
        look: Option<&Look>,
        why: &Error,
    ) -> Result<(), Error> {
        // Not the event's own key: it is applied under that, once there is room.
        let ctx = self.chain_context(&format!("unbooked/{}", event.id));
        let mut command = Command::begin(self, &ctx, "unbooked.keep", &event.id).await?;
        if command.replay::<()>()?.is_some() {
            return Ok(());
        }
        loop {
            let mut changes = command.changes();
            let Some(unbooked) = Unbooked::of(event, why, changes.now()) else { return Ok(()) };
            tracing::error!(
                ?unbooked,
                "a payment is on the chain and not in the books: an account has no room for it"
            );
            if let Some(look) = look {
                look.enqueue(&mut changes)?;
            }
            let unbooked = Loaded::fresh(&event.id, unbooked);
            changes.event(&unbooked.id, "follower.unbooked", &unbooked.state)?;
            changes.write(&unbooked)?;
            if command.commit(changes, ()).await?.is_some() {
                return Ok(());
            }
        }
    }

    async fn is_booked(&self, id: &str) -> Result<(), Error> {
        let ctx = self.chain_context(&format!("unbooked/{id}/booked"));
        let mut command = Command::begin(self, &ctx, "unbooked.booked", &id).await?;
        if command.replay::<()>()?.is_some() {
            return Ok(());
        }
        loop {
            let Some(mut waiting) = self.load::<Unbooked>(id).await? else { return Ok(()) };
            let mut changes = command.changes();
            waiting.state.booked = true;
            changes.event(&waiting.id, "follower.booked", &waiting.state)?;
            changes.write(&waiting)?;
            if command.commit(changes, ()).await?.is_some() {
                return Ok(());
            }
        }
    }
}
