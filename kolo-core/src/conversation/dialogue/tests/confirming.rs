//! YES, NO, too late, twice, an old button.
use crate::Error;
use crate::conversation::fake::{Chat, FakeDesk, ONE, asset, circle};
use crate::conversation::reply::{Remark, Reply};
use crate::port::{PortError, PortErrorKind, Retry};
use kolo_rules::Amount;
use kolo_rules::circle::Phase;

fn asked() -> (Chat, crate::conversation::fake::Heard) {
    let mut chat = Chat::new(FakeDesk::of_ada().with(circle("Market Women", Phase::Active)));
    let heard = chat.say("contribute");
    assert!(matches!(heard.reply, Some(Reply::ConfirmContribute(_))), "{heard:?}");
    assert!(chat.desk.ordered().is_empty(), "nothing before the yes");
    (chat, heard)
}

const PAID: &str = "contribute 1 100000000 Market Women";

#[test]
fn the_preview_says_what_will_happen() {
    let (_, heard) = asked();
    for part in [
        "*10.00 USDC*",
        "*Market Women*",
        "round 1 of 3",
        "Fee: 0",
        "Balance after: 90.00 USDC",
        "Mon 10 Feb 2025",
    ] {
        assert!(heard.text().contains(part), "{part}: {}", heard.text());
    }
}

#[test]
fn yes_by_word_digit_or_tap_pays_once() {
    for way in 0..5 {
        let (mut chat, question) = asked();
        let heard = match way {
            0 => chat.say("YES"),
            1 => chat.say("1"),
            2 => chat.say("👍"),
            3 => chat.say("Ok."),
            _ => chat.tap(&question.button("YES")),
        };
        assert_eq!(heard.reply, None, "the receipt is the reply");
        assert!(heard.after.is_some());
        assert_eq!(chat.desk.ordered(), [PAID]);
        // A second yes, typed or tapped, finds nothing to say yes to.
        assert_eq!(chat.say("yes").reply, Some(Reply::NothingToConfirm));
        assert_eq!(chat.tap(&question.button("YES")).reply, Some(Reply::StaleButton));
        assert_eq!(chat.desk.ordered(), [PAID]);
    }
}

#[test]
fn no_and_cancel_do_nothing() {
    for (text, reply) in
        [("no", Reply::Declined), ("2", Reply::Declined), ("cancel", Reply::Stopped)]
    {
        let (mut chat, _) = asked();
        assert_eq!(chat.say(text).reply, Some(reply));
        assert_eq!(chat.say("yes").reply, Some(Reply::NothingToConfirm));
        assert!(chat.desk.ordered().is_empty());
    }
}

#[test]
fn too_late_means_no() {
    let (mut chat, question) = asked();
    chat.now = chat.now.plus(601);
    assert_eq!(chat.say("yes").reply, Some(Reply::TimedOut));
    assert_eq!(chat.tap(&question.button("YES")).reply, Some(Reply::StaleButton));
    let (mut chat, question) = asked();
    chat.now = chat.now.plus(601);
    assert_eq!(chat.tap(&question.button("YES")).reply, Some(Reply::TimedOut));
    let (mut chat, _) = asked();
    chat.now = chat.now.plus(601);
    assert!(
        matches!(chat.say("balance").reply, Some(Reply::Balance { .. })),
        "a command is a command"
    );
    assert!(chat.desk.ordered().is_empty());
    let (mut chat, _) = asked();
    chat.now = chat.now.plus(600);
    chat.say("yes");
    assert_eq!(chat.desk.ordered(), [PAID], "still in time");
}

#[test]
fn an_old_button_does_nothing_even_while_another_question_is_open() {
    let (mut chat, first) = asked();
    chat.say("no");
    chat.desk.state().circles.push(circle("Family", Phase::Active));
    chat.say("dissolve family");
    assert_eq!(chat.tap(&first.button("YES")).reply, Some(Reply::StaleButton));
    assert!(chat.desk.ordered().is_empty());
    // The open question still stands.
    chat.say("yes");
    assert_eq!(chat.desk.ordered(), ["dissolve Family"]);
    for forged in ["step:", "step:1", "step:x:y", "step:99:0", "step:1:99", "", "💣"] {
        assert_eq!(chat.tap(forged).reply, Some(Reply::StaleButton), "{forged:?}");
    }
}

#[test]
fn what_is_neither_yes_nor_no_asks_again_and_the_buttons_stay_good() {
    let (mut chat, question) = asked();
    for text in ["maybe", "yes but only 5", "10", "🎉", "3"] {
        let heard = chat.say(text);
        assert_eq!(heard.reply, Some(Reply::YesOrNo), "{text}");
        assert_eq!(heard.button("YES"), question.button("YES"));
    }
    assert!(chat.desk.ordered().is_empty());
    chat.tap(&question.button("YES"));
    assert_eq!(chat.desk.ordered(), [PAID]);
}

#[test]
fn asking_again_does_not_lengthen_the_time() {
    let (mut chat, _) = asked();
    chat.now = chat.now.plus(400);
    chat.say("maybe");
    chat.now = chat.now.plus(400);
    assert_eq!(chat.say("yes").reply, Some(Reply::TimedOut));
}

#[test]
fn another_command_puts_the_question_aside_and_says_so() {
    let (mut chat, question) = asked();
    let heard = chat.say("balance");
    assert!(matches!(heard.reply, Some(Reply::With(Remark::Dropped, _))), "{heard:?}");
    assert!(heard.text().contains("put the last question aside"));
    assert_eq!(chat.tap(&question.button("YES")).reply, Some(Reply::StaleButton));
    assert!(chat.desk.ordered().is_empty());
}

#[test]
fn a_repeated_turn_gives_the_same_command_even_when_the_world_has_moved_on() {
    let (mut chat, _) = asked();
    let yes = chat.inbound("yes", None);
    let first = chat.try_deliver(&yes).expect("a turn");
    // The process died before the session was stored; meanwhile nothing is due any more.
    for view in chat.desk.state().due.values_mut() {
        view.due.amount = Amount::ZERO;
        view.pending = true;
    }
    chat.desk.state().available = 0;
    let second = chat.try_deliver(&yes).expect("a turn");
    assert_eq!(first, second);
    assert_eq!(chat.desk.ordered(), [PAID], "one command under one key");
    assert_eq!(chat.desk.state().orders[0].key, "msg:web/m2:contribute");
}

#[test]
fn what_the_service_refuses_is_told_and_what_may_pass_is_tried_again() {
    let (mut chat, _) = asked();
    chat.desk.state().refuse =
        Some(|| Error::InsufficientFunds { missing: Amount::new(3 * ONE), of: asset().key() });
    assert!(chat.say("yes").text().contains("3.00 USDC short"));

    let (mut chat, _) = asked();
    let yes = chat.inbound("yes", None);
    chat.desk.state().refuse =
        Some(|| PortError::new(PortErrorKind::Timeout, Retry::Unknown, "the ledger").into());
    assert!(matches!(chat.try_deliver(&yes), Err(Error::Port(_))));
    chat.desk.state().refuse = None;
    chat.deliver(&yes);
    assert_eq!(chat.desk.ordered(), [PAID]);
}
