#![allow(
    missing_docs,
    reason = "documentation comments would be in the wasm: the macro adds items without any; the entry points have theirs"
)]

use kolo_contract_common::Error;
use kolo_rules::circle::Packed;
use soroban_sdk::{Address, Bytes, BytesN, Env, Vec, contract, contractimpl};

use crate::{
    book::Book, closing, forming, invitation, motions, ready, rotation, seats, storage,
    storage::Key, upgrade, vault,
};

// The contract of one circle.
#[contract]
pub struct CircleContract;

#[contractimpl]
impl CircleContract {
    // Made by the factory, which has asked the organiser to sign.
    pub fn __constructor(
        env: Env,
        organiser: Address,
        rules: BytesN<128>,
        organiser_turn: Option<u32>,
    ) -> Result<(), Error> {
        forming::found(&env, &organiser, &rules, organiser_turn)
    }

    // Organiser: one place for an address, or for whoever holds a one-time key.
    pub fn invite(
        env: Env,
        address: Option<Address>,
        key: Option<BytesN<32>>,
        turn: Option<u32>,
        expires_at: u64,
    ) -> Result<(), Error> {
        invitation::invite(&env, address, key, turn, expires_at)
    }

    // Organiser: takes an invitation back.
    pub fn revoke(
        env: Env,
        address: Option<Address>,
        key: Option<BytesN<32>>,
    ) -> Result<(), Error> {
        invitation::revoke(&env, address, key)
    }

    // Member: accepts the rules by their hash, and the turn where the order is fixed, and takes the
    // place; starts a circle that is full.
    pub fn join(
        env: Env,
        member: Address,
        rules_hash: BytesN<32>,
        turn: Option<u32>,
        key: Option<BytesN<32>>,
        signature: Option<BytesN<64>>,
    ) -> Result<(), Error> {
        forming::join(&env, &member, &rules_hash, turn, key, signature)
    }

    // Anyone: asks for a place, accepting the rules by their hash.
    pub fn request(env: Env, member: Address, rules_hash: BytesN<32>) -> Result<(), Error> {
        forming::request(&env, member, &rules_hash)
    }

    // Organiser: gives who asked a seat; starts a circle that is full.
    pub fn approve(env: Env, member: Address, turn: Option<u32>) -> Result<(), Error> {
        forming::approve(&env, &member, turn)
    }

    // Organiser: turns a request down.
    pub fn reject(env: Env, member: Address) -> Result<(), Error> {
        forming::reject(&env, member)
    }

    // Member: before the start. Takes a request back, too.
    pub fn leave(env: Env, member: Address) -> Result<(), Error> {
        member.require_auth();
        forming::vacate(&env, member, false)
    }

    // Organiser: removes a member before the start.
    pub fn remove(env: Env, member: Address) -> Result<(), Error> {
        storage::organiser(&env)?.require_auth();
        forming::vacate(&env, member, true)
    }

    // Organiser: starts with at least the minimum of members.
    pub fn start(env: Env) -> Result<(), Error> {
        forming::start(&env)
    }

    // Organiser: before the start.
    pub fn cancel(env: Env) -> Result<(), Error> {
        forming::cancel(&env)
    }

    // Member: commits to SHA-256(circle ‖ member ‖ secret) for the draw, and pays the bond.
    pub fn commit(env: Env, member: Address, commitment: BytesN<32>) -> Result<(), Error> {
        ready::commit(&env, member, commitment)
    }

    // Anyone: reveals the member's secret. The last one draws the order.
    pub fn reveal(env: Env, member: Address, secret: BytesN<32>) -> Result<(), Error> {
        ready::reveal(&env, member, secret)
    }

    // Member: pays exactly what is due before the first round.
    pub fn secure(env: Env, member: Address, amount: i128) -> Result<(), Error> {
        ready::secure(&env, member, amount)
    }

    // Anyone: goes on when the time of a step before the first round is over.
    pub fn proceed(env: Env) -> Result<(), Error> {
        ready::proceed(&env)
    }

    // Member: pays exactly what is due for the round.
    pub fn contribute(env: Env, member: Address, round: u32, amount: i128) -> Result<(), Error> {
        rotation::contribute(&env, member, round, amount)
    }

    // Anyone: pays the pot of the round to whose turn it is.
    pub fn payout(env: Env, round: u32) -> Result<(), Error> {
        rotation::payout(&env, round)
    }

