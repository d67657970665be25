//! Codes: one person each, for the one they were meant for, in time, before the start.
use futures::future::join_all;
use kolo_core::conversation;

use crate::world::{DAY, World};

#[tokio::test(flavor = "multi_thread")]
async fn of_two_with_one_code_at_the_same_moment_exactly_one_gets_in() {
    let mut world = World::new().await;
    let ada = world.person("Ada", 0).await;
    let racers = [world.person("Bola", 0).await, world.person("Chidi", 0).await];
    let circle = world.group("CREATE GROUP Friends 10 weekly 2", std::slice::from_ref(&ada)).await;
    let code = world.invite(&ada, "").await;
    let mut yeses = Vec::new();
    for racer in &racers {
        let rules = world.say(racer, &format!("JOIN {code}")).await;
        assert!(rules.contains("Join by these rules?"), "{rules}");
        yeses.push((world.message(racer, "YES"), world.told(racer).len()));
    }
    let both = yeses.iter().map(|(yes, _)| conversation::receive(&world.kolo, yes.clone()));
    for done in join_all(both).await {
        done.unwrap();
    }
    futures::future::join(world.tick(usize::MAX), world.tick(usize::MAX)).await;
    world.step().await;
    let heard: Vec<_> =
        racers.iter().zip(&yeses).map(|(racer, (_, before))| world.since(racer, *before)).collect();
    let lost = |text: &String| text.contains("That invitation was used already");
    let won = |text: &String| text.contains("*Friends* has started!");
    assert_eq!(heard.iter().filter(|text| won(text)).count(), 1, "{heard:#?}");
    assert_eq!(heard.iter().filter(|text| lost(text)).count(), 1, "{heard:#?}");
    let status = world.status(circle).await;
    assert_eq!(status.seats.len(), 2);
    let winner = racers.iter().zip(&heard).find(|(_, text)| won(text)).unwrap().0;
    assert_eq!(status.seats[1].name, winner.name);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_taken_back_lets_nobody_in_and_frees_its_place() {
    let mut world = World::new().await;
    let (ada, bola) = (world.person("Ada", 0).await, world.person("Bola", 0).await);
    let circle = world.group("CREATE GROUP Friends 10 weekly 2", std::slice::from_ref(&ada)).await;
    let code = world.invite(&ada, "").await;
    let reply = world.say(&ada, "INVITE").await;
    assert!(reply.contains("All places are taken or promised"), "{reply}");
    let reply = world.say(&bola, &format!("REVOKE {code}")).await;
    assert!(reply.contains("organiser"), "only who invited can take it back: {reply}");
    let reply = world.say(&ada, "REVOKE").await;
    assert!(reply.contains("Which code?"), "{reply}");
    let reply = world.say(&ada, &format!("REVOKE {code}")).await;
    assert!(reply.contains(&format!("The code {code} for *Friends* no longer works")), "{reply}");
    let reply = world.say(&ada, &format!("REVOKE {code}")).await;
    assert!(reply.contains("invitation"), "{reply}");
    let reply = world.say(&bola, &format!("JOIN {code}")).await;
    assert!(!reply.contains("Join by these rules?"), "{reply}");
    // The place is free: another code takes somebody in, and the circle starts.
    let code = world.invite(&ada, "").await;
    world.say(&bola, &format!("JOIN {code}")).await;
    world.tap(&bola, "YES").await;
    assert_eq!(world.status(circle).await.seats.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_lets_in_only_whom_it_was_meant_for_and_only_once() {
    let mut world = World::new().await;
    let (ada, bola) = (world.person("Ada", 0).await, world.person("Bola", 0).await);
    let chidi = world.person("Chidi", 0).await;
    let circle = world.group("CREATE GROUP Friends 10 weekly 3", std::slice::from_ref(&ada)).await;
    let code = world.invite(&ada, &bola.number).await;
    let reply = world.say(&chidi, &format!("JOIN {code}")).await;
    assert!(reply.contains("That invitation is for another phone number"), "{reply}");
    world.say(&bola, &format!("join {}", code.to_lowercase())).await;
    let reply = world.tap(&bola, "YES").await;
    assert!(reply.contains("You are in *Friends*! Your turn is no. 2"), "{reply}");
    let reply = world.say(&bola, &format!("JOIN {code}")).await;
    assert!(reply.contains("You are in *Friends* already"), "{reply}");
    // Nobody else can use it either, even with the right number in hand.
    let open = world.invite(&ada, "").await;
    let reply = world.say(&ada, "INVITE").await;
    assert!(reply.contains("All places are taken or promised"), "{reply}");
    let reply = world.say(&bola, &format!("JOIN {open}")).await;
    assert!(reply.contains("You are in *Friends* already"), "{reply}");
    assert_eq!(world.status(circle).await.seats.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_started_circle_lets_nobody_in() {
    let mut world = World::new().await;
    let (ada, bola) = (world.person("Ada", 0).await, world.person("Bola", 0).await);
    let chidi = world.person("Chidi", 0).await;
    let people = [ada.clone(), bola];
    let circle = world.group("CREATE GROUP Friends 10 weekly 3", &people).await;
    let code = world.invite(&ada, "").await;
    // Chidi has seen the rules, and the circle starts before his YES.
    world.say(&chidi, &format!("JOIN {code}")).await;
    world.say(&ada, "START").await;
    let reply = world.say(&ada, "YES").await;
    assert!(reply.contains("*Friends* has started!"), "{reply}");
    let late = world.say(&chidi, "YES").await;
    assert!(late.contains("before the group started"), "{late}");
    let again = world.say(&chidi, &format!("JOIN {code}")).await;
    assert!(again.contains("before the group started"), "{again}");
    assert_eq!(world.status(circle).await.seats.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_code_is_refused_and_its_place_is_free_again() {
    let mut world = World::new().await;
    let (ada, bola) = (world.person("Ada", 0).await, world.person("Bola", 0).await);
    world.group("CREATE GROUP Friends 10 weekly 2", std::slice::from_ref(&ada)).await;
    let code = world.invite(&ada, "").await;
    world.pass(14 * DAY + 60).await;
    let reply = world.say(&bola, &format!("JOIN {code}")).await;
    assert!(reply.contains("was used already or is too old"), "{reply}");
    let fresh = world.invite(&ada, "").await;
    assert_ne!(fresh, code);
    world.say(&bola, &format!("JOIN {fresh}")).await;
    let reply = world.say(&bola, "YES").await;
    assert!(reply.contains("*Friends* has started!"), "{reply}");
}
