//! Before the first round: who is in, the draw, what is paid in.
use kolo_rules::{Amount, Refusal};

use super::service::{Circles, UnderWay};
use super::state::Circle;
use crate::intent::state::Want;
use crate::port::authorizer::{CommandName, CommandRequest};
use crate::port::chain::ChainAddress;
use crate::unit::Command;
use crate::{CircleId, CommandContext, Error};

impl Circles {
    /// Asks for a place without an invitation; the organiser answers. `rules_hash` is of the rules the
    /// member was shown and accepts.
    ///
    /// # Errors
    /// [`Error::RulesNotAccepted`] for another hash; [`Error::Refused`] for who sits in it or waits
    /// already, and after the start; [`Error::TooManyRequests`]; [`Error::NotReady`].
    pub async fn request(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        rules_hash: [u8; 32],
    ) -> Result<UnderWay, Error> {
        let asking = ctx.member()?;
        let want = Want::Request { circle, member: asking };
        let request = CommandRequest::new(ctx, CommandName::Request).about(circle);
        let mut command = Command::asked(&self.kolo, ctx, request, &(&want, rules_hash)).await?;
        if let Some(done) = command.replay()? {
            return Ok(done);
        }
        loop {
            let found = self.kolo.circle(circle).await?.state;
            found.forming_mirror()?;
            if found.rules_hash() != rules_hash {
                return Err(Error::RulesNotAccepted);
            }
            let mut member = self.kolo.member(asking).await?;
            if found.seat_of_member(asking).is_some() || found.is_waiting(&member.state.address) {
                return Err(Error::Refused(Refusal::AlreadyMember));
            }
            self.has_room_for(&found, &member.state).await?;
            let mut changes = command.changes();
            self.kolo.have_account_opened(&mut changes, &mut member).await?;
            if !member.state.circles.contains(&circle) {
                member.state.circles.push(circle);
            }
            changes.write(&member)?;
            let intent = changes.want("call", want.clone(), None)?;
            if let Some(done) = command.commit(changes, UnderWay { intent, circle }).await? {
                return Ok(done);
            }
        }
    }

    /// Gives somebody who asked a place (organiser, chairman, secretary); with their turn, where the order is fixed.
    ///
    /// # Errors
    /// [`Error::NotAllowed`]; [`Error::Refused`] for who does not wait, when no place is left, and for a
    /// turn somebody has or an open invitation promises.
    pub async fn approve(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        who: &ChainAddress,
        turn: Option<u8>,
    ) -> Result<UnderWay, Error> {
        let want = Want::Approve { circle, who: who.clone(), turn };
        self.by_organiser(ctx, circle, CommandName::Approve, want).await
    }

    /// Sends somebody who asked away (organiser, chairman, secretary).
    ///
    /// # Errors
    /// [`Error::NotAllowed`]; [`Error::Refused`] for who does not wait.
    pub async fn reject(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        who: &ChainAddress,
    ) -> Result<UnderWay, Error> {
        let want = Want::Reject { circle, who: who.clone() };
        self.by_organiser(ctx, circle, CommandName::Reject, want).await
    }

    /// Takes a member out before the start; no money has been paid in (organiser, chairman; who organises
    /// it or holds an office, the organiser alone).
    ///
    /// # Errors
    /// [`Error::NotAllowed`]; [`Error::LastTreasurer`]; [`Error::Refused`] for who is not in it, and after
    /// the start.
    pub async fn remove(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        who: &ChainAddress,
    ) -> Result<UnderWay, Error> {
        let want = Want::Remove { circle, who: who.clone() };
        self.by_organiser(ctx, circle, CommandName::Remove, want).await
    }

    /// Starts with the members there are, at least the minimum (organiser, chairman).
    ///
    /// # Errors
    /// [`Error::NotAllowed`], [`Error::Refused`].
    pub async fn start(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error> {
        self.by_organiser(ctx, circle, CommandName::Start, Want::Start { circle }).await
    }

    /// Gives the circle up before its start (organiser).
    ///
    /// # Errors
    /// [`Error::NotAllowed`], [`Error::Refused`].
    pub async fn cancel(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error> {
        self.by_organiser(ctx, circle, CommandName::Cancel, Want::Cancel { circle }).await
    }

    /// The calls before the start that the contract takes from the organiser: an officer's is ordered on
    /// the organiser's behalf, and the intent keeps who asked.
    async fn by_organiser(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        name: CommandName,
        want: Want,
    ) -> Result<UnderWay, Error> {
        let by = ctx.member()?;
        let promised = match self.kolo.load::<Circle>(circle).await? {
            Some(found) => self.turns_promised(&found.state).await?,
            None => Vec::new(),
        };
        self.simple(ctx, name, circle, want.clone(), |found| {
            found.permit(by, name)?;
            let mut trial = found.forming_mirror()?;
            let (rules, now) = (found.rules()?, self.kolo.now().unix());
            match &want {
                Want::Start { .. } => trial.start(&rules, now)?,
                Want::Approve { who, turn, .. } => {
                    found.require_waiting(who)?;
                    trial.join(&rules, *turn, now)?;
                    if turn.is_some_and(|turn| promised.contains(&turn)) {
                        return Err(Error::Refused(Refusal::TurnTaken));
                    }
                }
                Want::Reject { who, .. } => found.require_waiting(who)?,
                Want::Remove { who, .. } => {
                    let seat = found.seat_of(who).ok_or(Refusal::NotMember)?;
                    if let Some(member) = found.holder(seat).and_then(|holder| holder.member) {
                        found.permit_removing(by, member)?;
                        found.keep_a_treasurer(member)?;
                    }
                    trial.leave(&rules, seat)?;
                }
                _ => {}
            }
            Ok(())
        })
        .await
    }

    /// Leaves before the start.
    ///
    /// # Errors
    /// [`Error::NoSuchCircle`], [`Error::Refused`].
    pub async fn leave(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error> {
        let member = ctx.member()?;
        let want = Want::Leave { circle, member };
        self.simple(ctx, CommandName::Leave, circle, want, |found| {
            found.seat_of_member(member).ok_or(Error::NoSuchCircle)?;
            found.forming_mirror().map(drop)
        })
        .await
    }

    /// Takes part in the draw: commits to a secret of the member's and leaves the bond. It is revealed
    /// for them as soon as that is time, and the bond comes back.
    ///
    /// # Errors
    /// [`Error::Refused`] when no commitments are taken (any more), or it was done already;
    /// [`Error::InsufficientFunds`]; [`Error::UnderWay`].
    pub async fn commit(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error> {
        let member = ctx.member()?;
        let bond = self.kolo.circle(circle).await?.state.rules()?.bond;
        let want = Want::Commit { circle, member };
        let now = self.kolo.now().unix();
        self.pay(ctx, CommandName::Commit, want, circle, 0, bond, |mirror, rules, seat| {
            mirror.commit(rules, seat, now).map(drop)
        })
        .await
    }

    /// Pays in exactly what is due before the first round: deposit and entry premium.
    ///
    /// # Errors
    /// [`Error::Refused`] for another amount, at another time, or when it was done already;
    /// [`Error::InsufficientFunds`]; [`Error::UnderWay`].
    pub async fn secure(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        amount: Amount,
    ) -> Result<UnderWay, Error> {
        let member = ctx.member()?;
        let want = Want::Secure { circle, member, amount: amount.minor_units() };
        let now = self.kolo.now().unix();
        self.pay(ctx, CommandName::Secure, want, circle, 0, amount, |mirror, rules, seat| {
            mirror.secure(rules, seat, amount, now).map(drop)
        })
        .await
    }
}
