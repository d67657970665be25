#![allow(
    missing_docs,
    reason = "documentation comments would be in the wasm: the macro adds items without any; the entry points have theirs"
)]

use kolo_contract_common::{Error, contract_address, is_stellar_asset, sc_address_xdr};
use kolo_rules::{Rules, circle::Order};
use soroban_sdk::{Address, Bytes, BytesN, Env, Vec, contract, contractimpl};

use crate::{events::GroupCreated, storage};

// The contract that makes circles.
#[contract]
pub struct FactoryContract;

#[contractimpl]
impl FactoryContract {
    // Pins the code of every circle and the assets they may save in, for good, and publishes the rulebook
    // that this code asks.
    pub fn __constructor(
        env: Env,
        circle_wasm: BytesN<32>,
        rulebook_wasm: BytesN<32>,
        assets: Vec<Address>,
    ) {
        storage::found(&env, &circle_wasm, &assets);
        publish(&env, rulebook_wasm);
    }

    // Anyone: puts an uploaded code where circles look for a rulebook of this hash, unless it is there. It can
    // never be changed, and nothing else can ever be there.
    pub fn publish(env: Env, rulebook_wasm: BytesN<32>) -> Address {
        storage::extend(&env);
        publish(&env, rulebook_wasm)
    }

    // Organiser: makes a circle. Without a turn the organiser is no member.
    pub fn create(
        env: Env,
        organiser: Address,
        salt: BytesN<32>,
        rules: BytesN<128>,
        organiser_turn: Option<u32>,
    ) -> Result<Address, Error> {
        organiser.require_auth();
        storage::extend(&env);
        let asset = check(&env, &rules, organiser_turn)?;

        let deployer = env.deployer().with_current_contract(circle_salt(&env, &organiser, &salt));
        if deployer.deployed_address().exists() {
            return Err(Error::GroupExists);
        }
        let circle = deployer.deploy_v2(
            storage::circle_wasm(&env)?,
            (
                env.current_contract_address(),
                organiser.clone(),
                asset,
                rules.clone(),
                organiser_turn,
            ),
        );
        let rules_hash = env.crypto().sha256(rules.as_ref()).to_bytes();
        GroupCreated { circle: circle.clone(), organiser, rules, rules_hash }.publish(&env);
        Ok(circle)
    }

    // Where `create` puts this organiser's circle with this salt.
    pub fn circle_address(env: Env, organiser: Address, salt: BytesN<32>) -> Address {
        let salt = circle_salt(&env, &organiser, &salt);
        env.deployer().with_current_contract(salt).deployed_address()
    }
}

// Everything the circle's constructor would refuse: the host hides a constructor's error from who
// deploys, so it is said here. The asset they save in.
fn check(env: &Env, rules: &BytesN<128>, organiser_turn: Option<u32>) -> Result<Address, Error> {
    let rules = Rules::decode(&rules.to_array())?;
    let asset = contract_address(env, &rules.asset).ok_or(Error::BadRules)?;
    if !storage::is_allowed(env, &asset) {
        return Err(Error::AssetNotAllowed);
    }
    if !is_stellar_asset(&asset) {
        return Err(Error::NotAStellarAsset);
    }
    match (rules.order, organiser_turn) {
        (_, None) | (Order::Join | Order::Random | Order::Auction, Some(1)) => Ok(asset),
        (Order::Fixed, Some(turn)) if (1..=u32::from(rules.seats)).contains(&turn) => Ok(asset),
        _ => Err(Error::BadTurn),
    }
}

// The address of the rulebook is made of its code's hash alone.
fn publish(env: &Env, code: BytesN<32>) -> Address {
    let deployer = env.deployer().with_current_contract(code.clone());
    let address = deployer.deployed_address();
    if address.exists() { address } else { deployer.deploy_v2(code, ()) }
}

// Two organisers may use the same salt; nobody can take the other's address.
fn circle_salt(env: &Env, organiser: &Address, salt: &BytesN<32>) -> BytesN<32> {
    let mut preimage = sc_address_xdr(env, organiser);
    preimage.extend_from_slice(&salt.to_array());
    env.crypto().sha256(&Bytes::from_slice(env, &preimage)).to_bytes()
}
