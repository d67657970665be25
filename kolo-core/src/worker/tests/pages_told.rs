//! A member's page: how long what is set up waits, what its member hears, and what a message brings.
use super::pages::{
    Chat, LONG_WAIT_S, PASSPHRASE, Phone, WAIT_S, WAITS, chat, contact, enrolled, export, ready,
    visit, world,
};
use super::*;
use crate::port::channel::{Contact, MessageChannel};
use crate::port::vault::{SealTo, Secret};
use crate::testkit::RecordingChannel;
use crate::wallet::page::{KeyPageSettings, Once, Stopped};

#[test]
fn in_place_of_a_good_one_it_waits_longer_without_a_code_of_that() {
    let world = world();
    let ada = world.person("Ada");
    let phone = ready(&world, &ada);
    let page = world.kolo.key_page();
    let confirm = |key: &str, old: Option<&Secret>| {
        let open = visit(&world, &ada, key);
        let shown = block_on(page.enrol(&open)).unwrap();
        let code = Phone::new(&shown.secret).code(&world);
        block_on(page.confirm(&open, &code, old)).map(|at| (open, at.unix() - world.now().unix()))
    };
    let stop =
        |key: &str| block_on(page.stop(&CommandContext::of_member(ada.id, key))).unwrap().what;
    let wrong = confirm("wrong", Some(&phone.wrong(&world)));
    assert!(matches!(wrong, Err(Error::SecondFactor)), "{wrong:?}");
    let (open, wait_s) = confirm("with", Some(&phone.code(&world))).unwrap();
    assert_eq!(wait_s, WAIT_S);
    // While one waits there is no other.
    let view = block_on(page.view(&open)).unwrap();
    assert_eq!((view.wait_days, view.wait_days_without_code), (8, 14));
    assert!(matches!(block_on(page.enrol(&open)), Err(Error::UnderWay)));
    let again = visit(&world, &ada, "again");
    assert!(matches!(block_on(page.enrol(&again)), Err(Error::UnderWay)));
    assert_eq!(stop("one"), Stopped::WaitingKeptFactor);
    world.clock.advance(30);
    let (_, wait_s) = confirm("without", None).unwrap();
    assert_eq!(wait_s, LONG_WAIT_S);
    assert_eq!(stop("two"), Stopped::WaitingKeptFactor);
    assert_eq!(stop("three"), Stopped::Factor);
    // Who has taken hers away from the chat gains nothing by it.
    let (_, wait_s) = confirm("dropped", None).unwrap();
    assert_eq!(wait_s, LONG_WAIT_S);
    world.pass(WAIT_S);
    assert!(!block_on(page.view(&visit(&world, &ada, "early"))).unwrap().has_factor);
}

#[test]
fn guesses_at_the_old_code_lock_it() {
    let world = world();
    let ada = world.person("Ada");
    let phone = ready(&world, &ada);
    let open = visit(&world, &ada, "two");
    let page = world.kolo.key_page();
    let new = Phone::new(&block_on(page.enrol(&open)).unwrap().secret);
    let guess = || block_on(page.confirm(&open, &new.code(&world), Some(&phone.wrong(&world))));
    for _ in 0..4 {
        assert!(matches!(guess(), Err(Error::SecondFactor)));
    }
    assert!(matches!(guess(), Err(Error::FactorLocked { .. })));
    assert!(matches!(guess(), Err(Error::FactorLocked { .. })));
    world.work();
    assert_eq!(world.heard(&ada, "Five wrong codes in a row"), 1);
    assert_eq!(world.heard(&ada, WAITS), 8, "nothing was set up");
}

/// Nothing becomes good that nobody was told of.
#[test]
fn the_wait_begins_when_she_is_reached() {
    let mut chat = world();
    let sms = Contact { channel: "sms".to_owned(), address: "Ada".to_owned() };
    let ada = chat.person_at(sms.clone(), "Ada");
    let _ = enrolled(&chat, &ada, "enrol");
    chat.pass(LONG_WAIT_S);
    let good = |chat: &Chat, key: &str| {
        block_on(chat.kolo.key_page().view(&visit(chat, &ada, key))).unwrap().has_factor
    };
    assert!(!good(&chat, "unreached"), "no channel has brought a word of it");
    let channel = RecordingChannel::new("sms");
    let channels: [Arc<dyn MessageChannel>; 2] =
        [Arc::new(channel.clone()), Arc::new(chat.channel.clone())];
    chat.world.worker = Worker::new(chat.kolo.clone(), channels.into());
    chat.pass(DAY_S);
    assert!(!channel.sent_to(&sms).is_empty());
    assert!(!good(&chat, "reached"));
    chat.pass(WAIT_S);
    assert!(good(&chat, "waited"));
    // Whom no chat reaches has none.
    let nobody = chat.member("Cy");
    let open = visit(&chat, &nobody, "nobody");
    let shown = block_on(chat.kolo.key_page().enrol(&open));
    assert!(matches!(shown, Err(Error::NotAvailable)), "{shown:?}");
}

