//! What the conversation says, before it is put into words.
use kolo_rules::{Amount, Rules};
use serde::{Deserialize, Serialize};

use super::amount::AmountProblem;
use super::phone::PhoneProblem;
use super::words::Words;
use crate::circle::{Office, Role};
use crate::notice::OfficeChange;
use crate::offer::{OfferView, SwapTerms};
use crate::port::authorizer::CommandName;
use crate::receipt::ReceiptView;
use crate::view::{
    CircleStatus, DoorView, Every, ExpulsionView, HistoryLine, InvitationPreview, NewcomerView,
    RequestView, VoteView, WalletView,
};
use crate::{MemberId, Timestamp};

/// One complete answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names say it")]
pub enum Reply {
    // people
    Welcome {
        name: String,
        home: Home,
    },
    Menu {
        name: String,
        home: Home,
    },
    Help {
        home: Home,
        test_money: bool,
    },
    AskName,
    AskNameAgain,
    AlreadyRegistered {
        name: String,
    },
    // money
    Balance {
        wallet: WalletView,
        groups: Vec<GroupPosition>,
    },
    History {
        lines: Vec<HistoryLine>,
        more: bool,
    },
    /// RECEIPT without a number.
    ReceiptWhich,
    Receipt(Box<ReceiptView>),
    HistoryEmpty,
    HistoryEnd,
    AskTestMoney {
        max: Amount,
    },
    TestMoneyAtMost {
        max: Amount,
    },
    BadAmount {
        problem: AmountProblem,
    },
    // a new group
    AskGroupName,
    BadGroupName,
    AskContribution {
        name: String,
        problem: Option<AmountProblem>,
    },
    AskInterval {
        again: bool,
    },
    AskSeats {
        min: u8,
        max: u8,
        again: bool,
    },
    /// Where the organiser sets the order.
    AskOwnTurn {
        seats: u8,
        again: bool,
    },
    /// Pots fall on payments.
    BadPayout {
        every: Every,
    },
    ConfirmCreate {
        name: String,
        rules: Rules,
        rules_hash: [u8; 32],
    },
    // joining and inviting
    AskCode,
    /// REVOKE without a code.
    RevokeWhich,
    ConfirmJoin {
        preview: InvitationPreview,
    },
    AlreadyIn {
        name: String,
    },
    // asking for a place
    GroupCode {
        name: String,
        code: String,
    },
    GroupCodeClosed {
        name: String,
    },
    ConfirmAsk {
        door: DoorView,
    },
    AlreadyAsked {
        name: String,
    },
    ConfirmTakeBack {
        name: String,
    },
    NoRequest,
    Requests {
        name: String,
        waiting: Vec<RequestView>,
        free: u8,
    },
    NobodyWaits {
        name: String,
    },
    ConfirmApprove {
        name: String,
        who: String,
        phone_end: Option<String>,
        turn: Option<u8>,
        last: bool,
    },
    ConfirmReject {
        name: String,
        who: String,
        phone_end: Option<String>,
    },
    // members
    AskWhom {
        name: String,
        act: Act,
    },
    NobodyCalled {
        name: String,
        typed: String,
        act: Act,
    },
    /// About oneself: there is another command for that.
    NotYourself,
    ConfirmRemove {
        name: String,
        who: String,
    },
    ConfirmExpel {
        name: String,
        who: String,
        members: u8,
        means: ExpulsionView,
    },
    MoveHow,
    /// Asked for whoever has a number, if anybody here does.
    PassedOn {
        number: String,
    },
    /// Who is to get a place has one.
    HasAPlace {
        who: String,
    },
    ConfirmSwap {
        name: String,
        who: String,
        terms: SwapTerms,
    },
    CannotBeAsked {
        who: String,
    },
    SellHow,
    /// The vote that comes first.
    ConfirmSell {
        name: String,
        selling: Selling,
    },
    ConfirmOfferSeat {
        name: String,
        to: NewcomerView,
        price: Amount,
    },
    OfferSent {
        offer: OfferView,
    },
    Offers {
        offers: Vec<OfferView>,
    },
    NoOffers,
    ConfirmAccept {
        offer: OfferView,
        balance_after: Amount,
    },
    /// To take one's own back, or decline.
    ConfirmEndOffer {
        offer: OfferView,
    },
    /// Taken back (`mine`) or declined.
    OfferOver {
        who: String,
        mine: bool,
    },
    ConfirmMove {
        name: String,
        moving: Moving,
    },
    BadPhone {
        problem: PhoneProblem,
    },
    // groups
    NoGroups,
    WhichGroup,
    NoSuchGroup {
        typed: String,
    },
    Creating {
        name: String,
    },
    CreationFailed {
        name: String,
    },
    Status {
        status: Box<CircleStatus>,
        me: MemberId,
    },
    OnlyOrganiser {
        name: String,
    },
    /// Those who may, the organiser among them.
    OnlyOfficers {
        name: String,
        who: &'static [Role],
    },
    /// ROLE without a name or a role.
    RoleHow,
    Roles {
        name: String,
        organiser: String,
        officers: Vec<OfficerLine>,
        /// The reader can ask somebody.
        yours: bool,
    },
    /// To ask somebody to take an office up; `you`: the organiser themselves.
    ConfirmRole {
        name: String,
        who: String,
        office: Office,
        you: bool,
    },
    /// To end an office; `you`: one's own.
    ConfirmRoleEnd {
        name: String,
        who: String,
        office: Office,
        you: bool,
    },
    RoleDone {
        name: String,
        who: String,
        office: Office,
        you: bool,
        change: OfficeChange,
    },
    OnlyBeforeStart {
        name: String,
    },
    NotStarted {
        name: String,
        members: u8,
        seats: u8,
    },
    Over {
        name: String,
    },
    ConfirmStart {
        name: String,
        members: u8,
        seats: u8,
    },
    ConfirmLeave {
        name: String,
    },
    ConfirmCancelGroup {
        name: String,
    },
    ConfirmDissolve {
        name: String,
        members: u8,
    },
    ConfirmVote {
        name: String,
        approve: bool,
        vote: VoteView,
        /// It is a no to the move of the reader's own place.
        stops: bool,
    },
    AskVote {
        name: String,
        vote: VoteView,
    },
    /// Several are open.
    WhichVote {
        name: String,
        votes: Vec<VoteView>,
    },
    /// Leaving a group that runs.
    ConfirmExit {
        name: String,
        round: u8,
    },
    /// BID without an amount; `standing` zero: nobody has bid.
    AskBid {
        name: String,
        pot: Amount,
        standing: Amount,
    },
    ConfirmBid {
        name: String,
        round: u8,
        amount: Amount,
    },
    /// The bond or the deposit, before the first round.
    ConfirmEntry {
        name: String,
        amount: Amount,
        bond: bool,
        until: Timestamp,
        balance_after: Amount,
    },
    NothingToPayIn {
        name: String,
    },
    NoVoteOpen {
        name: String,
    },
    NoSuchVote {
        name: String,
        typed: String,
    },
    // paying in
    ConfirmContribute(Payment),
    NothingDue {
        name: String,
        round: u8,
        deadline: Timestamp,
    },
    AllPaid {
        name: String,
    },
    OnItsWay {
        name: String,
    },
    TooLittle {
        name: String,
        amount: Amount,
        missing: Amount,
        test_money: bool,
    },
    OtherAmount {
        name: String,
        due: Amount,
    },
    OfferRepay {
        name: String,
        debt: Amount,
    },
    ConfirmRepay {
        name: String,
        amount: Amount,
        left: Amount,
        balance_after: Amount,
    },
    RepayAtMost {
        name: String,
        debt: Amount,
    },
    NothingOwed {
        name: String,
    },
    // answers
    Declined,
    TimedOut,
    YesOrNo,
    NothingToConfirm,
    StaleButton,
    Stopped,
    NothingToStop,
    NoSuchChoice {
        most: usize,
    },
    NotUnderstood,
    TooLong,
    Empty,
    /// A remark, then the answer.
    With(Remark, Box<Reply>),
    /// A service refused.
    Trouble(Words),
    /// It takes longer than a moment; the outcome will be told.
    Processing,
    /// Something is broken on our side; nothing more is tried.
    Broken,
}

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
    pub(super) const fn word(self) -> &'static str {
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
    pub(super) const fn tail(self) -> &'static str {
        match self {
            Self::Appoint(Office::Chairman) => " CHAIRMAN",
            Self::Appoint(Office::Secretary) => " SECRETARY",
            Self::Appoint(Office::Treasurer) => " TREASURER",
            Self::Relieve => " MEMBER",
            _ => "",
        }
    }

    /// The command not every member may give.
    pub(super) const fn command(self) -> Option<CommandName> {
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
    pub(super) const fn is_about_waiting(self) -> bool {
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
    },
    Active,
    Due {
        name: String,
        amount: Amount,
        deadline: Timestamp,
    },
}

/// A group in the balance.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct GroupPosition {
    pub name: String,
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
