//! First words, the menu, help, history.
use crate::conversation::fake::{Chat, FakeDesk, NOW, ONE, asset, circle, preview};
use crate::conversation::reply::{Home, Remark, Reply};
use crate::view::HistoryLine;
use crate::{Error, Timestamp};
use kolo_rules::Amount;
use kolo_rules::circle::Phase;

#[test]
fn the_first_message_registers_by_the_profile_name() {
    let mut chat = Chat::of_a_stranger(FakeDesk::default(), "x1", Some("  *Ada*\u{202e} Obi "));
    let heard = chat.say("hi");
    assert_eq!(chat.desk.ordered(), ["register Ada Obi"]);
    assert_eq!(
        heard.reply,
        Some(Reply::Welcome { name: "Ada Obi".to_owned(), home: Home::NoGroup })
    );
    assert!(heard.text().starts_with("Welcome, Ada Obi!"), "{}", heard.text());
    // Afterwards they are known.
    assert!(matches!(chat.say("hi").reply, Some(Reply::Menu { .. })));
    assert_eq!(chat.desk.ordered().len(), 1);
}

#[test]
fn without_a_profile_name_it_is_asked_for_and_what_they_wanted_is_done() {
    let desk = FakeDesk::default();
    desk.state().previews.insert("AB12CD".to_owned(), preview("Market Women"));
    let mut chat = Chat::of_a_stranger(desk, "x1", None);
    assert_eq!(chat.say("join ab12cd").reply, Some(Reply::AskName));
    assert_eq!(chat.say("🎉").reply, Some(Reply::AskNameAgain));
    assert_eq!(chat.say(&"a".repeat(10_000)).reply, Some(Reply::AskNameAgain));
    assert_eq!(chat.say("help").reply, Some(Reply::AskNameAgain));
    let heard = chat.say("Ada");
    assert_eq!(chat.desk.ordered(), ["register Ada"]);
    let Some(Reply::With(Remark::Welcome { .. }, inner)) = heard.reply else { panic!("{heard:?}") };
    assert!(matches!(*inner, Reply::ConfirmJoin { .. }));
}

#[test]
fn a_turn_repeated_after_registering_is_still_their_first() {
    let mut chat = Chat::of_a_stranger(FakeDesk::default(), "x1", Some("Ada"));
    let inbound = chat.inbound("hi", None);
    let first = chat.try_deliver(&inbound).expect("a turn");
    let second = chat.try_deliver(&inbound).expect("a turn");
    assert_eq!(first, second);
    assert_eq!(chat.desk.ordered(), ["register Ada"]);
}

#[test]
fn registering_twice_changes_nothing() {
    let mut chat = Chat::new(FakeDesk::of_ada());
    assert_eq!(
        chat.say("register Bola").reply,
        Some(Reply::AlreadyRegistered { name: "Ada".to_owned() })
    );
    assert!(chat.desk.ordered().is_empty());
}

#[test]
fn help_knows_where_somebody_stands() {
    let organiser = Chat::new(FakeDesk::of_ada().with(circle("Market Women", Phase::Forming)));
    let due = Chat::new(FakeDesk::of_ada().with(circle("Market Women", Phase::Active)));
    let nothing_due = Chat::new(FakeDesk::of_ada().with(circle("Market Women", Phase::Active)));
    for view in nothing_due.desk.state().due.values_mut() {
        view.due.amount = Amount::ZERO;
    }
    for (mut chat, says, not) in [
        (Chat::new(FakeDesk::of_ada()), "*CREATE GROUP*", "*CONTRIBUTE*"),
        (organiser, "*INVITE*", "*CONTRIBUTE*"),
        (due, "10.00 USDC is due by Mon 10 Feb 2025, 12:00", "*INVITE*"),
        (nothing_due, "Nothing is due", "*INVITE*"),
    ] {
        let heard = chat.say("HELP!");
        assert!(heard.text().contains(says), "{}", heard.text());
        assert!(!heard.text().contains(not), "{}", heard.text());
        assert!(heard.text().contains("TEST MONEY"));
        chat.desk.test_money = false;
        assert!(!chat.say("help").text().contains("TEST MONEY"));
    }
}

