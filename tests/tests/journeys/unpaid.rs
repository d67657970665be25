//! Somebody does not pay: reminders, a pot that waits and then goes out short, a debt that is paid back.
use kolo_core::view::CircleStage;
use kolo_rules::circle::{PayoutStatus, Phase};
use kolo_server::chat::Phone;

use crate::world::{DAY, DOLLAR, HOUR, World};

/// When somebody was reminded of a payment, Unix seconds.
fn reminders(world: &World, who: &Phone) -> Vec<u64> {
    let is_reminder = |text: &str| {
        [" is due in two days", " is due tomorrow", " is due now", " is still open. You can pay it"]
            .iter()
            .any(|part| text.contains(part))
    };
    let told = world.told(who).into_iter().filter(|bubble| is_reminder(&bubble.text));
    told.map(|bubble| bubble.at.unix()).collect()
}

async fn three(world: &mut World) -> [Phone; 3] {
    [
        world.person("Ada", 100).await,
        world.person("Bola", 100).await,
        world.person("Chidi", 100).await,
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_pot_is_a_debt_that_repay_clears_and_the_circle_completes() {
    let mut world = World::new().await;
    let people = three(&mut world).await;
    let [ada, bola, chidi] = &people;
    let circle = world.group("CREATE GROUP Friends 10 weekly 3", &people).await;
    let first = world.status(circle).await.payout_date.unwrap();
    world.contribute(ada).await;
    world.until(first.minus(2 * DAY + HOUR)).await;
    assert!(reminders(&world, bola).is_empty());
    world.until(first.minus(DAY + HOUR)).await;
    world.contribute(bola).await;
    world.until(first.plus(DAY + HOUR)).await;
    // Ada had paid before the first, Bola after it; Chidi hears all four.
    assert!(reminders(&world, ada).is_empty());
    assert_eq!(reminders(&world, bola), [first.unix() - 2 * DAY]);
    let stages = [first.unix() - 2 * DAY, first.unix() - DAY, first.unix(), first.unix() + DAY + 1];
    assert_eq!(reminders(&world, chidi), stages);

    // The pot waits one more interval and its grace, and not a second longer.
    let released = first.plus(7 * DAY + DAY + 1);
    let waits = |status: &PayoutStatus| matches!(status, PayoutStatus::Waiting { at, .. } if *at == released.unix());
    let status = world.status(circle).await;
    assert!(waits(&status.next_payout), "{:?}", status.next_payout);
    for payer in [ada, bola] {
        world.contribute(payer).await;
    }
    world.until(released.minus(60)).await;
    assert_eq!(world.money(ada).await, 80 * DOLLAR);
    let told = world.told(ada).len();
    world.until(released.plus(2)).await;
    assert_eq!(world.money(ada).await, 100 * DOLLAR);
    let heard = world.since(ada, told);
    let pot = "You received *20.00 USDC*, the pot of *Friends*, round 1 of 3. 10.00 USDC was missing; it is written down as owed.";
    assert!(heard.contains(pot), "{heard}");

    let board = world.say(bola, "GROUP STATUS").await;
    assert!(board.contains("3. Chidi: late, owes 10.00 USDC from earlier rounds"), "{board}");
    let offer = world.say(chidi, "REPAY 10.01").await;
    assert!(offer.contains("you owe 10.00 USDC; you cannot pay back more than that"), "{offer}");
    let told = world.told(ada).len();
    world.say(chidi, "REPAY 4").await;
    let reply = world.say(chidi, "YES").await;
    assert!(
        reply.contains("You paid back *4.00 USDC* in *Friends*. Still open: 6.00 USDC."),
        "{reply}"
    );
    assert_eq!(world.money(ada).await, 104 * DOLLAR);
    world.say(chidi, "REPAY").await;
    let reply = world.say(chidi, "YES").await;
    assert!(reply.contains("Everything is settled."), "{reply}");
    assert_eq!(world.money(ada).await, 110 * DOLLAR);
    let heard = world.since(ada, told);
    assert!(
        heard.contains("Chidi paid back 4.00 USDC to you from an earlier round of *Friends*."),
        "{heard}"
    );

    // Round 2 waited for Chidi too: his payment lets it go at once.
    let reply = world.contribute(chidi).await;
    assert!(reply.contains("round 2 of 3 (after the date)"), "{reply}");
    assert_eq!(world.money(bola).await, 110 * DOLLAR);
    for payer in &people {
        world.contribute(payer).await;
    }
    let told = world.told(chidi).len();
    world.until(first.plus(14 * DAY + 1)).await;
    let heard = world.since(chidi, told);
    assert!(heard.contains("*Friends* is complete: everybody had their turn. You paid in 30.00 USDC and received 30.00 USDC."), "{heard}");
    let status = world.status(circle).await;
    assert_eq!(status.summary.stage, CircleStage::OnChain(Phase::Completed));
    for person in &people {
        assert_eq!(world.money(person).await, 100 * DOLLAR, "{}", person.name);
    }
    assert!(world.say(chidi, "REPAY").await.contains("You owe nothing"));
}

/// A circle that starts at 02:00: its deadlines are at night, its reminders are not.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_reminded_at_night() {
    let mut world = World::new().await;
    let people = three(&mut world).await;
    world.pass(17 * HOUR).await;
    let circle = world.group("CREATE GROUP Friends 10 weekly 3", &people).await;
    let first = world.status(circle).await.payout_date.unwrap();
    assert_eq!(first.unix() % DAY / HOUR, 2, "the deadline is at night");
    world.until(first.plus(9 * DAY)).await;
    for person in &people {
        let reminded = reminders(&world, person);
        assert_eq!(reminded.len(), 8, "two instalments, four stages each: {reminded:?}");
        for at in reminded {
            assert!((7..21).contains(&(at % DAY / HOUR)), "at {}", at % DAY / HOUR);
        }
    }
}
