//! Making offers.
use kolo_rules::{Amount, Refusal};
use serde::Serialize;

use super::service::Offers;
use super::state::{Offer, OffersOf, Party, Standing, Terms};
use super::view::{OfferView, SwapTerms};
use crate::circle::state::Circle;
use crate::member::state::Member;
use crate::port::authorizer::{CommandName, CommandRequest};
use crate::port::chain::ChainAddress;
use crate::record::Loaded;
use crate::unit::{Changes, Command};
use crate::{CircleId, CommandContext, Error, MemberId, OfferId};

impl Offers {
    /// Offers another member to change turns, on exactly these terms: what [`Offers::swap_terms`] says.
    ///
    /// # Errors
    /// [`Error::NoSuchCircle`] for who is not in it; [`Error::Refused`] by the rules (a turn that has come,
    /// arrears, an auction, oneself), and when it comes to something else by now
    /// ([`Refusal::OtherTurn`], [`Refusal::WrongAmount`]); [`Error::UnderWay`] while another offer of
    /// theirs in this circle is open; [`Error::CapReached`] after five of one day.
    pub async fn swap(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        with: MemberId,
        terms: SwapTerms,
    ) -> Result<OfferView, Error> {
        self.make(ctx, circle, with, Agreed::Turns(terms)).await
    }

    /// What changing turns with `with` comes to now, for who would offer it.
    ///
    /// # Errors
    /// [`Error::NoSuchCircle`] and [`Error::Refused`], as [`Offers::swap`].
    pub async fn swap_terms(
        &self,
        member: MemberId,
        circle: CircleId,
        with: MemberId,
    ) -> Result<SwapTerms, Error> {
        let (found, maker, taker) = self.in_question(circle, member, with).await?;
        let terms = found.swap_terms(&maker, &taker, self.kolo.now())?;
        terms.of_swap().ok_or(Error::Refused(Refusal::NoSwap))
    }

    /// Offers one's seat to a newcomer for exactly `price`, what [`Offers::price`] says. The members must
    /// have voted for them ([`crate::circle::Question::Replace`]).
    ///
    /// # Errors
    /// [`Error::NoSuchCircle`] for who is not in it; [`Error::Refused`]: no such vote has passed, arrears,
    /// another price ([`Refusal::WrongAmount`]), the newcomer sits there already; [`Error::UnderWay`] while
    /// another offer of theirs in this circle is open; [`Error::CapReached`] after five of one day.
    pub async fn seat(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        newcomer: MemberId,
        price: Amount,
    ) -> Result<OfferView, Error> {
        self.make(ctx, circle, newcomer, Agreed::Seat(price)).await
    }

    /// What a newcomer would pay this member for their seat now, their deposit with it; negative: what
    /// the member would pay the newcomer.
    ///
    /// # Errors
    /// As [`Offers::seat`].
    pub async fn price(
        &self,
        member: MemberId,
        circle: CircleId,
        newcomer: MemberId,
    ) -> Result<Amount, Error> {
        let (found, leaver, newcomer) = self.in_question(circle, member, newcomer).await?;
        match found.seat_terms(&leaver, &newcomer, self.kolo.now())? {
            Terms::Seat { price, .. } => Ok(Amount::new(price)),
            Terms::Turns { .. } => Err(Error::Refused(Refusal::NoProposal)),
        }
    }

    /// The circle, the address of one who sits in it, and of the other.
    async fn in_question(
        &self,
        circle: CircleId,
        member: MemberId,
        other: MemberId,
    ) -> Result<(Circle, ChainAddress, ChainAddress), Error> {
        let found = self.kolo.circle(circle).await?.state;
        found.seat_of_member(member).ok_or(Error::NoSuchCircle)?;
        let address = self.kolo.member(member).await?.state.address;
        Ok((found, address, self.kolo.member(other).await?.state.address))
    }

