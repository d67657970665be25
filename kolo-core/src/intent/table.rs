//! What follows from which answer: the table of DESIGN section 6, in two halves.
//!
//! | sending answers | then |
//! |---|---|
//! | taken, or had already | poll by hash; after a while a fee-bump around the same inner transaction |
//! | not now, no answer, the node's own trouble | the same bytes, later |
//! | the fee is too low | a fee-bump around the same inner transaction, up to the ceiling |
//! | the sequence number is used or ahead | look the hash up: it may be applied; else prove absence |
//! | too late, wrong resources, refused | look the hash up; else prove absence, then build anew |
//!
//! | looking up finds it | then |
//! |---|---|
//! | applied | done |
//! | failed, for what it was built on has changed | build anew: its sequence number is gone |
//! | failed otherwise | refused |
//! | not, after its max time, in a history that covers the time since, its consents over | build anew |
//! | not, after its max time, in a history that does not reach back | nothing: ask a node whose history does |
//! | not, before that | nothing yet |
//!
//! Only the second half ends anything or builds a second inner transaction, and only by what a ledger says:
//! no answer to a submission does.
use crate::port::chain::{Fate, PreparedTx, Refused, Submission};
use crate::port::{PortError, Retry};

/// What follows from the answer to a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AfterSending {
    /// It will be in a ledger soon.
    Poll,
    /// Sent again as it is.
    SameBytesLater,
    /// Wrapped anew for more.
    Bump,
    /// As it is it is not wanted, yet it may be in a ledger, or get there: until its max time is over.
    ProveAbsence,
}

pub(super) fn after_sending(answer: &Result<Submission, PortError>) -> AfterSending {
    match answer {
        Ok(Submission::Accepted) => AfterSending::Poll,
        Ok(Submission::TryAgainLater) => AfterSending::SameBytesLater,
        Ok(Submission::InsufficientFee) => AfterSending::Bump,
        Ok(
            Submission::BadSequence
            | Submission::TooLate
            | Submission::Resimulate { .. }
            | Submission::Refused(_),
        ) => AfterSending::ProveAbsence,
        // It may have happened, or not: that it is sent again does no harm. What the adapter will never do,
        // somebody must mend.
        Err(PortError { retry: Retry::Temporary | Retry::Unknown | Retry::Permanent, .. }) => {
            AfterSending::SameBytesLater
        }
    }
}

/// What follows from a transaction's fate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AfterLooking {
    /// The effect is there.
    Done { fee: i64 },
    /// It will never have an effect: another one may be built.
    BuildAnew { fee: i64 },
    /// It had none, and another one would have none.
    Refuse { refused: Refused, fee: i64 },
    /// Its time is over and this node cannot tell what became of it.
    AskAnother,
    /// Not known yet.
    Unknown,
}

pub(super) fn after_looking(tx: &PreparedTx, fate: Fate, consents_are_over: bool) -> AfterLooking {
    match fate {
        Fate::Confirmed { fee, .. } => AfterLooking::Done { fee },
        // A consent given apart is good for one transaction only, and that has used it.
        Fate::Failed { outdated: true, fee, .. } if tx.authorisations.is_empty() => {
            AfterLooking::BuildAnew { fee }
        }
        Fate::Failed { refused, fee, .. } => AfterLooking::Refuse { refused, fee },
        Fate::NotFound { latest_closed_at, .. } if latest_closed_at <= tx.max_time => {
            AfterLooking::Unknown
        }
        Fate::NotFound { history_covers: false, .. } => AfterLooking::AskAnother,
        // A consent given apart could still be used: it must be over, too.
        Fate::NotFound { .. } if !consents_are_over => AfterLooking::Unknown,
        Fate::NotFound { .. } => AfterLooking::BuildAnew { fee: 0 },
    }
}
