//! Another list of assets is another factory, and a factory's circles have addresses of their own.
//!
//! | a circle that is being created, and the factory is another one now | |
//! |---|---|
//! | nothing of it is on its way | the new factory makes it, so it gets that one's address |
//! | its transaction is | the old one makes it, where it was to be: the follower finds it there (`unannounced.rs`) |
use super::state::{Intent, Progress, Want};
use crate::circle::state::{Circle, Contract};
use crate::port::chain::ChainAddress;
use crate::unit::Command;
use crate::{Error, Kolo};

impl Kolo {
    /// Gives a circle the address it will be made at, before a transaction for it is built.
    pub(super) async fn rehouse(&self, intent: &Intent) -> Result<(), Error> {
        let Want::CreateCircle { circle: id } = intent.want else { return Ok(()) };
        if intent.progress != Progress::Queued {
            return Ok(());
        }
        loop {
            let mut circle = self.circle(id).await?;
            let address = self.made_at(&circle.state).await?;
            if circle.state.contract != Contract::Creating || circle.state.address == address {
                return Ok(());
            }
            // The version makes the key: a list can change again, and back.
            let ctx = self.step_context(intent.id, &format!("rehouse/{}", circle.version));
            let mut command = Command::begin(self, &ctx, "circle.rehouse", &address).await?;
            let mut changes = command.changes();
            let left = std::mem::replace(&mut circle.state.address, address.clone());
            tracing::info!(circle = %id, %left, %address, "the factory is another one now");
            changes.release("circle-address", left.0);
            changes.claim("circle-address", address.0.clone(), &circle.id);
            changes.write(&circle)?;
            changes.event(&circle.id, "circle.rehoused", &address)?;
            command.commit(changes, ()).await?;
        }
    }

    /// Where the factory of now makes it.
    pub(crate) async fn made_at(&self, circle: &Circle) -> Result<ChainAddress, Error> {
        let organiser = self.member(circle.organiser).await?.state.address;
        Ok(self.ports().chain.circle_address(&organiser, &circle.salt)?)
    }
}
