//! Tokens taken out of a vault by their issuer, and sent there unasked: the keeper brings them into the
//! books, promptly or when it is worth it, and never again and again.
use futures::executor::block_on;
use kolo_rules::circle::{Fee, Shortfall, Step};
use kolo_rules::{Amount, Refusal};

use super::chain::{Answer, Reading};
use super::contract::{Contract, Done};
use super::lives::Life;
use super::receipts::notices;
use super::{DAY_S, EACH, World, asset, pays_out};
use crate::CommandContext;
use crate::circle::state::Circle;
use crate::notice::Notice;
use crate::port::chain::{ChainEffect, CircleChainEvent};
use crate::unit::{Command, Told, queue};
use crate::view::Options;
use crate::worker::vaults::{GATHER_S, SHORTFALL_EVERY_S, WATCH_EVERY_S};

/// A hundredth of an instalment: what is worth a fee.
const WORTH: i64 = EACH.minor_units() / 100;

fn syncs(effect: &ChainEffect) -> bool {
    matches!(effect, ChainEffect::Sync { .. })
}

/// Three in a circle, who have all paid for the first round.
fn paid() -> Life {
    let life = Life::full(&["Ada", "Bola", "Chidi"], Shortfall::ShortPot, Options::default());
    for who in 0..3 {
        life.contributes(who, 1);
    }
    life
}

impl Life {
    fn claw_back(&self, amount: i64) {
        let (world, amount) = (&self.world, Amount::new(amount));
        world.chain.claw_back(world.now(), &self.address, &asset(), amount);
    }

    fn gift(&self, amount: i64) {
        let (world, amount) = (&self.world, Amount::new(amount));
        world.chain.gift(world.now(), &self.address, &asset(), amount);
    }

    fn syncs(&self) -> usize {
        self.world.chain.count(syncs)
    }

    /// A step of the contract by whomever; what everybody is told of it.
    pub(super) fn told_of(&self, step: &Step) -> Vec<Told> {
        let (world, at) = (&self.world, self.world.now());
        let step = |there: &mut Contract| there.step(step, at.unix());
        world.chain.call(at, &self.address, &asset(), step).unwrap();
        while block_on(world.kolo.follow()).unwrap() {}
        assert!(self.is_right());
        notices(&world.kolo)
    }

    /// The contract's books follow its vault.
    fn told_of_sync(&self) -> Vec<Told> {
        let balance = self.world.chain.contract(&self.address, |there| there.vault);
        self.told_of(&Step::Sync { balance })
    }

    /// Nothing is left that the books do not know of.
    fn is_right(&self) -> bool {
        let circles = self.world.kolo.circles();
        block_on(circles.reconcile(self.circle)).unwrap().is_empty()
    }
}

/// How often it was ordered: what was wanted of the chain, whatever came of it.
fn ordered(world: &World) -> usize {
    let (kolo, mut after, mut count) = (&world.kolo, 0, 0);
    loop {
        let page = block_on(kolo.ports().ledger.events_after(kolo.tenant(), after, 500)).unwrap();
        let Some(last) = page.last() else { return count };
        after = last.position;
        let wanted = page.iter().filter(|event| event.record.kind == "intent.wanted");
        let texts = wanted.map(|event| String::from_utf8_lossy(&event.record.bytes).into_owned());
        count += texts.filter(|text| text.contains("\"Sync\"")).count();
    }
}

#[test]
fn what_an_issuer_took_is_borne_at_once_and_once() {
    let life = paid();
    life.claw_back(9);
    life.settle();
    assert_eq!(life.syncs(), 1);
    assert!(life.is_right());
    life.pass(3 * DAY_S);
    assert_eq!((life.syncs(), ordered(&life.world)), (1, 1));
}

