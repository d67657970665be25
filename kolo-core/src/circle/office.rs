//! Offices of a circle: asked for by the organiser, taken up or declined, laid down, taken away.
//!
//! ```text
//!          name                  accept
//!  none ─────────▶ asked ───────────────────▶ held
//!    ▲               │ decline, withdrawn       │ laid down, relieved, the seat is gone
//!    └───────────────┴──────────────────────────┘
//! ```
//! An office is kept here and not on the chain. Once there is a treasurer, the last one is not let go
//! before another has taken the office up; only with the seat it ends in any case.
use kolo_rules::{Refusal, circle::Phase};
use serde::{Deserialize, Serialize};

use super::role::Office;
use super::service::Circles;
use super::state::{Circle, Holder, Officer};
use crate::notice::Notice;
use crate::port::authorizer::{CommandName, CommandRequest};
use crate::port::chain::{ChainAddress, CircleChainEvent};
use crate::record;
use crate::unit::{Changes, Command};
use crate::{CircleId, CommandContext, Error, MemberId};

/// What became of an office.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum OfficeChange {
    /// The organiser asks somebody to take it up.
    Asked,
    /// The organiser asks no longer.
    Withdrawn,
    /// Who was asked said no.
    Declined,
    /// Somebody holds it now.
    Taken,
    /// Somebody holds it no longer.
    Ended,
}

impl OfficeChange {
    /// The name of its event.
    pub(crate) const fn event(self) -> &'static str {
        match self {
            Self::Asked => "circle.office_asked",
            Self::Withdrawn => "circle.office_withdrawn",
            Self::Declined => "circle.office_declined",
            Self::Taken => "circle.office_taken",
            Self::Ended => "circle.office_ended",
        }
    }
}

/// Body of the events `circle.office_*`.
#[derive(Serialize)]
struct Told {
    member: MemberId,
    office: Office,
    /// Who did it; `None`: it followed from what happened on the chain.
    by: Option<MemberId>,
}

/// What came of naming somebody, or of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
    /// In which circle.
    pub circle: CircleId,
    /// Who.
    pub member: MemberId,
    /// To what.
    pub office: Office,
    /// Whether they hold it now (after its end: whether they had held it).
    pub held: bool,
}

impl Circles {
    /// Asks a member to take an office up (organiser). They hold it when they accept; an organiser who
    /// names themselves holds it at once. Who was asked for another office is asked for this one instead.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] unless the organiser; [`Error::Refused`] for who has no seat, or leaves, and
    /// when the circle is over; [`Error::HasOffice`]; [`Error::LastTreasurer`] when it would take the only
    /// treasurer's office away; [`Error::CapReached`]; [`Error::NotReady`].
    pub async fn name_officer(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        whom: MemberId,
        office: Office,
    ) -> Result<Appointment, Error> {
        let command = (CommandName::NameOfficer, circle);
        self.appoint(ctx, command, &(circle, whom, office), |found, changes, by| {
            let held = by == whom;
            let before = found.office_of(whom).filter(|_| held);
            found.nominate(whom, office, held)?;
            found.tell_left(changes, by, before)?;
            let change = if held { OfficeChange::Taken } else { OfficeChange::Asked };
            found.office_changed(changes, by, whom, office, change)?;
            Ok(Appointment { circle, member: whom, office, held })
        })
        .await
    }

    /// Takes this office away, if it is held, or the question whether they will take it up (organiser).
    /// Nothing else is ended instead when that has changed meanwhile.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] unless the organiser; [`Error::NoOffice`] also for another office than this, or
    /// when the question has been answered by now; [`Error::LastTreasurer`].
    pub async fn relieve_officer(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        whom: MemberId,
        office: Office,
        held: bool,
    ) -> Result<Appointment, Error> {
        let command = (CommandName::RelieveOfficer, circle);
        self.appoint(ctx, command, &(circle, whom, office, held), |found, changes, by| {
            let ends = if held { found.office_of(whom) } else { found.asked_to_be(whom) };
            if ends != Some(office) {
                return Err(Error::NoOffice);
            }
            if held {
                found.lay_down(whom)?;
            } else {
                found.officers.retain(|officer| officer.member != whom || officer.accepted);
            }
            let change = if held { OfficeChange::Ended } else { OfficeChange::Withdrawn };
            found.office_changed(changes, by, whom, office, change)?;
            Ok(Appointment { circle, member: whom, office, held })
        })
        .await
    }

