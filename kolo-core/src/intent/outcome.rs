//! What follows from an intent's end besides the chain's own events: accounts marked open, holds
//! given back, people told why it did not work.
//!
//! Success is told by the follower, from the chain's events; here only what no event will say.
use super::state::{Claimed, Intent, Progress, Proposed, Signed, Want};
use crate::circle::state::{Circle, Contract, Seat};
use crate::invitation::state::{Invitation, Standing};
use crate::member::state::{Account, TrustState};
use crate::notice::{Notice, Reason};
use crate::port::chain::{ChainAddress, Refused};
use crate::port::ledger::Resolution;
use crate::record::Loaded;
use crate::unit::Changes;
use crate::{Asset, CircleId, Error, IntentId, InvitationId, Kolo, MemberId};

impl Kolo {
    pub(super) async fn follow_up(
        &self,
        changes: &mut Changes,
        intent: &Intent,
    ) -> Result<(), Error> {
        match (&intent.progress, &intent.want) {
            (Progress::Refused(refused), want) => {
                tracing::warn!(intent = %intent.id, ?want, reason = refused.reason, code = refused.contract_code, "refused");
                self.refused(changes, intent, reason(refused)).await
            }
            (Progress::NotAllowed, want) => {
                tracing::info!(intent = %intent.id, ?want, "who asked holds the office no more");
                self.refused(changes, intent, Reason::Office).await
            }
            (Progress::Overtaken, _) => self.after_overtaken(changes, intent).await,
            (Progress::Confirmed { ledger, .. }, Want::TakeOffer { offer, .. }) => {
                self.offer_contained(changes, *offer, *ledger).await
            }
            (
                Progress::Confirmed { ledger, .. },
                Want::Contribute { circle, member, .. }
                | Want::Commit { circle, member }
                | Want::Secure { circle, member, .. }
                | Want::Repay { circle, member, .. },
            ) => {
                // Its event changes nothing any more: what it moved is in the entry of the gap, and in what the
                // wallet's comparison finds.
                if self.circle(*circle).await?.state.is_past(*ledger) {
                    self.release_hold(changes, *circle, *member, intent.id).await?;
                }
                Ok(())
            }
            (_, Want::OpenAccount { member, asset }) => {
                let asset = asset.as_ref().unwrap_or_else(|| self.asset());
                self.account_opened(changes, *member, asset).await
            }
            (_, Want::OpenTrustline { member, asset }) => {
                let end = (&intent.progress, !intent.expired.is_empty());
                self.trustline_settled(changes, *member, asset, end).await
            }
            (_, Want::OpenChannel { number }) => self.channel_opened(changes, *number).await,
            (_, Want::CloseAccount { member, .. }) => self.account_closed(changes, *member).await,
            (_, Want::LeaveSponsorship { member }) => self.stands_alone(changes, *member).await,
            _ => Ok(()),
        }
    }

    async fn account_opened(
        &self,
        changes: &mut Changes,
        member: MemberId,
        asset: &Asset,
    ) -> Result<(), Error> {
        let mut member = self.member(member).await?;
        member.state.account = Account::Open;
        member.state.opened_at = Some(changes.now());
        member.state.own_reserves = false;
        member.state.trusts.clear();
        member.state.set_trust(asset, TrustState::Open);
        self.have_trustlines(changes, &mut member.state)?;
        changes.write(&member)?;
        changes.event(&member.id, "member.account_opened", &member.state.address)
    }

    async fn stands_alone(&self, changes: &mut Changes, member: MemberId) -> Result<(), Error> {
        let mut member = self.member(member).await?;
        member.state.own_reserves = true;
        changes.write(&member)?;
        changes.notice(member.state.id, "reserves", Notice::ReservesOwned)
    }

    async fn account_refused(&self, changes: &mut Changes, member: MemberId) -> Result<(), Error> {
        let mut member = self.member(member).await?;
        member.state.account = Account::None;
        changes.write(&member)?;
        changes.event(&member.id, "member.account_refused", &member.state.address)
    }