#[test]
fn everybody_hears_what_a_clawback_means_for_them() {
    // (who has paid, taken) → (member, borne by the reserve, missing from pots, own loss), an instalment
    // being 10: of 30 held, 3 is a tenth of each; of 20 held, Chidi's is nothing. 0.5 of late fees is borne
    // by the reserve.
    let unit = EACH.minor_units() / 10;
    let fee = unit / 2;
    let cases = [
        (3, 3 * unit, false, [(0, 3 * unit, unit); 3]),
        (2, 2 * unit, false, [(0, 2 * unit, unit), (0, 2 * unit, unit), (0, 2 * unit, 0)]),
        (2, fee, true, [(fee, 0, 0); 3]),
        (
            2,
            fee + 2 * unit,
            true,
            [(fee, 2 * unit, unit), (fee, 2 * unit, unit), (fee, 2 * unit, 0)],
        ),
    ];
    for (paying, taken, late, expected) in cases {
        let options = Options { fee: Fee::Fixed(Amount::new(fee)), ..Options::default() };
        let life = Life::full(&["Ada", "Bola", "Chidi"], Shortfall::Wait, options);
        life.contributes(0, 1);
        if late {
            life.pass(8 * DAY_S + DAY_S / 2);
        }
        for who in 1..paying {
            life.contributes(who, 1);
        }
        life.world.chain.contract(&life.address, |there| there.claw_back(Amount::new(taken)));
        let told = life.told_of_sync();
        for (member, expected) in life.members.iter().zip(expected) {
            let heard = told.iter().find_map(|told| match told.notice {
                Notice::VaultShort { lost, cushioned, pots, yours, .. } if told.to == member.id => {
                    assert_eq!(lost, taken);
                    Some((cushioned, pots, yours))
                }
                _ => None,
            });
            assert_eq!(heard, Some(expected), "{} of {paying}, {taken}", member.name);
        }
    }
}

#[test]
fn a_clawback_nobody_was_told_of_is_found() {
    let life = paid();
    life.world.chain.contract(&life.address, |there| there.claw_back(Amount::new(1)));
    life.settle();
    assert_eq!(life.syncs(), 0);
    life.pass(WATCH_EVERY_S);
    assert_eq!(life.syncs(), 1, "however little");
    assert!(life.is_right());
}

#[test]
fn a_clawback_after_another_is_borne_soon_but_not_at_once() {
    let life = paid();
    for _ in 0..20 {
        life.claw_back(5);
        life.pass(40);
    }
    // 800 seconds, an order every 300.
    assert!((2..=4).contains(&life.syncs()), "{}", life.syncs());
    life.pass(1_200);
    assert!(life.is_right(), "and nothing is forgotten");
    assert!(life.syncs() <= 5, "{}", life.syncs());
}

/// Whatever else is in the vault by the time it is looked at: every order has helped.
#[test]
fn dust_does_not_make_the_next_clawback_wait() {
    let life = paid();
    for orders in 1..=8 {
        life.claw_back(5);
        life.settle();
        assert_eq!(life.syncs(), orders, "borne when it came");
        life.gift(1);
        life.pass(SHORTFALL_EVERY_S + 100);
    }
}

#[test]
fn many_clawbacks_of_a_minute_are_looked_at_twice() {
    let life = paid();
    for _ in 0..50 {
        life.claw_back(1);
    }
    while block_on(life.world.kolo.follow()).unwrap() {}
    let (queue, late) = (&life.world.kolo.ports().queue, life.world.now().plus(GATHER_S));
    let due = block_on(queue.claim(&[queue::TIMER], late, 60, 100)).unwrap();
    let looks = due.iter().filter(|work| work.lease.work.0.contains("/taken/"));
    assert_eq!(looks.count(), 2);
    life.pass(2 * GATHER_S);
    assert!(life.is_right());
}

/// What was taken after the first look of a minute had found nothing wrong.
#[test]
fn a_clawback_just_after_a_look_is_seen_within_the_minute() {
    let life = paid();
    let (world, there) = (&life.world, life.address.clone());
    world.chain.contract(&there, |there| there.gift(Amount::new(1)));
    life.claw_back(1);
    life.settle();
    assert_eq!(ordered(world), 0, "it had too much");
    life.claw_back(7);
    life.pass(60);
    assert_eq!(life.syncs(), 1);
    assert!(life.is_right());
}

/// One that had begun before vaults were watched.
#[test]
fn a_circle_without_a_watch_has_one_from_its_next_event_on() {
    let world = World::new();
    let (begun, ..) = world.active("one");
    let ada = world.member("Ada");
    let circle = world.forming(&ada, "two");
    let kolo = &world.kolo;
    let begun = block_on(kolo.load::<Circle>(begun)).unwrap().unwrap().state;
    let mut found = block_on(kolo.load::<Circle>(circle)).unwrap().unwrap();
    found.state.holders.clone_from(&begun.holders);
    found.state.mirror.clone_from(&begun.mirror);
    let ctx = CommandContext::of_system("as an older version left it");
    let mut command = block_on(Command::begin(kolo, &ctx, "test", &0)).unwrap();
    let mut changes = command.changes();
    changes.write(&found).unwrap();
    block_on(command.commit(changes, ())).unwrap().unwrap();

    let watched = |kolo: &crate::Kolo| {
        let later = world.now().plus(WATCH_EVERY_S);
        let due = block_on(kolo.ports().queue.claim(&[queue::TIMER], later, 1, 100)).unwrap();
        due.iter().filter(|work| work.lease.work.0 == format!("vault/{circle}")).count()
    };
    assert_eq!(watched(kolo), 0);
    world.contributes(circle, &ada, 1);
    while block_on(kolo.follow()).unwrap() {}
    assert_eq!(watched(kolo), 1);
}

