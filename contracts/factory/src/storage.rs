//! Everything the factory keeps: two instance entries, written once.
use kolo_contract_common::{
    Error,
    ttl::{EXTEND_TO, THRESHOLD},
};
use soroban_sdk::{Address, BytesN, Env, Vec, contracttype};

#[contracttype]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    CircleWasm,
    Assets,
}

pub fn found(env: &Env, circle_wasm: &BytesN<32>, assets: &Vec<Address>) {
    let instance = env.storage().instance();
    instance.set(&Key::CircleWasm, circle_wasm);
    instance.set(&Key::Assets, assets);
    extend(env);
}

/// The hash of the code every circle runs.
pub fn circle_wasm(env: &Env) -> Result<BytesN<32>, Error> {
    env.storage().instance().get(&Key::CircleWasm).ok_or(Error::BadRules)
}

/// The assets circles may save in.
pub fn is_allowed(env: &Env, asset: &Address) -> bool {
    let assets: Option<Vec<Address>> = env.storage().instance().get(&Key::Assets);
    assets.is_some_and(|assets| assets.contains(asset))
}

pub fn extend(env: &Env) {
    env.storage().instance().extend_ttl(THRESHOLD, EXTEND_TO);
}
