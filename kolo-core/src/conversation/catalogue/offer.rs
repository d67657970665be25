//! Offers between two people, and votes on the circle's program.
use kolo_rules::Amount;

use super::Speech;
use super::notice::named;
use super::speech::reference;
use crate::conversation::words::Words;
use crate::notice::Notice;
use crate::offer::{OfferEnd, OfferKind};

/// So much of a program's hash is shown.
const CODE_SHOWN: usize = 8;

pub(super) fn offering(notice: &Notice, speech: &Speech) -> Option<Words> {
    Some(match notice {
        Notice::OfferMade { name, kind, who, now, turn, pays, expires_at, .. } => {
            let (words, until) = match kind {
                OfferKind::Turns => {
                    (named("notice-offer-turns", name).count("now", *now), *expires_at)
                }
                OfferKind::Seat => (named("notice-offer-seat", name), *expires_at),
            };
            let words = words.name("who", who).count("turn", *turn);
            money(words, *pays, speech).text("until", speech.date(until))
        }
        Notice::OfferEnded { name, who, mine, why, .. } => named("notice-offer-ended", name)
            .name("who", who)
            .flag("mine", *mine)
            .text("why", end(*why)),
        Notice::SeatGivenUp { name, who, amount, tx, .. } => {
            let words = named("notice-seat-given-up", name).name("who", who);
            money(words, amount.saturating_neg(), speech).text("reference", reference(tx))
        }
        Notice::UpgradeSigned { name, who, you, code, .. } => named("notice-upgrade-signed", name)
            .name("who", who)
            .flag("you", *you)
            .text("code", shown(code)),
        Notice::Upgraded { name, code, .. } => {
            named("notice-upgraded", name).text("code", shown(code))
        }
        _ => return None,
    })
}

/// Who pays whom: `pays` is what the reader pays; negative: gets.
fn money(words: Words, pays: i64, speech: &Speech) -> Words {
    let way = match pays {
        0 => "even",
        1.. => "pay",
        _ => "get",
    };
    words.text("way", way).text("amount", speech.money(Amount::new(pays.saturating_abs())))
}

const fn end(why: OfferEnd) -> &'static str {
    match why {
        OfferEnd::Declined => "declined",
        OfferEnd::Withdrawn => "withdrawn",
        OfferEnd::Expired => "expired",
        OfferEnd::Void | OfferEnd::Failed => "changed",
    }
}

fn shown(code: &str) -> String {
    code.get(..CODE_SHOWN).unwrap_or(code).to_owned()
}
