//! The pages themselves.
use data_encoding::{BASE64, HEXLOWER};
use kolo_core::Error;
use kolo_core::port::Entropy;
use kolo_core::port::vault::{SealedKey, Secret};
use kolo_core::wallet::page::{Enrolment, KeyPageView};
use maud::{DOCTYPE, Markup, html};

use super::picture::picture;
use super::words;
use crate::clock::SystemEntropy;
use crate::demo::spell;

/// What is done here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Export,
    Sponsorship,
    Close,
}

fn layout(title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · Kolo" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/style.css";
            }
            body.key {
                p.banner role="note" { strong { "Test money:" } " nothing here is worth anything." }
                main { h1 { (title) } (body) }
            }
        }
    }
}

/// Behind the link: nothing has happened yet.
pub(super) fn door(link: &Secret) -> Markup {
    layout(
        "Your wallet’s key",
        &html! {
            section {
                p { "This page is yours alone. It lets you take the key of your wallet with you, close the wallet, or let it stand on its own. Each takes a code of your authenticator." }
                p.care { "Did somebody else send you this link, or ask you to open it for them? Then close this page." }
                form method="post" action="/key/open" {
                    button.main type="submit" name="link" value=(link.expose()) { "Open my page" }
                }
                p.soft { "The link opens once. The page stays open for a quarter of an hour, in this browser only." }
            }
        },
    )
}

pub(super) fn closed() -> Markup {
    layout(
        "This link has ended",
        &html! {
            section {
                p { "A link opens once, within ten minutes, and only the latest one is good. A page that was open ends after a quarter of an hour." }
                p { "Send " strong { "MY KEY" } " in the chat for a new link." }
            }
        },
    )
}

pub(super) fn ended() -> Markup {
    layout(
        "This visit has ended",
        &html! {
            section {
                p role="status" { "The page is closed in this browser. Send " strong { "MY KEY" } " in the chat whenever you need it again." }
            }
        },
    )
}

pub(super) fn foreign() -> Markup {
    layout(
        "This form came from somewhere else",
        &html! {
            section { p { "Another site has sent it. Nothing has happened. Open the link from the chat." } }
        },
    )
}

pub(super) fn sorry(said: &str) -> Markup {
    layout(
        "That did not work",
        &html! {
            (alert(said))
            p { a href="/key" { "← Back to my page" } }
        },
    )
}

fn alert(said: &str) -> Markup {
    html! { p.alert role="alert" { (said) } }
}

/// What there is to do, by where the factor is; unfolded where something was wrong.
///
/// # Errors
/// When the system has no randomness for the forms' word.
pub(super) fn home(view: &KeyPageView, said: Option<(Act, &str)>) -> Result<Markup, Error> {
    let word = word()?;
    let wrong = |act| said.is_some_and(|(at, _)| at == act);
    Ok(layout(
        "Your wallet’s key",
        &html! {
            @if let Some((_, said)) = said { (alert(said)) }
            (whose(view))
            @if let Some(until) = view.locked_until {
                section {
                    h2 { "Locked for a day" }
                    p { "There were five wrong codes in a row. No code is taken until " strong { (spell(until)) } "." }
                    p { "If that was not you, somebody has held your phone: please lock it. Your authenticator stays good." }
                }
            } @else if view.has_factor {
                (wrong_codes(view))
                @if view.exports { (export_form(&word, wrong(Act::Export))) }
                (sponsorship_form(view, &word, wrong(Act::Sponsorship)))
                (close_form(view, &word, wrong(Act::Close)))
            }
            (factor(view))
            (footer(view))
        },
    ))
}

/// Nobody is told of each slip in the chat: of those before, this is where she hears.
fn wrong_codes(view: &KeyPageView) -> Markup {
    html! {
        @if view.wrong_codes > 0 {
            p.care { "Wrong codes typed here since the last right one: " strong { (view.wrong_codes) } ". After " (view.codes_left) " more the page takes none for a day. If that was not you, send " strong { "STOP KEY" } " in the chat." }
        }
    }
}

