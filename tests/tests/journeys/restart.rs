//! The process ends and begins again, at any moment: the conversation goes on, nothing is lost or done twice.
use kolo_core::view::CircleStage;
use kolo_rules::circle::Phase;

use crate::world::{DOLLAR, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_survives_restarts_at_every_hop() {
    let mut world = World::new().await;
    let ada = world.person("Ada", 100).await;
    world.say(&ada, "CREATE GROUP Friends 10 weekly 2").await;
    // With a question open.
    world = world.restart().await;
    world.say(&ada, "YES").await;
    let bola = world.person("Bola", 100).await;
    let code = world.invite(&ada, &bola.number).await;
    world = world.restart().await;
    world.say(&bola, &format!("JOIN {code}")).await;
    world.say(&bola, "YES").await;
    let circle = world.circle(&ada).await;
    for round in 1..=2 {
        let date = world.status(circle).await.payout_date.unwrap();
        // After so many work items of a payment: message received, worked on, sent, confirmed, told.
        for (items, payer) in [(round - 1, &ada), (round + 1, &bola)] {
            world.say(payer, "CONTRIBUTE").await;
            let before = world.told(payer).len();
            let yes = world.message(payer, "YES");
            world.receive(yes).await;
            for _ in 0..items {
                world.tick(1).await;
            }
            world = world.restart().await;
            world.step().await;
            let heard = world.since(payer, before);
            assert_eq!(heard.matches("You paid *10.00 USDC*").count(), 1, "{heard}");
        }
        world.stack.clock.advance_to(date);
        for _ in 0..round {
            world.tick(1).await;
        }
        world = world.restart().await;
        world.step().await;
    }
    let stage = world.status(circle).await.summary.stage;
    assert_eq!(stage, CircleStage::OnChain(Phase::Completed));
    for person in [&ada, &bola] {
        assert_eq!(world.money(person).await, 100 * DOLLAR);
        let id = world.member(person).await.id;
        let history = world.kolo.wallets().history(id, None, 100).await.unwrap();
        assert_eq!(history.lines.iter().filter(|line| line.kind == "payout").count(), 1);
        assert_eq!(history.lines.iter().filter(|line| line.kind == "contribution").count(), 2);
    }
}
