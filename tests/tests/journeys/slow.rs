//! A chain that does not answer: said once after three seconds, confirmed once when it does.
use std::sync::Arc;

use kolo_core::testkit::{FaultPlan, Faulty};

use crate::world::{DOLLAR, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_chain_is_said_once_and_the_receipt_comes_once() {
    let mut world = World::new().await;
    let (ada, bola) = (world.person("Ada", 100).await, world.person("Bola", 0).await);
    let circle = world.group("CREATE GROUP Friends 10 weekly 2", &[ada.clone(), bola]).await;
    world.say(&ada, "CONTRIBUTE").await;
    let told = world.told(&ada).len();
    let all = FaultPlan::seeded(1, 1_000, 0);
    world.over(Arc::new(Faulty::new(world.kolo.ports().chain.clone(), all.clone())));
    let asked_at = world.now();
    let yes = world.message(&ada, "YES");
    world.receive(yes).await;
    world.settle().await;
    let waiting = world.told(&ada).split_off(told);
    assert_eq!(waiting.len(), 1, "{waiting:#?}");
    assert_eq!(waiting[0].text, "Working on it. I will tell you as soon as it is done.");
    assert_eq!(waiting[0].at.unix() - asked_at.unix(), 3);
    // Meanwhile a second payment is not begun, and the balance is told from the books.
    let again = world.message(&ada, "CONTRIBUTE");
    world.receive(again).await;
    world.settle().await;
    assert!(
        world
            .told(&ada)
            .last()
            .unwrap()
            .text
            .contains("A payment of yours to *Friends* is on its way")
    );
    let balance = world.message(&ada, "BALANCE");
    world.receive(balance).await;
    world.settle().await;
    let balance = world.told(&ada).last().unwrap().text.clone();
    assert!(balance.contains("You have *90.00 USDC*."), "{balance}");
    assert!(balance.contains("Another 10.00 USDC is on its way out"), "{balance}");
    assert!(balance.contains("The network does not answer right now"), "{balance}");
    all.activate(false);
    world.pass(60).await;
    let heard = world.since(&ada, told);
    assert_eq!(heard.matches("You paid *10.00 USDC*").count(), 1, "{heard}");
    assert_eq!(heard.matches("Working on it").count(), 1, "{heard}");
    assert_eq!(world.status(circle).await.vault.minor_units(), 10 * DOLLAR);
}

/// Every call to the chain may fail, before or after it happened.
#[tokio::test(flavor = "multi_thread")]
async fn answers_that_get_lost_do_nothing_twice() {
    let mut world = World::new().await;
    let (ada, bola) = (world.person("Ada", 100).await, world.person("Bola", 100).await);
    let people = [ada.clone(), bola.clone()];
    let circle = world.group("CREATE GROUP Friends 10 weekly 2", &people).await;
    for seed in 1..=2 {
        let faults = FaultPlan::seeded(seed, 200, 200);
        world.over(Arc::new(Faulty::new(world.stack.kolo.ports().chain.clone(), faults.clone())));
        let date = world.status(circle).await.payout_date.unwrap();
        for payer in &people {
            for text in ["CONTRIBUTE", "YES"] {
                let message = world.message(payer, text);
                world.receive(message).await;
                world.settle().await;
            }
        }
        world.stack.clock.advance_to(date.plus(1));
        world.settle().await;
        assert!(!faults.injected().is_empty());
        faults.activate(false);
        world.pass(600).await;
        let paid_out = world.events().await;
        let paid_out =
            paid_out.iter().filter(|event| event.record.kind == "circle.payout_made").count();
        assert_eq!(u64::try_from(paid_out).unwrap(), seed);
    }
    assert_eq!((world.money(&ada).await, world.money(&bola).await), (100 * DOLLAR, 100 * DOLLAR));
}
