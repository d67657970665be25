//! What nobody can tell the fate of, and need not: the state of its circle was read when it could have no
//! effect any more. Whatever it did is in there; what it did not do, it never will. The same holds for a circle
//! that is over, and for one of other code, of which the asset alone tells what moved.
//!
//! It is not built anew: of what a member signed a part could be done twice. Nobody is told that it failed
//! unless the state says so; members have heard that something was not seen.
use super::state::{Intent, Want};
use crate::circle::state::Contract;
use crate::invitation::state::Standing;
use crate::notice::Reason;
use crate::port::chain::PreparedTx;
use crate::unit::Changes;
use crate::{CircleId, Error, Kolo};

impl Kolo {
    /// Whether what the transaction did, if it did anything, is known without it. It cannot be applied any more,
    /// nor can a consent to it be used.
    pub(super) async fn is_overtaken(&self, want: &Want, tx: &PreparedTx) -> Result<bool, Error> {
        let Some(circle) = self.circle_of(want).await? else { return Ok(false) };
        let circle = self.circle(circle).await?.state;
        let ended = match circle.contract {
            Contract::Foreign => true,
            Contract::Live => circle.mirror()?.is_finished(),
            Contract::Creating | Contract::Failed => false,
        };
        let used_up = tx.authorisations.iter().all(|given| given.until_ledger < circle.filled_to);
        Ok(ended || (used_up && circle.filled_at.is_some_and(|at| at > tx.max_time)))
    }

    /// What no event and no state will end: holds, places, promises.
    pub(super) async fn after_overtaken(
        &self,
        changes: &mut Changes,
        intent: &Intent,
    ) -> Result<(), Error> {
        let why = Reason::Technical;
        match &intent.want {
            // What it moved is in the entry of the gap, and in what the wallet's comparison finds.
            Want::Contribute { circle, member, .. }
            | Want::Commit { circle, member }
            | Want::Secure { circle, member, .. }
            | Want::Repay { circle, member, .. } => {
                self.release_hold(changes, *circle, *member, intent.id).await
            }
            Want::TakeOffer { offer, .. } => self.offer_overtaken(changes, *offer).await,
            Want::Join { invitation, member } => {
                let circle = self.invitation(*invitation).await?.state.circle;
                if self.circle(circle).await?.state.seat_of_member(*member).is_some() {
                    return Ok(());
                }
                self.join_refused(changes, *invitation, *member, why).await
            }
            // Who waits for a place is in no state that is read: they ask again.
            Want::Request { circle, member } => {
                if self.circle(*circle).await?.state.concerns(*member) {
                    return Ok(());
                }
                self.request_refused(changes, *circle, *member, why).await
            }
            Want::TakeBack { circle, member } => {
                self.still_waiting(changes, *circle, *member).await.map(drop)
            }
            // Nor is a code: another one is made.
            Want::Invite { invitation } => {
                if self.invitation(*invitation).await?.state.standing != Standing::Registering {
                    return Ok(());
                }
                self.invite_refused(changes, *invitation, intent.asked_by, why).await
            }
            _ => Ok(()),
        }
    }

    /// The circle in whose state a want shows.
    async fn circle_of(&self, want: &Want) -> Result<Option<CircleId>, Error> {
        Ok(match want {
            Want::Invite { invitation }
            | Want::Revoke { invitation }
            | Want::Join { invitation, .. } => {
                Some(self.invitation(*invitation).await?.state.circle)
            }
            Want::TakeOffer { offer, .. } => Some(self.offer(*offer).await?.state.circle),
            want => want.circle(),
        })
    }
}
