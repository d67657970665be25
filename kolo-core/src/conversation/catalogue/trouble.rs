//! What the services refuse, in friendly words.
use kolo_rules::circle::Refusal;

use super::Speech;
use crate::conversation::clean;
use crate::conversation::words::Words;
use crate::{Cap, Error};

/// The longest reason of a host, in characters.
const REASON_MAX: usize = 300;

/// An error in words. Failures of ports are told as such only when nothing more can be tried.
pub(in crate::conversation) fn trouble(error: &Error, speech: &Speech) -> Words {
    match error {
        Error::NotAllowed => Words::new("error-not-allowed"),
        Error::Forbidden { reason } => forbidden(reason),
        Error::NoSuchMember => Words::new("error-no-such-member"),
        Error::NoSuchCircle => Words::new("error-no-such-circle"),
        Error::NoSuchInvitation => Words::new("error-no-such-invitation"),
        Error::NoSuchReceipt => Words::new("error-no-such-receipt"),
        Error::NoSuchOffer => Words::new("error-no-such-offer"),
        Error::OfferClosed => Words::new("error-offer-closed"),
        Error::OtherCannotPay => Words::new("error-other-cannot-pay"),
        Error::InvitationSpent => Words::new("error-invitation-spent"),
        Error::InvitationForSomebodyElse => Words::new("error-invitation-for-somebody-else"),
        Error::RulesNotAccepted => Words::new("error-rules-not-accepted"),
        Error::NoPlaceLeft => Words::new("error-no-place-left"),
        Error::NoSuchDoor => Words::new("error-no-such-door"),
        Error::TooManyRequests => Words::new("error-too-many-requests"),
        Error::LastTreasurer => Words::new("error-last-treasurer"),
        Error::HasOffice => Words::new("error-has-office"),
        Error::NoOffice => Words::new("error-no-office"),
        Error::NotReady => Words::new("error-not-ready"),
        Error::OtherCode => Words::new("error-other-code"),
        Error::UnderWay => Words::new("error-under-way"),
        Error::Refused(refusal) => Words::new(refused(*refusal)),
        Error::InsufficientFunds { missing } => {
            Words::new("error-insufficient-funds").text("missing", speech.money(*missing))
        }
        Error::BadText { max, .. } => {
            Words::new("error-bad-text").count("max", u64::try_from(*max).unwrap_or(u64::MAX))
        }
        Error::OutOfBounds { min, max, .. } => {
            Words::new("error-out-of-bounds").count("min", *min).count("max", *max)
        }
        Error::CapReached { cap: Cap::Accounts, .. } => Words::new("error-cap-accounts"),
        Error::CapReached { cap: Cap::Circles, .. } => Words::new("error-cap-circles"),
        Error::CapReached { cap: Cap::CirclesOfMember, most, .. } => {
            Words::new("error-cap-own-circles").count("most", *most)
        }
        Error::CapReached { cap: Cap::Offers, most, .. } => {
            Words::new("error-cap-offers").count("most", *most)
        }
        Error::CapReached { cap: Cap::Offices, most, .. } => {
            Words::new("error-cap-offices").count("most", *most)
        }
        Error::CapReached { cap: Cap::Exports, most, .. } => {
            Words::new("error-cap-exports").count("most", *most)
        }
        Error::SecondFactor => Words::new("error-second-factor"),
        Error::WalletInUse { .. } => Words::new("error-wallet-in-use"),
        Error::NotAvailable => Words::new("error-not-available"),
        Error::KeyReused => Words::new("error-key-reused"),
        Error::Contention | Error::LeaseLost => Words::new("error-contention"),
        Error::Stored { .. } => Words::new("error-stored"),
        Error::Port(_) => Words::new("error-port"),
    }
}

/// The host's words are made harmless and cut: they may come from anywhere.
fn forbidden(reason: &str) -> Words {
    let reason = clean::line(reason, REASON_MAX);
    if reason.is_empty() {
        return Words::new("error-forbidden");
    }
    Words::new("error-forbidden-because").text("reason", reason)
}

fn refused(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::BadRules => "refused-bad-rules",
        Refusal::BadEncoding => "refused-bad-encoding",
        Refusal::Overflow => "refused-overflow",
        Refusal::Full => "refused-full",
        Refusal::AlreadyMember => "refused-already-member",
        Refusal::NotMember => "refused-not-member",
        Refusal::TurnTaken => "refused-turn-taken",
        Refusal::BadTurn => "refused-bad-turn",
        Refusal::TooFewMembers => "refused-too-few-members",
        Refusal::NotForming => "refused-not-forming",
        Refusal::NotActive => "refused-not-active",
        Refusal::NotDissolved => "refused-not-dissolved",
        Refusal::AlreadyStarted => "refused-already-started",
        Refusal::Finished => "refused-finished",
        Refusal::WrongRound => "refused-wrong-round",
        Refusal::WrongAmount => "refused-wrong-amount",
        Refusal::NothingDue => "refused-nothing-due",
        Refusal::RoundPaidOut => "refused-round-paid-out",
        Refusal::NotYetOpen => "refused-not-yet-open",
        Refusal::TooEarly => "refused-too-early",
        Refusal::Incomplete => "refused-incomplete",
        Refusal::NoCredit => "refused-no-credit",
        Refusal::NoDebt => "refused-no-debt",
        Refusal::TooMuch => "refused-too-much",
        Refusal::NothingToClaim => "refused-nothing-to-claim",
        Refusal::NoProposal => "refused-no-proposal",
        Refusal::ProposalOpen => "refused-proposal-open",
        Refusal::AlreadyVoted => "refused-already-voted",
        Refusal::VoteClosed => "refused-vote-closed",
        Refusal::HasLeft => "refused-has-left",
        Refusal::OtherTurn => "refused-other-turn",
        Refusal::NotGettingReady => "refused-not-getting-ready",
        Refusal::NotCommitting => "refused-not-committing",
        Refusal::NotRevealing => "refused-not-revealing",
        Refusal::NotSecuring => "refused-not-securing",
        Refusal::TimeOver => "refused-time-over",
        Refusal::AlreadyDone => "refused-already-done",
        Refusal::NoCommitment => "refused-no-commitment",
        Refusal::AlreadyPaidOut => "refused-already-paid-out",
        Refusal::InArrears => "refused-in-arrears",
        Refusal::NoAuction => "refused-no-auction",
        Refusal::BidTooLow => "refused-bid-too-low",
        Refusal::BidTooHigh => "refused-bid-too-high",
        Refusal::NoSwap => "refused-no-swap",
        Refusal::SameSeat => "refused-same-seat",
        Refusal::TooManyDebts => "refused-too-many-debts",
        Refusal::CreditWaiting => "refused-credit-waiting",
        Refusal::AlreadyInsured => "refused-already-insured",
        Refusal::NoLoss => "refused-no-loss",
        Refusal::FundShort => "refused-fund-short",
        Refusal::NoVote => "refused-no-vote",
        // A refusal of a newer engine; the test over all of them keeps this arm unused.
        _ => "refused-otherwise",
    }
}
