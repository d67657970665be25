//! CREATE GROUP.
use crate::conversation::amount::AmountProblem;
use kolo_rules::circle::Phase;

use crate::conversation::fake::{Chat, FakeDesk, circle};
use crate::conversation::reply::{Remark, Reply};

fn chat() -> Chat {
    Chat::new(FakeDesk::of_ada())
}

#[test]
fn guided_in_five_exchanges() {
    let mut chat = chat();
    assert_eq!(chat.say("create group").reply, Some(Reply::AskGroupName));
    assert!(matches!(
        chat.say("Market Women").reply,
        Some(Reply::AskContribution { problem: None, .. })
    ));
    assert_eq!(
        chat.say("10 weekly").reply,
        Some(Reply::AskSeats { min: 2, max: 20, again: false })
    );
    let heard = chat.say("5 people");
    let text = heard.text();
    for part in [
        "*Market Women*",
        "10.00 USDC every week",
        "5 places",
        "50.00 USDC when full",
        "order of joining",
        "24 hours of grace",
        "waits one more period",
        "Paying ahead: no",
        "51%",
        "you also trust us",
        "Rules no. ",
        "Fee: 0",
        "YES or NO",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(chat.desk.ordered().is_empty());
    let heard = chat.say("yes");
    assert!(heard.after.is_some());
    assert_eq!(chat.desk.ordered(), ["create Market Women 100000000 Days(7) 5"]);
}

#[test]
fn in_one_line() {
    let mut chat = chat();
    let heard = chat.say("CREATE GROUP Market Women 10 weekly 5");
    assert!(matches!(heard.reply, Some(Reply::ConfirmCreate { .. })), "{heard:?}");
    chat.tap(&heard.button("YES"));
    assert_eq!(chat.desk.ordered(), ["create Market Women 100000000 Days(7) 5"]);
}

#[test]
fn wrong_inputs_are_explained_and_asked_again() {
    let mut chat = chat();
    chat.say("create group");
    for text in ["", "🎉", "***", &"x".repeat(61), &"x".repeat(10_000)] {
        assert_eq!(chat.say(text).reply, Some(Reply::BadGroupName), "{text:?}");
    }
    chat.say("Market Women");
    for (text, why) in [
        ("-5", AmountProblem::Negative),
        ("1e9", AmountProblem::Scientific),
        ("٣", AmountProblem::OtherDigits),
        ("10.12345678", AmountProblem::TooManyDecimals { most: 7 }),
        ("0", AmountProblem::Zero),
        ("99999999999", AmountProblem::TooLarge),
        ("₦5,000", AmountProblem::OtherCurrency("₦".to_owned())),
        ("1.000", AmountProblem::Ambiguous { grouped: "1000".to_owned(), pointed: "1".to_owned() }),
        (
            "1.000 weekly",
            AmountProblem::Ambiguous { grouped: "1000".to_owned(), pointed: "1".to_owned() },
        ),
        ("ten", AmountProblem::NotANumber),
        ("weekly", AmountProblem::NotANumber),
    ] {
        let heard = chat.say(text);
        let expected =
            Reply::AskContribution { name: "Market Women".to_owned(), problem: Some(why) };
        assert_eq!(heard.reply, Some(expected), "{text:?}");
    }
    // The interval was understood along with the ambiguous amount, and is not asked for again.
    assert!(matches!(chat.say("1").reply, Some(Reply::AskSeats { again: false, .. })));
    for text in ["1", "21", "-3", "five", "300", "٣", "5k"] {
        assert_eq!(
            chat.say(text).reply,
            Some(Reply::AskSeats { min: 2, max: 20, again: true }),
            "{text:?}"
        );
    }
    chat.say("3");
    chat.say("yes");
    assert_eq!(chat.desk.ordered(), ["create Market Women 10000000 Days(7) 3"]);
}

#[test]
fn the_interval_by_digit_label_tap_or_words() {
    for (way, every) in [
        ("2", "Days(7)"),
        ("Every two weeks", "Days(14)"),
        ("every 10 days", "Days(10)"),
        ("month", "Month"),
    ] {
        let mut chat = chat();
        chat.say("create group Market Women");
        assert_eq!(chat.say("$10").reply, Some(Reply::AskInterval { again: false }));
        assert_eq!(chat.say("sometimes").reply, Some(Reply::AskInterval { again: true }));
        chat.say(way);
        chat.say("3");
        chat.say("yes");
        assert_eq!(chat.desk.ordered(), [format!("create Market Women 100000000 {every} 3")]);
    }
}

#[test]
fn it_can_be_left_and_taken_up_again_within_a_day() {
    let mut left = chat();
    left.say("create group");
    assert_eq!(left.say("cancel").reply, Some(Reply::Stopped));
    left.say("create group");
    assert!(matches!(left.say("balance").reply, Some(Reply::With(Remark::Dropped, _))));
    assert_eq!(left.say("Market Women").reply, Some(Reply::NotUnderstood));

    let mut later = chat();
    later.say("create group");
    later.now = later.now.plus(86_400 - 60);
    assert!(matches!(later.say("Market Women").reply, Some(Reply::AskContribution { .. })));
    later.now = later.now.plus(86_400 + 60);
    assert_eq!(later.say("10 weekly").reply, Some(Reply::NotUnderstood));
}

#[test]
fn a_name_may_look_like_a_command_with_words_behind_it() {
    let mut chat = chat();
    chat.say("create group");
    assert!(
        matches!(chat.say("Join Hands").reply, Some(Reply::AskContribution { name, .. }) if name == "Join Hands")
    );
}

#[test]
fn what_is_wrong_in_one_line_is_asked_for_again() {
    let mut chat = chat();
    let heard = chat.say("create group Market Women 1.000 weekly 5");
    assert!(heard.text().contains("Do you mean 1000 or 1?"), "{}", heard.text());
    assert!(matches!(chat.say("1000").reply, Some(Reply::ConfirmCreate { .. })));
    assert!(matches!(
        chat.say("create group Market Women 10 weekly 99").reply,
        Some(Reply::With(Remark::Dropped, _))
    ));
}

#[test]
fn a_command_after_the_name_is_a_command_and_so_is_a_notices_button_at_any_time() {
    let mut chat = Chat::new(FakeDesk::of_ada().with(circle("Family", Phase::Active)));
    chat.say("create group Market Women 10 weekly");
    let heard = chat.say("contribute 10");
    assert!(
        matches!(&heard.reply, Some(Reply::With(Remark::Dropped, inner)) if matches!(**inner, Reply::ConfirmContribute(_))),
        "{heard:?}"
    );
    chat.say("no");
    chat.say("create group");
    let family = circle("Family", Phase::Active).summary.id;
    let heard = chat.tap(&format!("say:CONTRIBUTE {family}"));
    assert!(heard.text().contains("*Family*, round 1 of 3"), "{heard:?}");
    chat.say("yes");
    assert_eq!(chat.desk.ordered(), ["contribute 1 100000000 Family"]);
}

#[test]
fn another_order_is_asked_for_instead_of_a_yes() {
    for (says, order, shown) in [
        ("draw", "Random 1 1", "drawn by lot"),
        ("AUCTION", "Auction 1 1", "asks least"),
        ("payout every 4 weeks", "Join 1 4", "Each round of 4 payments"),
    ] {
        let mut chat = chat();
        let heard = chat.say("create group Market Women 10 weekly 5");
        assert!(heard.text().contains("Send DRAW, MY ORDER or AUCTION"), "{}", heard.text());
        let heard = chat.say(says);
        assert!(heard.text().contains(shown), "{shown}: {}", heard.text());
        assert!(chat.desk.ordered().is_empty());
        chat.say("yes");
        let expected = format!("create Market Women 100000000 Days(7) 5 {order}");
        assert_eq!(chat.desk.ordered(), [expected]);
    }
    let mut chat = chat();
    chat.say("create group Market Women 10 weekly 5");
    assert_eq!(chat.say("my order").reply, Some(Reply::AskOwnTurn { seats: 5, again: false }));
    for wrong in ["0", "6", "last", "300"] {
        let again = Reply::AskOwnTurn { seats: 5, again: true };
        assert_eq!(chat.say(wrong).reply, Some(again), "{wrong}");
    }
    let heard = chat.say("number 2");
    assert!(heard.text().contains("as set in the invitations"), "{}", heard.text());
    // Thinking better of it.
    assert!(chat.say("joining").text().contains("in order of joining"));
    chat.say("i decide");
    chat.say("3");
    chat.say("yes");
    assert_eq!(chat.desk.ordered(), ["create Market Women 100000000 Days(7) 5 Fixed 3 1"]);
}

/// 3 to 20 people, 1 to 90 days between payments, 7 to 90 between pots, in one line.
#[test]
fn the_whole_range_of_the_preset_can_be_said() {
    for (line, expected) in [
        ("A 10 daily 3 payout weekly", "create A 100000000 Days(1) 3 Join 1 7"),
        (
            "A 10 every day 20 draw, payout every 90 days",
            "create A 100000000 Days(1) 20 Random 1 90",
        ),
        ("A 10 every 90 days 20", "create A 100000000 Days(90) 20"),
        ("A 10 every 30 days 3 payout every 90 days", "create A 100000000 Days(30) 3 Join 1 3"),
        ("Pot Luck 10 weekly 5 pot weekly", "create Pot Luck 100000000 Days(7) 5"),
        ("A 10 monthly 5 auction", "create A 100000000 Month 5 Auction 1 1"),
    ] {
        let mut chat = chat();
        let heard = chat.say(&format!("create group {line}"));
        assert!(matches!(heard.reply, Some(Reply::ConfirmCreate { .. })), "{line}: {heard:?}");
        chat.say("yes");
        assert_eq!(chat.desk.ordered(), [expected], "{line}");
    }
    let mut odd = chat();
    let heard = odd.say("create group A 10 every 3 days 5 payout weekly");
    assert!(heard.text().contains("every 3 days, so the pot can only go out"), "{}", heard.text());
    odd.say("9 days");
    odd.say("yes");
    assert_eq!(odd.desk.ordered(), ["create A 100000000 Days(3) 5 Join 1 3"]);
}
