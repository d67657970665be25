//! From the empty circle to the start.
use alloc::boxed::Box;

use kolo_contract_common::{Error, contract_address, is_stellar_asset};
use kolo_rules::{
    Circle, Rules,
    circle::{Order, Packed, Phase, RULES_LEN},
};
use soroban_sdk::{Address, BytesN, Env};

use crate::{
    book::{self, Book},
    closing::{self, CANCELLED},
    events::{
        GettingReady, GroupStarted, JoinRejected, JoinRequested, ParticipantJoined, ParticipantLeft,
    },
    invitation,
    members::{Members, People, pack},
    storage::{self, Key},
};

/// Requests a circle may have waiting at a time.
const MAX_REQUESTS: usize = 64;

/// Founds the circle; an organiser with a turn takes the first seat.
pub fn found(
    env: &Env,
    organiser: &Address,
    rules: &BytesN<RULES_LEN>,
    organiser_turn: Option<u32>,
) -> Result<(), Error> {
    let terms = Rules::decode(&rules.to_array())?;
    let asset = contract_address(env, &terms.asset).ok_or(Error::BadRules)?;
    if !is_stellar_asset(&asset) {
        return Err(Error::NotAStellarAsset);
    }
    storage::found(env, organiser, rules, &asset);
    let mut packed = Packed::new();
    let mut book = Book {
        env,
        rules: Box::new(terms),
        asset,
        members: Members::default(),
        circle: Box::new(Circle::with_rows(&mut packed)),
        now: env.ledger().timestamp(),
    };
    match (book.rules.order, organiser_turn) {
        (_, None) => {}
        (Order::Random | Order::Auction, Some(1)) => take_seat(&mut book, organiser, None)?,
        (_, turn) => take_seat(&mut book, organiser, book::turn(turn)?)?,
    }
    book.close_with_members()?;
    storage::extend(env);
    Ok(())
}

/// A member takes the place they are invited to. The organiser may have changed the invitation's turn
/// since the member has seen it: it is only good for the turn they accept.
pub fn join(
    env: &Env,
    member: &Address,
    rules_hash: &BytesN<32>,
    turn: Option<u32>,
    key: Option<BytesN<32>>,
    signature: Option<BytesN<64>>,
) -> Result<(), Error> {
    member.require_auth();
    let mut packed = Packed::new();
    let mut book = Book::open(env, &mut packed)?;
    check_joiner(&book, member, rules_hash)?;
    // A request of theirs is answered with that: nobody is to seat them again by it later.
    let _ = take_request(env, member);
    let offered = invitation::redeem(env, member, key, signature, book.now)?;
    if offered.map(u32::from) != turn {
        return Err(Error::OtherTurn);
    }
    take_seat(&mut book, member, offered)?;
    book.close_with_members()
}

/// Somebody without an invitation asks for a place, accepting the rules.
pub fn request(env: &Env, member: Address, rules_hash: &BytesN<32>) -> Result<(), Error> {
    member.require_auth();
    let mut packed = Packed::new();
    let book = Book::open(env, &mut packed)?;
    check_joiner(&book, &member, rules_hash)?;
    let mut waiting = People::of_entry(env, Key::Requests);
    let person = pack(&member)?;
    if waiting.place(&person).is_some() {
        return Err(Error::AlreadyDone);
    }
    if waiting.len() >= MAX_REQUESTS {
        return Err(Error::TooManyRequests);
    }
    waiting.push(&person);
    storage::set_bytes(env, Key::Requests, waiting.bytes());
    JoinRequested { member }.publish(env);
    Ok(())
}

/// The organiser gives who asked a seat.
pub fn approve(env: &Env, member: &Address, turn: Option<u32>) -> Result<(), Error> {
    storage::organiser(env)?.require_auth();
    let mut packed = Packed::new();
    let mut book = Book::open(env, &mut packed)?;
    take_request(env, member)?;
    take_seat(&mut book, member, book::turn(turn)?)?;
    book.close_with_members()
}

