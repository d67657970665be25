//! Votes, claims, and books that follow the vault.
use kolo_contract_common::Error;
use kolo_rules::circle::VoteOutcome;
use soroban_sdk::{Address, Env};

use crate::{
    book::{self, Book},
    events::{DissolutionProposed, GroupClosed, ProposalRejected, RefundClaimed, Synced, VoteCast},
    rotation::units,
    vault,
};

/// Every round was paid out.
pub const COMPLETED: u32 = 1;
/// The members voted to dissolve.
pub const DISSOLVED: u32 = 2;
/// The organiser gave up before the start.
pub const CANCELLED: u32 = 3;

pub fn announce(env: &Env, reason: u32) {
    GroupClosed { reason }.publish(env);
}

/// Opens the vote to dissolve with the proposer's yes.
pub fn propose(env: &Env, member: Address) -> Result<(), Error> {
    member.require_auth();
    let mut book = Book::open(env)?;
    let seat = book.seat(&member)?;
    let outcome = book.circle.propose_dissolve(&book.rules, seat, book::now(env))?;
    let proposal = book.circle.proposals;
    let electorate = u32::from(book.circle.len());
    let expires_at = book.circle.proposal.as_ref().map_or(0, |open| open.expires_at);
    DissolutionProposed { member, proposal, electorate, expires_at }.publish(env);
    announce_outcome(env, outcome, proposal);
    book.close(env)
}

/// One vote. With the one that decides, the circle is dissolved in the same call.
pub fn vote(env: &Env, member: Address, proposal: u32, approve: bool) -> Result<(), Error> {
    member.require_auth();
    let mut book = Book::open(env)?;
    let seat = book.seat(&member)?;
    if book.circle.proposal.as_ref().is_some_and(|open| open.id != proposal) {
        return Err(Error::NoProposal);
    }
    let outcome = book.circle.vote(&book.rules, seat, approve, book::now(env))?;
    VoteCast { member, proposal, approve }.publish(env);
    announce_outcome(env, outcome, proposal);
    book.close(env)
}

/// Pays a member what they may claim by now.
pub fn claim(env: &Env, member: Address) -> Result<(), Error> {
    let mut book = Book::open(env)?;
    let seat = book.seat(&member)?;
    let refund = book.circle.claim(seat)?;
    vault::deliver_or_refuse(env, &book.asset, &member, refund)?;
    RefundClaimed { member, amount: units(refund) }.publish(env);
    book.close(env)
}

/// Makes the books follow the vault: tokens sent unasked, or clawed back by the issuer.
pub fn sync(env: &Env) -> Result<(), Error> {
    let mut book = Book::open(env)?;
    let synced = book.circle.sync(vault::balance(env, &book.asset)?)?;
    if synced.surplus.is_zero() && synced.shortfall.is_zero() {
        return Ok(());
    }
    Synced { surplus: units(synced.surplus), shortfall: units(synced.shortfall) }.publish(env);
    book.close(env)
}

fn announce_outcome(env: &Env, outcome: VoteOutcome, proposal: u32) {
    match outcome {
        VoteOutcome::Passed => announce(env, DISSOLVED),
        VoteOutcome::Rejected => ProposalRejected { proposal }.publish(env),
        _ => {}
    }
}
