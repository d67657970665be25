//! The same thing said twice, or by two at once, happens once.
use futures::future::join_all;
use kolo_core::conversation;

use crate::world::{DOLLAR, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_message_delivered_three_times_is_answered_once() {
    let mut world = World::new().await;
    let ada = world.person("Ada", 0).await;
    let told = world.told(&ada).len();
    let message = world.message(&ada, "TEST MONEY 25");
    for _ in 0..3 {
        world.receive(message.clone()).await;
    }
    world.step().await;
    world.receive(message).await;
    world.step().await;
    assert_eq!(world.money(&ada).await, 25 * DOLLAR);
    assert_eq!(world.told(&ada).len(), told + 1, "{}", world.since(&ada, told));
}

#[tokio::test(flavor = "multi_thread")]
async fn three_deliveries_at_the_same_moment_are_one_message() {
    let mut world = World::new().await;
    let ada = world.person("Ada", 0).await;
    let told = world.told(&ada).len();
    let message = world.message(&ada, "TEST MONEY 25");
    let deliveries = (0..3).map(|_| conversation::receive(&world.kolo, message.clone()));
    for done in join_all(deliveries).await {
        done.unwrap();
    }
    // Two workers look at once, as in two processes.
    futures::future::join(world.tick(usize::MAX), world.tick(usize::MAX)).await;
    world.step().await;
    assert_eq!(world.money(&ada).await, 25 * DOLLAR);
    assert_eq!(world.told(&ada).len(), told + 1, "{}", world.since(&ada, told));
}

/// ID-1.
#[tokio::test(flavor = "multi_thread")]
async fn two_first_messages_at_once_make_one_member() {
    let mut world = World::new().await;
    let ada = world.phone("Ada");
    let (one, two) = (world.message(&ada, "hi"), world.message(&ada, "hello"));
    let both = [one, two].map(|message| conversation::receive(&world.kolo, message));
    for done in join_all(both).await {
        done.unwrap();
    }
    futures::future::join(world.tick(usize::MAX), world.tick(usize::MAX)).await;
    world.step().await;
    let members = world.kolo.members().list(None, 10).await.unwrap();
    assert_eq!(members.len(), 1, "{members:#?}");
    assert_eq!(members[0].phone.as_deref(), Some(ada.number.as_str()));
    assert_eq!(world.told(&ada).len(), 2, "each message is answered");
    let welcomes = world.told(&ada).iter().filter(|b| b.text.contains("Welcome, Ada")).count();
    assert_eq!(welcomes, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_yeses_at_the_same_moment_pay_once() {
    let mut world = World::new().await;
    let (ada, bola) = (world.person("Ada", 100).await, world.person("Bola", 100).await);
    let circle = world.group("CREATE GROUP Friends 10 weekly 2", &[ada.clone(), bola]).await;
    world.pass(5 * 86_400).await;
    world.say(&ada, "CONTRIBUTE").await;
    let told = world.told(&ada).len();
    let (one, two) = (world.message(&ada, "YES"), world.message(&ada, "YES"));
    let both = [one, two].map(|message| conversation::receive(&world.kolo, message));
    for done in join_all(both).await {
        done.unwrap();
    }
    futures::future::join(world.tick(usize::MAX), world.tick(usize::MAX)).await;
    world.step().await;
    assert_eq!(world.money(&ada).await, 90 * DOLLAR);
    let status = world.status(circle).await;
    assert_eq!(status.vault.minor_units(), 10 * DOLLAR);
    let said = world.since(&ada, told);
    assert_eq!(said.matches("You paid *10.00 USDC*").count(), 1, "{said}");
    assert_eq!(world.told(&ada).len(), told + 2, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn contribute_twice_and_an_old_button_pay_once() {
    let mut world = World::new().await;
    let (ada, bola) = (world.person("Ada", 100).await, world.person("Bola", 100).await);
    let circle = world.group("CREATE GROUP Friends 10 weekly 2", &[ada.clone(), bola]).await;
    world.pass(5 * 86_400).await;
    world.say(&ada, "CONTRIBUTE").await;
    let question = world.told(&ada).last().unwrap().clone();
    let yes = question.buttons.iter().find(|button| button.label == "YES").unwrap();
    let reply = world.tap(&ada, "YES").await;
    assert!(reply.contains("You paid *10.00 USDC*"), "{reply}");
    let mut again = world.message(&ada, "YES");
    again.button = Some(yes.id.clone());
    let reply = world.deliver(&ada, again).await;
    assert!(reply.contains("That button is from an older message, so nothing was done"), "{reply}");
    let reply = world.say(&ada, "CONTRIBUTE").await;
    assert!(reply.contains("Nothing is due from you"), "{reply}");
    let reply = world.say(&ada, "YES").await;
    assert!(reply.contains("There is nothing to answer right now"), "{reply}");
    assert_eq!(world.money(&ada).await, 90 * DOLLAR);
    assert_eq!(world.status(circle).await.vault.minor_units(), 10 * DOLLAR);
}
