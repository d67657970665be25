use kolo_rules::circle::Phase;

use crate::Error;
use crate::circle::{Action, Office, OfficeChange};
use crate::conversation::fake::{Chat, FakeDesk, circle, member};
use crate::conversation::reply::{OfficerLine, Reply};
use crate::port::authorizer::CommandName;
use crate::view::OfficerView;

fn name() -> String {
    "Market Women".to_owned()
}

/// Ada's phone, in a circle of Ada, Bola and Chidi that this one organises.
fn chat(organiser: &str, phase: Phase, officers: &[(&str, Office, bool)]) -> Chat {
    let mut status = circle("Market Women", phase);
    status.summary.organiser = member(organiser).id;
    let view = |(who, office, accepted): &(&str, Office, bool)| OfficerView {
        member: member(who).id,
        office: *office,
        accepted: *accepted,
    };
    status.summary.officers = officers.iter().map(view).collect();
    let desk = FakeDesk::of_ada().with(status);
    desk.state().members.extend([member("Bola"), member("Chidi")]);
    Chat::new(desk)
}

#[test]
fn the_organiser_asks_somebody_after_a_yes() {
    let mut chat = chat("Ada", Phase::Active, &[]);
    assert_eq!(chat.say("role").reply, Some(Reply::RoleHow));
    assert_eq!(chat.say("role bola").reply, Some(Reply::RoleHow));
    let (who, office) = ("Bola".to_owned(), Office::Treasurer);
    let asked = chat.say("ROLE Bola TREASURER");
    let confirm =
        Reply::ConfirmRole { name: name(), who: who.clone(), office, you: false, instead_of: None };
    assert_eq!(asked.reply, Some(confirm));
    assert!(asked.text().contains("Fee: 0"), "{}", asked.text());
    assert!(chat.desk.ordered().is_empty(), "nothing before the YES");
    let done = chat.say("yes").reply;
    let change = OfficeChange::Asked;
    assert_eq!(done, Some(Reply::RoleDone { name: name(), who, office, you: false, change }));
    let ordered = format!("name {} treasurer Market Women", member("Bola").id);
    assert_eq!(chat.desk.ordered(), [ordered]);
}

#[test]
fn several_of_a_name_are_asked_about_with_the_role_kept() {
    let mut chat = chat("Ada", Phase::Forming, &[]);
    chat.desk.state().circles[0].seats[2].name = "Bola B.".to_owned();
    chat.desk.state().circles[0].seats[1].name = "Bola A.".to_owned();
    chat.say("role bola secretary");
    let heard = chat.say("2");
    assert!(heard.text().contains("Ask Bola B. to be the secretary"), "{}", heard.text());
}

#[test]
fn a_plain_member_is_told_who_may() {
    let mut chat = chat("Bola", Phase::Forming, &[("Chidi", Office::Secretary, true)]);
    let only = Some(Reply::OnlyOrganiser { name: name() });
    for text in ["role chidi treasurer", "role chidi member", "cancel group"] {
        assert_eq!(chat.say(text).reply, only, "{text}");
    }
    for (text, command) in [
        ("invite", CommandName::Invite),
        ("requests", CommandName::Approve),
        ("start", CommandName::Start),
        ("remove chidi", CommandName::Remove),
    ] {
        let who = Action::Do(command).who_may();
        assert_eq!(chat.say(text).reply, Some(Reply::OnlyOfficers { name: name(), who }), "{text}");
    }
    assert!(chat.desk.ordered().is_empty());
}

#[test]
fn an_officer_may_what_the_office_gives_and_no_more() {
    let mut chat = chat("Bola", Phase::Forming, &[("Ada", Office::Secretary, true)]);
    chat.say("invite");
    chat.say("group code");
    assert_eq!(chat.desk.ordered(), ["invite anybody Market Women", "group code Market Women"]);
    let who = Action::Do(CommandName::Start).who_may();
    assert_eq!(chat.say("start").reply, Some(Reply::OnlyOfficers { name: name(), who }));
    assert_eq!(chat.say("cancel group").reply, Some(Reply::OnlyOrganiser { name: name() }));
}

#[test]
fn the_chairman_is_told_whose_it_is_to_take_out_who_leads() {
    let officers = [("Ada", Office::Chairman, true), ("Chidi", Office::Secretary, true)];
    let mut chat = chat("Bola", Phase::Forming, &officers);
    for text in ["remove bola", "remove chidi"] {
        let heard = chat.say(text).reply;
        assert_eq!(heard, Some(Reply::OnlyOrganiser { name: name() }), "{text}");
    }
    chat.desk.state().circles[0].summary.officers.truncate(1);
    let who = "Chidi".to_owned();
    assert_eq!(chat.say("remove chidi").reply, Some(Reply::ConfirmRemove { name: name(), who }));
}

#[test]
fn who_was_only_asked_may_nothing_yet_and_answers_with_one_word() {
    let officers = [("Ada", Office::Secretary, false)];
    let mut chat = chat("Bola", Phase::Forming, &officers);
    let who = Action::Do(CommandName::Invite).who_may();
    assert_eq!(chat.say("invite").reply, Some(Reply::OnlyOfficers { name: name(), who }));
    let button = chat.say("roles").button("Accept role");
    let heard = chat.tap(&button);
    assert!(heard.text().starts_with("You are the secretary of *Market Women* now"), "{heard:?}");
    assert_eq!(chat.desk.ordered(), ["answer true Market Women"]);
    let heard = chat.say("decline role");
    assert!(heard.text().contains("you said no"), "{}", heard.text());
}

