//! Paying in, paying out, and what is still owed to one another.
use alloc::vec::Vec;

use kolo_contract_common::{
    Error,
    events::{ContributionMade, PayoutMade},
};
use soroban_sdk::Address;

use crate::{
    book::{self, Book, units},
    closing::{self, COMPLETED, DISSOLVED},
    events::{BidMade, CreditPushed, DebtRepaid, InsuranceClaimed},
};

/// Takes exactly what is due of the round; another round or amount is refused.
pub fn contribute(
    book: &mut Book<'_>,
    member: Address,
    round: u32,
    amount: i128,
) -> Result<(), Error> {
    book.signed_by(&member);
    let seat = book.seat(&member)?;
    let money = book::amount(amount)?;
    let paid = book.circle.contribute(&book.rules, seat, book::round(round)?, money, book.now)?;
    book.take_in(&member, money)?;
    book.announce(&ContributionMade { member, round, amount, late: paid.late });
    Ok(())
}

/// Pays the pot to whose turn it is. What cannot be delivered is kept as their credit, so that one
/// closed trustline does not stop the circle.
pub fn payout(book: &mut Book<'_>, round: u32) -> Result<(), Error> {
    let number = book::round(round)?;
    let paid = book.circle.payout(&book.rules, number, book.now)?;
    book.require_covered(paid.amount)?;
    if paid.dissolved {
        closing::announce(book, DISSOLVED);
        return Ok(());
    }
    let recipient = book.address(paid.seat)?;
    let credited = book.pay_or_credit(paid.seat, &recipient, paid.amount)?;
    book.announce(&PayoutMade { recipient, round, amount: units(paid.amount), credited });
    if paid.completed {
        closing::announce(book, COMPLETED);
    }
    Ok(())
}

/// Delivers a credit to its owner.
pub fn push(book: &mut Book<'_>, member: Address) -> Result<(), Error> {
    let seat = book.seat(&member)?;
    book.bear_shortfall()?;
    let credit = book.circle.push(seat)?;
    book.pay(&member, credit)?;
    book.announce(&CreditPushed { member, amount: units(credit) });
    Ok(())
}

/// Takes a repayment and passes it on to the creditors at once; what is owed to all together waits in
/// the vault for their claims. Every creditor costs a ledger entry: a debt to more creditors than one
/// transaction may write is repaid in parts.
pub fn repay(book: &mut Book<'_>, member: Address, amount: i128) -> Result<(), Error> {
    book.signed_by(&member);
    let seat = book.seat(&member)?;
    let money = book::amount(amount)?;
    let repaid = book.circle.repay(&book.rules, seat, money)?;
    book.take_in(&member, money)?;

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
    let credited = book.members.addresses(book.env, credited.into_iter())?;
    book.announce(&DebtRepaid { member, amount, credited });
    Ok(())
}

/// Asks for so much of the pot of the current round.
pub fn bid(book: &mut Book<'_>, member: Address, round: u32, amount: i128) -> Result<(), Error> {
    book.signed_by(&member);
    let seat = book.seat(&member)?;
    let money = book::amount(amount)?;
    book.circle.bid(&book.rules, seat, book::round(round)?, money, book.now)?;
    book.announce(&BidMade { member, round, amount });
    Ok(())
}

/// Has the insurance pay for who has not paid, out of what an issuer has left of it.
pub fn claim_insurance(
    book: &mut Book<'_>,
    member: Address,
    round: u32,
    defaulter: Address,
    amount: i128,
) -> Result<(), Error> {
    book.signed_by(&member);
    let (seat, of) = (book.seat(&member)?, book.seat(&defaulter)?);
    let (number, money) = (book::round(round)?, book::amount(amount)?);
    book.bear_shortfall()?;
    book.circle.claim_insurance(&book.rules, seat, number, of, money, book.now)?;
    book.announce(&InsuranceClaimed { member, round, defaulter, amount });
    Ok(())
}