    /// Opened again, under the same key, with the next circle.
    async fn account_closed(&self, changes: &mut Changes, member: MemberId) -> Result<(), Error> {
        let mut member = self.member(member).await?;
        member.state.no_account();
        member.state.closed_at = Some(changes.now());
        changes.write(&member)?;
        changes.event(&member.id, "member.account_closed", &member.state.address)?;
        changes.notice(member.state.id, "closed", Notice::WalletClosed)
    }

    async fn account_kept(
        &self,
        changes: &mut Changes,
        member: MemberId,
        reason: Reason,
    ) -> Result<(), Error> {
        let mut member = self.member(member).await?;
        member.state.account = Account::Open;
        changes.write(&member)?;
        changes.event(&member.id, "member.account_kept", &member.state.address)?;
        changes.notice(member.state.id, "kept", Notice::WalletKept { reason })
    }

    async fn refused(
        &self,
        changes: &mut Changes,
        intent: &Intent,
        reason: Reason,
    ) -> Result<(), Error> {
        match &intent.want {
            Want::CreateCircle { circle } => self.creation_refused(changes, *circle, reason).await,
            Want::Invite { invitation } => {
                self.invite_refused(changes, *invitation, intent.asked_by, reason).await
            }
            Want::Revoke { invitation } => {
                self.revoke_refused(changes, *invitation, intent.asked_by, reason).await
            }
            Want::Join { invitation, member } => {
                self.join_refused(changes, *invitation, *member, reason).await
            }
            Want::Contribute { circle, member, round, amount } => {
                self.release_hold(changes, *circle, *member, intent.id).await?;
                let name = self.circle(*circle).await?.state.name;
                let (circle, round, amount) = (*circle, *round, *amount);
                let notice = Notice::ContributionFailed { circle, name, round, amount, reason };
                changes.notice(*member, "failed", notice)
            }
            Want::Commit { circle, member } | Want::Secure { circle, member, .. } => {
                self.release_hold(changes, *circle, *member, intent.id).await?;
                let name = self.circle(*circle).await?.state.name;
                changes.notice(*member, "failed", Notice::RequestFailed { name, reason })
            }
            Want::Repay { circle, member, amount } => {
                self.release_hold(changes, *circle, *member, intent.id).await?;
                let name = self.circle(*circle).await?.state.name;
                let (circle, amount) = (*circle, *amount);
                let notice = Notice::RepaymentFailed { circle, name, amount, reason };
                changes.notice(*member, "failed", notice)
            }
            Want::Start { circle }
            | Want::Cancel { circle }
            | Want::Approve { circle, .. }
            | Want::Reject { circle, .. }
            | Want::Remove { circle, .. } => {
                let circle = self.circle(*circle).await?.state;
                let notice = Notice::RequestFailed { name: circle.name, reason };
                changes.notice(intent.asked_by.unwrap_or(circle.organiser), "failed", notice)
            }
            Want::TakeBack { circle, member } => {
                let name = self.still_waiting(changes, *circle, *member).await?;
                changes.notice(*member, "failed", Notice::RequestFailed { name, reason })
            }
            Want::Request { circle, member } => {
                self.request_refused(changes, *circle, *member, reason).await
            }
            Want::Leave { circle, member }
            | Want::Bid { circle, member, .. }
            | Want::ClaimInsurance(Claimed { circle, member, .. })
            | Want::Exit { circle, member }
            | Want::Propose(Proposed { circle, member, .. })
            | Want::Object { circle, member }
            | Want::SignUpgrade(Signed { circle, member, .. })
            | Want::Upgrade(Signed { circle, member, .. })
            | Want::Vote { circle, member, .. } => {
                let name = self.circle(*circle).await?.state.name;
                changes.notice(*member, "failed", Notice::RequestFailed { name, reason })
            }
            Want::TakeOffer { offer, .. } => self.offer_refused(changes, *offer, reason).await,
            Want::CloseAccount { member, .. } => self.account_kept(changes, *member, reason).await,
            Want::LeaveSponsorship { member } => {
                changes.notice(*member, "kept", Notice::WalletKept { reason })
            }
            // What waits for the account ends with it; the next wish opens it anew.
            Want::OpenAccount { member, .. } => self.account_refused(changes, *member).await,
            Want::OpenTrustline { member, asset } => {
                let end = (&intent.progress, !intent.expired.is_empty());
                self.trustline_settled(changes, *member, asset, end).await
            }
            Want::OpenChannel { number } => self.channel_refused(changes, *number).await,
            // The operator's own calls: the log has them, and no member waits for an answer.
            Want::Payout { circle, round } => {
                self.schedule_payout_again(changes, *circle, *round, intent.id)
            }
            Want::Claim { circle, to } => self.schedule_claim(changes, *circle, to),
            Want::Reveal { circle, member } => self.schedule_reveal(changes, *circle, *member),
            Want::Proceed { circle } => self.schedule_proceed_again(changes, *circle),
            Want::CompleteMove { circle, whose } => {
                self.schedule_move_again(changes, *circle, whose)
            }
            Want::Prolong { circle, .. } => {
                Self::schedule_lifetime_again(changes, *circle, intent.id)
            }
            Want::Push { circle, to } => self.push_refused(changes, *circle, to).await,
            // A vault is looked at again in any case.
            Want::TestMoney { .. } | Want::Sync { .. } => Ok(()),
        }
    }

