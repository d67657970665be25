//! The contract's entry points and their arguments: the one place that knows them.

use kolo_core::simulation::{Call, StageError};
use kolo_rules::{Amount, Rules};
use sha2::{Digest, Sha256};
use stellar_xdr::{Limits, ScVal, WriteXdr};

use super::keys::Key;
use super::wire::{bytes, contract_bytes};
use super::{ChainStage, OnChain};

/// The factory's `create`, of a circle whose organiser has no seat yet.
pub fn create(organiser: &Key, salt: &[u8; 32], rules: &Rules) -> Result<Vec<ScVal>, StageError> {
    Ok(vec![organiser.value(), bytes(salt)?, bytes(&rules.encode())?, ScVal::Void])
}

/// The function and its arguments.
pub fn arguments(
    stage: &ChainStage,
    circle: &OnChain,
    call: &Call,
) -> Result<(&'static str, Vec<ScVal>), StageError> {
    let who = |person: &usize| stage.person(*person).map(Key::value);
    let hash = || bytes(&<[u8; 32]>::from(Sha256::digest(circle.rules.encode())));
    Ok(match call {
        Call::Invite { member, turn, expires_at } => {
            let args = vec![who(member)?, ScVal::Void, option(*turn), ScVal::U64(*expires_at)];
            ("invite", args)
        }
        Call::Revoke { member } => ("revoke", vec![who(member)?, ScVal::Void]),
        Call::Join { member, turn } => {
            let by_address = [ScVal::Void, ScVal::Void];
            let args = [who(member)?, hash()?, option(*turn)].into_iter().chain(by_address);
            ("join", args.collect())
        }
        Call::Request { member } => ("request", vec![who(member)?, hash()?]),
        Call::Approve { member, turn } => ("approve", vec![who(member)?, option(*turn)]),
        Call::Reject { member } => ("reject", vec![who(member)?]),
        Call::Leave { member } => ("leave", vec![who(member)?]),
        Call::Remove { member } => ("remove", vec![who(member)?]),
        Call::Start => ("start", vec![]),
        Call::Cancel => ("cancel", vec![]),
        Call::Commit { member, secret } => {
            let key = stage.person(*member)?;
            let member = key.address().to_xdr(Limits::none());
            let member = member.map_err(|error| StageError::new("an address").because(error))?;
            let committed = [&contract_bytes(&circle.contract)?[..], &member, &secret.0].concat();
            let commitment: [u8; 32] = Sha256::digest(committed).into();
            ("commit", vec![key.value(), bytes(&commitment)?])
        }
        Call::Reveal { member, secret } => ("reveal", vec![who(member)?, bytes(&secret.0)?]),
        Call::Secure { member, amount } => ("secure", vec![who(member)?, units(*amount)]),
        Call::Proceed => ("proceed", vec![]),
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
        Call::Push { member } => ("push", vec![who(member)?]),
        Call::Repay { member, amount } => ("repay", vec![who(member)?, units(*amount)]),
        Call::Bid { member, round, amount } => {
            ("bid", vec![who(member)?, ScVal::U32(*round), units(*amount)])
        }
        Call::ClaimInsurance { member, round, defaulter, amount } => {
            let args = vec![who(member)?, ScVal::U32(*round), who(defaulter)?, units(*amount)];
            ("claim_insurance", args)
        }
        Call::Swap { a, b, turns: [of_a, of_b] } => {
            ("swap", vec![who(a)?, who(b)?, ScVal::U32(*of_a), ScVal::U32(*of_b)])
        }
        Call::Exit { member } => ("exit", vec![who(member)?]),
        Call::Propose { member, motion, subject, newcomer } => {
            let motion = ScVal::U32(*motion as u32);
            ("propose", vec![who(member)?, motion, maybe(subject)?, maybe(newcomer)?])
        }
        Call::Vote { member, proposal, approve } => {
            ("vote", vec![who(member)?, ScVal::U32(*proposal), ScVal::Bool(*approve)])
        }
        Call::Replace { leaver, newcomer, turn, price } => {
            ("replace", vec![who(leaver)?, who(newcomer)?, ScVal::U32(*turn), units(*price)])
        }
        Call::CompleteMove { member } => ("complete_move", vec![who(member)?]),
        Call::Object { member } => ("object", vec![who(member)?]),
        Call::Claim { member } => ("claim", vec![who(member)?]),
        Call::Sync => ("sync", vec![]),
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
