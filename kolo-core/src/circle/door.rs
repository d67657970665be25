//! Asking for a place by the circle's own code, without an invitation.
//!
//! An invitation promises a place to one person. The circle's code promises nothing: whoever has it may
//! ask, and the organiser (or who holds the office for it) answers each. It is made when the organiser wants one, and can be taken back.
use kolo_rules::Refusal;

use super::service::{Circles, UnderWay};
use super::state::Circle;
use crate::code::normalise;
use crate::intent::state::Want;
use crate::invitation::state::{CODE_BYTES, code};
use crate::member::state::Member;
use crate::port::authorizer::{CommandName, CommandRequest};
use crate::port::chain::ChainAddress;
use crate::record::Loaded;
use crate::unit::{Changes, Command};
use crate::view::{CircleSummary, DoorView, RequestView};
use crate::{CircleId, CommandContext, Error, Kolo, MemberId};

/// Requests a circle has waiting at most; the contract takes no more either.
const MOST_WAITING: usize = 64;
/// Circles at which one member waits at most.
const MOST_OF_ONE: usize = 5;
/// The index of circles' own codes.
const INDEX: &str = "circle-code";

impl Circles {
    /// The circle's own code, with which anybody may ask for a place; made at the first call.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] unless the organiser, the chairman or the secretary; [`Error::NotReady`];
    /// [`Error::Refused`] after the start.
    pub async fn open_door(&self, ctx: &CommandContext, circle: CircleId) -> Result<String, Error> {
        let by = ctx.member()?;
        let request = CommandRequest::new(ctx, CommandName::OpenDoor).about(circle);
        let mut command = Command::asked(&self.kolo, ctx, request, &circle).await?;
        if let Some(done) = command.replay()? {
            return Ok(done);
        }
        loop {
            let mut found = self.kolo.circle(circle).await?;
            found.state.permit(by, CommandName::OpenDoor)?;
            found.state.forming_mirror()?;
            let mut changes = command.changes();
            changes.forgettable();
            let code = match found.state.code.clone() {
                Some(code) => code,
                None => self.fresh_code(&mut changes, &mut found)?,
            };
            if let Some(done) = command.commit(changes, code).await? {
                return Ok(done);
            }
        }
    }

    fn fresh_code(
        &self,
        changes: &mut Changes,
        circle: &mut Loaded<Circle>,
    ) -> Result<String, Error> {
        let mut random = [0; CODE_BYTES];
        self.kolo.ports().entropy.fill(&mut random)?;
        let code = code(&random);
        circle.state.code = Some(code.clone());
        changes.write(circle)?;
        changes.claim(INDEX, code.clone(), &circle.id);
        changes.event(&circle.id, "circle.door_opened", &circle.state.id)?;
        Ok(code)
    }

    /// Takes a circle's code back: nobody can ask by it any more, who waits goes on waiting. Gives
    /// the circle's name.
    ///
    /// # Errors
    /// [`Error::NoSuchDoor`]; [`Error::NotAllowed`] unless the organiser, the chairman or the secretary.
    pub async fn close_door(&self, ctx: &CommandContext, code: &str) -> Result<String, Error> {
        let by = ctx.member()?;
        let code = normalise(code);
        // An unknown code is told once the key was looked up.
        let about = match self.by_door(&code).await {
            Ok(circle) => Some(circle.state.id),
            Err(Error::NoSuchDoor) => None,
            Err(error) => return Err(error),
        };
        let request = CommandRequest::new(ctx, CommandName::CloseDoor).about(about);
        let mut command = Command::asked(&self.kolo, ctx, request, &code).await?;
        if let Some(done) = command.replay()? {
            return Ok(done);
        }
        loop {
            let mut found = self.by_door(&code).await?;
            found.state.permit(by, CommandName::CloseDoor)?;
            found.state.code = None;
            let mut changes = command.changes();
            changes.forgettable();
            changes.release(INDEX, code.clone());
            changes.write(&found)?;
            changes.event(&found.id, "circle.door_closed", &found.state.id)?;
            if let Some(done) = command.commit(changes, found.state.name.clone()).await? {
                return Ok(done);
            }
        }
    }

    async fn by_door(&self, code: &str) -> Result<Loaded<Circle>, Error> {
        let id = self.kolo.find(INDEX, code).await?.ok_or(Error::NoSuchDoor)?;
        let id: CircleId = id.parse().map_err(|_| Error::NoSuchDoor)?;
        self.kolo.circle(id).await
    }

