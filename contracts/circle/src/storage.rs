//! Everything the contract keeps, and nothing else touches the ledger's storage.
//!
//! | entry | kind | holds | written |
//! |---|---|---|---|
//! | `Organiser`, `Rules`, `Asset` | instance | who and what | once |
//! | `Members` | instance | [`crate::members`] by seat | while forming, and when a seat changes hands |
//! | `State` | persistent | `kolo_rules::Circle::encode` | by every step; deleted when finished |
//! | `Invitations`, `Requests` | persistent | who may join, who asks to | while forming; deleted at the start |
//! | `Draw` | persistent | commitments, then what was revealed, by seat | before the first round; deleted after |
//! | `Newcomer` | persistent | who a motion is about to let in | by motions; deleted when carried out |
//! | `Upgrade` | persistent | who signed for which code | by upgrades |
//!
//! One packed entry for all members' state: a row per member could not be walked at 64 members
//! within the entries one transaction may touch.
use alloc::vec::Vec;

use kolo_contract_common::{
    Error,
    ttl::{EXTEND_TO, THRESHOLD},
};
use kolo_rules::circle::{Motion, RULES_LEN};
use soroban_sdk::{Address, Bytes, BytesN, Env, IntoVal, TryFromVal, Val, contracttype};

#[contracttype]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Key {
    Organiser = 0,
    Rules = 1,
    Asset = 2,
    Members = 3,
    State = 4,
    Invitations = 5,
    Requests = 6,
    Draw = 7,
    Upgrade = 8,
    NewcomerReplacing = 9,
    NewcomerMoving = 10,
}

/// Keeps who and what, for good.
pub fn found(env: &Env, organiser: &Address, rules: &BytesN<RULES_LEN>, asset: &Address) {
    let instance = env.storage().instance();
    instance.set(&Key::Organiser, organiser);
    instance.set(&Key::Rules, rules);
    instance.set(&Key::Asset, asset);
}

/// What the instance keeps under `key`; `Finished` when the circle is over and it is gone.
pub fn kept<T: TryFromVal<Env, Val>>(env: &Env, key: Key) -> Result<T, Error> {
    env.storage().instance().get(&key).ok_or(Error::Finished)
}

pub fn organiser(env: &Env) -> Result<Address, Error> {
    kept(env, Key::Organiser)
}

pub fn set_members(env: &Env, members: &Bytes) {
    env.storage().instance().set(&Key::Members, members);
}

/// The state, of which a finished circle has none.
pub fn state(env: &Env) -> Result<Bytes, Error> {
    entry(env, Key::State).ok_or(Error::Finished)
}

/// The entry under `key`, if there is one.
pub fn entry<T: TryFromVal<Env, Val>>(env: &Env, key: Key) -> Option<T> {
    env.storage().persistent().get(&key)
}

/// Writes an entry and prolongs it.
pub fn set_entry<T: IntoVal<Env, Val>>(env: &Env, key: Key, value: &T) {
    env.storage().persistent().set(&key, value);
    env.storage().persistent().extend_ttl(&key, THRESHOLD, EXTEND_TO);
}

pub fn delete(env: &Env, key: Key) {
    env.storage().persistent().remove(&key);
}

/// Where the newcomer of a motion is kept; `None` for motions without one.
pub fn newcomer_key(motion: Motion) -> Option<Key> {
    match motion {
        Motion::Replace => Some(Key::NewcomerReplacing),
        Motion::Move => Some(Key::NewcomerMoving),
        _ => None,
    }
}

/// The bytes of an entry that is a list; none when there is none.
#[inline(never)]
pub fn bytes(env: &Env, key: Key) -> Vec<u8> {
    entry::<Bytes>(env, key).map(|bytes| bytes.to_alloc_vec()).unwrap_or_default()
}

/// An empty list needs no entry.
#[inline(never)]
pub fn set_bytes(env: &Env, key: Key, bytes: &[u8]) {
    if bytes.is_empty() {
        delete(env, key);
    } else {
        set_entry(env, key, &Bytes::from_slice(env, bytes));
    }
}

/// Everything but the instance.
const ENTRIES: [Key; 7] = [
    Key::State,
    Key::Invitations,
    Key::Requests,
    Key::Draw,
    Key::Upgrade,
    Key::NewcomerReplacing,
    Key::NewcomerMoving,
];

/// Nothing is left to pay, claim, push or repay: history lives on in the events.
pub fn delete_all(env: &Env) {
    for key in ENTRIES {
        delete(env, key);
    }
    env.storage().instance().remove(&Key::Members);
}

/// Prolongs what every call uses: instance and state. Not the code, which all circles share: its rent
/// would fall on whichever member's call comes first; anyone prolongs it by `extend_ttl`.
pub fn extend(env: &Env) {
    let circle = env.current_contract_address();
    env.deployer().extend_ttl_for_contract_instance(circle, THRESHOLD, EXTEND_TO);
    env.storage().persistent().extend_ttl(&Key::State, THRESHOLD, EXTEND_TO);
}

/// Prolongs everything there is.
pub fn extend_all(env: &Env) {
    env.storage().instance().extend_ttl(THRESHOLD, EXTEND_TO);
    for key in ENTRIES {
        if env.storage().persistent().has(&key) {
            env.storage().persistent().extend_ttl(&key, THRESHOLD, EXTEND_TO);
        }
    }
}
