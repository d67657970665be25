//! What is kept of an offer.
use kolo_rules::Amount;
use serde::{Deserialize, Serialize};

use super::view::{OfferEnd, OfferKind, OfferStage, OfferTerms, SwapTerms};
use crate::cap::DayCount;
use crate::port::chain::{ChainAddress, ChainEffect};
use crate::record::Aggregate;
use crate::{Asset, CircleId, IntentId, MemberId, OfferId, Timestamp};

/// One of the two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Party {
    pub member: MemberId,
    pub address: ChainAddress,
    pub name: String,
}

/// What both consent to. Amounts are minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Terms {
    /// The turns as they are; `deposit` goes from who comes earlier then to the other.
    Turns { maker: u8, taker: u8, deposit: i64 },
    /// The maker's seat: `price` goes from the taker to the maker, if negative the other way.
    Seat { turn: u8, price: i64 },
}

impl Terms {
    /// What the maker pays the taker, minor units; negative: gets.
    pub const fn maker_pays(self) -> i64 {
        match self {
            // Who has the later turn gets the earlier one.
            Self::Turns { maker, taker, deposit } if maker > taker => deposit,
            Self::Turns { deposit, .. } => deposit.saturating_neg(),
            Self::Seat { price, .. } => price.saturating_neg(),
        }
    }

    /// As who offers to change turns sees them; `None`: it is about a seat.
    pub const fn of_swap(self) -> Option<SwapTerms> {
        match self {
            Self::Turns { maker, taker, .. } => {
                let pays = Amount::new(self.maker_pays());
                Some(SwapTerms { now: maker, turn: taker, pays })
            }
            Self::Seat { .. } => None,
        }
    }
}

/// Where it is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Standing {
    Open,
    Accepted(IntentId),
    Done,
    Ended(OfferEnd),
}

/// Aggregate `offer`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Offer {
    pub id: OfferId,
    pub circle: CircleId,
    pub maker: Party,
    pub taker: Party,
    pub terms: Terms,
    pub expires_at: Timestamp,
    pub standing: Standing,
    /// The journal entry that holds what one pays the other, once accepted.
    pub hold: Option<String>,
}

impl Aggregate for Offer {
    const KIND: &'static str = "offer";
}

/// Aggregate `offers`: those a member has made or may answer, one for each member. What has ended is
/// taken out when the next one is put in.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct OffersOf {
    pub offers: Vec<OfferId>,
    /// How many they made today in which circle: see [`crate::Cap::Offers`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub made: Vec<(CircleId, DayCount)>,
}

impl Aggregate for OffersOf {
    const KIND: &'static str = "offers";
}

/// Who pays whom how much; more than nothing.
pub(crate) struct Payment<'a> {
    pub payer: &'a Party,
    pub payee: &'a Party,
    pub amount: Amount,
}

impl Offer {
    /// Whether it can still come about.
    pub fn is_alive(&self) -> bool {
        matches!(self.standing, Standing::Open | Standing::Accepted(_))
    }

    pub const fn is_accepted(&self) -> bool {
        matches!(self.standing, Standing::Accepted(_))
    }

    pub fn party(&self, member: MemberId) -> Option<&Party> {
        [&self.maker, &self.taker].into_iter().find(|party| party.member == member)
    }

    /// The one of the two who is not this member.
    pub fn other(&self, member: MemberId) -> &Party {
        if self.maker.member == member { &self.taker } else { &self.maker }
    }

    pub const fn kind(&self) -> OfferKind {
        match self.terms {
            Terms::Turns { .. } => OfferKind::Turns,
            Terms::Seat { .. } => OfferKind::Seat,
        }
    }

    pub const fn stage(&self) -> OfferStage {
        match self.standing {
            Standing::Open => OfferStage::Open,
            Standing::Accepted(_) => OfferStage::Accepted,
            Standing::Done => OfferStage::Done,
            Standing::Ended(why) => OfferStage::Ended(why),
        }
    }

    pub const fn terms_shown(&self) -> OfferTerms {
        match self.terms {
            Terms::Turns { maker, taker, .. } => OfferTerms::Turns { maker, taker },
            Terms::Seat { turn, price } => OfferTerms::Seat { turn, price: Amount::new(price) },
        }
    }

    /// What one pays the other when it comes about.
    pub fn payment(&self) -> Option<Payment<'_>> {
        let pays = self.terms.maker_pays();
        let (payer, payee) =
            if pays > 0 { (&self.maker, &self.taker) } else { (&self.taker, &self.maker) };
        let amount = Amount::new(pays.saturating_abs());
        (pays != 0).then_some(Payment { payer, payee, amount })
    }

    /// What this member pays with it, minor units; negative: gets.
    pub fn pays(&self, member: MemberId) -> i64 {
        match self.payment() {
            None => 0,
            Some(payment) if payment.payer.member == member => payment.amount.minor_units(),
            Some(payment) => payment.amount.minor_units().saturating_neg(),
        }
    }

    /// What is wanted of the chain once both have consented.
    pub fn effect(&self, circle: ChainAddress, asset: Asset) -> ChainEffect {
        let (maker, taker) = (self.maker.address.clone(), self.taker.address.clone());
        match self.terms {
            Terms::Turns { maker: maker_turn, taker: taker_turn, deposit } => {
                let deposit = Amount::new(deposit);
                ChainEffect::Swap { circle, maker, taker, maker_turn, taker_turn, deposit, asset }
            }
            Terms::Seat { turn, price } => {
                let price = Amount::new(price);
                let (leaver, newcomer) = (maker, taker);
                ChainEffect::Replace { circle, leaver, newcomer, turn, price, asset }
            }
        }
    }
}
