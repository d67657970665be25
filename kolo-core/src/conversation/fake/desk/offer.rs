//! Offers between Ada and Bola.
use super::*;

#[async_trait]
impl OfferDesk for FakeDesk {
    async fn offers_of(&self, _: MemberId) -> Result<Vec<OfferView>, Error> {
        Ok(self.state().offers.clone())
    }

    async fn offer(&self, _: MemberId, id: OfferId) -> Result<OfferView, Error> {
        let state = self.state();
        state.offers.iter().find(|offer| offer.id == id).cloned().ok_or(Error::NoSuchOffer)
    }

    async fn swap_terms(
        &self,
        member: MemberId,
        circle: CircleId,
        with: MemberId,
    ) -> Result<SwapTerms, Error> {
        if let Some(refusal) = self.state().no_swap {
            return Err(Error::Refused(refusal));
        }
        let pays = self.state().swap_pays;
        let seats = self.status(circle).await?.seats;
        let turn = |who| {
            let seat = seats.iter().find(|seat| seat.member == Some(who));
            seat.map(|seat| seat.turn).ok_or(Error::Refused(Refusal::NotMember))
        };
        let (now, turn) = (turn(member)?, turn(with)?);
        if now == turn {
            return Err(Error::Refused(Refusal::SameSeat));
        }
        Ok(SwapTerms { now, turn, pays })
    }

    async fn offer_swap(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        with: MemberId,
        terms: SwapTerms,
    ) -> Result<OfferView, Error> {
        let SwapTerms { now, turn, pays } = terms;
        let what = format!("offer turns {with} {now} {turn} {}", pays.minor_units());
        self.under_way(ctx, circle, &what)?;
        let turns = OfferTerms::Turns { maker: now, taker: turn };
        Ok(OfferView { pays, ..offer(turns, true) })
    }

    async fn seat_price(&self, _: MemberId, _: CircleId, _: MemberId) -> Result<Amount, Error> {
        let state = self.state();
        let why = state.no_price.unwrap_or(Refusal::NoProposal);
        state.price.ok_or(Error::Refused(why))
    }

    async fn offer_seat(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        newcomer: MemberId,
        price: Amount,
    ) -> Result<OfferView, Error> {
        self.under_way(ctx, circle, &format!("offer seat {newcomer} {}", price.minor_units()))?;
        Ok(offer(OfferTerms::Seat { turn: 1, price }, true))
    }

    async fn accept_offer(
        &self,
        ctx: &CommandContext,
        offer: OfferId,
        hash: Option<[u8; 32]>,
    ) -> Result<UnderWay, Error> {
        let what = format!("accept offer {}", hash.is_some());
        let circle = CircleId::derive(&[offer.to_string().as_bytes()]);
        Ok(UnderWay { intent: self.order(ctx, what)?, circle })
    }

    async fn decline_offer(&self, ctx: &CommandContext, _: OfferId) -> Result<(), Error> {
        self.order(ctx, "decline offer".to_owned()).map(drop)
    }

    async fn withdraw_offer(&self, ctx: &CommandContext, _: OfferId) -> Result<(), Error> {
        self.order(ctx, "withdraw offer".to_owned()).map(drop)
    }
}