#[test]
fn digit_label_and_tap_are_the_same_choice() {
    for way in 0..3 {
        let mut chat = Chat::new(FakeDesk::of_ada());
        let menu = chat.say("hi");
        let heard = match way {
            0 => chat.say("3"),
            1 => chat.say("balance"),
            _ => chat.tap(&menu.button("Balance")),
        };
        assert!(heard.text().contains("You have *100.00 USDC*"), "{}", heard.text());
    }
    let mut chat = Chat::new(FakeDesk::of_ada());
    chat.say("hi");
    assert_eq!(chat.say("9").reply, Some(Reply::NoSuchChoice { most: 3 }));
    assert!(chat.say("3").text().contains("100.00 USDC"), "the menu still stands");
}

#[test]
fn the_balance_shows_each_group() {
    let mut chat = Chat::new(FakeDesk::of_ada().with(circle("Market Women", Phase::Active)));
    chat.desk.state().circles[0].seats[0].debt = Amount::new(5 * ONE);
    let text = chat.say("balance").text().to_owned();
    assert!(
        text.contains("*Market Women*: you paid in 10.00 USDC and received 0.00 USDC."),
        "{text}"
    );
    assert!(text.contains("You still owe 5.00 USDC there"), "{text}");
}

#[test]
fn history_comes_in_pages() {
    let mut chat = Chat::new(FakeDesk::of_ada());
    assert_eq!(chat.say("history").reply, Some(Reply::HistoryEmpty));
    let line = |position: u64| HistoryLine {
        asset: asset(),
        position,
        at: Timestamp::from_unix(NOW.unix() + position),
        kind: "contribution".to_owned(),
        amount: Amount::new(-10 * ONE),
        pending: false,
        voided: false,
        circle: Some("Market Women".to_owned()),
        round: Some(1),
        tx: Some("ab12cd34ef".to_owned()),
    };
    chat.desk.state().lines = (1..=12).rev().map(line).collect();
    let mut positions = Vec::new();
    let mut heard = chat.say("history");
    for page in 0..3 {
        let Some(Reply::History { lines, more }) = &heard.reply else { panic!("{heard:?}") };
        positions.extend(lines.iter().map(|line| line.position));
        assert_eq!(*more, page < 2);
        assert!(
            heard.text().contains("−10.00 USDC paid in, Market Women, round 1, reference ab12cd34"),
            "{}",
            heard.text()
        );
        heard = if page == 0 { chat.say("more") } else { chat.say("MORE!") };
    }
    assert_eq!(positions, (1..=12).rev().collect::<Vec<u64>>());
    assert_eq!(heard.reply, Some(Reply::HistoryEnd));
}

#[test]
fn rubbish_gets_a_friendly_reply_and_changes_nothing() {
    let mut chat = Chat::new(FakeDesk::of_ada().with(circle("Market Women", Phase::Active)));
    let long = "x".repeat(10_000);
    for (text, reply) in [
        ("asdf", Reply::NotUnderstood),
        ("🎉", Reply::Empty),
        ("\u{0}\u{1b}\u{202e}", Reply::Empty),
        (long.as_str(), Reply::TooLong),
        ("yes", Reply::NothingToConfirm),
        ("no", Reply::NothingToConfirm),
        ("cancel", Reply::NothingToStop),
        ("7", Reply::NotUnderstood),
        ("1e9", Reply::NotUnderstood),
    ] {
        assert_eq!(chat.say(text).reply, Some(reply));
    }
    assert!(chat.desk.ordered().is_empty());
}

#[test]
fn a_refusal_of_the_host_is_told_kindly() {
    let mut chat = Chat::new(FakeDesk::of_ada());
    let general = "That is not open to you here at the moment. Nothing was done.";
    chat.desk.state().refuse = Some(|| Error::Forbidden { reason: String::new() });
    assert_eq!(chat.say("test money 5").text(), general);
    chat.desk.state().refuse =
        Some(|| Error::Forbidden { reason: "*Please* confirm your\nnumber first.".to_owned() });
    let expected = format!("{general} Please confirm your number first.");
    assert_eq!(chat.say("test money 5").text(), expected);
}
