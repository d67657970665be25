//! How far the node is trusted.
//!
//! What is signed is verified here, whatever the node says; but what there is to be signed, how much is due
//! or what a vote is about, is known from the node alone. So more nodes can be asked, which must say the same;
//! its time is compared with a clock; and the member is shown each step before it is signed.
use std::sync::Arc;
use std::time::Duration;

use futures_timer::Delay;
use kolo_core::port::chain::ChainEffect;
use kolo_core::port::{Clock, PortError};
use kolo_core::{Asset, Timestamp};

use super::{Rescue, RescueError, check_network};
use crate::rpc::Rpc;

/// Nodes are a ledger apart at times: so often they are asked again before they disagree.
const LOOKS: u32 = 4;
const PAUSE: Duration = Duration::from_millis(1500);

/// The node's latest ledger and the clock may be as far apart, seconds.
const MOST_APART_S: u64 = 600;

/// What is asked before a step is signed.
pub(super) type Ask = dyn Fn(&ChainEffect, &Asset) -> bool + Send + Sync;

impl Rescue {
    /// Asks this node too: circles are looked for at each, and what a circle is and where it stands must be
    /// the same everywhere ([`RescueError::NodesDisagree`]). Use nodes of different owners.
    ///
    /// # Errors
    /// [`RescueError::OtherNetwork`]; the node's failure.
    pub async fn witnessed_by(mut self, rpc: Rpc) -> Result<Self, RescueError> {
        check_network(&rpc, &self.passphrase).await?;
        self.witnesses.push(rpc);
        Ok(self)
    }

    /// Refuses a node whose latest ledger is more than ten minutes from that clock
    /// ([`RescueError::WrongTime`]): by its time it is decided what is due, and until when what is signed
    /// is good.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Asks before each step is signed: with exactly the effect, and the asset its amount is of. `false` is
    /// [`RescueError::Declined`].
    #[must_use]
    pub fn asking(
        mut self,
        ask: impl Fn(&ChainEffect, &Asset) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.ask = Some(Box::new(ask));
        self
    }

    /// What the node says, once all say it.
    pub(super) async fn agreed<T, Read>(
        &self,
        what: &'static str,
        read: impl Fn(Rpc) -> Read,
    ) -> Result<T, RescueError>
    where
        T: PartialEq,
        Read: Future<Output = Result<T, PortError>>,
    {
        for look in 0..LOOKS {
            if look > 0 {
                Delay::new(PAUSE).await;
            }
            let said = read(self.rpc.clone()).await?;
            let mut is_same = true;
            for witness in &self.witnesses {
                is_same &= read(witness.clone()).await? == said;
            }
            if is_same {
                return Ok(said);
            }
        }
        Err(RescueError::NodesDisagree(what))
    }

    pub(super) fn check_time(&self, closed_at: Timestamp) -> Result<(), RescueError> {
        let Some(clock) = &self.clock else {
            return Ok(());
        };
        let now = clock.now();
        if now.unix().abs_diff(closed_at.unix()) <= MOST_APART_S {
            return Ok(());
        }
        Err(RescueError::WrongTime { node: closed_at, clock: now })
    }

    pub(super) fn confirm(&self, effect: &ChainEffect, asset: &Asset) -> Result<(), RescueError> {
        match &self.ask {
            Some(ask) if !ask(effect, asset) => Err(RescueError::Declined),
            _ => Ok(()),
        }
    }
}
