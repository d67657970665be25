//! Before the start: leaving, giving up, starting early.
use kolo_core::view::CircleStage;
use kolo_rules::circle::Phase;

use crate::world::{DOLLAR, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_place_left_before_the_start_is_free_for_another() {
    let mut world = World::new().await;
    let (ada, bola) = (world.person("Ada", 0).await, world.person("Bola", 0).await);
    let chidi = world.person("Chidi", 0).await;
    let people = [ada.clone(), bola.clone()];
    let circle = world.group("CREATE GROUP Friends 10 weekly 3", &people).await;
    let told = world.told(&ada).len();
    world.say(&bola, "LEAVE").await;
    let heard = world.say(&bola, "YES").await;
    assert_eq!(heard, "You have left *Friends*.");
    assert!(world.since(&ada, told).contains("Bola has left *Friends*: 1 of 3 places are taken"));
    assert_eq!(world.status(circle).await.seats.len(), 1);
    let none = world.say(&bola, "GROUP STATUS").await;
    assert!(none.contains("You are not in a group yet"), "{none}");
    for joiner in [&chidi, &bola] {
        let code = world.invite(&ada, &joiner.number).await;
        world.say(joiner, &format!("JOIN {code}")).await;
        world.say(joiner, "YES").await;
    }
    let status = world.status(circle).await;
    assert_eq!(status.summary.stage, CircleStage::OnChain(Phase::Active));
    let names: Vec<_> = status.seats.iter().map(|seat| seat.name.as_str()).collect();
    assert_eq!(names, ["Ada", "Chidi", "Bola"]);
    let late = world.say(&bola, "LEAVE").await;
    assert!(late.contains("Leave *Friends* after round 1?"), "{late}");
    // Two must stay, and of these three Ada has the pot of this round.
    let last = world.say(&bola, "YES").await;
    assert!(last.contains("You leave *Friends* after round 1."), "{last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_organiser_can_give_a_circle_up() {
    let mut world = World::new().await;
    let (ada, bola) = (world.person("Ada", 10).await, world.person("Bola", 10).await);
    let people = [ada.clone(), bola.clone()];
    let circle = world.group("CREATE GROUP Friends 10 weekly 3", &people).await;
    let reply = world.say(&bola, "CANCEL GROUP").await;
    assert!(reply.contains("Only the organiser of *Friends* can do that"), "{reply}");
    let code = world.invite(&ada, "").await;
    world.say(&ada, "CANCEL GROUP").await;
    let told = world.told(&bola).len();
    let heard = world.say(&ada, "YES").await;
    assert_eq!(heard, "*Friends* was given up before its start. No money had been paid in.");
    assert!(world.since(&bola, told).contains("*Friends* was given up"));
    let stage = world.status(circle).await.summary.stage;
    assert_eq!(stage, CircleStage::OnChain(Phase::Cancelled));
    let chidi = world.person("Chidi", 0).await;
    let reply = world.say(&chidi, &format!("JOIN {code}")).await;
    assert!(
        reply.contains("only possible before the group started") || reply.contains("too old"),
        "{reply}"
    );
    assert!(world.say(&bola, "CONTRIBUTE").await.contains("*Friends* is over"));
    assert_eq!(world.money(&bola).await, 10 * DOLLAR);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_minimum_there_the_organiser_starts_early() {
    let mut world = World::new().await;
    let (ada, bola) = (world.person("Ada", 50).await, world.person("Bola", 50).await);
    let circle = world.group("CREATE GROUP Friends 10 weekly 5", std::slice::from_ref(&ada)).await;
    let alone = world.say(&ada, "START").await;
    assert!(alone.contains("There are not enough members for that"), "{alone}");
    let code = world.invite(&ada, "").await;
    world.say(&bola, &format!("JOIN {code}")).await;
    world.say(&bola, "YES").await;
    let reply = world.say(&bola, "START").await;
    assert!(reply.contains("Only the organiser"), "{reply}");
    let question = world.say(&ada, "START").await;
    assert!(question.contains("Start *Friends* now with 2 of 5 members?"), "{question}");
    let told = world.told(&bola).len();
    world.tap(&ada, "YES").await;
    assert!(world.since(&bola, told).contains("Your turn is no. 2."));
    let status = world.status(circle).await;
    assert_eq!(status.full_pot.minor_units(), 20 * DOLLAR, "the pot of those who are in");
    for _ in 0..2 {
        let date = world.status(circle).await.payout_date.unwrap();
        for payer in [&ada, &bola] {
            world.contribute(payer).await;
        }
        world.until(date.plus(1)).await;
    }
    let stage = world.status(circle).await.summary.stage;
    assert_eq!(stage, CircleStage::OnChain(Phase::Completed));
    assert_eq!((world.money(&ada).await, world.money(&bola).await), (50 * DOLLAR, 50 * DOLLAR));
}
