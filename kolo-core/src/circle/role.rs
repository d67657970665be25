//! Who may do what in a circle: one table. What is not in it is denied.
//!
//! | | organiser | chairman | secretary | treasurer | member | outsider | host |
//! |---|---|---|---|---|---|---|---|
//! | invite, revoke, open and close the door, approve, reject | ✓ | ✓ | ✓ | | | | |
//! | remove a plain member before the start, start | ✓ | ✓ | | | | | |
//! | remove an officer before the start | ✓ | | | | | | |
//! | give the circle up | ✓ | | | | | | |
//! | name officers, relieve them | ✓ | | | | | | |
//! | lay one's office down | | ✓ | ✓ | ✓ | | | |
//! | what is done with one's own seat and money | | | | | ✓ | | |
//! | see who paid what | ✓ | ✓ | ✓ | ✓ | ✓ | | ✓ |
//! | join, ask for a place, answer an offer | ✓ | | | | ✓ | ✓ | |
//! | register people | | | | | | | ✓ |
//!
//! Whoever holds a seat is a member; an office comes on top of that. The table lets nobody touch another
//! member's money: the contract has no such call, and no row here could give one.
use std::fmt;

use serde::{Deserialize, Serialize};

use super::state::{Circle, Officer};
use crate::port::authorizer::{CommandName, CommandRequest};
use crate::{Actor, Error, Kolo, MemberId};

/// What somebody is to a circle; one person can be several of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Who made it: the only one the contract knows.
    Organiser,
    /// Holds the office.
    Chairman,
    /// Holds the office.
    Secretary,
    /// Holds the office.
    Treasurer,
    /// Holds a seat.
    Member,
    /// Neither organises it nor holds a seat.
    Outsider,
    /// The host's own code ([`Actor::System`]): the platform's administrator.
    Host,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Organiser,
        Self::Chairman,
        Self::Secretary,
        Self::Treasurer,
        Self::Member,
        Self::Outsider,
        Self::Host,
    ];
}

/// What the organiser can ask a member to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Office {
    /// Leads: lets people in and out before the start, and starts.
    Chairman,
    /// Keeps the list: invites, and answers who asks for a place.
    Secretary,
    /// Watches over what is paid.
    Treasurer,
}

impl Office {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Chairman, Self::Secretary, Self::Treasurer];

    /// Whoever holds it is this as well.
    #[must_use]
    pub const fn role(self) -> Role {
        match self {
            Self::Chairman => Role::Chairman,
            Self::Secretary => Role::Secretary,
            Self::Treasurer => Role::Treasurer,
        }
    }

    /// Its name in records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chairman => "chairman",
            Self::Secretary => "secretary",
            Self::Treasurer => "treasurer",
        }
    }
}

impl fmt::Display for Office {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the table answers for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// A command.
    Do(CommandName),
    /// [`super::Circles::contributions_seen_by`].
    SeeContributions,
}

impl From<CommandName> for Action {
    fn from(command: CommandName) -> Self {
        Self::Do(command)
    }
}

const ORGANISER: &[Role] = &[Role::Organiser];
const LEADERS: &[Role] = &[Role::Organiser, Role::Chairman];
const DOOR: &[Role] = &[Role::Organiser, Role::Chairman, Role::Secretary];
const OFFICERS: &[Role] = &[Role::Chairman, Role::Secretary, Role::Treasurer];
const SEATED: &[Role] = &[Role::Member];
const INSIDE: &[Role] =
    &[Role::Organiser, Role::Chairman, Role::Secretary, Role::Treasurer, Role::Member, Role::Host];
const ANYBODY: &[Role] = &[Role::Organiser, Role::Member, Role::Outsider];
const HOST: &[Role] = &[Role::Host];

impl Action {
    /// Every action there is.
    #[must_use]
    pub fn all() -> Vec<Self> {
        CommandName::ALL.iter().copied().map(Self::Do).chain([Self::SeeContributions]).collect()
    }

