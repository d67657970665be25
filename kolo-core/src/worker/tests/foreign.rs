//! Circles whose members have given them other code, all of them together. From there on what they say is
//! nobody's money: what the asset says moves the books, and nothing else.
use kolo_rules::circle::{Security, Shortfall, Step};

use super::chain::OURS;
use super::gap::set_back;
use super::lives::Life;
use super::offers::Play;
use super::unbooked::balanced;
use super::unread::{cannot_be_told, on_its_way};
use super::*;
use crate::circle::Difference;
use crate::circle::postings::{external, vault, wallet};
use crate::notice::Notice;
use crate::offer::{OfferEnd, OfferStage};
use crate::port::chain::{ChainEffect, Fate};
use crate::port::ledger::AccountId;
use crate::port::work::Release;
use crate::record;
use crate::unit::{Told, queue};

const OTHER: [u8; 32] = [13; 32];
const HALF: Amount = Amount::new(i64::MAX / 2);

pub(super) fn follow(world: &World) {
    while block_on(world.kolo.follow()).unwrap() {}
}

fn becomes_foreign(world: &World, circle: CircleId) {
    world.emit(circle, CircleChainEvent::Upgraded { wasm: OTHER });
    follow(world);
}

fn settled(world: &World, accounts: &[AccountId]) -> Vec<i64> {
    let kolo = &world.kolo;
    let balances = block_on(kolo.ports().ledger.balances(kolo.tenant(), accounts)).unwrap();
    balances.into_iter().map(|balance| balance.settled.minor_units()).collect()
}

fn of(world: &World, member: &MemberView) -> i64 {
    settled(world, &[wallet(member.id, &asset())])[0]
}

fn held(world: &World, circle: CircleId) -> i64 {
    settled(world, &vault(circle, &asset())).iter().sum()
}

fn outside(world: &World) -> i64 {
    settled(world, &[external(&asset())])[0]
}

fn pays(world: &World, from: Option<&ChainAddress>, to: &ChainAddress, amount: i64) {
    let (asset, from, to) = (asset(), from.cloned(), Some(to.clone()));
    let amount = Amount::new(amount);
    world.chain.emit(world.now(), ChainEventBody::Transfer { asset, from, to, amount });
    follow(world);
}

/// What waits to be told, to whom it may concern.
pub(super) fn told(world: &World) -> Vec<Told> {
    let (queue, mut told) = (&world.kolo.ports().queue, Vec::new());
    loop {
        let claimed = block_on(queue.claim(&[queue::NOTICE], world.now(), 60, 100)).unwrap();
        if claimed.is_empty() {
            return told;
        }
        for work in claimed {
            told.push(record::decode::<Told>(&work.payload, 1).unwrap());
            block_on(queue.release(&work.lease, Release::Done)).unwrap();
        }
    }
}

/// To each of them once, and nothing else to anybody.
fn is_told_once(told: &[Told], members: &[&MemberView]) {
    let other = |told: &Told| matches!(told.notice, Notice::OtherCode { .. });
    assert!(told.iter().all(other), "{told:?}");
    let mut heard: Vec<_> = told.iter().map(|told| told.to).collect();
    let mut wanted: Vec<_> = members.iter().map(|member| member.id).collect();
    heard.sort();
    wanted.sort();
    assert_eq!(heard, wanted);
}

/// What such a circle may say of somebody's money, however much.
fn lies(member: &MemberView) -> Vec<CircleChainEvent> {
    use CircleChainEvent as E;
    let (member, amount) = (member.address.clone(), HALF);
    vec![
        E::Synced { surplus: HALF, shortfall: Amount::ZERO },
        E::Synced { surplus: Amount::new(77), shortfall: Amount::ZERO },
        E::ContributionMade { member: member.clone(), round: 1, amount: EACH, late: false },
        E::PayoutMade { recipient: member.clone(), round: 1, amount: EACH, credited: false },
        E::CreditPushed { member: member.clone(), amount },
        E::RefundClaimed { member: member.clone(), amount },
        E::DepositMade { member: member.clone(), amount },
        E::DebtRepaid { member, amount, credited: Vec::new() },
        E::GroupClosed { reason: 2 },
        E::Upgraded { wasm: OURS },
    ]
}

/// Two of them, each with half of all that can be counted: nothing would be left for anybody's deposit.
#[test]
fn what_circles_of_other_code_claim_leaves_room_for_everybody() {
    let world = World::new();
    let (one, ada, _) = world.active("one");
    let (two, ..) = world.active("two");
    let (honest, bola, _) = world.active("three");
    let surplus = |amount| CircleChainEvent::Synced { surplus: amount, shortfall: Amount::ZERO };
    for circle in [one, two] {
        becomes_foreign(&world, circle);
        world.emit(circle, surplus(HALF));
        world.emit(circle, surplus(Amount::new(1)));
        follow(&world);
    }
    assert_eq!((held(&world, one), held(&world, two), outside(&world)), (0, 0, 0));

    pays(&world, None, &ada.address, 1_000);
    assert_eq!((of(&world, &ada), outside(&world)), (1_000, 1_000));
    assert_eq!(block_on(world.kolo.following()).unwrap().unbooked, []);
    world.contributes(honest, &bola, 1);
    follow(&world);
    assert_eq!(held(&world, honest), EACH.minor_units());
    balanced(&world);
}