    /// A credit's timer tries every day; until then its owner's trustline, which may have gone, is not taken
    /// for granted: it is asked for again.
    async fn push_refused(
        &self,
        changes: &mut Changes,
        circle: CircleId,
        to: &ChainAddress,
    ) -> Result<(), Error> {
        let circle = self.circle(circle).await?.state;
        let owner = circle.seat_of(to).and_then(|seat| circle.holder(seat));
        let Some(owner) = owner.and_then(|holder| holder.member) else { return Ok(()) };
        let mut member = self.member(owner).await?;
        if member.state.trust_in(&circle.asset) != Some(TrustState::Open) {
            return Ok(());
        }
        member.state.set_trust(&circle.asset, TrustState::Refused);
        changes.write(&member)
    }

    /// A request that could not be taken back stands, or has been answered; the circle's name.
    pub(super) async fn still_waiting(
        &self,
        changes: &mut Changes,
        circle: CircleId,
        member: MemberId,
    ) -> Result<String, Error> {
        let mut circle = self.circle(circle).await?;
        let address = self.member(member).await?.state.address;
        circle.state.taken_back.retain(|back| *back != address);
        changes.write(&circle)?;
        Ok(circle.state.name)
    }

    /// The circle is none of theirs, unless they have come to sit or wait there in another way.
    pub(super) async fn request_refused(
        &self,
        changes: &mut Changes,
        id: CircleId,
        member: MemberId,
        reason: Reason,
    ) -> Result<(), Error> {
        let circle = self.circle(id).await?.state;
        let address = self.member(member).await?.state.address;
        if !circle.concerns(member) && !circle.is_waiting(&address) {
            self.forget_request(changes, id, member).await?;
        }
        changes.notice(member, "failed", Notice::RequestFailed { name: circle.name, reason })
    }

    async fn creation_refused(
        &self,
        changes: &mut Changes,
        circle: CircleId,
        reason: Reason,
    ) -> Result<(), Error> {
        let mut circle = self.circle(circle).await?;
        if circle.state.contract != Contract::Creating {
            return Ok(());
        }
        circle.state.contract = Contract::Failed;
        changes.write(&circle)?;
        changes.event(&circle.id, "circle.failed", &circle.state.id)?;
        let notice = Notice::CircleFailed { name: circle.state.name.clone(), reason };
        changes.notice(circle.state.organiser, "failed", notice)
    }

