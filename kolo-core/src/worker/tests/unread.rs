//! Gaps that are filled with trouble: a contract nobody can read, a node that lags behind or fails in
//! the middle, a payment that was on its way meanwhile. None of it stops the follower or is booked wrongly.
use futures::executor::block_on;
use kolo_rules::Amount;
use kolo_rules::circle::{Security, Shortfall, Step};

use super::chain::{MAX_TIME, Reading, elsewhere};
use super::contract::Contract;
use super::gap::{rewrite_follower, set_back, settled, silent};
use super::lives::{Life, UNIT};
use super::offers::Play;
use super::unbooked::balanced;
use super::{DAY_S, EACH, World, asset};
use crate::events::EventKind;
use crate::offer::OfferStage;
use crate::port::chain::{ChainEventBody, CircleChainEvent, Fate, LatestLedger};
use crate::view::{MemberView, Options};
use crate::{CircleId, CommandContext, Settings, Timestamp};

/// Longer than until what could not be read is read again.
const LATER_S: u64 = 900;

/// A circle of three of which a contribution is lost, its contract being read like this.
fn unread(reading: Reading) -> Life {
    let life = Life::of_three();
    life.unheard(&Step::Contribute { seat: 0, round: 1, amount: EACH });
    life.world.chain.reading(Some(reading));
    life.loses_history();
    life
}

impl Life {
    /// What is wanted is sent and confirmed, while what is lost cannot be filled yet.
    fn works_without_hearing(&self) {
        self.world.chain.reading(Some(Reading::Impossible));
        self.world.work();
        self.world.chain.reading(None);
        assert!(self.gaps().iter().all(|gap| gap.filled_at.is_none()));
    }
}

/// Nothing of it is known yet: it was sent, and no node has seen it.
pub(super) fn on_its_way(world: &World) {
    let latest_closed_at = Timestamp::from_unix(1);
    let fate = Fate::NotFound {
        latest_closed_at,
        latest_ledger: 1,
        history_covers: true,
        source_sequence: None,
    };
    world.chain.fate(Some(fate));
}

/// No transaction can be applied any more, and whether one was is in no history: its number is used.
pub(super) fn cannot_be_told(world: &World) {
    let fate = Fate::NotFound {
        latest_closed_at: MAX_TIME.plus(1),
        latest_ledger: world.chain.ledger(),
        history_covers: false,
        source_sequence: Some(1),
    };
    world.chain.fate(Some(fate));
}

#[test]
fn a_contract_that_cannot_be_read_holds_nothing_up_and_is_read_later() {
    for reading in [Reading::Garbage, Reading::Corrupt, Reading::Nothing, Reading::Over] {
        let life = unread(reading);
        let gaps = life.gaps();
        assert_eq!(gaps[0].unread, [life.circle], "{reading:?}");
        let through = block_on(life.world.kolo.following()).unwrap().through;
        assert!(through > gaps[0].lost.to, "{reading:?}: {through}");
        life.world.chain.reading(None);
        life.world.pass(LATER_S);
        let gaps = life.gaps();
        assert_eq!(
            (gaps[0].unread.as_slice(), gaps[0].circles.as_slice()),
            (&[][..], &[life.circle][..])
        );
        life.all_agrees();
    }
}

#[test]
fn figures_no_books_have_room_for_hold_nothing_up() {
    let life = Life::of_three();
    life.unheard(&Step::Contribute { seat: 0, round: 1, amount: EACH });
    life.world.chain.contract(&life.address, |there| {
        there.state.reserve = Amount::new(i64::MAX);
        there.state.fund = Amount::new(i64::MAX);
    });
    life.loses_history();
    assert_eq!(life.gaps()[0].unread, [life.circle]);
    assert!(life.gaps()[0].filled_at.is_some());
}

#[test]
fn an_operator_has_a_circle_read_when_they_like() {
    let life = unread(Reading::Garbage);
    assert!(!block_on(life.world.kolo.refill(life.circle)).unwrap());
    assert_eq!(life.gaps()[0].unread, [life.circle]);
    life.world.chain.reading(None);
    assert!(block_on(life.world.kolo.refill(life.circle)).unwrap());
    assert_eq!(life.gaps()[0].unread, []);
    life.world.pass(120);
    life.all_agrees();
    assert!(block_on(life.world.kolo.refill(life.circle)).unwrap(), "as often as they like");
    life.all_agrees();
}