/// However a host sets it up.
#[test]
fn a_day_is_the_shortest_wait() {
    let world = World::new();
    let page = KeyPageSettings { wait_s: 0, ..KeyPageSettings::at("https://bot.example/key") };
    let kolo = world.kolo.clone().with_key_page(page, None);
    let chat = chat(World { kolo, ..world });
    let ada = chat.person("Ada");
    let open = visit(&chat, &ada, "one");
    let shown = block_on(chat.kolo.key_page().enrol(&open)).unwrap();
    let code = Phone::new(&shown.secret).code(&chat);
    let good_at = block_on(chat.kolo.key_page().confirm(&open, &code, None)).unwrap();
    assert_eq!(good_at, chat.now().plus(DAY_S));
}

#[test]
fn stopping_says_what_it_does_not_take_back() {
    let world = world();
    let ada = world.person("Ada");
    let phone = ready(&world, &ada);
    let open = visit(&world, &ada, "two");
    let before = world.says(&ada, "stop-1", "STOP KEY");
    assert!(!before.contains("handed out") && before.contains("still good"), "{before}");
    assert!(matches!(block_on(world.kolo.key_page().view(&open)), Err(Error::PageClosed)));
    let open = visit(&world, &ada, "three");
    export(&world, &open, "form", &phone.code(&world)).unwrap();
    world.work();
    let last = || world.channel.sent_to(&contact("Ada")).pop().unwrap();
    let button = |text: &str| last().buttons.iter().any(|button| button.id.ends_with(text));
    assert!(last().text.contains("The key of your wallet was handed out"));
    assert!(button("STOP KEY"));
    world.pass(2 * DAY_S);
    let kept = world.says(&ada, "stop-2", "STOP KEY");
    assert!(kept.contains("still good") && kept.contains("was handed out on"), "{kept}");
    assert!(button("STOP KEY"), "the next one is a tap");
    let gone = world.says(&ada, "stop-3", "STOP KEY");
    assert!(gone.contains("is gone") && gone.contains("stopping does not take it back"), "{gone}");
    let bola = world.person("Bola");
    assert!(!world.says(&bola, "stop-4", "STOP KEY").contains("handed out"));
}

/// Puts a message into the outbox as it is stored, and sends it.
fn sent(chat: &Chat, who: &MemberView, text: &str, more: &serde_json::Value) -> String {
    let to = contact(&who.name);
    let mut stored = serde_json::json!({ "id": text, "to": to, "text": text, "buttons": [] });
    stored.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let ctx = CommandContext::of_system(format!("out/{text}"));
    let mut command = block_on(crate::unit::Command::begin(&chat.kolo, &ctx, "test", &())).unwrap();
    let mut changes = command.changes();
    changes
        .enqueue(crate::unit::queue::OUTBOUND, format!("out/{text}"), None, chat.now(), &stored)
        .unwrap();
    block_on(command.commit(changes, ())).unwrap().unwrap();
    chat.work();
    chat.channel.sent_to(&to).pop().unwrap().text
}

/// A name is whoever's writing it is: no link comes by it, and no message stays behind for it.
#[test]
fn a_mark_in_a_text_brings_no_link() {
    let with = world();
    let without = chat(World::new());
    for chat in [&with, &without] {
        let (ada, bola) = (chat.person("Ada"), chat.person("Bo\u{e0f1}la"));
        assert_eq!(bola.name, "Bola");
        assert_eq!(sent(chat, &ada, "from \u{e0f1}", &serde_json::json!({})), "from \u{e0f1}");
    }
    let brings = serde_json::json!({ "brings_link": true });
    let said = sent(&with, &with.person("Ada"), "here: \u{e0f1}", &brings);
    assert!(said.starts_with("here: https://bot.example/key/"), "{said}");
    // The page is offered no more.
    assert_eq!(sent(&without, &without.person("Ada"), "here: \u{e0f1}", &brings), "here: ");
}

/// A host's own second factor is not asked for on the page, nor are the page's codes taken in its place.
#[test]
fn without_keys_of_its_own_the_page_hands_none_out() {
    let chat = world();
    let ada = chat.person("Ada");
    let phone = ready(&chat, &ada);
    let open = visit(&chat, &ada, "two");
    let (ports, operator) = (chat.kolo.ports().clone(), chat.kolo.operator().clone());
    let kolo = Kolo::try_new(TenantId::default(), ports, asset(), operator, Settings::default())
        .unwrap()
        .with_key_export(Arc::new(Sealer), Arc::new(Doorman))
        .with_key_page(KeyPageSettings::at("https://bot.example/key"), None);
    assert!(!block_on(kolo.key_page().view(&open)).unwrap().exports);
    let once = Once::try_new("form").unwrap();
    let to = SealTo::Passphrase(Secret::new(PASSPHRASE));
    let sealed = block_on(kolo.key_page().export((&open, &once), &to, &phone.code(&chat)));
    assert!(matches!(sealed, Err(Error::NotAvailable)), "{:?}", sealed.map(|it| it.text));
}