    async fn make(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        taker: MemberId,
        agreed: Agreed,
    ) -> Result<OfferView, Error> {
        let pays = agreed.pays()?.max(Amount::ZERO);
        let request = CommandRequest::new(ctx, agreed.command()).about(circle).moving(pays);
        let args = (circle, taker, agreed);
        let mut command = Command::asked(&self.kolo, ctx, request, &args).await?;
        let maker = ctx.member()?;
        if let Some(done) = command.replay::<OfferId>()? {
            return self.get(maker, done).await;
        }
        let id = OfferId::derive(&[ctx.tenant.as_str().as_bytes(), ctx.key.as_bytes()]);
        loop {
            let mut found = self.kolo.circle(circle).await?;
            found.state.seat_of_member(maker).ok_or(Error::NoSuchCircle)?;
            self.require_none_open(&found.state, maker).await?;
            let maker = self.party(maker).await?;
            let taker = self.party(taker).await?;
            let mut changes = command.changes();
            let offer = new_offer(&found.state, &changes, id, (maker, taker), agreed)?;
            self.prune(&mut found).await?;
            found.state.offers.push(id);
            changes.write(&found)?;
            for party in [&offer.maker, &offer.taker] {
                let mut list = self.listed(party.member).await?;
                if party.member == offer.maker.member {
                    self.kolo.count_offer(&changes, &mut list.state.made, circle)?;
                }
                list.state.offers.push(id);
                changes.write(&list)?;
            }
            let fresh = Loaded::fresh(&id, offer);
            changes.write(&fresh)?;
            changes.event(&fresh.id, "offer.made", &fresh.state)?;
            self.kolo.schedule_offer_end(&mut changes, &fresh.state)?;
            self.tell_made(&mut changes, &found.state, &fresh.state)?;
            if command.commit(changes, id).await?.is_some() {
                return self.view(&fresh.state, ctx.member()?).await;
            }
        }
    }

    async fn party(&self, member: MemberId) -> Result<Party, Error> {
        let Member { id, address, name, .. } = self.kolo.member(member).await?.state;
        Ok(Party { member: id, address, name })
    }

    /// One at a time of each maker in a circle: two at once could not both come about.
    async fn require_none_open(&self, circle: &Circle, maker: MemberId) -> Result<(), Error> {
        for id in &circle.offers {
            let offer = self.kolo.offer(*id).await?.state;
            let is_over = self.kolo.now() > offer.expires_at && !offer.is_accepted();
            if offer.maker.member == maker && offer.is_alive() && !is_over {
                return Err(Error::UnderWay);
            }
        }
        Ok(())
    }

    /// Takes what has ended out of the circle's list.
    async fn prune(&self, circle: &mut Loaded<Circle>) -> Result<(), Error> {
        for id in circle.state.offers.clone() {
            if !self.kolo.offer(id).await?.state.is_alive() {
                circle.state.offers.retain(|open| *open != id);
            }
        }
        Ok(())
    }

    /// A member's list, without what has ended.
    async fn listed(&self, member: MemberId) -> Result<Loaded<OffersOf>, Error> {
        let found = self.kolo.load::<OffersOf>(member).await?;
        let mut list = found.unwrap_or_else(|| Loaded::fresh(&member, OffersOf::default()));
        for id in list.state.offers.clone() {
            if !self.kolo.offer(id).await?.state.is_alive() {
                list.state.offers.retain(|listed| *listed != id);
            }
        }
        Ok(list)
    }
}

/// What the maker was shown and has said yes to.
#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
enum Agreed {
    Turns(SwapTerms),
    /// For this price.
    Seat(#[serde(with = "crate::money::amount_serde")] Amount),
}

impl Agreed {
    const fn command(self) -> CommandName {
        match self {
            Self::Turns(_) => CommandName::OfferTurns,
            Self::Seat(_) => CommandName::OfferSeat,
        }
    }

    /// What the maker would pay; negative: get.
    fn pays(self) -> Result<Amount, Refusal> {
        match self {
            Self::Turns(agreed) => Ok(agreed.pays),
            Self::Seat(price) => Ok(Amount::ZERO.checked_sub(price)?),
        }
    }

    /// Nobody offers what they were not asked about: it is this, or nothing is offered.
    fn require(self, terms: Terms) -> Result<(), Refusal> {
        if let (Self::Turns(agreed), Terms::Turns { maker, taker, .. }) = (self, terms)
            && (agreed.now, agreed.turn) != (maker, taker)
        {
            return Err(Refusal::OtherTurn);
        }
        if self.pays()?.minor_units() == terms.maker_pays() {
            Ok(())
        } else {
            Err(Refusal::WrongAmount)
        }
    }
}

fn new_offer(
    circle: &Circle,
    changes: &Changes,
    id: OfferId,
    (maker, taker): (Party, Party),
    agreed: Agreed,
) -> Result<Offer, Error> {
    let now = changes.now();
    let mut expires_at = now.plus(OPEN_S);
    let terms = match agreed {
        Agreed::Turns(_) => circle.swap_terms(&maker.address, &taker.address, now)?,
        Agreed::Seat(_) => {
            let terms = circle.seat_terms(&maker.address, &taker.address, now)?;
            let until = circle.newcomer_until(&maker.address)?;
            expires_at = until.map_or(expires_at, |until| until.min(expires_at));
            terms
        }
    };
    agreed.require(terms)?;
    let (standing, hold) = (Standing::Open, None);
    Ok(Offer { id, circle: circle.id, maker, taker, terms, expires_at, standing, hold })
}

/// How long an offer is open, seconds: three days.
const OPEN_S: u64 = 72 * 3_600;
