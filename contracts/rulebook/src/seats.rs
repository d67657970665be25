//! Seats that change their turn, their owner, or are given up after the start.
use kolo_contract_common::{Error, pack, unpack};
use kolo_rules::{Amount, circle::Motion};
use soroban_sdk::Address;

use crate::{
    book::{Book, units},
    events::{ExitAnnounced, MoveObjected, SeatMoved, SeatSold, TurnsSwapped},
    motions, upgrade,
};

/// Two members change turns, which are `turns` when they sign; who comes earlier now pays the other the difference of their deposits.
pub fn swap(book: &mut Book<'_>, a: Address, b: Address, turns: [u32; 2]) -> Result<(), Error> {
    book.signed_by(&a);
    book.signed_by(&b);
    let (first, second) = (book.seat(&a)?, book.seat(&b)?);
    require_turn(book, first, turns[0])?;
    require_turn(book, second, turns[1])?;
    book.bear_shortfall()?;
    let swapped = book.circle.swap(&book.rules, first, second, book.now)?;
    let (payer, payee) = if swapped.earlier == first { (&a, &b) } else { (&b, &a) };
    book.pass_on(payer, payee, swapped.deposit);
    book.announce(&TurnsSwapped { a, b, deposit: units(swapped.deposit) });
    Ok(())
}

/// A member leaves after the current round.
pub fn exit(book: &mut Book<'_>, member: Address) -> Result<(), Error> {
    book.signed_by(&member);
    let seat = book.seat(&member)?;
    let undecided = motions::undecided(book);
    book.circle.exit(&book.rules, seat, book.now)?;
    book.require_covered(Amount::ZERO)?;
    book.announce(&ExitAnnounced { member });
    motions::announce_decided(book, &undecided);
    Ok(())
}

/// A newcomer, let in by vote, buys a seat of this turn: `price` is its net claim and its deposit, from the
/// newcomer to the leaver, and the reverse when it is negative.
pub fn replace(
    book: &mut Book<'_>,
    leaver: Address,
    newcomer: Address,
    turn: u32,
    price: i128,
) -> Result<(), Error> {
    book.signed_by(&leaver);
    book.signed_by(&newcomer);
    let seat = book.seat(&leaver)?;
    require_turn(book, seat, turn)?;
    check_newcomer(book, Motion::Replace, &newcomer)?;
    let undecided = motions::undecided(book);
    book.bear_shortfall()?;
    let sold = book.circle.replace(&book.rules, seat, book.now)?;
    let net = sold.price.checked_add(sold.deposit).map_err(|_| Error::Overflow)?;
    if units(net) != price {
        return Err(Error::WrongAmount);
    }
    let (from, to, amount) = if net < Amount::ZERO {
        (&leaver, &newcomer, Amount::ZERO.checked_sub(net).map_err(|_| Error::Overflow)?)
    } else {
        (&newcomer, &leaver, net)
    };
    book.pass_on(from, to, amount);
    give(book, seat, &newcomer)?;
    let (price, deposit) = (units(sold.price), units(sold.deposit));
    book.announce(&SeatSold { leaver, newcomer, price, deposit });
    motions::announce_decided(book, &undecided);
    Ok(())
}

/// Anyone, after the delay: the seat goes to the address its vote was about.
pub fn complete_move(book: &mut Book<'_>, member: Address) -> Result<(), Error> {
    let seat = book.seat(&member)?;
    book.circle.complete_move(&book.rules, seat, book.now)?;
    let to = unpack(book.env, book.pending.newcomer(Motion::Move).ok_or(Error::NoProposal)?)?;
    check_newcomer(book, Motion::Move, &to)?;
    give(book, seat, &to)?;
    book.announce(&SeatMoved { from: member, to });
    Ok(())
}

/// The member shows that their key is not lost.
pub fn object(book: &mut Book<'_>, member: Address) -> Result<(), Error> {
    book.signed_by(&member);
    let seat = book.seat(&member)?;
    book.circle.object(seat)?;
    book.pending.set_newcomer(Motion::Move, None);
    book.announce(&MoveObjected { member });
    Ok(())
}

/// The seat still has the turn that was signed for.
fn require_turn(book: &Book<'_>, seat: u8, turn: u32) -> Result<(), Error> {
    let turn = u8::try_from(turn).map_err(|_| Error::OtherTurn)?;
    Ok(book.circle.require_turn(seat, turn)?)
}

/// The seat is another address's now, which has signed for no other code.
fn give(book: &mut Book<'_>, seat: u8, to: &Address) -> Result<(), Error> {
    upgrade::forget(book, seat);
    book.members.replace(seat, to)
}

/// The one the members voted on, who has not taken another seat meanwhile.
fn check_newcomer(book: &mut Book<'_>, motion: Motion, newcomer: &Address) -> Result<(), Error> {
    if book.pending.newcomer(motion) != Some(&pack(newcomer)?) {
        return Err(Error::NoProposal);
    }
    if book.seat(newcomer).is_ok() {
        return Err(Error::AlreadyMember);
    }
    book.pending.set_newcomer(motion, None);
    Ok(())
}
