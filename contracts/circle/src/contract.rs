#![allow(
    missing_docs,
    reason = "documentation comments would be in the wasm: the macro adds items without any; the entry points have theirs"
)]

use kolo_contract_common::Error;
use soroban_sdk::{Address, BytesN, Env, Val, contract, contractimpl};

use crate::{plain, rulebook, storage};

// The contract of one circle.
#[contract]
pub struct CircleContract;

#[contractimpl]
impl CircleContract {
    // Made by the factory, which has asked the organiser to sign, and has published the rulebook.
    pub fn __constructor(
        env: Env,
        factory: Address,
        organiser: Address,
        asset: Address,
        rules: BytesN<128>,
        organiser_turn: Option<u32>,
    ) -> Result<(), Error> {
        storage::found(&env, &factory, &organiser, &asset, &rules);
        rulebook::found(&env, organiser_turn)
    }

    // Member: pays exactly what is due for the round.
    pub fn contribute(env: Env, member: Address, round: u32, amount: i128) -> Result<(), Error> {
        plain::contribute(&env, member, round, amount)
    }

    // Anyone: pays the pot of the round to whose turn it is.
    pub fn payout(env: Env, round: u32) -> Result<(), Error> {
        plain::payout(&env, round)
    }

    // Every step there is, by whom the rulebook's `Step` says.
    pub fn act(env: Env, step: Val) -> Result<(), Error> {
        rulebook::act(&env, step, false)
    }
}