#[test]
fn a_role_is_laid_down_by_who_holds_it() {
    for words in ["lay down role", "resign", "role ada member"] {
        let mut chat = chat("Bola", Phase::Active, &[("Ada", Office::Treasurer, true)]);
        let heard = chat.say(words).reply;
        let (who, office) = ("Ada".to_owned(), Office::Treasurer);
        let confirm = Reply::ConfirmRoleEnd { name: name(), who, office, you: true, held: true };
        assert_eq!(heard, Some(confirm));
        chat.desk.state().refuse = Some(|| Error::LastTreasurer);
        let refused = chat.say("yes");
        assert!(refused.text().contains("keeps one"), "{}", refused.text());
        assert!(chat.desk.ordered().is_empty());
    }
    let mut chat = chat("Bola", Phase::Active, &[]);
    assert!(chat.say("resign").text().contains("Send ROLES"));
}

#[test]
fn roles_shows_who_does_what() {
    let officers = [("Chidi", Office::Treasurer, false), ("Bola", Office::Chairman, true)];
    let mut chat = chat("Ada", Phase::Active, &officers);
    let line = |who: &str, office, accepted| OfficerLine { who: who.to_owned(), office, accepted };
    let heard = chat.say("roles");
    let officers =
        vec![line("Bola", Office::Chairman, true), line("Chidi", Office::Treasurer, false)];
    let reply = Reply::Roles { name: name(), organiser: "Ada".to_owned(), officers, yours: true };
    assert_eq!(heard.reply, Some(reply));
    assert!(heard.text().contains("Treasurer: Chidi (asked, has not answered yet)"));
    let status = chat.say("group status");
    assert!(status.text().contains("2. Bola, chairman: paid"), "{}", status.text());
    assert!(status.text().contains("3. Chidi: late"), "{}", status.text());
}

#[test]
fn a_yes_ends_what_the_question_named() {
    let officers = [("Bola", Office::Secretary, true), ("Bola", Office::Treasurer, false)];
    let mut chat = chat("Ada", Phase::Active, &officers);
    let heard = chat.say("role bola member");
    let asked = "No longer ask Bola to be the treasurer of *Market Women*?";
    assert!(heard.text().starts_with(asked), "{}", heard.text());
    // Meanwhile Bola says yes.
    chat.desk.state().circles[0].summary.officers =
        vec![OfficerView { member: member("Bola").id, office: Office::Treasurer, accepted: true }];
    chat.say("yes");
    let bola = member("Bola").id;
    assert_eq!(chat.desk.ordered(), [format!("relieve {bola} treasurer false Market Women")]);
    let heard = chat.say("role bola member");
    assert!(heard.text().contains("would no longer be its treasurer"), "{}", heard.text());
}

#[test]
fn who_has_an_office_is_asked_for_another_with_what_ends() {
    let mut chat = chat("Ada", Phase::Active, &[("Bola", Office::Secretary, true)]);
    let heard = chat.say("role bola chairman");
    let ends = "With a yes, the role of secretary ends.";
    assert!(heard.text().contains(ends), "{}", heard.text());
    chat.say("no");
    let heard = chat.say("role chidi chairman");
    assert!(!heard.text().contains("With a yes"), "{}", heard.text());
}

#[test]
fn help_before_the_start_is_of_what_the_office_gives() {
    for (office, starts) in [(Office::Chairman, true), (Office::Secretary, false)] {
        let mut chat = chat("Bola", Phase::Forming, &[("Ada", office, true)]);
        let heard = chat.say("help").text().to_owned();
        for part in ["*INVITE*", "*REQUESTS*", "*GROUP CODE*", "*LEAVE*"] {
            assert!(heard.contains(part), "{office}, {part}: {heard}");
        }
        assert_eq!(heard.contains("*START*"), starts, "{heard}");
        assert_eq!(heard.contains("*REMOVE*"), starts, "{heard}");
    }
    let mut chat = chat("Bola", Phase::Forming, &[("Ada", Office::Treasurer, true)]);
    assert!(!chat.say("help").text().contains("INVITE"));
}

/// The question whether somebody takes a role up ends with the group.
#[test]
fn nobody_is_asked_in_a_group_that_is_over() {
    let mut chat = chat("Bola", Phase::Completed, &[("Ada", Office::Secretary, false)]);
    for text in ["accept role", "decline role", "resign"] {
        assert_eq!(chat.say(text).reply, Some(Reply::Over { name: name() }), "{text}");
    }
    let heard = chat.say("roles");
    assert!(!heard.text().contains("Ada"), "{}", heard.text());
    assert!(chat.desk.ordered().is_empty());
    // With another that asks, it is that one.
    let mut other = circle("Family", Phase::Active);
    let asked = OfficerView { member: member("Ada").id, office: Office::Chairman, accepted: false };
    other.summary.officers.push(asked);
    chat.desk.state().circles.insert(0, other);
    chat.say("accept role");
    assert_eq!(chat.desk.ordered(), ["answer true Family"]);
}
