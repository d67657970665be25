use super::*;
use crate::circle::Office;
use crate::conversation::command::{RoleWord, Whom};
use crate::view::Every;
use kolo_rules::circle::Shortfall;

fn target(figure: Option<&str>, group: Option<&str>) -> Target {
    Target { figure: figure.map(str::to_owned), group: group.map(str::to_owned) }
}

fn invited(phone: Option<&str>, group: Option<&str>) -> Whom {
    let [phone, group] = [phone, group].map(|text| text.map(str::to_owned));
    Whom { phone, group, ..Whom::default() }
}

fn whom(who: &str) -> Whom {
    Whom { who: Some(who.to_owned()), ..Whom::default() }
}

#[test]
fn reads_what_concerns_the_key() {
    for typed in
        ["my key", "Export my key", "please I want to take my key out", "close account", "settings"]
    {
        assert_eq!(parse(typed), Command::MyKey, "{typed}");
    }
    for typed in ["STOP KEY", "stop my key!", "It was not me", "this wasn’t me"] {
        assert_eq!(parse(typed), Command::StopKey, "{typed}");
    }
    for (typed, other) in [("account", Command::Balance), ("stop", Command::Cancel)] {
        assert_eq!(parse(typed), other, "{typed}");
    }
    // Said about anything.
    assert_ne!(parse("not me"), Command::StopKey);
}

#[test]
fn reads_commands_about_somebody() {
    use Command as C;
    let text = |text: &str| Some(text.to_owned());
    let role = |whom, office| C::Role { whom, role: Some(RoleWord::Office(office)) };
    let of_group = |who, group| Whom { group: text(group), ..whom(who) };
    for (typed, expected) in [
        ("approve", C::Approve(Whom::default())),
        ("APPROVE 2", C::Approve(whom("2"))),
        ("let in Bola", C::Approve(whom("Bola"))),
        ("approve Bola turn 3", C::Approve(Whom { turn: text("3"), ..whom("Bola") })),
        ("reject Mama Bola", C::Reject(whom("Mama Bola"))),
        ("reject", C::No),
        ("please reject", C::Reject(Whom::default())),
        ("remove Bola from Market Women", C::Remove(of_group("Bola", "Market Women"))),
        ("remove Bola", C::Remove(whom("Bola"))),
        ("Expel Bola in Family!", C::Expel(of_group("Bola", "Family"))),
        ("vote out Bola", C::Expel(whom("Bola"))),
        ("move", C::Move(Whom::default())),
        ("I lost my phone", C::Move(Whom::default())),
        (
            "move Bola to +234 803 123 4567",
            C::Move(Whom { phone: text("+234 803 123 4567"), ..whom("Bola") }),
        ),
        (
            "MOVE Bola 08031234567 in Family",
            C::Move(Whom { phone: text("08031234567"), ..of_group("Bola", "Family") }),
        ),
        ("invite turn 3", C::Invite(Whom { turn: text("3"), ..Whom::default() })),
        (
            "invite 08031234567 to Market Women turn 4",
            C::Invite(Whom {
                turn: text("4"),
                ..invited(Some("08031234567"), Some("Market Women"))
            }),
        ),
        ("group code", C::GroupCode(target(None, None))),
        ("group code Family", C::GroupCode(target(None, Some("Family")))),
        ("requests", C::Requests(target(None, None))),
        ("who is waiting?", C::Requests(target(None, None))),
        ("take back request", C::TakeBack(target(None, None))),
        ("cancel my request", C::TakeBack(target(None, None))),
        ("role", C::Role { whom: Whom::default(), role: None }),
        ("roles", C::Roles(target(None, None))),
        ("who does what in Family?", C::Roles(target(None, Some("Family")))),
        ("ROLE Bola TREASURER", role(whom("Bola"), Office::Treasurer)),
        ("appoint Mama Bola as chairlady", role(whom("Mama Bola"), Office::Chairman)),
        (
            "role Bola secretary in Market Women",
            role(of_group("Bola", "Market Women"), Office::Secretary),
        ),
        ("role Bola treasurer Family", role(of_group("Bola", "Family"), Office::Treasurer)),
        (
            "role of Bola: treasurer in Treasurer Club",
            role(of_group("Bola", "Treasurer Club"), Office::Treasurer),
        ),
        (
            "role Bola treasurer Treasurer Club",
            role(of_group("Bola", "Treasurer Club"), Office::Treasurer),
        ),
        ("role Chairman Bola secretary", role(whom("Chairman Bola"), Office::Secretary)),
        ("role Bola", C::Role { whom: whom("Bola"), role: None }),
        ("role Bola MEMBER", C::Role { whom: whom("Bola"), role: Some(RoleWord::Member) }),
        ("accept role", C::AcceptRole(target(None, None))),
        ("accept the role in Family", C::AcceptRole(target(None, Some("Family")))),
        ("decline role", C::DeclineRole(target(None, None))),
        ("resign", C::LayDownRole(target(None, None))),
        ("lay down my role", C::LayDownRole(target(None, None))),
        ("object", C::Vote { approve: Some(false), target: target(None, None) }),
    ] {
        assert_eq!(parse(typed), expected, "{typed:?}");
    }
    let id = crate::CircleId::derive(&[b"a"]).to_string();
    let meant = of_group("GABC23", &id.to_lowercase());
    assert_eq!(parse(&format!("EXPEL GABC23 {id}")), C::Expel(meant));
}

