//! Which circle a notice is about.
use super::Notice;
use crate::CircleId;

impl Notice {
    /// The circle it names, whose asset its amounts are of.
    #[must_use]
    pub const fn circle(&self) -> Option<CircleId> {
        Some(*match self {
            Self::CircleCaughtUp { circle, .. }
            | Self::CircleReady { circle, .. }
            | Self::InvitationReady { circle, .. }
            | Self::Joined { circle, .. }
            | Self::SomebodyJoined { circle, .. }
            | Self::SomebodyLeft { circle, .. }
            | Self::Started { circle, .. }
            | Self::Contributed { circle, .. }
            | Self::ContributionFailed { circle, .. }
            | Self::Repaid { circle, .. }
            | Self::PaidBack { circle, .. }
            | Self::RepaymentFailed { circle, .. }
            | Self::Reminder { circle, .. }
            | Self::PaidOut { circle, .. }
            | Self::PayoutKept { circle, .. }
            | Self::CreditDelivered { circle, .. }
            | Self::EntryDue { circle, .. }
            | Self::EntryPaid { circle, .. }
            | Self::PlaceAsked { circle, .. }
            | Self::PlacesAsked { circle, .. }
            | Self::PlaceWaiting { circle, .. }
            | Self::PlaceDenied { circle, .. }
            | Self::Leaving { circle, .. }
            | Self::Expelled { circle, .. }
            | Self::SeatTaken { circle, .. }
            | Self::SeatGiven { circle, .. }
            | Self::TurnsSwapped { circle, .. }
            | Self::OfferMade { circle, .. }
            | Self::OfferEnded { circle, .. }
            | Self::SeatGivenUp { circle, .. }
            | Self::UpgradeSigned { circle, .. }
            | Self::Upgraded { circle, .. }
            | Self::OtherCode { circle, .. }
            | Self::Office { circle, .. }
            | Self::BidMade { circle, .. }
            | Self::InsurancePaid { circle, .. }
            | Self::VaultShort { circle, .. }
            | Self::VaultGift { circle, .. }
            | Self::Proposed { circle, .. }
            | Self::VotePassed { circle, .. }
            | Self::MoveStopped { circle, .. }
            | Self::VoteCast { circle, .. }
            | Self::ProposalRejected { circle, .. }
            | Self::Dissolved { circle, .. }
            | Self::Refunded { circle, .. }
            | Self::Completed { circle, .. } => circle,
            // Each by its name: amounts of a new notice are not to be told in the usual asset by mistake.
            Self::MoneyReceived { .. }
            | Self::MoneySent { .. }
            | Self::BalanceFound { .. }
            | Self::KeyExported
            | Self::KeyRefused
            | Self::FactorWaits { .. }
            | Self::FactorGood
            | Self::FactorLocked { .. }
            | Self::ReservesOwned
            | Self::WalletClosed
            | Self::WalletKept { .. }
            | Self::CircleFailed { .. }
            | Self::InvitationRevoked { .. }
            | Self::RevocationFailed { .. }
            | Self::InvitationFailed { .. }
            | Self::JoinFailed { .. }
            | Self::RequestFailed { .. }
            | Self::PlaceRefused { .. }
            | Self::PlaceTakenBack { .. }
            | Self::PlaceGone { .. }
            | Self::Cancelled { .. }
            | Self::Left { .. } => return None,
        })
    }
}
