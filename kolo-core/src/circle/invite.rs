//! Inviting and joining.
use kolo_rules::circle::Order;
use kolo_rules::{Refusal, Rules};

use super::service::{Circles, UnderWay};
use super::state::{Circle, Contract};
use crate::code::normalise;
use crate::intent::state::Want;
use crate::invitation::state::{CODE_BYTES, Invitation, Standing, code};
use crate::port::authorizer::{CommandName, CommandRequest};
use crate::port::vault::KeyName;
use crate::record::Loaded;
use crate::unit::Command;
use crate::view::{InvitationPreview, InvitationView};
use crate::{CircleId, CommandContext, Error, InvitationId, MemberId};

impl Circles {
    /// A single-use code for one place, for anybody or for one phone number (E.164). In a fixed order it
    /// gives the first turn nobody has or is promised.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] unless the organiser, the chairman or the secretary; [`Error::NoPlaceLeft`];
    /// [`Error::NotReady`]; [`Error::Refused`] after the start.
    pub async fn invite(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        phone: Option<String>,
    ) -> Result<(InvitationView, UnderWay), Error> {
        self.invite_to(ctx, circle, phone, None).await
    }

    /// As [`Circles::invite`], to this turn; only where the order is fixed. Without one, the first turn
    /// that is free goes with it.
    ///
    /// # Errors
    /// As [`Circles::invite`]; [`Error::Refused`] for a turn that does not exist, or is taken or promised.
    pub async fn invite_to(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        phone: Option<String>,
        turn: Option<u8>,
    ) -> Result<(InvitationView, UnderWay), Error> {
        let by = ctx.member()?;
        let args = (circle, &phone, turn);
        let request = CommandRequest::new(ctx, CommandName::Invite).about(circle);
        let mut command = Command::asked(&self.kolo, ctx, request, &args).await?;
        if let Some(under_way) = command.replay()? {
            return Ok((self.invitation_view(self.invitation_id(ctx)).await?, under_way));
        }
        let id = self.invitation_id(ctx);
        let ports = self.kolo.ports();
        let key = ports.vault.create(&ctx.tenant, &KeyName::Invitation(id)).await?;
        loop {
            let mut found = self.kolo.circle(circle).await?;
            found.state.permit(by, CommandName::Invite)?;
            let rules = found.state.rules()?;
            found.state.forming_mirror()?;
            self.drop_expired(&mut found).await?;
            let promised = found.state.holders.len().saturating_add(found.state.invitations.len());
            if promised >= usize::from(rules.seats) {
                return Err(Error::NoPlaceLeft);
            }
            let turn = self.turn_to_promise(&found.state, turn).await?;
            let mut random = [0; CODE_BYTES];
            ports.entropy.fill(&mut random)?;
            let mut changes = command.changes();
            let invitation = Loaded::fresh(
                &id,
                Invitation {
                    id,
                    circle,
                    code: code(&random),
                    key,
                    phone: phone.clone(),
                    turn,
                    expires_at: changes.now().plus(self.kolo.settings().invitation_s),
                    by: Some(by),
                    standing: Standing::Registering,
                },
            );
            found.state.invitations.push(id);
            changes.write(&found)?;
            changes.write(&invitation)?;
            changes.claim("code", invitation.state.code.clone(), &invitation.id);
            changes.claim("invitation-key", hex(&key.0), &invitation.id);
            changes.event(&found.id, "circle.invited", &id)?;
            let want = Want::Invite { invitation: id };
            let intent = changes.want("invite", want, Some(found.state.organiser))?;
            if let Some(done) = command.commit(changes, UnderWay { intent, circle }).await? {
                return Ok((self.invitation_view(id).await?, done));
            }
        }
    }

    /// Takes an invitation back: its code no longer works, its place is free again.
    ///
    /// # Errors
    /// [`Error::NoSuchInvitation`]; [`Error::NotAllowed`] unless the organiser, the chairman or the
    /// secretary; [`Error::NotReady`] while it is being made; [`Error::InvitationSpent`] when it is used or
    /// dead.
    pub async fn revoke(&self, ctx: &CommandContext, code: &str) -> Result<UnderWay, Error> {
        let by = ctx.member()?;
        let args = normalise(code);
        let circle = self.circle_of_code(code).await?;
        let request = CommandRequest::new(ctx, CommandName::Revoke).about(circle);
        let mut command = Command::asked(&self.kolo, ctx, request, &args).await?;
        if let Some(done) = command.replay()? {
            return Ok(done);
        }
        loop {
            let (invitation, circle) = self.by_code(code).await?;
            circle.state.permit(by, CommandName::Revoke)?;
            match invitation.state.standing {
                Standing::Open => {}
                Standing::Registering => return Err(Error::NotReady),
                Standing::Taken(_) | Standing::Used(_) | Standing::Dead => {
                    return Err(Error::InvitationSpent);
                }
            }
            let mut changes = command.changes();
            let want = Want::Revoke { invitation: invitation.state.id };
            let intent = changes.want("revoke", want, Some(circle.state.organiser))?;
            let under_way = UnderWay { intent, circle: circle.state.id };
            if let Some(done) = command.commit(changes, under_way).await? {
                return Ok(done);
            }
        }
    }

