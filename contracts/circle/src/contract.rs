#![allow(missing_docs, reason = "the macro adds items without any; the entry points have theirs")]

use kolo_contract_common::Error;
use soroban_sdk::{Address, Bytes, BytesN, Env, Vec, contract, contractimpl};

use crate::{Invitation, book::Book, closing, forming, invitation, rotation, storage, vault};

/// The contract of one circle.
#[contract]
pub struct CircleContract;

#[contractimpl]
impl CircleContract {
    /// Made by the factory, which has asked the organiser to sign.
    pub fn __constructor(
        env: Env,
        organiser: Address,
        rules: BytesN<80>,
        organiser_turn: Option<u32>,
    ) -> Result<(), Error> {
        forming::found(&env, &organiser, &rules, organiser_turn)
    }

    /// Organiser: one place for an address, or for whoever holds a one-time key.
    pub fn invite(
        env: Env,
        invitation: Invitation,
        turn: Option<u32>,
        expires_at: u64,
    ) -> Result<(), Error> {
        invitation::invite(&env, invitation, turn, expires_at)
    }

    /// Organiser: takes an invitation back.
    pub fn revoke(env: Env, invitation: Invitation) -> Result<(), Error> {
        invitation::revoke(&env, invitation)
    }

    /// Member: accepts the rules by their hash and takes the place; starts a circle that is full.
    pub fn join(
        env: Env,
        member: Address,
        rules_hash: BytesN<32>,
        key: Option<BytesN<32>>,
        signature: Option<BytesN<64>>,
    ) -> Result<(), Error> {
        forming::join(&env, &member, &rules_hash, key, signature)
    }

    /// Member: before the start.
    pub fn leave(env: Env, member: Address) -> Result<(), Error> {
        member.require_auth();
        forming::vacate(&env, member, false)
    }

    /// Organiser: removes a member before the start.
    pub fn remove(env: Env, member: Address) -> Result<(), Error> {
        storage::organiser(&env)?.require_auth();
        forming::vacate(&env, member, true)
    }

    /// Organiser: starts with at least the minimum of members.
    pub fn start(env: Env) -> Result<(), Error> {
        forming::start(&env)
    }

    /// Organiser: before the start.
    pub fn cancel(env: Env) -> Result<(), Error> {
        forming::cancel(&env)
    }

    /// Member: pays exactly what is due for the round.
    pub fn contribute(env: Env, member: Address, round: u32, amount: i128) -> Result<(), Error> {
        rotation::contribute(&env, member, round, amount)
    }

    /// Anyone: pays the pot of the round to whose turn it is.
    pub fn payout(env: Env, round: u32) -> Result<(), Error> {
        rotation::payout(&env, round)
    }

    /// Anyone: delivers a credit, to its owner only.
    pub fn push(env: Env, member: Address) -> Result<(), Error> {
        rotation::push(&env, member)
    }

    /// Member: pays debts back.
    pub fn repay(env: Env, member: Address, amount: i128) -> Result<(), Error> {
        rotation::repay(&env, member, amount)
    }

    /// Member: opens the vote to dissolve, with their own yes.
    pub fn propose_dissolve(env: Env, member: Address) -> Result<(), Error> {
        closing::propose(&env, member)
    }

    /// Member: one vote each.
    pub fn vote(env: Env, member: Address, proposal: u32, approve: bool) -> Result<(), Error> {
        closing::vote(&env, member, proposal, approve)
    }

    /// Anyone: pays the member what they may claim after dissolving.
    pub fn claim(env: Env, member: Address) -> Result<(), Error> {
        closing::claim(&env, member)
    }

    /// Anyone: makes the books agree with what the vault really holds.
    pub fn sync(env: Env) -> Result<(), Error> {
        closing::sync(&env)
    }

    /// Anyone: keeps code, instance, entries and the vault's balance alive.
    pub fn extend_ttl(env: Env) -> Result<(), Error> {
        let book = Book::open(&env)?;
        storage::extend_invitations(&env);
        vault::balance(&env, &book.asset)?;
        Ok(())
    }

    /// The encoded state.
    pub fn state(env: Env) -> Result<Bytes, Error> {
        storage::state(&env)
    }

    /// The encoded rules.
    pub fn rules(env: Env) -> Result<BytesN<80>, Error> {
        storage::rules(&env)
    }

    /// The members, by seat.
    pub fn members(env: Env) -> Result<Vec<Address>, Error> {
        storage::members(&env)
    }

    /// The organiser.
    pub fn organiser(env: Env) -> Result<Address, Error> {
        storage::organiser(&env)
    }
}
