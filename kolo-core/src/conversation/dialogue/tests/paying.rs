//! CONTRIBUTE, REPAY, TEST MONEY.
use crate::conversation::amount::AmountProblem;
use crate::conversation::fake::{Chat, FakeDesk, ONE, circle};
use crate::conversation::reply::Reply;
use kolo_rules::Amount;
use kolo_rules::circle::Phase;

fn chat() -> Chat {
    Chat::new(FakeDesk::of_ada().with(circle("Market Women", Phase::Active)))
}

fn name() -> String {
    "Market Women".to_owned()
}

#[test]
fn too_little_money_says_how_much_and_how() {
    let mut chat = chat();
    for view in chat.desk.state().due.values_mut() {
        view.missing = Amount::new(5 * ONE / 2);
    }
    let text = chat.say("contribute").text().to_owned();
    assert!(text.contains("You are 2.50 USDC short. Send TEST MONEY 2.5"), "{text}");
    chat.desk.test_money = false;
    let text = chat.say("contribute").text().to_owned();
    assert!(text.contains("add at least 2.50 USDC"), "{text}");
    assert!(chat.desk.ordered().is_empty());
}

#[test]
fn nothing_due_says_when_the_next_is() {
    let mut chat = chat();
    for view in chat.desk.state().due.values_mut() {
        view.due.amount = Amount::ZERO;
        view.due.round = 2;
    }
    let text = chat.say("contribute").text().to_owned();
    assert!(text.contains("round 2, by Mon 10 Feb 2025"), "{text}");
    chat.desk.state().circles[0].seats[0].paid = Amount::new(30 * ONE);
    assert_eq!(chat.say("contribute").reply, Some(Reply::AllPaid { name: name() }));
    for view in chat.desk.state().due.values_mut() {
        view.pending = true;
    }
    assert_eq!(chat.say("contribute").reply, Some(Reply::OnItsWay { name: name() }));
}

#[test]
fn another_amount_is_not_taken() {
    let mut chat = chat();
    let due = Amount::new(10 * ONE);
    assert_eq!(chat.say("contribute 5").reply, Some(Reply::OtherAmount { name: name(), due }));
    assert!(matches!(chat.say("contribute $10").reply, Some(Reply::ConfirmContribute(_))));
}

#[test]
fn bad_amounts_are_explained_with_every_command() {
    let problems = [
        ("-5", AmountProblem::Negative),
        ("10.12345678", AmountProblem::TooManyDecimals { most: 7 }),
        ("1e9", AmountProblem::Scientific),
        ("٣", AmountProblem::OtherDigits),
        ("₦5,000", AmountProblem::OtherCurrency("₦".to_owned())),
        ("1.000", AmountProblem::Ambiguous { grouped: "1000".to_owned(), pointed: "1".to_owned() }),
    ];
    for (typed, problem) in problems {
        for command in ["contribute", "repay", "test money"] {
            let mut chat = chat();
            chat.desk.state().circles[0].seats[0].debt = Amount::new(ONE);
            let heard = chat.say(&format!("{command} {typed}"));
            assert_eq!(
                heard.reply,
                Some(Reply::BadAmount { problem: problem.clone() }),
                "{command} {typed}"
            );
            assert!(chat.desk.ordered().is_empty());
        }
    }
}

#[test]
fn debts_are_paid_back_wholly_or_partly() {
    let mut chat = chat();
    chat.desk.state().circles[0].seats[0].debt = Amount::new(10 * ONE);
    for view in chat.desk.state().due.values_mut() {
        view.due.amount = Amount::ZERO;
        view.debt = Amount::new(10 * ONE);
    }
    let heard = chat.say("contribute");
    assert_eq!(heard.reply, Some(Reply::OfferRepay { name: name(), debt: Amount::new(10 * ONE) }));
    let heard = chat.tap(&heard.button("Repay"));
    assert!(
        heard.text().contains("Pay back *10.00 USDC*") && heard.text().contains("Fee: 0"),
        "{}",
        heard.text()
    );
    chat.say("no");
    assert_eq!(
        chat.say("repay 11").reply,
        Some(Reply::RepayAtMost { name: name(), debt: Amount::new(10 * ONE) })
    );
    let heard = chat.say("repay 4");
    assert!(
        heard.text().contains("Still open afterwards: 6.00 USDC")
            && heard.text().contains("Balance after: 96.00 USDC"),
        "{}",
        heard.text()
    );
    assert!(chat.desk.ordered().is_empty());
    chat.say("yes");
    assert_eq!(chat.desk.ordered(), ["repay 40000000 Market Women"]);
    chat.desk.state().available = ONE;
    assert!(chat.say("repay").text().contains("You are 9.00 USDC short"));
}

#[test]
fn test_money_within_its_limit_and_only_on_test_networks() {
    let mut chat = Chat::new(FakeDesk::of_ada());
    assert!(chat.say("test money 100").after.is_some());
    assert_eq!(chat.desk.ordered(), ["test money 1000000000"]);
    assert!(matches!(chat.say("test money").reply, Some(Reply::AskTestMoney { .. })));
    assert!(matches!(chat.say("test money 1001").reply, Some(Reply::TestMoneyAtMost { .. })));
    chat.desk.test_money = false;
    assert!(chat.say("test money 100").text().contains("the money is real"));
    assert_eq!(chat.desk.ordered().len(), 1);
}