fn whose(view: &KeyPageView) -> Markup {
    html! {
        section {
            h2 { (view.member.name) }
            dl.facts.wide {
                div { dt { "Wallet’s address" } dd { code { (view.member.address.0) } } }
                div { dt { "On the network" } dd { @if view.member.account_open { "open" } @else { "not open" } } }
            }
        }
    }
}

/// Where the second factor is, and the way to the next.
fn factor(view: &KeyPageView) -> Markup {
    let new = |label: &str, main: bool| {
        html! {
            form method="post" action="/key/enrol" {
                button type="submit" class=(if main { "main" } else { "" }) { (label) }
            }
        }
    };
    html! {
        @if let Some(at) = view.good_at {
            section {
                h2 { "Your new authenticator waits" }
                p role="status" { "It is ready on " strong { (spell(at)) } ". Until then " @if view.has_factor { "the one you have now stays good." } @else { "nobody can do anything here." } }
                p { "You hear of it in the chat every day. If you did not set it up, send " strong { "STOP KEY" } " there." }
            }
        } @else if view.has_factor {
            details {
                summary { "Set up another authenticator" }
                div.inside {
                    p { "For a new phone, or when you have lost the old one. The new one is ready after " (view.wait_days) " days with a code of the one you have, without it after " (view.wait_days_without_code) ", and you hear of it in the chat every day until then. The one you have now stays good until the new one is ready." }
                    (new("Set up another one", false))
                }
            }
        } @else {
            section {
                h2 { "First, set up an authenticator" }
                p { "An authenticator is an app on your phone that shows a new six-digit code every half minute, such as Aegis, Google Authenticator or 2FAS. It works without a network." }
                p { "It is ready " (view.wait_days) " days after you have set it up. That way nobody who borrows your phone can be quick: you hear of it in the chat every day and can stop it there." }
                (new("Set up an authenticator", true))
            }
        }
    }
}

fn code_field(form: &str) -> Markup {
    let id = format!("{form}-code");
    html! {
        label for=(id) { "Code of your authenticator" }
        input.code id=(id) name="code" inputmode="numeric" autocomplete="one-time-code" pattern="[0-9 ]{6,7}" maxlength="7" required title="six digits";
    }
}

/// Optional: who has lost it waits longer.
fn old_code_field(view: &KeyPageView) -> Markup {
    html! {
        label for="old-code" { "Code of the authenticator you have now" }
        p.soft { "With it the new one is ready in " (view.wait_days) " days. If you have lost it, leave this empty: then it takes " (view.wait_days_without_code) " days." }
        input.code id="old-code" name="old" inputmode="numeric" autocomplete="off" pattern="[0-9 ]{6,7}" maxlength="7" title="six digits";
    }
}

/// The word of this page's forms: each of them acts once on it, however often it is sent.
fn word() -> Result<String, Error> {
    let mut word = [0_u8; 16];
    SystemEntropy.fill(&mut word)?;
    Ok(HEXLOWER.encode(&word))
}

fn act(label: &str, word: &str, is_grave: bool) -> Markup {
    html! {
        button type="submit" name="once" value=(word) class=(if is_grave { "grave" } else { "main" }) { (label) }
    }
}

fn export_form(word: &str, is_open: bool) -> Markup {
    html! {
        details open[is_open] {
            summary { "Take my key out" }
            form.inside method="post" action="/key/export" {
                p { "You get a file with your secret key, sealed with a passphrase you choose here. Whoever has both can spend your money: keep them apart, and tell nobody the passphrase." }
                p { "Your wallet in the chat goes on as before, and we keep a copy of the key to sign what you say. To be alone with your money, send it to an account of your own." }
                label for="passphrase" { "Passphrase, at least 12 characters" }
                input id="passphrase" type="password" name="passphrase" minlength="12" maxlength="256" autocomplete="new-password" required;
                label for="again" { "The passphrase once more" }
                input id="again" type="password" name="again" minlength="12" maxlength="256" autocomplete="new-password" required;
                (code_field("export"))
                (act("Give me the file", word, false))
            }
        }
    }
}

