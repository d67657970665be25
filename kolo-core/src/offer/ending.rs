//! How offers end: by a word, by time, by what happens on the chain.
use kolo_rules::{Amount, Refusal};

use super::service::Offers;
use super::state::{Offer, Standing, Terms};
use super::taking::payment_key;
use super::view::{OfferEnd, OfferKind};
use crate::circle::state::Circle;
use crate::intent::state::Intent;
use crate::notice::{Notice, Reason};
use crate::port::chain::{ChainAddress, CircleChainEvent};
use crate::port::ledger::{IndexWrite, Resolution};
use crate::port::work::{ClaimedWork, Release};
use crate::record::Loaded;
use crate::unit::{Changes, Command, queue};
use crate::worker::timers::Timer;
use crate::{Error, Kolo, MemberId, OfferId};

impl Offers {
    /// To its taker.
    pub(super) fn tell_made(
        &self,
        changes: &mut Changes,
        circle: &Circle,
        offer: &Offer,
    ) -> Result<(), Error> {
        let (now, turn) = match offer.terms {
            Terms::Turns { maker, taker, .. } => (taker, maker),
            Terms::Seat { turn, .. } => (0, turn),
        };
        let made = Notice::OfferMade {
            circle: circle.id,
            name: circle.name.clone(),
            offer: offer.id,
            kind: offer.kind(),
            who: offer.maker.name.clone(),
            now,
            turn,
            pays: offer.pays(offer.taker.member),
            expires_at: offer.expires_at,
        };
        changes.notice(offer.taker.member, "offer", made)
    }
}

impl Changes {
    /// Ends an offer nothing comes of, and tells whoever has not ended it.
    pub(super) fn end_offer(
        &mut self,
        circle: &Circle,
        offer: &mut Loaded<Offer>,
        why: OfferEnd,
    ) -> Result<(), Error> {
        offer.state.standing = Standing::Ended(why);
        self.write(offer)?;
        self.event(&offer.id, "offer.ended", &why)?;
        let (maker, taker) = (offer.state.maker.member, offer.state.taker.member);
        let told = match why {
            OfferEnd::Declined => vec![maker],
            OfferEnd::Withdrawn => vec![taker],
            _ => vec![maker, taker],
        };
        for reader in told {
            let ended = Notice::OfferEnded {
                circle: circle.id,
                name: circle.name.clone(),
                kind: offer.state.kind(),
                who: offer.state.other(reader).name.clone(),
                mine: reader == maker,
                why,
            };
            // Several may end with one event.
            self.notice(reader, &format!("offer-ended/{}", offer.state.id), ended)?;
        }
        Ok(())
    }

    /// The chain has done what both consented to. What one pays the other is booked from its own event, so a
    /// hold that is still there is given back.
    fn complete_offer(&mut self, offer: &mut Loaded<Offer>) -> Result<(), Error> {
        self.release_offer(&mut offer.state);
        offer.state.standing = Standing::Done;
        self.write(offer)?;
        self.event(&offer.id, "offer.done", &offer.state.id)
    }

    /// Gives the hold back that no payment has settled.
    fn release_offer(&mut self, offer: &mut Offer) {
        let Some(entry) = offer.hold.take() else {
            return;
        };
        let effective_at = self.now();
        let (settle, chain_tx) = (false, None);
        self.set.resolutions.push(Resolution { entry, settle, chain_tx, effective_at });
        self.free_payment(offer);
    }

    fn free_payment(&mut self, offer: &Offer) {
        if let Some(payment) = offer.payment() {
            let key = payment_key(payment.payer.member, payment.payee.member);
            self.set.index.push(IndexWrite::Release(key));
        }
    }
}

impl Kolo {
    pub(super) fn schedule_offer_end(
        &self,
        changes: &mut Changes,
        offer: &Offer,
    ) -> Result<(), Error> {
        let id = format!("offer-end/{}", offer.id);
        let due = offer.expires_at.plus(1);
        changes.enqueue(queue::TIMER, id, None, due, &Timer::OfferEnd { offer: offer.id })
    }

