//! The consent of the one who does not send it: short, one at a time, and used again rather than asked anew.
use futures::executor::block_on;
use kolo_rules::circle::Security;

use super::chain::{CONSENT_UNTIL, MAX_TIME};
use super::offers::Play;
use crate::CommandContext;
use crate::offer::{OfferEnd, OfferStage, OfferView};
use crate::port::chain::{Fate, LatestLedger};
use crate::port::ledger::{AggregateId, AggregateWrite};
use crate::unit::Command;

/// Ada has offered Chidi to change turns.
fn offered() -> (Play, OfferView) {
    let play = Play::new(Security::Exposure);
    let offer = play.swap(0, 2).unwrap();
    (play, offer)
}

impl Play {
    fn accepts(&self, offer: &OfferView) {
        block_on(self.offers().accept(&self.ctx(2), offer.id, None)).unwrap();
    }

    /// What has been signed apart from a transaction, as often as it was.
    fn signed(&self) -> Vec<Vec<u8>> {
        self.life.world.chain.consents(|consents| consents.signed.clone())
    }

    fn different(&self) -> usize {
        let mut signed = self.signed();
        signed.sort_unstable();
        signed.dedup();
        signed.len()
    }
}

/// The first transaction came too late; but whoever has Ada's consent could still put it into another one,
/// until its last ledger has closed.
#[test]
fn nothing_is_built_anew_while_a_consent_is_good() {
    let play = Play::new(Security::Exposure);
    let offer = play.swap(0, 2).unwrap();
    let lost = |latest_ledger| Fate::NotFound {
        latest_closed_at: MAX_TIME.plus(1),
        latest_ledger,
        history_covers: true,
        source_sequence: None,
    };
    play.life.world.chain.fate(Some(lost(CONSENT_UNTIL)));
    block_on(play.offers().accept(&play.ctx(2), offer.id, None)).unwrap();
    play.life.world.pass(600);
    assert_eq!(play.wanted(), 1);
    play.life.world.chain.fate(Some(lost(CONSENT_UNTIL + 1)));
    play.life.world.pass(60);
    assert!(play.wanted() > 1, "the first one is impossible now, and its consent as well");
}

/// A node has been given the consent, and then the call fails: who has it could use it.
#[test]
fn a_consent_given_before_a_failure_is_used_again() {
    let (play, offer) = offered();
    play.life.world.chain.consents(|consents| consents.fail = true);
    play.accepts(&offer);
    play.life.world.pass(300);
    assert!(play.signed().len() > 1, "it was tried again");
    assert_eq!(play.different(), 1);
    play.life.world.chain.consents(|consents| consents.fail = false);
    play.life.world.pass(60);
    play.life.settle();
    assert_eq!((play.different(), play.wanted()), (1, 1));
    assert_eq!(play.turns(), [3, 2, 1]);
    play.wallets_agree();
}

#[test]
fn another_consent_is_asked_for_when_the_first_is_over() {
    let (play, offer) = offered();
    let world = &play.life.world;
    let until = world.now().plus(300);
    world.chain.consents(|consents| {
        consents.fail = true;
        consents.valid_until = Some(until);
    });
    play.accepts(&offer);
    world.pass(600);
    assert_eq!(play.different(), 1, "the chain's clock is not that far");
    let latest = |sequence| {
        let closed_at = until.plus(1);
        world.chain.consents(|there| there.latest = Some(LatestLedger { sequence, closed_at }));
    };
    latest(CONSENT_UNTIL);
    world.pass(120);
    assert_eq!(play.different(), 1, "it could still be used");
    // No chain gets so far in that time: the node lies, so that another one is signed.
    latest(1_000_000);
    world.pass(120);
    assert_eq!(play.different(), 1, "who says so?");
    world.chain.consents(|consents| {
        consents.fail = false;
        consents.valid_until = None;
    });
    latest(CONSENT_UNTIL + 1);
    world.pass(120);
    assert_eq!(play.different(), 2);
    assert_eq!(play.stage(offer.id), OfferStage::Accepted, "and is on its way");
}

/// A node from the future: what it would have signed is good for months.
#[test]
fn nothing_is_signed_for_longer_than_we_know_of() {
    let (play, offer) = offered();
    play.life.world.chain.consents(|consents| consents.ahead = 1_000_000);
    play.accepts(&offer);
    play.life.world.pass(3_600);
    assert_eq!(play.signed(), Vec::<Vec<u8>>::new());
    assert_eq!(play.stage(offer.id), OfferStage::Ended(OfferEnd::Failed));
    play.wallets_agree();
}

/// As an older version left it: with a cursor, and no word on how far the chain had come.
fn forget_what_was_seen(play: &Play) {
    let kolo = &play.life.world.kolo;
    let follower = AggregateId { kind: "follower".to_owned(), id: "main".to_owned() };
    let found = block_on(kolo.ports().ledger.load(kolo.tenant(), &[follower])).unwrap();
    let mut found = found.into_iter().next().flatten().unwrap();
    let mut state: serde_json::Value = serde_json::from_slice(&found.state.bytes).unwrap();
    assert!(state.as_object_mut().unwrap().remove("seen").is_some());
    found.state.bytes = serde_json::to_vec(&state).unwrap();
    let ctx = CommandContext::of_system("an older version");
    let mut command = block_on(Command::begin(kolo, &ctx, "test", &0)).unwrap();
    let mut changes = command.changes();
    let write = AggregateWrite { id: found.id, expected: found.version, state: found.state };
    changes.set.aggregates.push(write);
    block_on(command.commit(changes, ())).unwrap().unwrap();
}

#[test]
fn after_an_update_calls_of_two_wait_for_the_next_event() {
    let (play, offer) = offered();
    let world = &play.life.world;
    forget_what_was_seen(&play);
    play.accepts(&offer);
    world.pass(1_800);
    assert_eq!(play.signed(), Vec::<Vec<u8>>::new(), "how far the chain is nobody knows");
    assert_eq!(play.stage(offer.id), OfferStage::Accepted, "but that passes");
    world.chain.emit(world.now(), super::chain::elsewhere());
    world.pass(60);
    play.life.settle();
    assert_eq!((play.different(), play.turns()), (1, [3, 2, 1]));
    play.wallets_agree();
}
