//! Who asks for a place, and what members decide about one another: replies and notices.
use kolo_rules::Amount;

use super::Speech;
use super::circle::rules_text;
use super::speech::{every, interval, matter};
use crate::conversation::reply::{Act, Moving, Newcomer, Reply};
use crate::conversation::words::Words;
use crate::notice::Notice;
use crate::port::chain::ChainAddress;
use crate::view::{DoorView, ExpulsionView, NewcomerView, RequestView, VoteOn};

fn one(words: Words) -> Option<Vec<Words>> {
    Some(vec![words])
}

fn named(id: &'static str, name: &str) -> Words {
    Words::new(id).name("name", name)
}

/// Somebody among others: what sets them apart.
pub(in crate::conversation) fn person_detail(
    name: &str,
    phone_end: Option<&str>,
    turn: Option<u8>,
) -> Words {
    named("person", name)
        .flag("phoned", phone_end.is_some())
        .text("end", phone_end.unwrap_or_default())
        .count("turn", turn.unwrap_or_default())
}

/// Somebody and the end of their account; of who is a stranger, the number that was typed.
pub(super) fn somebody(newcomer: &Newcomer) -> Words {
    match newcomer {
        Newcomer::Known(there) => Words::new("somebody-known")
            .name("who", &there.name)
            .text("end", end_of(&there.address)),
        Newcomer::Number(number) => Words::new("somebody-of-number").name("number", number),
    }
}

/// The end of an address, enough to compare it by.
pub(super) fn end_of(address: &ChainAddress) -> String {
    let text = &address.0;
    text.len().checked_sub(4).and_then(|at| text.get(at..)).unwrap_or(text).to_owned()
}

pub(super) fn reply(reply: &Reply, speech: &Speech) -> Option<Vec<Words>> {
    places(reply, speech).or_else(|| members(reply, speech))
}

fn places(reply: &Reply, speech: &Speech) -> Option<Vec<Words>> {
    match reply {
        Reply::GroupCode { name, code } => one(named("group-code", name).name("code", code)),
        Reply::GroupCodeClosed { name } => one(named("group-code-closed", name)),
        Reply::ConfirmAsk { door } => Some(confirm_ask(door, speech)),
        Reply::AlreadyAsked { name } => one(named("already-asked", name)),
        Reply::ConfirmTakeBack { name } => one(named("confirm-take-back", name)),
        Reply::NoRequest => one(Words::new("no-request")),
        Reply::Requests { name, waiting, free } => Some(requests(name, waiting, *free)),
        Reply::NobodyWaits { name } => one(named("nobody-waits", name)),
        Reply::ConfirmApprove { name, who, phone_end, turn, last } => {
            one(named("confirm-approve", name)
                .words("who", person_detail(who, phone_end.as_deref(), None))
                .count("turn", turn.unwrap_or_default())
                .flag("last", *last))
        }
        Reply::ConfirmReject { name, who, phone_end } => one(named("confirm-reject", name)
            .words("who", person_detail(who, phone_end.as_deref(), None))),
        Reply::AskOwnTurn { seats, again } => {
            one(Words::new("ask-own-turn").count("seats", *seats).flag("again", *again))
        }
        Reply::BadPayout { every: how_often } => {
            one(Words::new("bad-payout").words("every", every(interval(*how_often))))
        }
        _ => None,
    }
}

fn confirm_ask(door: &DoorView, speech: &Speech) -> Vec<Words> {
    let circle = &door.circle;
    let speech = &speech.of(&circle.asset);
    let mut lines = vec![
        named("confirm-ask", &circle.name)
            .name("organiser", &door.organiser_name)
            .count("members", circle.members)
            .count("free", door.free),
    ];
    lines.extend(rules_text(&circle.rules, &circle.rules_hash, speech));
    lines.push(Words::new("confirm-ask-question").name("organiser", &door.organiser_name).apart());
    lines
}

/// The most who are listed one by one.
const LISTED: usize = 24;