#[test]
fn state_older_than_the_books_is_not_taken() {
    let life = unread(Reading::Nothing);
    life.world.chain.reading(Some(Reading::Of(life.gaps()[0].lost.to)));
    life.world.pass(LATER_S);
    assert_eq!(life.gaps()[0].unread, [life.circle]);
    assert!(block_on(life.world.kolo.refill(life.circle)).is_err());
    life.world.chain.reading(None);
    life.world.pass(LATER_S);
    assert_eq!(life.gaps()[0].unread, []);
    life.all_agrees();
}

/// Another process moved the cursor while it was to be kept how far a circle was read.
#[test]
fn state_older_than_the_last_that_was_read_is_not_taken() {
    let life = Life::of_three();
    let ledger = life.world.chain.ledger();
    let read = |ledger: u32| {
        life.world.chain.reading(Some(Reading::Of(ledger)));
        block_on(life.world.kolo.refill(life.circle))
    };
    assert!(read(ledger + 9).unwrap());
    rewrite_follower(&life.world, "lost", |state| state["read_to"] = 0.into());
    assert!(read(ledger + 8).is_err());
    assert!(read(ledger + 9).unwrap());
}

#[test]
fn what_a_circle_moved_while_it_was_not_understood_is_found_in_the_wallets() {
    let settings = Settings { compare_wallets_s: 0, ..Settings::default() };
    let names = ["Ada", "Bola", "Chidi"];
    let options = Options { order: kolo_rules::circle::Order::Join, ..Options::default() };
    for asked in [true, false] {
        let world = World::with(settings.clone());
        let life = Life::forming_in(world, &names, 3, Shortfall::ShortPot, options);
        for member in &life.members[1..] {
            life.chain(|contract, now| contract.join(&member.address, now)).unwrap();
        }
        life.world.chain.let_compare();
        for seat in 0..3 {
            life.unheard(&Step::Contribute { seat, round: 1, amount: EACH });
        }
        life.world.chain.reading(Some(Reading::Garbage));
        life.loses_history();
        // Here nobody has paid, and a pot goes out.
        life.world.clock.set(life.world.now().plus(8 * DAY_S));
        life.unheard(&Step::Payout { round: 1 });
        life.world.pass(60);
        assert_ne!(settled(&life.world, &life.members[0]), life.balance(0));
        life.world.chain.reading(None);
        if asked {
            assert!(block_on(life.world.kolo.refill(life.circle)).unwrap());
        }
        life.world.pass(LATER_S);
        life.all_agrees();
    }
}

/// A pot goes out of a circle that nobody can read, in a world where wallets are not compared otherwise.
fn pays_unread() -> Life {
    let settings = Settings { compare_wallets_s: 0, ..Settings::default() };
    let names = ["Ada", "Bola", "Chidi"];
    let options = Options { order: kolo_rules::circle::Order::Join, ..Options::default() };
    let life = Life::forming_in(World::with(settings), &names, 3, Shortfall::ShortPot, options);
    for member in &life.members[1..] {
        life.chain(|contract, now| contract.join(&member.address, now)).unwrap();
    }
    life.world.chain.let_compare();
    for seat in 0..3 {
        life.unheard(&Step::Contribute { seat, round: 1, amount: EACH });
    }
    life.world.chain.reading(Some(Reading::Garbage));
    life.loses_history();
    life.world.clock.set(life.world.now().plus(8 * DAY_S));
    life.unheard(&Step::Payout { round: 1 });
    life.world.pass(60);
    assert_ne!(settled(&life.world, &life.members[0]), life.balance(0));
    life
}

/// It never is read, for it says that it has other code.
#[test]
fn what_a_circle_moved_before_it_took_other_code_is_found_in_the_wallets() {
    let life = pays_unread();
    life.world.emit(life.circle, CircleChainEvent::Upgraded { wasm: [13; 32] });
    life.world.pass(LATER_S);
    for (who, member) in life.members.iter().enumerate() {
        assert_eq!(settled(&life.world, member), life.balance(who), "{}", member.name);
    }
    balanced(&life.world);
}

