//! The two steps taken most, when there is nothing special about them.
use alloc::vec::Vec;

use kolo_contract_common::{
    Error,
    events::{ContributionMade, PayoutMade},
};
use kolo_rules::circle::{RULES_LEN, plain};
use soroban_sdk::{Address, Bytes, BytesN, Env, IntoVal, Symbol};

use crate::{members, rulebook, storage, storage::Key, vault};

/// What both steps begin with.
struct Opened {
    state: Vec<u8>,
    members: Bytes,
    rules: [u8; RULES_LEN],
    asset: Address,
}

impl Opened {
    /// # Errors
    /// `Finished` when there is no circle any more.
    fn read(env: &Env) -> Result<Self, Error> {
        let state = storage::state(env)?.to_alloc_vec();
        let members = storage::kept(env, Key::Members)?;
        let rules: BytesN<RULES_LEN> = storage::kept(env, Key::Rules)?;
        let asset = storage::kept(env, Key::Asset)?;
        Ok(Self { state, members, rules: rules.to_array(), asset })
    }

    fn write(&self, env: &Env) {
        storage::extend(env);
        storage::set_state(env, &Bytes::from_slice(env, &self.state));
    }
}

/// Takes exactly what is due of the round; another round or amount is refused.
pub fn contribute(env: &Env, member: Address, round: u32, amount: i128) -> Result<(), Error> {
    member.require_auth();
    let mut opened = Opened::read(env)?;
    // No seat has the last number: the rulebook refuses strangers.
    let seat = members::seat(env, &opened.members, &member)?.unwrap_or(u8::MAX);
    let now = storage::now(env)?;
    if !plain::contribute(&mut opened.state, &opened.rules, seat, round, amount, now) {
        let step = (Symbol::new(env, "Contribute"), member, round, amount);
        return rulebook::act(env, step.into_val(env), true);
    }
    let vault = env.current_contract_address();
    vault::transfer(env, &opened.asset, &member, &vault, amount)
        .map_err(vault::Refused::by_member)?;
    ContributionMade { member, round, amount, late: false }.publish(env);
    opened.write(env);
    Ok(())
}

/// Pays the pot to whose turn it is, out of a vault that holds what is others' besides. Whom it cannot be
/// paid to, the rulebook gives a credit.
pub fn payout(env: &Env, round: u32) -> Result<(), Error> {
    if pay(env, round)? {
        return Ok(());
    }
    rulebook::act(env, (Symbol::new(env, "Payout"), round).into_val(env), true)
}

/// Whether it was plain, and could be paid.
fn pay(env: &Env, round: u32) -> Result<bool, Error> {
    let mut opened = Opened::read(env)?;
    let now = storage::now(env)?;
    let Some(paid) = plain::payout(&mut opened.state, &opened.rules, round, now) else {
        return Ok(false);
    };
    let amount = i128::from(paid.amount.minor_units());
    let others = i128::from(paid.others.minor_units());
    // Where nothing is others', there is nothing to protect, and a balance is dear to read.
    if others > 0 && vault::balance(env, &opened.asset)? < amount + others {
        return Ok(false);
    }
    let recipient = members::address(env, &opened.members, paid.seat)?;
    let vault = env.current_contract_address();
    if vault::transfer(env, &opened.asset, &vault, &recipient, amount).is_err() {
        return Ok(false);
    }
    PayoutMade { recipient, round, amount, credited: false }.publish(env);
    opened.write(env);
    Ok(true)
}
