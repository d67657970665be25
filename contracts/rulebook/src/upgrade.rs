//! Another code for the circle: only when all who have something in it want it, and after a delay in
//! which anybody can still leave. Nobody else can change it, and nobody can stop it.
use alloc::vec::Vec;

use kolo_contract_common::Error;
use kolo_rules::{Seat, circle::Phase};
use soroban_sdk::{Address, BytesN};

use crate::{
    book::Book,
    events::{UpgradeSigned, Upgraded},
    list,
    pending::Waiting,
};

/// Seconds from the last signature to the upgrade: seven days.
const DELAY_S: u64 = 7 * 86_400;

/// A signature as it is kept: whose seat, for which code, and when.
const SIGNATURE: usize = 1 + 32 + 8;

/// A member signs for a code; another signature of the same member replaces it.
pub fn sign(book: &mut Book<'_>, member: Address, wasm: BytesN<32>) -> Result<(), Error> {
    book.signed_by(&member);
    // Before the start seats change hands: a signature would be left to whoever comes next.
    if !book.circle.phase.has_started() {
        return Err(Error::NotActive);
    }
    let seat = book.seat(&member)?;
    let mut signatures = book.pending.list(Waiting::Signatures).to_vec();
    let code = wasm.to_array();
    if signature(&signatures, seat).is_some_and(|(signed, _)| signed == code) {
        return Err(Error::AlreadyDone);
    }
    signatures = without(&signatures, seat);
    list::append(&mut signatures, &[seat]);
    list::append(&mut signatures, &code);
    list::append(&mut signatures, &book.now.to_le_bytes());
    book.pending.set(Waiting::Signatures, signatures);
    book.announce(&UpgradeSigned { member, wasm });
    Ok(())
}

/// Anyone: seven days after the last of those who must sign has signed.
pub fn upgrade(book: &mut Book<'_>, wasm: BytesN<32>) -> Result<(), Error> {
    let signatures = book.pending.list(Waiting::Signatures);
    let code = wasm.to_array();
    let mut signed_by_anybody = false;
    for index in 0..book.circle.len() {
        let seat = book.circle.seat(index).ok_or(Error::NotMember)?;
        if !has_something(book, &seat) {
            continue;
        }
        match signature(signatures, index) {
            Some((signed, at)) if signed == code && book.now >= at.saturating_add(DELAY_S) => {
                signed_by_anybody = true;
            }
            _ => return Err(Error::UpgradeNotReady),
        }
    }
    if !signed_by_anybody {
        return Err(Error::UpgradeNotReady);
    }
    book.pending.clear(Waiting::Signatures);
    book.announce(&Upgraded { wasm: wasm.clone() });
    book.change_code(wasm);
    Ok(())
}

/// Who sits there now has not signed.
pub fn forget(book: &mut Book<'_>, seat: u8) {
    let others = without(book.pending.list(Waiting::Signatures), seat);
    book.pending.set(Waiting::Signatures, others);
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

/// What the seat has signed for, and when.
fn signature(signatures: &[u8], seat: u8) -> Option<([u8; 32], u64)> {
    let (_, [_, signed @ ..]) = list::find(signatures, SIGNATURE, &[seat])? else {
        return None;
    };
    Some((*signed.first_chunk()?, u64::from_le_bytes(*signed.last_chunk()?)))
}

/// Those of all other seats.
fn without(signatures: &[u8], seat: u8) -> Vec<u8> {
    list::without(signatures, SIGNATURE, &|signature| signature.first() == Some(&seat))
}
