//! Which group is meant; joining, inviting, status, votes.
use crate::conversation::fake::{Chat, FakeDesk, circle, member, preview, vote};
use crate::conversation::phone::PhoneProblem;
use crate::conversation::reply::Reply;
use crate::conversation::words::Words;
use kolo_rules::Refusal;
use kolo_rules::circle::Phase;

fn two() -> Chat {
    Chat::new(
        FakeDesk::of_ada()
            .with(circle("Market Women", Phase::Active))
            .with(circle("Family", Phase::Active)),
    )
}

#[test]
fn two_groups_ask_which_and_never_take_the_first() {
    for answer in ["2", "family", "Family (10.00 USDC every week)"] {
        let mut chat = two();
        let heard = chat.say("contribute");
        assert_eq!(heard.reply, Some(Reply::WhichGroup));
        assert!(
            heard.text().contains("1. Market Women (10.00 USDC every week)\n2. Family"),
            "{}",
            heard.text()
        );
        assert!(
            matches!(chat.say(answer).reply, Some(Reply::ConfirmContribute(payment)) if payment.name == "Family")
        );
        chat.say("yes");
        assert_eq!(chat.desk.ordered(), ["contribute 1 100000000 Family"]);
    }
    let mut chat = two();
    chat.say("contribute");
    for text in ["0", "3", "Other", "10"] {
        assert_eq!(chat.say(text).reply, Some(Reply::NoSuchChoice { most: 2 }), "{text}");
    }
    assert_eq!(chat.say("cancel").reply, Some(Reply::Stopped));
    assert!(chat.desk.ordered().is_empty());
}

#[test]
fn a_named_group_is_found_by_name_beginning_or_part() {
    for (text, name) in [
        ("contribute family", "Family"),
        ("contribute 10 MARKET WOMEN!", "Market Women"),
        ("contribute market", "Market Women"),
        ("contribute women", "Market Women"),
    ] {
        let mut chat = two();
        let heard = chat.say(text);
        assert!(
            matches!(&heard.reply, Some(Reply::ConfirmContribute(p)) if p.name == name),
            "{text}: {heard:?}"
        );
    }
    let mut chat = two();
    assert_eq!(
        chat.say("contribute m").reply.map(|r| matches!(r, Reply::ConfirmContribute(_))),
        Some(true)
    );
    assert_eq!(chat.say("no").reply, Some(Reply::Declined));
    assert_eq!(chat.say("contribute a").reply, Some(Reply::WhichGroup), "a is filler, both remain");
    assert!(
        matches!(chat.say("status of nobody").reply, Some(Reply::With(_, inner)) if matches!(*inner, Reply::NoSuchGroup { .. }))
    );
}

#[test]
fn a_name_that_is_a_number_is_a_name() {
    let mut chat = Chat::new(
        FakeDesk::of_ada()
            .with(circle("2026 Savers", Phase::Active))
            .with(circle("2026", Phase::Active)),
    );
    assert!(
        matches!(chat.say("contribute 2026 savers").reply, Some(Reply::ConfirmContribute(p)) if p.name == "2026 Savers")
    );
    chat.say("no");
    assert!(
        matches!(chat.say("contribute 2026").reply, Some(Reply::ConfirmContribute(p)) if p.name == "2026")
    );
}

#[test]
fn two_groups_of_one_name_are_told_apart_by_number_only() {
    let mut twin = circle("Family", Phase::Active);
    twin.summary.id = crate::CircleId::derive(&[b"twin"]);
    let mut chat = Chat::new(FakeDesk::of_ada().with(circle("Family", Phase::Active)).with(twin));
    assert_eq!(chat.say("contribute family").reply, Some(Reply::WhichGroup));
    assert_eq!(chat.say("family").reply, Some(Reply::NoSuchChoice { most: 2 }));
    assert!(matches!(chat.say("1").reply, Some(Reply::ConfirmContribute(_))));
}

#[test]
fn many_groups_come_five_at_a_time() {
    let mut desk = FakeDesk::of_ada();
    for number in 1..=11 {
        desk = desk.with(circle(&format!("Group {number:02}"), Phase::Active));
    }
    let mut chat = Chat::new(desk);
    assert!(chat.say("status").text().contains("4. Group 04"));
    let second = chat.say("5");
    assert!(
        second.text().contains("1. Group 05") && second.text().contains("5. More groups"),
        "{}",
        second.text()
    );
    assert!(chat.say("more groups").text().contains("3. Group 11"));
    assert!(
        matches!(chat.say("3").reply, Some(Reply::Status { status, .. }) if status.summary.name == "Group 11")
    );
}

