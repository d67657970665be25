//! A member's page where two things happen at once.
use futures::FutureExt;

use super::between::Between;
use super::pages::{
    Chat, PASSPHRASE, ask, export, link_of, opened, ready, visit, world as page_world,
};
use super::wallets::Sealer;
use super::*;
use crate::port::vault::{SealTo, Secret};
use crate::wallet::page::{KeyPageSettings, Once};

/// Another process on the same data, in which `what` is done just before the commit under such a key.
fn raced(
    chat: &Chat,
    before: fn(&str) -> bool,
    what: impl Future<Output = ()> + Send + 'static,
) -> (Kolo, Arc<Between>) {
    let mut ports = chat.kolo.ports().clone();
    let ledger = Arc::new(Between::new(ports.ledger.clone(), before, what.boxed()));
    ports.ledger = ledger.clone();
    let operator = chat.kolo.operator().clone();
    let kolo = Kolo::try_new(TenantId::default(), ports, asset(), operator, Settings::default())
        .unwrap()
        .with_key_page(KeyPageSettings::at("https://bot.example/key"), Some(Arc::new(Sealer)));
    (kolo, ledger)
}

fn is_code(key: &str) -> bool {
    key.starts_with("code/")
}

fn form(text: &str) -> Once {
    Once::try_new(text).unwrap()
}

fn stopping(chat: &Chat, who: &MemberView) -> impl Future<Output = ()> + Send + 'static {
    let (kolo, ctx) = (chat.kolo.clone(), CommandContext::of_member(who.id, "stop"));
    async move {
        kolo.key_page().stop(&ctx).await.unwrap();
    }
}

#[test]
fn a_link_opens_once_of_two_at_once_too() {
    let chat = page_world();
    let ada = chat.person("Ada");
    ask(&chat, &ada, "one").unwrap();
    let link = link_of(&chat, &ada);
    let (other, theirs) = (chat.kolo.clone(), link.clone());
    let opening = async move {
        other.key_page().open(&theirs).await.unwrap();
    };
    let (kolo, ledger) = raced(&chat, |key| key.starts_with("key-page/open"), opening);
    let late = block_on(kolo.key_page().open(&link));
    assert!(ledger.is_over());
    assert!(matches!(late, Err(Error::PageClosed)), "{late:?}");
}

#[test]
fn stopping_ends_what_is_under_way() {
    let moments: [fn(&str) -> bool; 2] = [is_code, |key| key.ends_with("/true")];
    for before in moments {
        let chat = page_world();
        let ada = chat.person("Ada");
        let phone = ready(&chat, &ada);
        let open = visit(&chat, &ada, "two");
        let (kolo, ledger) = raced(&chat, before, stopping(&chat, &ada));
        let to = SealTo::Passphrase(Secret::new(PASSPHRASE));
        let exporting = kolo.key_page();
        let sealed = block_on(exporting.export((&open, &form("form")), &to, &phone.code(&chat)));
        assert!(ledger.is_over());
        assert!(matches!(sealed, Err(Error::PageClosed)), "{:?}", sealed.map(|it| it.text));
        chat.work();
        assert_eq!(chat.heard(&ada, "The key of your wallet was handed out"), 0);
    }
    let chat = page_world();
    let ada = opened(&chat, &chat.person("Ada"));
    let phone = ready(&chat, &ada);
    let open = visit(&chat, &ada, "two");
    let (kolo, ledger) = raced(&chat, is_code, stopping(&chat, &ada));
    let page = kolo.key_page();
    let left = block_on(page.leave_sponsorship((&open, &form("form")), &phone.code(&chat)));
    assert!(ledger.is_over() && matches!(left, Err(Error::PageClosed)), "{left:?}");
}

#[test]
fn one_code_is_one_key_of_two_at_once_too() {
    let chat = page_world();
    let ada = chat.person("Ada");
    let phone = ready(&chat, &ada);
    let open = visit(&chat, &ada, "two");
    let code = phone.code(&chat);
    let (other, visit, theirs) = (chat.kolo.clone(), open.clone(), code.clone());
    let exporting = async move {
        let to = SealTo::Passphrase(Secret::new(PASSPHRASE));
        other.key_page().export((&visit, &form("f-2")), &to, &theirs).await.unwrap();
    };
    let (kolo, ledger) = raced(&chat, is_code, exporting);
    let to = SealTo::Passphrase(Secret::new(PASSPHRASE));
    let late = block_on(kolo.key_page().export((&open, &form("f-1")), &to, &code));
    assert!(ledger.is_over());
    assert!(matches!(late, Err(Error::SecondFactor)), "{:?}", late.map(|it| it.text));
    // Nor does the code that set another one up.
    let again = export(&chat, &open, "f-3", &code);
    assert!(matches!(again, Err(Error::SecondFactor)), "{again:?}");
}

#[test]
fn a_form_sent_twice_at_once_acts_once_and_counts_no_wrong_code() {
    let chat = page_world();
    let ada = opened(&chat, &chat.person("Ada"));
    let phone = ready(&chat, &ada);
    let open = visit(&chat, &ada, "two");
    let code = phone.code(&chat);
    let (other, visit, theirs) = (chat.kolo.clone(), open.clone(), code.clone());
    let closing = async move {
        let page = other.key_page();
        page.close((&visit, &form("form")), None, &theirs).await.unwrap();
    };
    let (kolo, ledger) = raced(&chat, is_code, closing);
    block_on(kolo.key_page().close((&open, &form("form")), None, &code)).unwrap();
    assert!(ledger.is_over());
    chat.work();
    assert_eq!(chat.heard(&ada, "Your wallet is closed"), 1);
    let closings = chat.chain.count(|it| matches!(it, ChainEffect::CloseAccount { .. }));
    assert_eq!(closings, 1);
}
