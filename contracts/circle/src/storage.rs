//! Everything the contract keeps, and nothing else touches the ledger's storage.
//!
//! | entry | kind | holds | written |
//! |---|---|---|---|
//! | `Factory`, `Organiser`, `Asset`, `Rules` | instance | who and what | once |
//! | `Members` | instance | people by seat, packed | while forming, and when a seat changes hands |
//! | `State` | persistent | `kolo_rules::Circle::encode` | by every step that changes it; deleted when finished |
//! | `Pending` | persistent | invitations, requests, commitments, signatures, newcomers | while there are any |
//!
//! One packed entry for all members' state: a row per member could not be walked at 64 members
//! within the entries one transaction may touch.
use kolo_contract_common::{
    Error,
    ttl::{EXTEND_TO, THRESHOLD},
};
use soroban_env_common::{Env as _, StorageType, U64Small};
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
    Pending = 5,
    Factory = 6,
}

/// Keeps who and what, for good.
pub fn found(
    env: &Env,
    factory: &Address,
    organiser: &Address,
    asset: &Address,
    rules: &BytesN<128>,
) {
    let instance = env.storage().instance();
    instance.set(&Key::Factory, factory);
    instance.set(&Key::Organiser, organiser);
    instance.set(&Key::Asset, asset);
    instance.set(&Key::Rules, rules);
    instance.set(&Key::Members, &Bytes::from_slice(env, &[]));
}

/// What the instance keeps under `key` as long as there is a [`state`]. (`Instance::get` would ask first whether
/// there is anything, at two thousand instructions each.)
pub fn kept<T: TryFromVal<Env, Val>>(env: &Env, key: Key) -> Result<T, Error> {
    let Ok(kept) = env.get_contract_data(key.into_val(env), StorageType::Instance);
    T::try_from_val(env, &kept).map_err(|_| Error::BadEncoding)
}

/// Unix seconds, which fit 56 bits for two billion years. (A number of more is one of the host's objects, and
/// to read those takes one more of its functions.)
pub fn now(env: &Env) -> Result<u64, Error> {
    let Ok(now) = env.get_ledger_timestamp();
    U64Small::try_from(now.to_val()).map(u64::from).map_err(|_| Error::Overflow)
}

/// The state, of which a finished circle has none.
pub fn state(env: &Env) -> Result<Bytes, Error> {
    env.storage().persistent().get(&Key::State).ok_or(Error::Finished)
}

pub fn set_state(env: &Env, state: &Bytes) {
    env.storage().persistent().set(&Key::State, state);
}

pub fn set_members(env: &Env, members: &Bytes) {
    env.storage().instance().set(&Key::Members, members);
}

/// What waits, if anything does.
pub fn pending(env: &Env) -> Option<Bytes> {
    let pending = env.storage().persistent().get(&Key::Pending);
    if pending.is_some() {
        env.storage().persistent().extend_ttl(&Key::Pending, THRESHOLD, EXTEND_TO);
    }
    pending
}

/// Nothing that waits needs no entry.
pub fn set_pending(env: &Env, pending: &Bytes) {
    if pending.is_empty() {
        env.storage().persistent().remove(&Key::Pending);
    } else {
        env.storage().persistent().set(&Key::Pending, pending);
        env.storage().persistent().extend_ttl(&Key::Pending, THRESHOLD, EXTEND_TO);
    }
}

/// Nothing is left to pay, claim, push or repay: history lives on in the events.
pub fn delete_all(env: &Env) {
    env.storage().persistent().remove(&Key::State);
    env.storage().persistent().remove(&Key::Pending);
    env.storage().instance().remove(&Key::Members);
}

/// Prolongs what every call uses: instance and state. Not the code, which all circles share: its rent
/// would fall on whichever member's call comes first; anyone prolongs it by the step `ExtendTtl`.
pub fn extend(env: &Env) {
    let circle = env.current_contract_address();
    env.deployer().extend_ttl_for_contract_instance(circle, THRESHOLD, EXTEND_TO);
    env.storage().persistent().extend_ttl(&Key::State, THRESHOLD, EXTEND_TO);
}
