//! A day on which more people come than the operator pays for.
use kolo_core::Caps;

use crate::world::{DOLLAR, World, code_in};

const DAY_S: u64 = 86_400;

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_on_a_full_day_is_asked_back_and_finds_everything_as_it_was() {
    let caps = Caps { accounts_per_day: 1, circles_per_member_per_day: 1, ..Caps::default() };
    let mut world = World::capped(caps).await;
    let (ada, bola) = (world.person("Ada", 50).await, world.person("Bola", 0).await);
    for text in ["CREATE GROUP Friends 10 weekly 2", "YES"] {
        world.say(&ada, text).await;
    }
    let second = "CREATE GROUP Family 10 weekly 2";
    world.say(&ada, second).await;
    let heard = world.say(&ada, "YES").await;
    assert!(heard.contains("You have begun a group today, and one is the most"), "{heard}");

    let heard = world.say(&ada, "INVITE").await;
    let join = format!("JOIN {}", code_in(&heard).unwrap());
    let full =
        "Today's places for new wallets are used up. Nothing is lost: please write again tomorrow.";
    world.say(&bola, &join).await;
    assert_eq!(world.say(&bola, "YES").await, full);
    assert_eq!(world.say(&bola, "TEST MONEY 20").await, full);
    assert_eq!(world.money(&bola).await, 0);

    // The cap holds over a restart, and ends with the day.
    let mut world = world.restart().await;
    assert_eq!(world.say(&bola, "TEST MONEY 20").await, full);
    world.pass(DAY_S).await;
    world.say(&bola, "TEST MONEY 20").await;
    assert_eq!(world.money(&bola).await, 20 * DOLLAR);
    world.say(&bola, &join).await;
    let heard = world.say(&bola, "YES").await;
    assert!(heard.contains("Friends"), "{heard}");
    let circle = world.circle(&bola).await;
    assert_eq!(world.status(circle).await.summary.members, 2);
    for text in [second, "YES"] {
        world.say(&ada, text).await;
    }
    assert_ne!(world.circle(&ada).await, circle);
}