/// The process ends between reading the circle and everything that follows from it.
#[test]
fn what_a_circle_moved_is_found_also_when_nothing_else_comes_of_reading_it() {
    let life = pays_unread();
    life.world.chain.reading(None);
    block_on(life.world.kolo.fill_unread(0, 0)).unwrap();
    assert_eq!(life.gaps()[0].unread, []);
    rewrite_follower(&life.world, "ended", |state| state["unread_at"] = ().into());
    life.world.pass(120);
    life.all_agrees();
}

/// Its node was asked too early; by the time it is done no gap lists the circle any more.
#[test]
fn a_process_that_could_not_read_a_circle_undoes_no_other_that_could() {
    let life = unread(Reading::Nothing);
    let wanted = life.gaps()[0].lost.to + 1;
    life.world.chain.reading(None);
    life.world.pass(LATER_S);
    assert_eq!(life.gaps()[0].unread, []);
    block_on(life.world.kolo.wait_with_it(life.circle, wanted)).unwrap();
    life.contributes(1, 1);
    life.all_agrees();
}

#[test]
fn a_node_that_has_not_come_so_far_is_not_believed_that_a_circle_is_not_there() {
    let life = Life::of_three();
    life.unheard(&Step::Contribute { seat: 0, round: 1, amount: EACH });
    let closed_at = Timestamp::from_unix(1);
    let behind = LatestLedger { sequence: 1, closed_at };
    life.world.chain.consents(|consents| consents.latest = Some(behind));
    life.world.chain.reading(Some(Reading::Nothing));
    life.loses_history();
    assert_eq!(life.gaps()[0].filled_at, None);
    life.world.chain.consents(|consents| consents.latest = None);
    life.world.chain.reading(None);
    life.world.pass(120);
    assert_eq!(life.gaps()[0].unread, []);
    life.all_agrees();
}

/// A circle whose organiser sits in it, with its contract.
fn deployed(world: &World, ada: &MemberView, key: &str) -> CircleId {
    let circle = world.create(ada, key);
    world.work();
    let (address, now) = (world.address(circle), world.now());
    let rules = block_on(world.kolo.circles().status(circle)).unwrap().summary.rules;
    world.chain.deploy(Contract::new(address.clone(), rules));
    let organiser = ada.address.clone();
    let created = ChainEventBody::GroupCreated { circle: address.clone(), organiser, rules };
    world.chain.emit(now, created);
    world
        .chain
        .call(now, &address, &asset(), |there| there.join(&ada.address, now.unix()))
        .unwrap();
    world.work();
    circle
}

#[test]
fn a_gap_is_filled_however_often_the_node_fails_in_the_middle() {
    let world = World::new();
    world.chain.let_compare();
    let ada = world.member("Ada");
    for key in ["one", "two", "three", "four"] {
        deployed(&world, &ada, key);
    }
    world.chain.emit(world.now(), elsewhere());
    world.chain.lose_history();
    world.chain.emit(world.now(), elsewhere());
    let filled =
        || block_on(world.kolo.following()).unwrap().gaps.iter().any(|gap| gap.filled_at.is_some());
    for last in [false, false, false, true] {
        assert!(!filled());
        // One circle more each time.
        world.chain.fail_after(1);
        assert_eq!(block_on(world.kolo.follow()).is_ok(), last);
    }
    assert!(filled());
}

