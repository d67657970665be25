#![allow(
    missing_docs,
    reason = "documentation comments would be in the wasm: the macro adds items without any; the entry points have theirs"
)]

use alloc::vec::Vec as List;

use kolo_contract_common::{
    Error,
    ttl::{EXTEND_TO, THRESHOLD},
};
use kolo_rules::circle::Packed;
use soroban_sdk::{Address, Bytes, BytesN, Env, IntoVal, Val, Vec, contract, contractimpl};

use crate::{
    book::{Again, Asking, Book},
    closing, forming, invitation, motions, ready, rotation, seats,
    step::Step,
    upgrade,
};

// The rules of circles.
#[contract]
pub struct RulebookContract;

#[contractimpl]
impl RulebookContract {
    // What the step does to the circle that asks, as `kolo_contract_common::answer` lays it out.
    // Its types are written out: the wasm's specification takes the name of an alias for one of its own.
    pub fn decide(
        env: Env,
        circle: (Address, Address, Address, BytesN<128>, Bytes, Bytes, Option<Bytes>),
        step: Step,
        again: Option<(u32, u32, Option<i128>)>,
    ) -> Vec<Val> {
        let mut signers = List::new();
        let mut decided = decide(&env, &circle, &step, again, false, &mut signers);
        if matches!(decided, Err(Error::VaultShort)) && settles(&step) {
            // An issuer has taken too much for what the step pays or settles: all bear that before anything
            // is shared, and the step is taken from the start.
            signers.clear();
            decided = decide(&env, &circle, &step, again, true, &mut signers);
        }
        answer(&env, &signers, decided)
    }

    // Anyone: keeps the rulebook alive.
    pub fn extend_ttl(env: Env) {
        env.storage().instance().extend_ttl(THRESHOLD, EXTEND_TO);
    }
}

/// What the circle is to do.
type Decided = Result<[Val; 7], Error>;

fn decide(
    env: &Env,
    circle: &Asking,
    step: &Step,
    again: Option<Again>,
    bear_first: bool,
    signers: &mut List<Address>,
) -> Decided {
    let mut packed = Packed::new();
    let mut book = Book::open(env, circle, again, &mut packed, signers)?;
    if bear_first {
        book.bear_shortfall()?;
    }
    take(&mut book, step.clone())?;
    book.close()
}

/// In the places of `kolo_contract_common::answer`.
fn answer(env: &Env, signers: &[Address], decided: Decided) -> Vec<Val> {
    let refused = decided.err().map_or(0, |error| error as u32);
    let mut values: Vec<Val> = Vec::new(env);
    values.push_back(refused.into_val(env));
    values.push_back(Vec::from_slice(env, signers).into_val(env));
    for value in decided.into_iter().flatten() {
        values.push_back(value);
    }
    values
}

/// Whether what an issuer took is looked for only when the vault turns out to be short. (Other steps that pay
/// look before.)
fn settles(step: &Step) -> bool {
    matches!(
        step,
        Step::Payout(..) | Step::Proceed | Step::Propose(..) | Step::Vote(..) | Step::Exit(..)
    )
}

fn take(book: &mut Book<'_>, step: Step) -> Result<(), Error> {
    match step {
        Step::Found(organiser_turn) => forming::found(book, organiser_turn),
        Step::Invite(address, key, turn, until) => {
            invitation::invite(book, address, key, turn, until)
        }
        Step::Revoke(address, key) => invitation::revoke(book, address, key),
        Step::Join(member, rules_hash, turn, key, signature) => {
            forming::join(book, &member, &rules_hash, turn, key, signature)
        }
        Step::Request(member, rules_hash) => forming::request(book, member, &rules_hash),
        Step::Approve(member, turn) => forming::approve(book, &member, turn),
        Step::Reject(member) => forming::reject(book, member),
        Step::Leave(member) => forming::leave(book, member),
        Step::Remove(member) => forming::remove(book, member),
        Step::Start => forming::start(book),
        Step::Cancel => forming::cancel(book),
        Step::Commit(member, commitment) => ready::commit(book, member, commitment),
        Step::Reveal(member, secret) => ready::reveal(book, member, secret),
        Step::Secure(member, amount) => ready::secure(book, member, amount),
        Step::Proceed => ready::proceed(book),
        Step::Contribute(member, round, amount) => {
            rotation::contribute(book, member, round, amount)
        }
        Step::Payout(round) => rotation::payout(book, round),
        Step::Push(member) => rotation::push(book, member),
        Step::Repay(member, amount) => rotation::repay(book, member, amount),
        Step::Bid(member, round, amount) => rotation::bid(book, member, round, amount),
        Step::ClaimInsurance(member, round, defaulter, amount) => {
            rotation::claim_insurance(book, member, round, defaulter, amount)
        }
        Step::Swap(a, b, turn_a, turn_b) => seats::swap(book, a, b, [turn_a, turn_b]),
        Step::Exit(member) => seats::exit(book, member),
        Step::Propose(member, motion, subject, newcomer) => {
            motions::propose(book, member, motion, subject, newcomer)
        }
        Step::Vote(member, proposal, approve) => motions::vote(book, member, proposal, approve),
        Step::Replace(leaver, newcomer, turn, price) => {
            seats::replace(book, leaver, newcomer, turn, price)
        }
        Step::CompleteMove(member) => seats::complete_move(book, member),
        Step::Object(member) => seats::object(book, member),
        Step::SignUpgrade(member, code) => upgrade::sign(book, member, code),
        Step::Upgrade(code) => upgrade::upgrade(book, code),
        Step::Claim(member) => closing::claim(book, member),
        Step::Sync => closing::sync(book),
        Step::ExtendTtl => closing::extend_ttl(book),
    }
}
