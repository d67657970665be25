//! A member's page outside the chat: links, visits, the factor that waits, and what a code allows.
use totp_rs::{Builder, Totp};

use super::wallets::Sealer;
use super::*;
use crate::port::channel::{Contact, InboundMessage};
use crate::port::vault::{SealTo, Secret};
use crate::testkit::RecordingChannel;
use crate::wallet::StillNeeded;
use crate::wallet::page::{KeyLink, KeyPageSettings, KeyStopped, Once, Stopped};
use crate::{Cap, MemberId, conversation};

pub(super) const WAIT_S: u64 = 8 * DAY_S;
pub(super) const LONG_WAIT_S: u64 = 14 * DAY_S;
pub(super) const PASSPHRASE: &str = "correct horse battery";

/// A world with a chat, and what was said in it.
pub(super) struct Chat {
    pub world: World,
    pub channel: RecordingChannel,
}

impl std::ops::Deref for Chat {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

pub(super) fn world() -> Chat {
    let world = World::new();
    let page = KeyPageSettings::at("https://bot.example/key/");
    let kolo = world.kolo.clone().with_key_page(page, Some(Arc::new(Sealer)));
    chat(World { kolo, ..world })
}

pub(super) fn chat(world: World) -> Chat {
    let kolo = world.kolo.clone();
    let channel = RecordingChannel::new("web");
    let worker = Worker::new(kolo.clone(), vec![Arc::new(channel.clone())]);
    Chat { world: World { worker, kolo, ..world }, channel }
}

pub(super) fn contact(name: &str) -> Contact {
    Contact { channel: "web".to_owned(), address: name.to_owned() }
}

impl Chat {
    /// Registered at first, as they are now later on.
    pub fn person(&self, name: &str) -> MemberView {
        self.person_at(contact(name), name)
    }

    pub fn person_at(&self, contact: Contact, name: &str) -> MemberView {
        let who = Register {
            external_id: None,
            contact: Some(contact),
            name: name.to_owned(),
            phone: None,
        };
        let ctx = CommandContext::of_system(format!("person/{name}"));
        let id = block_on(self.kolo.members().register(&ctx, who)).unwrap().id;
        block_on(self.kolo.members().get(id)).unwrap()
    }

    /// Somebody writes, and is answered.
    pub fn says(&self, who: &MemberView, id: &str, text: &str) -> String {
        let message = InboundMessage {
            id: id.to_owned(),
            from: contact(&who.name),
            name: Some(who.name.clone()),
            phone: None,
            text: text.to_owned(),
            button: None,
        };
        block_on(conversation::receive(&self.kolo, message)).unwrap();
        self.work();
        self.channel.sent_to(&contact(&who.name)).pop().unwrap().text
    }

    /// How many of their messages say that.
    pub fn heard(&self, who: &MemberView, words: &str) -> usize {
        let all = self.channel.sent_to(&contact(&who.name));
        all.iter().filter(|message| message.text.contains(words)).count()
    }
}

pub(super) const WAITS: &str = "omebody set up an authenticator";
const READY: &str = "The authenticator for your wallet’s key is ready";

pub(super) fn ask(world: &Chat, who: &MemberView, key: &str) -> Result<KeyLink, Error> {
    block_on(world.kolo.key_page().link(&CommandContext::of_member(who.id, key)))
}

/// What stands behind the page's address in the message.
pub(super) fn link_of(world: &Chat, who: &MemberView) -> Secret {
    let url = block_on(world.kolo.key_page_link(who.id)).unwrap();
    Secret::new(url.expose().strip_prefix("https://bot.example/key/").unwrap())
}

pub(super) fn visit(world: &Chat, who: &MemberView, key: &str) -> Secret {
    ask(world, who, key).unwrap();
    block_on(world.kolo.key_page().open(&link_of(world, who))).unwrap().token
}

/// Her authenticator.
pub(super) struct Phone(Totp);

impl Phone {
    pub fn new(secret: &Secret) -> Self {
        let bytes = data_encoding::BASE32_NOPAD.decode(secret.expose().as_bytes()).unwrap();
        let bytes: [u8; 20] = bytes.try_into().unwrap();
        Self(Builder::new().with_secret(bytes).build().unwrap())
    }

    pub fn code(&self, world: &Chat) -> Secret {
        Secret::new(self.0.generate(world.now().unix()).to_string())
    }

