//! From the empty circle to the start.
use kolo_contract_common::{Error, contract_address, is_stellar_asset};
use kolo_rules::{Circle, Rules, circle::RULES_LEN};
use soroban_sdk::{Address, BytesN, Env, Vec};

use crate::{
    book::{self, Book},
    closing::{self, CANCELLED},
    events::{GroupStarted, ParticipantJoined, ParticipantLeft},
    invitation, storage,
};

/// Founds the circle; an organiser with a turn takes the first seat.
pub fn found(
    env: &Env,
    organiser: &Address,
    rules: &BytesN<RULES_LEN>,
    organiser_turn: Option<u32>,
) -> Result<(), Error> {
    let terms = Rules::decode(&rules.to_array())?;
    terms.validate()?;
    let asset = contract_address(env, &terms.asset).ok_or(Error::BadRules)?;
    if !is_stellar_asset(&asset) {
        return Err(Error::NotAStellarAsset);
    }
    storage::found(env, organiser, rules);
    let mut book = Book { rules: terms, asset, members: Vec::new(env), circle: Circle::new() };
    if let Some(turn) = organiser_turn {
        take_seat(env, &mut book, organiser, Some(turn))?;
    }
    book.close_with_members(env)?;
    storage::extend(env);
    Ok(())
}

/// A member takes the place they are invited to.
pub fn join(
    env: &Env,
    member: &Address,
    rules_hash: &BytesN<32>,
    key: Option<BytesN<32>>,
    signature: Option<BytesN<64>>,
) -> Result<(), Error> {
    member.require_auth();
    let mut book = Book::open(env)?;
    invitation::check_forming(&book)?;
    if book.members.contains(member) {
        return Err(Error::AlreadyMember);
    }
    let rules = storage::rules(env)?;
    if env.crypto().sha256(rules.as_ref()).to_bytes() != *rules_hash {
        return Err(Error::RulesMismatch);
    }
    let offer = invitation::redeem(env, member, key, signature)?;
    take_seat(env, &mut book, member, offer.turn)?;
    book.close_with_members(env)
}

/// A member leaves, or is removed; whoever calls this has asked the right one to sign.
pub fn vacate(env: &Env, member: Address, removed: bool) -> Result<(), Error> {
    let mut book = Book::open(env)?;
    invitation::check_forming(&book)?;
    let seat = book.seat(&member)?;
    book.circle.leave(&book.rules, seat)?;
    book.members.remove(u32::from(seat));
    ParticipantLeft { member, removed }.publish(env);
    book.close_with_members(env)
}

/// The organiser starts with fewer than all seats taken.
pub fn start(env: &Env) -> Result<(), Error> {
    storage::organiser(env)?.require_auth();
    let mut book = Book::open(env)?;
    book.circle.start(&book.rules, book::now(env))?;
    announce_start(env, &book)?;
    book.close(env)
}

/// The organiser gives up; there is no money yet.
pub fn cancel(env: &Env) -> Result<(), Error> {
    storage::organiser(env)?.require_auth();
    let mut book = Book::open(env)?;
    book.circle.cancel()?;
    closing::announce(env, CANCELLED);
    book.close(env)
}

fn take_seat(env: &Env, book: &mut Book, member: &Address, turn: Option<u32>) -> Result<(), Error> {
    let turn = book::turn(turn)?;
    let joined = book.circle.join(&book.rules, turn, book::now(env))?;
    book.members.push_back(member.clone());
    ParticipantJoined {
        member: member.clone(),
        seat: u32::from(joined.seat),
        turn: u32::from(joined.turn),
    }
    .publish(env);
    if joined.started {
        announce_start(env, book)?;
    }
    Ok(())
}

/// Nobody can be invited any more.
fn announce_start(env: &Env, book: &Book) -> Result<(), Error> {
    storage::delete_invitations(env);
    let mut order = Vec::new(env);
    for turn in 1..=book.circle.len() {
        let seat = book.circle.seat_of_turn(turn).ok_or(Error::BadTurn)?;
        order.push_back(book.member(seat)?);
    }
    GroupStarted { started_at: book.circle.started_at, order }.publish(env);
    Ok(())
}
