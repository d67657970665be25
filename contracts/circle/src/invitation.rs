#![allow(missing_docs, reason = "the macro adds items without any; the types have theirs")]

use kolo_contract_common::{Error, contract_id, sc_address_xdr};
use kolo_rules::{
    MAX_MEMBERS,
    circle::{Order, Packed},
};
use soroban_sdk::{Address, Bytes, BytesN, Env, contracttype};

use crate::{
    book::{self, Book},
    events::{InvitationAdded, InvitationRevoked},
    forming::check_forming,
    storage,
};

// Who is invited: an address, or whoever holds the secret of a one-time ed25519 key. Never a phone
// number, a name, or a hash of one.
#[contracttype]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invitation {
    // This address.
    Address(Address),
    // Whom this key names by signing [`join_message`].
    Key(BytesN<32>),
}

// What is offered.
#[contracttype]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    // The turn, where the order is fixed.
    pub turn: Option<u32>,
    // Unix seconds; good up to and including this moment.
    pub expires_at: u64,
}

/// Open invitations a circle may have at a time.
const MAX_INVITATIONS: usize = MAX_MEMBERS;

/// What an invitation key signs begins with this, so that no other signature of it fits.
const JOIN_DOMAIN: &[u8] = b"kolo:join:1";

/// Adds an invitation, or replaces it by its new terms. Expired ones make room.
pub fn invite(
    env: &Env,
    invitation: Invitation,
    turn: Option<u32>,
    expires_at: u64,
) -> Result<(), Error> {
    storage::organiser(env)?.require_auth();
    let mut packed = Packed::new();
    let book = Book::open(env, &mut packed)?;
    check_offer(&book, &invitation, turn, expires_at)?;

    let mut open = storage::invitations(env);
    for (old, offer) in open.try_iter().flatten() {
        if is_expired(env, &offer) {
            open.remove(old);
        }
    }
    open.set(invitation.clone(), Offer { turn, expires_at });
    if usize::try_from(open.len()).is_ok_and(|count| count > MAX_INVITATIONS) {
        return Err(Error::TooManyInvitations);
    }
    storage::set_invitations(env, &open);
    InvitationAdded { invitation, turn, expires_at }.publish(env);
    Ok(())
}

/// Takes an invitation back.
pub fn revoke(env: &Env, invitation: Invitation) -> Result<(), Error> {
    storage::organiser(env)?.require_auth();
    let mut packed = Packed::new();
    let book = Book::open(env, &mut packed)?;
    check_forming(&book)?;
    let mut open = storage::invitations(env);
    open.remove(invitation.clone()).ok_or(Error::NoInvitation)?;
    storage::set_invitations(env, &open);
    InvitationRevoked { invitation }.publish(env);
    Ok(())
}

/// Uses up the invitation of this address, or of the key that signed for it.
pub fn redeem(
    env: &Env,
    member: &Address,
    key: Option<BytesN<32>>,
    signature: Option<BytesN<64>>,
) -> Result<Offer, Error> {
    let invitation = match (key, signature) {
        (None, None) => Invitation::Address(member.clone()),
        (Some(key), Some(signature)) => {
            env.crypto().ed25519_verify(&key, &join_message(env, member)?, &signature);
            Invitation::Key(key)
        }
        _ => return Err(Error::BadSignature),
    };
    let mut open = storage::invitations(env);
    let offer = open.get(invitation.clone()).ok_or(Error::NoInvitation)?;
    if is_expired(env, &offer) {
        return Err(Error::InvitationExpired);
    }
    open.remove(invitation);
    storage::set_invitations(env, &open);
    Ok(offer)
}

fn check_offer(
    book: &Book<'_>,
    invitation: &Invitation,
    turn: Option<u32>,
    expires_at: u64,
) -> Result<(), Error> {
    check_forming(book)?;
    if expires_at < book.now {
        return Err(Error::InvitationExpired);
    }
    match (book.rules.order, book::turn(turn)?) {
        (Order::Fixed, Some(turn)) if (1..=book.rules.seats).contains(&turn) => {
            if book.circle.seat_of_turn(turn).is_some() {
                return Err(Error::TurnTaken);
            }
        }
        (Order::Fixed, _) | (_, Some(_)) => return Err(Error::BadTurn),
        (_, None) => {}
    }
    match invitation {
        Invitation::Address(member) if book.seat(member).is_ok() => Err(Error::AlreadyMember),
        _ => Ok(()),
    }
}

/// The circle and the joiner: a signature seen in the open is of no use to anybody else.
fn join_message(env: &Env, member: &Address) -> Result<Bytes, Error> {
    let circle = contract_id(env, &env.current_contract_address()).ok_or(Error::BadSignature)?;
    let mut message = Bytes::from_slice(env, JOIN_DOMAIN);
    message.append(circle.as_ref());
    message.append(&sc_address_xdr(env, member));
    Ok(message)
}

fn is_expired(env: &Env, offer: &Offer) -> bool {
    env.ledger().timestamp() > offer.expires_at
}
