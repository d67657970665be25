//! Circles whose factory is followed no more: it was another one when their creation was sent (see
//! `intent/rehouse.rs`), so that nobody hears its announcement. The circle's own events are heard, whoever made
//! it, and the first of them says that it is there.
use kolo_rules::Rules;

use super::fill::{behind, is_its_own};
use crate::circle::state::{Circle, Contract};
use crate::port::chain::{ChainAddress, ChainEvent};
use crate::{Error, Kolo};

impl Kolo {
    /// Takes an event of a circle that is still awaited as its announcement, where no other can come. Its rules
    /// and its code are read from the contract. `true`: the circle has changed.
    pub(super) async fn is_found_by(
        &self,
        event: &ChainEvent,
        address: &ChainAddress,
        circle: &Circle,
    ) -> Result<bool, Error> {
        if circle.contract != Contract::Creating || self.made_at(circle).await? == *address {
            return Ok(false);
        }
        let rules = match self.rules_there(event, address, circle).await {
            Ok(Some(rules)) => rules,
            Ok(None) => {
                tracing::error!(circle = %circle.id, event = event.id, "a circle of another factory could not be read: it stays awaited until Kolo::refill reads it");
                return Ok(false);
            }
            Err(error) if is_its_own(&error) => {
                tracing::error!(circle = %circle.id, event = event.id, %error, "a circle of another factory cannot be read: it stays awaited until Kolo::refill reads it");
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        let organiser = self.member(circle.organiser).await?.state.address;
        // Told to hosts under an id of its own: the event itself comes next.
        let id = format!("{}-created", event.id);
        let announced = ChainEvent { id, ..event.clone() };
        self.apply_created(&announced, address, &organiser, &rules).await?;
        Ok(true)
    }

    /// What is there, by a node that has seen the event: this may be the only one there ever is.
    async fn rules_there(
        &self,
        event: &ChainEvent,
        address: &ChainAddress,
        circle: &Circle,
    ) -> Result<Option<Rules>, Error> {
        let chain = &self.ports().chain;
        let there = chain.circle(address, &circle.asset).await?;
        let as_of = match &there {
            Some(there) => there.ledger,
            None => chain.latest().await?.sequence,
        };
        if as_of < event.ledger {
            return Err(behind().into());
        }
        Ok(there.filter(|there| self.runs_ours(there)).and_then(|there| there.rules))
    }
}