    /// Who may; nobody else. A new command does not compile without its line.
    #[must_use]
    pub const fn who_may(self) -> &'static [Role] {
        use CommandName as C;
        let command = match self {
            Self::Do(command) => command,
            Self::SeeContributions => return INSIDE,
        };
        match command {
            C::Invite | C::Revoke | C::OpenDoor | C::CloseDoor | C::Approve | C::Reject => DOOR,
            C::Remove | C::Start => LEADERS,
            C::Cancel | C::NameOfficer | C::RelieveOfficer => ORGANISER,
            C::LayDownOffice => OFFICERS,
            C::Leave | C::Contribute | C::Repay | C::Commit | C::Secure | C::Bid => SEATED,
            C::ClaimInsurance | C::Exit | C::Propose | C::Object | C::Vote => SEATED,
            C::SignUpgrade | C::Upgrade | C::OfferTurns | C::OfferSeat | C::AnswerOffice => SEATED,
            C::Join | C::Request | C::TakeBack => ANYBODY,
            C::AcceptOffer | C::DeclineOffer | C::WithdrawOffer => ANYBODY,
            C::TestMoney | C::CreateCircle | C::SignMessage => ANYBODY,
            C::ExportKey | C::CloseAccount | C::LeaveSponsorship => ANYBODY,
            C::Register => HOST,
        }
    }

    /// Whether somebody of these roles may.
    pub(crate) fn is_open_to(self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.who_may().contains(role))
    }
}

impl Circle {
    /// What somebody is to it.
    pub(crate) fn roles(&self, who: MemberId) -> Vec<Role> {
        let mut roles = Vec::new();
        roles.extend((self.organiser == who).then_some(Role::Organiser));
        roles.extend(self.office_of(who).map(Office::role));
        roles.extend(self.seat_of_member(who).map(|_| Role::Member));
        if roles.is_empty() {
            roles.push(Role::Outsider);
        }
        roles
    }

    /// Denies what the table does not give.
    ///
    /// # Errors
    /// [`Error::NotAllowed`]; [`Error::NoSuchCircle`] for who would need a seat and has none.
    pub(crate) fn permit(&self, who: MemberId, action: impl Into<Action>) -> Result<(), Error> {
        let action = action.into();
        if action.is_open_to(&self.roles(who)) {
            return Ok(());
        }
        // To somebody outside it is as if it did not exist.
        match action.who_may().contains(&Role::Member) {
            true => Err(Error::NoSuchCircle),
            false => Err(Error::NotAllowed),
        }
    }

    /// The organiser and their officers are the organiser's to take out, as offices are: a chairman whom
    /// they have named does not put them out with their own signature.
    ///
    /// # Errors
    /// [`Error::NotAllowed`].
    pub(super) fn permit_removing(&self, by: MemberId, whom: MemberId) -> Result<(), Error> {
        let protected = whom == self.organiser || self.office_of(whom).is_some();
        match protected && by != self.organiser {
            true => Err(Error::NotAllowed),
            false => Ok(()),
        }
    }

    /// The organiser and those officers who may: whom to tell of what waits for one of them.
    pub(crate) fn who_may(&self, action: impl Into<Action>) -> Vec<MemberId> {
        let action = action.into();
        let mut all = vec![self.organiser];
        for Officer { member, .. } in &self.officers {
            if !all.contains(member) && action.is_open_to(&self.roles(*member)) {
                all.push(*member);
            }
        }
        all
    }
}

impl Kolo {
    /// The table's word on a command, before it is decided. Of an unknown circle, or a code nobody knows,
    /// the command itself says so.
    pub(crate) async fn permit(&self, request: &CommandRequest) -> Result<(), Error> {
        let action = Action::from(request.command);
        match (&request.actor, request.circle) {
            (Actor::System, _) if action.is_open_to(&[Role::Host]) => Ok(()),
            (Actor::System, _) => Err(Error::NotAllowed),
            (Actor::Member(who), Some(circle)) => match self.load::<Circle>(circle).await? {
                Some(found) => found.state.permit(*who, action),
                None => Ok(()),
            },
            (Actor::Member(_), None) if action.who_may() == HOST => Err(Error::NotAllowed),
            (Actor::Member(_), None) => Ok(()),
        }
    }
}
