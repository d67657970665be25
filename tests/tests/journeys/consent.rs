//! What takes the consent of several, on the real contract: turns changed, a seat sold, turns given by
//! invitation, another code.
use kolo_core::circle::{Question, UnderWay};
use kolo_core::offer::{OfferEnd, OfferStage, OfferView};
use kolo_core::view::{CircleStage, NewCircle, Options};
use kolo_core::{Amount, CircleId, CommandContext, Error, OfferId};
use kolo_rules::Refusal;
use kolo_rules::circle::{Order, Phase, Security, Shortfall};
use kolo_server::chat::Phone;
use sha2::{Digest, Sha256};

use crate::world::{DAY, DOLLAR, World};

/// Ten dollars a week.
const TEN: Amount = Amount::new(10 * DOLLAR);

async fn people(world: &mut World, names: &[&str]) -> Vec<Phone> {
    let mut people = Vec::new();
    for name in names {
        people.push(world.person(name, 100).await);
    }
    people
}

async fn by(world: &World, who: &Phone, key: &str) -> CommandContext {
    CommandContext::of_member(world.member(who).await.id, format!("{}/{key}", who.name))
}

async fn create(world: &World, organiser: &Phone, seats: u8, options: Options) -> CircleId {
    let shortfall = Shortfall::ShortPot;
    let wanted = NewCircle { shortfall, options, ..NewCircle::weekly("Friends", TEN, seats) };
    let ctx = by(world, organiser, "create").await;
    let circle = world.kolo.circles().create(&ctx, wanted).await.unwrap().circle;
    world.step().await;
    circle
}

async fn join(world: &mut World, joiner: &Phone, code: &str) -> String {
    world.say(joiner, &format!("JOIN {code}")).await;
    world.say(joiner, "YES").await
}

/// A circle of all of them, by order of joining, with its deposits paid in.
async fn group(world: &mut World, people: &[Phone], security: Security) -> CircleId {
    let seats = u8::try_from(people.len()).unwrap();
    let circle = create(world, &people[0], seats, Options { security, ..Options::default() }).await;
    for joiner in &people[1..] {
        let code = world.invite(&people[0], &joiner.number).await;
        join(world, joiner, &code).await;
    }
    for person in people {
        let member = world.member(person).await.id;
        let due = world.kolo.circles().entry_due(member, circle).await.unwrap();
        if due.amount.is_positive() {
            world.say(person, "PAY DEPOSIT").await;
            world.say(person, "YES").await;
        }
    }
    let stage = world.status(circle).await.summary.stage;
    assert_eq!(stage, CircleStage::OnChain(Phase::Active));
    circle
}

async fn money(world: &World, people: &[Phone]) -> Vec<i64> {
    let mut all = Vec::new();
    for person in people {
        all.push(world.money(person).await / DOLLAR);
    }
    all
}

async fn turns(world: &World, circle: CircleId) -> Vec<u8> {
    world.status(circle).await.seats.iter().map(|seat| seat.turn).collect()
}

async fn offer_turns(
    world: &World,
    circle: CircleId,
    from: &Phone,
    with: &Phone,
    key: &str,
) -> Result<OfferView, Error> {
    let (ctx, with) = (by(world, from, key).await, world.member(with).await.id);
    let offers = world.kolo.offers();
    let terms = offers.swap_terms(ctx.member()?, circle, with).await?;
    let made = offers.swap(&ctx, circle, with, terms).await;
    world.step().await;
    made
}

async fn accept(
    world: &World,
    who: &Phone,
    offer: &OfferView,
    key: &str,
) -> Result<UnderWay, Error> {
    let ctx = by(world, who, key).await;
    let hash = offer.circle.rules_hash;
    let done = world.kolo.offers().accept(&ctx, offer.id, Some(hash)).await;
    world.step().await;
    done
}

async fn stage(world: &World, who: &Phone, offer: OfferId) -> OfferStage {
    let member = world.member(who).await.id;
    world.kolo.offers().get(member, offer).await.unwrap().stage
}