/// What it said before counts, also in the same page; what it says after does not. What the asset says always
/// does, once, also when all of it is read again.
#[test]
fn the_asset_alone_says_what_a_circle_of_other_code_pays() {
    let world = World::new();
    let (circle, ada, bola) = world.active("one");
    let there = world.address(circle);
    let each = EACH.minor_units();
    pays(&world, None, &ada.address, 3 * each);
    // All in one page: paid by our code's word (the asset says the same), then other code.
    let (from, to) = (Some(ada.address.clone()), Some(there.clone()));
    let paid = ChainEventBody::Transfer { asset: asset(), from, to, amount: EACH };
    world.chain.emit(world.now(), paid);
    world.contributes(circle, &ada, 1);
    world.emit(circle, CircleChainEvent::Upgraded { wasm: OTHER });
    for lie in lies(&ada) {
        world.emit(circle, lie);
    }
    follow(&world);
    assert_eq!((of(&world, &ada), held(&world, circle), outside(&world)), (2 * each, 0, 2 * each));

    pays(&world, Some(&there), &bola.address, 5);
    pays(&world, Some(&ada.address), &there, 7);
    let figures = || (of(&world, &ada), of(&world, &bola), held(&world, circle), outside(&world));
    assert_eq!(figures(), (2 * each - 7, 5, 0, 2 * each - 2));
    set_back(&world, "again");
    follow(&world);
    assert_eq!(figures(), (2 * each - 7, 5, 0, 2 * each - 2));
    balanced(&world);
}

#[test]
fn members_hear_once_that_nobody_vouches_for_it_and_nothing_it_says() {
    let world = World::new();
    let (circle, ada, bola) = world.active("one");
    told(&world);
    becomes_foreign(&world, circle);
    for lie in lies(&ada) {
        world.emit(circle, lie);
    }
    follow(&world);
    is_told_once(&told(&world), &[&ada, &bola]);
    let stage = block_on(world.kolo.circles().status(circle)).unwrap().summary.stage;
    assert_eq!(stage, CircleStage::Foreign);
    let code = Some("0d".repeat(32));
    let differences = block_on(world.kolo.circles().reconcile(circle)).unwrap();
    assert_eq!(differences, [Difference::OtherCode { code }]);
    let stored = block_on(world.kolo.events(0, 1_000)).unwrap().events;
    assert_eq!(
        stored.last().unwrap().kind(),
        crate::events::EventKind::Upgraded,
        "and hosts neither"
    );
}

/// Our own code whose mirror we lost: nobody hears of money that is not booked.
#[test]
fn what_is_not_believed_is_told_to_nobody() {
    let world = World::new();
    let (circle, ada, _) = world.active("one");
    told(&world);
    let (member, amount) = (ada.address.clone(), HALF);
    world.emit(circle, CircleChainEvent::CreditPushed { member: member.clone(), amount });
    world.emit(circle, CircleChainEvent::RefundClaimed { member: member.clone(), amount });
    let credited = false;
    let recipient = member;
    world.emit(circle, CircleChainEvent::PayoutMade { recipient, round: 1, amount, credited });
    follow(&world);
    let heard = told(&world);
    assert!(heard.is_empty(), "{heard:?}");
    assert_eq!(of(&world, &ada), 0);
}

#[test]
fn nothing_is_signed_for_other_code_and_no_hold_is_left() {
    let world = World::new();
    let (circle, ada, bola) = world.active("one");
    let contributes = |effect: &ChainEffect| matches!(effect, ChainEffect::Contribute { .. });
    for member in [&ada, &bola] {
        pays(&world, None, &member.address, EACH.minor_units());
        // Accounts are opened first; the payment then waits to be sent.
        let ctx = CommandContext::of_member(member.id, format!("pay/{}", member.name));
        block_on(world.kolo.circles().contribute(&ctx, circle, 1, EACH)).unwrap();
        if member.id == ada.id {
            // Sent, confirmed, and its event is still to come.
            world.work();
        }
    }
    assert_eq!(world.chain.count(contributes), 1);
    assert_eq!(purse(&world, &bola), (EACH, Amount::ZERO));
    world.emit(circle, CircleChainEvent::Upgraded { wasm: OTHER });
    follow(&world);
    assert_eq!(purse(&world, &ada), (EACH, EACH), "what it moved the asset says");
    world.pass(3_600);
    assert_eq!(world.chain.count(contributes), 1, "not signed any more");
    assert_eq!(purse(&world, &bola), (EACH, EACH));
    pays(&world, Some(&ada.address), &world.address(circle), EACH.minor_units());
    assert_eq!(purse(&world, &ada), (Amount::ZERO, Amount::ZERO));

    let calls = world.chain.done().len();
    let ctx = CommandContext::of_member(bola.id, "again");
    let again = block_on(world.kolo.circles().contribute(&ctx, circle, 1, EACH));
    assert!(matches!(again, Err(Error::OtherCode)), "{again:?}");
    world.pass(30 * DAY_S);
    assert_eq!(world.chain.done().len(), calls, "no keeper calls it");
}

