//! What somebody may want.
use kolo_rules::circle::{Order, Shortfall};

use crate::circle::Office;
use crate::view::Every;

/// What a text asks for. Amounts, phone numbers and group names are still as typed: what is wrong
/// with them is told in the dialogue.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// `hi`, `menu`.
    Greeting,
    /// `REGISTER Ada`.
    Register {
        /// What to be called.
        name: Option<String>,
    },
    /// `BALANCE`.
    Balance,
    /// `HISTORY`.
    History,
    /// `MORE`.
    More,
    /// `CREATE GROUP`, alone or with all it needs in one line.
    CreateGroup(GroupWords),
    /// `JOIN code`.
    Join {
        /// The invitation's code, in capitals.
        code: Option<String>,
    },
    /// `INVITE`, `INVITE +234… Market Women`, `INVITE +234… TURN 3`.
    Invite(Whom),
    /// `GROUP CODE`.
    GroupCode(Target),
    /// `REQUESTS`: who asks for a place.
    Requests(Target),
    /// `APPROVE Bola`, `APPROVE 2 TURN 3`.
    Approve(Whom),
    /// `REJECT Bola`.
    Reject(Whom),
    /// `TAKE BACK REQUEST`.
    TakeBack(Target),
    /// `REMOVE Bola`, `REMOVE Bola from Market Women`: before the start.
    Remove(Whom),
    /// `EXPEL Bola`: a vote.
    Expel(Whom),
    /// `MOVE Bola to +234…`: a vote on a place whose owner has lost the phone.
    Move(Whom),
    /// `REVOKE code`.
    Revoke {
        /// The invitation's code, in capitals.
        code: Option<String>,
    },
    /// `RECEIPT number`.
    Receipt {
        /// The receipt's number, in capitals.
        number: Option<String>,
    },
    /// `GROUP STATUS`, `GROUP STATUS Market Women`.
    GroupStatus(Target),
    /// `CONTRIBUTE`, `CONTRIBUTE 10 Market Women`.
    Contribute(Target),
    /// `REPAY`, `REPAY 5 Market Women`.
    Repay(Target),
    /// `SWAP Bola`: to change turns.
    Swap(Whom),
    /// `SELL PLACE to +234…`.
    SellPlace(Whom),
    /// `MY KEY`: the member's page outside the chat.
    MyKey,
    /// `STOP KEY`.
    StopKey,
    /// `OFFERS`.
    Offers,
    /// `ROLE Bola TREASURER`, `ROLE Bola MEMBER in Market Women`.
    Role {
        /// Whom.
        whom: Whom,
        /// To be what, when said.
        role: Option<RoleWord>,
    },
    /// `ROLES`: who does what.
    Roles(Target),
    /// `ACCEPT ROLE`.
    AcceptRole(Target),
    /// `DECLINE ROLE`.
    DeclineRole(Target),
    /// `LAY DOWN ROLE`.
    LayDownRole(Target),
    /// `ACCEPT OFFER`, `ACCEPT OFFER 2`.
    AcceptOffer(Option<String>),
    /// `DECLINE OFFER`, `DECLINE OFFER 2`.
    DeclineOffer(Option<String>),
    /// `TAKE BACK OFFER`, `TAKE BACK OFFER 2`.
    WithdrawOffer(Option<String>),
    /// `START`, `START GROUP Market Women`.
    Start(Target),
    /// `LEAVE`, `LEAVE GROUP Market Women`.
    Leave(Target),
    /// `CANCEL GROUP Market Women`.
    CancelGroup(Target),
    /// `DISSOLVE Market Women`, `CLOSE GROUP`.
    Dissolve(Target),
    /// `VOTE YES`, `VOTE NO Market Women`.
    Vote {
        /// Which way, when said.
        approve: Option<bool>,
        /// In which group.
        target: Target,
    },
    /// `BID`, `BID 80 Market Women`.
    Bid(Target),
    /// `TEST MONEY 100`.
    TestMoney {
        /// How much, as typed.
        amount: Option<String>,
    },
    /// `HELP`.
    Help,
    /// A yes, and nothing else.
    Yes,
    /// A no, and nothing else.
    No,
    /// `CANCEL`, `STOP`.
    Cancel,
    /// A menu digit.
    Number(u16),
    /// Nothing that can be read: blanks, an emoji, a picture without words.
    Empty,
    /// More characters than anybody types: over a thousand.
    TooLong,
    /// Words that mean nothing here.
    Unknown,
}

