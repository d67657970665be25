//! `CONTRIBUTE 1.000`: a thousand, or one?
use kolo_rules::Amount;
use kolo_rules::circle::Phase;

use crate::conversation::amount::AmountProblem;
use crate::conversation::fake::{Chat, FakeDesk, Heard, ONE, circle};
use crate::conversation::reply::{Remark, Reply};

/// Due: one unit in Market Women, nothing in Family.
fn chat() -> Chat {
    let desk = FakeDesk::of_ada().with(circle("Market Women", Phase::Active));
    let chat = Chat::new(desk.with(circle("Family", Phase::Active)));
    for view in chat.desk.state().due.values_mut() {
        view.due.amount = Amount::new(ONE);
    }
    chat.desk.state().circles[0].seats[0].debt = Amount::new(5 * ONE);
    chat
}

fn either(grouped: &str, pointed: &str) -> Reply {
    let (grouped, pointed) = (grouped.to_owned(), pointed.to_owned());
    Reply::BadAmount { problem: AmountProblem::Ambiguous { grouped, pointed } }
}

fn is_contribution(heard: &Heard, amount: i64) -> bool {
    matches!(&heard.reply, Some(Reply::ConfirmContribute(payment))
        if payment.amount.minor_units() == amount && payment.name == "Market Women")
}

#[test]
fn the_bare_answer_is_the_amount() {
    for answer in ["1", "1.0", "$1", "1 usdc"] {
        let mut chat = chat();
        let heard = chat.say("contribute 1.000 market women");
        assert_eq!(heard.reply, Some(either("1000", "1")));
        let heard = chat.say(answer);
        assert!(is_contribution(&heard, ONE), "{answer}: {heard:?}");
        assert!(chat.desk.ordered().is_empty());
        chat.say("yes");
        assert_eq!(chat.desk.ordered(), ["contribute 1 10000000 Market Women"]);
    }
    let mut chat = chat();
    chat.say("contribute 1.000 market women");
    let (name, due) = ("Market Women".to_owned(), Amount::new(ONE));
    assert_eq!(chat.say("1000").reply, Some(Reply::OtherAmount { name, due }));
}

/// Two choices, and a figure that is the number of the one and the amount of the other.
#[test]
fn a_figure_is_never_the_number_of_a_choice() {
    let mut chat = chat();
    chat.say("repay 2.000 market women");
    let heard = chat.say("2");
    let Some(Reply::ConfirmRepay { amount, .. }) = heard.reply else { panic!("{heard:?}") };
    assert_eq!(amount, Amount::new(2 * ONE));
}

#[test]
fn a_tap_is_the_amount_and_an_old_one_is_nothing() {
    let mut chat = chat();
    let heard = chat.say("contribute 1.000 market women");
    let (thousand, one) = (heard.button("1000"), heard.button("1"));
    let heard = chat.tap(&one);
    assert!(is_contribution(&heard, ONE), "{heard:?}");
    assert_eq!(chat.tap(&thousand).reply, Some(Reply::StaleButton));
    chat.say("no");
    let heard = chat.say("test money 1.000");
    chat.tap(&heard.button("1000"));
    assert_eq!(chat.desk.ordered(), ["test money 10000000000"]);
}

#[test]
fn the_question_stands_until_it_is_answered() {
    let mut chat = chat();
    chat.say("contribute 1.000 market women");
    let heard = chat.say("the first");
    assert_eq!(heard.reply, Some(either("1000", "1")));
    heard.button("1000");
    assert_eq!(chat.say("-1").reply, Some(Reply::BadAmount { problem: AmountProblem::Negative }));
    assert_eq!(chat.say("2.000").reply, Some(either("2000", "2")));
    assert!(is_contribution(&chat.say("1"), ONE));
    // Another command leaves it behind; so does a no.
    chat.say("contribute 1.000 market women");
    assert!(matches!(chat.say("history").reply, Some(Reply::With(Remark::Dropped, _))));
    assert_eq!(chat.say("1").reply, Some(Reply::NotUnderstood));
    chat.say("contribute 1.000 market women");
    assert_eq!(chat.say("no").reply, Some(Reply::Stopped));
    assert_eq!(chat.say("1").reply, Some(Reply::NotUnderstood));
    assert!(chat.desk.ordered().is_empty());
}

#[test]
fn after_ten_minutes_it_is_too_late() {
    let mut chat = chat();
    chat.say("contribute 1.000 market women");
    chat.now = chat.now.plus(600);
    assert!(is_contribution(&chat.say("1"), ONE));
    chat.say("no");
    for answer in ["1", "1000"] {
        chat.say("test money 1.000");
        chat.now = chat.now.plus(601);
        assert_eq!(chat.say(answer).reply, Some(Reply::TimedOut));
    }
    let heard = chat.say("test money 1.000");
    chat.now = chat.now.plus(601);
    assert_eq!(chat.tap(&heard.button("1")).reply, Some(Reply::TimedOut));
    assert!(chat.desk.ordered().is_empty());
}

#[test]
fn a_group_left_meanwhile_takes_no_amount() {
    let mut chat = chat();
    chat.say("contribute 1.000 market women");
    chat.desk.state().circles.remove(0);
    let text = chat.say("1").text().to_owned();
    assert!(text.starts_with("I cannot find that group"), "{text}");
}
