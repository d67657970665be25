//! History the node no longer has: the alarm, and what is done about it.
//!
//! ```text
//! cursor ─► [ lost ] ─► what the node has ─► latest ledger
//!              │                 │
//!              │                 └─ up to the ledger a circle was read at: told, not booked again
//!              └─ filled: circles from their contracts' state (fill.rs), wallets from balances (compare.rs)
//! ```
//!
//! A gap is kept before anything is done about it, stays kept, and is read with [`Kolo::following`]: an
//! operator's alarm. What of it turns up later, since the cursor was set back or another node is asked,
//! is told to the host and booked no more.
use serde::{Deserialize, Serialize};

use super::fill::Filled;
use super::unbooked::Unbooked;
use super::{Follower, MAIN};
use crate::port::chain::{ChainEvent, ChainEventBody, LatestLedger, LostHistory};
use crate::record::{Aggregate, Loaded};
use crate::unit::Command;
use crate::{CircleId, Error, Kolo, Timestamp};

/// Gaps read in one go.
const PAGE: usize = 100;

/// How far the chain's history was followed, and what of it could not be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Following {
    /// The ledger of the latest event that was applied.
    pub seen: Option<LatestLedger>,
    /// Every event of ledgers up to this one was applied; 0 before the first page.
    pub through: u32,
    /// Stretches of history no node had when they were asked for, oldest first. One that is there is
    /// reason for an alarm: what was filled from state has no story and no receipts.
    pub gaps: Vec<Gap>,
    /// Payments the books have no room for, oldest first: reason for an alarm, too. See
    /// [`Kolo::book_again`].
    pub unbooked: Vec<Unbooked>,
}

/// A stretch of history that was lost to the node before it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Its ledgers.
    pub lost: LostHistory,
    /// When it was found.
    pub found_at: Timestamp,
    /// When everything that can be filled from state was, but for wallets, which follow within minutes;
    /// `None`: not yet, and nothing later is applied before.
    pub filled_at: Option<Timestamp>,
    /// Circles that were set to what their contract says.
    pub circles: Vec<CircleId>,
    /// Circles whose contract was not there (yet), or said what this version cannot read: look at them. They
    /// are read again from time to time, and with [`Kolo::refill`].
    pub unread: Vec<CircleId>,
}

/// Kept under where it begins and the cursor it was met with.
impl Aggregate for Gap {
    const KIND: &'static str = "gap";
}

impl Kolo {
    /// How far the chain was followed, with every gap there ever was: for health checks and alarms.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn following(&self) -> Result<Following, Error> {
        let follower = self.load::<Follower>(MAIN).await?.map(|follower| follower.state);
        let gaps = self.gaps().await?.into_iter().map(|gap| gap.state).collect();
        let seen = follower.as_ref().and_then(|follower| follower.seen);
        let (through, unbooked) =
            (follower.map_or(0, |follower| follower.through), self.unbooked().await?);
        Ok(Following { seen, through, gaps, unbooked })
    }

    pub(super) async fn gaps(&self) -> Result<Vec<Loaded<Gap>>, Error> {
        let (mut gaps, mut after) = (Vec::new(), None);
        loop {
            let page = self.list::<Gap>(after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(gaps) };
            after = Some(last.id.id.clone());
            gaps.extend(page);
        }
    }

    /// Keeps the gap, then fills of it what state suffices for; how far that is.
    pub(super) async fn fill_gap(
        &self,
        here: Option<&Loaded<Follower>>,
        lost: LostHistory,
    ) -> Result<Filled, Error> {
        let id = format!("{:010}-{}", lost.from, here.map_or(0, |here| here.version));
        self.found_gap(&id, lost).await?;
        let filled = self.fill_circles(&id, lost).await?;
        loop {
            let gap = self.load::<Gap>(&id).await?.ok_or(Error::Contention)?;
            if gap.state.filled_at.is_some() && gap.state.lost.to >= lost.to {
                // Another process has filled it from the same state.
                return Ok(filled);
            }
            let ctx = self.chain_context(&format!("gap/{id}/filled/{}", gap.version));
            let mut command = Command::begin(self, &ctx, "gap.filled", &id).await?;
            let mut changes = command.changes();
            // The node may have lost more while we were at it: circles were read later than that.
            let lost = LostHistory { from: lost.from, to: lost.to.max(gap.state.lost.to) };
            let (filled_at, unread) = (Some(changes.now()), filled.unread.clone());
            let state = Gap { lost, filled_at, unread, ..gap.state.clone() };
            changes.event(&gap.id, "follower.gap_filled", &state)?;
            changes.write(&Loaded { state, ..gap })?;
            if command.commit(changes, ()).await?.is_some() {
                return Ok(filled);
            }
        }
    }

    /// Keeps the gap, unless an attempt that did not get to its end has.
    async fn found_gap(&self, id: &str, lost: LostHistory) -> Result<(), Error> {
        tracing::error!(
            from = lost.from,
            to = lost.to,
            "history is lost to this node: what state tells is taken from there, the rest is not known"
        );
        let ctx = self.chain_context(&format!("gap/{id}/found"));
        let mut command = Command::begin(self, &ctx, "gap.found", &id).await?;
        loop {
            if self.load::<Gap>(id).await?.is_some() {
                return Ok(());
            }
            let mut changes = command.changes();
            let found_at = changes.now();
            let (circles, unread) = (Vec::new(), Vec::new());
            let gap = Gap { lost, found_at, filled_at: None, circles, unread };
            let gap = Loaded::fresh(&id, gap);
            changes.event(&gap.id, "follower.gap_found", &gap.state)?;
            changes.write(&gap)?;
            command.commit(changes, ()).await?;
        }
    }

    /// What happened within a gap that was filled: the books have it already.
    pub(super) async fn apply_late(&self, event: &ChainEvent) -> Result<(), Error> {
        tracing::info!(event = event.id, "lost history has turned up: it is told, not booked");
        match &event.body {
            ChainEventBody::GroupCreated { circle, organiser, rules } => {
                self.tell_created(event, circle, organiser, rules).await
            }
            ChainEventBody::Circle { circle, event: what } => {
                match self.other_code(what) {
                    // What it was read from since may be what that code has made of it.
                    Some(_) => self.apply_circle(event, circle, what).await,
                    None => self.tell_late(event, circle, what).await,
                }
            }
            ChainEventBody::Unknown { contract, ours, raw } => {
                self.keep_unknown(event, contract, *ours, raw).await
            }
            ChainEventBody::Transfer { .. } => Ok(()),
        }
    }
}
