//! At least one of every reply, notice and error, and proof that none is missing.
mod members;
mod notices;
mod replies;

use std::collections::BTreeSet;

use kolo_rules::Amount;
use kolo_rules::circle::Refusal;

use crate::conversation::fake::ONE;
use crate::conversation::reply::Reply;
use crate::notice::Notice;
use crate::port::{PortError, PortErrorKind, Retry};
use crate::{Cap, Error, Timestamp};

pub use notices::notices;
pub use replies::replies;

/// A match over all variants (the compiler keeps it whole) and their names.
macro_rules! variants {
    ($missing:ident, $samples:ident, $type:ident: $($variant:ident)*) => {
        pub fn $missing() -> Vec<&'static str> {
            fn name(value: &$type) -> &'static str {
                match value {
                    $($type::$variant { .. } => stringify!($variant),)*
                }
            }
            let there: BTreeSet<&str> = $samples().iter().map(name).collect();
            [$(stringify!($variant)),*].into_iter().filter(|variant| !there.contains(variant)).collect()
        }
    };
}

variants! { missing_replies, replies, Reply:
    Welcome Menu Help AskName AskNameAgain AlreadyRegistered Balance History ReceiptWhich Receipt HistoryEmpty HistoryEnd AskTestMoney
    TestMoneyAtMost BadAmount AskGroupName BadGroupName AskContribution AskInterval AskSeats ConfirmCreate AskCode
    GroupCode GroupCodeClosed ConfirmAsk AlreadyAsked ConfirmTakeBack NoRequest Requests NobodyWaits ConfirmApprove
    ConfirmReject AskWhom NobodyCalled NotYourself ConfirmRemove ConfirmExpel MoveHow PassedOn HasAPlace ConfirmSwap CannotBeAsked SellHow ConfirmSell ConfirmOfferSeat OfferSent Offers NoOffers ConfirmAccept ConfirmEndOffer OfferOver ConfirmMove AskOwnTurn BadPayout
    NoSuchVote RevokeWhich ConfirmJoin AlreadyIn BadPhone NoGroups WhichGroup NoSuchGroup Creating CreationFailed OtherCode Status OnlyOrganiser OnlyOfficers RoleHow Roles ConfirmRole ConfirmRoleEnd RoleDone
    OnlyBeforeStart NotStarted Over ConfirmStart ConfirmLeave ConfirmCancelGroup ConfirmDissolve ConfirmVote AskVote WhichVote ConfirmExit AskBid ConfirmBid ConfirmEntry NothingToPayIn
    NoVoteOpen ConfirmContribute NothingDue AllPaid OnItsWay TooLittle OtherAmount OfferRepay ConfirmRepay RepayAtMost
    NothingOwed Declined TimedOut YesOrNo NothingToConfirm StaleButton Stopped NothingToStop NoSuchChoice NotUnderstood
    TooLong Empty With Trouble Processing Broken
}

variants! { missing_notices, notices, Notice:
    MoneyReceived MoneySent BalanceFound CircleCaughtUp KeyExported KeyRefused WalletClosed WalletKept CircleReady CircleFailed InvitationReady InvitationFailed InvitationRevoked RevocationFailed Joined JoinFailed SomebodyJoined
    SomebodyLeft Started RequestFailed Contributed ContributionFailed Repaid PaidBack RepaymentFailed Reminder PaidOut
    PayoutKept CreditDelivered Proposed EntryDue EntryPaid PlaceAsked PlacesAsked PlaceWaiting PlaceRefused PlaceDenied PlaceTakenBack PlaceGone VotePassed MoveStopped SeatGiven Leaving Expelled SeatTaken TurnsSwapped BidMade InsurancePaid VaultShort VaultGift VoteCast ProposalRejected Dissolved Refunded Completed
    Cancelled Left OfferMade OfferEnded SeatGivenUp UpgradeSigned Upgraded OtherCode Office
}

variants! { missing_errors, errors, Error:
    NotAllowed Forbidden NoSuchMember NoSuchCircle NoSuchInvitation NoSuchReceipt InvitationSpent InvitationForSomebodyElse RulesNotAccepted
    NoPlaceLeft NoSuchDoor TooManyRequests NotReady OtherCode UnderWay Refused InsufficientFunds BadText OutOfBounds CapReached NotAvailable KeyReused Contention Stored
    LeaseLost Port SecondFactor WalletInUse LastTreasurer HasOffice NoOffice NoSuchOffer OfferClosed OtherCannotPay
}

fn name() -> String {
    "Market Women".to_owned()
}

fn units(count: i64) -> Amount {
    Amount::new(count * ONE)
}

fn cap_reached(cap: Cap) -> Error {
    Error::CapReached { cap, most: 10, again_at: Timestamp::from_unix(86_400) }
}

pub fn errors() -> Vec<Error> {
    let mut all = vec![
        Error::NotAllowed,
        Error::Forbidden { reason: String::new() },
        Error::Forbidden { reason: "Please confirm your e-mail first.".to_owned() },
        Error::NoSuchMember,
        Error::NoSuchCircle,
        Error::NoSuchInvitation,
        Error::NoSuchReceipt,
        Error::NoSuchOffer,
        Error::OfferClosed,
        Error::OtherCannotPay,
        Error::InvitationSpent,
        Error::InvitationForSomebodyElse,
        Error::RulesNotAccepted,
        Error::NoPlaceLeft,
        Error::NoSuchDoor,
        Error::TooManyRequests,
        Error::LastTreasurer,
        Error::HasOffice,
        Error::NoOffice,
        Error::NotReady,
        Error::OtherCode,
        Error::UnderWay,
        Error::InsufficientFunds { missing: units(3) },
        Error::BadText { field: "name", max: 60 },
        Error::OutOfBounds { field: "seats", min: 2, max: 20 },
        cap_reached(Cap::Accounts),
        cap_reached(Cap::Circles),
        cap_reached(Cap::CirclesOfMember),
        cap_reached(Cap::Offers),
        cap_reached(Cap::Offices),
        cap_reached(Cap::Exports),
        Error::SecondFactor,
        Error::WalletInUse { why: "money" },
        Error::NotAvailable,
        Error::KeyReused,
        Error::Contention,
        Error::Stored { what: "circle".to_owned(), why: "damaged".to_owned() },
        Error::LeaseLost,
        PortError::new(PortErrorKind::Timeout, Retry::Unknown, "the ledger").into(),
    ];
    all.extend(Refusal::ALL.iter().map(|refusal| Error::Refused(*refusal)));
    all
}
