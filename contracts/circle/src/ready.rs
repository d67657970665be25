//! Between the start and the first round: the draw, and what is paid in before.
use alloc::vec::Vec;

use kolo_contract_common::{Error, contract_id, sc_address_xdr};
use kolo_rules::circle::{Marks, Packed, Phase, Readiness};
use soroban_sdk::{Address, Bytes, BytesN, Env};

use crate::{
    book::Book,
    closing::{self, CANCELLED},
    events::{DepositMade, DrawCommitted, DrawRevealed, OrderDrawn, SetupExpired},
    forming, list,
    storage::{self, Key},
    vault,
};

const SLOT: usize = 32;

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
    list::append(&mut committed, &sc_address_xdr(env, &member));
    list::append(&mut committed, &secret.to_array());
    if sha256(env, &committed) != slot(&storage::bytes(env, Key::Draw), seat)? {
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
    let book = Book::open(env, &mut packed)?;
    let phase = book.circle.phase as u32;
    let (mut book, ready) =
        book.settle(|book| Ok(book.circle.proceed(&book.rules, book.now)?))?;
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
    let slots = storage::bytes(env, Key::Draw);
    let mut revealed = circle_id(env)?;
    for seat in 0..book.circle.len() {
        let marks = book.circle.seat(seat).map(|seat| seat.marks).unwrap_or_default();
        if marks.has(Marks::REVEALED) {
            list::append(&mut revealed, &slot(&slots, seat)?);
        }
    }
    let seed = sha256(env, &revealed);
    book.circle.draw(&book.rules, &seed, &|bytes| sha256(env, bytes), book.now)?;
    OrderDrawn { seed: BytesN::from_array(env, &seed) }.publish(env);
    if book.circle.phase == Phase::Active { forming::announce_start(book) } else { Ok(()) }
}

fn sha256(env: &Env, bytes: &[u8]) -> [u8; SLOT] {
    env.crypto().sha256(&Bytes::from_slice(env, bytes)).to_array()
}

fn circle_id(env: &Env) -> Result<Vec<u8>, Error> {
    let id = contract_id(env, &env.current_contract_address()).ok_or(Error::BadSecret)?;
    Ok(id.to_vec())
}

/// What is kept of a seat's part in the draw.
fn slot(slots: &[u8], seat: u8) -> Result<[u8; SLOT], Error> {
    let slot = slots.get(SLOT * usize::from(seat)..).and_then(<[u8]>::first_chunk);
    slot.copied().ok_or(Error::NoCommitment)
}

fn set_slot(env: &Env, members: u8, seat: u8, value: &BytesN<32>) {
    let mut slots = storage::bytes(env, Key::Draw);
    slots.resize(SLOT * usize::from(members), 0);
    let slot = slots.get_mut(SLOT * usize::from(seat)..).and_then(<[u8]>::first_chunk_mut);
    if let Some(slot) = slot {
        *slot = value.to_array();
    }
    storage::set_bytes(env, Key::Draw, &slots);
}
