//! Rent: whatever stands in its way, payouts do not wait behind it.
use super::*;

fn prolongs(effect: &ChainEffect) -> bool {
    matches!(effect, ChainEffect::Prolong { .. })
}

fn prolongs_shared(effect: &ChainEffect) -> bool {
    matches!(effect, ChainEffect::Prolong { circle: None, .. })
}

/// Two circles whose entries, and what they share, end within days.
fn ending(answer: Option<Answer>) -> World {
    let world = World::new();
    world.chain.answer(prolongs, answer);
    world.chain.ends_at(START.plus(20 * DAY_S));
    world.active("one");
    world.active("two");
    world
}

fn told(world: &World, kind: &str) -> usize {
    let ledger = &world.kolo.ports().ledger;
    let all = block_on(ledger.events_after(world.kolo.tenant(), 0, 100_000)).unwrap();
    all.iter().filter(|event| event.record.kind == kind).count()
}

/// Without channels rent and payouts have one lane, the keeper's.
#[test]
fn rent_that_is_too_dear_or_fails_holds_up_no_payout() {
    for answer in [Answer::TooDear, Answer::Trouble, Answer::Impossible] {
        let world = ending(Some(answer));
        world.pass(8 * DAY_S);
        let (late, ada, bola) = world.active("late");
        for member in [&ada, &bola] {
            world.contributes(late, member, 1);
        }
        // On the 14th day the rent of the first two is looked at, on the 15th the third one pays out.
        world.pass(7 * DAY_S + 3_600);
        assert_eq!(world.chain.count(prolongs), 0);
        let payout = ChainEffect::Payout { circle: world.address(late), round: 1 };
        assert!(world.chain.done().contains(&payout));
        let ceilings = told(&world, "intent.fee_ceiling");
        assert_eq!(ceilings > 0, matches!(answer, Answer::TooDear), "{ceilings}");
    }
}

/// It is looked at again, once a day, and paid as soon as it can be.
#[test]
fn rent_that_was_refused_is_tried_another_day() {
    let world = ending(Some(Answer::TooDear));
    world.pass(15 * DAY_S);
    let days = told(&world, "intent.fee_ceiling");
    world.pass(3 * DAY_S);
    let more = told(&world, "intent.fee_ceiling") - days;
    assert!((6..=12).contains(&more), "two circles and what they share, once a day each: {more}");
    assert_eq!(world.chain.count(prolongs), 0);
    world.chain.answer(prolongs, None);
    world.pass(DAY_S + 60);
    assert!(world.chain.count(prolongs_shared) >= 1);
    assert!(world.chain.count(prolongs) >= 3);
}

/// One transaction may not bring all of it back: until it is, nothing goes on.
#[test]
fn what_all_share_is_looked_at_every_day_while_it_is_archived() {
    let world = World::new();
    world.chain.ends_at(START);
    world.active("one");
    world.pass(14 * DAY_S + 3_600);
    let first = world.chain.count(prolongs_shared);
    assert_eq!(first, 1);
    world.pass(3 * DAY_S);
    assert_eq!(world.chain.count(prolongs_shared), 4, "once a day");
    world.chain.ends_at(START.plus(200 * DAY_S));
    world.pass(DAY_S);
    let restored = world.chain.count(prolongs_shared);
    world.pass(9 * DAY_S);
    assert_eq!(world.chain.count(prolongs_shared), restored);
}
