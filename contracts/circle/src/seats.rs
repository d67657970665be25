//! Seats that change their turn, their owner, or are given up after the start.
use kolo_contract_common::Error;
use kolo_rules::{
    Amount,
    circle::{Motion, Packed},
};
use soroban_sdk::{Address, Env};

use crate::{
    book::{Book, units},
    events::{ExitAnnounced, MoveObjected, SeatMoved, SeatSold, TurnsSwapped},
    members::pack,
    motions,
    storage::{self, Key},
    upgrade, vault,
};

/// Two members change turns, which are `turns` when they sign; who comes earlier now pays the other the difference of their deposits.
pub fn swap(env: &Env, a: Address, b: Address, turns: [u32; 2]) -> Result<(), Error> {
    a.require_auth();
    b.require_auth();
    let mut packed = Packed::new();
    let mut book = Book::open(env, &mut packed)?;
    let (first, second) = (book.seat(&a)?, book.seat(&b)?);
    require_turn(&book, first, turns[0])?;
    require_turn(&book, second, turns[1])?;
    book.bear_shortfall()?;
    let swapped = book.circle.swap(&book.rules, first, second, book.now)?;
    let (payer, payee) = if swapped.earlier == first { (&a, &b) } else { (&b, &a) };
    vault::pass_on(env, &book.asset, payer, payee, swapped.deposit)?;
    TurnsSwapped { a, b, deposit: units(swapped.deposit) }.publish(env);
    book.close()
}

/// A member leaves after the current round.
pub fn exit(env: &Env, member: Address) -> Result<(), Error> {
    member.require_auth();
    let mut packed = Packed::new();
    let book = Book::open(env, &mut packed)?;
    let seat = book.seat(&member)?;
    let undecided = motions::undecided(&book);
    let (book, ()) = book.settle(|book| Ok(book.circle.exit(&book.rules, seat, book.now)?))?;
    ExitAnnounced { member }.publish(env);
    motions::announce_decided(&book, &undecided);
    book.close()
}

/// A newcomer, let in by vote, buys a seat of this turn: `price` is its net claim and its deposit, from the
/// newcomer to the leaver, and the reverse when it is negative.
pub fn replace(
    env: &Env,
    leaver: Address,
    newcomer: Address,
    turn: u32,
    price: i128,
) -> Result<(), Error> {
    leaver.require_auth();
    newcomer.require_auth();
    let mut packed = Packed::new();
    let mut book = Book::open(env, &mut packed)?;
    let seat = book.seat(&leaver)?;
    require_turn(&book, seat, turn)?;
    check_newcomer(&book, Key::NewcomerReplacing, &newcomer)?;
    let undecided = motions::undecided(&book);
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
    vault::pass_on(env, &book.asset, from, to, amount)?;
    give(&mut book, seat, &newcomer)?;
    let (price, deposit) = (units(sold.price), units(sold.deposit));
    SeatSold { leaver, newcomer, price, deposit }.publish(env);
    motions::announce_decided(&book, &undecided);
    book.close_with_members()
}

/// Anyone, after the delay: the seat goes to the address its vote was about.
pub fn complete_move(env: &Env, member: Address) -> Result<(), Error> {
    let mut packed = Packed::new();
    let mut book = Book::open(env, &mut packed)?;
    let seat = book.seat(&member)?;
    book.circle.complete_move(&book.rules, seat, book.now)?;
    let to: Address = storage::entry(env, Key::NewcomerMoving).ok_or(Error::NoProposal)?;
    check_newcomer(&book, Key::NewcomerMoving, &to)?;
    give(&mut book, seat, &to)?;
    SeatMoved { from: member, to }.publish(env);
    book.close_with_members()
}

/// The member shows that their key is not lost.
pub fn object(env: &Env, member: Address) -> Result<(), Error> {
    member.require_auth();
    let mut packed = Packed::new();
    let mut book = Book::open(env, &mut packed)?;
    let seat = book.seat(&member)?;
    book.circle.object(seat)?;
    if let Some(key) = storage::newcomer_key(Motion::Move) {
        storage::delete(env, key);
    }
    MoveObjected { member }.publish(env);
    book.close()
}

/// The seat still has the turn that was signed for.
fn require_turn(book: &Book<'_>, seat: u8, turn: u32) -> Result<(), Error> {
    let turn = u8::try_from(turn).map_err(|_| Error::OtherTurn)?;
    Ok(book.circle.require_turn(seat, turn)?)
}

/// The seat is another address's now, which has signed for no other code.
fn give(book: &mut Book<'_>, seat: u8, to: &Address) -> Result<(), Error> {
    upgrade::forget(book.env, seat);
    book.members.replace(seat, to)
}

/// The one the members voted on, who has not taken another seat meanwhile.
fn check_newcomer(book: &Book<'_>, key: Key, newcomer: &Address) -> Result<(), Error> {
    let expected: Address = storage::entry(book.env, key).ok_or(Error::NoProposal)?;
    if pack(&expected)? != pack(newcomer)? {
        return Err(Error::NoProposal);
    }
    if book.seat(newcomer).is_ok() {
        return Err(Error::AlreadyMember);
    }
    storage::delete(book.env, key);
    Ok(())
}
