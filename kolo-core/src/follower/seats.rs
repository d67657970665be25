//! Who sits where, who waits to, and which invitation is used.
use kolo_rules::Circle as Mirror;
use kolo_rules::circle::{Motion, Phase};

use crate::circle::invite::hex;
use crate::circle::state::{Circle, Holder};
use crate::invitation::state::{Invitation, Standing};
use crate::notice::Notice;
use crate::port::chain::{ChainAddress, CircleChainEvent};
use crate::port::vault::PublicKey;
use crate::record::Loaded;
use crate::unit::Changes;
use crate::{CircleId, Error, InvitationId, Kolo, MemberId};

impl Circle {
    /// Whose place an event takes away.
    pub(super) fn leaver(&self, what: &CircleChainEvent) -> Option<Holder> {
        use CircleChainEvent as E;
        if let E::JoinRejected { member } = what {
            return self.requests.iter().find(|waiting| waiting.address == *member).cloned();
        }
        let (E::ParticipantLeft { member, .. }
        | E::SeatSold { leaver: member, .. }
        | E::SeatMoved { from: member, .. }) = what
        else {
            return None;
        };
        self.seat_of(member).and_then(|seat| self.holder(seat)).cloned()
    }
}

impl Kolo {
    /// Who sits where, and which invitation is used.
    pub(super) async fn seat_changes(
        &self,
        changes: &mut Changes,
        circle: &mut Loaded<Circle>,
        what: &CircleChainEvent,
    ) -> Result<(), Error> {
        use CircleChainEvent as E;
        match what {
            E::ParticipantJoined { member: address, .. } => {
                let holder = self.sits_down(changes, circle.state.id, address).await?;
                if let Some(member) = holder.member {
                    self.use_invitation(changes, circle, member).await?;
                }
                circle.state.requests.retain(|waiting| waiting.address != *address);
                circle.state.holders.push(holder);
            }
            E::ParticipantLeft { member, .. } => {
                circle.state.holders.retain(|holder| holder.address != *member);
            }
            // Of somebody who came in by an invitation meanwhile, only the request is over.
            E::JoinRejected { member } => {
                circle.state.requests.retain(|waiting| waiting.address != *member);
            }
            E::JoinRequested { member: address } => {
                let member = self.member_at(Some(address)).await?;
                let name = match member {
                    Some(id) => self.member(id).await?.state.name,
                    None => shortened(address),
                };
                circle.state.requests.push(Holder { address: address.clone(), member, name });
            }
            E::SeatSold { leaver: from, newcomer: to, .. } | E::SeatMoved { from, to } => {
                let holder = self.sits_down(changes, circle.state.id, to).await?;
                let seat = circle.state.seat_of(from).map(usize::from);
                if let Some(place) = seat.and_then(|seat| circle.state.holders.get_mut(seat)) {
                    *place = holder;
                }
            }
            E::ProposalMade { motion: Motion::Replace, newcomer, .. } => {
                circle.state.replacing.clone_from(newcomer);
            }
            E::InvitationAdded { key: Some(key), .. } => {
                self.open_invitation(changes, circle, key).await?;
            }
            E::InvitationRevoked { key: Some(key), .. } => {
                self.end_invitation(changes, circle, key).await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Who sits at an address from now on; a member of ours finds the circle among theirs.
    async fn sits_down(
        &self,
        changes: &mut Changes,
        circle: CircleId,
        address: &ChainAddress,
    ) -> Result<Holder, Error> {
        let member = self.member_at(Some(address)).await?;
        let mut name = shortened(address);
        if let Some(id) = member {
            let mut found = self.member(id).await?;
            name.clone_from(&found.state.name);
            if !found.state.circles.contains(&circle) {
                found.state.circles.push(circle);
                changes.write(&found)?;
            }
        }
        Ok(Holder { address: address.clone(), member, name })
    }

    /// Taken back by the organiser: the code is dead, its place free.
    async fn end_invitation(
        &self,
        changes: &mut Changes,
        circle: &mut Loaded<Circle>,
        key: &PublicKey,
    ) -> Result<(), Error> {
        let Some(mut invitation) = self.invitation_of(key).await? else {
            return Ok(());
        };
        let id = invitation.state.id;
        circle.state.invitations.retain(|promised| *promised != id);
        // A joining that is on its way hears the chain's answer to it.
        if matches!(invitation.state.standing, Standing::Registering | Standing::Open) {
            invitation.state.standing = Standing::Dead;
            changes.write(&invitation)?;
        }
        let (name, code) = (circle.state.name.clone(), invitation.state.code);
        let notice = Notice::InvitationRevoked { name, code };
        changes.notice(circle.state.organiser, "revoked", notice)
    }

    async fn invitation_of(&self, key: &PublicKey) -> Result<Option<Loaded<Invitation>>, Error> {
        let Some(id) = self.find("invitation-key", &hex(&key.0)).await? else {
            return Ok(None);
        };
        let id: InvitationId = id.parse().map_err(|_| Error::NoSuchInvitation)?;
        self.invitation(id).await.map(Some)
    }

    async fn use_invitation(
        &self,
        changes: &mut Changes,
        circle: &mut Loaded<Circle>,
        joiner: MemberId,
    ) -> Result<(), Error> {
        for id in circle.state.invitations.clone() {
            let mut invitation = self.invitation(id).await?;
            if invitation.state.standing == Standing::Taken(joiner) {
                invitation.state.standing = Standing::Used(joiner);
                changes.write(&invitation)?;
                circle.state.invitations.retain(|open| *open != id);
                return Ok(());
            }
        }
        Ok(())
    }

    async fn open_invitation(
        &self,
        changes: &mut Changes,
        circle: &Loaded<Circle>,
        key: &PublicKey,
    ) -> Result<(), Error> {
        let Some(mut invitation) = self.invitation_of(key).await? else {
            return Ok(());
        };
        if invitation.state.standing != Standing::Registering {
            return Ok(());
        }
        invitation.state.standing = Standing::Open;
        changes.write(&invitation)?;
        let notice = Notice::InvitationReady {
            circle: circle.state.id,
            name: circle.state.name.clone(),
            code: invitation.state.code.clone(),
            phone: invitation.state.phone.clone(),
            expires_at: invitation.state.expires_at,
        };
        changes.notice(circle.state.organiser, "invitation", notice)
    }
}

/// Who asked for a place and has had no answer when the circle is no longer forming, has none.
pub(super) fn end_requests(
    changes: &mut Changes,
    circle: &mut Circle,
    after: &Mirror,
) -> Result<(), Error> {
    if after.phase == Phase::Forming {
        return Ok(());
    }
    for waiting in std::mem::take(&mut circle.requests) {
        if let Some(member) = waiting.member {
            let notice = Notice::PlaceRefused { name: circle.name.clone() };
            changes.notice(member, "refused", notice)?;
        }
    }
    Ok(())
}

/// How an outsider is called: the two ends of their address.
fn shortened(address: &ChainAddress) -> String {
    let text = &address.0;
    match (text.get(..4), text.len().checked_sub(4).and_then(|at| text.get(at..))) {
        (Some(head), Some(tail)) => format!("{head}…{tail}"),
        _ => text.clone(),
    }
}