#[test]
fn a_deposit_that_was_on_its_way_during_a_gap_leaves_no_hold() {
    let options = Options { security: Security::Exposure, ..Options::default() };
    let life = Life::full(&["Ada", "Bola", "Chidi"], Shortfall::ShortPot, options);
    life.world.chain.let_compare();
    let (circle, ada) = (life.circle, life.members[0].id);
    let circles = life.world.kolo.circles();
    let amount = block_on(circles.entry_due(ada, circle)).unwrap().amount;
    on_its_way(&life.world);
    let ctx = CommandContext::of_member(ada, "secure");
    block_on(circles.secure(&ctx, circle, amount)).unwrap();
    life.world.work();
    life.unheard(&Step::Secure { seat: 0, amount });
    let ledger = life.world.chain.ledger();
    life.loses_history();
    let held = || block_on(life.world.kolo.wallets().balance(ada)).unwrap().pending_out;
    assert_eq!(held(), amount);

    // The node finds it now.
    let closed_at = life.world.now();
    life.world.chain.fate(Some(Fate::Confirmed { ledger, closed_at, fee: 1 }));
    life.world.pass(DAY_S / 24);
    life.all_agrees();
    assert_eq!(life.balance(0), 100 * UNIT - amount.minor_units());
    assert_eq!(life.kinds(&life.members[0]).last().unwrap(), "gap");
}

#[test]
fn a_swap_that_was_on_its_way_during_a_gap_leaves_no_hold() {
    let play = Play::new(Security::Exposure);
    let life = &play.life;
    life.world.chain.let_compare();
    let offer = play.swap(0, 2).unwrap();
    on_its_way(&life.world);
    let ctx = play.ctx(2);
    let hash = Some(offer.circle.rules_hash);
    block_on(play.offers().accept(&ctx, offer.id, hash)).unwrap();
    life.world.work();
    life.unheard(&Step::Swap { a: 0, b: 2 });
    let ledger = life.world.chain.ledger();
    life.loses_history();
    assert_eq!(play.stage(offer.id), OfferStage::Accepted);

    let closed_at = life.world.now();
    life.world.chain.fate(Some(Fate::Confirmed { ledger, closed_at, fee: 1 }));
    life.world.pass(DAY_S / 24);
    assert_eq!(play.stage(offer.id), OfferStage::Done);
    life.all_agrees();
}

/// A swap of which the chain has said that it came about, while what it moved is still to be told.
#[test]
fn a_swap_that_was_confirmed_when_a_gap_was_filled_is_paid_once() {
    let play = Play::new(Security::Exposure);
    let life = &play.life;
    life.world.chain.let_compare();
    let offer = play.swap(0, 2).unwrap();
    // Lost, before that.
    life.unheard(&Step::Contribute { seat: 1, round: 1, amount: EACH });
    life.world.chain.lose_history();
    let (ctx, hash) = (play.ctx(2), Some(offer.circle.rules_hash));
    block_on(play.offers().accept(&ctx, offer.id, hash)).unwrap();
    life.works_without_hearing();
    life.unheard(&Step::Swap { a: 0, b: 2 });
    life.world.work();
    life.world.pass(120);
    assert_eq!(play.stage(offer.id), OfferStage::Done);
    life.all_agrees();
    assert_eq!([0, 2].map(|who| life.balance(who)), [100 * UNIT, 98 * UNIT]);
    let told = life.kinds(&life.members[2]);
    assert!(!told.contains(&"gap".to_owned()), "nothing had to be put right: {told:?}");
}

/// Two nodes: the one that knows the ledger of a payment is ahead of the one a circle is read from.
#[test]
fn what_was_confirmed_later_than_the_state_that_is_read_is_left_to_its_event() {
    let play = Play::new(Security::Exposure);
    let life = &play.life;
    life.world.chain.let_compare();
    let offer = play.swap(0, 2).unwrap();
    life.unheard(&Step::Contribute { seat: 1, round: 1, amount: EACH });
    life.world.chain.lose_history();
    life.world.chain.emit(life.world.now(), elsewhere());
    let ledger = life.world.chain.ledger() + 1;
    let closed_at = life.world.now();
    life.world.chain.fate(Some(Fate::Confirmed { ledger, closed_at, fee: 1 }));
    let (ctx, hash) = (play.ctx(2), Some(offer.circle.rules_hash));
    block_on(play.offers().accept(&ctx, offer.id, hash)).unwrap();
    let ctx = play.ctx(0);
    let circles = life.world.kolo.circles();
    block_on(circles.contribute(&ctx, life.circle, 1, EACH)).unwrap();
    life.works_without_hearing();
    life.world.work();
    assert!(life.gaps()[0].filled_at.is_some());
    let held = |who: usize| {
        let balance = block_on(life.world.kolo.wallets().balance(life.members[who].id)).unwrap();
        balance.pending_out
    };
    assert_eq!([0, 2].map(held), [EACH, Amount::new(2 * UNIT)], "neither has arrived");
    assert_eq!(play.stage(offer.id), OfferStage::Accepted);

    life.unheard(&Step::Swap { a: 0, b: 2 });
    life.unheard(&Step::Contribute { seat: 0, round: 1, amount: EACH });
    life.world.work();
    life.world.pass(120);
    assert_eq!(play.stage(offer.id), OfferStage::Done);
    life.all_agrees();
    assert_eq!([0, 2].map(|who| life.balance(who)), [99 * UNIT, 98 * UNIT]);
    for who in [0, 2] {
        let told = life.kinds(&life.members[who]);
        assert!(!told.contains(&"gap".to_owned()), "nothing had to be put right: {told:?}");
    }
}