#[test]
fn a_code_of_ours_changes_nothing() {
    let life = Life::full(&["Ada", "Bola"], Shortfall::ShortPot, Options::default());
    let (circle, address) = (life.circle, life.address.clone());
    let event = CircleChainEvent::Upgraded { wasm: OURS };
    life.world.chain.emit(life.world.now(), ChainEventBody::Circle { circle: address, event });
    for who in 0..2 {
        life.contributes(who, 1);
    }
    assert_eq!(held(&life.world, circle), 2 * EACH.minor_units());
}

/// The change of code is lost with other history: the contract is asked what it runs.
#[test]
fn after_a_gap_a_circle_is_asked_what_it_runs() {
    let life = Life::of_three();
    life.contributes(0, 1);
    let each = EACH.minor_units();
    let before = of(&life.world, &life.members[1]);
    life.unheard(&Step::Contribute { seat: 1, round: 1, amount: EACH });
    life.world.chain.contract(&life.address, |there| there.code = OTHER);
    told(&life.world);
    life.world.chain.lose_history();
    life.world.chain.emit(life.world.now(), chain::elsewhere());
    follow(&life.world);
    is_told_once(&told(&life.world), &life.members.iter().collect::<Vec<_>>());
    life.world.pass(120);
    assert_eq!(life.gaps()[0].unread, []);
    assert_eq!(held(&life.world, life.circle), 0);
    assert_eq!(of(&life.world, &life.members[1]), before - each, "its balance says so");
    for lie in lies(&life.members[0]) {
        life.world.emit(life.circle, lie);
    }
    pays(&life.world, Some(&life.address), &life.members[2].address, 9);
    assert_eq!(held(&life.world, life.circle), 0);
    balanced(&life.world);
}

/// Other code came and went unseen, and has left a state of its own making.
#[test]
fn a_state_that_claims_more_than_the_vault_has_is_not_taken() {
    let life = Life::of_three();
    life.contributes(0, 1);
    life.unheard(&Step::Contribute { seat: 1, round: 1, amount: EACH });
    life.world.chain.contract(&life.address, |there| {
        there.state.reserve = Amount::new(1_000 * EACH.minor_units());
    });
    life.loses_history();
    assert_eq!(life.gaps()[0].unread, [life.circle]);
    assert_eq!(held(&life.world, life.circle), EACH.minor_units());

    // The lost history turns up somewhere, and says so.
    life.world.chain.find_history();
    let wasm = OTHER;
    let event = CircleChainEvent::Upgraded { wasm };
    let late = ChainEventBody::Circle { circle: life.address.clone(), event };
    life.world.chain.turns_up(usize::try_from(life.gaps()[0].lost.to).unwrap(), late);
    set_back(&life.world, "late");
    follow(&life.world);
    assert_eq!(held(&life.world, life.circle), 0);
}

/// Other code came and went within what is lost, and has left everything as it was. What the circle said
/// since is in the books when that turns up: the asset's events of it are not booked as well.
#[test]
fn a_change_of_code_that_turns_up_late_books_nothing_twice() {
    let life = Life::of_three();
    life.contributes(0, 1);
    life.unheard(&Step::Contribute { seat: 1, round: 1, amount: EACH });
    life.loses_history();
    life.all_agrees();
    life.contributes(2, 1);
    life.pass(8 * DAY_S);
    life.contributes(1, 2);
    life.all_agrees();

    life.world.chain.find_history();
    let event = CircleChainEvent::Upgraded { wasm: OTHER };
    let late = ChainEventBody::Circle { circle: life.address.clone(), event };
    life.world.chain.turns_up(usize::try_from(life.gaps()[0].lost.to).unwrap(), late);
    set_back(&life.world, "late");
    follow(&life.world);
    assert_eq!(held(&life.world, life.circle), 0);
    for (who, member) in life.members.iter().enumerate() {
        assert_eq!(of(&life.world, member), life.balance(who), "{}", member.name);
    }
    // From here on the asset's events are all there is.
    life.unheard(&Step::Contribute { seat: 2, round: 2, amount: EACH });
    follow(&life.world);
    assert_eq!(of(&life.world, &life.members[2]), life.balance(2));
    balanced(&life.world);
}