#[test]
fn reads_the_plain_commands() {
    use Command as C;
    for (texts, expected) in [
        (
            &["hi", "Hello!", "HEY 👋", "  hi  there ", "menu", "Good morning", "hi\u{200b}"][..],
            C::Greeting,
        ),
        (
            &[
                "balance",
                "BALANCE!!! 💰",
                "bal",
                "please show my balance",
                "Balance please",
                "hi, balance",
                "what's my balance?",
                "*balance*",
                "bala\u{0}nce",
            ],
            C::Balance,
        ),
        (&["history", "my history", "Statement.", "show my transactions"], C::History),
        (&["more", "MORE…", "next"], C::More),
        (&["help", "HELP ME", "?help", "commands"], C::Help),
        (
            &["yes", "YES", "Yes.", "y", "ok", "Okay!", "yes please", "👍", "👍🏾", "✅", "yes 🙏"],
            C::Yes,
        ),
        (&["no", "NO!", "n", "nope", "no thanks", "👎", "❌", "don't"], C::No),
        (&["cancel", "STOP", "never mind", "quit"], C::Cancel),
        (&["", "   ", "🎉", "!!!", "...", "\u{0}\u{7}", "\u{202e}"], C::Empty),
        (&["1", "1.", "1)", "#1", "option 1", "1️⃣", " 1 "], C::Number(1)),
    ] {
        for text in texts {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }
}

#[test]
fn reads_commands_with_a_figure_or_a_group() {
    use Command as C;
    for (text, expected) in [
        ("contribute", C::Contribute(target(None, None))),
        ("CONTRIBUTE 10", C::Contribute(target(Some("10"), None))),
        (
            "contribute $10 to Market Women",
            C::Contribute(target(Some("$10"), Some("Market Women"))),
        ),
        (
            "pay 10 usdc to Market Women",
            C::Contribute(target(Some("10 usdc"), Some("Market Women"))),
        ),
        ("contribute Market Women", C::Contribute(target(None, Some("Market Women")))),
        ("contribute to \"Market Women\"", C::Contribute(target(None, Some("Market Women")))),
        ("contribute -5", C::Contribute(target(Some("-5"), None))),
        ("contribute ₦5,000", C::Contribute(target(Some("₦5,000"), None))),
        ("contribute ٣", C::Contribute(target(Some("٣"), None))),
        ("I want to contribute", C::Contribute(target(None, None))),
        ("repay 5 Market Women", C::Repay(target(Some("5"), Some("Market Women")))),
        ("pay back", C::Repay(target(None, None))),
        ("group status", C::GroupStatus(target(None, None))),
        ("GROUP STATUS Market Women", C::GroupStatus(target(None, Some("Market Women")))),
        ("my groups", C::GroupStatus(target(None, None))),
        ("status of Class of 2010", C::GroupStatus(target(None, Some("Class of 2010")))),
        ("invite", C::Invite(invited(None, None))),
        ("invite member +234 803 123 4567", C::Invite(invited(Some("+234 803 123 4567"), None))),
        (
            "invite 08031234567 to Market Women",
            C::Invite(invited(Some("08031234567"), Some("Market Women"))),
        ),
        ("start", C::Start(target(None, None))),
        ("start group Market Women", C::Start(target(None, Some("Market Women")))),
        ("leave group Market Women", C::Leave(target(None, Some("Market Women")))),
        ("cancel group", C::CancelGroup(target(None, None))),
        ("dissolve Market Women", C::Dissolve(target(None, Some("Market Women")))),
        ("close group", C::Dissolve(target(None, None))),
        ("vote yes", C::Vote { approve: Some(true), target: target(None, None) }),
        (
            "VOTE NO Market Women",
            C::Vote { approve: Some(false), target: target(None, Some("Market Women")) },
        ),
        ("vote", C::Vote { approve: None, target: target(None, None) }),
        ("test money 100", C::TestMoney { amount: Some("100".to_owned()) }),
        ("TEST MONEY 1.000", C::TestMoney { amount: Some("1.000".to_owned()) }),
        ("test money", C::TestMoney { amount: None }),
        ("get test money $50", C::TestMoney { amount: Some("$50".to_owned()) }),
        ("REVOKE ab23-cd45", C::Revoke { code: Some("AB23-CD45".to_owned()) }),
        ("revoke", C::Revoke { code: None }),
        (
            "RECEIPT 7k2m-9qxa-vtb4-h3rc",
            C::Receipt { number: Some("7K2M-9QXA-VTB4-H3RC".to_owned()) },
        ),
        (
            "receipt no. 7k2m 9qxa vtb4 h3rc",
            C::Receipt { number: Some("7K2M9QXAVTB4H3RC".to_owned()) },
        ),
        ("show me the receipt please", C::Receipt { number: None }),
        ("join ab12cd", C::Join { code: Some("AB12CD".to_owned()) }),
        ("Join group AB12-CD34.", C::Join { code: Some("AB12-CD34".to_owned()) }),
        ("join code: ab12 cd34", C::Join { code: Some("AB12CD34".to_owned()) }),
        ("i want to join", C::Join { code: None }),
        ("register Ada Obi", C::Register { name: Some("Ada Obi".to_owned()) }),
        ("my name is Ada", C::Register { name: Some("Ada".to_owned()) }),
        ("register", C::Register { name: None }),
    ] {
        assert_eq!(parse(text), expected, "{text:?}");
    }
}

#[test]
fn reads_a_whole_group_in_one_line() {
    let words = |name: &str, amount: &str, every: Every, seats: Option<&str>| GroupWords {
        order: None,
        payout: None,
        name: Some(name.to_owned()),
        amount: Some(amount.to_owned()),
        every: Some(every),
        seats: seats.map(str::to_owned),
        shortfall: None,
        advance: false,
    };
    for (text, expected) in [
        (
            "CREATE GROUP Market Women 10 weekly 5",
            words("Market Women", "10", Every::Days(7), Some("5")),
        ),
        (
            "create group Market Women, $10 every week, 5 members",
            words("Market Women", "$10", Every::Days(7), Some("5")),
        ),
        ("create group A 10 weekly -3", words("A", "10", Every::Days(7), Some("-3"))),
        (
            "new group Family 2.50 usdc monthly 12 people",
            words("Family", "2.50 usdc", Every::Month, Some("12")),
        ),
        (
            "create a group called Class of 2010 5k every 10 days 20",
            words("Class of 2010", "5k", Every::Days(10), Some("20")),
        ),
        ("create group A 10 daily", words("A", "10", Every::Days(1), None)),
        (
            "create group Weekly Ladies 10 weekly 3",
            words("Weekly Ladies", "10", Every::Days(7), Some("3")),
        ),
        ("create group Bad -5 weekly 3", words("Bad", "-5", Every::Days(7), Some("3"))),
        ("create group Naira ₦5,000 weekly 3", words("Naira", "₦5,000", Every::Days(7), Some("3"))),
        (
            "create group 🌸 Roses 🌸 10 weekly 3",
            words("🌸 Roses 🌸", "10", Every::Days(7), Some("3")),
        ),
    ] {
        assert_eq!(parse(text), Command::CreateGroup(expected), "{text:?}");
    }
    assert_eq!(parse("create group"), Command::CreateGroup(GroupWords::default()));
    let named = GroupWords { name: Some("Class of 2010".to_owned()), ..GroupWords::default() };
    assert_eq!(parse("create group Class of 2010"), Command::CreateGroup(named));
    let Command::CreateGroup(options) = parse("create group A 10 weekly 3 short pot, advance")
    else {
        panic!("a group");
    };
    assert_eq!((options.shortfall, options.advance), (Some(Shortfall::ShortPot), true));
}

#[test]
fn an_answer_with_a_condition_is_no_answer() {
    for text in [
        "yes but only 5",
        "yes 50",
        "no problem",
        "ok then tell me more",
        "i want to yes",
        "stop paying Ada",
    ] {
        let command = parse(text);
        assert!(
            !matches!(command, Command::Yes | Command::No | Command::Cancel),
            "{text:?} → {command:?}"
        );
    }
}

#[test]
fn rubbish_is_not_understood_and_harmless() {
    for text in [
        "asdf",
        "10.12345678",
        "1e9",
        "1.000",
        "'; DROP TABLE members; --",
        "send 10 @john",
        "٣",
        "1234",
        "日本語",
    ] {
        assert_eq!(parse(text), Command::Unknown, "{text:?}");
    }
    assert_eq!(parse(&"a".repeat(10_000)), Command::TooLong);
    assert_eq!(parse(&"🎉".repeat(10_000)), Command::TooLong);
}
