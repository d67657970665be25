//! Another code for the circle: only when all who have something in it want it, and after a delay in
//! which anybody can still leave. Nobody else can change it, and nobody can stop it.
use kolo_contract_common::Error;
use kolo_rules::{
    Seat,
    circle::{Packed, Phase},
};
use soroban_sdk::{Address, BytesN, Env, Map};

use crate::{
    book::Book,
    events::{UpgradeSigned, Upgraded},
    storage::{self, Key},
};

/// Seconds from the last signature to the upgrade: seven days.
const DELAY_S: u64 = 7 * 86_400;

/// Which code each seat has signed for, and when.
type Signatures = Map<u32, (BytesN<32>, u64)>;

/// A member signs for a code; another signature of the same member replaces it.
pub fn sign(env: &Env, member: Address, wasm: BytesN<32>) -> Result<(), Error> {
    member.require_auth();
    let mut packed = Packed::new();
    let book = Book::open(env, &mut packed)?;
    // Before the start seats change hands: a signature would be left to whoever comes next.
    if !book.circle.phase.has_started() {
        return Err(Error::NotActive);
    }
    let seat = u32::from(book.seat(&member)?);
    let mut signatures = signatures(env);
    if signatures.get(seat).is_some_and(|(signed, _)| signed == wasm) {
        return Err(Error::AlreadyDone);
    }
    signatures.set(seat, (wasm.clone(), book.now));
    storage::set_entry(env, Key::Upgrade, &signatures);
    UpgradeSigned { member, wasm }.publish(env);
    Ok(())
}

/// Anyone: seven days after the last of those who must sign has signed.
pub fn upgrade(env: &Env, wasm: BytesN<32>) -> Result<(), Error> {
    let mut packed = Packed::new();
    let book = Book::open(env, &mut packed)?;
    let signatures = signatures(env);
    let mut signed_by_anybody = false;
    for index in 0..book.circle.len() {
        let seat = book.circle.seat(index).ok_or(Error::NotMember)?;
        if !has_something(&book, &seat) {
            continue;
        }
        match signatures.get(u32::from(index)) {
            Some((signed, at)) if signed == wasm && book.now >= at.saturating_add(DELAY_S) => {
                signed_by_anybody = true;
            }
            _ => return Err(Error::UpgradeNotReady),
        }
    }
    if !signed_by_anybody {
        return Err(Error::UpgradeNotReady);
    }
    storage::delete(env, Key::Upgrade);
    Upgraded { wasm: wasm.clone() }.publish(env);
    env.deployer().update_current_contract_wasm(wasm);
    Ok(())
}

/// Who sits there now has not signed.
pub fn forget(env: &Env, seat: u8) {
    let mut signatures = signatures(env);
    if signatures.remove(u32::from(seat)).is_some() {
        storage::set_entry(env, Key::Upgrade, &signatures);
    }
}

/// Whether anything in the circle is, or will be, this member's: a net claim, a credit or a deposit, a
/// part of what all have together, or a pot that is still to come. Else the first who pays in would be
/// all who must sign.
fn has_something(book: &Book<'_>, seat: &Seat) -> bool {
    let circle = &book.circle;
    let own = [seat.credit, seat.claimable, seat.uncovered, seat.deposit];
    let common = circle.reserve.is_positive() || circle.fund.is_positive();
    let waits = circle.phase == Phase::Active && seat.turn > circle.rounds_paid;
    seat.paid > seat.received
        || own.iter().any(|amount| amount.is_positive())
        || common && seat.left_after == 0
        || waits
}

fn signatures(env: &Env) -> Signatures {
    storage::entry(env, Key::Upgrade).unwrap_or_else(|| Map::new(env))
}
