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
//! | not, after its max time, its sequence number not used in a ledger closed after that, its consents over | build anew |
//! | not, after its max time, in a history that does not reach back, an effect the chain itself lets happen once only | build anew |
//! | the same, a circle's creation, and the factory is another one now | nothing, and the operator is told, until the circle is heard of |
//! | the same, any other, its circle's state having been read later than its max time | over: what it did is in there |
//! | the same, any other | nothing, and the operator is told: ask a node whose history does |
//! | not, before that | nothing yet |
//!
//! Only the second half ends anything or builds a second inner transaction, and only by what a ledger says:
//! no answer to a submission does.
//!
//! Why a call that nobody signs for (a payout, a push, rent) may be built anew although the first one may have
//! been applied: after its max time that one can have no effect any more, so that whatever it had is in the
//! contract's state by then. And what anybody may call at any time is refused by the contract when there is
//! nothing left of it to do, whoever called before (a round is paid once, a credit is delivered once): the second
//! one is simulated upon that state, is refused, and the intent is done. Likewise what is done to an account: one
//! that is open, closed, or out of the sponsorship is found to be so, and nothing is sent.
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
    /// The effect is there, since that ledger.
    Done { fee: i64, ledger: u32 },
    /// It will have no effect any more: another one may be built. `used`: its sequence number is gone.
    BuildAnew { fee: i64, used: bool },
    /// It had none, and another one would have none.
    Refuse { refused: Refused, fee: i64 },
    /// Its time is over and this node cannot tell what became of it.
    AskAnother,
    /// Not known yet.
    Unknown,
}

/// What must be known of the intent beside the transaction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Looked {
    pub consents_are_over: bool,
    /// The chain lets its effect happen once only, whoever sends it how often.
    pub once_by_itself: bool,
}

pub(super) fn after_looking(tx: &PreparedTx, fate: Fate, looked: Looked) -> AfterLooking {
    let (history_covers, source_sequence) = match fate {
        Fate::Confirmed { fee, ledger, .. } => return AfterLooking::Done { fee, ledger },
        // A consent given apart is good for one transaction only, and that has used it.
        Fate::Failed { outdated: true, fee, .. } if tx.authorisations.is_empty() => {
            return AfterLooking::BuildAnew { fee, used: true };
        }
        Fate::Failed { refused, fee, .. } => return AfterLooking::Refuse { refused, fee },
        Fate::NotFound { latest_closed_at, .. } if latest_closed_at <= tx.max_time => {
            return AfterLooking::Unknown;
        }
        Fate::NotFound { history_covers, source_sequence, .. } => (history_covers, source_sequence),
    };
    let is_used = source_sequence.is_some_and(|used| used >= tx.sequence);
    let never = history_covers || (source_sequence.is_some() && !is_used);
    if !never && !looked.once_by_itself {
        return AfterLooking::AskAnother;
    }
    // A consent given apart could still be used: it must be over, too.
    if !looked.consents_are_over {
        return AfterLooking::Unknown;
    }
    AfterLooking::BuildAnew { fee: 0, used: !never && is_used }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intent::state::Want;
    use crate::port::chain::ChainAddress;
    use crate::{Asset, CircleId, MemberId, Timestamp};

    const MAX_TIME: Timestamp = Timestamp::from_unix(1_000);

    fn tx() -> PreparedTx {
        PreparedTx {
            payload: Vec::new(),
            hash: String::new(),
            signers: Vec::new(),
            source: ChainAddress("G".to_owned()),
            sequence: 42,
            max_time: MAX_TIME,
            max_fee: 100,
            authorisations: Vec::new(),
        }
    }

    #[test]
    fn what_is_not_found_is_built_anew_only_where_nothing_can_happen_twice() {
        let never = AfterLooking::BuildAnew { fee: 0, used: false };
        let perhaps = AfterLooking::BuildAnew { fee: 0, used: true };
        let (ask, unknown) = (AfterLooking::AskAnother, AfterLooking::Unknown);
        // (after its max time, history covers it, the source's sequence, anybody may, consents over).
        let rows = [
            (false, true, Some(41), true, true, &unknown),
            (true, true, None, false, true, &never),
            (true, true, None, false, false, &unknown),
            // Its sequence number is not used, and now it cannot be any more.
            (true, false, Some(41), false, true, &never),
            (true, false, Some(41), false, false, &unknown),
            (false, false, Some(41), false, true, &unknown),
            // By it, or by another one: who can tell.
            (true, false, Some(42), false, true, &ask),
            (true, false, Some(43), false, true, &ask),
            (true, false, None, false, true, &ask),
            // Where the contract itself lets nothing happen twice, that does not matter.
            (true, false, Some(42), true, true, &perhaps),
            (true, false, Some(41), true, true, &never),
            (true, false, None, true, true, &never),
        ];
        for (after, history_covers, source_sequence, once_by_itself, consents_are_over, expected) in
            rows
        {
            let latest_closed_at = if after { MAX_TIME.plus(1) } else { MAX_TIME };
            let fate = Fate::NotFound {
                latest_closed_at,
                latest_ledger: 9,
                history_covers,
                source_sequence,
            };
            let found = after_looking(&tx(), fate, Looked { consents_are_over, once_by_itself });
            let row = (after, history_covers, source_sequence, once_by_itself, consents_are_over);
            assert_eq!(found, *expected, "{row:?}");
        }
    }

    #[test]
    fn nothing_a_member_has_signed_that_moves_money_is_built_anew_unproven() {
        let (circle, member) = (CircleId::derive(&[b"table"]), MemberId::derive(&[b"table"]));
        let to = ChainAddress("G".to_owned());
        let asset = Asset { code: "EURC".to_owned(), issuer: "G".to_owned(), decimals: 7 };
        let rows = [
            (Want::CreateCircle { circle }, true),
            (Want::OpenAccount { member, asset: None }, true),
            (Want::OpenTrustline { member, asset }, true),
            (Want::OpenChannel { number: 1 }, true),
            (Want::CloseAccount { member, to: to.clone() }, true),
            (Want::LeaveSponsorship { member }, true),
            (Want::Payout { circle, round: 1 }, true),
            (Want::Push { circle, to }, true),
            (Want::Prolong { circle: None, asset: None }, true),
            (Want::TestMoney { member, amount: 1, asset: None }, false),
            // A part of an instalment could be paid twice.
            (Want::Contribute { circle, member, round: 1, amount: 1 }, false),
            (Want::Repay { circle, member, amount: 1 }, false),
            (Want::Secure { circle, member, amount: 1 }, false),
            (Want::Bid { circle, member, round: 1, amount: 1 }, false),
        ];
        for (want, once) in rows {
            assert_eq!(want.is_once_by_itself(), once, "{want:?}");
        }
    }
}
