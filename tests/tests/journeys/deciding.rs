//! What members decide about one another, on the real contract and in chat: expelling, moving a place to a
//! new number, handing one over to somebody new, changing turns.
use kolo_core::CircleId;
use kolo_core::view::CircleStage;
use kolo_rules::circle::Phase;
use kolo_server::chat::Phone;

use crate::world::{DAY, DOLLAR, World};

async fn people(world: &mut World, names: &[&str]) -> Vec<Phone> {
    let mut people = Vec::new();
    for name in names {
        people.push(world.person(name, 200).await);
    }
    people
}

/// A circle of all of them, ten dollars a week, short pots.
async fn friends(world: &mut World, people: &[Phone]) -> CircleId {
    let creation = format!("CREATE GROUP Friends 10 weekly {} short pot", people.len());
    world.group(&creation, people).await
}

async fn all_pay(world: &mut World, people: &[Phone]) {
    for person in people {
        world.contribute(person).await;
    }
}

/// Asks, and says yes to the question.
async fn confirmed(world: &mut World, who: &Phone, text: &str) -> (String, String) {
    let question = world.say(who, text).await;
    assert!(question.contains("YES"), "{text}: {question}");
    (question, world.say(who, "YES").await)
}

async fn votes(world: &mut World, who: &Phone, number: u32) -> String {
    confirmed(world, who, &format!("VOTE YES {number}")).await.1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_expelled_by_vote_and_their_money_settled_by_the_rule() {
    let mut world = World::new().await;
    let people = people(&mut world, &["Ada", "Bola", "Chidi", "Dayo"]).await;
    let [ada, bola, chidi, dayo] = &people[..] else { unreachable!() };
    let circle = friends(&mut world, &people).await;
    let date = world.status(circle).await.payout_date.unwrap();
    all_pay(&mut world, &people).await;
    world.until(date.plus(1)).await;
    assert_eq!(world.money(ada).await, 230 * DOLLAR, "Ada has had the pot");
    // Round 2 runs. Dayo has paid 10 so far, to Ada.
    let told = world.told(dayo).len();
    let (question, asked) = confirmed(&mut world, bola, "EXPEL Dayo").await;
    assert!(question.contains("Dayo pays nothing after round 2 and gets no pot"), "{question}");
    assert!(
        question.contains("10.00 USDC so far, comes back on the date of their turn"),
        "{question}"
    );
    assert!(question.contains("51% of 4 members"), "{question}");
    assert!(asked.contains("You have asked the members to vote on asking Dayo"), "{asked}");
    assert!(
        world
            .since(dayo, told)
            .contains("Bola asks the members of *Friends* to vote on whether you")
    );
    votes(&mut world, ada, 1).await;
    let told = world.told(dayo).len();
    let decided = votes(&mut world, chidi, 1).await;
    assert!(decided.contains("have voted that Dayo leaves"), "{decided}");
    let heard = world.since(dayo, told);
    assert!(heard.contains("You pay round 2 and then no more"), "{heard}");
    assert!(heard.contains("10.00 USDC so far, comes back on the date of your turn"), "{heard}");
    // Bola's round: Dayo still pays for it, then no more.
    all_pay(&mut world, &people).await;
    world.pass(7 * DAY).await;
    assert_eq!(world.money(bola).await, 220 * DOLLAR);
    let nothing = world.say(dayo, "CONTRIBUTE").await;
    assert!(!nothing.contains("YES or NO"), "{nothing}");
    // Chidi's pot is smaller by Dayo's part.
    all_pay(&mut world, &people[..3]).await;
    world.pass(7 * DAY).await;
    assert_eq!(world.money(chidi).await, 200 * DOLLAR);
    // On the date of Dayo's turn Ada and Bola, whom Dayo had paid, pay back; Chidi pays nothing.
    let nothing = world.say(chidi, "CONTRIBUTE").await;
    assert!(!nothing.contains("YES or NO"), "{nothing}");
    let question = world.say(ada, "CONTRIBUTE").await;
    assert!(question.contains("It pays Dayo back, who has left."), "{question}");
    world.say(ada, "YES").await;
    world.contribute(bola).await;
    let told = world.told(dayo).len();
    world.pass(7 * DAY).await;
    let back = world.since(dayo, told);
    assert!(back.contains("You got back *20.00 USDC*, what you had paid in"), "{back}");
    let stage = world.status(circle).await.summary.stage;
    assert_eq!(stage, CircleStage::OnChain(Phase::Completed));
    for person in &people {
        assert_eq!(world.money(person).await, 200 * DOLLAR, "{}", person.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_had_the_pot_goes_on_owing_after_being_expelled() {
    let mut world = World::new().await;
    let people = people(&mut world, &["Ada", "Bola", "Chidi"]).await;
    let [ada, bola, chidi] = &people[..] else { unreachable!() };
    let circle = friends(&mut world, &people).await;
    let date = world.status(circle).await.payout_date.unwrap();
    all_pay(&mut world, &people).await;
    world.until(date.plus(1)).await;
    let (question, _) = confirmed(&mut world, bola, "REMOVE Ada").await;
    assert!(question.contains("Ada has received 30.00 USDC and paid in 10.00 USDC"), "{question}");
    assert!(question.contains("goes on owing every payment that is left"), "{question}");
    let decided = votes(&mut world, chidi, 1).await;
    assert!(decided.contains("Ada has had the pot and goes on owing"), "{decided}");
    // Ada pays on, and all is as it would have been.
    for _ in 2..=3 {
        all_pay(&mut world, &people).await;
        world.pass(7 * DAY).await;
    }
    let stage = world.status(circle).await.summary.stage;
    assert_eq!(stage, CircleStage::OnChain(Phase::Completed));
    for person in [ada, bola, chidi] {
        assert_eq!(world.money(person).await, 200 * DOLLAR, "{}", person.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_moves_to_the_new_phone_after_vote_and_delay() {
    let mut world = World::new().await;
    let people = people(&mut world, &["Ada", "Bola", "Chidi"]).await;
    let [ada, bola, chidi] = &people[..] else { unreachable!() };
    let creation = "CREATE GROUP Friends 10 every 30 days 3 short pot";
    let circle = world.group(creation, &people).await;
    let phone = world.phone("Bola");
    let order = format!("MOVE Bola to {}", phone.number);
    let (asked_before, unknown) = confirmed(&mut world, ada, &order).await;
    assert!(unknown.contains("they must first write to me from that number"), "{unknown}");
    assert!(world.status(circle).await.votes.is_empty());
    world.say(&phone, "hi").await;
    let address = world.member(&phone).await.address.0;
    let end = &address[address.len() - 4..];
    let (question, asked) = confirmed(&mut world, ada, &order).await;
    assert_eq!(question, asked_before, "whether a number is here is nobody's to find out");
    assert!(asked.starts_with(&unknown), "{asked}");
    assert!(asked.contains(&format!("(account ends in {end}")), "with the vote, all know: {asked}");
    assert!(asked.contains("to a new number of Bola"), "{asked}");
    let meant = world.told(bola).last().unwrap().text.clone();
    assert!(meant.contains("if you have not lost your phone, send VOTE NO 1"), "{meant}");
    let told = world.told(bola).len();
    let passed = votes(&mut world, chidi, 1).await;
    assert!(passed.contains("have agreed: on"), "{passed}");
    assert!(passed.contains(&format!("new number of Bola (account ends in {end})")), "{passed}");
    let warned = world.since(bola, told);
    assert!(warned.contains("If you have not lost your phone, send VOTE NO 1"), "{warned}");
    // The old phone says no, and the place stays.
    let (_, stopped) = confirmed(&mut world, bola, "OBJECT").await;
    assert!(stopped.contains("Your NO has stopped it"), "{stopped}");
    let heard = world.told(ada).last().unwrap().text.clone();
    assert!(heard.contains("Bola has said no, so the place of Bola"), "{heard}");
    // Asked again, the old phone is silent.
    confirmed(&mut world, ada, &order).await;
    votes(&mut world, chidi, 2).await;
    let (told, old) = (world.told(&phone).len(), world.told(bola).len());
    world.pass(7 * DAY + 60).await;
    let arrived = world.since(&phone, told);
    assert!(arrived.contains("You have the place of Bola in *Friends* on this phone"), "{arrived}");
    assert!(world.since(bola, old).contains("has gone to the new number of Bola"));
    world.say(&phone, "TEST MONEY 100").await;
    world.contribute(&phone).await;
    let seats = world.status(circle).await.seats;
    assert_eq!(
        (seats[1].address.0.as_str(), seats[1].paid.minor_units()),
        (&*address, 10 * DOLLAR)
    );
    assert!(world.say(bola, "STATUS").await.contains("not in a group"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_change_turns_in_chat() {
    let mut world = World::new().await;
    let people = people(&mut world, &["Ada", "Bola", "Chidi"]).await;
    let [_, bola, chidi] = &people[..] else { unreachable!() };
    let circle = friends(&mut world, &people).await;
    let (question, sent) = confirmed(&mut world, bola, "SWAP Chidi").await;
    assert!(question.contains("turn no. 3 instead of 2"), "{question}");
    assert!(sent.contains("I have asked Chidi"), "{sent}");
    let offered = world.told(chidi).last().unwrap().text.clone();
    assert!(offered.contains("Bola offers to change turns with you"), "{offered}");
    let no = world.tap(chidi, "Decline offer").await;
    assert!(no.contains("I have told Bola that you said no"), "{no}");
    let heard = world.told(bola).last().unwrap().text.clone();
    assert!(heard.contains("Chidi said no to your offer"), "{heard}");
    confirmed(&mut world, bola, "SWAP Chidi").await;
    let question = world.tap(chidi, "Accept offer").await;
    assert!(question.contains("You get turn no. 2 instead of 3"), "{question}");
    let done = world.say(chidi, "YES").await;
    assert!(done.contains("have changed turns in *Friends*"), "{done}");
    let turns: Vec<_> = world.status(circle).await.seats.iter().map(|seat| seat.turn).collect();
    assert_eq!(turns, [1, 3, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_is_handed_over_to_somebody_new_in_chat() {
    let mut world = World::new().await;
    let people = people(&mut world, &["Ada", "Bola", "Chidi"]).await;
    let [ada, bola, chidi] = &people[..] else { unreachable!() };
    let dayo = world.person("Dayo", 100).await;
    let circle = world.group("CREATE GROUP Friends 10 every 30 days 3 short pot", &people).await;
    all_pay(&mut world, &people).await;
    let order = format!("SELL PLACE to {}", dayo.number);
    let (question, _) = confirmed(&mut world, chidi, &order).await;
    assert!(question.contains("they would then pay you 10.00 USDC"), "{question}");
    assert!(!question.contains("Dayo"), "they share no group: {question}");
    votes(&mut world, ada, 1).await;
    let agreed = world.told(chidi).last().unwrap().text.clone();
    assert!(agreed.contains("Send SELL PLACE and their number"), "{agreed}");
    let question = world.tap(chidi, "Sell place").await;
    assert!(question.contains("Dayo would pay you 10.00 USDC"), "{question}");
    let sent = world.say(chidi, "YES").await;
    assert!(sent.contains("I have asked Dayo"), "{sent}");
    let question = world.tap(&dayo, "Accept offer").await;
    assert!(question.contains("You pay Chidi 10.00 USDC"), "{question}");
    assert!(question.contains("Rules no."), "{question}");
    let told = world.told(chidi).len();
    let done = world.say(&dayo, "YES").await;
    assert!(done.contains("You have the place of Chidi in *Friends* now"), "{done}");
    let gone = world.since(chidi, told);
    assert!(gone.contains("They paid you 10.00 USDC"), "{gone}");
    assert_eq!(world.money(chidi).await, 200 * DOLLAR);
    assert_eq!(world.money(&dayo).await, 90 * DOLLAR);
    let names: Vec<_> = world.status(circle).await.seats.into_iter().map(|s| s.name).collect();
    assert_eq!(names, [ada.name.as_str(), bola.name.as_str(), "Dayo"]);
}
