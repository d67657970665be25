//! Every error the SDK shows, with a code that never changes meaning.
use kolo_rules::{Amount, Refusal};

use crate::port::{CommitError, PortError};

/// Why a command did nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The actor may not do this.
    #[error("not allowed: only the member concerned, or the organiser, may do this")]
    NotAllowed,
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
    /// The circle is still being written to the chain.
    #[error("the circle is not ready yet: try again in a moment")]
    NotReady,
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

impl Error {
    /// The error's code: stable, documented, never reused.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAllowed => "auth.not_allowed",
            Self::NoSuchMember => "member.unknown",
            Self::NoSuchCircle => "circle.unknown",
            Self::NoSuchInvitation => "invitation.unknown",
            Self::NoSuchReceipt => "receipt.unknown",
            Self::InvitationSpent => "invitation.spent",
            Self::InvitationForSomebodyElse => "invitation.for_somebody_else",
            Self::RulesNotAccepted => "circle.rules_not_accepted",
            Self::NoPlaceLeft => "circle.no_place_left",
            Self::NotReady => "circle.not_ready",
            Self::UnderWay => "command.under_way",
            Self::Refused(_) => "circle.refused",
            Self::InsufficientFunds { .. } => "wallet.insufficient_funds",
            Self::BadText { .. } => "input.bad_text",
            Self::OutOfBounds { .. } => "input.out_of_bounds",
            Self::NotAvailable => "network.not_available",
            Self::KeyReused => "command.key_reused",
            Self::Contention => "command.contention",
            Self::Stored { .. } => "store.unreadable",
            Self::LeaseLost => "work.lease_lost",
            Self::Port(_) => "port.failed",
        }
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
