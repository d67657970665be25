//! What replies are made of.
use kolo_rules::Amount;
use serde::{Deserialize, Serialize};

use crate::circle::Office;
use crate::port::authorizer::CommandName;
use crate::view::NewcomerView;
use crate::{Asset, Timestamp};

/// What is done about somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
#[non_exhaustive]
pub enum Act {
    Approve,
    Reject,
    Remove,
    Expel,
    Move,
    Swap,
    /// To ask them to take an office up.
    Appoint(Office),
    /// To end the one they have.
    Relieve,
}

impl Act {
    /// The command.
    pub(in crate::conversation) const fn word(self) -> &'static str {
        match self {
            Self::Approve => "APPROVE",
            Self::Reject => "REJECT",
            Self::Remove => "REMOVE",
            Self::Expel => "EXPEL",
            Self::Move => "MOVE",
            Self::Swap => "SWAP",
            Self::Appoint(_) | Self::Relieve => "ROLE",
        }
    }

    /// What follows the name in the command.
    pub(in crate::conversation) const fn tail(self) -> &'static str {
        match self {
            Self::Appoint(Office::Chairman) => " CHAIRMAN",
            Self::Appoint(Office::Secretary) => " SECRETARY",
            Self::Appoint(Office::Treasurer) => " TREASURER",
            Self::Relieve => " MEMBER",
            _ => "",
        }
    }

    /// The command not every member may give.
    pub(in crate::conversation) const fn command(self) -> Option<CommandName> {
        match self {
            Self::Approve => Some(CommandName::Approve),
            Self::Reject => Some(CommandName::Reject),
            Self::Remove => Some(CommandName::Remove),
            Self::Appoint(_) => Some(CommandName::NameOfficer),
            Self::Relieve => Some(CommandName::RelieveOfficer),
            Self::Expel | Self::Move | Self::Swap => None,
        }
    }

    /// Whether it is about those who wait for a place.
    pub(in crate::conversation) const fn is_about_waiting(self) -> bool {
        matches!(self, Self::Approve | Self::Reject)
    }
}

/// Somebody with an office, or asked to take one up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct OfficerLine {
    pub who: String,
    pub office: Office,
    pub accepted: bool,
}

/// Who is to have a place. Names and accounts are told to who shares a group with their owner, and to
/// nobody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Newcomer {
    /// They share a group with the reader.
    Known(NewcomerView),
    /// Whoever has this phone number (E.164), if anybody.
    Number(String),
}

/// A place that is to be handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Selling {
    pub to: Newcomer,
    /// What the newcomer would pay now; negative: what the reader would pay.
    pub price: Amount,
    pub members: u8,
    /// How long the vote is open.
    pub days: u32,
}

/// A place that is to be moved to another account.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Moving {
    /// Whose.
    pub who: String,
    pub to: Newcomer,
    pub members: u8,
    /// How long the vote is open, and how long after it the move takes effect.
    pub days: u32,
}

/// Said before an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names say it")]
pub enum Remark {
    /// Somebody's first message was a command.
    Welcome { name: String },
    /// A question was left unanswered.
    Dropped,
}

/// Where somebody stands: what help they need, which choices they get.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names say it")]
pub enum Home {
    NoGroup,
    /// In no group yet, but asked for a place.
    Waiting {
        name: String,
    },
    Forming {
        name: String,
        members: u8,
        seats: u8,
        organiser: bool,
        /// The reader may: an officer, or the organiser.
        invites: bool,
        starts: bool,
    },
    Active,
    Due {
        name: String,
        asset: Asset,
        amount: Amount,
        deadline: Timestamp,
    },
}

/// A group in the balance.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct GroupPosition {
    pub name: String,
    pub asset: Asset,
    pub paid: Amount,
    pub received: Amount,
    pub debt: Amount,
}

/// What a contribution's preview shows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Payment {
    pub name: String,
    pub round: u8,
    pub rounds: u8,
    pub amount: Amount,
    pub recipient: Option<String>,
    /// The recipient has left, and gets back what they had paid in.
    pub pays_back: bool,
    pub deadline: Timestamp,
    pub advance: bool,
    pub balance_after: Amount,
    /// For the insurance, within `amount`.
    pub premium: Amount,
    /// For instalments that came late, within `amount`.
    pub fees: Amount,
    pub debt: Amount,
}