fn requests(name: &str, waiting: &[RequestView], free: u8) -> Vec<Words> {
    let mut lines = vec![named("requests", name).count("free", free)];
    for (number, one) in (1_u64..).zip(waiting.iter().take(LISTED)) {
        let who = person_detail(&one.name, one.phone_end.as_deref(), None);
        lines.push(Words::new("requests-line").count("number", number).words("who", who));
    }
    if let Some(more) = waiting.len().checked_sub(LISTED).filter(|more| *more > 0) {
        let more = u64::try_from(more).unwrap_or_default();
        lines.push(Words::new("status-more").count("count", more));
    }
    lines.push(Words::new("requests-how").apart());
    lines
}

fn members(reply: &Reply, speech: &Speech) -> Option<Vec<Words>> {
    match reply {
        Reply::AskWhom { name, act } => one(named("ask-whom", name).text("word", act.word())),
        Reply::NobodyCalled { name, typed, act } => one(named("nobody-called", name)
            .name("typed", typed)
            .text("word", act.word())
            .flag("waiting", act.is_about_waiting())),
        Reply::NotYourself => one(Words::new("not-yourself")),
        Reply::ConfirmRemove { name, who } => one(named("confirm-remove", name).name("who", who)),
        Reply::ConfirmExpel { name, who, members, means } => {
            Some(confirm_expel(name, who, *members, means, speech))
        }
        Reply::MoveHow => one(Words::new("move-how")),
        Reply::PassedOn { number } => one(Words::new("passed-on").name("number", number)),
        Reply::HasAPlace { who } => one(Words::new("has-a-place").name("who", who)),
        Reply::ConfirmMove { name, moving } => one(confirm_move(name, moving)),
        Reply::NoSuchVote { name, typed } => one(named("no-such-vote", name).name("typed", typed)),
        _ => None,
    }
}

/// The consequence first, in figures; then what it takes.
fn confirm_expel(
    name: &str,
    who: &str,
    members: u8,
    means: &ExpulsionView,
    speech: &Speech,
) -> Vec<Words> {
    let had_pot = means.last_round == 0;
    let mut lines = vec![named("confirm-expel", name).name("who", who)];
    lines.push(
        Words::new("confirm-expel-means")
            .name("who", who)
            .flag("had", had_pot)
            .count("round", means.last_round)
            .text("paid", speech.money(means.paid))
            .text("received", speech.money(means.received))
            .apart(),
    );
    if means.debt.is_positive() {
        let debt = speech.money(means.debt);
        lines.push(Words::new("confirm-expel-debt").name("who", who).text("debt", debt));
    }
    if means.deposit.is_positive() {
        let deposit = speech.money(means.deposit);
        lines.push(Words::new("confirm-expel-deposit").text("deposit", deposit));
    }
    lines.push(Words::new("confirm-expel-question").count("members", members).apart());
    lines
}

fn confirm_move(name: &str, moving: &Moving) -> Words {
    named("confirm-move", name)
        .name("who", &moving.who)
        .words("newcomer", somebody(&moving.to))
        .count("members", moving.members)
        .count("days", moving.days)
}

pub(super) fn notice(notice: &Notice, speech: &Speech) -> Option<Words> {
    waiting(notice).or_else(|| deciding(notice, speech))
}

fn waiting(notice: &Notice) -> Option<Words> {
    Some(match notice {
        Notice::PlaceAsked { name, who, .. } => named("notice-place-asked", name).name("who", who),
        Notice::PlacesAsked { name, waiting, .. } => {
            named("notice-places-asked", name).count("waiting", *waiting)
        }
        Notice::PlaceWaiting { name, .. } => named("notice-place-waiting", name),
        Notice::PlaceRefused { name } => named("notice-place-refused", name),
        Notice::PlaceDenied { name, who, .. } => {
            named("notice-place-denied", name).name("who", who)
        }
        Notice::PlaceTakenBack { name } => named("notice-place-taken-back", name),
        Notice::PlaceGone { name, started } => {
            named("notice-place-gone", name).flag("started", *started)
        }
        _ => return None,
    })
}

