//! Between the start and the first round: the draw, and what is paid in before.
use kolo_contract_common::{Error, contract_id, sc_address_xdr};
use kolo_rules::circle::{Marks, Packed, Phase, Readiness};
use soroban_sdk::{Address, Bytes, BytesN, Env};

use crate::{
    book::Book,
    closing::{self, CANCELLED},
    events::{DepositMade, DrawCommitted, DrawRevealed, OrderDrawn, SetupExpired},
    forming,
    storage::{self, Key},
    vault,
};

const SLOT: u32 = 32;

/// A member commits to a secret and pays the bond.
pub fn commit(env: &Env, member: Address, commitment: BytesN<32>) -> Result<(), Error> {
    member.require_auth();
    let mut packed = Packed::new();
    let mut book = Book::open(env, &mut packed)?;
    let seat = book.seat(&member)?;
    book.circle.commit(&book.rules, seat, book.now)?;
    vault::take(env, &book.asset, &member, book.rules.bond)?;
    set_slot(env, book.circle.len(), seat, &commitment);
    DrawCommitted { member, commitment }.publish(env);
    book.close()
}

/// Anyone who knows it: what the member committed to. The last one draws the order.
pub fn reveal(env: &Env, member: Address, secret: BytesN<32>) -> Result<(), Error> {
    let mut packed = Packed::new();
    let mut book = Book::open(env, &mut packed)?;
    let seat = book.seat(&member)?;
    let ready = book.circle.reveal(&book.rules, seat, book.now)?;
    let mut committed = circle_id(env)?;
    committed.append(&sc_address_xdr(env, &member));
    committed.append(secret.as_ref());
    if env.crypto().sha256(&committed).to_bytes() != slot(env, seat)? {
        return Err(Error::BadSecret);
    }
    set_slot(env, book.circle.len(), seat, &secret);
    DrawRevealed { member, secret }.publish(env);
    go_on(&mut book, ready)?;
    book.close()
}

/// A member pays in what is due before the first round.
pub fn secure(env: &Env, member: Address, amount: i128) -> Result<(), Error> {
    member.require_auth();
    let mut packed = Packed::new();
    let mut book = Book::open(env, &mut packed)?;
    let seat = book.seat(&member)?;
    let money = vault::amount(amount)?;
    let ready = book.circle.secure(&book.rules, seat, money, book.now)?;
    vault::take(env, &book.asset, &member, money)?;
    DepositMade { member, amount }.publish(env);
    go_on(&mut book, ready)?;
    book.close()
}

/// Anyone: the time of a step is over.
pub fn proceed(env: &Env) -> Result<(), Error> {
    let mut packed = Packed::new();
    let mut book = Book::open(env, &mut packed)?;
    let phase = book.circle.phase as u32;
    let ready = book.circle.proceed(&book.rules, book.now)?;
    SetupExpired { phase }.publish(env);
    go_on(&mut book, ready)?;
    book.close()
}

fn go_on(book: &mut Book<'_>, ready: Readiness) -> Result<(), Error> {
    match ready {
        Readiness::Draw => draw(book),
        Readiness::Active => forming::announce_start(book),
        Readiness::Cancelled => {
            closing::announce(book.env, CANCELLED);
            Ok(())
        }
        _ => Ok(()),
    }
}

fn draw(book: &mut Book<'_>) -> Result<(), Error> {
    let env = book.env;
    let mut revealed = circle_id(env)?;
    for seat in 0..book.circle.len() {
        let marks = book.circle.seat(seat).map(|seat| seat.marks).unwrap_or_default();
        if marks.has(Marks::REVEALED) {
            revealed.append(slot(env, seat)?.as_ref());
        }
    }
    let seed = env.crypto().sha256(&revealed).to_bytes();
    let sha256 = |bytes: &[u8]| env.crypto().sha256(&Bytes::from_slice(env, bytes)).to_array();
    book.circle.draw(&book.rules, &seed.to_array(), &sha256, book.now)?;
    OrderDrawn { seed }.publish(env);
    if book.circle.phase == Phase::Active { forming::announce_start(book) } else { Ok(()) }
}

fn circle_id(env: &Env) -> Result<Bytes, Error> {
    let id = contract_id(env, &env.current_contract_address()).ok_or(Error::BadSecret)?;
    Ok(id.into())
}

/// What is kept of a seat's part in the draw.
fn slot(env: &Env, seat: u8) -> Result<BytesN<32>, Error> {
    let at = SLOT * u32::from(seat);
    let slots: Bytes = storage::entry(env, Key::Draw).ok_or(Error::NoCommitment)?;
    slots.slice(at..at + SLOT).try_into().map_err(|_| Error::NoCommitment)
}

fn set_slot(env: &Env, members: u8, seat: u8, value: &BytesN<32>) {
    let mut slots: Bytes = storage::entry(env, Key::Draw).unwrap_or_else(|| Bytes::new(env));
    while slots.len() < SLOT * u32::from(members) {
        slots.extend_from_array(&[0; 32]);
    }
    slots.copy_from_slice(SLOT * u32::from(seat), &value.to_array());
    storage::set_entry(env, Key::Draw, &slots);
}
