//! Where people save in several assets.
use crate::conversation::amount::AmountProblem;
use crate::conversation::fake::{Chat, FakeDesk, ONE, asset, circle, due};
use crate::conversation::reply::{Remark, Reply};
use crate::view::CircleStatus;
use crate::{AllowedAsset, Asset, AssetList};
use kolo_rules::Amount;
use kolo_rules::circle::Phase;

fn euro() -> Asset {
    Asset { code: "EURC".to_owned(), issuer: "GOTHER".to_owned(), decimals: 7 }
}

fn both() -> AssetList {
    let allowed = |asset, name: &str| AllowedAsset { asset, name: name.to_owned() };
    AssetList::try_new(vec![allowed(asset(), "US dollar"), allowed(euro(), "Euro")]).unwrap()
}

/// Ada, with 100 dollars and as many euros as are said, in a group of euros.
fn ada(euros: i64) -> Chat {
    let mut status = circle("Market Women", Phase::Active);
    status.summary.asset = euro();
    let missing = (10 - euros).max(0) * ONE;
    let view = due(&status, 10 * ONE, missing);
    let desk = FakeDesk::of_ada().saving_in(both()).with(status);
    desk.state().due.insert(view.circle.id, view.clone());
    desk.state().others.push((euro(), euros * ONE));
    Chat::new(desk)
}

#[test]
fn a_new_group_is_asked_for_its_money_when_nobody_has_said_it() {
    let mut chat = ada(0);
    chat.say("create group");
    let asked = chat.say("Tailors");
    assert!(matches!(asked.reply, Some(Reply::AskAsset { again: false, .. })), "{asked:?}");
    assert_eq!(
        asked.text(),
        "Good. Which money will *Tailors* save in? It stays the same for as long as the group lasts.\n\
         • US dollar (USDC)\n• Euro (EURC)"
    );
    let again = chat.say("gold");
    assert!(again.text().starts_with("I did not catch that. Which money will *Tailors*"));
    let euro = again.button("Euro");
    assert!(matches!(chat.tap(&euro).reply, Some(Reply::AskContribution { problem: None, .. })));
    let other = chat.say("20 usdc weekly");
    assert!(
        other.text().starts_with("This group saves in EURC, and you wrote “usdc”."),
        "{other:?}"
    );
    assert!(matches!(chat.say("20").reply, Some(Reply::AskSeats { .. })));
    let rules = chat.say("5");
    assert!(rules.text().contains("20.00 EURC") && !rules.text().contains("USDC"), "{rules:?}");
    chat.say("yes");
    assert_eq!(chat.desk.ordered(), ["create Tailors 200000000 Days(7) 5 in EURC"]);
}

#[test]
fn an_amount_with_its_unit_says_the_money() {
    for (line, code) in [
        ("create group Tailors 20 EURC weekly 5", "EURC"),
        ("create group Tailors €20 weekly 5", "EURC"),
        ("create group Tailors, 20 euros every week, 5 members", "EURC"),
        ("create group Tailors 20 usdc weekly 5", "USDC"),
        ("create group Tailors $20 weekly 5", "USDC"),
    ] {
        let mut chat = ada(0);
        let rules = chat.say(line);
        assert!(rules.text().contains(&format!("20.00 {code}")), "{line}: {}", rules.text());
        assert!(matches!(rules.reply, Some(Reply::ConfirmCreate { .. })), "{line}");
    }
    // The answer to the question may say all of it.
    let mut chat = ada(0);
    chat.say("create group");
    chat.say("Tailors");
    assert!(matches!(chat.say("20 EURC every 2 weeks").reply, Some(Reply::AskSeats { .. })));
}

