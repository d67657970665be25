//! Asking for a place by the group's code, on the real contract: told within measure, answered, taken back;
//! and being taken out before the start.
use kolo_core::view::CircleStage;
use kolo_rules::circle::Phase;
use kolo_server::chat::Phone;

use crate::world::{DAY, DOLLAR, World, code_in};

/// The code anybody can ask by.
async fn door(world: &mut World, organiser: &Phone) -> String {
    let told = world.say(organiser, "GROUP CODE").await;
    code_in(&told).unwrap_or_else(|| panic!("no code: {told}"))
}

async fn ask(world: &mut World, who: &Phone, code: &str) -> String {
    let rules = world.say(who, &format!("JOIN {code}")).await;
    assert!(rules.contains("Ask for a place?") && rules.contains("Rules no."), "{rules}");
    world.say(who, "YES").await
}

async fn alone(world: &mut World, seats: u8) -> Phone {
    let ada = world.person("Ada", 50).await;
    world.say(&ada, &format!("CREATE GROUP Friends 10 weekly {seats}")).await;
    world.say(&ada, "YES").await;
    ada
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_is_approved_and_the_circle_starts() {
    let mut world = World::new().await;
    let ada = alone(&mut world, 2).await;
    let circle = world.circle(&ada).await;
    let code = door(&mut world, &ada).await;
    let bola = world.person("Bola", 50).await;
    let told = world.told(&ada).len();
    let heard = ask(&mut world, &bola, &code).await;
    assert!(
        heard.contains("Your request for a place in *Friends* is with the organiser"),
        "{heard}"
    );
    let asked = world.since(&ada, told);
    assert!(asked.contains("Bola asks for a place in *Friends*. You decide"), "{asked}");
    assert!(ask_again(&mut world, &bola, &code).await.contains("have asked for a place"));
    let listed = world.say(&ada, "REQUESTS").await;
    let end = &bola.number[bola.number.len() - 4..];
    assert!(listed.contains(&format!("1. Bola (number ends in {end})")), "{listed}");
    let question = world.say(&ada, "APPROVE 1").await;
    assert!(question.contains("It is the last one, so the group starts"), "{question}");
    let told = world.told(&bola).len();
    world.tap(&ada, "YES").await;
    let started = world.since(&bola, told);
    assert!(started.contains("*Friends* has started!"), "{started}");
    assert!(started.contains("Your turn is no. 2"), "{started}");
    let status = world.status(circle).await;
    assert_eq!(status.summary.stage, CircleStage::OnChain(Phase::Active));
    assert!(status.requests.is_empty());
    let late = world.say(&ada, "GROUP CODE").await;
    assert!(late.contains("*Friends* has started"), "{late}");
    // And it runs: both pay, Ada has the first pot.
    let date = status.payout_date.unwrap();
    for payer in [&ada, &bola] {
        world.contribute(payer).await;
    }
    world.until(date.plus(1)).await;
    assert_eq!((world.money(&ada).await, world.money(&bola).await), (60 * DOLLAR, 40 * DOLLAR));
}

async fn ask_again(world: &mut World, who: &Phone, code: &str) -> String {
    world.say(who, &format!("JOIN {code}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_rejected_hears_it_and_may_ask_again_until_the_code_is_taken_back() {
    let mut world = World::new().await;
    let ada = alone(&mut world, 3).await;
    let circle = world.circle(&ada).await;
    let code = door(&mut world, &ada).await;
    let bola = world.person("Bola", 0).await;
    ask(&mut world, &bola, &code).await;
    let told = world.told(&bola).len();
    let question = world.tap(&ada, "Reject").await;
    assert!(question.contains("Tell Bola (number ends in"), "{question}");
    let done = world.say(&ada, "YES").await;
    assert!(done.contains("I have told Bola that there is no place in *Friends*"), "{done}");
    let answer = world.since(&bola, told);
    assert!(answer.contains("could not give you a place this time. Nothing was paid."), "{answer}");
    assert!(world.status(circle).await.requests.is_empty());
    // Bola asks once more, and takes it back.
    ask(&mut world, &bola, &code).await;
    let question = world.say(&bola, "LEAVE").await;
    assert!(question.contains("Take your request for a place in *Friends* back?"), "{question}");
    let told = world.told(&ada).len();
    let heard = world.say(&bola, "YES").await;
    assert_eq!(heard, "You are no longer waiting for a place in *Friends*.");
    assert_eq!(world.since(&ada, told), "", "the organiser is not asked twice");
    assert!(
        world.say(&bola, "TAKE BACK REQUEST").await.contains("not waiting for a place anywhere")
    );
    let closed = world.say(&ada, &format!("REVOKE {code}")).await;
    assert!(closed.contains("The code of *Friends* no longer works"), "{closed}");
    let reply = ask_again(&mut world, &bola, &code).await;
    assert!(reply.contains("no invitation with that code"), "{reply}");
    let fresh = door(&mut world, &ada).await;
    assert_ne!(fresh, code);
    ask(&mut world, &bola, &fresh).await;
    assert_eq!(world.status(circle).await.requests.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_requests_tells_the_organiser_four_times_a_day_at_most() {
    let mut world = World::new().await;
    let ada = alone(&mut world, 3).await;
    let code = door(&mut world, &ada).await;
    let told = world.told(&ada).len();
    let mut asking = Vec::new();
    for number in 1..=8 {
        let person = world.person(&format!("Asker {number}"), 0).await;
        ask(&mut world, &person, &code).await;
        asking.push(person);
    }
    // One of them comes and goes all day.
    for _ in 0..3 {
        world.say(&asking[0], "TAKE BACK REQUEST").await;
        world.say(&asking[0], "YES").await;
        ask(&mut world, &asking[0], &code).await;
    }
    let heard = world.told(&ada).split_off(told);
    assert_eq!(heard.len(), 4, "{heard:#?}");
    assert!(heard[2].text.contains("Asker 3 asks for a place"), "{heard:#?}");
    assert!(heard[3].text.contains("4 people are waiting for a place in *Friends*"), "{heard:#?}");
    let listed = world.tap(&ada, "Requests").await;
    assert!(listed.contains("8. Asker 1"), "{listed}");
    // Another day, another word.
    let later = world.person("Late", 0).await;
    world.pass(DAY).await;
    let told = world.told(&ada).len();
    ask(&mut world, &later, &code).await;
    assert!(world.since(&ada, told).contains("Late asks for a place"));
    // Who waits when it starts is told so.
    world.say(&ada, "APPROVE Late").await;
    world.say(&ada, "YES").await;
    let told = world.told(&asking[4]).len();
    world.say(&ada, "START").await;
    world.say(&ada, "YES").await;
    let gone = world.since(&asking[4], told);
    assert!(gone.contains("has started without a free place for you"), "{gone}");
    let circle = world.circle(&ada).await;
    assert!(world.status(circle).await.requests.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_member_waits_in_few_groups_at_a_time() {
    let mut world = World::new().await;
    let ada = world.person("Ada", 0).await;
    let bola = world.person("Bola", 0).await;
    for number in 1..=6 {
        world.say(&ada, &format!("CREATE GROUP Group{number} 10 weekly 3")).await;
        world.say(&ada, "YES").await;
        let told = world.say(&ada, &format!("GROUP CODE Group{number}")).await;
        let code = code_in(&told).unwrap();
        world.say(&bola, &format!("JOIN {code}")).await;
        let heard = world.say(&bola, "YES").await;
        let refused = heard.contains("So many requests are waiting");
        assert_eq!(refused, number == 6, "{number}: {heard}");
    }
    world.say(&bola, "TAKE BACK REQUEST Group2").await;
    let heard = world.say(&bola, "YES").await;
    assert!(heard.contains("no longer waiting for a place in *Group2*"), "{heard}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_organiser_takes_somebody_out_before_the_start() {
    let mut world = World::new().await;
    let mut people = Vec::new();
    for name in ["Ada", "Bola", "Chidi"] {
        people.push(world.person(name, 20).await);
    }
    let [ada, bola, chidi] = &people[..] else { unreachable!() };
    let circle = world.group("CREATE GROUP Friends 10 weekly 4", &people).await;
    let reply = world.say(bola, "REMOVE Chidi").await;
    assert!(reply.contains("Only the organiser of *Friends* can do that"), "{reply}");
    let question = world.say(ada, "REMOVE bola").await;
    assert!(question.contains("Nobody has paid anything in yet, so nothing is lost"), "{question}");
    let told = (world.told(bola).len(), world.told(chidi).len());
    let heard = world.say(ada, "YES").await;
    assert_eq!(heard, "Bola is no longer in *Friends*: 2 of 4 places are taken.");
    assert_eq!(world.since(chidi, told.1), heard);
    let out = world.since(bola, told.0);
    assert!(out.contains("taken you out of *Friends* before its start. Nothing was paid"), "{out}");
    let names: Vec<_> =
        world.status(circle).await.seats.into_iter().map(|seat| (seat.name, seat.turn)).collect();
    assert_eq!(names, [("Ada".to_owned(), 1), ("Chidi".to_owned(), 2)]);
    assert_eq!(world.money(bola).await, 20 * DOLLAR);
    assert!(world.say(bola, "STATUS").await.contains("You are not in a group yet"));
    // The place is free for another, also for the same.
    let code = world.invite(ada, &bola.number).await;
    world.say(bola, &format!("JOIN {code}")).await;
    let back = world.say(bola, "YES").await;
    assert!(back.contains("Your turn is no. 3"), "{back}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_organiser_sets_the_order() {
    let mut world = World::new().await;
    let mut people = Vec::new();
    for name in ["Ada", "Bola", "Chidi"] {
        people.push(world.person(name, 50).await);
    }
    let [ada, bola, chidi] = &people[..] else { unreachable!() };
    world.say(ada, "CREATE GROUP Friends 10 weekly 3").await;
    let asked = world.say(ada, "MY ORDER").await;
    assert!(asked.contains("Which turn is yours? Send a number from 1 to 3"), "{asked}");
    let rules = world.say(ada, "3").await;
    assert!(rules.contains("Turns: as set in the invitations"), "{rules}");
    world.say(ada, "YES").await;
    let circle = world.circle(ada).await;
    let taken = world.say(ada, "INVITE TURN 3").await;
    assert!(taken.contains("Somebody else has that turn already"), "{taken}");
    let told = world.say(ada, &format!("INVITE {} TURN 2", bola.number)).await;
    let code = code_in(&told).unwrap();
    let promised = world.say(ada, "INVITE TURN 2").await;
    assert!(promised.contains("Somebody else has that turn already"), "{promised}");
    let rules = world.say(bola, &format!("JOIN {code}")).await;
    assert!(rules.contains("Your turn: no. 2."), "{rules}");
    world.say(bola, "YES").await;
    // Chidi asks; what is left is the first turn.
    let code = door(&mut world, ada).await;
    ask(&mut world, chidi, &code).await;
    let question = world.say(ada, "APPROVE Chidi").await;
    assert!(question.contains("with turn no. 1"), "{question}");
    world.say(ada, "YES").await;
    let status = world.status(circle).await;
    assert_eq!(status.summary.stage, CircleStage::OnChain(Phase::Active));
    let turns: Vec<_> = status.seats.iter().map(|seat| (seat.name.as_str(), seat.turn)).collect();
    assert_eq!(turns, [("Ada", 3), ("Bola", 2), ("Chidi", 1)]);
    for (round, recipient) in [chidi, bola, ada].into_iter().enumerate() {
        let before = world.money(recipient).await;
        let date = world.status(circle).await.payout_date.unwrap();
        for payer in &people {
            world.contribute(payer).await;
        }
        world.until(date.plus(1)).await;
        assert_eq!(world.money(recipient).await, before + 20 * DOLLAR, "round {}", round + 1);
    }
    for person in &people {
        assert_eq!(world.money(person).await, 50 * DOLLAR, "{}", person.name);
    }
}
