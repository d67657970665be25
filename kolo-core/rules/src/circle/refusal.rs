//! Why a step is refused, numbered for the contract.

use core::fmt;

use crate::AmountError;

/// Defines [`Refusal`] with number, doc comment and advice side by side, so that none is forgotten.
macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $advice:literal;)*) => {
        /// Why a step is refused. The numbers are the contract's error codes and never change meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        #[repr(u32)]
        pub enum Refusal {
            $($(#[$doc])* $name = $code,)*
        }

        impl Refusal {
            /// Every refusal there is, by number.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The contract's error code.
            #[must_use]
            pub const fn code(self) -> u32 {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// The refusal of a contract's error code; `None` when the code is none of ours.
            #[must_use]
            pub const fn from_code(code: u32) -> Option<Self> {
                match code {
                    $($code => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// What it means and what can be done, for the person who called.
            #[must_use]
            pub const fn advice(self) -> &'static str {
                match self {
                    $(Self::$name => $advice,)*
                }
            }
        }
    };
}

refusals! {
    // rules
    /// A value of the rules is out of its range.
    BadRules = 100, "the rules are not possible; check seats, minimum, contribution, interval and vote period";
    /// Bytes that are no encoding of ours, or of a newer version.
    BadEncoding = 101, "these bytes cannot be read; they are damaged or of a newer version";
    /// An amount or a time leaves its range.
    Overflow = 102, "the amount or the time is too large to calculate with; use smaller ones";

    // membership
    /// All seats are taken.
    Full = 110, "all seats are taken; ask for a place in another circle";
    /// The person sits here already (said by those who know who sits where).
    AlreadyMember = 111, "already a member of this circle; there is nothing to do";
    /// Nobody sits in that seat.
    NotMember = 112, "not a member of this circle; join it first";
    /// Somebody else has that turn.
    TurnTaken = 113, "somebody else has this turn; choose another";
    /// A turn that the order of this circle does not allow here.
    BadTurn = 114, "this turn does not exist here; name one of 1 to the number of seats if the order is fixed, else none";
    /// Fewer members than the rules want for a start, or than two who stay.
    TooFewMembers = 115, "too few members; invite more before the start, vote to dissolve after it";
    /// The member has left, or is leaving, or was expelled.
    HasLeft = 116, "only for members who stay in the circle; this one is leaving or was expelled";
    /// Not the turn that was agreed to: another step has changed it meanwhile.
    OtherTurn = 117, "the turn is another one by now than was agreed to; look at the circle again and agree anew";

    // phase
    /// Only possible before the start.
    NotForming = 120, "only possible before the circle has started";
    /// Only possible while the circle runs.
    NotActive = 121, "only possible while the circle is active";
    /// Only possible after dissolving.
    NotDissolved = 122, "only possible after the circle was dissolved";
    /// The circle runs, or has run, already.
    AlreadyStarted = 123, "the circle has started already; there is nothing to do";
    /// All is paid and settled.
    Finished = 124, "the circle is over and everything is settled; there is nothing to do";
    /// The step before the first round comes later or was taken already.
    NotGettingReady = 125, "only possible between the start and the first round";
    /// Commitments are not taken now.
    NotCommitting = 126, "only possible while commitments for the draw are collected";
    /// Reveals are not taken now.
    NotRevealing = 127, "only possible while commitments for the draw are revealed";
    /// Deposits are not taken now.
    NotSecuring = 128, "only possible while deposits are collected before the first round";
    /// The time for this is over.
    TimeOver = 129, "the time for this is over; go on with what comes next";

    // contributing
    /// Not the round whose turn it is.
    WrongRound = 130, "another round comes first; ask what is due and name that round";
    /// Not the exact amount.
    WrongAmount = 131, "not the exact amount; ask what is due and name that amount";
    /// Everything of that round is paid.
    NothingDue = 132, "this round is paid already; there is nothing to do";
    /// That round's pot is gone to its recipient.
    RoundPaidOut = 133, "this round has been paid out; repay the debt if you missed it, else there is nothing to do";
    /// The next instalment's period has not begun, and the rules allow no advance payment.
    NotYetOpen = 134, "the next instalment cannot be paid yet; wait until its period begins";
    /// The member has done this before.
    AlreadyDone = 135, "this was done already; there is nothing to do";
    /// Nothing was committed that could be revealed.
    NoCommitment = 136, "this member left no commitment; the draw goes on without them";

    // payout
    /// Before the payout date.
    TooEarly = 140, "the payout date has not come; try again then";
    /// Somebody has not paid, and it is not yet time to go on without.
    Incomplete = 141, "somebody has not paid yet; wait for them, or until the rules let the payout go";
    /// No credit is waiting.
    NoCredit = 142, "no credit is waiting for this member; there is nothing to do";
    /// The member has had the pot, or gets it now.
    AlreadyPaidOut = 143, "this member has had the pot, or gets it now; what remains must be paid or taken over";
    /// Something is owed, or behind its time.
    InArrears = 144, "something is owed or behind its time; pay it first";
    /// No bids are taken.
    NoAuction = 145, "nothing to bid for; the pot goes to the next in the order";
    /// Less than the rules allow to ask for.
    BidTooLow = 146, "below the least that may be asked for the pot; ask more";
    /// More than the pot, or than the step below the standing bid.
    BidTooHigh = 147, "more than is in the pot, or too close to the standing bid; ask less";
    /// Turns cannot be swapped here.
    NoSwap = 148, "turns are bid for in this circle; there is nothing to swap";
    /// Two members are needed.
    SameSeat = 149, "two different members are needed; name the other one";

    // debts and claims
    /// Nothing is owed.
    NoDebt = 150, "nothing is owed; there is nothing to do";
    /// More than is owed.
    TooMuch = 151, "more than is owed; repay at most the debt";
    /// Nothing can be claimed now.
    NothingToClaim = 152, "nothing can be claimed now; try again after somebody has repaid";
    /// More different debts than a circle keeps apart.
    TooManyDebts = 153, "this part cannot be kept apart; repay whole rounds";
    /// Something waits to be delivered to the member first.
    CreditWaiting = 154, "something waits to be delivered to this member; push it first";
    /// The insurance has paid for this default.
    AlreadyInsured = 155, "the insurance has paid for this already; there is nothing to do";
    /// Nothing is lost by this member.
    NoLoss = 156, "nothing is lost here; there is nothing to claim from the insurance";
    /// More than the insurance holds.
    FundShort = 157, "more than the insurance holds; claim less";

    // votes
    /// No proposal is open.
    NoProposal = 160, "no proposal is open; make one first";
    /// One proposal at a time.
    ProposalOpen = 161, "a proposal is open already; vote on it";
    /// The same vote again.
    AlreadyVoted = 162, "this vote was given already; there is nothing to do";
    /// The proposal has expired.
    VoteClosed = 163, "the time to vote is over; make a new proposal";
    /// Joined later, left, or was expelled.
    NoVote = 164, "only those vote who were members when it was proposed and still are";
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.advice())
    }
}

impl core::error::Error for Refusal {}

impl From<AmountError> for Refusal {
    fn from(_: AmountError) -> Self {
        Self::Overflow
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal;

    #[test]
    fn codes_are_unique_ordered_and_find_their_refusal() {
        for pair in Refusal::ALL.windows(2) {
            assert!(pair[0].code() < pair[1].code());
        }
        for refusal in Refusal::ALL {
            assert!((100..200).contains(&refusal.code()));
            assert_eq!(Refusal::from_code(refusal.code()), Some(*refusal));
            assert!(!refusal.advice().is_empty());
        }
        assert_eq!(Refusal::from_code(99), None);
        assert_eq!(Refusal::from_code(103), None);
    }

    /// Contracts on the chain answer with these: they never change meaning.
    #[test]
    fn published_codes_stay() {
        let published = [
            (Refusal::BadRules, 100),
            (Refusal::Full, 110),
            (Refusal::NotForming, 120),
            (Refusal::Finished, 124),
            (Refusal::WrongRound, 130),
            (Refusal::NotYetOpen, 134),
            (Refusal::TooEarly, 140),
            (Refusal::NoDebt, 150),
            (Refusal::NoProposal, 160),
            (Refusal::VoteClosed, 163),
        ];
        for (refusal, code) in published {
            assert_eq!(refusal.code(), code);
        }
    }
}