impl Command {
    /// Whether it is a command of its own accord, rather than an answer or nothing at all.
    #[must_use]
    pub fn is_order(&self) -> bool {
        !matches!(
            self,
            Self::Yes
                | Self::No
                | Self::Cancel
                | Self::Number(_)
                | Self::Empty
                | Self::TooLong
                | Self::Unknown
        )
    }

    /// Whether it is a command without anything behind it: `HELP`, but not `JOIN hands`, which may be
    /// the answer to a question for a name.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        match self {
            Self::Greeting
            | Self::Balance
            | Self::History
            | Self::More
            | Self::Offers
            | Self::MyKey
            | Self::StopKey
            | Self::Help => true,
            Self::Register { name } => name.is_none(),
            Self::CreateGroup(words) => *words == GroupWords::default(),
            Self::Join { code } | Self::Revoke { code } => code.is_none(),
            Self::Receipt { number } => number.is_none(),
            Self::TestMoney { amount } => amount.is_none(),
            Self::Invite(whom)
            | Self::Approve(whom)
            | Self::Reject(whom)
            | Self::Remove(whom)
            | Self::Expel(whom)
            | Self::Swap(whom)
            | Self::SellPlace(whom)
            | Self::Move(whom) => *whom == Whom::default(),
            Self::Role { whom, role } => *whom == Whom::default() && role.is_none(),
            Self::AcceptOffer(which) | Self::DeclineOffer(which) | Self::WithdrawOffer(which) => {
                which.is_none()
            }
            Self::GroupCode(target)
            | Self::Requests(target)
            | Self::TakeBack(target)
            | Self::GroupStatus(target)
            | Self::Contribute(target)
            | Self::Repay(target)
            | Self::Bid(target)
            | Self::Start(target)
            | Self::Leave(target)
            | Self::CancelGroup(target)
            | Self::Roles(target)
            | Self::AcceptRole(target)
            | Self::DeclineRole(target)
            | Self::LayDownRole(target)
            | Self::Dissolve(target) => target.is_empty(),
            Self::Vote { target, .. } => target.is_empty(),
            _ => false,
        }
    }
}

/// What stands behind a command: perhaps a figure, perhaps a group's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// An amount or a phone number, as typed.
    pub figure: Option<String>,
    /// A group's name, as typed.
    pub group: Option<String>,
}

impl Target {
    fn is_empty(&self) -> bool {
        self.figure.is_none() && self.group.is_none()
    }

    /// All of it as one text: a group may be called `2026 Savers`.
    #[must_use]
    pub fn whole(&self) -> String {
        let parts = [self.figure.as_deref(), self.group.as_deref()];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// A person, as typed: what follows a command about one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whom {
    /// Their name, number in a list, or address.
    pub who: Option<String>,
    /// A phone number.
    pub phone: Option<String>,
    /// A turn.
    pub turn: Option<String>,
    /// A group's name.
    pub group: Option<String>,
}

impl Whom {
    /// What the group is looked for by.
    #[must_use]
    pub fn target(&self) -> Target {
        Target { figure: None, group: self.group.clone() }
    }
}

/// What a `ROLE` line says somebody shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleWord {
    /// An officer.
    Office(Office),
    /// A member without an office.
    Member,
}

/// What a `CREATE GROUP` line says; what it leaves out is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupWords {
    /// The name.
    pub name: Option<String>,
    /// The contribution, as typed.
    pub amount: Option<String>,
    /// How often.
    pub every: Option<Every>,
    /// How many places, as typed.
    pub seats: Option<String>,
    /// Who gets which turn, when said.
    pub order: Option<Order>,
    /// How often a pot is paid out, when said: else with every payment.
    pub payout: Option<Every>,
    /// What happens when a pot is short, when said.
    pub shortfall: Option<Shortfall>,
    /// Whether `advance` was said.
    pub advance: bool,
}
