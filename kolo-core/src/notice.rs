//! What people are told when something has happened: typed, put into words by the conversation.
//!
//! Amounts are minor units of the circle's asset, or of that it was told with ([`crate::Told`]); names are as shown to the reader. `receipt` is the
//! number of the signed receipt of what is told, there when the notice is.
mod circle;
mod reason;

use serde::{Deserialize, Serialize};

pub use reason::{Reason, ReminderStage};

use crate::circle::{Office, OfficeChange};
use crate::offer::{OfferEnd, OfferKind};
use crate::port::chain::ChainAddress;
use crate::receipt::ReceiptNumber;
use crate::view::{Every, NewcomerView, VoteOn};
use crate::{CircleId, OfferId, Timestamp};

/// Something a member should hear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names say it; amounts are minor units")]
pub enum Notice {
    /// Money arrived from outside (test money, a payment).
    MoneyReceived {
        amount: i64,
        balance: i64,
        tx: String,
    },
    /// Money left for outside, not by a command given here.
    MoneySent {
        amount: i64,
        balance: i64,
        tx: String,
    },
    /// The wallet's balance on the chain was not what we knew of: it is now. Negative: less.
    BalanceFound {
        amount: i64,
        balance: i64,
        /// History was lost: what moved it is not known.
        lost: bool,
    },
    /// What happened in the circle for a while could not be seen; it was read anew.
    CircleCaughtUp {
        circle: CircleId,
        name: String,
        over: bool,
    },
    /// The member's key was handed out, sealed.
    KeyExported,
    /// Somebody asked for the member's key with a proof that did not fit.
    KeyRefused,
    /// An authenticator was set up on the member's page: good from then on, unless it is stopped.
    FactorWaits {
        /// Its number.
        #[serde(default)]
        factor: u32,
        good_at: Timestamp,
        /// It takes the place of a good one.
        #[serde(default)]
        replaces: bool,
        /// It was told before.
        #[serde(default)]
        reminder: bool,
    },
    /// It is good now.
    FactorGood,
    /// Too many wrong codes on the member's page: none is taken until then.
    FactorLocked {
        until: Timestamp,
    },
    /// The account carries its own reserves now.
    ReservesOwned,
    /// The member's account is merged away.
    WalletClosed,
    /// The member's account could not be closed, or not be released from the sponsor.
    WalletKept {
        reason: Reason,
    },
    /// To the organiser: the circle exists now.
    CircleReady {
        circle: CircleId,
        name: String,
        seats: u8,
        contribution: i64,
        every: Every,
    },
    /// To the organiser: it could not be created.
    CircleFailed {
        name: String,
        reason: Reason,
    },
    /// To the organiser: the code works now.
    InvitationReady {
        circle: CircleId,
        name: String,
        code: String,
        phone: Option<String>,
        expires_at: Timestamp,
    },
    /// To the organiser: the code is dead.
    InvitationRevoked {
        name: String,
        code: String,
    },
    RevocationFailed {
        name: String,
        code: String,
        reason: Reason,
    },
    InvitationFailed {
        name: String,
        reason: Reason,
    },
    /// To the joiner.
    Joined {
        circle: CircleId,
        name: String,
        turn: u8,
        members: u8,
        seats: u8,
    },
    JoinFailed {
        name: String,
        reason: Reason,
    },
    /// To the others.
    SomebodyJoined {
        circle: CircleId,
        name: String,
        who: String,
        members: u8,
        seats: u8,
    },
    /// To the others; `removed`: by the organiser.
    SomebodyLeft {
        circle: CircleId,
        name: String,
        who: String,
        members: u8,
        seats: u8,
        #[serde(default)]
        removed: bool,
    },
    /// To all: the order, the first deadline.
    Started {
        circle: CircleId,
        name: String,
        order: Vec<String>,
        your_turn: u8,
        contribution: i64,
        deadline: Timestamp,
    },
    /// To whoever asked to start, give up, leave, dissolve or vote.
    RequestFailed {
        name: String,
        reason: Reason,
    },
    /// To the payer: the receipt.
    Contributed {
        circle: CircleId,
        name: String,
        round: u8,
        rounds: u8,
        amount: i64,
        late: bool,
        pot: i64,
        full_pot: i64,
        tx: String,
        #[serde(default)]
        receipt: Option<ReceiptNumber>,
    },
    ContributionFailed {
        circle: CircleId,
        name: String,
        round: u8,
        amount: i64,
        reason: Reason,
    },
    Repaid {
        circle: CircleId,
        name: String,
        amount: i64,
        left: i64,
        tx: String,
        #[serde(default)]
        receipt: Option<ReceiptNumber>,
    },
    /// To a creditor: `who` paid back what they owed from an earlier round.
    PaidBack {
        circle: CircleId,
        name: String,
        who: String,
        amount: i64,
        tx: String,
        #[serde(default)]
        receipt: Option<ReceiptNumber>,
    },
    RepaymentFailed {
        circle: CircleId,
        name: String,
        amount: i64,
        reason: Reason,
    },
    Reminder {
        circle: CircleId,
        name: String,
        stage: ReminderStage,
        round: u8,
        amount: i64,
        deadline: Timestamp,
        late_after: Timestamp,
    },
    /// To all; `you` when the reader is the recipient.
    PaidOut {
        circle: CircleId,
        name: String,
        round: u8,
        rounds: u8,
        recipient: String,
        you: bool,
        amount: i64,
        short: i64,
        /// It is what the recipient had paid in before they left.
        #[serde(default)]
        back: bool,
        tx: String,
        #[serde(default)]
        receipt: Option<ReceiptNumber>,
    },
    /// To the recipient: kept safe, because it could not be delivered.
    PayoutKept {
        circle: CircleId,
        name: String,
        amount: i64,
        #[serde(default)]
        receipt: Option<ReceiptNumber>,
    },
    CreditDelivered {
        circle: CircleId,
        name: String,
        amount: i64,
        tx: String,
        #[serde(default)]
        receipt: Option<ReceiptNumber>,
    },
    /// To each before the first round: what to pay in (`bond`: for the draw), and until when.
    EntryDue {
        circle: CircleId,
        name: String,
        amount: i64,
        bond: bool,
        until: Timestamp,
    },
    /// To whoever paid it in.
    EntryPaid {
        circle: CircleId,
        name: String,
        amount: i64,
        bond: bool,
        tx: String,
        #[serde(default)]
        receipt: Option<ReceiptNumber>,
    },
    /// To the organiser: somebody asks for a place.
    PlaceAsked {
        circle: CircleId,
        name: String,
        who: String,
        /// Whom to approve or reject.
        #[serde(default)]
        address: Option<ChainAddress>,
    },
    /// To the organiser, once a day at most: so many ask that each is not told any more.
    PlacesAsked {
        circle: CircleId,
        name: String,
        waiting: u8,
    },
    /// To one who asks for a place: the organiser has the request.
    PlaceWaiting {
        circle: CircleId,
        name: String,
    },
    /// To one whose request was not granted.
    PlaceRefused {
        name: String,
    },
    /// To the organiser: who was not granted a place has been told.
    PlaceDenied {
        circle: CircleId,
        name: String,
        who: String,
    },
    /// To one who has taken the request back.
    PlaceTakenBack {
        name: String,
    },
    /// To one who waited in vain: it started without them, or was given up.
    PlaceGone {
        name: String,
        started: bool,
    },
    /// To all: somebody leaves after this round.
    Leaving {
        circle: CircleId,
        name: String,
        who: String,
        you: bool,
        round: u8,
    },
    /// To all: the members have expelled somebody. `last_round`: that they pay for; 0: they go on owing.
    Expelled {
        circle: CircleId,
        name: String,
        who: String,
        you: bool,
        #[serde(default)]
        last_round: u8,
        /// What they have paid in so far.
        #[serde(default)]
        paid: i64,
    },
    /// To all: somebody sits in another's place now, or one in a place of their own anew.
    SeatTaken {
        circle: CircleId,
        name: String,
        who: String,
        from: String,
        you: bool,
        /// Where to, when it was moved and not sold.
        #[serde(default)]
        moved: Option<ChainAddress>,
    },
    /// To one whose seat `who` has now, at this address, as the members decided.
    SeatGiven {
        circle: CircleId,
        name: String,
        who: String,
        to: ChainAddress,
    },
    /// To all: two have changed turns.
    TurnsSwapped {
        circle: CircleId,
        name: String,
        one: String,
        other: String,
    },
    /// To whom an offer is made: `turn` would be theirs, `now` is (0: they are not in the circle). `pays`:
    /// what they pay with it; negative: what they get.
    OfferMade {
        circle: CircleId,
        name: String,
        offer: OfferId,
        kind: OfferKind,
        who: String,
        now: u8,
        turn: u8,
        pays: i64,
        expires_at: Timestamp,
    },
    /// Nothing came of an offer the reader made (`mine`) or could have accepted; `who`: the other one.
    OfferEnded {
        circle: CircleId,
        name: String,
        kind: OfferKind,
        who: String,
        mine: bool,
        why: OfferEnd,
    },
    /// To one whose seat somebody else has now; `amount`: what they got for it, negative: what they paid.
    SeatGivenUp {
        circle: CircleId,
        name: String,
        who: String,
        amount: i64,
        tx: String,
    },
    /// To all: somebody signed for another code of the circle (`code`: its hash).
    UpgradeSigned {
        circle: CircleId,
        name: String,
        who: String,
        you: bool,
        code: String,
    },
    /// To all: the circle has another code.
    Upgraded {
        circle: CircleId,
        name: String,
        code: String,
    },
    /// To all: the circle has code we do not know, and is not followed any more.
    OtherCode {
        circle: CircleId,
        name: String,
    },
    /// To whom a change of an office concerns: all, when it is taken up or has ended; else the other of the
    /// two it is between.
    Office {
        circle: CircleId,
        name: String,
        who: String,
        you: bool,
        office: Office,
        change: OfficeChange,
        /// Nobody holds it now.
        vacant: bool,
        /// To who is asked: the office they have, which would end with a yes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        instead_of: Option<Office>,
    },
    /// To all: what is asked for the pot now.
    BidMade {
        circle: CircleId,
        name: String,
        round: u8,
        who: String,
        you: bool,
        amount: i64,
    },
    /// To all: the insurance stepped in for somebody.
    InsurancePaid {
        circle: CircleId,
        name: String,
        round: u8,
        amount: i64,
    },
    /// To all: the issuer has taken tokens of the circle back (`lost`). The reserve and the insurance bore
    /// `cushioned` of it; the pots to come are `pots` smaller for it; `yours`: the reader's part of the loss.
    VaultShort {
        circle: CircleId,
        name: String,
        lost: i64,
        cushioned: i64,
        pots: i64,
        yours: i64,
    },
    /// To all: somebody has sent tokens to the circle unasked. `yours`: the reader's part, now when `over`,
    /// else as it would be if the circle ended as things are.
    VaultGift {
        circle: CircleId,
        name: String,
        amount: i64,
        yours: i64,
        over: bool,
    },
    /// To all: a question to decide; `about`: whom, empty for closing.
    Proposed {
        circle: CircleId,
        name: String,
        who: String,
        you: bool,
        on: VoteOn,
        about: String,
        proposal: u32,
        expires_at: Timestamp,
        /// Who would sit in their seat.
        #[serde(default)]
        newcomer: Option<NewcomerView>,
        /// Whether it is about the reader.
        #[serde(default)]
        you_are_meant: bool,
    },
    /// To all: a vote on a seat has passed; carrying it out comes after.
    VotePassed {
        circle: CircleId,
        name: String,
        on: VoteOn,
        about: String,
        /// Whether it is about the reader.
        you_are_meant: bool,
        newcomer: Option<NewcomerView>,
        proposal: u32,
        /// A move takes effect then; a place can be sold until then.
        at: Timestamp,
    },
    /// To all: the one whose seat was to be moved has said no.
    MoveStopped {
        circle: CircleId,
        name: String,
        who: String,
        you: bool,
    },
    VoteCast {
        circle: CircleId,
        name: String,
        on: VoteOn,
        about: String,
        approve: bool,
        yes: u8,
        no: u8,
        electorate: u8,
    },
    ProposalRejected {
        circle: CircleId,
        name: String,
        on: VoteOn,
        about: String,
    },
    /// To all; `refund`: what the reader gets back, `debt`: what they still owe.
    Dissolved {
        circle: CircleId,
        name: String,
        refund: i64,
        debt: i64,
        /// Not by vote: more unpaid parts than can be kept apart.
        #[serde(default)]
        by_debts: bool,
    },
    Refunded {
        circle: CircleId,
        name: String,
        amount: i64,
        tx: String,
        #[serde(default)]
        receipt: Option<ReceiptNumber>,
    },
    /// To all: every turn is paid. The reader's own totals.
    Completed {
        circle: CircleId,
        name: String,
        paid: i64,
        received: i64,
    },
    /// `refund`: what the reader had paid in, which comes back.
    Cancelled {
        name: String,
        refund: i64,
    },
    /// To one who left before the start; `removed`: by the organiser.
    Left {
        name: String,
        #[serde(default)]
        removed: bool,
    },
}
