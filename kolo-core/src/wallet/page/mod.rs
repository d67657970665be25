//! A member's page outside the chat: where the key can be taken away, the account closed, the sponsorship
//! left — each with a second factor.
//!
//! ```text
//! MY KEY in the chat ──► a link: one use, ten minutes, its member's alone
//! the link           ──► a visit of a quarter of an hour
//! a visit            ──► a factor is set up: announced in the chat, good after eight days (in place of a
//!                        good one without a code of that: fourteen), none of them before she was reached
//! a visit + a code   ──► export, closing, leaving
//! STOP KEY           ──► what waits is gone, sent twice the factor is; every link and visit ends
//! ```
//!
//! Who holds the chat alone holds a link, and with that nothing: a code is missing, and a factor of their
//! own is told of every day it waits. Nothing secret is stored: links, visits and the authenticator's secret
//! are derived from a key of the vault's ([`KeyName::Factor`](crate::port::vault::KeyName)), and what is kept
//! of a link or a visit is its hash.
mod acts;
mod factor;
mod secret;
mod service;
mod state;
mod waiting;

pub use acts::Once;
pub use factor::Authenticator;
pub(crate) use factor::For;
#[cfg(feature = "conversation")]
pub(crate) use service::LINK_MARK;
pub use service::{Enrolment, KeyLink, KeyPage, KeyPageView, KeyStopped, Stopped, Visit};

/// How the page is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPageSettings {
    /// Where it is: what a link begins with, without a slash at its end (`https://bot.example/key`).
    pub url: String,
    /// How long a new factor waits before it is good for anything, seconds (eight days: a messenger's own lock
    /// can keep somebody out of a number they have got back for seven); a day at least.
    pub wait_s: u64,
    /// The same in place of a good one, without a code of that, seconds (fourteen days).
    pub wait_without_code_s: u64,
    /// How long a link is good, seconds (ten minutes).
    pub link_s: u64,
    /// How long a visit lasts, seconds (a quarter of an hour).
    pub visit_s: u64,
}

impl KeyPageSettings {
    /// The presets, at this address.
    #[must_use]
    pub fn at(url: impl Into<String>) -> Self {
        let url = url.into().trim_end_matches('/').to_owned();
        Self {
            url,
            wait_s: 8 * 86_400,
            wait_without_code_s: 14 * 86_400,
            link_s: 600,
            visit_s: 900,
        }
    }
}