    /// Nobody has answered.
    pub(crate) async fn offer_timer(
        &self,
        work: &ClaimedWork,
        offer: OfferId,
    ) -> Result<(), Error> {
        let ctx = self.timer_context(work);
        let mut command =
            Command::begin(self, &ctx, "timer.offer", &offer).await?.consuming(&work.lease);
        loop {
            let mut found = self.offer(offer).await?;
            if found.state.standing != Standing::Open {
                return Ok(self.ports().queue.release(&work.lease, Release::Done).await?);
            }
            let circle = self.circle(found.state.circle).await?.state;
            let mut changes = command.changes();
            changes.end_offer(&circle, &mut found, OfferEnd::Expired)?;
            if command.commit(changes, ()).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// What an event of the circle makes of its offers: one has come about, others cannot any more.
    pub(crate) async fn follow_offers(
        &self,
        changes: &mut Changes,
        circle: &mut Circle,
        what: &CircleChainEvent,
    ) -> Result<(), Error> {
        for id in circle.offers.clone() {
            let offer = self.offer(id).await?;
            let done = came_about(&offer.state, what);
            self.sort_offer(changes, circle, offer, done).await?;
        }
        Ok(())
    }

    /// What a gap in history leaves of them: what both have had brought about is done, what cannot come about
    /// any more is void. What one paid the other is no circle's: its own event says so, or the comparison of
    /// wallets finds it. So the hold is given back.
    pub(crate) async fn offers_after_gap(
        &self,
        changes: &mut Changes,
        circle: &mut Circle,
    ) -> Result<(), Error> {
        for id in circle.offers.clone() {
            let offer = self.offer(id).await?;
            let done = offer.state.is_alive()
                && self.is_contained(changes, &offer.state, circle.filled_to).await?;
            self.sort_offer(changes, circle, offer, done).await?;
        }
        Ok(())
    }

    /// Ends an offer that has come about, or cannot any more.
    async fn sort_offer(
        &self,
        changes: &mut Changes,
        circle: &mut Circle,
        mut offer: Loaded<Offer>,
        done: bool,
    ) -> Result<(), Error> {
        let id = offer.state.id;
        if !offer.state.is_alive() {
            // Only its place in the list is left.
        } else if done {
            changes.complete_offer(&mut offer)?;
        } else if offer.state.is_accepted() || self.still_holds(circle, &offer.state)? {
            return Ok(());
        } else {
            changes.end_offer(circle, &mut offer, OfferEnd::Void)?;
        }
        circle.offers.retain(|open| *open != id);
        Ok(())
    }

    /// A circle of other code brings nothing about: what is not on its way is void. What is, gives its hold
    /// back at its end; what it pays, the asset's events say.
    pub(crate) async fn offers_are_void(
        &self,
        changes: &mut Changes,
        circle: &mut Circle,
    ) -> Result<(), Error> {
        for id in circle.offers.clone() {
            let mut offer = self.offer(id).await?;
            if let Standing::Accepted(intent) = offer.state.standing
                && let Some(intent) = self.load::<Intent>(intent).await?
                && !intent.state.is_final()
            {
                changes.hold_still(&intent)?;
                continue;
            }
            if offer.state.is_alive() {
                changes.release_offer(&mut offer.state);
                changes.end_offer(circle, &mut offer, OfferEnd::Void)?;
            }
            circle.offers.retain(|open| *open != id);
        }
        Ok(())
    }

    /// Whether the state that was read contains what both consented to.
    async fn is_contained(
        &self,
        changes: &mut Changes,
        offer: &Offer,
        read_at: u32,
    ) -> Result<bool, Error> {
        let Standing::Accepted(intent) = offer.standing else { return Ok(false) };
        let Some(intent) = self.load::<Intent>(intent).await? else { return Ok(false) };
        changes.hold_still(&intent)?;
        Ok(intent.state.is_done_by(read_at))
    }

    /// The chain has done what both consented to; where the state its circle was read from contains that,
    /// no event will say so.
    pub(crate) async fn offer_contained(
        &self,
        changes: &mut Changes,
        id: OfferId,
        ledger: u32,
    ) -> Result<(), Error> {
        let mut offer = self.offer(id).await?;
        let mut circle = self.circle(offer.state.circle).await?;
        if !offer.state.is_accepted() || !circle.state.is_past(ledger) {
            return Ok(());
        }
        changes.complete_offer(&mut offer)?;
        circle.state.offers.retain(|open| *open != id);
        changes.write(&circle)
    }

    /// What became of what both consented to is known from the circle's state alone.
    pub(crate) async fn offer_overtaken(
        &self,
        changes: &mut Changes,
        id: OfferId,
    ) -> Result<(), Error> {
        let offer = self.offer(id).await?.state;
        if self.circle(offer.circle).await?.state.shows(&offer)? {
            return self.offer_contained(changes, id, 0).await;
        }
        self.offer_refused(changes, id, Reason::Technical).await
    }

    /// What passes (a payment that is late, a credit on its way) makes nothing void.
    fn still_holds(&self, circle: &Circle, offer: &Offer) -> Result<bool, Error> {
        match circle.terms_now(offer, self.now()) {
            Ok(terms) => Ok(terms == offer.terms),
            Err(Error::Refused(Refusal::InArrears | Refusal::CreditWaiting)) => Ok(true),
            Err(Error::Refused(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The chain has refused what both consented to.
    pub(crate) async fn offer_refused(
        &self,
        changes: &mut Changes,
        offer: OfferId,
        reason: Reason,
    ) -> Result<(), Error> {
        let mut found = self.offer(offer).await?;
        if !found.state.is_accepted() {
            return Ok(());
        }
        let name = self.circle(found.state.circle).await?.state.name;
        changes.release_offer(&mut found.state);
        found.state.standing = Standing::Ended(OfferEnd::Failed);
        changes.write(&found)?;
        changes.event(&found.id, "offer.ended", &OfferEnd::Failed)?;
        for party in [&found.state.maker, &found.state.taker] {
            let failed = Notice::RequestFailed { name: name.clone(), reason };
            changes.notice(party.member, "failed", failed)?;
        }
        Ok(())
    }

    /// Settles the hold a payment between two people was waited for with; `false` when there is none.
    pub(crate) async fn settle_offer(
        &self,
        changes: &mut Changes,
        (payer, payee): (MemberId, MemberId),
        amount: Amount,
        resolution: impl FnOnce(String) -> Resolution + Send,
    ) -> Result<bool, Error> {
        let key = payment_key(payer, payee);
        let Some(id) = self.find(&key.index, &key.value).await? else {
            return Ok(false);
        };
        let id: OfferId = id.parse().map_err(|_| Error::NoSuchOffer)?;
        let mut offer = self.offer(id).await?;
        let is_it = offer.state.payment().is_some_and(|payment| payment.amount == amount);
        let Some(hold) = offer.state.hold.take_if(|_| is_it) else {
            return Ok(false);
        };
        changes.set.resolutions.push(resolution(hold));
        changes.free_payment(&offer.state);
        changes.write(&offer)?;
        Ok(true)
    }
}

/// Whether the event says that what was offered has happened, by us or without us.
fn came_about(offer: &Offer, what: &CircleChainEvent) -> bool {
    use CircleChainEvent as E;
    let (maker, taker) = (&offer.maker.address, &offer.taker.address);
    let are = |a: &ChainAddress, b: &ChainAddress| a == maker && b == taker;
    match (offer.kind(), what) {
        (OfferKind::Turns, E::TurnsSwapped { a, b, .. }) => are(a, b) || are(b, a),
        (OfferKind::Seat, E::SeatSold { leaver, newcomer, .. }) => are(leaver, newcomer),
        _ => false,
    }
}
