//! The floor under every cost: one signature, one transfer, one persistent write, and nothing else.
#![no_std]
#![allow(missing_docs, reason = "the macro adds items without any; the entry points have theirs")]

use soroban_sdk::{Address, Env, contract, contractimpl, symbol_short, token::TokenClient};

/// A contract that moves money and remembers how much.
#[contract]
pub struct FloorContract;

#[contractimpl]
impl FloorContract {
    /// Pins the asset: nobody can let those who call choose what they pay in.
    pub fn __constructor(env: Env, asset: Address) {
        env.storage().instance().set(&symbol_short!("asset"), &asset);
        remember(&env, 0);
    }

    /// The floor of paying in: `member` signs and pays, and the amount is written.
    pub fn pay_in(env: Env, member: Address, amount: i128) {
        member.require_auth();
        transfer(&env, &member, &env.current_contract_address(), amount);
        remember(&env, amount);
    }

    /// The floor of paying out: anybody calls, the vault pays, and the amount is written.
    pub fn pay_out(env: Env, member: Address, amount: i128) {
        transfer(&env, &env.current_contract_address(), &member, amount);
        remember(&env, amount);
    }
}

fn transfer(env: &Env, from: &Address, to: &Address, amount: i128) {
    let asset: Option<Address> = env.storage().instance().get(&symbol_short!("asset"));
    // The constructor has set it. A panic here would weigh more than all the rest.
    if let Some(asset) = asset {
        TokenClient::new(env, &asset).transfer(from, to, &amount);
    }
}

fn remember(env: &Env, amount: i128) {
    env.storage().persistent().set(&symbol_short!("paid"), &amount);
}