#[test]
fn balances_of_a_node_that_lags_behind_are_not_compared() {
    let world = World::new();
    world.chain.let_compare();
    let ada = world.member("Ada");
    world.chain.lag(true);
    world.chain.fund(world.now(), &ada.address, &asset(), Amount::new(10));
    world.work();
    let position = || block_on(world.kolo.events(0, 1_000)).unwrap().next;
    let before = position();
    world.pass(300);
    assert_eq!(settled(&world, &ada), 10, "no withdrawal is made up");
    world.chain.lag(false);
    world.pass(300);
    assert_eq!((settled(&world, &ada), position()), (10, before), "nor reversed");
}

#[test]
fn after_a_gap_wallets_are_compared_where_they_are_not_otherwise() {
    let settings = Settings { compare_wallets_s: 0, ..Settings::default() };
    let names = ["Ada", "Bola", "Chidi"];
    let options = Options { order: kolo_rules::circle::Order::Join, ..Options::default() };
    let life = Life::forming_in(World::with(settings), &names, 3, Shortfall::ShortPot, options);
    for member in &life.members[1..] {
        life.chain(|contract, now| contract.join(&member.address, now)).unwrap();
    }
    life.world.chain.let_compare();
    life.unheard_round(1);
    life.loses_history();
    life.all_agrees();
    // After that no more.
    let ada = &life.members[0];
    life.world.chain.silence(true);
    life.world.chain.fund(life.world.now(), &ada.address, &asset(), Amount::new(5));
    life.world.pass(LATER_S);
    assert_eq!(settled(&life.world, ada), life.balance(0) - 5);
}

#[test]
fn a_gap_explains_nothing_that_comes_after_it() {
    let life = Life::of_three();
    life.unheard(&Step::Contribute { seat: 0, round: 1, amount: EACH });
    life.loses_history();
    life.world.pass(300);
    assert_eq!(life.gaps().len(), 1);
    let dayo = life.world.member("Dayo");
    life.world.chain.silence(true);
    life.world.chain.fund(life.world.now(), &dayo.address, &asset(), Amount::new(5));
    life.world.pass(300);
    assert_eq!(life.kinds(&dayo), ["deposit"]);
}

#[test]
fn what_a_later_version_understands_is_applied_when_it_is_read_again() {
    let life = Life::of_three();
    let (contract, raw) = (life.address.clone(), "what is this?".to_owned());
    life.world.chain.emit(life.world.now(), ChainEventBody::Unknown { contract, ours: true, raw });
    life.world.work();
    let kept = block_on(life.world.kolo.unknown_events(0, 1_000)).unwrap().events;
    assert_eq!(kept.len(), 1);

    let event = CircleChainEvent::ExitAnnounced { member: life.members[0].address.clone() };
    let body = ChainEventBody::Circle { circle: life.address.clone(), event };
    life.world.chain.understand(life.world.chain.ledger(), body);
    set_back(&life.world, "back");
    life.world.work();
    assert_eq!(life.told(EventKind::ExitAnnounced), 1);
    // And the follower goes on.
    let (world, ada) = silent();
    world.chain.silence(false);
    world.chain.fund(world.now(), &ada.address, &asset(), Amount::new(1));
    world.work();
    assert_eq!(settled(&world, &ada), 1);
}