    pub(super) async fn invite_refused(
        &self,
        changes: &mut Changes,
        id: InvitationId,
        asked_by: Option<MemberId>,
        reason: Reason,
    ) -> Result<(), Error> {
        let mut invitation = self.invitation(id).await?;
        invitation.state.standing = Standing::Dead;
        let mut circle = self.circle(invitation.state.circle).await?;
        circle.state.invitations.retain(|open| *open != id);
        changes.write(&invitation)?;
        changes.write(&circle)?;
        changes.event(&invitation.id, "invitation.failed", &id)?;
        let notice = Notice::InvitationFailed { name: circle.state.name.clone(), reason };
        changes.notice(asked_by.unwrap_or(circle.state.organiser), "failed", notice)
    }

    /// Somebody used the code first, or it was gone.
    async fn revoke_refused(
        &self,
        changes: &mut Changes,
        id: InvitationId,
        asked_by: Option<MemberId>,
        reason: Reason,
    ) -> Result<(), Error> {
        let invitation = self.invitation(id).await?.state;
        let circle = self.circle(invitation.circle).await?.state;
        let notice = Notice::RevocationFailed { name: circle.name, code: invitation.code, reason };
        changes.notice(asked_by.unwrap_or(circle.organiser), "failed", notice)
    }

    /// The code can be used again, unless it is what was refused.
    pub(super) async fn join_refused(
        &self,
        changes: &mut Changes,
        id: InvitationId,
        member: MemberId,
        reason: Reason,
    ) -> Result<(), Error> {
        let mut invitation: Loaded<Invitation> = self.invitation(id).await?;
        if invitation.state.standing == Standing::Taken(member) {
            let dead = reason == Reason::Invitation || reason == Reason::Closed;
            invitation.state.standing = if dead { Standing::Dead } else { Standing::Open };
            changes.write(&invitation)?;
            changes.event(&invitation.id, "invitation.returned", &invitation.state.standing)?;
        }
        let mut circle: Loaded<Circle> = self.circle(invitation.state.circle).await?;
        if invitation.state.standing == Standing::Dead && circle.state.invitations.contains(&id) {
            circle.state.invitations.retain(|promised| *promised != id);
            changes.write(&circle)?;
        }
        let notice = Notice::JoinFailed { name: circle.state.name, reason };
        changes.notice(member, "failed", notice)
    }

    /// Gives a hold back, if the seat still waits for this very intent.
    pub(super) async fn release_hold(
        &self,
        changes: &mut Changes,
        circle: CircleId,
        member: MemberId,
        intent: IntentId,
    ) -> Result<(), Error> {
        let Some(mut seat) = self.load::<Seat>(Seat::key(circle, member)).await? else {
            return Ok(());
        };
        let Some(pending) = seat.state.pending.take_if(|pending| pending.intent == intent) else {
            return Ok(());
        };
        changes.set.resolutions.push(Resolution {
            entry: pending.hold,
            settle: false,
            chain_tx: None,
            effective_at: changes.now(),
        });
        changes.write(&seat)
    }
}

/// The chain's words in terms people can be told.
fn reason(refused: &Refused) -> Reason {
    use kolo_rules::Refusal as R;
    match refused.contract_code {
        // The contract's own errors, see `docs/guide/contract.md`: no or an expired invitation, a bad
        // signature of one; not enough money; the waiting room is full.
        Some(6..=8) => Reason::Invitation,
        Some(21) => Reason::TooLittleMoney,
        Some(28) => Reason::Crowded,
        // Signatures for another code are missing, or too young.
        Some(30) => Reason::Rules,
        Some(code) => match R::from_code(code) {
            Some(R::Full | R::NotForming | R::AlreadyStarted | R::NotActive | R::Finished) => {
                Reason::Closed
            }
            Some(_) => Reason::Rules,
            None => Reason::Technical,
        },
        None => Reason::Technical,
    }
}