#[test]
fn what_is_of_one_asset_is_never_paid_with_another() {
    let mut chat = ada(0);
    let short = chat.say("contribute");
    assert!(matches!(short.reply, Some(Reply::TooLittle { pinned: true, .. })), "{short:?}");
    assert_eq!(
        short.text(),
        "For *Market Women* you need 10.00 EURC. You are 10.00 EURC short. Send TEST MONEY 10 EURC to get play money.\n\
         *Market Women* saves in EURC alone: no other money of yours can be paid in."
    );
    let mut chat = ada(30);
    for typed in ["contribute 10 usdc", "contribute $10", "contribute 10 usd market women"] {
        let Some(Reply::BadAmount { problem }) = chat.say(typed).reply else { panic!("{typed}") };
        assert!(matches!(problem, AmountProblem::OtherCurrency(_)), "{typed}: {problem:?}");
    }
    for typed in
        ["contribute", "contribute 10", "contribute 10 EURC", "contribute €10 market women"]
    {
        let asked = chat.say(typed);
        assert!(asked.text().contains("Pay *10.00 EURC* to *Market Women*"), "{typed}: {asked:?}");
        assert!(asked.text().contains("20.00 EURC"), "what is left of the euros: {asked:?}");
        chat.say("no");
    }
    assert!(chat.desk.ordered().is_empty());
}

fn of_euros(name: &str) -> CircleStatus {
    let mut status = circle(name, Phase::Active);
    status.summary.asset = euro();
    status
}

/// Ada with enough of both, in these groups.
fn in_groups(groups: Vec<CircleStatus>) -> Chat {
    let mut desk = FakeDesk::of_ada().saving_in(both());
    for status in groups {
        let view = due(&status, 10 * ONE, 0);
        desk = desk.with(status);
        desk.state().due.insert(view.circle.id, view);
    }
    desk.state().others.push((euro(), 100 * ONE));
    Chat::new(desk)
}

/// A group may be called after what it saves in, or after what it does not.
#[test]
fn what_begins_a_groups_name_is_not_read_as_the_unit() {
    for typed in
        ["contribute 10 EURC Savers", "contribute EURC Savers 10", "contribute EURC Savers"]
    {
        let mut chat = in_groups(vec![of_euros("EURC Savers"), circle("Tailors", Phase::Active)]);
        let asked = chat.say(typed);
        assert!(asked.text().contains("Pay *10.00 EURC* to *EURC Savers*"), "{typed}: {asked:?}");
    }
    // The unit is still one where the name does not begin so, and beside the whole name.
    for typed in
        ["contribute 10 EURC Market", "contribute 10 EURC EURC Savers", "contribute 10 EURC"]
    {
        let mut chat = in_groups(vec![of_euros(match typed.contains("Savers") {
            true => "EURC Savers",
            false => "Market Women",
        })]);
        let asked = chat.say(typed);
        assert!(asked.text().contains("Pay *10.00 EURC* to"), "{typed}: {asked:?}");
    }
    // Words people use for dollars, which the parser takes for units.
    let mut chat = in_groups(vec![of_euros("Dollar Ladies"), circle("Tailors", Phase::Active)]);
    let asked = chat.say("contribute 10 dollar ladies");
    assert!(asked.text().contains("Pay *10.00 EURC* to *Dollar Ladies*"), "{asked:?}");
}

/// Never the first one, and never other money than was written.
#[test]
fn where_a_unit_may_be_a_name_it_is_asked_which() {
    let mut chat = in_groups(vec![of_euros("EURC Savers"), circle("Savers", Phase::Active)]);
    let asked = chat.say("contribute 10 EURC Savers");
    assert!(matches!(asked.reply, Some(Reply::WhichGroup)), "{asked:?}");
    let chosen = chat.say("Savers");
    let Some(Reply::BadAmount { problem }) = chosen.reply else { panic!("{chosen:?}") };
    assert_eq!(problem, AmountProblem::OtherCurrency("eurc".to_owned()));
    chat.say("contribute 10 EURC Savers");
    let chosen = chat.say("EURC Savers");
    assert!(chosen.text().contains("Pay *10.00 EURC* to *EURC Savers*"), "{chosen:?}");
}