    /// The answer of who was asked: takes the office up, or declines it. An office held before ends with
    /// that, which is told as any other end.
    ///
    /// # Errors
    /// [`Error::NoSuchCircle`] for who is not in it; [`Error::NoOffice`] for who was not asked;
    /// [`Error::LastTreasurer`] for the only treasurer, who was asked to be something else.
    pub async fn answer_office(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        accept: bool,
    ) -> Result<Appointment, Error> {
        let command = (CommandName::AnswerOffice, circle);
        self.appoint(ctx, command, &(circle, accept), |found, changes, by| {
            let before = found.office_of(by).filter(|_| accept);
            let office = found.answer(by, accept)?;
            found.tell_left(changes, by, before)?;
            let change = if accept { OfficeChange::Taken } else { OfficeChange::Declined };
            found.office_changed(changes, by, by, office, change)?;
            Ok(Appointment { circle, member: by, office, held: accept })
        })
        .await
    }

    /// Lays one's own office down.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] for who holds none; [`Error::LastTreasurer`].
    pub async fn lay_down_office(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
    ) -> Result<Appointment, Error> {
        let command = (CommandName::LayDownOffice, circle);
        self.appoint(ctx, command, &circle, |found, changes, by| {
            let office = found.lay_down(by)?;
            found.office_changed(changes, by, by, office, OfficeChange::Ended)?;
            Ok(Appointment { circle, member: by, office, held: true })
        })
        .await
    }

    /// One change of offices: allowed, decided, told.
    async fn appoint<A: Serialize>(
        &self,
        ctx: &CommandContext,
        (name, circle): (CommandName, CircleId),
        args: &A,
        decide: impl Fn(&mut Circle, &mut Changes, MemberId) -> Result<Appointment, Error> + Send + Sync,
    ) -> Result<Appointment, Error> {
        let by = ctx.member()?;
        let request = CommandRequest::new(ctx, name).about(circle);
        let mut command = Command::asked(&self.kolo, ctx, request, args).await?;
        if let Some(done) = command.replay()? {
            return Ok(done);
        }
        loop {
            let mut found = self.kolo.circle(circle).await?;
            found.state.permit(by, name)?;
            found.state.require_offices()?;
            let mut changes = command.changes();
            changes.forgettable();
            let done = decide(&mut found.state, &mut changes, by)?;
            // All else ends what this has begun, and nobody is kept in an office by a count.
            if name == CommandName::NameOfficer {
                self.kolo.count_naming(&changes, &mut found.state.named_today)?;
            }
            changes.write(&found)?;
            if let Some(done) = command.commit(changes, done).await? {
                return Ok(done);
            }
        }
    }
}

impl Circle {
    /// The office somebody holds.
    pub(crate) fn office_of(&self, who: MemberId) -> Option<Office> {
        let found = self.officers.iter().find(|officer| officer.member == who && officer.accepted);
        found.map(|officer| officer.office)
    }

    /// The office somebody was asked to take up and has not answered about.
    fn asked_to_be(&self, who: MemberId) -> Option<Office> {
        let found = self.officers.iter().find(|officer| officer.member == who && !officer.accepted);
        found.map(|officer| officer.office)
    }

    fn require_offices(&self) -> Result<(), Error> {
        self.require_live()?;
        match self.mirror()?.phase {
            Phase::Completed | Phase::Dissolved | Phase::Cancelled => {
                Err(Error::Refused(Refusal::Finished))
            }
            _ => Ok(()),
        }
    }

    fn nominate(&mut self, whom: MemberId, office: Office, at_once: bool) -> Result<(), Error> {
        let seat = self.seat_of_member(whom).ok_or(Refusal::NotMember)?;
        if self.mirror()?.seat(seat).is_some_and(|seat| seat.left_after != 0) {
            return Err(Error::Refused(Refusal::HasLeft));
        }
        if self.office_of(whom) == Some(office) || self.asked_to_be(whom) == Some(office) {
            return Err(Error::HasOffice);
        }
        // Told now and not only when they accept: they could not.
        self.keep_a_treasurer(whom)?;
        self.officers.retain(|officer| officer.member != whom || officer.accepted && !at_once);
        self.officers.push(Officer { member: whom, office, accepted: at_once });
        Ok(())
    }

    fn answer(&mut self, who: MemberId, accept: bool) -> Result<Office, Error> {
        let office = self.asked_to_be(who).ok_or(Error::NoOffice)?;
        if accept {
            self.keep_a_treasurer(who)?;
            self.officers.retain(|officer| officer.member != who);
            self.officers.push(Officer { member: who, office, accepted: true });
        } else {
            self.officers.retain(|officer| officer.member != who || officer.accepted);
        }
        Ok(office)
    }

    fn lay_down(&mut self, who: MemberId) -> Result<Office, Error> {
        let office = self.office_of(who).ok_or(Error::NoOffice)?;
        self.keep_a_treasurer(who)?;
        self.officers.retain(|officer| officer.member != who || !officer.accepted);
        Ok(office)
    }

