#![allow(
    missing_docs,
    reason = "documentation comments would be in the wasm: the macro adds functions without any; the variants have theirs"
)]

use kolo_rules::Refusal;
use soroban_sdk::contracterror;

// Why a call was refused; nothing has changed then. 100 to 199 are `kolo_rules::Refusal`.
//
// The numbers never change meaning. 10 to 19 stay free: the token's own errors live there, and a
// reader of a failed transaction must not take one for the other.
#[contracterror]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Error {
    // Reserved: the host itself refuses what the organiser has not signed.
    NotOrganiser = 1,
    // An amount that does not fit 64 bits.
    BadAmount = 2,
    // The factory does not allow this asset.
    AssetNotAllowed = 3,
    // The asset is no Stellar asset contract.
    NotAStellarAsset = 4,
    // The rules accepted are not the circle's rules.
    RulesMismatch = 5,
    // No open invitation for this address or key.
    NoInvitation = 6,
    // The invitation has expired.
    InvitationExpired = 7,
    // Key and signature belong together; a wrong signature is refused by the host itself.
    BadSignature = 8,
    // Revoke an invitation first.
    TooManyInvitations = 9,
    // The organiser already has a group with this salt.
    GroupExists = 20,
    // The member has not enough of the asset.
    NotEnoughMoney = 21,
    // The member holds no trustline for the asset, or the issuer has frozen it.
    PaymentRefused = 22,
    // The recipient cannot receive the asset now: trustline missing, frozen or full.
    Undeliverable = 23,
    // The vault holds less than it owes: the issuer clawed back; call `sync`.
    VaultShort = 24,
    // The token failed in another way; nothing can be concluded about the recipient.
    TokenFailed = 25,
    // What is revealed is not what was committed to.
    BadSecret = 26,
    // No request of this address is waiting.
    NoRequest = 27,
    // The waiting room is full: ask again when the organiser has answered some.
    TooManyRequests = 28,
    // This motion needs a subject, or a newcomer, or must have none.
    BadMotion = 29,
    // Not every member with a claim has signed for this code, or the delay is not over.
    UpgradeNotReady = 30,
    // The rulebook could not be asked, or what it answered cannot be carried out.
    RulebookFailed = 31,

    // A value of the rules is out of its range.
    BadRules = 100,
    // Bytes that are no encoding of ours, or of a newer version.
    BadEncoding = 101,
    // An amount or a time leaves its range.
    Overflow = 102,

    // All seats are taken.
    Full = 110,
    // The person sits here already (said by those who know who sits where).
    AlreadyMember = 111,
    // Nobody sits in that seat.
    NotMember = 112,
    // Somebody else has that turn.
    TurnTaken = 113,
    // A turn that the order of this circle does not allow here.
    BadTurn = 114,
    // Fewer members than the rules want for a start, or than two who stay.
    TooFewMembers = 115,
    // The member has left, or is leaving, or was expelled.
    HasLeft = 116,
    // Not the turn that was agreed to: another step has changed it meanwhile.
    OtherTurn = 117,

    // Only possible before the start.
    NotForming = 120,
    // Only possible while the circle runs.
    NotActive = 121,
    // Only possible after dissolving.
    NotDissolved = 122,
    // The circle runs, or has run, already.
    AlreadyStarted = 123,
    // All is paid and settled.
    Finished = 124,
    // The step before the first round comes later or was taken already.
    NotGettingReady = 125,
    // Commitments are not taken now.
    NotCommitting = 126,
    // Reveals are not taken now.
    NotRevealing = 127,
    // Deposits are not taken now.
    NotSecuring = 128,
    // The time for this is over.
    TimeOver = 129,

    // Not the round whose turn it is.
    WrongRound = 130,
    // Not the exact amount.
    WrongAmount = 131,
    // Everything of that round is paid.
    NothingDue = 132,
    // That round's pot is gone to its recipient.
    RoundPaidOut = 133,
    // The next instalment's period has not begun, and the rules allow no advance payment.
    NotYetOpen = 134,
    // The member has done this before.
    AlreadyDone = 135,
    // Nothing was committed that could be revealed.
    NoCommitment = 136,

    // Before the payout date.
    TooEarly = 140,
    // Somebody has not paid, and it is not yet time to go on without.
    Incomplete = 141,
    // No credit is waiting.
    NoCredit = 142,
    // The member has had the pot, or gets it now.
    AlreadyPaidOut = 143,
    // Something is owed, or behind its time.
    InArrears = 144,
    // No bids are taken.
    NoAuction = 145,
    // Less than the rules allow to ask for.
    BidTooLow = 146,
    // More than the pot, or than the step below the standing bid.
    BidTooHigh = 147,
    // Turns cannot be swapped here.
    NoSwap = 148,
    // Two members are needed.
    SameSeat = 149,

    // Nothing is owed.
    NoDebt = 150,
    // More than is owed.
    TooMuch = 151,
    // Nothing can be claimed now.
    NothingToClaim = 152,
    // More different debts than a circle keeps apart.
    TooManyDebts = 153,
    // Something waits to be delivered to the member first.
    CreditWaiting = 154,
    // The insurance has paid for this default.
    AlreadyInsured = 155,
    // Nothing is lost by this member.
    NoLoss = 156,
    // More than the insurance holds.
    FundShort = 157,

    // No proposal is open.
    NoProposal = 160,
    // One proposal at a time.
    ProposalOpen = 161,
    // The same vote again.
    AlreadyVoted = 162,
    // The proposal has expired.
    VoteClosed = 163,
    // Joined later, left, or was expelled.
    NoVote = 164,

    // A refusal newer than this contract: cannot happen, the test of this file enumerates them.
    UnknownRefusal = 199,
}

// The same numbers, so that the compiler makes nothing of this.
macro_rules! same {
    ($($name:ident)*) => {
        impl From<Refusal> for Error {
            fn from(refusal: Refusal) -> Self {
                match refusal {
                    $(Refusal::$name => Self::$name,)*
                    _ => Self::UnknownRefusal,
                }
            }
        }
    };
}

same! {
    BadRules BadEncoding Overflow Full AlreadyMember NotMember TurnTaken BadTurn TooFewMembers
    HasLeft OtherTurn NotForming NotActive NotDissolved AlreadyStarted Finished NotGettingReady NotCommitting
    NotRevealing NotSecuring TimeOver WrongRound WrongAmount NothingDue RoundPaidOut NotYetOpen
    AlreadyDone NoCommitment TooEarly Incomplete NoCredit AlreadyPaidOut InArrears NoAuction
    BidTooLow BidTooHigh NoSwap SameSeat NoDebt TooMuch NothingToClaim TooManyDebts CreditWaiting
    AlreadyInsured NoLoss FundShort NoProposal ProposalOpen AlreadyVoted VoteClosed NoVote
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_keeps_its_number() {
        let refusals = (0..1000).filter_map(Refusal::from_code);
        let mut seen = 0;
        for refusal in refusals {
            assert_ne!(Error::from(refusal), Error::UnknownRefusal, "{refusal:?}");
            assert_eq!(Error::from(refusal) as u32, refusal.code(), "{refusal:?}");
            assert!((100..199).contains(&refusal.code()), "{refusal:?}");
            seen += 1;
        }
        assert!(seen >= 50, "only {seen} refusals enumerated");
    }
}
