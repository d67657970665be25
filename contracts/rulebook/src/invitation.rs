//! Who may join without asking: a list of bytes, since the host's maps would cost every call.
use alloc::vec::Vec;

use kolo_contract_common::{Error, PERSON, contract_id, pack, sc_address_xdr};
use kolo_rules::{
    MAX_MEMBERS,
    circle::{Order, Turn},
};
use soroban_sdk::{Address, Bytes, BytesN};

use crate::{
    book::{self, Book},
    events::{Invitation, InvitationAdded, InvitationRevoked},
    forming::check_forming,
    list,
    pending::{Pending, Waiting},
};

/// Beside the kinds of addresses: whom a one-time key names.
const BY_KEY: u8 = 2;

/// An invitation as it is kept: whom (a packed address, or a key), the turn (0 for none), and when it
/// expires.
const OFFER: usize = PERSON + 1 + 8;

/// Open invitations.
struct Offers(Vec<u8>);

/// What is offered.
#[derive(Clone, Copy)]
struct Offer {
    turn: Option<Turn>,
    /// Unix seconds; good up to and including this moment.
    expires_at: u64,
}

impl Offers {
    fn of(pending: &Pending) -> Self {
        Self(pending.list(Waiting::Invitations).to_vec())
    }

    fn save(self, pending: &mut Pending) {
        pending.set(Waiting::Invitations, self.0);
    }

    fn count(&self) -> usize {
        self.0.len() / OFFER
    }

    /// Takes the offer of this invitation away.
    fn take(&mut self, invitee: &[u8; PERSON]) -> Option<Offer> {
        let (_, entry) = list::find(&self.0, OFFER, invitee)?;
        let offer = offer_of(entry);
        self.drop_if(&|entry| entry.starts_with(invitee));
        Some(offer)
    }

    fn drop_if(&mut self, gone: &dyn Fn(&[u8]) -> bool) {
        self.0 = list::without(&self.0, OFFER, gone);
    }

    fn add(&mut self, invitee: &[u8; PERSON], offer: Offer) {
        list::append(&mut self.0, invitee);
        list::append(&mut self.0, &[offer.turn.unwrap_or(0)]);
        list::append(&mut self.0, &offer.expires_at.to_le_bytes());
    }
}

fn offer_of(entry: &[u8]) -> Offer {
    let turn = entry.get(PERSON).copied().filter(|turn| *turn != 0);
    let expires_at = entry.last_chunk().map_or(0, |time| u64::from_le_bytes(*time));
    Offer { turn, expires_at }
}

/// Open invitations a circle may have at a time.
const MAX_INVITATIONS: usize = MAX_MEMBERS;

/// What an invitation key signs begins with this, so that no other signature of it fits.
const JOIN_DOMAIN: &[u8] = b"kolo:join:1";

/// Adds an invitation, or replaces it by its new terms. Expired ones make room.
pub fn invite(
    book: &mut Book<'_>,
    address: Option<Address>,
    key: Option<BytesN<32>>,
    turn: Option<u32>,
    expires_at: u64,
) -> Result<(), Error> {
    book.signed_by_organiser();
    let invitation = one_of(address, key)?;
    let offer = Offer { turn: book::turn(turn)?, expires_at };
    check_offer(book, &invitation, offer)?;

    let invitee = packed_invitee(&invitation)?;
    let mut open = Offers::of(&book.pending);
    let now = book.now;
    open.drop_if(&|entry| entry.starts_with(&invitee) || offer_of(entry).expires_at < now);
    open.add(&invitee, offer);
    if open.count() > MAX_INVITATIONS {
        return Err(Error::TooManyInvitations);
    }
    open.save(&mut book.pending);
    book.announce(&InvitationAdded { invitation, turn, expires_at });
    Ok(())
}

/// Takes an invitation back.
pub fn revoke(
    book: &mut Book<'_>,
    address: Option<Address>,
    key: Option<BytesN<32>>,
) -> Result<(), Error> {
    book.signed_by_organiser();
    check_forming(book)?;
    let invitation = one_of(address, key)?;
    let mut open = Offers::of(&book.pending);
    open.take(&packed_invitee(&invitation)?).ok_or(Error::NoInvitation)?;
    open.save(&mut book.pending);
    book.announce(&InvitationRevoked { invitation });
    Ok(())
}

/// Uses up the invitation of this address, or of the key that signed for it: for which turn.
pub fn redeem(
    book: &mut Book<'_>,
    member: &Address,
    key: Option<BytesN<32>>,
    signature: Option<BytesN<64>>,
) -> Result<Option<Turn>, Error> {
    let invitation = match (key, signature) {
        (None, None) => Invitation::Address(member.clone()),
        (Some(key), Some(signature)) => {
            let message = join_message(book, member)?;
            book.env.crypto().ed25519_verify(&key, &message, &signature);
            Invitation::Key(key)
        }
        _ => return Err(Error::BadSignature),
    };
    let mut open = Offers::of(&book.pending);
    let offer = open.take(&packed_invitee(&invitation)?).ok_or(Error::NoInvitation)?;
    if book.now > offer.expires_at {
        return Err(Error::InvitationExpired);
    }
    open.save(&mut book.pending);
    Ok(offer.turn)
}

/// An invitation names an address or a key.
fn one_of(address: Option<Address>, key: Option<BytesN<32>>) -> Result<Invitation, Error> {
    match (address, key) {
        (Some(address), None) => Ok(Invitation::Address(address)),
        (None, Some(key)) => Ok(Invitation::Key(key)),
        _ => Err(Error::NoInvitation),
    }
}

fn packed_invitee(invitation: &Invitation) -> Result<[u8; PERSON], Error> {
    match invitation {
        Invitation::Address(address) => pack(address),
        Invitation::Key(key) => {
            let mut entry = [BY_KEY; PERSON];
            if let Some(of_key) = entry.last_chunk_mut() {
                *of_key = key.to_array();
            }
            Ok(entry)
        }
    }
}

fn check_offer(book: &Book<'_>, invitation: &Invitation, offer: Offer) -> Result<(), Error> {
    check_forming(book)?;
    if offer.expires_at < book.now {
        return Err(Error::InvitationExpired);
    }
    match (book.rules.order, offer.turn) {
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
fn join_message(book: &Book<'_>, member: &Address) -> Result<Bytes, Error> {
    let circle = contract_id(book.env, &book.at).ok_or(Error::BadSignature)?;
    let mut message = JOIN_DOMAIN.to_vec();
    list::append(&mut message, &circle);
    list::append(&mut message, &sc_address_xdr(book.env, member));
    Ok(Bytes::from_slice(book.env, &message))
}
