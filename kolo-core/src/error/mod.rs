//! Every error the SDK shows, with a code that never changes meaning.
mod code;
mod rules;

use kolo_rules::{Amount, Refusal};

use crate::port::{CommitError, PortError};
use crate::{Cap, Timestamp, error_codes};

pub use code::ErrorCode;
pub use rules::{amount_code, parse_amount_code, refusal_code};

/// Why a command did nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The actor may not do this.
    #[error(
        "not allowed: only the member concerned, the organiser, or an officer of the circle may do this"
    )]
    NotAllowed,
    /// The host's [`crate::port::Authorizer`] refuses; nothing was written.
    #[error("the host does not permit it: {reason}")]
    Forbidden {
        /// Why, in words for the person who asked; may be empty.
        reason: String,
    },
    /// No such member.
    #[error("no such member: register them first")]
    NoSuchMember,
    /// No such circle.
    #[error("no such circle, or you are not in it")]
    NoSuchCircle,
    /// No such invitation.
    #[error("no invitation with that code: check it with whoever sent it")]
    NoSuchInvitation,
    /// No such receipt.
    #[error("no receipt with that number, or it is not one of your circles'")]
    NoSuchReceipt,
    /// No such offer.
    #[error("no such offer, or it is between others")]
    NoSuchOffer,
    /// The offer is answered, expired, or no longer true.
    #[error("the offer is over: it was answered, has expired, or things have changed since")]
    OfferClosed,
    /// Whoever made the offer would have to pay, and cannot.
    #[error("the other side's wallet has too little for it now: ask them to add money")]
    OtherCannotPay,
    /// The invitation is used, revoked or expired.
    #[error("the invitation is no longer valid: ask for a new one")]
    InvitationSpent,
    /// The invitation is for another phone number.
    #[error("the invitation is for another phone number")]
    InvitationForSomebodyElse,
    /// The rules accepted are not this circle's.
    #[error("the rules have not been shown, or are not this circle's: show them and ask again")]
    RulesNotAccepted,
    /// Free places or invitations are used up.
    #[error("all places are taken or promised: revoke an invitation first")]
    NoPlaceLeft,
    /// No such code of a circle.
    #[error("no circle has that code, or it was taken back: check it with whoever sent it")]
    NoSuchDoor,
    /// Too many wait already: at this circle, or this member at others.
    #[error("too many requests are waiting: take one back, or wait for an answer")]
    TooManyRequests,
    /// The only treasurer cannot be let go.
    #[error(
        "a circle that has a treasurer keeps one: name another, and wait until they have accepted"
    )]
    LastTreasurer,
    /// Somebody holds the office already, or was asked to.
    #[error("they hold this office already, or were asked to take it up: wait for their answer")]
    HasOffice,
    /// Somebody holds no office, and was asked for none.
    #[error("there is no such office to answer for or to end: ask for the circle's officers")]
    NoOffice,
    /// The circle is still being written to the chain.
    #[error("the circle is not ready yet: try again in a moment")]
    NotReady,
    /// The circle runs code that nobody here vouches for.
    #[error(
        "the circle runs other code now, which is not followed: its members reach it with a wallet of their own"
    )]
    OtherCode,
    /// The same thing is under way already.
    #[error("this is under way already: wait for it to settle")]
    UnderWay,
    /// The rules of the circle refuse.
    #[error("the circle's rules refuse: {0}")]
    Refused(Refusal),
    /// Too little money.
    #[error("too little money: {missing:?} minor units are missing")]
    InsufficientFunds {
        /// How much is missing, in minor units of the circle's asset.
        missing: Amount,
    },
    /// A text is too long, empty, or has characters that are not allowed.
    #[error("{field} must be 1 to {max} characters, without control characters")]
    BadText {
        /// Which text.
        field: &'static str,
        /// Its longest.
        max: usize,
    },
    /// A number is out of bounds.
    #[error("{field} must be between {min} and {max}")]
    OutOfBounds {
        /// Which number.
        field: &'static str,
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// As many were begun today as the operator pays for in one day; nothing was written.
    #[error("the day's cap of {most} is reached ({cap:?}): call again from {} on", .again_at.unix())]
    CapReached {
        /// Which cap.
        cap: Cap,
        /// The most in one day.
        most: u32,
        /// When the next day begins.
        again_at: Timestamp,
    },
    /// The second factor was not given, or is not this member's.
    #[error("the second factor does not fit: nothing was handed out")]
    SecondFactor,
    /// The account is still needed.
    #[error("the account is still needed: {why}")]
    WalletInUse {
        /// What for.
        why: &'static str,
    },
    /// Not on this network (test money on a real one).
    #[error("not available on this network")]
    NotAvailable,
    /// The idempotency key was used for another command.
    #[error("the idempotency key was used for another command: use a new key")]
    KeyReused,
    /// Others changed the same thing all the time.
    #[error("too much contention: try again")]
    Contention,
    /// Stored data is newer than this software, or damaged.
    #[error("stored {what} cannot be read: {why}")]
    Stored {
        /// What.
        what: String,
        /// Why.
        why: String,
    },
    /// The lease of the work item was lost: somebody else has it.
    #[error("the work item is somebody else's now")]
    LeaseLost,
    /// A port failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

error_codes! {
    Error {
        NotAllowed = "auth.not_allowed" Permanent:
            "the actor may not do this",
            "only the member concerned, the organiser, or an officer of the circle whose office it is, may";
        Forbidden = "auth.forbidden" Permanent:
            "the host's authorizer refuses the command", "see its reason; the same key may be used once it permits";
        NoSuchMember = "member.unknown" Permanent: "no such member", "register them first";
        NoSuchCircle = "circle.unknown" Permanent:
            "no such circle, or the member is not in it", "ask for the member's circles";
        NoSuchInvitation = "invitation.unknown" Permanent:
            "no invitation has that code", "check it with whoever sent it";
        NoSuchReceipt = "receipt.unknown" Permanent:
            "no receipt has that number, or it is not this member's", "check the number; ask for the member's receipts";
        NoSuchOffer = "offer.unknown" Permanent:
            "there is no such offer, or it is between others", "ask for the member's offers";
        OfferClosed = "offer.closed" Permanent:
            "the offer was answered, has expired, or the turns, the seat or its price have changed since",
            "make a new one";
        OtherCannotPay = "offer.other_cannot_pay" Permanent:
            "whoever made the offer would have to pay, and has too little", "they add money; then accept again";
        InvitationSpent = "invitation.spent" Permanent:
            "the invitation is used, revoked or expired", "ask the organiser for a new one";
        InvitationForSomebodyElse = "invitation.for_somebody_else" Permanent:
            "the invitation is bound to another phone number", "ask for one of your own";
        RulesNotAccepted = "circle.rules_not_accepted" Permanent:
            "the hash accepted is not that of the circle's rules", "show the rules, ask again";
        NoPlaceLeft = "circle.no_place_left" Permanent:
            "all places are taken or promised", "revoke an invitation first";
        NoSuchDoor = "circle.no_such_code" Permanent:
            "no circle has that code, or it was taken back", "check it with whoever sent it";
        TooManyRequests = "circle.too_many_requests" Permanent:
            "as many requests for a place as may wait are waiting: at this circle, or of this member at others",
            "take one back, or wait for an answer";
        LastTreasurer = "office.last_treasurer" Permanent:
            "the only treasurer would go, and a circle that has one keeps one",
            "name another member treasurer; once they have accepted, call again";
        HasOffice = "office.held" Permanent:
            "the member holds this office already, or was asked to take it up", "wait for their answer";
        NoOffice = "office.none" Permanent:
            "the member holds no office, or was not asked to take one up", "ask for the circle's officers";
        NotReady = "circle.not_ready" Temporary:
            "it is still being written to the chain", "try again in a moment";
        OtherCode = "circle.other_code" Permanent:
            "all its members have given it code that is not known here",
            "reach its contract with a wallet of one's own; what it pays arrives in the wallet here as well";
        UnderWay = "command.under_way" Temporary:
            "the same thing is under way already", "wait until it has settled";
        InsufficientFunds = "wallet.insufficient_funds" Permanent:
            "the wallet has too little money", "add what is missing; the error says how much";
        BadText = "input.bad_text" Permanent:
            "a text is empty, too long, or has control characters", "shorten or clean it";
        OutOfBounds = "input.out_of_bounds" Permanent:
            "a number is out of bounds", "choose one within the bounds the error names";
        CapReached = "cap.reached" Temporary:
            "as many accounts or circles were begun today as the operator pays for in one day, the member has made five offers in the circle today or has given five proofs to have their key, or ten members were asked there to take up an office",
            "call again the next day (UTC), with the same key; the operator can raise the cap";
        SecondFactor = "auth.second_factor" Permanent:
            "the second factor was not given, or is not this member's", "give the right one, under a new key; five a day count";
        WalletInUse = "wallet.in_use" Permanent:
            "the account is still needed: money is in it, a circle is not settled, or something is under way",
            "settle what the error names, then ask again";
        NotAvailable = "network.not_available" Permanent:
            "not on this network (test money on a real one)", "leave it out here";
        KeyReused = "command.key_reused" Permanent:
            "the idempotency key was used for another command", "use a new key";
        Contention = "command.contention" Temporary:
            "others changed the same thing all the time", "call again with the same key";
        Stored = "store.unreadable" Permanent:
            "stored data is newer than this software, or damaged",
            "run the newer version, or restore the database";
        LeaseLost = "work.lease_lost" Permanent:
            "the work item is somebody else's now", "drop it: who has it will do it";
    } within {
        Refused = |refusal: &Refusal| refusal_code(*refusal);
        Port = PortError::code;
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<CommitError> for Error {
    /// For commits that are not retried; the commit loop handles conflicts before it comes to this.
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict(_) | CommitError::IndexTaken(_) => Self::Contention,
            CommitError::KeyReused => Self::KeyReused,
            CommitError::LeaseLost => Self::LeaseLost,
            CommitError::Guard { available, .. } => Self::InsufficientFunds {
                missing: Amount::ZERO.checked_sub(available).unwrap_or(Amount::MAX),
            },
            CommitError::Unbalanced(entry)
            | CommitError::DuplicateEntry(entry)
            | CommitError::NotPending(entry) => Self::Stored {
                what: format!("journal entry {entry}"),
                why: "it does not fit the books".to_owned(),
            },
            CommitError::Port(error) => Self::Port(error),
        }
    }
}
