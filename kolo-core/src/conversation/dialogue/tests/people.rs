//! Asking for a place, and commands about one person.
use kolo_rules::Refusal;
use kolo_rules::circle::{Order, Phase};

use crate::circle::Action;
use crate::conversation::fake::{Chat, FakeDesk, circle, door, member, offer, vote, waiting};
use crate::conversation::reply::{Act, Reply};
use crate::conversation::words::Words;
use crate::offer::OfferTerms;
use crate::port::authorizer::CommandName;
use crate::view::{MemberView, VoteOn};

fn name() -> String {
    "Market Women".to_owned()
}

/// Ada organises; these wait.
fn asked_by(names: &[&str]) -> Chat {
    let desk = FakeDesk::of_ada().with(circle("Market Women", Phase::Forming));
    desk.state().circles[0].requests = names.iter().map(|name| waiting(name)).collect();
    Chat::new(desk)
}

pub(super) fn running() -> Chat {
    Chat::new(FakeDesk::of_ada().with(circle("Market Women", Phase::Active)))
}

#[test]
fn the_groups_code_lets_people_ask_and_can_be_taken_back() {
    let mut chat = asked_by(&[]);
    let text = chat.say("group code").text().to_owned();
    for part in
        ["code of *Market Women*", "JOIN DR23CD45", "It gives nobody a place yet", "REQUESTS"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    chat.desk.state().doors.insert("DR23CD45".to_owned(), door("Market Women"));
    let closed = chat.say("revoke DR23 CD45");
    assert!(closed.text().contains("no longer works"), "{}", closed.text());
    assert_eq!(chat.desk.ordered(), ["group code Market Women", "close door DR23CD45"]);
    chat.desk.state().circles[0].summary.organiser = member("Bola").id;
    let who = Action::Do(CommandName::OpenDoor).who_may();
    assert_eq!(chat.say("group code").reply, Some(Reply::OnlyOfficers { name: name(), who }));
}

#[test]
fn asking_shows_the_rules_and_who_decides() {
    let desk = FakeDesk::of_ada();
    desk.state().doors.insert("DR23CD45".to_owned(), door("Club"));
    let mut chat = Chat::new(desk);
    let heard = chat.say("join dr23cd45");
    for part in [
        "*Club* has 2 free places (3 in so far). Ada decides who gets one.",
        "10.00 USDC every week",
        "Ada will see your name and the end of your number",
        "Ask for a place? YES or NO",
        "Rules no. 09090909",
    ] {
        assert!(heard.text().contains(part), "{part}: {}", heard.text());
    }
    assert!(chat.desk.ordered().is_empty());
    chat.tap(&heard.button("YES"));
    assert_eq!(chat.desk.ordered().len(), 1);
    assert!(chat.desk.ordered()[0].starts_with("ask 9"), "{:?}", chat.desk.ordered());
    for (change, expected) in [
        (true, Reply::AlreadyAsked { name: "Club".to_owned() }),
        (false, Reply::AlreadyIn { name: "Club".to_owned() }),
    ] {
        let mut known = door("Club");
        (known.already_waiting, known.already_member) = (change, !change);
        chat.desk.state().doors.insert("DR23CD45".to_owned(), known);
        assert_eq!(chat.say("join dr23cd45").reply, Some(expected));
    }
    let mut full = door("Club");
    full.free = 0;
    chat.desk.state().doors.insert("DR23CD45".to_owned(), full);
    let refused = Reply::Trouble(Words::new("refused-full"));
    assert_eq!(chat.say("join dr23cd45").reply, Some(refused));
    assert!(chat.say("join zz99").text().contains("no invitation with that code"));
}

#[test]
fn a_request_is_taken_back_by_its_own_words_or_by_leave() {
    for text in ["take back request", "cancel my request", "leave", "take back request club"] {
        let desk = FakeDesk::of_ada();
        desk.state().waits_at = vec![circle("Club", Phase::Forming).summary];
        let mut chat = Chat::new(desk);
        let heard = chat.say(text);
        let asked = Reply::ConfirmTakeBack { name: "Club".to_owned() };
        assert_eq!(heard.reply, Some(asked), "{text}");
        chat.say("yes");
        assert_eq!(chat.desk.ordered().len(), 1, "{text}");
        assert!(chat.desk.ordered()[0].starts_with("take back"));
    }
    let desk = FakeDesk::of_ada();
    desk.state().waits_at = vec![circle("Club", Phase::Forming).summary];
    let menu = Chat::new(desk).say("hi").text().to_owned();
    assert!(menu.contains("You are waiting for a place in *Club*"), "{menu}");
    let mut nowhere = Chat::new(FakeDesk::of_ada());
    assert_eq!(nowhere.say("take back request").reply, Some(Reply::NoRequest));
    assert_eq!(nowhere.say("leave").reply, Some(Reply::NoGroups));
    let desk = FakeDesk::of_ada();
    desk.state().waits_at =
        ["Club", "Family"].map(|name| circle(name, Phase::Forming).summary).to_vec();
    let mut chat = Chat::new(desk);
    assert_eq!(chat.say("take back request").reply, Some(Reply::WhichGroup));
    let asked = Reply::ConfirmTakeBack { name: "Family".to_owned() };
    assert_eq!(chat.say("2").reply, Some(asked));
}

#[test]
fn the_organiser_sees_who_waits_and_answers_by_number_name_or_tap() {
    let mut chat = asked_by(&["Bola", "Dayo"]);
    let text = chat.say("requests").text().to_owned();
    for part in ["(2 places are free)", "1. Bola (number ends in 4567)", "2. Dayo", "APPROVE 1"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    for (text, order) in [
        ("approve 2", "approve GDayo None Market Women"),
        ("approve day", "approve GDayo None Market Women"),
        ("let in Bola", "approve GBola None Market Women"),
        ("reject Bola", "reject GBola Market Women"),
    ] {
        let mut chat = asked_by(&["Bola", "Dayo"]);
        let heard = chat.say(text);
        assert!(heard.text().contains("(number ends in 4567)"), "{text}: {}", heard.text());
        assert!(chat.desk.ordered().is_empty());
        chat.tap(&heard.button("YES"));
        assert_eq!(chat.desk.ordered(), [order], "{text}");
    }
    let mut chat = asked_by(&["Bola"]);
    let heard = chat.say("requests");
    let question = chat.tap(&heard.button("Reject"));
    assert!(question.text().contains("Tell Bola"), "{}", question.text());
    chat.say("no");
    assert!(chat.desk.ordered().is_empty());
    assert_eq!(asked_by(&[]).say("requests").reply, Some(Reply::NobodyWaits { name: name() }));
    assert_eq!(asked_by(&[]).say("approve").reply, Some(Reply::NobodyWaits { name: name() }));
}

#[test]
fn of_two_alike_the_one_meant_is_asked_for() {
    let mut chat = asked_by(&["Bola", "Bolanle", "Dayo"]);
    assert!(
        matches!(chat.say("approve bola").reply, Some(Reply::ConfirmApprove { who, .. }) if who == "Bola")
    );
    chat.say("no");
    let heard = chat.say("approve bo");
    assert_eq!(heard.reply, Some(Reply::AskWhom { name: name(), act: Act::Approve }));
    assert!(heard.text().contains("2. Bolanle (number ends in 4567)"), "{}", heard.text());
    assert!(
        matches!(chat.say("2").reply, Some(Reply::ConfirmApprove { who, .. }) if who == "Bolanle")
    );
    chat.say("yes");
    assert_eq!(chat.desk.ordered(), ["approve GBolanle None Market Women"]);
    let typed = "Efe".to_owned();
    let nobody = Reply::NobodyCalled { name: name(), typed, act: Act::Approve };
    assert_eq!(chat.say("approve Efe").reply, Some(nobody));
}

#[test]
fn approving_names_the_turn_where_the_organiser_sets_the_order_and_says_when_it_starts() {
    let mut chat = asked_by(&["Dayo"]);
    chat.desk.state().circles[0].summary.rules.order = Order::Fixed;
    let heard = chat.say("approve Dayo turn 5");
    assert!(heard.text().contains("with turn no. 5"), "{}", heard.text());
    chat.say("yes");
    chat.say("approve Dayo");
    chat.say("yes");
    let orders = ["approve GDayo Some(5) Market Women", "approve GDayo Some(4) Market Women"];
    assert_eq!(chat.desk.ordered(), orders);
    let taken = Reply::Trouble(Words::new("refused-turn-taken"));
    assert_eq!(chat.say("approve Dayo turn 1").reply, Some(taken));
    let none = Reply::Trouble(Words::new("refused-bad-turn"));
    assert_eq!(chat.say("approve Dayo turn 300").reply, Some(none));
    chat.say("invite turn 4");
    assert_eq!(chat.desk.ordered()[2], "invite anybody turn 4 Market Women");
    let mut last = asked_by(&["Dayo"]);
    last.desk.state().circles[0].summary.rules.seats = 4;
    assert!(last.say("approve Dayo").text().contains("the last one, so the group starts"));
}

#[test]
fn before_the_start_the_organiser_takes_somebody_out() {
    for text in ["remove chidi", "REMOVE 3", "expel Chidi", "remove Chidi from market women"] {
        let mut chat = asked_by(&[]);
        let heard = chat.say(text);
        assert!(heard.text().contains("Take Chidi out of *Market Women*?"), "{}", heard.text());
        assert!(heard.text().contains("nothing is lost"));
        chat.tap(&heard.button("YES"));
        assert_eq!(chat.desk.ordered(), ["remove G3 Market Women"], "{text}");
    }
    let mut chat = asked_by(&[]);
    assert_eq!(chat.say("remove Ada").reply, Some(Reply::NotYourself));
    let heard = chat.say("remove");
    assert_eq!(heard.reply, Some(Reply::AskWhom { name: name(), act: Act::Remove }));
    assert!(heard.text().contains("3. Chidi (turn 3)"), "{}", heard.text());
    chat.desk.state().circles[0].summary.organiser = member("Bola").id;
    let who = Action::Do(CommandName::Remove).who_may();
    assert_eq!(chat.say("remove Chidi").reply, Some(Reply::OnlyOfficers { name: name(), who }));
}

#[test]
fn expelling_tells_the_consequence_in_figures_before_it_asks() {
    let mut chat = running();
    let heard = chat.say("expel chidi");
    for part in [
        "Ask the members of *Market Women* to vote Chidi out?",
        "Chidi pays nothing after round 1",
        "10.00 USDC so far, comes back",
        "51% of 3 members",
        "cannot be undone",
    ] {
        assert!(heard.text().contains(part), "{part}: {}", heard.text());
    }
    assert!(chat.desk.ordered().is_empty());
    chat.tap(&heard.button("YES"));
    assert_eq!(chat.desk.ordered(), ["expel G3 Market Women"]);
    {
        let mut state = chat.desk.state();
        let seat = &mut state.circles[0].seats[2];
        (seat.paid_out, seat.received) = (true, crate::Amount::new(300_000_000));
    }
    let text = chat.say("remove Chidi").text().to_owned();
    assert!(text.contains("has received 30.00 USDC and paid in 10.00 USDC so far"), "{text}");
    assert!(text.contains("goes on owing every payment that is left"), "{text}");
    chat.say("no");
    assert_eq!(chat.say("expel ada").reply, Some(Reply::NotYourself));
}

#[test]
fn a_place_is_moved_to_a_new_number_after_a_vote() {
    let mut chat = running();
    for text in ["move", "I lost my phone", "move Bola"] {
        assert_eq!(chat.say(text).reply, Some(Reply::MoveHow), "{text}");
    }
    let there = MemberView { phone: Some("+2348031234567".to_owned()), ..member("Bolanle") };
    chat.desk.state().members.push(there);
    shares_a_group(&chat, "Bolanle");
    let heard = chat.say("move Bola to +234 803 123 4567");
    for part in [
        "give the place of Bola to Bolanle (account ends in anle)?",
        "Be sure you have spoken to Bola",
        "Then 7 days pass; a NO from the old phone stops it",
        "51% of 3 members",
    ] {
        assert!(heard.text().contains(part), "{part}: {}", heard.text());
    }
    assert!(chat.desk.ordered().is_empty());
    chat.tap(&heard.button("YES"));
    assert_eq!(chat.desk.ordered(), ["move G2 GBolanle Market Women"]);
}

/// Ada shares another group with somebody.
pub(super) fn shares_a_group(chat: &Chat, name: &str) {
    let mut shared = circle("Family", Phase::Completed);
    shared.seats[1].member = Some(member(name).id);
    chat.desk.state().circles.push(shared);
}

/// Whether a stranger's number is registered, and whose it is, cannot be found out by asking.
#[test]
fn a_strangers_number_is_answered_alike_whether_it_is_here_or_not() {
    for (order, asked) in [
        ("move Bola to +234 803 123 4567", "move g2 +2348031234567 Market Women"),
        ("sell place to 0803 123 4567", "sale g1 +2348031234567 Market Women"),
    ] {
        let heard = [true, false].map(|registered| {
            let mut chat = running();
            if registered {
                let phone = Some("+2348031234567".to_owned());
                chat.desk.state().members.push(MemberView { phone, ..member("Zuri") });
            }
            let question = chat.say(order).text().to_owned();
            assert!(question.contains("whoever has the number +2348031234567"), "{question}");
            let done = chat.say("yes").text().to_owned();
            assert_eq!(chat.desk.ordered(), [asked]);
            (question, done)
        });
        assert_eq!(heard[0], heard[1], "{order}");
        assert!(heard[0].1.contains("If somebody with the number +2348031234567 writes with me"));
    }
}

#[test]
fn a_name_in_two_groups_asks_which() {
    let desk = FakeDesk::of_ada()
        .with(circle("Market Women", Phase::Active))
        .with(circle("Family", Phase::Active));
    let mut chat = Chat::new(desk);
    assert_eq!(chat.say("expel chidi").reply, Some(Reply::WhichGroup));
    assert!(
        matches!(chat.say("2").reply, Some(Reply::ConfirmExpel { name, .. }) if name == "Family")
    );
    chat.say("no");
    assert!(
        matches!(chat.say("expel chidi from market women").reply, Some(Reply::ConfirmExpel { name, .. }) if name == "Market Women")
    );
}

#[test]
fn the_wrong_time_is_explained() {
    for (phase, text, reply) in [
        (Phase::Active, "requests", Reply::OnlyBeforeStart { name: name() }),
        (Phase::Active, "group code", Reply::OnlyBeforeStart { name: name() }),
        (Phase::Active, "approve Bola", Reply::OnlyBeforeStart { name: name() }),
        (Phase::Securing, "remove Bola", Reply::OnlyBeforeStart { name: name() }),
        (Phase::Securing, "expel Bola", Reply::Trouble(Words::new("refused-not-active"))),
        (
            Phase::Forming,
            "move Bola to +2348031234567",
            Reply::NotStarted { name: name(), members: 3, seats: 5 },
        ),
        (Phase::Completed, "expel Bola", Reply::Over { name: name() }),
        (Phase::Cancelled, "remove Bola", Reply::Over { name: name() }),
    ] {
        let mut chat = Chat::new(FakeDesk::of_ada().with(circle("Market Women", phase)));
        assert_eq!(chat.say(text).reply, Some(reply), "{text}");
        assert!(chat.desk.ordered().is_empty());
    }
    for text in ["requests", "approve 1", "expel Bola", "group code"] {
        assert_eq!(Chat::new(FakeDesk::of_ada()).say(text).reply, Some(Reply::NoGroups), "{text}");
    }
}

#[test]
fn what_the_rules_refuse_is_told_before_the_question() {
    let mut chat = running();
    chat.desk.state().refuse = Some(|| crate::Error::Refused(Refusal::ProposalOpen));
    chat.say("expel Chidi");
    let heard = chat.say("yes");
    assert_eq!(heard.reply, Some(Reply::Trouble(Words::new("refused-proposal-open"))));
}

#[test]
fn a_vote_number_that_cannot_be_is_no_vote() {
    let mut chat = running();
    chat.desk.state().circles[0].votes = vec![vote()];
    for typed in ["99999999999", "4294967296", "5"] {
        let none = Reply::NoSuchVote { name: name(), typed: typed.to_owned() };
        assert_eq!(chat.say(&format!("vote yes {typed}")).reply, Some(none));
    }
    assert!(matches!(chat.say("vote yes 4").reply, Some(Reply::ConfirmVote { .. })));
    chat.say("no");
    let mut moving = vote();
    moving.on = VoteOn::Move;
    moving.about = "Bola".to_owned();
    moving.subject = Some(member("Ada").address);
    moving.newcomer = Some(crate::view::NewcomerView {
        name: "Bolanle".to_owned(),
        address: member("Bolanle").address,
    });
    chat.desk.state().circles[0].votes = vec![moving];
    let text = chat.say("object").text().to_owned();
    assert!(
        text.contains(
            "a new number of Bolanle (account ends in anle; a NO from the old phone stops it)"
        ),
        "{text}"
    );
    assert!(text.contains("your NO stops it at once"), "{text}");
    chat.say("yes");
    assert_eq!(chat.desk.ordered(), ["vote 4 false Market Women"]);
}

#[test]
fn two_change_turns_when_both_say_yes() {
    let mut chat = running();
    let heard = chat.say("swap chidi");
    for part in ["turn no. 3 instead of 1", "No money moves", "three days to answer"] {
        assert!(heard.text().contains(part), "{part}: {}", heard.text());
    }
    assert!(chat.desk.ordered().is_empty());
    let sent = chat.tap(&heard.button("YES"));
    assert!(sent.text().contains("TAKE BACK OFFER"), "{}", sent.text());
    let chidi = member("Chidi").id;
    assert_eq!(chat.desk.ordered(), [format!("offer turns {chidi} 1 3 0 Market Women")]);
    let same = Reply::Trouble(Words::new("refused-same-seat"));
    assert_eq!(chat.say("swap ada").reply, Some(same));
    // Where deposits depend on the turn, the figure is told before.
    chat.desk.state().swap_pays = crate::Amount::new(-200_000_000);
    let heard = chat.say("swap turns with chidi");
    assert!(heard.text().contains("Chidi would pay you 20.00 USDC"), "{}", heard.text());
    let sent = chat.say("yes").text().to_owned();
    for part in ["*Market Women*", "turn no. 3 instead of 1. Chidi would pay you 20.00 USDC"] {
        assert!(sent.replace("Bola", "Chidi").contains(part), "{part}: {sent}");
    }
    let asked = format!("offer turns {chidi} 1 3 -200000000 Market Women");
    assert_eq!(chat.desk.ordered().last(), Some(&asked));
    // What the rules refuse is told, not asked.
    chat.desk.state().no_swap = Some(Refusal::NoSwap);
    let no_swap = Reply::Trouble(Words::new("refused-no-swap"));
    assert_eq!(chat.say("swap chidi").reply, Some(no_swap));
    chat.desk.state().circles[0].seats[2].member = None;
    let outside = Reply::CannotBeAsked { who: "Chidi".to_owned() };
    assert_eq!(chat.say("swap chidi").reply, Some(outside));
}

#[test]
fn an_offer_is_accepted_after_a_question_and_ended_at_once() {
    let mut chat = running();
    for text in ["offers", "accept offer", "decline offer 2", "take back offer"] {
        assert_eq!(chat.say(text).reply, Some(Reply::NoOffers), "{text}");
    }
    let to_me = offer(OfferTerms::Turns { maker: 3, taker: 1 }, false);
    let mine = offer(OfferTerms::Turns { maker: 1, taker: 2 }, true);
    chat.desk.state().offers = vec![to_me.clone(), mine];
    let listed = chat.say("offers").text().to_owned();
    assert!(listed.contains("1. from Bola to you in *Market Women*: you would have turn 3 instead of 1; no money moves"), "{listed}");
    assert!(listed.contains("2. yours to Bola"), "{listed}");
    for text in ["accept offer", "ACCEPT OFFER 1", &format!("accept offer {}", to_me.id)] {
        let heard = chat.say(text);
        assert!(heard.text().contains("turn no. 3 instead of 1"), "{text}: {}", heard.text());
        assert!(heard.text().contains("Balance after: 100.00 USDC"), "{}", heard.text());
        chat.say("no");
    }
    assert!(
        matches!(chat.say("accept offer 2").reply, Some(Reply::Offers { .. })),
        "not one's own"
    );
    assert!(chat.desk.ordered().is_empty());
    chat.say("accept offer");
    chat.say("yes");
    chat.say("decline offer");
    // A number may be another offer's by now: it is shown before anything is done.
    let asked = chat.say("take back offer 2").text().to_owned();
    for part in ["your offer to Bola in *Market Women*", "turn no. 2 instead of 1", "No money"] {
        assert!(asked.contains(part), "{part}: {asked}");
    }
    let asked = chat.say("decline offer 1").text().to_owned();
    assert!(asked.contains("Say no to Bola in *Market Women*? "), "{asked}");
    chat.say("no");
    assert_eq!(chat.desk.ordered(), ["accept offer false", "decline offer"]);
    chat.say("take back offer 2");
    let over = chat.say("yes").text().to_owned();
    assert_eq!(over, "Your offer to Bola is taken back.");
    // A button names the offer itself.
    let over = chat.say(&format!("decline offer {}", to_me.id)).text().to_owned();
    assert!(over.contains("I have told Bola that you said no"), "{over}");
    let ends = ["accept offer false", "decline offer", "withdraw offer", "decline offer"];
    assert_eq!(chat.desk.ordered(), ends);
}

#[test]
fn a_place_is_handed_over_after_a_vote_at_a_price_both_see() {
    let mut chat = running();
    assert_eq!(chat.say("sell place").reply, Some(Reply::SellHow));
    let there = MemberView { phone: Some("+2348031234567".to_owned()), ..member("Dayo") };
    chat.desk.state().members.push(there);
    shares_a_group(&chat, "Dayo");
    let heard = chat.say("sell my place to 0803 123 4567");
    for part in [
        "let Dayo (account ends in Dayo) take over your place?",
        "they would then pay you 10.00 USDC",
        "51% of 3 members",
        "open for 7 days",
    ] {
        assert!(heard.text().contains(part), "{part}: {}", heard.text());
    }
    chat.tap(&heard.button("YES"));
    assert_eq!(chat.desk.ordered(), ["replace G1 GDayo Market Women"]);
    chat.desk.state().price = Some(crate::Amount::new(100_000_000));
    let circle = chat.desk.state().circles[0].summary.id;
    let heard = chat.say(&format!("SELL PLACE GDayo {circle}"));
    assert!(heard.text().contains("The members have agreed"), "{}", heard.text());
    assert!(heard.text().contains("Dayo would pay you 10.00 USDC"), "{}", heard.text());
    let sent = chat.tap(&heard.button("YES"));
    assert!(sent.text().contains("I have asked"), "{}", sent.text());
    assert!(chat.desk.ordered()[1].starts_with("offer seat"), "{:?}", chat.desk.ordered());
    // The newcomer sees the rules with the price.
    let price = crate::Amount::new(100_000_000);
    chat.desk.state().offers = vec![offer(OfferTerms::Seat { turn: 2, price }, false)];
    let heard = chat.say("accept offer");
    for part in ["You pay Bola 10.00 USDC", "Rules no. 09090909", "Balance after: 90.00 USDC"] {
        assert!(heard.text().contains(part), "{part}: {}", heard.text());
    }
    chat.say("yes");
    assert_eq!(chat.desk.ordered()[2], "accept offer true");
    chat.desk.state().available = 0;
    let short = chat.say("accept offer").text().to_owned();
    assert!(short.contains("10.00 USDC short"), "{short}");
}
