//! Between the start and the first round: the draw, and what is paid in before.
use alloc::vec::Vec;

use kolo_contract_common::{Error, contract_id, sc_address_xdr};
use kolo_rules::{
    Amount,
    circle::{Marks, Phase, Readiness},
};
use soroban_sdk::{Address, Bytes, BytesN, Env};

use crate::{
    book::{self, Book},
    closing::{self, CANCELLED},
    events::{DepositMade, DrawCommitted, DrawRevealed, OrderDrawn, SetupExpired},
    forming, list,
    pending::Waiting,
};

const SLOT: usize = 32;

/// A member commits to a secret and pays the bond.
pub fn commit(book: &mut Book<'_>, member: Address, commitment: BytesN<32>) -> Result<(), Error> {
    book.signed_by(&member);
    let seat = book.seat(&member)?;
    book.circle.commit(&book.rules, seat, book.now)?;
    book.take_in(&member, book.rules.bond)?;
    set_slot(book, seat, &commitment);
    book.announce(&DrawCommitted { member, commitment });
    Ok(())
}

/// Anyone who knows it: what the member committed to. The last one draws the order.
pub fn reveal(book: &mut Book<'_>, member: Address, secret: BytesN<32>) -> Result<(), Error> {
    let seat = book.seat(&member)?;
    let ready = book.circle.reveal(&book.rules, seat, book.now)?;
    let env = book.env;
    let mut committed = circle_id(book)?;
    list::append(&mut committed, &sc_address_xdr(env, &member));
    list::append(&mut committed, &secret.to_array());
    if sha256(env, &committed) != slot(book.pending.list(Waiting::Draw), seat)? {
        return Err(Error::BadSecret);
    }
    set_slot(book, seat, &secret);
    book.announce(&DrawRevealed { member, secret });
    go_on(book, ready)?;
    Ok(())
}

/// A member pays in what is due before the first round.
pub fn secure(book: &mut Book<'_>, member: Address, amount: i128) -> Result<(), Error> {
    book.signed_by(&member);
    let seat = book.seat(&member)?;
    let money = book::amount(amount)?;
    let ready = book.circle.secure(&book.rules, seat, money, book.now)?;
    book.take_in(&member, money)?;
    book.announce(&DepositMade { member, amount });
    go_on(book, ready)?;
    Ok(())
}

/// Anyone: the time of a step is over.
pub fn proceed(book: &mut Book<'_>) -> Result<(), Error> {
    let phase = book.circle.phase as u32;
    let ready = book.circle.proceed(&book.rules, book.now)?;
    book.require_covered(Amount::ZERO)?;
    book.announce(&SetupExpired { phase });
    go_on(book, ready)?;
    Ok(())
}

fn go_on(book: &mut Book<'_>, ready: Readiness) -> Result<(), Error> {
    match ready {
        Readiness::Draw => draw(book),
        Readiness::Active => forming::announce_start(book),
        Readiness::Cancelled => {
            closing::announce(book, CANCELLED);
            Ok(())
        }
        _ => Ok(()),
    }
}

fn draw(book: &mut Book<'_>) -> Result<(), Error> {
    let env = book.env;
    let slots = book.pending.list(Waiting::Draw).to_vec();
    let mut revealed = circle_id(book)?;
    for seat in 0..book.circle.len() {
        let marks = book.circle.seat(seat).map(|seat| seat.marks).unwrap_or_default();
        if marks.has(Marks::REVEALED) {
            list::append(&mut revealed, &slot(&slots, seat)?);
        }
    }
    let seed = sha256(env, &revealed);
    book.circle.draw(&book.rules, &seed, &|bytes| sha256(env, bytes), book.now)?;
    book.announce(&OrderDrawn { seed: BytesN::from_array(env, &seed) });
    if book.circle.phase == Phase::Active { forming::announce_start(book) } else { Ok(()) }
}

fn sha256(env: &Env, bytes: &[u8]) -> [u8; SLOT] {
    env.crypto().sha256(&Bytes::from_slice(env, bytes)).to_array()
}

fn circle_id(book: &Book<'_>) -> Result<Vec<u8>, Error> {
    let id = contract_id(book.env, &book.at).ok_or(Error::BadSecret)?;
    Ok(id.to_vec())
}

/// What is kept of a seat's part in the draw.
fn slot(slots: &[u8], seat: u8) -> Result<[u8; SLOT], Error> {
    let slot = slots.get(SLOT * usize::from(seat)..).and_then(<[u8]>::first_chunk);
    slot.copied().ok_or(Error::NoCommitment)
}

fn set_slot(book: &mut Book<'_>, seat: u8, value: &BytesN<32>) {
    let mut slots = book.pending.list(Waiting::Draw).to_vec();
    slots.resize(SLOT * usize::from(book.circle.len()), 0);
    let slot = slots.get_mut(SLOT * usize::from(seat)..).and_then(<[u8]>::first_chunk_mut);
    if let Some(slot) = slot {
        *slot = value.to_array();
    }
    book.pending.set(Waiting::Draw, slots);
}
