//! Another list of assets is another factory, and a factory's circles have addresses of their own.
//!
//! | a circle that is being created, and the factory is another one now | |
//! |---|---|
//! | nothing of it was sent, or that proved impossible | the new factory makes it, so it gets that one's address |
//! | its transaction is on its way | the old one makes it, where it was to be: the follower finds it there (`unannounced.rs`) |
//! | what became of that nobody can tell | it stays where it is awaited, and no other is made (`settling.rs`) |
//! | the same before the factory changed, so that it is to be built anew | where a contract is there already, that is the circle |
use super::state::{Intent, Progress, Want};
use crate::circle::state::{Circle, Contract};
use crate::port::chain::ChainAddress;
use crate::record::Loaded;
use crate::unit::Command;
use crate::{Error, Kolo};

/// Where a circle is to be made.
pub(super) enum Housed {
    /// Where it is awaited.
    There,
    /// It was given another address, or somebody else was here: the intent is to be loaded again.
    Anew,
    /// The factory of before has made it: its own events say so.
    MadeBefore,
}

impl Kolo {
    /// Gives a circle the address it will be made at, before a transaction for it is built.
    ///
    /// The intent is written with it. Two processes can have two lists for a while, and only one of them goes
    /// on from the same intent: what is sent is never made elsewhere than where the circle is awaited.
    pub(super) async fn rehouse(&self, intent: &Loaded<Intent>) -> Result<Housed, Error> {
        let Want::CreateCircle { circle: id } = intent.state.want else { return Ok(Housed::There) };
        if intent.state.progress != Progress::Queued {
            return Ok(Housed::There);
        }
        let mut circle = self.circle(id).await?;
        let address = self.made_at(&circle.state).await?;
        if circle.state.contract != Contract::Creating || circle.state.address == address {
            return Ok(Housed::There);
        }
        // What was built before may have been applied there although no history says so.
        let chain = &self.ports().chain;
        let sent_before = !intent.state.expired.is_empty();
        if sent_before && chain.circle(&circle.state.address, &circle.state.asset).await?.is_some()
        {
            return Ok(Housed::MadeBefore);
        }
        // The version makes the key: a list can change again, and back.
        let step = format!("rehouse/{}/{address}", circle.version);
        let ctx = self.step_context(intent.state.id, &step);
        let mut command = Command::begin(self, &ctx, "circle.rehouse", &address).await?;
        let mut changes = command.changes();
        let left = std::mem::replace(&mut circle.state.address, address.clone());
        tracing::info!(circle = %id, %left, %address, "the factory is another one now");
        changes.hold_still(intent)?;
        changes.release("circle-address", left.0);
        changes.claim("circle-address", address.0.clone(), &circle.id);
        changes.write(&circle)?;
        changes.event(&circle.id, "circle.rehoused", &address)?;
        command.commit(changes, ()).await?;
        Ok(Housed::Anew)
    }

    /// Where the factory of now makes it.
    pub(crate) async fn made_at(&self, circle: &Circle) -> Result<ChainAddress, Error> {
        let organiser = self.member(circle.organiser).await?.state.address;
        Ok(self.ports().chain.circle_address(&organiser, &circle.salt)?)
    }
}
