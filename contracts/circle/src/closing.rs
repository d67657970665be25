//! Claims, and books that follow the vault.
use kolo_contract_common::Error;
use kolo_rules::circle::{self as rules, Packed};
use soroban_sdk::{Address, Env};

use crate::{
    book::{Book, units},
    events::{GroupClosed, RefundClaimed, Synced},
    vault,
};

/// Every round was paid out.
pub const COMPLETED: u32 = 1;
/// The members voted to dissolve, or there were more debts than a circle can keep apart.
pub const DISSOLVED: u32 = 2;
/// It did not come about.
pub const CANCELLED: u32 = 3;

pub fn announce(env: &Env, reason: u32) {
    GroupClosed { reason }.publish(env);
}

/// Pays a member what they may claim by now.
pub fn claim(env: &Env, member: Address) -> Result<(), Error> {
    let mut packed = Packed::new();
    let mut book = Book::open(env, &mut packed)?;
    let seat = book.seat(&member)?;
    book.bear_shortfall()?;
    let refund = book.circle.claim(seat)?;
    vault::deliver_or_refuse(env, &book.asset, &member, refund)?;
    RefundClaimed { member, amount: units(refund) }.publish(env);
    book.close()
}

/// Makes the books follow the vault: tokens sent unasked, or clawed back by the issuer.
pub fn sync(env: &Env) -> Result<(), Error> {
    let mut packed = Packed::new();
    let mut book = Book::open(env, &mut packed)?;
    let synced = book.circle.sync(book.balance()?)?;
    if synced.is_nothing() {
        return Ok(());
    }
    announce_synced(env, synced);
    book.close()
}

/// Says what changed in the books, if anything did.
pub fn announce_synced(env: &Env, synced: rules::Synced) {
    if !synced.is_nothing() {
        Synced { surplus: units(synced.surplus), shortfall: units(synced.shortfall) }.publish(env);
    }
}
