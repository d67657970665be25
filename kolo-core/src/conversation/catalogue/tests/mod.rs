//! Every reply, notice and error has its words; no word is left over, too long or unkind.
mod samples;

use std::collections::{BTreeMap, BTreeSet};

use kolo_rules::circle::Refusal;

use super::*;
use crate::conversation::amount::AmountProblem;
use crate::conversation::fake;
use crate::conversation::message;
use crate::conversation::session::Session;
use crate::{Asset, Error};
use samples::{errors, missing_errors, missing_notices, missing_replies, notices, replies};

fn speech() -> Speech {
    Speech { asset: fake::asset(), utc_offset_s: 3600 }
}

/// Everything that is ever said.
fn everything() -> Vec<Words> {
    let speech = speech();
    let mut all: Vec<Words> =
        replies().iter().flat_map(|reply| reply::words(reply, &speech)).collect();
    all.extend(notices().iter().flat_map(|notice| notice::words(notice, &speech)));
    all.extend(errors().iter().map(|error| trouble(error, &speech)));
    let summary = fake::circle("Market Women", kolo_rules::circle::Phase::Active).summary;
    all.push(group_detail(&summary, &speech));
    let euros = Asset { code: "EURC".to_owned(), ..fake::asset() };
    let problem = AmountProblem::OtherCurrency("$".to_owned());
    all.extend(reply::words(&Reply::BadAmount { problem }, &speech.of(&euros)));
    all
}

/// The messages of the catalogue's source and the arguments each one uses.
fn source() -> BTreeMap<String, BTreeSet<String>> {
    let mut messages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut current = String::new();
    for line in ENGLISH.lines() {
        if line.starts_with(|c: char| c.is_ascii_lowercase()) {
            let (id, _) = line.split_once(" =").expect("a message");
            current = id.to_owned();
            assert!(messages.insert(current.clone(), BTreeSet::new()).is_none(), "{current} twice");
        } else if line.starts_with('#') {
            continue;
        }
        for part in line.split('$').skip(1) {
            let arg = part.split(|c: char| !c.is_ascii_alphanumeric()).next().expect("a name");
            messages.get_mut(&current).expect("inside a message").insert(arg.to_owned());
        }
    }
    messages
}

fn nested(words: &Words) -> Vec<&Words> {
    let inner = words.args.iter().filter_map(|(_, value)| match value {
        Value::Words(words) => Some(nested(words)),
        _ => None,
    });
    std::iter::once(words).chain(inner.flatten()).collect()
}

#[test]
fn the_samples_miss_no_variant() {
    assert_eq!(missing_replies(), Vec::<&str>::new());
    assert_eq!(missing_notices(), Vec::<&str>::new());
    assert_eq!(missing_errors(), Vec::<&str>::new());
}

#[test]
fn the_catalogue_is_sound() {
    let parsed = FluentResource::try_new(ENGLISH.to_owned());
    assert!(parsed.is_ok(), "{:?}", parsed.err().map(|(_, errors)| errors));
    let catalogue = Catalogue::english();
    for id in source().keys() {
        assert!(
            catalogue.bundle.has_message(id),
            "{id} is not a message: look at the line before it"
        );
    }
}

#[test]
fn every_message_is_there_with_exactly_its_arguments() {
    let catalogue = Catalogue::english();
    let source = source();
    for words in everything().iter().flat_map(nested) {
        let used = source.get(words.id).unwrap_or_else(|| panic!("no message {}", words.id));
        let given: BTreeSet<String> =
            words.args.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(&given, used, "arguments of {}", words.id);
        let pattern =
            catalogue.bundle.get_message(words.id).and_then(|m| m.value()).expect(words.id);
        let args: FluentArgs<'_> =
            words.args.iter().map(|(n, v)| (*n, catalogue.value(v))).collect();
        let mut problems = Vec::new();
        let text = catalogue.bundle.format_pattern(pattern, Some(&args), &mut problems);
        assert!(problems.is_empty(), "{}: {problems:?}", words.id);
        assert!(
            !text.trim().is_empty() && !text.contains('{') && !text.contains("  "),
            "{}: {text:?}",
            words.id
        );
    }
}

#[test]
fn no_message_is_left_over() {
    let all = everything();
    let mut used: BTreeSet<&str> = all.iter().flat_map(nested).map(|words| words.id).collect();
    let source = source();
    used.extend(source.keys().map(String::as_str).filter(|id| id.starts_with("label-")));
    let left: Vec<&String> = source.keys().filter(|id| !used.contains(id.as_str())).collect();
    assert_eq!(left, Vec::<&String>::new());
}

#[test]
fn nothing_falls_through_to_another_answer() {
    let speech = speech();
    for reply in replies() {
        let is_fallback = reply::words(&reply, &speech).iter().any(|w| w.id == "not-understood");
        assert_eq!(is_fallback, reply == Reply::NotUnderstood, "{reply:?}");
    }
    for notice in notices() {
        assert!(
            notice::words(&notice, &speech).iter().all(|w| w.id != "notice-otherwise"),
            "{notice:?}"
        );
    }
    let mut said = BTreeSet::new();
    for refusal in Refusal::ALL {
        let words = trouble(&Error::Refused(*refusal), &speech);
        assert_ne!(words.id, "refused-otherwise", "{refusal:?}");
        assert!(said.insert(words.id), "{refusal:?} says the same as another");
    }
}

