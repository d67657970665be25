//! Claims, and books that follow the vault.
use kolo_contract_common::{
    Error,
    ttl::{EXTEND_TO, THRESHOLD},
};
use kolo_rules::circle as rules;
use soroban_sdk::Address;

use crate::{
    book::{Book, units},
    events::{GroupClosed, RefundClaimed, Synced},
};

/// Every round was paid out.
pub const COMPLETED: u32 = 1;
/// The members voted to dissolve, or there were more debts than a circle can keep apart.
pub const DISSOLVED: u32 = 2;
/// It did not come about.
pub const CANCELLED: u32 = 3;

pub fn announce(book: &mut Book<'_>, reason: u32) {
    book.announce(&GroupClosed { reason });
}

/// Pays a member what they may claim by now.
pub fn claim(book: &mut Book<'_>, member: Address) -> Result<(), Error> {
    let seat = book.seat(&member)?;
    book.bear_shortfall()?;
    let refund = book.circle.claim(seat)?;
    book.pay(&member, refund)?;
    book.announce(&RefundClaimed { member, amount: units(refund) });
    Ok(())
}

/// Makes the books follow the vault: tokens sent unasked, or clawed back by the issuer.
pub fn sync(book: &mut Book<'_>) -> Result<(), Error> {
    let synced = book.circle.sync(book.balance()?)?;
    announce_synced(book, synced);
    Ok(())
}

/// Keeps alive what no member's call pays for: the codes, the rulebook's instance, and the vault's balance.
pub fn extend_ttl(book: &mut Book<'_>) -> Result<(), Error> {
    for contract in [book.at.clone(), book.env.current_contract_address()] {
        book.env.deployer().extend_ttl(contract, THRESHOLD, EXTEND_TO);
    }
    book.balance().map(|_| ())
}

/// Says what changed in the books, if anything did.
pub fn announce_synced(book: &mut Book<'_>, synced: rules::Synced) {
    if !synced.is_nothing() {
        book.announce(&Synced {
            surplus: units(synced.surplus),
            shortfall: units(synced.shortfall),
        });
    }
}
