//! What not every group wants, on the real contract: a draw, deposits, late fees, an auction, a member
//! who leaves, one who is expelled.
use kolo_core::circle::Question;
use kolo_core::view::{CircleStage, NewCircle, Options};
use kolo_core::{Amount, CircleId, CommandContext};
use kolo_rules::circle::{Fee, Order, Phase, Security, Shortfall};
use kolo_server::chat::Phone;

use crate::world::{DAY, DOLLAR, World};

/// Ten dollars a week.
const TEN: Amount = Amount::new(10 * DOLLAR);

/// A circle made by its organiser's host, joined in chat by the others.
async fn group(world: &mut World, people: &[Phone], options: Options) -> CircleId {
    let (organiser, others) = people.split_first().unwrap();
    let seats = u8::try_from(people.len()).unwrap();
    let shortfall = Shortfall::ShortPot;
    let wanted = NewCircle { shortfall, options, ..NewCircle::weekly("Friends", TEN, seats) };
    let ctx = CommandContext::of_member(world.member(organiser).await.id, "create");
    let circle = world.kolo.circles().create(&ctx, wanted).await.unwrap().circle;
    world.step().await;
    for joiner in others {
        let code = world.invite(organiser, &joiner.number).await;
        world.say(joiner, &format!("JOIN {code}")).await;
        world.say(joiner, "YES").await;
    }
    circle
}

async fn people(world: &mut World, names: &[&str]) -> Vec<Phone> {
    let mut people = Vec::new();
    for name in names {
        people.push(world.person(name, 200).await);
    }
    people
}

async fn phase(world: &World, circle: CircleId) -> CircleStage {
    world.status(circle).await.summary.stage
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drawn_order_with_deposits_and_a_late_fee() {
    let mut world = World::new().await;
    let people = people(&mut world, &["Ada", "Bola", "Chidi"]).await;
    let options = Options {
        order: Order::Random,
        security: Security::Fixed(Amount::new(20 * DOLLAR)),
        fee: Fee::Fixed(Amount::new(DOLLAR)),
        ..Options::default()
    };
    let circle = group(&mut world, &people, options).await;
    assert_eq!(phase(&world, circle).await, CircleStage::OnChain(Phase::Committing));
    let board = world.say(&people[0], "STATUS").await;
    assert!(board.contains("full, and drawing the order"), "{board}");
    for person in &people {
        let question = world.say(person, "CONTRIBUTE").await;
        assert!(question.contains("to take part in the draw?"), "{question}");
        let paid = world.say(person, "YES").await;
        assert!(paid.contains("You are in the draw of *Friends* with 10.00 USDC"), "{paid}");
        world.invariants().await;
    }
    // The keeper reveals for everybody, and the bonds come back.
    world.pass(DAY / 24).await;
    assert_eq!(phase(&world, circle).await, CircleStage::OnChain(Phase::Securing));
    for person in &people {
        assert_eq!(world.money(person).await, 200 * DOLLAR);
    }
    for person in &people {
        world.say(person, "PAY DEPOSIT").await;
        let paid = world.say(person, "YES").await;
        assert!(paid.contains("You paid in 20.00 USDC for *Friends*"), "{paid}");
        world.invariants().await;
    }
    assert_eq!(phase(&world, circle).await, CircleStage::OnChain(Phase::Active));
    assert_eq!(world.status(circle).await.vault, Amount::new(60 * DOLLAR));
    // The last in the order pays the first round in time, then late, with the fee.
    let seats = world.status(circle).await.seats;
    let late = &people[seats.iter().position(|seat| seat.turn == 3).unwrap()];
    for person in people.iter().filter(|person| person.name != late.name) {
        world.contribute(person).await;
    }
    // Deadline and a day of grace: the deposit pays for the pot, the fee stays open.
    world.pass(8 * DAY + DAY / 24).await;
    world.invariants().await;
    let board = world.say(late, "STATUS").await;
    assert!(board.contains("late fees 1.00 USDC"), "{board}");
    let question = world.say(late, "CONTRIBUTE").await;
    assert!(question.contains("Pay *11.00 USDC*"), "{question}");
    assert!(question.contains("1.00 USDC of it is for payments that came late."), "{question}");
    world.say(late, "YES").await;
    world.invariants().await;
    let board = world.say(late, "STATUS").await;
    assert!(board.contains("Late fees so far: 1.00 USDC"), "{board}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pot_is_bid_for_in_chat() {
    let mut world = World::new().await;
    let people = people(&mut world, &["Ada", "Bola", "Chidi"]).await;
    let options = Options { order: Order::Auction, ..Options::default() };
    let circle = group(&mut world, &people, options).await;
    for person in &people {
        world.contribute(person).await;
    }
    let asked = world.say(&people[2], "BID").await;
    assert!(asked.contains("there are 30.00 USDC. Nobody has asked for less yet."), "{asked}");
    let question = world.say(&people[2], "BID 24").await;
    assert!(question.contains("Ask *24.00 USDC* for the pot"), "{question}");
    let told = world.say(&people[2], "YES").await;
    assert!(told.contains("You ask 24.00 USDC for the pot of *Friends*"), "{told}");
    world.say(&people[1], "BID 23.9").await;
    let refused = world.say(&people[1], "YES").await;
    assert!(refused.contains("too close to the last bid"), "{refused}");
    world.pass(8 * DAY).await;
    world.invariants().await;
    // 200 − 10 + 2 each; Chidi the pot besides.
    let money = [192, 192, 216].map(|dollars| dollars * DOLLAR);
    for (person, money) in people.iter().zip(money) {
        assert_eq!(world.money(person).await, money, "{}", person.name);
    }
    assert_eq!(world.status(circle).await.round, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_leaves_and_one_is_expelled_by_vote() {
    let mut world = World::new().await;
    let people = people(&mut world, &["Ada", "Bola", "Chidi", "Dayo", "Efe"]).await;
    let circle = group(&mut world, &people, Options::default()).await;
    for person in &people {
        world.contribute(person).await;
    }
    world.say(&people[4], "LEAVE").await;
    let told = world.say(&people[4], "YES").await;
    assert!(told.contains("You leave *Friends* after round 1."), "{told}");
    world.invariants().await;
    let dayo = world.status(circle).await.seats[3].address.clone();
    let ctx = CommandContext::of_member(world.member(&people[0]).await.id, "expel");
    let question = Question::Expel { member: dayo };
    world.kolo.circles().propose(&ctx, circle, question).await.unwrap();
    world.step().await;
    let asked = world.say(&people[1], "VOTE YES").await;
    assert!(asked.contains("Vote *for* asking Dayo to leave *Friends*?"), "{asked}");
    world.say(&people[1], "YES").await;
    world.say(&people[2], "VOTE YES 1").await;
    let told = world.say(&people[2], "YES").await;
    assert!(told.contains("have voted that Dayo leaves"), "{told}");
    world.invariants().await;
    world.pass(8 * DAY).await;
    for round in 2..=3 {
        for person in &people[..3] {
            world.contribute(person).await;
        }
        world.pass(7 * DAY).await;
        world.invariants().await;
        assert_eq!(world.status(circle).await.round, round + 1);
    }
    // Then those whom Dayo and Efe had paid in the first round, Ada, pay them back.
    for _ in 4..=5 {
        world.contribute(&people[0]).await;
        world.pass(7 * DAY).await;
        world.invariants().await;
    }
    assert_eq!(phase(&world, circle).await, CircleStage::OnChain(Phase::Completed));
    for person in &people {
        assert_eq!(world.money(person).await, 200 * DOLLAR, "{}", person.name);
    }
}