fn sponsorship_form(view: &KeyPageView, word: &str, is_open: bool) -> Markup {
    html! {
        details open[is_open] {
            summary { "Let my wallet stand on its own" }
            @if !view.member.account_open {
                div.inside { p { "Your wallet is not open on the network, so nobody sponsors it." } }
            } @else if view.own_reserves {
                div.inside { p { "Your wallet stands on its own already: it carries its own reserve, and nobody sponsors it." } }
            } @else {
                form.inside method="post" action="/key/sponsorship" {
                    p { "The network asks every wallet to hold a little of its own coin, XLM, as a reserve. We have put it up for you. If you leave our sponsorship, your wallet carries its own reserve: " strong { "1.5 XLM" } ", which must be in it before." }
                    p { "Your money, your groups and the chat stay as they are. You hear in the chat whether it worked." }
                    (code_field("sponsorship"))
                    (act("Leave the sponsorship", word, false))
                }
            }
        }
    }
}

fn close_form(view: &KeyPageView, word: &str, is_open: bool) -> Markup {
    html! {
        details open[is_open] {
            summary { "Close my wallet" }
            @if !view.member.account_open {
                div.inside { p { "Your wallet is not open on the network, so there is nothing to close." } }
            } @else if let Some(why) = view.kept {
                div.inside {
                    p { "Your wallet cannot be closed now: " (words::needed(why, view.exports)) }
                }
            } @else {
                form.inside method="post" action="/key/close" {
                    p { "Your account on the network is merged away. Nobody can pay it until it opens again: at the same address, when you next join a group or start one. The reserve we put up comes back to us." }
                    label for="to" { "Where XLM of your own goes (leave it empty if you never had any)" }
                    input id="to" name="to" maxlength="56" autocomplete="off" spellcheck="false";
                    (code_field("close"))
                    (act("Close my wallet", word, true))
                }
            }
        }
    }
}

fn footer(view: &KeyPageView) -> Markup {
    html! {
        footer {
            p.soft { "This visit ends at " (spell(view.until)) "." }
            form method="post" action="/key/end" { button type="submit" { "End it now" } }
        }
    }
}

pub(super) fn enrolment(view: &KeyPageView, shown: &Enrolment, said: Option<&str>) -> Markup {
    let mut typed = String::new();
    for (at, letter) in shown.secret.expose().chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            typed.push(' ');
        }
        typed.push(letter);
    }
    let typed = zeroize::Zeroizing::new(typed);
    layout(
        "Set up your authenticator",
        &html! {
            @if let Some(said) = said { (alert(said)) }
            section {
                h2 { "1. Add it to your app" }
                p { "Scan the picture with your authenticator, or type the text in. Best on another device than the one you chat with: then a lost phone loses only half." }
                div.scan { @if let Some(picture) = picture(&shown.uri) { (picture) } }
                p { "On this phone: " a href=(shown.uri.expose()) { "open it in my authenticator" } }
                p { "As text: " code.secret { (typed.as_str()) } }
                p.care { "It is shown on this visit only. Whoever has it has your codes: write it on paper if you like, and keep that safe. None of us will ever ask for it." }
            }
            section {
                h2 { "2. Type the code it shows" }
                form method="post" action="/key/confirm" {
                    (code_field("confirm"))
                    @if view.has_factor { (old_code_field(view)) }
                    button.main type="submit" { "This is my code" }
                }
            }
            p { a href="/key" { "← Not now" } }
            (footer(view))
        },
    )
}