    /// Six digits that are no code of these minutes.
    pub fn wrong(&self, world: &Chat) -> Secret {
        let near: Vec<_> =
            (0..6).map(|n| self.0.generate(world.now().unix() - 60 + 30 * n).to_string()).collect();
        let free = (0..10).map(|n| format!("00000{n}")).find(|code| !near.contains(code));
        Secret::new(free.unwrap())
    }
}

/// With a factor that waits.
pub(super) fn enrolled(world: &Chat, who: &MemberView, key: &str) -> Phone {
    let visit = visit(world, who, key);
    let shown = block_on(world.kolo.key_page().enrol(&visit)).unwrap();
    let phone = Phone::new(&shown.secret);
    block_on(world.kolo.key_page().confirm(&visit, &phone.code(world), None)).unwrap();
    phone
}

/// With one that is good.
pub(super) fn ready(world: &Chat, who: &MemberView) -> Phone {
    let phone = enrolled(world, who, "enrol");
    world.pass(WAIT_S);
    phone
}

pub(super) fn export(
    world: &Chat,
    visit: &Secret,
    form: &str,
    code: &Secret,
) -> Result<String, Error> {
    let once = Once::try_new(form).unwrap();
    let to = SealTo::Passphrase(Secret::new(PASSPHRASE));
    let sealed = block_on(world.kolo.key_page().export((visit, &once), &to, code))?;
    Ok(sealed.text)
}

/// All that is on record of pages, as text.
fn on_record(world: &Chat) -> String {
    let ledger = &world.kolo.ports().ledger;
    let events = block_on(ledger.events_after(world.kolo.tenant(), 0, 10_000)).unwrap();
    let pages = block_on(ledger.list(world.kolo.tenant(), "key_page", None, 100)).unwrap();
    let events = events.into_iter().map(|event| event.record);
    let records = events.chain(pages.into_iter().map(|page| page.state));
    records.map(|record| String::from_utf8_lossy(&record.bytes).into_owned() + "\n").collect()
}

#[test]
fn she_sets_a_factor_up_waits_and_takes_her_key() {
    let world = world();
    let ada = world.person("Ada");
    let visit_of_day_one = visit(&world, &ada, "one");
    let shown = block_on(world.kolo.key_page().enrol(&visit_of_day_one)).unwrap();
    let again = block_on(world.kolo.key_page().enrol(&visit_of_day_one)).unwrap();
    assert_eq!(shown.secret.expose(), again.secret.expose(), "a page that is loaded again");
    assert!(shown.uri.expose().contains(shown.secret.expose()));
    let phone = Phone::new(&shown.secret);
    let wrong =
        block_on(world.kolo.key_page().confirm(&visit_of_day_one, &phone.wrong(&world), None));
    assert!(matches!(wrong, Err(Error::SecondFactor)), "{wrong:?}");
    let code = phone.code(&world);
    let good_at = block_on(world.kolo.key_page().confirm(&visit_of_day_one, &code, None)).unwrap();
    assert_eq!(good_at, world.now().plus(WAIT_S));
    let early = export(&world, &visit_of_day_one, "early", &code);
    assert!(matches!(early, Err(Error::NoFactor)), "{early:?}");

    world.pass(WAIT_S - 60);
    assert_eq!(world.heard(&ada, WAITS), 8, "at once, then daily");
    assert_eq!(world.heard(&ada, "A reminder: somebody set up"), 7);
    assert_eq!(world.heard(&ada, "in place of the one you have"), 0);
    let late = visit(&world, &ada, "two");
    let early = export(&world, &late, "early", &phone.code(&world));
    assert!(matches!(early, Err(Error::NoFactor)), "{early:?}");
    world.pass(60);
    assert_eq!((world.heard(&ada, WAITS), world.heard(&ada, READY)), (8, 1));

    let sealed = export(&world, &late, "now", &phone.code(&world)).unwrap();
    assert_eq!(sealed, format!("sealed key of {}", ada.id));
    world.work();
    assert_eq!(world.heard(&ada, "The key of your wallet was handed out"), 1);
    let records = on_record(&world);
    let link = link_of(&world, &ada);
    for secret in [&shown.secret, &shown.uri, &late, &link] {
        let text = secret.expose();
        let text = text.rsplit_once('.').map_or(text, |(_, secret)| secret);
        assert!(!records.contains(text), "{text} in {records}");
        assert!(!format!("{secret:?}").contains(text));
    }
    assert!(!records.contains(PASSPHRASE));
}

#[test]
fn a_link_opens_once_in_time_and_for_its_member_alone() {
    let world = world();
    let (ada, bola) = (world.person("Ada"), world.person("Bola"));
    let page = world.kolo.key_page();
    let closed = |link: &Secret| matches!(block_on(page.open(link)), Err(Error::PageClosed));
    assert!(closed(&link_of(&world, &ada)), "none was asked for");
    ask(&world, &ada, "one").unwrap();
    let first = link_of(&world, &ada);
    // The same message again is the same link; another message another, and the first is none any more.
    ask(&world, &ada, "one").unwrap();
    assert_eq!(link_of(&world, &ada).expose(), first.expose());
    ask(&world, &ada, "two").unwrap();
    let second = link_of(&world, &ada);
    assert!(closed(&first) && first.expose() != second.expose());
    block_on(page.peek(&second)).unwrap();
    block_on(page.peek(&second)).unwrap();
    let stolen = second.expose().replace(&ada.id.to_string(), &bola.id.to_string());
    assert!(closed(&Secret::new(stolen)), "her secret with another's name");
    let open = block_on(page.open(&second)).unwrap();
    assert!(closed(&second), "it is used");
    assert!(matches!(block_on(page.peek(&second)), Err(Error::PageClosed)));
    assert_eq!(block_on(page.view(&open.token)).unwrap().member.id, ada.id);
    for none in ["", ".", "mem_x.y", &"a".repeat(10_000)] {
        assert!(closed(&Secret::new(none)), "{none:.20}");
    }
    // Too late, and the visit has its time too.
    ask(&world, &ada, "three").unwrap();
    let third = link_of(&world, &ada);
    world.pass(600);
    assert!(closed(&third));
    world.pass(300);
    assert!(matches!(block_on(page.view(&open.token)), Err(Error::PageClosed)));
    // Another tenant of the same house knows none of it.
    ask(&world, &ada, "four").unwrap();
    let fourth = link_of(&world, &ada);
    let other = TenantId::try_new("other").unwrap();
    let operator = world.kolo.operator().clone();
    let ports = world.kolo.ports().clone();
    let kolo = Kolo::try_new(other, ports, asset(), operator, Settings::default())
        .unwrap()
        .with_key_page(KeyPageSettings::at("https://bot.example/key"), None);
    assert!(matches!(block_on(kolo.key_page().open(&fourth)), Err(Error::PageClosed)));
    block_on(page.open(&fourth)).unwrap();
}

#[test]
fn ten_links_a_day_are_the_most() {
    let world = world();
    let ada = world.person("Ada");
    for n in 0..10 {
        ask(&world, &ada, &format!("{n}")).unwrap();
    }
    let most = ask(&world, &ada, "more");
    let capped = matches!(most, Err(Error::CapReached { cap: Cap::KeyPages, most: 10, .. }));
    assert!(capped, "{most:?}");
    world.pass(DAY_S);
    ask(&world, &ada, "more").unwrap();
}

#[test]
fn a_code_counts_once_and_guesses_are_few() {
    let world = world();
    let (ada, bola) = (world.person("Ada"), world.person("Bola"));
    let phone = ready(&world, &ada);
    let open = visit(&world, &ada, "two");
    let code = phone.code(&world);
    let spaced = Secret::new(format!("{} {}", &code.expose()[..3], &code.expose()[3..]));
    export(&world, &open, "a", &spaced).unwrap();
    let replayed = export(&world, &open, "b", &code);
    assert!(matches!(replayed, Err(Error::SecondFactor)), "{replayed:?}");
    world.clock.advance(30);
    // Of the same form nothing comes twice.
    let again = export(&world, &open, "a", &phone.code(&world));
    assert!(matches!(again, Err(Error::KeyReused)), "{again:?}");
    // Her code is nothing on another's page.
    let theirs = visit(&world, &bola, "theirs");
    let refused = export(&world, &theirs, "c", &phone.code(&world));
    assert!(matches!(refused, Err(Error::NoFactor)), "{refused:?}");

    world.pass(DAY_S);
    let open = visit(&world, &ada, "three");
    export(&world, &open, "right", &phone.code(&world)).unwrap();
    let close = |form: &str, code: &Secret| {
        let once = Once::try_new(form).unwrap();
        block_on(world.kolo.key_page().leave_sponsorship((&open, &once), code))
    };
    assert!(matches!(close("closed", &phone.code(&world)), Err(Error::NotReady)));
    let opened = opened(&world, &ada);
    let tries = || {
        let view = block_on(world.kolo.key_page().view(&open)).unwrap();
        (view.wrong_codes, view.codes_left)
    };
    assert_eq!(tries(), (0, 5));
    for n in 0..4 {
        let refused = close(&format!("wrong-{n}"), &phone.wrong(&world));
        assert!(matches!(refused, Err(Error::SecondFactor)), "{refused:?}");
        assert_eq!(tries(), (n + 1, 4 - n));
    }
    let fifth = close("wrong-4", &phone.wrong(&world));
    assert!(matches!(fifth, Err(Error::FactorLocked { .. })), "{fifth:?}");
    world.clock.advance(30);
    let locked = close("right", &phone.code(&world));
    assert!(matches!(locked, Err(Error::FactorLocked { .. })), "{locked:?}");
    world.work();
    assert_eq!(world.heard(&opened, "Five wrong codes in a row"), 1);
    world.pass(DAY_S);
    let open = visit(&world, &ada, "four");
    export(&world, &open, "free", &phone.code(&world)).unwrap();
}

#[test]
fn stop_key_ends_what_waits_first_and_then_the_factor() {
    let world = world();
    let ada = world.person("Ada");
    let stop = |key: &str| {
        block_on(world.kolo.key_page().stop(&CommandContext::of_member(ada.id, key))).unwrap().what
    };
    let phone = ready(&world, &ada);
    // Who has borrowed the chat sets up their own; hers stays good meanwhile.
    let thief = enrolled(&world, &ada, "thief");
    world.pass(DAY_S);
    let open = visit(&world, &ada, "hers");
    let theirs = export(&world, &open, "theirs", &thief.code(&world));
    assert!(matches!(theirs, Err(Error::SecondFactor)), "{theirs:?}");
    world.clock.advance(30);
    export(&world, &open, "hers", &phone.code(&world)).unwrap();
    // Hers was announced eight times, theirs at once and a day later.
    assert_eq!(world.heard(&ada, WAITS), 8 + 2);
    assert_eq!(world.heard(&ada, "in place of the one you have"), 2);
    assert_eq!(stop("stop"), Stopped::WaitingKeptFactor);
    assert_eq!(stop("stop"), Stopped::WaitingKeptFactor, "the same message stops nothing more");
    assert!(matches!(block_on(world.kolo.key_page().view(&open)), Err(Error::PageClosed)));
    world.pass(LONG_WAIT_S);
    let said = (world.heard(&ada, WAITS), world.heard(&ada, READY));
    assert_eq!(said, (8 + 2, 1), "nothing comes of it, and nothing is said of it");
    let open = visit(&world, &ada, "after");
    let theirs = export(&world, &open, "theirs-2", &thief.code(&world));
    assert!(matches!(theirs, Err(Error::SecondFactor)), "{theirs:?}");
    world.clock.advance(30);
    export(&world, &open, "hers-2", &phone.code(&world)).unwrap();
    assert_eq!(stop("again"), Stopped::KeptFactor, "with none waiting it is asked about");
    let stopped = block_on(world.kolo.key_page().stop(&CommandContext::of_member(ada.id, "meant")));
    let exported_at = Some(world.now());
    assert_eq!(stopped.unwrap(), KeyStopped { what: Stopped::Factor, exported_at });
    let open = visit(&world, &ada, "last");
    world.clock.advance(30);
    let gone = export(&world, &open, "gone", &phone.code(&world));
    assert!(matches!(gone, Err(Error::NoFactor)), "{gone:?}");
}

pub(super) fn opened(world: &Chat, who: &MemberView) -> MemberView {
    let ctx = CommandContext::of_member(who.id, format!("open/{}", who.name));
    block_on(world.kolo.wallets().test_money(&ctx, Amount::new(5))).unwrap();
    world.work();
    world.person(&who.name)
}

#[test]
fn closing_and_leaving_take_a_code_each_and_a_form_acts_once() {
    let world = world();
    let ada = opened(&world, &world.person("Ada"));
    let phone = ready(&world, &ada);
    let open = visit(&world, &ada, "two");
    let page = world.kolo.key_page();
    let form = |form: &str| Once::try_new(form).unwrap();
    let code = phone.code(&world);
    let stands_alone = || block_on(page.view(&open)).unwrap().own_reserves;
    assert!(!stands_alone());
    let left = block_on(page.leave_sponsorship((&open, &form("leave")), &code)).unwrap();
    let again = block_on(page.leave_sponsorship((&open, &form("leave")), &code)).unwrap();
    assert_eq!(left, again, "the same form, sent twice");
    world.work();
    assert_eq!(world.heard(&ada, "Your wallet stands on its own now"), 1);
    assert!(stands_alone(), "there is nothing to leave any more");

    let replayed = block_on(page.close((&open, &form("close")), None, &code));
    assert!(matches!(replayed, Err(Error::SecondFactor)), "{replayed:?}");
    world.clock.advance(30);
    let code = phone.code(&world);
    block_on(page.close((&open, &form("close-2")), None, &code)).unwrap();
    block_on(page.close((&open, &form("close-2")), None, &code)).unwrap();
    world.work();
    assert_eq!(world.heard(&ada, "Your wallet is closed"), 1);
    assert!(!world.person("Ada").account_open);
    let closings = world.chain.count(|it| matches!(it, ChainEffect::CloseAccount { .. }));
    assert_eq!(closings, 1);
    // Opened again it is the sponsor's again.
    let ctx = CommandContext::of_member(ada.id, "again");
    block_on(world.kolo.wallets().test_money(&ctx, Amount::new(5))).unwrap();
    world.work();
    assert!(world.person("Ada").account_open && !stands_alone());
}

#[test]
fn a_wallet_that_is_needed_is_not_closed_and_no_code_is_used_up() {
    let world = world();
    let ada = opened(&world, &world.person("Ada"));
    let phone = ready(&world, &ada);
    world.chain.fund(world.now(), &ada.address, &asset(), EACH);
    world.work();
    let open = visit(&world, &ada, "two");
    let page = world.kolo.key_page();
    assert!(block_on(page.view(&open)).unwrap().kept == Some(StillNeeded::Money));
    let (once, code) = (Once::try_new("close").unwrap(), phone.code(&world));
    let kept = block_on(page.close((&open, &once), None, &code));
    assert!(matches!(kept, Err(Error::WalletInUse { .. })), "{kept:?}");
    export(&world, &open, "export", &code).unwrap();
}

/// A process that ends: what counts is on record.
#[test]
fn another_process_goes_on_where_one_stopped() {
    let world = world();
    let ada = world.person("Ada");
    let open = visit(&world, &ada, "one");
    let shown = block_on(world.kolo.key_page().enrol(&open)).unwrap();
    let restarted = || {
        let page = KeyPageSettings::at("https://bot.example/key");
        let (ports, operator) = (world.kolo.ports().clone(), world.kolo.operator().clone());
        Kolo::try_new(TenantId::default(), ports, asset(), operator, Settings::default())
            .unwrap()
            .with_key_page(page, Some(Arc::new(Sealer)))
    };
    let shown_again = block_on(restarted().key_page().enrol(&open)).unwrap();
    assert_eq!(shown.secret.expose(), shown_again.secret.expose());
    let phone = Phone::new(&shown.secret);
    let code = phone.code(&world);
    let confirm = |kolo: &Kolo| block_on(kolo.key_page().confirm(&open, &code, None));
    confirm(&restarted()).unwrap();
    assert!(matches!(confirm(&restarted()), Err(Error::NoFactor)), "it is confirmed");
    world.pass(WAIT_S);
    let open = visit(&world, &ada, "two");
    export(&world, &open, "one", &phone.code(&world)).unwrap();
}

#[test]
fn without_a_page_there_is_no_link() {
    let without = World::new();
    let ctx = CommandContext::of_member(without.member("Ada").id, "one");
    assert!(matches!(block_on(without.kolo.key_page().link(&ctx)), Err(Error::NotAvailable)));
    let stranger = CommandContext::of_member(MemberId::derive(&[b"nobody"]), "x");
    let with = world();
    assert!(matches!(block_on(with.kolo.key_page().link(&stranger)), Err(Error::NoSuchMember)));
}

/// The link is put in when the message is sent, and is its reader's own whatever stands in the text.
#[test]
fn the_chat_brings_the_link_and_stops_what_waits() {
    let world = world();
    let (ada, bola) = (world.person("Ada"), world.person("Bola"));
    world.says(&ada, "hi", "hi");
    world.says(&bola, "hi-2", "hi");
    let answer = world.says(&ada, "ask", "please can I take my key out");
    let link = answer.lines().find_map(|line| line.strip_prefix("https://bot.example/key/"));
    let link = Secret::new(link.unwrap_or_else(|| panic!("no link in {answer}")));
    assert_eq!(link.expose(), link_of(&world, &ada).expose());
    assert!(!on_record(&world).contains(link.expose()));
    let open = block_on(world.kolo.key_page().open(&link)).unwrap().token;
    let shown = block_on(world.kolo.key_page().enrol(&open)).unwrap();
    let phone = Phone::new(&shown.secret);
    block_on(world.kolo.key_page().confirm(&open, &phone.code(&world), None)).unwrap();
    // What one writes is not where another's link goes.
    world.says(&bola, "evil", "call me \u{e0f1}");
    assert_eq!(world.heard(&bola, &ada.id.to_string()), 0);
    let answer = world.says(&ada, "stop", "It was not me!");
    assert!(answer.starts_with("Stopped."), "{answer}");
    world.pass(WAIT_S);
    assert_eq!((world.heard(&ada, WAITS), world.heard(&ada, READY)), (1, 0));
}
