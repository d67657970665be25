//! What strangers may cost in one day.
use std::sync::{Arc, Barrier};
use std::thread;

use super::*;
use crate::member::Members;
use crate::{Cap, Caps};

/// A world with these caps, at the beginning of a UTC day.
fn world(caps: Caps) -> World {
    let world = World::new();
    let kolo = with_caps(&world, TenantId::default(), caps);
    let worker = Worker::without_chat(kolo.clone());
    world.clock.set(Timestamp::from_unix(START.unix() / DAY_S * DAY_S + DAY_S));
    World { kolo, worker, ..world }
}

fn with_caps(world: &World, tenant: TenantId, caps: Caps) -> Kolo {
    let (ports, operator) = (world.kolo.ports().clone(), world.kolo.operator().clone());
    Kolo::try_new(tenant, ports, asset(), operator, Settings { caps, ..Settings::default() })
        .unwrap()
}

fn ask(kolo: &Kolo, member: &MemberView, key: &str) -> Result<(), Error> {
    let ctx = CommandContext {
        tenant: kolo.tenant().clone(),
        ..CommandContext::of_member(member.id, key)
    };
    block_on(kolo.wallets().test_money(&ctx, Amount::new(5))).map(drop)
}

fn create(kolo: &Kolo, member: &MemberView, key: &str) -> Result<(), Error> {
    let ctx = CommandContext::of_member(member.id, key);
    block_on(kolo.circles().create(&ctx, NewCircle::weekly("Friends", EACH, 3))).map(drop)
}

fn reached(done: &Result<(), Error>, expected: Cap) -> bool {
    matches!(done, Err(Error::CapReached { cap, .. }) if *cap == expected)
}

#[test]
fn beyond_the_days_accounts_nothing_happens_and_the_next_day_it_does() {
    let world = world(Caps { accounts_per_day: 2, ..Caps::default() });
    let [ada, bola, chidi] = ["Ada", "Bola", "Chidi"].map(|name| world.member(name));
    let today = world.now();
    ask(&world.kolo, &ada, "ada").unwrap();
    // A repetition, and more by the same, take no place.
    ask(&world.kolo, &ada, "ada").unwrap();
    ask(&world.kolo, &ada, "more").unwrap();
    ask(&world.kolo, &bola, "bola").unwrap();
    for _ in 0..2 {
        let done = ask(&world.kolo, &chidi, "chidi");
        let Err(Error::CapReached { cap: Cap::Accounts, most: 2, again_at }) = done else {
            panic!("{done:?}");
        };
        assert_eq!(again_at, today.plus(DAY_S));
    }
    world.pass(DAY_S - 1);
    assert_eq!((world.chain.count(opens), world.chain.count(pays)), (2, 3));
    assert!(reached(&ask(&world.kolo, &chidi, "chidi"), Cap::Accounts), "the day's last second");
    // The same command under the same key: the refusal was not its outcome.
    world.pass(1);
    ask(&world.kolo, &chidi, "chidi").unwrap();
    world.work();
    assert_eq!((world.chain.count(opens), world.chain.count(pays)), (3, 4));
}

#[test]
fn an_account_that_could_not_be_opened_has_used_its_place() {
    let world = world(Caps { accounts_per_day: 1, ..Caps::default() });
    let ada = world.member("Ada");
    world.chain.answer(opens, Some(Answer::Refuse(None)));
    ask(&world.kolo, &ada, "first").unwrap();
    world.pass(600);
    world.chain.answer(opens, None);
    assert!(reached(&ask(&world.kolo, &ada, "second"), Cap::Accounts));
    world.pass(DAY_S);
    ask(&world.kolo, &ada, "third").unwrap();
    world.work();
    assert_eq!((world.chain.count(opens), world.chain.count(pays)), (1, 1));
}

#[test]
fn circles_are_counted_for_all_and_for_each() {
    let caps = Caps { circles_per_day: 3, circles_per_member_per_day: 2, ..Caps::default() };
    let world = world(caps);
    let (ada, bola) = (world.member("Ada"), world.member("Bola"));
    for key in ["one", "two", "two"] {
        create(&world.kolo, &ada, key).unwrap();
    }
    assert!(reached(&create(&world.kolo, &ada, "three"), Cap::CirclesOfMember));
    create(&world.kolo, &bola, "four").unwrap();
    assert!(reached(&create(&world.kolo, &bola, "five"), Cap::Circles));
    world.work();
    assert_eq!(world.chain.count(creates), 3);
    world.pass(DAY_S);
    create(&world.kolo, &ada, "three").unwrap();
    create(&world.kolo, &bola, "five").unwrap();
    world.work();
    assert_eq!(world.chain.count(creates), 5);
}

