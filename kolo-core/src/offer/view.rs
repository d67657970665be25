//! What people see of an offer.
use kolo_rules::Amount;
use serde::{Deserialize, Serialize};

use crate::view::CircleSummary;
use crate::{MemberId, OfferId, Timestamp};

/// What sort of offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum OfferKind {
    /// To change turns.
    Turns,
    /// A seat, to somebody who is not in the circle.
    Seat,
}

/// What is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OfferTerms {
    /// To change turns: each gets the other's.
    Turns {
        /// The turn the maker has now.
        maker: u8,
        /// The turn the taker has now.
        taker: u8,
    },
    /// The maker's seat.
    Seat {
        /// Its turn.
        turn: u8,
        /// What the maker has paid in less what they have received, and their deposit in the vault: both
        /// become the taker's. Negative: the taker takes over what is still to be paid.
        price: Amount,
    },
}

impl OfferTerms {
    /// What sort.
    #[must_use]
    pub const fn kind(&self) -> OfferKind {
        match self {
            Self::Turns { .. } => OfferKind::Turns,
            Self::Seat { .. } => OfferKind::Seat,
        }
    }
}

/// What changing turns comes to, as its maker sees it: what they agree to by offering it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwapTerms {
    /// The turn the maker has.
    pub now: u8,
    /// The turn they would get, which is the other's.
    pub turn: u8,
    /// What the maker would pay the other for the deposit, minor units of the circle's asset; negative:
    /// what they would get.
    #[serde(with = "crate::money::amount_serde")]
    pub pays: Amount,
}

/// How far an offer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OfferStage {
    /// It can be accepted.
    Open,
    /// Accepted, and on its way to the chain.
    Accepted,
    /// It has come about.
    Done,
    /// Nothing came of it.
    Ended(OfferEnd),
}

/// Why nothing came of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum OfferEnd {
    /// Its taker said no.
    Declined,
    /// Its maker took it back.
    Withdrawn,
    /// Nobody answered in time.
    Expired,
    /// The turns, the seat or its price are no longer what they were.
    Void,
    /// It was accepted, and the chain refused.
    Failed,
}

/// An offer as one of the two sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferView {
    /// Which.
    pub id: OfferId,
    /// In which circle: its rules are what a newcomer accepts with a seat.
    pub circle: CircleSummary,
    /// Who made it.
    pub maker: MemberId,
    /// What they are called in the circle.
    pub maker_name: String,
    /// To whom it is made.
    pub taker: MemberId,
    /// What they are called.
    pub taker_name: String,
    /// Whether the reader made it (else it is for them to answer).
    pub mine: bool,
    /// What is offered.
    pub terms: OfferTerms,
    /// What the reader pays the other with it, minor units of the circle's asset; negative: gets.
    pub pays: Amount,
    /// How far it is.
    pub stage: OfferStage,
    /// The last second in which it can be accepted.
    pub expires_at: Timestamp,
}
