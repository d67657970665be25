//! PO-2: a pot that its owner's wallet cannot take is kept for them, and delivered when it can.
use kolo_core::view::CircleStage;
use kolo_rules::circle::Phase;

use crate::meddling::limit_trustline;
use crate::world::{DAY, DOLLAR, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_pot_that_cannot_be_delivered_is_kept_and_delivered_later() {
    let mut world = World::new().await;
    let (ada, bola) = (world.person("Ada", 20).await, world.person("Bola", 20).await);
    let people = [ada.clone(), bola.clone()];
    let circle = world.group("CREATE GROUP Friends 10 weekly 2", &people).await;
    for payer in &people {
        world.contribute(payer).await;
    }
    // Ada holds 10 and her trustline takes 15 from now on: the pot of 20 does not fit.
    let ada_there = world.member(&ada).await;
    limit_trustline(&world, &ada_there, 15 * DOLLAR).await;
    let date = world.status(circle).await.payout_date.unwrap();
    let (told, others) = (world.told(&ada).len(), world.told(&bola).len());
    world.until(date.plus(1)).await;
    let heard = world.since(&ada, told);
    assert!(heard.contains("20.00 USDC from *Friends* could not be delivered to your wallet yet. It is kept safe for you"), "{heard}");
    assert!(!heard.contains("You received"), "{heard}");
    let others = world.since(&bola, others);
    assert!(others.contains("round 1 of 2"), "{others}");
    assert_eq!(world.money(&ada).await, 10 * DOLLAR);
    let status = world.status(circle).await;
    assert_eq!(
        (status.seats[0].credit.minor_units(), status.vault.minor_units()),
        (20 * DOLLAR, 20 * DOLLAR)
    );
    // It is tried every day, and tells nobody as long as it does not work.
    let told = world.told(&ada).len();
    world.pass(2 * DAY + 60).await;
    let heard = world.since(&ada, told);
    assert!(!heard.contains("kept"), "{heard}");
    limit_trustline(&world, &ada_there, i64::MAX).await;
    world.pass(DAY + 60).await;
    let heard = world.since(&ada, told);
    assert_eq!(
        heard.matches("20.00 USDC that *Friends* kept for you is in your wallet now.").count(),
        1,
        "{heard}"
    );
    assert_eq!(world.money(&ada).await, 30 * DOLLAR);
    for payer in &people {
        world.contribute(payer).await;
    }
    world.until(date.plus(7 * DAY + 1)).await;
    let stage = world.status(circle).await.summary.stage;
    assert_eq!(stage, CircleStage::OnChain(Phase::Completed));
    assert_eq!((world.money(&ada).await, world.money(&bola).await), (20 * DOLLAR, 20 * DOLLAR));
}