    /// Where the order is fixed: the turns nobody has and no open invitation promises, in order. Else
    /// none.
    ///
    /// # Errors
    /// [`Error::NoSuchCircle`].
    pub async fn free_turns(&self, circle: CircleId) -> Result<Vec<u8>, Error> {
        let found = self.kolo.circle(circle).await?.state;
        self.turns_left(&found).await
    }

    async fn turns_left(&self, circle: &Circle) -> Result<Vec<u8>, Error> {
        let rules = circle.rules()?;
        if rules.order != Order::Fixed {
            return Ok(Vec::new());
        }
        let mut gone: Vec<u8> = circle.mirror()?.seats().iter().map(|seat| seat.turn).collect();
        gone.extend(self.turns_promised(circle).await?);
        Ok((1..=rules.seats).filter(|turn| !gone.contains(turn)).collect())
    }

    /// The turns that open invitations promise.
    pub(super) async fn turns_promised(&self, circle: &Circle) -> Result<Vec<u8>, Error> {
        let mut promised = Vec::new();
        for id in &circle.invitations {
            let invitation = self.kolo.invitation(*id).await?.state;
            let is_over = self.kolo.now() > invitation.expires_at;
            promised.extend(invitation.turn.filter(|_| !is_over));
        }
        Ok(promised)
    }

    async fn turn_to_promise(
        &self,
        circle: &Circle,
        wanted: Option<u8>,
    ) -> Result<Option<u8>, Error> {
        let left = self.turns_left(circle).await?;
        turn_of(&circle.rules()?, &left, wanted)
    }

    /// Places promised to codes nobody can use any more are free again.
    async fn drop_expired(&self, circle: &mut Loaded<Circle>) -> Result<(), Error> {
        let now = self.kolo.now();
        for id in circle.state.invitations.clone() {
            let invitation = self.kolo.invitation(id).await?.state;
            let usable = match invitation.standing {
                Standing::Open => now <= invitation.expires_at,
                // On its way: its end decides.
                Standing::Registering | Standing::Taken(_) => true,
                Standing::Used(_) | Standing::Dead => false,
            };
            if !usable {
                circle.state.invitations.retain(|promised| *promised != id);
            }
        }
        Ok(())
    }