/// Until a circle has been read after a gap nobody knows what code its words come from.
#[test]
fn what_an_unread_circle_says_is_booked_from_what_is_read() {
    let life = Life::of_three();
    life.contributes(0, 1);
    let each = EACH.minor_units();
    life.unheard(&Step::Contribute { seat: 1, round: 1, amount: EACH });
    life.world.chain.reading(Some(chain::Reading::Nothing));
    life.loses_history();
    assert_eq!(life.gaps()[0].unread, [life.circle]);
    life.world.emit(
        life.circle,
        CircleChainEvent::Synced { surplus: Amount::new(77), shortfall: Amount::ZERO },
    );
    follow(&life.world);
    assert_eq!(held(&life.world, life.circle), each);
    life.unheard(&Step::Contribute { seat: 2, round: 1, amount: EACH });
    life.world.chain.reading(None);
    life.world.pass(900);
    assert_eq!(life.gaps()[0].unread, []);
    assert_eq!(held(&life.world, life.circle), 3 * each);
    life.all_agrees();
}

/// Sent before, confirmed after: what it moved, if anything, the asset says.
#[test]
fn a_payment_on_its_way_gives_its_hold_back_at_its_end() {
    let world = World::new();
    let (circle, ada, _) = world.active("one");
    pays(&world, None, &ada.address, EACH.minor_units());
    let (latest_closed_at, latest_ledger, history_covers) = (Timestamp::from_unix(1), 1, true);
    let unseen =
        Fate::NotFound { latest_closed_at, latest_ledger, history_covers, source_sequence: None };
    world.chain.fate(Some(unseen));
    let ctx = CommandContext::of_member(ada.id, "pay");
    block_on(world.kolo.circles().contribute(&ctx, circle, 1, EACH)).unwrap();
    world.work();
    becomes_foreign(&world, circle);
    assert_eq!(purse(&world, &ada), (EACH, Amount::ZERO), "nobody knows yet");
    world.chain.fate(None);
    world.pass(600);
    assert_eq!(purse(&world, &ada), (EACH, EACH));
}

/// Nobody can tell what became of it, and nobody needs to: her money is free, and so is her lane.
#[test]
fn a_payment_nobody_can_tell_the_fate_of_is_over_when_its_circle_has_other_code() {
    let world = World::new();
    let (circle, ada, _) = world.active("one");
    pays(&world, None, &ada.address, EACH.minor_units());
    on_its_way(&world);
    let until = world.now().plus(120);
    world.chain.consents(|consents| consents.valid_until = Some(until));
    let ctx = CommandContext::of_member(ada.id, "pay");
    let paid = block_on(world.kolo.circles().contribute(&ctx, circle, 1, EACH)).unwrap();
    world.work();
    becomes_foreign(&world, circle);
    assert_eq!(purse(&world, &ada), (EACH, Amount::ZERO), "it may still be applied");
    world.clock.set(until.plus(3_600));
    cannot_be_told(&world);
    world.pass(600);
    assert_eq!(purse(&world, &ada), (EACH, EACH));
    assert!(block_on(world.kolo.circles().is_settled(paid.intent)).unwrap());
    let contributes = |effect: &ChainEffect| matches!(effect, ChainEffect::Contribute { .. });
    assert_eq!(world.chain.count(contributes), 1, "not sent again");
}

/// Nothing comes of them there; what is on its way gives its hold back at its end.
#[test]
fn offers_in_a_circle_of_other_code_are_void_and_leave_no_hold() {
    for accepted in [false, true] {
        let play = Play::new(Security::Exposure);
        let life = &play.life;
        let offer = play.swap(0, 2).unwrap();
        let (closed_at, ledger) = (life.world.now(), life.world.chain.ledger());
        if accepted {
            let (latest_closed_at, latest_ledger, history_covers) =
                (Timestamp::from_unix(1), 1, true);
            let unseen = Fate::NotFound {
                latest_closed_at,
                latest_ledger,
                history_covers,
                source_sequence: None,
            };
            life.world.chain.fate(Some(unseen));
            let hash = Some(offer.circle.rules_hash);
            block_on(play.offers().accept(&play.ctx(2), offer.id, hash)).unwrap();
            life.world.work();
        }
        becomes_foreign(&life.world, life.circle);
        let stage = if accepted { OfferStage::Accepted } else { OfferStage::Ended(OfferEnd::Void) };
        assert_eq!(play.stage(offer.id), stage);
        life.world.chain.fate(Some(Fate::Confirmed { ledger, closed_at, fee: 1 }));
        life.world.pass(DAY_S / 24);
        play.wallets_agree();
    }
}
