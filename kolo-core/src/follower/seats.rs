//! Who sits where, who waits to, and which invitation is used.
use std::cmp::Ordering;

use kolo_rules::circle::Phase;

use crate::circle::invite::hex;
use crate::circle::state::{Circle, Former, Holder, Knocks, Newcomer};
use crate::invitation::state::{Invitation, Standing};
use crate::notice::Notice;
use crate::port::authorizer::CommandName;
use crate::port::chain::{ChainAddress, ChainEvent, CircleChainEvent};
use crate::port::vault::PublicKey;
use crate::record::Loaded;
use crate::unit::Changes;
use crate::{CircleId, Error, InvitationId, Kolo, MemberId, Timestamp};

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

    /// Remembers who sat there: what they paid until now stays a member's payment whenever it is read.
    pub(super) fn remember_seat(&mut self, event: &ChainEvent, what: &CircleChainEvent) {
        use CircleChainEvent as E;
        if let E::SeatSold { leaver: from, .. } | E::SeatMoved { from, .. } = what
            && self.seat_of(from).is_some()
        {
            self.former.retain(|former| former.address != *from);
            self.former.push(Former { address: from.clone(), until_ledger: event.ledger });
        }
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
                circle.state.taken_back.retain(|back| back != address);
                circle.state.holders.push(holder);
            }
            E::ParticipantLeft { member, .. } => {
                circle.state.holders.retain(|holder| holder.address != *member);
            }
            // Of somebody who came in by an invitation meanwhile, only the request is over.
            E::JoinRejected { member } => {
                let was = circle.state.requests.iter().find(|waiting| waiting.address == *member);
                if let Some(id) = was.and_then(|waiting| waiting.member)
                    && !circle.state.concerns(id)
                {
                    self.forget_request(changes, circle.state.id, id).await?;
                }
                circle.state.requests.retain(|waiting| waiting.address != *member);
                circle.state.taken_back.retain(|back| back != member);
            }
            E::JoinRequested { member: address } => {
                let member = self.member_at(Some(address)).await?;
                let name = match member {
                    Some(id) => self.member(id).await?.state.name,
                    None => shortened(address),
                };
                circle.state.requests.push(Holder { address: address.clone(), member, name });
            }
            E::ProposalMade { proposal, newcomer: Some(newcomer), .. } => {
                let member = self.member_at(Some(newcomer)).await?;
                let name = match member {
                    Some(id) => self.member(id).await?.state.name,
                    None => shortened(newcomer),
                };
                let who = Holder { address: newcomer.clone(), member, name };
                circle.state.newcomers.push(Newcomer { proposal: *proposal, who });
            }
            E::SeatSold { leaver: from, newcomer: to, .. } | E::SeatMoved { from, to } => {
                let holder = self.sits_down(changes, circle.state.id, to).await?;
                if let (E::SeatMoved { .. }, Some(member)) = (what, holder.member) {
                    // Theirs is a new account, which waits where a cap is reached.
                    self.schedule_account(changes, member)?;
                }
                let seat = circle.state.seat_of(from).map(usize::from);
                if let Some(place) = seat.and_then(|seat| circle.state.holders.get_mut(seat)) {
                    *place = holder;
                }
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

    /// Requests end with the time to join: whoever still waited.
    pub(super) async fn shut_the_door(
        &self,
        changes: &mut Changes,
        circle: &mut Loaded<Circle>,
        phase: Phase,
    ) -> Result<Vec<Holder>, Error> {
        if phase == Phase::Forming {
            return Ok(Vec::new());
        }
        circle.state.taken_back.clear();
        let waiting = std::mem::take(&mut circle.state.requests);
        for member in waiting.iter().filter_map(|waiting| waiting.member) {
            if !circle.state.concerns(member) {
                self.forget_request(changes, circle.state.id, member).await?;
            }
        }
        Ok(waiting)
    }

    /// Who sits at an address from now on; a member of ours finds the circle among theirs.
    pub(super) async fn sits_down(
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
        changes.notice_all(circle.state.who_may(CommandName::Revoke), "revoked", &notice)
    }

    async fn invitation_of(&self, key: &PublicKey) -> Result<Option<Loaded<Invitation>>, Error> {
        let Some(id) = self.find("invitation-key", &hex(&key.0)).await? else {
            return Ok(None);
        };
        let id: InvitationId = id.parse().map_err(|_| Error::NoSuchInvitation)?;
        self.invitation(id).await.map(Some)
    }

    pub(super) async fn use_invitation(
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
        let maker = invitation.state.by.unwrap_or(circle.state.organiser);
        changes.notice(maker, "invitation", notice)
    }
}

/// Requests of one day that are told one by one.
const FIRST_KNOCKS: u8 = 3;
/// Seconds of that day.
const DAY_S: u64 = 86_400;

/// How much of a request the organiser is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Knock {
    /// Who asks.
    Single,
    /// How many wait.
    Count,
    /// Nothing: it was counted today.
    Quiet,
}

impl Knocks {
    /// One more request: the first few of a day are told, then once how many wait, then nothing until
    /// the day is over, whoever asks and however often.
    pub(super) fn knock(&mut self, now: Timestamp) -> Knock {
        if now.unix() >= self.since.unix().saturating_add(DAY_S) {
            *self = Self { since: now, told: 0 };
        }
        let knock = match self.told.cmp(&FIRST_KNOCKS) {
            Ordering::Less => Knock::Single,
            Ordering::Equal => Knock::Count,
            Ordering::Greater => return Knock::Quiet,
        };
        self.told = self.told.saturating_add(1);
        knock
    }
}

/// How an outsider is called: the two ends of their address.
fn shortened(address: &ChainAddress) -> String {
    let text = &address.0;
    match (text.get(..4), text.len().checked_sub(4).and_then(|at| text.get(at..))) {
        (Some(head), Some(tail)) => format!("{head}…{tail}"),
        _ => text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_requests_of_a_day_are_told_then_the_count_and_then_nothing() {
        let mut knocks = Knocks::default();
        let at = |seconds| Timestamp::from_unix(1_700_000_000 + seconds);
        let told: Vec<_> = (0..100).map(|minute| knocks.knock(at(60 * minute))).collect();
        assert_eq!(told[..3], [Knock::Single; 3]);
        assert_eq!(told[3], Knock::Count);
        assert!(told[4..].iter().all(|knock| *knock == Knock::Quiet));
        assert_eq!(knocks.knock(at(DAY_S - 1)), Knock::Quiet);
        assert_eq!(knocks.knock(at(DAY_S)), Knock::Single, "another day");
    }
}
