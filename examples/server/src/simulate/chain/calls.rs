//! The contract's entry points and their arguments: the one place that knows them.

use kolo_core::simulation::{Call, StageError};
use kolo_rules::{Amount, Rules};
use sha2::{Digest, Sha256};
use stellar_xdr::{Limits, ScVal, ScVec, WriteXdr};

use super::keys::Key;
use super::wire::{bytes, contract_bytes, fits, symbol};
use super::{ChainStage, OnChain};

/// The factory's `create`, of a circle whose organiser has no seat yet.
pub fn create(organiser: &Key, salt: &[u8; 32], rules: &Rules) -> Result<Vec<ScVal>, StageError> {
    Ok(vec![organiser.value(), bytes(salt)?, bytes(&rules.encode())?, ScVal::Void])
}

/// The function and its arguments: `contribute` and `payout` are the circle's own, all else are steps of its
/// rulebook, which `act` takes.
pub fn invocation(
    stage: &ChainStage,
    circle: &OnChain,
    call: &Call,
) -> Result<(&'static str, Vec<ScVal>), StageError> {
    let (name, fields) = arguments(stage, circle, call)?;
    if matches!(call, Call::Contribute { .. } | Call::Payout { .. }) {
        return Ok((name, fields));
    }
    let name = ScVal::Symbol(symbol(name)?);
    let step = fits([vec![name], fields].concat())?;
    Ok(("act", vec![ScVal::Vec(Some(ScVec(step)))]))
}

/// The function or step, and what it is given.
fn arguments(
    stage: &ChainStage,
    circle: &OnChain,
    call: &Call,
) -> Result<(&'static str, Vec<ScVal>), StageError> {
    let who = |person: &usize| stage.person(*person).map(Key::value);
    let hash = || bytes(&<[u8; 32]>::from(Sha256::digest(circle.rules.encode())));
    Ok(match call {
        Call::Invite { member, turn, expires_at } => {
            // By address: without a key.
            let args = vec![who(member)?, ScVal::Void, option(*turn), ScVal::U64(*expires_at)];
            ("Invite", args)
        }
        Call::Revoke { member } => ("Revoke", vec![who(member)?, ScVal::Void]),
        Call::Join { member, turn } => {
            let by_address = [ScVal::Void, ScVal::Void];
            let args = [who(member)?, hash()?, option(*turn)].into_iter().chain(by_address);
            ("Join", args.collect())
        }
        Call::Request { member } => ("Request", vec![who(member)?, hash()?]),
        Call::Approve { member, turn } => ("Approve", vec![who(member)?, option(*turn)]),
        Call::Reject { member } => ("Reject", vec![who(member)?]),
        Call::Leave { member } => ("Leave", vec![who(member)?]),
        Call::Remove { member } => ("Remove", vec![who(member)?]),
        Call::Start => ("Start", vec![]),
        Call::Cancel => ("Cancel", vec![]),
        Call::Commit { member, secret } => {
            let key = stage.person(*member)?;
            let member = key.address().to_xdr(Limits::none());
            let member = member.map_err(|error| StageError::new("an address").because(error))?;
            let committed = [&contract_bytes(&circle.contract)?[..], &member, &secret.0].concat();
            let commitment: [u8; 32] = Sha256::digest(committed).into();
            ("Commit", vec![key.value(), bytes(&commitment)?])
        }
        Call::Reveal { member, secret } => ("Reveal", vec![who(member)?, bytes(&secret.0)?]),
        Call::Secure { member, amount } => ("Secure", vec![who(member)?, units(*amount)]),
        Call::Proceed => ("Proceed", vec![]),
        running => arguments_running(stage, running)?,
    })
}

/// The same of what is called while the circle runs, and after.
fn arguments_running(
    stage: &ChainStage,
    call: &Call,
) -> Result<(&'static str, Vec<ScVal>), StageError> {
    let who = |person: &usize| stage.person(*person).map(Key::value);
    let maybe = |person: &Option<usize>| person.as_ref().map_or(Ok(ScVal::Void), who);
    Ok(match call {
        Call::Contribute { member, round, amount } => {
            ("contribute", vec![who(member)?, ScVal::U32(*round), units(*amount)])
        }
        Call::Payout { round } => ("payout", vec![ScVal::U32(*round)]),
        Call::Push { member } => ("Push", vec![who(member)?]),
        Call::Repay { member, amount } => ("Repay", vec![who(member)?, units(*amount)]),
        Call::Bid { member, round, amount } => {
            ("Bid", vec![who(member)?, ScVal::U32(*round), units(*amount)])
        }
        Call::ClaimInsurance { member, round, defaulter, amount } => {
            let args = vec![who(member)?, ScVal::U32(*round), who(defaulter)?, units(*amount)];
            ("ClaimInsurance", args)
        }
        Call::Swap { a, b, turns: [of_a, of_b] } => {
            ("Swap", vec![who(a)?, who(b)?, ScVal::U32(*of_a), ScVal::U32(*of_b)])
        }
        Call::Exit { member } => ("Exit", vec![who(member)?]),
        Call::Propose { member, motion, subject, newcomer } => {
            let motion = ScVal::U32(*motion as u32);
            ("Propose", vec![who(member)?, motion, maybe(subject)?, maybe(newcomer)?])
        }
        Call::Vote { member, proposal, approve } => {
            ("Vote", vec![who(member)?, ScVal::U32(*proposal), ScVal::Bool(*approve)])
        }
        Call::Replace { leaver, newcomer, turn, price } => {
            ("Replace", vec![who(leaver)?, who(newcomer)?, ScVal::U32(*turn), units(*price)])
        }
        Call::CompleteMove { member } => ("CompleteMove", vec![who(member)?]),
        Call::Object { member } => ("Object", vec![who(member)?]),
        Call::Claim { member } => ("Claim", vec![who(member)?]),
        Call::Sync => ("Sync", vec![]),
        other => return Err(StageError::new(format!("the contract has no call for {other:?}"))),
    })
}

/// An amount as contracts take it.
pub fn units(amount: Amount) -> ScVal {
    ScVal::from(i128::from(amount.minor_units()))
}

fn option(number: Option<u32>) -> ScVal {
    number.map_or(ScVal::Void, ScVal::U32)
}
