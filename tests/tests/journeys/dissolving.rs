//! Ending early by vote: net settlement, refunds that nobody has to ask for.
use kolo_core::view::CircleStage;
use kolo_rules::circle::Phase;
use kolo_server::chat::Phone;

use crate::world::{DAY, DOLLAR, World};

async fn people(world: &mut World, names: &[&str]) -> Vec<Phone> {
    let mut people = Vec::new();
    for name in names {
        people.push(world.person(name, 100).await);
    }
    people
}

async fn propose(world: &mut World, who: &Phone) -> String {
    let question = world.say(who, "DISSOLVE").await;
    assert!(question.contains("Ask the members to close"), "{question}");
    world.say(who, "YES").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vote_closes_the_circle_and_everybody_gets_their_share() {
    let mut world = World::new().await;
    let people = people(&mut world, &["Ada", "Bola", "Chidi"]).await;
    let [ada, bola, chidi] = &people[..] else { unreachable!() };
    let circle = world.group("CREATE GROUP Friends 10 weekly 3", &people).await;
    let first = world.status(circle).await.payout_date.unwrap();
    for payer in &people {
        world.contribute(payer).await;
    }
    world.until(first.plus(60)).await;
    assert_eq!(world.money(ada).await, 120 * DOLLAR, "Ada has had the pot");
    world.contribute(bola).await;
    let reply = propose(&mut world, bola).await;
    assert!(reply.contains("You have asked the members to close *Friends* early"), "{reply}");
    let asked = world.told(chidi).last().unwrap().text.clone();
    assert!(asked.contains("Bola asks to close *Friends* early"), "{asked}");
    world.tap(chidi, "Vote yes").await;
    let heard = world.tap(chidi, "YES").await;
    // Held: Bola's 10. Net claims: Bola 20, Chidi 10, Ada −20. Two thirds to Bola, one to Chidi.
    assert!(
        heard.contains("*Friends* was closed by vote. You get back 3.3333333 USDC."),
        "{heard}"
    );
    assert!(heard.contains("You got back *3.3333333 USDC* from *Friends*."), "{heard}");
    assert_eq!(world.money(bola).await, 80 * DOLLAR + 66_666_667);
    assert_eq!(world.money(chidi).await, 90 * DOLLAR + 33_333_333);
    let status = world.status(circle).await;
    assert_eq!(status.summary.stage, CircleStage::OnChain(Phase::Dissolved));
    assert_eq!(status.vault.minor_units(), 0);
    let told = world.told(ada).last().unwrap().text.clone();
    assert!(told.contains("You still owe 20.00 USDC to the others; send REPAY"), "{told}");

    // What Ada pays back goes on to those who lack it, again by itself.
    world.say(ada, "REPAY").await;
    let reply = world.say(ada, "YES").await;
    assert!(reply.contains("Everything is settled."), "{reply}");
    for person in &people {
        assert_eq!(world.money(person).await, 100 * DOLLAR, "{}", person.name);
    }
    assert_eq!(world.status(circle).await.vault.minor_units(), 0);
    assert!(world.say(chidi, "CONTRIBUTE").await.contains("*Friends* is over."));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tie_fails_and_the_circle_goes_on() {
    let mut world = World::new().await;
    let people = people(&mut world, &["Ada", "Bola"]).await;
    let [ada, bola] = &people[..] else { unreachable!() };
    let circle = world.group("CREATE GROUP Friends 10 weekly 2", &people).await;
    propose(&mut world, ada).await;
    let told = world.told(ada).len();
    world.say(bola, "VOTE NO").await;
    let heard = world.say(bola, "YES").await;
    assert!(heard.contains("*Friends* goes on: the vote to close it did not pass."), "{heard}");
    assert!(world.since(ada, told).contains("goes on"));
    let status = world.status(circle).await;
    assert_eq!(status.summary.stage, CircleStage::OnChain(Phase::Active));
    assert_eq!(status.votes, []);
    assert!(world.contribute(bola).await.contains("You paid *10.00 USDC*"));
    assert!(world.say(bola, "VOTE YES").await.contains("There is no open vote"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vote_nobody_answers_expires_and_another_can_follow() {
    let mut world = World::new().await;
    let people = people(&mut world, &["Ada", "Bola", "Chidi"]).await;
    let [ada, bola, chidi] = &people[..] else { unreachable!() };
    let circle = world.group("CREATE GROUP Friends 10 monthly 3", &people).await;
    propose(&mut world, ada).await;
    let vote = world.status(circle).await.votes.remove(0);
    assert_eq!((vote.yes, vote.no, vote.electorate), (1, 0, 3));
    // Ada thinks better of it, and again: undecided votes may change.
    let question = world.say(ada, "VOTE NO").await;
    assert!(question.contains("You can change it until the vote is decided"), "{question}");
    let counted = world.say(ada, "YES").await;
    assert!(counted.contains("0 for, 1 against, 3 members"), "{counted}");
    world.say(ada, "VOTE YES").await;
    world.say(ada, "YES").await;
    let again = world.say(ada, "VOTE YES").await;
    assert!(again.contains("So far: 1 for, 0 against"), "{again}");
    let twice = world.say(ada, "YES").await;
    assert!(twice.contains("You have voted already"), "{twice}");
    // Bola is asked in time and answers too late.
    world.until(vote.expires_at.minus(60)).await;
    world.say(bola, "VOTE YES").await;
    world.until(vote.expires_at.plus(1)).await;
    let late = world.say(bola, "YES").await;
    assert!(late.contains("The time to vote is over"), "{late}");
    assert_eq!(world.status(circle).await.votes, []);
    let reply = world.say(chidi, "VOTE YES").await;
    assert!(reply.contains("There is no open vote"), "{reply}");
    let board = world.say(chidi, "GROUP STATUS").await;
    assert!(!board.contains("A vote to close is open"), "{board}");
    world.pass(DAY).await;
    propose(&mut world, chidi).await;
    world.say(ada, "VOTE YES").await;
    let heard = world.say(ada, "YES").await;
    assert!(heard.contains("was closed by vote"), "{heard}");
    let reply = world.say(bola, "DISSOLVE").await;
    assert!(reply.contains("*Friends* is over"), "{reply}");
}