    /// What somebody who has a circle's code sees before they ask for a place.
    ///
    /// # Errors
    /// [`Error::NoSuchDoor`]; [`Error::NotReady`]; [`Error::Refused`] after the start, unless they sit
    /// there.
    pub async fn door(&self, member: MemberId, code: &str) -> Result<DoorView, Error> {
        let found = self.by_door(&normalise(code)).await?.state;
        let already_member = found.seat_of_member(member).is_some();
        if !already_member {
            found.forming_mirror()?;
        }
        let asking = self.kolo.member(member).await?.state;
        let taken = u8::try_from(found.holders.len()).unwrap_or(u8::MAX);
        Ok(DoorView {
            circle: found.summary()?,
            organiser_name: self.kolo.member(found.organiser).await?.state.name,
            free: found.rules()?.seats.saturating_sub(taken),
            already_member,
            already_waiting: found.is_waiting(&asking.address),
        })
    }

    /// Takes one's own request back.
    ///
    /// # Errors
    /// [`Error::Refused`] for who does not wait there; [`Error::UnderWay`] when it was asked for before, and
    /// while they are joining by an invitation: it is their place they would give up.
    pub async fn take_back(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
    ) -> Result<UnderWay, Error> {
        let member = ctx.member()?;
        let want = Want::TakeBack { circle, member };
        let request = CommandRequest::new(ctx, CommandName::TakeBack).about(circle);
        let mut command = Command::asked(&self.kolo, ctx, request, &want).await?;
        if let Some(done) = command.replay()? {
            return Ok(done);
        }
        let address = self.kolo.member(member).await?.state.address;
        loop {
            let mut found = self.kolo.circle(circle).await?;
            found.state.require_waiting(&address)?;
            let is_seen_to = found.state.taken_back.contains(&address)
                || self.is_joining(&found.state, member).await?;
            if is_seen_to {
                return Err(Error::UnderWay);
            }
            found.state.taken_back.push(address.clone());
            let mut changes = command.changes();
            changes.write(&found)?;
            let intent = changes.want("call", want.clone(), None)?;
            if let Some(done) = command.commit(changes, UnderWay { intent, circle }).await? {
                return Ok(done);
            }
        }
    }

    /// The circles at which the member waits for an answer, oldest request first.
    ///
    /// # Errors
    /// [`Error::NoSuchMember`].
    pub async fn asked_by(&self, member: MemberId) -> Result<Vec<CircleSummary>, Error> {
        let asking = self.kolo.member(member).await?.state;
        let waiting = self.waits_at(&asking).await?;
        waiting.iter().map(|circle| circle.state.summary()).collect()
    }

    async fn waits_at(&self, asking: &Member) -> Result<Vec<Loaded<Circle>>, Error> {
        let mut waiting = Vec::new();
        for id in &asking.circles {
            if let Some(circle) = self.kolo.load::<Circle>(*id).await?
                && circle.state.is_waiting(&asking.address)
            {
                waiting.push(circle);
            }
        }
        Ok(waiting)
    }

    /// Neither a circle's waiting room nor one member's requests grow without bound. (What is on its
    /// way is not counted; the contract bounds its own queue.)
    pub(super) async fn has_room_for(&self, circle: &Circle, asking: &Member) -> Result<(), Error> {
        if circle.requests.len() >= MOST_WAITING
            || self.waits_at(asking).await?.len() >= MOST_OF_ONE
        {
            return Err(Error::TooManyRequests);
        }
        Ok(())
    }

    pub(super) async fn request_views(&self, circle: &Circle) -> Result<Vec<RequestView>, Error> {
        let mut views = Vec::with_capacity(circle.requests.len());
        for waiting in &circle.requests {
            let phone = match waiting.member {
                Some(member) => self.kolo.member(member).await?.state.phone,
                None => None,
            };
            let end = phone.as_ref().and_then(|phone| phone.get(phone.len().checked_sub(4)?..));
            views.push(RequestView {
                member: waiting.member,
                name: waiting.name.clone(),
                address: waiting.address.clone(),
                phone_end: end.map(str::to_owned),
            });
        }
        Ok(views)
    }
}

impl Circle {
    pub(crate) fn is_waiting(&self, address: &ChainAddress) -> bool {
        self.requests.iter().any(|waiting| waiting.address == *address)
    }

    pub(super) fn require_waiting(&self, address: &ChainAddress) -> Result<(), Refusal> {
        if self.is_waiting(address) { Ok(()) } else { Err(Refusal::NotMember) }
    }
}

impl Kolo {
    /// The circle is not among those of somebody who waits there no more.
    pub(crate) async fn forget_request(
        &self,
        changes: &mut Changes,
        circle: CircleId,
        member: MemberId,
    ) -> Result<(), Error> {
        let mut member = self.member(member).await?;
        if member.state.circles.contains(&circle) {
            member.state.circles.retain(|there| *there != circle);
            changes.write(&member)?;
        }
        Ok(())
    }
}