#[test]
fn status_says_everything_in_words() {
    let mut chat = Chat::new(FakeDesk::of_ada().with(circle("Market Women", Phase::Active)));
    let text = chat.say("group status").text().to_owned();
    for part in [
        "*Market Women*: running",
        "10.00 USDC every week",
        "Round 1 of 3. In the pot: 10.00 USDC of 30.00 USDC",
        "Next pot: Ada, Mon 10 Feb 2025, 12:00; it waits for payments until Wed 12 Feb 2025, 12:00",
        "1. Ada (you): due, next pot",
        "2. Bola: paid",
        "3. Chidi: late",
        "The group holds 10.00 USDC; books and network agree.",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    chat.desk.state().circles[0].vault_on_chain = None;
    assert!(chat.say("status").text().contains("network does not answer"));
}

#[test]
fn joining_shows_the_rules_and_accepts_their_hash() {
    let desk = FakeDesk::of_ada();
    desk.state().previews.insert("AB12CD".to_owned(), preview("Market Women"));
    let mut chat = Chat::new(desk);
    assert!(chat.say("join zz99").text().contains("no invitation with that code"));
    assert_eq!(chat.say("join").reply, Some(Reply::AskCode));
    let heard = chat.say("ab12 cd");
    for part in [
        "Ada invites you to *Market Women*",
        "Your turn: no. 3",
        "10.00 USDC every week",
        "51%",
        "vault keeps your key",
        "Fee: 0",
        "Rules no. 09090909",
    ] {
        assert!(heard.text().contains(part), "{part}: {}", heard.text());
    }
    assert!(!heard.button("YES").is_empty(), "short enough for buttons");
    assert!(chat.desk.ordered().is_empty());
    chat.say("yes");
    assert_eq!(chat.desk.ordered(), ["join AB12CD 9"]);
    let mut known = preview("Market Women");
    known.already_member = true;
    chat.desk.state().previews.insert("AB12CD".to_owned(), known);
    assert_eq!(
        chat.say("join ab12cd").reply,
        Some(Reply::AlreadyIn { name: "Market Women".to_owned() })
    );
}

#[test]
fn inviting_is_the_organisers() {
    let mut chat = Chat::new(FakeDesk::of_ada().with(circle("Market Women", Phase::Forming)));
    assert!(chat.say("invite").after.is_some());
    chat.say("invite 0803 123 4567");
    assert_eq!(
        chat.desk.ordered(),
        ["invite anybody Market Women", "invite +2348031234567 Market Women"]
    );
    assert_eq!(
        chat.say("invite 123").reply,
        Some(Reply::BadPhone { problem: PhoneProblem::NotValid })
    );

    let desk = FakeDesk::of_ada().with(circle("Market Women", Phase::Forming));
    desk.state().circles[0].summary.organiser = member("Bola").id;
    let mut chat = Chat::new(desk);
    for text in ["invite", "start", "cancel group"] {
        let said = chat.say(text);
        let only = "Only the organiser of *Market Women* can do that";
        assert!(said.text().starts_with(only), "{text}: {}", said.text());
    }
    assert!(chat.desk.ordered().is_empty());
}

#[test]
fn the_wrong_state_is_explained() {
    let name = || "Market Women".to_owned();
    for (phase, text, reply) in [
        (Phase::Active, "invite", Reply::OnlyBeforeStart { name: name() }),
        (Phase::Active, "start", Reply::OnlyBeforeStart { name: name() }),
        (Phase::Securing, "leave", Reply::OnlyBeforeStart { name: name() }),
        (Phase::Active, "bid 5", Reply::Trouble(Words::new("refused-no-auction"))),
        (Phase::Active, "vote yes", Reply::NoVoteOpen { name: name() }),
        (Phase::Active, "repay", Reply::NothingOwed { name: name() }),
        (Phase::Forming, "contribute", Reply::NotStarted { name: name(), members: 3, seats: 5 }),
        (Phase::Forming, "dissolve", Reply::NotStarted { name: name(), members: 3, seats: 5 }),
        (Phase::Completed, "contribute", Reply::Over { name: name() }),
        (Phase::Dissolved, "invite", Reply::Over { name: name() }),
    ] {
        let mut chat = Chat::new(FakeDesk::of_ada().with(circle("Market Women", phase)));
        assert_eq!(chat.say(text).reply, Some(reply), "{text}");
        assert!(chat.desk.ordered().is_empty());
    }
    for text in ["contribute", "status", "invite", "vote yes", "repay 5"] {
        assert_eq!(Chat::new(FakeDesk::of_ada()).say(text).reply, Some(Reply::NoGroups), "{text}");
    }
}

#[test]
fn deciding_commands_ask_first() {
    for (phase, text, order) in [
        (Phase::Forming, "start", "start Market Women"),
        (Phase::Forming, "leave", "leave Market Women"),
        (Phase::Active, "leave", "exit Market Women"),
        (Phase::Committing, "contribute", "commit Market Women"),
        (Phase::Securing, "pay deposit", "secure 200000000 Market Women"),
        (Phase::Forming, "cancel group", "cancel Market Women"),
        (Phase::Active, "dissolve", "dissolve Market Women"),
        (Phase::Active, "vote yes", "vote 4 true Market Women"),
        (Phase::Active, "vote no", "vote 4 false Market Women"),
    ] {
        let desk = FakeDesk::of_ada().with(circle("Market Women", phase));
        desk.state().circles[0].votes = vec![vote()];
        let mut chat = Chat::new(desk);
        let heard = chat.say(text);
        assert!(heard.text().contains("YES or NO"), "{}", heard.text());
        assert!(chat.desk.ordered().is_empty());
        chat.tap(&heard.button("YES"));
        assert_eq!(chat.desk.ordered(), [order]);
    }
    let desk = FakeDesk::of_ada().with(circle("Market Women", Phase::Forming));
    desk.state().circles[0].summary.members = 1;
    let heard = Chat::new(desk).say("start");
    assert!(heard.text().contains("not enough members"), "{heard:?} {:?}", Refusal::TooFewMembers);
}

#[test]
fn a_bare_vote_asks_which_way() {
    let desk = FakeDesk::of_ada().with(circle("Market Women", Phase::Active));
    desk.state().circles[0].votes = vec![vote()];
    let mut chat = Chat::new(desk);
    let heard = chat.say("vote");
    chat.tap(&heard.button("Vote no"));
    chat.say("yes");
    assert_eq!(chat.desk.ordered(), ["vote 4 false Market Women"]);
}
