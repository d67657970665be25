//! What members can do with offers.
//!
//! An offer is made by one command and answered by another, of the two people, each under a key of
//! their own and each asked of the host.
use super::state::{Offer, OffersOf};
use super::view::OfferView;
use crate::record::Loaded;
use crate::{Error, Kolo, MemberId, OfferId};

/// See [`Kolo::offers`].
pub struct Offers {
    pub(super) kolo: Kolo,
}

impl Offers {
    pub(crate) fn new(kolo: Kolo) -> Self {
        Self { kolo }
    }

    /// The offers a member has made or may answer, as long as they can come about, oldest first.
    ///
    /// # Errors
    /// A port's failure.
    pub async fn of(&self, member: MemberId) -> Result<Vec<OfferView>, Error> {
        let Some(list) = self.kolo.load::<OffersOf>(member).await? else {
            return Ok(Vec::new());
        };
        let now = self.kolo.now();
        let mut views = Vec::new();
        for id in list.state.offers {
            let offer = self.kolo.offer(id).await?.state;
            // Its timer may be behind.
            if offer.is_alive() && (now <= offer.expires_at || offer.is_accepted()) {
                views.push(self.view(&offer, member).await?);
            }
        }
        Ok(views)
    }

    /// An offer, for one of the two, also after its end.
    ///
    /// # Errors
    /// [`Error::NoSuchOffer`] when there is none, and just so when it is between others.
    pub async fn get(&self, member: MemberId, offer: OfferId) -> Result<OfferView, Error> {
        let offer = self.kolo.offer(offer).await?.state;
        offer.party(member).ok_or(Error::NoSuchOffer)?;
        self.view(&offer, member).await
    }

    pub(super) async fn view(&self, offer: &Offer, reader: MemberId) -> Result<OfferView, Error> {
        Ok(OfferView {
            id: offer.id,
            circle: self.kolo.circle(offer.circle).await?.state.summary()?,
            maker: offer.maker.member,
            maker_name: offer.maker.name.clone(),
            taker: offer.taker.member,
            taker_name: offer.taker.name.clone(),
            mine: offer.maker.member == reader,
            terms: offer.terms_shown(),
            pays: kolo_rules::Amount::new(offer.pays(reader)),
            stage: offer.stage(),
            expires_at: offer.expires_at,
        })
    }
}

impl Kolo {
    pub(crate) async fn offer(&self, id: OfferId) -> Result<Loaded<Offer>, Error> {
        self.load(id).await?.ok_or(Error::NoSuchOffer)
    }
}
