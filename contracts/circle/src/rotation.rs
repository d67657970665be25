//! Paying in, paying out, and what is still owed to one another.
use alloc::vec::Vec;

use kolo_contract_common::Error;
use kolo_rules::circle::Packed;
use soroban_sdk::{Address, Env};

use crate::{
    book::{self, Book, units},
    closing::{self, COMPLETED, DISSOLVED},
    events::{BidMade, ContributionMade, CreditPushed, DebtRepaid, InsuranceClaimed, PayoutMade},
    vault,
};

/// Takes exactly what is due of the round; another round or amount is refused.
pub fn contribute(env: &Env, member: Address, round: u32, amount: i128) -> Result<(), Error> {
    member.require_auth();
    let mut packed = Packed::new();
    let mut book = Book::open(env, &mut packed)?;
    let seat = book.seat(&member)?;
    let money = vault::amount(amount)?;
    let paid = book.circle.contribute(&book.rules, seat, book::round(round)?, money, book.now)?;
    vault::take(env, &book.asset, &member, money)?;
    ContributionMade { member, round, amount, late: paid.late }.publish(env);
    book.close()
}

/// Pays the pot to whose turn it is. What cannot be delivered is kept as their credit, so that one
/// closed trustline does not stop the circle.
pub fn payout(env: &Env, round: u32) -> Result<(), Error> {
    let mut packed = Packed::new();
    let book = Book::open(env, &mut packed)?;
    let number = book::round(round)?;
    let (book, (paid, recipient, credited)) = book.take(|book| {
        let paid = book.circle.payout(&book.rules, number, book.now)?;
        book.require_covered(paid.amount)?;
        let recipient = book.address(paid.seat)?;
        let credited = book.pay_or_credit(paid.seat, &recipient, paid.amount)?;
        Ok((paid, recipient, credited))
    })?;
    if paid.dissolved {
        closing::announce(env, DISSOLVED);
        return book.close();
    }
    PayoutMade { recipient, round, amount: units(paid.amount), credited }.publish(env);
    if paid.completed {
        closing::announce(env, COMPLETED);
    }
    book.close()
}

/// Delivers a credit to its owner.
pub fn push(env: &Env, member: Address) -> Result<(), Error> {
    let mut packed = Packed::new();
    let mut book = Book::open(env, &mut packed)?;
    let seat = book.seat(&member)?;
    book.bear_shortfall()?;
    let credit = book.circle.push(seat)?;
    vault::deliver_or_refuse(env, &book.asset, &member, credit)?;
    CreditPushed { member, amount: units(credit) }.publish(env);
    book.close()
}

/// Takes a repayment and passes it on to the creditors at once; what is owed to all together waits in
/// the vault for their claims. Every creditor costs a ledger entry: a debt to more creditors than one
/// transaction may write is repaid in parts.
pub fn repay(env: &Env, member: Address, amount: i128) -> Result<(), Error> {
    member.require_auth();
    let mut packed = Packed::new();
    let mut book = Book::open(env, &mut packed)?;
    let seat = book.seat(&member)?;
    let money = vault::amount(amount)?;
    let repaid = book.circle.repay(&book.rules, seat, money)?;
    vault::take(env, &book.asset, &member, money)?;

    let mut credited = Vec::new();
    for (creditor, part) in (0..book.circle.len()).zip(repaid.to) {
        if part.is_zero() {
            continue;
        }
        let address = book.address(creditor)?;
        if book.pay_or_credit(creditor, &address, part)? {
            credited.push(creditor);
        }
    }
    let credited = book.members.addresses(env, credited.into_iter())?;
    DebtRepaid { member, amount, credited }.publish(env);
    book.close()
}

/// Asks for so much of the pot of the current round.
pub fn bid(env: &Env, member: Address, round: u32, amount: i128) -> Result<(), Error> {
    member.require_auth();
    let mut packed = Packed::new();
    let mut book = Book::open(env, &mut packed)?;
    let seat = book.seat(&member)?;
    let money = vault::amount(amount)?;
    book.circle.bid(&book.rules, seat, book::round(round)?, money, book.now)?;
    BidMade { member, round, amount }.publish(env);
    book.close()
}

/// Has the insurance pay for who has not paid, out of what an issuer has left of it.
pub fn claim_insurance(
    env: &Env,
    member: Address,
    round: u32,
    defaulter: Address,
    amount: i128,
) -> Result<(), Error> {
    member.require_auth();
    let mut packed = Packed::new();
    let mut book = Book::open(env, &mut packed)?;
    let (seat, of) = (book.seat(&member)?, book.seat(&defaulter)?);
    let (number, money) = (book::round(round)?, vault::amount(amount)?);
    book.bear_shortfall()?;
    book.circle.claim_insurance(&book.rules, seat, number, of, money, book.now)?;
    InsuranceClaimed { member, round, defaulter, amount }.publish(env);
    book.close()
}
