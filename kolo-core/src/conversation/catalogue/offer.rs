//! Offers between two people, and signatures for a circle's program: replies and notices.
use kolo_rules::Amount;

use super::Speech;
use super::circle::rules_text;
use super::member::{end_of, somebody};
use super::notice::named;
use super::speech::reference;
use crate::conversation::reply::Reply;
use crate::conversation::words::Words;
use crate::notice::Notice;
use crate::offer::{OfferEnd, OfferKind, OfferTerms, OfferView};
use crate::view::{NewcomerView, VoteOn};

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
        Notice::OtherCode { name, .. } => named("other-code", name),
        _ => return None,
    })
}

/// Replies about what two people agree on.
pub(super) fn reply(reply: &Reply, speech: &Speech) -> Option<Vec<Words>> {
    match reply {
        Reply::ConfirmSwap { name, who, terms } => {
            let words = named("confirm-swap", name)
                .name("who", who)
                .count("now", terms.now)
                .count("turn", terms.turn);
            Some(vec![money(words, terms.pays.minor_units(), speech)])
        }
        Reply::CannotBeAsked { who } => Some(vec![Words::new("cannot-be-asked").name("who", who)]),
        Reply::SellHow => Some(vec![Words::new("sell-how")]),
        Reply::ConfirmSell { name, selling } => {
            let words = named("confirm-sell", name)
                .words("who", somebody(&selling.to))
                .count("members", selling.members)
                .count("days", selling.days);
            Some(vec![money(words, selling.price.minor_units().saturating_neg(), speech)])
        }
        Reply::ConfirmOfferSeat { name, to, price } => {
            let words = newcomer(named("confirm-offer-seat", name), to);
            Some(vec![money(words, price.minor_units().saturating_neg(), speech)])
        }
        Reply::OfferSent { offer } => {
            let words = named("offer-sent", &offer.circle.name).name("who", &offer.taker_name);
            Some(vec![of_offer(words, offer, speech)])
        }
        Reply::Offers { offers } => Some(list(offers, speech)),
        Reply::NoOffers => Some(vec![Words::new("no-offers")]),
        Reply::ConfirmAccept { offer, balance_after } => {
            Some(confirm_accept(offer, *balance_after, speech))
        }
        Reply::ConfirmEndOffer { offer } => {
            let words = of_two("confirm-end-offer", offer);
            Some(vec![of_offer(words, offer, speech)])
        }
        Reply::OfferOver { who, mine } => {
            Some(vec![Words::new("offer-over").name("who", who).flag("mine", *mine)])
        }
        _ => None,
    }
}

fn newcomer(words: Words, to: &NewcomerView) -> Words {
    words.name("who", &to.name).text("end", end_of(&to.address))
}

fn list(offers: &[OfferView], speech: &Speech) -> Vec<Words> {
    let mut lines = vec![Words::new("offers")];
    for (number, offer) in (1_u64..).zip(offers) {
        let words = of_two("offers-line", offer).count("number", number);
        lines.push(of_offer(words, offer, speech));
    }
    lines.push(Words::new("offers-how").apart());
    lines
}

/// In which group, with whom, and whose it is.
fn of_two(id: &'static str, offer: &OfferView) -> Words {
    let who = if offer.mine { &offer.taker_name } else { &offer.maker_name };
    named(id, &offer.circle.name).flag("mine", offer.mine).name("who", who)
}

/// What is offered, as its reader sees it: what they would get, what they pay, and until when.
fn of_offer(words: Words, offer: &OfferView, speech: &Speech) -> Words {
    let (kind, now, turn) = match offer.terms {
        OfferTerms::Turns { maker, taker } if offer.mine => ("turns", maker, taker),
        OfferTerms::Turns { maker, taker } => ("turns", taker, maker),
        OfferTerms::Seat { turn, .. } => ("seat", turn, turn),
    };
    let words = words.text("kind", kind).count("now", now).count("turn", turn);
    money(words, offer.pays.minor_units(), speech).text("until", speech.date(offer.expires_at))
}

/// For a newcomer with the rules: they accept them with the place.
fn confirm_accept(offer: &OfferView, balance_after: Amount, speech: &Speech) -> Vec<Words> {
    let (id, now, turn) = match offer.terms {
        OfferTerms::Turns { maker, taker } => ("confirm-accept-turns", taker, maker),
        OfferTerms::Seat { turn, .. } => ("confirm-accept-seat", 0, turn),
    };
    let words = named(id, &offer.circle.name).name("who", &offer.maker_name).count("turn", turn);
    let words = if now == 0 { words } else { words.count("now", now) };
    let mut lines = vec![money(words, offer.pays.minor_units(), speech)];
    if now == 0 {
        lines.extend(rules_text(&offer.circle.rules, &offer.circle.rules_hash, speech));
    }
    lines.push(
        Words::new("confirm-accept-question").text("after", speech.money(balance_after)).apart(),
    );
    lines
}

/// Buttons under an offer.
pub(super) fn orders(notice: &Notice) -> Option<Vec<(&'static str, String)>> {
    match notice {
        Notice::OfferMade { offer, .. } => Some(vec![
            ("label-accept", format!("ACCEPT OFFER {offer}")),
            ("label-decline", format!("DECLINE OFFER {offer}")),
        ]),
        Notice::VotePassed {
            circle,
            on: VoteOn::Replace,
            you_are_meant: true,
            newcomer: Some(newcomer),
            ..
        } => {
            let order = format!("SELL PLACE {} {circle}", newcomer.address);
            Some(vec![("label-sell-place", order)])
        }
        _ => None,
    }
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
