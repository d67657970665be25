//! Circles of other code: their members may give them any, all of them together, and any code may say anything.
//!
//! Our own code announces its end (`upgraded`) before it ends; a circle that is read from its contract's
//! state is asked what it runs. From there on the circle is a stranger:
//!
//! | before it was followed by | from then on |
//! |---|---|
//! | its own events | nothing: they are not kept, not told and not booked |
//! | its accounts | none: what it held then leaves for `external`, by one entry of kind `other_code` |
//! | the asset's events of its vault, looked at | booked like any payment from and to the outside |
//! | holds of payments on their way | given back when those have ended: what they moved, the asset says |
//! | calls and signatures for it | refused |
//!
//! So what is in members' wallets is what the token says, and no figure of such a circle is in the books. It
//! is never followed again, not even when it has our code once more: its state is what others made of it.
use kolo_rules::Circle as Mirror;

use super::fill::Occasion;
use super::{Follower, MAIN};
use crate::circle::invite::hex;
use crate::circle::state::{Circle, Contract, OtherCode, Seat, Since};
use crate::intent::state::Intent;
use crate::notice::Notice;
use crate::port::chain::{ChainEvent, CircleChainEvent, CircleOnChain};
use crate::port::ledger::Resolution;
use crate::record::Loaded;
use crate::unit::Changes;
use crate::{Error, Kolo};

impl Kolo {
    /// The code an event gives its circle, when it is not ours.
    pub(super) fn other_code(&self, what: &CircleChainEvent) -> Option<[u8; 32]> {
        match what {
            CircleChainEvent::Upgraded { wasm } if !self.ports().chain.knows_code(wasm) => {
                Some(*wasm)
            }
            _ => None,
        }
    }

    /// Whether the contract that is there runs a code of ours.
    pub(super) fn runs_ours(&self, there: &CircleOnChain) -> bool {
        there.code.is_some_and(|code| self.ports().chain.knows_code(&code))
    }

    /// An event has given the circle other code; what was in the vault by then, its own events have said.
    pub(super) async fn upgraded(
        &self,
        changes: &mut Changes,
        circle: Loaded<Circle>,
        event: &ChainEvent,
        code: [u8; 32],
    ) -> Result<(), Error> {
        let filled_to = circle.state.filled_to;
        let since = if event.ledger <= filled_to {
            // It turns up late: what the circle has said since it was read is in the books.
            let here = self.load::<Follower>(MAIN).await?;
            let applied = here.map_or(0, |here| here.state.applied());
            Since::Ledger(filled_to.max(applied))
        } else {
            Since::Event(event.id.clone())
        };
        self.let_go(changes, circle, OtherCode { code: Some(hex(&code)), since }).await
    }

    /// Its contract was found to run other code: what it paid since the last event is in the asset's events.
    pub(super) async fn found_foreign(
        &self,
        changes: &mut Changes,
        circle: Loaded<Circle>,
        there: &CircleOnChain,
        occasion: &Occasion<'_>,
    ) -> Result<(), Error> {
        let since = Since::Ledger(occasion.applied);
        self.let_go(changes, circle, OtherCode { code: there.code.map(|code| hex(&code)), since })
            .await
    }

    async fn let_go(
        &self,
        changes: &mut Changes,
        mut circle: Loaded<Circle>,
        other: OtherCode,
    ) -> Result<(), Error> {
        tracing::error!(circle = %circle.state.id, code = ?other.code, since = ?other.since, "the circle runs other code: it is not followed any more");
        circle.state.contract = Contract::Foreign;
        if circle.state.unread || matches!(other.since, Since::Ledger(_)) {
            // What it has moved meanwhile neither its events have booked nor will the asset's.
            self.compare_with(changes).await?;
        }
        self.give_back_holds(changes, &circle.state).await?;
        self.offers_are_void(changes, &mut circle.state).await?;
        let nothing = Box::new(Mirror::new());
        self.book_state(changes, &circle.state, "other_code", &nothing, &[]).await?;
        for member in circle.state.holders.iter().filter_map(|holder| holder.member) {
            let (id, name) = (circle.state.id, circle.state.name.clone());
            changes.notice(member, "other-code", Notice::OtherCode { circle: id, name })?;
        }
        changes.event(&circle.id, "circle.other_code", &other)?;
        circle.state.other_code = Some(other);
        changes.write(&circle)
    }

    /// Of payments that have ended; of all others, their end does it.
    async fn give_back_holds(&self, changes: &mut Changes, circle: &Circle) -> Result<(), Error> {
        for member in circle.holders.iter().filter_map(|holder| holder.member) {
            let key = Seat::key(circle.id, member);
            let Some(mut seat) = self.load::<Seat>(key).await? else { continue };
            let Some(pending) = seat.state.pending.clone() else { continue };
            let Some(intent) = self.load::<Intent>(pending.intent).await? else { continue };
            if !intent.state.is_final() {
                changes.hold_still(&intent)?;
                continue;
            }
            let effective_at = changes.now();
            let (entry, settle, chain_tx) = (pending.hold, false, None);
            changes.set.resolutions.push(Resolution { entry, settle, chain_tx, effective_at });
            seat.state.pending = None;
            changes.write(&seat)?;
        }
        Ok(())
    }
}