    /// Refuses what would take the only treasurer's office away.
    ///
    /// # Errors
    /// [`Error::LastTreasurer`].
    pub(super) fn keep_a_treasurer(&self, whom: MemberId) -> Result<(), Error> {
        let held = |officer: &&Officer| officer.accepted && officer.office == Office::Treasurer;
        let mut treasurers = self.officers.iter().filter(held).map(|officer| officer.member);
        match (treasurers.next(), treasurers.next()) {
            (Some(only), None) if only == whom => Err(Error::LastTreasurer),
            _ => Ok(()),
        }
    }

    fn is_held(&self, office: Office) -> bool {
        self.officers.iter().any(|officer| officer.accepted && officer.office == office)
    }

    /// An office is held by a person in a seat: with the seat, or the say that goes with it, it ends. Who
    /// only moves to a new phone is the same person and keeps it.
    pub(crate) fn follow_offices(
        &mut self,
        changes: &mut Changes,
        what: &CircleChainEvent,
        gone: Option<&Holder>,
    ) -> Result<(), Error> {
        use CircleChainEvent as E;
        match what {
            E::SeatMoved { to, .. } => {
                let new = self.seated(to).and_then(|holder| holder.member);
                let (Some(old), Some(new)) = (gone.and_then(|gone| gone.member), new) else {
                    return self.end_offices(changes, gone);
                };
                let theirs = self.officers.iter_mut().filter(|officer| officer.member == old);
                theirs.for_each(|officer| officer.member = new);
                Ok(())
            }
            E::ParticipantLeft { .. } | E::SeatSold { .. } => self.end_offices(changes, gone),
            E::ExitAnnounced { member } | E::MemberExpelled { member } => {
                let leaver = self.seated(member).cloned();
                self.end_offices(changes, leaver.as_ref())
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn end_offices(
        &mut self,
        changes: &mut Changes,
        who: Option<&Holder>,
    ) -> Result<(), Error> {
        let Some((member, name)) = who.and_then(|who| Some((who.member?, &who.name))) else {
            return Ok(());
        };
        let held = self.office_of(member);
        self.officers.retain(|officer| officer.member != member);
        let Some(office) = held else { return Ok(()) };
        let told = Told { member, office, by: None };
        self.tell_office(changes, &told, name, OfficeChange::Ended)
    }

    /// Who takes another office up has left the one they had.
    fn tell_left(
        &self,
        changes: &mut Changes,
        who: MemberId,
        before: Option<Office>,
    ) -> Result<(), Error> {
        let Some(office) = before else { return Ok(()) };
        self.office_changed(changes, who, who, office, OfficeChange::Ended)
    }

    fn seated(&self, address: &ChainAddress) -> Option<&Holder> {
        self.seat_of(address).and_then(|seat| self.holder(seat))
    }

    fn office_changed(
        &self,
        changes: &mut Changes,
        by: MemberId,
        member: MemberId,
        office: Office,
        change: OfficeChange,
    ) -> Result<(), Error> {
        let seat = self.holders.iter().find(|holder| holder.member == Some(member));
        let who = seat.map(|holder| holder.name.clone()).unwrap_or_default();
        self.tell_office(changes, &Told { member, office, by: Some(by) }, &who, change)
    }

    /// Records a change and tells whom it concerns: all, of who holds an office; else the two it is
    /// between. Who gave the command has its answer.
    fn tell_office(
        &self,
        changes: &mut Changes,
        told: &Told,
        who: &str,
        change: OfficeChange,
    ) -> Result<(), Error> {
        let Told { member, office, by } = *told;
        let circle = record::aggregate_id::<Self>(&self.id);
        changes.event(&circle, change.event(), told)?;
        let mut readers: Vec<MemberId> = match change {
            OfficeChange::Asked | OfficeChange::Withdrawn => vec![member],
            OfficeChange::Declined => vec![self.organiser],
            OfficeChange::Taken | OfficeChange::Ended => {
                self.holders.iter().filter_map(|holder| holder.member).collect()
            }
        };
        let is_news = matches!(change, OfficeChange::Taken | OfficeChange::Ended);
        if is_news && !readers.contains(&self.organiser) {
            readers.push(self.organiser);
        }
        let vacant = change == OfficeChange::Ended && !self.is_held(office);
        let instead_of = self.office_of(member).filter(|_| change == OfficeChange::Asked);
        for reader in readers.into_iter().filter(|reader| Some(*reader) != by) {
            let notice = Notice::Office {
                circle: self.id,
                name: self.name.clone(),
                who: who.to_owned(),
                you: reader == member,
                office,
                change,
                vacant,
                instead_of,
            };
            changes.notice(reader, change.event(), notice)?;
        }
        Ok(())
    }
}