/// Names are known by their beginnings and by what they contain.
#[test]
fn a_part_of_a_name_is_another_reading_too() {
    let groups = || vec![circle("Market Women", Phase::Active), of_euros("Old USDC Market")];
    let mut chat = in_groups(groups());
    let asked = chat.say("contribute 10 USDC Market");
    assert!(matches!(asked.reply, Some(Reply::WhichGroup)), "{asked:?}");
    let chosen = chat.say("Old USDC Market");
    let Some(Reply::BadAmount { problem }) = chosen.reply else { panic!("{chosen:?}") };
    assert_eq!(problem, AmountProblem::OtherCurrency("usdc".to_owned()));
    // The whole name leaves nothing to ask.
    let mut chat = in_groups(groups());
    let asked = chat.say("contribute 10 old USDC market");
    assert!(asked.text().contains("Pay *10.00 EURC* to *Old USDC Market*"), "{asked:?}");
    let mut chat = in_groups(vec![circle("Market Women", Phase::Active), of_euros("USDC Market")]);
    let asked = chat.say("contribute 10 USDC Market");
    assert!(asked.text().contains("Pay *10.00 EURC* to *USDC Market*"), "{asked:?}");
}

/// A question that stands speaks of the same money as before.
#[test]
fn what_is_wrong_with_the_answer_to_a_question_is_said_in_the_groups_money() {
    let mut chat = ada(5_000);
    chat.say("contribute 1.000");
    let refused = chat.say("1.00 usdc");
    assert!(
        refused.text().starts_with("This group saves in EURC, and you wrote “usdc”."),
        "{}",
        refused.text()
    );
    let large = chat.say("2000000");
    assert!(large.text().contains("EURC") && !large.text().contains("USDC"), "{}", large.text());
    let again = chat.say("what");
    assert!(!again.text().contains("USDC"), "{}", again.text());
}

#[test]
fn the_balance_tells_the_usual_money_and_what_else_there_is() {
    let mut chat = ada(30);
    let told = chat.say("balance");
    assert!(told.text().starts_with("You have *100.00 USDC*.\nAnd *30.00 EURC*.\n"), "{told:?}");
    let mut chat = ada(0);
    let told = chat.say("balance");
    assert!(told.text().starts_with("You have *100.00 USDC*.\n\n"), "{told:?}");
    assert!(told.text().contains("*Market Women*: you paid in 10.00 EURC"), "{told:?}");
}

#[test]
fn test_money_is_of_the_usual_asset_unless_another_is_named() {
    let mut chat = ada(0);
    chat.say("test money 5");
    chat.say("test money 6 eurc");
    chat.say("test money 7 USDC");
    let of = |minor: i64, code: &str| format!("test money {}{code}", minor * ONE);
    assert_eq!(chat.desk.ordered(), [of(5, ""), of(6, " EURC"), of(7, "")]);
    let most = chat.say("test money 2000 EURC");
    assert!(most.text().contains("1000.00 EURC"), "{most:?}");
    // Asked back, it keeps its unit.
    let either = chat.say("test money 1.000 EURC");
    assert!(matches!(either.reply, Some(Reply::BadAmount { .. })), "{either:?}");
    chat.say("1.00 EURC");
    assert_eq!(chat.desk.ordered().last(), Some(&of(1, " EURC")));
}

/// Nothing is different for whoever saves in one.
#[test]
fn with_one_asset_nothing_is_asked_and_no_code_is_a_unit() {
    let mut chat = Chat::new(FakeDesk::of_ada().with(circle("Market Women", Phase::Active)));
    assert!(matches!(
        chat.say("create group Tailors 20 weekly 5").reply,
        Some(Reply::ConfirmCreate { .. })
    ));
    let said = chat.say("contribute 10 EURC").reply;
    let Some(Reply::With(Remark::Dropped, said)) = said else { panic!("{said:?}") };
    assert_eq!(*said, Reply::NoSuchGroup { typed: "EURC".to_owned() });
    assert_eq!(Amount::new(10 * ONE), crate::conversation::amount::parse("10 usdc", 7).unwrap());
}
