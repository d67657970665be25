//! An issuer takes tokens out of a vault, a stranger sends some: nobody calls `sync` by hand, and the books
//! are what the chain says.
use kolo_core::CircleId;
use kolo_core::view::CircleStage;
use kolo_rules::circle::Phase;
use kolo_server::chat::Phone;

use crate::meddling::{allow_clawbacks, claw_back, gift};
use crate::world::{DAY, DOLLAR, HOUR, World};

/// A circle of two whose issuer can take back, everybody having paid for the first round.
async fn paid() -> (World, CircleId, Phone, Phone) {
    let mut world = World::new().await;
    allow_clawbacks(&world).await;
    let (ada, bola) = (world.person("Ada", 50).await, world.person("Bola", 50).await);
    let people = [ada.clone(), bola.clone()];
    let circle = world.group("CREATE GROUP Friends 10 weekly 2", &people).await;
    for payer in &people {
        world.contribute(payer).await;
    }
    (world, circle, ada, bola)
}

/// How often the contract was asked to make its books follow the vault.
async fn syncs(world: &World) -> usize {
    let (mut wanted, mut done) = (Vec::new(), 0);
    for event in world.events().await {
        let body = String::from_utf8_lossy(&event.record.bytes);
        match event.record.kind.as_str() {
            "intent.wanted" if body.contains("\"Sync\"") => wanted.push(event.aggregate.id),
            "intent.finished" if body.contains("Confirmed") => {
                done += usize::from(wanted.contains(&event.aggregate.id));
            }
            _ => {}
        }
    }
    done
}

/// Everybody pays until the last round is paid out.
async fn to_the_end(world: &mut World, circle: CircleId, people: &[&Phone]) {
    let date = world.status(circle).await.payout_date.unwrap();
    world.until(date.plus(1)).await;
    for payer in people {
        world.contribute(payer).await;
    }
    world.until(date.plus(8 * DAY)).await;
    let stage = world.status(circle).await.summary.stage;
    assert_eq!(stage, CircleStage::OnChain(Phase::Completed));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_issuer_takes_is_borne_by_all_at_once() {
    let (mut world, circle, ada, bola) = paid().await;
    let vault = world.status(circle).await.summary.address;
    let (of_ada, of_bola) = (world.told(&ada).len(), world.told(&bola).len());
    // 4 of the 20: each loses 2, and the first pot is 16.
    claw_back(&world, &vault, 4 * DOLLAR).await;
    world.step().await;
    assert_eq!(syncs(&world).await, 1);
    assert_eq!(world.status(circle).await.vault.minor_units(), 16 * DOLLAR);
    for (who, before) in [(&ada, of_ada), (&bola, of_bola)] {
        let heard = world.since(who, before);
        assert_eq!(
            heard,
            "Sorry to tell you: the company that issues this money took 4.00 USDC back from *Friends*. Nobody in the group did this, and nobody has to pay again. The next pots are 4.00 USDC smaller in all for it. Your part of the loss is 2.00 USDC."
        );
    }
    to_the_end(&mut world, circle, &[&ada, &bola]).await;
    assert_eq!(syncs(&world).await, 1);
    // Ada got the pot of 16, Bola the one of 20.
    assert_eq!((world.money(&ada).await, world.money(&bola).await), (46 * DOLLAR, 50 * DOLLAR));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stranger_sends_is_shared_at_the_end() {
    let (mut world, circle, ada, bola) = paid().await;
    let chidi = world.person("Chidi", 50).await;
    let stranger = world.member(&chidi).await;
    let vault = world.status(circle).await.summary.address;
    let of_ada = world.told(&ada).len();
    gift(&world, &stranger, &vault, 6 * DOLLAR).await;
    world.pass(HOUR).await;
    assert_eq!(syncs(&world).await, 1);
    assert_eq!(world.status(circle).await.vault.minor_units(), 26 * DOLLAR);
    assert_eq!(
        world.since(&ada, of_ada),
        "Somebody sent 6.00 USDC to *Friends* as a gift. It waits in the group's reserve until the last round, for all who always pay on time. Your share would be 3.00 USDC as things are now."
    );
    to_the_end(&mut world, circle, &[&ada, &bola]).await;
    assert_eq!((world.money(&ada).await, world.money(&bola).await), (53 * DOLLAR, 53 * DOLLAR));
    assert_eq!(world.money(&chidi).await, 44 * DOLLAR);
}

/// What is not worth a fee costs none, and is nobody's loss: the last payout makes credits of it.
#[tokio::test(flavor = "multi_thread")]
async fn dust_is_left_for_the_last_step() {
    let (mut world, circle, ada, bola) = paid().await;
    let chidi = world.person("Chidi", 50).await;
    let stranger = world.member(&chidi).await;
    let vault = world.status(circle).await.summary.address;
    // Less than a hundredth of the instalment of 10.
    gift(&world, &stranger, &vault, DOLLAR / 20).await;
    world.settle().await;
    let date = world.status(circle).await.payout_date.unwrap();
    while world.now() < date {
        let due = world.tick(usize::MAX).await.unwrap();
        world.stack.clock.advance_to(due.min(date).max(world.now().plus(1)));
    }
    world.settle().await;
    for payer in [&ada, &bola] {
        for text in ["CONTRIBUTE", "YES"] {
            let message = world.message(payer, text);
            world.receive(message).await;
            world.settle().await;
        }
    }
    let end = date.plus(8 * DAY);
    world.until(end).await;
    assert_eq!(syncs(&world).await, 0);
    let stage = world.status(circle).await.summary.stage;
    assert_eq!(stage, CircleStage::OnChain(Phase::Completed));
    let each = 50 * DOLLAR + DOLLAR / 40;
    assert_eq!((world.money(&ada).await, world.money(&bola).await), (each, each));
}

/// The process ends after each of the keeper's steps: seen, looked, ordered, signed, sent, booked.
#[tokio::test(flavor = "multi_thread")]
async fn a_clawback_is_borne_once_over_restarts_at_every_hop() {
    for items in 0..5 {
        let (mut world, circle, ada, bola) = paid().await;
        let vault = world.status(circle).await.summary.address;
        let before = world.told(&ada).len();
        claw_back(&world, &vault, 4 * DOLLAR).await;
        for _ in 0..items {
            world.tick(1).await;
        }
        world = world.restart().await;
        world.step().await;
        world.pass(DAY).await;
        assert_eq!(syncs(&world).await, 1, "after {items}");
        let heard = world.since(&ada, before);
        assert_eq!(heard.matches("took 4.00 USDC back").count(), 1, "{heard}");
        assert_eq!(world.status(circle).await.vault.minor_units(), 16 * DOLLAR);
        to_the_end(&mut world, circle, &[&ada, &bola]).await;
    }
}
