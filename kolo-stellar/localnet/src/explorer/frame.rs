//! What all pages have in common: the frame, links, tables of fields.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use stellar_xdr::ScAddress;

use super::read::parse_address;
use crate::explain::Field;

const STYLE: &str = "
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 70rem; padding: 0 1rem 3rem;
       color: #1c1e21; background: #fff }
header { display: flex; flex-wrap: wrap; gap: 1rem; align-items: center; padding: .8rem 0;
         border-bottom: 1px solid #ccd }
header form { margin-left: auto } input { width: 22rem; max-width: 60vw; padding: .25rem }
h1 { font-size: 1.3rem; overflow-wrap: anywhere } h2 { font-size: 1.05rem; margin: 1.6rem 0 .4rem }
table { border-collapse: collapse; width: 100% } a { color: #14529c }
td, th { text-align: left; padding: .25rem .8rem .25rem 0; vertical-align: top;
         border-bottom: 1px solid #eef; overflow-wrap: anywhere }
th { font-weight: 600; white-space: nowrap } .failed { color: #a11 }
@media (prefers-color-scheme: dark) { body { color: #dde; background: #15171a }
  a { color: #8ab8f0 } td, th { border-color: #2a2d33 } .failed { color: #f88 } }
";

/// A whole page.
pub(super) fn frame(title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · kolo-localnet" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    a href="/explorer" { "kolo-localnet" }
                    a href="/explorer/events" { "Events" }
                    form action="/explorer/search" {
                        input name="q" aria-label="Find" placeholder="ledger, transaction, G…, C…";
                        " " button { "Find" }
                    }
                }
                main { h1 { (title) } (content) }
            }
        }
    }
}

pub(super) fn ledger_link(sequence: u32) -> Markup {
    html! { a href={ "/explorer/ledgers/" (sequence) } { (sequence) } }
}

pub(super) fn transaction_link(hash: &str, text: &str) -> Markup {
    html! { a href={ "/explorer/transactions/" (hash) } { (text) } }
}

/// Where an address' page is; `None` for what is no address.
pub(super) fn address_link(text: &str) -> Option<String> {
    let folder = match parse_address(text)? {
        ScAddress::Account(_) => "accounts",
        _ => "contracts",
    };
    Some(format!("/explorer/{folder}/{text}"))
}

/// A value; an address leads to its page.
pub(super) fn value(text: &str) -> Markup {
    match address_link(text) {
        Some(link) => html! { a href=(link) { (text) } },
        None => html! { (text) },
    }
}

pub(super) fn fields(fields: &[Field]) -> Markup {
    html! { @for field in fields { tr { th { (field.name) } td { (value(&field.value)) } } } }
}