    /// Whether the member is joining by another code already.
    pub(super) async fn is_joining(
        &self,
        circle: &Circle,
        member: MemberId,
    ) -> Result<bool, Error> {
        for id in &circle.invitations {
            if self.kolo.invitation(*id).await?.state.standing == Standing::Taken(member) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn invitation_id(&self, ctx: &CommandContext) -> InvitationId {
        InvitationId::derive(&[ctx.tenant.as_str().as_bytes(), ctx.key.as_bytes()])
    }

    async fn invitation_view(&self, id: InvitationId) -> Result<InvitationView, Error> {
        let invitation = self.kolo.invitation(id).await?.state;
        let circle = self.kolo.circle(invitation.circle).await?.state.summary()?;
        let Invitation { code, phone, turn, expires_at, .. } = invitation;
        Ok(InvitationView { id, code, circle, phone, turn, expires_at })
    }

    /// What somebody who has a code sees before consent.
    ///
    /// # Errors
    /// [`Error::NoSuchInvitation`], [`Error::InvitationSpent`], [`Error::InvitationForSomebodyElse`].
    pub async fn preview(&self, member: MemberId, code: &str) -> Result<InvitationPreview, Error> {
        let (invitation, circle) = self.by_code(code).await?;
        let already_member = circle.state.seat_of_member(member).is_some();
        if !already_member {
            self.check_usable(&invitation.state, &circle.state, member).await?;
        }
        let rules = circle.state.rules()?;
        let taken = u8::try_from(circle.state.holders.len()).unwrap_or(u8::MAX);
        Ok(InvitationPreview {
            circle: circle.state.summary()?,
            organiser_name: self.kolo.member(circle.state.organiser).await?.state.name,
            turn: invitation.state.turn.unwrap_or_else(|| taken.saturating_add(1)),
            free: rules.seats.saturating_sub(taken),
            already_member,
        })
    }

    /// Joins by a code, accepting the rules of this hash. Joining twice is joining once.
    ///
    /// # Errors
    /// As [`Circles::preview`]; [`Error::RulesNotAccepted`]; [`Error::Refused`] (full, started);
    /// [`Error::CapReached`] for who has no account yet: the code stays good.
    pub async fn join(
        &self,
        ctx: &CommandContext,
        code: &str,
        rules_hash: [u8; 32],
    ) -> Result<UnderWay, Error> {
        let joiner = ctx.member()?;
        let args = (normalise(code), rules_hash);
        let circle = self.circle_of_code(code).await?;
        let request = CommandRequest::new(ctx, CommandName::Join).about(circle);
        let mut command = Command::asked(&self.kolo, ctx, request, &args).await?;
        if let Some(done) = command.replay()? {
            return Ok(done);
        }
        loop {
            let (mut invitation, circle) = self.by_code(code).await?;
            self.check_usable(&invitation.state, &circle.state, joiner).await?;
            if circle.state.rules_hash() != rules_hash {
                return Err(Error::RulesNotAccepted);
            }
            if circle.state.seat_of_member(joiner).is_some() {
                return Err(Error::Refused(Refusal::AlreadyMember));
            }
            let id = invitation.state.id;
            let mut changes = command.changes();
            let mut member = self.kolo.member(joiner).await?;
            self.kolo.have_account_opened(&mut changes, &mut member).await?;
            // One code after another for the same circle: the member's version orders them.
            if self.is_joining(&circle.state, joiner).await? {
                return Err(Error::UnderWay);
            }
            member.state.joining = self.kolo.still_joining(&member.state).await?;
            member.state.joining.push(id);
            changes.write(&member)?;
            invitation.state.standing = Standing::Taken(joiner);
            changes.write(&invitation)?;
            changes.event(&circle.id, "circle.join_requested", &(id, joiner))?;
            let want = Want::Join { invitation: id, member: joiner };
            let intent = changes.want("join", want, None)?;
            let under_way = UnderWay { intent, circle: circle.state.id };
            if let Some(done) = command.commit(changes, under_way).await? {
                return Ok(done);
            }
        }
    }

    async fn by_code(&self, code: &str) -> Result<(Loaded<Invitation>, Loaded<Circle>), Error> {
        let code = normalise(code);
        let id = self.kolo.find("code", &code).await?.ok_or(Error::NoSuchInvitation)?;
        let id: InvitationId = id.parse().map_err(|_| Error::NoSuchInvitation)?;
        let invitation = self.kolo.invitation(id).await?;
        let circle = self.kolo.circle(invitation.state.circle).await?;
        Ok((invitation, circle))
    }

    /// What the host is asked about; an unknown code is told once the key was looked up.
    async fn circle_of_code(&self, code: &str) -> Result<Option<CircleId>, Error> {
        match self.by_code(code).await {
            Ok((_, circle)) => Ok(Some(circle.state.id)),
            Err(Error::NoSuchInvitation) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn check_usable(
        &self,
        invitation: &Invitation,
        circle: &Circle,
        member: MemberId,
    ) -> Result<(), Error> {
        if let Some(bound) = &invitation.phone
            && self.kolo.member(member).await?.state.phone.as_ref() != Some(bound)
        {
            return Err(Error::InvitationForSomebodyElse);
        }
        if matches!(circle.contract, Contract::Failed | Contract::Foreign)
            || self.kolo.now() > invitation.expires_at
        {
            return Err(Error::InvitationSpent);
        }
        match invitation.standing {
            Standing::Registering => return Err(Error::NotReady),
            Standing::Taken(taker) if taker == member => return Err(Error::UnderWay),
            Standing::Taken(_) | Standing::Used(_) | Standing::Dead => {
                return Err(Error::InvitationSpent);
            }
            Standing::Open => {}
        }
        circle.forming_mirror().map(drop)
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

/// The turn that an invitation gives, of those that are left; none where nobody gives turns.
fn turn_of(rules: &Rules, left: &[u8], wanted: Option<u8>) -> Result<Option<u8>, Error> {
    let fixed = rules.order == Order::Fixed;
    match wanted {
        None if !fixed => Ok(None),
        None => left.first().copied().map(Some).ok_or(Error::NoPlaceLeft),
        Some(turn) if left.contains(&turn) => Ok(Some(turn)),
        Some(turn) if fixed && (1..=rules.seats).contains(&turn) => {
            Err(Error::Refused(Refusal::TurnTaken))
        }
        Some(_) => Err(Error::Refused(Refusal::BadTurn)),
    }
}

#[cfg(test)]
mod tests {
    use kolo_rules::{Amount, Interval};

    use super::*;

    #[test]
    fn a_turn_is_promised_of_those_that_are_left() {
        let join = Rules::new([1; 32], 3, Amount::new(10), Interval::Seconds(604_800));
        let fixed = Rules { order: Order::Fixed, ..join };
        // (rules, left, wanted) → the turn, or why not.
        let cases = [
            (join, &[][..], None, Ok(None)),
            (join, &[], Some(1), Err("circle.bad_turn")),
            (fixed, &[2, 3], None, Ok(Some(2))),
            (fixed, &[2, 3], Some(3), Ok(Some(3))),
            (fixed, &[2, 3], Some(1), Err("circle.turn_taken")),
            (fixed, &[2, 3], Some(4), Err("circle.bad_turn")),
            (fixed, &[2, 3], Some(0), Err("circle.bad_turn")),
            (fixed, &[], None, Err("circle.no_place_left")),
            (fixed, &[], Some(2), Err("circle.turn_taken")),
        ];
        for (rules, left, wanted, expected) in cases {
            let found = turn_of(&rules, left, wanted).map_err(|error| error.code());
            assert_eq!(found, expected, "{:?} {left:?} {wanted:?}", rules.order);
        }
    }
}
