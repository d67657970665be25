//! From the empty circle to the start.
use kolo_contract_common::{Error, contract_address, is_stellar_asset, pack};
use kolo_rules::{
    Rules,
    circle::{Order, Phase},
};
use soroban_sdk::{Address, BytesN};

use crate::{
    book::{self, Book},
    closing::{self, CANCELLED},
    events::{
        GettingReady, GroupStarted, JoinRejected, JoinRequested, ParticipantJoined, ParticipantLeft,
    },
    invitation,
    members::People,
    pending::Waiting,
};

/// Requests a circle may have waiting at a time.
const MAX_REQUESTS: usize = 64;

/// Founds the circle; an organiser with a turn takes the first seat.
pub fn found(book: &mut Book<'_>, organiser_turn: Option<u32>) -> Result<(), Error> {
    if !book.is_new() {
        return Err(Error::AlreadyStarted);
    }
    // Whoever made the circle may have checked less.
    let rules = Rules::decode(&book.terms.to_array())?;
    let asset = contract_address(book.env, &rules.asset).ok_or(Error::BadRules)?;
    if pack(&asset)? != pack(&book.asset)? {
        return Err(Error::BadRules);
    }
    if !is_stellar_asset(&asset) {
        return Err(Error::NotAStellarAsset);
    }
    let organiser = book.organiser.clone();
    match (rules.order, organiser_turn) {
        (_, None) => Ok(()),
        (Order::Random | Order::Auction, Some(1)) => take_seat(book, &organiser, None),
        (_, turn) => take_seat(book, &organiser, book::turn(turn)?),
    }
}

/// A member takes the place they are invited to. The organiser may have changed the invitation's turn
/// since the member has seen it: it is only good for the turn they accept.
pub fn join(
    book: &mut Book<'_>,
    member: &Address,
    rules_hash: &BytesN<32>,
    turn: Option<u32>,
    key: Option<BytesN<32>>,
    signature: Option<BytesN<64>>,
) -> Result<(), Error> {
    book.signed_by(member);
    check_joiner(book, member, rules_hash)?;
    // A request of theirs is answered with that: nobody is to seat them again by it later.
    let _ = take_request(book, member);
    let offered = invitation::redeem(book, member, key, signature)?;
    if offered.map(u32::from) != turn {
        return Err(Error::OtherTurn);
    }
    take_seat(book, member, offered)
}

/// Somebody without an invitation asks for a place, accepting the rules.
pub fn request(book: &mut Book<'_>, member: Address, rules_hash: &BytesN<32>) -> Result<(), Error> {
    book.signed_by(&member);
    check_joiner(book, &member, rules_hash)?;
    let mut waiting = People::of(book.pending.list(Waiting::Requests));
    let person = pack(&member)?;
    if waiting.place(&person).is_some() {
        return Err(Error::AlreadyDone);
    }
    if waiting.len() >= MAX_REQUESTS {
        return Err(Error::TooManyRequests);
    }
    waiting.push(&person);
    book.pending.set(Waiting::Requests, waiting.into_bytes());
    book.announce(&JoinRequested { member });
    Ok(())
}

/// The organiser gives who asked a seat.
pub fn approve(book: &mut Book<'_>, member: &Address, turn: Option<u32>) -> Result<(), Error> {
    book.signed_by_organiser();
    take_request(book, member)?;
    take_seat(book, member, book::turn(turn)?)
}

/// The organiser turns a request down.
pub fn reject(book: &mut Book<'_>, member: Address) -> Result<(), Error> {
    book.signed_by_organiser();
    take_request(book, &member)?;
    book.announce(&JoinRejected { member });
    Ok(())
}

/// A member leaves.
pub fn leave(book: &mut Book<'_>, member: Address) -> Result<(), Error> {
    book.signed_by(&member);
    vacate(book, member, false)
}

/// The organiser removes a member.
pub fn remove(book: &mut Book<'_>, member: Address) -> Result<(), Error> {
    book.signed_by_organiser();
    vacate(book, member, true)
}

fn vacate(book: &mut Book<'_>, member: Address, removed: bool) -> Result<(), Error> {
    check_forming(book)?;
    let seat = match book.seat(&member) {
        Err(_) if !removed && take_request(book, &member).is_ok() => {
            book.announce(&JoinRejected { member });
            return Ok(());
        }
        seat => seat?,
    };
    book.circle.leave(&book.rules, seat)?;
    book.members.remove(&member)?;
    book.announce(&ParticipantLeft { member, removed });
    Ok(())
}

/// The organiser starts with fewer than all seats taken.
pub fn start(book: &mut Book<'_>) -> Result<(), Error> {
    book.signed_by_organiser();
    book.circle.start(&book.rules, book.now)?;
    announce_start(book)
}

/// The organiser gives up; there is no money yet.
pub fn cancel(book: &mut Book<'_>) -> Result<(), Error> {
    book.signed_by_organiser();
    book.circle.cancel()?;
    closing::announce(book, CANCELLED);
    Ok(())
}

/// Members change before the start only.
pub fn check_forming(book: &Book<'_>) -> Result<(), Error> {
    if book.circle.phase == Phase::Forming { Ok(()) } else { Err(Error::NotForming) }
}

/// Says what the circle is now that it is not forming any more: active, or getting ready to be.
pub fn announce_start(book: &mut Book<'_>) -> Result<(), Error> {
    book.pending.clear(Waiting::Invitations);
    book.pending.clear(Waiting::Requests);
    if book.circle.phase != Phase::Active {
        book.announce(&GettingReady { phase: book.circle.phase as u32 });
        return Ok(());
    }
    book.pending.clear(Waiting::Draw);
    let seats = (1..=book.circle.len()).filter_map(|turn| book.circle.seat_of_turn(turn));
    let order = book.members.addresses(book.env, seats)?;
    book.announce(&GroupStarted { started_at: book.circle.started_at, order });
    Ok(())
}

fn check_joiner(book: &Book<'_>, member: &Address, rules_hash: &BytesN<32>) -> Result<(), Error> {
    check_forming(book)?;
    if book.seat(member).is_ok() {
        return Err(Error::AlreadyMember);
    }
    if book.env.crypto().sha256(book.terms.as_ref()).to_array() != rules_hash.to_array() {
        return Err(Error::RulesMismatch);
    }
    Ok(())
}

#[inline(never)]
fn take_request(book: &mut Book<'_>, member: &Address) -> Result<(), Error> {
    let mut waiting = People::of(book.pending.list(Waiting::Requests));
    let person = pack(member)?;
    waiting.place(&person).ok_or(Error::NoRequest)?;
    waiting.remove(&person);
    book.pending.set(Waiting::Requests, waiting.into_bytes());
    Ok(())
}

fn take_seat(book: &mut Book<'_>, member: &Address, turn: Option<u8>) -> Result<(), Error> {
    let joined = book.circle.join(&book.rules, turn, book.now)?;
    book.members.push(member)?;
    book.announce(&ParticipantJoined {
        member: member.clone(),
        seat: u32::from(joined.seat),
        turn: u32::from(joined.turn),
    });
    if joined.started { announce_start(book) } else { Ok(()) }
}