#[test]
fn texts_and_labels_fit_the_channels() {
    let catalogue = Catalogue::english();
    let speech = speech();
    let to = fake::contact("ada");
    for reply in replies() {
        let message = message::reply(
            &catalogue,
            &speech,
            &reply,
            &Session::default(),
            "out".to_owned(),
            to.clone(),
        );
        assert!(message.text.chars().count() <= message::TEXT_MAX, "{reply:?}");
        assert!(!message.text.ends_with('…'), "cut: {}", message.text);
    }
    for notice in notices() {
        let message = message::notice(&catalogue, &speech, &notice, "out".to_owned(), to.clone());
        let length = message.text.chars().count();
        assert!(length <= message::TEXT_MAX && !message.text.ends_with('…'), "{notice:?}");
        let has_room = length <= message::TEXT_WITH_BUTTONS_MAX;
        let expected = if has_room { notice_orders(&notice).len() } else { 0 };
        assert_eq!(message.buttons.len(), expected, "{notice:?}");
        for button in &message.buttons {
            assert!(button.id.len() <= 256, "{button:?}");
            let command = button.id.strip_prefix("say:").expect("a command");
            assert!(crate::conversation::parse_command(command).is_order(), "{command}");
        }
    }
    let labels = source().into_keys().filter(|id| id.starts_with("label-"));
    for id in labels {
        let pattern = catalogue.bundle.get_message(&id).and_then(|m| m.value()).expect("a label");
        let label = catalogue.bundle.format_pattern(pattern, None, &mut Vec::new()).into_owned();
        assert!((1..=message::LABEL_MAX).contains(&label.chars().count()), "{id}: {label}");
    }
}

#[test]
fn the_words_are_kind_and_plain() {
    let text = ENGLISH.to_lowercase();
    for word in [
        "shame",
        "lazy",
        "guilty",
        "blame",
        "irresponsible",
        "default",
        "delinquent",
        "punish",
        "penalty",
        "cheat",
        "fault",
        "debtor",
        "failed to",
        "bad payer",
        "warning",
        "transaction",
        "hash",
        "blockchain",
        "smart contract",
        "invalid",
        "error code",
        "stroop",
        "wallet address",
        "gas",
        "todo",
    ] {
        let found = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .find(|line| line.split(" = ").last().is_some_and(|words| words.contains(word)));
        assert_eq!(found, None, "{word:?}");
    }
}

#[test]
fn names_cannot_format_or_reorder_a_message() {
    let catalogue = Catalogue::english();
    let reply = Reply::AlreadyIn { name: "*Evil*\u{202e}\n{ $name } ```x```".to_owned() };
    let text = catalogue.reply(&reply, &speech());
    assert_eq!(
        text,
        "You are in *Evil { $name } x* already. Send GROUP STATUS to see how it stands."
    );
}

#[test]
fn a_whole_group_of_the_largest_size_fits() {
    let mut status = fake::circle("x".repeat(60).as_str(), kolo_rules::circle::Phase::Active);
    let seat = crate::view::SeatView {
        name: "y".repeat(60),
        debt: kolo_rules::Amount::new(i64::MAX),
        credit: kolo_rules::Amount::new(i64::MAX),
        ..status.seats[0].clone()
    };
    status.seats = vec![seat; 64];
    let reply = Reply::Status { status: Box::new(status), me: fake::member("Ada").id };
    let text = Catalogue::english().reply(&reply, &speech());
    assert!(text.contains("… and 40 more"), "{text}");
    let message = message::reply(
        &Catalogue::english(),
        &speech(),
        &reply,
        &Session::default(),
        "out".to_owned(),
        fake::contact("ada"),
    );
    assert!(message.text.chars().count() <= 4_096);
}

#[test]
fn texts_read_well() {
    let catalogue = Catalogue::english();
    let speech = Speech { utc_offset_s: 0, ..speech() };
    let said = |reply: &Reply| catalogue.reply(reply, &speech);
    assert_eq!(
        said(&Reply::TooLittle {
            name: "Family".to_owned(),
            amount: kolo_rules::Amount::new(10 * fake::ONE),
            missing: kolo_rules::Amount::new(fake::ONE / 2),
            test_money: true,
            pinned: false,
        }),
        "For *Family* you need 10.00 USDC. You are 0.50 USDC short. Send TEST MONEY 0.5 to get play dollars."
    );
    let notice = Notice::Contributed {
        circle: crate::CircleId::derive(&[b"a"]),
        name: "Family".to_owned(),
        round: 2,
        rounds: 3,
        amount: 10 * fake::ONE,
        late: false,
        pot: 20 * fake::ONE,
        full_pot: 30 * fake::ONE,
        tx: "ab12cd34ef56".to_owned(),
        receipt: Some("7K2M-9QXA-VTB4-H3RC".parse().expect("a number")),
    };
    assert_eq!(
        catalogue.notice(&notice, &speech),
        "Thank you! You paid *10.00 USDC* to *Family*, round 2 of 3. In the pot: 20.00 USDC of 30.00 USDC. Receipt no. 7K2M-9QXA-VTB4-H3RC"
    );
}
