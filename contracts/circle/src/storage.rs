//! Everything the contract keeps, and nothing else touches the ledger's storage.
//!
//! | entry | kind | holds | written |
//! |---|---|---|---|
//! | `Organiser`, `Rules` | instance | who and what | once |
//! | `State` | persistent | `kolo_rules::Circle::encode` | by every step; deleted when finished |
//! | `Members` | persistent | addresses by seat | while forming; deleted when finished |
//! | `Invitations` | persistent | open invitations | while forming; deleted at the start |
//!
//! One packed entry for all members' state: a row per member could not be walked at 64 members
//! within the entries one transaction may touch.
use kolo_contract_common::{
    Error,
    ttl::{EXTEND_TO, THRESHOLD},
};
use kolo_rules::circle::RULES_LEN;
use soroban_sdk::{Address, Bytes, BytesN, Env, Map, Vec, contracttype};

use crate::invitation::{Invitation, Offer};

#[contracttype]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Organiser,
    Rules,
    State,
    Members,
    Invitations,
}

/// Keeps who and what, for good.
pub fn found(env: &Env, organiser: &Address, rules: &BytesN<RULES_LEN>) {
    let instance = env.storage().instance();
    instance.set(&Key::Organiser, organiser);
    instance.set(&Key::Rules, rules);
}

pub fn organiser(env: &Env) -> Result<Address, Error> {
    env.storage().instance().get(&Key::Organiser).ok_or(Error::Finished)
}

pub fn rules(env: &Env) -> Result<BytesN<RULES_LEN>, Error> {
    env.storage().instance().get(&Key::Rules).ok_or(Error::Finished)
}

/// The state, of which a finished circle has none.
pub fn state(env: &Env) -> Result<Bytes, Error> {
    env.storage().persistent().get(&Key::State).ok_or(Error::Finished)
}

pub fn set_state(env: &Env, state: &Bytes) {
    env.storage().persistent().set(&Key::State, state);
}

pub fn members(env: &Env) -> Result<Vec<Address>, Error> {
    env.storage().persistent().get(&Key::Members).ok_or(Error::Finished)
}

pub fn set_members(env: &Env, members: &Vec<Address>) {
    env.storage().persistent().set(&Key::Members, members);
}

pub fn invitations(env: &Env) -> Map<Invitation, Offer> {
    let stored = env.storage().persistent().get(&Key::Invitations);
    stored.unwrap_or_else(|| Map::new(env))
}

/// An empty map needs no entry.
pub fn set_invitations(env: &Env, invitations: &Map<Invitation, Offer>) {
    let persistent = env.storage().persistent();
    if invitations.is_empty() {
        persistent.remove(&Key::Invitations);
    } else {
        persistent.set(&Key::Invitations, invitations);
        persistent.extend_ttl(&Key::Invitations, THRESHOLD, EXTEND_TO);
    }
}

pub fn delete_invitations(env: &Env) {
    env.storage().persistent().remove(&Key::Invitations);
}

/// Nothing is left to pay, claim, push or repay: history lives on in the events.
pub fn delete_all(env: &Env) {
    let persistent = env.storage().persistent();
    persistent.remove(&Key::State);
    persistent.remove(&Key::Members);
    persistent.remove(&Key::Invitations);
}

/// Prolongs what every call uses: code, instance, state and members.
pub fn extend(env: &Env) {
    env.storage().instance().extend_ttl(THRESHOLD, EXTEND_TO);
    let persistent = env.storage().persistent();
    persistent.extend_ttl(&Key::State, THRESHOLD, EXTEND_TO);
    persistent.extend_ttl(&Key::Members, THRESHOLD, EXTEND_TO);
}

/// Prolongs what there is besides: the invitations.
pub fn extend_invitations(env: &Env) {
    let persistent = env.storage().persistent();
    if persistent.has(&Key::Invitations) {
        persistent.extend_ttl(&Key::Invitations, THRESHOLD, EXTEND_TO);
    }
}