/// A circle's creator without an account needs a place for that too: none, and nothing is counted.
#[test]
fn a_circle_without_an_account_takes_no_place() {
    let world = world(Caps { accounts_per_day: 0, circles_per_day: 1, ..Caps::default() });
    let ada = world.member("Ada");
    assert!(reached(&create(&world.kolo, &ada, "one"), Cap::Accounts));
    let open =
        with_caps(&world, TenantId::default(), Caps { circles_per_day: 1, ..Caps::default() });
    create(&open, &ada, "one").unwrap();
}

/// A full day does not spend the code.
#[test]
fn an_invitation_outlives_a_full_day() {
    let world = world(Caps { accounts_per_day: 1, ..Caps::default() });
    let (ada, bola) = (world.member("Ada"), world.member("Bola"));
    let circle = world.forming(&ada, "one");
    let ctx = CommandContext::of_member(ada.id, "invite");
    let (invitation, _) = block_on(world.kolo.circles().invite(&ctx, circle, None)).unwrap();
    world.work();
    let Some(ChainEffect::Invite { key, expires_at, .. }) = world.chain.done().last().cloned()
    else {
        panic!("no invitation");
    };
    let (key, address, turn) = (Some(key), None, None);
    world.emit(circle, CircleChainEvent::InvitationAdded { key, address, turn, expires_at });
    world.work();
    let hash = invitation.circle.rules_hash;
    let join = || {
        let ctx = CommandContext::of_member(bola.id, "join");
        block_on(world.kolo.circles().join(&ctx, &invitation.code, hash)).map(drop)
    };
    assert!(reached(&join(), Cap::Accounts));
    world.pass(DAY_S);
    join().unwrap();
    world.work();
    assert_eq!(world.chain.count(|effect| matches!(effect, ChainEffect::Join { .. })), 1);
}

/// Nobody asks for the account that a moved seat needs, and yet it is one of the day's.
#[test]
fn a_moved_seat_opens_its_account_within_the_days_cap() {
    let world = world(Caps { accounts_per_day: 1, ..Caps::default() });
    let (circle, _, bola) = world.active("one");
    let new = world.member("Bola, new phone");
    assert_eq!(world.chain.count(opens), 1, "the organiser's");
    let (from, to) = (bola.address, new.address.clone());
    world.emit(circle, CircleChainEvent::SeatMoved { from, to });
    world.pass(DAY_S - 1);
    assert_eq!(world.chain.count(opens), 1, "the day is full");
    world.pass(1);
    assert_eq!(world.chain.count(opens), 2);
    let member = block_on(world.kolo.members().get(new.id)).unwrap();
    assert!(member.account_open);
    // It took the next day's place.
    let stranger = world.member("Zuri");
    assert!(reached(&ask(&world.kolo, &stranger, "zuri"), Cap::Accounts));
}

#[test]
fn one_of_many_at_once_gets_the_last_place() {
    const AT_ONCE: usize = 8;
    for round in 0..20 {
        let world = world(Caps { accounts_per_day: 1, ..Caps::default() });
        let people: Vec<_> = (0..AT_ONCE).map(|n| world.member(&format!("P{round}-{n}"))).collect();
        let start = Arc::new(Barrier::new(AT_ONCE));
        let asking = people.into_iter().map(|member| {
            let (kolo, start) = (world.kolo.clone(), start.clone());
            thread::spawn(move || {
                start.wait();
                ask(&kolo, &member, &format!("{}", member.id))
            })
        });
        let asking: Vec<_> = asking.collect();
        let done: Vec<_> = asking.into_iter().map(|asked| asked.join().unwrap()).collect();
        assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1, "{done:?}");
        let refused = done.iter().filter(|done| reached(done, Cap::Accounts)).count();
        assert_eq!(refused, AT_ONCE - 1, "{done:?}");
        world.work();
        assert_eq!(world.chain.count(opens), 1);
    }
}

#[test]
fn tenants_have_their_own_days() {
    let caps = Caps { accounts_per_day: 1, ..Caps::default() };
    let world = world(caps);
    let ada = world.member("Ada");
    let brand = TenantId::try_new("brand").unwrap();
    let other = with_caps(&world, brand.clone(), caps);
    let register = |members: Members, name: &str| {
        let ctx = CommandContext { tenant: brand.clone(), ..CommandContext::of_system(name) };
        block_on(members.register(&ctx, Register::of_host(name, name))).unwrap()
    };
    let bola = register(other.members(), "Bola");
    ask(&world.kolo, &ada, "ada").unwrap();
    ask(&other, &bola, "bola").unwrap();
    let chidi = register(other.members(), "Chidi");
    assert!(reached(&ask(&other, &chidi, "chidi"), Cap::Accounts));
}