/// The organiser turns a request down.
pub fn reject(env: &Env, member: Address) -> Result<(), Error> {
    storage::organiser(env)?.require_auth();
    take_request(env, &member)?;
    JoinRejected { member }.publish(env);
    Ok(())
}

/// A member leaves, or is removed; whoever calls this has asked the right one to sign.
pub fn vacate(env: &Env, member: Address, removed: bool) -> Result<(), Error> {
    let mut packed = Packed::new();
    let mut book = Book::open(env, &mut packed)?;
    check_forming(&book)?;
    let seat = match book.seat(&member) {
        Err(_) if !removed && take_request(env, &member).is_ok() => {
            JoinRejected { member }.publish(env);
            return Ok(());
        }
        seat => seat?,
    };
    book.circle.leave(&book.rules, seat)?;
    book.members.remove(&member)?;
    ParticipantLeft { member, removed }.publish(env);
    book.close_with_members()
}

/// The organiser starts with fewer than all seats taken.
pub fn start(env: &Env) -> Result<(), Error> {
    storage::organiser(env)?.require_auth();
    let mut packed = Packed::new();
    let mut book = Book::open(env, &mut packed)?;
    book.circle.start(&book.rules, book.now)?;
    announce_start(&book)?;
    book.close()
}

/// The organiser gives up; there is no money yet.
pub fn cancel(env: &Env) -> Result<(), Error> {
    storage::organiser(env)?.require_auth();
    let mut packed = Packed::new();
    let mut book = Book::open(env, &mut packed)?;
    book.circle.cancel()?;
    closing::announce(env, CANCELLED);
    book.close()
}

/// Members change before the start only.
pub fn check_forming(book: &Book<'_>) -> Result<(), Error> {
    if book.circle.phase == Phase::Forming { Ok(()) } else { Err(Error::NotForming) }
}

/// Says what the circle is now that it is not forming any more: active, or getting ready to be.
pub fn announce_start(book: &Book<'_>) -> Result<(), Error> {
    let env = book.env;
    storage::delete(env, Key::Invitations);
    storage::delete(env, Key::Requests);
    if book.circle.phase != Phase::Active {
        GettingReady { phase: book.circle.phase as u32 }.publish(env);
        return Ok(());
    }
    storage::delete(env, Key::Draw);
    let seats = (1..=book.circle.len()).filter_map(|turn| book.circle.seat_of_turn(turn));
    let order = book.members.addresses(env, seats)?;
    GroupStarted { started_at: book.circle.started_at, order }.publish(env);
    Ok(())
}

fn check_joiner(book: &Book<'_>, member: &Address, rules_hash: &BytesN<32>) -> Result<(), Error> {
    check_forming(book)?;
    if book.seat(member).is_ok() {
        return Err(Error::AlreadyMember);
    }
    let rules: BytesN<RULES_LEN> = storage::kept(book.env, Key::Rules)?;
    if book.env.crypto().sha256(rules.as_ref()).to_array() != rules_hash.to_array() {
        return Err(Error::RulesMismatch);
    }
    Ok(())
}

#[inline(never)]
fn take_request(env: &Env, member: &Address) -> Result<(), Error> {
    let mut waiting = People::of_entry(env, Key::Requests);
    let person = pack(member)?;
    waiting.place(&person).ok_or(Error::NoRequest)?;
    waiting.remove(&person);
    storage::set_bytes(env, Key::Requests, waiting.bytes());
    Ok(())
}

fn take_seat(book: &mut Book<'_>, member: &Address, turn: Option<u8>) -> Result<(), Error> {
    let joined = book.circle.join(&book.rules, turn, book.now)?;
    book.members.push(member)?;
    ParticipantJoined {
        member: member.clone(),
        seat: u32::from(joined.seat),
        turn: u32::from(joined.turn),
    }
    .publish(book.env);
    if joined.started { announce_start(book) } else { Ok(()) }
}
