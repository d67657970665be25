//! What can be offered now, by the rules: tried on the mirror, so that a plain "no" is an answer.
use kolo_rules::circle::{Effect, Motion, Replaced, Step, Swapped};
use kolo_rules::{Circle as Mirror, Refusal};

use super::state::{Offer, Party, Terms};
use crate::circle::sha256;
use crate::circle::state::Circle;
use crate::port::chain::ChainAddress;
use crate::{Error, Timestamp};

impl Circle {
    /// What changing turns comes to now.
    pub(super) fn swap_terms(
        &self,
        maker: &ChainAddress,
        taker: &ChainAddress,
        now: Timestamp,
    ) -> Result<Terms, Error> {
        let mirror = self.live_mirror()?;
        let (a, b) = (self.sits(maker)?, self.sits(taker)?);
        let (_, effect) =
            mirror.after(&self.rules()?, &Step::Swap { a, b }, &sha256, now.unix())?;
        let Effect::Swapped(Swapped { deposit, .. }) = effect else {
            return Err(Error::Refused(Refusal::NoSwap));
        };
        Ok(Terms::Turns {
            maker: turn(&mirror, a)?,
            taker: turn(&mirror, b)?,
            deposit: deposit.minor_units(),
        })
    }

    /// What taking a seat over comes to now. The members must have voted for this newcomer.
    pub(super) fn seat_terms(
        &self,
        leaver: &ChainAddress,
        newcomer: &ChainAddress,
        now: Timestamp,
    ) -> Result<Terms, Error> {
        let mirror = self.live_mirror()?;
        let seat = self.sits(leaver)?;
        if self.seat_of(newcomer).is_some() {
            return Err(Error::Refused(Refusal::AlreadyMember));
        }
        // First: of nobody but whom the members have agreed to is it told how the sale stands.
        if self.replacing(&mirror) != Some(newcomer) {
            return Err(Error::Refused(Refusal::NoProposal));
        }
        let (_, effect) =
            mirror.after(&self.rules()?, &Step::Replace { seat }, &sha256, now.unix())?;
        let Effect::Replaced(Replaced { price, deposit }) = effect else {
            return Err(Error::Refused(Refusal::NoProposal));
        };
        let whole = price.checked_add(deposit).map_err(Refusal::from)?;
        Ok(Terms::Seat { turn: turn(&mirror, seat)?, price: whole.minor_units() })
    }

    /// What the offer's terms would be if it were made now.
    pub(super) fn terms_now(&self, offer: &Offer, now: Timestamp) -> Result<Terms, Error> {
        let (maker, taker) = (&offer.maker.address, &offer.taker.address);
        match offer.terms {
            Terms::Turns { .. } => self.swap_terms(maker, taker, now),
            Terms::Seat { .. } => self.seat_terms(maker, taker, now),
        }
    }

    /// Whether it has come about, by who has which turn.
    pub(super) fn shows(&self, offer: &Offer) -> Result<bool, Error> {
        let mirror = self.mirror()?;
        let turn = |who: &Party| Some(mirror.seat(self.seat_of(&who.address)?)?.turn);
        let turns = (turn(&offer.maker), turn(&offer.taker));
        Ok(match offer.terms {
            Terms::Turns { maker, taker, .. } => turns == (Some(taker), Some(maker)),
            Terms::Seat { turn, .. } => turns == (None, Some(turn)),
        })
    }

    /// Until when the vote that lets a newcomer in can be made use of.
    pub(super) fn newcomer_until(&self, leaver: &ChainAddress) -> Result<Option<Timestamp>, Error> {
        let (mirror, seat) = (self.live_mirror()?, self.sits(leaver)?);
        let period = u64::from(self.rules()?.vote_period_s);
        let passed = mirror.open_proposals().find(|open| {
            open.motion == Motion::Replace && open.subject == seat && open.passed_at != 0
        });
        let end = passed.map(|passed| passed.passed_at.saturating_add(period));
        Ok(end.map(Timestamp::from_unix))
    }

    fn live_mirror(&self) -> Result<Box<Mirror>, Error> {
        self.require_live()?;
        self.mirror()
    }

    fn sits(&self, who: &ChainAddress) -> Result<u8, Error> {
        self.seat_of(who).ok_or(Error::Refused(Refusal::NotMember))
    }
}

fn turn(mirror: &Mirror, seat: u8) -> Result<u8, Error> {
    Ok(mirror.seat(seat).ok_or(Refusal::NotMember)?.turn)
}
