//! Paying in, paying out, and what is still owed to one another.
use kolo_contract_common::Error;
use kolo_rules::Amount;
use soroban_sdk::{Address, Env, Vec};

use crate::{
    book::{self, Book},
    closing::{self, COMPLETED},
    events::{ContributionMade, CreditPushed, DebtRepaid, PayoutMade},
    vault::{self, Delivery},
};

/// Takes exactly what is due of the round; another round or amount is refused.
pub fn contribute(env: &Env, member: Address, round: u32, amount: i128) -> Result<(), Error> {
    member.require_auth();
    let mut book = Book::open(env)?;
    let seat = book.seat(&member)?;
    let money = vault::amount(amount)?;
    let number = book::round(round)?;
    let paid = book.circle.contribute(&book.rules, seat, number, money, book::now(env))?;
    vault::take(env, &book.asset, &member, money)?;
    ContributionMade { member, round, amount, late: paid.late }.publish(env);
    book.close(env)
}

/// Pays the pot to whose turn it is. What cannot be delivered is kept as their credit, so that one
/// closed trustline does not stop the circle.
pub fn payout(env: &Env, round: u32) -> Result<(), Error> {
    let mut book = Book::open(env)?;
    let paid = book.circle.payout(&book.rules, book::round(round)?, book::now(env))?;
    let recipient = book.member(paid.seat)?;
    let credited = pay_or_credit(env, &mut book, paid.seat, &recipient, paid.amount)?;
    PayoutMade { recipient, round, amount: units(paid.amount), credited }.publish(env);
    if paid.completed {
        closing::announce(env, COMPLETED);
    }
    book.close(env)
}

/// Delivers a credit to its owner.
pub fn push(env: &Env, member: Address) -> Result<(), Error> {
    let mut book = Book::open(env)?;
    let seat = book.seat(&member)?;
    let credit = book.circle.push(seat)?;
    vault::deliver_or_refuse(env, &book.asset, &member, credit)?;
    CreditPushed { member, amount: units(credit) }.publish(env);
    book.close(env)
}

/// Takes a repayment and passes it on to the creditors at once; after dissolving it waits in the
/// vault for their claims. Every creditor costs a ledger entry: a debt to more creditors than one
/// transaction may write is repaid in parts.
pub fn repay(env: &Env, member: Address, amount: i128) -> Result<(), Error> {
    member.require_auth();
    let mut book = Book::open(env)?;
    let seat = book.seat(&member)?;
    let money = vault::amount(amount)?;
    let repaid = book.circle.repay(&book.rules, seat, money)?;
    vault::take(env, &book.asset, &member, money)?;

    let mut credited = Vec::new(env);
    for (creditor, part) in (0..book.circle.len()).zip(repaid.to) {
        if part.is_zero() {
            continue;
        }
        let address = book.member(creditor)?;
        if pay_or_credit(env, &mut book, creditor, &address, part)? {
            credited.push_back(address);
        }
    }
    DebtRepaid { member, amount, credited }.publish(env);
    book.close(env)
}

/// Whether the payment became a credit.
fn pay_or_credit(
    env: &Env,
    book: &mut Book,
    seat: u8,
    to: &Address,
    amount: Amount,
) -> Result<bool, Error> {
    match vault::deliver(env, &book.asset, to, amount)? {
        Delivery::Delivered => Ok(false),
        Delivery::Undeliverable => {
            book.circle.credit(seat, amount)?;
            Ok(true)
        }
    }
}

/// An amount as events carry it.
pub fn units(amount: Amount) -> i128 {
    i128::from(amount.minor_units())
}
