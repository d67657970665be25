//! What the conversation says, before it is put into words.
mod parts;

use kolo_rules::{Amount, Rules};

use super::amount::AmountProblem;
use super::phone::PhoneProblem;
use super::words::Words;
use crate::circle::{Office, OfficeChange, Role};
use crate::offer::{OfferView, SwapTerms};
use crate::receipt::ReceiptView;
use crate::view::{
    CircleStatus, DoorView, Every, ExpulsionView, HistoryLine, InvitationPreview, NewcomerView,
    RequestView, VoteView, WalletView,
};
use crate::{MemberId, Timestamp};

pub use parts::{
    Act, GroupPosition, Home, Moving, Newcomer, OfficerLine, Payment, Remark, Selling,
};

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
    OtherCode {
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
        /// What they are already, which would end with it.
        instead_of: Option<Office>,
    },
    /// To end an office, or (not `held`) the question about it; `you`: one's own.
    ConfirmRoleEnd {
        name: String,
        who: String,
        office: Office,
        you: bool,
        held: bool,
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