/// Deposits of 20, 10 and nothing; Ada, who comes first, and Chidi, who comes last, change turns.
#[tokio::test(flavor = "multi_thread")]
async fn two_members_change_turns_when_both_want_it() {
    let mut world = World::new().await;
    let people = people(&mut world, &["Ada", "Bola", "Chidi"]).await;
    let circle = group(&mut world, &people, Security::Exposure).await;
    assert_eq!(money(&world, &people).await, [80, 90, 100]);
    let told = world.told(&people[2]).len();
    let offer = offer_turns(&world, circle, &people[0], &people[2], "offer").await.unwrap();
    let heard = world.since(&people[2], told);
    assert!(heard.contains("Ada offers to change turns with you in *Friends*"), "{heard}");
    assert!(heard.contains("turn 1 instead of 3. You would pay them 20.00 USDC"), "{heard}");
    assert_eq!(turns(&world, circle).await, [1, 2, 3], "one signature is none");

    let first = accept(&world, &people[2], &offer, "accept").await.unwrap();
    assert_eq!(turns(&world, circle).await, [3, 2, 1]);
    assert_eq!(money(&world, &people).await, [100, 90, 80]);
    assert_eq!(stage(&world, &people[0], offer.id).await, OfferStage::Done);
    let heard = world.since(&people[2], told);
    assert!(heard.contains("Ada and Chidi have changed turns in *Friends*"), "{heard}");
    // The same word once more changes nothing, also after everything was started anew.
    world = world.restart().await;
    assert_eq!(accept(&world, &people[2], &offer, "accept").await.unwrap(), first);
    let late = accept(&world, &people[2], &offer, "again").await;
    assert!(matches!(late, Err(Error::OfferClosed)), "{late:?}");
    assert_eq!(turns(&world, circle).await, [3, 2, 1]);
    assert_eq!(money(&world, &people).await, [100, 90, 80]);

    for round in 0..3 {
        let date = world.status(circle).await.payout_date.unwrap();
        for person in &people {
            world.contribute(person).await;
        }
        world.until(date.plus(1)).await;
        if round == 0 {
            assert_eq!(money(&world, &people).await, [90, 80, 100], "the first pot is Chidi's");
        }
    }
    world.pass(DAY).await;
    assert_eq!(money(&world, &people).await, [100, 100, 100]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_is_not_taken_changes_nothing() {
    let mut world = World::new().await;
    let people = people(&mut world, &["Ada", "Bola", "Chidi"]).await;
    let [ada, bola, chidi] = &people[..] else { unreachable!() };
    let circle = group(&mut world, &people, Security::None).await;
    // No, thank you.
    let offer = offer_turns(&world, circle, ada, chidi, "1").await.unwrap();
    let told = world.told(ada).len();
    let no = by(&world, chidi, "no").await;
    world.kolo.offers().decline(&no, offer.id).await.unwrap();
    world.step().await;
    assert_eq!(world.since(ada, told), "Chidi said no to your offer in *Friends*. No money moved.");
    let late = accept(&world, chidi, &offer, "late").await;
    assert!(matches!(late, Err(Error::OfferClosed)), "{late:?}");
    // Three days pass.
    let offer = offer_turns(&world, circle, ada, chidi, "2").await.unwrap();
    world.pass(3 * DAY + 60).await;
    assert_eq!(stage(&world, ada, offer.id).await, OfferStage::Ended(OfferEnd::Expired));
    let late = accept(&world, chidi, &offer, "too late").await;
    assert!(matches!(late, Err(Error::OfferClosed)), "{late:?}");
    // Chidi's turn is another one before he answers.
    let offer = offer_turns(&world, circle, ada, chidi, "3").await.unwrap();
    let other = offer_turns(&world, circle, bola, chidi, "4").await.unwrap();
    accept(&world, chidi, &other, "yes").await.unwrap();
    assert_eq!(turns(&world, circle).await, [1, 3, 2]);
    assert_eq!(stage(&world, ada, offer.id).await, OfferStage::Ended(OfferEnd::Void));
    let void = accept(&world, chidi, &offer, "void").await;
    assert!(matches!(void, Err(Error::OfferClosed)), "{void:?}");
    assert_eq!(turns(&world, circle).await, [1, 3, 2]);
    assert_eq!(money(&world, &people).await, [100, 100, 100]);
}

/// Bola's seat after one instalment of 10, with a deposit of 15, costs Dayo 25.
#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_whom_the_members_want_buys_a_seat() {
    let mut world = World::new().await;
    let everybody = people(&mut world, &["Ada", "Bola", "Chidi", "Dayo"]).await;
    let [ada, bola, chidi, dayo] = &everybody[..] else { unreachable!() };
    let deposit = Amount::new(15 * DOLLAR);
    let circle = group(&mut world, &everybody[..3], Security::Fixed(deposit)).await;
    let receipt = world.contribute(bola).await;
    let number = receipt.rsplit_once("Receipt no. ").unwrap().1.trim().to_owned();
    let (offers, bola_id) = (world.kolo.offers(), world.member(bola).await.id);
    let dayo_id = world.member(dayo).await.id;
    let unwanted = offers.price(bola_id, circle, dayo_id).await;
    assert!(matches!(unwanted, Err(Error::Refused(Refusal::NoProposal))), "{unwanted:?}");

    let (leaver, newcomer) = (world.member(bola).await.address, world.member(dayo).await.address);
    let question = Question::Replace { leaver, newcomer };
    let ctx = by(&world, ada, "propose").await;
    world.kolo.circles().propose(&ctx, circle, question).await.unwrap();
    world.step().await;
    let ctx = by(&world, chidi, "vote").await;
    world.kolo.circles().vote(&ctx, circle, 1, true).await.unwrap();
    world.step().await;

    let price = offers.price(bola_id, circle, dayo_id).await.unwrap();
    assert_eq!(price, Amount::new(25 * DOLLAR));
    let told = world.told(dayo).len();
    let offer = offers.seat(&by(&world, bola, "sell").await, circle, dayo_id, price).await.unwrap();
    world.step().await;
    let heard = world.since(dayo, told);
    assert!(heard.contains("Bola offers you their place in *Friends*, turn 2."), "{heard}");
    assert!(heard.contains("You would pay them 25.00 USDC"), "{heard}");
    let blind = offers.accept(&by(&world, dayo, "blind").await, offer.id, None).await;
    assert!(matches!(blind, Err(Error::RulesNotAccepted)), "{blind:?}");
    let told = world.told(bola).len();
    accept(&world, dayo, &offer, "yes").await.unwrap();
    assert_eq!(money(&world, &everybody).await, [85, 100, 85, 75]);
    let seats = world.status(circle).await.seats;
    assert_eq!(seats[1].name, "Dayo");
    assert_eq!((seats[1].turn, seats[1].paid), (2, TEN));
    let heard = world.since(bola, told);
    assert!(heard.contains("Dayo has your place in *Friends* now. They paid you 25.00"), "{heard}");
    // Bola's receipt is still hers; the circle is not.
    let receipt = world.kolo.receipts().of_member(bola_id, &number).await.unwrap();
    assert_eq!((receipt.signed.receipt.amount, receipt.party_name.as_str()), (TEN, "Bola"));
    assert!(world.kolo.circles().of(bola_id).await.unwrap().is_empty());

    let paying = [ada, chidi];
    for payer in paying {
        world.contribute(payer).await;
    }
    world.pass(8 * DAY).await;
    for _ in 2..=3 {
        for payer in [ada, dayo, chidi] {
            world.contribute(payer).await;
        }
        world.pass(7 * DAY).await;
    }
    world.pass(DAY).await;
    let stage = world.status(circle).await.summary.stage;
    assert_eq!(stage, CircleStage::OnChain(Phase::Completed));
    // 100 − 25 − 20 + 30, and the deposit back.
    assert_eq!(money(&world, &everybody).await, [100, 100, 100, 100]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_pay_for_a_seat_does_not_get_it() {
    let mut world = World::new().await;
    let mut everybody = people(&mut world, &["Ada", "Bola", "Chidi"]).await;
    let dayo = world.person("Dayo", 9).await;
    let circle = group(&mut world, &everybody, Security::None).await;
    world.contribute(&everybody[1]).await;
    let (leaver, newcomer) =
        (world.member(&everybody[1]).await.address, world.member(&dayo).await.address);
    let question = Question::Replace { leaver, newcomer };
    for (who, key) in [(0, "propose"), (2, "vote")] {
        let ctx = by(&world, &everybody[who], key).await;
        let circles = world.kolo.circles();
        match who {
            0 => circles.propose(&ctx, circle, question.clone()).await.unwrap(),
            _ => circles.vote(&ctx, circle, 1, true).await.unwrap(),
        };
        world.step().await;
    }
    let ctx = by(&world, &everybody[1], "sell").await;
    let to = world.member(&dayo).await.id;
    let offer = world.kolo.offers().seat(&ctx, circle, to, TEN).await.unwrap();
    world.step().await;
    let short = accept(&world, &dayo, &offer, "yes").await;
    let missing = Amount::new(DOLLAR);
    assert!(
        matches!(short, Err(Error::InsufficientFunds { missing: found, .. }) if found == missing),
        "{short:?}"
    );
    // A dollar more, and the same word works.
    world.say(&dayo, "TEST MONEY 1").await;
    accept(&world, &dayo, &offer, "yes").await.unwrap();
    everybody.push(dayo);
    assert_eq!(money(&world, &everybody).await, [100, 100, 100, 0]);
}

/// Ada organises and wants the second turn; who is invited to which is up to her.
#[tokio::test(flavor = "multi_thread")]
async fn the_organiser_gives_the_turns_with_the_invitations() {
    let mut world = World::new().await;
    let people = people(&mut world, &["Ada", "Bola", "Chidi"]).await;
    let [ada, bola, chidi] = &people[..] else { unreachable!() };
    let options = Options { order: Order::Fixed, organiser_turn: 2, ..Options::default() };
    let circle = create(&world, ada, 3, options).await;
    assert_eq!(turns(&world, circle).await, [2]);
    let circles = world.kolo.circles();
    assert_eq!(circles.free_turns(circle).await.unwrap(), [1, 3]);
    for (turn, refusal) in [(2, Refusal::TurnTaken), (4, Refusal::BadTurn)] {
        let ctx = by(&world, ada, &format!("turn {turn}")).await;
        let refused = circles.invite_to(&ctx, circle, None, Some(turn)).await;
        assert!(matches!(&refused, Err(Error::Refused(why)) if *why == refusal), "{refused:?}");
    }
    let ctx = by(&world, ada, "last").await;
    let (invitation, _) = circles.invite_to(&ctx, circle, None, Some(3)).await.unwrap();
    world.step().await;
    assert_eq!((invitation.turn, circles.free_turns(circle).await.unwrap()), (Some(3), vec![1]));
    let joined = join(&mut world, bola, &invitation.code).await;
    assert!(joined.contains("Your turn is no. 3."), "{joined}");
    // Without a turn, the first that is free.
    let code = world.invite(ada, "").await;
    join(&mut world, chidi, &code).await;
    assert_eq!(turns(&world, circle).await, [2, 3, 1]);
    let mut paid = Vec::new();
    for _ in 0..3 {
        let date = world.status(circle).await.payout_date.unwrap();
        for person in &people {
            world.contribute(person).await;
        }
        world.until(date.plus(1)).await;
        paid.push(money(&world, &people).await);
    }
    assert_eq!(paid, [[90, 90, 120], [110, 80, 110], [100, 100, 100]]);
}

/// The circle's own code once more: what counts is who must sign, and when it comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_code_takes_everybody_and_seven_days() {
    let mut world = World::new().await;
    let people = people(&mut world, &["Ada", "Bola"]).await;
    let wasm: [u8; 32] =
        Sha256::digest(include_bytes!("../../../kolo-stellar/wasm/circle.wasm")).into();
    let circle = create(&world, &people[0], 2, Options::default()).await;
    let circles = world.kolo.circles();
    let early = circles.sign_upgrade(&by(&world, &people[0], "early").await, circle, wasm).await;
    assert!(matches!(early, Err(Error::Refused(Refusal::NotActive))), "{early:?}");
    let code = world.invite(&people[0], &people[1].number).await;
    join(&mut world, &people[1], &code).await;

    let told = world.told(&people[1]).len();
    circles.sign_upgrade(&by(&world, &people[0], "sign").await, circle, wasm).await.unwrap();
    world.step().await;
    let heard = world.since(&people[1], told);
    assert!(heard.contains("Ada signed for a new program of *Friends*"), "{heard}");
    let told = world.told(&people[0]).len();
    circles.upgrade(&by(&world, &people[0], "alone").await, circle, wasm).await.unwrap();
    world.step().await;
    let heard = world.since(&people[0], told);
    assert!(heard.contains("What you asked for in *Friends* could not be done."), "{heard}");

    circles.sign_upgrade(&by(&world, &people[1], "sign").await, circle, wasm).await.unwrap();
    world.step().await;
    for person in &people {
        world.contribute(person).await;
    }
    world.pass(7 * DAY + 60).await;
    let told = world.told(&people[1]).len();
    circles.upgrade(&by(&world, &people[1], "now").await, circle, wasm).await.unwrap();
    world.step().await;
    let heard = world.since(&people[1], told);
    assert!(heard.contains("*Friends* runs by a new program now"), "{heard}");
    // And goes on as before.
    for person in &people {
        world.contribute(person).await;
    }
    world.pass(8 * DAY).await;
    let stage = world.status(circle).await.summary.stage;
    assert_eq!(stage, CircleStage::OnChain(Phase::Completed));
    assert_eq!(money(&world, &people).await, [100, 100]);
}
