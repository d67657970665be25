//! What members and organisers can do with circles.
//!
//! Every command that ends on the chain returns once it is durable; what became of it arrives as a
//! [`crate::notice::Notice`] to the people concerned and as events.
use kolo_rules::Amount;

use crate::view::{
    CircleStatus, CircleSummary, DueView, InvitationPreview, InvitationView, NewCircle,
};
use crate::{CircleId, CommandContext, Error, IntentId, Kolo, MemberId};

/// See [`Kolo::circles`].
pub struct Circles {
    kolo: Kolo,
}

/// A command was accepted and goes to the chain; ask [`Circles::is_settled`] how it is getting on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnderWay {
    /// What is wanted of the chain.
    pub intent: IntentId,
    /// Which circle it concerns.
    pub circle: CircleId,
}

impl Circles {
    pub(crate) fn new(kolo: Kolo) -> Self {
        Self { kolo }
    }

    /// Checks what is wanted without creating it: the rules as they would be (for the confirm).
    ///
    /// # Errors
    /// As [`Circles::create`].
    pub fn draft(&self, _wanted: &NewCircle) -> Result<kolo_rules::Rules, Error> {
        todo!()
    }

    /// A new circle; the commanding member organises it and takes the first seat.
    ///
    /// # Errors
    /// [`Error::BadText`], [`Error::OutOfBounds`], [`Error::Refused`] for its figures.
    pub async fn create(&self, _ctx: &CommandContext, _wanted: NewCircle) -> Result<UnderWay, Error> {
        todo!()
    }

    /// A single-use code for one place, for anybody or for one phone number (E.164).
    ///
    /// # Errors
    /// [`Error::NotAllowed`] unless the organiser; [`Error::NoPlaceLeft`]; [`Error::NotReady`];
    /// [`Error::Refused`] after the start.
    pub async fn invite(
        &self,
        _ctx: &CommandContext,
        _circle: CircleId,
        _phone: Option<String>,
    ) -> Result<(InvitationView, UnderWay), Error> {
        todo!()
    }

    /// What somebody who has a code sees before consent.
    ///
    /// # Errors
    /// [`Error::NoSuchInvitation`], [`Error::InvitationSpent`], [`Error::InvitationForSomebodyElse`].
    pub async fn preview(&self, _member: MemberId, _code: &str) -> Result<InvitationPreview, Error> {
        todo!()
    }

    /// Joins by a code, accepting the rules of this hash. Joining twice is joining once.
    ///
    /// # Errors
    /// As [`Circles::preview`]; [`Error::RulesNotAccepted`]; [`Error::Refused`] (full, started).
    pub async fn join(
        &self,
        _ctx: &CommandContext,
        _code: &str,
        _rules_hash: [u8; 32],
    ) -> Result<UnderWay, Error> {
        todo!()
    }

    /// Starts with the members there are (organiser, at least the minimum).
    ///
    /// # Errors
    /// [`Error::NotAllowed`], [`Error::Refused`].
    pub async fn start(&self, _ctx: &CommandContext, _circle: CircleId) -> Result<UnderWay, Error> {
        todo!()
    }

    /// Gives the circle up before its start (organiser).
    ///
    /// # Errors
    /// [`Error::NotAllowed`], [`Error::Refused`].
    pub async fn cancel(&self, _ctx: &CommandContext, _circle: CircleId) -> Result<UnderWay, Error> {
        todo!()
    }

    /// Leaves before the start.
    ///
    /// # Errors
    /// [`Error::NoSuchCircle`], [`Error::Refused`].
    pub async fn leave(&self, _ctx: &CommandContext, _circle: CircleId) -> Result<UnderWay, Error> {
        todo!()
    }

    /// Pays exactly what [`Circles::due`] says: holds the money in the books, then pays on the chain.
    ///
    /// # Errors
    /// [`Error::Refused`] for another round or amount; [`Error::InsufficientFunds`];
    /// [`Error::UnderWay`] while one is unsettled.
    pub async fn contribute(
        &self,
        _ctx: &CommandContext,
        _circle: CircleId,
        _round: u8,
        _amount: Amount,
    ) -> Result<UnderWay, Error> {
        todo!()
    }

    /// Pays what is owed from earlier rounds, wholly or partly.
    ///
    /// # Errors
    /// As [`Circles::contribute`].
    pub async fn repay(
        &self,
        _ctx: &CommandContext,
        _circle: CircleId,
        _amount: Amount,
    ) -> Result<UnderWay, Error> {
        todo!()
    }

    /// Proposes to dissolve, with the proposer's yes.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub async fn propose_dissolve(
        &self,
        _ctx: &CommandContext,
        _circle: CircleId,
    ) -> Result<UnderWay, Error> {
        todo!()
    }

    /// Votes on the open proposal.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub async fn vote(
        &self,
        _ctx: &CommandContext,
        _circle: CircleId,
        _proposal: u32,
        _approve: bool,
    ) -> Result<UnderWay, Error> {
        todo!()
    }

    /// What the member can pay now.
    ///
    /// # Errors
    /// [`Error::NoSuchCircle`] when they are not in it.
    pub async fn due(&self, _member: MemberId, _circle: CircleId) -> Result<DueView, Error> {
        todo!()
    }

    /// A circle in full.
    ///
    /// # Errors
    /// [`Error::NoSuchCircle`].
    pub async fn status(&self, _circle: CircleId) -> Result<CircleStatus, Error> {
        todo!()
    }

    /// The circles of a member, organised or joined, oldest first.
    ///
    /// # Errors
    /// [`Error::NoSuchMember`].
    pub async fn of(&self, _member: MemberId) -> Result<Vec<CircleSummary>, Error> {
        todo!()
    }

    /// All circles, by id.
    ///
    /// # Errors
    /// A port's failure.
    pub async fn list(&self, _after: Option<CircleId>, _limit: usize) -> Result<Vec<CircleSummary>, Error> {
        todo!()
    }

    /// Whether a command is settled: its outcome is known and was told.
    ///
    /// # Errors
    /// A port's failure.
    pub async fn is_settled(&self, _intent: IntentId) -> Result<bool, Error> {
        todo!()
    }
}
