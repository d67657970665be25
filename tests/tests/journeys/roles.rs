//! Offices on the real contract: a secretary answers for the organiser, a plain member does not; the last
//! treasurer stays; with the seat the office is gone.
use kolo_core::circle::Office;
use kolo_server::chat::Phone;
use serde_json::Value;

use crate::world::{World, code_in};

/// Asks, says yes on both sides; what the one who was asked heard at the end.
async fn appoint(world: &mut World, organiser: &Phone, who: &Phone, role: &str) -> String {
    let question = world.say(organiser, &format!("ROLE {} {role}", who.name)).await;
    let asks = format!("Ask {} to be the {}", who.name, role.to_lowercase());
    assert!(question.contains(&asks) && question.contains("Fee: 0"), "{question}");
    let told = world.told(who).len();
    world.say(organiser, "YES").await;
    let asked = world.since(who, told);
    assert!(asked.contains(&format!("asks you to be its {}", role.to_lowercase())), "{asked}");
    assert!(asked.contains("no say over the money of others"), "{asked}");
    world.tap(who, "Accept role").await
}

/// Who asked for the newest intent of this kind, as the record has it.
async fn asked_by(world: &World, kind: &str) -> String {
    let events = world.events().await;
    let wanted = events.iter().rev().filter(|event| event.record.kind == "intent.wanted");
    let bodies = wanted.map(|event| serde_json::from_slice::<Value>(&event.record.bytes).unwrap());
    let body = bodies.clone().find(|body| body["want"].get(kind).is_some());
    body.unwrap_or_else(|| panic!("no {kind}"))["asked_by"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secretary_answers_who_asks_and_a_plain_member_does_not() {
    let mut world = World::new().await;
    let mut people = Vec::new();
    for name in ["Ada", "Bola", "Chidi"] {
        people.push(world.person(name, 0).await);
    }
    let circle = world.group("CREATE GROUP Friends 10 weekly 6", &people).await;
    let [ada, bola, chidi] = &people[..] else { unreachable!() };
    let refused = world.say(bola, "GROUP CODE").await;
    assert!(refused.contains("Only the organiser of *Friends* can do that, or its"), "{refused}");
    let before = world.told(chidi).len();
    let taken = appoint(&mut world, ada, bola, "SECRETARY").await;
    assert!(taken.contains("You are the secretary of *Friends* now"), "{taken}");
    let told = world.since(chidi, before);
    assert!(told.contains("Bola is the secretary of *Friends* now"), "all hear of it: {told}");

    let code = world.say(bola, "GROUP CODE").await;
    let code = code_in(&code).unwrap_or_else(|| panic!("no code: {code}"));
    let dayo = world.person("Dayo", 0).await;
    let before = world.told(bola).len();
    world.say(&dayo, &format!("JOIN {code}")).await;
    world.say(&dayo, "YES").await;
    assert!(world.since(bola, before).contains("Dayo asks for a place in *Friends*"));
    let refused = world.say(chidi, "APPROVE Dayo").await;
    assert!(refused.contains("or its chairman or secretary"), "{refused}");
    assert_eq!(world.status(circle).await.requests.len(), 1, "nothing was done");
    world.say(bola, "APPROVE Dayo").await;
    let before = world.told(&dayo).len();
    world.say(bola, "YES").await;
    assert!(world.since(&dayo, before).contains("You are in *Friends*! Your turn is no. 4"));
    assert_eq!(world.status(circle).await.seats.len(), 4);
    assert_eq!(asked_by(&world, "Approve").await, world.member(bola).await.id.to_string());

    // Rejecting and inviting, too: who did it hears of it.
    let emeka = world.person("Emeka", 0).await;
    world.say(&emeka, &format!("JOIN {code}")).await;
    world.say(&emeka, "YES").await;
    world.say(bola, "REJECT Emeka").await;
    let done = world.say(bola, "YES").await;
    assert!(done.contains("I have told Emeka that there is no place"), "{done}");
    let invited = world.invite(bola, &emeka.number).await;
    world.say(&emeka, &format!("JOIN {invited}")).await;
    let joined = world.say(&emeka, "YES").await;
    assert!(joined.contains("You are in *Friends*"), "{joined}");
    // What is the chairman's or the organiser's is not the secretary's.
    let refused = world.say(bola, "START").await;
    assert!(refused.contains("or its chairman"), "{refused}");
    let refused = world.say(bola, "ROLE Chidi CHAIRMAN").await;
    assert!(refused.contains("Only the organiser of *Friends* can do that."), "{refused}");
    assert!(world.say(chidi, "ROLES").await.contains("Organiser: Ada\nSecretary: Bola"));
    assert!(world.say(chidi, "STATUS").await.contains("2. Bola, secretary"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chairman_starts_and_the_last_treasurer_stays() {
    let mut world = World::new().await;
    let mut people = Vec::new();
    for name in ["Ada", "Bola", "Chidi", "Dayo"] {
        people.push(world.person(name, 20).await);
    }
    let circle = world.group("CREATE GROUP Friends 10 weekly 6", &people).await;
    let [ada, bola, chidi, dayo] = &people[..] else { unreachable!() };
    appoint(&mut world, ada, bola, "CHAIRMAN").await;
    appoint(&mut world, ada, chidi, "TREASURER").await;
    for (by, words) in [
        (ada, "ROLE Chidi MEMBER"),
        (ada, "ROLE Chidi SECRETARY"),
        (ada, "REMOVE Chidi"),
        (chidi, "RESIGN"),
    ] {
        world.say(by, words).await;
        let refused = world.say(by, "YES").await;
        assert!(refused.contains("has a treasurer keeps one"), "{words}: {refused}");
        assert!(refused.contains("TREASURER"), "it says what to do: {refused}");
    }
    // Whom the organiser has chosen to lead, the chairman does not take out.
    let refused = world.say(bola, "REMOVE Chidi").await;
    assert!(refused.contains("Only the organiser of"), "{refused}");
    assert_eq!(world.status(circle).await.seats.len(), 4);
    // Once another has said yes, the first may go.
    appoint(&mut world, ada, dayo, "TREASURER").await;
    world.say(chidi, "RESIGN").await;
    let gone = world.say(chidi, "YES").await;
    assert!(gone.contains("You are no longer the treasurer"), "{gone}");

    let before = world.told(dayo).len();
    world.say(bola, "START").await;
    world.say(bola, "YES").await;
    assert!(world.since(dayo, before).contains("*Friends* has started!"));
    assert_eq!(asked_by(&world, "Start").await, world.member(bola).await.id.to_string());

    // Leaving is nobody's to forbid. The office ends, and the organiser hears that nobody holds it.
    let before = world.told(ada).len();
    world.say(dayo, "LEAVE").await;
    let left = world.say(dayo, "YES").await;
    assert!(left.contains("You are no longer the treasurer of *Friends*"), "{left}");
    let told = world.since(ada, before);
    assert!(told.contains("Dayo is no longer the treasurer of *Friends*. Nobody is now"), "{told}");
    let dayo_id = world.member(dayo).await.id;
    assert_eq!(world.status(circle).await.summary.office_of(dayo_id), None);
    world.say(ada, "ROLE Dayo TREASURER").await;
    let refused = world.say(ada, "YES").await;
    assert!(refused.contains("only for people who stay in the group"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_office_is_gone_with_the_seat_and_does_not_come_back_with_it() {
    let mut world = World::new().await;
    let mut people = Vec::new();
    for name in ["Ada", "Bola", "Chidi"] {
        people.push(world.person(name, 0).await);
    }
    let circle = world.group("CREATE GROUP Friends 10 weekly 5", &people).await;
    let [ada, bola, chidi] = &people[..] else { unreachable!() };
    appoint(&mut world, ada, bola, "SECRETARY").await;
    let before = world.told(chidi).len();
    world.say(bola, "LEAVE").await;
    world.say(bola, "YES").await;
    let told = world.since(chidi, before);
    assert!(told.contains("Bola is no longer the secretary of *Friends*"), "{told}");
    let code = world.invite(ada, &bola.number).await;
    world.say(bola, &format!("JOIN {code}")).await;
    world.say(bola, "YES").await;
    let status = world.status(circle).await;
    assert_eq!(status.seats.len(), 3, "Bola is back");
    assert!(status.summary.officers.is_empty());
    assert!(world.say(bola, "INVITE").await.contains("Only the organiser of *Friends*"));
    // Somebody who was asked and said no.
    world.say(ada, "ROLE Chidi TREASURER").await;
    world.say(ada, "YES").await;
    let before = world.told(ada).len();
    let answer = world.tap(chidi, "Decline role").await;
    assert!(answer.contains("you said no"), "{answer}");
    let heard = world.since(ada, before);
    assert!(heard.contains("Chidi said no to being the treasurer"), "{heard}");
    let chidi = world.member(chidi).await.id;
    assert_eq!(world.status(circle).await.summary.office_of(chidi), None::<Office>);
}
