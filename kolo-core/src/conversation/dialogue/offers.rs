//! What two people agree on: changing turns, handing a place over to somebody new.
use kolo_rules::{Amount, Refusal};

use super::people::{Person, by_number, known, voters};
use super::{Said, Talk};
use crate::circle::{Handover, Question};
use crate::conversation::reply::{Reply, Selling};
use crate::conversation::session::Pending;
use crate::conversation::{parser, phone};
use crate::offer::{OfferTerms, OfferView};
use crate::port::chain::ChainAddress;
use crate::view::{CircleStatus, CircleSummary, MemberView, NewcomerView};
use crate::{Error, OfferId};

/// Seconds of a day.
const DAY_S: u32 = 86_400;

impl Talk<'_> {
    /// SWAP: what it comes to, as a question.
    pub(super) async fn swapping(
        &self,
        member: &MemberView,
        status: &CircleStatus,
        person: &Person,
    ) -> Result<Said, Error> {
        let who = person.name.clone();
        let Some(with) = person.member else {
            return Ok(Said::reply(Reply::CannotBeAsked { who }));
        };
        let (circle, name) = (status.summary.id, status.summary.name.clone());
        match self.desk.swap_terms(member.id, circle, with).await {
            Ok(terms) => {
                let reply = Reply::ConfirmSwap { name, who, terms };
                Ok(self.question(reply, Pending::Swap { circle, with, terms }))
            }
            Err(error) => self.refused(error),
        }
    }

    /// SELL PLACE: the members are asked first; once they agreed, it is offered.
    pub(super) async fn sell_place(
        &self,
        member: &MemberView,
        circle: &CircleSummary,
        to: (Option<&str>, Option<&str>),
    ) -> Result<Said, Error> {
        let (there, number) = match to {
            (_, Some(typed)) => match phone::parse(typed, self.region) {
                Ok(number) => (self.desk.by_phone(&number).await?, Some(number)),
                Err(problem) => return Ok(Said::reply(Reply::BadPhone { problem })),
            },
            // Buttons name somebody by the address.
            (Some(address), None) => (self.desk.by_address(&as_address(address)).await?, None),
            (None, None) => (None, None),
        };
        if let Some(there) = &there {
            match self.desk.seat_price(member.id, circle.id, there.id).await {
                // The members have agreed to this one, so they have all been told who it is.
                Ok(price) => return Ok(self.offering_seat(circle, there, price)),
                // The vote is still to come, or has to be held again; or they have a place, as is told below.
                Err(Error::Refused(
                    Refusal::NoProposal | Refusal::TimeOver | Refusal::AlreadyMember,
                )) => {}
                Err(error) => return self.refused(error),
            }
        }
        // Of a stranger it is not told who is behind a number or an address.
        let there = match there {
            Some(there) if self.shares_a_group(member, &there).await? => Some(there),
            _ => None,
        };
        let status = self.desk.status(circle.id).await?;
        let mine = status.seats.iter().find(|seat| seat.member == Some(member.id));
        let Some(mine) = mine else { return self.refused(Error::NoSuchCircle) };
        let leaver = mine.address.clone();
        let (to, pending) = match (there, number) {
            (Some(there), _) if status.seats.iter().any(|seat| seat.address == there.address) => {
                return Ok(Said::reply(Reply::HasAPlace { who: there.name }));
            }
            (Some(there), _) => {
                let question = Question::Replace { leaver, newcomer: there.address.clone() };
                (known(there), Pending::Propose { circle: circle.id, question })
            }
            (None, Some(number)) => by_number(circle.id, leaver, Handover::Sale, number),
            (None, None) => return Ok(Said::reply(Reply::SellHow)),
        };
        let price = mine.paid.checked_sub(mine.received).unwrap_or_default();
        let selling = Selling {
            to,
            price: price.checked_add(mine.deposit).unwrap_or_default(),
            members: voters(&status),
            days: circle.rules.vote_period_s.div_ceil(DAY_S),
        };
        Ok(self.question(Reply::ConfirmSell { name: circle.name.clone(), selling }, pending))
    }

    fn offering_seat(&self, circle: &CircleSummary, there: &MemberView, price: Amount) -> Said {
        let to = NewcomerView { name: there.name.clone(), address: there.address.clone() };
        let reply = Reply::ConfirmOfferSeat { name: circle.name.clone(), to, price };
        self.question(reply, Pending::OfferSeat { circle: circle.id, newcomer: there.id, price })
    }

    /// OFFERS.
    pub(super) async fn offers(&self, member: &MemberView) -> Result<Said, Error> {
        let offers = self.desk.offers_of(member.id).await?;
        let reply = if offers.is_empty() { Reply::NoOffers } else { Reply::Offers { offers } };
        Ok(Said::reply(reply))
    }

    /// ACCEPT OFFER: both consent to the same, so all of it is shown again.
    pub(super) async fn accept_offer(
        &self,
        member: &MemberView,
        which: Option<&str>,
    ) -> Result<Said, Error> {
        let offer = match self.offer_meant(member, which, false).await? {
            Ok(offer) => offer,
            Err(said) => return Ok(said),
        };
        let asset = &offer.circle.asset;
        let wallet = self.desk.balance_in(member.id, asset).await?;
        let after = wallet.available.checked_sub(offer.pays).unwrap_or_default();
        if after < Amount::ZERO {
            let missing = Amount::ZERO.checked_sub(after).unwrap_or_default();
            return self.refused(Error::InsufficientFunds { missing, of: asset.key() });
        }
        let rules_hash = match offer.terms {
            OfferTerms::Seat { .. } => Some(offer.circle.rules_hash),
            OfferTerms::Turns { .. } => None,
        };
        let pending = Pending::AcceptOffer { offer: offer.id, rules_hash };
        Ok(self.question(Reply::ConfirmAccept { offer, balance_after: after }, pending))
    }

    /// DECLINE OFFER, TAKE BACK OFFER: at once by a button, or when there is but one. Numbers move with
    /// the list, so who typed one is shown which offer it is by now.
    pub(super) async fn end_offer(
        &self,
        member: &MemberView,
        which: Option<&str>,
        mine: bool,
    ) -> Result<Said, Error> {
        let offer = match self.offer_meant(member, which, mine).await? {
            Ok(offer) => offer,
            Err(said) => return Ok(said),
        };
        if which.is_some_and(|which| offer_id(which).is_none()) {
            let pending = Pending::EndOffer { offer: offer.id, mine };
            return Ok(self.question(Reply::ConfirmEndOffer { offer }, pending));
        }
        self.end(member, offer.id, mine).await
    }

    async fn end(&self, member: &MemberView, offer: OfferId, mine: bool) -> Result<Said, Error> {
        let ended = if mine {
            self.desk.withdraw_offer(&self.context(Some(member), "withdraw-offer"), offer).await
        } else {
            self.desk.decline_offer(&self.context(Some(member), "decline-offer"), offer).await
        };
        if let Err(error) = ended {
            return self.refused(error);
        }
        let offer = self.desk.offer(member.id, offer).await?;
        let who = if mine { offer.taker_name } else { offer.maker_name };
        Ok(Said::reply(Reply::OfferOver { who, mine }))
    }

    /// The only one, or that of the number or id; else all of them are shown.
    async fn offer_meant(
        &self,
        member: &MemberView,
        which: Option<&str>,
        mine: bool,
    ) -> Result<Result<OfferView, Said>, Error> {
        if let Some(id) = which.and_then(offer_id) {
            // By its button, also after its end: a repeated turn finds it again.
            return match self.desk.offer(member.id, id).await {
                Ok(offer) if offer.mine == mine => Ok(Ok(offer)),
                Ok(_) => Ok(Err(self.refused(Error::NotAllowed)?)),
                Err(error) => Ok(Err(self.refused(error)?)),
            };
        }
        let offers = self.desk.offers_of(member.id).await?;
        let number = which.map(parser::comparable);
        let fits = |(index, offer): &(u64, &OfferView)| {
            offer.mine == mine && number.as_ref().is_none_or(|number| *number == index.to_string())
        };
        let fitting: Vec<_> = (1_u64..).zip(&offers).filter(fits).collect();
        Ok(match fitting.as_slice() {
            [(_, only)] => Ok((*only).clone()),
            [] if offers.is_empty() => Err(Said::reply(Reply::NoOffers)),
            _ => Err(Said::reply(Reply::Offers { offers })),
        })
    }

    /// What a YES to an offer does.
    pub(super) async fn execute_offer(
        &self,
        member: &MemberView,
        pending: Pending,
    ) -> Result<Said, Error> {
        let ctx = |purpose| self.context(Some(member), purpose);
        let made = match pending {
            Pending::Swap { circle, with, terms } => {
                self.desk.offer_swap(&ctx("offer-swap"), circle, with, terms).await
            }
            Pending::OfferSeat { circle, newcomer, price } => {
                self.desk.offer_seat(&ctx("offer-seat"), circle, newcomer, price).await
            }
            Pending::AcceptOffer { offer, rules_hash } => {
                let ctx = ctx("accept-offer");
                return match self.desk.accept_offer(&ctx, offer, rules_hash).await {
                    Ok(under_way) => Ok(Said::after(under_way.intent, Some(under_way.circle))),
                    Err(error) => self.refused(error),
                };
            }
            Pending::EndOffer { offer, mine } => return self.end(member, offer, mine).await,
            _ => return Ok(Said::reply(Reply::NothingToConfirm)),
        };
        match made {
            Ok(offer) => Ok(Said::reply(Reply::OfferSent { offer })),
            Err(error) => self.refused(error),
        }
    }
}

/// As a button names it.
fn offer_id(typed: &str) -> Option<OfferId> {
    typed.to_lowercase().parse().ok()
}

/// Addresses are in capitals.
fn as_address(typed: &str) -> ChainAddress {
    ChainAddress(typed.trim().to_uppercase())
}