#[test]
fn what_a_stranger_sends_goes_to_the_reserve() {
    let life = paid();
    life.gift(3 * WORTH);
    life.pass(GATHER_S);
    assert_eq!(life.syncs(), 1);
    assert!(life.is_right());
    assert_eq!(life.state(|state| state.reserve), Amount::new(3 * WORTH));
}

#[test]
fn everybody_hears_what_a_gift_means_for_them() {
    // Whoever was late has no part, unless all were.
    for (late, expected) in [(&[][..], [2, 2, 2]), (&[1, 2], [6, 0, 0]), (&[0, 1, 2], [2, 2, 2])] {
        let life = Life::full(&["Ada", "Bola", "Chidi"], Shortfall::Wait, Options::default());
        for who in (0..3).filter(|who| !late.contains(who)) {
            life.contributes(who, 1);
        }
        life.pass(8 * DAY_S + DAY_S / 2);
        for who in late {
            life.contributes(*who, 1);
        }
        life.world.chain.contract(&life.address, |there| there.gift(Amount::new(6 * WORTH)));
        let told = life.told_of_sync();
        for (member, expected) in life.members.iter().zip(expected) {
            let heard = told.iter().find_map(|told| match told.notice {
                Notice::VaultGift { amount, yours, over: false, .. } if told.to == member.id => {
                    Some((amount, yours))
                }
                _ => None,
            });
            assert_eq!(heard, Some((6 * WORTH, expected * WORTH)), "{} {late:?}", member.name);
        }
    }
}

/// There is nobody to tell, and what comes after it is followed all the same.
#[test]
fn a_gift_to_a_circle_without_members_stops_nothing() {
    let world = World::new();
    let (ada, bola) = (world.member("Ada"), world.member("Bola"));
    let circle = world.forming(&ada, "one");
    let surplus = Amount::new(9 * WORTH);
    for event in [
        CircleChainEvent::ParticipantLeft { member: ada.address, removed: false },
        CircleChainEvent::Synced { surplus, shortfall: Amount::ZERO },
        CircleChainEvent::JoinRequested { member: bola.address },
    ] {
        world.emit(circle, event);
        while block_on(world.kolo.follow()).unwrap() {}
    }
    let status = block_on(world.kolo.circles().status(circle)).unwrap();
    assert_eq!((status.seats.len(), status.vault, status.requests.len()), (0, surplus, 1));
}

/// Anybody can send dust and call `sync` for it as often as a fee is nothing to them.
#[test]
fn nobody_can_have_members_told_of_dust_or_more_than_once_a_day() {
    let life = paid();
    let heard_of = |gift: i64| {
        let is_gift = |told: &Told| matches!(told.notice, Notice::VaultGift { .. });
        life.world.chain.contract(&life.address, |there| there.gift(Amount::new(gift)));
        let heard = life.told_of_sync().into_iter().filter(is_gift).count();
        life.pass(120);
        heard
    };
    let all = life.members.len();
    assert_eq!([1, 1, WORTH - 1].map(heard_of), [0, 0, 0]);
    assert_eq!([WORTH, WORTH, 9 * WORTH].map(heard_of), [all, 0, 0]);
    assert_eq!(life.state(|state| state.reserve), Amount::new(12 * WORTH + 1), "all is booked");
    life.pass(DAY_S);
    assert_eq!([1, WORTH, WORTH].map(heard_of), [0, all, 0]);
}

#[test]
fn dust_costs_no_fees_and_counts_when_there_is_enough_of_it() {
    let life = paid();
    // Ten times less than what is worth a fee, five times.
    for _ in 0..5 {
        life.gift(WORTH / 10);
        life.pass(GATHER_S);
    }
    life.pass(DAY_S);
    assert_eq!(ordered(&life.world), 0);
    for _ in 0..5 {
        life.gift(WORTH / 10);
    }
    life.pass(GATHER_S);
    assert_eq!(life.syncs(), 1);
    assert_eq!(life.state(|state| state.reserve), Amount::new(WORTH));
    assert!(life.is_right());
}

