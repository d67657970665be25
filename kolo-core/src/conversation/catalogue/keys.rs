//! The member's page outside the chat: replies, notices, and the button that stops it.
use super::Speech;
use crate::conversation::reply::Reply;
use crate::conversation::words::Words;
use crate::notice::Notice;
use crate::wallet::page::{KeyLink, KeyStopped, LINK_MARK, Stopped};

pub(super) fn reply(reply: &Reply, speech: &Speech) -> Option<Vec<Words>> {
    match reply {
        Reply::KeyLink(link) => Some(link_words(link, speech)),
        Reply::NoKeyPage => Some(vec![Words::new("no-key-page")]),
        Reply::KeyStopped(stopped) => Some(stopped_words(stopped, speech)),
        _ => None,
    }
}

fn stopped_words(stopped: &KeyStopped, speech: &Speech) -> Vec<Words> {
    let mut lines = vec![Words::new(match stopped.what {
        Stopped::Waiting => "key-stopped-waiting",
        Stopped::WaitingKeptFactor => "key-stopped-waiting-kept",
        Stopped::KeptFactor => "key-stopped-kept",
        Stopped::Factor => "key-stopped-factor",
        Stopped::Links => "key-stopped-links",
    })];
    if let Some(at) = stopped.exported_at {
        lines.push(Words::new("key-stopped-exported").text("at", speech.date(at)).apart());
    }
    lines
}

/// Labels of the buttons under a reply, with the command they give.
pub(in crate::conversation) fn reply_orders(reply: &Reply) -> Vec<(&'static str, String)> {
    let keeps_one = |stopped: &KeyStopped| {
        matches!(stopped.what, Stopped::WaitingKeptFactor | Stopped::KeptFactor)
    };
    match reply {
        Reply::KeyStopped(stopped) if keeps_one(stopped) => vec![stop()],
        _ => Vec::new(),
    }
}

fn stop() -> (&'static str, String) {
    ("label-stop-key", "STOP KEY".to_owned())
}

fn link_words(link: &KeyLink, speech: &Speech) -> Vec<Words> {
    let mut lines = vec![
        Words::new("key-link"),
        Words::new("key-link-itself").text("link", LINK_MARK).apart(),
        Words::new("key-link-care").count("minutes", link.minutes).apart(),
    ];
    if let Some(at) = link.good_at {
        lines.push(Words::new("key-link-waits").text("at", speech.date(at)));
    } else if !link.has_factor {
        lines.push(Words::new("key-link-first").count("days", link.wait_days));
    }
    lines
}

pub(super) fn notice(notice: &Notice, speech: &Speech) -> Option<Words> {
    Some(match notice {
        Notice::KeyExported => Words::new("notice-key-exported"),
        Notice::KeyRefused => Words::new("notice-key-refused"),
        Notice::FactorWaits { good_at, replaces, reminder, .. } => {
            Words::new("notice-factor-waits")
                .text("at", speech.date(*good_at))
                .flag("replaces", *replaces)
                .flag("reminder", *reminder)
        }
        Notice::FactorGood => Words::new("notice-factor-good"),
        Notice::FactorLocked { until } => {
            Words::new("notice-factor-locked").text("until", speech.date(*until))
        }
        Notice::ReservesOwned => Words::new("notice-reserves-owned"),
        Notice::WalletClosed => Words::new("notice-wallet-closed"),
        _ => return None,
    })
}

pub(super) fn orders(notice: &Notice) -> Option<Vec<(&'static str, String)>> {
    // Not under a lock: there it would take a good factor away from who has done nothing wrong.
    let stops = matches!(
        notice,
        Notice::FactorWaits { .. } | Notice::FactorGood | Notice::KeyExported | Notice::KeyRefused
    );
    stops.then(|| vec![stop()])
}
