//! What was sent just before a long outage, so that no history tells what became of it: the state its circle
//! was read from later does. Nothing waits for ever, nothing is sent twice.
use futures::executor::block_on;
use kolo_rules::Amount;
use kolo_rules::circle::{Security, Shortfall, Step};

use super::chain::{CONSENT_UNTIL, elsewhere};
use super::gap::settled;
use super::lives::{Life, UNIT};
use super::offers::Play;
use super::unread::{cannot_be_told, on_its_way};
use super::{DAY_S, EACH, asset};
use crate::circle::UnderWay;
use crate::offer::OfferStage;
use crate::port::chain::{ChainEffect, LatestLedger};
use crate::view::Options;
use crate::{CommandContext, Timestamp};

/// How long a transaction can be applied here, seconds.
const VALID_S: u64 = 120;

/// Longer than until a transaction that is not found is looked up again.
const LATER_S: u64 = 300;

impl Life {
    /// What is sent from now on can be applied for a while, and is not found.
    fn sends_into_silence(&self) {
        on_its_way(&self.world);
        let until = self.world.now().plus(VALID_S);
        self.world.chain.consents(|consents| consents.valid_until = Some(until));
    }

    /// Ada pays her first round, and is not answered.
    fn pays_into_silence(&self) -> UnderWay {
        self.sends_into_silence();
        let ctx = CommandContext::of_member(self.members[0].id, "pay");
        let paid = block_on(self.world.kolo.circles().contribute(&ctx, self.circle, 1, EACH));
        self.world.work();
        paid.unwrap()
    }

    /// All that happened is lost, and what is to be read is of this time.
    fn is_read_as_of(&self, closed_at: Timestamp) {
        self.world.chain.emit(self.world.now(), elsewhere());
        self.world.chain.lose_history();
        self.world.chain.emit(self.world.now(), elsewhere());
        self.is_at(closed_at);
        cannot_be_told(&self.world);
        self.world.work();
        self.world.pass(LATER_S);
        assert!(self.gaps()[0].filled_at.is_some());
    }

    fn is_at(&self, closed_at: Timestamp) {
        let latest = LatestLedger { sequence: self.world.chain.ledger(), closed_at };
        self.world.chain.consents(|consents| consents.latest = Some(latest));
    }

    /// Everything is lost, long after it could have been applied.
    fn wakes_up_late(&self) {
        self.world.clock.set(self.world.now().plus(DAY_S / 24));
        self.is_read_as_of(self.world.now());
    }

    fn is_over(&self, what: &UnderWay) -> bool {
        block_on(self.world.kolo.circles().is_settled(what.intent)).unwrap()
    }

    /// The chain answers again, and so to the next wish.
    fn goes_on(&self) {
        self.world.chain.fate(None);
        self.world.chain.consents(|consents| consents.valid_until = None);
        self.world.pass(LATER_S);
    }

    fn held(&self, who: usize) -> Amount {
        block_on(self.world.kolo.wallets().balance(self.members[who].id)).unwrap().pending_out
    }
}

fn pays_in(effect: &ChainEffect) -> bool {
    matches!(effect, ChainEffect::Contribute { .. })
}

fn proposes(effect: &ChainEffect) -> bool {
    matches!(effect, ChainEffect::Propose { .. })
}

#[test]
fn a_contribution_the_state_contains_is_over_and_keeps_nothing_waiting() {
    let life = Life::of_three();
    let paid = life.pays_into_silence();
    life.unheard(&Step::Contribute { seat: 0, round: 1, amount: EACH });
    life.wakes_up_late();
    assert!(life.is_over(&paid));
    life.all_agrees();
    assert_eq!(life.kinds(&life.members[0]).last().unwrap(), "contribution");
    // Her lane is free.
    life.goes_on();
    let ctx = CommandContext::of_member(life.members[0].id, "vote");
    block_on(life.world.kolo.circles().propose_dissolve(&ctx, life.circle)).unwrap();
    life.world.pass(LATER_S);
    assert_eq!((life.world.chain.count(proposes), life.world.chain.count(pays_in)), (1, 1));
}