fn deciding(notice: &Notice, speech: &Speech) -> Option<Words> {
    Some(match notice {
        Notice::VotePassed { name, on, about, you_are_meant, newcomer, proposal, at, .. } => {
            let id = match on {
                VoteOn::Move => "notice-move-passed",
                _ => "notice-replace-passed",
            };
            let (who, end) = newcomer_words(newcomer.as_ref());
            let words = named(id, name)
                .name("about", about)
                .flag("you", *you_are_meant)
                .name("newcomer", &who)
                .text("end", end)
                .text("at", speech.date(*at));
            if *on == VoteOn::Move { words.count("number", *proposal) } else { words }
        }
        Notice::MoveStopped { name, who, you, .. } => {
            named("notice-move-stopped", name).name("who", who).flag("you", *you)
        }
        Notice::SeatTaken { name, who, from, you, moved: Some(address), .. } => {
            named("notice-seat-moved", name)
                .name("who", who)
                .name("from", from)
                .flag("you", *you)
                .text("end", end_of(address))
        }
        Notice::SeatTaken { name, who, from, you, .. } => {
            named("notice-seat-taken", name).name("who", who).flag("you", *you).name("from", from)
        }
        Notice::SeatGiven { name, who, to, .. } => {
            named("notice-seat-given", name).name("who", who).text("end", end_of(to))
        }
        Notice::Proposed {
            name,
            who,
            on: VoteOn::Expel,
            proposal,
            expires_at,
            you_are_meant: true,
            ..
        } => named("notice-expel-meant", name)
            .name("who", who)
            .count("number", *proposal)
            .text("until", speech.date(*expires_at)),
        Notice::Expelled { name, who, you, last_round, paid, .. } => named("notice-expelled", name)
            .name("who", who)
            .flag("you", *you)
            .flag("had", *last_round == 0)
            .count("round", *last_round)
            .text("paid", speech.money(Amount::new(*paid))),
        Notice::Proposed {
            name,
            who,
            you,
            on,
            about,
            proposal,
            expires_at,
            newcomer,
            you_are_meant,
            ..
        } if *on != VoteOn::Dissolve => Words::new("notice-proposed")
            .words("matter", matter(name, *on, about, newcomer.as_ref()))
            .name("who", who)
            .flag("you", *you)
            .flag("meant", *you_are_meant && *on == VoteOn::Move)
            .count("number", *proposal)
            .text("until", speech.date(*expires_at)),
        _ => return None,
    })
}

/// Name and end of the address; blanks where nobody would come.
pub(super) fn newcomer_words(newcomer: Option<&NewcomerView>) -> (String, String) {
    newcomer.map(|one| (one.name.clone(), end_of(&one.address))).unwrap_or_default()
}

/// Orders worth a button under a notice about places and members.
pub(super) fn orders(notice: &Notice) -> Option<Vec<(&'static str, String)>> {
    Some(match notice {
        Notice::PlaceAsked { circle, address: Some(address), .. } => vec![
            ("label-approve", format!("{} {address} {circle}", Act::Approve.word())),
            ("label-reject", format!("{} {address} {circle}", Act::Reject.word())),
            ("label-requests", format!("REQUESTS {circle}")),
        ],
        Notice::PlaceAsked { circle, .. }
        | Notice::PlacesAsked { circle, .. }
        | Notice::PlaceDenied { circle, .. } => {
            vec![("label-requests", format!("REQUESTS {circle}"))]
        }
        Notice::PlaceWaiting { circle, .. } => {
            vec![("label-take-back", format!("TAKE BACK REQUEST {circle}"))]
        }
        Notice::VotePassed { circle, on: VoteOn::Move, you_are_meant: true, proposal, .. } => {
            vec![("label-vote-no", format!("VOTE NO {proposal} {circle}"))]
        }
        _ => return None,
    })
}