    // Anyone: delivers a credit, to its owner only.
    pub fn push(env: Env, member: Address) -> Result<(), Error> {
        rotation::push(&env, member)
    }

    // Member: pays debts back.
    pub fn repay(env: Env, member: Address, amount: i128) -> Result<(), Error> {
        rotation::repay(&env, member, amount)
    }

    // Member: asks for so much of the round's pot, in an auction.
    pub fn bid(env: Env, member: Address, round: u32, amount: i128) -> Result<(), Error> {
        rotation::bid(&env, member, round, amount)
    }

    // Member: has the insurance pay for who has not, once grace is over.
    pub fn claim_insurance(
        env: Env,
        member: Address,
        round: u32,
        defaulter: Address,
        amount: i128,
    ) -> Result<(), Error> {
        rotation::claim_insurance(&env, member, round, defaulter, amount)
    }

    // Both members: change their turns, which are these now.
    pub fn swap(env: Env, a: Address, b: Address, turn_a: u32, turn_b: u32) -> Result<(), Error> {
        seats::swap(&env, a, b, [turn_a, turn_b])
    }

    // Member who has not had the pot: leaves after the current round.
    pub fn exit(env: Env, member: Address) -> Result<(), Error> {
        seats::exit(&env, member)
    }

    // Member: opens a vote with their own yes. 0 dissolve, 1 expel, 2 replace, 3 move.
    pub fn propose(
        env: Env,
        member: Address,
        motion: u32,
        subject: Option<Address>,
        newcomer: Option<Address>,
    ) -> Result<(), Error> {
        motions::propose(&env, member, motion, subject, newcomer)
    }

    // Member: one vote, which may be changed until it is decided.
    pub fn vote(env: Env, member: Address, proposal: u32, approve: bool) -> Result<(), Error> {
        motions::vote(&env, member, proposal, approve)
    }

    // Both: the newcomer takes the leaver's seat, which has this turn, over for exactly this price.
    pub fn replace(
        env: Env,
        leaver: Address,
        newcomer: Address,
        turn: u32,
        price: i128,
    ) -> Result<(), Error> {
        seats::replace(&env, leaver, newcomer, turn, price)
    }

    // Anyone: moves the seat to the address voted on, after the delay.
    pub fn complete_move(env: Env, member: Address) -> Result<(), Error> {
        seats::complete_move(&env, member)
    }

    // Member: objects to their seat being moved.
    pub fn object(env: Env, member: Address) -> Result<(), Error> {
        seats::object(&env, member)
    }

    // Member: signs for another code of the circle.
    pub fn sign_upgrade(env: Env, member: Address, wasm: BytesN<32>) -> Result<(), Error> {
        upgrade::sign(&env, member, wasm)
    }

    // Anyone: changes the code, seven days after everybody with a claim has signed for it.
    pub fn upgrade(env: Env, wasm: BytesN<32>) -> Result<(), Error> {
        upgrade::upgrade(&env, wasm)
    }

    // Anyone: pays the member what they may claim after dissolving.
    pub fn claim(env: Env, member: Address) -> Result<(), Error> {
        closing::claim(&env, member)
    }

    // Anyone: makes the books agree with what the vault really holds.
    pub fn sync(env: Env) -> Result<(), Error> {
        closing::sync(&env)
    }

    // Anyone: keeps code, instance, entries and the vault's balance alive.
    pub fn extend_ttl(env: Env) -> Result<(), Error> {
        storage::state(&env)?;
        storage::extend_all(&env);
        let asset = storage::kept(&env, Key::Asset)?;
        vault::balance(&env, &asset)?;
        Ok(())
    }

    // The encoded state.
    pub fn state(env: Env) -> Result<Bytes, Error> {
        storage::state(&env)
    }

    // The encoded rules.
    pub fn rules(env: Env) -> Result<BytesN<128>, Error> {
        storage::kept(&env, Key::Rules)
    }

    // The members, by seat.
    pub fn members(env: Env) -> Result<Vec<Address>, Error> {
        let mut packed = Packed::new();
        let book = Book::open(&env, &mut packed)?;
        book.members.addresses(&env, 0..book.circle.len())
    }

    // The organiser.
    pub fn organiser(env: Env) -> Result<Address, Error> {
        storage::organiser(&env)
    }
}