#[test]
fn a_contribution_the_state_does_not_contain_is_given_back_and_can_be_paid() {
    let life = Life::of_three();
    let paid = life.pays_into_silence();
    life.unheard(&Step::Contribute { seat: 1, round: 1, amount: EACH });
    life.wakes_up_late();
    assert!(life.is_over(&paid));
    life.all_agrees();
    assert_eq!(life.balance(0), 100 * UNIT);
    assert_eq!(life.world.chain.count(pays_in), 1, "not sent again unasked");
    life.goes_on();
    let ctx = CommandContext::of_member(life.members[0].id, "pay again");
    block_on(life.world.kolo.circles().contribute(&ctx, life.circle, 1, EACH)).unwrap();
    life.world.work();
    life.unheard(&Step::Contribute { seat: 0, round: 1, amount: EACH });
    life.world.pass(LATER_S);
    life.all_agrees();
    assert_eq!(life.balance(0), 99 * UNIT);
}

/// A transaction that could still be applied after the state was read is not ended by it.
#[test]
fn state_of_before_the_end_of_its_time_ends_nothing() {
    let life = Life::of_three();
    let paid = life.pays_into_silence();
    let just_in_time = life.world.now().plus(VALID_S);
    life.is_read_as_of(just_in_time);
    assert!(!life.is_over(&paid));
    assert_eq!(life.held(0), EACH);
    // An operator has the circle read once more.
    life.is_at(just_in_time.plus(1));
    assert!(block_on(life.world.kolo.refill(life.circle)).unwrap());
    life.world.pass(LATER_S);
    assert!(life.is_over(&paid));
    life.all_agrees();
}

/// A deposit is of no round: nothing but its end gives the hold back, and a wallet with one is not compared.
#[test]
fn a_deposit_the_state_contains_is_given_back_and_found_in_the_wallet() {
    let options = Options { security: Security::Exposure, ..Options::default() };
    let life = Life::full(&["Ada", "Bola", "Chidi"], Shortfall::ShortPot, options);
    life.world.chain.let_compare();
    let ada = life.members[0].clone();
    let circles = life.world.kolo.circles();
    let amount = block_on(circles.entry_due(ada.id, life.circle)).unwrap().amount;
    life.sends_into_silence();
    let ctx = CommandContext::of_member(ada.id, "secure");
    let secured = block_on(circles.secure(&ctx, life.circle, amount)).unwrap();
    life.world.work();
    life.unheard(&Step::Secure { seat: 0, amount });
    life.wakes_up_late();
    assert!(life.is_over(&secured));
    assert_eq!(life.held(0), Amount::ZERO);
    life.all_agrees();
    assert_eq!(life.kinds(&ada).last().unwrap(), "gap");
    // And what comes without an event is credited again.
    life.world.chain.silence(true);
    life.world.chain.fund(life.world.now(), &ada.address, &asset(), EACH);
    life.world.pass(LATER_S);
    assert_eq!(settled(&life.world, &ada), life.balance(0));
    life.all_agrees();
}

#[test]
fn a_swap_is_what_the_turns_say() {
    for came_about in [true, false] {
        let play = Play::new(Security::Exposure);
        let life = &play.life;
        life.world.chain.let_compare();
        let offer = play.swap(0, 2).unwrap();
        life.sends_into_silence();
        let hash = Some(offer.circle.rules_hash);
        let accepted = block_on(play.offers().accept(&play.ctx(2), offer.id, hash)).unwrap();
        life.world.work();
        if came_about {
            life.unheard(&Step::Swap { a: 0, b: 2 });
        }
        while life.world.chain.ledger() <= CONSENT_UNTIL {
            life.world.chain.emit(life.world.now(), elsewhere());
        }
        life.wakes_up_late();
        assert!(life.is_over(&accepted));
        let stage = play.stage(offer.id);
        assert_eq!(stage == OfferStage::Done, came_about, "{stage:?}");
        assert_eq!(matches!(stage, OfferStage::Ended(_)), !came_about, "{stage:?}");
        life.all_agrees();
    }
}