#[test]
fn gifts_cost_a_fee_a_day_at_most() {
    let life = paid();
    for _ in 0..30 {
        life.gift(WORTH);
        life.pass(DAY_S / 10);
    }
    // At once, and after one and two days.
    assert_eq!(ordered(&life.world), 3);
    life.pass(DAY_S + WATCH_EVERY_S);
    assert_eq!(ordered(&life.world), 4);
    assert!(life.is_right(), "what came meanwhile was not forgotten");
    assert_eq!(life.state(|state| state.reserve), Amount::new(30 * WORTH));
}

/// A gift is no reason to leave others with a loss.
#[test]
fn a_clawback_does_not_wait_for_the_pace_of_gifts() {
    let life = paid();
    life.gift(WORTH);
    life.pass(2 * GATHER_S);
    assert_eq!(life.syncs(), 1);
    life.claw_back(7);
    life.settle();
    assert_eq!(life.syncs(), 2);
    assert!(life.is_right());
}

#[test]
fn an_order_that_is_refused_is_given_anew_later_and_later() {
    let life = paid();
    life.world.chain.answer(syncs, Some(Answer::Refuse(Some(Refusal::Overflow.code()))));
    life.claw_back(9);
    life.world.pass(DAY_S);
    // After 10, 30, 70, 150, 310, 630, 1,270 minutes, with a look a minute.
    assert_eq!((ordered(&life.world), life.syncs()), (8, 0));
    life.world.chain.answer(syncs, None);
    life.pass(DAY_S / 2);
    assert_eq!(life.syncs(), 1);
    assert!(life.is_right());
}

/// A node that always tells of a shortfall gets no fee after fee out of us.
#[test]
fn what_does_not_help_is_not_done_again_and_again() {
    let life = paid();
    life.claw_back(9);
    // Never carried out here: what is ordered is taken, and the vault is as before.
    life.world.pass(DAY_S);
    assert_eq!(life.syncs(), 8);
}

#[test]
fn what_others_brought_into_the_books_meanwhile_costs_no_fee() {
    let life = paid();
    life.claw_back(9);
    // The look has ordered; the order has not been worked on.
    block_on(life.world.worker.tick(1)).unwrap();
    assert_eq!((ordered(&life.world), life.syncs()), (1, 0));
    let vault = life.world.chain.contract(&life.address, |there| there.vault);
    life.step(&Step::Sync { balance: vault }).unwrap();
    life.pass(DAY_S);
    assert_eq!(life.syncs(), 0, "somebody else has paid for it");
    let told = life.world.chain.told(&life.address);
    let borne = told.iter().filter(|event| matches!(event, CircleChainEvent::Synced { .. }));
    assert_eq!(borne.count(), 1);
}

/// The keeper's account does one thing at a time: nothing may stand before payouts for ever.
#[test]
fn a_vault_that_cannot_be_read_does_not_hold_up_payouts() {
    for reading in [Reading::Impossible, Reading::Garbage] {
        let life = paid();
        life.claw_back(9);
        block_on(life.world.worker.tick(1)).unwrap();
        assert_eq!((ordered(&life.world), life.syncs()), (1, 0));
        life.world.chain.reading(Some(reading));
        life.world.pass(7 * DAY_S + 3_600);
        assert_eq!((life.syncs(), life.world.chain.count(pays_out)), (0, 1), "{reading:?}");
        // And when it can be read again, what is missing is borne.
        life.world.chain.reading(None);
        life.pass(DAY_S / 2);
        assert!(life.is_right(), "{reading:?}");
    }
}

/// Somebody whose wallet is in our books, but who is not of the circle: the money leaves the wallet there.
#[test]
fn what_a_member_sends_to_a_circle_of_others_is_booked_on_both_sides() {
    let names = ["Ada", "Bola", "Chidi", "Dayo"];
    let life = Life::forming(&names, 3, Shortfall::ShortPot, Options::default());
    for member in &life.members[1..3] {
        life.chain(|contract, now| contract.join(&member.address, now)).unwrap();
    }
    let dayo = &life.members[3];
    let gift = |there: &mut Contract| {
        there.gift(EACH);
        let moved = vec![(dayo.address.clone(), there.address.clone(), EACH)];
        Ok(Done { moved, ..Done::default() })
    };
    let world = &life.world;
    world.chain.call(world.now(), &life.address, &asset(), gift).unwrap();
    life.pass(GATHER_S);
    assert_eq!(life.syncs(), 1);
    assert!(life.is_right());
    let wallet = block_on(world.kolo.wallets().balance(dayo.id)).unwrap();
    assert_eq!(Some(wallet.settled), wallet.on_chain);
    assert_eq!(wallet.settled.minor_units(), 99 * EACH.minor_units());
}