/// The file is sealed: showing it tells nothing to who has not the passphrase.
pub(super) fn exported(view: &KeyPageView, sealed: &SealedKey) -> Markup {
    let file =
        format!("data:application/octet-stream;base64,{}", BASE64.encode(sealed.text.as_bytes()));
    layout(
        "Your key, sealed",
        &html! {
            p.done role="status" { "Your key was handed out, and the chat says so too." }
            section {
                h2 { "Save it now" }
                p { "It is given once. If you lose it, take the key out again." }
                p { a.button href=(file) download="kolo-key.age" { "Save kolo-key.age" } }
                label for="file" { "Or copy all of this into a file" }
                textarea #file readonly rows="10" spellcheck="false" { (sealed.text) }
            }
            section {
                h2 { "Using it" }
                p { "Open it with " code { "age -d kolo-key.age" } " and your passphrase. Inside is the secret key (it begins with S) of " code { (view.member.address.0) } "; wallet apps for Stellar import it." }
                p { code { "kolo-server rescue" } " takes it too: it finds your groups, pays, votes and takes your money out, without us." }
            }
            p { a href="/key" { "← Back to my page" } }
            (footer(view))
        },
    )
}

/// The network was asked.
pub(super) fn closing() -> Markup {
    let text = "It takes a few seconds. The chat says when it is done, or what is in the way.";
    asked_for("Your wallet is being closed", text)
}

/// The network was asked.
pub(super) fn getting_own_reserves() -> Markup {
    let text = "It takes a few seconds. The chat says when it is done, or what is missing.";
    asked_for("Your wallet is getting on its own feet", text)
}

fn asked_for(title: &str, text: &str) -> Markup {
    layout(
        title,
        &html! {
            p.done role="status" { (text) }
            p { a href="/key" { "← Back to my page" } }
        },
    )
}

#[cfg(test)]
mod tests {
    use kolo_core::port::chain::ChainAddress;
    use kolo_core::view::MemberView;
    use kolo_core::{MemberId, Timestamp};

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_767_603_600);
    const LEAVE: &str = "action=\"/key/sponsorship\"";

    fn of_ada() -> KeyPageView {
        KeyPageView {
            member: MemberView {
                id: MemberId::derive(&[b"ada"]),
                external_id: None,
                name: "Ada".to_owned(),
                phone: None,
                contact: None,
                address: ChainAddress("GADA".to_owned()),
                account_open: true,
                registered_at: NOW,
            },
            until: NOW,
            wait_days: 8,
            wait_days_without_code: 14,
            has_factor: true,
            good_at: None,
            wrong_codes: 0,
            codes_left: 5,
            locked_until: None,
            exports: true,
            own_reserves: false,
            kept: None,
        }
    }

    fn shown(view: &KeyPageView) -> String {
        home(view, None).unwrap().into_string()
    }

    #[test]
    fn who_stands_on_her_own_is_offered_no_leaving() {
        assert!(shown(&of_ada()).contains(LEAVE));
        let page = shown(&KeyPageView { own_reserves: true, ..of_ada() });
        assert!(!page.contains(LEAVE), "{page}");
        assert!(page.contains("Your wallet stands on its own already"), "{page}");
    }

    #[test]
    fn a_wallet_that_is_closed_carries_nothing() {
        let mut closed = KeyPageView { own_reserves: true, ..of_ada() };
        closed.member.account_open = false;
        let page = shown(&closed);
        assert!(!page.contains("Your wallet stands on its own already"), "{page}");
        assert!(page.contains("nobody sponsors it"), "{page}");
    }

    #[test]
    fn wrong_codes_since_the_last_right_one_are_counted_for_her() {
        let said = "Wrong codes typed here since the last right one";
        assert!(!shown(&of_ada()).contains(said));
        let page = shown(&KeyPageView { wrong_codes: 3, codes_left: 2, ..of_ada() });
        assert!(page.contains(&format!("{said}: <strong>3</strong>. After 2 more")), "{page}");
        // Locked, it says that instead.
        let locked = shown(&KeyPageView { locked_until: Some(NOW), ..of_ada() });
        assert!(!locked.contains(said) && locked.contains("five wrong codes"), "{locked}");
    }
}
